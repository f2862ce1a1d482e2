package correlate

import (
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Gateways stand behind gateways: a CDN or Varnish before nginx, an ingress before a
// sidecar, nginx before HAProxy. No log names the address that leads from one to the next,
// but their access logs hold the same requests. What the one that asks the application
// itself proves is why the failures that the other passed on were failures.

// Bars for taking two gateways' requests for the same.
const (
	hopMatches = 5 // requests of a pool that the other gateway logged too
	hopPaths   = 3 // different ones among them
	hopShare   = 6 // of ten, of those that the other log's sketch can hold
	hopSample  = 512
	hopShift   = 37 * parser.Second // requests that agree as well at another time agree by chance
)

// A hopLog is the sketch of one gateway's access log, with its rotated files.
type hopLog struct {
	family  string
	byRoot  map[node][]hop   // in order of time
	byKey   map[uint64][]hop // the same; nil before somebody asked
	upTo    map[int64]uint64 // by second: the largest hash that the sketch kept, where it was full
	sources []*source
	leads   map[leading]bool // asked for already
}

// leading is the question whether requests of a pool are those of another gateway's log.
type leading struct {
	to   *hopLog
	root node
}

// A hop is one request as one gateway logged it.
type hop struct {
	rules.Request
	source *source
	root   node
}

// sketchFull is how many requests of a second a sketch keeps.
const sketchFull = 8

// hopLogs are the sketches of the gateways' access logs, if there are several; those of
// gateways whose log another one's holds are among them.
func (e *Engine) hopLogs() []*hopLog {
	var logs []*hopLog
	at := map[string]int{} // by family
	for _, s := range e.sources {
		if (s.Source.Role != parser.RoleGateway || !s.Source.HasAccess) && !s.app || len(s.Requests) == 0 {
			continue
		}
		i, known := at[s.family()]
		if !known {
			i = len(logs)
			at[s.family()] = i
			logs = append(logs, newHopLog(s.family()))
		}
		logs[i].add(e, s)
	}
	if len(logs) < 2 {
		return nil
	}
	for _, l := range logs {
		sortHops(l.byRoot)
	}
	return logs
}

func newHopLog(family string) *hopLog {
	return &hopLog{family: family, byRoot: map[node][]hop{}, leads: map[leading]bool{}}
}

// add notes which requests of a source went to which pool.
func (l *hopLog) add(e *Engine, s *source) {
	l.sources = append(l.sources, s)
	for _, q := range s.times(s.zone, s.skew) {
		if rules.OfGateway(q.Stream) && q.Upstream != "" {
			h := hop{q, s, e.pools.find(e.node(s, q.Upstream))}
			l.byRoot[h.root] = append(l.byRoot[h.root], h)
		}
	}
}

// arrange makes the rest of a log, once another one may lead to it: most do not.
func (l *hopLog) arrange(e *Engine) {
	if l.byKey != nil {
		return
	}
	l.byKey, l.upTo = map[uint64][]hop{}, map[int64]uint64{}
	for _, s := range l.sources {
		kept := map[int64]int{}
		largest := map[int64]uint64{}
		for _, q := range s.times(s.zone, s.skew) {
			if !rules.OfGateway(q.Stream) {
				continue
			}
			h := hop{Request: q, source: s}
			if q.Upstream != "" {
				h.root = e.pools.find(e.node(s, q.Upstream))
			}
			l.byKey[q.Key] = append(l.byKey[q.Key], h)
			second := parser.FloorDiv(q.Micros, parser.Second)
			kept[second]++
			largest[second] = max(largest[second], q.Key)
		}
		for second, n := range kept {
			if n >= sketchFull {
				l.upTo[second] = max(l.upTo[second], largest[second])
			}
		}
	}
	sortHops(l.byKey)
}

func sortHops[K comparable](lists map[K][]hop) {
	for _, list := range lists {
		slices.SortStableFunc(list, func(a, b hop) int { return cmp.Compare(a.Micros, b.Micros) })
	}
}

// holds reports whether the sketch would hold a request of about a moment, had the gateway
// logged it.
func (l *hopLog) holds(key uint64, at int64) bool {
	for second := parser.FloorDiv(at-near, parser.Second); second <= parser.FloorDiv(at+near, parser.Second); second++ {
		if limit, full := l.upTo[second]; full && key > limit {
			return false
		}
	}
	return true
}

// find looks for the same request between two moments.
func (l *hopLog) find(key uint64, status int16, from, to int64, is func(*hop) bool) bool {
	list := l.byKey[key]
	i, _ := slices.BinarySearchFunc(list, from, func(h hop, at int64) int { return cmp.Compare(h.Micros, at) })
	for ; i < len(list) && list[i].Micros <= to; i++ {
		if list[i].Status == status && is(&list[i]) {
			return true
		}
	}
	return false
}

// leadsTo reports whether the requests of a pool are those of another gateway's log.
func (e *Engine) leadsTo(l, to *hopLog, root node) bool {
	if len(l.byRoot[root]) == 0 {
		return false
	}
	k := leading{to, root}
	leads, asked := l.leads[k]
	if !asked {
		l.arrange(e)
		to.arrange(e)
		leads = to.holdsMost(l.byRoot[root], false) || to.holdsMost(l.byRoot[root], true)
		l.leads[k] = leads
	}
	return leads
}

// holdsMost reports whether most of another gateway's requests are in the log; of those that
// failed there, it may know nothing, or another end.
func (l *hopLog) holdsMost(own []hop, healthy bool) bool {
	step := max(len(own)/hopSample, 1)
	told, matched, chance := 0, 0, 0
	paths := map[uint64]bool{}
	any := func(*hop) bool { return true }
	for i := 0; i < len(own); i += step {
		q := &own[i]
		if healthy && rules.Failed(q.Status) || !l.holds(q.Key, q.Micros) {
			continue
		}
		told++
		if l.find(q.Key, q.Status, q.Micros-near, q.Micros+near, any) {
			matched++
			paths[q.Key] = true
		}
		if l.find(q.Key, q.Status, q.Micros-hopShift-near, q.Micros-hopShift+near, any) || l.find(q.Key, q.Status, q.Micros+hopShift-near, q.Micros+hopShift+near, any) {
			chance++
		}
	}
	return matched >= hopMatches && len(paths) >= hopPaths && matched*10 >= told*hopShare && matched >= 2*chance
}

// shareHops lets cases whose failures are the same requests at two gateways tell each other
// why: the one that knows less takes the verdict and the proof of the one that knows more.
func (e *Engine) shareHops(cases []*gathering) []*gathering {
	families := map[string]bool{}
	for _, g := range cases {
		for _, i := range g.pool.sources {
			families[e.sources[i].family()] = true
		}
	}
	if len(families) < 2 {
		return cases
	}
	logs := e.hopLogs()
	cases = e.innerFaults(cases, logs)
	logs = slices.DeleteFunc(logs, func(l *hopLog) bool { return l.sources[0].app })
	byRoot := map[node][]*gathering{} // those of no address of their own under the zero node
	for _, g := range cases {
		root := g.pool.root
		if g.pool.gateway || len(g.pool.names) == 0 {
			root = node{}
		}
		byRoot[root] = append(byRoot[root], g)
	}
	naming, shared := heldByHops(logs, byRoot)
	for _, g := range cases {
		for _, own := range naming[g.pool.root] {
			sent := sampled(own.byRoot[g.pool.root])
			for _, other := range shared.most(sent, hopMatches, func(log int) int { return alike(logs[log].sources[0], own.sources[0]) }) {
				if l := logs[other.log]; l != own && e.leadsTo(own, l, g.pool.root) {
					g.addHop(sameFailures(g, own, l, cases, byRoot))
				}
			}
		}
	}
	e.shareErrors(cases)
	for range maxHops { // what one hop learned, the next may
		for _, g := range cases {
			e.learn(g)
		}
	}
	return cases
}

// heldByHops lists the logs that name the pools of cases, and which logs hold the requests that
// these say were sent there.
func heldByHops(logs []*hopLog, cases map[node][]*gathering) (naming map[node][]*hopLog, shared *holders) {
	naming = map[node][]*hopLog{}
	shared = newHolders(len(logs), func(yield func(uint64)) {
		for _, l := range logs {
			for root, sent := range l.byRoot {
				if cases[root] != nil {
					naming[root] = append(naming[root], l)
					sampled(sent)(yield)
				}
			}
		}
	})
	if len(shared.by) > 0 {
		for i, l := range logs {
			for _, s := range l.sources {
				for j := range s.Requests {
					if q := &s.Requests[j]; rules.OfGateway(q.Stream) {
						shared.note(i, q.Key)
					}
				}
			}
		}
	}
	return naming, shared
}

// sampled are the keys of those requests that are looked for in another log.
func sampled(sent []hop) func(yield func(uint64)) {
	return func(yield func(uint64)) {
		for i, step := 0, max(len(sent)/hopSample, 1); i < len(sent); i += step {
			yield(sent[i].Key)
		}
	}
}

// maxHops is how many gateways may stand behind each other.
const maxHops = 3

// sameFailures finds the other gateway's case whose failures are most of a case's.
func sameFailures(g *gathering, own, l *hopLog, all []*gathering, cases map[node][]*gathering) *gathering {
	late := near
	for _, a := range g.answers {
		late = max(late, min(a.tally.Waited, longestWait)+near) // one may stamp the begin, the other the end
	}
	told, matched := 0, map[*gathering]int{}
	sent := own.byRoot[g.pool.root]
	first, _ := slices.BinarySearchFunc(sent, g.pool.span.From-near, func(h hop, at int64) int { return cmp.Compare(h.Micros, at) })
	for i := first; i < len(sent) && sent[i].Micros <= g.pool.span.To+near; i++ {
		q := &sent[i]
		if !rules.Failed(q.Status) || !l.holds(q.Key, q.Micros) {
			continue
		}
		told++
		seen := map[*gathering]bool{}
		l.find(q.Key, q.Status, q.Micros-late, q.Micros+late, func(h *hop) bool {
			for _, other := range cases[h.root] {
				if !seen[other] && other.pool.root != g.pool.root && other.failedIn(h) {
					seen[other] = true
					matched[other]++
				}
			}
			return false
		})
	}
	var best *gathering
	for _, other := range all { // ties go to the first
		if n := matched[other]; n > 0 && n*10 >= told*hopShare && (best == nil || n > matched[best]) {
			best = other
		}
	}
	return best
}

// failedIn reports whether a failed request of the case's pool, or of no address in a log
// that the case stands in, is a failure of the case.
func (g *gathering) failedIn(q *hop) bool {
	if q.Micros < g.pool.span.From-near || q.Micros > g.pool.span.To+near {
		return false
	}
	return q.Upstream != "" || slices.Contains(g.pool.sources, q.source.index)
}

func (g *gathering) addHop(other *gathering) {
	if other != nil && !slices.Contains(g.hops, other) {
		g.hops = append(g.hops, other)
	}
	if other != nil && !slices.Contains(other.hops, g) {
		other.hops = append(other.hops, g)
	}
}

// learn takes the verdict of a hop that knows more.
func (e *Engine) learn(g *gathering) {
	for _, other := range g.hops {
		if other.surety() > g.surety() {
			g.taught, g.verdict = other.source(), e.lesson(other)
		}
	}
}

// source is the case that a case's verdict and proof were found in.
func (g *gathering) source() *gathering {
	if g.taught != nil {
		return g.taught
	}
	return g
}

// seen is the case that the verdict was found in, whose evidence the proof names, with which of the logs
// of the case's own gateway are here.
func (g *gathering) seen() *rules.Case {
	if g.taught == nil {
		return g.rules
	}
	c := *g.taught.rules
	c.Seen.ErrorLog, c.Seen.Access = g.rules.Seen.ErrorLog, g.rules.Seen.Access
	return &c
}

// throughHop says, as a part of a sentence, through which gateway's case a proof is known.
func (e *Engine) throughHop(g *gathering) string {
	if g.taught == nil || g.taught.pool.gateway { // that says so itself
		return ""
	}
	return "; the same requests failed in " + e.product(g.taught) + "'s log"
}

// surelyKnown is the surety of a case that a line decides which is linked to its pool.
const surelyKnown = 2

// surety orders what cases know: a linked line, the symptoms alone, nothing.
func (g *gathering) surety() int {
	switch from := g.source(); {
	case g.verdict.Cause == rules.CauseUnknown:
		return 0
	case from.pool.gateway && from.verdict.Cause == rules.CauseGatewayResources, decidedByEvidence(from):
		return surelyKnown
	}
	return 1
}
