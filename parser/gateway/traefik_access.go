package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// traefikAccess is Traefik's access log in its common form and as JSON:
//
//	<client> - <user> [<start>] "<method> <path> <protocol>" <status> <size> "<referer>" "<agent>" <count> "<router>" "<server>" <n>ms
//	{"ClientHost":…,"DownstreamStatus":502,"OriginStatus":502,"ServiceURL":"http://10.0.0.5:80",…}
//
// In the common form nothing is escaped, but a path and a protocol hold no blanks and
// all that is Traefik's stands behind the agent: the head is read by words from the
// left, the tail from the right.
//
// Traefik's own log has failed requests at debug only, so as a rule this is the one
// log that shows them: a request that Traefik failed is a symptom too. Who failed it
// the line tells by the size: Traefik's error handler writes the status's text and
// nothing else (11 bytes of "Bad Gateway"), which no server's page is. What went
// wrong it tells only in part.
//
// BenchmarkGoFamily: 550 MB/s on one of two busy cores, nothing is allocated.
var traefikAccess = &parser.Format{
	Name:    "traefik-access",
	Gates:   []parser.Gate{{First: parser.Object}, {All: `["`}},
	Role:    parser.RoleGateway,
	Product: "traefik",
	Doc:     "https://doc.traefik.io/traefik/observability/access-logs/; traefik pkg/middlewares/accesslog/logger_formatters.go, logdata.go; pkg/proxy/httputil/proxy.go (ErrorHandlerWithContext)",
	Parse:   parseTraefikAccess,
}

func parseTraefikAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	n := len(line)
	if n < 30 {
		return false
	}
	var t traefikRequest
	t.size, t.downstreamSize, t.responded = -1, -1, -1
	if line[0] == '{' {
		return t.json(line, env, r) && t.finish(env, r)
	}
	return line[n-1] == 's' && line[n-2] == 'm' && decimal(line[n-3]) && t.common(line, r) && t.finish(env, r)
}

// A traefikRequest holds what decides who failed a request.
type traefikRequest struct {
	method, path, protocol []byte
	hasOrigin              bool // the proxy step was logged
	origin                 int64
	size, downstreamSize   int64
	responded              int64 // microseconds the proxy step took
	server                 []byte
	hasTime, utc           bool // there is a stamp; it is the request's start
	hasStatus              bool
}

// common reads the head up to the size and the tail from the router on.
func (t *traefikRequest) common(line []byte, r *parser.Record) bool {
	open := bytes.IndexByte(line, '[')
	if open < len("c - u ") || line[open-1] != ' ' {
		return false
	}
	head, rest := line[:open-1], line[open+1:]
	if rest[0] == ']' { // stamps taken out
		rest = rest[1:]
	} else {
		stamp, n, ok := timestamp.CLF(rest)
		if !ok || stamp.Clock != parser.ClockZoned || n >= len(rest) || rest[n] != ']' {
			return false
		}
		r.Stamp, rest = stamp, rest[n+1:]
	}
	if !has(rest, ` "`) {
		return false
	}
	rest, ok := t.requestWords(rest[2:])
	if !ok || !t.tail(rest, r) {
		return false
	}
	a := &r.Access
	a.Client = bareClient(head[:wordEnd(head, 0)])
	rest = t.statusAndSize(rest, a)
	t.utc = true
	return rest != nil
}

// requestWords reads `method path protocol" `.
func (t *traefikRequest) requestWords(b []byte) (rest []byte, ok bool) {
	end := wordEnd(b, 0)
	if end+1 >= len(b) {
		return nil, false
	}
	t.method, b = b[:end], b[end+1:]
	if end = wordEnd(b, 0); end+1 >= len(b) {
		return nil, false
	}
	t.path, b = b[:end], b[end+1:]
	end = wordEnd(b, 0)
	if end < 2 || b[end-1] != '"' {
		return nil, false
	}
	t.protocol = b[:end-1]
	return b[end:], true
}

// statusAndSize reads ` 502 11` or ` - -`; of what the proxy step never saw there is
// neither.
func (t *traefikRequest) statusAndSize(b []byte, a *parser.Access) []byte {
	if len(b) < 2 {
		return nil
	}
	end := wordEnd(b, 1)
	status := bytes.Trim(b[1:end], `"`)
	if end == len(b) || len(status) != 3 && !isDash(status) {
		return nil
	}
	if n, ok := wholeNumber(status); ok {
		a.Status, t.origin, t.hasOrigin = int16(n), n, true
	}
	b = b[end:]
	end = wordEnd(b, 1)
	if n, ok := wholeNumber(bytes.Trim(b[1:end], `"`)); ok {
		t.size, a.Bytes = n, n
	}
	return b[end:]
}

