package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// haproxyAccess is HAProxy's line for one finished session: httplog (1.5 to 3.2),
// httpslog, tcplog, httplog clf, JSON made with log-format, and log-formats of one's own.
//
//	10.0.0.1:41907 [22/Nov/2026:15:15:44.163] web app/catalog1 0/0/-1/-1/1001 503 217 - - SC-- 12/12/11/0/1 0/0 "GET / HTTP/1.1"
//
// HAProxy has one log only, so the line of a failed request fills Gateway too. The four
// letters of the termination state decide (haproxy_state.go), never the status alone.
// Upstream is backend/server as written; the backend alone, as a group, where no server
// was chosen. Attempts[0].Addr is the same word, Pool the backend, Server the frontend.
//
// A client chooses the request only, which is the last field and ends at its quote;
// captured headers stand before it in braces, their quotes and braces escaped (#22).
//
// BenchmarkHAProxyAccess, one of two busy cores: httplog 250 MB/s, failed 200, clf 140, JSON 190; a foreign line is turned
// down in 90 ns. Nothing is allocated.
var haproxyAccess = &parser.Format{
	Name:    "haproxy-access",
	Gates:   []parser.Gate{{First: parser.Object}, {All: "[]/:"}, {All: "/="}, {Program: "haproxy"}},
	Role:    parser.RoleGateway,
	Product: "haproxy",
	Doc:     "haproxy src/log.c, doc/configuration.txt chapter 8; https://docs.haproxy.org/dev/configuration.html#8.2",
	Parse:   parseHAProxyAccess,
}

func parseHAProxyAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	b := trimBlanks(line)
	if len(b) < 40 {
		return false
	}
	var s haproxySession
	ok := false
	if b[0] == '{' {
		ok = s.readJSON(b, env, r)
	} else {
		if rest, found := s.start(b, r); found {
			ok = s.readFields(rest, r)
		} else {
			ok = s.readCLF(b, env, r)
		}
		if !ok {
			s, r.Access = haproxySession{}, parser.Access{Bytes: -1, Duration: -1}
			ok = s.readWords(b, env, r)
		}
	}
	if ok {
		s.settle(env, r)
	}
	return ok
}

// A haproxySession is what all forms of the line tell.
type haproxySession struct {
	client, frontend, backend, server []byte
	both                              []byte // backend/server, if the line has them in one word
	timers                            haproxyTimers
	status                            int16 // 0: none was sent
	bytes                             int64
	state                             []byte // two or four letters
	tcp                               bool
	rows                              int    // of counts with slashes in between
	guessed                           bool   // the state was told by its look
	ended                             bool   // and by a name that says what it is
	own                               bool   // HAProxy is named in the line
	timed                             uint8  // timers that the line has, by their order
	addr                              []byte // the server's, where its name is not logged
	stamp                             parser.Stamp
}

// haproxyTimers are %TR %Tw %Tc %Tr %Ta in milliseconds, -1 for a stage not reached.
type haproxyTimers struct{ request, queue, connect, response, total int64 }

// start reads "client:port [stamp] ", which httplog, tcplog and error lines share.
func (s *haproxySession) start(b []byte, r *parser.Record) ([]byte, bool) {
	blank := bytes.IndexByte(b[:min(len(b), 64)], ' ')
	if blank < 3 || blank+25 > len(b) || b[blank+1] != '[' {
		return nil, false
	}
	colon := bytes.LastIndexByte(b[:blank], ':')
	if colon < 1 {
		return nil, false
	}
	if _, ok := wholeNumber(b[colon+1 : blank]); !ok {
		return nil, false
	}
	in := b[blank+2:]
	stamp, n, ok := timestamp.CLF(in)
	if !ok || n+2 > len(in) || in[n] != ']' || in[n+1] != ' ' {
		return nil, false
	}
	s.client, r.Stamp = b[:colon], stamp
	if has(s.client, "unix") {
		s.client = b[:blank]
	}
	return in[n+2:], true
}

// A haproxyWords cuts fields at blanks.
type haproxyWords struct{ rest []byte }

func (w *haproxyWords) next() []byte {
	end := wordEnd(w.rest, 0)
	word := w.rest[:end]
	w.rest = w.rest[min(end+1, len(w.rest)):]
	return word
}

// readFields reads httplog and tcplog behind the stamp; how many timers there are tells
// them apart.
func (s *haproxySession) readFields(b []byte, r *parser.Record) bool {
	w := haproxyWords{b}
	s.frontend = bytes.TrimSuffix(w.next(), []byte{'~'})
	s.both = w.next()
	slash := bytes.IndexByte(s.both, '/')
	if len(s.frontend) == 0 || slash < 1 || slash+1 == len(s.both) {
		return false
	}
	s.backend, s.server = s.both[:slash], s.both[slash+1:]
	switch s.timers.read(w.next()) {
	case 5:
		return s.readHTTP(&w, r)
	case 3:
		s.tcp = true
		return s.readTCP(&w)
	}
	return false
}

