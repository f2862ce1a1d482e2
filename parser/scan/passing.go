package scan

import (
	"bytes"
	"encoding/binary"

	"culprit/parser"
	"culprit/parser/applog"
)

// Nearly all lines of an application's log are healthy, have no envelope and stand alone; all
// that is kept of such a line is that it was there, when, and in which format, and maybe what its message
// names (Options.Named). So where the
// caller can tell where the text goes on to say something (Options.Telling), a line may be
// passed: it is counted and not handed out. What step would have made of it is known:
//
//   - there is no envelope around it: behind a stamp with a blank inside and without a zone only
//     another stamp would make one (applog.Peel), and there stands what stood behind one before;
//   - its stamp is laid out as that of a line before it, and from there to a letter with which
//     the message begins it has the very bytes of that line, whose format takes any such line
//     (parser.Format.HeadDecides), is the strictest that the source has, and is the one that
//     would be asked first (detector.parse);
//   - nothing that the format, the scanner or the caller looks for stands in its message, nor does
//     what is before it call it an error;
//   - the line behind it can be passed, too, so nothing is joined to it.
//
// FuzzPassing holds what is left of a log against what is left of it when no line is passed.
// A log of which 9,999 of 10,000 lines are healthy takes two fifths of the time.

// Passed are lines below the level of an error that were not handed out, right before the record
// that was, or since the last one.
type Passed struct {
	Format *parser.Format
	Lines  int64
	Latest parser.Stamp // the greatest one, of equals the first
}

// Passed returns what was passed since the last call.
func (r *Reader) Passed() Passed {
	p := r.passed
	r.passed = Passed{}
	return p
}

// A head is what stands before the message of a line.
type head struct {
	text   []byte // between stamp and message
	digits int    // of the stamp's fraction of a second
	key    uint32 // of the line's shape
	marks  uint32 // its part of the line's sequel
	c      *candidate
}

const (
	stampBytes = len("2006-01-02 15:04:05")
	minKey     = 16 // bytes behind the stamp, which choose a head's place
	maxKey     = 32
	maxHead    = 128
	// leastBehind is how much must stand behind a stamp for Peel to look for another one there.
	leastBehind = 21
	headPlaces  = 128
	headWays    = 4
)

// heads are what stood before the messages of the chunk's lines so far.
type heads struct {
	tags [headPlaces][headWays]uint64 // of each head what its place is made of; 0 if there is none
	all  [headPlaces][headWays]head
	next [headPlaces]uint8
	date [len("2006-01-02")]byte // the last one
	day  int64                   // its microseconds

	last   [3]uint64 // the bytes of the last stamp up to its second: most lines are of the same one
	second int64     // its microseconds
}

func (h *heads) forget() { h.tags = [headPlaces][headWays]uint64{} }

// A silent line is one that can be passed if the line behind it can be.
type silentLine struct {
	c     *candidate
	stamp parser.Stamp
	end   int // of it with its newline, in the line reader's buffer
	lock  *lock

	message []byte
}

// pass goes on behind lines that need not be handed out, and reports whether there was one, or
// whether the record before one is complete now.
func (r *Reader) pass() bool {
	if r.telling == nil || !r.mayPass(r.lines.start) || !r.plainAhead() {
		return false
	}
	line, next := &r.silentLines[0], &r.silentLines[1]
	if !r.silent(r.lines.start, line) {
		return false
	}
	for any := false; ; any = true {
		if !r.silent(line.end, next) || line.lock.due() {
			return any
		}
		if len(r.queue) > 0 {
			r.close(r.queue[0]) // as the line behind it does
			return true
		}
		r.passOne(line)
		line, next = next, line
	}
}

// plainAhead reports whether the next line is plain text and begins a record.
func (r *Reader) plainAhead() bool {
	return !r.lines.dirty && r.lines.number > 0 && !r.lines.skipping && r.idle()
}

// idle reports whether nothing but a complete record of a plain line waits for the next line.
func (r *Reader) idle() bool {
	if r.group != nil || len(r.list.raw) > 0 || r.described.reading || r.stats.partials > 0 || len(r.tail) > 0 || r.layers != (applog.Layers{}) || len(r.queue) > 1 {
		return false
	}
	if len(r.queue) == 0 {
		return len(r.open) == 0
	}
	s := r.queue[0]
	return s.open && s.resolved && s.id == 0 && s.layers.N == 0 && s.grammar.lang == none
}

