package correlate

import (
	"fmt"
	"reflect"
	"slices"

	"culprit/rules"
)

// unseen names what of the lines bears on a case, and is not found by what links them.
func unseen(e *Engine) (out []string) {
	for _, g := range e.open {
		v := e.stretchOf(g)
		near := e.nearHits(g)
		var all []rules.Candidate
		for _, h := range e.hits {
			for i := range h.Hits {
				_, l := e.subjectOf(g, h, &h.Hits[i])
				c, ok := e.candidate(g, &v, h, &h.Hits[i])
				if ok {
					all = append(all, c)
				}
				if (l.weight > linkNone || ok && c.Link > linkNone) && !slices.Contains(near, h) {
					out = append(out, fmt.Sprintf("%v: not near: %s, %s%s", g.pool.names, h.Text, l.why, c.LinkWhy))
				}
			}
		}
		want, got := thin(all), thin(e.weigh(g))
		if len(got) != len(want) {
			out = append(out, fmt.Sprintf("%v: %d candidates, want %d", g.pool.names, len(got), len(want)))
			continue
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				out = append(out, fmt.Sprintf("%v: candidate %d is %+v, want %+v", g.pool.names, i, got[i], want[i]))
			}
		}
	}
	return out
}
