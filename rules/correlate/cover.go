package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// How much of a case evidence covers.
const (
	maxPerKind   = 64 // events of one signature and service, nearest to the case first
	coverMoments = 10
	coverBefore  = 2 * parser.Second
	coverAfter   = parser.Second
)

// thin keeps the events of one kind that stand nearest to the case's beginning.
func (e *Engine) thin(g *gathering, all []rules.Candidate) []rules.Candidate {
	type kind struct {
		id      string
		subject int
	}
	count := map[kind]int{}
	for i := range all {
		count[kind{all[i].Hit.Signature.ID, all[i].Subject}]++
	}
	keep := all[:0]
	seen := map[kind]int{}
	for i := range all {
		k := kind{all[i].Hit.Signature.ID, all[i].Subject}
		seen[k]++
		if n := count[k]; n <= maxPerKind || seen[k] <= maxPerKind/2 || seen[k] > n-maxPerKind/2 {
			keep = append(keep, all[i])
		}
	}
	return keep
}

// cover counts, for each kind of evidence, how many of the case's moments of failure
// it stands close before, and how often it is written inside and outside the case.
func (e *Engine) cover(g *gathering, all []rules.Candidate) {
	type kind struct{ id, family, stream string }
	times := map[kind][]rules.Interval{}
	counts := map[kind][2]int64{}
	from, to := g.began-5*parser.Second, g.pool.span.To+5*parser.Second
	for _, h := range e.hits {
		for i := range h.Hits {
			k := kind{h.Hits[i].Signature.ID, h.source.family(), h.Stream}
			times[k] = append(times[k], rules.Interval{From: h.when.From, To: h.last.To})
			n := counts[k]
			if h.last.To >= from && (h.when.From <= to || h.when.From <= to+rules.MaxWait && h.Hits[i].Signature.Cause.Waits() && h.when.From-waitOf(h) <= to) {
				n[0] += h.Count
			} else {
				n[1] += h.Count
			}
			counts[k] = n
		}
	}
	moments := momentsOf(g)
	for i := range all {
		c := &all[i]
		k := kind{c.Hit.Signature.ID, e.sources[c.Event.Source].family(), c.Event.Stream}
		c.Inside, c.Outside = counts[k][0], counts[k][1]
		for _, m := range moments {
			if slices.ContainsFunc(times[k], func(v rules.Interval) bool {
				return v.From <= m+coverAfter && v.To >= m-coverBefore && v.From != rules.Past
			}) {
				c.Covered++
			}
		}
		c.Moments = len(moments)
		if n := len(moments); n > 0 {
			c.Covered = c.Covered * coverMoments / n
		}
	}
	e.complained(g, all, rules.Interval{From: from, To: to})
}

// momentsOf picks ten of the case's primary failures, spread evenly.
func momentsOf(g *gathering) []int64 {
	var all []int64
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary && (len(all) == 0 || all[len(all)-1] != s.when.From) {
			all = append(all, s.when.From)
		}
	}
	if len(all) <= coverMoments {
		return all
	}
	out := make([]int64, coverMoments)
	for i := range out {
		out[i] = all[i*(len(all)-1)/(coverMoments-1)]
	}
	return out
}
