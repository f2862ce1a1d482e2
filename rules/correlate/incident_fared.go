package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// How far back an incident looks for good answers to what then failed.
const (
	maxLooked   = 8192 // sketched requests of each source
	leastLooked = 10 * parser.Second
	leastOthers = 5 // good answers to other requests beside failures of one
	leastOfOne  = 3 // failures of one
)

// whatElse compares what failed with what was answered well: whether it was one thing only that
// failed, which then was never answered though others were, and until when it was answered.
func (e *Engine) whatElse(in *rules.Incident, g *gathering) {
	c := g.source().rules
	c.OneThing, c.Worked = "", rules.Worked{}
	asked := map[uint64]string{}
	for _, u := range in.URLs {
		if u.URL != "" {
			asked[urlKey(u.URL)] = u.URL
		}
	}
	if len(asked) == 0 {
		return
	}
	one := len(in.URLs) == 1 && in.FailedRequests+max(in.FailedOther, 0) >= leastOfOne
	same, others := 0, 0
	for _, s := range e.accessSources() {
		named := e.names(s, g.pool)
		good := func(q *rules.Request) bool {
			return q.Status >= 100 && q.Status < 499 && q.Group != 0 && (!named && e.saw(g, s) || named && e.serves(g.pool, s, q.Upstream))
		}
		if one {
			for _, q := range s.requestsBetween(g.began-e.cfg.quiet(), g.pool.span.To+e.cfg.quiet()) {
				switch {
				case !good(&q):
				case asked[q.Group] != "":
					same++
				default:
					others++
				}
			}
		}
		before := s.requestsBetween(rules.Past, in.Start.Micros-1)
		before = before[max(len(before)-maxLooked, 0):]
		if len(before) == 0 || before[0].Micros > in.Start.Micros-leastLooked {
			continue
		}
		c.Worked.Looked = true
		for _, q := range slices.Backward(before) {
			if q.Micros < c.Worked.Last.Micros {
				break
			}
			if url := asked[q.Group]; url != "" && good(&q) {
				if q.Micros > c.Worked.Last.Micros || url < c.Worked.URL {
					c.Worked.Last, c.Worked.URL = rules.Moment{Micros: q.Micros, Precision: parser.Second}, url
				}
			}
		}
	}
	if one && same == 0 && others >= leastOthers {
		c.OneThing = in.URLs[0].URL
		in.Backoff = rules.Backoff{} // what else was answered tells nothing of it
	}
}
