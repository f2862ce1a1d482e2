package digest

import (
	"math/bits"
	"slices"
	"strings"

	"culprit/parser"

	"github.com/cespare/xxhash/v2"
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
	names  []string        // that error lines named, by number
	number index           // of a name's hash: where it stands in names
	tried  map[tries]bool  // sets of them that are known

	isPart    bool // then error lines are only noted: the lines of a request may stand in two parts
	sightings []sighting
	lines     []threadLine // of gateways that do not number requests
	threads   threads
}

// A sighting is an error line that names the upstream of a request, by its number.
type sighting struct {
	request uint64
	name    uint16
}

// attempts are the names that the lines of one request gave so far. They hold no pointers and
// stay in the cache: with strings they took a fortieth of the time of an outage's log.
type attempts struct {
	request uint64
	names   tries
}

// tries are the numbers of names; 0 ends them.
type tries [parser.MaxAttempts]uint16

// Bounds: places for requests in flight, and distinct names and sets kept.
const (
	maxRecent = 16 << 10
	maxNames  = 16 << 10
	maxSets   = 4096
)

func newPools() pools {
	return pools{places: maxRecent, known: map[string]bool{}, seen: map[uint64]bool{}, number: newIndex(), tried: map[tries]bool{}}
}

// numberOf is the number, from 1, of an upstream's name that has a hash; 0 if there are too many or
// it is none.
func (p *pools) numberOf(upstream []byte, hash uint64) uint16 {
	at, ok := p.number.find(hash)
	if !ok {
		if len(p.names) >= maxNames || len(upstream) >= 1<<10 {
			return 0
		}
		at = int32(len(p.names))
		p.names = append(p.names, string(upstream))
		p.number.set(hash, at)
	}
	return uint16(at + 1)
}

// see notes the upstream of an error line, which is told by its hash as the client and the request are.
func (p *pools) see(r *parser.Record, upstream, client, request uint64) {
	g := &r.Gateway
	if len(g.Upstream) == 0 || g.Connection == 0 || g.Rank < parser.RankSecondary {
		return
	}
	name := p.numberOf(g.Upstream, upstream)
	if name == 0 {
		return
	}
	var key mixer
	key.number(r.PID)
	key.number(g.Connection)
	key.word(request)
	key.word(client)
	if p.isPart {
		p.sightings = append(p.sightings, sighting{key.h, name})
		return
	}
	p.sight(sighting{key.h, name})
}

func (p *pools) sight(s sighting) {
	if p.recent == nil {
		p.recent = make([]attempts, p.places)
	}
	at, _ := bits.Mul64(s.request, uint64(p.places))
	a := &p.recent[at]
	if a.request != s.request {
		*a = attempts{request: s.request, names: tries{s.name}}
		return
	}
	for i, name := range a.names {
		switch name {
		case s.name:
			return
		case 0:
			a.names[i] = s.name
			p.keepTried(a.names, i+1)
			return
		}
	}
}

// keepTried keeps the names that one request tried, so many.
func (p *pools) keepTried(t tries, n int) {
	slices.Sort(t[:n])
	if p.tried[t] || len(p.sets) >= maxSets {
		return
	}
	p.tried[t] = true
	named := make([]string, n)
	for i := range named {
		named[i] = p.names[t[i]-1]
	}
	p.keep(named)
}

// takeSightings takes over what a part saw.
func (p *pools) takeSightings(part *pools) {
	if len(part.sightings) == 0 {
		return
	}
	number := make([]uint16, len(part.names))
	for i, name := range part.names {
		number[i] = p.numberOf([]byte(name), xxhash.Sum64String(name))
	}
	for _, s := range part.sightings {
		if s.name = number[s.name-1]; s.name > 0 {
			p.sight(s)
		}
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
