package gateway

import (
	"bytes"

	"culprit/parser"
)

// varnishAccess is varnishncsa's log: combined, but with the whole URL in the request,
// which tells it from nginx's and Apache's.
//
//	127.0.0.1 - - [25/Nov/2026:15:01:37 +0000] "GET http://shop.example/p HTTP/1.1" 503 278 "-" "curl/7.88.1"
//
// Nothing in the default format tells about the back end, and every failure of it is
// 503. Formats of one's own add %{Varnish:handling}x, %{Varnish:time_firstbyte}x, %D
// and %{VSL:FetchError}x behind the user agent; those are known by their shapes and
// words, with or without names (handling=miss). A line with a FetchError counts as an
// error line. %t is when the request came in (the Timestamp record Start), not its end;
// a number alone under 1,000 may be seconds (%T) and is no duration, two may be sizes.
var varnishAccess = &parser.Format{
	Name:    "varnish-access",
	Gates:   []parser.Gate{{All: `["`}},
	Role:    parser.RoleGateway,
	Product: "varnish",
	Doc:     "https://varnish-cache.org/docs/trunk/reference/varnishncsa.html; varnish-cache bin/varnishncsa/varnishncsa.c",
	Parse:   parseVarnishAccess,
}

func parseVarnishAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	quote := bytes.IndexByte(line, '"')
	own := string(r.Program) == "varnishncsa"
	if quote < clfLength || !own && !absoluteRequest(line[quote+1:]) {
		return false
	}
	tail := combinedEnd(line, quote)
	if !parseCombinedAccess(line[:tail], env, r) {
		return false
	}
	v := varnishTail{rest: line[tail:]}
	v.read(env, r)
	v.finish(r)
	return true
}

// absoluteRequest reports whether b begins with a method and a whole URL.
func absoluteRequest(b []byte) bool {
	end := 0
	for end < len(b) && end < 32 && b[end]-'A' < 26 {
		end++
	}
	return end > 1 && (has(b[end:], " http://") || has(b[end:], " https://"))
}

// combinedEnd returns where combined ends: behind request, status, bytes, referrer and
// user agent, or at the end of a shorter line.
func combinedEnd(line []byte, quote int) int {
	l := awsLine{line[quote:]}
	l.skip(5)
	end := len(line) - len(l.rest)
	if len(l.rest) > 0 && line[end-1] == ' ' {
		end--
	}
	return end
}

// A varnishTail reads the fields behind the user agent.
type varnishTail struct {
	rest []byte
	addr []byte // of the back end, if logged
	own  bool   // the line is known as Varnish's; only asked of formats of one's own

	numbers int // without a name
}

func (v *varnishTail) read(env *parser.Env, r *parser.Record) {
	for len(v.rest) > 0 {
		v.rest = trimBlanks(v.rest)
		if len(v.rest) == 0 {
			return
		}
		name := v.name()
		l := awsLine{v.rest}
		value := l.next()
		v.rest = l.rest
		v.take(name, value, env, r)
	}
}

// name cuts "handling=" or "fetch_error:" off the rest.
func (v *varnishTail) name() []byte {
	i := 0
	for i < len(v.rest) && (alphabetic(v.rest[i]) || v.rest[i] == '_' || v.rest[i] == '-') {
		i++
	}
	if i == 0 || i+1 >= len(v.rest) || v.rest[i] != '=' {
		return nil
	}
	name := v.rest[:i]
	v.rest = v.rest[i+1:]
	return name
}

func (v *varnishTail) take(name, value []byte, env *parser.Env, r *parser.Record) {
	a := &r.Access
	switch {
	case len(value) == 0 || isDash(value):
	case varnishHandling(value):
		v.handling(value, a)
	case isMicroseconds(value):
		// %{Varnish:time_firstbyte}x is counted from the client's request and less than its duration.
	case isDurationName(name):
		if n, ok := wholeNumber(value); ok {
			a.Duration = n
		}
	case name == nil && isWhole(value):
		if v.numbers++; v.numbers == 1 {
			a.Duration = lonelyTaken(value)
		} else {
			a.Duration = -1
		}
	default:
		v.text(value, env, r)
	}
}

func isWhole(b []byte) bool {
	_, ok := wholeNumber(b)
	return ok
}

// isDurationName knows what people call %D, microseconds.
func isDurationName(name []byte) bool {
	switch string(name) {
	case "D", "us", "usec", "duration_us", "time_us", "duration_usec", "time_taken_us":
		return true
	}
	return false
}

// handling is %{Varnish:handling}x: synth is an answer that VCL made on purpose. An error
// is that or a failed fetch, a miss or pass either side's answer.
func (v *varnishTail) handling(word []byte, a *parser.Access) {
	keep(&a.Cache, word)
	if string(word) == "synth" {
		a.Made = parser.MadeGateway
	}
}

func varnishHandling(b []byte) bool {
	switch string(b) {
	case "hit", "miss", "pass", "pipe", "synth", "error", "hitmiss", "hitpass", "HIT", "MISS", "PASS", "PIPE", "SYNTH":
		return true
	}
	return false
}

// isMicroseconds reports whether b is a duration with six decimals.
func isMicroseconds(b []byte) bool {
	i := bytes.IndexByte(b, '.')
	if i < 1 || len(b)-i != 7 {
		return false
	}
	_, ok := seconds(b)
	return ok
}

// text takes a FetchError and a BackendOpen record, which are known by their words.
// The vocabulary is Varnish's own, so free text of VCL_Log seldom passes for it.
func (v *varnishTail) text(value []byte, env *parser.Env, r *parser.Record) {
	if addr := backendAddress(value, env); addr != nil {
		v.addr, r.Access.Pool = addr, secondWord(value)
		return
	}
	g := &r.Gateway
	if g.Symptom != parser.SymptomNone || varnishVocabulary().fetch.find(value) == nil {
		return
	}
	varnishFetchError(value, r)
	r.Message = value
	r.Access.Made = parser.MadeGateway
}

// backendAddress puts the address in "21 boot.app 10.0.0.1 8080 10.0.0.9 34616 connect"
// together; nil for any other text.
func backendAddress(text []byte, env *parser.Env) []byte {
	l := awsLine{text}
	fd, _, host, port := l.next(), l.next(), l.next(), l.next()
	_, number := wholeNumber(fd)
	_, valid := wholeNumber(port)
	if !number || !valid || !isIPv4(host) && !isIPv6(host) {
		return nil
	}
	start := len(env.Buf)
	if isIPv6(host) {
		env.Buf = append(append(append(env.Buf, '['), host...), ']')
	} else {
		env.Buf = append(env.Buf, host...)
	}
	env.Buf = append(append(env.Buf, ':'), port...)
	return env.Buf[start:len(env.Buf):len(env.Buf)]
}
