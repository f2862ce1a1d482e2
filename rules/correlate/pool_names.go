package correlate

import (
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// joinUnresolved joins a host that a line calls by its name alone, because the name could not be
// resolved, with the only address of that name which the gateway's logs tell with a port: "lookup
// catalog: no such host" is about http://catalog:8080. Of two ports nothing tells which was asked.
func (e *Engine) joinUnresolved() {
	unresolved := map[node]node{} // by host; the address, once found
	for _, s := range e.sources {
		for i := range s.Events {
			if ev := &s.Events[i]; ev.Symptom == parser.SymptomResolveFailed && isHost(ev.Upstream) {
				unresolved[hostNode(s, ev.Upstream)] = node{}
			}
		}
	}
	if len(unresolved) == 0 {
		return
	}
	several := node{name: "?"}
	note := func(s *source, upstream string) {
		host, port := splitPort(upstream)
		if i := strings.LastIndexByte(upstream, '|'); i >= 0 { // outbound|8080||catalog: Istio's name of a cluster
			host, port = upstream[i+1:], upstream[:i]
		}
		if port == "" || host == "" {
			return
		}
		key, n := hostNode(s, host), e.node(s, upstream)
		switch known, ok := unresolved[key]; {
		case !ok || known == n:
		case known == node{}:
			unresolved[key] = n
		default:
			unresolved[key] = several
		}
	}
	for _, s := range e.sources {
		for i := range s.Events {
			note(s, s.Events[i].Upstream)
		}
		for i := range s.Tallies {
			note(s, s.Tallies[i].Upstream)
		}
	}
	for _, s := range e.sources {
		for i := range s.Events {
			ev := &s.Events[i]
			if ev.Symptom != parser.SymptomResolveFailed || !isHost(ev.Upstream) {
				continue
			}
			if to := unresolved[hostNode(s, ev.Upstream)]; to != (node{}) && to != several {
				e.pools.union(e.node(s, ev.Upstream), to)
			}
		}
	}
}

// joinServices joins the service that has no endpoint, as an error line says, with what the
// gateway's access log calls the service's ports.
func (e *Engine) joinServices() {
	services, ports := map[node]string{}, map[node]bool{} // what the names of the service's ports begin with
	for _, s := range e.sources {
		portsOf := gateway.Of(s.Source.Gateway).PortsOf
		for i := range s.Events {
			if ev := &s.Events[i]; ev.Group && ev.Symptom == parser.SymptomNoLivePeer && portsOf != nil {
				if prefix := portsOf(ev.Upstream); prefix != "" {
					services[e.node(s, ev.Upstream)] = prefix
				}
			}
		}
	}
	if len(services) == 0 {
		return
	}
	for _, s := range e.sources {
		for _, set := range s.Pools {
			for _, name := range set {
				ports[e.node(s, name)] = true
			}
		}
		for i := range s.Tallies {
			ports[e.node(s, s.Tallies[i].Upstream)] = true
		}
	}
	for service, prefix := range services {
		for p := range ports {
			if port, ok := strings.CutPrefix(p.name, prefix); ok && p.site == service.site && !strings.ContainsAny(port, "-:") {
				e.pools.union(service, p)
			}
		}
	}
}

// isHost reports whether an upstream is a host's name alone.
func isHost(upstream string) bool { return upstream != "" && !strings.ContainsAny(upstream, ":/|") }

// hostNode is a host as the gateway of one machine calls it.
func hostNode(s *source, host string) node {
	return node{site: s.site, name: strings.TrimSuffix(strings.ToLower(host), ".")}
}

// joinChecked joins the addresses whose health checks failed while a gateway that names no group
// found no server for requests to one virtual host ("no upstreams available", Caddy): those are its
// servers. Of requests to several hosts nothing tells whose servers they are. Where servers are not
// asked any more that could not be connected to, these are told by that.
func (e *Engine) joinChecked() {
	for _, s := range e.sources {
		p := gateway.Of(s.Source.Gateway)
		var out rules.Interval
		host, several := "", false
		for i := range s.Events {
			ev := &s.Events[i]
			if ev.Symptom != parser.SymptomNoLivePeer || ev.Upstream != "" {
				continue
			}
			found := ev.VHost
			if p.AllDownOn != "" {
				found = ev.Text[strings.LastIndex(ev.Text, p.AllDownOn)+1:]
			}
			if out == (rules.Interval{}) {
				out, host = rules.Interval{From: ev.When.From, To: ev.Last.To}, found
			}
			several = several || found != host
			out.From, out.To = min(out.From, ev.When.From), max(out.To, ev.Last.To)
		}
		if several || out == (rules.Interval{}) {
			continue
		}
		var first node
		for i := range s.Events {
			ev := &s.Events[i]
			unreached := p.BenchesUnreached && ev.Rank == parser.RankPrimary && ev.Upstream != "" && connecting(ev.Symptom)
			if !benched(ev) && !unreached || ev.When.From > out.To || ev.Last.To+failTimeout < out.From {
				continue
			}
			if n := e.node(s, ev.Upstream); first == (node{}) {
				first = n
			} else {
				e.pools.union(first, n)
			}
		}
	}
}

// benched reports whether an event tells of a server that is not asked, whatever it was asked for:
// its health checks failed, or it has no address.
func benched(ev *rules.Event) bool {
	switch ev.Symptom {
	case parser.SymptomHealthCheckFailed, parser.SymptomPeerDown, parser.SymptomResolveFailed:
		return ev.Upstream != "" && ev.VHost == ""
	}
	return false
}