// passOne counts a line as step does.
func (r *Reader) passOne(line *silentLine) {
	line.lock.hits++
	r.lines.number++
	r.lines.advance(line.end - r.lines.start)
	r.stats.pass(line.c.format, line.stamp)
	if r.named != nil {
		r.named(line.stamp, line.message)
	}
	p := &r.passed
	if p.Lines == 0 || line.stamp.Micros > p.Latest.Micros {
		p.Latest = line.stamp
	}
	p.Format = line.c.format
	p.Lines++
}

// mayPass reports whether a stamp may begin the line that begins at a place of the buffer.
func (r *Reader) mayPass(at int) bool {
	data := r.lines.buf[at:r.lines.end]
	return len(data) >= stampBytes+minKey && data[4] == '-' && data[10] == ' ' && data[13] == ':' && data[16] == ':'
}

// silent looks at the line that begins at a place of the buffer.
func (r *Reader) silent(at int, s *silentLine) (ok bool) {
	if !r.mayPass(at) {
		return false
	}
	data := r.lines.buf[at:r.lines.end]
	n := bytes.IndexByte(data, '\n')
	if n < stampBytes+minKey || n > r.lines.maxLine {
		return false
	}
	line := data[:n]
	if line[n-1] == '\r' {
		line = line[:n-1]
	}
	digits, end, parts := fraction(line)
	h := r.heads.find(line[end:], digits)
	if h == nil || r.detect.strictest < h.c.place {
		return false
	}
	message := end + len(h.text)
	if s.lock = r.detect.lock(h.key); s.lock.key != h.key || s.lock.c != h.c || !s.lock.has(sequelBehind(h.marks, line, message)) {
		return false
	}
	if s.stamp, ok = r.heads.stamp(line, digits, parts); !ok {
		return false
	}
	s.c, s.end, s.message = h.c, at+n+1, line[message:]
	l := &r.lines
	return !l.brace.stands(l.buf[:l.end], at+message, at+n) && !(l.coloured && applog.Coloured(s.message)) && r.telling(s.message) < 0
}

// A rare byte is not looked for in each line, but its next place is known.
type rare struct {
	c  byte
	at int
}

// stands reports whether it is in buf[from:to]. from never goes back.
func (r *rare) stands(buf []byte, from, to int) bool {
	if r.at < from {
		r.at = len(buf)
		if i := bytes.IndexByte(buf[from:], r.c); i >= 0 {
			r.at = from + i
		}
	}
	return r.at < to
}

// fraction returns how many digits of a second's fraction stand behind the seconds, where
// the stamp ends, and the number of these digits.
func fraction(line []byte) (digits, end int, parts int64) {
	end = stampBytes
	if line[end] != ',' && line[end] != '.' {
		return 0, end, 0
	}
	for end++; end < len(line) && isDigit(line[end]); end++ {
		parts = parts*10 + int64(line[end]-'0')
		digits++
	}
	return digits, end, parts
}

// find returns the head with which a line goes on behind its stamp, nil if it is not known.
func (h *heads) find(rest []byte, digits int) *head {
	tag := uint64(0)
	for n := 0; n < maxKey && n+8 <= len(rest); n += 8 {
		if tag = nextTag(tag, rest[n:]); n+8 < minKey {
			continue
		}
		tags := &h.tags[tag>>57]
		for i := range tags {
			if tags[i] != tag || tag == 0 {
				continue
			}
			e := &h.all[tag>>57][i]
			if e.digits == digits && len(rest) > len(e.text) && begins(rest, e.text) && classes[rest[len(e.text)]] == 2 {
				return e
			}
		}
	}
	return nil
}

// begins reports whether a line goes on with the text of a head, by eight bytes at once: these
// branches are foretold, those of a comparison of any length are not.
func begins(rest, text []byte) bool {
	if len(text) < 8 || len(rest) < len(text) {
		return bytes.HasPrefix(rest, text)
	}
	rest = rest[:len(text)]
	for i := 0; i+8 < len(text); i += 8 {
		if binary.LittleEndian.Uint64(rest[i:]) != binary.LittleEndian.Uint64(text[i:]) {
			return false
		}
	}
	return binary.LittleEndian.Uint64(rest[len(rest)-8:]) == binary.LittleEndian.Uint64(text[len(text)-8:])
}

