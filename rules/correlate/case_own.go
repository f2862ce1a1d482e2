package correlate

import (
	"culprit/parser"
	"culprit/parser/gateway"
)

// What a gateway complains of itself may be what an upstream did to it.

// adoptOwn gives such complaints to the pool that they are about: they are no cases of their own.
func (e *Engine) adoptOwn(groups map[node][]*symptom) {
	for _, root := range sortedRoots(groups) {
		if !root.isGateway() {
			continue
		}
		var own []*symptom
		for _, s := range groups[root] {
			owner, about := e.aboutUpstream(s, groups)
			if about == nil {
				own = append(own, s)
				continue
			}
			groups[owner] = append(groups[owner], about)
		}
		if groups[root] = own; len(own) == 0 {
			delete(groups, root)
		}
	}
}

// aboutUpstream is the pool that a complaint is about, and what the complaint is there.
func (e *Engine) aboutUpstream(s *symptom, groups map[node][]*symptom) (node, *symptom) {
	product := gateway.Of(s.source.Source.Gateway)
	switch {
	case s.Symptom == parser.SymptomNoConnections && product.Queues:
		// Its workers are all busy while requests wait for an upstream: it is full because of that one.
		if owner, ok := ownerWhere(s, groups, func(other *symptom) bool {
			return isTimeout(other.Symptom) && other.when.From <= s.last.To+longestWait && s.when.From <= other.last.To+near
		}); ok {
			reaction := *s.Event
			reaction.Rank = parser.RankSecondary
			return owner, &symptom{Event: &reaction, source: s.source, when: s.when, last: s.last}
		}
	case s.Symptom == parser.SymptomGatewayCrash && product.Daemons != "":
		// A child of it died while the answers of a daemon, which is one, broke off: that was the daemon.
		if owner, ok := ownerWhere(s, groups, func(other *symptom) bool {
			return other.Scheme == product.Daemons && brokeOff(other.Symptom) && other.when.From <= s.last.To+near && s.when.From <= other.last.To+near
		}); ok {
			return owner, s
		}
	}
	return node{}, nil
}

// brokeOff reports whether a class is that of a connection which its other end closed.
func brokeOff(s parser.Symptom) bool {
	return s == parser.SymptomPrematureClose || s == parser.SymptomConnReset
}

// ownerWhere is the pool with the most failures of the same log that a test is true for.
func ownerWhere(s *symptom, groups map[node][]*symptom, is func(*symptom) bool) (best node, found bool) {
	var most int64
	for _, root := range sortedRoots(groups) {
		if root.isGateway() {
			continue
		}
		var n int64
		for _, other := range groups[root] {
			if other.source == s.source && other.Rank == parser.RankPrimary && is(other) {
				n += other.Count
			}
		}
		if n > most {
			best, most, found = root, n, true
		}
	}
	return best, found
}
