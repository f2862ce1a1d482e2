package correlate

import (
	"slices"
	"strings"
)

// A port alone tells less than it seems where each program has a network of its own: in
// Kubernetes and compose all listen on :8080. Then the group that the gateway sends to tells more,
// by its name: Envoy's cluster outbound|80||report.app.svc.cluster.local, Traefik's shop-report-80@kubernetes.

// anyPort takes from a service what it has by its port alone, if another one that says the same
// has a name of the pool's group and it has none.
func (e *Engine) anyPort(p *pool, sv *service, listens link) link {
	if listens.weight != linkPort || len(p.names) == 0 || loopbackOnly(p.names) {
		return listens
	}
	if p.namesakes == nil {
		p.namesakes = e.namesakes(p)
	}
	if len(p.namesakes) == 0 || slices.Contains(p.namesakes, sv) {
		return listens
	}
	return link{}
}

// namesakes are the services that say that they listen on the pool's port, and have a name of its
// groups.
func (e *Engine) namesakes(p *pool) []*service {
	var tokens []string
	for _, group := range e.pools.members(p.root) {
		if !strings.Contains(group, ":") {
			tokens = append(tokens, e.nameOf(group).tokens...)
		}
	}
	out := []*service{}
	if len(tokens) == 0 {
		return out
	}
	for _, sv := range e.listensFor(p) {
		if shareName(tokens, sv.tokens) && listenLink(p, sv).weight == linkPort {
			out = append(out, sv)
		}
	}
	return out
}

// loopbackOnly reports whether all addresses are this machine's, where a port has one owner.
func loopbackOnly(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		host, _ := splitPort(plainAddress(name))
		return !loopback(host)
	})
}
