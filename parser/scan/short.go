package scan

import (
	"bytes"
	"encoding/binary"

	"culprit/parser"
	"culprit/parser/applog"
)

// The lines of nginx's logs, and of what writes like it, mostly have no envelope and stand alone,
// too, but are to be handed out. A line that begins with an address or with 2026/11/22 goes a
// short way: it is read by the format that would be asked first, into a record that needs no
// slot, and handed out once the line behind it was read in the same way, so that nothing is
// joined to it. What is not plain on this way goes the long one. FuzzShort holds the two
// against each other. It saves two fifths of the time for both logs.

// A shortRecord is a line that was read on the short way.
type shortRecord struct {
	rec   parser.Record
	env   parser.Env
	c     *candidate
	lock  *lock
	again bool // nothing but the format's Again has filled rec since its Reset
	start int  // of the line, in the line reader's buffer; -1 if there is none
	end   int  // of it with its newline
}

// short hands out the next record if its line and the one behind it can go the short way. It
// reports whether there is a record, or the one before it has to be handed out first.
func (r *Reader) short() (ready bool) {
	if !r.chunked || !r.plainAhead() {
		return false
	}
	this := r.two[0]
	if this.start != r.lines.start && !r.readShort(this, nil, r.lines.start) || !r.nextShort() {
		return false
	}
	if len(r.queue) > 0 {
		r.close(r.queue[0])
		return true
	}
	r.handOut()
	return true
}

// goOn hands out the next record behind one that went the short way, so that nothing waits for the
// line. Most lines do: an error log takes 9 % less time.
func (r *Reader) goOn() bool {
	if r.lines.number%64 == 0 || r.two[0].start != r.lines.start || !r.nextShort() {
		return false
	}
	r.handOut()
	return true
}

// nextShort reports whether the next line, which was read on the short way, may be handed out: the one
// behind it could be read in the same way.
func (r *Reader) nextShort() bool {
	this, next := r.two[0], r.two[1]
	if this.c.place > 0 && this.lock.due() || !r.readShort(next, this, this.end) {
		this.start = -1
		return false
	}
	return true
}

// handOut hands out the record of the next line, behind which the next one was read.
func (r *Reader) handOut() {
	this := r.two[0]
	if this.c.place > 0 { // the first format is asked about each line
		this.lock.hits++
	}
	r.lines.number++
	rec := &this.rec
	rec.Line, rec.Lines, rec.Offset = r.lines.number, 1, r.lines.offset
	r.lines.advance(this.end - this.start)
	if rec.Stamp.Clock == parser.ClockLocal {
		r.years.settle(&rec.Stamp)
	}
	if this.c.format.Glued {
		r.workers.saw(rec.PID)
	}
	r.stats.handOut(rec)
	r.handed = rec
	this.start = -1
	r.two[0], r.two[1] = r.two[1], this
}

// readShort reads the line at a place of the buffer, if it can go the short way. Behind a line before
// that begins with the same bytes it is read as that was.
func (r *Reader) readShort(s, before *shortRecord, at int) bool {
	s.start = -1
	data := r.lines.buf[at:r.lines.end]
	if len(data) < 2*shapeBytes || !isDigit(data[0]) || data[1] != '.' && data[2] != '.' && data[3] != '.' && data[4] != '/' {
		return false
	}
	n := bytes.IndexByte(data, '\n')
	if n < 2*shapeBytes || n > r.lines.maxLine {
		return false
	}
	line := data[:n:n]
	if line[n-1] == '\r' {
		line = line[:n-1]
	}
	if before != nil && sameStart(line, before.rec.Raw) {
		s.lock, s.c = before.lock, before.c
	} else if !r.lockShort(s, line) {
		return false
	}
	c := s.c
	if c.place > 0 && !s.lock.knows(line) || r.lines.coloured && applog.Coloured(line) {
		return false
	}
	s.env.Year, s.env.Buf = r.years.year, shrink(s.env.Buf)
	if c.format.Again == nil || !r.asksAgain(c) || !r.readAgain(s, line, c) {
		s.again = false
		s.rec.Reset()
		if line[4] == '/' && mayBeGlued(nil, line) && r.glued(nil, line) >= 0 ||
			!c.format.Parse(line, &s.env, &s.rec) || s.rec.Stamp.Clock < parser.ClockLocal || c.opens != nil && c.opens(&s.rec, line) != none {
			return false
		}
	}
	s.rec.Format, s.rec.Raw = c.format, line
	s.start, s.end = at, at+n+1
	return true
}

// lockShort finds the format that lines of this shape are shown first, if it may be read on the short way.
func (r *Reader) lockShort(s *shortRecord, line []byte) bool {
	s.lock = r.shapes.lock(r.detect, line)
	if s.lock == nil {
		return false
	}
	s.c = s.lock.c
	return s.c != nil && s.c.format.Role == parser.RoleGateway && !s.c.format.Handshakes && r.detect.strictest >= s.c.place
}

// sameStart compares what makes a line's shape: most lines of an access log differ in it at once.
func sameStart(a, b []byte) bool {
	order := binary.LittleEndian
	return order.Uint64(a) == order.Uint64(b) && order.Uint64(a[8:shapeBytes]) == order.Uint64(b[8:shapeBytes])
}

// A shapeMemo knows the locks of lines by what they begin with, all digits being alike: addresses of an
// access log have a few layouts. It is asked about lines that begin with a digit. BenchmarkShape/access
// takes 36 ns a line, and BenchmarkShapeMemo/access 11.
type shapeMemo [256]struct {
	first, second uint64
	key           uint32
	lock          *lock
}

// lock returns the lock of a line's shape, nil if there is none.
func (m *shapeMemo) lock(d *detector, line []byte) *lock {
	first, second := digitsAlike(line), digitsAlike(line[8:])
	e := &m[(first^second*nextPrime)*nextPrime>>56]
	if e.lock != nil && e.first == first && e.second == second && e.lock.key == e.key {
		return e.lock
	}
	key := shape(line)
	l := d.lock(key)
	if l.key != key {
		return nil
	}
	e.first, e.second, e.key, e.lock = first, second, key, l
	return l
}

const nextPrime = 0x9e3779b97f4a7c15

// digitsAlike is the number that eight bytes make, with a 0 for each digit.
func digitsAlike(b []byte) uint64 {
	const each = 0x0101010101010101
	w := binary.LittleEndian.Uint64(b)
	x := w ^ '0'*each
	others := (x&(0x7f*each) + (0x7f-9)*each | x) & (0x80 * each)
	digits := (others ^ 0x80*each) >> 7 * 0xff
	return w&^digits | '0'*each&digits
}

// A refused counts how many lines in a row the Again of a format did not take: where the layout is another
// one, each line would be begun twice. A log with unnamed upstream fields takes a tenth less so.
type refused struct {
	c *candidate
	n uint32
}

const (
	manyRefused = 8  // from so many on
	askedOfMany = 16 // only one line of so many is shown to Again
)

func (r *Reader) asksAgain(c *candidate) bool {
	f := &r.refused
	return f.c != c || f.n < manyRefused || r.lines.number%askedOfMany == 0
}

// readAgain reads a line that is like one before.
func (r *Reader) readAgain(s *shortRecord, line []byte, c *candidate) bool {
	if !s.again || s.rec.Format != c.format {
		s.rec.Reset()
	}
	if s.again = c.format.Again(line, &s.env, &s.rec); s.again {
		r.refused.n = 0
	} else if f := &r.refused; f.c != c {
		*f = refused{c, 1}
	} else {
		f.n++
	}
	return s.again
}
