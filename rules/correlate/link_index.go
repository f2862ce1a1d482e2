package correlate

import (
	"cmp"
	"slices"
	"strings"
)

// A machine with thousands of sites has as many pools and services. So no pool is compared with all
// services, but with those that have something in common with it.

// A linkIndex lists services, in their order, by what may link a pool to them. Each kind of link that
// may have weight has its list here or in the directory.
type linkIndex struct {
	addresses    map[string][]*service // by addressKey of where they say that they listen, or what they name
	served       map[string][]*service // by the address that the gateway sent their requests to
	technologies map[string][]*service
	names        map[string][]*service // by names of several words
	alone        []*service            // the only application of a machine
	anywhere     neighbours            // whose requests the gateways logged, and not where they were sent to
	sources      map[int]neighbours    // that write into the gateway's own error logs
	hosts        map[string]neighbours // by the label of their only host
	sites        map[string]neighbours
}

// Neighbours have in common what thousands may have. Who says where it listens serves nothing else,
// whatever else it has in common with it: those are told apart. See listenLink.
type neighbours struct{ silent, listening []*service }

func (n neighbours) with(sv *service) neighbours {
	if len(sv.listens) > 0 && len(sv.containers) == 0 {
		n.listening = append(n.listening, sv)
	} else {
		n.silent = append(n.silent, sv)
	}
	return n
}

// indexLinks lists the services, once the directory is made.
func (e *Engine) indexLinks() {
	x := linkIndex{
		addresses: map[string][]*service{}, served: map[string][]*service{}, technologies: map[string][]*service{},
		names: map[string][]*service{}, sources: map[int]neighbours{}, hosts: map[string]neighbours{}, sites: map[string]neighbours{},
	}
	var all []*service
	for _, sv := range e.services {
		if sv.gateway || sv.system {
			continue
		}
		all = append(all, sv)
		for _, f := range sv.listens {
			noteOnce(x.addresses, addressKey(f.Value), sv)
		}
		for _, named := range sv.mentioned() {
			noteOnce(x.addresses, addressKey(named), sv)
		}
		told := false
		for address := range sv.served {
			if address != "" {
				noteOnce(x.served, address, sv)
				told = true
			}
		}
		if !told && sv.requests >= minMatches {
			x.anywhere = x.anywhere.with(sv)
		}
		for _, t := range sv.technologies {
			noteOnce(x.technologies, t, sv)
		}
		for _, n := range sv.names {
			noteOnce(x.names, n, sv)
		}
		for _, id := range sv.streams {
			if e.sources[id.source].Source.HasErrors {
				x.sources[id.source] = x.sources[id.source].with(sv)
			}
		}
		if len(sv.hosts) == 1 {
			label := labelOf(sv.hosts[0])
			x.hosts[label] = x.hosts[label].with(sv)
		}
		if sv.site != "" {
			x.sites[sv.site] = x.sites[sv.site].with(sv)
		}
	}
	for _, list := range e.directory.real {
		if len(list) == 1 {
			x.alone = append(x.alone, list[0])
		}
	}
	if len(all) == 1 {
		x.alone = all
	}
	e.links = x
}

// noteOnce adds a service to a list that services come to in their order.
func noteOnce[K comparable](lists map[K][]*service, key K, sv *service) {
	if list := lists[key]; len(list) == 0 || list[len(list)-1] != sv {
		lists[key] = append(list, sv)
	}
}

// addressKey is equal for addresses that sameAddress may find to be the same: the port, or the
// socket's path.
func addressKey(address string) string {
	a := plainAddress(address)
	if strings.HasPrefix(a, "/") {
		return strings.TrimPrefix(a, "/var")
	}
	if _, port := splitPort(a); port != "" {
		return ":" + port
	}
	return a
}

// labelOf is equal for hosts that sameHost may find to be the same.
func labelOf(host string) string {
	label, _, _ := strings.Cut(strings.ToLower(host), ".")
	return label
}

// mayServe lists the services, in their order, that may have a link of weight to a pool: all that link
// finds one for are among them.
func (e *Engine) mayServe(p *pool) []*service {
	if len(e.cfg.Maps) > 0 {
		return e.services
	}
	x, d := &e.links, &e.directory
	out := slices.Clone(x.alone)
	add := func(list []*service) { out = append(out, list...) }
	elsewhere := !p.gateway && hasAddress(p.names) && !allPublished(p.names)
	beside := func(n neighbours) {
		if add(n.silent); !elsewhere {
			add(n.listening)
		}
	}
	beside(x.anywhere)
	for _, name := range p.names {
		add(x.addresses[addressKey(name)])
		add(x.served[name])
		host := e.hosts.of(name)
		if onlyThere(name) {
			host = cmp.Or(host, hostOf(p.root.site))
		}
		if host != "" {
			beside(x.hosts[labelOf(host)])
		}
	}
	for _, t := range speakers[p.scheme] {
		add(x.technologies[t])
	}
	for _, n := range p.called(e) {
		for _, t := range n.tokens {
			add(d.tokens[t])
			add(d.tokensOfUnits[t])
		}
		for _, part := range n.parts {
			add(x.names[part.spelling])
		}
	}
	for _, i := range p.sources {
		beside(x.sources[i])
	}
	if siteOf(p) != "" {
		beside(x.sites[siteOf(p)])
	}
	for group := range p.asked {
		for _, owner := range []*service{e.onlyAnswers(group), e.onlyNames(group)} {
			if owner != nil {
				out = append(out, owner)
			}
		}
	}
	for _, sv := range []*service{e.left.sv, p.namer} {
		if sv != nil {
			out = append(out, sv)
		}
	}
	slices.SortFunc(out, inOrderOf)
	return slices.Compact(out)
}

// inOrderOf is the order of services.
func inOrderOf(a, b *service) int { return cmp.Compare(a.index, b.index) }

// listensFor lists the services, in their order, that may say that they listen on one of the pool's addresses.
func (e *Engine) listensFor(p *pool) (out []*service) {
	for _, name := range p.names {
		out = append(out, e.links.addresses[addressKey(name)]...)
	}
	slices.SortFunc(out, inOrderOf)
	return slices.Compact(out)
}
