package correlate

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// What the lines in which services say that they listen tell of failures behind them.

// A move is the line in which a service says that it serves again, and elsewhere.
type move struct {
	service *service
	there   *hitEvent
}

// deafTime is how long a service that says that it serves, and not where, may be refused on the
// address that it served before: many say so before the port does.
const deafTime = 10 * parser.Second

// moves lists the services of the case's pool that after their last start listen elsewhere: the
// address stays refused, and that start was no recovery.
func (e *Engine) moves(g *gathering) (out []move) {
	if g.pool.gateway || !gone(g) && !untold(g) {
		return nil
	}
	for _, sv := range g.linked {
		if g.links[sv].weight < linkProtocol || !sv.real(e) {
			continue
		}
		m := move{service: sv}
		var down *hitEvent
		for _, h := range risenFrom(sv.life.serves, g.began-lookback) {
			if h.when.From > g.pool.span.To {
				break
			}
			at := listensAt(h)
			switch down = e.lastDown(sv, h, g.began-lookback); {
			case at != "" && slices.ContainsFunc(g.pool.names, func(name string) bool { return sameAddress(name, at) > 0 }):
				m.there = nil
			case down == nil: // who opens a second port while it lives has not left the first
			case m.there == nil || listensAt(m.there) == "" && at != "":
				m.there = h
			}
		}
		if m.there == nil || e.servedBetween(g.pool, m.there.when.To, g.pool.span.To) {
			continue
		}
		if at := listensAt(m.there); at == "" && !e.deaf(g, m.there) || at != "" && m.there.when.To+gapOfSuccess > g.pool.span.To {
			continue
		}
		out = append(out, m)
	}
	return out
}

// lastDown is the last line from a moment on, before another one, that says that a service stopped
// or ended; nil if there is none.
func (e *Engine) lastDown(sv *service, h *hitEvent, from int64) (last *hitEvent) {
	l := &sv.life
	for _, list := range [][]*hitEvent{l.stops, l.ends} {
		for _, d := range risenFrom(list, from) {
			if d.when.From > h.when.To {
				break
			}
			if d != h && e.before(d, h) && (last == nil || d.when.From > last.when.From) {
				last = d
			}
		}
	}
	return last
}

// deaf reports whether the pool stayed refused long after its service said that it serves, and
// until the end of the gateway's logs.
func (e *Engine) deaf(g *gathering, serves *hitEvent) bool {
	if g.pool.span.To-serves.when.To < deafTime {
		return false
	}
	_, _, _, answered := e.firstSuccess(g)
	return !answered && (e.traffic(g).Known || e.state(g) == "open")
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
		all = slices.DeleteFunc(all, func(c rules.Candidate) bool {
			return c.Subject == m.service.index && c.Cause == rules.CauseRestart && c.When.From <= m.there.when.From
		})
		all = append(all, e.saysWhere(g, m.service, m.there, rules.CauseNotListening))
	}
	return all
}

// settleSchemes lets a line speak that says what the service speaks on the pool's address, where
// the gateway speaks something else to it and no answer came since.
func (e *Engine) settleSchemes(g *gathering, all []rules.Candidate) []rules.Candidate {
	asks := g.pool.scheme
	if asks == "" && !slices.ContainsFunc(g.symptoms, func(s *symptom) bool { return !gateway.Of(s.source.Source.Gateway).PlainOnly }) {
		asks = "http"
	}
	if g.pool.gateway || asks != "http" && asks != "https" {
		return all
	}
	for _, sv := range g.linked {
		if g.links[sv].weight < linkPort {
			continue
		}
		var last *hitEvent
		serves := sv.life.serves
		for _, h := range slices.Backward(serves[:len(serves)-len(risenFrom(serves, g.pool.span.To))]) {
			if at := listensAt(h); slices.ContainsFunc(g.pool.names, func(name string) bool { return sameAddress(name, at) > 0 }) {
				last = h
				break
			}
		}
		if last == nil || !g.failsSince(last.when.To+parser.Second) {
			continue
		}
		if speaks := spoken(last.Text); speaks != "" && speaks != asks && !e.servedBetween(g.pool, last.when.To, g.pool.span.To) {
			all = slices.DeleteFunc(all, func(c rules.Candidate) bool { // that stop was over
				return c.Subject == sv.index && c.Cause == rules.CauseRestart && c.When.From <= last.when.From
			})
			all = append(all, e.saysWhere(g, sv, last, rules.CauseProtocolMismatch))
		}
	}
	return all
}

// failsSince reports whether most failures came after a moment, and none of these was refused.
func (g *gathering) failsSince(at int64) bool {
	var since, before int64
	for _, s := range g.symptoms {
		switch {
		case s.Rank != parser.RankPrimary:
		case s.when.From < at:
			before += s.Count
		case s.Symptom == parser.SymptomConnRefused || s.Symptom == parser.SymptomSocketMissing:
			return false
		default:
			since += s.Count
		}
	}
	return since > before
}

// spoken is the scheme that a server's line says it speaks where it listens: gunicorn and uvicorn
// "https://…", Kestrel "Now listening on: https://…", Puma "ssl://…", Tomcat "port 8443 (https)".
func spoken(line string) string {
	line = strings.ToLower(line)
	says := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) })
	}
	switch tls, plain := says("https://", "ssl://", "(https)"), says("http://", "(http)"); {
	case tls && !plain:
		return "https"
	case plain && !tls:
		return "http"
	}
	return ""
}

// saysWhere makes a line in which a service says that it listens speak for a cause.
func (e *Engine) saysWhere(g *gathering, sv *service, h *hitEvent, cause rules.Cause) rules.Candidate {
	i := slices.IndexFunc(h.Hits, func(hit rules.Hit) bool { return hit.Signature.State == rules.StateServing })
	l := g.links[sv]
	return rules.Candidate{Event: h.Event, Hit: &h.Hits[i], Cause: cause, When: h.when, Subject: sv.index, Service: sv.name, Link: l.weight, LinkWhy: l.why}
}
