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
func thin(all []rules.Candidate) []rules.Candidate {
	type kind struct {
		id      string
		subject int
	}
	const unlinked = -2 // all that are not linked are one
	of := func(c *rules.Candidate) kind {
		if c.Link <= linkNone {
			return kind{c.Hit.Signature.ID, unlinked}
		}
		return kind{c.Hit.Signature.ID, c.Subject}
	}
	count := map[kind]int{}
	for i := range all {
		count[of(&all[i])]++
	}
	keep := make([]rules.Candidate, 0, min(len(all), 4*maxPerKind))
	seen := map[kind]int{}
	for i := range all {
		k := of(&all[i])
		seen[k]++
		if n := count[k]; n <= maxPerKind || seen[k] <= maxPerKind/2 || seen[k] > n-maxPerKind/2 {
			keep = append(keep, all[i])
		}
	}
	return keep
}

// A told is what is written alike: by one signature, in one file's one stream.
type told struct{ id, family, stream string }

// findTold lists the events of each kind, in their order.
func (e *Engine) findTold() {
	e.told = map[told][]*hitEvent{}
	for _, h := range e.hits {
		for i := range h.Hits {
			k := told{h.Hits[i].Signature.ID, h.source.family(), h.Stream}
			e.told[k] = append(e.told[k], h)
		}
	}
}

// cover counts, for each kind of evidence, how many of the case's moments of failure
// it stands close before, and how often it is written inside and outside the case.
func (e *Engine) cover(g *gathering, all []rules.Candidate) {
	type count struct {
		inside, outside int64
		early           int64 // while the first requests may have waited
		covered         int
	}
	counts := map[told]count{}
	span := rules.Interval{From: g.began - 5*parser.Second, To: g.pool.span.To + 5*parser.Second}
	waiting := span.From - g.untold()
	moments := momentsOf(g)
	for i := range all {
		c := &all[i]
		k := told{c.Hit.Signature.ID, e.sources[c.Event.Source].family(), c.Event.Stream}
		n, known := counts[k]
		if !known {
			for _, h := range e.told[k] {
				if h.last.To < span.From && h.last.To >= waiting {
					n.early += h.Count
				} else if h.last.To >= span.From && (h.when.From <= span.To || h.when.From <= span.To+rules.MaxWait && c.Hit.Signature.Cause.Waits() && h.when.From-waitOf(h) <= span.To) {
					n.inside += h.Count
				} else {
					n.outside += h.Count
				}
			}
			for _, m := range moments {
				if slices.ContainsFunc(e.told[k], func(h *hitEvent) bool {
					return h.when.From <= m+coverAfter && h.last.To >= m-coverBefore && h.when.From != rules.Past
				}) {
					n.covered++
				}
			}
			counts[k] = n
		}
		c.Inside, c.Outside, c.Covered, c.Moments = n.inside, n.outside, n.covered, len(moments)
		if c.Link > linkNone && c.LinkWhy != onlyDatabase {
			c.Inside += n.early
		} else {
			c.Outside += n.early
		}
		if n := len(moments); n > 0 {
			c.Covered = c.Covered * coverMoments / n
		}
	}
	e.complained(g, all, span)
}

// untold is for how long the first requests may have waited where nothing tells: nginx's
// proxy_read_timeout is a minute by default, and an access log in the combined format has no
// durations.
func (g *gathering) untold() int64 {
	if g.began < g.pool.span.From || !slices.ContainsFunc(g.symptoms, func(s *symptom) bool { return isTimeout(s.Symptom) && s.Rank == parser.RankPrimary }) {
		return 0
	}
	return parser.Minute
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
