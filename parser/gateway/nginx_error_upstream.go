package gateway

import (
	"bytes"

	"culprit/parser"
)

// upstreamValue reads the value of upstream up to its closing quote, as
//
//	scheme://peer/uri  fastcgi://unix:/run/a.sock:  http://group/uri  10.0.0.1:443  passenger:unix:/tmp/p/core:
//
// and returns what stands behind it. The peer comes first, so nothing that a client
// wrote can stand before it. The URI mostly repeats the request's target, which may
// hold quotes: where it does, it is skipped by length.
func upstreamValue(b []byte, g *parser.Gateway) (rest []byte) {
	peer := b
	if n := schemeEnd(b); n > 0 {
		g.Scheme, peer = b[:n], b[n+len("://"):]
	} else if has(b, passenger) {
		g.Scheme, peer = b[:len(passenger)-1], b[len(passenger):]
	}
	target := requestTarget(g.Request)
	n := peerEnd(peer, target)
	g.Upstream = peer[:n]
	if n > 1 && peer[n-1] == ':' {
		g.Upstream = peer[:n-1] // unix sockets: a colon separates path and URI
	}
	g.Group = len(g.Upstream) > 0 && !isAddress(g.Upstream)
	uri := peer[n:]
	if len(target) > 0 && bytes.HasPrefix(uri, target) {
		uri = uri[len(target):]
	}
	return behindQuote(uri)
}

// passenger is the scheme of Phusion Passenger's module, which puts no slashes behind it
// (phusion/passenger ext/nginx/ContentHandler.c, passenger_schema_string).
const passenger = "passenger:"

// behindQuote returns what stands behind the first quote that can end a value.
func behindQuote(b []byte) []byte {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return nil
		}
		i += j
		if rest := b[i+1:]; len(rest) == 0 || rest[0] == ',' || rest[0] == ' ' {
			return rest
		}
	}
}

// schemeEnd returns the length of the scheme before "://", 0 if there is none.
func schemeEnd(b []byte) int {
	for i, c := range b {
		if c == ':' {
			if i > 0 && has(b[i:], "://") {
				return i
			}
			return 0
		}
		if c|0x20-'a' >= 26 || i > 12 {
			return 0
		}
	}
	return 0
}

// requestTarget is the second word of a request line.
func requestTarget(request []byte) []byte {
	i := bytes.IndexByte(request, ' ')
	if i < 0 {
		return nil
	}
	target := request[i+1:]
	if n := len(target) - len(" HTTP/1.1"); n >= 0 && endsInProtocol(target) {
		return target[:n]
	}
	return target
}

// peerEnd returns where the peer ends, a socket's separating colon included.
func peerEnd(b, target []byte) int {
	if has(b, "unix:") {
		return socketEnd(b, target)
	}
	for i, c := range b {
		if c == '/' || c == '"' || c == '?' {
			return i
		}
	}
	return len(b)
}

// socketEnd finds the end of a socket's path. While the peer is held a colon stands
// behind it; a timeout is printed after it was let go, and the URI follows directly.
func socketEnd(b, target []byte) int {
	if i := bytes.Index(b, []byte(".sock")); i >= 0 && i+5 < len(b) {
		switch b[i+5] {
		case ':':
			return i + 6
		case '/', '"':
			return i + 5
		}
	}
	end := quoteEnd(b)
	if len(target) > 1 && bytes.HasSuffix(b[:end], target) {
		return end - len(target)
	}
	if i := bytes.Index(b[len("unix:"):end], []byte(":/")); i >= 0 {
		return len("unix:") + i + 1
	}
	return end
}

func quoteEnd(b []byte) int {
	if i := bytes.IndexByte(b, '"'); i >= 0 {
		return i
	}
	return len(b)
}

// isAddress tells an address (with a port, a socket, dot-quad, brackets) from a name
// of a group: nginx always prints the port of an address and never one of a group.
func isAddress(b []byte) bool {
	if has(b, "unix:") || has(b, "[") {
		return true
	}
	if bytes.IndexByte(b, ':') >= 0 {
		return true
	}
	dots := 0
	for _, c := range b {
		switch {
		case c == '.':
			dots++
		case !isDigit(c):
			return false
		}
	}
	return dots == 3
}

