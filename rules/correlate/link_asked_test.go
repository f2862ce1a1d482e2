package correlate

import (
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A maintenance page: Apache's error log, which would tell of a back end that cannot be reached,
// is silent, and the application was not asked.
func TestAnswersOfTheGatewayItself(t *testing.T) {
	f := func(name string, want int, product string, change func(errors, app *logFile)) {
		t.Helper()
		errors := errorLog("web/error.log").covers(0, 300)
		access := accessLog("web/access.log").covers(0, 300)
		app := appLog("shop.log").covers(0, 300)
		logged := func(at float64, url string, status int16) {
			app.sketch(at, uint64(at), "")
			q := &app.d.Requests[len(app.d.Requests)-1]
			q.Group, q.Status = urlKey(url), status
		}
		for at := 40.0; at < 90; at++ {
			logged(at, "GET /cart", 200)
		}
		logged(100.2, "GET /cart", 200) // the last before the switch
		for at := 100.0; at < 110; at++ {
			access.answers(at, "", 503, 2, madeBy(rules.MakerUnknown), func(t *rules.Tally) {
				t.Groups = []rules.URLGroup{{URL: "GET /cart", Failed: 2}}
			})
		}
		change(errors, app)
		errors.d.Source.Gateway, access.d.Source.Gateway = product, product
		r := report(t, Config{}, errors, access, app)
		if len(r.Incidents) != want || want == 0 && r.Totals.Refused != 20 {
			t.Errorf("%s: %s, %d refused", name, outline(r), r.Totals.Refused)
		}
	}
	f("maintenance", 0, "apache", func(_, _ *logFile) {})
	f("Varnish has no error log of requests", 1, "varnish", func(_, _ *logFile) {})
	f("the application answered so itself", 1, "apache", func(_, app *logFile) {
		for i := range app.d.Requests {
			if q := &app.d.Requests[i]; q.Micros >= utc(100) {
				q.Status = 503
			}
		}
		for at := 100.5; at < 110; at++ {
			app.sketch(at, uint64(at), "")
			q := &app.d.Requests[len(app.d.Requests)-1]
			q.Group, q.Status = urlKey("GET /cart"), 503
		}
	})
	f("the application does not log such requests", 1, "apache", func(_, app *logFile) { app.d.Requests = nil })
	f("the error log tells", 1, "apache", func(errors, _ *logFile) {
		for at := 100.0; at < 110; at++ {
			errors.fails(at, shopAddress, parser.SymptomConnRefused, 2)
		}
	})
}

// Two applications behind a gateway whose log names no upstream: one fails, and logs its requests in
// words that tell no URL group; the other logs all of its own, and none of those that failed.
func TestLinkByURLsThatAnotherAnswers(t *testing.T) {
	redis := &rules.Signature{ID: "dep-refused-node", Technology: "node", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeDependency, Meaning: "the application cannot reach <dependency>"}
	f := func(name string, want rules.Cause, asks string) {
		t.Helper()
		errors, access := errorLog("web/error.log").covers(0, 300), accessLog("web/access.log").covers(0, 300)
		loud := appLog("apps/catalogue.log").covers(0, 300)
		group := func(l *logFile, at float64, key uint64, url string) {
			l.sketch(at, key, "")
			q := &l.d.Requests[len(l.d.Requests)-1]
			q.Group, q.Status = urlKey(url), 200
		}
		for n := range uint64(40) {
			at := 20 + float64(n)
			group(access, at, n, "GET /catalogue/{id}")
			group(loud, at, n, "GET /catalogue/{id}")
			group(access, at+0.5, 1000+n, asks)
		}
		for at := 100.0; at < 106; at++ {
			errors.fails(at, shopAddress, parser.SymptomConnRefused, 2)
			access.answers(at, "", 502, 2, madeBy(rules.MakerUnknown), func(t *rules.Tally) { t.Groups = []rules.URLGroup{{URL: asks, Failed: 2}} })
			loud.says(at-0.5, redis, field("dependency", "127.0.0.1:6390"))
		}
		if in := incidents(t, 1, errors, access, loud)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, %+v", name, in.Verdict.Cause, in.Verdict.Alternatives)
		}
	}
	f("another's URLs", rules.CauseNotListening, "GET /billing/{id}")
	f("its own", rules.CauseDependencyFailure, "GET /catalogue/{id}")
}

