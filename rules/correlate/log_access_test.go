package correlate

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A failed request counts once, whether one log of its gateway tells of it or two.
func TestSecondLogsCountOnce(t *testing.T) {
	access := func(path string, from float64, failures int64) *logFile {
		l := accessLog(path)
		for i := range 20 {
			l.answers(from+float64(i), "", 200, 1, asked()).sketch(from+float64(i), uint64(i%7+1), "")
		}
		if failures > 0 {
			l.answers(from+10, "", 503, failures, asked(1)).answers(from+11, "", 503, failures, asked(1))
		}
		return l
	}
	f := func(name string, failed, requests int64, logs ...*logFile) {
		t.Helper()
		r := report(t, Config{}, logs...)
		if r.Totals.FailedRequests != failed || r.Totals.Requests != requests {
			t.Errorf("%s: %d of %d requests failed, want %d of %d", name, r.Totals.FailedRequests, r.Totals.Requests, failed, requests)
		}
		for i := range r.Incidents {
			if r.Incidents[i].FailedRequests > failed {
				t.Errorf("%s: %s", name, outline(r))
			}
		}
	}
	refused := func() *logFile {
		return errorLog("apache2/error.log").fails(10, shopAddress, parser.SymptomConnRefused, 6).fails(11, shopAddress, parser.SymptomConnRefused, 6)
	}
	f("one log", 12, 32, refused(), access("apache2/access.log", 0, 6))
	f("two of one folder", 12, 32, refused(), access("apache2/access.log", 0, 6), access("apache2/other_vhosts_access.log", 0, 6))
	f("three", 12, 32, access("apache2/access.log", 0, 6), access("apache2/custom.log", 0, 6), access("apache2/other_vhosts_access.log", 0, 6))
	f("one that stamps the end", 12, 32, access("apache2/access.log", 0, 6), access("apache2/custom.log", 1, 6))
	f("one that tells of less", 12, 32, access("apache2/access.log", 0, 6), access("apache2/errors.log", 0, 2))
	f("the log of another folder", 24, 64, access("apache2/access.log", 0, 6), access("edge/access.log", 0, 6))
	f("other requests", 24, 64, access("apache2/access.log", 0, 6), access("apache2/shop.log", 300, 6))
	f("one path that all are asked for", 24, 64, onePath(access("logs/web-1.log", 0, 6)), onePath(access("logs/web-2.log", 0, 6)))
}

// Express with morgan writes its requests in the form of nginx beside what it throws: that log is the
// application's own, and what failed in it is what the gateway before it passed on.
func TestLogThatSpeaksIsTheApplications(t *testing.T) {
	threw := &rules.Signature{ID: "node-type-error", Cause: rules.CauseUnhandledException, Scope: rules.ScopeRequest, Technology: "node"}
	access := func(path, product string) *logFile {
		l := accessLog(path)
		l.d.Source.Gateway = product
		for i := range 20 {
			l.answers(float64(i), "", 200, 1, asked()).sketch(float64(i), uint64(i%7+1), "")
		}
		return l.answers(10, "", 500, 6, asked(1)).answers(11, "", 500, 6, asked(1))
	}
	own := access("quotes.log", "nginx").says(10, threw).says(11, threw)
	r := report(t, Config{}, own, access("varnish/varnishncsa.log", "varnish"))
	if r.Totals.FailedRequests != 12 || len(r.Incidents) != 1 || r.Incidents[0].Gateway != "varnish" {
		t.Errorf("%d failed\n%s", r.Totals.FailedRequests, outline(r))
	}
	dead := accessLog("quotes.log")
	dead.d.Source.Gateway = "nginx"
	for i := range 20 {
		dead.answers(float64(i), "", 200, 1, asked()).sketch(float64(i), uint64(i%7+1), "")
	}
	if r := report(t, Config{}, dead.says(0, threw), access("varnish/varnishncsa.log", "varnish")); r.Totals.Requests != 32 {
		t.Errorf("failures that only the gateway tells: %d requests, want its 32", r.Totals.Requests)
	}
	if r := report(t, Config{}, access("web.log", "nginx"), access("varnish/varnishncsa.log", "varnish")); r.Totals.FailedRequests != 24 {
		t.Errorf("two gateways of which nothing tells which is behind: %d failed", r.Totals.FailedRequests)
	}
}

