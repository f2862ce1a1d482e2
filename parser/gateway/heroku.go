package gateway

import (
	"bytes"

	"culprit/parser"
)

// herokuRouter is the log of Heroku's routers: one logfmt line a request, with an
// error code where the router could not deliver it.
//
//	at=error code=H12 desc="Request timeout" method=GET path="/" host=… dyno=web.1 connect=1ms service=30001ms status=503
//
// The envelope (stamp, heroku[router]) is peeled before, but for what people leave of it when
// they copy a line: the name alone, or Papertrail's "app heroku/router". The dyno is the upstream.
var herokuRouter = &parser.Format{
	Name:    "heroku-router",
	Gates:   []parser.Gate{{First: "a", All: "="}, {All: "=", Word: "router"}},
	Role:    parser.RoleGateway,
	Product: "heroku",
	Doc:     "https://devcenter.heroku.com/articles/http-routing, https://devcenter.heroku.com/articles/error-codes",
	Parse:   parseHeroku,
}

// herokuCodes are the router's error codes.
var herokuCodes = vocabularies["heroku"]

// routerLine cuts off what stands before at= if it ends in the router's name.
func routerLine(line []byte) []byte {
	i := bytes.Index(line[:min(len(line), 120)], []byte("at="))
	if i <= 0 {
		return line
	}
	before := bytes.TrimRight(line[:i], ": ")
	if bytes.HasSuffix(before, []byte("heroku/router")) || bytes.HasSuffix(before, []byte("heroku[router]")) {
		return line[i:]
	}
	return line
}

func parseHeroku(line []byte, env *parser.Env, r *parser.Record) bool {
	if line = routerLine(line); !bytes.HasPrefix(line, []byte("at=")) {
		return false
	}
	var code, desc, dyno []byte
	connect, service := int64(-1), int64(-1)
	a := &r.Access
	known := 0
	for rest := line; len(rest) > 0; {
		var key, value []byte
		if key, value, rest = nextPair(rest); key == nil {
			break
		}
		switch string(key) {
		case "at":
			r.Level = levelOf(value)
		case "code":
			code = value
		case "desc":
			desc = value
		case "method":
			a.Method = value
		case "path":
			a.Target = value
			known++
		case "host":
			a.Host = value
		case "request_id":
			a.RequestID = nonEmpty(value)
		case "fwd":
			a.Client, _, _ = bytes.Cut(value, []byte(","))
		case "dyno":
			dyno = nonEmpty(value)
			known++
		case "connect":
			connect = herokuMillis(value)
		case "service":
			service = herokuMillis(value)
			known++
		case "status":
			if n, left := leadingNumber(value); len(left) == 0 && n < 1000 {
				a.Status = int16(n)
			}
		case "bytes":
			if n, left := leadingNumber(value); len(value) > 0 && len(left) == 0 {
				a.Bytes = n
			}
		}
	}
	if known < 3 {
		return false
	}
	r.Kind, a.HasUps, a.Made = parser.KindAccess, true, parser.MadeUpstream
	if service >= 0 {
		a.Duration = service + max(connect, 0)
	}
	if dyno != nil {
		a.Attempts[0] = parser.Attempt{Addr: dyno, Status: a.Status, Connect: connect, Header: -1, Response: service}
		a.Tries = 1
		a.Pool, _, _ = bytes.Cut(dyno, []byte(".")) // web.1 is one of web
	}
	if len(code) > 0 {
		herokuFailure(code, desc, dyno, env, r)
	}
	return true
}

func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func herokuFailure(code, desc, dyno []byte, env *parser.Env, r *parser.Record) {
	a, g := &r.Access, &r.Gateway
	a.Made = parser.MadeGateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankPrimary
	codes := herokuCodes()
	for i := range codes {
		if m := &codes[i]; m.ID[len("heroku."):] == string(code) {
			m.tell(nil, 0, g)
		}
	}
	g.Client, g.Server, g.Host = a.Client, a.Host, a.Host
	if g.Upstream = dyno; dyno == nil {
		g.Upstream, g.Group = []byte("web"), true
	}
	g.Request = joined(env, a.Method, ' ', a.Target)
	r.Message = joined(env, code, ' ', desc)
}

// nextPair cuts key=value or key="value" off the front; key is nil at the end.
func nextPair(b []byte) (key, value, rest []byte) {
	b = trimBlanks(b)
	eq := bytes.IndexByte(b, '=')
	if eq <= 0 {
		return nil, nil, nil
	}
	key, b = b[:eq], b[eq+1:]
	if len(b) > 0 && b[0] == '"' {
		end := bytes.IndexByte(b[1:], '"')
		if end < 0 {
			return key, b[1:], nil
		}
		return key, b[1 : 1+end], b[2+end:]
	}
	end := bytes.IndexByte(b, ' ')
	if end < 0 {
		return key, b, nil
	}
	return key, b[:end], b[end:]
}

// herokuMillis reads "30001ms" as microseconds; -1 if empty.
func herokuMillis(b []byte) int64 {
	n, rest := leadingNumber(b)
	if len(b) == 0 || string(rest) != "ms" {
		return -1
	}
	return n * parser.Millisecond
}
