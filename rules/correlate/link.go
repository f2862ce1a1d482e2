package correlate

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Linking an address to whoever serves it, without configuration. Each kind of
// edge is worth so many decibans; the strongest speaks, a second one helps a
// little, and a service that clearly serves another address speaks against.
const (
	linkUser      = 60 // the user's own word
	linkAddress   = 30 // it says that it listens on the very address
	linkRequests  = 25 // its requests are those that the gateway sent to the address
	linkPort      = 22 // it says that it listens on the port
	linkMention   = 20 // it names the very address, in words that need not mean listening
	linkURLs      = 16 // it, and no other service, answers what the failed requests asked for
	linkSocket    = 16 // the socket's path holds its name
	linkNamed     = 12 // it names the paths of the requests, and no other service does
	linkProtocol  = 12 // fastcgi and php-fpm, uwsgi and uWSGI
	linkStream    = 8  // its lines stand in the gateway's own stream: one compose project, one paste
	linkHost      = 8  // it runs on the host that the address is of
	linkName      = 8  // a word in common with the group, the virtual host or the URL
	linkOnly      = 6  // it is the only application
	linkFolder    = 2  // same machine's folder
	linkAlone     = 1  // nothing else is told of, neither another application nor another address
	linkNone      = 0
	linkDoubt     = -4  // it serves an address that is not the one which the gateway tells, and need not be
	linkElsewhere = -30 // it serves another address
	linkProtoNot  = -15
	linkURLsNot   = -10 // another service answers it
	linkSiteNot   = -25 // another machine's folder, and the address is local
)

// A link says how sure it is that a service serves a pool, and why.
type link struct {
	weight int
	why    string
}

// A pool is a set of addresses with what is known about it.
type pool struct {
	root      node
	names     []string // members, as written
	vhosts    []string
	scheme    string
	span      rules.Interval // of its symptoms
	gateway   bool           // a fault of the gateway itself
	sources   []int          // that its symptoms stand in
	asked     map[uint64]int // its failed requests, or a sample of them, by URL group
	namer     *service       // see failingNamer
	words     []poolName     // see called
	namesakes []*service     // see anyPort; nil before somebody asked
}

// link judges one service for one pool.
func (e *Engine) link(p *pool, sv *service) link {
	if sv.gateway || sv.system {
		return link{linkNone, ""}
	}
	if l, ok := e.userLink(p, sv); ok {
		return l
	}
	var room [12]link
	edges := room[:0]
	listens, name := e.anyPort(p, sv, listenLink(p, sv)), e.nameLink(p, sv)
	left := e.leftLink(p, sv)
	if listens.weight == linkDoubt && max(name.weight, left.weight) > linkNone && !hasAddress(p.names) {
		listens = link{} // where it listens is no doubt then: the gateway tells a name only
	}
	edges = append(edges, listens, requestLink(p, sv), schemeLink(p, sv), name, left, e.aloneLink(p, sv), e.streamLink(p, sv), e.hostLink(p, sv), e.urlLink(p, sv))
	if siteOf(p) != "" || sv.site != "" {
		if l := siteLink(p, sv.site); l.weight < linkNone || !p.gateway { // what runs beside a gateway is not the gateway
			edges = append(edges, l)
		}
	}
	slices.SortStableFunc(edges, func(a, b link) int { return cmp.Compare(b.weight, a.weight) })
	total := edges[0]
	if total.weight > 0 && edges[1].weight > 0 {
		total.weight += min(edges[1].weight/3, 5)
	}
	for _, l := range edges {
		if l.weight < 0 {
			total.weight += l.weight
			if total.weight < 0 {
				total.why = l.why
			}
		}
	}
	return total
}

func siteOf(p *pool) string { return p.root.site }

