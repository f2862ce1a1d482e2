package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Who listens elsewhere after a restart is not restarting any more.
func TestListensElsewhere(t *testing.T) {
	at := func(address string) rules.Field { return field(rules.FieldAddress, address) }
	f := func(name string, want rules.Cause, change func(app *logFile)) {
		t.Helper()
		errors, app := errorLog("error.log").covers(0, 300), appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, shopAddress)
		for s := range 20 {
			errors.fails(float64(101+s), shopAddress, refused, 3)
		}
		app.says(0, serving, at(shopAddress)).says(100, stopping)
		change(app)
		in := incidents(t, 1, errors, app)[0]
		if in.Verdict.Cause != want || want == rules.CauseNotListening != proved(&in, serving) {
			t.Errorf("%s: %s, want %s: %s", name, in.Verdict.Cause, want, in.Summary)
		}
	}
	f("on another port", rules.CauseNotListening, func(l *logFile) { l.says(102, serving, at("127.0.0.1:8001")) })
	f("on both", rules.CauseRestart, func(l *logFile) {
		l.says(119, serving, at("127.0.0.1:8001"))
		l.says(120, serving, at(shopAddress))
	})
	f("late", rules.CauseRestart, func(l *logFile) { l.says(118, serving, at("127.0.0.1:8001")) })
	f("nowhere yet", rules.CauseRestart, func(*logFile) {})
}

// An access log without reasons (Traefik's) does not say that connections were refused, and does not
// deny it; a connection that was closed does.
func TestListensElsewhereByAccessLinesAlone(t *testing.T) {
	f := func(class parser.Symptom, want rules.Cause) {
		t.Helper()
		access, app := accessLog("access.log").serves(0, 100, shopAddress), appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, shopAddress)
		access.d.Source.Gateway, access.d.Source.HasErrors = "traefik", true
		for s := range 20 {
			access.fails(float64(101+s), shopAddress, class, 3, func(e *rules.Event) { e.Asked = true })
		}
		app.says(0, serving, field(rules.FieldAddress, shopAddress)).says(100, stopping).says(102, serving, field(rules.FieldAddress, "127.0.0.1:8001"))
		if in := incidents(t, 1, access, app)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %s", class, in.Verdict.Cause, want, in.Summary)
		}
	}
	f(parser.SymptomOther, rules.CauseNotListening)
	f(parser.SymptomPrematureClose, rules.CauseUnknown)
}

// A service that says that it serves, and not where, and is refused to the end, serves elsewhere.
func TestServesElsewhere(t *testing.T) {
	f := func(name string, want rules.Cause, change func(app, errors, access *logFile)) {
		t.Helper()
		errors, app := errorLog("error.log").covers(0, 140), appLog("shop.log").covers(0, 140).knows(0, rules.FactListens, shopAddress)
		access := accessLog("access.log").serves(0, 100, shopAddress)
		for s := range 20 {
			errors.fails(float64(101+s), shopAddress, refused, 3)
			access.answers(float64(101+s), shopAddress, 502, 3)
		}
		app.says(0, serving).says(100, stopping)
		change(app, errors, access)
		in := incidents(t, 1, errors, app, access)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %s", name, in.Verdict.Cause, want, in.Summary)
		}
	}
	f("refused for long", rules.CauseNotListening, func(app, _, _ *logFile) { app.says(102, serving) })
	f("refused for a moment", rules.CauseRestart, func(app, _, _ *logFile) { app.says(118, serving) })
	f("answered in the end", rules.CauseRestart, func(app, _, access *logFile) {
		app.says(102, serving)
		access.serves(122, 140, shopAddress)
	})
	f("not stopped before", rules.CauseNotListening, func(app, _, _ *logFile) {
		app.d.Events = nil
		app.says(102, serving)
	})
}

