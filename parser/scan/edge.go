package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"culprit/parser"
	"culprit/parser/applog"
)

// Reading one source with several Readers at once. Each takes a chunk and must come to
// the same records as one Reader that reads all of them, although what is open at a
// chunk's edge depends on the lines before. So a Reader first reads the lead, some lines
// of the chunk before, and drops their records:
//
//	r.Start(ctx, &chunk, year, like) // reads the lead
//	for r.Scan(ctx) { … }            // the chunk's records
//	if r.Follows(before) { … }       // else what it gave is wrong, and
//	before.Continue(&chunk)          // the Reader of the chunk before goes on
//	for before.Scan(ctx) { … }
//
// Follows compares all that a Reader remembers from line to line, at the edge: which
// records wait and how far their grammars are, the year, what envelopes there were. If that
// is the same, what follows is. Of the streams' last stamps, which may be of any line
// before, only those count that a line without a stamp asked for. The detector is not
// compared, since no two ever are alike: it begins as the one of an earlier chunk ended,
// which the caller chooses in the same way whatever the number of Readers. It cost 3 %.

// A Memory is what a Reader starts with: what another one knew of the source's layout.
type Memory struct {
	locks     [256]lock
	taken     []bool
	strictest int
	years     years
	workers   workers
	layers    applog.Layers
	tail      []byte
	tailName  []byte
	described description
}

// Remember fills m with what r knows at the end of its chunk.
func (r *Reader) Remember(m *Memory) {
	d := r.detect
	m.locks, m.strictest = d.locks, d.strictest
	m.taken = m.taken[:0]
	for _, c := range d.all {
		m.taken = append(m.taken, c.taken)
	}
	m.years, m.workers, m.layers = r.years, r.workers, r.layers
	m.tail, m.tailName = append(m.tail[:0], r.tail...), append(m.tailName[:0], r.tailName...)
	m.described.set(&r.described)
}

func (d *description) set(o *description) {
	*d = description{pod: append(d.pod[:0], o.pod...), node: append(d.node[:0], o.node...), ip: o.ip, reading: o.reading, inside: o.inside}
}

// recall makes r know what m holds. Candidates are told by their place, since each
// detector has its own.
func (r *Reader) recall(m *Memory) {
	d := r.detect
	d.locks, d.strictest = m.locks, m.strictest
	for i := range d.locks {
		if c := d.locks[i].c; c != nil {
			d.locks[i].c = d.all[c.place]
		}
	}
	for i, taken := range m.taken {
		d.all[i].taken = taken
	}
	r.years, r.workers, r.layers = m.years, m.workers, m.layers
	r.tail, r.tailName = append(r.tail[:0], m.tail...), append(r.tailName[:0], m.tailName...)
	r.described.set(&m.described)
}

// NewChunkReader returns a Reader that reads chunks.
func NewChunkReader(opts Options) *Reader {
	r := NewReader(nil, opts)
	r.lines.src, r.telling, r.named, r.heads = nil, opts.Telling, opts.Named, &heads{}
	r.chunked, r.two, r.shapes = true, [2]*shortRecord{{}, {}}, &shapeMemo{}
	marks := &parser.Marks{}
	for _, s := range r.two {
		s.env.Marks = marks
	}
	return r
}

// Start begins with a chunk: with its lead, if there is one, of which no record is handed
// out. like is nil for the first chunk of a source, for which year is as in Options.
func (r *Reader) Start(ctx context.Context, c *Chunk, year int, like *Memory) {
	r.restart(year)
	if like != nil {
		r.recall(like)
	}
	r.two[0].start = -1
	r.lines.begin(c.buf[:c.lead], c.line, c.offset)
	named := r.named
	r.named = nil // of the lead nothing is handed out
	for c.lead > 0 && r.Scan(ctx) {
	}
	r.named = named
	r.torn = c.torn
	r.edge = r.state(r.edge[:0])
	r.streams.asked = [maxStreams]bool{}
	r.Continue(c)
}

