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
	c.Worked = e.worked(asked, g, in.Start.Micros)
	if len(in.URLs) != 1 || in.FailedRequests+max(in.FailedOther, 0) < leastOfOne {
		return
	}
	if same, others := e.answeredBeside(urlKey(in.URLs[0].URL), g); same == 0 && others >= leastOthers {
		c.OneThing = in.URLs[0].URL
		in.Backoff = rules.Backoff{} // what else was answered tells nothing of it
	}
}

// answeredBeside counts good answers around a case, to requests of a group and to others: those of the
// case's pool, and of the logs of its machines that do not name it.
func (e *Engine) answeredBeside(group uint64, g *gathering) (same, others int) {
	x := e.answeredSets()
	add := func(set *answeredSet, sign int) {
		all, some := set.count(group, g.began-e.cfg.quiet(), g.pool.span.To+e.cfg.quiet())
		same, others = same+sign*some, others+sign*(all-some)
	}
	sites := e.sitesOf(g)
	for _, site := range sites {
		add(x.sites[site], 1)
	}
	for _, l := range e.logsOf(g.pool) {
		if slices.Contains(sites, l.site) {
			add(x.sources[l.source], -1)
		}
	}
	if !g.pool.gateway {
		add(x.pools[g.pool.root], 1)
	}
	return same, others
}

// worked finds until when what then failed was answered well before.
func (e *Engine) worked(asked map[uint64]string, g *gathering, start int64) (w rules.Worked) {
	x := e.answeredSets()
	for _, s := range x.looked {
		if s.requests[0].Micros > start-leastLooked {
			break
		}
		if n := len(s.requestsBetween(rules.Past, start-1)); n > 0 && s.lookedAt(n-1, start) {
			w.Looked = true
			break
		}
	}
	if !w.Looked {
		return w
	}
	named := e.logsOf(g.pool)
	names := func(s *source) bool {
		return slices.ContainsFunc(named, func(l poolLog) bool { return l.source == s })
	}
	note := func(list []wellAnswered, url string, skip func(*source) bool) {
		for i := upTo(list, start) - 1; i >= 0 && list[i].at >= w.Last.Micros; {
			switch at := &list[i]; {
			case skip(at.source):
				i = at.before
			case !at.source.lookedAt(at.place, start):
				i--
			default:
				if at.at > w.Last.Micros || url < w.URL {
					w.Last, w.URL = rules.Moment{Micros: at.at, Precision: parser.Second}, url
				}
				return
			}
		}
	}
	for group, url := range asked {
		for _, site := range e.sitesOf(g) {
			note(x.sites[site].group(group), url, names)
		}
		if !g.pool.gateway {
			note(x.pools[g.pool.root].group(group), url, func(*source) bool { return false })
		}
	}
	return w
}
