package scan

import (
	"bytes"
	"io"
)

// Sizes of chunks.
const (
	// DefaultChunk is how many bytes a chunk has. What is folded inside of one is merged once, and
	// what it takes to start a Reader and to compare it with the one before is spent once: an error log
	// takes 12 % less CPU with 2 MiB than with 512 KiB, an access log 5 % and an application's 8 %. What is
	// in flight has to lie in memory, at most one more than there are cores. With 3 MiB an error log takes
	// another 6 % less and the others less than that; 4 MiB are no faster, and take 8 MiB more.
	DefaultChunk = 3 << 20
	// leadBytes of the chunk before are read first, to learn what is open at the edge.
	leadBytes = 8 << 10
)

// A Chunk is a part of a source that ends at a line's end, with some lines before it. It
// is read by Reader.Start, or by Reader.Continue. Its memory is reused by Splitter.Next.
type Chunk struct {
	buf    []byte
	lead   int   // bytes of buf that belong to the chunk before
	line   int64 // lines of the source before buf
	offset int64 // of buf[0] in the decompressed source
	torn   bool  // the chunk before ended inside of a line
	last   bool
	err    error // of the last one: what the source ended with
}

// Last reports whether it ends the source.
func (c *Chunk) Last() bool { return c.last }

// A Splitter cuts a source into chunks. A line too long to be kept whole is torn: such
// chunks can only be continued.
type Splitter struct {
	src      *decoder
	size     int
	rest     []byte // read, behind the last whole line
	lead     []byte // last lines of the chunk before
	line     int64
	offset   int64
	torn     bool
	err      error
	ended    bool
	stalled  int
	leadSize int
	maxLine  int // the Reader's
}

// NewSplitter returns a Splitter of the decompressed bytes of r into chunks of about size
// bytes; 0 means DefaultChunk.
func NewSplitter(r io.Reader, size int) *Splitter {
	if size <= 0 {
		size = DefaultChunk
	}
	return &Splitter{src: newDecoder(r), size: size, leadSize: leadBytes, maxLine: DefaultMaxLine}
}

// Next fills c and reports whether there was one: a source has one at least, which may
// be empty.
func (s *Splitter) Next(c *Chunk) bool {
	if s.ended {
		return false
	}
	c.buf = append(append(c.buf[:0], s.lead...), s.rest...)
	c.lead, c.line, c.offset, c.torn, c.err = len(s.lead), s.line-int64(bytes.Count(s.lead, newline)), s.offset-int64(len(s.lead)), s.torn, nil
	s.fill(c, s.size)
	n := bytes.LastIndexByte(c.buf[c.lead:], '\n')
	if n < 0 && len(c.buf)-c.lead <= s.maxLine {
		s.fill(c, s.maxLine+s.size)
		n = bytes.LastIndexByte(c.buf[c.lead:], '\n')
	}
	end := len(c.buf)
	if s.torn = n < 0 && !s.ended; n >= 0 && !s.ended {
		end = c.lead + n + 1
	}
	s.rest = append(s.rest[:0], c.buf[end:]...)
	c.buf, c.last, c.err = c.buf[:end], s.ended, s.err
	s.line += int64(bytes.Count(c.buf[c.lead:], newline))
	s.offset += int64(end - c.lead)
	s.keepLead(c.buf[c.lead:])
	return true
}

// fill reads until the chunk has size bytes or the source has ended.
func (s *Splitter) fill(c *Chunk, size int) {
	full := c.lead + size
	if cap(c.buf) < full {
		c.buf = append(make([]byte, 0, s.leadSize+size), c.buf...)
	}
	for !s.ended && len(c.buf) < full {
		n, err := s.src.Read(c.buf[len(c.buf):full])
		c.buf = c.buf[:len(c.buf)+n]
		if n > 0 {
			s.stalled = 0
		} else if s.stalled++; err == nil && s.stalled >= 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.ended = true
			if err != io.EOF {
				s.err = err
			}
			return
		}
	}
}

// keepLead keeps the last whole lines of a chunk.
func (s *Splitter) keepLead(body []byte) {
	s.lead = s.lead[:0]
	if s.torn || s.ended {
		return
	}
	if len(body) > s.leadSize {
		body = body[len(body)-s.leadSize:]
		body = body[bytes.IndexByte(body, '\n')+1:]
	}
	s.lead = append(s.lead, body...)
}
