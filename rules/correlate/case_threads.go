package correlate

import (
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// A gateway that writes a line for each request that it fails says how many failures are a
// case's, though its access log names no upstream: no more than its lines tell. What failed
// beside was answered so by an upstream, or stands in another virtual host's error log.

// A toldCase is what error lines tell of a case in one second.
type toldCase struct {
	*rules.Told
	source *source
	g      *gathering
	from   int64 // in UTC
	to     int64
	left   int64
}

// A choice is what a case takes: what clients asked for that its lines name, and what its
// symptom is mostly answered with.
type choice struct{ client, status bool }

// attributeTold gives failures to the cases whose error lines tell of as many requests then.
// Cases that waited for nothing take theirs first: what they failed stands in the second of
// its line, or in the one before where the log has the time at which requests began.
func (e *Engine) attributeTold(open *caseIndex, failures []*tallied) {
	all := e.toldCases(open)
	for _, waits := range []bool{false, true} {
		for _, p := range []choice{{true, true}, {false, true}, {true, false}, {false, false}} {
			for _, c := range all {
				if isTimeout(c.Symptom) == waits {
					e.takeTold(c, failures, p)
				}
			}
		}
	}
}

// toldCases finds the cases of what error lines tell, in order of time, and marks them.
func (e *Engine) toldCases(open *caseIndex) []*toldCase {
	var all []*toldCase
	for _, s := range e.sources {
		for i := range s.Told {
			t := &s.Told[i]
			when := s.span(t.When, t.Clock)
			root := node{}
			if t.Upstream != "" {
				root = e.pools.find(e.node(s, t.Upstream))
			}
			of := open.roots[root]
			at := slices.IndexFunc(of, func(i int) bool {
				g := open.cases[i]
				return slices.Contains(g.pool.sources, s.index) && g.pool.span.From <= when.To && g.pool.span.To >= when.From
			})
			if at < 0 || root == (node{}) {
				continue
			}
			g := open.cases[of[at]]
			g.told = true
			all = append(all, &toldCase{t, s, g, when.From, when.To, t.Count})
		}
	}
	slices.SortStableFunc(all, func(a, b *toldCase) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.source.index, b.source.index))
	})
	given := map[answer]int64{} // by the rules before, and told
	for _, c := range all {
		for _, a := range c.g.answers {
			if a.tally.when.To+near >= c.from && a.tally.when.From <= c.to+near {
				n := min(a.count-given[a], c.left)
				c.left, given[a] = c.left-n, given[a]+n
			}
		}
	}
	return all
}

// takeTold gives the case what is nearest in time.
func (e *Engine) takeTold(c *toldCase, failures []*tallied, p choice) {
	early, waits := near, isTimeout(c.Symptom)
	if waits || brokeOff(c.Symptom) { // whoever is killed may have had the request for long
		early = longestWait
	}
	first, _ := slices.BinarySearchFunc(failures, c.from-early, func(t *tallied, at int64) int { return cmp.Compare(t.when.From, at) })
	end := first
	for end < len(failures) && failures[end].when.From <= c.to+near {
		end++
	}
	own, _ := slices.BinarySearchFunc(failures, parser.FloorDiv(c.from, parser.Second)*parser.Second, func(t *tallied, at int64) int { return cmp.Compare(t.when.From, at) })
	take := func(t *tallied) {
		switch {
		case c.left == 0 || t.left == 0 || t.Upstream != "" || p.client && !meets(c.Clients, t.Clients):
			return
		case connecting(c.Symptom) != (t.Status == gateway.Of(c.source.Source.Gateway).Unreached) && (p.status || connecting(c.Symptom)) || !e.couldHold(c.g, t),
			!inside(c.g, t) && !(t.begun && brokeOff(c.Symptom)):
			return
		}
		n := min(c.left, t.left)
		c.g.answers = append(c.g.answers, answer{t, n})
		c.left, t.left = c.left-n, t.left-n
	}
	inSecond := own
	for ; inSecond < end && failures[inSecond].when.From < c.to; inSecond++ {
		take(failures[inSecond])
	}
	if waits { // the longest has waited longest
		for _, t := range failures[first:own] {
			take(t)
		}
	}
	for i := own - 1; i >= first && !waits; i-- {
		take(failures[i])
	}
	for _, t := range failures[inSecond:end] {
		take(t)
	}
}

// meets reports whether two sorted sets have a member in common.
func meets(a, b []uint64) bool {
	return slices.ContainsFunc(a, func(x uint64) bool {
		_, found := slices.BinarySearch(b, x)
		return found
	})
}

// A namelessLine is what one phase of a second's failures of one upstream has in lines that do
// not name it.
type namelessLine struct {
	root  node
	phase parser.Phase
	when  rules.Interval
	left  int64
}

// shareNameless gives error lines that name no upstream to those that their threads' other
// lines name.
func (e *Engine) shareNameless(groups map[node][]*symptom) {
	for _, src := range e.sources {
		lines := e.namelessLines(src)
		if len(lines) == 0 {
			continue
		}
		for _, root := range sortedRoots(groups) {
			if root.name == "" || root.name[0] != '?' || root.site != src.site {
				continue
			}
			var lost []*symptom
			for _, s := range groups[root] {
				if s = shareOne(s, src, lines, groups); s != nil {
					lost = append(lost, s)
				}
			}
			if groups[root] = lost; len(lost) == 0 {
				delete(groups, root)
			}
		}
	}
}

// namelessLines are those of one source, in order of time.
func (e *Engine) namelessLines(s *source) []namelessLine {
	var lines []namelessLine
	for i := range s.Told {
		t := &s.Told[i]
		for _, n := range t.Nameless {
			if t.Upstream != "" {
				lines = append(lines, namelessLine{e.pools.find(e.node(s, t.Upstream)), n.Phase, s.span(t.When, t.Clock), n.Lines})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b namelessLine) int { return cmp.Compare(a.when.From, b.when.From) })
	return lines
}

// shareOne gives the lines of one symptom away and returns what is left of it, nil if nothing.
func shareOne(s *symptom, src *source, lines []namelessLine, groups map[node][]*symptom) *symptom {
	if s.source != src || s.Lines == 0 || s.when.From == rules.Past {
		return s
	}
	widest := lines[len(lines)-1].when
	first, _ := slices.BinarySearchFunc(lines, s.when.From-(widest.To-widest.From), func(l namelessLine, at int64) int { return cmp.Compare(l.when.From, at) })
	for i := first; i < len(lines) && lines[i].when.From <= s.last.To; i++ {
		l := &lines[i]
		n := min(l.left, s.Lines)
		if n == 0 || l.phase != s.Phase || l.when.To <= s.when.From {
			continue
		}
		l.left -= n
		part, rest := *s.Event, *s.Event
		part.Lines, part.Count = n, n
		groups[l.root] = append(groups[l.root], &symptom{Event: &part, source: src, when: s.when, last: s.last, shared: s.shared || n < s.Lines})
		if rest.Lines, rest.Count = s.Lines-n, s.Count-n; rest.Lines == 0 {
			return nil
		}
		s = &symptom{Event: &rest, source: src, when: s.when, last: s.last, members: s.members, shared: true}
	}
	return s
}
