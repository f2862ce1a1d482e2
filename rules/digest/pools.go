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
	places int        // of recent
	recent []attempts // of requests in flight, where their hash puts them; the later stays
	sets   [][]string
	known  map[string]bool
	seen   map[uint64]bool // hashes of what access lines named, as they named it

	isPart    bool // then error lines are only noted: the lines of a request may stand in two parts
	sightings []sighting
	lines     []threadLine // of gateways that do not number requests
	threads   threads
}

// A sighting is an error line that names the upstream of a request.
type sighting struct {
	request  uint64
	upstream string
}

// attempts are the names that the lines of one request gave so far.
type attempts struct {
	request uint64
	first   string
	more    []string
}

// Bounds: places for requests in flight, a power of two, and distinct sets kept.
const (
	maxRecent = 16 << 10
	maxSets   = 4096
)

func newPools() pools {
	return pools{places: maxRecent, known: map[string]bool{}, seen: map[uint64]bool{}}
}

// see notes the upstream of an error line, whose client and request are told by their hashes.
func (p *pools) see(r *parser.Record, client, request uint64, upstream string) {
	g := &r.Gateway
	if len(g.Upstream) == 0 || g.Connection == 0 || g.Rank < parser.RankSecondary {
		return
	}
	var key mixer
	key.number(r.PID)
	key.number(g.Connection)
	key.word(request)
	key.word(client)
	if p.isPart {
		p.sightings = append(p.sightings, sighting{key.h, upstream})
		return
	}
	p.sight(key.h, upstream)
}

func (p *pools) sight(request uint64, upstream string) {
	if p.recent == nil {
		p.recent = make([]attempts, p.places)
	}
	a := &p.recent[request%uint64(p.places)]
	switch {
	case a.request != request:
		*a = attempts{request: request, first: upstream}
	case upstream != a.first && !slices.Contains(a.more, upstream) && len(a.more) < parser.MaxAttempts-1:
		a.more = append(a.more, upstream)
		p.keep(append([]string{a.first}, a.more...))
	}
}

func (p *pools) seeAttempts(a *parser.Access) {
	if a.Tries < 2 && len(a.Pool) == 0 {
		return
	}
	var key mixer // most lines name what another one named before
	key.bytes(a.Pool)
	for i := range a.Attempts[:a.Tries] {
		key.bytes(a.Attempts[i].Addr)
		key.number(int64(a.Attempts[i].Pass))
	}
	if p.seen[key.h] {
		return
	}
	if len(p.seen) >= maxRecent {
		clear(p.seen)
	}
	p.seen[key.h] = true
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

// keep takes over a set of names.
func (p *pools) keep(named []string) {
	if len(named) < 2 || len(p.sets) >= maxSets {
		return
	}
	slices.Sort(named)
	if key := strings.Join(named, "\x00"); !p.known[key] {
		p.known[key] = true
		p.sets = append(p.sets, named)
	}
}
