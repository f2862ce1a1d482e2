package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

const refused, closed, timedOut = parser.SymptomConnRefused, parser.SymptomPrematureClose, parser.SymptomReadTimeout

// pools notes that one request named the addresses.
func (l *logFile) pools(sets ...[]string) *logFile {
	l.d.Pools = append(l.d.Pools, sets...)
	return l
}

// upstreams lists what the incidents say failed.
func upstreams(list []rules.Incident) string {
	var out []string
	for _, in := range list {
		out = append(out, strings.Join(in.Upstreams, "+"))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// Addresses that one request named are one pool and fail in one incident; addresses
// that only fail at one time do not.
func TestPools(t *testing.T) {
	const a, b = "127.0.0.1:8001", "127.0.0.1:8002"
	f := func(name, want string, logs ...*logFile) {
		t.Helper()
		if got := upstreams(report(t, Config{}, logs...).Incidents); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	both := func() *logFile { return errorLog("error.log").fails(0, a, refused, 1).fails(1, b, refused, 1) }
	f("one request named both", a+"+"+b, both().pools([]string{a, b}))
	f("nothing joins them", a+" "+b, both())
	f("each shares a request with a third", a+"+"+b, both().pools([]string{a, "127.0.0.1:8003"}, []string{"127.0.0.1:8003", b}))
	f("the access log joins what the error log tells", a+"+"+b, both(), accessLog("access.log").pools([]string{a, b}).covers(0, 2))
	f("a group after its only address", a, errorLog("error.log").fails(0, a, refused, 1).noPeers(1, "shop", 5))
	f("a group that a request named with its address", a, errorLog("error.log").fails(0, a, refused, 1).noPeers(1, "shop", 5).pools([]string{a, "shop"}))
	f("a group after two addresses of its host", a+"+"+b, both().noPeers(2, "shop", 5))
	f("a group of another host", a+" blog", errorLog("error.log").fails(0, a, refused, 1).noPeers(1, "blog", 5, onHost("blog.example")))
	f("a group long after fail_timeout", a+" shop", errorLog("error.log").fails(0, a, refused, 1).noPeers(30, "shop", 5))
	f("a group alone", "shop", errorLog("error.log").noPeers(0, "shop", 5))
	f("servers of one of HAProxy's backends", "be_shop/one+be_shop/two",
		errorLog("haproxy.log").fails(0, "be_shop/one", refused, 1).fails(1, "be_shop/two", refused, 1))
	f("servers of two backends", "be_blog/one be_shop/one",
		errorLog("haproxy.log").fails(0, "be_shop/one", refused, 1).fails(1, "be_blog/one", refused, 1))
}

// What could not be resolved is called by its name alone where the error is told, with its port
// where the request is: Traefik's "dial tcp: lookup catalog on 127.0.0.11:53: no such host" beside
// "http://catalog:8080" (github.com/traefik/traefik, pkg/proxy/httputil/proxy.go).
func TestUnresolvedNames(t *testing.T) {
	unresolved := func() *logFile {
		return errorLog("traefik.log").fails(0, "catalog", parser.SymptomResolveFailed, 3, onHost(""))
	}
	f := func(name, want string, logs ...*logFile) {
		t.Helper()
		if got := upstreams(report(t, Config{}, append(logs, unresolved())...).Incidents); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("nobody tells a port", "catalog")
	f("another line tells it", "Catalog:8080", errorLog("error.log").fails(1, "Catalog:8080", refused, 3))
	f("another host's", "catalog web:8080", errorLog("error.log").fails(1, "web:8080", refused, 3))
	f("a cluster of Istio's", "catalog+outbound|8080||catalog", errorLog("error.log").fails(1, "outbound|8080||catalog", refused, 3))
	f("a request that found no server, of which the line names none", "catalog", errorLog("access.log").fails(1, "", parser.SymptomNoLivePeer, 3, onHost("shop.example")))
	f("the same of another gateway's", " catalog", func() *logFile {
		l := errorLog("access.log").fails(1, "", parser.SymptomNoLivePeer, 3, onHost("shop.example"))
		l.d.Source.Gateway = "haproxy"
		return l
	}())
	f("two ports of it", "catalog catalog:8080 catalog:9090", errorLog("error.log").fails(1, "catalog:8080", refused, 3).fails(1, "catalog:9090", refused, 3))
}

// A gateway that names no group says "no upstreams available" of a request, and of each server that
// its health checks failed (Caddy 2.6.2, both instances killed): those are the request's servers.
func TestServersThatWereChecked(t *testing.T) {
	const a, b = "127.0.0.1:25409", "127.0.0.1:25410"
	f := func(name, want string, more ...string) {
		t.Helper()
		l := errorLog("caddy.log").fails(0, a, parser.SymptomHealthCheckFailed, 5, onHost("")).fails(1, b, parser.SymptomHealthCheckFailed, 5, onHost(""))
		for i, host := range more {
			l.noPeers(2+float64(i), "", 20, onHost(host))
		}
		if got := upstreams(report(t, Config{}, l).Incidents); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("requests to one host", a+"+"+b, "shop.example", "shop.example")
	f("requests to two hosts", " "+" "+a+" "+b, "shop.example", "blog.example")
	handlers := func(name, want string, paths ...string) {
		t.Helper()
		l := errorLog("lighttpd/error.log").fails(0, a, refused, 5, onHost("")).fails(0, b, refused, 5, onHost(""))
		l.d.Source.Gateway = "lighttpd"
		for i, path := range paths {
			l.noPeers(float64(i), "", 1, onHost(""), func(ev *rules.Event) { ev.Text = "(gw_backend.c.960) all handlers for /i? on " + path + " are down." })
		}
		if got := upstreams(report(t, Config{}, l).Incidents); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	handlers("lighttpd's only group", a+"+"+b, "/", "/")
	handlers("two groups of lighttpd's", " "+a+" "+b, "/", "/api")
}

// An incident keeps the id that it opened with when further servers of its pool fail: a live run
// tells it once, and who was paged by that id is told by it that it is over.
func TestIncidentKeepsItsID(t *testing.T) {
	const a, b, c = "127.0.0.1:8001", "127.0.0.1:8002", "127.0.0.1:8003"
	opened := func() *logFile { return errorLog("error.log").fails(0, b, refused, 1) }
	want := incidents(t, 1, opened())[0].ID
	for name, log := range map[string]*logFile{
		"another server":     opened().fails(1, a, refused, 1).pools([]string{a, b}),
		"two, and the group": opened().fails(1, a, refused, 1).fails(1, c, refused, 1).noPeers(2, "shop", 5),
		"the group alone":    opened().noPeers(1, "shop", 5),
	} {
		if got := incidents(t, 1, log)[0].ID; got != want {
			t.Errorf("%s: %s, opened as %s", name, got, want)
		}
	}
}

// 127.0.0.1 on one machine is not 127.0.0.1 on another; 10.0.0.7 is one machine.
func TestLoopbackOfTwoSites(t *testing.T) {
	f := func(name, upstream string, want int, one, two string) {
		t.Helper()
		got := incidents(t, want, errorLog(one).fails(0, upstream, refused, 2), errorLog(two).fails(1, upstream, refused, 3))
		if want == 2 && got[0].ID == got[1].ID {
			t.Errorf("%s: both have the id %s", name, got[0].ID)
		}
	}
	f("two machines' folders", shopAddress, 2, "web-1/nginx/error.log", "web-2/nginx/error.log")
	f("a socket on two machines", "unix:/run/shop.sock", 2, "web-1/nginx/error.log", "web-2/nginx/error.log")
	f("a third machine's address", "10.0.0.7:8000", 1, "web-1/nginx/error.log", "web-2/nginx/error.log")
	f("two logs of one machine", shopAddress, 1, "nginx/error.log", "nginx/shop.error.log")
	f("two gateways of one machine", shopAddress, 1, "nginx/error.log", "apache2/error.log")
	f("two gateways of one machine, in its folder", shopAddress, 1, "web-1/haproxy/error.log", "web-1/nginx/error.log")
	f("two gateways of two machines", shopAddress, 2, "web-1/nginx/error.log", "web-2/nginx/error.log")
}

// Only quiet ends a case: not the successes within.
func TestQuietClosesACase(t *testing.T) {
	f := func(name string, want int, cfg Config, logs ...*logFile) {
		t.Helper()
		if r := report(t, cfg, logs...); len(r.Incidents) != want {
			t.Errorf("%s: %d incidents, want %d", name, len(r.Incidents), want)
		}
	}
	at := func(seconds ...float64) *logFile {
		l := errorLog("error.log")
		for _, s := range seconds {
			l.fails(s, shopAddress, refused, 1)
		}
		return l
	}
	f("a minute less a second", 1, Config{}, at(0, 60))
	f("a minute and more", 2, Config{}, at(0, 63))
	f("many short gaps", 1, Config{}, at(0, 50, 100, 150, 200))
	f("successes in between", 1, Config{}, at(0, 50), accessLog("access.log").serves(2, 50, shopAddress))
	f("a shorter quiet", 2, Config{Quiet: 10 * parser.Second}, at(0, 15))
	f("a longer quiet", 1, Config{Quiet: 5 * parser.Minute}, at(0, 200))
	f("a reaction keeps it open", 1, Config{}, at(0, 100).noPeers(50, shopAddress, 1, func(e *rules.Event) { e.Group = false }))
	f("another pool does not", 3, Config{}, at(0, 100).fails(50, "127.0.0.1:9999", refused, 1))
}

// Strong, linked, different causes of two members are two incidents of one pool.
func TestMembersSplit(t *testing.T) {
	const a, b = "127.0.0.1:8001", "127.0.0.1:8002"
	logs := func(sigA, sigB *rules.Signature) []*logFile {
		return []*logFile{
			errorLog("error.log").fails(10, a, closed, 3).fails(20, b, refused, 4).noPeers(21, "shop", 50).pools([]string{a, b, "shop"}).covers(0, 300),
			appLog("one.log").knows(0, rules.FactListens, a).says(10, sigA).covers(0, 300),
			appLog("two.log").knows(0, rules.FactListens, b).says(19, sigB).covers(0, 300),
		}
	}
	got := incidents(t, 2, logs(goPanic, failedStart)...)
	if got[0].Verdict.Cause != rules.CauseUnhandledException || got[1].Verdict.Cause != rules.CauseStartFailure || upstreams(got) != a+" "+b {
		t.Errorf("%s, %s of %s", got[0].Verdict.Cause, got[1].Verdict.Cause, upstreams(got))
	}
	if got[0].SecondaryLines != 0 || got[1].SecondaryLines != 50 {
		t.Errorf("the gateway's reactions go to the last before them: %d, %d", got[0].SecondaryLines, got[1].SecondaryLines)
	}
	incidents(t, 1, logs(goPanic, goPanic)...)
	hint := *failedStart
	hint.Strong = false
	incidents(t, 1, logs(goPanic, &hint)...)
}

// Seconds of successes only, then strong evidence of another cause: a new story.
func TestStoriesSplit(t *testing.T) {
	logs := func(second *rules.Signature, served bool) []*logFile {
		access := accessLog("access.log").covers(0, 300)
		if served {
			access.serves(15, 40, shopAddress)
		}
		return []*logFile{
			errorLog("error.log").fails(10, shopAddress, closed, 3).fails(41, shopAddress, closed, 4).covers(0, 300), access,
			appLog("shop.log").knows(0, rules.FactListens, shopAddress).says(10, goPanic).says(14, serving).says(40, second).covers(0, 300),
		}
	}
	got := incidents(t, 2, logs(heapExhausted, true)...)
	if got[0].Verdict.Cause != rules.CauseUnhandledException || got[1].Verdict.Cause != rules.CauseMemoryExhausted {
		t.Errorf("%s, then %s", got[0].Verdict.Cause, got[1].Verdict.Cause)
	}
	incidents(t, 1, logs(heapExhausted, false)...)
	incidents(t, 1, logs(goPanic, true)...)

	// A death that it recovered from does not explain what an orderly stop did later.
	deploy := logs(stopping, true)
	deploy[0] = errorLog("error.log").fails(10, shopAddress, closed, 3).fails(41, shopAddress, refused, 4).covers(0, 300)
	got = incidents(t, 2, deploy...)
	if got[0].Verdict.Cause != rules.CauseUnhandledException || got[1].Verdict.Cause != rules.CauseRestart {
		t.Errorf("%s, then %s", got[0].Verdict.Cause, got[1].Verdict.Cause)
	}
}

// Lines that name no address belong to the only pool that failed for their host then;
// what is left is the gateway's own.
func TestNamelessLines(t *testing.T) {
	f := func(name, want string, l *logFile) {
		t.Helper()
		if got := upstreams(report(t, Config{}, l).Incidents); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("the only pool of its host", shopAddress, errorLog("e").fails(0, shopAddress, refused, 1).fails(1, "", closed, 1))
	f("another host's", " "+shopAddress, errorLog("e").fails(0, shopAddress, refused, 1).fails(1, "", closed, 1, onHost("blog.example")))
	f("two pools of its host", " "+shopAddress+" 127.0.0.1:8001",
		errorLog("e").fails(0, shopAddress, refused, 1).fails(0, "127.0.0.1:8001", refused, 1).fails(1, "", closed, 1))
	f("a line that was cut before it named its host", shopAddress, errorLog("e").fails(0, shopAddress, refused, 1).fails(1, "", refused, 1, onHost("")))
	f("a cut line of another class", " "+shopAddress, errorLog("e").fails(0, shopAddress, refused, 1).fails(1, "", closed, 1, onHost("")))
	f("minutes later", " "+shopAddress, errorLog("e").fails(0, shopAddress, refused, 1).fails(200, "", closed, 1))
	f("an address that could not be made", " "+shopAddress, errorLog("e").fails(0, shopAddress, refused, 1).fails(1, "", parser.SymptomBadURL, 1))
	f("a resource of the gateway, whatever address stands in its line", " "+shopAddress,
		errorLog("e").fails(0, shopAddress, refused, 1).fails(1, shopAddress, parser.SymptomNoConnections, 1))
}

// What nobody failed at is no incident.
func TestNoIncident(t *testing.T) {
	purpose := func(e *rules.Event) { e.Rank = parser.RankNoise }
	for name, logs := range map[string][]*logFile{
		"clients that went away":     {errorLog("e").fails(0, shopAddress, parser.SymptomClientAbort, 90, purpose), accessLog("a").answers(0, shopAddress, 499, 90, byClient)},
		"refused on purpose":         {errorLog("e").fails(0, "", parser.SymptomRefusedOnPurpose, 40, purpose)},
		"a 503 told as a refusal":    {accessLog("a").answers(0, "", 503, 40, toldRefused).serves(2, 60, shopAddress)},
		"a 503 without any upstream": {errorLog("e").covers(0, 9), accessLog("a").answers(0, "", 503, 40)},
		"limits, and a log without upstreams": {errorLog("e").fails(0, "", parser.SymptomRefusedOnPurpose, 40, purpose, asking(1, 2, 3)),
			accessLog("a").answers(1, "", 503, 40, wanted(1, 2, 3), madeBy(rules.MakerUnknown)).serves(2, 60, "")},
		"a reload with a wrong file": {errorLog("e").fails(30, "", parser.SymptomOther, 1, reactsItself), accessLog("a").serves(0, 100, shopAddress)},
		"noise":                      {errorLog("e").fails(0, shopAddress, parser.SymptomOther, 40, purpose)},
		"an unrelated crash":         {errorLog("e").covers(0, 9), appLog("shop.log").says(3, goPanic)},
		"healthy traffic":            {accessLog("a").serves(0, 100, shopAddress)},
		"no log at all":              nil,
	} {
		r := report(t, Config{}, logs...)
		if len(r.Incidents) != 0 {
			t.Errorf("%s: %s", name, outline(r))
		}
		switch name {
		case "clients that went away":
			if r.Totals.ClientAborts != 90 {
				t.Errorf("client aborts: %+v", r.Totals)
			}
		case "a 503 told as a refusal":
			if r.Totals.FailedRequests != 0 {
				t.Errorf("refusals failed: %+v", r.Totals)
			}
		case "refused on purpose":
			if r.Totals.Refused != 40 || r.Totals.GatewayErrorLines != 0 {
				t.Errorf("refused: %+v", r.Totals)
			}
		}
	}
}

// toldRefused makes answers those of a rule that refuses, as HAProxy's access line tells.
func toldRefused(t *rules.Tally) { t.Symptom = parser.SymptomRefusedOnPurpose }

// A refusal beside an outage is none of its failures.
func TestRefusalBesideAnOutage(t *testing.T) {
	in := incidents(t, 1, errorLog("haproxy.log").fails(0, shopAddress, refused, 1), accessLog("a").answers(0, shopAddress, 503, 2).answers(1, "", 503, 9, toldRefused))[0]
	if in.FailedRequests != 2 {
		t.Errorf("%d failed", in.FailedRequests)
	}
}

// reactsItself makes a line one of the gateway about itself.
func reactsItself(e *rules.Event) {
	e.Rank, e.VHost, e.Phase, e.Hints = parser.RankSecondary, "", parser.PhaseNone, []rules.Cause{rules.CauseGatewayConfig}
}

// A gateway that does not start, and answers nobody, is one; so are refusals that no limit
// explains.
func TestWhatLooksHarmless(t *testing.T) {
	incidents(t, 1, errorLog("e").fails(30, "", parser.SymptomOther, 1, reactsItself), accessLog("a").serves(0, 30, shopAddress).serves(60, 100, shopAddress))
	incidents(t, 1, errorLog("e").fails(30, "", parser.SymptomOther, 1, reactsItself))
	down := func(e *rules.Event) { e.Rank, e.Phase = parser.RankSecondary, parser.PhaseNone }
	lb := func() *logFile {
		l := errorLog("e").fails(30, "shop/one", parser.SymptomPeerDown, 1, down)
		l.d.Pools = [][]string{{"shop", "shop/one"}, {"shop", "shop/two"}}
		return l
	}
	incidents(t, 0, lb(), accessLog("a").serves(0, 100, "shop/two").answers(5, "shop/one", 200, 1)) // taken out, the other went on
	incidents(t, 1, lb(), accessLog("a").serves(0, 30, "shop/one").serves(60, 90, "shop/one"))
	incidents(t, 1, lb(), accessLog("a").serves(0, 30, "shop/one").answers(33, "shop/one", 503, 1).serves(34, 90, "shop/two"))
	limits := func(keys ...uint64) *logFile {
		return errorLog("e").fails(0, "", parser.SymptomRefusedOnPurpose, 3, func(e *rules.Event) { e.Rank = parser.RankNoise }, asking(keys...))
	}
	unknown := madeBy(rules.MakerUnknown)
	in := incidents(t, 1, limits(1, 2, 3), accessLog("a").answers(1, "", 503, 40, wanted(4, 5), unknown).serves(2, 60, ""))[0]
	if in.FailedRequests != 40 {
		t.Errorf("other requests: %d failed", in.FailedRequests)
	}
	in = incidents(t, 1, limits(1, 2, 3), accessLog("a").answers(1, "", 503, 40, wanted(1, 4), unknown).serves(2, 60, ""))[0]
	if in.FailedRequests != 20 {
		t.Errorf("half of the requests: %d failed", in.FailedRequests)
	}
	incidents(t, 1, limits(1, 2, 3), accessLog("a").answers(20, "", 503, 40, wanted(1, 2, 3), unknown).serves(30, 60, ""))
}

// A resolver that is down fails the names that it was asked for, and is no incident beside.
func TestResolverLinesBelongToTheNames(t *testing.T) {
	resolver := func(e *rules.Event) { e.VHost, e.Phase = "", parser.PhaseResolving }
	in := incidents(t, 1, errorLog("e").fails(0, "", parser.SymptomResolveFailed, 4, resolver).fails(1, "stock.internal", parser.SymptomResolveFailed, 9))[0]
	if in.ErrorLines != 13 || in.Verdict.Cause != rules.CauseDNSFailure {
		t.Errorf("%s, %d lines", in.Verdict.Cause, in.ErrorLines)
	}
	in = incidents(t, 1, errorLog("e").fails(0, "", parser.SymptomResolveFailed, 4, resolver))[0]
	if in.Verdict.Cause != rules.CauseDNSFailure || !strings.HasPrefix(in.Summary, "The gateway could not resolve a name; 4 error lines at ") {
		t.Errorf("%s: %s", in.Verdict.Cause, in.Summary)
	}
}

// The gateway's word about a subrequest's answer cuts no body.
func TestSubrequestCutsNoBody(t *testing.T) {
	in := incidents(t, 1, errorLog("e").fails(0, shopAddress, parser.SymptomUpstreamStatus, 6, func(e *rules.Event) { e.Phase = parser.PhaseSendingToClient }),
		accessLog("a").answers(0, shopAddress, 500, 6))[0]
	if in.FailedRequests != 6 || in.FailedOther != 0 {
		t.Errorf("%d + %d failed", in.FailedRequests, in.FailedOther)
	}
}

func byClient(tally *rules.Tally) {
	tally.Made, tally.Symptom = rules.MakerUnknown, parser.SymptomClientAbort
}

// Incidents stand by start, then first upstream.
func TestOrderOfIncidents(t *testing.T) {
	got := incidents(t, 4, errorLog("e").fails(30, "127.0.0.1:8000", refused, 1).fails(0, "127.0.0.1:8002", refused, 1).
		fails(0, "127.0.0.1:8001", refused, 1).fails(5, "127.0.0.1:7000", refused, 1))
	var order []string
	for _, in := range got {
		order = append(order, in.Upstreams[0][10:])
	}
	if want := "8001 8002 7000 8000"; strings.Join(order, " ") != want {
		t.Errorf("%v, want %s", order, want)
	}
}

func TestSinceAndUntil(t *testing.T) {
	l := errorLog("e")
	for i := range 5 {
		l.fails(float64(i*200), shopAddress, refused, 1)
	}
	f := func(since, until float64, want int) {
		t.Helper()
		cfg := Config{}
		if since != 0 {
			cfg.Since = utc(since)
		}
		if until != 0 {
			cfg.Until = utc(until)
		}
		if r := report(t, cfg, l); len(r.Incidents) != want || r.Totals.Incidents != int64(want) {
			t.Errorf("since %v until %v: %d, totals %d, want %d", since, until, len(r.Incidents), r.Totals.Incidents, want)
		}
	}
	f(0, 0, 5)
	f(300, 0, 3)
	f(0, 300, 2)
	f(300, 500, 1)
}

// Open is what the gateway's log ends in; a later line of the gateway resolves it.
func TestState(t *testing.T) {
	f := func(name, want string, logs ...*logFile) {
		t.Helper()
		if got := incidents(t, 1, logs...)[0].State; got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	failing := func() *logFile { return errorLog("e").fails(0, shopAddress, refused, 1) }
	f("the log ends with it", "open", failing())
	f("half a minute of other lines", "open", failing().covers(1, 30))
	f("two minutes of other lines", "resolved", failing().covers(1, 120))
	f("the access log goes on", "resolved", failing(), accessLog("a").covers(0, 120))
	f("only the application's log goes on", "open", failing(), appLog("shop.log").covers(0, 120))
}

// Incidents of two pools with one root name each other.
func TestRelated(t *testing.T) {
	// One process serves both pools.
	host := errorLog("e").fails(10, "127.0.0.1:8001", closed, 3).fails(10, "127.0.0.1:8002", closed, 3, onHost("blog.example")).covers(0, 300)
	app := appLog("both.log").knows(0, rules.FactListens, "127.0.0.1:8001").knows(0, rules.FactListens, "127.0.0.1:8002").says(10, goPanic).covers(0, 300)
	got := incidents(t, 2, host, app)
	if len(got[0].Related) != 1 || got[0].Related[0] != got[1].ID || len(got[1].Related) != 1 || got[1].Related[0] != got[0].ID {
		t.Errorf("%s: %v, %s: %v", got[0].ID, got[0].Related, got[1].ID, got[1].Related)
	}
	// Two pools with roots of their own do not.
	own := incidents(t, 2, errorLog("e").fails(10, "127.0.0.1:8001", closed, 3).fails(10, "127.0.0.1:8002", closed, 3),
		appLog("one.log").knows(0, rules.FactListens, "127.0.0.1:8001").says(10, goPanic), appLog("two.log").knows(0, rules.FactListens, "127.0.0.1:8002").says(10, goPanic))
	if len(own[0].Related)+len(own[1].Related) != 0 {
		t.Errorf("related %v, %v", own[0].Related, own[1].Related)
	}
}

// The start is that of the linked line that caused it, if it is earlier and within the
// case; the end is the first success after it, if that is known.
func TestStartAndEnd(t *testing.T) {
	f := func(name string, from, to float64, logs ...*logFile) {
		t.Helper()
		in := incidents(t, 1, logs...)[0]
		if in.Start.Micros != utc(from) || in.End.Micros != utc(to) {
			t.Errorf("%s: %s to %s, want %v to %v s", name, in.Start, in.End, from, to)
		}
	}
	failing := func() *logFile {
		return errorLog("e").fails(10, shopAddress, closed, 3).fails(14, shopAddress, closed, 1)
	}
	crash := func(at float64) *logFile {
		return appLog("shop.log").knows(-900, rules.FactListens, shopAddress).says(at, goPanic)
	}
	f("symptoms only", 10, 14, failing())
	f("a crash seconds before", 7, 14, failing(), crash(7))
	f("a crash after", 10, 14, failing(), crash(11))
	f("a state of minutes ago", 10, 14, failing(), crash(-300))
	f("a success after it", 10, 20, failing(), accessLog("a").serves(20, 25, shopAddress))
	f("a success within it", 10, 14, failing(), accessLog("a").serves(12, 13, shopAddress))
	f("a success of another address", 10, 14, failing(), accessLog("a").serves(20, 25, "127.0.0.1:9999"))
	f("a success long after", 10, 14, failing(), accessLog("a").serves(200, 205, shopAddress))
}

// The id stands for what happened: it does not change with where the log lies, in which
// zone it is read, how its clock goes, or what is known beside it.
func TestID(t *testing.T) {
	fill := func(l *logFile) *logFile {
		return l.fails(10, shopAddress, closed, 3).fails(14, shopAddress, refused, 1)
	}
	id := func(cfg Config, logs ...*logFile) string {
		t.Helper()
		r := report(t, cfg, logs...)
		if len(r.Incidents) != 1 {
			t.Fatalf("%d incidents", len(r.Incidents))
		}
		return r.Incidents[0].ID
	}
	want := id(Config{}, fill(errorLog("nginx/error.log")))
	same := func(name, got string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	same("another path", id(Config{}, fill(errorLog("backup/2026/error.log.1"))))
	same("another zone", id(Config{}, fill(errorLog("nginx/error.log").local(7200))))
	same("another skew", id(Config{}, fill(errorLog("nginx/error.log").skewed(33))))
	moved := errorLog("nginx/error.log")
	moved.next, moved.d.Source.Lines = 5000, 70
	same("another place in its file", id(Config{}, fill(moved)))
	same("other logs beside it", id(Config{}, fill(errorLog("nginx/error.log")), accessLog("a").serves(0, 20, shopAddress),
		appLog("shop.log").knows(0, rules.FactListens, shopAddress).says(10, goPanic)))
	differs := func(name, got string) {
		t.Helper()
		if got == want {
			t.Errorf("%s: it keeps the id", name)
		}
	}
	differs("another first line", id(Config{}, fill(errorLog("nginx/error.log").fails(5, shopAddress, closed, 1))))
	differs("another address with the same text", id(Config{}, errorLog("nginx/error.log").fails(10, "127.0.0.1:8001", closed, 3, func(e *rules.Event) {
		e.Text = fmt.Sprintf("[error] %s %s at %v", closed, shopAddress, 10.0)
	})))
}

// Apache writes AH01106 (bad header returned by /x) and AH00898 (Error reading from remote server returned
// by /x) of one request; neither names the server, and only the first tells what it did.
func TestReactionToANamelessUpstream(t *testing.T) {
	f := func(name string, later float64, want int) {
		t.Helper()
		l := errorLog("error.log").covers(0, 600)
		for s := 100.0; s < 105; s++ {
			l.fails(s, "", parser.SymptomInvalidHeader, 1)
			l.fails(s+later, "", parser.SymptomOther, 1, func(e *rules.Event) { e.Rank, e.Phase = parser.RankSecondary, parser.PhaseReadingHeader })
		}
		incidents(t, want, l)
	}
	f("of the same requests", 0, 1)
	f("minutes later", 120, 2)
}

// CloudFront's OriginConnectError tells neither the origin nor how the connect failed, but that an origin
// was asked: no fault of the gateway.
func TestNamelessOriginThatWasAsked(t *testing.T) {
	f := func(phase parser.Phase, want string) {
		t.Helper()
		l := errorLog("error.log").covers(0, 600)
		for s := 100.0; s < 105; s++ {
			l.fails(s, "", parser.SymptomOther, 1, func(e *rules.Event) { e.Phase = phase })
		}
		in := incidents(t, 1, l)[0]
		if got := fmt.Sprint(strings.HasPrefix(in.Summary, "The gateway failed")); got != want {
			t.Errorf("%s: the gateway failed: %s, want %s (%s)", phase, got, want, in.Summary)
		}
	}
	f(parser.PhaseNone, "true")
	f(parser.PhaseConnecting, "false")
	f(parser.PhaseReadingHeader, "false")
}
