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

// adoptNameless gives lines that name no address (cut, or failed before one was
// chosen) to the only pool that failed for the same virtual host at that time; of what
// is left, what an upstream did stays together by virtual host, the rest is a fault of the
// gateway itself.
func (e *Engine) adoptNameless(groups map[node][]*symptom) {
	for _, root := range sortedRoots(groups) {
		if root.name == "" || root.name[0] != '?' {
			continue
		}
		lost := groups[root]
		delete(groups, root)
		failed := failedSeconds(lost)
		for _, s := range lost {
			to := root // an upstream that the log does not name
			if owner, ok := e.ownerOf(s, groups); ok {
				to = owner
			} else if !ofUpstream(s.Symptom) && !askedOne(s) && !reacts(s, failed) {
				to = ownRoot(s.source)
			}
			groups[to] = append(groups[to], s)
		}
	}
}

// ofUpstream reports whether a class is what an upstream did, whoever it was: of what the
// gateway could not even ask, it says so itself.
func ofUpstream(s parser.Symptom) bool {
	switch s {
	case parser.SymptomConnRefused, parser.SymptomConnReset, parser.SymptomPrematureClose, parser.SymptomConnectTimeout, parser.SymptomReadTimeout,
		parser.SymptomSendTimeout, parser.SymptomTLSHandshake, parser.SymptomTLSVerify, parser.SymptomInvalidHeader, parser.SymptomNoHTTPHeader,
		parser.SymptomHeaderTooBig, parser.SymptomProtocolError, parser.SymptomNoRoute, parser.SymptomSocketMissing, parser.SymptomSocketPermission,
		parser.SymptomNoLivePeer, parser.SymptomPeerDisabled, parser.SymptomPeerDown, parser.SymptomHealthCheckFailed, parser.SymptomQueueFull,
		parser.SymptomUpstreamStatus, parser.SymptomTruncatedBody:
		return true
	}
	return false
}

// askedOne reports whether a request failed while the gateway asked an upstream, it does not say which
// nor how: IIS's 502.5, of a process that it could not start.
func askedOne(s *symptom) bool {
	switch s.Phase {
	case parser.PhaseConnecting, parser.PhaseTLSHandshake, parser.PhaseSendingRequest, parser.PhaseReadingHeader, parser.PhaseReadingBody:
		return s.Symptom == parser.SymptomOther && s.Rank == parser.RankPrimary
	}
	return false
}

// A failedSecond is one in which a source tells what an upstream did that it does not name.
type failedSecond struct {
	source *source
	second int64
}

func failedSeconds(lost []*symptom) map[failedSecond]bool {
	all := map[failedSecond]bool{}
	for _, s := range lost {
		if ofUpstream(s.Symptom) {
			all[failedSecond{s.source, parser.FloorDiv(s.when.From, parser.Second)}] = true
		}
	}
	return all
}

// reacts reports whether a line is a gateway's reaction to what such an upstream did in that second or
// right before: Apache's AH00898 behind AH01106, neither of which tells the server.
func reacts(s *symptom, failed map[failedSecond]bool) bool {
	second := parser.FloorDiv(s.when.From, parser.Second)
	return s.Rank == parser.RankSecondary && (failed[failedSecond{s.source, second}] || failed[failedSecond{s.source, second - 1}])
}

func (e *Engine) ownerOf(s *symptom, groups map[node][]*symptom) (node, bool) {
	var found []node
	// A resolver that does not answer fails no host in particular but the names it is asked for.
	resolver := s.Symptom == parser.SymptomResolveFailed && s.VHost == ""
	for _, root := range sortedRoots(groups) {
		if root.isGateway() || root.name[0] == '?' {
			continue
		}
		for _, other := range groups[root] {
			ours := other.VHost == s.VHost || s.VHost == "" && (other.Symptom == s.Symptom || toldApart(s, other)) || emptied(s, other) // of a line that was cut, the class is left
			if ours && other.source.site == s.source.site && other.when.From <= s.last.To+e.cfg.quiet() && s.when.From <= other.last.To+e.cfg.quiet() {
				found = append(found, root)
				break
			}
		}
	}
	if len(found) > 1 && !resolver {
		found = tellingOf(s, found, groups)
	}
	if len(found) == 0 || len(found) > 1 && !resolver || s.Symptom == parser.SymptomBadURL || s.Symptom == parser.SymptomNoResolver {
		return node{}, false
	}
	return found[0], true
}

// tellingOf narrows pools down to the one whose lines tell of most of the same requests: Caddy's debug
// lines of each try name the upstream that its error lines do not.
func tellingOf(s *symptom, among []node, groups map[node][]*symptom) []node {
	var best []node
	most := 0
	for _, root := range among {
		n := 0
		for _, o := range groups[root] {
			for _, key := range o.Requests {
				if _, same := slices.BinarySearch(s.Requests, key); same && o.source == s.source && o.when.From <= s.last.To+near && s.when.From <= o.last.To+near {
					n++
				}
			}
		}
		switch {
		case n > most:
			best, most = []node{root}, n
		case n == most && n > 0:
			best = append(best, root)
		}
	}
	if most == 0 {
		return among
	}
	return best
}

// emptied reports whether a request found no server, of which the line names none, while the same
// gateway had one that it did not ask: Envoy's UH, and what its own log says of a cluster's DNS.
func emptied(s, other *symptom) bool {
	return s.Symptom == parser.SymptomNoLivePeer && benched(other.Event) && (s.source == other.source || s.source.sameGateway(other.source))
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
