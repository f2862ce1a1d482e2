package correlate

import "slices"

// Of thousands of cases that are open at once few can have made a failure: those of its address, or
// those of its very request.

// A caseIndex lists cases by their places in the order.
type caseIndex struct {
	cases     []*gathering
	roots     map[node][]int
	gateways  []int            // the gateways' own faults
	byRequest map[uint64][]int // nil before somebody asked
}

func indexCases(cases []*gathering) *caseIndex {
	x := &caseIndex{cases: cases, roots: map[node][]int{}}
	for i, g := range cases {
		if x.roots[g.pool.root] = append(x.roots[g.pool.root], i); g.pool.gateway {
			x.gateways = append(x.gateways, i)
		}
	}
	return x
}

// of lists the cases, in their order, that failures may belong to by their address, or by their requests if
// they name none.
func (x *caseIndex) of(e *Engine, t *tallied) []int {
	var out []int
	if t.Upstream != "" {
		out = slices.Concat(x.roots[e.pools.find(e.node(t.source, t.Upstream))], x.gateways)
	} else {
		requests := x.requests()
		for _, key := range t.Requests {
			out = append(out, requests[key]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// requests lists the cases by the requests that their error lines name.
func (x *caseIndex) requests() map[uint64][]int {
	if x.byRequest == nil {
		x.byRequest = map[uint64][]int{}
		for i, g := range x.cases {
			for _, s := range g.symptoms {
				for _, key := range s.Event.Requests {
					if list := x.byRequest[key]; len(list) == 0 || list[len(list)-1] != i {
						x.byRequest[key] = append(list, i)
					}
				}
			}
		}
	}
	return x.byRequest
}
