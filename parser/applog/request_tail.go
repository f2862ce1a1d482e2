package applog

import (
	"bytes"

	"culprit/parser"
)

// A tail is the text behind a method word.
type tail struct {
	rest   []byte
	status int16 // that stands right before the method, 0 if none: 200 GET /x 3ms
}

// separators skips what stands between the parts of a request line.
func (w *tail) separators() {
	for len(w.rest) > 0 && bytes.IndexByte([]byte(" \t|\"'"), w.rest[0]) >= 0 {
		w.rest = w.rest[1:]
	}
}

// target takes a path or an absolute URL; nil if there is none.
func (w *tail) target() []byte {
	b := w.rest
	if len(b) == 0 || b[0] != '/' && b[0] != '*' && !hasPrefix(b, "http://") && !hasPrefix(b, "https://") {
		return nil
	}
	n := 0
	for n < len(b) && b[n] > ' ' && b[n] != '"' && b[n] != '|' {
		n++
	}
	w.rest = b[n:]
	t := bytes.TrimRight(b[:n], ",;:'")
	if len(t) == 0 || t[0] == '*' && len(t) > 1 {
		return nil
	}
	return t
}

// protocolAhead reports whether HTTP/… follows.
func (w *tail) protocolAhead() bool { return hasPrefix(trimBlanks(w.rest), "HTTP/") }

// leading reads what Gin, Fiber and their kin put before the method, split by bars.
func (w *tail) leading(before []byte, a *parser.Access) {
	if bytes.IndexByte(before, '|') < 0 {
		word := bytes.TrimRight(before, " ")
		word = word[bytes.LastIndexByte(word, ' ')+1:]
		if n := len(word); n > 0 && (n == len(bytes.TrimSpace(before)) || word[0] == '[') {
			w.status, _ = status(bytes.Trim(word, "[]"))
		}
		return
	}
	for len(before) > 0 {
		i := bytes.IndexByte(before, '|')
		cell := before
		if i >= 0 {
			cell, before = before[:i], before[i+1:]
		} else {
			before = nil
		}
		cell = bytes.TrimSpace(cell)
		if s, ok := status(cell); ok && a.Status == 0 {
			a.Status = s
		} else if d, n := duration(cell); n > 0 && n == len(cell) {
			a.Duration = d
		}
	}
}

// between are words that may stand between target and status.
var between = []string{
	"-", "|", "=>", "->", "→", ":", "–", "responded", "completed", "returned", "finished", "status", "status:", "code", "code:",
	"took", "and", "in", "with", "done", "for", "from", "--", "=", ">>", "»", "·", "•", "answered", "gave", "sent", "served", "replied",
}

// outcome reads status and duration behind the target and reports whether the words
// are those of a request log.
func (w *tail) outcome(a *parser.Access) bool {
	in := input{w.rest}
	quoted := in.lit(`"`)
	in.blanks()
	if hasPrefix(in.rest, "HTTP/") || hasPrefix(in.rest, "HTTPS/") {
		in.word()
		quoted = true
	}
	if in.blanks(); in.lit("=> generated ") {
		return uwsgiOutcome(&in, a)
	}
	if a.Status != 0 { // by leading: the cells behind the target are free text
		return true
	}
	seen := false
	for range 8 {
		in.blanks()
		if len(in.rest) == 0 {
			return seen
		}
		in.lit("(")
		if d, n := duration(in.rest); n > 0 {
			a.Duration, seen = d, true
			in.rest = in.rest[n:]
			continue
		}
		word := in.word()
		if len(word) == 0 {
			continue // a bracket alone
		}
		if s, ok := status(bytes.Trim(word, `"'(),;:|[]{}`)); ok {
			a.Status = s
			return !prose(in.rest, quoted) && w.trailer(&in, a, quoted)
		}
		if ip := address(word); ip != nil {
			a.Client = ip
			continue
		}
		if !among(between, word) {
			return seen && !isLetter(word[0])
		}
	}
	return false
}

// pairs reads status and duration from key=value pairs right behind the target.
func (w *tail) pairs(a *parser.Access) bool {
	in := input{w.rest}
	for in.blanks(); ; in.blanks() {
		rest := in.rest
		if word := in.word(); !among(between, word) {
			in.rest = rest
			break
		}
	}
	q := request{method: a.Method, target: a.Target}
	p := pairWalk{rest: in.rest}
	if !p.next() || !p.pair {
		return false
	}
	for ok := true; ok; ok = p.next() {
		if p.pair {
			var k key
			k.push(p.name)
			q.add(k.norm[:k.m], trimmed(p.value))
		}
	}
	return q.finished(a)
}