// gunicorn binds 0.0.0.0:8000 and its access lines are all of 127.0.0.1: so the gateway, whose log
// names no upstream, asks 127.0.0.1:8000. Clients of other machines leave that open.
func TestServiceThatThisMachineAsks(t *testing.T) {
	threw := &rules.Signature{ID: "gunicorn-request-error", Cause: rules.CauseUnhandledException, Strong: true, Scope: rules.ScopeRequest, Technology: "gunicorn"}
	for loopback, want := range map[bool]string{true: "127.0.0.1:8000", false: ""} {
		access := func(path, product string) *logFile {
			l := accessLog(path)
			l.d.Source.Gateway = product
			for i := range 40 {
				l.answers(float64(i), "", 200, 1, asked()).sketch(float64(i), uint64(i+1), "")
			}
			return l.answers(20, "", 500, 6, asked(21)).answers(21, "", 500, 6, asked(22))
		}
		own := access("app.log", "nginx").says(20, threw).says(21, threw).knows(0, rules.FactListens, "0.0.0.0:8000")
		own.d.Source.Loopback = loopback
		if r := report(t, Config{}, own, access("caddy/access.log", "caddy")); len(r.Incidents) != 1 || firstOf(r.Incidents[0].Upstreams) != want {
			t.Errorf("loopback %v: %s", loopback, outline(r))
		}
	}
}

// Varnish passes on what lighttpd answers, and stamps the end of a request where lighttpd's clock ticks
// once a second: neither names an upstream, and lighttpd's error log tells why.
func TestPassedOnRequestsCountOnce(t *testing.T) {
	access := func(path, product string, from float64, failures int64) *logFile {
		l := accessLog(path)
		l.d.Source.Gateway = product
		for i := range 40 {
			l.answers(from+float64(i), "", 200, 1, asked()).sketch(from+float64(i), uint64(i+1), "")
			if i >= 10 && i < 16 {
				l.answers(from+float64(i), "", 503, failures, asked(1))
			}
		}
		return l
	}
	refused := func() *logFile {
		l := errorLog("lighttpd/error.log").fails(10, shopAddress, parser.SymptomConnRefused, 1)
		l.d.Source.Gateway = "lighttpd"
		return l
	}
	f := func(name string, failed int64, logs ...*logFile) {
		t.Helper()
		if r := report(t, Config{}, append(logs, refused())...); r.Totals.FailedRequests != failed {
			t.Errorf("%s: %d requests failed, want %d", name, r.Totals.FailedRequests, failed)
		}
	}
	f("one second later", 30, access("lighttpd/access.log", "lighttpd", 0, 5), access("varnish/access.log", "varnish", 1, 5))
	f("more failed at the outer one", 72, access("lighttpd/access.log", "lighttpd", 0, 5), access("varnish/access.log", "varnish", 0, 7))
}

// varnishlog -q 'RespStatus >= 500' tells of the failed requests only, which varnishncsa has among all.
func TestFilteredLogCountsOnce(t *testing.T) {
	all, failed := accessLog("varnish/varnishncsa.log"), errorLog("varnish/varnishlog.txt")
	failed.d.Source.HasAccess = true
	for i := range 30 {
		at := float64(i)
		all.sketch(at, uint64(i), "")
		if i < 20 {
			all.answers(at, "", 200, 1, asked())
			continue
		}
		all.answers(at, "", 503, 1, asked(uint64(i)))
		failed.fails(at, "default", parser.SymptomConnRefused, 1).answers(at, "default", 503, 1, asked(uint64(i))).sketch(at, uint64(i), "default")
	}
	r := report(t, Config{}, all, failed)
	if r.Totals.FailedRequests != 10 || r.Totals.Requests != 30 || len(r.Incidents) != 1 || r.Incidents[0].FailedRequests != 10 {
		t.Errorf("%d of %d requests failed, want 10 of 30: %s", r.Totals.FailedRequests, r.Totals.Requests, outline(r))
	}
}

