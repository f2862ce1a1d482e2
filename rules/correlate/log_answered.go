package correlate

import (
	"cmp"
	"slices"

	"culprit/rules"
)

// What the gateways answered well, as far as the sketches of their access logs tell, by what was asked
// for. None of thousands of cases looks at all requests for that.

// A wellAnswered is one request, in UTC.
type wellAnswered struct {
	at      int64
	source  *source
	place   int  // in the source's requests, by time
	before  int  // the last one before it in the list that another source has; -1 if there is none
	gateway bool // the gateway itself logged it
}

// An answeredSet lists requests in order of time.
type answeredSet struct {
	all    []int64
	groups map[uint64][]wellAnswered
}

// answeredSets are those of all machines, of each source, and of each pool as far as sources name it.
type answeredSets struct {
	sites   map[string]*answeredSet
	sources map[*source]*answeredSet
	pools   map[node]*answeredSet
	looked  []*source // with requests, by the first
}

// answeredSets makes the sets, once the clocks and the pools are settled.
func (e *Engine) answeredSets() *answeredSets {
	if e.answers != nil {
		return e.answers
	}
	x := &answeredSets{sites: map[string]*answeredSet{}, sources: map[*source]*answeredSet{}, pools: map[node]*answeredSet{}}
	e.answers = x
	for _, s := range e.accessSources() {
		requests := s.requestsBetween(rules.Past, rules.Future-1)
		if len(requests) == 0 {
			continue
		}
		x.looked = append(x.looked, s)
		roots := map[string]node{} // of pools that the source names; the zero node for others
		for i := range requests {
			q := &requests[i]
			if q.Status < 100 || q.Status >= 499 || q.Group == 0 {
				continue
			}
			w := wellAnswered{at: q.Micros, source: s, place: i, gateway: rules.OfGateway(q.Stream)}
			setOf(x.sites, s.site).add(q.Group, w)
			setOf(x.sources, s).add(q.Group, w)
			root, known := roots[q.Upstream]
			if !known && q.Upstream != "" {
				if root = e.pools.find(e.node(s, q.Upstream)); !e.names(s, &pool{root: root}) {
					root = node{}
				}
				roots[q.Upstream] = root
			}
			if root != (node{}) {
				setOf(x.pools, root).add(q.Group, w)
			}
		}
	}
	slices.SortStableFunc(x.looked, func(a, b *source) int { return cmp.Compare(a.requests[0].Micros, b.requests[0].Micros) })
	for _, set := range x.sites {
		set.sort()
	}
	for _, set := range x.pools {
		set.sort()
	}
	return x
}

func setOf[K comparable](sets map[K]*answeredSet, key K) *answeredSet {
	set := sets[key]
	if set == nil {
		set = &answeredSet{groups: map[uint64][]wellAnswered{}}
		sets[key] = set
	}
	return set
}

func (a *answeredSet) add(group uint64, w wellAnswered) {
	a.all = append(a.all, w.at)
	a.groups[group] = append(a.groups[group], w)
}

func (a *answeredSet) sort() {
	slices.Sort(a.all)
	for _, list := range a.groups {
		slices.SortStableFunc(list, func(a, b wellAnswered) int { return cmp.Compare(a.at, b.at) })
		for i := range list {
			switch {
			case i == 0:
				list[i].before = -1
			case list[i-1].source == list[i].source:
				list[i].before = list[i-1].before
			default:
				list[i].before = i - 1
			}
		}
	}
}

// upTo is how many requests of a list were before a moment.
func upTo(list []wellAnswered, at int64) int {
	i, _ := slices.BinarySearchFunc(list, at, func(w wellAnswered, at int64) int { return cmp.Compare(w.at, at) })
	return i
}

// count is how many requests were between two moments, both ends included, and how many of them of a group.
func (a *answeredSet) count(group uint64, from, to int64) (all, same int) {
	if a == nil {
		return 0, 0
	}
	first, _ := slices.BinarySearch(a.all, from)
	end, _ := slices.BinarySearch(a.all, to+1)
	list := a.groups[group]
	return max(end-first, 0), max(upTo(list, to+1)-upTo(list, from), 0)
}

// group lists a group's requests.
func (a *answeredSet) group(group uint64) []wellAnswered {
	if a == nil {
		return nil
	}
	return a.groups[group]
}

// lookedAt reports whether a source's request is among the last ones before a moment, and whether these
// reach back far enough.
func (s *source) lookedAt(place int, start int64) bool {
	n := len(s.requestsBetween(rules.Past, start-1))
	first := max(n-maxLooked, 0)
	return place >= first && place < n && s.requests[first].Micros <= start-leastLooked
}