func (e *Engine) userLink(p *pool, sv *service) (link, bool) {
	for _, m := range e.cfg.Maps {
		mine := slices.Contains(sv.units, m.Target) || slices.Contains(sv.programs, m.Target) || slices.ContainsFunc(sv.streams, func(id streamID) bool {
			path := e.sources[id.source].Source.Path
			return path == m.Target || strings.HasSuffix(path, "/"+m.Target)
		})
		switch ours := slices.Contains(p.names, m.Address); {
		case ours && mine:
			return link{linkUser, "which you say serves " + m.Address}, true
		case ours || mine:
			return link{linkElsewhere, "which you say serves another address"}, true
		}
	}
	return link{}, false
}

// listenLink compares the addresses that the service says it listens on.
func listenLink(p *pool, sv *service) link {
	best, other := link{}, ""
	for _, f := range sv.listens {
		for _, name := range p.names {
			w := sameAddress(name, f.Value)
			if w > best.weight {
				best = link{w, fmt.Sprintf("which listens on %s", strings.TrimPrefix(f.Value, ":"))}
				if strings.HasPrefix(f.Value, ":") {
					best.why = "which listens on port " + f.Value[1:]
				}
			}
		}
		other = f.Value
	}
	for _, named := range sv.mentioned() {
		for _, name := range p.names {
			if w := sameAddress(name, named) - linkAddress + linkMention; w > best.weight {
				best = link{w, "whose lines name " + strings.TrimPrefix(named, ":")}
			}
		}
	}
	switch {
	case best.weight > 0 || other == "" || p.gateway || len(p.names) == 0:
		return best
	case allPortless(p.names) && onAnyHost(sv): // it may well be it
		return link{}
	case len(sv.containers) > 0 || !hasAddress(p.names) || allPublished(p.names): // published ports differ from the container's own
		return link{linkDoubt, "which listens on " + other}
	}
	return link{linkElsewhere, "which listens on " + strings.TrimPrefix(other, ":") + ", not on " + p.names[0]}
}

// allPublished reports whether the ports of all addresses are of those that a system hands out, on
// other machines: few servers are told to listen there, and container engines publish theirs so
// (Docker's -P, Amazon ECS's dynamic host ports, from 32768).
func allPublished(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		host, port := splitPort(plainAddress(name))
		n, err := strconv.Atoi(port)
		return err != nil || n < 32768 || loopback(host)
	})
}

// allPortless reports whether the gateway tells hosts by their addresses and no port: Cloudflare's OriginIP,
// the server that ARR routed to.
func allPortless(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		_, err := netip.ParseAddr(name)
		return err != nil
	})
}

// onAnyHost reports whether all that the service says it listens on is no host's in particular.
func onAnyHost(sv *service) bool {
	return !slices.ContainsFunc(sv.listens, func(f rules.Fact) bool {
		host, _ := splitPort(plainAddress(f.Value))
		return !anyHost(host)
	})
}

// mentioned are the addresses that a service names which does not say in other words where
// it listens; one that names many names others'.
func (sv *service) mentioned() []string {
	const most = 3
	if len(sv.listens) > 0 || len(sv.mentions) > most {
		return nil
	}
	return sv.mentions
}

// addresses lists the full addresses that the service says it listens on: no port alone, nor one on
// all addresses, which no gateway sends a request to.
func (sv *service) addresses() []string {
	out := []string{}
	if own := sv.mentioned(); len(own) == 1 && !strings.HasPrefix(own[0], ":") {
		out = append(out, own[0])
	}
	for _, f := range sv.listens {
		if host, _ := splitPort(f.Value); !anyHost(host) && !slices.Contains(out, f.Value) {
			out = append(out, f.Value)
		}
	}
	slices.Sort(out)
	return out
}

// matchRequests counts, for each application, which of the gateway's requests it
// logged too: equal method, path and (where both tell it) status within two seconds.
func (e *Engine) matchRequests() {
	var byKey map[uint64][]rules.Request
	var from, to int64
	for _, s := range e.sources {
		for _, q := range s.times(s.zone, s.skew) {
			if rules.OfGateway(q.Stream) && !s.app {
				continue
			}
			sv := e.calls[streamID{s.index, q.Stream}]
			if sv == nil {
				continue
			}
			if byKey == nil {
				byKey, from, to = e.gatewayRequests()
			}
			if q.Group != 0 {
				sv.groups[q.Group]++
			}
			if len(byKey) > 0 && q.Micros >= from && q.Micros <= to {
				sv.match(q, byKey[q.Key])
			}
		}
	}
}

