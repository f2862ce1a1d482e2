package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

const (
	minMatches = 5  // requests that must agree
	minLead    = 3  // times the runner-up
	commonKey  = 24 // requests that repeat more often say nothing about time
)

// offset is what must be added to b's times to make them a's: the best-supported
// difference in whole seconds over requests with the same method, path and (where
// both tell it) status, refined to the median. It must have at least five matching
// requests and three times the support of any other.
func offset(a, b []rules.Request) shift {
	key, seen := compared(b)
	byKey := requestsBy(key, a, func(key uint64) bool { return seen[key] > 0 })
	return offsetBy(byKey, b)
}

// A keyOf is what of requests is compared.
type keyOf func(*rules.Request) uint64

// compared is what of some requests is compared with others, and how many of them have each key.
func compared(b []rules.Request) (key keyOf, seen map[uint64]int) {
	key = wholeKey
	if namesOnly(b) {
		key = pathKey
	}
	seen = make(map[uint64]int, len(b))
	for i := range b {
		seen[key(&b[i])]++
	}
	return key, seen
}

func wholeKey(q *rules.Request) uint64 { return q.Key }
func pathKey(q *rules.Request) uint64  { return rules.PathOf(q.Key) }

// namesOnly reports whether some of the requests are named only: of those most tell no method.
func namesOnly(b []rules.Request) bool {
	return slices.ContainsFunc(b, func(q rules.Request) bool { return q.Named })
}

func requestsBy(key keyOf, a []rules.Request, wanted func(key uint64) bool) map[uint64][]*rules.Request {
	byKey := map[uint64][]*rules.Request{}
	for i := range a {
		if k := key(&a[i]); wanted(k) {
			byKey[k] = append(byKey[k], &a[i])
		}
	}
	return byKey
}

// offsetOf is offset of a settled source and the requests of another one. It lists the source's requests
// once it has been asked for by so many that to go through all of them again would cost more.
func (s *source) offsetOf(b []rules.Request) shift {
	const often = 4
	if s.compared++; s.compared <= often {
		return offset(s.times(s.zone, s.skew), b)
	}
	key, list := keyOf(wholeKey), &s.byKey
	if namesOnly(b) {
		key, list = pathKey, &s.byPath
	}
	if *list == nil {
		*list = requestsBy(key, s.times(s.zone, s.skew), func(uint64) bool { return true })
	}
	return offsetBy(*list, b)
}

// offsetBy is offset, of requests by what is compared of them.
func offsetBy(byKey map[uint64][]*rules.Request, b []rules.Request) shift {
	key, seen := compared(b)
	votes := map[int64]int{}
	var diffs []int64
	for _, q := range b {
		peers := byKey[key(&q)]
		if len(peers)*seen[key(&q)] > commonKey || q.Micros == rules.Past {
			continue
		}
		voted := map[int64]bool{}
		for _, p := range peers {
			d := p.Micros - q.Micros
			if abs(d) > maxZone+maxSkew || !rules.SamePath(p.Key, q.Key) || p.Status != 0 && q.Status != 0 && p.Status != q.Status || p.Unsent && served(q) || q.Unsent && served(*p) {
				continue
			}
			diffs = append(diffs, d)
			if bin := parser.FloorDiv(d, parser.Second); !voted[bin] {
				voted[bin] = true
				votes[bin]++
			}
		}
	}
	return mostSupported(votes, diffs)
}

// served reports whether somebody answered the request with anything but a failure.
func served(q rules.Request) bool { return q.Status > 0 && q.Status < 500 }

// A shift is what must be added to one clock to make it another, in microseconds,
// and how many requests say so.
type shift struct {
	delta   int64
	support int
	found   bool
}

func mostSupported(votes map[int64]int, diffs []int64) shift {
	bins := make([]int64, 0, len(votes))
	for bin := range votes {
		bins = append(bins, bin)
	}
	slices.Sort(bins)
	support := func(bin int64) int { return votes[bin-1] + votes[bin] + votes[bin+1] }
	best, second := int64(0), 0
	bestSupport := 0
	for _, bin := range bins {
		if n := support(bin); n > bestSupport || n == bestSupport && votes[bin] > votes[best] {
			best, bestSupport = bin, n
		}
	}
	for _, bin := range bins {
		if abs(bin-best) > 3 {
			second = max(second, support(bin))
		}
	}
	if bestSupport < minMatches || bestSupport < minLead*second {
		return shift{}
	}
	var near []int64
	for _, d := range diffs {
		if bin := parser.FloorDiv(d, parser.Second); abs(bin-best) <= 1 {
			near = append(near, d)
		}
	}
	slices.Sort(near)
	return shift{delta: near[len(near)/2], support: bestSupport, found: true}
}

func roundQuarter(d int64) int64 { return parser.FloorDiv(d+quarter/2, quarter) * quarter }

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
