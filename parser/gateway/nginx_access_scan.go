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
	unbracketed           bool // the stamp stood bare
	quoted                int  // quoted texts after the status
	noBracket             bool // no ] up to the end of the line
	named                 bool // an upstream value had a name
	nginxKeys             int  // JSON keys that are names of nginx's variables

	// forwarded is the quoted text right after the user agent. There stands
	// X-Forwarded-For in nginx's main format, the client's words again; it is
	// read only if another quoted upstream value follows.
	forwarded []byte

	pending   []byte // last quoted text before the status, the request if none looks like one
	preStatus []byte // a status right before the request
	server    []byte

	ups         upstreamLists
	agentOrPeer upstreamList
	shapes      shapedFields
	pairs       quotedPairs
}

// parseShapedAccess reads a line whose head is not combined's.
func parseShapedAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	if isErrorLogHead(line) {
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
	if s.unbracketed && a.Request != nil && !bytes.Contains(a.Request, []byte(" HTTP/")) {
		return false // php-fpm's access log
	}
	return a.Client != nil || s.named
}

func (s *accessScan) walk() {
	for {
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
		default:
			s.takeBare()
		}
	}
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
	wanted := s.wantBytes
	s.wantBytes = false
	switch {
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
		s.request(text)
		if s.preStatus != nil && s.status(s.preStatus) {
			s.wantBytes = true
		}
	case isStatus(text) && (s.hasRequest || s.pending != nil):
		s.answer(text)
	case s.a.Client == nil && isClientAddr(text[:wordEnd(text, 0)]):
		s.client(text) // maybe a forwarded-for list
	default:
		s.pending = text
	}
	s.preStatus = nil
}

// answer takes the status, and the request if none has looked like one: then it was
// the last quoted text, whatever the client sent.
func (s *accessScan) answer(status []byte) {
	if !s.hasRequest && s.pending != nil {
		s.request(s.pending)
	}
	s.wantBytes = s.status(status)
}

// takeBracketed reads [stamp], [client], [name] or [key=value]. An IPv6 peer begins
// with a bracket too.
func (s *accessScan) takeBracketed() {
	end := -1
	if !s.noBracket {
		end = bytes.IndexByte(s.line[s.pos:], ']')
	}
	if end < 0 {
		s.noBracket = true
		s.pos++
		return
	}
	end += s.pos
	if end+1 < len(s.line) && s.line[end+1] == ':' {
		s.takeBare()
		return
	}
	text := s.line[s.pos+1 : end]
	if s.hasStatus && s.takeIngress() {
		return
	}
	stamp, ok := zonedStamp(text)
	switch {
	case ok && !s.hasStatus:
		s.setStamp(stamp)
	case !s.hasStatus && s.a.Client == nil && isClientAddr(text):
		s.client(text)
	case s.hasStatus && !s.shapes.peer.logged && bytes.IndexByte(text, ':') > 0 && setList(&s.shapes.peer, text, isPeerElement):
	case bytes.IndexByte(text, '=') > 0 || bytes.Contains(text, []byte(": ")):
		s.pos++ // look at the pairs inside
		return
	}
	s.pos = end + 1
}

// takeBare reads a pair, a stamp, a request or a list that stands without quotes.
func (s *accessScan) takeBare() {
	if s.takePair() || !s.hasStatus && (s.takeBareStamp() || s.takeBareRequest()) {
		return
	}
	s.forwarded = nil
	start := s.pos
	end, kind := listEnd(s.line, start)
	s.pos = max(end, start+1)
	s.unlabelled(s.line[start:end], kind)
}

func (s *accessScan) takeBareStamp() bool {
	b := s.line[s.pos:]
	if len(b) < 20 || !decimal(b[0]) || b[2] != '/' && b[4] != '-' {
		return false
	}
	stamp, n, ok := timestamp.CLF(b)
	if b[2] != '/' {
		stamp, n, ok = timestamp.ISO(b)
	}
	if !ok || stamp.Clock != parser.ClockZoned {
		return false
	}
	s.setStamp(stamp)
	s.unbracketed = s.unbracketed || b[2] == '/'
	s.pos += n
	return true
}

// takeBareRequest reads METHOD target HTTP/x without quotes, or the protocol that
// the stream module logs in its place.
func (s *accessScan) takeBareRequest() bool {
	if s.hasRequest || s.line[s.pos]-'A' >= 26 {
		return false
	}
	b := s.line[s.pos:]
	end := requestEnd(b)
	switch {
	case end > 0:
		s.request(b[:end])
	case len(b) > 4 && b[3] == ' ' && isTransport(b[:3]) && s.r.Stamp.Known():
		s.a.Method, s.stream, s.hasRequest = b[:3], true, true
		end = 3
	default:
		return false
	}
	s.pos += end
	return true
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
