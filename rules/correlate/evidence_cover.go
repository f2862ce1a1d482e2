package correlate

import (
	"cmp"
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
	keep := all[:0]
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

// A telling is all events of a kind, in their order, with how many records there were up to any moment.
type telling struct {
	all    []*hitEvent
	count  int64
	began  upToMoment // by when they began
	waited upToMoment // by when what they waited for had begun
	ended  upToMoment // by when the last record was
	reach  []int64    // up to when any of the events so far reach, those without a date left out
}

// upToMoment is how many records there were up to moments.
type upToMoment struct{ at, count []int64 }

func countUp(all []*hitEvent, moment func(*hitEvent) int64) (u upToMoment) {
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b *hitEvent) int { return cmp.Compare(moment(a), moment(b)) })
	count := int64(0)
	for _, h := range order {
		count += h.Count
		u.at, u.count = append(u.at, moment(h)), append(u.count, count)
	}
	return u
}

// before is how many there were before a moment.
func (u *upToMoment) before(at int64) int64 {
	i, _ := slices.BinarySearch(u.at, at)
	if i == 0 {
		return 0
	}
	return u.count[i-1]
}

// findTold lists the events of each kind.
func (e *Engine) findTold() {
	e.told = map[told]*telling{}
	for _, h := range e.hits {
		for i := range h.Hits {
			k := told{h.Hits[i].Signature.ID, h.source.family(), h.Stream}
			if e.told[k] == nil {
				e.told[k] = &telling{}
			}
			e.told[k].all = append(e.told[k].all, h)
		}
	}
}

// tellingOf is what is told of a kind, counted up.
func (e *Engine) tellingOf(k told, waits bool) *telling {
	t := e.told[k]
	if t.reach == nil {
		t.began = countUp(t.all, func(h *hitEvent) int64 { return h.when.From })
		t.ended = countUp(t.all, func(h *hitEvent) int64 { return max(h.when.From, h.last.To) })
		last := rules.Past
		for _, h := range t.all {
			if h.when.From != rules.Past {
				last = max(last, h.last.To)
			}
			t.reach = append(t.reach, last)
		}
		t.count = t.began.count[len(t.all)-1]
	}
	if waits && t.waited.at == nil {
		t.waited = countUp(t.all, func(h *hitEvent) int64 { return h.when.From - waitOf(h) })
	}
	return t
}

// covers reports whether an event stands close before a moment, or goes on then.
func (t *telling) covers(at int64) bool {
	i, _ := slices.BinarySearch(t.began.at, at+coverAfter+1)
	return i > 0 && t.reach[i-1] >= at-coverBefore
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
			waits := c.Hit.Signature.Cause.Waits()
			t := e.tellingOf(k, waits)
			n.early = t.ended.before(span.From) - t.ended.before(waiting)
			until := t.began.before(span.To + 1)
			if waits {
				until = t.waited.before(span.To + 1)
			}
			n.inside = until - t.ended.before(span.From)
			n.outside = t.count - n.early - n.inside
			for _, m := range moments {
				if t.covers(m) {
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
