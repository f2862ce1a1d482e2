package correlate

import (
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// Where the gateway's log names no upstream for healthy requests, as nginx's default format
// does not, and several applications stand behind it, what the failed requests asked for
// tells whose they were: one application answers /orders/{id}, another /invoices/{id}.

// askedFor counts the failed requests of a case by URL group; nil if no application logs requests.
func (e *Engine) askedFor(g *gathering) map[uint64]int {
	if !e.wholeOf().asked {
		return nil // nobody to compare with
	}
	return e.failedURLs(g)
}

// failedURLs counts the failed requests of a case by URL group. Where the access log does not say where
// they went, and another case was open too, its error log tells, as far as the sketch holds its requests;
// so it does without an access log.
func (e *Engine) failedURLs(g *gathering) map[uint64]int {
	asked, sent := map[uint64]int{}, false
	for _, a := range g.answers {
		sent = sent || a.tally.Upstream != ""
		for _, group := range a.tally.Groups {
			if group.URL != "" {
				asked[urlKey(group.URL)] += int(group.Failed)
			}
		}
	}
	if len(asked) > 0 && (sent || !slices.ContainsFunc(e.open, g.overlaps)) {
		return asked
	}
	any, ours := map[uint64]int{}, map[uint64]int{}
	for _, i := range g.pool.sources {
		s := e.sources[i]
		if !s.Source.HasErrors {
			continue
		}
		for _, q := range s.requestsBetween(g.pool.span.From, g.pool.span.To) {
			if rules.OfGateway(q.Stream) && q.Group != 0 && q.Status == 0 {
				any[q.Group]++
				if e.serves(g.pool, s, q.FailedAt) {
					ours[q.Group]++
				}
			}
		}
	}
	switch {
	case len(ours) > 0:
		return ours
	case len(asked) > 0:
		return asked
	}
	return any
}

// overlaps reports whether another case of the same machine's gateway was open in a case's time.
func (g *gathering) overlaps(o *gathering) bool {
	return o.pool.root != g.pool.root && o.pool.root.site == g.pool.root.site && o.pool.span.From <= g.pool.span.To && g.pool.span.From <= o.pool.span.To
}

// urlKey is the key of a URL group, by its name: GET /orders/{id}.
func urlKey(name string) uint64 {
	method, path, ok := strings.Cut(name, " ")
	if !ok {
		method, path = "", name
	}
	return rules.KeyOf(xxhash.Sum64String(path), method)
}

// urlLink compares what failed with what the services answer: three of five failed requests
// asked for what only one of them does; or the gateway had answers to it before, and not from a
// service that logs its requests. Of a service that only names paths the same is less sure.
func (e *Engine) urlLink(p *pool, sv *service) link {
	if p.gateway || len(p.asked) == 0 || sv.requests+len(sv.groups)+len(sv.named) == 0 {
		return link{}
	}
	all, mine, others := 0, 0, 0
	well, seen := 0, 0 // good answers to what then failed: of the gateway, and of the service
	for group, n := range p.asked {
		all += n
		well += e.answeredWell(group)
		seen += sv.groups[group]
		owner := e.onlyAnswers(group)
		if owner == nil && !e.answered(group) {
			owner = e.onlyNames(group)
		}
		switch {
		case owner == sv:
			mine += n
		case owner != nil:
			others += n
		}
	}
	switch {
	case all == 0:
	case mine*5 >= all*3 && sv.byName:
		return link{linkNamed, fmt.Sprintf("which alone names the paths that failed (%d of %d requests)", mine, all)}
	case mine == 0 && others == 0 && p.namer == sv:
		return link{linkNamed, "which alone names what failed, while it failed"}
	case mine*5 >= all*3:
		return link{linkURLs, fmt.Sprintf("which alone answers the URLs that failed (%d of %d requests)", mine, all)}
	case others*5 >= all*3 && sv.requests >= minMatches, well >= 2*minMatches && seen == 0 && !sv.byName && sv.requests >= 2*minMatches && sv.matched*2 >= sv.requests:
		return link{linkURLsNot, "which does not answer the URLs that failed"}
	}
	return link{}
}

// answeredWell counts what the gateways answered well of a URL group, as far as their sketches tell.
func (e *Engine) answeredWell(group uint64) int {
	if e.wells == nil {
		e.wells = map[uint64]int{}
		for _, s := range e.accessSources() {
			for i := range s.Requests {
				if q := &s.Requests[i]; q.Group != 0 && q.Status >= 100 && q.Status < 499 {
					e.wells[q.Group]++
				}
			}
		}
	}
	return e.wells[group]
}

// urlOwners tell which services URL groups lead to. A thousand sites of one machine have a thousand
// pools, so that no group is asked of all services for each pair of a pool and a service.
type urlOwners struct {
	answers, names onlyOwners            // of services that log requests, and of those that name paths
	hints          map[uint64][]*service // by path: those that name it, and are not known by what they name
}

// onlyOwners hold the only service of each group; nil if there are several.
type onlyOwners map[uint64]*service

func (o onlyOwners) add(groups map[uint64]int, sv *service) {
	for group, n := range groups {
		switch _, there := o[group]; {
		case n == 0:
		case there:
			o[group] = nil
		default:
			o[group] = sv
		}
	}
}

// urlsOf lists the owners of all URL groups, once the services are settled.
func (e *Engine) urlsOf() *urlOwners {
	if e.owners == nil {
		e.owners = &urlOwners{onlyOwners{}, onlyOwners{}, map[uint64][]*service{}}
		for _, sv := range e.services {
			switch {
			case sv.byName:
				e.owners.names.add(sv.groups, sv)
			case !sv.gateway:
				e.owners.answers.add(sv.groups, sv)
			}
			if !sv.byName {
				e.owners.hint(sv)
			}
		}
	}
	return e.owners
}

// onlyAnswers is the only service that logged requests of a URL group; nil if there are
// several or none.
func (e *Engine) onlyAnswers(group uint64) *service { return e.urlsOf().answers[group] }

// answered reports whether any service logged requests of a URL group.
func (e *Engine) answered(group uint64) bool {
	_, there := e.urlsOf().answers[group]
	return there
}

// neverAsked takes off the 503s that a gateway answered by itself (a maintenance page, a rewrite
// rule): its error log, which tells every request that it could not hand on, tells of none at
// that time, and the only application that logs such requests, and did so before, answered none so.
func (e *Engine) neverAsked(failures []*tallied) {
	told := map[*source]map[int64]bool{} // seconds in which an error log tells of failures
	for _, t := range failures {
		if t.left > 0 && t.Status == 503 && t.Made == rules.MakerUnknown && t.Upstream == "" && e.silent(t, told) && e.unasked(t) {
			t.refused, t.alone, t.left = t.refused+t.left, t.left, 0
		}
	}
}

// silent reports whether the error log of the tally's gateway is here, of a product that tells
// every failure of its own there, and has nothing to tell about the tally's time.
func (e *Engine) silent(t *tallied, told map[*source]map[int64]bool) bool {
	here := false
	for _, s := range e.sources {
		if !s.Source.HasErrors || s.Source.HasAccess || !gateway.Of(s.Source.Gateway).TellsAll || !s.sameGateway(t.source) {
			continue
		}
		if told[s] == nil {
			told[s] = s.failingSeconds()
		}
		second := parser.FloorDiv(t.when.From, parser.Second)
		for at := second - near/parser.Second; at <= second+near/parser.Second; at++ {
			if told[s][at] {
				return false
			}
		}
		from, _ := s.reach()
		here = here || from <= t.when.From
	}
	return here
}

func (s *source) failingSeconds() map[int64]bool {
	seconds := map[int64]bool{}
	for i := range s.Events {
		if ev := &s.Events[i]; ev.Rank >= parser.RankSecondary {
			seconds[parser.FloorDiv(s.utc(ev.When.From, ev.Clock), parser.Second)] = true
			seconds[parser.FloorDiv(s.utc(ev.Last.From, ev.Clock), parser.Second)] = true
		}
	}
	return seconds
}

// unasked reports whether what the tally's requests asked for is answered by one application,
// which logged none at that time that it may have answered so.
func (e *Engine) unasked(t *tallied) bool {
	groups := map[uint64]bool{}
	for _, g := range t.Groups {
		group := urlKey(g.URL)
		if g.URL == "" || e.onlyAnswers(group) == nil {
			return false
		}
		groups[group] = true
	}
	for _, s := range e.sources {
		if s.Source.Role == parser.RoleGateway && !s.app {
			continue
		}
		for _, q := range s.requestsBetween(t.when.From-near, t.when.To+near) {
			if groups[q.Group] && (q.Status == 0 || q.Status >= 500) {
				return false
			}
		}
	}
	return len(groups) > 0
}
