package gateway

import "bytes"

// A fieldKind is what an unnamed value can be by its shape.
type fieldKind uint8

const (
	kindWord   fieldKind = iota
	kindDash             // a missing value of any kind
	kindNumber           // digits
	kindStatus           // three digits that can be a status
	kindTime             // s.mmm
	kindPeer             // address with port, or a socket
	kindClient           // address without port
)

func kindOf(b []byte) fieldKind {
	if len(b) == 0 {
		return kindWord
	}
	switch c := b[0]; {
	case isDash(b):
		return kindDash
	case decimal(c):
		if isStatus(b) {
			return kindStatus
		}
		if isSeconds(b) {
			return kindTime
		}
		if _, ok := wholeNumber(b); ok {
			return kindNumber
		}
	}
	switch {
	case isPeerAddr(b):
		return kindPeer
	case isClientAddr(b):
		return kindClient
	}
	return kindWord
}

// join returns the kind of a list that holds elements of both kinds.
func (k fieldKind) join(other fieldKind) (fieldKind, bool) {
	low, high := min(k, other), max(k, other)
	switch {
	case low == high && low != kindWord && low != kindClient:
		return low, true
	case low == kindDash && high != kindClient:
		return high, true
	case low == kindNumber && high == kindStatus:
		return kindNumber, true
	case low == kindWord && high == kindPeer:
		return kindPeer, true // a group's name after its peers
	}
	return kindWord, false
}

// kindOfList returns the kind of a whole list value.
func kindOfList(text []byte) fieldKind {
	element, rest, separator := cutElement(text)
	kind := kindOf(element)
	if separator != 0 && kind == kindWord && !isPeerName(element) {
		return kindWord
	}
	for separator != 0 {
		element, rest, separator = cutElement(rest)
		if len(element) == 0 && separator == 0 {
			break // " : " at the end: an attempt without a peer
		}
		joined, ok := kind.join(kindOf(element))
		if !ok || joined == kindPeer && !isPeerElement(element) && !isDash(element) {
			return kindWord
		}
		kind = joined
	}
	return kind
}

// listEnd returns the end of the unquoted list that begins at pos, and its kind. It
// goes on over ", " and " : " as long as what follows fits: values of nginx's upstream
// variables hold blanks, so blanks do not divide such a line.
func listEnd(line []byte, pos int) (end int, kind fieldKind) {
	end = elementEnd(line, pos)
	kind = kindOf(line[pos:end])
	for {
		next := nextElement(line, end)
		if next < 0 {
			return end, kind
		}
		stop := elementEnd(line, next)
		if stop == next { // " : " and nothing: an attempt without a peer
			if line[end] == ' ' && kind != kindWord {
				end = next
			}
			return end, kind
		}
		element := line[next:stop]
		joined, ok := kind.join(kindOf(element))
		if stop < len(line) && line[stop] == ':' && !isPeerAddr(element) {
			return end, kind // the name of the next field
		}
		if !ok || joined == kindPeer && !isPeerElement(element) && !isDash(element) {
			return end, kind
		}
		end, kind = stop, joined
	}
}

// nextElement returns where the element behind a separator at end begins, or -1.
func nextElement(line []byte, end int) int {
	switch {
	case end+2 < len(line) && line[end] == ',' && line[end+1] == ' ':
		return end + 2
	case end+1 < len(line) && line[end] == ' ' && line[end+1] == ':' && (end+2 >= len(line) || line[end+2] == ' '):
		return min(end+3, len(line))
	}
	return -1
}

// elementEnd returns the end of one element: a blank, a tab, a delimiter that no
// element holds, or a comma or colon before a blank.
func elementEnd(line []byte, pos int) int {
	for i := pos; i < len(line); i++ {
		switch line[i] {
		case ' ', '\t', '|', ';', '"', ')', '}':
			return i
		case ',':
			if i+1 == len(line) || line[i+1] == ' ' {
				return i
			}
		case ':':
			if i+1 < len(line) && line[i+1] == ' ' && !bytes.HasSuffix(line[pos:i], []byte("unix")) {
				return i // to: 127.0.0.1:80: GET /
			}
		case ']':
			if i+1 == len(line) || line[i+1] == ' ' {
				return i
			}
		case '/':
			if value := line[pos:i]; isSeconds(value) || isStatus(value) || isDash(value) {
				return i // 0.807/0.806, 502/-
			}
		}
	}
	return len(line)
}

// maxShaped bounds how many unnamed values of one kind are kept: nginx has five
// variables with times.
const maxShaped = 8

