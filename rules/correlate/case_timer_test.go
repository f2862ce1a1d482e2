package correlate

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// 504s of an access log that does not tell how far they came.
func TestTimeoutsOfOneLength(t *testing.T) {
	f := func(name string, want rules.Cause, waited func(i int) float64, change func(l, app *logFile)) {
		t.Helper()
		l, app := accessLog("access.log"), appLog("app.log").knows(0, rules.FactListens, shopAddress)
		l.serves(60, 140, shopAddress)
		for i := range 16 {
			l.answers(100+float64(i)/2, shopAddress, 504, 1, endedWith(parser.SymptomOther, waited(i)))
		}
		if change != nil {
			change(l, app)
		}
		in := incidents(t, 1, l.covers(0, 300), app.covers(0, 300))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
		}
		if want == rules.CauseSlowUpstream && !strings.HasPrefix(in.Evidence[0].Why, "each was given up after 3.0 s, the gateway's timeout, while") {
			t.Errorf("%s: %s", name, in.Evidence[0].Why)
		}
	}
	near3 := func(i int) float64 { return 2.998 + float64(i)/500 }
	f("all after three seconds", rules.CauseSlowUpstream, near3, nil)
	f("after two and after three", rules.CauseUnknown, func(i int) float64 { return float64(2 + i%2) }, nil)
	f("after any time", rules.CauseUnknown, func(i int) float64 { return 2.5 + float64(i)/10 }, nil)
	f("nobody was answered", rules.CauseUnknown, near3, func(l, _ *logFile) {
		for i := range l.d.Tallies {
			if l.d.Tallies[i].Status == 200 && l.d.Tallies[i].Second >= epoch+97 {
				l.d.Tallies[i].Upstream = "127.0.0.1:9999"
			}
		}
	})
	f("the application answered 504", rules.CauseUnknown, near3, func(_, app *logFile) {
		app.asks(101, 7, "", 504)
	})
}

// Squid does not say how a connect failed; that it was answered at once does.
func TestConnectsThatFailAtOnce(t *testing.T) {
	f := func(name string, want rules.Cause, waited, served float64) {
		t.Helper()
		l, errors := accessLog("squid/access.log").serves(60, 99, shopAddress), errorLog("squid/cache.log")
		for i := range 12 {
			at := 100 + float64(i)
			errors.fails(at, shopAddress, parser.SymptomOther, 1, func(e *rules.Event) { e.Phase = parser.PhaseConnecting })
			l.answers(at, shopAddress, 503, 1, endedWith(parser.SymptomOther, waited))
		}
		if served > 0 {
			l.answers(90, shopAddress, 200, 1, endedWith(parser.SymptomNone, served))
		}
		in := incidents(t, 1, l.covers(0, 300), errors.covers(0, 300))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
		}
	}
	f("answered at once", rules.CauseNotListening, 0.001, 0.02)
	f("in no millisecond, but times are logged", rules.CauseNotListening, 0, 0.02)
	f("waited for", rules.CauseUnknown, 3, 0.02)
	f("times are not logged", rules.CauseUnknown, 0, 0)
}

// A zone without memory refuses with 503 (ngx_http_limit_conn_module).
func TestRefusalsForWantOfMemory(t *testing.T) {
	l, errors := accessLog("nginx/access.log").serves(60, 140, shopAddress), errorLog("nginx/error.log")
	for s := 100.0; s < 105; s++ {
		errors.fails(s, "", parser.SymptomNoMemory, 3, onHost(""), func(e *rules.Event) { e.Phase = parser.PhaseNone })
		l.answers(s, "", 503, 3, madeBy(rules.MakerGateway))
	}
	l.answers(200, "", 503, 3, madeBy(rules.MakerGateway)) // a maintenance page
	in := incidents(t, 1, l.covers(0, 300), errors.covers(0, 300))[0]
	if in.Verdict.Cause != rules.CauseGatewayResources || in.FailedRequests != 15 {
		t.Errorf("%s, %d failed", in.Verdict.Cause, in.FailedRequests)
	}
}
