package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// varnishOwn is varnishncsa with a format of one's own (-F, -f) that does not begin as
// combined does, a JSON object (-j) or any order of fields:
//
//	{"@timestamp":"2026-11-27T04:02:52-0300","method":"GET","url":"/q/1","status":503,"handling":"pass"}
//	2026-11-27T07:05:02+0000 b tiles2 GET /t/1.png 503 0 "http format error" "21 tiles2 127.0.0.1 26154 127.0.0.1 42684 connect"
//
// Such a line is known as Varnish's by what only Varnish has: how a request was handled,
// a BackendOpen or a FetchError record (%{VSL:BackendOpen}x), or by the program that the
// envelope names. A number alone may be a size and is no duration.
var varnishOwn = &parser.Format{
	Name:    "varnish-own",
	Gates:   []parser.Gate{{First: parser.Object, Word: "andling"}, {First: parser.Object, Word: "arnish"}, {First: parser.Object, Word: "etch"}, {First: parser.Object, Word: "ackend"}, {Word: ` connect"`}, {Word: ` reuse"`}, {Program: "varnishncsa"}},
	Role:    parser.RoleGateway,
	Product: "varnish",
	Doc:     "https://varnish-cache.org/docs/trunk/reference/varnishncsa.html (FORMAT)",
	Parse:   parseVarnishOwn,
}

func parseVarnishOwn(line []byte, env *parser.Env, r *parser.Record) bool {
	v := varnishTail{own: string(r.Program) == "varnishncsa"}
	switch {
	case len(line) < len(`2026-11-27T07:05:02Z GET / 200`):
		return false
	case line[0] == '{':
		return v.object(line, env, r)
	}
	return v.fields(line, env, r)
}

// finish puts together what the fields told.
func (v *varnishTail) finish(r *parser.Record) {
	r.Kind = parser.KindAccess
	a := &r.Access
	a.AtStart = true
	if host, path, ok := cutURL(a.Target); ok {
		a.Host, a.Target = host, path
	}
	if v.addr != nil {
		a.HasUps, a.Tries = true, 1
		a.Attempts[0] = parser.Attempt{Addr: v.addr, Connect: -1, Header: -1, Response: -1}
	}
	g := &r.Gateway
	if g.Symptom == parser.SymptomNone {
		return
	}
	g.Client, g.Server, g.Request = a.Client, a.Host, a.Request
	if g.Upstream == nil || v.addr != nil {
		g.Upstream = v.addr
	}
}

// object reads JSON. Which member a client fills is told by the names.
func (v *varnishTail) object(line []byte, env *parser.Env, r *parser.Record) bool {
	if !parseAccessJSON(line, env, r) {
		return false
	}
	j := openJSON(line)
	v.members(&j, 0, env, r)
	if !j.whole || !v.own {
		return false
	}
	v.finish(r)
	return true
}

func (v *varnishTail) members(j *jsonReader, depth int, env *parser.Env, r *parser.Record) {
	for j.next() {
		switch {
		case j.kind == '{' && depth < maxJSONDepth && j.enter():
			v.members(j, depth+1, env, r)
		case indexString(j.key, "handling") >= 0 && varnishHandling(j.value):
			v.handling(j.value, &r.Access)
			v.own = true
		case isDurationName(j.key):
			if n, ok := wholeNumber(j.value); ok {
				r.Access.Duration = n
			}
		case indexString(j.key, "arnish") >= 0:
			v.own = true
		case indexString(j.key, "etch") >= 0 || indexString(j.key, "ackend") >= 0:
			v.own = v.record(unescaped(env, j.value), env, r) || v.own
		}
	}
}

// record takes a value that is a record of Varnish's log, and reports whether it is one.
func (v *varnishTail) record(value []byte, env *parser.Env, r *parser.Record) bool {
	if backendAddress(value, env) == nil && varnishVocabulary().fetch.find(value) == nil {
		return false
	}
	if r.Access.Status >= 500 || v.addr == nil {
		v.text(value, env, r)
	}
	return true
}

// fields reads a line without names, by the shapes of its fields.
func (v *varnishTail) fields(line []byte, env *parser.Env, r *parser.Record) bool {
	if !v.own && indexString(line, ` connect"`) < 0 && indexString(line, ` reuse"`) < 0 {
		return false
	}
	if quote := bytes.IndexByte(line, '"'); !v.own && quote > 0 && line[quote-1] == ' ' && line[max(quote-2, 0)] == ']' {
		return false // combined: which quoted fields are the client's is told by their place
	}
	outer := r.Stamp
	r.Stamp = parser.Stamp{}
	a := &r.Access
	for v.rest = line; len(v.rest) > 0; {
		if v.rest = trimBlanks(v.rest); len(v.rest) == 0 {
			break
		}
		if !r.Stamp.Known() {
			if stamp, n, ok := timestamp.Read(v.rest); ok {
				r.Stamp, v.rest = stamp, v.rest[n:]
				continue
			}
		}
		name := v.name()
		l := awsLine{v.rest}
		value := l.next()
		v.rest = l.rest
		v.field(name, value, env, r)
	}
	if !r.Stamp.Known() {
		r.Stamp = outer
	}
	if !v.own || !r.Stamp.Known() || a.Status == 0 || a.Target == nil {
		return false
	}
	v.finish(r)
	return true
}

func (v *varnishTail) field(name, value []byte, env *parser.Env, r *parser.Record) {
	a := &r.Access
	switch {
	case len(value) == 0 || isDash(value):
	case a.Target == nil && isRequestLine(value):
		setRequest(a, value)
	case a.Method == nil && isUsualMethod(value):
		a.Method = value
	case a.Target == nil && a.Method != nil && (value[0] == '/' || has(value, "http://") || has(value, "https://")):
		a.Target = value
	case a.Client == nil && a.Target == nil && isClientAddr(value):
		a.Client = value
	case a.Status == 0 && a.Target != nil && isStatus(value):
		a.Status = statusOf(value)
	case isWhole(value) && !isDurationName(name):
	case v.record(value, env, r):
		v.own = true
	case name != nil || varnishHandling(value):
		v.take(name, value, env, r)
	}
}
