package correlate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// systemLink links a kernel's, init system's or operator's line through the process,
// unit or container that it names.
func (e *Engine) systemLink(g *gathering, h *hitEvent, hit *rules.Hit) (*service, link) {
	var best *service
	bestLink := link{}
	against := link{}
	for _, sv := range e.services {
		if sv.gateway || sv.system {
			continue
		}
		w, why := e.join(h, hit, sv)
		l := g.links[sv]
		switch {
		case w < 0 && l.weight > linkNone && w < against.weight:
			against = link{w, why}
		case w > 0:
			through := link{min(w, l.weight), why}
			if l.why != "" && l.weight != linkNone {
				through.why += ", " + l.why
			}
			if best == nil || through.weight > bestLink.weight {
				best, bestLink = sv, through
			}
		}
	}
	if best != nil && (bestLink.weight != linkNone || against.weight == 0) {
		return best, bestLink
	}
	if direct := directName(g.pool, h, hit); direct.weight > 0 {
		return nil, direct
	}
	return best, against
}

// join says how surely a line about a process, unit or container is about a service.
func (e *Engine) join(h *hitEvent, hit *rules.Hit, sv *service) (int, string) {
	if h.Host != "" && sv.elsewhere(h.Host) {
		return linkElsewhere, "it happened on another host, " + h.Host
	}
	unit, container := hit.Get(rules.FieldUnit), hit.Get(rules.FieldContainer)
	if group := hit.Get(rules.FieldCgroup); group != "" {
		u, c := cgroupIdentity(group)
		unit, container = cmp.Or(unit, u), cmp.Or(container, c)
	}
	unit = cmp.Or(unit, e.victims[h.Event])
	if unit != "" && slices.Contains(sv.units, unit) {
		return linkRequests, "unit " + unit
	}
	if unit != "" && unit == sv.body.unit {
		return sv.body.link.weight, sv.body.link.why
	}
	if container != "" && shareContainer([]string{container}, sv.containers) {
		return linkRequests, "container " + short(container)
	}
	if pid, err := strconv.ParseInt(hit.Get(rules.FieldPID), 10, 64); err == nil && pid > 0 && len(sv.containers) == 0 {
		if seen, ok := sv.pids[pid]; ok && (h.when.From == rules.Past || h.when.From <= seen.To+parser.Hour && h.when.To >= seen.From-parser.Hour) {
			return linkRequests, "pid " + hit.Get(rules.FieldPID) + " of " + sv.name
		}
		if sv.knownBy(h.when) && sv.wasThere(h.when) {
			return linkElsewhere, "pid " + hit.Get(rules.FieldPID) + " is none of " + sv.name + "'s"
		}
	}
	for _, name := range []string{unit, container, hit.Get(rules.FieldService)} {
		if sv.isCalled(name) {
			return linkProtocol, name
		}
		for _, t := range tokensOf(name) {
			if slices.Contains(sv.tokens, t) {
				return linkProtocol, name
			}
		}
	}
	if p := hit.Get(rules.FieldProcess); p != "" && (sameProcess(p, sv) || sv.isCalled(p)) && unit == "" {
		return linkName, "process " + p
	}
	return linkNone, ""
}

// isCalled compares a name as a whole: "api" and "web" say little beside other words, but
// app api of the process manager is the service api.
func (sv *service) isCalled(name string) bool {
	whole := wholeName(strings.TrimSuffix(name, ".service"))
	if whole == "" {
		return false
	}
	same := func(other string) bool { return wholeName(strings.TrimSuffix(other, ".service")) == whole }
	return same(sv.name) || slices.ContainsFunc(sv.programs, same) || slices.ContainsFunc(sv.units, same)
}

// knownBy reports whether any process of the service is known to have lived by then: those that
// were started later do not tell who was there before.
func (sv *service) knownBy(v rules.Interval) bool {
	for _, seen := range sv.pids {
		if v.From == rules.Past || seen.From <= v.To {
			return true
		}
	}
	return false
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
// with the service's programs.
func sameProcess(comm string, sv *service) bool {
	comm, _, _ = strings.Cut(comm, ":")
	for _, name := range append(slices.Clone(sv.programs), sv.process()) {
		if name != "" && (name == comm || len(comm) >= 3 && strings.HasPrefix(name, comm) || len(name) >= 3 && strings.HasPrefix(comm, name)) {
			return true
		}
	}
	return false
}

// directName links a system line to the pool by a word that both have, where no
// stream stands between them: unit shop.service and group or host shop.
func directName(p *pool, h *hitEvent, hit *rules.Hit) link {
	for _, name := range []string{hit.Get(rules.FieldUnit), hit.Get(rules.FieldContainer), hit.Get(rules.FieldService), hit.Get(rules.FieldProcess), h.Program} {
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

// cgroupIdentity reads unit and container from a cgroup's path.
func cgroupIdentity(path string) (unit, container string) {
	for _, part := range strings.Split(path, "/") {
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
