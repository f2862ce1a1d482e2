package correlate

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Bounds of what is read of complaints.
const (
	wordBytes = 1 << 10 // of one record's words
	wordsOf1  = 16      // records of one kind whose words are read for names
)

// A blame is a service's word that another one, behind it, failed.
type blame struct {
	service    *service
	dependency string // as the line names it; "" if it does not
	technology string // of what does not answer; "" if nothing tells
	names      string // other services and hosts of the logs that its words name, sorted, between blanks
}

// A complaint is a blame with the records that say it, in order of time.
type complaint struct {
	blame
	said []*hitEvent
}

// saying is what a record says: the line that matched, and the record's first line.
func saying(ev *rules.Event) string {
	if ev.Head != "" {
		return ev.Head + "\n" + ev.Text
	}
	return ev.Text
}

// findComplaints gathers what services say about others behind them.
func (e *Engine) findComplaints() {
	e.complaints = nil
	known := e.knownNames()
	type kind struct {
		service        *service
		id, dependency string
	}
	read := map[kind]int{}
	at := map[blame]int{}
	for _, h := range e.hits {
		if h.service == nil {
			continue
		}
		for i := range h.Hits {
			hit := &h.Hits[i]
			c := blame{service: h.service, dependency: hit.Dependency()}
			if hit.Signature.MayDepend() {
				c.technology = behind(hit, saying(h.Event))
				k := kind{h.service, hit.Signature.ID, c.dependency}
				if read[k]++; read[k] <= wordsOf1 {
					c.names = known.in(h.service, h.Head, h.Message, h.Text)
				}
			}
			if c.dependency == "" && c.technology == "" && c.names == "" {
				continue
			}
			n, ok := at[c]
			if !ok {
				n = len(e.complaints)
				at[c] = n
				e.complaints = append(e.complaints, complaint{blame: c})
			}
			if said := e.complaints[n].said; len(said) == 0 || said[len(said)-1] != h {
				e.complaints[n].said = append(said, h)
			}
		}
	}
}

// nameSet holds the names of the logs' services and hosts, lower case, with whose they are.
type nameSet map[string][]*service

// knownNames are the names by which one service may speak of another one, or of its host.
func (e *Engine) knownNames() nameSet {
	known := nameSet{}
	add := func(name string, sv *service) {
		name = strings.ToLower(strings.TrimSuffix(name, ".service"))
		if len(tokensOf(name)) > 0 && !slices.Contains(known[name], sv) {
			known[name] = append(known[name], sv)
		}
	}
	for _, sv := range e.services {
		for _, host := range sv.hosts {
			add(host, sv)
		}
		if sv.system {
			continue
		}
		for _, name := range slices.Concat([]string{sv.name}, sv.units, sv.programs, sv.containers) {
			if len(idsIn(name)) == 0 {
				add(name, sv)
			}
		}
	}
	return known
}

// in lists the names that stand in texts as words and are not the speaker's own, sorted. A
// segment of a URL's path and a key are no names of anybody.
func (known nameSet) in(speaker *service, texts ...string) string {
	if len(known) == 0 {
		return ""
	}
	var found []string
	for _, text := range texts {
		text = strings.ToLower(text[:min(len(text), wordBytes)])
		for from, to := nextWord(text, 0); from < to; from, to = nextWord(text, to) {
			word := strings.Trim(text[from:to], ".-_")
			if owners := known[word]; owners != nil && !slices.Contains(owners, speaker) && !pathOrKey(text, from, to) {
				found = append(found, word)
			}
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), " ")
}

// nextWord finds the next run of a name's characters.
func nextWord(text string, at int) (from, to int) {
	for at < len(text) && !nameByte(text[at]) {
		at++
	}
	for to = at; to < len(text) && nameByte(text[to]); {
		to++
	}
	return at, to
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_'
}

// pathOrKey reports whether a word of a text is a path's segment or the key of a value.
func pathOrKey(text string, from, to int) bool {
	before, after := text[:from], text[to:]
	if strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "//") {
		return true
	}
	return strings.HasPrefix(after, "=") || strings.HasPrefix(strings.TrimLeft(after, `\"'`), ":") && strings.HasPrefix(after, `"`)
}

// calls reports whether a complaint's words hold one of the names.
func (c *blame) calls(names ...string) bool {
	called, label := c.called()
	for _, name := range names {
		name = bareLower(name)
		if name != "" && (slices.Contains(called, name) || label != "" && composed(name) == label) {
			return true
		}
	}
	return false
}

// called are the names in a complaint's words, and the first label of its dependency's name.
func (c *blame) called() (names []string, label string) {
	host := hostPart(c.dependency)
	if label = host; net.ParseIP(host) == nil {
		label, _, _ = strings.Cut(host, ".") // stock.shop.svc is the service stock
	}
	names = strings.Fields(c.names)
	if host != "" {
		names = append(names, host, label)
	}
	return names, label
}

// bareLower is a unit's name without its kind, in lower case.
func bareLower(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".service")) }

// composed is the service in a name that Compose gave a container, shop-stock-1; "" if it gave none.
func composed(container string) string {
	parts := strings.FieldsFunc(container, func(r rune) bool { return r == '-' || r == '_' })
	if n := len(parts); n >= 3 && strings.Trim(parts[n-1], "0123456789") == "" {
		return strings.Join(parts[1:n-1], "-")
	}
	return ""
}