// What a server says that it speaks is told by its scheme; a stop that was over before the first
// failure is none of the failures' cause if nothing was refused.
func TestSpeaksAnotherScheme(t *testing.T) {
	f := func(name string, want rules.Cause, text string, change func(app, errors *logFile)) {
		t.Helper()
		errors, app := errorLog("error.log").covers(0, 300), appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, shopAddress)
		for s := range 20 {
			errors.fails(float64(103+s), shopAddress, parser.SymptomConnReset, 3)
		}
		app.says(98, stopping).says(100, serving, field(rules.FieldAddress, shopAddress))
		app.d.Events[1].Text = text
		change(app, errors)
		in := incidents(t, 1, errors, app)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %s", name, in.Verdict.Cause, want, in.Summary)
		}
	}
	same := func(*logFile, *logFile) {}
	f("TLS to a gateway that speaks plain", rules.CauseProtocolMismatch, "Listening at: https://127.0.0.1:8000 (5438)", same)
	untold := func(product string) func(_, errors *logFile) { // lighttpd writes "socket: tcp:127.0.0.1:8000" of whatever it speaks
		return func(_, errors *logFile) {
			errors.d.Source.Gateway = product
			for i := range errors.d.Events {
				errors.d.Events[i].Scheme = ""
			}
		}
	}
	f("TLS to a gateway that cannot speak it", rules.CauseProtocolMismatch, "Listening at: https://127.0.0.1:8000 (5438)", untold("lighttpd"))
	f("TLS to a gateway that may speak it", rules.CauseUnknown, "Listening at: https://127.0.0.1:8000 (5438)", untold("haproxy"))
	f("the same", rules.CauseUnknown, "Listening at: http://127.0.0.1:8000 (5438)", same)
	f("nothing told", rules.CauseUnknown, "Listening at: 127.0.0.1:8000 (5438)", same)
	f("one of many before it served", rules.CauseUnknown, "Listening at: 127.0.0.1:8000 (5438)", func(_, errors *logFile) {
		errors.fails(98, shopAddress, parser.SymptomConnReset, 1)
	})
	f("half of them before it served", rules.CauseRestart, "Listening at: 127.0.0.1:8000 (5438)", func(_, errors *logFile) {
		errors.fails(98, shopAddress, parser.SymptomConnReset, 60)
	})
	f("refused for as long as it was not there", rules.CauseProtocolMismatch, "Listening at: https://127.0.0.1:8000 (5438)", func(_, errors *logFile) {
		errors.fails(99, shopAddress, refused, 9)
	})
	f("refused long after", rules.CauseRestart, "Listening at: https://127.0.0.1:8000 (5438)", func(_, errors *logFile) {
		errors.fails(99, shopAddress, refused, 9).fails(120, shopAddress, refused, 9)
	})
	f("refused, too", rules.CauseRestart, "Listening at: http://127.0.0.1:8000 (5438)", func(_, errors *logFile) {
		errors.fails(99, shopAddress, refused, 9)
	})
}

// Cloudflare tells the origin's address and no port: an application that listens on any address may be
// it, one that listens on another address is not.
func TestListensBehindAnAddressWithoutAPort(t *testing.T) {
	f := func(upstream, listens string, want rules.Cause) {
		t.Helper()
		log := appLog("label.log").covers(0, 300).knows(0, rules.FactListens, listens)
		gateway := errorLog("requests.ndjson").covers(0, 300)
		for s := 100.0; s < 106; s++ {
			gateway.fails(s, upstream, parser.SymptomPrematureClose, 1)
		}
		log.says(99.5, goPanic)
		if got := incidents(t, 1, gateway, log)[0].Verdict.Cause; got != want {
			t.Errorf("%s, which listens on %s: %s, want %s", upstream, listens, got, want)
		}
	}
	f("192.0.2.33", ":443", rules.CauseUnhandledException)
	f("192.0.2.33", "0.0.0.0:443", rules.CauseUnhandledException)
	f("192.0.2.33", "10.0.0.5:443", rules.CauseUnknown)
	f("192.0.2.33:80", ":443", rules.CauseUnknown)
}
