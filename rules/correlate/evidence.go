package correlate

import (
	"cmp"
	"maps"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// Bounds of what one case weighs.
const (
	lookback   = 10 * parser.Minute
	afterglow  = 10 * parser.Second
	widest     = 2 * parser.Second  // that a stamp of its own is unsure
	lastSecond = 10 * parser.Second // in which last words come
)

// prepare builds what cause.Decide judges.
func (e *Engine) prepare(g *gathering) {
	g.links, e.others.of = map[*service]link{}, nil
	g.pool.asked = e.askedFor(g)
	g.pool.namer = e.failingNamer(g.pool)
	for _, sv := range e.mayServe(g.pool) {
		if l := e.linkOf(g, sv); l.weight > linkNone {
			g.links[sv] = l
		}
	}
	g.stayOnMachine()
	g.leaveNeighbours()
	e.twins(g)
	e.frame(g)
	e.outlived(g)
	g.linked = slices.SortedFunc(maps.Keys(g.links), inOrderOf)
	g.complaints = e.complaintsOf(g)
	c := &rules.Case{
		Key: g.pool.root.name, Members: g.pool.names, Gateway: g.pool.gateway,
		Span: g.pool.span, Began: g.began, Symptoms: caseSymptoms(g.symptoms, e.fullQueues(g)),
	}
	if g.pool.gateway {
		c.Key = gatewayPool
	}
	g.rules = c
	c.Traffic = e.traffic(g)
	c.Seen = e.seen(g)
	c.Evidence = e.candidates(g)
}

// linkOf is the link of any service to the case's pool. Most of many serve something else: why, is
// not kept longer than the case is asked about.
func (e *Engine) linkOf(g *gathering, sv *service) link {
	if l, known := g.links[sv]; known {
		return l
	}
	if e.others.of != g.pool {
		e.others.of = g.pool
		if e.others.links == nil {
			e.others.links = map[*service]link{}
		}
		clear(e.others.links)
	}
	l, known := e.others.links[sv]
	if !known {
		l = e.byTenant(g.pool, sv, e.atHome(g.pool, sv, e.link(g.pool, sv)))
		e.others.links[sv] = l
	}
	return l
}

func caseSymptoms(list []*symptom, queues map[node]bool) []rules.CaseSymptom {
	type kind struct {
		class  parser.Symptom
		phase  parser.Phase
		rank   parser.Rank
		errno  int32
		hint   rules.Cause
		status int16
		queue  bool
	}
	var out []rules.CaseSymptom
	at := map[kind]int{}
	i, last := -1, kind{} // mostly that of the next one too
	for _, s := range list {
		k := kind{s.Symptom, s.Phase, s.Rank, s.Errno, "", 0, false}
		k.queue = s.Symptom == parser.SymptomConnectTimeout && queues[node{s.source.site, s.Upstream}]
		if len(s.Hints) > 0 {
			k.hint = s.Hints[0]
		}
		if s.tally != nil {
			k.status = s.tally.Status
		}
		if i < 0 || k != last {
			n, known := at[k]
			if !known {
				n = len(out)
				at[k] = n
				out = append(out, rules.CaseSymptom{
					Class: s.Symptom, Phase: s.Phase, Rank: s.Rank, Errno: s.Errno, Hints: s.Hints, Scheme: s.Scheme,
					First: s.when, Last: s.last, FromTally: s.Access, Status: k.status, Queue: k.queue, Timer: s.timer, Late: s.late, Begun: s.begun,
				})
			}
			i, last = n, k
		}
		out[i].Count += s.Count
		if s.last.From > out[i].Last.From {
			out[i].Last = s.last
		}
	}
	return out
}

func (e *Engine) seen(g *gathering) rules.Seen {
	seen := e.wholeOf().seen
	for _, sv := range g.linked {
		seen.App = seen.App || g.links[sv].weight > linkNone && sv.real(e)
	}
	return seen
}

// A whole is what all logs together tell, whatever case it is asked for.
type whole struct {
	known bool
	seen  rules.Seen // but for App, which each case has of its own
	until int64      // when the gateways' logs end
	asked bool       // some service logs requests, or names paths

	errors map[string]errorLogs // by site
}

// wholeOf looks at all logs once.
func (e *Engine) wholeOf() *whole {
	w := &e.whole
	if w.known {
		return w
	}
	*w = whole{known: true, until: rules.Past, errors: map[string]errorLogs{}}
	for _, s := range e.sources {
		if s.Source.HasErrors {
			logs := w.errors[s.site]
			if logs.of == nil {
				logs.of = map[string]bool{}
			}
			logs.begins = logs.begins || gateway.Of(s.Source.Gateway).StampsBegin
			logs.of[s.Source.Gateway] = true
			w.errors[s.site], w.seen.ErrorLog = logs, true
		}
		w.seen.Access = w.seen.Access || s.Source.HasAccess
		w.seen.System = w.seen.System || s.Source.Role == parser.RoleSystem
		if s.Source.Role == parser.RoleGateway && s.Source.Last.Known() {
			_, until := s.reach()
			w.until = max(w.until, until)
		}
	}
	w.asked = slices.ContainsFunc(e.services, func(sv *service) bool { return sv.requests+len(sv.groups)+len(sv.named) > 0 })
	w.seen.AnyApp = slices.ContainsFunc(e.services, func(sv *service) bool { return sv.real(e) })
	return w
}

// candidates lists the hits that may bear on the case, in the order of e.hits.
func (e *Engine) candidates(g *gathering) []rules.Candidate {
	out := thin(e.weigh(g))
	settleExits(out)
	out = e.settleSchemes(g, e.settleMoves(g, out))
	habits(out)
	ended(out)
	e.cover(g, out)
	settleDatabase(g, out)
	return out
}

// candidate judges one hit for a case; false if it bears on nothing.
func (e *Engine) candidate(g *gathering, v *stretch, h *hitEvent, hit *rules.Hit) (c rules.Candidate, ok bool) {
	if !mayCause(hit) {
		return c, false
	}
	late := h.when.From > v.to && h.when.From != rules.Past
	if late && (!hit.Signature.Cause.Waits() || h.when.From-waitOf(h) > v.to) {
		return c, false
	}
	early := h.last.To < v.from
	if early && e.until(h, hit) < g.began || g.remedy(h, hit) {
		return c, false
	}
	c = rules.Candidate{Event: h.Event, Hit: hit, Cause: hit.Signature.Cause, When: e.nearest(h, g), Subject: -1}
	if c.Cause.Waits() && c.When.From > g.began {
		c.Waited = waitOf(h)
	}
	sv, l := e.subjectOf(g, h, hit)
	if hit.Signature == rules.OwnError && (l.weight <= linkNone || sv == nil || slices.Contains(e.backings, sv)) {
		return c, false // a database reports what its clients did wrong as errors
	}
	if hit.Signature.Scope == rules.ScopeDependency && h.source.writes(h.Stream) && behind(hit, h.Text) == "" {
		return c, false // the failed request itself, as the gateway's client tells of it
	}
	c.Link, c.LinkWhy = l.weight, l.why
	if c.Cause == rules.CauseGatewayResources && l.weight > linkNone && ofMachine(hit) && len(hit.Signature.Also) > 0 && !onGatewaysMachine(g.pool) {
		c.Cause = hit.Signature.Also[0] // what the upstream's machine runs short of is no fault of the gateway's
	}
	if behind, said := e.deathBehind(g, h, hit, sv, l); said > 0 {
		c.Behind, c.Complaints, c.Cause = true, said, rules.CauseDependencyFailure
		c.Link, c.LinkWhy = behind.weight, behind.why
	} else if ended, ok := resolverEnd(g, h, hit, sv); ok {
		c.Behind, c.Cause = true, rules.CauseDNSFailure
		c.Link, c.LinkWhy = ended.weight, ended.why
	}
	c.Foreign = c.Link == linkNone && (namesUnit(hit) || e.victims[h.Event] != (loser{}))
	if sv != nil {
		c.Subject, c.Service = sv.index, sv.name
	}
	c.Lasting = e.lasts(h, hit, sv, g.began) || lastWords(hit) && e.wasLast(h, sv, g.began)
	if !c.Behind && mayBeStart(hit) {
		c.Cause, c.Not = e.exit(g, h, hit, sv)
	}
	if lastWords(hit) {
		c.LivedOn = sv != nil && !early && sv.real(e) && !e.silentAfter(sv, h)
		if hit.Signature.Cause == rules.CauseUnhandledException && !c.Behind && e.unborn(h, sv) {
			c.Cause = rules.CauseStartFailure
		}
	}
	return c, !(early && (!c.Lasting || c.Link <= linkNone) || e.over(g, h, hit, sv) || e.laterStop(g, h, hit, sv) || e.partOfStart(h, hit, sv))
}

// waitOf is how long something had been waited for when a line was written: a gateway that gave
// up first had waited for the same.
func waitOf(h *hitEvent) int64 {
	if h.waited < 0 {
		h.waited = rules.WaitTold(h.Text)
	}
	return h.waited
}

// habits marks the words that a service outlived once as words that end nothing.
func habits(all []rules.Candidate) {
	type words struct {
		subject    int
		id, detail string
	}
	of := func(c *rules.Candidate) words {
		return words{c.Subject, c.Hit.Signature.ID, c.Hit.Get(rules.FieldDetail)}
	}
	survived := map[words]bool{}
	for i := range all {
		if all[i].LivedOn {
			survived[of(&all[i])] = true
		}
	}
	for i := range all {
		all[i].LivedOn = survived[of(&all[i])]
	}
}

// nearest is when a folded event was, as far as the case is concerned: its span
// within the case if it repeats into it.
func (e *Engine) nearest(h *hitEvent, g *gathering) rules.Interval {
	if h.Count > 1 && h.when.To < g.began && h.last.To >= g.began {
		return h.last
	}
	return h.when
}

// lasts reports whether the state that a hit set still held at a moment: no later
// line of its service before it says that it started or serves.
func (e *Engine) lasts(h *hitEvent, hit *rules.Hit, sv *service, at int64) bool {
	return down(hit) && sv != nil && h.when.From <= at && !rose(h, sv, at, rules.StateStarted, rules.StateServing)
}

// until is the moment up to which what a hit tells may hold still, whoever it is about.
func (e *Engine) until(h *hitEvent, hit *rules.Hit) int64 {
	n := e.namedBy(h, hit)
	if n.asked {
		return n.until
	}
	n.asked, n.until = true, rules.Past
	whose := e.whose(h)
	if h.service != nil {
		whose = append(whose, e.owner(h))
	}
	for _, sv := range whose {
		switch {
		case down(hit):
			n.until = max(n.until, risen(h, sv, rules.StateStarted, rules.StateServing))
		case lastWords(hit):
			n.until = max(n.until, e.wrote(h, sv))
		}
	}
	return n.until
}

// over reports whether the service of a hit that set a state served again, well before a
// moment: what comes then has another cause. Of a hit that nothing dates (PM2's error file has
// no stamps) that cannot be told.
func (e *Engine) over(g *gathering, h *hitEvent, hit *rules.Hit, sv *service) bool {
	if !down(hit) || sv == nil || h.last.From == rules.Past && h.last.To == rules.Future {
		return false
	}
	// Many servers say that they serve before the port does; where nothing is refused, it does.
	at := g.began - gapOfSuccess
	if !gone(g) {
		at = max(at, g.underWay()-parser.Second)
	}
	return rose(h, sv, at, rules.StateServing)
}

// remedy reports whether a service was told to stop when four fifths of the failures had been,
// and long after the first: that explains none of them; who restarts what fails does it then.
func (g *gathering) remedy(h *hitEvent, hit *rules.Hit) bool {
	return hit.Signature.Cause == rules.CauseRestart && h.when.From != rules.Past && h.when.From > g.began+2*gapOfSuccess && h.when.From > g.had(4)
}

// laterStop reports whether a service was told to stop after all failures, when it had listened again or
// what had failed was answered again: that is another stop. A stop without a stamp is one if no log that
// may be of the pool tells of a further start, for who answers after the failures has not stopped for good.
func (e *Engine) laterStop(g *gathering, h *hitEvent, hit *rules.Hit, sv *service) bool {
	if hit.Signature.Cause != rules.CauseRestart || sv == nil || g.pool.gateway {
		return false
	}
	after := g.pool.span.To + parser.Second // stamps may be whole seconds
	if h.when.From != rules.Past {
		return h.when.From > after && (e.answeredAlike(g, after, h.when.From) || listened(sv, g.began, h.when.From))
	}
	return h.last.To == rules.Future && len(g.linked) == 1 && g.linked[0] == sv && len(sv.streams) == 1 && !e.startedAfter(h, sv) && e.answeredAlike(g, after, after+e.cfg.quiet())
}

// listened reports whether a service said between two moments that it serves.
func listened(sv *service, from, to int64) bool {
	serves := risenFrom(sv.life.serves, from)
	return len(serves) > 0 && serves[0].when.From < to
}

// answeredAlike reports whether a gateway's access log tells that between two moments requests were
// answered that were asked for like those that had failed.
func (e *Engine) answeredAlike(g *gathering, from, to int64) bool {
	if g.failed == nil {
		g.failed = e.failedURLs(g)
	}
	here := e.answeredSets().sites[siteOf(g.pool)]
	for group, n := range g.failed {
		list := here.group(group)
		if n > 0 && slices.ContainsFunc(list[upTo(list, from):max(upTo(list, to+1), upTo(list, from))], func(w wellAnswered) bool { return w.gateway }) {
			return true
		}
	}
	return false
}

// startedAfter reports whether a line of a service tells of a start and may stand below another one;
// of equal lines without stamps the first one's place only is known.
func (e *Engine) startedAfter(h *hitEvent, sv *service) bool {
	return slices.ContainsFunc(e.near.own[sv], func(o *hitEvent) bool {
		return o.source == h.source && (o.Place.Offset > h.Place.Offset || o.Count > 1) && slices.ContainsFunc(o.Hits, up)
	})
}

// underWay is when a fifth of a case's failures had been: what was over before explains a few only.
func (g *gathering) underWay() int64 { return g.had(1) }

// had is when so many fifths of a case's failures had been.
func (g *gathering) had(fifths int64) int64 {
	var total, seen int64
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary {
			total += s.Count
		}
	}
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary {
			if seen += s.Count; seen*5 >= total*fifths {
				return s.when.From
			}
		}
	}
	return g.pool.span.From
}

