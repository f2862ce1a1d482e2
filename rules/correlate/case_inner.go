package correlate

import (
	"slices"
	"strings"

	"culprit/rules"
)

// To the gateway before it, a gateway is an upstream. What it runs short of (Apache's
// MaxRequestWorkers, nginx's worker_connections, open files) fails the outer one's requests:
// in its own log they were answered late, or do not stand at all.

// innerFaults makes the own faults of a gateway that stands behind another one the reason of
// what that one saw meanwhile. If no request failed in its own log, they are no case of
// their own.
func (e *Engine) innerFaults(cases []*gathering, logs []*hopLog) []*gathering {
	var out []*gathering
	for _, g := range cases {
		taught := false
		if g.pool.gateway && g.verdict.Cause == rules.CauseGatewayResources {
			for _, outer := range cases {
				if outer.waitedFor(g, e.cfg.quiet()) && e.standsBefore(outer, g, logs) {
					taught = true
					if outer.surety() < surelyKnown {
						outer.taught, outer.verdict = g, e.lesson(g)
					}
					if len(g.answers) > 0 {
						outer.addHop(g)
					}
				}
			}
		}
		if !taught || len(g.answers) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// waitedFor reports whether requests of the case may have waited for what a gateway ran
// short of: it says so once, when the last place is taken, and they give up later.
func (g *gathering) waitedFor(fault *gathering, quiet int64) bool {
	return !g.pool.gateway && fault.pool.span.From <= g.pool.span.To && fault.pool.span.To >= g.began-quiet
}

// standsBefore reports whether the pool of a case leads to the gateway that complains: its access
// log holds the same requests, or there is none and they share a name.
func (e *Engine) standsBefore(outer, fault *gathering, logs []*hopLog) bool {
	inner := e.sources[fault.pool.sources[0]]
	if slices.ContainsFunc(outer.pool.sources, func(i int) bool { return e.sources[i].sameGateway(inner) }) {
		return false
	}
	found := false
	for _, l := range logs {
		if !l.sources[0].sameGateway(inner) {
			continue
		}
		found = true
		for _, own := range logs {
			if own != l && e.leadsTo(own, l, outer.pool.root) {
				return true
			}
		}
	}
	return !found && slices.ContainsFunc(outer.pool.names, func(name string) bool {
		return slices.ContainsFunc(tokensOf(name), func(t string) bool { return slices.Contains(tokensOf(inner.folder()), t) })
	})
}

// sameGateway reports whether two logs are one gateway's. A log of the common format is that
// of any product in its folder.
func (s *source) sameGateway(o *source) bool {
	switch {
	case s.family() == o.family():
		return true
	case s.site != o.site:
		return false
	}
	return s.Source.Gateway == o.Source.Gateway || s.folder() == o.folder() && (s.common() || o.common())
}

// common reports whether an access log has no more than all products write.
func (s *source) common() bool {
	return s.Source.HasAccess && !s.Source.HasErrors && !namesUpstreams(s) || s.app
}

// lesson is what a case's verdict means to the gateway before it.
func (e *Engine) lesson(g *gathering) rules.Verdict {
	v := g.verdict
	if from := g.source(); from.pool.gateway && v.Cause == rules.CauseGatewayResources {
		v.Cause = rules.CauseUpstreamSaturated
		v.Reasons = slices.Clone(v.Reasons)
		for i := range v.Reasons {
			v.Reasons[i].Text = strings.Replace(v.Reasons[i].Text, "the gateway", e.product(from)+", the gateway behind it,", 1)
		}
	}
	return v
}
