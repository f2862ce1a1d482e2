package cause

import (
	"cmp"
	"fmt"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Causes that follow from one another: the first of a chain has the weight of all.

// How much later than its consequences a root may be told.
const (
	foldSlack    = 3 * parser.Second
	longestStart = 2 * parser.Minute // until a server that cannot start says so: a JVM reads its classes first
)

// fold gives the first link of a chain the weight of its consequences.
func fold(c *rules.Case, scores []*score) {
	byTotal := slices.Clone(scores)
	slices.SortStableFunc(byTotal, func(a, b *score) int { return cmp.Compare(b.total, a.total) })
	for _, root := range byTotal {
		if root.foldedI != "" || root.total < aboveNothing {
			continue
		}
		for _, other := range byTotal {
			if other == root || other.foldedI != "" || !folds(root.cause, other.cause) && !failsEach(c, root, other) || !oneStory(c, root, other) {
				continue
			}
			if folds(other.cause, root.cause) && earlier(other, root) {
				continue // each may explain the other: the earlier one does
			}
			if other.total > root.total {
				root.add(other.total-root.total, fmt.Sprintf("%s is its consequence", other.cause))
			}
			other.foldedI = root.cause
		}
	}
}

// surely reports whether a strong line speaks for the cause in the first place: that a pool of php-fpm
// "seems busy" means no more than that it starts children.
func (s *score) surely(c *rules.Case) bool {
	return slices.ContainsFunc(s.pieces, func(p piece) bool {
		ev := &c.Evidence[p.index]
		return p.weight > 0 && ev.Cause == s.cause && ev.Hit.Signature.Strong
	})
}

// failsEach reports whether a cause is that something was used up, and the other one nothing but the
// errors of single requests: each that finds no place ends in one. The death of a process is no such
// consequence.
func failsEach(c *rules.Case, root, other *score) bool {
	if root.cause != rules.CauseUpstreamSaturated || other.cause != rules.CauseUnhandledException || other.own != 0 || !root.surely(c) {
		return false
	}
	errors := 0
	for _, p := range other.pieces {
		switch ev := &c.Evidence[p.index]; {
		case ev.Cause != other.cause:
		case ev.Hit.Signature.Scope != rules.ScopeRequest:
			return false
		default:
			errors++
		}
	}
	return errors > 0
}

// oneStory reports whether the root's evidence is about the same service as the
// other's and not clearly after it. Only what is linked to the upstream can be the
// root of what happened to it.
func oneStory(c *rules.Case, root, other *score) bool {
	subject := -1
	if len(other.pieces) > 0 {
		subject = c.Evidence[other.pieces[0].index].Subject
	}
	a := rootPiece(c, root, subject)
	switch {
	case len(other.pieces) == 0 && len(root.pieces) == 0:
		return other.own < root.own
	case a == nil:
		return false
	case len(other.pieces) == 0: // known from the symptoms alone
		return root.own == 0 && root.pieces[0].weight >= weightWeak && fit(c, root.cause) > misfit
	}
	b := &c.Evidence[other.pieces[0].index]
	if a.Subject != b.Subject && (b.Link > 0 || a.Link <= 0) && a.Subject >= 0 && b.Subject >= 0 && root.cause != rules.CauseDependencyFailure {
		return false
	}
	if a.Link <= 0 && b.Link > 0 {
		return false
	}
	slack := foldSlack
	if root.cause == rules.CauseStartFailure || root.cause == rules.CauseOOMKill || root.cause == rules.CauseWorkerTimeout || slowKind(root.cause) {
		slack = 10 * parser.Second // told late: the manager's line, the report's last line
	}
	if root.cause == rules.CauseStartFailure && other.cause == rules.CauseRestart && first(root).To < c.Span.To {
		slack = longestStart // what was stopped in good order could have served again by then
	}
	return first(root).From <= first(other).To+slack
}

// rootPiece is the best line that speaks for the cause in the first place and is
// linked to the upstream, or stands before nearly all of its failures: a line that
// only may stand for the cause, or is about somebody else, begins no chain. One about the subject
// goes before others: a unit's failed start is told of in its own log and by its process in the journal.
func rootPiece(c *rules.Case, s *score, subject int) *rules.Candidate {
	var best *rules.Candidate
	for _, p := range s.pieces {
		ev := &c.Evidence[p.index]
		if s.cause == rules.CauseDependencyFailure && fewComplained(c, ev) || endedOtherwise(ev, s.cause) {
			continue
		}
		if p.weight > 0 && ev.Cause == s.cause && (ev.Link > 0 || ev.Link == 0 && coverWeight(ev) >= coverTwo) {
			if ev.Subject == subject {
				return ev
			}
			if best == nil {
				best = ev
			}
		}
	}
	return best
}

// first is the earliest piece of a score that carries weight.
func first(s *score) rules.Interval {
	v := s.pieces[0].when
	for _, p := range s.pieces {
		if p.weight >= s.pieces[0].weight-10 && p.when.From < v.From && p.when.From != rules.Past {
			v = p.when
		}
	}
	return v
}