// shapedFields are the unnamed values after the request, in their order.
type shapedFields struct {
	times         [maxShaped]upstreamList // s.mmm lists, and dashes that may be such
	nTimes        int
	statuses      [maxShaped][]byte
	statusAfter   [maxShaped]bool   // behind the peer
	beforeStatus  [maxShaped][]byte // the word right before it
	nStatuses     int
	peer          upstreamList
	timeLast      bool   // the last token was a time
	peerLast      bool   // the last token was the peer
	word          []byte // the last bare word, maybe a group's name
	statusMissing bool   // a dash stands where the peer's status belongs
}

// unlabelled takes a value that has no name.
func (s *accessScan) unlabelled(text []byte, kind fieldKind) {
	wanted := s.wantBytes
	s.wantBytes = false
	if wanted && s.columns && kind == kindStatus && !isList(text) && statusOf(text) == s.a.Status {
		wanted = false // the status and the upstream's, column by column
	}
	if wanted && (kind == kindNumber || kind == kindStatus || kind == kindDash) {
		s.bytes(text)
		return
	}
	if !s.hasStatus {
		s.unlabelledHead(text, kind)
		return
	}
	f := &s.shapes
	peerLast, word := f.peerLast, f.word
	f.peerLast, f.word, f.timeLast = false, nil, false
	switch kind {
	case kindPeer:
		f.peerLast = !f.peer.logged
		f.peer.set(text)
	case kindTime:
		s.shapedTime(text)
	case kindStatus:
		if !s.stream { // a session's peers have no status
			f.addStatus(text, word)
		}
	case kindDash:
		if peerLast {
			f.statusMissing = true
		} else if f.nTimes > 0 || f.peer.logged {
			f.addTime(text)
		}
	case kindClient:
		s.client(text) // unless there is one
	case kindWord:
		s.shapedWord(text)
	}
}

func (f *shapedFields) addStatus(text, word []byte) {
	if f.nStatuses < maxShaped {
		f.statuses[f.nStatuses], f.statusAfter[f.nStatuses], f.beforeStatus[f.nStatuses] = text, f.peer.logged, word
		f.nStatuses++
	}
}

func (f *shapedFields) addTime(text []byte) {
	f.timeLast = true
	if f.nTimes < maxShaped {
		f.times[f.nTimes].set(text)
		f.nTimes++
	}
}

// msecLength is the length of $msec up to the year 2286.
const msecLength = len("1795360623.423")

// shapedTime takes a duration, or $msec, which has the same form.
func (s *accessScan) shapedTime(text []byte) {
	if len(text) == msecLength {
		if stamp, ok := zonedStamp(text); ok {
			s.setStamp(stamp)
			return
		}
	}
	s.shapes.addTime(text)
}

func (s *accessScan) shapedWord(text []byte) {
	switch {
	case isCacheStatus(text):
		keep(&s.a.Cache, text)
	case isDomain(text):
		keep(&s.a.Host, text)
		s.shapes.word = text
	case isPeerName(text):
		s.shapes.word = text
		s.unknown = s.unknown || s.local && !s.known(text)
	default:
		s.unknown = s.unknown || s.local && !s.known(text)
	}
}

// known reports whether a bare word behind the status is one of those that access logs have.
func (s *accessScan) known(text []byte) bool {
	if _, ok := seconds(text); ok {
		s.duration(text)
		return true
	}
	return has(text, "HTTP/") || has(text, "http://") || has(text, "https://") || has(text, "TLSv1") || isScheme(text)
}

func isScheme(b []byte) bool { return string(b) == "http" || string(b) == "https" }

// takeIngress reads ingress-nginx's tail from its first bracket on:
//
//	[namespace-service-port] [alternative] addr length time status request_id
//
// The order is fixed, so a response length of three digits is not taken for a status.
func (s *accessScan) takeIngress() bool {
	b := s.line[s.pos:]
	first := bytes.IndexByte(b, ']')
	if s.shapes.nTimes != 1 || !bytes.HasPrefix(b[first+1:], []byte(" [")) {
		return false
	}
	second := bytes.IndexByte(b[first+1:], ']')
	if second < 0 {
		return false
	}
	pos := first + 1 + second + 1
	var values [4][]byte
	for i, wanted := range [...]fieldKind{kindPeer, kindNumber, kindTime, kindStatus} {
		if pos >= len(b) || b[pos] != ' ' {
			return false
		}
		end, kind := listEnd(b, pos+1)
		values[i] = b[pos+1 : end]
		if !fits(values[i], kind, wanted) {
			return false
		}
		pos = end
	}
	s.ups.addr.set(values[0])
	s.ups.response.set(values[2])
	s.ups.status.set(values[3])
	s.service = b[1:first]
	s.pos = len(s.line) // the request id alone is left
	return true
}

func fits(value []byte, kind, wanted fieldKind) bool {
	switch {
	case len(value) == 0 || kind == kindDash || kind == wanted:
		return true
	case kind == kindStatus:
		return wanted == kindNumber
	}
	return kind == kindWord && wanted == kindPeer && isPeerName(value)
}
