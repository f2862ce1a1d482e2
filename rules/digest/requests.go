package digest

import (
	"culprit/rules"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Which requests are kept of an event or a tally, by their hashes.

// addRequest keeps the smallest hashes, so that the choice does not depend on order. In a part they
// stand in any order, and some twice, until there are as many as may be: see addRequests. To sort them line
// by line mispredicts 6 % more branches.
func (e event) addRequest(key uint64, inPart bool) {
	switch {
	case key == 0:
	case inPart && len(e.Requests) < rules.MaxRequests:
		if e.Requests = append(e.Requests, key); len(e.Requests) == rules.MaxRequests {
			e.Requests = distinct(e.Requests)
		}
	default:
		e.Requests = keepSmallest(e.Requests, key, rules.MaxRequests)
	}
}

// distinct sorts a set, and takes out what stands in it twice.
func distinct(set []uint64) []uint64 {
	slices.Sort(set)
	return slices.Compact(set)
}

// addRequests adds those of a part.
func (e event) addRequests(more []uint64) {
	if n := len(e.Requests); n == rules.MaxRequests { // of a long outage's few stay
		few := more[:0]
		for _, key := range more {
			if key < e.Requests[n-1] {
				few = append(few, key)
			}
		}
		more = few
	}
	e.Requests = mergeSmallest(e.Requests, distinct(more), rules.MaxRequests)
}

func keepSmallest(set []uint64, key uint64, bound int) []uint64 {
	if len(set) >= bound && key > set[bound-1] { // nearly all of a busy second
		return set
	}
	at, found := slices.BinarySearch(set, key)
	if found || at >= bound {
		return set
	}
	if cap(set) == 0 {
		set = make([]uint64, 0, 4)
	}
	if len(set) >= bound {
		set = set[:bound-1]
	}
	return slices.Insert(set, at, key)
}

// mergeSmallest keeps the smallest of two such sets.
func mergeSmallest(set, more []uint64, bound int) []uint64 {
	if len(more) == 0 || len(set) >= bound && more[0] > set[len(set)-1] {
		return set
	}
	var merged [max(rules.MaxRequests, rules.MaxClients)]uint64
	n, i, k := 0, 0, 0
	for ; n < bound && (i < len(set) || k < len(more)); n++ {
		switch {
		case k == len(more) || i < len(set) && set[i] < more[k]:
			merged[n] = set[i]
			i++
		default:
			if i < len(set) && set[i] == more[k] {
				i++
			}
			merged[n] = more[k]
			k++
		}
	}
	if n > cap(set) {
		set = make([]uint64, n, min(max(2*cap(set), n), bound))
	}
	set = set[:n]
	copy(set, merged[:n])
	return set
}

// requestKey names one request of one client: 0 if nothing is known.
func requestKey(client, request []byte) uint64 {
	if len(request) == 0 {
		return 0
	}
	return requestKeyOf(xxhash.Sum64(client), xxhash.Sum64(request))
}

// requestKeyOf is requestKey of their hashes.
func requestKeyOf(client, request uint64) uint64 {
	var m mixer
	m.word(client)
	m.word(request)
	return m.h
}
