package correlate

import (
	"cmp"
	"maps"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// settleAccess finds access logs whose requests stand in another one that tells more of
// them, so that no request counts twice: a second log of the same gateway, or an
// application's own.
func (e *Engine) settleAccess() {
	shared := e.heldByAccess()
	for _, s := range e.sources {
		if !mayBeSecond(s) {
			continue
		}
		named := namesUpstreams(s)
		for _, other := range shared.most(keysOf(s.Requests), mostOf(len(s.Requests)), func(log int) int { return alike(e.sources[log], s) }) {
			g := e.sources[other.log]
			if g == s || !g.Source.HasAccess || g.site != s.site {
				continue
			}
			switch second := !named && secondLog(s, g) || twin(s, g) || e.passedOn(s, g); {
			case !second && (named || !namesUpstreams(g) && (!speaks(s) || speaks(g))) || !e.within(s, g):
				continue
			case second:
				s.Source.HasAccess = false
			default:
				e.demote(s)
			}
			break
		}
	}
	e.leaveFiltered()
	for _, s := range e.sources {
		s.ofGateway = e.ofGateway(s)
	}
}

// leaveFiltered counts once what a gateway wrote into its access log and, of some requests only, into a
// log that tells errors too: varnishlog -q 'RespStatus >= 500' beside varnishncsa.
func (e *Engine) leaveFiltered() {
	for _, s := range e.sources {
		if !s.Source.HasAccess || !s.Source.HasErrors || len(s.Requests) < minMatches {
			continue
		}
		if slices.ContainsFunc(e.sources, func(g *source) bool {
			return g != s && g.Source.HasAccess && !g.Source.HasErrors && g.Source.Gateway == s.Source.Gateway && g.site == s.site &&
				g.gist().requests > s.gist().requests && e.within(s, g)
		}) {
			s.Source.HasAccess = false
		}
	}
}

// mayBeSecond reports whether a log may tell of requests that another one tells more of.
func mayBeSecond(s *source) bool {
	return s.Source.HasAccess && !s.Source.HasErrors && len(s.Requests) >= minMatches
}

// heldByAccess lists which access logs hold the requests of those that may be second ones. Where there is
// only one, or none names upstreams, tells errors or holds an application's own words, and no two tell
// failures, none is.
func (e *Engine) heldByAccess() *holders {
	first, failing, logs := false, 0, 0
	for _, s := range e.sources {
		if s.Source.HasAccess {
			logs++
			first = first || s.Source.HasErrors || namesUpstreams(s) || speaks(s)
			if len(s.gist().failed) > 0 {
				failing++
			}
		}
	}
	h := newHolders(len(e.sources), func(yield func(uint64)) {
		for _, s := range e.sources {
			if logs > 1 && (first || failing > 1) && mayBeSecond(s) {
				keysOf(s.Requests)(yield)
			}
		}
	})
	if len(h.by) > 0 {
		for i, s := range e.sources {
			if s.Source.HasAccess {
				keysOf(s.Requests)(func(key uint64) { h.note(i, key) })
			}
		}
	}
	return h
}

// ofGateway reports whether a log of requests in no known layout is a gateway's: it lies in
// the folder of one, beside an access log that has the same requests.
func (e *Engine) ofGateway(s *source) bool {
	folder := s.folder()
	if s.Source.Role != parser.RoleApp || s.app || len(s.Events) > 0 || len(s.Requests) < minMatches || !gateway.OwnFolder(folder) {
		return false
	}
	return slices.ContainsFunc(e.sources, func(g *source) bool {
		return g.Source.HasAccess && g.site == s.site && g.folder() == folder && e.within(s, g)
	})
}

// A failedAt is a status and the second, in UTC, in which it was answered.
type failedAt struct {
	second int64
	status int16
}

// A gist is what an access log holds, in short.
type gist struct {
	named    bool // upstreams
	requests int64
	hosts    bool
	failed   map[failedAt]int64
}

func (s *source) gist() *gist {
	if s.inShort != nil {
		return s.inShort
	}
	n := &gist{failed: map[failedAt]int64{}}
	for i := range s.Tallies {
		t := &s.Tallies[i]
		n.requests, n.named, n.hosts = n.requests+t.Count, n.named || t.Upstream != "", n.hosts || t.VHost != ""
		if rules.Failed(t.Status) {
			n.failed[failedAt{parser.FloorDiv(s.utc(t.Second*parser.Second, s.clock()), parser.Second), t.Status}] += t.Count
		}
	}
	s.inShort = n
	return n
}

// twin reports whether s may be a second log of what g logs, told to be kept: both lie in one
// folder, what failed in s failed in g in that second, and g tells no less. Apache's CustomLog
// and nginx's access_log may stand twice in a server.
func twin(s, g *source) bool {
	if s.Source.Gateway != g.Source.Gateway || s.folder() != g.folder() || s.family() == g.family() {
		return false
	}
	return len(g.gist().failed) > 0 && tellsMore(g, s) && failedThere(s, g)
}

// passedOn reports whether s is the log of a gateway of which nothing else is here, and which passed
// on what another one answered: varnishncsa's beside lighttpd's, whose error log tells of the failures.
func (e *Engine) passedOn(s, g *source) bool {
	told := func(o *source) bool {
		return slices.ContainsFunc(e.sources, func(l *source) bool { return l.Source.HasErrors && !l.Source.HasAccess && l.sameGateway(o) })
	}
	return s.Source.Gateway != g.Source.Gateway && !namesUpstreams(s) && !namesUpstreams(g) && told(g) && !told(s) && failedThere(s, g)
}

// speaks reports whether a log in the form that many servers write holds an application's own
// words, too: where it listens, what it threw. So does the output of Express with morgan, and no
// gateway's access log.
func speaks(s *source) bool {
	return gateway.Of(s.Source.Gateway).SharedForm != "" && slices.ContainsFunc(s.Events, func(ev rules.Event) bool {
		return ev.Stream == "" && ev.Symptom == parser.SymptomNone && len(ev.Hits) > 0
	})
}

// failedThere reports whether requests failed in s, and nearly all of them in g in that second, too.
func failedThere(s, g *source) bool {
	own, other := s.gist(), g.gist()
	if len(own.failed) == 0 {
		return false
	}
	left := maps.Clone(other.failed)
	var failed, missed int64
	for _, at := range slices.SortedFunc(maps.Keys(own.failed), func(a, b failedAt) int {
		return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.status, b.status))
	}) {
		n := own.failed[at]
		failed += n
		for _, second := range []int64{at.second - 1, at.second, at.second + 1} { // one may stamp the begin, the other the end: what is left for the next is the latest
			k := failedAt{second, at.status}
			found := min(n, left[k])
			n, left[k] = n-found, left[k]-found
		}
		missed += n
	}
	return missed*20 <= failed && severalPaths(s)
}

