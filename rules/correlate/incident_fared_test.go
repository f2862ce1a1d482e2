package correlate

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// good is a request that was answered well, asking for what one URL group holds.
func (l *logFile) good(seconds float64, url, upstream string) *logFile {
	l.sketch(seconds, urlKey(url), upstream)
	l.d.Requests[len(l.d.Requests)-1].Group = urlKey(url)
	return l
}

func forURL(url string) tallyChange {
	return func(t *rules.Tally) { t.Groups = []rules.URLGroup{{URL: url, Failed: t.Count}} }
}

// What fails only for one thing that is asked for fails on any server, and what else was answered
// tells nothing of it; unless it was answered, too.
func TestFailuresOfOneThing(t *testing.T) {
	f := func(name string, ofOne bool, change func(a *logFile)) {
		t.Helper()
		a := accessLog("a").serves(0, 60, shopAddress)
		for s := range 10 {
			a.good(float64(s), "GET /", shopAddress)
		}
		change(a)
		e := errorLog("e")
		for s := range 3 {
			e.fails(float64(20+4*s), shopAddress, parser.SymptomPrematureClose, 1)
		}
		in := incidents(t, 1, a, e)[0]
		next := strings.Join(in.Prevent, "\n")
		if got := strings.Contains(next, "all that failed asked for GET /reports/yearly"); got != ofOne || ofOne != (in.Backoff == (rules.Backoff{})) {
			t.Errorf("%s: of one thing: %v, back-off %+v\n%s", name, got, in.Backoff, next)
		}
	}
	fails := func(a *logFile, urls ...string) {
		for s := range 3 {
			a.answers(float64(20+4*s), shopAddress, 502, 1, forURL(urls[s%len(urls)]))
		}
	}
	f("one thing", true, func(a *logFile) { fails(a, "GET /reports/yearly") })
	f("two things", false, func(a *logFile) { fails(a, "GET /reports/yearly", "GET /") })
	f("one thing that was answered, too", false, func(a *logFile) {
		fails(a, "GET /reports/yearly")
		a.good(22, "GET /reports/yearly", shopAddress)
	})
	f("one thing, and hardly anything else was asked for", false, func(a *logFile) {
		fails(a, "GET /reports/yearly")
		a.d.Requests = a.d.Requests[:2]
	})
}

// Until when it was answered well is told where the log covers the time before.
func TestWhatWorked(t *testing.T) {
	f := func(name, want string, before func(a *logFile)) {
		t.Helper()
		a := accessLog("a").serves(0, 20, shopAddress)
		before(a)
		a.answers(21, shopAddress, 502, 2, forURL("GET /a")).answers(25, shopAddress, 502, 2, forURL("GET /b"))
		in := incidents(t, 1, a, errorLog("e").fails(21, shopAddress, parser.SymptomConnRefused, 2).fails(25, shopAddress, parser.SymptomConnRefused, 2))[0]
		if got := strings.Join(in.Advice, "\n"); in.Verdict.Cause != rules.CauseNotListening || !strings.Contains(got, want) {
			t.Errorf("%s, %s: no %q in\n%s", name, in.Verdict.Cause, want, got)
		}
	}
	f("worked", "look at what was changed after 14:13:38 UTC: until then GET /b was answered well", func(a *logFile) {
		a.good(2, "GET /a", shopAddress).good(18, "GET /b", shopAddress).good(19, "GET /c", shopAddress)
	})
	f("only elsewhere", "these logs hold no good answer to what failed from before it", func(a *logFile) {
		a.good(2, "GET /a", "127.0.0.1:9").good(18, "GET /c", shopAddress)
	})
	f("the log begins with it", "see whether anything listens", func(a *logFile) { a.good(18, "GET /c", shopAddress) })
}

// What another machine's gateway answered well says nothing of this one's.
func TestWhatWorkedElsewhere(t *testing.T) {
	here, there := accessLog("web-1/nginx/access.log").serves(0, 20, ""), accessLog("web-2/nginx/access.log").serves(0, 20, "")
	here.good(2, "GET /c", "").good(18, "GET /c", "").answers(21, "", 502, 2, forURL("GET /a"))
	there.good(2, "GET /a", "").good(19, "GET /a", "")
	logs := []*logFile{here, there}
	for i, folder := range []string{"web-1", "web-2"} {
		l := errorLog(folder+"/nginx/error.log").covers(0, 30)
		if i == 0 {
			l.fails(21, shopAddress, parser.SymptomConnRefused, 2)
		}
		logs = append(logs, l)
	}
	in := incidents(t, 1, logs...)[0]
	if got, want := strings.Join(in.Advice, "\n"), "these logs hold no good answer to what failed from before it"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// A gateway that is nginx with modules is called by its own name where its own words tell it: a
// client's do not.
func TestFlavours(t *testing.T) {
	for text, want := range map[string]string{
		`2026/11/26 12:48:12 [error] 16043#16043: *121 lua entry thread aborted: runtime error: /srv/app/router.lua:5: attempt to index a nil value`:                                              "openresty",
		`2026/11/26 12:48:12 [error] 1#0: *1 [lua] router.lua:7: no upstream, client: 10.0.0.1`:                                                                                                   "openresty",
		`2026/11/26 12:48:12 [error] 2291#0: *31 [kong] init.lua:371 [lua] balancer.lua:358: failed the initial dns/balancer resolve, client: 10.0.0.1, server: kong, request: "GET / HTTP/1.1"`:  "kong",
		`2026/11/26 12:48:12 [error] 51#51: *2 [lua] init.lua:546: /usr/local/apisix/apisix/init.lua:546: failed to pick server, client: 10.0.0.1`:                                                "apisix",
		`2026/11/26 12:48:12 [error] 1#1: *2 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: _, request: "GET /kong/openresty/[lua] HTTP/1.1"`: "nginx",
	} {
		l := errorLog("e").fails(1, shopAddress, parser.SymptomOther, 1, func(e *rules.Event) { e.Text = text })
		if in := incidents(t, 1, l)[0]; in.Gateway != want {
			t.Errorf("%s: %s, want %s", text, in.Gateway, want)
		}
	}
}

// An access log of the form that nginx and Apache share is the gateway's that the others are of.
func TestSharedAccessForm(t *testing.T) {
	f := func(want string, products ...string) {
		t.Helper()
		a := accessLog("a").answers(1, "", 502, 1)
		a.d.Source.Format = "nginx-access"
		logs := []*logFile{a}
		for _, product := range products {
			l := errorLog(product).fails(1, shopAddress, parser.SymptomConnRefused, 1)
			l.d.Source.Gateway, l.d.Source.Format = product, product+"-error"
			logs = append(logs, l)
		}
		for _, s := range report(t, Config{}, logs...).Sources {
			if s.Path == "a" && s.Format != want {
				t.Errorf("beside %v: %s, want %s", products, s.Format, want)
			}
		}
	}
	f("apache-access", "apache")
	f("nginx-access", "nginx")
	f("nginx-access", "apache", "nginx")
	f("nginx-access", "apache", "lighttpd")
	f("nginx-access")
	l := errorLog("apigw").fails(1, "127.0.0.1:9999", parser.SymptomConnRefused, 1)
	l.d.Source.Gateway, l.d.Source.Format = "go-httputil", "go-proxy-error"
	a := accessLog("a").answers(1, shopAddress, 502, 1) // it names upstreams: no other product's
	a.d.Source.Format = "nginx-access"
	for _, s := range report(t, Config{}, a, l).Sources {
		if s.Path == "a" && s.Format != "nginx-access" {
			t.Errorf("one that names upstreams: %s", s.Format)
		}
	}
}