// tail reads ` <count> "<router>" "<server>" <n>ms` from the right end.
func (t *traefikRequest) tail(b []byte, r *parser.Record) bool {
	blank := bytes.LastIndexByte(b, ' ')
	if blank < 0 {
		return false
	}
	millis, ok := wholeNumber(b[blank+1 : len(b)-len("ms")])
	if !ok || millis > 1<<40 {
		return false
	}
	server, b, ok := lastField(b[:blank])
	if !ok {
		return false
	}
	router, b, ok := lastField(b)
	if !ok {
		return false
	}
	count, b, ok := lastField(b)
	if !ok || !isCount(count) || len(b) == 0 || b[len(b)-1] != '"' && !bytes.HasSuffix(b, []byte(" -")) {
		return false // the agent stands before it
	}
	r.Access.Duration = millis * parser.Millisecond
	if !isDash(server) {
		t.server = server
	}
	if !isDash(router) {
		r.Access.Pool = router // the service has no field here; most have their router's name
	}
	return true
}

func isCount(b []byte) bool {
	_, ok := wholeNumber(b)
	return ok || isDash(b)
}

// lastField cuts the last field, in quotes or a word, off b.
func lastField(b []byte) (field, before []byte, ok bool) {
	n := len(b)
	if n == 0 {
		return nil, nil, false
	}
	if b[n-1] != '"' {
		i := bytes.LastIndexByte(b, ' ')
		return b[i+1:], b[:max(i, 0)], i >= 0
	}
	i := bytes.LastIndexByte(b[:n-1], '"')
	if i < 1 || b[i-1] != ' ' {
		return nil, nil, false
	}
	return b[i+1 : n-1], b[:i-1], true
}

// json reads the object; a nested one is v2's ServiceURL.
func (t *traefikRequest) json(line []byte, env *parser.Env, r *parser.Record) bool {
	j := openJSON(line)
	a := &r.Access
	for j.next() {
		t.member(&j, env, r)
	}
	a.Method = t.method
	return t.hasStatus && len(t.method) > 0
}

func (t *traefikRequest) member(j *jsonReader, env *parser.Env, r *parser.Record) {
	a := &r.Access
	n, isNumber := j.number()
	switch string(j.key) {
	case "ClientHost":
		a.Client = j.value
	case "RequestHost":
		a.Host = unescaped(env, j.value)
	case "RequestMethod":
		t.method = j.value
	case "RequestPath":
		t.path = unescaped(env, j.value)
	case "RequestProtocol":
		t.protocol = j.value
	case "DownstreamStatus":
		a.Status, t.hasStatus = int16(min(n, 999)), isNumber
	case "DownstreamContentSize":
		if isNumber {
			a.Bytes, t.downstreamSize = n, n
		}
	case "OriginStatus":
		t.origin, t.hasOrigin = n, isNumber && n > 0
	case "OriginContentSize":
		if isNumber {
			t.size = n
		}
	case "Duration":
		if isNumber {
			a.Duration = n / 1000
		}
	case "OriginDuration":
		if isNumber {
			t.responded = n / 1000
		}
	case "ServiceName", "BackendName":
		a.Pool = unescaped(env, j.value)
	case "ServiceAddr", "BackendAddr":
		if len(j.value) > 0 {
			t.server = j.value
		}
	case "ServiceURL", "BackendURL":
		t.serviceURL(j, env)
	case "StartUTC", "StartLocal", "time":
		t.stamp(j, r)
	case "TraceId":
		a.RequestID = j.value
	}
}

// serviceURL takes a URL, or v2's object of its parts.
func (t *traefikRequest) serviceURL(j *jsonReader, env *parser.Env) {
	if j.enter() {
		for j.next() {
			if string(j.key) == "Host" && len(j.value) > 0 {
				keep(&t.server, j.value)
			}
		}
		return
	}
	if len(j.value) > 0 {
		keep(&t.server, unescaped(env, j.value))
	}
}

