package correlate

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"

	"culprit/parser"
	"culprit/rules"
)

// Two services that one interpreter runs write under one tag: node[811] and node[812] of a
// journal or a syslog file. Their processes tell them apart where they listen on different
// ports, answered what the gateway sent to different ones, or answered different URLs at the
// same time. A process that tells nothing of the kind belongs to the service whose processes
// it names, or to the only one that had ended: the start that failed after it. Where nothing
// tells processes apart they are one service.

// A worker is one process of a tag.
type worker struct {
	pid         int64
	ports       map[string]bool
	urls        map[uint64]bool // groups that it answered requests of
	requests    int
	names       map[int64]bool // processes that its lines name
	first, last int64          // of its lines, in the source's clock
	group       int            // index of the first worker of its service
}

// A crew are the processes of one tag in one rotated family.
type crew struct {
	byPID   map[int64]*worker
	workers []*worker
}

type crewKey struct{ family, name, host string }

// settleProcesses names the streams of single processes after their service.
func (e *Engine) settleProcesses() {
	crews := e.crews()
	if len(crews) == 0 {
		return
	}
	e.askWhereRequestsWent(crews)
	for _, c := range crews {
		c.settle()
	}
	for _, s := range e.sources {
		s.rename(func(stream string) string {
			key, w := crews.find(s, stream)
			if w == nil {
				return stream
			}
			name := key.name
			if c := crews[key]; c.services() > 1 {
				name = string(rules.AppendProcess([]byte(name), c.workers[w.group].pid))
			}
			return rules.StreamOn(name, key.host)
		})
	}
}

type crewSet map[crewKey]*crew

func (all crewSet) find(s *source, stream string) (crewKey, *worker) {
	name, host := rules.SplitStream(stream)
	name, pid := rules.SplitProcess(name)
	key := crewKey{s.family(), name, host}
	if c := all[key]; c != nil && pid > 0 {
		return key, c.byPID[pid]
	}
	return key, nil
}

// crews lists the processes that write under one name, by their first line.
func (e *Engine) crews() crewSet {
	all := crewSet{}
	see := func(s *source, stream string, at, to int64) *worker {
		name, host := rules.SplitStream(stream)
		name, pid := rules.SplitProcess(name)
		if pid == 0 {
			return nil
		}
		key := crewKey{s.family(), name, host}
		c := all[key]
		if c == nil {
			c = &crew{byPID: map[int64]*worker{}}
			all[key] = c
		}
		w := c.byPID[pid]
		if w == nil {
			w = &worker{pid: pid, ports: map[string]bool{}, urls: map[uint64]bool{}, names: map[int64]bool{pid: true}, first: rules.Future, last: rules.Past}
			c.byPID[pid] = w
			c.workers = append(c.workers, w)
		}
		if at != rules.Past && to != rules.Future {
			w.first, w.last = min(w.first, at), max(w.last, to)
		}
		return w
	}
	for _, s := range e.sources {
		for i := range s.Facts {
			f := &s.Facts[i]
			w := see(s, f.Stream, f.When.From, f.Last.To)
			if w == nil {
				continue
			}
			switch f.Kind {
			case rules.FactListens:
				w.ports[portOf(f.Value)] = true
			case rules.FactPID, rules.FactMaster:
				if pid, err := strconv.ParseInt(f.Value, 10, 64); err == nil {
					w.names[pid] = true
				}
			}
		}
		for i := range s.Events {
			ev := &s.Events[i]
			see(s, ev.Stream, ev.When.From, ev.Last.To)
		}
		for i := range s.Requests {
			q := &s.Requests[i]
			if w := see(s, q.Stream, q.Micros, q.Micros); w != nil {
				w.requests++
				w.urls[q.Group] = true
			}
		}
	}
	for _, c := range all {
		slices.SortFunc(c.workers, byFirstLine)
	}
	return all
}

func byFirstLine(a, b *worker) int {
	return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.pid, b.pid))
}

// portOf is what tells two listening addresses of one machine apart: the port or the socket's
// path.
func portOf(address string) string {
	if _, port := splitPort(address); port != "" {
		return port
	}
	return address
}

// askWhereRequestsWent gives each process the port that nearly all of its requests were sent to.
func (e *Engine) askWhereRequestsWent(crews crewSet) {
	sent, from, to := e.gatewayRequests()
	went := map[*worker]map[string]int{}
	for _, s := range e.sources {
		if len(sent) == 0 {
			return
		}
		for _, q := range s.times(s.zone, s.skew) {
			_, w := crews.find(s, q.Stream)
			if w == nil || q.Micros < from || q.Micros > to {
				continue
			}
			if upstreams := seenBy(sent[q.Key], q); len(upstreams) == 1 && upstreams[0] != "" {
				if went[w] == nil {
					went[w] = map[string]int{}
				}
				went[w][portOf(upstreams[0])]++
			}
		}
	}
	for w, ports := range went {
		best, all := "", 0
		for _, port := range slices.Sorted(maps.Keys(ports)) {
			if all += ports[port]; ports[port] > ports[best] {
				best = port
			}
		}
		if n := ports[best]; n >= minMatches && n*10 >= all*8 {
			w.ports[best] = true
		}
	}
}

