package correlate

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"culprit/rules"
)

// Whose a line about a process, a unit or a container is. A cluster's log names thousands of pods
// and jobs, so that no line is compared with every service, and none again for every case.

// A naming is what a hit names.
type naming struct {
	unit, container, process string
	pod                      string // that it is about, or that lost the process
	pid                      int64  // 0 if none
	names                    []*name
	home                     *joined // see home; nil before somebody asked
	asked                    bool
	until                    int64 // see until, once asked
}

// A name with what is compared of it; all equal names are one.
type name struct {
	name     string
	spelling string // as a whole, in one spelling
	whole    string // the same without the kind of a unit
	tokens   []string
}

// nameOf cuts a name once.
func (e *Engine) nameOf(s string) *name {
	n := e.directory.names[s]
	if n == nil {
		n = &name{s, wholeName(s), bareName(s), tokensOf(s)}
		e.directory.names[s] = n
	}
	return n
}

// bareName is a name in one spelling, that of a unit without its kind.
func bareName(s string) string { return wholeName(strings.TrimSuffix(s, ".service")) }

// namedBy is what a hit of an event names.
func (e *Engine) namedBy(h *hitEvent, hit *rules.Hit) *naming {
	if h.named == nil {
		h.named = make([]*naming, len(h.Hits))
	}
	for i := range h.Hits {
		if &h.Hits[i] != hit {
			continue
		}
		if h.named[i] == nil {
			h.named[i] = e.readNames(h, hit)
		}
		return h.named[i]
	}
	return e.readNames(h, hit)
}

func (e *Engine) readNames(h *hitEvent, hit *rules.Hit) *naming {
	n := &naming{unit: hit.Get(rules.FieldUnit), container: hit.Get(rules.FieldContainer), process: hit.Get(rules.FieldProcess)}
	if group := hit.Get(rules.FieldCgroup); group != "" {
		u, c := cgroupIdentity(group)
		n.unit, n.container = cmp.Or(n.unit, u), cmp.Or(n.container, c)
	}
	lost := e.victims[h.Event]
	n.unit, n.pod = cmp.Or(n.unit, lost.unit), cmp.Or(lost.pod, hit.Get(rules.FieldPod))
	if pid, err := strconv.ParseInt(hit.Get(rules.FieldPID), 10, 64); err == nil && pid > 0 {
		n.pid = pid
	}
	for _, s := range []string{n.unit, n.container, hit.Get(rules.FieldService), cmp.Or(deployment(n.pod), n.pod)} {
		if s != "" {
			n.names = append(n.names, e.nameOf(s))
		}
	}
	return n
}

// isCalled compares a name as a whole: "api" and "web" say little beside other words, but
// app api of the process manager is the service api.
func (sv *service) isCalled(n *name) bool {
	return n.whole != "" && slices.Contains(sv.called, n.whole)
}

// A directory lists services, in their order, by what lines may name them by.
type directory struct {
	units, containers, called, tokens, tokensOfUnits map[string][]*service
	pids                                             map[int64][]*service
	processes                                        map[string][]*service // by the comm that was asked for
	programs                                         map[string][]*service
	programNames, calledNames                        []string              // of programs and called, sorted
	names                                            map[string]*name      // that lines told
	real                                             map[string][]*service // applications, by site
	families                                         map[string][]*service // that have a tag of their own in files of a family
	pods                                             map[string][]*service
	asked                                            int // how often it was asked whom a line is about
}

