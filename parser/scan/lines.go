package scan

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// blockBytes is how much is read at once.
const blockBytes = 256 << 10

// A physical is one line of the source without its newline and carriage return. Its
// bytes stand in the line reader's buffer. A block of lines is read as one, too.
type physical struct {
	raw    []byte
	number int64 // from 1
	lines  int32 // of a block; 0 for a line
	offset int64 // of the first byte in the decompressed source
	cut    bool  // longer than the bound
	dirty  bool  // may hold NULs or invalid UTF-8
}

// A lineReader cuts a stream into lines. Lines over maxLine keep their head; the
// rest is skipped to the newline.
type lineReader struct {
	src     io.Reader // nil if the bytes of a chunk are all
	moving  func()    // called before bytes of returned lines move
	maxLine int

	buf        []byte
	start, end int   // unread part of buf
	searched   int   // bytes from start known to hold no newline
	offset     int64 // of buf[start]
	origin     int64 // offset of the first byte that counts
	number     int64 // of the last line
	skipping   bool  // the rest of a too long line
	dirty      bool  // something in buf is not plain UTF-8
	coloured   bool  // something in the chunk is an escape sequence
	eof        bool
	err        error // what src ended with, io.EOF excepted
	idle       bool  // src has nothing for now
	stalled    int   // reads in a row that gave nothing
	filled     bool  // the last read took all the room there was

	brace rare // of a chunk

	tooLong      int64
	firstTooLong int64
}

// next returns the next line. At the end, or when the source is idle, it reports false.
func (l *lineReader) next() (p physical, ok bool) {
	for {
		if l.skipping && !l.skip() {
			if !l.fill() {
				return p, false
			}
			continue
		}
		data := l.buf[l.start:l.end]
		if n := bytes.IndexByte(data[l.searched:], '\n'); n >= 0 {
			if n += l.searched; n <= l.maxLine {
				return l.take(n, n+1), true
			}
			return l.takeHead(), true
		}
		if l.searched = len(data); len(data) > l.maxLine {
			return l.takeHead(), true
		}
		if l.fill() {
			continue
		}
		if l.eof && len(data) > 0 {
			return l.take(len(data), len(data)), true
		}
		return p, false
	}
}

// take returns a line of n bytes and goes on behind size bytes.
func (l *lineReader) take(n, size int) physical {
	raw := l.buf[l.start : l.start+n : l.start+n]
	if n > 0 && raw[n-1] == '\r' {
		raw = raw[:n-1]
	}
	l.number++
	p := physical{raw: raw, number: l.number, offset: l.offset, dirty: l.dirty}
	l.advance(size)
	return p
}

// takeHead returns the first maxLine bytes of a too long line.
func (l *lineReader) takeHead() physical {
	if l.tooLong == 0 {
		l.firstTooLong = l.offset
	}
	l.tooLong++
	p := l.take(l.maxLine, l.maxLine)
	p.cut, l.skipping = true, true
	return p
}

// skip drops bytes up to and with the next newline and reports whether it was there.
func (l *lineReader) skip() bool {
	n := bytes.IndexByte(l.buf[l.start:l.end], '\n')
	if n < 0 {
		l.advance(l.end - l.start)
		l.skipping = !l.eof
		return l.eof
	}
	l.advance(n + 1)
	l.skipping = false
	return true
}

func (l *lineReader) advance(n int) {
	l.start += n
	l.offset += int64(n)
	l.searched = 0
}

// fill reads one more block behind the unread bytes.
func (l *lineReader) fill() bool {
	if l.eof || l.src == nil {
		return false
	}
	l.makeRoom()
	room := l.buf[l.end:min(len(l.buf), l.end+blockBytes)]
	n, err := l.src.Read(room)
	l.filled = n == len(room)
	if n > 0 {
		block := l.buf[l.end : l.end+n]
		l.dirty = l.dirty || !plainText(block)
		l.end += n
	}
	if n == 0 && err == nil {
		if l.stalled++; l.stalled >= 100 {
			err = io.ErrNoProgress
		}
	} else {
		l.stalled = 0
	}
	switch {
	case err == ErrIdle:
		l.idle = true
		l.rest()
		return n > 0
	case err != nil:
		l.eof = true
		if err != io.EOF {
			l.err = err
		}
		return n > 0
	}
	return true
}

// leastBuffer is what a source begins with, and what one that is silent goes back to: a thousand
// followed files held 600 MB when each had room for two blocks.
const leastBuffer = 16 << 10

// makeRoom moves the unread bytes to the front when the buffer is used up, and makes it larger
// where the source has more than it holds.
func (l *lineReader) makeRoom() {
	whole := max(2*blockBytes, l.maxLine+blockBytes+1)
	if l.buf == nil {
		l.buf = make([]byte, leastBuffer)
	}
	size, unread := len(l.buf), l.end-l.start
	if small := size < whole; size-l.end >= min(blockBytes, size/2)/2 && !(small && l.filled) {
		return
	} else if small && (l.filled || unread > size/4) {
		size = min(4*size, whole)
	}
	l.moving()
	to := l.buf
	if size > len(to) {
		to = make([]byte, size)
	}
	l.end = copy(to, l.buf[l.start:l.end])
	l.buf, l.start = to, 0
	l.dirty = !plainText(l.buf[:l.end])
}

// rest lets a large buffer go that holds nothing.
func (l *lineReader) rest() {
	if l.start == l.end && len(l.buf) > leastBuffer {
		l.buf, l.start, l.end, l.filled, l.dirty = nil, 0, 0, false, false
	}
}

// plainText reports whether there is neither a NUL nor invalid UTF-8 in b.
func plainText(b []byte) bool { return bytes.IndexByte(b, 0) < 0 && utf8.Valid(b) }

// withoutNUL returns b without NUL bytes and how many there were: a crash or a truncated
// file leaves runs of them. b stays as it is, since a chunk may be read once more.
func withoutNUL(b []byte) ([]byte, int) {
	n := bytes.Count(b, []byte{0})
	if n == 0 {
		return b, 0
	}
	return bytes.ReplaceAll(b, []byte{0}, nil), n
}
