package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// A text format of one's own may name its fields, in any order, as substitution strings allow it
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#format-strings):
//
//	[2026-11-20T05:01:01.979Z] GET /pets/6 HTTP/2 code=503 flags=UF details="…" upstream_host=10.44.6.15:8080 upstream_cluster=pets
//
// It is Envoy's if one field is its flags and another its details, its cluster or its host. The
// stamp and the request line may stand before the fields without a name.
func (e *envoyRequest) pairs(line []byte, env *parser.Env, r *parser.Record) bool {
	if !bytes.Contains(line, []byte("flags=")) {
		return false
	}
	var p envoyParts
	a, b := &r.Access, line
	if b[0] == '[' {
		stamp, n, ok := timestamp.ISO(b[1:])
		if !ok || stamp.Clock != parser.ClockZoned || !has(b[1+n:], "] ") {
			return false
		}
		r.Stamp, p.hasTime, b = stamp, true, b[n+len("[] "):]
	}
	var request []byte
	if first := b[:wordEnd(b, 0)]; has(b, `"`) {
		request, b, _ = envoyRequestLine(b[1:])
	} else if end := bytes.Index(b, []byte(" HTTP/")); isMethod(first) && end > 0 {
		end = wordEnd(b, end+1)
		request, b = b[:end], b[end:]
	}
	proven := false
	for len(b) > 0 {
		b = trimBlanks(b)
		n := bytes.IndexByte(b, '=')
		if n < 0 {
			break
		}
		key := b[bytes.LastIndexByte(b[:n], ' ')+1 : n]
		value := b[n+1:]
		if has(value, `"`) {
			end := quotedBy(value, 1)
			value, b = value[1:end], value[min(end+1, len(value)):]
		} else {
			end := wordEnd(value, 0)
			value, b = value[:end], value[end:]
		}
		proven = e.pair(key, value, env, r, &p) || proven
	}
	if !proven || !p.hasFlags || !p.hasStatus || e.flags != nil && !e.known() {
		return false
	}
	if request == nil && len(p.method) > 0 && len(p.path) > 0 {
		request = requestLine(env, p.method, p.path, p.protocol)
	}
	if request != nil {
		setEnvoyRequest(a, request)
	}
	return p.hasTime || request != nil
}

// pair takes one field and reports whether only Envoy has one like it.
func (e *envoyRequest) pair(key, value []byte, env *parser.Env, r *parser.Record, p *envoyParts) (own bool) {
	if len(value) == 0 || isDash(value) && !bytes.HasSuffix(key, []byte("flags")) {
		return false
	}
	if string(key) == "flags" || string(key) == "response_flags" {
		p.hasFlags = true
		if !isDash(value) {
			e.flags = value
		}
		return false
	}
	if long := envoyShortNames[string(key)]; long != nil {
		key = long
	}
	j := jsonReader{key: key, value: value}
	if string(key) == "duration" {
		j.value = bytes.TrimSuffix(value, []byte("ms"))
	}
	e.member(&j, env, r, p)
	switch string(key) {
	case "response_code_details":
		return isEnvoyDetails(value)
	case "upstream_cluster", "upstream_host":
		return true
	}
	return false
}

// envoyShortNames are what people call fields that Envoy's substitutions call otherwise.
var envoyShortNames = map[string][]byte{
	"code": []byte("response_code"), "dur": []byte("duration"), "cluster": []byte("upstream_cluster"), "upstream": []byte("upstream_host"),
	"details": []byte("response_code_details"), "code_details": []byte("response_code_details"), "response_details": []byte("response_code_details"),
	"reason": []byte("upstream_transport_failure_reason"), "failure_reason": []byte("upstream_transport_failure_reason"),
	"transport_failure": []byte("upstream_transport_failure_reason"), "transport_failure_reason": []byte("upstream_transport_failure_reason"),
}
