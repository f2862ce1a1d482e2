package correlate

import (
	"culprit/parser"
	"culprit/rules"
)

// Bars for taking failures for requests that the gateway gave up.
const (
	lateCount = 3
	lateLeast = near              // stamps are whole seconds
	lateMost  = 2 * parser.Minute // see longestWait
)

// A onceAsked is one path that was asked for once while a case lasted: when the gateway answered,
// or was asked where its log tells that only, and when an application did.
type onceAsked struct {
	gateway, app   int64
	asked, written int
	failed         bool
}

// lateAnswers looks at failures of which the access log tells neither who made them nor how. If an
// application finished the same requests seconds later, and those that the gateway passed on
// sooner, the gateway had given them up: Varnish answers 503 after first_byte_timeout and its usual
// format says no more. What is asked for again and again tells nothing: a later answer may be
// another request's.
func (e *Engine) lateAnswers(g *gathering) {
	for _, s := range g.symptoms {
		if s.tally == nil || s.Symptom != parser.SymptomOther && s.Symptom != parser.SymptomUpstreamStatus || s.tally.Made == rules.MakerUpstream {
			return
		}
	}
	late, soonest, failed, answered := int64(0), int64(0), int64(0), int64(0)
	for _, a := range e.askedOnce(g) {
		switch after := a.app - a.gateway; {
		case a.asked != 1 || a.written != 1 || after < -near || after > lateMost:
		case !a.failed:
			answered = max(answered, after)
		default:
			failed++
			if after >= lateLeast {
				late++
				if soonest == 0 || after < soonest {
					soonest = after
				}
			}
		}
	}
	if late < lateCount || late*10 < failed*6 || soonest <= answered {
		return
	}
	for _, s := range g.symptoms {
		s.Symptom, s.Phase, s.late = parser.SymptomReadTimeout, parser.PhaseReadingHeader, late
	}
}

// askedOnce lists the requests around a case, by method and path, that the access log of the case
// and applications' logs hold.
func (e *Engine) askedOnce(g *gathering) map[uint64]*onceAsked {
	from, to := g.pool.span.From-lateMost, g.pool.span.To+lateMost
	all := map[uint64]*onceAsked{}
	for _, s := range e.sources {
		ours := false
		for _, sy := range g.symptoms {
			ours = ours || sy.source == s
		}
		for _, q := range s.requestsBetween(from, to) {
			sv := e.calls[streamID{s.index, q.Stream}]
			app := sv != nil && !sv.gateway && !sv.system
			if !app && !ours || q.Named {
				continue
			}
			a := all[q.Key]
			if a == nil {
				a = &onceAsked{}
				all[q.Key] = a
			}
			if app {
				a.app, a.written = q.Micros, a.written+1
			} else {
				a.gateway, a.asked, a.failed = q.Micros, a.asked+1, rules.Failed(q.Status)
			}
		}
	}
	return all
}