// rose reports whether a line between a hit and a moment says that the service is in one
// of the states.
func rose(h *hitEvent, sv *service, before int64, states ...rules.State) bool {
	return risen(h, sv, states...) < before
}

// risen is when a line after a hit first says that the service is in one of the states;
// rules.Future if none does.
func risen(h *hitEvent, sv *service, states ...rules.State) int64 {
	for _, up := range risenFrom(sv.life.rises, h.last.From+1) {
		if slices.ContainsFunc(up.Hits, func(hit rules.Hit) bool { return slices.Contains(states, hit.Signature.State) }) {
			return up.when.From
		}
	}
	return rules.Future
}

// risenFrom is the part of a list in order of time that begins at a moment.
func risenFrom(list []*hitEvent, at int64) []*hitEvent {
	i, _ := slices.BinarySearchFunc(list, at, func(h *hitEvent, at int64) int { return cmp.Compare(h.when.From, at) })
	return list[i:]
}

// lastWords reports whether a hit may be the last that a process said, or of one request
// only: what followed tells.
func lastWords(hit *rules.Hit) bool {
	return hit.Signature.State == "" && hit.Signature.Scope == rules.ScopeService && hit.Signature.Role == rules.RoleCause && !hit.Signature.AboutOthers()
}

// wasLast reports whether a service wrote nothing more between an event and a moment.
func (e *Engine) wasLast(h *hitEvent, sv *service, at int64) bool {
	return sv != nil && h.last.From != rules.Past && h.last.To+lastSecond < at && at <= e.wrote(h, sv)
}

