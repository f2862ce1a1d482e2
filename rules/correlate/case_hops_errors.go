package correlate

import (
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Of a gateway behind another one, often only the error log is here. Its lines name the requests that
// failed, and these are the ones that the other's access log says failed. That log says that they were
// sent to another address: so it is not the same gateway's, wherever the files lie.

// shareErrors makes cases of gateways whose access logs are missing the hops of those cases whose
// failed requests are theirs.
func (e *Engine) shareErrors(cases []*gathering) {
	for _, in := range cases {
		if in.pool.gateway || len(in.answers) > 0 {
			continue
		}
		var held map[uint64][]int64
		for _, out := range cases {
			if out.pool.gateway || len(out.answers) == 0 || out.pool.root == in.pool.root ||
				out.pool.span.From > in.pool.span.To+near || in.pool.span.From > out.pool.span.To+near {
				continue
			}
			if held == nil {
				held = map[uint64][]int64{}
				e.failedThere(in, held)
				e.failedBeside(in, cases, held)
				for _, list := range held {
					slices.Sort(list)
				}
			}
			if e.failedAlike(out, held) || e.answeredBy(out, in) {
				out.addHop(in)
			}
		}
	}
}

// answeredBy reports whether the failures of a case are answers of a gateway whose log names no requests
// ("http: proxy error: dial tcp 10.3.3.9:9000: connect: connection refused", Go's net/http/httputil): it says
// that it listens at the address that failed, and it complains then, and as often.
func (e *Engine) answeredBy(out, in *gathering) bool {
	for _, s := range out.symptoms {
		if s.Rank == parser.RankPrimary && s.Symptom != parser.SymptomUpstreamStatus {
			return false
		}
	}
	if !slices.ContainsFunc(in.pool.sources, func(i int) bool {
		s := e.sources[i]
		return s.Source.HasErrors && len(s.Requests) == 0 && slices.ContainsFunc(s.Facts, func(f rules.Fact) bool {
			return f.Kind == rules.FactListens && slices.ContainsFunc(out.pool.names, func(name string) bool { return sameAddress(name, f.Value) >= linkPort })
		})
	}) {
		return false
	}
	failed, told := int64(0), int64(0)
	for _, a := range out.answers {
		failed += a.count
	}
	for _, s := range in.symptoms {
		if s.Rank == parser.RankPrimary && s.when.From <= out.pool.span.To+near && s.last.To >= out.pool.span.From-near {
			told += s.Count
		}
	}
	return told*10 >= failed*hopShare && failed*10 >= told*hopShare
}

// failedThere adds when the requests failed that a case's error logs name, by their keys.
func (e *Engine) failedThere(g *gathering, held map[uint64][]int64) {
	for _, i := range g.pool.sources {
		s := e.sources[i]
		if !s.Source.HasErrors || s.Source.HasAccess {
			continue
		}
		for _, q := range s.times(s.zone, s.skew) {
			if rules.OfGateway(q.Stream) && q.Status == 0 && q.Micros >= g.pool.span.From-near && q.Micros <= g.pool.span.To+near {
				held[q.Key] = append(held[q.Key], q.Micros)
			}
		}
	}
}

// failedBeside adds the failed requests of an access log of the same gateway's that is counted at the
// gateway before it: it holds the requests that Apache's error lines of a refused connection do not
// name. Of two cases at a time nothing tells whose they are.
func (e *Engine) failedBeside(g *gathering, cases []*gathering, held map[uint64][]int64) {
	own := e.sources[g.pool.sources[0]]
	for _, s := range e.sources {
		if !s.app || !s.sameGateway(own) || slices.ContainsFunc(cases, func(o *gathering) bool {
			return o != g && slices.Contains(o.pool.sources, own.index) && o.pool.span.From <= g.pool.span.To+near && g.pool.span.From <= o.pool.span.To+near
		}) {
			continue
		}
		for _, q := range s.times(s.zone, s.skew) {
			if rules.Failed(q.Status) && q.Micros >= g.pool.span.From-near && q.Micros <= g.pool.span.To+near {
				held[q.Key] = append(held[q.Key], q.Micros)
			}
		}
	}
}

// failedAlike reports whether most failed requests of a case are among those of an error log.
func (e *Engine) failedAlike(g *gathering, held map[uint64][]int64) bool {
	l := newHopLog("")
	for _, a := range g.answers {
		if !slices.Contains(l.sources, a.tally.source) {
			l.add(e, a.tally.source)
		}
	}
	told, matched := 0, 0
	paths := map[uint64]bool{}
	for _, q := range l.byRoot[g.pool.root] {
		if !rules.Failed(q.Status) || q.Micros < g.pool.span.From-near || q.Micros > g.pool.span.To+near {
			continue
		}
		told++
		list := held[q.Key]
		i, _ := slices.BinarySearchFunc(list, q.Micros-near, func(at, from int64) int { return cmp.Compare(at, from) })
		if i < len(list) && list[i] <= q.Micros+near {
			matched++
			paths[q.Key] = true
		}
	}
	return matched >= hopMatches && len(paths) >= hopPaths && matched*10 >= told*hopShare
}