// tagOf is what the place of a head is made of: its first bytes, as many as it has of those that
// count, for the same level and the beginning of a thread's name stand before many.
func tagOf(rest []byte, length int) uint64 {
	tag := nextTag(nextTag(0, rest), rest[8:])
	for n := minKey; n < maxKey && n+8 <= length; n += 8 {
		tag = nextTag(tag, rest[n:])
	}
	return tag
}

// nextTag takes eight more bytes into account. Its upper seven bits are a place.
func nextTag(tag uint64, b []byte) uint64 {
	return (tag ^ binary.LittleEndian.Uint64(b)) * 0x9e3779b97f4a7c15
}

// stamp reads the stamp of a line whose marks stand where they should; so many digits of a
// second's fraction are the number parts.
func (h *heads) stamp(line []byte, digits int, parts int64) (s parser.Stamp, ok bool) {
	if digits > 6 || !h.sameSecond(line) && !h.readSecond(line) {
		return s, false
	}
	s.Precision, s.Clock = precisions[digits], parser.ClockLocal
	s.Micros = h.second + parts*s.Precision
	return s, true
}

// precisions are those of stamps with so many digits behind the second.
var precisions = [...]int64{parser.Second, parser.Second / 10, parser.Second / 100, parser.Second / 1000, 100, 10, 1}

// sameSecond reports whether a stamp is of the second that was read last.
func (h *heads) sameSecond(line []byte) bool {
	return h.last == [3]uint64{binary.LittleEndian.Uint64(line), binary.LittleEndian.Uint64(line[8:]), binary.LittleEndian.Uint64(line[stampBytes-8:])}
}

func (h *heads) readSecond(line []byte) bool {
	hour, minute, second := twoDigits(line[11:]), twoDigits(line[14:]), twoDigits(line[17:])
	if string(line[:len(h.date)]) != string(h.date[:]) || hour > 23 || minute > 59 || second > 60 {
		return false
	}
	h.last = [3]uint64{binary.LittleEndian.Uint64(line), binary.LittleEndian.Uint64(line[8:]), binary.LittleEndian.Uint64(line[stampBytes-8:])}
	h.second = h.day + int64(hour*3600+minute*60+second)*parser.Second
	return true
}

// twoDigits is more than 99 for what is no number.
func twoDigits(b []byte) uint {
	tens, ones := uint(b[0]-'0'), uint(b[1]-'0')
	if tens > 9 || ones > 9 {
		return 100
	}
	return tens*10 + ones
}

// note remembers the head of a record, if lines like it may be passed.
func (r *Reader) note(s *slot, raw []byte, c *candidate) {
	rec := &s.rec
	if r.telling == nil || !c.format.HeadDecides || c.opens != nil || s.layers.N > 0 || s.joined || rec.Kind != parser.KindLog || rec.PID != 0 || rec.Level >= parser.LevelError ||
		rec.Stamp.Clock != parser.ClockLocal || len(rec.Host)+len(rec.Program)+len(rec.Unit)+len(rec.Container) > 0 || len(r.tail) > 0 {
		return
	}
	at := cap(raw) - cap(rec.Message)
	if len(rec.Message) == 0 || at < stampBytes || at >= len(raw) || &raw[at] != &rec.Message[0] || classes[raw[at]] != 2 || raw[4] != '-' || raw[10] != ' ' {
		return
	}
	digits, end, parts := fraction(raw)
	h := r.heads
	copy(h.date[:], raw)
	h.day, h.last = rec.Stamp.Micros-rec.Stamp.Micros%parser.Day, [3]uint64{}
	if stamp, ok := h.stamp(raw, digits, parts); !ok || stamp != rec.Stamp || at < end || at-end > maxHead || suspect(c, raw[:at]) || len(raw) < end+leastBehind || h.find(raw[end:], digits) != nil {
		return
	}
	tag := tagOf(raw[end:], at-end)
	place := tag >> 57
	way := h.next[place] % headWays
	h.next[place]++
	e := &h.all[place][way]
	h.tags[place][way] = tag
	*e = head{text: append(e.text[:0], raw[end:at]...), digits: digits, key: shape(raw), marks: marksOf(raw[:at]), c: c}
}
