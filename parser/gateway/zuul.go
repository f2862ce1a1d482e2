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

func zuulMessages() []Message { return zuulFailures[:] }

const zuulOrigin = ", origin = "

var zuulFailures = [...]Message{
	{ID: "zuul.connectivity", Template: "FAILURE_ORIGIN_CONNECTIVITY", Rank: parser.RankPrimary, Class: parser.SymptomOther, Phases: []parser.Phase{parser.PhaseConnecting}, Meaning: "no connection to the origin; the exception decides"},
	{ID: "zuul.read-timeout", Template: "FAILURE_ORIGIN_READ_TIMEOUT", Rank: parser.RankPrimary, Class: parser.SymptomReadTimeout, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"slow-upstream"}, Meaning: "the origin did not answer in time"},
	{ID: "zuul.no-servers", Template: "FAILURE_ORIGIN_NO_SERVERS", Rank: parser.RankPrimary, Class: parser.SymptomNoLivePeer, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "gateway-config"}, Meaning: "the service registry knows no server of the origin that is up"},
	{ID: "zuul.reset", Template: "FAILURE_ORIGIN_RESET_CONNECTION", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the origin reset or closed the connection"},
	{ID: "zuul.close-notify", Template: "FAILURE_ORIGIN_CLOSE_NOTIFY_CONNECTION", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the origin ended TLS before it answered"},
	{ID: "zuul.max-connections", Template: "FAILURE_LOCAL_THROTTLED_ORIGIN_SERVER_MAXCONN", Rank: parser.RankPrimary, Class: parser.SymptomQueueFull, Phases: []parser.Phase{parser.PhaseQueue}, Causes: []string{"upstream-saturated", "slow-upstream"}, Meaning: "as many connections to the server as are allowed were in use"},
	{ID: "zuul.concurrency", Template: "FAILURE_LOCAL_THROTTLED_ORIGIN_CONCURRENCY", Rank: parser.RankPrimary, Class: parser.SymptomQueueFull, Phases: []parser.Phase{parser.PhaseQueue}, Causes: []string{"upstream-saturated", "slow-upstream"}, Meaning: "as many requests to the origin as are allowed were under way"},
	{ID: "zuul.cancelled", Template: "FAILURE_CLIENT_CANCELLED", Rank: parser.RankNoise, Class: parser.SymptomClientAbort, Phases: []parser.Phase{parser.PhaseNone}, Causes: []string{"client-abort"}, Meaning: "the client went away first"},
	{ID: "zuul.local", Template: "FAILURE_LOCAL", Rank: parser.RankPrimary, Class: parser.SymptomOther, Phases: []parser.Phase{parser.PhaseNone}, Meaning: "the request failed in a way that has no name; the exception decides"},
}

// zuulFailure reads an entry whose first line has the origin at place i.
func zuulFailure(first, trace []byte, i int, r *parser.Record) bool {
	category := first[bytes.LastIndexByte(first[:i], ' ')+1 : i]
	for n := range zuulFailures {
		m := &zuulFailures[n]
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
			tellException(trace, javaExceptions[:], g)
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
