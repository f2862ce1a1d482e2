package scan

import (
	"bytes"
	"unicode/utf8"

	"culprit/parser"
	"culprit/parser/applog"
)

// step reads one physical line and either joins it to an open record or begins a new
// one. It reports false when there is no line for now.
func (r *Reader) step() bool {
	if len(r.list.raw) > 0 {
		r.nextListed()
		return true
	}
	p, ok := r.lines.next()
	if !ok {
		return false
	}
	if p.number == 1 {
		p.raw = cutMark(p.raw)
	}
	if r.block(p) {
		r.stats.line(0, false)
		return true
	}
	r.count(&p)
	if r.listed(p) {
		return true
	}
	s := r.take()
	s.env.Year = r.years.year
	before := r.layers
	inner := applog.Peel(p.raw, &s.env, &s.rec, &r.layers)
	s.layers = r.layers
	if s.layers.N == 0 {
		if len(inner) == 0 {
			r.layers = before
		}
		if r.carryOver(p, inner) {
			r.layers = before
			r.give(s)
			return true
		}
	}
	r.arrive(s, p, inner)
	return true
}

// arrive places a line, or a block of them, whose envelopes are peeled.
func (r *Reader) arrive(s *slot, p physical, inner []byte) {
	if s.layers.N > 0 {
		r.years.settle(&s.rec.Stamp)
		s.id = identity(s)
		s.rec.Contained = s.layers.Contained()
	}
	r.underHeader(s)
	if q := r.pendingPartial(s); q != nil && r.glue(q, s, p, inner) {
		return
	}
	if !s.joined {
		s.begin(p)
	}
	if s.layers.Partial {
		r.beginPartial(s, inner)
		return
	}
	prev := r.openOf(s.id)
	if !s.joined && mayBeGlued(prev, inner) {
		s, prev, p, inner = r.unglue(s, prev, p, inner)
	}
	r.place(s, r.brokenOff(s, prev), p, inner)
}

// brokenOff is the record that a line may go on with where an entry was broken off inside of an
// envelope: the rest has none, for a screen or a hand broke it, and what has one is another entry.
func (r *Reader) brokenOff(s, prev *slot) *slot {
	switch latest := r.latest; {
	case prev == nil && s.layers.N == 0 && latest != nil && latest.open && latest.layers.N > 0 && latest.grammar.lang == nginxBroken:
		return latest
	case prev != nil && s.layers.N > 0 && prev.grammar.lang == nginxBroken && prev.layers.N > 0 && !s.joined:
		return nil
	}
	return prev
}

// count cleans a line that is not plain text and counts it.
func (r *Reader) count(p *physical) {
	nuls, invalid := 0, false
	if p.dirty {
		p.raw, nuls = withoutNUL(p.raw)
		invalid = !utf8.Valid(p.raw)
	}
	r.stats.line(nuls, invalid)
}

// place finds out what a line is: a part of its stream's open record prev, or a new one.
// First the open grammar of the stream's record is asked, then whether the line opens
// crash output, then the formats, and last whether it goes on loosely.
func (r *Reader) place(s, prev *slot, p physical, inner []byte) {
	if prev != nil && !near(prev.last, s.rec.Stamp) {
		prev = nil
	}
	verdict := no
	if prev != nil && prev.grammar.lang != none {
		if verdict = prev.grammar.step(inner); verdict == yes {
			r.extend(prev, s, p, inner)
			return
		}
	}
	opened := none
	if verdict != untilGateway {
		opened = open(inner)
	}
	if prev != nil && opened != none && attaches(prev, opened, inner) && r.join(prev, s, p, inner) {
		prev.grammar.begin(opened, inner)
		return
	}
	if opened == prettyJSON && s.layers.N == 0 && !s.joined {
		r.give(s)
		r.gather(p, opened)
		return
	}
	if opened == none || alsoFormat[opened] {
		stamp := s.rec.Stamp
		c := r.detect.parse(inner, s.id, &s.env, &s.rec)
		if c != nil && (verdict != untilGateway || c.format.Role == parser.RoleGateway) {
			r.settle(s, stamp)
			r.begin(s, p, inner, c, opened)
			return
		}
	}
	if opened == none && prev != nil && (verdict != no || prev.loose(inner)) {
		r.extend(prev, s, p, inner)
		return
	}
	s.rec.Message = inner
	if opened == none && s.rec.Stamp.Known() && applog.FindRequest(inner, &s.rec.Access) {
		s.rec.Kind = parser.KindAccess // the envelope has the time: many programs write none
	}
	r.begin(s, p, inner, nil, opened)
}

// extend joins the line to prev, or goes on in a new record if prev is full.
func (r *Reader) extend(prev, s *slot, p physical, inner []byte) {
	if r.join(prev, s, p, inner) {
		return
	}
	rest := prev.grammar
	s.rec.Message = inner
	r.begin(s, p, inner, nil, none)
	s.grammar = rest
}

// settle completes the stamp if the format has read another one than the envelopes.
func (r *Reader) settle(s *slot, outer parser.Stamp) {
	if s.rec.Stamp != outer {
		r.years.settle(&s.rec.Stamp)
	}
}