// prose reports whether text goes on like a sentence behind a status:
// "returned 503, retrying".
func prose(rest []byte, quoted bool) bool {
	rest = trimBlanks(rest)
	if quoted || len(rest) == 0 || isUpper(rest[0]) || !isLetter(rest[0]) {
		return false
	}
	in := input{rest}
	next := in.word()
	return !among(units, next) && bytes.IndexByte(next, '=') < 0
}

var units = []string{"in", "ms", "took", "bytes", "b", "from", "s", "ok", "duration", "id:", "text/html", "dur:", "time", "time:", "latency", "latency:", "elapsed", "elapsed:"}

// trailer reads a size and a duration behind the status.
func (w *tail) trailer(in *input, a *parser.Access, quoted bool) bool {
	for words := 0; words < 12 && len(in.rest) > 0; words++ {
		in.blanks()
		in.lit("(")
		if d, n := duration(in.rest); n > 0 {
			if a.Duration < 0 {
				a.Duration = d
			}
			in.rest = in.rest[n:]
			continue
		}
		word := in.word()
		if size, ok := wholeNumber(word); ok && quoted && words == 0 {
			a.Bytes = size
		}
	}
	return true
}

// uwsgiOutcome reads `12 bytes in 3 msecs (HTTP/1.1 200) …`.
func uwsgiOutcome(in *input, a *parser.Access) bool {
	size, ok := in.number()
	if !ok || !in.lit(" bytes in ") {
		return false
	}
	a.Bytes = size
	if d, n := duration(in.rest); n > 0 {
		a.Duration = d
	}
	if _, ok = in.until("(HTTP/"); !ok {
		return false
	}
	in.word()
	in.blanks()
	digits, _ := in.until(")")
	a.Status, ok = status(digits)
	return ok
}

func among(list []string, word []byte) bool {
	for _, s := range list {
		if string(word) == s {
			return true
		}
	}
	return false
}

// status reads a three-digit HTTP status.
func status(b []byte) (int16, bool) {
	if len(b) != 3 || b[0] < '1' || b[0] > '5' || !isDigit(b[1]) || !isDigit(b[2]) {
		return 0, false
	}
	return int16(b[0]-'0')*100 + int16(b[1]-'0')*10 + int16(b[2]-'0'), true
}

// duration reads a number with a unit at the start of b, in microseconds, and its
// length; a bare number is none.
func duration(b []byte) (micros int64, n int) {
	tenths, n := decimal(b)
	if n == 0 {
		return 0, 0
	}
	rest := b[n:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest, n = rest[1:], n+1
	}
	for _, u := range durationUnits {
		if hasPrefix(rest, u.name) && (len(rest) == len(u.name) || !isLetter(rest[len(u.name)]) && !isDigit(rest[len(u.name)])) {
			return scale(tenths, u.nanos), n + len(u.name)
		}
	}
	if micros, k := minutes(b); k > 0 {
		return micros, k
	}
	return 0, 0
}

var durationUnits = []struct {
	name  string
	nanos int64
}{
	{"ms", 1e6}, {"msec", 1e6}, {"msecs", 1e6}, {"milliseconds", 1e6}, {"s", 1e9}, {"sec", 1e9}, {"secs", 1e9}, {"seconds", 1e9},
	{"µs", 1e3}, {"μs", 1e3}, {"us", 1e3}, {"microseconds", 1e3}, {"ns", 1},
}

// decimal reads 12.345 as billionths, and its length; larger than a day in seconds
// is no duration.
func decimal(b []byte) (billionths int64, n int) {
	whole, n := leadingNumber(b)
	if n == 0 || n > 9 {
		return 0, 0
	}
	billionths = whole * 1e9
	if n+1 < len(b) && b[n] == '.' && isDigit(b[n+1]) {
		unit := int64(1e8)
		for n++; n < len(b) && isDigit(b[n]); n++ {
			billionths += int64(b[n]-'0') * unit
			unit /= 10
		}
	}
	return billionths, n
}

// scale turns billionths of a unit into microseconds.
func scale(billionths, nanos int64) int64 {
	if nanos < 1000 {
		return billionths / 1e9 * nanos / 1000
	}
	return billionths / 1e3 * (nanos / 1e3) / 1e6
}

// minutes reads Go's 1m2.5s.
func minutes(b []byte) (micros int64, n int) {
	m, n := leadingNumber(b)
	if n == 0 || n > 4 || n >= len(b) || b[n] != 'm' {
		return 0, 0
	}
	seconds, k := decimal(b[n+1:])
	if k == 0 || n+1+k >= len(b) || b[n+1+k] != 's' {
		return 0, 0
	}
	return m*parser.Minute + seconds/1e3, n + k + 2
}