// wrote is from when on it is known that a service wrote something after an event; rules.Future
// if it did not.
func (e *Engine) wrote(h *hitEvent, sv *service) int64 {
	at := rules.Future
	for _, id := range sv.streams {
		if first, last := e.sources[id.source].reach(); last > h.last.To+lastSecond {
			at = min(at, first)
		}
	}
	return at
}

// before reports whether an event stands before another one: by its place in the same log,
// else by time.
func (e *Engine) before(a, b *hitEvent) bool {
	if a.source == b.source {
		return a.Place.Offset < b.Place.Offset
	}
	return a.when.To <= b.when.From
}

// answeredRequest reports whether a service logged a request between two moments.
func (e *Engine) answeredRequest(sv *service, from, to int64) bool {
	if !sv.hasAnswers {
		sv.hasAnswers = true
		for _, id := range sv.streams {
			s := e.sources[id.source]
			for _, q := range s.Requests {
				if q.Stream == id.stream {
					sv.answers = append(sv.answers, s.utc(q.Micros, s.clock()))
				}
			}
		}
		slices.Sort(sv.answers)
	}
	i, _ := slices.BinarySearch(sv.answers, from)
	return i < len(sv.answers) && sv.answers[i] < to
}

// down reports whether a hit sets a state in which nobody serves.
func down(hit *rules.Hit) bool {
	switch hit.Signature.State {
	case rules.StateDead, rules.StateFailed, rules.StateStopping, rules.StateStopped:
		return true
	}
	return false
}

// up reports whether a hit sets a state in which somebody serves, or soon will.
func up(hit rules.Hit) bool {
	return hit.Signature.State == rules.StateStarted || hit.Signature.State == rules.StateServing
}