// settle finds which processes are one service.
func (c *crew) settle() {
	f := forest{of: make([]int, len(c.workers))}
	for i := range f.of {
		f.of[i] = i
	}
	told := c.byPorts(&f)
	if len(told) < 2 {
		told = c.byURLs(&f)
	}
	if len(told) < 2 {
		for i := range c.workers {
			f.join(0, i)
		}
	}
	for i, w := range c.workers {
		for j, o := range c.workers {
			if i != j && (w.names[o.pid] || o.names[w.pid]) {
				f.join(i, j)
			}
		}
	}
	for i := range c.workers {
		if !slices.ContainsFunc(told, func(j int) bool { return f.root(i) == f.root(j) }) {
			if heir, only := c.onlyDead(i, told, &f); only {
				f.join(heir, i)
			}
		}
	}
	for i, w := range c.workers {
		w.group = f.root(i)
	}
}

// byPorts joins what tells the same port, and returns a process of each service that tells one.
func (c *crew) byPorts(f *forest) (told []int) {
	first := map[string]int{}
	for i, w := range c.workers {
		for port := range w.ports {
			if j, ok := first[port]; ok {
				f.join(j, i)
			} else {
				first[port] = i
			}
		}
	}
	return f.rootsOf(maps.Values(first))
}

// byURLs joins what answered the same URL groups, and returns a process of each service; none
// if that does not tell them apart: processes of one service answer the same, now the one and
// now the other, or one after the other's end.
func (c *crew) byURLs(f *forest) (told []int) {
	tried := forest{of: slices.Clone(f.of)}
	first := map[uint64]int{}
	for i, w := range c.workers {
		if w.requests < 2*minMatches {
			continue
		}
		for url := range w.urls {
			if j, ok := first[url]; ok {
				tried.join(j, i)
			} else {
				first[url] = i
			}
		}
	}
	told = tried.rootsOf(maps.Values(first))
	for _, i := range told {
		for _, j := range told {
			a, b := c.workers[i], c.workers[j]
			if i != j && (a.first >= b.last || b.first >= a.last) {
				return nil
			}
		}
	}
	f.of = tried.of
	return told
}

// onlyDead is the one service that had ended before a process's first line; false if there are
// several.
func (c *crew) onlyDead(i int, told []int, f *forest) (service int, only bool) {
	w := c.workers[i]
	for _, t := range told {
		before, alive := false, false
		for j, o := range c.workers {
			if f.root(j) == f.root(t) && o.first < w.first {
				before, alive = true, alive || o.last > w.last
			}
		}
		if before && !alive {
			if only {
				return 0, false
			}
			service, only = t, true
		}
	}
	return service, only
}

// A forest joins processes; the root of each tree is the first that was seen.
type forest struct{ of []int }

func (f *forest) root(i int) int {
	for f.of[i] != i {
		i = f.of[i]
	}
	return i
}

func (f *forest) join(i, j int) {
	i, j = f.root(i), f.root(j)
	f.of[max(i, j)] = min(i, j)
}

// rootsOf are the different roots, in order.
func (f *forest) rootsOf(all iter.Seq[int]) (roots []int) {
	for i := range all {
		roots = append(roots, f.root(i))
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}

// services counts the groups.
func (c *crew) services() int {
	groups := map[int]bool{}
	for _, w := range c.workers {
		groups[w.group] = true
	}
	return len(groups)
}

// rename gives streams other names; the digest itself is not changed.
func (s *source) rename(named func(string) string) {
	d := *s.Digest
	d.Requests, d.Events, d.Facts = slices.Clone(d.Requests), slices.Clone(d.Events), slices.Clone(d.Facts)
	for i := range d.Requests {
		d.Requests[i].Stream = named(d.Requests[i].Stream)
	}
	for i := range d.Events {
		d.Events[i].Stream = named(d.Events[i].Stream)
	}
	for i := range d.Facts {
		d.Facts[i].Stream = named(d.Facts[i].Stream)
	}
	s.Digest = &d
}

// gatewayRequests are the gateways' sketched requests by method and path, and the time that
// they cover.
func (e *Engine) gatewayRequests() (byKey map[uint64][]rules.Request, from, to int64) {
	byKey = map[uint64][]rules.Request{}
	from, to = rules.Future, rules.Past
	for _, s := range e.sources {
		if s.Source.Role != parser.RoleGateway || !s.Source.HasAccess {
			continue
		}
		first, last := s.reach()
		from, to = min(from, first), max(to, last)
		for _, q := range s.times(s.zone, s.skew) {
			if rules.OfGateway(q.Stream) && !s.app {
				byKey[q.Key] = append(byKey[q.Key], q)
			}
		}
	}
	return byKey, from, to
}

// seenBy are the addresses that the gateway sent a request to which an application logged:
// equal status, where both tell it, within two seconds.
func seenBy(peers []rules.Request, q rules.Request) (upstreams []string) {
	for _, p := range peers {
		if abs(p.Micros-q.Micros) <= near && (p.Status == 0 || q.Status == 0 || p.Status == q.Status) && !slices.Contains(upstreams, p.Upstream) {
			upstreams = append(upstreams, p.Upstream)
		}
	}
	return upstreams
}
