package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// opaqueQuoted is how many quoted texts after the status are the client's own in
// every format made from combined: referrer and user agent.
const opaqueQuoted = 2

// An accessScan reads the fields of one line from left to right, named ones by their
// name and others by their shape. It lives on the stack.
type accessScan struct {
	line []byte
	pos  int
	env  *parser.Env
	raw  bool // escape=none: a backslash means itself
	r    *parser.Record
	a    *parser.Access

	// What has been seen.
	hasRequest, hasStatus bool
	wantBytes             bool // the status was the last token
	stream                bool // a session of the stream module: nothing in it is the client's
	appLog                bool
	levelled              bool // it has a level
	unbracketed           bool // the stamp stood bare
	columns               bool // one mark stands between the fields
	local                 bool // the stamp has no zone
	unknown               bool // a bare word is nothing that an access log has
	amongWords            bool // the request has no protocol, and other words before it
	quoted                int  // quoted texts after the status
	noBracket             bool // no ] up to the end of the line
	named                 bool // an upstream value had a name
	nginxKeys             int  // JSON keys that are names of nginx's variables

	// forwarded is the quoted text right after the user agent. There stands
	// X-Forwarded-For in nginx's main format, the client's words again; it is
	// read only if another quoted upstream value follows.
	forwarded []byte

	pending []byte // last quoted text before the status, the request if none looks like one
	server  []byte
	service []byte // proxy_upstream_name
	name    []byte // of the pair that is read

	ups                                upstreamLists
	agentOrPeer, peerName, anyResponse upstreamList
	head                               headFields
	shapes                             shapedFields
	pairs                              quotedPairs
	guesses                            guesses
}

// parseShapedAccess reads a line whose head is not combined's.
func parseShapedAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	if isErrorLogHead(line) || isLogged(line) || hasMethodColumn(line) {
		return false
	}
	s := accessScan{line: line, env: env, r: r, a: &r.Access}
	if bytes.Count(line[:min(len(line), 512)], []byte{'\t'}) >= 3 && isLTSV(line) {
		s.walkLTSV()
	} else {
		s.walk()
	}
	s.settle()
	return s.complete()
}

// isErrorLogHead turns down nginx's error log early: both often share a stream.
func isErrorLogHead(b []byte) bool {
	return len(b) > 10 && b[4] == '/' && b[7] == '/' && b[10] == ' '
}

// complete reports whether the line told enough to be an access line: when, what
// was asked, the answer's status and from whom.
func (s *accessScan) complete() bool {
	a := s.a
	if s.appLog || !s.r.Stamp.Known() && s.ups.addr.empty() && !s.shapes.peer.logged || !s.hasStatus || !s.hasRequest && a.Target == nil {
		return false
	}
	if s.levelled && !(s.ups.addr.logged && s.ups.status.logged) {
		return false // an application's, which knows of no upstream and its status
	}
	if s.unbracketed && a.Request != nil && !bytes.Contains(a.Request, []byte(" HTTP/")) {
		return false // php-fpm's access log
	}
	if s.amongWords && !a.HasUps {
		return false // any application's text
	}
	if s.local && !s.whole() {
		return false
	}
	return a.Client != nil || s.named
}

// whole reports whether a line with a stamp as applications write it, too, is all of parts
// that a gateway's access log has, and from a client that is not this machine.
func (s *accessScan) whole() bool {
	a := s.a
	if s.unknown || a.Target == nil || !isUsualMethod(a.Method) {
		return false
	}
	return s.ups.addr.logged || string(a.Client) != "127.0.0.1" && string(a.Client) != "::1"
}

func (s *accessScan) walk() {
	for !s.local || !s.unknown {
		for s.pos < len(s.line) && isGap(s.line[s.pos]) {
			s.pos++
		}
		if s.pos >= len(s.line) {
			return
		}
		switch s.line[s.pos] {
		case '"':
			s.takeQuoted()
		case '[':
			s.takeBracketed()
		case '<':
			s.takeAngled()
		default:
			s.takeBare()
		}
	}
}

// takeAngled reads <list>, or the word that begins so.
func (s *accessScan) takeAngled() {
	end := bytes.IndexByte(s.line[s.pos:], '>')
	if end < 2 {
		s.takeBare()
		return
	}
	text := s.line[s.pos+1 : s.pos+end]
	kind := kindOfList(text)
	if kind == kindWord {
		s.takeBare()
		return
	}
	s.unlabelled(text, kind)
	s.pos += end + 1
}

func isGap(c byte) bool {
	return c == ' ' || c == '\t' || c == '|' || c == ',' || c == ';' || c == '(' || c == ')' || c == '{' || c == '}'
}

