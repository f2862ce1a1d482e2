package correlate

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// systemLink links a kernel's, init system's or operator's line through the process,
// unit or container that it names: to a service that is linked to the pool, else to whose it is.
func (e *Engine) systemLink(g *gathering, h *hitEvent, hit *rules.Hit) (*service, link) {
	var best *service
	bestLink, against := link{}, link{}
	for _, sv := range g.linked {
		l := g.links[sv]
		if l.weight <= linkNone || sv.gateway || sv.system {
			continue
		}
		switch w, why := e.join(h, hit, sv); {
		case w < against.weight:
			against = link{w, why}
		case w > 0 && (best == nil || min(w, l.weight) > bestLink.weight):
			best, bestLink = sv, through(w, why, l)
		}
	}
	if best == nil {
		if own := e.home(h, hit); own.service != nil {
			best, bestLink = own.service, through(own.weight, own.why, e.linkOf(g, own.service))
		}
	}
	if bestLink.weight == linkNone && against.weight == linkNone {
		if pod := e.podLink(g.pool, h, hit); pod.weight > linkNone {
			return best, pod
		}
	}
	if best != nil && (bestLink.weight != linkNone || against.weight == 0) {
		return best, bestLink
	}
	if direct := directName(g.pool, h, hit); direct.weight > 0 {
		return nil, direct
	}
	if best == nil && ofMachine(hit) {
		if sv, l := e.befalls(g, h); l.weight != linkNone {
			return sv, l
		}
	}
	if best == nil && against.weight == linkNone {
		return nil, e.spokenLink(g, h, hit)
	}
	return best, against
}

// through is the link of a line to a pool through the service that it is about.
func through(weight int, why string, l link) link {
	if l.why != "" && l.weight != linkNone {
		why += ", " + l.why
	}
	return link{min(weight, l.weight), why}
}

// join says how surely a line about a process, unit or container is about a service.
func (e *Engine) join(h *hitEvent, hit *rules.Hit, sv *service) (int, string) {
	if h.Host != "" && sv.elsewhere(h.Host) {
		return linkElsewhere, "it happened on another host, " + h.Host
	}
	n := e.namedBy(h, hit)
	if n.unit != "" && slices.Contains(sv.units, n.unit) {
		return linkRequests, "unit " + n.unit
	}
	if n.unit != "" && n.unit == sv.body.unit {
		return sv.body.link.weight, sv.body.link.why
	}
	if n.container != "" && shareContainer([]string{n.container}, sv.containers) {
		return linkRequests, "container " + short(n.container)
	}
	if n.pod != "" && slices.Contains(e.podsOf(sv), n.pod) {
		return linkRequests, "pod " + n.pod
	}
	// Each machine counts its processes alone, and calls them alike.
	apart := h.source.site != "" && sv.site != "" && h.source.site != sv.site
	if n.pid > 0 && !apart && len(sv.containers) == 0 {
		if seen, ok := sv.pids[n.pid]; ok && (h.when.From == rules.Past || h.when.From <= seen.To+parser.Hour && h.when.To >= seen.From-parser.Hour) {
			return linkRequests, "pid " + hit.Get(rules.FieldPID) + " of " + sv.name
		}
		if sv.knownBy(h.when) && sv.wasThere(h.when) {
			return linkElsewhere, "pid " + hit.Get(rules.FieldPID) + " is none of " + sv.name + "'s"
		}
	}
	if n.unit != "" && len(sv.units) > 0 {
		return linkNone, "" // whose unit is known is no other unit
	}
	for _, name := range n.names {
		if sv.isCalled(name) || !e.isAnothers(h, name) && shareName(name.tokens, sv.tokens) {
			return linkProtocol, name.name
		}
	}
	if n.process != "" && n.unit == "" && !apart && (sameProcess(n.process, sv) || sv.isCalled(e.nameOf(n.process))) {
		return linkName, "process " + n.process
	}
	return linkNone, ""
}

// isAnothers reports whether an application with a log of its own, where a line was written, has a
// name as a whole: shop1 is no word of shop2's then.
func (e *Engine) isAnothers(h *hitEvent, n *name) bool {
	return slices.ContainsFunc(e.directory.called[n.whole], func(o *service) bool {
		return o.real(e) && !(h.Host != "" && o.elsewhere(h.Host))
	})
}

// knownBy reports whether any process of the service is known to have lived by then: those that
// were started later do not tell who was there before.
func (sv *service) knownBy(v rules.Interval) bool {
	return len(sv.pids) > 0 && (v.From == rules.Past || sv.known <= v.To)
}

// wasThere reports whether the service's log covers the moment.
func (sv *service) wasThere(v rules.Interval) bool {
	return v.From == rules.Past || v.From <= sv.last+parser.Minute && v.To >= sv.first-parser.Minute
}

func short(container string) string {
	if len(container) > containerID {
		return container[:containerID]
	}
	return container
}

