package correlate

import "slices"

// What the links of one service to several pools, and of several services to one pool, tell of
// each other.

// findHomes notes the pools with cases whose addresses services say that they listen on.
func (e *Engine) findHomes(cases []*gathering) {
	for _, g := range cases {
		for _, sv := range e.services {
			if !slices.Contains(sv.homes, g.pool.root) && listenLink(g.pool, sv).weight >= linkPort {
				sv.homes = append(sv.homes, g.pool.root)
			}
		}
	}
}

// atHome turns a weak link away from a service that serves other failing addresses of the
// gateway by its own word: a name or a stream in common does not make it this one's.
func (e *Engine) atHome(p *pool, sv *service, l link) link {
	if l.weight <= linkNone || l.weight >= linkSocket || len(sv.homes) == 0 || slices.Contains(sv.homes, p.root) || p.gateway {
		return l
	}
	return link{linkElsewhere, "which serves " + sv.homes[0].name}
}

// leaveNeighbours unlinks what merely writes into the gateway's stream where another service
// is known to serve the pool: on one host all of them write into one.
func (g *gathering) leaveNeighbours() {
	known, units := false, false
	for sv, l := range g.links {
		known = known || l.weight >= linkMention
		units = units || l.weight >= linkPort && len(sv.units) > 0
	}
	if !known {
		return
	}
	for sv, l := range g.links {
		namesake := units && len(g.pool.names) == 1 && len(sv.units) > 0 && l.weight <= linkName // nobody else serves the one address
		if l.weight > linkNone && (l.why == sameStream || namesake) {
			g.links[sv] = link{linkNone, l.why}
		}
	}
}
