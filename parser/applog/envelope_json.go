package applog

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"culprit/parser/timestamp"
)

// object peels Docker's, journald's, dmesg's and log stores' JSON. Every other object is a log line of
// an application and left alone.
func (p *peeler) object() bool {
	return p.docker() || p.dmesgJSON() || bytes.Contains(p.rest, []byte(`REALTIME_TIMESTAMP"`)) && p.journal() || p.exported()
}

// docker peels {"log":"…","stream":"stdout","attrs":{…},"time":"…"} with its keys in
// any order and any blanks. Keys besides these four make it somebody else's object.
func (p *peeler) docker() bool {
	w := objectWalker{b: p.rest, i: 1}
	var text, stream, when token
	for w.next() {
		switch string(w.key) {
		case "log":
			text = w.value
		case "stream":
			stream = w.value
		case "time":
			when = w.value
		case "attrs":
		default:
			return false
		}
	}
	if !w.closed || text.kind != '"' || stream.kind != '"' || when.kind != '"' {
		return false
	}
	s, n, ok := timestamp.ISO(when.body)
	if !ok || n != len(when.body) {
		return false
	}
	p.take(DockerJSON, 0)
	p.stamp(s)
	p.now.Stream = streamOf(stream.body)
	p.rest = p.unquote(text.body)
	p.copied = true
	if k := len(p.rest); k > 0 && p.rest[k-1] == '\n' {
		p.rest = bytes.TrimSuffix(p.rest[:k-1], []byte("\r"))
	} else {
		p.now.Partial = true
	}
	p.plain()
	return true
}

// journal peels one object of journalctl -o json.
func (p *peeler) journal() bool {
	w := objectWalker{b: p.rest, i: 1}
	var entry JournalEntry
	for w.next() {
		if slot := journalField(w.key); slot >= 0 && entry[slot] == nil {
			entry[slot] = p.text(w.value)
		}
	}
	if !w.closed || len(entry[fieldRealtime]) == 0 {
		return false
	}
	if _, n, ok := timestamp.Epoch(entry[fieldRealtime]); !ok || n != len(entry[fieldRealtime]) {
		return false
	}
	p.entry(&entry)
	return true
}

// text decodes a journal value: a string, null, an array of byte values (text that is
// not UTF-8 or holds control characters), or an array of these for a repeated field.
func (p *peeler) text(v token) []byte {
	switch v.kind {
	case '"':
		return p.unquote(v.body)
	case '[':
		start := len(p.env.Buf)
		p.appendArray(v.body, 0)
		return p.env.Buf[start:]
	}
	return nil
}

// appendArray decodes an array's elements: numbers are bytes, strings and arrays are
// values of a repeated field, which are joined by newlines.
func (p *peeler) appendArray(b []byte, depth int) {
	w := objectWalker{b: b}
	for first := true; w.element(); first = false {
		switch w.value.kind {
		case '0':
			n, _ := leadingNumber(w.value.body)
			p.env.Buf = append(p.env.Buf, byte(n))
			continue
		case '"', '[':
			if !first {
				p.env.Buf = append(p.env.Buf, '\n')
			}
		}
		if w.value.kind == '"' {
			p.env.Buf = appendUnquoted(p.env.Buf, w.value.body)
		} else if w.value.kind == '[' && depth == 0 {
			p.appendArray(w.value.body, 1)
		}
	}
}

// unquote decodes the inside of a JSON string into env.Buf, or returns it as it is if
// nothing is escaped.
func (p *peeler) unquote(s []byte) []byte {
	if bytes.IndexByte(s, '\\') < 0 {
		return s
	}
	start := len(p.env.Buf)
	p.env.Buf = appendUnquoted(p.env.Buf, s)
	return p.env.Buf[start:]
}

var shortEscapes = [256]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '"': '"', '\\': '\\', '/': '/'}

