package correlate

import (
	"iter"
	"slices"

	"culprit/rules"
)

// What was answered well, and by whom.

// servedBetween reports whether the pool answered well between two moments.
func (e *Engine) servedBetween(p *pool, from, to int64) bool {
	return slices.ContainsFunc(e.logsOf(p), func(l poolLog) bool { return anyAnswer(l.between(from, to)) })
}

// answeredBetween reports whether a machine's gateway answered well between two moments.
func (e *Engine) answeredBetween(site string, from, to int64) bool {
	return slices.ContainsFunc(e.accessSources(), func(s *source) bool { return s.site == site && anyAnswer(s.between(from, to)) })
}

func anyAnswer(tallies iter.Seq2[int64, *rules.Tally]) bool {
	for _, t := range tallies {
		if t.Status < 499 && t.Status >= 100 {
			return true
		}
	}
	return false
}

// serves reports whether an access line's address belongs to the pool; a log that
// names no addresses says nothing.
func (e *Engine) serves(p *pool, s *source, upstream string) bool {
	if upstream == "" || p.gateway {
		return false
	}
	n := e.node(s, upstream)
	return n == p.root || e.pools.find(n) == p.root
}
