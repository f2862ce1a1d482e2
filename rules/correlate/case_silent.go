package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// Failures that only the access log shows: one of the gateway's own making is a case, of what an
// upstream may have answered itself it takes a burst.

// Bars for failures that no error line tells.
const (
	burstCount  = 5
	burstWindow = parser.Minute
	burstLift   = 10 // times the rate outside
)

// silentCases makes cases of failures that only the access log shows: one is enough
// where the gateway made it, a burst is needed where the upstream may have answered
// it itself.
func (e *Engine) silentCases(cases []*gathering, failures []*tallied) []*gathering {
	groups := map[node][]*symptom{}
	var quoted map[quotedRequest]string
	for _, t := range failures {
		if t.left > 0 && !onPurpose(t) && len(e.openFor(cases, t)) == 0 {
			s := e.fromTally(t)
			if t.Upstream == "" && len(t.Requests) > 0 {
				if quoted == nil {
					quoted = e.quotedRequests()
				}
				s.Upstream = t.askedOf(quoted)
				s.members = s.Upstream
			}
			root := e.rootOf(s)
			if root.name[0] == '?' {
				root.name = "?" + t.VHost
			}
			groups[root] = append(groups[root], s)
		}
	}
	var out []*gathering
	for _, g := range e.splitQuiet(groups) {
		if g.pool.root.name[0] == '?' {
			g.pool.names = nil
		}
		if e.enough(g, failures) {
			e.readTimer(g)
			for _, s := range g.symptoms {
				g.answers = append(g.answers, answer{s.tally, s.tally.left})
				s.tally.left = 0
			}
			out = append(out, g)
		}
	}
	e.waitedFor(out)
	return out
}

// A quotedRequest is a request by the hash of its client and line, of which an error line tells what
// its upstream said.
type quotedRequest struct {
	site string
	key  uint64
}

// quotedRequests lists which upstreams said something of which requests, as FastCGI does in its
// stderr: such lines fail no request, but tell where one went that the access log calls failed.
func (e *Engine) quotedRequests() map[quotedRequest]string {
	out := map[quotedRequest]string{}
	for _, s := range e.sources {
		for i := range s.Events {
			ev := &s.Events[i]
			if ev.Upstream == "" || ev.Group || ev.Rank >= parser.RankSecondary || len(ev.Hits) == 0 {
				continue
			}
			for _, key := range ev.Requests {
				out[quotedRequest{s.site, key}] = ev.Upstream
			}
		}
	}
	return out
}

// askedOf is the upstream that most requests of a tally went to, as far as upstreams are quoted.
func (t *tallied) askedOf(quoted map[quotedRequest]string) (upstream string) {
	for _, key := range t.Requests {
		if named := quoted[quotedRequest{t.source.site, key}]; named != "" && named != upstream {
			if upstream = named; 2*t.share(func(key uint64) bool { return quoted[quotedRequest{t.source.site, key}] == named }) > t.Count {
				return named
			}
		}
	}
	return ""
}

// onPurpose reports whether a 503 was answered without asking any upstream: a
// limit, a maintenance page, a configured return.
func onPurpose(t *tallied) bool {
	return t.Symptom == parser.SymptomRefusedOnPurpose || t.Status == 503 && t.Made == rules.MakerGateway && (t.Upstream == "" || t.ofService())
}

// ofService reports whether a gateway answered requests for a service without asking one of its
// servers: it has none, or a limit was reached.
func (t *tallied) ofService() bool {
	return t.Status == 503 && t.Symptom == parser.SymptomOther && gateway.Of(t.source.Source.Gateway).Own503 && t.Upstream != "" && !strings.Contains(t.Upstream, ":")
}

func (e *Engine) fromTally(t *tallied) *symptom {
	first := rules.Interval{From: t.when.From, To: t.when.From + parser.Second}
	last := rules.Interval{From: t.when.To - parser.Second, To: t.when.To}
	ev := &rules.Event{
		Source: t.source.index, When: first, Last: last, Clock: parser.ClockZoned, Count: t.left,
		Place: t.Place, Text: t.Text, Symptom: t.Symptom, Phase: t.Phase, Rank: parser.RankPrimary,
		Upstream: t.Upstream, VHost: t.VHost, Requests: t.Requests, Access: true,
	}
	if t.Made == rules.MakerUpstream || t.Made == rules.MakerUnknown && t.Symptom == parser.SymptomNone {
		ev.Symptom = parser.SymptomUpstreamStatus
	}
	if ev.Symptom == parser.SymptomNone {
		ev.Symptom = parser.SymptomOther
	}
	return &symptom{Event: ev, source: t.source, when: first, last: last, tally: t, members: t.Upstream}
}

func (e *Engine) enough(g *gathering, failures []*tallied) bool {
	for _, s := range g.symptoms {
		t := s.tally
		made := t.Made == rules.MakerGateway || t.Made == rules.MakerUnknown && !e.covered(t.source.site)
		if made && (t.Status == 502 || t.Status == 504 || t.Status == 9) {
			return true
		}
	}
	return (burst(g.symptoms) || e.diedUnder(g)) && e.lifted(g, failures)
}

// diedUnder reports whether a worker of an application behind the gateway ended while each of the
// failed requests was under way: then that failed them, and no answer of the application's. Apache
// has no word for it where it speaks uwsgi: it answers 500 (mod_proxy_uwsgi.c, uwsgi_response).
func (e *Engine) diedUnder(g *gathering) bool {
	return !slices.ContainsFunc(g.symptoms, func(s *symptom) bool {
		t := s.tally
		late := near
		if t.begun {
			late = longestWait
		}
		if t.Made == rules.MakerUpstream {
			return true
		}
		for h := range e.hitsIn(t.when.From-t.Waited, t.when.To+late) {
			if h.when.From != rules.Past && h.service != nil && slices.ContainsFunc(h.Hits, workerEnded) && e.link(g.pool, h.service).weight > linkNone {
				return false
			}
		}
		return true
	})
}

// workerEnded reports whether a line tells that one worker of an application ended, and not in order.
func workerEnded(hit rules.Hit) bool {
	return hit.Signature.Scope == rules.ScopeWorker && hit.Signature.Cause.Family() == "crashed" && !hit.Signature.AboutOthers()
}

// burst reports whether five failures stand within a minute.
func burst(list []*symptom) bool {
	for i := range list {
		var n int64
		for j := i; j < len(list) && list[j].when.From < list[i].when.From+burstWindow; j++ {
			if n += list[j].tally.left; n >= burstCount {
				return true
			}
		}
	}
	return false
}

// lifted reports whether failures are ten times as frequent inside as outside. A burst's
// rate is that of its minute, so that bursts that come all day are not lifted; what the
// log covers is told by its whole rotated family.
func (e *Engine) lifted(g *gathering, failures []*tallied) bool {
	span := g.pool.span
	families := map[string]bool{}
	for _, s := range g.symptoms {
		families[s.source.family()] = true
	}
	var in, out int64
	for _, t := range failures {
		switch {
		case t.Upstream != g.symptoms[0].Upstream || t.VHost != g.symptoms[0].VHost || !families[t.source.family()]:
		case t.when.To >= span.From && t.when.From <= span.To:
			in += t.Count
		default:
			out += t.Count
		}
	}
	first, last := rules.Future, rules.Past
	for _, s := range e.accessSources() {
		if families[s.family()] {
			from, to := s.reach()
			first, last = min(first, from), max(last, to)
		}
	}
	inside := max(span.To-span.From, burstWindow)
	outside := max(last-first-inside, parser.Second)
	return in*outside >= burstLift*out*inside
}