func onePath(l *logFile) *logFile {
	for i := range l.d.Requests {
		l.d.Requests[i].Key = 5
	}
	return l
}

// A gateway's log in a format of one's own looks like an application's, and stands behind no address.
func TestOwnFormatIsNoService(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		access, own := accessLog("varnish/varnishncsa.log"), appLog(path)
		for i := range 20 {
			access.answers(float64(i), "", 200, 1, asked()).sketch(float64(i), uint64(i%7+1), "")
			own.sketch(float64(i), uint64(i%7+1), "")
		}
		got := incidents(t, 1, errorLog("varnish/varnishlog.txt").fails(10, "default", parser.SymptomConnRefused, 6), access, own)[0].Service
		if got != want {
			t.Errorf("%s: the service is %q, want %q", path, got, want)
		}
	}
	f("varnish/own.log", "")
	f("shop/own.log", "own")
}

// BenchmarkDecideManySites is a machine that serves a thousand sites, each with an access log and an
// error log of its own in one folder, some hundred requests and some failures: with upstreams told
// in the access logs or not, and with the same paths asked for everywhere at once.
func BenchmarkDecideManySites(b *testing.B) {
	for _, like := range []struct {
		name        string
		told, alike bool
	}{{"told", true, false}, {"untold", false, false}, {"alike", true, true}, {"alike-untold", false, true}} {
		b.Run(like.name, func(b *testing.B) {
			sites := 1000
			if testing.Short() {
				sites = 250
			}
			var logs []*logFile
			for site := range sites {
				access, errors := accessLog(fmt.Sprintf("nginx/site%d.access.log", site)), errorLog(fmt.Sprintf("nginx/site%d.error.log", site)).local(7200)
				address := fmt.Sprintf("10.0.%d.%d:80", site/250, site%250)
				upstream := ""
				if like.told {
					upstream = address
				}
				for i := range 200 {
					key := uint64(site*1000 + i + 1)
					if like.alike {
						key = uint64(i + 1)
					}
					s := float64(2 * i)
					access.answers(s, upstream, 200, 3).sketch(s, key, upstream)
					if i%20 == site%20 {
						access.answers(s, upstream, 502, 1, wanted(key))
						errors.fails(s, address, refused, 1, asking(key)).sketch(s, key, "")
					}
				}
				logs = append(logs, access, errors)
			}
			for b.Loop() {
				if n := len(decideAll(Config{}, logs...).Incidents); n < sites/2 {
					b.Fatalf("%d incidents", n)
				}
			}
		})
	}
}

// Traefik 1 says in its own log why a request failed ("Error forwarding to http://172.18.0.3:8080, err: …",
// at a warning), and its access log has the request: that is one error line. Where only the access log
// tells, its lines are all there are.
func TestErrorLinesOfTwoLogs(t *testing.T) {
	const address = "172.18.0.3:8080"
	asked := func(e *rules.Event) { e.Asked = true }
	requests := func() *logFile {
		l := accessLog("access.log").fails(0, address, parser.SymptomOther, 30, onHost(""), asked)
		l.d.Source.HasErrors = true
		return l
	}
	f := func(name string, want int64, logs ...*logFile) {
		t.Helper()
		r := report(t, Config{}, logs...)
		if len(r.Incidents) != 1 || r.Incidents[0].ErrorLines != want || r.Totals.GatewayErrorLines != want {
			t.Errorf("%s: %d in all, want %d: %s", name, r.Totals.GatewayErrorLines, want, outline(r))
		}
	}
	f("both", 30, requests(), errorLog("traefik.log").fails(0, address, refused, 30, onHost("")))
	f("the access log alone", 30, requests())
	f("what the health check says, beside it", 31, requests(), errorLog("traefik.log").fails(0, address, parser.SymptomPeerDown, 1, onHost(""), func(e *rules.Event) { e.Rank = parser.RankSecondary }))
}
