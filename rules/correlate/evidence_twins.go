package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Alike servers on several machines: each says that it listens on its machine's every address, and
// nothing tells which address is whose. When each of them was down does.

// twins unlinks what runs on other machines than the one whose server went away just as the case's only
// address was refused: what stopped later still ran then, and after the end of what stopped earlier the
// address still answered.
func (e *Engine) twins(g *gathering) {
	if g.pool.gateway || len(g.pool.names) != 1 || !gone(g) || local(g.pool.names[0]) {
		return
	}
	went := map[string]bool{} // by machine
	for sv, l := range g.links {
		if l.weight <= linkNone {
			continue
		}
		machine := sv.machine()
		if machine == "" || l.weight >= linkUser || listenLink(g.pool, sv).weight >= linkAddress || requestLink(g.pool, sv).weight >= linkRequests {
			return // known otherwise
		}
		went[machine] = went[machine] || e.wentInto(g, sv)
	}
	here := ""
	for machine, is := range went {
		switch {
		case !is:
		case here != "":
			return
		default:
			here = machine
		}
	}
	if here == "" || len(went) < 2 {
		return
	}
	for sv, l := range g.links {
		if machine := sv.machine(); l.weight > linkNone && machine != here {
			g.links[sv] = link{linkElsewhere, "which runs on " + machine + ", and only what runs on " + here + " went away just as the address failed"}
		}
	}
}

// wentInto reports whether a service stopped or ended just before the first failure of the case's
// address, with no answer of that address in between.
func (e *Engine) wentInto(g *gathering, sv *service) bool {
	first := g.pool.span.From
	for _, list := range [][]*hitEvent{sv.life.stops, sv.life.ends} {
		for _, end := range risenFrom(list, first-frameBefore) {
			if end.when.From <= first+parser.Second && !e.answeredAt(g.pool, end.when.To+parser.Second, first) {
				return true
			}
		}
	}
	return false
}

// answeredAt reports whether the pool's only address answered well between two moments. A log that
// names none does not tell.
func (e *Engine) answeredAt(p *pool, from, to int64) bool {
	return from < to && slices.ContainsFunc(e.logsOf(p), func(l poolLog) bool {
		return anyAnswer(func(yield func(int64, *rules.Tally) bool) {
			for at, t := range l.between(from, to) {
				if t.Upstream == p.names[0] && !yield(at, t) {
					return
				}
			}
		})
	})
}
