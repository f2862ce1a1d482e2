package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// nameServers are the programs, units and deployments that a gateway's resolver may be.
var nameServers = []string{"dnsmasq", "named", "bind9", "unbound", "systemd-resolved", "coredns", "kube-dns", "node-local-dns", "consul", "pdns-recursor", "dnsdist",
	"kresd", "knot-resolver", "stubby", "smartdns", "dnscrypt-proxy"}

// isNameServer reports whether a unit, a program, a pod or a container is called after a name
// server: coredns-6799fbcd5-x2k4p is one.
func isNameServer(name string) bool {
	whole := wholeName(strings.TrimSuffix(name, ".service"))
	return slices.ContainsFunc(nameServers, func(s string) bool {
		return whole == s || strings.Contains(s, "dns") && strings.HasPrefix(whole, s+"-") // consul-template answers nobody
	})
}

// unanswered reports whether the gateway got no answer for a name, where "it does not exist" is one.
func (g *gathering) unanswered() bool {
	return slices.ContainsFunc(g.symptoms, func(s *symptom) bool {
		return s.Symptom == parser.SymptomResolveFailed && s.Rank == parser.RankPrimary && !strings.Contains(s.Text, "not found") && !strings.Contains(s.Text, "NXDOMAIN")
	})
}

// resolverEnd judges a line about the end of a name server: where the gateway got no answer for a
// name, that is why. false if the line tells of something else.
func resolverEnd(g *gathering, h *hitEvent, hit *rules.Hit, sv *service) (link, bool) {
	if !ends(hit) || !g.unanswered() {
		return link{}, false
	}
	if !isResolver(hit, sv) {
		return link{}, false
	}
	weight := linkHost
	if g.pool.root.site != h.source.site {
		weight = linkOnly
	}
	return link{weight, "which answers for names"}, true
}

// isResolver reports whether a line, or what is known of the service that it is about, tells of a name server.
func isResolver(hit *rules.Hit, sv *service) bool {
	return slices.ContainsFunc([]string{hit.Get(rules.FieldUnit), hit.Get(rules.FieldContainer), hit.Get(rules.FieldPod), hit.Get(rules.FieldService), programOf(hit.Get(rules.FieldProcess))}, isNameServer) ||
		sv != nil && sv.resolves()
}

// resolves reports whether a service is called after a name server.
func (sv *service) resolves() bool {
	if sv.resolver == notAsked {
		sv.resolver = notHere
		if slices.ContainsFunc(slices.Concat(sv.units, sv.programs, sv.containers), isNameServer) {
			sv.resolver = here
		}
	}
	return sv.resolver == here
}