// takeQuoted reads a text in quotes. Before the status it is the request, a stamp or
// a client; after it the first two are the client's words and stay unread.
func (s *accessScan) takeQuoted() {
	end := quotedEnd(s.line, s.pos+1)
	text := s.line[s.pos+1 : end]
	s.pos = min(end+1, len(s.line))
	wanted, peer := s.wantBytes, s.isQuotedPeer(text)
	s.wantBytes, s.shapes.timeLast = false, false
	switch {
	case peer:
		s.shapes.peer.set(text)
	case !s.hasStatus:
		s.quotedHead(text)
	case wanted && s.bytes(text):
	case !s.stream && s.quoted < opaqueQuoted:
		s.quoted++
	case s.quotedPair(text):
	case !s.stream && s.quoted == opaqueQuoted:
		s.quoted++
		s.forwarded = text
	default:
		if s.forwarded != nil && kindOfList(text) != kindWord {
			s.unlabelled(s.forwarded, kindOfList(s.forwarded))
		}
		s.forwarded = nil
		s.unlabelled(text, kindOfList(text))
	}
}

func (s *accessScan) quotedHead(text []byte) {
	if stamp, ok := zonedStamp(text); ok {
		s.setStamp(stamp)
		return
	}
	switch {
	case !s.hasRequest && isRequestLine(text):
		s.takeRequest(text)
	case isStatus(text) && (s.hasRequest || s.pending != nil):
		s.answer(text)
	case s.a.Client == nil && isClientAddr(text[:wordEnd(text, 0)]):
		s.client(text) // maybe a forwarded-for list
	default:
		s.pending = text
	}
	s.head.last = nil
}

// takeRequest takes the request, and the status if that stood before.
func (s *accessScan) takeRequest(text []byte) {
	s.request(text)
	s.answerFromHead()
}

// isQuotedPeer recognises "$upstream_addr" right behind $upstream_response_time, in
// lines that have no other peer.
func (s *accessScan) isQuotedPeer(text []byte) bool {
	if !s.shapes.timeLast || !s.hasRequest || s.shapes.nTimes < 2 && !s.ups.response.logged || s.shapes.peer.logged || s.ups.addr.logged {
		return false
	}
	next := s.pos + 1
	if s.quoted < opaqueQuoted && next < len(s.line) && s.line[next] == '"' {
		return false // referrer and user agent
	}
	switch kindOfList(text) {
	case kindPeer:
		return !bytes.Equal(hostOf(text), s.a.Client) // X-Forwarded-For with the client's port
	case kindWord:
		return s.a.Status == 502 && isPeerName(text) // no live upstreams: the group's name
	}
	return false
}

// answer takes the status, and the request if none has looked like one: then it was
// the last quoted text, whatever the client sent.
func (s *accessScan) answer(status []byte) {
	if !s.hasRequest && s.pending != nil {
		s.request(s.pending)
	}
	s.wantBytes = s.status(status)
}

// takeBracketed reads [stamp], [client], [request], [list], [name] or [key=value]. An
// IPv6 peer begins with a bracket too.
func (s *accessScan) takeBracketed() {
	end := s.bracketEnd()
	if end < 0 {
		s.pos++
		return
	}
	if end == s.pos {
		s.takeBare()
		return
	}
	text := s.line[s.pos+1 : end]
	if s.hasStatus && s.takeIngress() {
		return
	}
	if stamp, ok := zonedStamp(text); ok {
		if !s.hasStatus || !s.r.Stamp.Known() {
			s.setStamp(stamp)
			s.head.stampSeen()
		}
	} else if stamp, ok := localStamp(text); ok && !s.r.Stamp.Known() {
		s.local = true
		s.setStamp(stamp)
		s.head.stampSeen()
	} else if !s.hasRequest && !s.hasStatus && isRequestLine(text) {
		s.takeRequest(text)
	} else if kind := kindOfList(text); kind != kindWord {
		s.unlabelled(text, kind)
	} else if s.hasStatus && !s.shapes.peer.logged && bytes.IndexByte(text, ':') > 0 && setList(&s.shapes.peer, text, isNamedPeer) {
	} else if bytes.IndexByte(text, '=') > 0 || bytes.Contains(text, []byte(": ")) {
		s.pos++ // look at the pairs inside
		return
	}
	s.pos = end + 1
}

// bracketEnd returns where the bracket closes that opens at pos: -1 if none opens or
// it does not close, pos if it is that of an IPv6 address. Such a bracket inside does
// not close it, nor does one in a request.
func (s *accessScan) bracketEnd() int {
	if s.noBracket || s.line[s.pos] != '[' {
		return -1
	}
	b := s.line[s.pos:]
	from := 1
	if len(b) > 1 && b[1]-'A' < 26 {
		from = max(from, 1+requestEnd(b[1:]))
	}
	for {
		n := bytes.IndexByte(b[from:], ']')
		if n < 0 {
			s.noBracket = from == 1
			return -1
		}
		from += n
		switch address := from+1 < len(b) && b[from+1] == ':'; {
		case !address:
			return s.pos + from
		case b[1] != '[':
			return s.pos
		}
		from++
	}
}

