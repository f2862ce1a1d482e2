package correlate

import (
	"maps"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A central log holds the lines of many machines' gateways. 127.0.0.1:8000 on one of them is not
// 127.0.0.1:8000 on another, and their access logs are of different requests: so each machine's
// gateway is a source of its own, as if its logs lay in the machine's folder.

// maxParts bounds the gateways of one central log.
const maxParts = 1024

// settleCentral makes sources of the gateways of several hosts that one source holds.
func (e *Engine) settleCentral() {
	for _, s := range e.sources[:len(e.sources):len(e.sources)] {
		hosts := gatewayHosts(s)
		if len(hosts) < 2 {
			continue
		}
		parts := map[string]*source{}
		for _, host := range hosts {
			p := s.part(host)
			p.index = len(e.sources)
			parts[host] = p
			e.sources = append(e.sources, p)
		}
		s.share(parts)
	}
}

// gatewayHosts lists the hosts that a source's gateways write on; none if there are too many. Where
// containers have hosts of their own names, a new one is the next life of the last.
func gatewayHosts(s *source) []string {
	last, all := "", map[string]bool{}
	note := func(stream string) {
		if stream == last || len(all) > maxParts {
			return
		}
		last = stream
		if _, host := rules.SplitStream(stream); host != "" {
			all[host] = true
		}
	}
	for i := range s.Tallies {
		note(s.Tallies[i].Stream)
	}
	for i := range s.Events {
		if rules.OfGateway(s.Events[i].Stream) {
			note(s.Events[i].Stream)
		}
	}
	hosts := slices.Sorted(maps.Keys(all))
	if len(hosts) > maxParts || slices.ContainsFunc(hosts, func(h string) bool { return !machine(h) }) {
		return nil
	}
	return hosts
}

// part is the source of one host's gateway, still empty.
func (s *source) part(host string) *source {
	d := rules.Digest{Source: s.Digest.Source, Pools: s.Pools, OwnZone: s.OwnZone, HasOwnZone: s.HasOwnZone}
	d.Source.Group = rules.StreamOn(s.family(), host)
	p := &source{Digest: &d, given: s.given, Source: s.Source, whole: s, site: rules.StreamOn(s.site, host)}
	p.Source.Group, p.Source.HasAccess = d.Source.Group, false
	return p
}

// share gives each part what its gateway wrote, and leaves the rest. The digest itself is not changed.
func (s *source) share(parts map[string]*source) {
	of := func(stream string) *source {
		_, host := rules.SplitStream(stream)
		return parts[host]
	}
	gateways := func(stream string) *source {
		if !rules.OfGateway(stream) {
			return nil
		}
		return of(stream)
	}
	d := *s.Digest
	d.Events, d.Tallies, d.Requests, d.Facts = nil, nil, nil, nil
	for _, ev := range s.Events {
		if p := gateways(ev.Stream); p != nil {
			ev.Source = p.index
			p.Events = append(p.Events, ev)
		} else {
			d.Events = append(d.Events, ev)
		}
	}
	for _, t := range s.Tallies {
		if p := of(t.Stream); p != nil {
			p.Tallies, p.Source.HasAccess = append(p.Tallies, t), s.Source.HasAccess
		} else {
			d.Tallies = append(d.Tallies, t)
		}
	}
	for _, q := range s.Requests {
		if p := gateways(q.Stream); p != nil {
			p.Requests = append(p.Requests, q)
		} else {
			d.Requests = append(d.Requests, q)
		}
	}
	for _, f := range s.Facts {
		if p := gateways(f.Stream); p != nil {
			p.Facts = append(p.Facts, f)
		} else {
			d.Facts = append(d.Facts, f)
		}
	}
	s.Digest = &d
	s.Source.HasAccess = s.Source.HasAccess && len(d.Tallies) > 0
	s.Source.HasErrors = s.Source.HasErrors && slices.ContainsFunc(d.Events, func(ev rules.Event) bool { return ev.Symptom != parser.SymptomNone })
}

// hostOf is the machine that a site's name ends with; "" if it is a folder's only.
func hostOf(site string) string {
	_, host := rules.SplitStream(site)
	return host
}

// onlyThere reports whether an upstream is on its gateway's machine, whichever that is.
func onlyThere(upstream string) bool {
	return strings.HasPrefix(upstream, "unix:") || loopback(hostPart(upstream))
}
