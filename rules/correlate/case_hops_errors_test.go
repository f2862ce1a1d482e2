package correlate

import (
	"strings"
	"testing"

	"culprit/rules"
)

// Of the inner gateway only the error log is here: the requests that it names are those that the
// outer one's access log says failed, and at other times or of other names they are none.
func TestErrorLogOfTheInnerGateway(t *testing.T) {
	f := func(name string, want bool, late float64, key func(second int) uint64) {
		t.Helper()
		app := appLog("app/fleet.log").knows(0, rules.FactListens, appAddress).says(100, goPanic).covers(0, 300)
		outer, inner := accessLog("edge/access.log").covers(0, 300), errorLog("inner/error.log").covers(0, 300)
		for s := 60; s < 140; s++ {
			status := int16(200)
			if s >= 100 && s < 112 {
				status = 502
				outer.answers(float64(s), outerAddress, 502, 1, byUpstream)
				inner.fails(float64(s)+late, appAddress, refused, 1).asks(float64(s)+late, key(s), "", 0)
			}
			outer.asks(float64(s), uint64(s), outerAddress, status)
		}
		taught := false
		for _, in := range incidents(t, 2, outer, inner, app) {
			if in.Upstreams[0] == outerAddress {
				taught = in.Verdict.Cause == rules.CauseUnhandledException && proved(&in, goPanic)
			}
		}
		if taught != want {
			t.Errorf("%s: %v, want %v", name, taught, want)
		}
	}
	same := func(second int) uint64 { return uint64(second) }
	f("the same requests", true, 0, same)
	f("other requests", false, 0, func(second int) uint64 { return uint64(1000 + second) })
	f("at another time", false, 5, same)
}

// Apache's lines of a refused connection name no request, but its access log, which HAProxy's holds
// and which is counted there, does; of two addresses that failed at once it does not tell which.
func TestErrorAndAccessLogOfTheInnerGateway(t *testing.T) {
	f := func(name string, want bool, change func(inner *logFile, second float64)) {
		t.Helper()
		app := appLog("app/fleet.log").knows(0, rules.FactListens, appAddress).says(100, goPanic).covers(0, 300)
		outer, inner, requests := accessLog("haproxy/haproxy.log").covers(0, 300), errorLog("apache2/error.log").covers(0, 300), accessLog("apache2/access.log").covers(0, 300)
		outer.d.Source.Gateway, inner.d.Source.Gateway = "haproxy", "apache"
		for s := 60; s < 140; s++ {
			at, status := float64(s), int16(200)
			if s >= 100 && s < 112 {
				status = 503
				change(inner.fails(at, appAddress, refused, 1, onHost("")), at)
			}
			outer.answers(at, outerAddress, status, 1, byUpstream).asks(at, uint64(s), outerAddress, status)
			requests.answers(at, "", status, 1).asks(at, uint64(s), "", status)
		}
		taught := false
		for _, in := range report(t, Config{}, outer, inner, requests, app).Incidents {
			if in.Upstreams[0] == outerAddress {
				taught = in.Verdict.Cause == rules.CauseUnhandledException && proved(&in, goPanic)
			}
		}
		if taught != want {
			t.Errorf("%s: %v, want %v", name, taught, want)
		}
	}
	f("one address", true, func(*logFile, float64) {})
	f("two addresses", false, func(inner *logFile, at float64) { inner.fails(at, "127.0.0.1:9002", refused, 1, onHost("")) })
}

// Go's net/http/httputil names no request. The log says that it listens where the outer gateway's
// requests failed, and it complains as often.
func TestInnerGatewayWhoseLinesNameNoRequest(t *testing.T) {
	f := func(name string, want bool, listens string, each int64, late float64) {
		t.Helper()
		outer, inner := accessLog("nginx/access.log").covers(0, 300), errorLog("apigw/apigw.log").knows(0, rules.FactListens, listens).covers(0, 300)
		inner.d.Source.Gateway = "go-httputil"
		for s := 60; s < 140; s++ {
			status := int16(200)
			if s >= 100 && s < 112 {
				status = 502
				outer.answers(float64(s), outerAddress, 502, 3, byUpstream)
				inner.fails(float64(s)+late, appAddress, refused, each, onHost(""))
			}
			outer.asks(float64(s), uint64(s), outerAddress, status)
		}
		taught := false
		for _, in := range incidents(t, 2, outer, inner) {
			if in.Upstreams[0] == outerAddress {
				taught = in.Verdict.Cause == rules.CauseNotListening
				if want && !strings.Contains(in.Summary, appAddress+", behind "+outerAddress) {
					t.Errorf("%s: %s", name, in.Summary)
				}
			}
		}
		if taught != want {
			t.Errorf("%s: %v, want %v", name, taught, want)
		}
	}
	_, port, _ := strings.Cut(outerAddress, ":")
	f("as many", true, ":"+port, 3, 0)
	f("it listens elsewhere", false, ":1", 3, 0)
	f("it complains of few", false, ":"+port, 1, 0)
	f("of many more", false, ":"+port, 9, 0)
	f("a minute later", false, ":"+port, 3, 60)
}
