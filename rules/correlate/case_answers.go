package correlate

import (
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// A tallied is a tally of a gateway's access log, in UTC.
type tallied struct {
	*rules.Tally
	source  *source
	when    rules.Interval
	left    int64 // failures not attributed to a case yet
	refused int64 // of them on purpose, as error lines tell
	alone   int64 // of those, by the gateway alone: no line tells
	begun   bool  // when is the requests' begin, and how long they took is not told, or by a number of which the unit is open (%D, %{ms}T)
}

// An answer is a number of failed requests of one tally that belong to a case.
type answer struct {
	tally *tallied
	count int64
}

// near is how far an access line may stand from the error line of its request.
const near = 2 * parser.Second

// tallies lists the access logs' tallies that pass, in a fixed order.
func (e *Engine) tallies(pass func(*rules.Tally) bool) []*tallied {
	var out []*tallied
	for _, s := range e.accessSources() {
		begins := e.stampsBegins(s)
		for i := range s.Tallies {
			t := &s.Tallies[i]
			if !pass(t) {
				continue
			}
			from := s.utc(t.Second*parser.Second, s.clock())
			out = append(out, &tallied{
				Tally: t, source: s, when: rules.Interval{From: from, To: from + (1+t.More)*parser.Second}, left: t.Count, begun: t.Waited < parser.Second && begins,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b *tallied) int {
		return cmp.Or(cmp.Compare(a.when.From, b.when.From), cmp.Compare(a.source.index, b.source.index), cmp.Compare(a.Place.Offset, b.Place.Offset),
			cmp.Compare(a.Status, b.Status), cmp.Compare(a.Upstream, b.Upstream), cmp.Compare(a.VHost, b.VHost))
	})
	return out
}

// addAccess attributes failed requests to cases (semantics: "Whose is a 5xx?") and
// makes cases of failures that no error line tells.
func (e *Engine) addAccess(cases []*gathering) []*gathering {
	failures := e.tallies(func(t *rules.Tally) bool {
		return rules.Failed(t.Status) && t.Symptom != parser.SymptomRefusedOnPurpose
	})
	e.refuse(failures)
	e.neverAsked(failures)
	open := indexCases(cases)
	for _, rule := range []func(*gathering, *tallied) int64{e.sameRequest, e.sameUpstream} {
		e.attribute(open, failures, rule)
	}
	e.attributeTold(open, failures)
	attributeByHost(e, cases, failures)
	e.attributeBefore(cases, failures)
	fresh := e.silentCases(cases, failures)
	e.attribute(indexCases(fresh), failures, e.sameUpstream)
	e.countRefusals(failures)
	all := append(cases, fresh...)
	for _, g := range all {
		g.countOnce()
		g.date()
		if g.until > g.pool.span.To+near { // its error lines ended, its failures did not
			g.pool.span.To = g.until
		}
		g.host()
		for _, a := range g.answers {
			if a.tally.Waited > 0 || a.tally.begun {
				g.began = min(g.began, a.tally.when.From-a.tally.Waited)
			}
		}
	}
	shareURLs(all)
	return all
}

// countOnce leaves out what one gateway passed on of another's failures to reach the same
// address: an ingress gateway's line and its sidecar's are of one request.
func (g *gathering) countOnce() {
	made := map[uint64]string{} // by client and request line: the log of the gateway that failed
	for _, a := range g.answers {
		if a.tally.Made == rules.MakerGateway {
			for _, key := range a.tally.Requests {
				made[key] = a.tally.source.family()
			}
		}
	}
	for i := range g.answers {
		if a := &g.answers[i]; a.tally.Made == rules.MakerUpstream && len(made) > 0 {
			a.count -= min(a.count, a.tally.share(func(key uint64) bool {
				log, ok := made[key]
				return ok && log != a.tally.source.family()
			}))
		}
	}
	g.answers = slices.DeleteFunc(g.answers, func(a answer) bool { return a.count == 0 })
}

// host gives a case whose error lines name no virtual host that of its answers, if they have one.
func (g *gathering) host() {
	if len(g.pool.vhosts) > 0 || len(g.answers) == 0 || g.pool.gateway {
		return
	}
	host := g.answers[0].tally.VHost
	if host != "" && !slices.ContainsFunc(g.answers, func(a answer) bool { return a.tally.VHost != host }) {
		g.pool.vhosts = []string{host}
	}
}

// date gives a case whose error lines have no stamps the time of its answers.
func (g *gathering) date() {
	if len(g.answers) == 0 || g.pool.span.From != rules.Past || g.pool.span.To != rules.Future {
		return
	}
	span := rules.Interval{From: rules.Future, To: rules.Past}
	for _, a := range g.answers {
		span.From, span.To = min(span.From, a.tally.when.From), max(span.To, a.tally.when.To)
	}
	for _, s := range g.symptoms {
		s.when, s.last = span, span
	}
	g.pool.span, g.began = span, span.From
}

// refuse takes off what the error log says was refused on purpose: the same client and
// request line within two seconds. limit_req and limit_conn answer 503 unless told
// otherwise (ngx_http_limit_req_module, limit_req_status).
func (e *Engine) refuse(failures []*tallied) {
	refused := map[uint64][]rules.Interval{}
	for _, s := range e.sources {
		for i := range s.Events {
			if ev := &s.Events[i]; ev.Symptom == parser.SymptomRefusedOnPurpose {
				when := rules.Interval{From: s.utc(ev.When.From, ev.Clock), To: s.utc(ev.Last.To, ev.Clock)}
				for _, key := range ev.Requests {
					refused[key] = append(refused[key], when)
				}
			}
		}
	}
	for _, t := range failures {
		if t.Status == 503 && (t.Upstream == "" || t.ofService()) && t.Made != rules.MakerUpstream {
			t.refused = t.share(func(key uint64) bool {
				return slices.ContainsFunc(refused[key], func(v rules.Interval) bool { return v.From <= t.when.To+near && v.To >= t.when.From-near })
			})
			t.left -= t.refused
		}
	}
}

// countRefusals counts answers of 5xx that were refusals on purpose: they are no failures.
// Those that no line of its own tells of are told by the access log alone.
func (e *Engine) countRefusals(failures []*tallied) {
	e.refusals.answered, e.refusals.untold = 0, 0
	for _, t := range failures {
		e.refusals.answered += t.refused
		e.refusals.untold += t.alone
		if onPurpose(t) {
			e.refusals.answered += t.left
			if t.Symptom != parser.SymptomRefusedOnPurpose {
				e.refusals.untold += t.left
			}
		}
	}
}

// share is how many of the tally's failures a test of their requests is true for, as far as
// the requests were kept.
func (t *tallied) share(is func(key uint64) bool) int64 {
	var n int64
	for _, key := range t.Requests {
		if is(key) {
			n++
		}
	}
	return t.Count * n / int64(max(len(t.Requests), 1))
}

func (e *Engine) attribute(open *caseIndex, failures []*tallied, share func(*gathering, *tallied) int64) {
	for _, t := range failures {
		if t.left == 0 {
			continue
		}
		for _, i := range open.of(e, t) {
			g := open.cases[i]
			if t.left == 0 {
				break
			}
			if n := min(share(g, t), t.left); n > 0 {
				g.answers = append(g.answers, answer{t, n})
				t.left -= n
			}
		}
	}
}

// sameRequest is the number of requests of the tally that a symptom of the case
// names too, by client and request line.
func (e *Engine) sameRequest(g *gathering, t *tallied) int64 {
	if t.Upstream != "" && !g.pool.gateway && e.pools.find(e.node(t.source, t.Upstream)) != g.pool.root {
		return 0 // the line itself says that it went elsewhere
	}
	if !inside(g, t) {
		return 0
	}
	return t.share(func(key uint64) bool {
		return slices.ContainsFunc(g.symptoms, func(s *symptom) bool {
			if s.last.To+near < t.when.From || s.when.From > t.when.To+near || t.Upstream == "" && e.answersElsewhere(s.source, t.source) {
				return false
			}
			_, found := slices.BinarySearch(s.Event.Requests, key)
			return found
		})
	})
}

// sameUpstream gives the rest to the case of the address, while it lasted.
func (e *Engine) sameUpstream(g *gathering, t *tallied) int64 {
	if t.Upstream == "" || g.pool.gateway || !inside(g, t) {
		return 0
	}
	n := e.node(t.source, t.Upstream)
	if n != g.pool.root && e.pools.find(n) != g.pool.root {
		return 0
	}
	if t.ofService() { // nothing more is said while the service has no endpoint
		g.until = max(g.until, t.when.To)
	}
	return t.left
}

// inside reports whether failures were answered while the case lasted.
func inside(g *gathering, t *tallied) bool {
	late := near
	if t.begun && slices.ContainsFunc(g.symptoms, func(s *symptom) bool { return isTimeout(s.Symptom) }) {
		late = longestWait
	}
	return t.when.To+late >= g.pool.span.From && t.when.From <= max(g.pool.span.To, g.until)+near
}

// longestWait is for how long a gateway may have waited before it gave a request up, where
// its log does not tell: Apache's Timeout and ProxyTimeout are a minute by default.
const longestWait = 2 * parser.Minute

func isTimeout(s parser.Symptom) bool {
	return s == parser.SymptomConnectTimeout || s == parser.SymptomReadTimeout || s == parser.SymptomSendTimeout
}

// attributeByHost gives what is left to the only case that was open for the same
// virtual host; where either log names no host (lighttpd's error log), to the only
// open case. A gateway that asks nobody any more (Squid, once it has detected a dead
// parent) may say no further word: failures that go on without a pause belong to the case.
func attributeByHost(e *Engine, cases []*gathering, failures []*tallied) {
	for _, t := range failures {
		if t.left == 0 {
			continue
		}
		if open := e.openFor(cases, t); len(open) == 1 {
			open[0].answers = append(open[0].answers, answer{t, t.left})
			open[0].until = max(open[0].until, t.when.To)
			t.left = 0
		}
	}
}

// openFor lists the cases that failures which name no address may belong to. If they are
// several, nobody knows whose the failures are: they stand in the totals only.
func (e *Engine) openFor(cases []*gathering, t *tallied) []*gathering {
	var open []*gathering
	if t.Upstream != "" {
		return nil
	}
	for _, g := range cases {
		if !g.told && e.mayHold(g, t) {
			open = append(open, g)
		}
	}
	return open
}

// mayHold reports whether a case can have made failures, as far as their time, gateway,
// virtual host and status tell.
func (e *Engine) mayHold(g *gathering, t *tallied) bool {
	return inside(g, t) && e.couldHold(g, t)
}

// couldHold is mayHold at any time.
func (e *Engine) couldHold(g *gathering, t *tallied) bool {
	return e.siteOK(g, t) && e.gatewayOK(g, t) && (t.VHost == "" || len(g.pool.vhosts) == 0 || slices.Contains(g.pool.vhosts, t.VHost)) && answersFit(g, t)
}

// siteOK reports whether failures that name no address may be of a case, as far as the machines tell
// whose logs they stand in.
func (e *Engine) siteOK(g *gathering, t *tallied) bool {
	if g.pool.root.site != "" {
		return g.pool.root.site == t.source.site
	}
	return len(g.pool.sources) == 0 || slices.ContainsFunc(g.pool.sources, func(i int) bool { return !e.answersElsewhere(e.sources[i], t.source) })
}

// answersElsewhere reports whether the requests that a log's errors are of stand in the access log of that
// log's own machine, and so in none of another one's: a client that asks two gateways for the same in
// one second may fail at both.
func (e *Engine) answersElsewhere(errors, access *source) bool {
	if errors.site == access.site {
		return false
	}
	if e.accessSites == nil {
		e.accessSites = map[string]bool{}
		for _, s := range e.accessSources() {
			e.accessSites[s.site] = true
		}
	}
	return e.accessSites[errors.site]
}

// gatewayOK reports whether the failures may be of a case's gateway: where the errors of
// theirs are among the logs, the cases of others are not concerned.
func (e *Engine) gatewayOK(g *gathering, t *tallied) bool {
	if slices.ContainsFunc(g.pool.sources, func(i int) bool { return e.sources[i].sameGateway(t.source) }) {
		return true
	}
	if t.source.errors == notAsked {
		t.source.errors = notHere
		if slices.ContainsFunc(e.sources, func(s *source) bool { return s.Source.HasErrors && s.sameGateway(t.source) }) {
			t.source.errors = here
		}
	}
	return t.source.errors == notHere
}

// answersFit reports whether the case can have ended in the status: a timeout makes
// 504s, a refused connection 502s; the gateway's own faults mostly 500s.
func answersFit(g *gathering, t *tallied) bool {
	if t.Made == rules.MakerUpstream || t.Symptom == parser.SymptomRefusedOnPurpose {
		return false
	}
	if onPurpose(t) && gateway.Of(t.source.Source.Gateway).Own503 && !g.pool.gateway {
		return false
	}
	for _, s := range g.symptoms {
		switch p := gateway.Of(s.source.Source.Gateway); {
		case p.Unreached != 0 && connecting(s.Symptom):
			if t.Status == p.Unreached {
				return true
			}
		case p.Answers == nil: // Varnish answers 503 to all, Apache 502 to a timeout, Envoy 503 to most
			return t.Status >= 500 || t.Status == rules.Unanswered
		default:
			statuses, ok := p.Answers[s.Symptom]
			if !ok {
				statuses = p.Answers[parser.SymptomNone]
			}
			if slices.Contains(statuses, t.Status) {
				return true
			}
		}
	}
	return false
}

// connecting reports whether a class is of a request that could not be handed on, because no
// server could be connected to or none was left.
func connecting(s parser.Symptom) bool {
	switch s {
	case parser.SymptomConnRefused, parser.SymptomConnectTimeout, parser.SymptomNoRoute, parser.SymptomSocketMissing, parser.SymptomSocketPermission,
		parser.SymptomPeerDisabled, parser.SymptomNoLivePeer:
		return true
	}
	return false
}

// covered reports whether a gateway's error log of the site is among the sources:
// then a missing line means something.
func (e *Engine) covered(site string) bool {
	return slices.ContainsFunc(e.sources, func(s *source) bool { return s.Source.HasErrors && (s.site == site || s.site == "" || site == "") })
}

// answersOf lists the answers of a case that one address gave.
func answersOf(g *gathering, upstream string) []answer {
	var out []answer
	for _, a := range g.answers {
		if a.tally.Upstream == upstream {
			out = append(out, a)
		}
	}
	return out
}

func cutAnswers(all []answer, at int64) (before, after []answer) {
	for _, a := range all {
		if a.tally.when.From < at {
			before = append(before, a)
		} else {
			after = append(after, a)
		}
	}
	return before, after
}
