package scan

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/gateway"
)

// openOf returns the open record of a stream, nil if there is none.
func (r *Reader) openOf(id uint64) *slot {
	for i := len(r.open) - 1; i >= 0; i-- {
		if r.open[i].id == id {
			return r.open[i]
		}
	}
	return nil
}

// makeOpen opens s, which closes the record of its stream before it, and the one that
// has not grown for longest if there are too many.
func (r *Reader) makeOpen(s *slot) {
	if prev := r.openOf(s.id); prev != nil {
		r.close(prev)
	}
	if len(r.open) >= maxOpen {
		r.close(r.open[0])
	}
	s.open = true
	r.open = append(r.open, s)
	r.latest = s
}

// close ends the growth of s.
func (r *Reader) close(s *slot) {
	if !s.open {
		return
	}
	s.open = false
	for i, o := range r.open {
		if o == s {
			r.open = append(r.open[:i], r.open[i+1:]...)
			break
		}
	}
	if r.latest == s {
		r.latest = nil
	}
	r.finish(s)
}

// finish reads a record again that is only whole now.
func (r *Reader) finish(s *slot) {
	switch {
	case s.grammar.opened == prettyJSON && s.joined:
		r.finishObject(s)
	case s.grammar.opened == julHeader && s.joined:
		r.julLevel(s)
	case s.joined && s.grammar.opened == java && gateway.JavaGateway(s.inner) != nil:
		r.javaGateway(s)
	case s.joined && s.rec.Format != nil && rereads(&s.rec, &s.grammar):
		r.reread(s)
	}
}

// javaGateway makes an entry with a trace that goes through a gateway's classes the gateway's: what
// stands before it is laid out as its program's other entries are.
func (r *Reader) javaGateway(s *slot) {
	old := s.rec
	if old.Format != nil && old.Format.Role == parser.RoleGateway {
		return
	}
	outer := tell(&old)
	s.rec.Reset()
	outer.restore(&s.rec)
	format := gateway.JavaGateway(s.inner)
	if !format.Parse(bytes.Clone(s.inner), &s.env, &s.rec) {
		s.rec = old
		return
	}
	s.takePlace(&old)
	s.rec.Stamp, s.rec.Outer, s.rec.Format = old.Stamp, old.Outer, format
	s.rec.Level, s.rec.Message = old.Level, old.Message
}

// julLevel takes the level of java.util.logging's record from its second line.
func (r *Reader) julLevel(s *slot) {
	_, second, _ := bytes.Cut(s.rec.Message, newline)
	probe := r.take()
	if s.rec.Format != nil && s.rec.Format.Parse(second[:lineLength(second)], &probe.env, &probe.rec) {
		s.rec.Level = probe.rec.Level
	}
	r.give(probe)
}

// finishObject reads an object that an application printed over several lines inside of an
// envelope.
func (r *Reader) finishObject(s *slot) {
	old := s.rec
	outer := tell(&old)
	s.rec.Reset()
	outer.restore(&s.rec)
	if r.detect.parse(s.inner, s.id, &s.env, &s.rec) == nil {
		s.rec = old
		return
	}
	s.takePlace(&old)
	s.locate(min(messageLine(s.inner), len(s.marks)-1), 1, s.rec.Message)
	r.settle(s, old.Stamp)
	r.neighbours(s)
}

// takePlace copies from old where the record stands.
func (s *slot) takePlace(old *parser.Record) {
	s.rec.Line, s.rec.Lines, s.rec.Offset = old.Line, old.Lines, old.Offset
	s.rec.Raw, s.rec.Truncated = old.Raw, old.Truncated
	s.rec.After, s.rec.Before = old.After, old.Before
}

// rereads reports whether the record's format can only read it whole: a gateway
// writes its context behind the last line of quoted stderr.
func rereads(r *parser.Record, g *grammar) bool {
	return r.Kind == parser.KindGateway || g.lang == nginxQuote || g.opened == varnish || g.opened == nginxBroken
}

// reread lets the format parse the joined text. The whole of a transaction of varnishlog
// may tell another kind of record and the time, which its first line does not have.
func (r *Reader) reread(s *slot) {
	old := s.rec
	whole := s.grammar.opened == varnish
	outer := tell(&old)
	s.rec.Reset()
	outer.restore(&s.rec)
	text := bytes.Clone(s.inner)
	if s.grammar.opened == nginxBroken {
		text = unwrap(text, old.Raw)
	} else {
		text = unbreak(text)
	}
	if !old.Format.Parse(text, &s.env, &s.rec) || s.rec.Kind != old.Kind && !whole {
		s.rec = old
		return
	}
	outer.merge(&s.rec)
	if !whole {
		s.rec.Stamp = old.Stamp
	}
	s.takePlace(&old)
	s.rec.Format = old.Format
	s.byLine, s.skipped = true, linesBefore(text, s.rec.Message)
	if s.rec.Stamp != old.Stamp {
		r.years.settle(&s.rec.Stamp)
		r.neighbours(s)
	}
}

// linesBefore returns how many newlines stand in text before part, 0 if part is none of it.
func linesBefore(text, part []byte) int {
	if len(part) == 0 {
		return 0
	}
	for at := range text {
		if &text[at] == &part[0] {
			return bytes.Count(text[:at], newline)
		}
	}
	return 0
}

// A stream remembers the last stamp of one identity.
type stream struct {
	id   uint64
	last parser.Stamp
}

// maxStreams is how many identities are remembered, a power of two. One of few that share a
// place by chance only loses the stamp before a line that has none.
const maxStreams = 256

// streams are the last stamps of the identities, each at the place that its hash gives, so
// that those of one part of a source can be laid over those of the part before.
type streams struct {
	all   [maxStreams]stream
	set   [maxStreams]bool // by this Reader
	asked [maxStreams]bool // before it was set
}

func placeOf(id uint64) uint64 { return id * 0x9e3779b97f4a7c15 >> 56 }

// saw remembers a stamp.
func (t *streams) saw(id uint64, last parser.Stamp) {
	at := placeOf(id)
	t.all[at], t.set[at] = stream{id, last}, true
}

// last returns the last stamp of an identity.
func (t *streams) last(id uint64) parser.Stamp {
	at := placeOf(id)
	if !t.set[at] {
		t.asked[at] = true
	}
	if t.all[at].id != id {
		return parser.Stamp{}
	}
	return t.all[at].last
}

// over lays t, which began empty, over the streams of the part before. It reports false if
// something was asked of t that only those know.
func (t *streams) over(before *streams) bool {
	for i := range t.all {
		if t.asked[i] && before.all[i] != (stream{}) {
			return false
		}
	}
	for i := range t.all {
		if !t.set[i] {
			t.all[i] = before.all[i]
		}
	}
	return true
}

// neighbours gives s the stamp before it if it has none, and else gives its own to the
// records of its stream that wait for one.
func (r *Reader) neighbours(s *slot) {
	if !s.rec.Stamp.Known() {
		s.rec.After = r.streams.last(s.id)
		return
	}
	r.streams.saw(s.id, s.rec.Stamp)
	if r.unresolved > 1 {
		for _, q := range r.queue {
			if q == s {
				break // the others come behind it
			}
			if q.id == s.id && !q.partial {
				r.resolve(q, s.rec.Stamp)
			}
		}
	}
	r.resolve(s, parser.Stamp{})
}

// resolve ends the wait of s for a later stamp.
func (r *Reader) resolve(s *slot, before parser.Stamp) {
	if s.resolved {
		return
	}
	s.resolved = true
	r.unresolved--
	if !s.rec.Stamp.Known() {
		s.rec.Before = before
	}
}