// takeBare reads a pair, a stamp, a request or a list that stands without quotes.
func (s *accessScan) takeBare() {
	if s.takePair() || s.takeBareStamp() || !s.hasStatus && s.takeBareRequest() {
		return
	}
	s.forwarded = nil
	start := s.pos
	end, kind := listEnd(s.line, start)
	s.pos = max(end, start+1)
	wanted := s.wantBytes
	if start > 0 && (s.line[start-1] == '(' || s.line[start-1] == '/') {
		s.wantBytes = false // 200 (200) 166, 200/200 166
	}
	s.unlabelled(s.line[start:end], kind)
	if start > 0 && (s.line[start-1] == '(' || s.line[start-1] == '/') {
		s.wantBytes = wanted
	}
	if s.pos < len(s.line) && s.line[s.pos] == '/' {
		s.pos++
	}
}

func (s *accessScan) takeBareStamp() bool {
	b := s.line[s.pos:]
	if s.hasStatus && s.r.Stamp.Known() || len(b) < 20 || !decimal(b[0]) || b[2] != '/' && b[4] != '-' {
		return false
	}
	stamp, n, ok := timestamp.CLF(b)
	if b[2] != '/' {
		stamp, n, ok = timestamp.ISO(b)
	}
	switch {
	case !ok:
		return false
	case stamp.Clock == parser.ClockZoned:
	case s.r.Stamp.Known() || n < len(b) && !isGap(b[n]):
		return false
	default:
		s.local = true
	}
	s.setStamp(stamp)
	s.head.stampSeen()
	s.unbracketed = s.unbracketed || b[2] == '/'
	s.pos += n
	return true
}

// takeBareRequest reads METHOD target HTTP/x without quotes, the protocol that the
// stream module logs in its place, or a method and a target in any order.
func (s *accessScan) takeBareRequest() bool {
	if s.hasRequest {
		return false
	}
	b := s.line[s.pos:]
	if b[0] == '/' && s.head.path == nil {
		s.takePath(b[:wordEnd(b, 0)])
		s.pos += len(s.head.path)
		return true
	}
	if b[0]-'A' >= 26 {
		return false
	}
	end := requestEnd(b)
	switch {
	case end > 0:
		s.takeRequest(b[:end])
	case len(b) > 4 && b[3] == ' ' && isTransport(b[:3]) && s.r.Stamp.Known():
		s.a.Method, s.stream, s.hasRequest = b[:3], true, true
		end = 3
	default:
		end = s.bareMethod(b)
	}
	s.pos += end
	return end > 0
}

// bareMethod reads the method at the start of b with the target that stands behind or
// stood before it, and returns their length, 0 if they are none.
func (s *accessScan) bareMethod(b []byte) int {
	end := wordEnd(b, 0)
	if !isUsualMethod(b[:end]) {
		return 0
	}
	method, target := b[:end], s.head.path
	if target == nil {
		from := min(end+1, len(b))
		end = wordEnd(b, from)
		host, path := cutHost(b[from:end])
		if path == nil {
			return 0
		}
		if target = path; len(host) > 0 {
			keep(&s.a.Host, host)
		}
	}
	s.a.Method, s.a.Target, s.hasRequest = method, target, true
	s.amongWords = s.head.words > 0
	s.answerFromHead()
	return end
}

// cutHost cuts /path, host/path or http://host/path before the path, which is nil if
// there is none.
func cutHost(b []byte) (host, path []byte) {
	if i := bytes.Index(b, []byte("://")); i > 0 && i < len("https:") {
		b = b[i+3:]
	}
	slash := bytes.IndexByte(b, '/')
	if slash < 0 || slash > 0 && !isDomain(b[:slash]) && !isPeerAddr(b[:slash]) && !isClientAddr(b[:slash]) {
		return nil, nil
	}
	return b[:slash], b[slash:]
}

// requestEnd returns the length of METHOD target HTTP/x at the start of b, 0 if
// there is none.
func requestEnd(b []byte) int {
	method := wordEnd(b, 0)
	if method+1 >= len(b) || !isMethod(b[:method]) {
		return 0
	}
	target := wordEnd(b, method+1)
	if target+1 >= len(b) || !bytes.HasPrefix(b[target+1:], []byte("HTTP/")) {
		return 0
	}
	end := target + len(" HTTP/")
	for end < len(b) && (decimal(b[end]) || b[end] == '.') {
		end++
	}
	return end
}
