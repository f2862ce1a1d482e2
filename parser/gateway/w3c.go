package gateway

import (
	"bytes"
	"strconv"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// iisAccess is IIS's log in the W3C extended form, with the fields in their usual order; times are UTC:
//
//	2026-11-21 02:42:23 10.0.0.4 GET /hr/home - 443 - 192.0.2.81 Mozilla/5.0 - 502 3 12029 17
//
// Behind the status stand IIS's own number, which tells whether Application Request Routing or
// ASP.NET Core's module failed, and Windows' error, which tells how.
var iisAccess = &parser.Format{
	Name:    "iis-access",
	Gates:   []parser.Gate{{First: parser.Digits, All: "-:/"}},
	Role:    parser.RoleGateway,
	Product: "iis",
	Doc:     "https://learn.microsoft.com/windows/win32/http/w3c-logging; https://learn.microsoft.com/troubleshoot/developer/webapps/iis/health-diagnostic-performance/http-status-code; https://learn.microsoft.com/windows/win32/winhttp/error-messages",
	Parse:   parseIIS,
}

// cloudfrontAccess is CloudFront's standard log, tab by tab; times are UTC and the moment of the answer.
var cloudfrontAccess = &parser.Format{
	Name:    "cloudfront-access",
	Gates:   []parser.Gate{{First: parser.Digits, All: "\t-:/"}},
	Role:    parser.RoleGateway,
	Product: "cloudfront",
	Doc:     "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html (x-edge-detailed-result-type)",
	Parse:   parseCloudFront,
}

// iisWords are the errors of WinHTTP, with which ARR asks, by their number; then those of the
// substatus alone.
var iisWords = vocabularies["iis"]

// cloudfrontWords are the results of which CloudFront says in detail that the origin was at fault.
var cloudfrontWords = vocabularies["cloudfront"]

// w3cStamp reads "2026-11-21 02:42:23", the character between them and behind being sep, which is UTC in these logs.
func w3cStamp(line []byte, sep byte, env *parser.Env, r *parser.Record) (rest []byte, ok bool) {
	const length = len("2026-11-21 02:42:23")
	if len(line) < 60 || line[4] != '-' || line[10] != sep || line[length] != sep {
		return nil, false
	}
	text := line[:length]
	if sep != ' ' {
		text = joined(env, line[:10], ' ', line[11:length])
	}
	stamp, n, ok := timestamp.ISO(text)
	stamp.Clock = parser.ClockZoned
	r.Stamp = stamp
	return line[length+1:], ok && n == length
}

func parseIIS(line []byte, env *parser.Env, r *parser.Record) bool {
	rest, ok := w3cStamp(line, ' ', env, r)
	if !ok {
		return false
	}
	l, a := awsLine{rest}, &r.Access
	for range 4 { // the site's and the computer's name may stand before the address
		if word := l.next(); isMethod(word) {
			a.Method = word
			break
		}
	}
	a.Target = l.next()
	query, port := l.next(), l.next()
	l.next()
	client := l.next()
	if _, isPort := wholeNumber(port); a.Method == nil || !isPort || len(a.Target) == 0 || a.Target[0] != '/' || !isIPv4(client) && !isIPv6(client) {
		return false
	}
	query, routed := arrQuery(query)
	a.Target = w3cTarget(a.Target, query, env)
	status, sub, windows, took, ok := iisNumbers(l.rest)
	if !ok {
		return false
	}
	r.Kind = parser.KindAccess
	a.Client, a.Status, a.Duration = client, int16(status), took*parser.Millisecond
	m := iisMessage(status, sub, windows)
	if m != nil {
		w3cFailure(m, r)
	}
	if len(routed) > 0 {
		a.Attempts[0], a.Tries, a.HasUps = parser.Attempt{Addr: routed, Connect: -1, Header: -1, Response: -1}, 1, true
		if r.Gateway.Symptom != parser.SymptomNone {
			r.Gateway.Upstream, r.Gateway.Group = routed, !isAddress(routed)
		} else if m == nil {
			a.Attempts[0].Status = a.Status
		}
	}
	return true
}

// arrQuery splits what Application Request Routing writes behind a request's query off it, and takes the
// server that it routed the request to: X-ARR-CACHE-HIT=0&X-ARR-LOG-ID=…&SERVER-ROUTED=app01&SERVER-STATUS=200.
// It is the last of them that counts: a client may have asked for a query that looks like it.
func arrQuery(query []byte) (own, routed []byte) {
	i := bytes.LastIndex(query, []byte("X-ARR-CACHE-HIT="))
	if i < 0 || i > 0 && query[i-1] != '&' {
		return query, nil
	}
	own = query[:max(i-1, 0)]
	if _, rest, ok := bytes.Cut(query[i:], []byte("&SERVER-ROUTED=")); ok {
		routed, _, _ = bytes.Cut(rest, []byte("&"))
	}
	return own, routed
}

// w3cTarget puts the path and the query together, which have fields of their own.
func w3cTarget(path, query []byte, env *parser.Env) []byte {
	if len(query) == 0 || isDash(query) {
		return path
	}
	return joined(env, path, '?', query)
}

// iisNumbers reads "… 502 3 12029 17", behind which or between the last two of which may stand how many
// bytes went.
func iisNumbers(b []byte) (status, sub, windows, took int64, ok bool) {
	var numbers [6]int64
	count := 0
	for count < len(numbers) {
		i := bytes.LastIndexByte(b, ' ')
		n, isNumber := wholeNumber(b[i+1:])
		if i < 0 || !isNumber {
			break
		}
		numbers[count] = n
		count++
		b = b[:i]
	}
	if count < 4 {
		return 0, 0, 0, 0, false
	}
	status, sub, windows, took = numbers[count-1], numbers[count-2], numbers[count-3], numbers[0]
	return status, sub, windows, took, status >= 100 && status < 600 && sub < 1000 && took < 1<<40
}

func iisMessage(status, sub, windows int64) *Message {
	if status != 502 {
		return nil
	}
	var room [len("iis.502-") + 20]byte
	id := strconv.AppendInt(append(room[:0], "iis."...), windows, 10)
	if sub > 3 {
		id = strconv.AppendInt(append(room[:0], "iis.502-"...), sub, 10)
	}
	return entry(iisWords(), id)
}

// w3cFailure makes the line of a failed request its error line too: there is no other log.
func w3cFailure(m *Message, r *parser.Record) {
	m.tell(nil, 0, &r.Gateway)
	if r.Gateway.Rank > parser.RankNoise {
		r.Level = parser.LevelError
	}
	r.Access.Made = parser.MadeGateway
	if m.Class == parser.SymptomUpstreamStatus {
		r.Access.Made, r.Gateway, r.Level = parser.MadeUpstream, parser.Gateway{}, parser.LevelNone
	}
}

func parseCloudFront(line []byte, env *parser.Env, r *parser.Record) bool {
	rest, ok := w3cStamp(line, '\t', env, r)
	if !ok {
		return false
	}
	var fields [27][]byte
	count := 0
	for more := true; more && count < len(fields); count++ {
		fields[count], rest, more = bytes.Cut(rest, []byte{'\t'})
	}
	if count < 17 || !isMethod(fields[3]) {
		return false
	}
	status, ok := wholeNumber(fields[6])
	if !ok || status > 999 || !isCloudFront(fields[11]) {
		return false
	}
	r.Kind = parser.KindAccess
	a := &r.Access
	a.Client, a.Method, a.Host, a.Target, a.Status, a.Cache = fields[2], fields[3], fields[13], w3cTarget(fields[5], fields[9], env), int16(status), fields[11]
	a.Bytes, _ = wholeNumber(fields[1])
	a.RequestID = fields[12]
	if took, ok := awsSeconds(fields[16]); ok {
		a.Duration = took
	}
	words := cloudfrontWords()
	for i := range words {
		if m := &words[i]; status >= 500 && count == len(fields) && m.Template == string(fields[26]) {
			w3cFailure(m, r)
		}
	}
	return true
}

// isCloudFront accepts what x-edge-result-type may be.
func isCloudFront(b []byte) bool {
	switch string(b) {
	case "Hit", "RefreshHit", "OriginShieldHit", "Miss", "LimitExceeded", "CapacityExceeded", "Error", "Redirect", "LambdaExecutionError", "FunctionExecutionError", "FunctionThrottledError":
		return true
	}
	return false
}
