package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Many an application logs no requests, but names what it works on by its path: "building
// /feeds/1610", "handler /api/orders failed". That says less than a request does: any service may have
// a /health, and who calls an API names its paths, too. So such a line counts only where the gateway was
// asked for that path at that time, and would not have been at another time by chance.

// Bars for taking what a service names for the gateway's requests.
const (
	namedMatches  = minMatches // named paths that were requested at that time
	namedPaths    = 3          // different ones among them
	namedFailing  = 3          // that failed, of a service that names them only then
	namedTwice    = 2          // times as many as at another time
	namedOften    = commonKey  // what is asked for more often tells no time
	namedMostTime = 3          // the part of a log's time that a case may take, to be told from the rest
)

// matchNamed finds the services that log no requests but name those of the gateways.
func (e *Engine) matchNamed() {
	for _, s := range e.sources {
		for _, q := range s.inUTC(s.Named, s.zone, s.skew) {
			if sv := e.calls[streamID{s.index, q.Stream}]; sv != nil && !sv.gateway && !sv.system && sv.requests < minMatches {
				sv.named = append(sv.named, q)
			}
		}
	}
	if !slices.ContainsFunc(e.services, func(sv *service) bool { return len(sv.named) > 0 }) {
		return
	}
	asked := e.askedPaths()
	for _, sv := range e.services {
		if len(sv.named) > 0 {
			sv.nameAs(asked)
		}
	}
}

// askedPaths are the gateways' sketched requests by path.
func (e *Engine) askedPaths() map[uint64][]rules.Request {
	byPath := map[uint64][]rules.Request{}
	for _, s := range e.sources {
		if s.Source.Role != parser.RoleGateway {
			continue
		}
		for _, q := range s.times(s.zone, s.skew) {
			if rules.OfGateway(q.Stream) && !s.app {
				byPath[rules.PathOf(q.Key)] = append(byPath[rules.PathOf(q.Key)], q)
			}
		}
	}
	return byPath
}

// nameAs takes what a service names for its requests, if most of it was asked of the gateways then.
func (sv *service) nameAs(asked map[uint64][]rules.Request) {
	told, matched, chance := 0, 0, 0
	paths, served := map[uint64]bool{}, map[string]int{}
	for _, q := range sv.named {
		peers := peersOf(asked, q)
		if len(peers) == 0 || len(peers) > namedOften {
			continue // a file's, or another gateway's; or it tells no time
		}
		told++
		to := namedBy(peers, q, 0)
		if len(to) > 0 {
			matched++
			paths[rules.PathOf(q.Key)] = true
		}
		if len(to) == 1 {
			served[to[0]]++
		}
		if q.Micros != rules.Past && (len(namedBy(peers, q, hopShift)) > 0 || len(namedBy(peers, q, -hopShift)) > 0) {
			chance++
		}
	}
	if matched < namedMatches || len(paths) < namedPaths || matched*10 < told*6 || matched < namedTwice*chance {
		return
	}
	sv.byName, sv.requests, sv.matched, sv.served = true, told, matched, served
	for _, q := range sv.named {
		if q.Group != 0 {
			sv.groups[q.Group]++
		}
	}
}

// peersOf are the gateways' requests for the path that a line names.
func peersOf(asked map[uint64][]rules.Request, q rules.Request) []rules.Request {
	peers := asked[rules.PathOf(q.Key)]
	if q.Key == rules.PathOf(q.Key) {
		return peers
	}
	var same []rules.Request
	for _, p := range peers {
		if rules.SamePath(p.Key, q.Key) {
			same = append(same, p)
		}
	}
	return same
}

// namedBy are the addresses that a request which a line names went to, so much later: it was answered,
// or failed, at that time. What nothing dates is one that was asked for only once.
func namedBy(peers []rules.Request, q rules.Request, later int64) (upstreams []string) {
	if q.Micros == rules.Past {
		if len(peers) == 1 {
			return []string{peers[0].Upstream}
		}
		return nil
	}
	q.Micros += later
	return seenBy(peers, q)
}

// onlyNames is the only service that names requests of a URL group; nil if there are several or none.
func (e *Engine) onlyNames(group uint64) *service {
	names := e.urlsOf().names
	exact, there := names[group]
	path, also := names[rules.PathOf(group)]
	if there && also && exact != path {
		return nil
	}
	if there {
		return exact
	}
	return path
}

// hint notes the paths that a service names and that may be its requests'.
func (o *urlOwners) hint(sv *service) {
	for _, q := range sv.named {
		if !hints(&q) {
			continue
		}
		path := rules.PathOf(q.Group)
		if list := o.hints[path]; len(list) == 0 || list[len(list)-1] != sv {
			o.hints[path] = append(list, sv)
		}
	}
}

// failingNamer is the only service that names what failed while it failed, and hardly ever else: then its
// lines are about the failures; nil if there are several or none. A path that too many services name tells
// of none.
func (e *Engine) failingNamer(p *pool) (only *service) {
	asked := map[*service]bool{}
	for group := range p.asked {
		list := e.urlsOf().hints[rules.PathOf(group)]
		if len(list) > maxNamesakes {
			continue
		}
		for _, sv := range list {
			if asked[sv] || !sv.namesOnly(p) {
				asked[sv] = true
				continue
			}
			if asked[sv] = true; only != nil {
				return nil
			}
			only = sv
		}
	}
	return only
}

// hints reports whether a path that a line names may tell whose a failure is: one fixed word, which any
// service may have, does not.
func hints(q *rules.Request) bool { return !q.Plain && q.Micros != rules.Past && q.Group != 0 }

// namesOnly reports whether a service names what failed while it failed, and hardly ever else.
func (sv *service) namesOnly(p *pool) bool {
	from, to := p.span.From-near, p.span.To+near
	if covered := min(to, sv.last) - max(from, sv.first); covered*namedMostTime > sv.last-sv.first {
		return false
	}
	during, apart := 0, 0
	for _, q := range sv.named {
		switch {
		case !hints(&q) || !p.askedFor(q.Group):
		case q.Micros >= from && q.Micros <= to:
			during++
		default:
			apart++
		}
	}
	return during >= namedFailing && during >= 10*apart
}

// askedFor reports whether requests of a URL group failed.
func (p *pool) askedFor(group uint64) bool {
	for asked := range p.asked {
		if rules.SamePath(asked, group) {
			return true
		}
	}
	return false
}