// hostPart is the name or address of a dependency without its port, lower case.
func hostPart(dependency string) string {
	host, _, err := net.SplitHostPort(dependency)
	if err != nil {
		host = dependency
	}
	return strings.ToLower(host)
}

// deathBehind judges a line about the end of a service that does not serve the pool: where
// the pool's own services complain of just that one, its end is why they failed. said counts
// the complaints.
func (e *Engine) deathBehind(g *gathering, h *hitEvent, hit *rules.Hit, sv *service, own link) (l link, said int64) {
	if own.weight >= linkSocket || !ends(hit) {
		return own, 0
	}
	from, to := g.began-10*parser.Second, g.pool.span.To+afterglow
	for _, c := range g.complaints {
		weight := g.links[c.service].weight
		if c.service == sv || sv != nil && sv.gateway {
			continue
		}
		if own.weight > linkOnly && weight < linkSocket {
			continue // a name in common is no more than what links the one that complains
		}
		less, why := e.meant(&c.blame, h, hit, sv)
		if why == "" {
			continue
		}
		n := c.between(from, to)
		if n == 0 {
			continue
		}
		said += n
		if w := max(weight-less, 1); w > l.weight {
			l = link{w, why}
		}
	}
	if said == 0 {
		return own, 0
	}
	return l, said
}

// between counts the records of a complaint that were written between two moments.
func (c *complaint) between(from, to int64) int64 {
	var n int64
	for _, h := range c.said {
		if h.when.From > to {
			break
		}
		if h.last.To >= from {
			n += h.Count
		}
	}
	return n
}

// ends reports whether a hit tells of the end of a process or a worker, of a failed start, or
// of an order to stop.
func ends(hit *rules.Hit) bool {
	switch hit.Signature.Scope {
	case rules.ScopeService, rules.ScopeWorker, rules.ScopeHost:
	default:
		return false
	}
	family := hit.Signature.Cause.Family()
	return family == "crashed" || family == "not running"
}

// meant says whether a complaint is about the service whose end a line tells of: why, and
// how many decibans less sure that is than the complaint's own link; "" if it is not.
func (e *Engine) meant(c *blame, h *hitEvent, hit *rules.Hit, sv *service) (less int, why string) {
	d := diedIn(h, hit, sv)
	depends := "on which " + c.service.name + " depends"
	if sv != nil && c.dependency != "" && !(onlyHere(c.dependency) && apart(sv.hosts, c.service.hosts)) &&
		slices.ContainsFunc(sv.listens, func(f rules.Fact) bool { return sameAddress(c.dependency, f.Value) > 0 }) {
		return 4, depends + " (" + c.dependency + ")"
	}
	if _, port, err := net.SplitHostPort(c.dependency); err == nil && port != "" && sv != nil && len(sv.listens) > 0 && !c.calls(d.names...) {
		return 0, "" // it has ports of its own, and this is none of them
	}
	switch {
	case c.technology != "" && !sameBacking(c.technology, d.technology):
		return 0, ""
	case c.calls(d.names...):
		return 4, depends
	case d.host != "" && c.calls(d.host) && (d.technology != "" || hit.Signature.Scope == rules.ScopeHost || hostPart(c.dependency) == strings.ToLower(d.host)):
		return 4, depends + ", on " + d.host
	case d.technology == "" || c.technology == "":
		return 0, ""
	case elsewhere(c, d.host):
		return 0, ""
	}
	return 8, "of whose kind " + c.service.name + " complains"
}

// A died is what a line tells of whom it tells the end of.
type died struct {
	names            []string // by which others may call it
	technology, host string
}

func diedIn(h *hitEvent, hit *rules.Hit, sv *service) died {
	unit, container := cgroupIdentity(hit.Get(rules.FieldCgroup))
	d := died{host: cmp.Or(hit.Get(rules.FieldHost), h.Host)}
	d.names = []string{hit.Get(rules.FieldUnit), hit.Get(rules.FieldContainer), hit.Get(rules.FieldService), unit, container, programOf(hit.Get(rules.FieldProcess))}
	words := slices.Clone(d.names)
	if sv != nil {
		d.names = append(d.names, sv.name)
		d.names = slices.Concat(d.names, sv.units, sv.containers, sv.programs)
		words = slices.Concat(words, sv.tokens, sv.technologies)
	}
	var tokens []string
	for _, w := range words {
		tokens = append(tokens, tokensOf(w)...)
	}
	d.technology = backingOf(tokens...)
	return d
}

// sameBacking compares two technologies, of which the first may be any SQL database's.
func sameBacking(complained, died string) bool {
	if complained == died {
		return true
	}
	return slices.ContainsFunc(backings, func(b backing) bool {
		return b.name == died && b.sql && (complained == anySQL || complained == "mysql" && died == "mariadb" || complained == "mariadb" && died == "mysql")
	})
}

// elsewhere reports whether a complaint names another host than the one given.
func elsewhere(c *blame, host string) bool {
	named := hostPart(c.dependency)
	switch {
	case host == "" || named == "" || backingOf(tokensOf(named)...) != "":
		return false
	case onlyHere(c.dependency):
		return c.service.elsewhere(host)
	}
	return net.ParseIP(named) == nil && !strings.EqualFold(named, host)
}

// onlyHere reports whether an address means something on one machine only.
func onlyHere(address string) bool {
	host := hostPart(address)
	return loopback(host) || strings.HasPrefix(address, "/") || strings.HasPrefix(address, "unix:")
}
