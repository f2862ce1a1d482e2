package digest

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Requests that are alike are a number.
func TestTally(t *testing.T) {
	d := fold(words(nil), accessLine(0, 200), accessLine(5, 200), accessLine(7, 502), accessLine(parser.Second, 200))
	if len(d.Tallies) != 3 || len(d.Events) != 0 {
		t.Fatalf("%d tallies, %d events", len(d.Tallies), len(d.Events))
	}
	ok, bad := d.Tallies[0], d.Tallies[1]
	if ok.Second != epoch || ok.Count != 2 || ok.Reused != 2 || ok.Upstream != "127.0.0.1:8000" || ok.VHost != "shop.example" || ok.Text != "" || ok.Requests != nil || ok.Place != (rules.Place{Line: ok.Place.Line}) {
		t.Errorf("healthy: %+v", ok)
	}
	if bad.Count != 1 || bad.Status != 502 || bad.Made != rules.MakerGateway || bad.Symptom == parser.SymptomNone || bad.Text == "" || len(bad.Requests) != 1 {
		t.Errorf("failed: %+v", bad)
	}
	if s := d.Source; s.Role != parser.RoleGateway || !s.HasAccess || s.HasErrors || s.Gateway != "nginx" {
		t.Errorf("source %+v", s)
	}
}

// What tells a lost keep-alive race from other closed connections.
func TestTallyOfFailures(t *testing.T) {
	f := func(name string, want func(*rules.Tally) bool, change func(*parser.Access)) {
		t.Helper()
		r := accessLine(0, 502)
		change(&r.Access)
		tally := &fold(words(nil), r).Tallies[0]
		if !want(tally) {
			t.Errorf("%s: %+v", name, *tally)
		}
	}
	f("on a kept connection", func(y *rules.Tally) bool { return y.Reused == 1 && y.Fresh == 0 }, func(*parser.Access) {})
	f("on a fresh one", func(y *rules.Tally) bool { return y.Reused == 0 && y.Fresh == 1 }, func(a *parser.Access) { a.Attempts[0].Connect = 1000 })
	f("not told", func(y *rules.Tally) bool { return y.Reused == 0 && y.Fresh == 0 }, func(a *parser.Access) { a.Attempts[0].Connect = -1 })
	f("a GET that was not repeated", func(y *rules.Tally) bool { return y.Once == 1 }, func(*parser.Access) {})
	f("a POST", func(y *rules.Tally) bool { return y.Once == 0 }, func(a *parser.Access) { a.Method = []byte("POST") })
	f("a GET that was repeated", func(y *rules.Tally) bool { return y.Once == 0 }, func(a *parser.Access) {
		a.Tries, a.Attempts[1] = 2, parser.Attempt{Addr: []byte("127.0.0.1:8000"), Status: 502, Header: -1}
	})
	f("two seconds and more", func(y *rules.Tally) bool { return y.Long == 1 && y.Waited == 2*parser.Second }, func(a *parser.Access) { a.Duration = 2 * parser.Second })
	f("at once", func(y *rules.Tally) bool { return y.Long == 0 }, func(a *parser.Access) { a.Duration = parser.Second })
	f("cut body", func(y *rules.Tally) bool {
		return y.Made == rules.MakerUpstream && y.Symptom == parser.SymptomUpstreamStatus
	}, func(a *parser.Access) {
		a.Status, a.Attempts[0].Status, a.Attempts[0].Header = 500, 500, 2
	})
}