// appendUnquoted appends the inside of a JSON string, un-escaped (RFC 8259, 7).
// An invalid escape is kept as it stands.
func appendUnquoted(buf, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(buf, s...)
		}
		buf = append(buf, s[:i]...)
		s = s[i:]
		n := 2
		if c := shortEscapes[s[1]]; c != 0 {
			buf = append(buf, c)
		} else if r, k := unicodeEscape(s); k > 0 {
			buf = utf8.AppendRune(buf, r)
			n = k
		} else {
			buf = append(buf, s[:2]...)
		}
		s = s[n:]
	}
}

// unicodeEscape reads \uXXXX, with its second half if it is a surrogate, at the
// start of s and returns its length, 0 if there is none.
func unicodeEscape(s []byte) (rune, int) {
	r := hexRune(s)
	if r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, hexRune(s[6:])); pair != utf8.RuneError {
			return pair, 12
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

// hexRune reads \uXXXX, -1 if it is not there.
func hexRune(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range s[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// A token is one JSON value: its first byte (0 for any number, " [ { t f n), and its
// inside (string without quotes, array without brackets) or the whole.
type token struct {
	kind byte
	body []byte
}

// An objectWalker goes over the members of one object or the elements of one array,
// without decoding. It checks only as much as it needs.
type objectWalker struct {
	b      []byte
	i      int
	key    []byte
	value  token
	closed bool // the object's end was reached and nothing follows
}

func (w *objectWalker) blank() {
	for w.i < len(w.b) && (w.b[w.i] == ' ' || w.b[w.i] == '\t' || w.b[w.i] == '\n' || w.b[w.i] == '\r') {
		w.i++
	}
}

// next steps to the next member of an object.
func (w *objectWalker) next() bool {
	w.blank()
	if w.i < len(w.b) && w.b[w.i] == ',' {
		w.i++
		w.blank()
	}
	if w.i < len(w.b) && w.b[w.i] == '}' {
		w.i++
		w.blank()
		w.closed = w.i == len(w.b)
		return false
	}
	if !w.take() || w.value.kind != '"' {
		return false
	}
	w.key = w.value.body
	w.blank()
	if w.i >= len(w.b) || w.b[w.i] != ':' {
		return false
	}
	w.i++
	w.blank()
	return w.take()
}

// element steps to the next element of an array.
func (w *objectWalker) element() bool {
	w.blank()
	if w.i < len(w.b) && w.b[w.i] == ',' {
		w.i++
		w.blank()
	}
	return w.i < len(w.b) && w.take()
}

// take reads one value.
func (w *objectWalker) take() bool {
	if w.i >= len(w.b) {
		return false
	}
	start, end := w.i, 0
	switch c := w.b[w.i]; c {
	case '"':
		if end = stringEnd(w.b, w.i); end < 0 {
			return false
		}
		w.value = token{'"', w.b[start+1 : end-1]}
	case '[', '{':
		if end = nestedEnd(w.b, w.i); end < 0 {
			return false
		}
		w.value = token{c, w.b[start+1 : end-1]}
	default:
		end = start
		for end < len(w.b) && w.b[end] != ',' && w.b[end] != '}' && w.b[end] != ']' && w.b[end] > ' ' {
			end++
		}
		if end == start {
			return false
		}
		if c == '-' || c >= '0' && c <= '9' {
			c = '0'
		}
		w.value = token{c, w.b[start:end]}
	}
	w.i = end
	return true
}

// Element returns the object at the beginning of b, nil if none is whole there.
func Element(b []byte) []byte {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	end := nestedEnd(b, 0)
	if end < 0 {
		return nil
	}
	return b[:end]
}

// stringEnd returns the index behind the closing quote of the string at b[i], -1 if
// it is cut off.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		end := i + n
		slashes := 0
		for end-1-slashes >= i && b[end-1-slashes] == '\\' {
			slashes++
		}
		i = end + 1
		if slashes%2 == 0 {
			return i
		}
	}
	return -1
}

// nestedEnd returns the index behind the bracket that closes the one at b[i], -1 if
// it is cut off.
func nestedEnd(b []byte, i int) int {
	for depth := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i = stringEnd(b, i) - 1; i < 0 {
				return -1
			}
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
