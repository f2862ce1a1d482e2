package correlate

import (
	"cmp"
	"slices"
	"strings"

	"culprit/rules"
)

// What befalls a machine befalls what runs on it: its table of connections is full, its disk fails,
// the server of its files does not answer. Such a line names no service, so it is linked by the
// machine that it was written on.

// ofMachine reports whether a hit tells of the machine as a whole: the kernel or the like says it of
// the host, or of a server that all processes of the host wait for, and names none of them.
func ofMachine(hit *rules.Hit) bool {
	sig := hit.Signature
	if !sig.AboutOthers() || sig.Cause == "" || hit.Get(rules.FieldPort) != "" || hit.Get(rules.FieldAddress) != "" {
		return false
	}
	switch sig.Scope {
	case rules.ScopeHost, rules.ScopeDependency:
		return !names(hit)
	}
	return kernelThread(hit.Get(rules.FieldProcess))
}

// kernelThread reports whether a task is one of the kernel's own, which serve the whole machine:
// jbd2/sda1-8 writes a file system's journal, kworker/u8:2 does what was put off. A program's name
// holds no slash (comm is the last part of a path).
func kernelThread(comm string) bool { return strings.Contains(comm, "/") }

// befalls links a line that tells of a machine to a pool of which something runs there.
func (e *Engine) befalls(g *gathering, h *hitEvent) (*service, link) {
	host := cmp.Or(h.Host, e.folderHost(h.source))
	if g.pool.gateway || host != "" && !machine(host) {
		return nil, link{}
	}
	for _, sv := range g.linked {
		if l := g.links[sv]; host != "" && l.weight > linkNone && len(sv.hosts) == 1 && sameHost(sv.hosts[0], host) {
			return sv, link{min(linkHost, l.weight), "it befell " + host + ", on which " + sv.name + " runs"}
		}
	}
	there, why := e.machineOf(g)
	switch {
	case there != "" && host != "" && !sameHost(there, host):
		return nil, link{linkElsewhere, "it befell " + host + ", not " + there}
	case there != "" && host != "":
		return nil, link{linkHost, "it befell " + host + why}
	case e.onlyMachine(host) && siteLink(g.pool, h.source.site).weight >= linkNone && e.mayRunOn(g.pool, host):
		return nil, link{linkOnly, "it befell " + cmp.Or(host, "the machine") + ", and the logs tell of no other one"}
	}
	return nil, link{}
}

// machineOf is the one machine that a pool's addresses are on, and how that is known; "" if nothing
// tells.
func (e *Engine) machineOf(g *gathering) (host, why string) {
	for _, name := range g.pool.names {
		there := e.hosts.of(name)
		if onlyThere(name) {
			there = cmp.Or(there, e.gatewaysMachine(g))
		}
		if there == "" || host != "" && !sameHost(there, host) {
			return "", ""
		}
		host, why = there, ", whose address is "+name
		if onlyThere(name) {
			why = ", the gateway's own machine, where " + name + " is"
		}
	}
	return host, why
}

// gatewaysMachine is the machine that the gateway's lines of a case come from; "" if they do not tell
// or are of several.
func (e *Engine) gatewaysMachine(g *gathering) string {
	host := hostOf(siteOf(g.pool))
	for _, s := range g.symptoms {
		switch told := cmp.Or(s.Host, e.folderHost(s.source)); {
		case told == "" || host != "" && !sameHost(host, told):
			return ""
		default:
			host = told
		}
	}
	return host
}

// onlyMachine reports whether the logs tell of no machine but this one; "" is one without a name.
func (e *Engine) onlyMachine(host string) bool {
	other := func(h string) bool { return machine(h) && h != "localhost" && !sameHost(h, host) }
	if host == "" {
		return len(e.machines) == 0 && !slices.ContainsFunc(e.hosts.names, machine)
	}
	for _, h := range e.machines {
		if other(h) {
			return false
		}
	}
	return !slices.ContainsFunc(e.hosts.names, other)
}

// mayRunOn reports whether what serves a pool may run on the only machine that the logs tell of:
// the address is on the gateway's machine, or the logs of an application are here too.
func (e *Engine) mayRunOn(p *pool, host string) bool {
	return onGatewaysMachine(p) || slices.ContainsFunc(e.services, func(sv *service) bool {
		return !sv.gateway && !sv.system && sv.real(e) && !slices.Contains(e.backings, sv) && (host == "" || !sv.elsewhere(host))
	})
}

// onGatewaysMachine reports whether all addresses of a pool are on the gateway's machine, whichever
// that is.
func onGatewaysMachine(p *pool) bool {
	return !slices.ContainsFunc(p.names, func(name string) bool { return !onlyThere(name) })
}
