package correlate

import (
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Which services are one: one process writes into files, into the journal and through a
// container's runtime.

// mergeServices joins services that are one: same rotated family and stream, files of one
// application, same unit, same container, or processes in common.
func (e *Engine) mergeServices() {
	e.kinOf = e.kins()
	for _, list := range e.alike() {
		for i := 0; i < len(list); i++ {
			for j := i + 1; j < len(list); j++ {
				if a, b := list[i], list[j]; e.same(a, b) {
					e.merge(a, b)
					list = slices.Delete(list, j, j+1)
					j = i // a has grown: look at all others again
				}
			}
		}
	}
}

// alike are the services that may be one: in each list, whatever has a name, a container or
// a process in common, and not on two hosts. Of hundreds of hosts' services each would else
// be compared with all.
func (e *Engine) alike() [][]*service {
	root := make([]int, len(e.services))
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	type key struct{ kind, value, host string }
	first := map[key]int{}
	join := func(i int, k key) {
		if j, ok := first[k]; ok {
			a, b := find(i), find(j)
			root[max(a, b)] = min(a, b) // the earliest leads
			return
		}
		first[k] = i
	}
	anyHost := map[key]bool{} // names of services that tell no host
	each := func(sv *service, f func(kind, value string)) {
		for _, u := range sv.units {
			f("unit", u)
		}
		for _, c := range sv.containers {
			f("container", short(c))
		}
		for _, pod := range e.podsOf(sv) {
			f("pod", pod)
		}
		for _, name := range runtimeNames(sv) {
			f("name", name)
		}
		for pid := range sv.pids {
			f("pid", strconv.FormatInt(pid, 10))
		}
	}
	for i, sv := range e.services {
		root[i] = i
		if len(sv.hosts) == 0 {
			each(sv, func(kind, value string) { anyHost[key{kind, value, ""}] = true })
		}
	}
	for i, sv := range e.services {
		if sv.gateway {
			continue
		}
		for _, id := range sv.streams {
			name, _ := rules.SplitStream(id.stream)
			join(i, key{"stream", e.sources[id.source].family(), name})
			if k := e.kinOf[id.source]; k != "" && sv.untold() {
				join(i, key{"kin", k, ""})
			}
		}
		if sv.system {
			continue
		}
		each(sv, func(kind, value string) {
			if anyHost[key{kind, value, ""}] {
				join(i, key{kind, value, ""})
			}
			for _, h := range sv.hosts {
				label, _, _ := strings.Cut(h, ".")
				join(i, key{kind, value, strings.ToLower(label)})
			}
		})
	}
	lists := map[int][]*service{}
	for i, sv := range e.services {
		if !sv.gateway {
			lists[find(i)] = append(lists[find(i)], sv)
		}
	}
	out := make([][]*service, 0, len(lists))
	for i := range e.services {
		if len(lists[i]) > 1 {
			out = append(out, lists[i])
		}
	}
	return out
}

func (e *Engine) same(a, b *service) bool {
	for _, x := range a.streams {
		for _, y := range b.streams {
			if e.sources[x.source].family() != e.sources[y.source].family() {
				continue
			}
			if x.stream == y.stream || movedHost(x.stream, y.stream) && !meet(a, b) {
				return true
			}
		}
	}
	if a.site != b.site || apart(a.hosts, b.hosts) {
		return false
	}
	return e.kin(a, b) || shareName(a.units, b.units) || shareContainer(a.containers, b.containers) || sharePID(a, b) || e.describes(a, b) || e.describes(b, a) ||
		shareName(runtimeNames(a), runtimeNames(b))
}

// runtimeNames are what a container's runtime calls a service of which nothing else is told: a
// container that Compose makes anew has another id, and the name of the old one.
func runtimeNames(sv *service) []string {
	if slices.ContainsFunc(sv.streams, func(id streamID) bool { return !strings.HasPrefix(id.stream, rules.SubjectContainer) }) {
		return nil
	}
	return sv.programs
}

func shareName(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// containerID is how much of a container's id is enough: docker's short form.
const containerID = 12

// isContainerID tells an id from a name, which may be as long.
func isContainerID(s string) bool {
	return len(s) >= containerID && len(s) <= 64 && strings.Trim(s, "0123456789abcdef") == ""
}

func shareContainer(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y || isContainerID(x) && isContainerID(y) && x[:containerID] == y[:containerID] {
				return true
			}
		}
	}
	return false
}

// sharePID reports whether two streams name the same processes at the same time.
// Pids below 100 are those of containers' own namespaces and mean nothing outside.
func sharePID(a, b *service) bool {
	if len(a.containers) > 0 || len(b.containers) > 0 {
		return false
	}
	for pid, x := range a.pids {
		if y, ok := b.pids[pid]; ok && pid >= 100 && x.From <= y.To+parser.Hour && y.From <= x.To+parser.Hour {
			return true
		}
	}
	return false
}

func (e *Engine) merge(into, from *service) {
	if into == from || from == nil || from.gateway {
		return
	}
	for _, id := range from.streams {
		e.calls[id] = into
	}
	into.streams = append(into.streams, from.streams...)
	into.listens = append(into.listens, from.listens...)
	into.mentions = append(into.mentions, from.mentions...)
	into.masters = append(into.masters, from.masters...)
	for pid, v := range from.pids {
		into.saw(pid, v)
	}
	into.units = append(into.units, from.units...)
	into.containers = append(into.containers, from.containers...)
	into.programs = append(into.programs, from.programs...)
	into.technologies = append(into.technologies, from.technologies...)
	into.hosts = append(into.hosts, from.hosts...)
	into.onHost = rules.Interval{From: min(into.onHost.From, from.onHost.From), To: max(into.onHost.To, from.onHost.To)}
	into.first, into.last = min(into.first, from.first), max(into.last, from.last)
	e.services = slices.DeleteFunc(e.services, func(s *service) bool { return s == from })
}