// list fills the directory.
func (e *Engine) list() {
	d := directory{
		units: map[string][]*service{}, containers: map[string][]*service{}, called: map[string][]*service{},
		tokens: map[string][]*service{}, tokensOfUnits: map[string][]*service{},
		pids: map[int64][]*service{}, programs: map[string][]*service{}, processes: map[string][]*service{}, names: map[string]*name{},
		real: map[string][]*service{}, families: map[string][]*service{}, pods: map[string][]*service{},
	}
	for _, sv := range e.services {
		sv.called = sv.called[:0]
		for _, n := range slices.Concat([]string{sv.name}, sv.programs, sv.units) {
			if whole := bareName(n); whole != "" && !slices.Contains(sv.called, whole) {
				sv.called = append(sv.called, whole)
				d.called[whole] = append(d.called[whole], sv)
			}
		}
		for _, name := range append(slices.Clone(sv.programs), sv.process()) {
			if name != "" {
				noteOnce(d.programs, name, sv)
			}
		}
		for _, unit := range sv.units {
			d.units[unit] = append(d.units[unit], sv)
		}
		if unit := sv.body.unit; unit != "" && !slices.Contains(sv.units, unit) {
			d.units[unit] = append(d.units[unit], sv)
		}
		for _, id := range sv.containers {
			if id = short(id); !slices.Contains(d.containers[id], sv) {
				d.containers[id] = append(d.containers[id], sv)
			}
		}
		words := d.tokens
		if len(sv.units) > 0 {
			words = d.tokensOfUnits
		}
		for _, t := range sv.tokens {
			words[t] = append(words[t], sv)
		}
		if !sv.gateway && !sv.system && sv.real(e) {
			d.real[sv.site] = append(d.real[sv.site], sv)
		}
		for _, id := range sv.streams {
			if id.stream != "" {
				noteOnce(d.families, e.sources[id.source].family(), sv)
			}
		}
		for _, pod := range e.podsOf(sv) {
			noteOnce(d.pods, pod, sv)
		}
		sv.known = rules.Future
		for pid, seen := range sv.pids {
			d.pids[pid] = append(d.pids[pid], sv)
			sv.known = min(sv.known, seen.From)
		}
	}
	d.programNames, d.calledNames = slices.Sorted(maps.Keys(d.programs)), slices.Sorted(maps.Keys(d.called))
	e.directory = d
}

// running lists the services whose program a kernel's comm may be.
func (e *Engine) running(comm string) []*service {
	d := &e.directory
	list, known := d.processes[comm]
	if !known {
		list = slices.DeleteFunc(d.mayRun(comm), func(sv *service) bool { return !sameProcess(comm, sv) })
		slices.SortFunc(list, inOrderOf)
		list = slices.Compact(list)
		d.processes[comm] = list
	}
	return list
}

// mayRun lists services for which sameProcess may be true, by the beginnings of names.
func (d *directory) mayRun(comm string) (all []*service) {
	comm, _, _ = strings.Cut(comm, ":")
	for i := min(3, len(comm)); i <= len(comm); i++ {
		all = append(all, d.programs[comm[:i]]...)
	}
	begin := func(names []string, with string, lists map[string][]*service) {
		first, _ := slices.BinarySearch(names, with)
		for _, name := range names[first:] {
			if !strings.HasPrefix(name, with) {
				return
			}
			all = append(all, lists[name]...)
		}
	}
	if len(comm) >= 3 {
		begin(d.programNames, comm, d.programs)
	}
	whole := wholeName(comm)
	if name, ok := strings.CutSuffix(whole, "d"); ok {
		all = append(all, d.called[name]...)
	}
	if len(comm) == maxComm {
		begin(d.calledNames, whole, d.called)
	}
	return all
}

// A joined is a service that a line is about.
type joined struct {
	service *service
	weight  int
	why     string
}

// about lists the services that a hit is about.
func (e *Engine) about(h *hitEvent, hit *rules.Hit) (out []joined) {
	n, d := e.namedBy(h, hit), &e.directory
	d.asked++
	add := func(list []*service) {
		for _, sv := range list {
			if sv.gateway || sv.system || sv.asked == d.asked {
				continue
			}
			sv.asked = d.asked
			if w, why := e.join(h, hit, sv); w > linkNone {
				out = append(out, joined{sv, w, why})
			}
		}
	}
	add(d.units[n.unit])
	if n.container != "" {
		add(d.containers[short(n.container)])
	}
	add(d.pids[n.pid])
	for _, name := range n.names {
		add(d.called[name.whole])
		if e.isAnothers(h, name) {
			continue
		}
		for _, t := range name.tokens {
			add(d.tokens[t])
			if n.unit == "" {
				add(d.tokensOfUnits[t])
			}
		}
	}
	if n.process != "" && n.unit == "" {
		add(e.running(n.process))
		add(d.called[e.nameOf(n.process).whole])
	}
	return out
}

// home is the service that a hit is most surely about; none if it is about none. Of equals the
// first one speaks.
func (e *Engine) home(h *hitEvent, hit *rules.Hit) (best joined) {
	n := e.namedBy(h, hit)
	if n.home == nil {
		for _, j := range e.about(h, hit) {
			if best.service == nil || cmp.Or(cmp.Compare(best.weight, j.weight), cmp.Compare(j.service.index, best.service.index)) < 0 {
				best = j
			}
		}
		n.home = &best
	}
	return *n.home
}
