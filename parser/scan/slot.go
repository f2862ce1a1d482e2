package scan

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/applog"
)

// Bounds of one record.
const (
	maxRecordLines = 1000
	maxRecordBytes = 256 << 10
)

// A slot is one record on its way from its first line to the caller, with the memory
// that its slices need. Slots are reused.
type slot struct {
	rec    parser.Record
	env    parser.Env
	layers applog.Layers
	id     uint64 // stream the record belongs to: hash of its identity, 0 without envelope

	open     bool // may take further lines
	resolved bool // needs no later stamp
	partial  bool // the envelope says that the text goes on
	owned    bool // nothing points into the line reader's buffer
	joined   bool // more than one physical line: Raw, the text inside and Message have memory of their own
	queued   bool // in the reader's queue
	byLine   bool // Message keeps one line for each physical line; marks hold no offsets in it
	skipped  int  // physical lines before the Message, if byLine

	grammar grammar
	last    parser.Stamp // of the last line

	text                     []byte // of the first line inside its envelopes
	raw, message, inner, own []byte // memory for Raw, Message, the text inside the envelopes and all else
	marks                    []mark
}

// A mark says where in a record a physical line begins.
type mark struct {
	line, offset int64
	raw          int // in Raw
	message      int // in Message
}

// reset prepares the slot for a new record and keeps its memory.
func (s *slot) reset() {
	s.rec.Reset()
	s.env.Buf = shrink(s.env.Buf)
	s.layers, s.id, s.last = applog.Layers{}, 0, parser.Stamp{}
	s.open, s.resolved, s.partial, s.owned, s.joined, s.queued, s.byLine, s.skipped = false, false, false, false, false, false, false, 0
	s.grammar.reset()
	s.text = nil
	s.raw, s.message, s.inner, s.own = shrink(s.raw), shrink(s.message), shrink(s.inner), shrink(s.own)
	s.marks = s.marks[:0]
}

// shrink empties b, and lets go of it if it is large.
func shrink(b []byte) []byte {
	if cap(b) > maxIdleBytes {
		return nil
	}
	return b[:0]
}

// begin fills the position from the record's first line.
func (s *slot) begin(p physical) {
	s.rec.Line, s.rec.Lines, s.rec.Offset = p.number, max(p.lines, 1), p.offset
	s.rec.Raw, s.rec.Truncated = p.raw, p.cut
	s.last = s.rec.Stamp
}

// physical returns what s was gathered from, to be read as one line.
func (s *slot) physical() physical {
	return physical{raw: s.rec.Raw, number: s.rec.Line, lines: s.rec.Lines, offset: s.rec.Offset, cut: s.rec.Truncated}
}

// block returns s if it is a block of lines, which has marks of its own.
func (s *slot) block() *slot {
	if s.joined {
		return s
	}
	return nil
}

// hold keeps the text inside s and its Message: as they are for one line, which seldom grows.
func (s *slot) hold(inner []byte) {
	if !s.joined {
		s.text = inner
		return
	}
	s.inner = append(s.inner[:0], inner...)
	s.message = append(s.message[:0], s.rec.Message...)
	s.rec.Message = s.message
}

// full reports whether another line of n bytes would break a bound.
func (s *slot) full(n int) bool {
	return len(s.marks) >= maxRecordLines || len(s.rec.Raw)+n+1 > maxRecordBytes || len(s.rec.Message)+n+1 > maxRecordBytes
}

// grow turns a record of one line into one that lines can be joined to.
func (s *slot) grow() {
	if s.joined {
		return
	}
	s.joined = true
	s.marks = append(s.marks, mark{line: s.rec.Line, offset: s.rec.Offset})
	s.inner = append(s.inner[:0], s.text...)
	s.raw = append(s.raw[:0], s.rec.Raw...)
	s.message = append(s.message[:0], s.rec.Message...)
	s.rec.Raw, s.rec.Message = s.raw, s.message
}

// join adds a line: its raw bytes, and text to the message behind glue ("\n", or ""
// for the pieces of one line). If it is a block, block has its marks.
func (s *slot) join(p physical, block *slot, text []byte, glue string) {
	s.raw = append(append(s.raw, '\n'), p.raw...)
	s.inner = append(append(s.inner, glue...), text...)
	s.message = append(append(s.message, glue...), text...)
	raw, message := len(s.raw)-len(p.raw), len(s.message)-len(text)
	if block != nil {
		for _, m := range block.marks {
			s.marks = append(s.marks, mark{m.line, m.offset, raw + m.raw, message + m.message})
		}
	} else {
		s.marks = append(s.marks, mark{p.number, p.offset, raw, message})
	}
	s.rec.Lines += max(p.lines, 1)
	s.rec.Raw, s.rec.Message = s.raw, s.message
	s.rec.Truncated = s.rec.Truncated || p.cut
}

// detach copies what points into the line reader's buffer, which is about to change.
func (s *slot) detach() {
	if s.owned {
		return
	}
	s.owned = true
	s.keep(&s.text)
	s.rec.EachSlice(s.keep)
}

// keep moves a slice into the slot's own memory.
func (s *slot) keep(b *[]byte) {
	if len(*b) > 0 {
		n := len(s.own)
		s.own = append(s.own, *b...)
		*b = s.own[n:len(s.own):len(s.own)]
	}
}

// physicalAt returns the index of the mark of the line on which byte i of Message stands.
func (s *slot) physicalAt(i int) int {
	if s.byLine {
		i = min(max(i, 0), len(s.rec.Message))
		return min(s.skipped+bytes.Count(s.rec.Message[:i], newline), len(s.marks)-1)
	}
	k := len(s.marks) - 1
	for k > 0 && s.marks[k].message > i {
		k--
	}
	return k
}

var newline = []byte("\n")