// begin makes s a record of its own and the open one of its stream.
func (r *Reader) begin(s *slot, p physical, inner []byte, c *candidate, opened lang) {
	if s.rec.PID == 0 && s.rec.Kind == parser.KindLog && (c == nil || c.format.Role == parser.RoleApp) {
		s.rec.PID = applog.FindPID(s.rec.Message)
	}
	if c != nil {
		r.note(s, p.raw, c)
	}
	s.begin(p) // again, since a format that refused a line may have cleared all
	if c != nil {
		if opened == none && c.opens != nil {
			opened = c.opens(&s.rec, inner)
		}
		if c.format.Glued {
			r.workers.saw(s.rec.PID)
		}
		if c.format.Handshakes {
			r.tls.see(&s.rec, &s.env)
		}
	}
	if opened == none && string(s.rec.Program) == "kernel" {
		opened = opensKernel(inner)
	}
	s.grammar.begin(opened, inner)
	s.hold(inner)
	r.enqueue(s)
	r.makeOpen(s)
	r.neighbours(s)
}

// enqueue puts s behind the records that wait, unless it is among them.
func (r *Reader) enqueue(s *slot) {
	if s.queued {
		return
	}
	s.queued = true
	if len(r.queue) == cap(r.queue) {
		r.queue = r.memory[:copy(r.memory[:], r.queue)]
	}
	r.queue = append(r.queue, s)
	r.waiting += len(s.rec.Raw)
	r.unresolved++
}

// join adds the line to prev. It reports false if prev is full: then the line begins
// a record that goes on in the same grammar.
func (r *Reader) join(prev, s *slot, p physical, text []byte) bool {
	if prev.full(len(text)) || prev.full(len(p.raw)) {
		return false
	}
	prev.grow()
	var block *slot
	if s != prev {
		block = s.block()
	}
	prev.join(p, block, text, "\n")
	r.waiting += len(p.raw) + 1
	if s.rec.Stamp.Known() {
		prev.last = s.rec.Stamp
	}
	r.latest = prev
	if s != prev {
		r.give(s)
	}
	return true
}

// near reports whether two lines of a carrier that stamps each line may belong
// together: they were written within a second.
func near(a, b parser.Stamp) bool {
	if a.Clock != b.Clock || !a.Known() {
		return true
	}
	gap := b.Micros - a.Micros
	return gap >= -parser.Second && gap <= parser.Second
}

// carryOver joins a line without envelope to the record before it if that had one:
// the journal's short forms indent the further lines of a message by the width of
// the header.
func (r *Reader) carryOver(p physical, inner []byte) bool {
	prev := r.latest
	if prev == nil || !prev.open || prev.layers.N == 0 || prev.layers.Width == 0 {
		return false
	}
	width := prev.layers.Width
	if len(inner) < width && prev.joined {
		width = len(inner) // an empty line of the message, whose indentation was trimmed
	}
	if len(inner) < width || len(bytes.TrimLeft(inner[:width], " ")) > 0 {
		return false
	}
	text := inner[width:]
	prev.grammar.step(text)
	return r.join(prev, prev, p, text)
}

// underHeader gives lines below tail -f's ==> path <==, or behind grep's path, their stream, and
// the name of the file as their program if they tell none.
func (r *Reader) underHeader(s *slot) {
	switch {
	case s.layers.N > 0 && s.layers.Kinds[s.layers.N-1] == applog.TailHeader:
		r.readFrom(s.rec.Program)
		s.id = ^s.id // no part of the stream it announces
		s.rec.Program = nil
		return
	case s.layers.Has(applog.GrepFile):
		r.readFrom(s.rec.Program)
		s.rec.Program = nil
	}
	if len(r.tail) == 0 {
		return
	}
	s.id = hash(s.id, r.tail)
	if len(s.rec.Program) == 0 && len(s.rec.Container) == 0 {
		n := len(s.env.Buf)
		s.env.Buf = append(s.env.Buf, r.tailName...)
		s.rec.Program = s.env.Buf[n:len(s.env.Buf):len(s.env.Buf)]
	}
}

// readFrom notes the file that lines are from.
func (r *Reader) readFrom(path []byte) {
	if !bytes.Equal(path, r.tail) {
		r.tail = append(r.tail[:0], path...)
		r.tailName = append(r.tailName[:0], parser.NameOf(string(path))...)
	}
}

// identity hashes what says whose line it is: 0 if nothing does.
func identity(s *slot) uint64 {
	r := &s.rec
	var id uint64
	for _, b := range [...][]byte{r.Container, r.Unit, r.Program} {
		if len(b) > 0 {
			id = hash(id, b)
		}
	}
	if r.PID != 0 {
		id = (id ^ uint64(r.PID)) * prime64
	}
	if s.layers.Stream != 0 {
		id = (id ^ uint64(s.layers.Stream)) * prime64
	}
	return id
}

const prime64 = 1099511628211

// hash is FNV-1a, which is quick for a few short names.
func hash(h uint64, b []byte) uint64 {
	h ^= 14695981039346656037
	for _, c := range b {
		h = (h ^ uint64(c)) * prime64
	}
	return h
}
