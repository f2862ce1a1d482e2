package correlate

import "culprit/rules"

// What was answered well, and by whom.

// servedBetween reports whether the pool answered well between two moments.
func (e *Engine) servedBetween(p *pool, from, to int64) bool {
	return e.anyAnswer(from, to, func(s *source, t *rules.Tally) bool { return e.serves(p, s, t.Upstream) })
}

// answeredBetween reports whether a machine's gateway answered well between two moments.
func (e *Engine) answeredBetween(site string, from, to int64) bool {
	return e.anyAnswer(from, to, func(s *source, _ *rules.Tally) bool { return s.site == site })
}

func (e *Engine) anyAnswer(from, to int64, is func(*source, *rules.Tally) bool) bool {
	for _, s := range e.accessSources() {
		for _, t := range s.between(from, to) {
			if t.Status < 499 && t.Status >= 100 && is(s, t) {
				return true
			}
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
