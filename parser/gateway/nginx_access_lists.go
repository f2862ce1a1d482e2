package gateway

import (
	"bytes"

	"culprit/parser"
)

// An upstreamList is one of nginx's upstream variables: a value per attempt,
// separated by ", " within a pass and by " : " between passes of one request.
type upstreamList struct {
	text   []byte
	logged bool // the format has it; its text may still be "-" or empty
}

func (l *upstreamList) set(text []byte) {
	if !l.logged {
		l.text, l.logged = text, true
	}
}

// empty reports whether the variable was missing: "-", or nothing under escape=json.
func (l *upstreamList) empty() bool { return len(l.text) == 0 || isDash(l.text) }

// cut takes the first element and the separator behind it: ',', ':' or 0.
func (l *upstreamList) cut() (element []byte, separator byte) {
	element, l.text, separator = cutElement(l.text)
	return element, separator
}

// cutElement cuts at the first ", " or " : ". The latter may be the end of the text:
// then an attempt without a peer follows (ngx_http_upstream_addr_variable).
func cutElement(text []byte) (element, rest []byte, separator byte) {
	for i := 0; i+1 < len(text); i++ {
		switch text[i] {
		case ',':
			if text[i+1] == ' ' {
				return text[:i], text[i+2:], ','
			}
		case ' ':
			if text[i+1] == ':' && (i+2 == len(text) || text[i+2] == ' ') {
				return text[:i], text[min(i+3, len(text)):], ':'
			}
		}
	}
	return text, nil, 0
}

// upstreamLists are the variables of one line. All have the same number of elements
// and are split at the same places; a format may log any of them.
type upstreamLists struct {
	addr, status, connect, header, response upstreamList
}

func (u *upstreamLists) logged() bool {
	return u.addr.logged || u.status.logged || u.connect.logged || u.header.logged || u.response.logged
}

// touched reports whether the request had an attempt. An attempt that failed before
// a peer was known has an empty address, but its status prints as "-".
func (u *upstreamLists) touched() bool {
	if u.addr.logged && len(u.addr.text) == 0 && u.status.logged && len(u.status.text) > 0 {
		return true
	}
	return !u.addr.empty() || !u.status.empty() || !u.connect.empty() || !u.header.empty() || !u.response.empty()
}

// fill writes the attempts into a, all lists in step. Of too many the first ones and
// the last are kept, for the last one decides the status.
func (u upstreamLists) fill(a *parser.Access) {
	a.HasUps = a.HasUps || u.logged()
	pass := uint8(0)
	for more := u.touched(); more; {
		a.Tries = min(a.Tries+1, parser.MaxAttempts)
		t := &a.Attempts[a.Tries-1]
		var separator byte
		*t, separator = u.next()
		t.Pass = pass
		if separator == ':' {
			pass++
		}
		more = separator != 0
	}
	if a.Tries == 0 && askedBehind(a.Cache) {
		a.HasUps = false
	}
	noteUnlogged(a, u.connect.logged, u.header.logged)
}

// askedBehind reports whether what a cache did means that somebody behind was asked, whom the
// line does not name: varnishncsa's %{Varnish:handling}x and %{VSL:BackendOpen[2]}x of a
// back end that could not be opened.
func askedBehind(cache []byte) bool {
	switch string(cache) {
	case "pass", "miss", "hitmiss", "hitpass":
		return true
	}
	return false
}

// next takes one element of each list. The separator is that of the longest list.
func (u *upstreamLists) next() (t parser.Attempt, separator byte) {
	addr, s1 := u.addr.cut()
	status, s2 := u.status.cut()
	connect, s3 := u.connect.cut()
	header, s4 := u.header.cut()
	response, s5 := u.response.cut()
	t = parser.Attempt{Addr: peerOf(addr), Connect: secondsOrNone(connect), Header: secondsOrNone(header), Response: secondsOrNone(response)}
	if n, ok := wholeNumber(status); ok && n < 1000 {
		t.Status = int16(n)
	}
	for _, s := range [...]byte{s1, s2, s3, s4, s5} {
		if s != 0 {
			return t, s
		}
	}
	return t, 0
}

// peerOf returns an address without scheme and path, which some formats put around it.
func peerOf(addr []byte) []byte {
	addr = bytes.TrimSpace(addr)
	if i := bytes.Index(addr, []byte("://")); i >= 0 {
		addr = addr[i+3:]
		if slash := bytes.IndexByte(addr, '/'); slash >= 0 && !bytes.HasPrefix(addr, []byte("unix:")) {
			addr = addr[:slash]
		}
	}
	if len(addr) == 0 || isDash(addr) {
		return nil
	}
	return addr
}

func secondsOrNone(b []byte) int64 {
	if micros, ok := seconds(b); ok {
		return micros
	}
	return -1
}

// noteUnlogged remembers which times the format does not log at all, in the first
// attempt that the request did not make: there -1 says "not logged". Within an
// attempt -1 is also nginx's "-", from which "not connected" follows.
func noteUnlogged(a *parser.Access, connect, header bool) {
	if a.Tries == parser.MaxAttempts {
		return
	}
	spare := &a.Attempts[a.Tries]
	if !connect {
		spare.Connect = -1
	}
	if !header {
		spare.Header = -1
	}
}

// timesLogged is the reader's side of noteUnlogged. With no attempt to spare, what
// some attempt has is logged.
func timesLogged(a *parser.Access) (connect, header bool) {
	if a.Tries < parser.MaxAttempts {
		spare := &a.Attempts[a.Tries]
		return spare.Connect >= 0, spare.Header >= 0
	}
	for i := range a.Attempts {
		connect = connect || a.Attempts[i].Connect >= 0
		header = header || a.Attempts[i].Header >= 0
	}
	return connect, header
}