// sameProcess compares a kernel's comm (cut to 15 bytes, a thread's name at times)
// with the service's programs, and with what it is called: the program of render is render or,
// as a daemon, renderd.
func sameProcess(comm string, sv *service) bool {
	comm, _, _ = strings.Cut(comm, ":")
	for _, name := range append(slices.Clone(sv.programs), sv.process()) {
		if name != "" && (name == comm || len(comm) >= 3 && strings.HasPrefix(name, comm) || len(name) >= 3 && strings.HasPrefix(comm, name)) {
			return true
		}
	}
	whole := wholeName(comm)
	return slices.ContainsFunc(sv.called, func(name string) bool {
		return whole == name+"d" || len(comm) == maxComm && strings.HasPrefix(name, whole)
	})
}

// maxComm is how many bytes of a program's name the kernel keeps (TASK_COMM_LEN of linux/sched.h,
// less the end of the string).
const maxComm = 15

// directName links a system line to the pool by a word that both have, where no
// stream stands between them: unit shop.service and group or host shop.
func directName(p *pool, h *hitEvent, hit *rules.Hit) link {
	for _, name := range namesIn(h, hit) {
		for _, t := range tokensOf(name) {
			for _, word := range slices.Concat(p.names, p.vhosts) {
				if slices.Contains(tokensOf(word), t) {
					return link{linkName, name + " shares its name with " + word}
				}
			}
		}
	}
	return link{}
}

// namesIn are the names that a line names, or that its program has.
func namesIn(h *hitEvent, hit *rules.Hit) []string {
	return []string{hit.Get(rules.FieldUnit), hit.Get(rules.FieldContainer), hit.Get(rules.FieldService), hit.Get(rules.FieldPod), hit.Get(rules.FieldProcess), h.Program}
}

// speakerOf is the process that a line names, without a version.
func speakerOf(hit *rules.Hit) string {
	return strings.TrimRight(programOf(hit.Get(rules.FieldProcess)), "0123456789.")
}

// podLink links what is told of a pod to the pool of the service that is called as its deployment is,
// by the whole name: "web" says little as a word. Gateways call a service web.shop.svc or shop-web-80.
func (e *Engine) podLink(p *pool, h *hitEvent, hit *rules.Hit) link {
	pod := hit.Get(rules.FieldPod)
	name := deployment(pod)
	if name == "" {
		return link{}
	}
	space := cmp.Or(hit.Get("namespace"), namespaceIn(h.Text))
	for _, called := range slices.Concat(p.names, e.pools.members(p.root)) {
		if isService(called, name, space) {
			return link{linkName, "pod " + pod + " is of " + name + ", as " + called + " is"}
		}
	}
	return link{}
}

// namespaceIn is the namespace of the object that an event is about, as its JSON tells it; "" if it is none.
func namespaceIn(event string) string {
	_, object, _ := strings.Cut(event, `"involvedObject"`)
	object, _, _ = strings.Cut(object, "}")
	_, space, _ := strings.Cut(object, `"namespace"`)
	space, _, _ = strings.Cut(strings.TrimLeft(space, `: "`), `"`)
	return space
}

// isService reports whether a gateway's name for a pool is that of a service of a namespace, of any if
// space is "".
func isService(called, name, space string) bool {
	host, _, _ := strings.Cut(called[strings.LastIndexByte(called, '|')+1:], ":") // outbound|8080||web.shop.svc.cluster.local
	if service, rest, ok := strings.Cut(host, "."); ok {
		of, domain, _ := strings.Cut(rest, ".")
		return service == name && (space == "" || of == space) && (domain == "svc" || strings.HasPrefix(domain, "svc."))
	}
	before, _, _ := cutLast(called) // the port's number or name
	of, ok := strings.CutSuffix(before, "-"+name)
	return ok && of != "" && (space == "" || of == space)
}

// spokenLink links a process that nothing else links to the pool to which the gateway speaks the
// process's own protocol: on most machines nobody but php-fpm answers in FastCGI.
func (e *Engine) spokenLink(g *gathering, h *hitEvent, hit *rules.Hit) link {
	process := programOf(hit.Get(rules.FieldProcess))
	if g.pool.gateway || process == "" || farAway(g.pool.names) || !slices.Contains(speakers[g.pool.scheme], speakerOf(hit)) {
		return link{}
	}
	if here := e.gatewaysMachine(g); siteLink(g.pool, h.source.site).weight < linkNone || here != "" && h.Host != "" && !sameHost(here, h.Host) {
		return link{}
	}
	return link{linkName, process + " speaks " + g.pool.scheme + ", as the gateway does"}
}

// cgroupIdentity reads unit and container from a cgroup's path.
func cgroupIdentity(path string) (unit, container string) {
	for part := range strings.SplitSeq(path, "/") {
		if ids := idsIn(part); len(ids) > 0 {
			container = ids[0]
		}
		if strings.HasSuffix(part, ".service") {
			unit = part
		}
		if strings.HasPrefix(part, "session-") && strings.HasSuffix(part, ".scope") {
			unit = part
		}
	}
	return unit, container
}
