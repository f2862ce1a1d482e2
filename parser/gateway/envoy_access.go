package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// envoyAccess is the access log of Envoy and of what is built on it (Istio, Contour,
// Emissary, Envoy Gateway), in the default text form, Istio's forms and as JSON:
//
//	[2016-04-15T20:17:00.310Z] "POST /api HTTP/2" 503 UF 154 0 226 100 "xff" "agent" "request id" "authority" "10.0.35.28:80"
//	[…] "GET / HTTP/1.1" 503 UF upstream_reset_before_response_started{…} - "transport failure" 0 159 10 - "xff" "agent" "id" "authority" "upstream" cluster …
//
// Pomerium's JSON has names of its own, no flags and no address.
//
// It is Envoy's one log of requests, so a failed request's line is a symptom too.
// Status alone misleads: flags, details and the transport failure's text decide (a
// gRPC request that failed has status 200), and without a flag the answer is the
// upstream's own.
//
// Nothing is escaped in the text forms. Up to the first quoted header all is Envoy's
// and is read from the left; authority and upstream stand behind the agent, which may
// hold quotes, and are read from the right.
//
// BenchmarkGoFamily: 400 MB/s on one of two busy cores, four of five lines failures;
// nothing is allocated.
var envoyAccess = &parser.Format{
	Name:    "envoy-access",
	Gates:   []parser.Gate{{First: parser.Object}, {First: `["A`, All: `"`}, {All: "=", Word: "flags="}},
	Role:    parser.RoleGateway,
	Product: "envoy",
	Doc:     "https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage; envoy source/common/formatter/substitution_format_string.cc; istio pilot/pkg/model/telemetry_logging.go (EnvoyTextLogFormat)",
	Parse:   parseEnvoyAccess,
}

// An envoyRequest holds what decides about a request.
type envoyRequest struct {
	flags, details, transport []byte
	host, cluster             []byte // upstream
	remote, forwarded         []byte // client
	service                   int64  // x-envoy-upstream-service-time, milliseconds, -1 if none
	decisive                  *Message
	atEnd                     bool // the stamp is the request's end
}

func parseEnvoyAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < 20 {
		return false
	}
	e := envoyRequest{service: -1}
	ok := false
	if line[0] == '{' {
		ok = e.json(line, env, r)
	} else if ok = e.text(line, r); !ok {
		ok = e.pairs(line, env, r)
	}
	if !ok {
		return false
	}
	e.finish(env, r)
	if string(e.details) == "filter_chain_not_found" {
		r.Message = line // no request that failed here, but what it means to whoever sent it
	}
	return true
}

func (e *envoyRequest) text(line []byte, r *parser.Record) bool {
	b := bytes.TrimPrefix(line, []byte("ACCESS ")) // Emissary
	if len(b) > 0 && b[0] == '[' {
		stamp, n, ok := timestamp.ISO(b[1:])
		if !ok || stamp.Clock != parser.ClockZoned || !has(b[1+n:], `] "`) {
			return false
		}
		r.Stamp, b = stamp, b[n+3:]
	}
	if len(b) == 0 || b[0] != '"' {
		return false
	}
	request, rest, ok := envoyRequestLine(b[1:])
	if !ok {
		return false
	}
	a := &r.Access
	status, rest, ok := envoyWord(rest)
	n, isNumber := wholeNumber(status)
	if !ok || !isNumber || n > 999 {
		return false
	}
	e.flags, rest, ok = envoyWord(rest)
	known := false
	if e.decisive, known = envoyVocabulary().flag(e.flags); !ok || !known {
		return false
	}
	if rest, ok = e.middle(rest, a); !ok {
		return false
	}
	a.Status = int16(n)
	setEnvoyRequest(a, request)
	e.headers(rest, a)
	return true
}

// envoyRequestLine cuts `GET /path HTTP/1.1" `. A path may hold quotes, and with HTTP/2
// even blanks, so the quote has to stand behind the protocol; a line without one
// ("- - -", a cut) ends at the first quote with a blank.
func envoyRequestLine(b []byte) (request, rest []byte, ok bool) {
	first := -1
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(`" `))
		if i < 0 {
			break
		}
		i += from
		if first < 0 {
			first = i
		}
		if endsInHTTP(b[:i]) || has(b, `- - -" `) {
			return b[:i], b[i+1:], true
		}
		from = i + 2
	}
	if first < 0 {
		return nil, nil, false
	}
	return b[:first], b[first+1:], true
}

