package gateway

import (
	"bytes"

	"culprit/parser"
)

// readWords reads a log-format of one's own, in which HAProxy's fields stand in any order,
// with names or without:
//
//	SC-- 0/0/-1/-1/1001 app/s1 503 217 10.0.0.1:41907 [22/Nov/2026:15:15:44.163] "GET / HTTP/1.1"
//	client=10.0.0.1:41907 backend=app server=s1 timers=0/0/-1/-1/1001 status=503 term=SC--
//
// What a value looks like tells what it is: five counts with slashes, a termination state,
// backend/server. It is HAProxy's line if it has a state, one of the two rows of five (or
// three timers, for TCP), and a server.
func (s *haproxySession) readWords(b []byte, env *parser.Env, r *parser.Record) bool {
	if !holdsSlashedNumbers(b) || !isHAProxyProgram(r.Program) && bytes.IndexByte(b, '=') < 0 && !bracketed(b) {
		return false
	}
	s.timers, s.bytes = haproxyTimers{-1, -1, -1, -1, -1}, -1
	for pos := 0; pos < len(b); {
		name, value, quoted, next := haproxyWord(b, pos)
		pos = next
		switch {
		case len(value) == 0:
		case name == nil && quoted:
			if r.Access.Request == nil && isHAProxyRequest(value) { // other texts may be the client's
				s.assign(haRequest, value, env, r)
			}
		default:
			s.take(nil, name, value, env, r)
		}
	}
	own := isHAProxyProgram(r.Program)
	return s.timers.total >= 0 && (own || s.stamp.Known() && len(s.state) == 4) && s.finish(env, r)
}

// bracketed reports whether b holds a bracket, as around %t and %tr, with a colon.
func bracketed(b []byte) bool {
	return bytes.IndexByte(b, '[') >= 0 && bytes.IndexByte(b, ']') >= 0 && bytes.IndexByte(b, ':') >= 0
}

// take reads a value by its name (and that of the object around it) or, where that is not
// known, by its look.
func (s *haproxySession) take(around, name, value []byte, env *parser.Env, r *parser.Record) {
	if slashes := bytes.Count(value, []byte{'/'}); slashes == 4 || slashes == 2 && name == nil {
		if s.row(value) {
			return
		}
	}
	key := haproxyKeyOf(around, name)
	if key == haNone {
		key = s.shapeOf(name, value)
	}
	s.own = s.own || has(name, "haproxy_") || string(value) == "haproxy"
	if key == haState {
		of := haproxyNameOf(name)
		s.ended, s.guessed = s.ended || of&haxEnd != 0, s.guessed || of&haxFlags != 0
	}
	s.assign(key, value, env, r)
}

// finish reports whether what was read is a session of HAProxy, and splits its request. It
// is one if it has a termination state and a backend or server, or the state by a name of
// its own and a status; without a state, if HAProxy is named or the time in its queue and
// that of the connection are.
func (s *haproxySession) finish(env *parser.Env, r *parser.Record) bool {
	if s.server == nil && s.addr != nil {
		if s.server = s.addr; len(s.backend) > 0 && !bytes.Equal(s.addr, noServer) {
			s.both = joined(env, s.backend, '/', s.addr)
		}
	}
	const waits = 1<<(haQueueTime-haRequestTime) | 1<<(haConnectTime-haRequestTime)
	own := s.own || isHAProxyProgram(r.Program)
	named := s.backend != nil || s.server != nil
	timed := s.rows > 0 || s.timed&waits == waits
	switch {
	case s.state == nil:
		if s.status == 0 || !own && !(timed && named) {
			return false
		}
		s.state = s.stateByNumbers()
	case s.guessed && !timed && !own, !named && !(s.status > 0 && (own || s.ended)):
		return false
	}
	if s.stamp.Known() {
		r.Stamp = s.stamp
	}
	s.tcp = len(s.state) == 2 && s.status == 0 && r.Access.Request == nil && r.Access.Method == nil
	haproxyRequest(r.Access.Request, &r.Access)
	return true
}

// stateByNumbers is the termination state of a log-format that has none. A server that
// answered has a response time; HAProxy's own 504, 502 and 503 are for one that did not.
func (s *haproxySession) stateByNumbers() []byte {
	unconnected := s.timed&(1<<(haConnectTime-haRequestTime)) != 0 && s.timers.connect < 0
	switch {
	case s.timers.response >= 0:
	case s.status == 504:
		return []byte("sH")
	case s.status == 502:
		return []byte("SH")
	case s.status == 503 && (unconnected || bytes.Equal(s.server, noServer)):
		return []byte("SC")
	}
	return []byte("--")
}

// holdsSlashedNumbers is a glance for "0/-1".
func holdsSlashedNumbers(b []byte) bool {
	for i := 1; i+1 < len(b); i++ {
		next := bytes.IndexByte(b[i:len(b)-1], '/')
		if next < 0 {
			return false
		}
		i += next
		if isDigit(b[i-1]) && (isDigit(b[i+1]) || b[i+1] == '-') {
			return true
		}
	}
	return false
}

