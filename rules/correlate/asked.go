package correlate

import (
	"fmt"
	"slices"

	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// Where the gateway's log names no upstream for healthy requests, as nginx's default format
// does not, and several applications stand behind it, what the failed requests asked for
// tells whose they were: one application answers /orders/{id}, another /invoices/{id}.

// askedFor counts the failed requests of a case by URL group; without an access log, those that
// the sketch of its error log holds.
func (e *Engine) askedFor(g *gathering) map[uint64]int {
	if !slices.ContainsFunc(e.services, func(sv *service) bool { return sv.requests+len(sv.groups) > 0 }) {
		return nil // nobody to compare with
	}
	asked := map[uint64]int{}
	for _, a := range g.answers {
		for _, group := range a.tally.Groups {
			if group.URL != "" {
				asked[xxhash.Sum64String(group.URL)] += int(group.Failed)
			}
		}
	}
	if len(asked) > 0 {
		return asked
	}
	for _, i := range g.pool.sources {
		s := e.sources[i]
		if !s.Source.HasErrors {
			continue
		}
		for _, q := range s.requestsBetween(g.pool.span.From, g.pool.span.To) {
			if q.Stream == rules.StreamGateway && q.Group != 0 && q.Status == 0 {
				asked[q.Group]++
			}
		}
	}
	return asked
}

// urlLink compares what failed with what the services answer: three of five failed requests
// asked for what only one of them does.
func (e *Engine) urlLink(p *pool, sv *service) link {
	if p.gateway || len(p.asked) == 0 || sv.requests+len(sv.groups) == 0 {
		return link{}
	}
	all, mine, others := 0, 0, 0
	for group, n := range p.asked {
		all += n
		switch owner := e.onlyAnswers(group); {
		case owner == sv:
			mine += n
		case owner != nil:
			others += n
		}
	}
	switch {
	case mine*5 >= all*3:
		return link{linkURLs, fmt.Sprintf("which alone answers the URLs that failed (%d of %d requests)", mine, all)}
	case others*5 >= all*3 && sv.requests >= minMatches:
		return link{linkURLsNot, "which does not answer the URLs that failed"}
	}
	return link{}
}

// onlyAnswers is the only service that logged requests of a URL group; nil if there are
// several or none.
func (e *Engine) onlyAnswers(group uint64) (only *service) {
	for _, sv := range e.services {
		if sv.gateway || sv.groups[group] == 0 {
			continue
		}
		if only != nil {
			return nil
		}
		only = sv
	}
	return only
}