// tellsMore orders two logs of the same requests.
func tellsMore(g, s *source) bool {
	a, b := g.gist(), s.gist()
	switch {
	case a.named != b.named:
		return a.named
	case a.requests != b.requests:
		return a.requests > b.requests
	case a.hosts != b.hosts:
		return a.hosts
	}
	return g.index < s.index
}

// severalPaths reports whether a log has requests that two machines would hardly be asked at
// the same time by chance, as the path of a health check is.
func severalPaths(s *source) bool {
	seen := map[uint64]bool{}
	for _, q := range s.Requests {
		if seen[q.Key] = true; len(seen) >= hopPaths {
			return true
		}
	}
	return false
}

// secondLog reports whether s can be no other program's than g: a product that writes
// errors and requests into one log (varnishlog beside varnishncsa), or a gateway's own folder.
func secondLog(s, g *source) bool {
	if s.Source.Gateway != g.Source.Gateway {
		return false
	}
	folder := s.folder()
	return g.Source.HasErrors || namesUpstreams(g) && folder == g.folder() && gateway.OwnFolder(folder)
}

func namesUpstreams(s *source) bool {
	if s.naming == notAsked {
		s.naming = notHere
		if slices.ContainsFunc(s.Tallies, func(t rules.Tally) bool { return t.Upstream != "" }) {
			s.naming = here
		}
	}
	return s.naming == here
}

// within reports whether seven of ten sketched requests of s stand in g too, within
// two seconds.
func (e *Engine) within(s, g *source) bool {
	times := map[uint64][]int64{}
	for _, q := range g.times(g.zone, g.skew) {
		times[q.Key] = append(times[q.Key], q.Micros)
	}
	own := s.times(s.zone, s.skew)
	found := 0
	for _, q := range own {
		if slices.ContainsFunc(times[q.Key], func(at int64) bool { return abs(at-q.Micros) <= near }) {
			found++
		}
	}
	return found >= mostOf(len(own))
}

// mostOf is how many of so many requests another log must hold.
func mostOf(requests int) int { return (requests*7 + 9) / 10 }

// demote makes a source an application's: its requests link it to the address that the
// gateway sent them to.
func (e *Engine) demote(s *source) {
	s.Source.HasAccess, s.Source.Role = false, parser.RoleApp
	s.app = true
}

// accessSources lists the gateways' access logs. A log whose clients are all this
// machine is the application's own if another gateway's log is there.
func (e *Engine) accessSources() []*source {
	if e.access != nil {
		return e.access
	}
	var outer []*source
	e.access = []*source{}
	for _, s := range e.sources {
		if s.Source.HasAccess {
			e.access = append(e.access, s)
			if !s.Source.Loopback {
				outer = append(outer, s)
			}
		}
	}
	if len(outer) > 0 {
		e.access = outer
	}
	return e.access
}

// stampsBegins reports whether an access log has the time at which requests began, not ended. Of a
// form that several products write, what stands beside it tells whose it is.
func (e *Engine) stampsBegins(s *source) bool {
	p := gateway.Of(s.Source.Gateway)
	if p.SharedForm == "" {
		return p.StampsBegin
	}
	own := e.wholeOf().errors[s.site]
	return p.StampsBegin || own.begins && !own.of[s.Source.Gateway]
}

// errorLogs are what the error logs of a machine tell of its gateways.
type errorLogs struct {
	begins bool            // one of them stamps requests with their begin
	of     map[string]bool // the gateways
}
