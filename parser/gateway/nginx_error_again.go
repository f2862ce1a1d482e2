package gateway

import (
	"bytes"

	"culprit/parser"
)

// againNginxError reads an entry as an outage writes them by the thousand:
//
//	stamp [level] pid#tid: *connection head, client: …, server: …, request: "…", upstream: "scheme://…", host: "…"[, referrer: "…"]
//
// with the stamp of the entry before, a head that was met before (nginxHeads), and behind it no
// quotes and no opening brackets but nginx's own: so each value ends at the first mark that can end
// it, nothing is forged or glued on, and it tells what parseNginxError finds with more care.
func againNginxError(line []byte, env *parser.Env, r *parser.Record) bool {
	const stampLen = len("2026/11/22 15:01:47 ")
	if len(line) < stampLen {
		return false
	}
	stamp, ok := env.Last.Of(line[:stampLen])
	if !ok {
		return false
	}
	level, b, ok := nginxLevel(line[stampLen:])
	if !ok || !has(b, " ") {
		return false
	}
	pid, tid, b, ok := nginxProcess(b[1:])
	if !ok || !has(b, " *") {
		return false
	}
	connection, b := leadingNumber(b[len(" *"):])
	if connection == 0 || !has(b, " ") || bytes.IndexByte(b, '[') >= 0 {
		return false
	}
	g, c := &r.Gateway, strict{b[1:]}
	head := nginxVocabulary().heads.find(level, c.upTo(clientKey))
	if head == nil {
		return false
	}
	bare := head.tell(b[1:], r)
	g.Client, g.Server, g.Request, g.Scheme = c.upTo(serverKey), c.upTo(requestKey), c.upTo(`"`+upstreamKey), nil
	quote := bytes.IndexByte(c.rest, '"')
	rest := upstreamValue(c.rest, g)
	if quote < 0 || len(c.rest)-len(rest) != quote+1 || !has(rest, hostKey) || !endsInProtocol(g.Request) || len(g.Client) == 0 || bytes.IndexByte(g.Server, '"') >= 0 {
		return false
	}
	for _, c := range g.Client {
		if c != ':' && c != '.' && !isDigit(c) && c|0x20-'a' >= 6 {
			return false
		}
	}
	if quote = bytes.IndexByte(rest[len(hostKey):], '"'); quote < 0 {
		return false
	}
	g.Host, rest = rest[len(hostKey):][:quote], rest[len(hostKey):][quote+1:]
	if referrer, ok := bytes.CutPrefix(rest, []byte(referrerKey)); len(rest) > 0 && (!ok || len(referrer) == 0 || bytes.IndexByte(referrer, '"') != len(referrer)-1) {
		return false
	}
	r.Kind, r.Stamp, r.Level, r.PID, r.TID, g.Connection = parser.KindGateway, stamp, level, pid, tid, connection
	nginxSettle(&nginxKeys{}, bare, r)
	return true
}

// A strict is text that is cut at marks.
type strict struct{ rest []byte }

// upTo returns what stands before the first mark and goes on behind the key, which begins with the
// mark; if the key does not stand there, nothing is left.
func (s *strict) upTo(key string) (value []byte) {
	i := bytes.IndexByte(s.rest, key[0])
	if i < 0 || !has(s.rest[i:], key) {
		s.rest = nil
		return nil
	}
	value, s.rest = s.rest[:i], s.rest[i+len(key):]
	return value
}
