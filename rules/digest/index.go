package digest

import "hash/maphash"

// An index finds the events of a digest, its tallies or its names by their keys, which are hashes: an
// open-addressed table, at most half full. Nearly each line of an outage looks a few keys up, and of many
// thousand events the next one is asked for as a rule in no order: with a map, and the 512 places asked for
// last before it, an error log took 5 % longer.
type index struct {
	slots []place // a power of two; nil while there is none
	n     int
}

// A place is where in its list the event of a key stands, from 1; 0 is none.
type place struct {
	key uint64
	at  int32
}

// leastSlots is small, for thousands of sources may be followed that have few events each.
const leastSlots = 8

// spread is another one in each process: keys hold hosts and upstreams, which clients may choose so that
// they begin their search at one place.
var spread = maphash.Comparable(maphash.MakeSeed(), 0) | 1

// slot is where the search for a key ends: at its place, or at the free one where it would stand.
func (x *index) slot(key uint64) *place {
	mask := uint64(len(x.slots) - 1)
	for i := key * spread >> 32; ; i++ {
		if p := &x.slots[i&mask]; p.at == 0 || p.key == key {
			return p
		}
	}
}

func (x *index) find(key uint64) (at int32, ok bool) {
	if x.n == 0 {
		return 0, false
	}
	p := x.slot(key)
	return p.at - 1, p.at > 0
}

func (x *index) set(key uint64, at int32) {
	if 2*x.n >= len(x.slots) {
		x.grow()
	}
	p := x.slot(key)
	if p.at == 0 {
		x.n++
	}
	*p = place{key, at + 1}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]place, max(leastSlots, 2*len(old)))
	for _, p := range old {
		if p.at > 0 {
			*x.slot(p.key) = p
		}
	}
}

// clear empties it; the memory stays.
func (x *index) clear() {
	clear(x.slots)
	x.n = 0
}
