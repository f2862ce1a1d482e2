package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Bars for taking 504s for the gateway's own timer.
const (
	timerCount = 3
	timerEarly = 10 * parser.Millisecond  // rounding
	timerLate  = 100 * parser.Millisecond // a busy event loop
)

// readTimer looks at 504s of an access log that does not tell how far they came. If all took
// the same whole number of seconds while the same server answered others, and no application
// says that it answered 504 itself, that number is the gateway's timeout for an answer: the
// connections were made.
func (e *Engine) readTimer(g *gathering) {
	timer, count, first := int64(0), int64(0), rules.Future
	for _, s := range g.symptoms {
		t := s.tally
		if t == nil || s.Symptom != parser.SymptomOther || t.Status != 504 || t.Upstream == "" {
			return
		}
		whole := (t.Waited + timerEarly) / parser.Second * parser.Second
		if whole == 0 || timer != 0 && whole != timer || t.Waited > whole+timerLate {
			return
		}
		timer, count, first = whole, count+t.left, min(first, t.when.From-t.Waited)
	}
	if count < timerCount || !e.servedBetween(g.pool, first, g.pool.span.To) || e.answered504(g.pool.span) {
		return
	}
	for _, s := range g.symptoms {
		s.Symptom, s.Phase, s.timer = parser.SymptomReadTimeout, parser.PhaseReadingHeader, timer
	}
}

// withoutTimer is less than any timer for a connect, and than a host that is not there takes to be found missing.
const withoutTimer = parser.Second / 2

// refusedAtOnce takes connects that failed, the gateway does not say how, for refused ones where all
// requests that failed meanwhile had their answer at once.
func refusedAtOnce(g *gathering) {
	untold := func(s *symptom) bool {
		return s.Symptom == parser.SymptomOther && s.Phase == parser.PhaseConnecting && s.Rank == parser.RankPrimary && s.Errno == 0 && !s.Access
	}
	if len(g.answers) == 0 || !slices.ContainsFunc(g.symptoms, untold) {
		return
	}
	var asked *source // one that tells how long requests took
	for _, a := range g.answers {
		if s := a.tally.source; s != asked {
			if !slices.ContainsFunc(s.Tallies, func(t rules.Tally) bool { return t.Waited > 0 }) {
				return
			}
			asked = s
		}
		if a.tally.Waited > withoutTimer {
			return
		}
	}
	for _, s := range g.symptoms {
		if untold(s) {
			ev := *s.Event
			ev.Symptom = parser.SymptomConnRefused
			s.Event = &ev
		}
	}
}

// answered504 reports whether an application logged a 504 of its own.
func (e *Engine) answered504(span rules.Interval) bool {
	for _, s := range e.sources {
		if s.Source.Role == parser.RoleGateway {
			continue
		}
		if slices.ContainsFunc(s.requestsBetween(span.From-near, span.To+near), func(q rules.Request) bool { return q.Status == 504 }) {
			return true
		}
	}
	return false
}