// Continue goes on with the chunk behind the last one. Stats then counts from there.
func (r *Reader) Continue(c *Chunk) {
	r.release()
	r.detach()
	r.stats = counter{partials: r.stats.partials}
	r.lines.tooLong = 0
	r.passed, r.two[0].start = Passed{}, -1
	r.heads.forget() // the first line of each kind is handed out
	r.lines.begin(c.buf[c.lead:], r.lines.number, r.lines.offset)
	r.lines.eof, r.lines.err = c.last, c.err
}

// Follows reports whether r, which has read a chunk, began as before, which has read the
// chunk before it, has ended. Then r goes on from both.
func (r *Reader) Follows(before *Reader) bool {
	return !r.torn && bytes.Equal(r.edge, before.state(before.now[:0])) && r.streams.over(&before.streams)
}

// begin goes on with the bytes of b.
func (l *lineReader) begin(b []byte, number, offset int64) {
	l.buf, l.start, l.end, l.searched = b, 0, len(b), 0
	l.number, l.offset, l.origin = number, offset, offset
	l.dirty, l.coloured = !plainText(b), applog.Coloured(b)
	l.brace = rare{'{', -1}
}

// restart forgets all but the memory.
func (r *Reader) restart(year int) {
	r.release()
	for _, s := range r.queue {
		r.give(s)
	}
	if r.group != nil {
		r.give(r.group)
	}
	*r = Reader{
		lines: lineReader{maxLine: r.lines.maxLine, moving: r.lines.moving}, decoder: r.decoder, detect: r.detect,
		free: r.free, edge: r.edge, now: r.now, tail: r.tail[:0], tailName: r.tailName[:0],
		years: years{year: year, last: beforeAny, known: -1}, open: r.open[:0],
		telling: r.telling, named: r.named, heads: r.heads, chunked: r.chunked, two: r.two, shapes: r.shapes,
	}
	r.detect.locks = [256]lock{}
	for _, c := range r.detect.all {
		c.taken = false
	}
	r.detect.strictest = len(r.detect.all)
}

// state appends all that r remembers from line to line, but for its detector.
func (r *Reader) state(b []byte) []byte {
	y, d := &r.years, &r.described
	b = fmt.Appendln(b, r.lines.number, r.lines.offset, r.lines.skipping, r.unresolved, r.waiting, r.stats.partials)
	b = fmt.Appendln(b, y.year, y.last, y.passed, y.dated, y.wall, y.back, r.layers, r.workers.next)
	for _, pid := range r.workers.pids {
		b = binary.LittleEndian.AppendUint64(b, uint64(pid))
	}
	b = fmt.Appendf(b, "%q %q %q %q %v %v\n", r.tail, r.tailName, d.pod, d.node, d.reading, d.inside)
	b = r.tls.state(b, r.lines.number)
	for _, s := range r.queue {
		b = s.state(b)
	}
	for _, s := range r.open {
		b = fmt.Appendln(b, "open", s.rec.Offset, s == r.latest)
	}
	if r.group != nil {
		b = r.group.state(append(b, "group "...))
	}
	return b
}

// state appends what tells the slot from another one. Raw is told by its place; the
// texts inside of it come from the same lines by the same way.
func (s *slot) state(b []byte) []byte {
	r, format := &s.rec, ""
	if r.Format != nil {
		format = r.Format.Name
	}
	b = fmt.Appendln(b, r.Line, r.Lines, r.Offset, len(r.Raw), len(r.Message), len(s.inner), r.Truncated, format, r.Kind, r.Level, r.PID)
	b = fmt.Appendln(b, [...]parser.Stamp{r.Stamp, r.Outer, r.After, r.Before, s.last}, s.layers, s.id, s.grammar)
	return fmt.Appendln(b, s.open, s.resolved, s.partial, s.joined, s.queued, s.byLine, s.skipped, s.marks)
}
