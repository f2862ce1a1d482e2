package applog

import (
	"bytes"

	"culprit/parser"
)

// ztunnel is what the proxy of a node in Istio's ambient mesh says of a connection, as text, whose
// tabs a paste turns into blanks, and as JSON (LOG_FORMAT=json):
//
//	2024-07-26T17:18:00.953004Z	error	access	connection complete	src.addr=10.244.0.9:58592 dst.addr=10.244.0.10:15008 dst.hbone_addr=10.244.0.10:80 … error="…"
//	{"level":"error","time":"2024-07-26T17:18:00.953004Z","scope":"access","message":"connection complete","src.addr":"10.244.0.9:58592",…}
//
// The message of both is the text's, so that one rule reads both.
var ztunnel = parser.Format{
	Name:    "ztunnel",
	Gates:   []parser.Gate{{First: parser.Object, Word: `"scope":"access"`}, {First: parser.Digits, All: "=:", Word: " dst."}},
	Role:    parser.RoleSystem,
	Product: "kubernetes",
	Doc:     "https://github.com/istio/ztunnel/blob/master/src/telemetry.rs (IstioFormat, IstioJsonFormat), src/proxy/metrics.rs",
	Parse:   uncoloured(parseZtunnel),
}

// ztunnelScope begins the message behind the level, as zap's console would have a logger and a message.
var ztunnelScope = []byte("access\tconnection ")

func parseZtunnel(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) > 0 && line[0] == '{' {
		return ztunnelObject(line, env, r)
	}
	in := input{line}
	if !in.stamp(iso, r) || !in.gap() || !in.level("", r) || !in.gap() || !in.lit("access") || !in.gap() {
		return false
	}
	return bytes.HasPrefix(in.rest, []byte("connection ")) && bytes.Contains(in.rest, []byte(" dst.")) && in.message(r)
}

// gap takes blanks and tabs, at least one.
func (in *input) gap() bool {
	rest := bytes.TrimLeft(in.rest, " \t")
	taken := len(rest) < len(in.rest)
	in.rest = rest
	return taken
}

// ztunnelObject reads the members and writes their message as the text form has it.
func ztunnelObject(line []byte, env *parser.Env, r *parser.Record) bool {
	if !bytes.Contains(line, []byte(`"scope":"access"`)) || !bytes.Contains(line, []byte(`"dst.addr":`)) {
		return false
	}
	start := len(env.Buf)
	levelled, timed := false, false
	for w := (objectWalker{b: line, i: 1}); w.next(); {
		value := w.value.body
		switch key := string(w.key); key {
		case "level":
			l, ok := levelOf(value)
			levelled = ok
			tellLevel(r, l)
		case "time":
			in := input{value}
			timed = in.stamp(iso, r)
		case "message":
			env.Buf = appendUnquoted(env.Buf, value)
		case "src.addr", "src.workload", "dst.addr", "dst.hbone_addr", "dst.service", "dst.workload", "direction", "duration", "error":
			env.Buf = append(append(append(env.Buf, ' '), key...), '=')
			if quoted := key[len(key)-4:] != "addr"; quoted {
				env.Buf = append(appendUnquoted(append(env.Buf, '"'), value), '"')
			} else {
				env.Buf = append(env.Buf, value...)
			}
		}
	}
	r.Message = env.Buf[start:len(env.Buf):len(env.Buf)]
	return levelled && timed && bytes.HasPrefix(r.Message, []byte("connection "))
}
