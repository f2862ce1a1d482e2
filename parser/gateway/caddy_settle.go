package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// finishError fills a gateway record from what was read.
func (c *caddyLine) finishError(env *parser.Env, r *parser.Record) bool {
	r.Kind = parser.KindGateway
	msg, err := unescaped(env, c.msg), unescaped(env, c.err)
	r.Message = textAndError(env, msg, err)
	g := &r.Gateway
	c.request(env, g)
	if has(c.logger, "http.log.error") || c.isTrace {
		c.failedRequest(env, r, msg)
		return true
	}
	m := caddyVocabulary().find(msg)
	if m == nil {
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
		return true
	}
	m.tell(nil, 0, g)
	if len(m.Levels) > 0 && r.Level == parser.LevelNone {
		r.Level = m.Levels[0]
	}
	c.ownLine(env, r, err)
	return true
}

// textAndError is the message with the error it carries, as all structured layouts have it.
func textAndError(env *parser.Env, msg, err []byte) []byte {
	if len(err) == 0 {
		return msg
	}
	return joined(env, msg, '\n', err)
}

// request fills who asked for what. Caddy logs the parts of the request line apart;
// they are put together as other gateways write them.
func (c *caddyLine) request(env *parser.Env, g *parser.Gateway) {
	g.Client = c.remoteIP
	if len(c.client) > 0 {
		g.Client = c.client
	}
	g.Host = unescaped(env, c.host)
	if len(c.method) > 0 && len(c.uri) > 0 {
		g.Request = requestLine(env, c.method, unescaped(env, c.uri), c.proto)
	}
}

// requestLine puts "METHOD target protocol" together in env.Buf.
func requestLine(env *parser.Env, method, target, protocol []byte) []byte {
	line := joined(env, method, ' ', target)
	if len(protocol) > 0 {
		env.Buf = append(append(env.Buf, ' '), protocol...)
		line = env.Buf[len(env.Buf)-len(line)-1-len(protocol) : len(env.Buf) : len(env.Buf)]
	}
	return line
}

// joined is two texts with a separator between them, in env.Buf.
func joined(env *parser.Env, a []byte, separator byte, b []byte) []byte {
	start := len(env.Buf)
	env.Buf = append(append(append(env.Buf, a...), separator), b...)
	return env.Buf[start:len(env.Buf):len(env.Buf)]
}

// failedRequest classes a line of http.log.error: first by the error itself, then by
// the status that Caddy chose for it (reverseproxy.statusError: 502, or 504 for a
// timeout behind the dial, 499 for a client that left).
func (c *caddyLine) failedRequest(env *parser.Env, r *parser.Record, msg []byte) {
	g := &r.Gateway
	c.byText(env, g, msg)
	if g.Symptom == parser.SymptomNone {
		c.byStatus(g)
	}
	if c.status == 499 {
		g.Symptom, g.Rank = parser.SymptomClientAbort, parser.RankNoise
	} else if c.status > 0 && c.status < 500 && g.Rank > parser.RankNoise {
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise // a refusal, a file not found
	}
}

// byText classes by Caddy's own words, which may wrap Go's or be wrapped themselves:
// "{id=…} reverseproxy.statusError (reverseproxy.go:1272): HTTP 502: …".
func (c *caddyLine) byText(env *parser.Env, g *parser.Gateway, msg []byte) {
	for text, n := msg, 0; n < maxGoWraps; n++ {
		if m := caddyVocabulary().find(text); m != nil {
			m.tell(nil, 0, g)
			return
		}
		if goVocabulary().find(text) != nil {
			c.goError(env, g, text)
			return
		}
		next := nextGoCause(text)
		if next < 0 {
			break
		}
		text = text[next:]
	}
	c.goError(env, g, msg)
}

// goError classes by Go's words. The far end of a broken connection is the upstream
// unless it is the client that the request came from.
func (c *caddyLine) goError(env *parser.Env, g *parser.Gateway, text []byte) {
	f := readGoError(text)
	if f.message == nil {
		return
	}
	if f.local != nil && len(c.remotePort) > 0 && sameEnd(f.addr, c.remoteIP, c.remotePort) {
		f.abort()
	}
	f.tell(env, g)
}

// sameEnd reports whether addr is ip:port, with or without brackets.
func sameEnd(addr, ip, port []byte) bool {
	i := bytes.LastIndexByte(addr, ':')
	return i > 0 && bytes.Equal(addr[i+1:], port) && bytes.Equal(bytes.Trim(addr[:i], "[]"), ip)
}

func (c *caddyLine) byStatus(g *parser.Gateway) {
	g.Symptom, g.Rank, g.Phase = parser.SymptomOther, parser.RankPrimary, parser.PhaseOther
	switch {
	case c.status == 504:
		g.Symptom, g.Phase = parser.SymptomReadTimeout, parser.PhaseReadingHeader
	case c.status < 500:
		g.Rank = parser.RankNoise
	}
}

