package scan

import "culprit/parser/applog"

// dockerPiece is where Docker's json-file driver cuts long lines (daemon/logger
// copier.go: 16 KiB). A shorter text without newline is more likely the last words of a
// process than a piece.
const dockerPiece = 16<<10 - 64

// pendingPartial returns the record of s's stream that waits for the rest of its line.
func (r *Reader) pendingPartial(s *slot) *slot {
	if r.stats.partials == 0 || s.layers.N == 0 {
		return nil
	}
	for _, q := range r.queue {
		if q.partial && q.id == s.id {
			return q
		}
	}
	return nil
}

// beginPartial lets s wait for the rest of its line.
func (r *Reader) beginPartial(s *slot, inner []byte) {
	r.stats.partials++
	s.partial = true
	s.rec.Message = inner
	s.hold(inner)
	s.grow()
	r.enqueue(s)
	waiting := 0
	for _, q := range r.queue {
		if q.partial {
			waiting++
		}
	}
	for i := 0; waiting > maxOpen && i < len(r.queue); i++ {
		if r.queue[i].partial {
			r.complete(r.queue[i])
			waiting--
		}
	}
}

// glue adds the next piece to q and reports whether it was one. Else q is complete.
func (r *Reader) glue(q, s *slot, p physical, inner []byte) bool {
	short := q.layers.Has(applog.DockerJSON) && len(q.inner) < dockerPiece
	if !near(q.last, s.rec.Stamp) || q.full(len(p.raw)) || short && r.standsAlone(s, inner) {
		r.complete(q)
		return false
	}
	q.join(p, s.block(), inner, "")
	r.waiting += len(p.raw) + 1
	q.last = s.rec.Stamp
	if !s.layers.Partial {
		r.complete(q)
	}
	r.give(s)
	return true
}

// standsAlone reports whether a text is a log line by itself and so no rest of one.
func (r *Reader) standsAlone(s *slot, inner []byte) bool {
	if open(inner) != none {
		return true
	}
	probe := r.take()
	outer := tell(&s.rec)
	outer.restore(&probe.rec)
	c := r.detect.parse(inner, s.id, &probe.env, &probe.rec)
	r.give(probe)
	return c != nil
}

// complete reads the line that q's pieces make.
func (r *Reader) complete(q *slot) {
	q.partial = false
	r.stats.partials--
	whole := q.physical()
	opened := open(q.inner)
	stamp := q.rec.Stamp
	var c *candidate
	if opened == none || alsoFormat[opened] {
		c = r.detect.parse(q.inner, q.id, &q.env, &q.rec)
		r.settle(q, stamp)
	}
	if c == nil {
		q.rec.Message = q.inner
	}
	r.begin(q, whole, q.inner, c, opened)
}
