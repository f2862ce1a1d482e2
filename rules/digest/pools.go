package digest

import (
	"slices"
	"strings"

	"culprit/parser"
)

// pools collects the sets of addresses and group names that one request named:
// several addresses in $upstream_addr, or several error lines with the same pid,
// *connection and request (nginx numbers the client's connection, and one client
// connection carries many requests, so the request has to be the same).
type pools struct {
	recent map[uint64][]string // by request
	order  []uint64            // of insertion, for the bound
	sets   [][]string
	known  map[string]bool
}

// Bounds: requests in flight that are remembered, and distinct sets kept.
const (
	maxRecent = 4096
	maxSets   = 4096
)

func newPools() pools { return pools{recent: map[uint64][]string{}, known: map[string]bool{}} }

func (p *pools) see(r *parser.Record) {
	g := &r.Gateway
	if len(g.Upstream) == 0 || g.Connection == 0 || g.Rank < parser.RankSecondary {
		return
	}
	var key mixer
	key.number(r.PID)
	key.number(g.Connection)
	key.bytes(g.Request)
	key.bytes(g.Client)
	named, ok := p.recent[key.h]
	if !ok {
		if len(p.order) >= maxRecent {
			delete(p.recent, p.order[0])
			p.order = p.order[1:]
		}
		p.order = append(p.order, key.h)
	}
	if slices.Contains(named, string(g.Upstream)) || len(named) >= parser.MaxAttempts {
		return
	}
	named = append(named, string(g.Upstream))
	p.recent[key.h] = named
	p.keep(named)
}

func (p *pools) seeAttempts(a *parser.Access) {
	if a.Tries < 2 && len(a.Pool) == 0 {
		return
	}
	var named []string
	if len(a.Pool) > 0 {
		named = append(named, string(a.Pool))
	}
	for i := range a.Attempts[:a.Tries] {
		t := &a.Attempts[i]
		if len(t.Addr) == 0 || t.Pass != a.Attempts[0].Pass || slices.Contains(named, string(t.Addr)) {
			continue
		}
		named = append(named, string(t.Addr))
	}
	p.keep(named)
}

func (p *pools) keep(named []string) {
	if len(named) < 2 || len(p.sets) >= maxSets {
		return
	}
	set := slices.Clone(named)
	slices.Sort(set)
	if key := strings.Join(set, "\x00"); !p.known[key] {
		p.known[key] = true
		p.sets = append(p.sets, set)
	}
}
