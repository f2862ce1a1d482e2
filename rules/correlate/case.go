package correlate

import (
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
	"culprit/rules/cause"
)

// A symptom is an event of a gateway, in UTC.
type symptom struct {
	*rules.Event
	source  *source
	when    rules.Interval
	last    rules.Interval
	tally   *tallied // it comes from access lines, nil for an error line
	members string   // the address it names
	begun   int64    // so many requests of its case an application began and did not finish
	late    int64    // so many requests of its case an application finished seconds after the gateway had failed them
	timer   int64    // after which it ended, with all others of its case; 0 if that is not told by it
	shared  bool     // its line may be of another case's request, of which others like it are
}

// A gathering is a case while its parts are collected.
type gathering struct {
	pool     *pool
	symptoms []*symptom
	answers  []answer                      // failed requests attributed to it
	asked    map[*tallied]map[string]int64 // what they asked for, by URL group, of tallies that other cases have a part of; see shareURLs
	told     bool                          // error lines tell how many they are
	until    int64                         // when the last of those was that follow one another without an error line
	began    int64

	rules      *rules.Case
	links      map[*service]link // of those that may serve it; see linkOf
	linked     []*service        // the same, in the order of services
	complaints []*complaint      // of these services, in their order
	verdict    rules.Verdict
	hops       []*gathering   // cases of other gateways that the same requests failed in
	taught     *gathering     // the one of them that the verdict and its proof come from, nil if it is the case's own
	failed     map[uint64]int // see failedURLs; nil before somebody asked
}

func (g *gathering) span() rules.Interval {
	v := rules.Interval{From: rules.Future, To: rules.Past}
	for _, s := range g.symptoms {
		v.From, v.To = min(v.From, s.when.From), max(v.To, s.last.To)
	}
	return v
}

func byTime(a, b *symptom) int {
	return cmp.Or(
		cmp.Compare(a.when.From, b.when.From), cmp.Compare(a.when.To, b.when.To),
		cmp.Compare(a.source.index, b.source.index), cmp.Compare(a.Place.Offset, b.Place.Offset),
	)
}

// cases folds symptoms into cases: first the gateway's error lines, then what only
// the access log shows.
func (e *Engine) cases() []*gathering {
	groups := map[node][]*symptom{}
	for _, s := range e.sources {
		var all []symptom // some hundred in one allocation
		for i := range s.Events {
			ev := &s.Events[i]
			if ev.Rank < parser.RankSecondary || ev.Symptom == parser.SymptomClientAbort || ev.Symptom == parser.SymptomRefusedOnPurpose {
				continue
			}
			if len(all) == cap(all) {
				all = make([]symptom, 0, min(len(s.Events)-i, 256))
			}
			all = append(all, symptom{Event: ev, source: s, when: s.span(ev.When, ev.Clock), last: s.span(ev.Last, ev.Clock), members: ev.Upstream})
			sy := &all[len(all)-1]
			root := e.rootOf(sy)
			groups[root] = append(groups[root], sy)
		}
	}
	e.shareNameless(groups)
	e.shareApart(groups)
	e.adoptNameless(groups)
	e.adoptOwn(groups)
	all := e.addAccess(e.splitQuiet(groups))
	for _, g := range all {
		refusedAtOnce(g)
	}
	return slices.DeleteFunc(all, func(g *gathering) bool { return e.harmless(g) || e.fewAnswers(g) })
}

// fewAnswers reports whether all that failed is what an upstream answered itself, as lines of the
// error log quote it (PHP's fatal errors), and no burst of it. It takes an access log to know that
// others were answered well.
func (e *Engine) fewAnswers(g *gathering) bool {
	if !slices.ContainsFunc(e.accessSources(), func(s *source) bool { return s.site == g.pool.root.site }) {
		return false
	}
	for i, s := range g.symptoms {
		if s.Symptom != parser.SymptomUpstreamStatus || s.Rank != parser.RankPrimary || s.Access {
			return false
		}
		var n int64
		for _, other := range g.symptoms[i:] {
			if other.when.From < s.when.From+burstWindow {
				n += other.Count
			}
		}
		if n >= burstCount {
			return false
		}
	}
	return true
}

