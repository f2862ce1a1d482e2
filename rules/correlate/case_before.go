package correlate

import (
	"slices"

	"culprit/parser"
)

// withoutPause is how long failures may be apart that go on.
const withoutPause = 10 * parser.Second

// attributeBefore gives a case the failures that the gateway made of the same virtual host right
// before it: of an error log that begins in the middle (it was cut, or rotated) the access log
// tells the rest. So it does of a server that a health check took out: what requests met, the
// checks found some turns later.
func (e *Engine) attributeBefore(cases []*gathering, failures []*tallied) {
	since := make([]int64, len(cases))
	for i, g := range cases {
		since[i] = g.pool.span.From
	}
	for _, t := range slices.Backward(failures) {
		if t.left == 0 || t.Upstream == "" && t.Status != 502 && t.Status != 504 {
			continue
		}
		only, several := -1, false
		for i, g := range cases {
			if t.when.From < since[i] && t.when.To+withoutPause >= since[i] && e.beganBefore(g, t) {
				only, several = i, only >= 0
			}
		}
		if only < 0 || several {
			continue // nobody knows whose
		}
		g := cases[only]
		g.answers = append(g.answers, answer{t, t.left})
		t.left = 0
		since[only], g.began = t.when.From, min(g.began, t.when.From)
	}
}

// beganBefore reports whether a case may hold failures that stand before its first line.
func (e *Engine) beganBefore(g *gathering, t *tallied) bool {
	switch {
	case g.pool.gateway:
		return false
	case t.Upstream == "":
		return !g.told && e.couldHold(g, t)
	}
	return g.foundByCheck() && t.when.To+e.cfg.quiet() >= g.pool.span.From && e.pools.find(e.node(t.source, t.Upstream)) == g.pool.root
}

// foundByCheck reports whether a case begins with what a health check found.
func (g *gathering) foundByCheck() bool {
	first := g.symptoms[0].Symptom
	return first == parser.SymptomPeerDown || first == parser.SymptomHealthCheckFailed
}