// withoutPort cuts :port off a host name.
func withoutPort(b []byte) []byte {
	if has(b, "unix:") || has(b, "[") {
		return b
	}
	if i := bytes.LastIndexByte(b, ':'); i > 0 {
		return b[:i]
	}
	return b
}

// setPeer takes an unquoted peer: mail's, a health check's, or a cosocket's
// host:port(resolved).
func setPeer(b []byte, r *parser.Record) {
	if i := bytes.IndexByte(b, '('); i > 0 {
		b = b[:i]
	}
	if len(b) > 0 {
		r.Gateway.Upstream = b
		r.Gateway.Group = !isAddress(b)
	}
}

// upstreamFromMessage takes the upstream from messages that name it themselves.
func upstreamFromMessage(b []byte, g *parser.Gateway) {
	switch g.Symptom {
	case parser.SymptomResolveFailed, parser.SymptomNoResolver:
		g.Upstream = unresolvedName(b)
		g.Group = len(g.Upstream) > 0
		return
	}
	if rest, ok := bytes.CutPrefix(b, []byte("connect() to ")); ok && g.Phase != parser.PhaseResolving {
		if i := bytes.Index(rest, []byte(" failed")); i > 0 {
			g.Upstream = rest[:i]
			g.Group = !isAddress(g.Upstream)
		}
		return
	}
	if g.Phase == parser.PhaseHealthCheck {
		g.Upstream = checkedPeer(b)
		g.Group = len(g.Upstream) > 0 && !isAddress(g.Upstream)
	}
}

// unresolvedName is the name in "x could not be resolved", "no resolver defined to
// resolve x", "host not found in upstream "x"", and the first of those that Kong tried (the name
// that was asked for: kong/resty/dns/client.lua).
func unresolvedName(b []byte) []byte {
	if _, tried, ok := bytes.Cut(b, []byte(` Tried: [`)); ok {
		tried = bytes.TrimLeft(tried, `["`) // since 3.8 each is a list: [["name:A","dns server error: 3 name error"]]
		if name, _, ok := bytes.Cut(bytes.TrimPrefix(tried, []byte("(short)")), []byte(":")); ok && len(name) > 0 && bytes.IndexByte(name, '"') < 0 {
			return name
		}
		return nil
	}
	if _, name, ok := bytes.Cut(b, []byte(" defined to resolve ")); ok {
		return firstWord(name)
	}
	if has(b, "host not found in ") {
		if _, name, ok := bytes.Cut(b, []byte(`"`)); ok {
			name, _ = shortValue(name)
			return name
		}
	}
	before, behind, ok := bytes.Cut(b, []byte(" could not be resolved"))
	if !ok {
		return nil
	}
	if _, service, ok := bytes.Cut(behind, []byte(" while resolving service ")); ok {
		if _, name, ok := bytes.Cut(service, []byte(" of ")); ok {
			return firstWord(name)
		}
	}
	if i := bytes.LastIndexByte(before, ' '); i >= 0 {
		before = before[i+1:]
	}
	if len(before) == 0 {
		return nil
	}
	return before
}

func firstWord(b []byte) []byte {
	word, _, _ := bytes.Cut(b, []byte(" "))
	if len(word) == 0 {
		return nil
	}
	return word
}

// checkedPeer is the peer that a health checker names: "peer: 10.0.0.1:80",
// "peer 10.0.0.1:80 is turned down", "from 10.0.0.1:80:", "for 'name(10.0.0.1:80)'".
func checkedPeer(b []byte) []byte {
	if i := bytes.LastIndexByte(b, '\''); i > 0 {
		if j := bytes.LastIndexByte(b[:i], '('); j >= 0 && b[i-1] == ')' {
			return b[j+1 : i-1]
		}
	}
	for _, mark := range [...]string{"peer: ", "peer ", "connect to ", "request to ", "handshake to ", " from "} {
		if _, rest, ok := bytes.Cut(b, []byte(mark)); ok {
			word := firstWord(rest)
			word = bytes.TrimRight(word, ":,'")
			if isAddress(word) {
				return bytes.TrimLeft(word, "'(")
			}
		}
	}
	return nil
}
