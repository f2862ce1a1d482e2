package correlate

import (
	"cmp"
	"slices"

	"culprit/rules"
)

// When thousands of sites fail at once, as many lines tell why. So no case looks at the lines of all:
// those that something links to it are listed by what links them, and of the others it is enough to
// look at those that are kept.

// A hitIndex lists events, in their order, by what may link one of their hits to a case.
type hitIndex struct {
	services  map[*service][]*hitEvent // by whose they are, whom they are about, or who complains of whom they are about
	own       map[*service][]*hitEvent // by whose stream they stand in
	pools     map[node][]*hitEvent     // by whose words the gateway quotes
	addresses map[string][]*hitEvent   // by addressKey of what they name
	words     map[string][]*hitEvent   // by words of the names that they name
	speaking  map[string][]*hitEvent   // by a program that speaks a scheme which few do
	resolvers []*hitEvent              // the ends of name servers
	anywhere  []*hitEvent              // what befalls a machine, and what databases say of their clients
	behind    map[*service][]*service  // who stands behind a service, as it complains
	dependent map[*service][]*hitEvent // what services say of those that depend on them
	kinds     map[string][]hitOf       // what may be a cause, by signature
}

// A hitOf is one hit of an event.
type hitOf struct {
	*hitEvent
	i int
}

func noteEvent[K comparable](lists map[K][]*hitEvent, key K, h *hitEvent) {
	if list := lists[key]; len(list) == 0 || list[len(list)-1] != h {
		lists[key] = append(list, h)
	}
}

// indexHits lists the events, once it is known whose they are.
func (e *Engine) indexHits() {
	x := &hitIndex{
		services: map[*service][]*hitEvent{}, own: map[*service][]*hitEvent{}, pools: map[node][]*hitEvent{}, addresses: map[string][]*hitEvent{},
		words: map[string][]*hitEvent{}, speaking: map[string][]*hitEvent{}, behind: map[*service][]*service{}, dependent: map[*service][]*hitEvent{},
		kinds: map[string][]hitOf{},
	}
	e.near = x
	complaints := e.indexComplaints()
	for n, h := range e.hits {
		h.order = n
		if h.service != nil {
			noteEvent(x.own, h.service, h)
		}
		if h.Upstream != "" {
			root := e.pools.find(e.node(h.source, h.Upstream))
			noteEvent(x.pools, root, h)
		}
		anywhere := false
		for i := range h.Hits {
			hit := &h.Hits[i]
			if mayCause(hit) {
				x.kinds[hit.Signature.ID] = append(x.kinds[hit.Signature.ID], hitOf{h, i})
			}
			anywhere = e.indexHit(h, hit, complaints) || anywhere
		}
		if anywhere {
			x.anywhere = append(x.anywhere, h)
		}
	}
}

// mayCause reports whether a hit is weighed for a case.
func mayCause(hit *rules.Hit) bool {
	return (hit.Signature.Role == rules.RoleCause || hit.Signature.Role == rules.RoleEffect) && hit.Signature.Cause != ""
}

// indexHit lists an event by what links one of its hits, and reports whether that is not to be looked up.
func (e *Engine) indexHit(h *hitEvent, hit *rules.Hit, complaints *complaintIndex) (anywhere bool) {
	x := e.near
	if address := addressIn(hit); address != "" {
		noteEvent(x.addresses, addressKey(address), h)
	}
	subjects := []*service{}
	if h.service != nil {
		owner := e.owner(h)
		subjects = append(subjects, h.service, owner)
		noteEvent(x.services, owner, h)
		if hit.Signature.Scope == rules.ScopeDependency {
			noteEvent(x.dependent, owner, h)
			anywhere = slices.Contains(e.backings, owner)
		}
	}
	if hit.Signature.AboutOthers() && names(hit) || h.service == nil || h.service.system || h.service.gateway {
		for _, j := range e.about(h, hit) {
			subjects = append(subjects, j.service)
		}
		n := e.namedBy(h, hit)
		if n.pod != "" {
			subjects = append(subjects, e.directory.pods[n.pod]...)
		}
		for _, sv := range subjects {
			noteEvent(x.services, sv, h)
		}
		for _, name := range namesIn(h, hit) {
			for _, t := range tokensOf(name) {
				noteEvent(x.words, t, h)
			}
		}
		noteEvent(x.speaking, speakerOf(hit), h)
		anywhere = anywhere || ofMachine(hit)
	}
	if ends(hit) {
		if n := len(x.resolvers); (n == 0 || x.resolvers[n-1] != h) && (isResolver(hit, nil) || slices.ContainsFunc(subjects, (*service).resolves)) {
			x.resolvers = append(x.resolvers, h)
		}
		for _, sv := range append(subjects, nil) {
			for _, n := range complaints.meaning(h, hit, sv) {
				noteEvent(x.services, e.complaints[n].service, h)
			}
		}
	}
	return anywhere
}

