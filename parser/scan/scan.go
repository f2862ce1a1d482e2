// Package scan turns the bytes of a source into records.
//
// A Reader cuts blocks into lines (lines.go, encoding.go), peels envelopes
// (applog.Peel), gathers the blocks of journalctl and dmesg (block.go), finds the format
// (detect.go), joins the lines that belong together (grammar.go, openers.go, trace_*.go),
// settles years and the neighbours of lines without a stamp (years.go), and yields one
// parser.Record after the other in the order of their first lines:
//
//	r := scan.NewReader(source, scan.Options{Year: 2026})
//	for r.Scan(ctx) {
//		use(r.Record())
//	}
//	return r.Err()
//
// Each physical line belongs to exactly one record, whatever is in it: what no format
// knows is a record of its own with Format nil. Exceptions are made for two entries of
// nginx on one line (glued.go) and for a log store's list on one line (list.go). The result does not depend on how the bytes arrive.
//
// Why a queue: whether a record is complete is only known from the next line of its
// stream, and streams may interleave (Docker's stdout and stderr, the journal, compose).
// So a few records wait, each in a slot with its own memory; a healthy line is never
// copied unless the buffer moves under it, once in 256 KiB.
package scan

import (
	"context"
	"errors"
	"io"

	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/gateway"
)

// ErrIdle is what a followed source's Read returns when there is nothing for now. The
// Reader then hands out all records that wait for more lines and reads on afterwards.
var ErrIdle = errors.New("source idle")

// DefaultMaxLine bounds a line in bytes.
const DefaultMaxLine = 256 << 10

// Bounds of what waits.
const (
	maxOpen  = 8   // records of different streams that may still grow
	maxQueue = 256 // records that wait for anything

	maxWaiting   = 4 << 20  // bytes of them
	maxIdleBytes = 64 << 10 // memory that a free slot keeps for each purpose
)

// Options says how to read. The zero value is useful.
type Options struct {
	Year       int              // of yearless stamps at the start, see parser.Env
	LogFormats []*parser.Format // formats to try before the built-in ones
	MaxLine    int              // longest line kept whole, in bytes; 0 means DefaultMaxLine
	Formats    []*parser.Format // instead of the built-in ones, if not nil
	// Telling, if not nil, lets a Reader of chunks pass lines of applications that tell nothing
	// (see Passed). It returns where in a message the caller finds something, or one of the
	// scanner's own words (parser.WordUpstream and the others) or an HTTP method (parser.MethodAt)
	// stands, -1 if nowhere.
	Telling func(message []byte) int
	// Named, if not nil, is told the messages of the lines that are passed, each in its place among
	// those that are handed out; they are valid during the call.
	Named func(at parser.Stamp, message []byte)
}

// A Reader reads the records of one source. It is not safe for concurrent use.
type Reader struct {
	lines   lineReader
	decoder *decoder
	detect  *detector
	years   years
	streams streams
	stats   counter
	workers workers
	tls     handshakes

	queue      []*slot // by first line; a window that slides over memory
	memory     [4 * maxQueue]*slot
	open       []*slot // those of queue that may grow, the least recently grown first
	free       []*slot
	current    *slot // handed out
	latest     *slot // of the last physical line, if it is still open
	group      *slot // block that is not whole yet
	described  description
	list       physical // what is left of a list on one line
	unresolved int      // of queue
	waiting    int      // bytes of Raw in queue
	layers     applog.Layers
	tail       []byte // path of the last ==> header <==
	tailName   []byte // name of its writer
	ended      bool
	err        error

	telling func(message []byte) int // see Options
	named   func(at parser.Stamp, message []byte)
	heads   *heads
	passed  Passed

	silentLines [2]silentLine // the one that may be passed, and the one behind it

	two     [2]*shortRecord // lines on the short way: the next one, and the one behind it
	handed  *parser.Record  // of the short way, handed out
	shapes  *shapeMemo
	refused refused
	chunked bool // it reads chunks, which do not move: only then lines go a shorter way

	torn bool   // its chunk begins inside of a line
	edge []byte // state at the beginning of its chunk
	now  []byte // scratch of Follows
}

