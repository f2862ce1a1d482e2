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
	if len(line) < 2*stampLen {
		return false
	}
	stamp, ok := env.Last.Of(line[:stampLen])
	if !ok {
		return false
	}
	level, b := parser.LevelError, line[stampLen:]
	if has(b, "[error] ") {
		b = b[len("[error] "):]
	} else if level, b, ok = nginxLevel(b); !ok || !has(b, " ") {
		return false
	} else {
		b = b[1:]
	}
	pid, tid, b, ok := nginxProcess(b)
	if !ok || !has(b, " *") {
		return false
	}
	connection, b := shortNumber(b[len(" *"):])
	if connection == 0 || !has(b, " ") || bytes.IndexByte(b, '[') >= 0 {
		return false
	}
	b = b[1:]
	g, rest := &r.Gateway, b
	at := bytes.IndexByte(rest, ',')
	if at < 0 || !has(rest[at:], clientKey) {
		return false
	}
	head := nginxVocabulary().heads.find(level, rest[:at])
	if head == nil {
		return false
	}
	rest = rest[at+len(clientKey):]
	if at = addressEnd(rest); at == 0 || !has(rest[at:], serverKey) {
		return false
	}
	g.Client, rest = rest[:at], rest[at+len(serverKey):]
	if at = nameEnd(rest); !has(rest[at:], requestKey) {
		return false
	}
	g.Server, rest = rest[:at], rest[at+len(requestKey):]
	if at = bytes.IndexByte(rest, '"'); at < 0 || !has(rest[at+1:], upstreamKey) || !endsInProtocol(rest[:at]) {
		return false
	}
	g.Request, rest = rest[:at], rest[at+1+len(upstreamKey):]
	if at = bytes.IndexByte(rest, '"'); at < 0 || !has(rest[at+1:], hostKey) {
		return false
	}
	if g.Scheme = nil; !plainUpstream(rest[:at], g) && len(rest)-len(upstreamValue(rest, g)) != at+1 {
		return false
	}
	rest = rest[at+1+len(hostKey):]
	if at = bytes.IndexByte(rest, '"'); at < 0 {
		return false
	}
	g.Host, rest = rest[:at], rest[at+1:]
	if referrer, ok := bytes.CutPrefix(rest, []byte(referrerKey)); len(rest) > 0 && (!ok || len(referrer) == 0 || bytes.IndexByte(referrer, '"') != len(referrer)-1) {
		return false
	}
	bare := head.tell(b, r)
	r.Kind, r.Stamp, r.Level, r.PID, r.TID, g.Connection = parser.KindGateway, stamp, level, pid, tid, connection
	nginxSettle(&nginxKeys{}, bare, r)
	return true
}

// shortNumber is leadingNumber, fast for one of at most seven digits.
func shortNumber(b []byte) (int64, []byte) {
	if len(b) >= 8 {
		if value, n := plainNumber(b); n > 0 {
			return value, b[n:]
		}
	}
	return leadingNumber(b)
}

// addressEnd is where an address ends that has neither a port's brackets nor a name.
func addressEnd(b []byte) int {
	n := ipv4Length(b) // nearly all
	for i, c := range b[n:] {
		if !isDigit(c) && c != '.' && c != ':' && c|0x20-'a' >= 6 {
			return n + i
		}
	}
	return len(b)
}

// nameEnd is where a comma or a quote ends a name, or too near to the end.
func nameEnd(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if w := word(b[i:]); firstByte(w, ',')|firstByte(w, '"') != 0 {
			return i + firstOf(firstByte(w, ',')|firstByte(w, '"'))
		}
	}
	return i
}

// plainUpstream takes an upstream's value of one plain form, scheme://peer/uri without a socket's path,
// as upstreamValue does.
func plainUpstream(value []byte, g *parser.Gateway) bool {
	n := len("http")
	if !has(value, "http://") {
		if n = schemeEnd(value); n == 0 {
			return false
		}
	}
	peer, port := value[n+len("://"):], false
	if m := plainPeerLength(peer); m > 0 && peer[m] == '/' { // nearly all
		g.Scheme, g.Upstream, g.Group = value[:n], peer[:m], false
		return true
	}
	for i, c := range peer {
		if c == '/' || c == '?' {
			peer = peer[:i]
			break
		}
		port = port || c == ':'
	}
	if port && (has(peer, "unix:") || peer[len(peer)-1] == ':') {
		return false
	}
	g.Scheme, g.Upstream, g.Group = value[:n], peer, len(peer) > 0 && !port && !isAddress(peer)
	return true
}