// ownLine completes lines of the proxy itself, whose error is a field of its own.
func (c *caddyLine) ownLine(env *parser.Env, r *parser.Record, err []byte) {
	g := &r.Gateway
	switch g.MessageKey {
	case "caddy.incomplete", "caddy.reading":
		c.brokenBody(env, g, err)
	case "caddy.fcgi-stderr":
		g.Quoted = unescaped(env, c.body)
		if saysFatal(g.Quoted) {
			g.Symptom, g.Rank = parser.SymptomUpstreamStatus, parser.RankPrimary
		}
		return
	case "caddy.roundtrip":
		if f := readGoError(err); f.message != nil { // of this try: http.log.error tells of the request, and names no upstream
			f.tell(env, g)
		}
	case "caddy.selected":
	default:
		if g.Phase != parser.PhaseHealthCheck {
			return
		}
		g.Client, g.Request = nil, nil // the check's own request
	}
	if f := readGoError(err); f.message != nil && g.Phase == parser.PhaseHealthCheck {
		g.Errno, g.Causes = f.errno, f.message.Causes
	}
	if len(c.upstream) > 0 {
		g.Upstream = peerOf(c.upstream)
		g.Group = len(g.Upstream) > 0 && !isAddress(g.Upstream)
	}
}

// brokenBody tells the sides of an answer that broke off apart: "reading: …" is the
// upstream's, "writing: …" the client's.
func (c *caddyLine) brokenBody(env *parser.Env, g *parser.Gateway, err []byte) {
	f := readGoError(err)
	if has(err, "writing: ") || f.message != nil && f.rank == parser.RankNoise {
		g.Symptom, g.Rank = parser.SymptomClientAbort, parser.RankNoise
		return
	}
	if f.message != nil && !f.isName {
		class := g.Symptom
		f.tell(env, g)
		g.Symptom, g.Rank, g.Phase = class, parser.RankPrimary, parser.PhaseReadingBody
	}
}

// finishAccess fills an access record from what was read.
func (c *caddyLine) finishAccess(env *parser.Env, r *parser.Record) bool {
	r.Kind = parser.KindAccess
	var g parser.Gateway
	c.request(env, &g)
	a := &r.Access
	a.Client, a.Host, a.Request = g.Client, g.Host, g.Request
	a.Method = c.method
	if len(g.Request) > 0 {
		a.Target = g.Request[len(c.method)+1 : len(g.Request)-protocolLength(c.proto)]
	}
	a.Status, a.Bytes, a.Duration = int16(min(max(c.status, 0), 999)), c.size, c.duration
	if a.Status >= 500 {
		a.Made = c.made()
	}
	return true
}

func protocolLength(proto []byte) int {
	if len(proto) == 0 {
		return 0
	}
	return len(proto) + 1
}

// made tells an upstream's failure from Caddy's own by the answer's headers: the ones
// of a proxied answer have a Date (net/http adds the server's own later, unseen by the
// log) or Caddy's Via; Caddy's answer to an error has no body and no type, and what its
// respond and handle_errors write has its own Server header alone.
func (c *caddyLine) made() parser.Made {
	switch {
	case c.answeredDate:
		return parser.MadeUpstream
	case c.size == 0 && !c.answeredType, c.answeredSelf:
		return parser.MadeGateway
	}
	return parser.MadeUnknown
}

// parseCaddyPlain reads the one line that a start ends with before there is a log.
func parseCaddyPlain(line []byte, r *parser.Record) bool {
	if !has(line, "Error: ") {
		return false
	}
	m := caddyVocabulary().find(line)
	if m == nil {
		return false
	}
	r.Kind, r.Level, r.Message = parser.KindGateway, parser.LevelError, line
	m.tell(nil, 0, &r.Gateway)
	return true
}

// parseCaddy1 reads Caddy 1's error log: stamp [LEVEL status path] text. A path is
// the client's; the text begins behind the first "] ".
func parseCaddy1(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < 30 || line[2] != '/' || line[6] != '/' || line[11] != ':' {
		return false
	}
	stamp, n, ok := timestamp.CLF(line)
	if !ok || stamp.Clock != parser.ClockZoned || !has(line[n:], " [") {
		return false
	}
	head, text, ok := bytes.Cut(line[n+2:], []byte("] "))
	if !ok {
		return false
	}
	word, rest, _ := bytes.Cut(head, []byte(" "))
	switch string(word) {
	case "ERROR":
		r.Level = parser.LevelError
	case "PANIC":
		r.Level = parser.LevelCrit
	case "NOTICE":
		r.Level = parser.LevelNotice
	case "INFO":
		r.Level = parser.LevelInfo
	default:
		return false
	}
	r.Kind, r.Stamp, r.Message = parser.KindGateway, stamp, text
	c := caddyLine{}
	c.status, _ = wholeNumber(rest[:wordEnd(rest, 0)])
	c.failedRequest(env, r, text)
	return true
}