func (sv *service) match(q rules.Request, peers []rules.Request) {
	sv.requests++
	sv.checked = true
	to := seenBy(peers, q)
	if len(to) > 0 {
		sv.matched++
	}
	if len(to) == 1 { // a request that went to several addresses in that second tells nothing
		sv.served[to[0]]++
	}
}

// requestLink is strong when many requests agree, and needs no convention at all.
func requestLink(p *pool, sv *service) link {
	if sv.requests < minMatches || p.gateway {
		return link{}
	}
	ours, told := 0, 0
	for addr, n := range sv.served {
		if addr == "" {
			continue
		}
		told += n
		if slices.Contains(p.names, addr) {
			ours += n
		}
	}
	switch {
	case sv.byName && ours >= minMatches && ours*10 >= told*6 && ours*10 >= sv.requests*6:
		return link{linkNamed, fmt.Sprintf("which names the paths of requests that the gateway sent to it (%d match)", ours)}
	case sv.byName && told >= 2*minMatches && ours*10 < told:
		return link{linkURLsNot, "which names the paths of requests that went to another address"}
	case sv.byName && told == 0:
		return link{linkOnly, fmt.Sprintf("which names the paths of requests that the gateway logged (%d match)", sv.matched)}
	case sv.byName:
		return link{}
	case ours >= minMatches && ours*10 >= told*6 && ours*10 >= sv.requests*6:
		return link{linkRequests, fmt.Sprintf("whose requests are those that the gateway sent to it (%d match)", ours)}
	case ours >= minMatches && ours*10 >= told*6 && ours*3 >= sv.requests:
		// Services that serve the same paths agree by chance in a third of the requests.
		return link{linkOnly, fmt.Sprintf("some of whose requests are those that the gateway sent to it (%d of %d)", ours, sv.requests)}
	case told >= 2*minMatches && ours*10 < told:
		return link{linkElsewhere, "whose requests went to another address"}
	case told == 0 && sv.matched >= minMatches && sv.matched*10 >= sv.requests*5:
		return link{linkOnly, fmt.Sprintf("whose requests the gateway logged (%d match)", sv.matched)}
	}
	return link{}
}

// speakers are the technologies that speak a scheme which few do.
var speakers = map[string][]string{"fastcgi": {"php-fpm", "phpfpm", "php"}, "uwsgi": {"uwsgi"}, "suwsgi": {"uwsgi"}}

// schemeLink: the protocol that the gateway speaks narrows the server before any port does.
func schemeLink(p *pool, sv *service) link {
	want := speakers[p.scheme]
	if want == nil || len(sv.technologies) == 0 {
		return link{}
	}
	if shareName(want, sv.technologies) {
		return link{linkProtocol, "which speaks " + p.scheme}
	}
	return link{linkProtoNot, "which does not speak " + p.scheme}
}

// called are the pool's names, cut; made when first asked for.
func (p *pool) called(e *Engine) []poolName {
	if p.words == nil {
		p.words = []poolName{}
		for _, word := range slices.Concat(p.names, p.vhosts) {
			n := poolName{name: e.nameOf(word)}
			for part := range strings.SplitSeq(word, "/") { // backend/server
				n.parts = append(n.parts, e.nameOf(part))
			}
			p.words = append(p.words, n)
		}
	}
	return p.words
}

// A poolName is a name of a pool, and of its parts.
type poolName struct {
	*name
	parts []*name
}

