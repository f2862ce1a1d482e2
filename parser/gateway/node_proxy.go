package gateway

import (
	"bytes"
	"strings"
	"sync"

	"culprit/parser"
)

// nodeProxy is what proxies written for Node print when they cannot proxy a request:
// http-proxy-middleware, Vite's and create-react-app's dev servers, Next.js.
//
//	[HPM] Error occurred while proxying request localhost:3000/api to http://localhost:3001/ [ECONNREFUSED] (https://nodejs.org/api/errors.html#errors_common_system_errors)
//	[vite] http proxy error: /api/items
//	Error: connect ECONNREFUSED 127.0.0.1:3001
//
// Where the error stands on the next line, Parse wants both, joined by \n; the first
// alone is a failure of no known class. Error texts without a proxy's line may be any
// application's and are not taken. Lines have no stamp.
var nodeProxy = &parser.Format{
	Name:    "node-proxy-error",
	Gates:   []parser.Gate{{First: parser.Digits + "[PF"}},
	Role:    parser.RoleGateway,
	Product: "node",
	Doc:     "http-proxy-middleware src/plugins/default/logger-plugin.ts; vite packages/vite/src/node/server/middlewares/proxy.ts; react-dev-utils WebpackDevServerUtils.js; next server/lib/router-utils/proxy-request.ts",
	Parse:   parseNodeProxy,
}

// nodeBooks is the vocabulary: whole texts, and codes by their name.
type nodeBooks struct {
	phrasebook
	codes map[string]*Message
}

var nodeVocabulary = sync.OnceValue(func() *nodeBooks {
	v := &nodeBooks{phrasebook: *newPhrasebook(vocabularies["node"]()), codes: map[string]*Message{}}
	for i := range v.messages {
		if m := &v.messages[i]; strings.HasPrefix(m.Template, "(") {
			v.codes[strings.Trim(m.Template, "()")] = m
		}
	}
	return v
})

func parseNodeProxy(lines []byte, _ *parser.Env, r *parser.Record) bool {
	text := afterClock(lines)
	if !nodeProxyStart(text) {
		return false
	}
	first, rest, _ := bytes.Cut(text, newline)
	first = bytes.TrimRight(first, " \r")
	m := nodeVocabulary().find(first)
	if m == nil {
		return false
	}
	r.Kind, r.Message = parser.KindGateway, text
	g := &r.Gateway
	m.tell(first, 0, g)
	g.Host = m.capture(first, "host")
	if target := m.capture(first, "target"); target != nil {
		nodeTarget(bytes.TrimSuffix(target, []byte(".")), g)
	}
	nodeCause(m.capture(first, "code"), m.capture(first, "text"), rest, g)
	r.Level = m.level()
	return true
}

// afterClock skips Vite's "2:14:05 PM ".
func afterClock(b []byte) []byte {
	if i := indexString(b[:min(len(b), 24)], "M [vite] "); i > 0 && isDigit(b[0]) {
		return b[i+2:]
	}
	return b
}

func nodeProxyStart(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	switch b[0] {
	case '[':
		return has(b, "[HPM] ") || has(b, "[vite] ")
	case 'P':
		return has(b, "Proxy error: Could not proxy ")
	case 'F':
		return has(b, "Failed to proxy ")
	}
	return false
}

// nodeTarget takes the peer from a target's URL.
func nodeTarget(url []byte, g *parser.Gateway) {
	i := indexString(url, "://")
	if i < 0 {
		return
	}
	g.Scheme = url[:i]
	peer := url[i+len("://"):]
	end := 0
	for end < len(peer) && peer[end] != '/' && peer[end] != '?' {
		end++
	}
	g.Upstream = peer[:end]
	g.Group = end > 0 && !isAddress(g.Upstream)
}

// nodeCause lets the code or the error's text decide the class.
func nodeCause(code, text, rest []byte, g *parser.Gateway) {
	if m := nodeVocabulary().codes[string(code)]; m != nil {
		m.tell(code, 0, g)
		return
	}
	if text != nil && nodeError(text, g) {
		return
	}
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, newline)
		if nodeError(bytes.TrimRight(line, " \r"), g) {
			return
		}
	}
}

// nodeError classifies one error's text and takes the address it names, which is the
// one that was really tried.
func nodeError(text []byte, g *parser.Gateway) bool {
	if !nodeErrorStart(text) {
		return false
	}
	m := nodeVocabulary().find(text)
	if m == nil {
		return false
	}
	if code := m.capture(text, "code"); code != nil {
		if m = nodeVocabulary().codes[string(code)]; m == nil {
			return false
		}
	}
	m.tell(text, 0, g)
	if addr := m.capture(text, "addr"); addr != nil {
		g.Upstream, g.Group = addr[:wordEnd(addr, 0)], false
	}
	return true
}

// nodeErrorStart keeps proxies' own lines, and what is no error, from being one.
func nodeErrorStart(b []byte) bool {
	for _, name := range [...]string{"Error", "AggregateError [", "TypeError: ", "SocketError: ", "HeadersTimeoutError: ", "BodyTimeoutError: ", "ConnectTimeoutError: ", "See https://nodejs.org/"} {
		if has(b, name) {
			return true
		}
	}
	return false
}
