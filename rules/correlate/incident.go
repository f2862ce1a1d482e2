package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
	"culprit/rules/cause"

	"github.com/cespare/xxhash/v2"
)

// report turns judged cases into incidents, in the contract's order.
func (e *Engine) report(cases []*gathering) *rules.Report {
	r := &rules.Report{}
	made := make([]*rules.Incident, len(cases))
	for i, g := range cases {
		made[i] = e.incident(g)
	}
	e.relate(cases, made)
	for _, in := range made {
		if e.wanted(in) {
			r.Incidents = append(r.Incidents, *in)
		}
	}
	slices.SortStableFunc(r.Incidents, func(a, b rules.Incident) int {
		return cmp.Or(cmp.Compare(a.Start.Micros, b.Start.Micros), strings.Compare(firstOf(a.Upstreams), firstOf(b.Upstreams)), strings.Compare(a.ID, b.ID))
	})
	for _, s := range e.sources {
		if s.whole != nil {
			continue
		}
		info := s.Source
		info.First.Micros, info.Last.Micros = s.bounds()
		e.nameShared(s, &info)
		r.Sources = append(r.Sources, info)
	}
	slices.SortStableFunc(r.Sources, func(a, b rules.SourceInfo) int { return strings.Compare(a.Path, b.Path) })
	r.Totals = e.totals(len(r.Incidents))
	for _, g := range cases {
		told := g.toldTwice()
		for _, s := range g.symptoms {
			if told && s.Asked {
				r.Totals.GatewayErrorLines -= s.Lines
			}
		}
	}
	r.Window = e.window()
	return r
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (e *Engine) wanted(in *rules.Incident) bool {
	return (e.cfg.Since == 0 || in.End.Micros >= e.cfg.Since) && (e.cfg.Until == 0 || in.Start.Micros <= e.cfg.Until)
}

func (e *Engine) incident(g *gathering) *rules.Incident {
	in := &rules.Incident{
		Verdict: g.verdict, Upstreams: upstreamsOf(g), Gateway: flavour(g, e.product(g)), State: e.state(g),
		ErrorLines: -1, FailedRequests: -1, FailedOther: -1, Requests: -1, PrimaryLines: -1, SecondaryLines: -1,
	}
	first := g.symptoms[0]
	in.ID = e.id(g, first)
	in.Start, in.End = moment(first.when), e.end(g)
	e.count(in, g)
	in.Series = e.series(g)
	in.Backoff = e.backoff(g)
	in.URLs = urls(g)
	in.Clients, in.ClientsAbout = clients(g)
	in.Symptoms = e.symptomGroups(g)
	evidence, says := e.evidence(g)
	in.Evidence = evidence
	e.blame(in, g)
	in.Start = e.start(in, g)
	in.Requests, in.OfGateway = e.answeredMeanwhile(in, g)
	e.whatElse(in, g)
	in.Timeline = e.timeline(in, says, g)
	e.quoteNoticed(in, g)
	in.Advice, in.Prevent = cause.Advice(g.source().rules, in), cause.Prevent(g.source().rules, in)
	in.Missing = cause.Missing(g.seen(), in)
	in.Summary = cause.Summary(g.source().rules, in)
	return in
}

// id hashes the pool's key and the raw bytes of the first symptom's line: no path,
// zone, skew, offset or cause is in it. The key is the upstream that this line names, so
// that an incident keeps its id when further servers of its pool fail.
func (e *Engine) id(g *gathering, first *symptom) string {
	h := xxhash.New()
	h.WriteString(strings.Join(e.poolKey(g, first), "\x00"))
	h.WriteString("\x00\x00")
	h.WriteString(first.Text)
	return fmt.Sprintf("%016x", h.Sum64())
}

func (e *Engine) poolKey(g *gathering, first *symptom) []string {
	switch {
	case g.pool.gateway:
		return []string{gatewayPool}
	case first.Upstream != "" && !first.shared:
		return []string{first.Upstream}
	}
	if members := e.pools.members(g.pool.root); len(members) > 1 {
		return members
	}
	return append([]string{g.pool.root.name}, g.pool.names...)
}

// upstreamsOf lists the addresses that failed; a group's name only where the log
// gives nothing else.
func upstreamsOf(g *gathering) []string {
	var addresses, names []string
	add := func(list []string, name string) []string {
		if n := len(list); n > 0 && list[n-1] == name {
			return list
		}
		return append(list, name)
	}
	for _, s := range g.symptoms {
		switch {
		case s.Upstream == "" || g.pool.gateway:
		case s.Group || !strings.Contains(s.Upstream, ":"):
			names = add(names, s.Upstream)
		default:
			addresses = add(addresses, s.Upstream)
		}
	}
	if len(addresses) > 0 {
		names = addresses
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if names == nil {
		names = []string{}
	}
	return names
}

// product is the gateway that saw a case fail. A form that several write is any product's: a log
// of another one beside it tells whose.
func (e *Engine) product(g *gathering) string {
	shared := ""
	for _, s := range g.symptoms {
		name := s.source.Source.Gateway
		switch p := gateway.Of(name); {
		case name == "":
		case p.SharedForm == "":
			return name
		case s.source.Source.HasErrors && p.OwnServer(s.VHost) != "":
			return p.OwnServer(s.VHost)
		case s.source.common():
			for _, o := range e.sources {
				if o.Source.Gateway != "" && o.Source.Gateway != name && o.sameGateway(s.source) {
					return o.Source.Gateway
				}
			}
		}
		shared = cmp.Or(shared, name)
	}
	return shared
}

// state is open if the gateway's log ends within quiet of the last symptom.
func (e *Engine) state(g *gathering) string {
	if e.wholeOf().until < g.pool.span.To+e.cfg.quiet() {
		return "open"
	}
	return "resolved"
}

// firstSuccess is the first second after the last symptom in which the pool
// answered, and the line of the first answer in it, if an access log tells.
func (e *Engine) firstSuccess(g *gathering) (at int64, in *source, line int64, ok bool) {
	best := rules.Future
	for _, l := range e.logsOf(g.pool) {
		mine := rules.Future
		for at, t := range l.between(g.pool.span.To, best) {
			if at > mine {
				break
			}
			if t.Status >= 100 && t.Status < 499 && (mine == rules.Future || t.Place.Line < line) {
				mine, in, line = at, l.source, t.Place.Line
			}
		}
		best = min(best, mine)
	}
	return best, in, line, best != rules.Future && best < g.pool.span.To+e.cfg.quiet()
}

func (e *Engine) end(g *gathering) rules.Moment {
	if at, _, _, ok := e.firstSuccess(g); ok {
		return rules.Moment{Micros: at, Precision: parser.Second}
	}
	if g.wentOn() {
		return moment(rules.Interval{From: g.until - parser.Second, To: g.until})
	}
	var last *symptom
	for _, s := range g.symptoms {
		if last == nil || s.last.From > last.last.From {
			last = s
		}
	}
	return moment(last.last)
}

// wentOn reports whether requests failed after the last line that tells of it: a gateway that asks
// a dead server no more says nothing more.
func (g *gathering) wentOn() bool { return g.until > 0 && g.until == g.pool.span.To }

func moment(v rules.Interval) rules.Moment {
	if v.From == rules.Past || v.From == rules.Future {
		return rules.Moment{}
	}
	return rules.Moment{Micros: v.From, Precision: max(v.To-v.From, 1)}
}

// start is the first symptom's, or the linked cause line's if that is earlier and
// within the case.
func (e *Engine) start(in *rules.Incident, g *gathering) rules.Moment {
	start := in.Start
	// A stamp in whole seconds does not show that a request of some milliseconds began before it.
	if g.began <= start.Micros-start.Precision && g.began > start.Micros-5*parser.Minute {
		start = rules.Moment{Micros: g.began, Precision: start.Precision}
	}
	for _, p := range g.verdict.Proof {
		c := &g.source().rules.Evidence[p.Candidate]
		if m := moment(c.When); c.Link > 0 && !m.IsZero() && m.Precision <= parser.Second && m.Micros < start.Micros && m.Micros >= start.Micros-e.cfg.quiet() {
			start = m
		}
	}
	return start
}

// count fills lines and requests; -1 stays where no source could tell.
func (e *Engine) count(in *rules.Incident, g *gathering) {
	if g.rules.Seen.ErrorLog {
		in.ErrorLines, in.PrimaryLines, in.SecondaryLines = 0, 0, 0
	}
	told := g.toldTwice()
	for _, s := range g.symptoms {
		if s.Lines == 0 || told && s.Asked {
			continue
		}
		in.ErrorLines += s.Lines
		if s.Rank == parser.RankPrimary {
			in.PrimaryLines += s.Lines
		} else {
			in.SecondaryLines += s.Lines
		}
	}
	if !g.rules.Seen.Access {
		return
	}
	in.FailedRequests, in.FailedOther = 0, 0
	byStatus := map[int16]int64{}
	for _, a := range g.answers {
		byStatus[a.tally.Status] += a.count
		if a.tally.Status >= 500 && !rules.OfCloudflare(a.tally.Status) {
			in.FailedRequests += a.count
		} else {
			in.FailedOther += a.count
		}
	}
	if n := cutBodies(g); n > 0 {
		in.FailedOther += n
		byStatus[200] += n
	}
	if slow(g.verdict.Cause) {
		if n := e.abortsWhileWaiting(g); n > 0 {
			byStatus[499] += n
		}
	}
	statuses := make([]int16, 0, len(byStatus))
	for status := range byStatus {
		statuses = append(statuses, status)
	}
	slices.Sort(statuses)
	for _, status := range statuses {
		in.StatusCounts = append(in.StatusCounts, rules.StatusCount{Status: rules.StatusText(status), Count: byStatus[status]})
	}
}

// toldTwice reports whether a gateway tells of its failed requests in a log of its own beside its
// access log, which tells them too (Traefik's): then only the former's lines are error lines.
func (g *gathering) toldTwice() bool {
	own, asked := false, false
	for _, s := range g.symptoms {
		own = own || !s.Asked && s.Lines > 0 && s.Rank == parser.RankPrimary
		asked = asked || s.Asked
	}
	return own && asked
}

// cutBodies counts requests whose failure came after the header was sent: the
// status stays what the upstream answered, the body is cut (nginx-status-logic:
// phases "reading upstream" and "sending to client").
func cutBodies(g *gathering) int64 {
	var n int64
	for _, s := range g.symptoms {
		if cutBody(s) {
			n += s.Count
		}
	}
	return n
}

func cutBody(s *symptom) bool {
	return s.Rank == parser.RankPrimary && !s.Access && (s.Phase == parser.PhaseReadingBody || s.Phase == parser.PhaseSendingToClient) &&
		s.Symptom != parser.SymptomUpstreamStatus // the answer of a subrequest: the client got a status for it
}

func slow(c rules.Cause) bool { return c.Waits() || c == rules.CauseWorkerTimeout }

// abortsWhileWaiting counts clients that gave up while the case of slowness was open.
func (e *Engine) abortsWhileWaiting(g *gathering) int64 {
	var n int64
	for _, c := range e.aborts(g) {
		n += c
	}
	return n
}

// aborts counts them by the second, since the epoch, in which they gave up.
func (e *Engine) aborts(g *gathering) map[int64]int64 {
	by := map[int64]int64{}
	for _, l := range e.logsOf(g.pool) {
		for at, t := range l.between(g.began, g.pool.span.To+1) {
			if t.Status == 499 {
				by[parser.FloorDiv(at, parser.Second)] += t.Count
			}
		}
	}
	return by
}

func (e *Engine) totals(incidents int) rules.Totals {
	t := rules.Totals{Incidents: int64(incidents), GatewayErrorLines: -1, Requests: -1, FailedRequests: -1, FailedOther: -1}
	for _, s := range e.sources {
		if s.Source.HasErrors {
			t.GatewayErrorLines = max(t.GatewayErrorLines, 0)
		}
		for i := range s.Events {
			ev := &s.Events[i]
			switch {
			case ev.Rank >= parser.RankSecondary && ev.Symptom != parser.SymptomRefusedOnPurpose && ev.Symptom != parser.SymptomClientAbort:
				t.GatewayErrorLines = max(t.GatewayErrorLines, 0) + ev.Lines
			case ev.Symptom == parser.SymptomRefusedOnPurpose:
				t.Refused += ev.Count
			}
		}
	}
	for _, s := range e.accessSources() {
		t.Requests, t.FailedRequests, t.FailedOther = max(t.Requests, 0), max(t.FailedRequests, 0), max(t.FailedOther, 0)
		for i := range s.Tallies {
			c := &s.Tallies[i]
			t.Requests += c.Count
			switch {
			case c.Symptom == parser.SymptomRefusedOnPurpose: // counted where it is told
			case c.Status == 9 || c.Status == rules.Unanswered || rules.OfCloudflare(c.Status):
				t.FailedOther += c.Count
			case rules.Failed(c.Status):
				t.FailedRequests += c.Count
			case c.Status == 499:
				t.ClientAborts += c.Count
			}
		}
	}
	if t.FailedRequests > 0 {
		t.FailedRequests -= min(e.refusals.answered, t.FailedRequests)
	}
	t.Refused += e.refusals.untold
	return t
}

func (e *Engine) window() [2]rules.Moment {
	var w [2]rules.Moment
	for _, s := range e.sources {
		if !s.Source.First.Known() || s.clock() == parser.ClockUptime && !s.hasBoot {
			continue
		}
		first, last := s.reach()
		from := rules.Moment{Micros: first, Precision: s.Source.First.Precision}
		to := rules.Moment{Micros: last, Precision: s.Source.Last.Precision}
		if w[0].IsZero() || from.Micros < w[0].Micros {
			w[0] = from
		}
		if w[1].IsZero() || to.Micros > w[1].Micros {
			w[1] = to
		}
	}
	return w
}

// relate notes which incidents have one root: the same line is proof in both, or the same
// requests failed in both.
func (e *Engine) relate(cases []*gathering, made []*rules.Incident) {
	type proof struct {
		source int
		offset int64
	}
	users := map[proof][]int{}
	for i, g := range cases {
		if len(g.verdict.Proof) == 0 {
			continue
		}
		ev := g.source().rules.Evidence[g.verdict.Proof[0].Candidate].Event
		k := proof{ev.Source, ev.Place.Offset}
		users[k] = append(users[k], i)
	}
	for _, list := range users {
		for _, i := range list {
			for _, j := range list {
				if i != j {
					made[i].Related = append(made[i].Related, made[j].ID)
				}
			}
		}
	}
	at := map[*gathering]*rules.Incident{}
	for i, g := range cases {
		at[g] = made[i]
	}
	for i, g := range cases {
		for _, other := range g.hops {
			made[i].Related = append(made[i].Related, at[other].ID)
		}
	}
	for _, in := range made {
		slices.Sort(in.Related)
		in.Related = slices.Compact(in.Related)
	}
}