// harmless reports whether no request failed of what the gateway complains of: a reload with
// a wrong file, which leaves the old workers at work (ngx_init_cycle), or a server that a
// health check or an operator took out while others answered. It takes an access log to know.
func (e *Engine) harmless(g *gathering) bool {
	if len(g.answers) > 0 {
		return false
	}
	respawned := true
	for _, s := range g.symptoms {
		respawned = respawned && s.Symptom == parser.SymptomPeerDown && s.Upstream == "" && gateway.Of(s.source.Source.Gateway).Respawns
	}
	if respawned { // of itself it fails no request
		return true
	}
	for _, s := range g.symptoms {
		switch {
		case s.Rank == parser.RankPrimary:
			return false
		case g.pool.gateway, s.Symptom == parser.SymptomPeerDown, s.Symptom == parser.SymptomHealthCheckFailed, s.Symptom == parser.SymptomPeerDisabled:
		default: // "no live upstreams" fails a request
			return false
		}
	}
	from, to := g.pool.span.From, g.pool.span.To
	answered := func(from, to int64) bool { return e.answeredBetween(g.pool.root.site, from, to) }
	if !g.pool.gateway {
		answered = func(from, to int64) bool { return e.servedBetween(g.pool, from, to) }
	}
	return answered(from-parser.Minute, from) && answered(to, to+10*parser.Second)
}

// gatewayPool is the key of a gateway's own faults.
const gatewayPool = "gateway"

// ownRoot is the pool of the own faults of a source's gateway. Its name is none that an
// upstream can have.
func ownRoot(s *source) node { return node{s.site, "\x00" + s.Source.Gateway} }

func (n node) isGateway() bool { return n.name != "" && n.name[0] == 0 }

// ownFault reports whether a class is the gateway's own fault, whatever address
// stands in its line.
func ownFault(s parser.Symptom) bool {
	switch s {
	case parser.SymptomNoConnections, parser.SymptomNoFiles, parser.SymptomNoMemory, parser.SymptomDiskFull, parser.SymptomGatewayCrash:
		return true
	}
	return false
}

func (e *Engine) rootOf(s *symptom) node {
	switch {
	case ownFault(s.Symptom):
		return ownRoot(s.source)
	case s.Upstream == "":
		return node{s.source.site, "?" + s.VHost}
	}
	return e.pools.find(e.node(s.source, s.Upstream))
}

func sortedRoots(groups map[node][]*symptom) []node {
	roots := make([]node, 0, len(groups))
	for root := range groups {
		roots = append(roots, root)
	}
	slices.SortFunc(roots, byNode)
	return roots
}

func byNode(a, b node) int { return cmp.Or(cmp.Compare(a.site, b.site), cmp.Compare(a.name, b.name)) }

// splitQuiet cuts each pool's symptoms where it was quiet for long enough.
func (e *Engine) splitQuiet(groups map[node][]*symptom) []*gathering {
	var all []*gathering
	for _, root := range sortedRoots(groups) {
		list := groups[root]
		if !slices.IsSortedFunc(list, byTime) {
			slices.SortStableFunc(list, byTime)
		}
		begin, end := 0, list[0].last.To
		for i := 1; i <= len(list); i++ {
			if i < len(list) && list[i].when.From <= end+e.cfg.quiet() {
				end = max(end, list[i].last.To)
				continue
			}
			all = append(all, e.gather(root, list[begin:i]))
			if i < len(list) {
				begin, end = i, list[i].last.To
			}
		}
	}
	return all
}

func (e *Engine) gather(root node, list []*symptom) *gathering {
	p := &pool{root: root, gateway: root.isGateway()}
	g := &gathering{pool: p, symptoms: list}
	for _, s := range list {
		if s.Upstream != "" && !p.gateway {
			p.names = append(p.names, s.Upstream)
		}
		if s.VHost != "" {
			p.vhosts = append(p.vhosts, s.VHost)
		}
		if !slices.Contains(p.sources, s.source.index) {
			p.sources = append(p.sources, s.source.index)
		}
		if p.scheme == "" {
			p.scheme = s.Scheme
		}
	}
	slices.Sort(p.names)
	p.names = slices.Compact(p.names)
	slices.Sort(p.vhosts)
	p.vhosts = slices.Compact(p.vhosts)
	p.span = g.span()
	g.began = p.span.From
	return g
}

// judge decides each case, and splits those that hold two stories.
func (e *Engine) judge(all []*gathering) []*gathering {
	e.findHomes(all)
	e.open, e.pieces = all, map[node]int64{}
	for _, g := range all {
		if g.onlyClosed() {
			e.pieces[g.pool.root]++
		}
	}
	var out []*gathering
	for _, g := range all {
		for _, part := range e.splitMembers(g) {
			for _, story := range e.splitStories(part) {
				story.forget()
				out = append(out, story)
			}
		}
	}
	return out
}

