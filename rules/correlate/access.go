package correlate

import (
	"path"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// settleAccess finds access logs whose requests stand in another one that tells more of
// them, so that no request counts twice: a second log of the same gateway, or an
// application's own.
func (e *Engine) settleAccess() {
	for _, s := range e.sources {
		if !s.Source.HasAccess || s.Source.HasErrors || namesUpstreams(s) || len(s.Requests) < minMatches {
			continue
		}
		for _, g := range e.sources {
			if g == s || !g.Source.HasAccess || g.site != s.site {
				continue
			}
			switch second := secondLog(s, g); {
			case !second && !namesUpstreams(g) || !e.within(s, g):
				continue
			case second:
				s.Source.HasAccess = false
			default:
				e.demote(s)
			}
			break
		}
	}
}

// secondLog reports whether s can be no other program's than g: a product that writes
// errors and requests into one log (varnishlog beside varnishncsa), or a gateway's own folder.
func secondLog(s, g *source) bool {
	if s.Source.Gateway != g.Source.Gateway {
		return false
	}
	folder := path.Dir(s.Source.Path)
	return g.Source.HasErrors || namesUpstreams(g) && folder == path.Dir(g.Source.Path) && ofProduct(folder)
}

func namesUpstreams(s *source) bool {
	return slices.ContainsFunc(s.Tallies, func(t rules.Tally) bool { return t.Upstream != "" })
}

// within reports whether seven of ten sketched requests of s stand in g too, within
// two seconds.
func (e *Engine) within(s, g *source) bool {
	times := map[uint64][]int64{}
	for _, q := range g.times(g.zone, g.skew) {
		times[q.Key] = append(times[q.Key], q.Micros)
	}
	own := s.times(s.zone, s.skew)
	found := 0
	for _, q := range own {
		if slices.ContainsFunc(times[q.Key], func(at int64) bool { return abs(at-q.Micros) <= near }) {
			found++
		}
	}
	return found*10 >= len(own)*7
}

// demote makes a source an application's: its requests link it to the address that the
// gateway sent them to.
func (e *Engine) demote(s *source) {
	s.Source.HasAccess, s.Source.Role = false, parser.RoleApp
	s.app = true
}

// accessSources lists the gateways' access logs. A log whose clients are all this
// machine is the application's own if another gateway's log is there.
func (e *Engine) accessSources() []*source {
	var all, outer []*source
	for _, s := range e.sources {
		if s.Source.HasAccess {
			all = append(all, s)
			if !s.Source.Loopback {
				outer = append(outer, s)
			}
		}
	}
	if len(outer) > 0 {
		return outer
	}
	return all
}

// stampsBegins reports whether an access log has the time at which requests began: Apache's
// %t is (mod_log_config), nginx's $time_local is the end. Their common format is one; what
// stands beside it tells whose it is.
func (e *Engine) stampsBegins(s *source) bool {
	beside := func(product string) bool {
		return slices.ContainsFunc(e.sources, func(o *source) bool { return o.Source.HasErrors && o.Source.Gateway == product && o.site == s.site })
	}
	return s.Source.Gateway == "apache" || s.Source.Gateway == "nginx" && beside("apache") && !beside("nginx")
}
