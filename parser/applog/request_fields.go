package applog

import "culprit/parser"

// A request gathers the fields of a structured line that tell of an HTTP request.
type request struct {
	method, target, line, client []byte
	status                       int16
	guessed                      struct { // by the value, where no key says it
		target []byte
		status int16
	}
	duration int64
	timed    bool
}

// add takes one field by its normalised key (see key).
func (q *request) add(norm []byte, v value) {
	switch string(norm) {
	case "method", "reqmethod", "requestmethod", "httpmethod", "httprequestmethod", "verb", "httprequestrequestmethod", "httpverb",
		"contextrequestmethod", "requestinfomethod":
		if q.method == nil && parser.MethodLength(v.raw) == len(v.raw) && len(v.raw) > 0 {
			q.method = v.raw
		}
	case "path", "url", "uri", "requrl", "reqpath", "requesturl", "requesturi", "requestpath", "httptarget", "httppath", "urlpath",
		"httpurl", "urloriginal", "httprequestrequesturl", "httprequesturl", "httprequestpath", "target", "requestinfopath", "reqrawurl", "reqoriginalurl":
		q.path(v.raw, absoluteKey(norm))
	case "status", "statuscode", "resstatuscode", "resstatus", "responsestatus", "responsestatuscode", "httpstatus",
		"httpstatuscode", "httpresponsestatuscode", "httprequeststatus", "responsecode", "respstatus", "code":
		if s, ok := status(v.raw); ok {
			q.status = s
		}
	case "remoteaddr", "remoteaddress", "remoteip", "clientip", "client", "ip", "reqremoteaddress", "reqip", "httprequestremoteip",
		"clientaddress", "requestremoteaddr", "requestremoteip", "requestclientip", "httpclientip", "remote", "peer", "reqremoteaddr":
		if a := address(v.raw); a != nil && q.client == nil {
			q.client = a
		}
	case "request", "req", "requestline":
		if n := parser.MethodLength(v.raw); n > 0 && q.line == nil {
			q.line = v.raw
		}
	default:
		q.guess(norm, v)
		q.time(norm, v)
	}
}

// guess takes what can hardly be anything else beside a method, whatever its key: m=GET
// p=/cart s=200.
func (q *request) guess(norm []byte, v value) {
	switch {
	case len(v.raw) == 0:
	case v.raw[0] == '/':
		if q.guessed.target == nil && len(norm) <= len("endpoint") {
			q.guessed.target = v.raw
		}
	case q.method == nil && parser.MethodLength(v.raw) == len(v.raw):
		q.method = v.raw
	case q.guessed.status == 0:
		switch string(norm) {
		case "s", "st", "sc", "rc", "res", "resp", "ret", "result", "http", "response", "answer", "reply", "rsp", "outcome", "httpcode":
			q.guessed.status, _ = status(v.raw)
		}
	}
}

// absoluteKey reports whether a server writes a whole URL under the key; elsewhere a
// whole URL is what a client called.
func absoluteKey(norm []byte) bool {
	switch string(norm) {
	case "httprequestrequesturl", "requesturl", "urloriginal", "requesturi":
		return true
	}
	return false
}

func (q *request) path(raw []byte, absolute bool) {
	if q.target != nil || len(raw) == 0 {
		return
	}
	if raw[0] == '/' {
		q.target = raw
	} else if absolute && (hasPrefix(raw, "http://") || hasPrefix(raw, "https://")) {
		q.target = pathOf(raw)
	}
}

// time takes a duration whose unit is clear: from the value, or from the key.
func (q *request) time(norm []byte, v value) {
	switch string(norm) {
	case "duration", "dur", "latency", "elapsed", "took", "responsetime", "httprequestlatency", "requesttime", "elapsedtime",
		"processingtime", "durationms", "elapsedms", "latencyms", "responsetimems", "durationmillis", "tookms", "timetakenms",
		"durationus", "latencyus", "durationns", "latencyns", "eventduration", "elapsedmilliseconds", "timetaken", "durms", "rtms", "timems",
		"d", "t", "rt", "dt", "time", "cost", "spent":
	default:
		return
	}
	if d, n := duration(v.raw); n > 0 && n == len(v.raw) {
		q.duration, q.timed = d, true
		return
	}
	billionths, n := decimal(v.raw)
	if n == 0 || n != len(v.raw) {
		return
	}
	var nanos int64
	switch {
	case hasSuffix(norm, "ms"), hasSuffix(norm, "millis"), hasSuffix(norm, "milliseconds"), string(norm) == "responsetime":
		nanos = 1e6
	case hasSuffix(norm, "us"):
		nanos = 1e3
	case hasSuffix(norm, "ns"), string(norm) == "eventduration":
		nanos = 1
	default:
		return // seconds, milliseconds or nanoseconds: the key does not say
	}
	q.duration, q.timed = scale(billionths, nanos), true
}

// finished fills a if the fields tell of a finished request: method, path, and a
// status or a duration.
func (q *request) finished(a *parser.Access) bool {
	if q.line != nil && (q.method == nil || q.target == nil) {
		n := parser.MethodLength(q.line)
		in := input{q.line[n:]}
		in.blanks()
		q.method = q.line[:n]
		q.path(in.word(), true)
	}
	if q.target == nil {
		q.target = q.guessed.target
	}
	if q.status == 0 {
		q.status = q.guessed.status
	}
	if q.method == nil || q.target == nil || q.status == 0 && !q.timed {
		return false
	}
	a.Method, a.Target, a.Status, a.Client, a.Duration = q.method, q.target, q.status, q.client, -1
	if q.timed {
		a.Duration = q.duration
	}
	return true
}
