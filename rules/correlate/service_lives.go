package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A unit is seldom called like what it runs: events.service runs daphne, tomcat10.service
// java. Their lives tell: when the init system starts the unit, the program says its first
// words, and between the unit's end and its next start it says nothing.

// startTime is how long a program may take from its supervisor's word to its own first one.
const startTime = 5 * parser.Second

// A tenancy is what the init system tells of one unit. Of equal lines a digest keeps the first and
// the last, so only those are looked at.
type tenancy struct {
	unit, site, host string
	first, last      rules.Interval // starts
	end              rules.Interval // the first word of the last one; zero if none
	words            []string       // of what the unit is described with
}

// A body is the unit that a service lives in.
type body struct {
	unit string
	link link
}

// joinByLives gives services the units that live as they do. Who has a unit or a container by
// its own lines needs none; two that live alike stay apart, unless what is known of others tells
// them apart: a unit that only one can have is no other's.
func (e *Engine) joinByLives() {
	type claim struct {
		service *service
		units   []int // of lives, that it may live in
		links   []link
	}
	lives := e.lives()
	var claims []*claim
	for _, sv := range e.services {
		if sv.gateway || sv.system || len(sv.units) > 0 || len(sv.containers) > 0 || !sv.real(e) {
			continue
		}
		first, last, ok := sv.births()
		if !ok {
			continue
		}
		c := &claim{service: sv}
		for i := range lives {
			l := &lives[i]
			if l.site != sv.site || l.host != "" && sv.elsewhere(l.host) || l.ofAnother(sv) {
				continue
			}
			if as := e.livesAs(l, sv, first, last); as.weight > 0 && !e.hasNamesake(l, sv) {
				c.units, c.links = append(c.units, i), append(c.links, as)
			}
		}
		claims = append(claims, c)
	}
	for changed := true; changed; {
		changed = false
		for _, c := range claims {
			if len(c.units) != 1 || slices.ContainsFunc(claims, func(o *claim) bool { return o != c && len(o.units) == 1 && o.units[0] == c.units[0] }) {
				continue
			}
			for _, o := range claims {
				if at := slices.Index(o.units, c.units[0]); o != c && at >= 0 {
					o.units, o.links = slices.Delete(o.units, at, at+1), slices.Delete(o.links, at, at+1)
					changed = true
				}
			}
		}
	}
	tenants := make([]int, len(lives))
	for _, c := range claims {
		for _, i := range c.units {
			tenants[i]++
		}
	}
	for _, c := range claims {
		if len(c.units) == 1 && tenants[c.units[0]] == 1 {
			c.service.body = body{lives[c.units[0]].unit, c.links[0]}
		}
	}
}

// ofAnother reports whether a unit is called as a database or a name server is, and the service is none:
// unbound.service is not what Tomcat lives in, though both were started in one second.
func (l *tenancy) ofAnother(sv *service) bool {
	if b := backingOf(tokensOf(bareName(l.unit))...); b != "" {
		return !sv.isBacking(b)
	}
	return slices.Contains(nameServers, bareName(l.unit)) && !slices.ContainsFunc(sv.technologies, func(t string) bool { return slices.Contains(resolvers, t) })
}

// hasNamesake reports whether an application other than the service has all the words of a unit's name,
// and the service has not: then the unit is not what the service lives in.
func (e *Engine) hasNamesake(l *tenancy, sv *service) bool {
	words := tokensOf(l.unit)
	bears := func(o *service) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(o.tokens, w) })
	}
	return len(words) > 0 && !bears(sv) && slices.ContainsFunc(e.services, func(o *service) bool {
		return o.site == sv.site && !o.gateway && !o.system && bears(o) && o.real(e)
	})
}

// lives lists the units whose starts are told.
func (e *Engine) lives() (all []tenancy) {
	type key struct{ unit, site, host string }
	at := map[key]int{}
	for _, h := range e.hits {
		if h.when.From == rules.Past {
			continue
		}
		for i := range h.Hits {
			hit := &h.Hits[i]
			unit := hit.Get(rules.FieldUnit)
			if unit == "" || !hit.Signature.AboutOthers() || !up(*hit) && !down(hit) {
				continue
			}
			k := key{unit, h.source.site, h.Host}
			if _, ok := at[k]; !ok {
				at[k] = len(all)
				all = append(all, tenancy{unit: unit, site: k.site, host: k.host})
			}
			l := &all[at[k]]
			if down(hit) {
				// What is told of one end takes until the next start: the exit, the result, "Stopped".
				if end := h.when; l.end.From < l.last.From || l.end == (rules.Interval{}) {
					if h.Count > 1 {
						end = h.last
					}
					l.end = end
				}
				continue
			}
			if l.first == (rules.Interval{}) || h.when.From < l.first.From {
				l.first = h.when
			}
			l.last = latest(l.last, h.last)
			if l.words == nil {
				l.words = wordsOf(hit.Get(rules.FieldDetail))
			}
		}
	}
	return slices.DeleteFunc(all, func(l tenancy) bool { return l.last == (rules.Interval{}) })
}

func latest(a, b rules.Interval) rules.Interval {
	if b.From > a.From {
		return b
	}
	return a
}

// births are when a service says for the first and for the last time that it starts.
func (sv *service) births() (first, last rules.Interval, ok bool) {
	note := func(v rules.Interval) {
		switch {
		case v.From == rules.Past || v.To == rules.Future:
		case !ok:
			first, last, ok = v, v, true
		default:
			last = latest(last, v)
			if v.From < first.From {
				first = v
			}
		}
	}
	for _, h := range sv.risen {
		note(h.when)
		note(h.last)
	}
	for _, m := range sv.masters {
		note(m.When)
	}
	return first, last, ok
}

// livesAs judges whether a service lives in a unit: its last start is the unit's. If the first
// one is, too, that is sure. Once may be chance, unless the unit's description names the
// program, or it had ended and the service was silent until that start.
func (e *Engine) livesAs(l *tenancy, sv *service, first, last rules.Interval) link {
	const slack = parser.Second // stamps of whole seconds
	bears := func(start, birth rules.Interval) bool {
		return start.From-slack <= birth.To && birth.From <= start.To+startTime
	}
	once := last.From-first.From <= startTime
	switch {
	case !bears(l.last, last), l.end.From > 0 && l.end.To < l.last.From && e.answeredRequest(sv, l.end.To, l.last.From):
		return link{} // another start, or it answered while the unit was down
	case !once && l.first != l.last && bears(l.first, first):
		return link{linkRequests, sv.name + ", whose starts are those of unit " + l.unit}
	case !once && first.From > l.first.From, once && l.first != l.last && sv.wasThere(l.first):
		return link{} // the one started alone
	}
	for _, name := range slices.Concat(sv.programs, sv.technologies, sv.tokens, []string{sv.process()}) {
		if name != "" && slices.Contains(l.words, strings.ToLower(name)) {
			return link{linkRequests, sv.name + ", which unit " + l.unit + " runs by its description"}
		}
	}
	if l.end.From > 0 && l.end.To < last.To && last.To-l.end.From < parser.Minute && sv.first < l.end.From && !e.answeredRequest(sv, l.end.To+slack, last.From-slack) {
		return link{linkProtocol, sv.name + ", which starts when unit " + l.unit + " does"}
	}
	return link{}
}
