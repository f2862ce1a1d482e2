package correlate

import (
	"cmp"
	"slices"

	"culprit/rules"
)

// A move is the line in which a service says that it listens elsewhere.
type move struct {
	service *service
	there   *hitEvent
}

// moves lists the services of the case's pool that after their last start listen elsewhere: the
// address stays refused, and that start was no recovery.
func (e *Engine) moves(g *gathering) (out []move) {
	if g.pool.gateway || !gone(g) {
		return nil
	}
	for _, sv := range e.services {
		if g.links[sv].weight < linkPort || !sv.real(e) {
			continue
		}
		var here, there *hitEvent
		for _, h := range e.lifeOf(sv).serves {
			if h.when.From > g.pool.span.To {
				break
			}
			switch at := listensAt(h); {
			case at == "":
			case slices.ContainsFunc(g.pool.names, func(name string) bool { return sameAddress(name, at) > 0 }):
				here, there = h, nil
			case here != nil && h.when.From > here.last.To && there == nil:
				there = h
			}
		}
		if there == nil || there.when.To+gapOfSuccess > g.pool.span.To || e.servedBetween(g.pool, there.when.To, g.pool.span.To) {
			continue
		}
		// Who opens a second port while it lives has not left the first.
		if l := e.lifeOf(sv); len(risenFrom(l.stops, here.last.To))+len(risenFrom(l.ends, here.last.To)) > 0 {
			out = append(out, move{sv, there})
		}
	}
	return out
}

// listensAt is the address, or ":port", that a line says something listens on.
func listensAt(h *hitEvent) string {
	for i := range h.Hits {
		hit := &h.Hits[i]
		if hit.Signature.State != rules.StateServing {
			continue
		}
		if port := hit.Get(rules.FieldPort); port != "" {
			return cmp.Or(hit.Get(rules.FieldAddress), ":"+port)
		}
		if at := hit.Get(rules.FieldAddress); at != "" {
			return at
		}
	}
	return ""
}

// settleMoves lets the new address speak where it explains what came after: the stop before it
// was over when the service listened again.
func (e *Engine) settleMoves(g *gathering, all []rules.Candidate) []rules.Candidate {
	for _, m := range e.moves(g) {
		sv, there := m.service, m.there
		all = slices.DeleteFunc(all, func(c rules.Candidate) bool {
			return c.Subject == sv.index && c.Cause == rules.CauseRestart && c.When.From <= there.when.From
		})
		for i := range there.Hits {
			if hit := &there.Hits[i]; hit.Signature.State == rules.StateServing {
				l := g.links[sv]
				all = append(all, rules.Candidate{Event: there.Event, Hit: hit, Cause: rules.CauseNotListening, When: there.when, Subject: sv.index, Service: sv.name, Link: l.weight, LinkWhy: l.why})
				break
			}
		}
	}
	return all
}