// nearHits lists the events, in their order, of which a hit may be linked to a case: all that subjectOf
// or deathBehind find a link of weight for are among them.
func (e *Engine) nearHits(g *gathering) []*hitEvent {
	x := e.near
	out := slices.Clone(x.anywhere)
	add := func(list []*hitEvent) { out = append(out, list...) }
	add(x.pools[g.pool.root])
	for _, sv := range g.linked {
		if g.links[sv].weight > linkNone {
			add(x.services[sv])
			for _, o := range x.behind[sv] {
				add(x.dependent[o])
			}
		}
	}
	for _, name := range g.pool.names {
		add(x.addresses[addressKey(name)])
	}
	for _, list := range [][]string{g.pool.names, g.pool.vhosts} {
		for _, word := range list {
			for _, t := range e.nameOf(word).tokens {
				add(x.words[t])
			}
		}
	}
	for _, program := range speakers[g.pool.scheme] {
		add(x.speaking[program])
	}
	if g.unanswered() {
		add(x.resolvers)
	}
	slices.SortFunc(out, func(a, b *hitEvent) int { return cmp.Compare(a.order, b.order) })
	return slices.Compact(out)
}

// A complaintIndex lists complaints by what they may mean, by their numbers.
type complaintIndex struct {
	e            *Engine
	names        map[string][]int // that they call, lower case
	addresses    map[string][]int // by addressKey
	words        map[string][]int // of addresses
	technologies map[string][]int
}

func (e *Engine) indexComplaints() *complaintIndex {
	x := &complaintIndex{e, map[string][]int{}, map[string][]int{}, map[string][]int{}, map[string][]int{}}
	for n := range e.complaints {
		c := &e.complaints[n].blame
		called, _ := c.called()
		for _, name := range called {
			x.names[name] = append(x.names[name], n)
		}
		c.service.complaints = append(c.service.complaints, n)
		if c.technology != "" {
			x.technologies[c.technology] = append(x.technologies[c.technology], n)
		}
		if c.dependency != "" {
			key := addressKey(c.dependency)
			x.addresses[key] = append(x.addresses[key], n)
			for _, t := range tokensOf(c.dependency) {
				x.words[t] = append(x.words[t], n)
			}
		}
	}
	if len(e.complaints) > 0 {
		for _, sv := range e.services {
			for _, n := range x.answering(sv) {
				if from := e.complaints[n].service; !slices.Contains(e.near.behind[from], sv) {
					e.near.behind[from] = append(e.near.behind[from], sv)
				}
			}
		}
	}
	return x
}

// answering are the complaints that a service answers to by its address or its name, or as the only one
// of its kind.
func (x *complaintIndex) answering(sv *service) (all []int) {
	for _, f := range sv.listens {
		all = append(all, x.addresses[addressKey(f.Value)]...)
	}
	for _, list := range [][]string{sv.tokens, sv.technologies} {
		for _, t := range list {
			all = append(all, x.words[t]...)
		}
	}
	for technology, list := range x.technologies {
		if sv.isBacking(technology) {
			all = append(all, list...)
		}
	}
	return all
}

// meaning are the complaints that may mean what a line tells the end of, by its own words, or by what is
// known of a service that it may be about; nil if it is about none.
func (x *complaintIndex) meaning(h *hitEvent, hit *rules.Hit, sv *service) []int {
	switch {
	case len(x.e.complaints) == 0:
		return nil
	case sv == nil:
		return x.of(diedIn(h, hit, nil))
	case sv.accused == nil:
		sv.accused = append([]int{}, x.of(diedIn(&hitEvent{Event: &rules.Event{}}, &rules.Hit{}, sv))...)
		for _, f := range sv.listens {
			sv.accused = append(sv.accused, x.addresses[addressKey(f.Value)]...)
		}
	}
	return sv.accused
}

func (x *complaintIndex) of(d died) (all []int) {
	for _, name := range append(d.names, d.host) {
		name = bareLower(name)
		all = append(all, x.names[name]...)
		all = append(all, x.names[composed(name)]...)
	}
	if d.technology != "" {
		for technology, list := range x.technologies {
			if sameBacking(technology, d.technology) {
				all = append(all, list...)
			}
		}
	}
	return all
}

