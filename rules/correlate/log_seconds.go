package correlate

import (
	"cmp"
	"iter"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Each case asks what the access logs tell of its own time. A long log leaves 64k tallies and
// some hundred cases, so that to look at all tallies for each took two thirds of the whole
// analysis of an access log of 200 MB; now they are found by their time. So are the sketched
// requests: to copy them for each of a hundred cases took two thirds of a live decision after
// half an hour of a storm.

// A second is a tally with when it began, in UTC.
type second struct {
	at    int64
	tally int32
}

// arrange sorts the source's tallies by time, once its clock is settled.
func (s *source) arrange() {
	if s.seconds != nil {
		return
	}
	s.seconds = make([]second, len(s.Tallies))
	named := map[string]bool{}
	for i := range s.Tallies {
		t := &s.Tallies[i]
		s.seconds[i] = second{s.utc(t.Second*parser.Second, s.clock()), int32(i)}
		if !named[t.Upstream] {
			named[t.Upstream] = true
			s.upstreams = append(s.upstreams, t.Upstream)
		}
	}
	slices.SortStableFunc(s.seconds, func(a, b second) int { return cmp.Compare(a.at, b.at) })
}

// between yields the tallies of seconds that began at from or later and before to.
func (s *source) between(from, to int64) iter.Seq2[int64, *rules.Tally] {
	s.arrange()
	return s.yield(s.seconds, from, to)
}

func (s *source) yield(all []second, from, to int64) iter.Seq2[int64, *rules.Tally] {
	return func(yield func(int64, *rules.Tally) bool) {
		first, _ := slices.BinarySearchFunc(all, from, func(x second, at int64) int { return cmp.Compare(x.at, at) })
		for _, x := range all[first:] {
			if x.at >= to || !yield(x.at, &s.Tallies[x.tally]) {
				return
			}
		}
	}
}

// requestsBetween are the source's sketched requests of a time, both ends included, once its
// clock is settled.
func (s *source) requestsBetween(from, to int64) []rules.Request {
	if s.requests == nil {
		s.requests = s.times(s.zone, s.skew)
		if byTime := func(a, b rules.Request) int { return cmp.Compare(a.Micros, b.Micros) }; !slices.IsSortedFunc(s.requests, byTime) {
			s.requests = slices.Clone(s.requests)
			slices.SortStableFunc(s.requests, byTime)
		}
	}
	at := func(q rules.Request, at int64) int { return cmp.Compare(q.Micros, at) }
	first, _ := slices.BinarySearchFunc(s.requests, from, at)
	end, _ := slices.BinarySearchFunc(s.requests[first:], to+1, at)
	return s.requests[first : first+end]
}

// A poolLog is what one access log tells of a pool's requests, by time.
type poolLog struct {
	*source
	seconds []second
}

// between yields the pool's tallies of seconds that began at from or later and before to.
func (l *poolLog) between(from, to int64) iter.Seq2[int64, *rules.Tally] {
	return l.yield(l.seconds, from, to)
}

// logsOf lists the access logs that tell of requests that went to the pool.
func (e *Engine) logsOf(p *pool) []poolLog {
	if e.tallied == nil {
		e.tallied = map[node][]poolLog{}
		for _, s := range e.accessSources() {
			s.arrange()
			roots := make(map[string]node, len(s.upstreams))
			for _, upstream := range s.upstreams {
				if upstream != "" {
					roots[upstream] = e.pools.find(e.node(s, upstream))
				}
			}
			for _, x := range s.seconds {
				if root, named := roots[s.Tallies[x.tally].Upstream]; named {
					logs := e.tallied[root]
					if len(logs) == 0 || logs[len(logs)-1].source != s {
						logs = append(logs, poolLog{source: s})
						e.tallied[root] = logs
					}
					last := &logs[len(logs)-1]
					last.seconds = append(last.seconds, x)
				}
			}
		}
	}
	if p.gateway {
		return nil
	}
	return e.tallied[p.root]
}

// names reports whether an access log tells of requests that went to the pool.
func (e *Engine) names(s *source, p *pool) bool {
	return slices.ContainsFunc(e.logsOf(p), func(l poolLog) bool { return l.source == s })
}
