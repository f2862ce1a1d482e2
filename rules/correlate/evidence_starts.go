package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Bounds of lives that never served.
const (
	roundGap  = 2 * parser.Minute  // between the end of one life and the end of the next
	shortLife = 15 * parser.Second // the same, for a service whose log does not tell when it serves
	stopTime  = 30 * parser.Second // between an order to stop and the end
	maxRounds = 100
)

// mayBeStart reports whether a hit is a manager's word that a process ended by itself, which
// a failed start does too: the line alone does not tell.
func mayBeStart(hit *rules.Hit) bool {
	sig := hit.Signature
	return sig.Cause == rules.CauseUnhandledException && sig.State == rules.StateDead && slices.Contains(sig.Also, rules.CauseStartFailure)
}

// exit says what a manager's word that a process ended by itself speaks for, and for what it
// does not: an end before it ever served is a failed start, and one after that is none.
func (e *Engine) exit(g *gathering, h *hitEvent, hit *rules.Hit, sv *service) (rules.Cause, []rules.Cause) {
	switch {
	case sv == nil || h.when.From == rules.Past:
	case e.failedStart(h, hit, sv):
		return rules.CauseStartFailure, nil
	case e.hadServed(g, h, sv):
		return hit.Signature.Cause, []rules.Cause{rules.CauseStartFailure}
	}
	return hit.Signature.Cause, nil
}

// settleExits takes from ends of processes that had served what no other line speaks for: a
// process that ran out of memory says so.
func settleExits(all []rules.Candidate) {
	spoken := map[rules.Cause]bool{}
	for i := range all {
		if c := &all[i]; c.Link > linkNone {
			spoken[c.Cause] = true
		}
	}
	for i := range all {
		c := &all[i]
		if len(c.Not) > 0 && !spoken[rules.CauseMemoryExhausted] && !spoken[rules.CauseOOMKill] {
			c.Not = append(c.Not, rules.CauseMemoryExhausted)
		}
	}
}

// hadServed reports whether the life that an event ended had served: the service says so, or
// the only address of the pool answered a minute before.
func (e *Engine) hadServed(g *gathering, h *hitEvent, sv *service) bool {
	const recently = parser.Minute
	from := rules.Past
	if before := e.endBefore(h, sv); before != nil {
		from = before.last.From + 1
	}
	if e.served(sv, from, h.when.From) {
		return true
	}
	if from = max(from, h.when.From-recently); len(g.pool.names) != 1 || e.tells(sv) {
		return false
	}
	for _, l := range e.logsOf(g.pool) {
		for _, t := range l.between(from, h.when.From) {
			if t.Status >= 100 && t.Status < 499 {
				return true
			}
		}
	}
	return false
}

// failedStart reports whether a process that ended by itself had never served: the life
// before it had ended already, nothing told of serving since, and it started anew, or went
// the same way at least twice. Where the last life that served went that way too, that one
// is the story.
func (e *Engine) failedStart(h *hitEvent, hit *rules.Hit, sv *service) bool {
	before := e.endBefore(h, sv)
	if before == nil || e.served(sv, before.last.From+1, h.when.From) {
		return false
	}
	same := func(o *hitEvent) bool {
		return o != h && o.source == h.source && slices.ContainsFunc(o.Hits, func(x rules.Hit) bool { return x.Signature == hit.Signature })
	}
	if first := e.firstEnd(before, sv); same(first) && e.served(sv, rules.Past, first.when.From) && !e.ordered(first, sv) {
		return false
	}
	// Where no line tells of the start, two ends of one kind, with none between, are two lives.
	return rose(before, sv, h.when.From, rules.StateStarted) || same(before) || e.endsAgain(h, sv, same)
}

// endsAgain reports whether an end is followed by one of the same kind before the service serves.
func (e *Engine) endsAgain(h *hitEvent, sv *service, same func(*hitEvent) bool) bool {
	for _, o := range risenFrom(sv.life.ends, h.when.To) {
		if o.when.From > h.when.To+roundGap {
			break
		}
		if same(o) {
			return !e.served(sv, h.last.From+1, o.when.From)
		}
	}
	return false
}

// firstEnd goes back from an end over those before it to the one of the last life that served.
func (e *Engine) firstEnd(h *hitEvent, sv *service) *hitEvent {
	for range maxRounds {
		before := e.endBefore(h, sv)
		if before == nil || e.served(sv, before.last.From+1, h.when.From) {
			break
		}
		h = before
	}
	return h
}