// Two addresses fail at once, and the access log says of no request where it went: the error log does.
func TestURLsOfTwoCasesAtOnce(t *testing.T) {
	const other = "127.0.0.1:8001"
	errors, access := errorLog("error.log").covers(0, 300), accessLog("access.log").covers(0, 300)
	feeds, geo := appLog("feeds.log").covers(0, 300).says(99, heapExhausted), appLog("geod.log").covers(0, 300).says(99, goPanic)
	at := each(10, 90, 8)
	access.asked("/geo/%d", 200, at...).asked("/feeds/%d", 200, at...)
	geo.names("/geo/%d", at...)
	feeds.names("/feeds/%d", at...)
	for s := 100.0; s < 106; s++ {
		for path, address := range map[string]string{"/feeds/%d": shopAddress, "/geo/%d": other} {
			access.asked(path, 502, s)
			errors.fails(s, address, refused, 1)
			when, _ := errors.moment(s)
			errors.d.Requests = append(errors.d.Requests, rules.Request{
				Micros: when.From, Key: urlKey("GET " + pathAt(path, s)), Group: urlKey("GET " + groupOf(path)), FailedAt: address, Stream: rules.StreamGateway,
			})
		}
	}
	want := map[string]rules.Cause{shopAddress: rules.CauseMemoryExhausted, other: rules.CauseUnhandledException}
	for _, in := range incidents(t, 2, errors, access, feeds, geo) {
		if in.Verdict.Cause != want[in.Upstreams[0]] {
			t.Errorf("%s: %s", in.Upstreams[0], in.Verdict.Cause)
		}
	}
}

// A group that two services have is nobody's, and the others stay whose they are.
func TestURLOwners(t *testing.T) {
	orders, invoices, named := &service{groups: map[uint64]int{8: 1, 16: 2, 24: 0}}, &service{groups: map[uint64]int{16: 1, 32: 5, 40: 1}}, &service{byName: true, groups: map[uint64]int{32: 1, 49: 3}}
	for group := range uint64(64) {
		invoices.groups[128+8*group] = 1
	}
	e := &Engine{services: []*service{orders, invoices, named}}
	for group, want := range map[uint64]*service{8: orders, 16: nil, 24: nil, 32: invoices, 40: invoices, 49: nil} {
		if got := e.onlyAnswers(group); got != want {
			t.Errorf("group %d: %v", group, got)
		}
	}
	for group := range uint64(64) {
		if e.onlyAnswers(128+8*group) != invoices {
			t.Errorf("group %d", 128+8*group)
		}
	}
	if !e.answered(16) || e.answered(24) || e.answered(49) {
		t.Error("answered")
	}
	if e.onlyNames(32) != named || e.onlyNames(33) != named || e.onlyNames(49) != named || e.onlyNames(16) != nil {
		t.Error("named")
	}
}

// What too many services name is not asked of each of them for each pool.
func TestFailingNamer(t *testing.T) {
	names := func(at ...int64) *service {
		sv := &service{last: 86400 * parser.Second}
		for _, at := range at {
			sv.named = append(sv.named, rules.Request{Micros: at * parser.Second, Group: 8, Named: true})
		}
		return sv
	}
	p := &pool{asked: map[uint64]int{9: 3}, span: rules.Interval{From: 100 * parser.Second, To: 110 * parser.Second}}
	during, always := names(101, 103, 105), names(101, 500, 900, 1300)
	for _, c := range []struct {
		services []*service
		want     *service
	}{
		{[]*service{during, always}, during},
		{[]*service{during, names(102, 104, 106)}, nil},
		{slices.Repeat([]*service{names(900)}, 3), nil},
	} {
		if got := (&Engine{services: c.services}).failingNamer(p); got != c.want {
			t.Errorf("%d services: %v", len(c.services), got)
		}
	}
	many := []*service{during}
	for range maxNamesakes {
		many = append(many, names(900))
	}
	if got := (&Engine{services: many}).failingNamer(p); got != nil {
		t.Errorf("of %d: %v", len(many), got)
	}
}
