package gateway

import (
	"bytes"

	"culprit/parser"
)

// zuul is what Netflix' gateway logs of requests that failed. Zuul 1 is a filter in a servlet
// container, and its errors have the traces of any program of Spring's (SendErrorFilter); Zuul 2 is a
// program of its own on netty and says of each attempt that failed:
//
//	2026-11-22 14:30:00,123 WARN  c.n.z.f.e.ProxyEndpoint [Salamander-ClientToZuulWorker-1] FAILURE_ORIGIN_CONNECTIVITY, origin = api, origin channel info =
//	com.netflix.zuul.netty.connectionpool.OriginConnectException: Connection refused: /10.0.0.5:7001
//
// or, under load or where WARN is the lowest level, all on one line without a trace
// (processErrorFromOrigin). The names are those of ZuulStatusCategory.
var zuul = &parser.Format{
	Name:    "zuul",
	Gates:   []parser.Gate{{All: "0.:", Word: "com.netflix.zuul."}, {All: "_=", Word: ", origin = "}},
	Role:    parser.RoleGateway,
	Product: "zuul",
	Program: true,
	Doc:     "https://github.com/Netflix/zuul zuul-core ProxyEndpoint.java, OutboundErrorType.java; spring-cloud-netflix SendErrorFilter.java, RibbonRoutingFilter.java",
	Parse:   parseZuul,
}

var zuulClasses = []byte("com.netflix.zuul.")

func parseZuul(text []byte, env *parser.Env, r *parser.Record) bool {
	e := javaEntryOf(text, env, r)
	i := indexString(e.first, zuulOrigin)
	if i < 0 {
		return e.failed(zuulClasses, env, r)
	}
	r.Message = e.text
	return e.head(e.first, r) && zuulFailure(e.first, e.rest, i, r)
}

const zuulOrigin = ", origin = "

var zuulFailures = vocabularies["zuul"]

// zuulFailure reads an entry whose first line has the origin at place i.
func zuulFailure(first, trace []byte, i int, r *parser.Record) bool {
	category := first[bytes.LastIndexByte(first[:i], ' ')+1 : i]
	failures := zuulFailures()
	for n := range failures {
		m := &failures[n]
		if string(category) != m.Template {
			continue
		}
		g := &r.Gateway
		m.tell(nil, 0, g)
		r.Kind = parser.KindGateway
		origin, said, _ := bytes.Cut(first[i+len(zuulOrigin):], []byte(", origin channel info = "))
		if end := bytes.IndexAny(origin, ":, "); end >= 0 { // with the exception behind it
			origin, trace = origin[:end], origin[min(end+2, len(origin)):]
		}
		if len(trace) == 0 {
			return false // its trace stands on the next lines: the entry is not whole
		}
		if m.Class == parser.SymptomOther {
			tellException(trace, javaExceptions(), g)
			g.Rank = m.Rank
		}
		if _, peer, ok := bytes.Cut(said, []byte(" R:")); ok && g.Upstream == nil { // [id: 0x1, L:/10.0.0.2:40112 - R:api/10.0.0.5:7001]
			peer = untilAny(peer, "],")
			g.Upstream = peer[bytes.IndexByte(peer, '/')+1:]
		}
		if g.Upstream == nil {
			g.Upstream, g.Group = origin, true
		}
		return true
	}
	return false
}