// ordered reports whether a service was told to stop shortly before its end.
func (e *Engine) ordered(h *hitEvent, sv *service) bool {
	stops := risenFrom(sv.life.stops, h.when.From-stopTime)
	return len(stops) > 0 && stops[0].when.From <= h.when.To && stops[0] != h
}

// endBefore is the last event before another one that tells of the end of a service's life;
// nil if there is none in the last minutes. What is told of one end comes within a second.
func (e *Engine) endBefore(h *hitEvent, sv *service) *hitEvent {
	gap := roundGap
	if !e.tells(sv) {
		gap = shortLife
	}
	ends := sv.life.ends
	behind := risenFrom(ends, h.when.From-parser.Second+1)
	if n := len(ends) - len(behind); n > 0 && ends[n-1].when.From >= h.when.From-gap {
		return ends[n-1]
	}
	return nil
}

// served reports whether a service told between two moments that it serves.
func (e *Engine) served(sv *service, from, to int64) bool {
	up := risenFrom(sv.life.serves, from)
	return len(up) > 0 && up[0].when.From < to || e.answeredRequest(sv, from, to)
}

// tells reports whether a service's log ever says that it serves, so that silence means that
// it does not.
func (e *Engine) tells(sv *service) bool { return e.served(sv, rules.Past, rules.Future) }

// A life is what lines of a service and about it tell of its states, each in order of time.
type life struct {
	rises  []*hitEvent // it starts, listens or is ready
	serves []*hitEvent // it listens or is ready
	stops  []*hitEvent // it was told to stop, or says that it did
	ends   []*hitEvent // its life is over
}

// findLives tells each service what its own lines and those about it say of its states.
func (e *Engine) findLives() {
	for _, h := range e.hits {
		states := func(want ...rules.State) bool {
			return slices.ContainsFunc(h.Hits, func(hit rules.Hit) bool { return slices.Contains(want, hit.Signature.State) })
		}
		if h.when.From == rules.Past || !slices.ContainsFunc(h.Hits, func(hit rules.Hit) bool { return hit.Signature.State != "" }) {
			continue
		}
		for _, sv := range e.whose(h) {
			if slices.ContainsFunc(h.Hits, up) {
				sv.life.rises = append(sv.life.rises, h)
			}
			if states(rules.StateServing) {
				sv.life.serves = append(sv.life.serves, h)
			}
			if states(rules.StateStopping, rules.StateStopped) {
				sv.life.stops = append(sv.life.stops, h)
			}
			if states(rules.StateDead, rules.StateStopped, rules.StateFailed) {
				sv.life.ends = append(sv.life.ends, h)
			}
		}
	}
}

// whose lists the services that an event is of or about.
func (e *Engine) whose(h *hitEvent) (out []*service) {
	if h.service != nil {
		out = append(out, h.service)
	}
	for i := range h.Hits {
		for _, j := range e.about(h, &h.Hits[i]) {
			if j.weight >= linkName && !slices.Contains(out, j.service) {
				out = append(out, j.service)
			}
		}
	}
	return out
}

// unborn reports whether a service had started just before an event, and neither listened
// nor answered a request yet.
func (e *Engine) unborn(h *hitEvent, sv *service) bool {
	if sv == nil || h.when.From == rules.Past {
		return false
	}
	const life = 10 * parser.Second
	var started *hitEvent
	for _, up := range risenFrom(sv.life.rises, h.when.From-life-parser.Minute) {
		if up.when.From > h.when.To {
			break
		}
		if e.before(up, h) {
			started = up
		}
	}
	if started == nil || h.when.From-started.when.To > life ||
		slices.ContainsFunc(started.Hits, func(hit rules.Hit) bool { return hit.Signature.State == rules.StateServing }) {
		return false
	}
	return !e.answeredRequest(sv, started.when.From, h.when.From)
}

// partOfStart reports whether a weak word of a restart stands in a start of the service that it
// is of, between the line that it starts and the one that it serves: Tomcat deploys its
// applications whenever it starts.
func (e *Engine) partOfStart(h *hitEvent, hit *rules.Hit, sv *service) bool {
	if sv == nil || hit.Signature.Cause != rules.CauseRestart || hit.Signature.Strong || h.when.From == rules.Past {
		return false
	}
	var before *hitEvent
	for _, up := range risenFrom(sv.risen, h.when.From-lookback) {
		switch {
		case e.before(up, h):
			before = up
		case up.when.From > h.when.From+lookback:
			return false
		case up != h:
			return before != nil && !serves(before) && serves(up)
		}
	}
	return false
}

func serves(h *hitEvent) bool {
	return slices.ContainsFunc(h.Hits, func(hit rules.Hit) bool { return hit.Signature.State == rules.StateServing })
}
