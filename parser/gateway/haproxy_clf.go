package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// readCLF reads "option httplog clf", which begins as combined does, with empty referrer
// and user agent, and goes on with HAProxy's own fields:
//
//	client - - [22/Nov/2026:14:15:44 +0000] "GET / HTTP/1.1" 503 217 "" "" 41907 163 "web" "app" "s1" 0 0 -1 -1 1001 "SC--" 1 1 0 0 0 0 0 "" "" "" ""
func (s *haproxySession) readCLF(b []byte, env *parser.Env, r *parser.Record) bool {
	quote := bytes.IndexByte(b, '"')
	open := bytes.IndexByte(b[:max(quote, 0)], '[')
	if open < len("c - - ") || b[quote-1] != ' ' || b[quote-2] != ']' {
		return false
	}
	stamp, n, ok := timestamp.CLF(b[open+1 : quote-2])
	if !ok || n != quote-2-open-1 {
		return false
	}
	end := quotedEnd(b, quote+1)
	if end >= len(b)-2 {
		return false
	}
	w := haproxyWords{b[end+2:]}
	status, ok := haproxyNumber(w.next())
	if !ok || status > 999 {
		return false
	}
	if s.bytes, ok = haproxyNumber(w.next()); !ok || !isEmptyText(w.next()) || !isEmptyText(w.next()) {
		return false
	}
	s.client, s.status = untilAny(b[:open], " "), int16(max(status, 0))
	if !s.readCLFTail(&w) {
		return false
	}
	r.Stamp = stamp
	haproxyRequest(unescaped(env, b[quote+1:end]), &r.Access)
	return true
}

func isEmptyText(word []byte) bool { return string(word) == `""` || string(word) == `"-"` }

// readCLFTail reads from the client's port on. Names are quoted or not.
func (s *haproxySession) readCLFTail(w *haproxyWords) bool {
	for range 2 { // client's port, milliseconds of the stamp
		if _, ok := wholeNumber(w.next()); !ok {
			return false
		}
	}
	s.frontend = bytes.TrimSuffix(bareText(w.next()), []byte{'~'})
	s.backend, s.server = bareText(w.next()), bareText(w.next())
	t := &s.timers
	for _, v := range [...]*int64{&t.request, &t.queue, &t.connect, &t.response, &t.total} {
		n, ok := haproxyNumber(w.next())
		if !ok {
			return false
		}
		*v = n
	}
	s.state = bareText(w.next())
	return len(s.state) == 4 && isHAProxyState(s.state)
}

func bareText(word []byte) []byte {
	if n := len(word); n >= 2 && word[0] == '"' && word[n-1] == '"' {
		return word[1 : n-1]
	}
	return word
}