// NewReader returns a Reader of the decompressed bytes of r.
func NewReader(r io.Reader, opts Options) *Reader {
	formats := opts.Formats
	if formats == nil {
		formats = append(gateway.Formats(), applog.Formats()...)
	}
	formats = append(append([]*parser.Format{}, opts.LogFormats...), formats...)
	if opts.MaxLine <= 0 {
		opts.MaxLine = DefaultMaxLine
	}
	rd := &Reader{decoder: newDecoder(r), detect: newDetector(formats)}
	rd.lines = lineReader{src: rd.decoder, maxLine: opts.MaxLine, moving: rd.detach}
	rd.years = years{year: opts.Year, last: beforeAny, known: -1}
	return rd
}

// Scan moves to the next record and reports whether there is one. It ends at the end
// of the source, at an error or when ctx is done (see Err).
func (r *Reader) Scan(ctx context.Context) bool {
	if r.handed != nil && r.goOn() {
		return true
	}
	r.release()
	for {
		if s := r.head(); s != nil {
			r.current = s
			r.stats.record(s)
			return true
		}
		if r.ended && len(r.queue) == 0 {
			return false
		}
		if r.lines.number%64 == 0 && ctx.Err() != nil {
			r.err = ctx.Err()
			return false
		}
		if r.pass() {
			continue
		}
		if r.short() {
			if r.handed != nil {
				return true
			}
			continue
		}
		if !r.step() {
			if r.lines.src == nil && !r.lines.eof {
				return false // the end of a chunk
			}
			r.flush()
			r.ended = r.lines.eof
			if !r.ended && len(r.queue) == 0 && ctx.Err() != nil {
				r.err = ctx.Err()
				return false
			}
		}
	}
}

// Record returns the record of the last Scan. It and its slices are valid until the next one.
func (r *Reader) Record() *parser.Record {
	switch {
	case r.handed != nil:
		return r.handed
	case r.current != nil:
		return &r.current.rec
	}
	return nil
}

// Waiting returns the last record that is read and may still grow, nil if there is none. It may be
// asked when more is to be read.
func (r *Reader) Waiting() *parser.Record {
	if n := len(r.queue); n > 0 {
		return &r.queue[n-1].rec
	}
	return nil
}

// Err returns what ended the reading, nil at the regular end of the source.
func (r *Reader) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.lines.err
}

// PhysicalLine returns the line of the source on which byte start of the current record's
// Message stands: its number, its raw bytes with envelope, and its offset. rec must be
// what Record returned last; text is valid until the next Scan.
func (r *Reader) PhysicalLine(rec *parser.Record, start int) (line int64, text []byte, offset int64) {
	s := r.current
	if s == nil || rec != &s.rec || len(s.marks) == 0 {
		return rec.Line, rec.Raw, rec.Offset
	}
	m := s.marks[s.physicalAt(start)]
	text = rec.Raw[m.raw:]
	return m.line, text[:lineLength(text)], m.offset
}

// head takes the first record off the queue if it is complete.
func (r *Reader) head() *slot {
	if len(r.queue) == 0 {
		return nil
	}
	s := r.queue[0]
	if len(r.queue) > maxQueue || r.waiting > maxWaiting {
		if s.partial {
			r.complete(s)
		}
		r.close(s)
		r.resolve(s, parser.Stamp{})
	}
	if s.open || s.partial || !s.resolved {
		return nil
	}
	r.queue = r.queue[1:]
	r.waiting -= len(s.rec.Raw)
	return s
}

// take returns a slot for the next line.
func (r *Reader) take() *slot {
	if n := len(r.free); n > 0 {
		s := r.free[n-1]
		r.free = r.free[:n-1]
		s.reset()
		return s
	}
	s := &slot{}
	s.reset()
	return s
}

func (r *Reader) give(s *slot) { r.free = append(r.free, s) }

// release takes back the record that was handed out.
func (r *Reader) release() {
	r.handed = nil
	if r.current != nil {
		r.give(r.current)
		r.current = nil
	}
}

// detach saves the waiting records from a move of the line reader's buffer.
func (r *Reader) detach() {
	for _, s := range r.queue {
		s.detach()
	}
}

// flush completes everything that waits.
func (r *Reader) flush() {
	r.lines.idle = false
	if r.group != nil {
		r.gathered()
	}
	for i := 0; i < len(r.queue); i++ {
		s := r.queue[i]
		if s.partial {
			r.complete(s)
		}
		r.close(s)
	}
	for _, s := range r.queue {
		r.resolve(s, parser.Stamp{})
	}
}