// A session without a status: a client's going away, one that its gateway ended, one of TCP.
func TestTallyWithoutStatus(t *testing.T) {
	f := func(want int16, change func(*parser.Record)) {
		t.Helper()
		r := accessLine(0, 0)
		change(r)
		if got := fold(words(nil), r).Tallies[0].Status; got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	tcp := func(r *parser.Record) { r.Access.Method, r.Access.Request, r.Access.Target = nil, nil, nil }
	f(0, func(*parser.Record) {})
	f(200, tcp)
	f(499, func(r *parser.Record) {
		r.Gateway.Symptom, r.Gateway.Rank = parser.SymptomClientAbort, parser.RankNoise
	})
	f(rules.Unanswered, func(r *parser.Record) {
		tcp(r)
		r.Gateway.Symptom, r.Gateway.Rank = parser.SymptomConnRefused, parser.RankPrimary
	})
	f(rules.Unanswered, func(r *parser.Record) {
		tcp(r)
		r.Gateway.Symptom, r.Gateway.Rank = parser.SymptomNoLivePeer, parser.RankSecondary
	})
}

// The address that answered or failed last is the request's; a group's name only if
// there is no address.
func TestServedBy(t *testing.T) {
	f := func(want string, pool string, addrs ...string) {
		t.Helper()
		a := parser.Access{Tries: len(addrs), Pool: []byte(pool)}
		for i, addr := range addrs {
			a.Attempts[i].Addr = []byte(addr)
		}
		if got := string(servedBy(&a)); got != want {
			t.Errorf("%v in %q: %q, want %q", addrs, pool, got, want)
		}
	}
	f("10.0.0.2:80", "", "10.0.0.1:80", "10.0.0.2:80")
	f("10.0.0.1:80", "", "10.0.0.1:80", "shop")
	f("shop", "", "shop")
	f("be_shop", "be_shop")
	f("", "")
}

// A failure is stamped when it failed, also where the log stamps the request's start.
func TestStampOfTheStart(t *testing.T) {
	r := accessLine(0, 502)
	r.Access.AtStart, r.Access.Duration = true, 30*parser.Second
	if got := fold(words(nil), r).Tallies[0].Second; got != epoch+30 {
		t.Errorf("it failed at %d, want %d", got-epoch, 30)
	}
}

// Healthy traffic coarsens; failures keep their second; no request is lost.
func TestTalliesCoarsenWithoutLoss(t *testing.T) {
	b := New(rules.SourceInfo{}, words(nil), nil)
	const seconds = maxTallies + 2000
	bad := int64(0)
	for i := range int64(seconds) {
		b.Add(accessLine(i*parser.Second, 200))
		if i%1000 == 0 {
			bad++
			b.Add(accessLine(i*parser.Second, 502))
		}
	}
	d := b.Finish()
	_, _, requests, failures := sums(d)
	if requests != seconds+bad || failures != bad {
		t.Errorf("%d requests and %d failures are left of %d and %d", requests, failures, seconds+bad, bad)
	}
	if len(d.Tallies) > maxTallies {
		t.Errorf("%d tallies, the bound is %d", len(d.Tallies), maxTallies)
	}
	var reused int64
	failed := map[int64]bool{}
	for _, tally := range d.Tallies {
		reused += tally.Reused
		if tally.Status == 502 {
			failed[tally.Second] = true
		}
	}
	if reused != seconds+bad || len(failed) != int(bad) || !failed[epoch+1000] {
		t.Errorf("%d reused connections, failures in %d seconds", reused, len(failed))
	}
}

// Two sources that saw the same requests must keep the same ones, or no clocks could be
// compared: whatever the order within a second, and however full they are.
func TestSketchesAgree(t *testing.T) {
	const seconds, each = 9_000, 11
	digest := func(shift int64, turn int) []rules.Request {
		b := New(rules.SourceInfo{}, words(nil), nil)
		for s := range int64(seconds) {
			for i := range each {
				n := (i*7 + turn*3) % each // another order
				r := accessLine((s+shift)*parser.Second, 200)
				r.Access.Target = fmt.Appendf(nil, "/item/%d?ref=%d", s*each+int64(n), turn)
				r.Access.Tries = 0
				b.Add(r)
			}
		}
		return b.Finish().Requests
	}
	a, b := digest(0, 0), digest(-3600, 1)
	if len(a) > maxSketch || len(a) < maxSketch/4 {
		t.Errorf("a sketch of %d requests, the bound is %d", len(a), maxSketch)
	}
	inA := map[uint64]bool{}
	for _, q := range a {
		inA[q.Key] = true
	}
	differ := 0
	for _, q := range b {
		if !inA[q.Key] {
			differ++
		}
	}
	if len(a) != len(b) || differ > 1 { // the first request after the limit has halved may slip in
		t.Errorf("sketches of %d and %d requests differ in %d", len(a), len(b), differ)
	}
	perSecondNow := map[int64]int{}
	for _, q := range a {
		if perSecondNow[q.Micros/parser.Second]++; perSecondNow[q.Micros/parser.Second] > perSecond {
			t.Fatalf("more than %d requests of one second are kept", perSecond)
		}
	}
}

// The two ends write one request differently: with query or without, as a whole line
// or in parts, with the scheme and host of a proxy's request.
func TestRequestsOfTwoLogsHaveOneKey(t *testing.T) {
	want := requestPartsKey([]byte("GET"), []byte("/cart"))
	for _, line := range []string{"GET /cart HTTP/1.1", "GET /cart?id=1 HTTP/2.0", "GET http://shop.example/cart HTTP/1.1"} {
		if got := requestPartsKey(splitRequest([]byte(line))); got != want {
			t.Errorf("%q has another key", line)
		}
	}
	for _, other := range []uint64{requestPartsKey([]byte("POST"), []byte("/cart")), requestPartsKey([]byte("GET"), []byte("/carts")), requestPartsKey([]byte("GET"), nil)} {
		if other == want {
			t.Error("another request has its key")
		}
	}
	if requestPartsKey([]byte("GET"), []byte("?x")) != 0 || requestPartsKey(splitRequest([]byte("nonsense"))) != 0 {
		t.Error("what is no request has a key")
	}
}

// An application's own request lines are no gateway's: they only help to link it.
func TestApplicationRequests(t *testing.T) {
	r := accessLine(0, 500)
	r.Format = appFormat
	d := fold(words(nil), r)
	if len(d.Tallies) != 0 || len(d.Requests) != 1 || d.Requests[0].Upstream != "" || d.Source.Role != parser.RoleApp || d.Source.HasAccess {
		t.Errorf("%d tallies, requests %+v, source %+v", len(d.Tallies), d.Requests, d.Source)
	}
}

// A log of which every client is this machine may be of a server behind the gateway.
func TestLoopback(t *testing.T) {
	from := func(clients ...string) bool {
		var list []*parser.Record
		for _, c := range clients {
			list = append(list, changed(accessLine(0, 200), func(r *parser.Record) { r.Access.Client = []byte(c) }))
		}
		return fold(words(nil), list...).Source.Loopback
	}
	if !from("127.0.0.1", "::1", "unix:", "::ffff:127.0.0.1") || from("127.0.0.1", "10.0.0.9") || from("::ffff:10.0.0.9") || from() {
		t.Errorf("loopback only %v, mixed %v, mapped %v, none %v", from("127.0.0.1", "::1", "unix:", "::ffff:127.0.0.1"), from("127.0.0.1", "10.0.0.9"), from("::ffff:10.0.0.9"), from())
	}
}

// A gateway that has one log only counts the line of a failed request as an error line.
func TestOneLogOnly(t *testing.T) {
	r := accessLine(0, 503)
	r.Level = parser.LevelNone
	r.Gateway = errorLine(0).Gateway
	d := fold(words(nil), r)
	if _, lines, requests, _ := sums(d); lines != 1 || requests != 1 || !d.Source.HasErrors || !d.Source.HasAccess {
		t.Errorf("%d lines, %d requests, source %+v", lines, requests, d.Source)
	}
}

// The access lines of an application have the form that nginx writes, too: in a syslog file with
// Apache's errors they do not make it nginx's.
func TestGatewayOfSharedForm(t *testing.T) {
	shared := &parser.Format{Name: "nginx-access", Role: parser.RoleGateway, Product: "nginx"}
	record := func(f *parser.Format) *parser.Record {
		r := accessLine(0, 200)
		r.Format = f
		return r
	}
	apache, nginx := &parser.Format{Name: "apache-error", Role: parser.RoleGateway, Product: "apache"}, &parser.Format{Name: "nginx-error", Role: parser.RoleGateway, Product: "nginx"}
	f := func(want string, formats ...*parser.Format) {
		t.Helper()
		whole, b := New(rules.SourceInfo{Path: "a.log", Group: "a.log"}, words(nil), nil), New(rules.SourceInfo{Path: "a.log", Group: "a.log"}, words(nil), nil)
		p := NewPart(words(nil), nil)
		for _, format := range formats {
			whole.Add(record(format))
			p.Add(record(format))
			b.Merge(p)
		}
		if a, c := whole.Finish().Source.Gateway, b.Finish().Source.Gateway; a != want || c != want {
			t.Errorf("%q, in parts %q, want %q", a, c, want)
		}
	}
	f("apache", shared, apache, shared)
	f("apache", apache, shared)
	f("nginx", shared, shared)
	f("nginx", nginx, apache)
}