// forget drops the evidence that nothing asks for once the verdict is known: what speaks of others, and
// nothing like it is proof. Where thousands of services died at once each case has looked at hundreds of ends.
func (g *gathering) forget() {
	type kind struct {
		signature *rules.Signature
		subject   int
	}
	of := func(c *rules.Candidate) kind { return kind{c.Hit.Signature, c.Subject} }
	proves, like := map[int]bool{}, map[kind]bool{}
	for _, p := range g.verdict.Proof {
		proves[p.Candidate], like[of(&g.rules.Evidence[p.Candidate])] = true, true
	}
	var kept []rules.Candidate
	at := map[int]int{} // places in what is kept
	for i := range g.rules.Evidence {
		c := &g.rules.Evidence[i]
		if c.Link > linkNone || proves[i] || c.Link == linkNone && like[of(c)] {
			at[i] = len(kept)
			kept = append(kept, *c)
		}
	}
	g.verdict.Proof = slices.Clone(g.verdict.Proof)
	for i := range g.verdict.Proof {
		p := &g.verdict.Proof[i]
		p.Candidate = at[p.Candidate]
	}
	g.rules.Evidence = kept
}

func (e *Engine) decide(g *gathering) {
	e.prepare(g)
	g.verdict = cause.Decide(g.rules)
}

// splitMembers makes two incidents of one pool if strong, linked, different causes
// explain different members.
func (e *Engine) splitMembers(g *gathering) []*gathering {
	e.decide(g)
	if g.pool.gateway || len(g.pool.names) < 2 {
		return []*gathering{g}
	}
	parts := map[string][]*symptom{}
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary && !s.Group {
			parts[s.Upstream] = append(parts[s.Upstream], s)
		}
	}
	if len(parts) < 2 {
		return []*gathering{g}
	}
	var split []*gathering
	for _, name := range g.pool.names {
		if list := parts[name]; list != nil {
			part := e.gather(g.pool.root, list)
			part.answers = answersOf(g, name)
			e.decide(part)
			if !decidedByEvidence(part) {
				return []*gathering{g}
			}
			split = append(split, part)
		}
	}
	if !different(split) {
		return []*gathering{g}
	}
	e.shareSecondary(g, split)
	return split
}

// decidedByEvidence reports whether a strong line that is linked to the pool decided.
func decidedByEvidence(g *gathering) bool {
	for _, p := range g.verdict.Proof {
		if c := &g.rules.Evidence[p.Candidate]; c.Hit.Signature.Strong && c.Link >= linkName {
			return true
		}
	}
	return false
}

func different(parts []*gathering) bool {
	for _, p := range parts[1:] {
		if p.verdict.Cause == parts[0].verdict.Cause {
			return false
		}
	}
	return len(parts) > 1
}

// shareSecondary gives the gateway's reactions to the part whose failure was last
// before them.
func (e *Engine) shareSecondary(g *gathering, parts []*gathering) {
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary && !s.Group {
			continue
		}
		best := parts[0]
		for _, p := range parts {
			if p.pool.span.From <= s.when.To && p.pool.span.From >= best.pool.span.From {
				best = p
			}
		}
		best.symptoms = append(best.symptoms, s)
	}
	for _, p := range parts {
		slices.SortStableFunc(p.symptoms, byTime)
		p.pool.span = p.span()
		e.decide(p)
	}
}

// gapOfSuccess is how long only successes must have come before strong evidence of
// another cause begins a new case.
const gapOfSuccess = 5 * parser.Second

// maxSplits bounds how many gaps of one case are tried.
const maxSplits = 64

// splitStories cuts a case where it was healthy for some seconds and strong, linked
// evidence of another cause follows.
func (e *Engine) splitStories(g *gathering) []*gathering {
	if len(e.hits) == 0 { // nothing could decide a part
		return []*gathering{g}
	}
	end := g.symptoms[0].last.To
	for i, tried := 1, 0; i < len(g.symptoms) && tried < maxSplits; i++ {
		next := g.symptoms[i].when.From
		if next-end < gapOfSuccess || !e.servedBetween(g.pool, end, next) {
			end = max(end, g.symptoms[i].last.To)
			continue
		}
		end = max(end, g.symptoms[i].last.To)
		tried++
		left, right := e.gather(g.pool.root, g.symptoms[:i]), e.gather(g.pool.root, g.symptoms[i:])
		left.answers, right.answers = cutAnswers(g.answers, next)
		if e.decide(left); !decidedByEvidence(left) {
			continue
		}
		if e.decide(right); left.verdict.Cause != right.verdict.Cause && decidedByEvidence(right) {
			return append([]*gathering{left}, e.splitStories(right)...)
		}
	}
	return []*gathering{g}
}