// stamp prefers the request's start over the line's time.
func (t *traefikRequest) stamp(j *jsonReader, r *parser.Record) {
	start := string(j.key) != "time"
	if t.hasTime && (t.utc || !start) {
		return
	}
	if stamp, ok := caddyStamp(j.value); ok {
		r.Stamp, t.hasTime, t.utc = stamp, true, start
	}
}

// finish fills the request and decides who failed it.
func (t *traefikRequest) finish(env *parser.Env, r *parser.Record) bool {
	r.Kind = parser.KindAccess
	a := &r.Access
	a.AtStart = t.utc
	if !isDash(t.method) && !isDash(t.path) {
		a.Request = requestLine(env, t.method, t.path, t.protocol)
		a.Method, a.Target = t.method, t.path
	}
	a.HasUps = true
	if peer := peerOf(t.server); len(peer) > 0 {
		a.Tries = 1
		a.Attempts[0] = parser.Attempt{Addr: peer, Status: int16(min(max(t.origin, 0), 999)), Connect: -1, Header: -1, Response: t.responded}
	}
	noteUnlogged(a, false, false)
	t.judge(r)
	return true
}

// judge gives a failed request its symptom.
func (t *traefikRequest) judge(r *parser.Record) {
	a, g := &r.Access, &r.Gateway
	switch {
	case a.Status == 499:
		a.Made = parser.MadeGateway
		g.Symptom, g.Rank, g.Phase = parser.SymptomClientAbort, parser.RankNoise, parser.PhaseOther
	case a.Status < 500:
		return
	case a.Tries == 0:
		t.unserved(a, g)
	default:
		if a.Made = t.made(); a.Made != parser.MadeGateway {
			return
		}
		t.failed(a, g)
	}
	if g.Symptom == parser.SymptomNone {
		return
	}
	g.Client, g.Request, g.Host = a.Client, a.Request, a.Host
	if g.Rank > parser.RankNoise {
		r.Level = parser.LevelError
	}
	if a.Tries > 0 && g.Upstream == nil && g.Rank > parser.RankNoise {
		g.Upstream = a.Attempts[0].Addr
		g.Group = !isAddress(g.Upstream)
	}
}

// made compares the answer's size with the text that Traefik itself would have
// written. Without a size the status alone does not tell.
func (t *traefikRequest) made() parser.Made {
	size := t.size
	if size < 0 {
		size = t.downstreamSize
	}
	if size < 0 {
		return parser.MadeUnknown
	}
	if size == statusTextLength(t.origin) {
		return parser.MadeGateway
	}
	return parser.MadeUpstream
}

// statusTextLength is the length of net/http's StatusText for what Traefik's error
// handler can answer (ComputeStatusCode), -1 for others.
func statusTextLength(status int64) int64 {
	switch status {
	case 500:
		return int64(len("Internal Server Error"))
	case 502:
		return int64(len("Bad Gateway"))
	case 504:
		return int64(len("Gateway Timeout"))
	}
	return -1
}

// failed classes by the status that Traefik made of the error: 504 for timeouts, 502
// for the rest of the network's errors and EOF, 500 for all others. By default only
// dialing has a timeout, of 30 seconds.
func (t *traefikRequest) failed(a *parser.Access, g *parser.Gateway) {
	text := "502 Bad Gateway"
	switch t.origin {
	case 504:
		text = "504 Gateway Timeout"
	case 500:
		text = "500 Internal Server Error"
	}
	traefikVocabulary().find([]byte(text)).tell(nil, 0, g)
	const dialTimeout, slack = 30 * parser.Second, parser.Second
	if t.origin == 504 && a.Duration >= dialTimeout && a.Duration < dialTimeout+slack {
		g.Symptom, g.Phase = parser.SymptomConnectTimeout, parser.PhaseConnecting
	}
}

// unserved classes an answer that no server was asked for: 503 is the load balancer's
// word for "no server left", or with its own text the circuit breaker's; other answers
// are a middleware's.
func (t *traefikRequest) unserved(a *parser.Access, g *parser.Gateway) {
	a.Made = parser.MadeGateway
	if a.Status != 503 {
		return
	}
	traefikVocabulary().find([]byte("no available server")).tell(nil, 0, g)
	g.Upstream, g.Group = a.Pool, len(a.Pool) > 0
	if a.Bytes == int64(len("Service Unavailable")) {
		g.Symptom = parser.SymptomPeerDisabled
	}
}
