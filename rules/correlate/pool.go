package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A node is an address or a group name as one site's gateway writes it.
// 127.0.0.1:9001 and unix:/run/app.sock mean something on one machine only.
type node struct{ site, name string }

// poolSet is a union-find over nodes: pools of addresses that serve the same requests.
type poolSet struct {
	parent map[node]node
	group  map[node]bool     // the name is a group's, not an address
	named  map[node][]string // the names of each pool, by its root; nil after it changed
}

func (p *poolSet) find(n node) node {
	up, ok := p.parent[n]
	if !ok {
		p.parent[n] = n
		return n
	}
	if up == n {
		return n
	}
	root := p.find(up)
	p.parent[n] = root
	return root
}

// union joins two pools; the smaller name becomes the root, so order does not matter.
func (p *poolSet) union(a, b node) {
	a, b = p.find(a), p.find(b)
	if a == b {
		return
	}
	if less(b, a) {
		a, b = b, a
	}
	p.parent[b] = a
	p.named = nil
}

func less(a, b node) bool {
	if a.site != b.site {
		return a.site < b.site
	}
	return a.name < b.name
}

// place is the node of an upstream that a source names.
func (e *Engine) node(s *source, upstream string) node {
	n := node{name: upstream}
	if local(upstream) {
		n.site = s.site
	}
	return n
}

// local reports whether an upstream means something on one machine only: loopback,
// a unix socket, a group's name.
func local(upstream string) bool {
	return strings.HasPrefix(upstream, "127.") || strings.HasPrefix(upstream, "unix:") || strings.HasPrefix(upstream, "[::1]") ||
		strings.HasPrefix(upstream, "localhost:") || !strings.Contains(upstream, ":")
}

// findPools joins what one request named, then group names with the addresses that
// failed for the same virtual host just before.
func (e *Engine) findPools() {
	e.pools = &poolSet{parent: map[node]node{}, group: map[node]bool{}}
	for _, s := range e.sources {
		for _, set := range s.Pools {
			for _, name := range set[1:] {
				e.pools.union(e.node(s, set[0]), e.node(s, name))
			}
		}
	}
	for _, s := range e.sources {
		for i := range s.Events {
			ev := &s.Events[i]
			if pool, ok := poolOf(ev.Upstream); ok && !ev.Group {
				e.pools.union(e.node(s, pool), e.node(s, ev.Upstream))
			}
			if ev.Group && ev.Symptom == parser.SymptomNoLivePeer {
				e.pools.group[e.node(s, ev.Upstream)] = true
				e.joinGroup(s, ev)
			}
		}
	}
	e.joinServices()
	e.joinUnresolved()
	e.joinChecked()
	e.findOnlyPool()
}

// findOnlyPool finds the pool to which all addresses belong that the gateways' logs name.
func (e *Engine) findOnlyPool() {
	e.onlyPool, e.left = node{}, rest{}
	var last *source
	known := "" // of the last source
	another := func(s *source, upstream string) bool {
		if upstream == "" || s == last && upstream == known {
			return false
		}
		last, known = s, upstream
		root := e.pools.find(e.node(s, upstream))
		if e.onlyPool == (node{}) {
			e.onlyPool = root
		}
		return root != e.onlyPool
	}
	for _, s := range e.sources {
		several := false
		for i := 0; i < len(s.Events) && !several; i++ {
			several = another(s, s.Events[i].Upstream)
		}
		for i := 0; i < len(s.Tallies) && !several; i++ {
			several = another(s, s.Tallies[i].Upstream)
		}
		if several {
			e.onlyPool = node{}
			return
		}
	}
}

// poolOf is the pool in a name that holds both, HAProxy's backend/server.
func poolOf(upstream string) (string, bool) {
	pool, server, ok := strings.Cut(upstream, "/")
	return pool, ok && pool != "" && server != "" && !strings.Contains(upstream, ":") && !strings.Contains(server, "/")
}

// failTimeout is nginx's default fail_timeout: for so long a peer stays out.
const failTimeout = 10 * parser.Second

// joinGroup joins a group that no request tied to an address with the addresses
// that failed for the same virtual host within fail_timeout before.
func (e *Engine) joinGroup(s *source, group *rules.Event) {
	g := e.node(s, group.Upstream)
	if e.pools.find(g) != g || len(e.pools.members(g)) > 1 {
		return // a request, or an earlier line, tied it already
	}
	if group.VHost == "" {
		e.joinUnhosted(s, g, group)
		return
	}
	for i := range s.Events {
		ev := &s.Events[i]
		if ev.Group || ev.Upstream == "" || ev.VHost != group.VHost {
			continue
		}
		if ev.Rank != parser.RankPrimary && ev.Symptom != parser.SymptomPeerDown && ev.Symptom != parser.SymptomHealthCheckFailed {
			continue
		}
		if ev.When.From <= group.Last.To && ev.Last.To+failTimeout >= group.When.From {
			e.pools.union(g, e.node(s, ev.Upstream))
		}
	}
}

// retry is Apache's default retry=: for so long a member that failed is not asked again.
const retry = parser.Minute

// joinUnhosted joins a group of a log that names no virtual hosts with the addresses that
// failed before: those whose health checks failed, for only members of a group are checked so,
// else the only pool there is. Of two groups at a time nothing tells whose they are.
func (e *Engine) joinUnhosted(s *source, g node, group *rules.Event) {
	var checked, failed []node
	for i := range s.Events {
		ev := &s.Events[i]
		if ev.When.From > group.Last.To || ev.Last.To+retry < group.When.From || ev.Upstream == "" || ev.VHost != "" {
			continue
		}
		switch n := e.pools.find(e.node(s, ev.Upstream)); {
		case ev.Group && ev.Symptom == parser.SymptomNoLivePeer && e.node(s, ev.Upstream) != g:
			return
		case ev.Group || slices.Contains(checked, n):
		case ev.Symptom == parser.SymptomHealthCheckFailed:
			checked = append(checked, n)
		case ev.Rank == parser.RankPrimary && !slices.Contains(failed, n):
			failed = append(failed, n)
		}
	}
	if len(checked) == 0 && len(failed) == 1 {
		checked = failed
	}
	for _, n := range checked {
		e.pools.union(g, n)
	}
}

// members lists the names of a pool's nodes, sorted; of an address that is alone, none.
func (p *poolSet) members(root node) []string {
	if p.named == nil {
		p.named = map[node][]string{}
		for n := range p.parent {
			if at := p.find(n); at != n {
				p.named[at] = append(p.named[at], n.name)
			}
		}
		for at, names := range p.named {
			names = append(names, at.name)
			slices.Sort(names)
			p.named[at] = slices.Compact(names)
		}
	}
	return p.named[root]
}