// haproxyWord cuts the next word at pos: name=value, a text in quotes, brackets or braces,
// or what reaches to the next blank.
func haproxyWord(b []byte, pos int) (name, value []byte, quoted bool, next int) {
	pos = skipBlanks(b, pos)
	for i := pos; i < len(b) && i < pos+40 && (alphabetic(b[i]) || b[i] == '_' || b[i] == '-' || b[i] == '.' || isDigit(b[i])); i++ {
		if i+1 < len(b) && b[i+1] == '=' {
			name, pos = b[pos:i+1], i+2
			break
		}
	}
	if pos >= len(b) {
		return name, nil, false, pos
	}
	end := -1
	switch b[pos] {
	case '"':
		end = quotedEnd(b, pos+1)
	case '[':
		end = pos + bytes.IndexByte(b[pos:], ']')
	case '{':
		end = pos + bytes.IndexByte(b[pos:], '}')
	}
	if end <= pos {
		end = wordEnd(b, pos)
		return name, bytes.Trim(b[pos:end], ",;|"), false, end + 1
	}
	if b[pos] == '{' {
		return name, nil, false, end + 1 // captured headers are the client's or the server's words
	}
	return name, b[pos+1 : min(end, len(b))], b[pos] == '"', end + 1
}

// shapeOf tells by its look what a value without a known name is.
func (s *haproxySession) shapeOf(name, value []byte) haproxyKey {
	switch {
	case len(value) == 4 && s.state == nil && isWholeState(value):
		s.guessed = true
		return haState
	case string(value) == string(noServer):
		return haServer
	case name != nil:
	case len(value) == 2 && s.state == nil && s.timers.total >= 0 && isHAProxyState(value):
		return haState // of TCP, behind its timers
	case s.both == nil && isServerName(value):
		return haBackend
	case s.client == nil && isHostPort(value) && (isIPv4(hostOnly(value)) || isIPv6(bytes.Trim(hostOnly(value), "[]"))):
		return haClient
	case s.status == 0 && len(value) == 3 && value[0]-'1' < 5 && isStatus(value):
		return haStatus
	case s.status != 0 && s.bytes < 0 && isDigit(value[0]):
		return haBytes
	case len(value) >= len("22/Nov/2026:15:15:44") && isDigit(value[0]):
		return haTime
	}
	return haNone
}

// row reads five counts, or TCP's three timers. Timers end in the total, which is no less
// than what it is made of. Connections end in the retries: a row that may be either (all of
// the process's connections are no less than the frontend's, the backend's than the
// server's) gives way to one that may not.
func (s *haproxySession) row(value []byte) bool {
	var t haproxyTimers
	n := t.read(value)
	if n != 3 && n != 5 {
		return false
	}
	s.rows++
	s.timed |= 1 << (haConnectTime - haRequestTime)
	parts := max(t.request, 0) + max(t.queue, 0) + max(t.connect, 0) + max(t.response, 0)
	if (s.timers.total < 0 || s.timers.areCounts() && !t.areCounts()) && parts <= t.total {
		s.timers = t
	}
	return true
}

// areCounts reports whether five numbers may be %ac/%fc/%bc/%sc/%rc.
func (t *haproxyTimers) areCounts() bool {
	return t.queue > 0 && t.request >= t.queue && t.response >= 0 && t.connect >= t.response
}

// isWholeState accepts all four letters: who ended a session, when, and what became of
// the cookie (doc/configuration.txt 8.5).
func isWholeState(b []byte) bool {
	return isHAProxyState(b) && bytes.IndexByte([]byte("-NIDVEOU"), b[2]) >= 0 && bytes.IndexByte([]byte("-NIUPRD"), b[3]) >= 0
}

// isServerName accepts backend/server. Neither is a number, and the server is no version,
// as in curl/8.5.0 and HTTP/1.1.
func isServerName(b []byte) bool {
	slash := bytes.IndexByte(b, '/')
	if slash < 1 || slash+1 == len(b) {
		return false
	}
	for _, c := range b {
		if !alphabetic(c) && !isDigit(c) && bytes.IndexByte([]byte("/-_.:<>"), c) < 0 {
			return false
		}
	}
	_, first := wholeNumber(b[:slash])
	_, second := wholeNumber(b[slash+1:])
	version := isDigit(b[slash+1]) && bytes.IndexByte(b[slash:], '.') > 0 && !isIPv4(hostOnly(b[slash+1:]))
	return !first && !second && !version
}

// isHAProxyRequest accepts a request line and HAProxy's word for none.
func isHAProxyRequest(b []byte) bool {
	return has(b, "<BADREQ>") || bytes.Contains(b, []byte(" HTTP/")) && b[0]-'A' < 26
}
