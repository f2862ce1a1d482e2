package correlate

import (
	"cmp"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Whom a hit is about, and how that is linked to a case's pool: by an address that it names, by the
// gateway that quotes it, by the process, unit or container that it names, or by the log it stands in.

// subjectOf finds the service that a hit is about, and how that is linked to the
// case's pool.
func (e *Engine) subjectOf(g *gathering, h *hitEvent, hit *rules.Hit) (*service, link) {
	if h.Symptom != parser.SymptomNone || h.source.Source.Role == parser.RoleGateway && h.Upstream != "" {
		return nil, e.quotedLink(g, h) // the upstream's own words, quoted by the gateway
	}
	if named := e.namedAddress(g.pool, h, hit); named.weight != linkNone {
		if named.weight > 0 || hit.Signature.Scope == rules.ScopeService {
			if h.service != nil && hit.Signature.AboutOthers() && (h.service.system || h.service.gateway) {
				return nil, named // a kubelet, a proxy of the mesh
			}
			return h.service, named
		}
	}
	if hit.Signature.AboutOthers() && names(hit) {
		return e.systemLink(g, h, hit)
	}
	if h.service != nil && !h.service.system && !h.service.gateway {
		sv := e.owner(h)
		return sv, e.throughDependency(g, hit, sv, e.linkOf(g, sv))
	}
	return e.systemLink(g, h, hit)
}

// names reports whether a hit says what it is about.
func names(hit *rules.Hit) bool {
	for _, f := range []string{rules.FieldUnit, rules.FieldContainer, rules.FieldPod, rules.FieldService, rules.FieldPID, rules.FieldProcess, rules.FieldCgroup} {
		if hit.Get(f) != "" {
			return true
		}
	}
	return false
}

// namesUnit reports whether a hit says of which unit or container it is.
func namesUnit(hit *rules.Hit) bool {
	unit, container := cgroupIdentity(hit.Get(rules.FieldCgroup))
	return hit.Get(rules.FieldUnit) != "" || hit.Get(rules.FieldContainer) != "" || unit != "" || container != ""
}

func (e *Engine) quotedLink(g *gathering, h *hitEvent) link {
	n := e.node(h.source, h.Upstream)
	if h.Upstream != "" && (n == g.pool.root || e.pools.find(n) == g.pool.root) {
		return link{linkAddress, "said by " + h.Upstream + " itself, through the gateway"}
	}
	if h.Upstream == "" {
		return link{}
	}
	return link{linkElsewhere, "said by " + h.Upstream}
}

// namedAddress compares an address in the hit itself with the pool's.
func (e *Engine) namedAddress(p *pool, h *hitEvent, hit *rules.Hit) link {
	named := addressIn(hit)
	if named == "" || p.gateway {
		return link{}
	}
	for _, name := range p.names {
		if w := sameAddress(name, named); w > 0 {
			l := link{w, theAddress(named)}
			for _, not := range []link{siteLink(p, h.source.site), e.hostLink(p, h.service)} {
				if not.weight < 0 {
					l = link{l.weight + not.weight, not.why} // the same port of another machine
				}
			}
			return l
		}
	}
	if strings.HasPrefix(named, ":") || !hasAddress(p.names) {
		return link{}
	}
	return link{linkElsewhere, theAddress(named)}
}

// addressIn is the address, or ":port", that a hit names; "" if it names none.
func addressIn(hit *rules.Hit) string {
	named := hit.Get(rules.FieldAddress)
	if port := hit.Get(rules.FieldPort); named == "" && port != "" {
		named = ":" + port
	}
	return named
}

// theAddress says that a line itself tells which address it is about.
func theAddress(named string) string {
	if port, only := strings.CutPrefix(named, ":"); only {
		return "the line names port " + port
	}
	return "the line names " + named
}

// owner finds whose line a crash text without a tag is, in a file that several
// services share: the one that fell silent after it.
func (e *Engine) owner(h *hitEvent) *service {
	if !h.owned {
		h.owned, h.owner = true, e.findOwner(h)
	}
	return h.owner
}

func (e *Engine) findOwner(h *hitEvent) *service {
	if h.Stream != "" {
		return h.service
	}
	var silent *service
	for _, other := range e.directory.families[h.source.family()] {
		if other == h.service || other.system || other.gateway {
			continue
		}
		if e.silentAfter(other, h) {
			if silent != nil {
				return h.service
			}
			silent = other
		}
	}
	return cmp.Or(silent, h.service)
}

// silentAfter reports whether a service answered nothing between a crash and its own end or
// next start, as far as these are told, or for ten seconds.
func (e *Engine) silentAfter(sv *service, h *hitEvent) bool {
	at := h.when.To
	if at-h.when.From > widest {
		at = h.when.From + 1 // it has no stamp, and stands between two that are far apart: that is the silence
	}
	end := e.nextOf(sv.life.rises, h, at+10*parser.Second)
	end = e.nextOf(sv.life.ends, h, end)
	if end <= at {
		return true // in the same second
	}
	return !e.answeredRequest(sv, at, end)
}

// nextOf is when a list's next event comes after another one, at most limit.
func (e *Engine) nextOf(list []*hitEvent, h *hitEvent, limit int64) int64 {
	for _, o := range risenFrom(list, h.when.From) {
		if o.when.From >= limit {
			break
		}
		if o != h && e.before(h, o) {
			return o.when.From
		}
	}
	return limit
}