// read reads "0/0/-1/-1/1001" or tcplog's "0/-1/1001" and returns how many there were.
func (t *haproxyTimers) read(word []byte) int {
	var values [5]int64
	n := 0
	for n < len(values) {
		one, rest, more := bytes.Cut(word, []byte{'/'})
		v, ok := haproxyNumber(one)
		if !ok {
			return 0
		}
		values[n] = v
		n++
		if word = rest; !more {
			break
		}
		if n == len(values) {
			return 0
		}
	}
	if n == 3 {
		*t = haproxyTimers{0, values[0], values[1], -1, values[2]}
	} else {
		*t = haproxyTimers{values[0], values[1], values[2], values[3], values[4]}
	}
	return n
}

// haproxyNumber reads 12, -1 and, with option logasap, +12.
func haproxyNumber(b []byte) (int64, bool) {
	if string(b) == "-1" {
		return -1, true
	}
	if len(b) > 1 && b[0] == '+' {
		b = b[1:]
	}
	return wholeNumber(b)
}

func (s *haproxySession) readHTTP(w *haproxyWords, r *parser.Record) bool {
	status, ok := haproxyNumber(w.next())
	if !ok || status > 999 {
		return false
	}
	s.status = int16(max(status, 0))
	if s.bytes, ok = haproxyNumber(w.next()); !ok {
		return false
	}
	w.next() // captured request cookie
	w.next() // captured response cookie
	if !s.readState(w, 4) {
		return false
	}
	s.readRequest(w.rest, &r.Access)
	return true
}

func (s *haproxySession) readTCP(w *haproxyWords) bool {
	var ok bool
	if s.bytes, ok = haproxyNumber(w.next()); !ok {
		return false
	}
	return s.readState(w, 2)
}

// readState reads the termination state and skips connections and queues.
func (s *haproxySession) readState(w *haproxyWords, length int) bool {
	s.state = w.next()
	if len(s.state) != length || !isHAProxyState(s.state) {
		return false
	}
	connections := w.next()
	w.next() // queues
	return bytes.Count(connections, []byte{'/'}) == 4
}

// isHAProxyState accepts the letters of doc/configuration.txt 8.5; the third and the
// fourth tell of cookies.
func isHAProxyState(b []byte) bool {
	return (len(b) == 2 || len(b) == 4) &&
		bytes.IndexByte([]byte("-CcSsPRILDUK"), b[0]) >= 0 && bytes.IndexByte([]byte("-RQCHDLT"), b[1]) >= 0
}

// readRequest reads the captured headers, the request in quotes and what httpslog adds.
func (s *haproxySession) readRequest(b []byte, a *parser.Access) {
	open := bytes.IndexByte(b, '"')
	if open < 0 {
		return
	}
	b = b[open+1:]
	request, rest, _ := bytes.Cut(b, []byte{'"'})
	haproxyRequest(request, a)
	w := haproxyWords{bytes.TrimPrefix(rest, []byte{' '})}
	if bytes.Count(w.next(), []byte{'/'}) == 4 {
		if sni := untilAny(w.next(), "/"); isDomain(sni) {
			a.Host = sni
		}
	}
}

// haproxyRequest splits a request line. An absolute target, as of HTTP/2, gives its host
// away; the path is the target, as the server behind logs it.
func haproxyRequest(request []byte, a *parser.Access) {
	setRequest(a, request)
	i := bytes.Index(a.Target[:min(len(a.Target), 8)], []byte("://"))
	if i < 0 {
		return
	}
	host := a.Target[i+3:]
	slash := bytes.IndexByte(host, '/')
	if slash < 0 {
		return
	}
	a.Host, a.Target = host[:slash], host[slash:]
}

// settle fills the record.
func (s *haproxySession) settle(env *parser.Env, r *parser.Record) {
	a := &r.Access
	r.Kind = parser.KindAccess
	a.Client, a.Status, a.Bytes, a.AtStart, a.HasUps = s.client, s.status, s.bytes, true, true
	a.Duration = haproxyMillis(s.timers.total)
	named := len(s.server) > 0 && s.server[0] != '<'
	if named {
		if s.both == nil {
			s.both = joined(env, s.backend, '/', s.server)
		}
		a.Pool, a.Tries = s.backend, 1
		a.Attempts[0] = s.attempt()
	} else if len(s.backend) > 0 && !bytes.Equal(s.backend, s.frontend) {
		a.Pool = s.backend
	}
	s.judge(named, r)
}

// attempt counts header and response times from the attempt's start, as nginx does.
func (s *haproxySession) attempt() parser.Attempt {
	t := &s.timers
	at := parser.Attempt{Addr: s.both, Status: s.status, Connect: haproxyMillis(t.connect), Header: -1, Response: -1}
	if t.response >= 0 && t.connect >= 0 {
		at.Header = haproxyMillis(t.connect + t.response)
	}
	if t.total >= 0 {
		at.Response = haproxyMillis(max(t.total-max(t.request, 0)-max(t.queue, 0), 0))
	}
	return at
}

// haproxyMillis turns HAProxy's milliseconds into microseconds, -1 into -1.
func haproxyMillis(ms int64) int64 {
	if ms < 0 {
		return -1
	}
	return ms * parser.Millisecond
}
