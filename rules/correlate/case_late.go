package correlate

import (
	"culprit/parser"
	"culprit/rules"
)

// Bars for taking failures for requests that the gateway gave up.
const (
	lateCount = 3
	lateLeast = near              // stamps are whole seconds
	lateMost  = 2 * parser.Minute // see longestWait
)

// A onceAsked is one path that was asked for once while a case lasted: when the gateway answered,
// or was asked where its log tells that only, and what an application wrote of it.
type onceAsked struct {
	gateway, answered, named int64 // moments; of the last
	asked, answers, names    int
	failed                   bool
}

// late is how long after the gateway an application answered it, if it did so once.
func (o *onceAsked) late() (after int64, ok bool) {
	after = o.answered - o.gateway
	return after, o.answers == 1 && after >= -near && after <= lateMost
}

// begun reports whether an application named it once, no later than the gateway was done, and then
// wrote nothing more of it.
func (o *onceAsked) begun() bool {
	return o.answers == 0 && o.names == 1 && o.named <= o.gateway+near && o.named >= o.gateway-lateMost
}

// finished reports whether an application wrote of its answer, or of it twice, at its begin and its end.
func (o *onceAsked) finished() bool { return o.answers > 0 || o.names > 1 }

// waitedFor looks at failures of which the access log tells neither who made them nor how. If an
// application finished the same requests seconds later, and those that the gateway passed on
// sooner, the gateway had given them up: Varnish answers 503 after first_byte_timeout and its usual
// format says no more. If it wrote of their begin and, other than of those that were answered well,
// of no end, it went on without an answer. What is asked for again and again tells nothing: a later
// line may be another request's.
func (e *Engine) waitedFor(g *gathering) {
	for _, s := range g.symptoms {
		if s.tally == nil || s.Symptom != parser.SymptomOther && s.Symptom != parser.SymptomUpstreamStatus || s.tally.Made == rules.MakerUpstream {
			return
		}
	}
	var failed, late, begun, good, finished, longest int64
	soonest := lateMost
	for _, o := range e.askedOnce(g) {
		after, ok := o.late()
		switch {
		case o.asked != 1:
		case !o.failed:
			if ok {
				longest = max(longest, after)
			}
			if good += min(int64(o.answers+o.names), 1); o.finished() {
				finished++
			}
		default:
			failed += min(int64(o.answers+o.names), 1)
			if ok && after >= lateLeast {
				late, soonest = late+1, min(soonest, after)
			}
			if o.begun() {
				begun++
			}
		}
	}
	most := func(n int64) bool { return n >= lateCount && n*10 >= failed*6 }
	for _, s := range g.symptoms {
		switch {
		case most(late) && soonest > longest:
			s.Symptom, s.Phase, s.late = parser.SymptomReadTimeout, parser.PhaseReadingHeader, late
		case most(begun) && finished >= lateCount && finished*10 >= good*9:
			s.begun = begun
		}
	}
}

// askedOnce lists the requests around a case, by path, that the access log of the case and
// applications' logs tell of.
func (e *Engine) askedOnce(g *gathering) map[uint64]*onceAsked {
	from, to := g.pool.span.From-lateMost, g.pool.span.To+lateMost
	all := map[uint64]*onceAsked{}
	of := func(q *rules.Request) *onceAsked {
		key := rules.PathOf(q.Key)
		o := all[key]
		if o == nil {
			o = &onceAsked{}
			all[key] = o
		}
		return o
	}
	for _, s := range e.sources {
		ours := false
		for _, sy := range g.symptoms {
			ours = ours || sy.source == s
		}
		app := func(q *rules.Request) bool {
			sv := e.calls[streamID{s.index, q.Stream}]
			return sv != nil && !sv.gateway && !sv.system
		}
		for _, q := range s.requestsBetween(from, to) {
			switch {
			case app(&q):
				o := of(&q)
				o.answered, o.answers = q.Micros, o.answers+1
			case ours:
				o := of(&q)
				o.gateway, o.asked, o.failed = q.Micros, o.asked+1, rules.Failed(q.Status)
			}
		}
		for _, q := range s.inUTC(s.Named, s.zone, s.skew) {
			if q.Micros >= from && q.Micros <= to && app(&q) {
				o := of(&q)
				o.named, o.names = q.Micros, o.names+1
			}
		}
	}
	return all
}