// endsInHTTP reports whether the last word of b is a protocol: HTTP/1.1, HTTP/2.
func endsInHTTP(b []byte) bool {
	return has(b[bytes.LastIndexByte(b, ' ')+1:], "HTTP/")
}

// envoyWord cuts the next word off b, which begins with a blank.
func envoyWord(b []byte) (word, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != ' ' {
		return nil, b, false
	}
	end := wordEnd(b, 1)
	return b[1:end], b[end:], end > 1
}

// middle reads what is between the flags and the first header: details, the
// connection's end and the transport failure, as many as the version has, then bytes
// received and sent, duration and the upstream's service time.
func (e *envoyRequest) middle(b []byte, a *parser.Access) ([]byte, bool) {
	bare := 0
	for range 4 {
		if rest, ok := e.numbers(b, a); ok {
			return rest, true
		}
		if has(b, ` "`) {
			end := quotedBy(b, 2)
			e.transport = b[2:end]
			b = b[min(end+1, len(b)):]
			continue
		}
		var word []byte
		var ok bool
		if word, b, ok = envoyDetail(b); !ok {
			return nil, false
		}
		if bare == 0 {
			e.details = word
		}
		bare++
	}
	return nil, false
}

// quotedBy finds the quote that ends a text of Envoy's own, which escapes nothing.
func quotedBy(b []byte, from int) int {
	if i := bytes.IndexByte(b[from:], '"'); i >= 0 {
		return from + i
	}
	return len(b)
}

// envoyDetail cuts a word, in whose {} there may be blanks.
func envoyDetail(b []byte) (word, rest []byte, ok bool) {
	word, rest, ok = envoyWord(b)
	if !ok {
		return nil, b, false
	}
	if bytes.IndexByte(word, '{') >= 0 && bytes.IndexByte(word, '}') < 0 {
		if end := bytes.IndexByte(b, '}'); end > 0 {
			return b[1 : end+1], b[end+1:], true
		}
	}
	return word, rest, true
}

// numbers reads ` 154 0 226 100` or with - for the service time.
func (e *envoyRequest) numbers(b []byte, a *parser.Access) ([]byte, bool) {
	var values [4]int64
	for i := range values {
		word, rest, ok := envoyWord(b)
		if !ok {
			return nil, false
		}
		values[i] = -1
		if n, isNumber := wholeNumber(word); isNumber {
			values[i] = n
		} else if !isDash(word) || i < 2 {
			return nil, false
		}
		b = rest
	}
	a.Bytes = values[1]
	if d := values[2]; d >= 0 && d < 1<<40 {
		a.Duration = d * parser.Millisecond
	}
	e.service = min(values[3], 1<<40)
	return b, true
}

// headers reads ` "xff" "agent" "id" "authority" "upstream"` and Istio's bare fields
// behind them.
func (e *envoyRequest) headers(b []byte, a *parser.Access) {
	if has(b, ` "`) {
		e.forwarded = b[2:quotedBy(b, 2)]
	}
	last := bytes.LastIndexByte(b, '"')
	if last < 2 {
		return
	}
	e.istioTail(b[last+1:])
	fields := [3]*[]byte{&e.host, &a.Host, &a.RequestID}
	head := b[:last+1]
	for _, field := range fields {
		value, before, ok := lastField(head)
		if !ok {
			return
		}
		if len(value) > 0 && !isDash(value) {
			*field = value
		}
		head = before
	}
}

// istioTail reads ` cluster upstream_local downstream_local downstream_remote …`, and the
// details that a format of one's own may have there.
func (e *envoyRequest) istioTail(b []byte) {
	for i := range 8 {
		word, rest, ok := envoyDetail(b)
		if !ok {
			return
		}
		switch {
		case isDash(word):
		case e.details == nil && isEnvoyDetails(word):
			e.details = word
		case i == 0:
			e.cluster = word
		case i == 3:
			e.remote = word
		}
		b = rest
	}
}

// isEnvoyDetails tells response code details of the upstream's side from names of clusters
// (source/common/stream_info, envoy/stream_info/stream_info.h, ResponseCodeDetailValues).
func isEnvoyDetails(b []byte) bool {
	return has(b, "upstream_reset_") || has(b, "upstream_response_timeout") || has(b, "upstream_per_try_timeout") || has(b, "no_healthy_upstream") ||
		has(b, "via_upstream") || has(b, "response_timeout") || has(b, "cluster_not_found") || has(b, "route_not_found")
}