// nameLink compares words of the service's names with the pool's.
func (e *Engine) nameLink(p *pool, sv *service) link {
	all := p.called(e)
	for _, n := range all {
		if strings.HasPrefix(n.name.name, "unix:") && shareName(n.tokens, sv.tokens) {
			if onlySoftware(n.tokens, sv.tokens) {
				return link{}
			}
			return link{linkSocket, "whose name stands in the socket's path"}
		}
	}
	for _, n := range all {
		for _, t := range n.tokens {
			switch word := n.name.name; {
			case !slices.Contains(sv.tokens, t):
			case t == word:
				return link{linkName, fmt.Sprintf("which shares the name %q", t)}
			default:
				return link{linkName, fmt.Sprintf("which shares the name %q with %s", t, word)}
			}
		}
		for _, part := range n.parts {
			if slices.Contains(sv.names, part.spelling) {
				return link{linkName, "which has the name " + part.name}
			}
		}
	}
	return link{}
}

// onlySoftware reports whether two names share no word but that of a server or runtime, and each has
// a word of its own that the other lacks: /run/puma/blog.sock is not puma-shop.service's.
func onlySoftware(a, b []string) bool {
	own := func(x, y []string) bool {
		return slices.ContainsFunc(x, func(w string) bool { return !isSoftware(w) && !slices.Contains(y, w) })
	}
	shared := slices.ContainsFunc(a, func(w string) bool { return !isSoftware(w) && slices.Contains(b, w) })
	return !shared && own(a, b) && own(b, a)
}

// isSoftware reports whether a word is of the name of a server or runtime of many applications, with
// or without a version: php8, fpm.
func isSoftware(word string) bool {
	word = strings.TrimRight(word, "0123456789")
	return slices.ContainsFunc(processes, func(p program) bool {
		return p.technology == word || slices.Contains(wordsOf(p.process), word)
	})
}

// aloneLink: a single application among the sources is likely the one behind the gateway.
func (e *Engine) aloneLink(p *pool, sv *service) link {
	if slices.ContainsFunc(e.directory.real[sv.site], func(other *service) bool { return other != sv }) {
		return link{}
	}
	switch {
	case p.gateway:
		return link{}
	case !farAway(p.names):
		if sv.real(e) {
			return link{linkOnly, "the only application among the logs"}
		}
	case e.onlyPool == p.root && e.onlyOther(sv) && (sv.real(e) || !publicOnly(p.names)): // else the only application of this machine need not be that of another
		return link{linkAlone, "the only application that the logs tell of, and the gateway names no other address"}
	}
	return link{}
}

// onlyOther reports whether the logs tell of no service but gateways and this one.
func (e *Engine) onlyOther(sv *service) bool {
	return !slices.Contains(e.backings, sv) && !slices.ContainsFunc(e.services, func(o *service) bool {
		return o != sv && !o.gateway && !o.system
	})
}

const sameStream = "whose lines stand in the same stream as the gateway's"

// streamLink: who pastes gateway and application lines in one piece, or lets one
// compose project write one stream, puts together what belongs together.
func (e *Engine) streamLink(p *pool, sv *service) link {
	if p.gateway {
		return link{}
	}
	for _, id := range sv.streams {
		if s := e.sources[id.source]; s.Source.HasErrors && !s.writes(id.stream) && slices.ContainsFunc(p.sources, func(i int) bool { return i == id.source }) {
			return link{linkStream, sameStream}
		}
	}
	return link{}
}

// real reports whether the service is an application's log and not merely a unit
// that a system line names.
func (sv *service) real(e *Engine) bool {
	return slices.ContainsFunc(sv.streams, func(id streamID) bool {
		role := e.sources[id.source].Source.Role
		return (role == parser.RoleApp || role == parser.RoleGateway) && !rules.OfGateway(id.stream) && !strings.HasPrefix(id.stream, rules.SubjectUnit) &&
			!strings.HasPrefix(id.stream, rules.SubjectContainer) && e.sources[id.source].Source.Lines > 0
	})
}

// siteLink compares the folder of a pool's machine with that of whoever wrote something.
func siteLink(p *pool, site string) link {
	switch {
	case siteOf(p) == site && site != "":
		return link{linkFolder, "from the same machine's folder"}
	case siteOf(p) != site && siteOf(p) != "" && site != "":
		return link{linkSiteNot, "from another machine's folder"}
	}
	return link{}
}
