package correlate

import (
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Logs are compared by the requests that they hold. On a machine with a thousand sites that would
// be a million pairs, nearly all of which have nothing in common; so it is asked first which logs
// hold a request.

// maxHeld is how many logs one is compared with: those that hold most of its requests.
const maxHeld = 64

// holders lists, by the key of a request, the numbers of the logs that hold it.
type holders struct {
	by     map[uint64][]int32
	counts []int // scratch, by log
}

// A held is a log that holds so many of another one's requests.
type held struct{ log, requests, likely int }

// newHolders is of so many logs, for the requests that are wanted.
func newHolders(logs int, wanted func(yield func(uint64))) *holders {
	h := &holders{by: map[uint64][]int32{}, counts: make([]int, logs)}
	wanted(func(key uint64) { h.by[key] = nil })
	return h
}

// note says that a log holds a request. Logs come in their order.
func (h *holders) note(log int, key uint64) {
	if list, wanted := h.by[key]; wanted && (len(list) == 0 || list[len(list)-1] != int32(log)) {
		h.by[key] = append(list, int32(log))
	}
}

// most lists the logs that hold at least so many of the requests, in their order. If they are too
// many, it is the likeliest, and of these those that hold most.
func (h *holders) most(requests func(yield func(uint64)), least int, likely func(log int) int) []held {
	var all []held
	requests(func(key uint64) {
		for _, log := range h.by[key] {
			if h.counts[log] == 0 {
				all = append(all, held{log: int(log)})
			}
			h.counts[log]++
		}
	})
	for i := range all {
		all[i].requests, h.counts[all[i].log] = h.counts[all[i].log], 0
	}
	all = slices.DeleteFunc(all, func(x held) bool { return x.requests < least })
	if len(all) > maxHeld {
		for i := range all {
			all[i].likely = likely(all[i].log)
		}
		all = likeliest(all)
	}
	slices.SortFunc(all, func(a, b held) int { return cmp.Compare(a.log, b.log) })
	return all
}

// likeliest are the maxHeld first by likelihood, then by requests. To sort thousands for each of as many
// logs would take longer than to find them.
func likeliest(all []held) []held {
	order := func(a, b held) int {
		return cmp.Or(cmp.Compare(b.likely, a.likely), cmp.Compare(b.requests, a.requests), cmp.Compare(a.log, b.log))
	}
	best := all[:maxHeld]
	slices.SortFunc(best, order)
	for _, x := range all[maxHeld:] {
		if order(x, best[maxHeld-1]) < 0 {
			at, _ := slices.BinarySearchFunc(best, x, order)
			copy(best[at+1:], best[at:])
			best[at] = x
		}
	}
	return best
}

// keysOf are the keys of some requests, without their methods, which not all logs tell.
func keysOf(requests []rules.Request) func(yield func(uint64)) {
	return func(yield func(uint64)) {
		for i := range requests {
			yield(rules.PathOf(requests[i].Key))
		}
	}
}

// alike says how likely two sources belong together by their names: those of one folder, and among
// these those whose names begin alike.
func alike(a, b *source) int {
	likely := min(commonPrefix(a.Source.Path, b.Source.Path), 1<<16)
	if a.folder() == b.folder() {
		likely += 1 << 17
	}
	return likely
}

// likelyClock says how likely a source, by its number, tells the clock of s: a settled one, the nearest, of
// the likest name.
func (e *Engine) likelyClock(s *source) func(log int) int {
	return func(log int) int {
		a := e.sources[log]
		if !a.settled || a == s {
			return -1
		}
		return e.nearness(a, s)<<20 + alike(a, s)
	}
}

// nearness is how surely two logs have one clock: of one gateway in one folder, of one
// machine, or neither.
func (e *Engine) nearness(a, b *source) int {
	switch {
	case a.site != b.site:
		return 0
	case a.Source.Role == parser.RoleGateway && b.Source.Role == parser.RoleGateway && a.folder() == b.folder():
		return 2
	}
	return 1
}

// commonPrefix is how many bytes two texts have in common at their beginning.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