// A weighed is a candidate with its place in the order.
type weighed struct {
	rules.Candidate
	order, i int
}

// A stretch is the time in which a case looks for causes.
type stretch struct {
	from, to   int64
	dated, low int // in the order of events: the first with a stamp, and of these the first that may reach into it
}

func (e *Engine) stretchOf(g *gathering) stretch {
	v := stretch{from: g.began - lookback, to: g.pool.span.To + afterglow}
	v.dated = e.dated()
	begin, _ := slices.BinarySearch(e.reach[v.dated:], v.from)
	v.low = v.dated + begin
	return v
}

// dated is the first event in the order that has a stamp.
func (e *Engine) dated() int {
	i, _ := slices.BinarySearchFunc(e.hits, rules.Past, func(h *hitEvent, past int64) int { return cmp.Compare(h.when.From, past+1) })
	return i
}

// A weighing is what weigh works with, for one case after the other.
type weighing struct {
	all   []weighed
	near  map[hitOf]int // place in all of a hit that is looked at; -1 if it is no candidate
	order []int         // places in all of what is kept
}

// weigh lists the hits that may bear on the case, in the order of e.hits: all that are linked to it, and
// of those of each kind that are not, the first and the last. See thin.
func (e *Engine) weigh(g *gathering) []rules.Candidate {
	v := e.stretchOf(g)
	w := &e.weighing
	if w.near == nil {
		w.near = map[hitOf]int{}
	}
	w.all, w.order = w.all[:0], w.order[:0]
	clear(w.near)
	weigh := func(h *hitEvent, i int) int {
		c, ok := e.candidate(g, &v, h, &h.Hits[i])
		if !ok {
			return -1
		}
		w.all = append(w.all, weighed{c, h.order, i})
		return len(w.all) - 1
	}
	for _, h := range e.nearHits(g) {
		for i := range h.Hits {
			at := weigh(h, i)
			if w.near[hitOf{h, i}] = at; at >= 0 && w.all[at].Link > linkNone {
				w.order = append(w.order, at)
			}
		}
	}
	keep := func(h hitOf) bool {
		at, looked := w.near[h]
		if !looked {
			at = weigh(h.hitEvent, h.i)
		}
		if at < 0 || looked && w.all[at].Link > linkNone {
			return false
		}
		w.order = append(w.order, at)
		return true
	}
	for id, list := range e.near.kinds {
		if id != rules.OwnError.ID { // that bears on nothing which it is not linked to
			e.ofKind(list, &v, keep)
		}
	}
	slices.SortFunc(w.order, func(a, b int) int {
		x, y := &w.all[a], &w.all[b]
		return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.i, y.i))
	})
	out := make([]rules.Candidate, len(w.order))
	for i, at := range w.order {
		out[i] = w.all[at].Candidate
	}
	clear(w.all)
	return out
}

// ofKind offers hits of one kind, of the time, to keep from both ends, until so many were kept there.
func (e *Engine) ofKind(list []hitOf, v *stretch, keep func(hitOf) bool) {
	byOrder := func(h hitOf, order int) int { return cmp.Compare(h.order, order) }
	undated, _ := slices.BinarySearchFunc(list, v.dated, byOrder)
	low, _ := slices.BinarySearchFunc(list, v.low, byOrder)
	last := v.to
	if list[0].Hits[list[0].i].Signature.Cause.Waits() {
		last += rules.MaxWait
	}
	high, _ := slices.BinarySearchFunc(list, last+1, func(h hitOf, at int64) int { return cmp.Compare(h.when.From, at) })
	low = max(low, undated)
	high = max(high, low)
	n := undated + high - low
	at := func(i int) hitOf {
		if i < undated {
			return list[i]
		}
		return list[i-undated+low]
	}
	front, kept := 0, 0
	for ; front < n && kept < maxPerKind/2; front++ {
		if keep(at(front)) {
			kept++
		}
	}
	for back, kept := n-1, 0; back >= front && kept < maxPerKind/2; back-- {
		if keep(at(back)) {
			kept++
		}
	}
}

// complaintsOf are the complaints of the services that are linked to a case, in their order.
func (e *Engine) complaintsOf(g *gathering) []*complaint {
	var numbers []int
	for _, sv := range g.linked {
		if g.links[sv].weight > linkNone {
			numbers = append(numbers, sv.complaints...)
		}
	}
	slices.Sort(numbers)
	out := make([]*complaint, len(numbers))
	for i, n := range numbers {
		out[i] = &e.complaints[n]
	}
	return out
}
