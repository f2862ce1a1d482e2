package correlate

import (
	"iter"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Bounds of an outage that a unit's end and start stand around.
const (
	frameBefore = 10 * parser.Second // from the end of the unit to the first failure, if no request came in between
	frameAfter  = 30 * parser.Second // from the last failure to the unit's start
	frameBoot   = parser.Minute      // from the start to the last failure: servers are slow to serve
)

// frame links the one unit whose end and next start stand around the failures, where no line
// tells who serves the address and only one address of the machine failed: the address
// answered until the unit ended, and was refused from then on until the unit had started.
// A database's unit answers no gateway.
func (e *Engine) frame(g *gathering) {
	if g.pool.gateway || farAway(g.pool.names) || !gone(g) {
		return
	}
	for sv, l := range g.links {
		if l.weight >= linkOnly && (l.weight >= linkPort || sv.real(e)) {
			return
		}
	}
	if e.othersFail(g) {
		return
	}
	var found *service
	for _, sv := range e.services {
		switch {
		case len(sv.life.ends) == 0, sv.gateway || sv.system || slices.Contains(e.backings, sv) || !e.frames(g, sv) || e.linkOf(g, sv).weight != linkNone:
		case found != nil:
			return
		default:
			found = sv
		}
	}
	if found != nil {
		g.links[found] = link{linkHost, "the only one that ended just before the failures and was started at their end"}
	}
}

// gone reports whether the failures are those of a server that is not there.
func gone(g *gathering) bool {
	return slices.ContainsFunc(g.symptoms, func(s *symptom) bool {
		return s.Symptom == parser.SymptomConnRefused || s.Symptom == parser.SymptomSocketMissing
	})
}

// untold reports whether the gateway says nothing about how it failed, as access logs without a
// reason do (Traefik's): it may have been refused.
func untold(g *gathering) bool {
	return !slices.ContainsFunc(g.symptoms, func(s *symptom) bool {
		switch s.Symptom {
		case parser.SymptomOther, parser.SymptomNoLivePeer, parser.SymptomPeerDown, parser.SymptomPeerDisabled, parser.SymptomHealthCheckFailed:
			return false
		}
		return true
	})
}

// othersFail reports whether another pool of the same machine's gateway was refused meanwhile.
func (e *Engine) othersFail(g *gathering) bool {
	return slices.ContainsFunc(e.open, func(o *gathering) bool {
		return g.overlaps(o) && !o.pool.gateway && gone(o)
	})
}

// frames reports whether a service ended just before the failures, with no answer in between, and
// started when they ended. What ended before the gateway's logs begin may have been refused all
// the time before.
func (e *Engine) frames(g *gathering, sv *service) bool {
	last, seen := g.pool.span.To, e.seenFrom(g)
	for end := range e.endsInto(g, sv) {
		if end.when.To < seen {
			continue
		}
		if up := risenFrom(sv.life.rises, max(end.last.From+1, last-frameBoot)); len(up) > 0 && up[0].when.From <= last+frameAfter {
			return !e.servedBetween(g.pool, end.when.To+parser.Second, up[0].when.From)
		}
	}
	return false
}

// seenFrom is when the logs of the gateways on a pool's machine begin.
func (e *Engine) seenFrom(g *gathering) int64 {
	if e.seenSince == nil {
		e.seenSince = map[string]int64{}
		for _, s := range e.sources {
			if s.Source.HasErrors || s.Source.HasAccess {
				first, _ := s.reach()
				if since, known := e.seenSince[s.site]; !known || first < since {
					e.seenSince[s.site] = first
				}
			}
		}
	}
	if since, known := e.seenSince[g.pool.root.site]; known {
		return min(g.pool.span.From, since)
	}
	return g.pool.span.From
}

// endsInto yields the ends of a service just before the failures, with no answer in between.
func (e *Engine) endsInto(g *gathering, sv *service) iter.Seq[*hitEvent] {
	first := g.pool.span.From
	return func(yield func(*hitEvent) bool) {
		for _, end := range risenFrom(sv.life.ends, first-frameBefore) {
			if end.when.From > first+parser.Second {
				return
			}
			if dies(end) && !e.answeredAfter(g, end) && !yield(end) {
				return
			}
		}
	}
}

// answeredAfter reports whether the pool, or what was asked for as in the failed requests where the log
// names no upstream, was answered between an event and the first failure.
func (e *Engine) answeredAfter(g *gathering, h *hitEvent) bool {
	from, first := h.when.To+parser.Second, g.pool.span.From
	return from < first && (e.servedBetween(g.pool, from, first) || e.answeredAlike(g, from, first-1))
}

// outlived unlinks what ended before the failures while the address still answered, where another
// service, no surer linked, ended right before them: containers of one project write one stream, and
// the end of one is not that of another.
func (e *Engine) outlived(g *gathering) {
	if g.pool.gateway || len(g.pool.names) != 1 || !gone(g) {
		return
	}
	var framing *service
	for sv, l := range g.links {
		switch {
		case l.weight >= linkSocket:
			return // known otherwise
		case l.weight <= linkNone:
		case !anyEnd(e.endsInto(g, sv)):
		case framing != nil:
			return
		default:
			framing = sv
		}
	}
	if framing == nil {
		return
	}
	for sv, l := range g.links {
		if sv != framing && l.weight > linkNone && l.weight <= g.links[framing].weight && e.endedEarly(g, sv) {
			g.links[sv] = link{linkElsewhere, "after whose end the address still answered"}
		}
	}
}

// endedEarly reports whether a service stopped or ended before the failures, did not start again, and
// the address was still answered after that.
func (e *Engine) endedEarly(g *gathering, sv *service) bool {
	for _, list := range [][]*hitEvent{sv.life.stops, sv.life.ends} {
		for _, end := range risenFrom(list, g.began-lookback) {
			if end.when.To < g.pool.span.From && risen(end, sv, rules.StateStarted, rules.StateServing) >= g.pool.span.From && e.answeredAfter(g, end) {
				return true
			}
		}
	}
	return false
}

// anyEnd reports whether a sequence yields anything.
func anyEnd(all iter.Seq[*hitEvent]) bool {
	for range all {
		return true
	}
	return false
}

// dies reports whether a line tells of an end that nobody ordered: timers' jobs end in good
// order all day.
func dies(h *hitEvent) bool {
	return slices.ContainsFunc(h.Hits, func(hit rules.Hit) bool {
		return hit.Signature.State == rules.StateDead || hit.Signature.State == rules.StateFailed
	})
}
