package correlate

import (
	"slices"

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
	gateway, answered, named int64 // moments; of the first
	answers, names           int
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
func (e *Engine) waitedFor(cases []*gathering) {
	asked := map[*gathering]map[uint64]*onceAsked{}
	wrote := map[uint64]*mentions{}
	for _, g := range cases {
		if !slices.ContainsFunc(g.symptoms, saysHow) {
			asked[g] = e.askedOnce(g)
			for path := range asked[g] {
				wrote[path] = &mentions{}
			}
		}
	}
	e.write(wrote)
	for g, once := range asked {
		from, to := around(g)
		for path, o := range once {
			o.answered, o.answers = within(wrote[path].answers, from, to)
			o.named, o.names = within(wrote[path].names, from, to)
		}
		g.gaveUp(once)
	}
}

// saysHow reports whether it is told who made a failure, or how.
func saysHow(s *symptom) bool {
	return s.tally == nil || s.Symptom != parser.SymptomOther && s.Symptom != parser.SymptomUpstreamStatus || s.tally.Made == rules.MakerUpstream
}

// gaveUp decides what the requests that were asked for once tell of a case.
func (g *gathering) gaveUp(once map[uint64]*onceAsked) {
	var failed, late, begun, good, finished, longest int64
	soonest := lateMost
	for _, o := range once {
		after, ok := o.late()
		if !o.failed {
			if ok {
				longest = max(longest, after)
			}
			if good += min(int64(o.answers+o.names), 1); o.finished() {
				finished++
			}
			continue
		}
		failed += min(int64(o.answers+o.names), 1)
		if ok && after >= lateLeast {
			late, soonest = late+1, min(soonest, after)
		}
		if o.begun() {
			begun++
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

// around is the time in which what an application wrote may be of a case's requests.
func around(g *gathering) (from, to int64) {
	return g.pool.span.From - lateMost, g.pool.span.To + lateMost
}

// askedOnce lists the requests around a case, by path, that its access logs tell of once.
func (e *Engine) askedOnce(g *gathering) map[uint64]*onceAsked {
	from, to := around(g)
	all, again := map[uint64]*onceAsked{}, map[uint64]bool{}
	seen := map[*source]bool{}
	for _, sy := range g.symptoms {
		if seen[sy.source] {
			continue
		}
		seen[sy.source] = true
		for _, q := range sy.source.requestsBetween(from, to) {
			if e.isApp(sy.source, q.Stream) {
				continue
			}
			path := rules.PathOf(q.Key)
			if _, ok := all[path]; ok || again[path] {
				delete(all, path)
				again[path] = true
				continue
			}
			all[path] = &onceAsked{gateway: q.Micros, failed: rules.Failed(q.Status)}
		}
	}
	return all
}

// isApp reports whether an application writes into a stream.
func (e *Engine) isApp(s *source, stream string) bool {
	sv := e.calls[streamID{s.index, stream}]
	return sv != nil && !sv.gateway && !sv.system
}

// mentions are the moments, in order, at which applications wrote of a path.
type mentions struct{ answers, names []int64 }

// write adds what the applications' logs tell of the paths. A thousand sites of one machine have a
// thousand cases, so all are looked for at once.
func (e *Engine) write(paths map[uint64]*mentions) {
	if len(paths) == 0 {
		return
	}
	for _, s := range e.sources {
		for _, q := range s.times(s.zone, s.skew) {
			if w := paths[rules.PathOf(q.Key)]; w != nil && e.isApp(s, q.Stream) {
				w.answers = append(w.answers, q.Micros)
			}
		}
		for _, q := range s.inUTC(s.Named, s.zone, s.skew) {
			if w := paths[rules.PathOf(q.Key)]; w != nil && e.isApp(s, q.Stream) {
				w.names = append(w.names, q.Micros)
			}
		}
	}
	for _, w := range paths {
		slices.Sort(w.answers)
		slices.Sort(w.names)
	}
}

// within is the first of the moments in a time, both ends included, and how many there are, at most two.
func within(moments []int64, from, to int64) (first int64, n int) {
	i, _ := slices.BinarySearch(moments, from)
	for ; n < 2 && i+n < len(moments) && moments[i+n] <= to; n++ {
		first = moments[i]
	}
	return first, n
}