// json reads an object with any of the usual key names: Istio's, Envoy Gateway's and
// Envoy's own example's.
func (e *envoyRequest) json(line []byte, env *parser.Env, r *parser.Record) bool {
	j := openJSON(line)
	a := &r.Access
	var p envoyParts
	for j.next() {
		if len(j.value) > 0 && !isDash(j.value) {
			e.member(&j, env, r, &p)
		}
		if string(j.key) == "response_flags" || string(j.key) == "responseFlags" {
			p.hasFlags = true
			if len(j.value) > 0 {
				e.flags = j.value
			}
		}
	}
	if !p.hasFlags {
		e.flags = flagOfDetails(e.details)
	}
	if !p.hasFlags && !isEnvoyDetails(e.details) || !p.hasStatus || e.flags != nil && !e.known() {
		return false
	}
	if len(p.method) > 0 && len(p.path) > 0 {
		setEnvoyRequest(a, requestLine(env, p.method, p.path, p.protocol))
	}
	return p.hasTime || a.Request != nil
}

var flagUF, flagUC, flagUO, flagUPE, flagUR = []byte("UF"), []byte("UC"), []byte("UO"), []byte("UPE"), []byte("UR")

// flagOfDetails is the flag that goes with the details, for formats without flags (Pomerium
// logs none; source/common/router/router.cc, streamResetReasonToResponseFlag).
func flagOfDetails(details []byte) []byte {
	name, reason, _ := splitDetails(details)
	switch {
	case !has(name, "upstream_reset_"):
		return nil // the name says all
	case bytes.Contains(reason, []byte("connection_failure")), bytes.Contains(reason, []byte("connection_timeout")):
		return flagUF
	case has(reason, "connection_termination"):
		return flagUC
	case has(reason, "overflow"):
		return flagUO
	case has(reason, "protocol_error"):
		return flagUPE
	}
	return flagUR
}

// known looks the flags up, which are a list in text or JSON's null.
func (e *envoyRequest) known() bool {
	m, known := envoyVocabulary().flag(e.flags)
	e.decisive = m
	return known
}

// envoyParts is what a JSON line tells of the request line and of itself.
type envoyParts struct {
	method, path, protocol []byte
	hasFlags, hasStatus    bool
	hasTime                bool
}

func (e *envoyRequest) member(j *jsonReader, env *parser.Env, r *parser.Record, p *envoyParts) {
	a := &r.Access
	n, isNumber := j.number()
	switch string(j.key) {
	case "service": // Pomerium's line is written when the request is done
		e.atEnd = string(j.value) == "envoy"
	case "start_time", "startTime", "timestamp", "@timestamp", "time":
		if stamp, ok := caddyStamp(j.value); ok && !p.hasTime {
			r.Stamp, p.hasTime = stamp, true
		}
	case "method", "httpMethod", "requestMethod":
		p.method = j.value
	case "path", "requestPath", "x-envoy-origin-path", "x_envoy_original_path", "x-envoy-original-path":
		p.path = unescaped(env, j.value)
	case "protocol":
		p.protocol = j.value
	case "response_code", "response-code", "responseCode", "status":
		p.hasStatus = p.hasStatus || isNumber
		a.Status = int16(min(n, 999))
	case "response_code_details", "response-code-details", "responseCodeDetails":
		e.details = unescaped(env, j.value)
	case "upstream_transport_failure_reason", "upstreamTransportFailure", "upstreamTransportFailureReason":
		e.transport = unescaped(env, j.value)
	case "bytes_sent", "bytesSent", "size":
		if isNumber {
			a.Bytes = n
		}
	case "duration", "requestDuration":
		if isNumber && n < 1<<40 {
			a.Duration = n * parser.Millisecond
		}
	case "upstream_service_time", "x-envoy-upstream-service-time":
		if isNumber {
			e.service = min(n, 1<<40)
		}
	case "authority", ":authority", "host":
		a.Host = unescaped(env, j.value)
	case "upstream_host", "upstreamHost":
		e.host = unescaped(env, j.value)
	case "upstream_cluster", "upstream_cluster_raw", "upstream-cluster", "upstreamCluster":
		e.cluster = unescaped(env, j.value)
	case "request_id", "x-request-id", "x_request_id", "request-id", "requestId":
		a.RequestID = j.value
	case "downstream_remote_address", "downstream_remote_address_without_port", "downstream_direct_remote_address":
		e.remote = j.value
	case "x_forwarded_for", "x-forwarded-for", "forwarded-for", "xForwardedFor":
		e.forwarded = unescaped(env, j.value)
	}
}

// setEnvoyRequest splits a request line; "- - -" is a line of the TCP proxy.
func setEnvoyRequest(a *parser.Access, request []byte) {
	if !has(request, "- -") {
		setRequest(a, request)
	}
}
