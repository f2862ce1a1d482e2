package correlate

import (
	"slices"
	"strings"
)

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

// byTenant turns a weak link away from a unit whose program, by that program's own word, serves another
// address: puma-shop.service is not the upstream of shop.example.com if the puma that it runs listens
// elsewhere.
func (e *Engine) byTenant(p *pool, sv *service, l link) link {
	if l.weight <= linkNone || l.weight >= linkSocket || p.gateway || len(sv.listens) > 0 {
		return l
	}
	for _, unit := range sv.units {
		for _, tenants := range [][]*service{e.directory.units[unit], e.directory.called[bareName(unit)]} {
			for _, t := range tenants {
				if t == sv || len(t.listens) == 0 || t.site != sv.site || apart(sv.hosts, t.hosts) {
					continue
				}
				if not := listenLink(p, t); not.weight < linkNone {
					return not
				}
			}
		}
	}
	return l
}

// leaveNeighbours unlinks what merely writes into the gateway's stream where another service
// is known to serve the pool: on one host all of them write into one.
func (g *gathering) leaveNeighbours() {
	known, units := false, false
	for sv, l := range g.links {
		known = known || l.weight >= linkNamed
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

// stayOnMachine turns the links away from what runs on other machines where the address means
// something on one machine only, as 127.0.0.1:8080 and a socket do, and a service of the
// gateway's own is known to serve it there: each of a row of web servers has such a one.
func (g *gathering) stayOnMachine() {
	loopbacks := func(name string) bool { return local(name) && strings.Contains(name, ":") }
	if g.pool.gateway || !slices.ContainsFunc(g.pool.names, loopbacks) || slices.ContainsFunc(g.pool.names, func(name string) bool { return !local(name) }) {
		return
	}
	var hosts []string
	for _, s := range g.symptoms {
		if s.Host != "" && !slices.Contains(hosts, s.Host) {
			hosts = append(hosts, s.Host)
		}
	}
	site := siteOf(g.pool)
	here := func(sv *service) bool {
		return len(hosts) > 0 && len(sv.hosts) > 0 && !apart(hosts, sv.hosts) || site != "" && sv.site == site
	}
	own := ""
	for sv, l := range g.links {
		if l.weight >= linkPort && here(sv) {
			own = max(own, sv.machine())
		}
	}
	if own == "" {
		return
	}
	for sv := range g.links {
		if there := sv.machine(); there != "" && there != own && !here(sv) {
			g.links[sv] = link{linkElsewhere, "which runs on " + there + ", not on " + own}
		}
	}
}

// machine is what the logs call the one that a service runs on, "" if nothing tells.
func (sv *service) machine() string {
	if len(sv.hosts) == 1 {
		return sv.hosts[0]
	}
	return strings.Trim(sv.site, "/")
}
