package correlate

import (
	"maps"
	"slices"
	"strings"
)

// What the links of one service to several pools, and of several services to one pool, tell of
// each other.

// findHomes notes the pools with cases whose addresses services say that they listen on.
func (e *Engine) findHomes(cases []*gathering) {
	e.homes = map[node]*pool{}
	for _, g := range cases {
		for _, sv := range e.listensFor(g.pool) {
			if !slices.Contains(sv.homes, g.pool.root) && listenLink(g.pool, sv).weight >= linkPort {
				sv.homes = append(sv.homes, g.pool.root)
				e.homes[g.pool.root] = g.pool
			}
		}
	}
	e.findRest()
}

// A rest is the one back end that no application is known to serve, and the one application that is
// known to serve none.
type rest struct {
	root node
	sv   *service
}

// mostRest bounds the back ends among which one is found by what the others are not.
const mostRest = 8

// findRest finds the rest where each other back end that the gateways name has its application among
// the logs, and each other application that listens its back end.
func (e *Engine) findRest() {
	names := e.namedPools()
	servers := slices.DeleteFunc(slices.Clone(e.services), func(sv *service) bool {
		return sv.gateway || sv.system || len(sv.listens) == 0 && sv.requests < minMatches || !sv.real(e)
	})
	if len(names) < 2 || len(names) != len(servers) || len(names) > mostRest {
		return
	}
	var left []node
	for _, root := range slices.SortedFunc(maps.Keys(names), byNode) {
		p := &pool{root: root, names: names[root]}
		serves := func(sv *service) bool { return e.link(p, sv).weight >= linkName }
		at := slices.IndexFunc(servers, serves)
		switch {
		case at < 0:
			left = append(left, root)
		case slices.ContainsFunc(servers[at+1:], serves):
			return // two may serve one
		default:
			servers = slices.Delete(servers, at, at+1)
		}
	}
	if len(left) == 1 && len(servers) == 1 {
		e.left = rest{left[0], servers[0]}
	}
}

// namedPools lists the names of each pool that the gateways' logs name, of not too many.
func (e *Engine) namedPools() map[node][]string {
	names := map[node][]string{}
	see := func(s *source, upstream string) {
		if upstream == "" || len(names) > mostRest {
			return
		}
		root := e.pools.find(e.node(s, upstream))
		if !slices.Contains(names[root], upstream) {
			names[root] = append(names[root], upstream)
		}
	}
	for _, s := range e.sources {
		for i := range s.Events {
			see(s, s.Events[i].Upstream)
		}
		for i := range s.Tallies {
			see(s, s.Tallies[i].Upstream)
		}
	}
	return names
}

// leftLink links what is left.
func (e *Engine) leftLink(p *pool, sv *service) link {
	if e.left.sv != sv || e.left.root != p.root {
		return link{}
	}
	return link{linkOnly, "the only application that serves no other back end"}
}

// atHome turns a weak link away from a service that serves other failing addresses of the
// gateway by its own word: a name or a stream in common does not make it this one's.
func (e *Engine) atHome(p *pool, sv *service, l link) link {
	if q := e.nearerHome(p, sv); q != nil && listenLink(p, sv).weight == linkPort && l.weight < linkRequests {
		return link{linkElsewhere, "which serves " + q.names[0]}
	}
	if l.weight <= linkNone || l.weight >= linkSocket || len(sv.homes) == 0 || slices.Contains(sv.homes, p.root) || p.gateway {
		return l
	}
	return link{linkElsewhere, "which serves " + sv.homes[0].name}
}

// nearerHome finds, of the failing pools of several machines that a service may serve by nothing but its
// port, one that is asked by a gateway whose logs lie nearer to the service's than those of the pool's own:
// a server runs on one machine, and logs lie beside those that they belong to.
func (e *Engine) nearerHome(p *pool, sv *service) *pool {
	if p.gateway || len(sv.homes) < 2 || len(sv.homes) > mostRest || loopbackOnly(p.names) {
		return nil
	}
	near := func(p *pool) int {
		best := 0
		for _, i := range p.sources {
			for _, id := range sv.streams {
				best = max(best, commonPath(e.sources[i].Source.Path, e.sources[id.source].Source.Path))
			}
		}
		return best
	}
	own := near(p)
	for _, root := range sv.homes {
		q := e.homes[root]
		if q != nil && root != p.root && len(q.names) > 0 && near(q) > own {
			return q
		}
	}
	return nil
}

// commonPath counts the folders that two paths share at their beginning.
func commonPath(a, b string) int {
	n := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
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
