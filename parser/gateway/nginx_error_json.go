package gateway

import (
	"bytes"
	"strconv"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// parseAngieJSON reads one line of Angie's error_log with format=json, whose keys come
// in a fixed order (src/core/ngx_log.c, ngx_log_create_json_message):
//
//	{"time":"2026-11-22T15:01:47.123Z","level":"error","pid":7,"tid":7,"connection":3,
//	 "message":"connect() failed","error":{"code":111,"message":"Connection refused"},
//	 "context":{"action":"connecting to upstream","client":"…",…},"tags":[…]}
//
// The context's own key is the writer's name; it is known by what it holds. Message is
// put together as the text form has it.
func parseAngieJSON(line []byte, env *parser.Env, r *parser.Record) bool {
	const begin = `{"time":"`
	if !has(line, begin) {
		return false
	}
	stamp, n, ok := timestamp.ISO(line[len(begin):])
	rest := line[len(begin)+n:]
	if !ok || !has(rest, `","level":"`) {
		return false
	}
	word, rest := shortValue(rest[len(`","level":"`):])
	if r.Level = levelOf(word); r.Level == parser.LevelNone || !has(rest, `,"pid":`) {
		return false
	}
	r.Stamp = stamp
	var a angieLine
	if !a.read(rest, env, r) {
		return false
	}
	return a.finish(env, r)
}

// angieLine holds what is only understood once the whole line is read.
type angieLine struct {
	message, errorText []byte
	errorCode          int64
	hasMessage, isErr  bool
}

// read walks over the keys behind the level; objects are entered, their keys told
// apart by name only, save those of the error.
func (a *angieLine) read(b []byte, env *parser.Env, r *parser.Record) bool {
	for {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			return a.hasMessage
		}
		if bytes.IndexByte(b[:i], '}') >= 0 {
			a.isErr = false
		}
		key, rest := shortValue(b[i+1:])
		if len(rest) == 0 || rest[0] != ':' {
			b = rest // an element of the tags
			continue
		}
		b = a.value(key, rest[1:], env, r)
	}
}

func (a *angieLine) value(key, b []byte, env *parser.Env, r *parser.Record) (rest []byte) {
	if len(b) == 0 {
		return nil
	}
	if b[0] == '{' {
		a.isErr = string(key) == "error"
		return b[1:]
	}
	if b[0] != '"' {
		n, rest := leadingNumber(b)
		a.number(key, n, r)
		return rest
	}
	end := quotedEnd(b, 1)
	a.text(key, unescaped(env, b[1:end]), r)
	if end == len(b) {
		return nil // cut
	}
	return b[end+1:]
}

func (a *angieLine) number(key []byte, n int64, r *parser.Record) {
	switch string(key) {
	case "pid":
		r.PID = n
	case "tid":
		r.TID = n
	case "connection":
		r.Gateway.Connection = n
	case "code":
		a.errorCode = n
	}
}

func (a *angieLine) text(key, value []byte, r *parser.Record) {
	g := &r.Gateway
	switch string(key) {
	case "message":
		if a.isErr {
			a.errorText = value
		} else {
			a.message, a.hasMessage = value, true
		}
	case "action":
		g.Phase, _ = phaseOf(value)
	case "client":
		g.Client = value
	case "server":
		g.Server = value
	case "request":
		g.Request = value
	case "upstream", "peer":
		upstreamValue(value, g)
	case "host":
		g.Host = value
	}
}

func (a *angieLine) finish(env *parser.Env, r *parser.Record) bool {
	r.Kind = parser.KindGateway
	r.Message = a.message
	number := int32(0)
	if a.errorCode > 0 && a.errorCode < 1<<31 {
		number = int32(a.errorCode)
		start := len(env.Buf)
		env.Buf = append(append(env.Buf, a.message...), " ("...)
		env.Buf = append(strconv.AppendInt(env.Buf, a.errorCode, 10), ": "...)
		env.Buf = append(append(env.Buf, a.errorText...), ')')
		r.Message = env.Buf[start:len(env.Buf):len(env.Buf)]
	}
	r.Gateway.Errno = number
	nginxClassify(r, a.message, canonicalErrno(number, a.errorText))
	nginxQuoted(env, r)
	nginxSettle(&nginxKeys{}, a.message, r)
	return true
}
