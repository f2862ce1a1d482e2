package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Two machines' gateways are asked by one client for the same in one second, and both fail: each access
// log has the failures of its own.
func TestFailuresOfTwoMachines(t *testing.T) {
	const client = 4711
	f := func(name string, logs bool, failed int64) {
		t.Helper()
		a := errorLog("a/nginx/error.log").fails(100, "10.0.0.7:8000", refused, 6, asking(client), onHost("")).covers(0, 300)
		b := errorLog("b/nginx/error.log").covers(0, 300)
		answered := accessLog("b/nginx/access.log").answers(100, "", 502, 6, wanted(client), onNoHost).covers(0, 300)
		all := []*logFile{a, b, answered}
		if logs {
			all = append(all, accessLog("a/nginx/access.log").answers(100, "", 502, 6, wanted(client), onNoHost).covers(0, 300))
		}
		r := report(t, Config{}, all...)
		for _, in := range r.Incidents {
			if len(in.Upstreams) == 1 && in.Upstreams[0] == "10.0.0.7:8000" && in.FailedRequests != failed {
				t.Errorf("%s: %s", name, outline(r))
			}
		}
	}
	f("each has an access log", true, 6)
	f("the one that failed has none", false, 6) // they may be collected in one place
}

func onNoHost(t *rules.Tally) { t.VHost = "" }

// A program that listens on all addresses of its machine fits each address with its port. It is that of
// the gateway beside whose logs its own lie.
func TestServerOfTheNearerGateway(t *testing.T) {
	server := func() *logFile {
		return appLog("a/app-1/fleet.log").knows(0, rules.FactListens, "0.0.0.0:8080").says(99, goPanic).covers(0, 300)
	}
	f := func(name, own, other string, want rules.Cause) {
		t.Helper()
		a := errorLog("a/nginx/error.log").fails(100, own, refused, 20, onHost("")).covers(0, 300)
		b := errorLog("b/nginx/error.log").fails(101, other, closed, 20, onHost("")).covers(0, 300)
		for _, in := range incidents(t, 2, a, b, server()) {
			switch {
			case in.Upstreams[0] == own && in.Verdict.Cause != rules.CauseUnhandledException:
				t.Errorf("%s: its own: %s", name, in.Verdict.Cause)
			case in.Upstreams[0] == other && in.Verdict.Cause != want:
				t.Errorf("%s: the other: %s", name, in.Verdict.Cause)
			}
		}
	}
	f("two machines", "10.29.0.4:8080", "10.40.1.9:8080", rules.CauseUnknown)
	f("this machine and another", "127.0.0.1:8080", "10.40.1.9:8080", rules.CauseUnknown)
}

// What runs beside a gateway is not the gateway: its death is no fault of the gateway's own.
func TestDeathBesideAFaultyGateway(t *testing.T) {
	crashed := &rules.Signature{ID: "python-fatal", Technology: "python", Cause: rules.CauseCrashSignal, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "the interpreter crashed"}
	f := func(folder string) {
		t.Helper()
		errors := errorLog(folder+"nginx/error.log").fails(100, "", parser.SymptomBadURL, 80, ownFaultOf(parser.SymptomBadURL)).covers(0, 300)
		app := appLog(folder+"ml/ml.log").knows(0, rules.FactListens, "127.0.0.1:8500").says(101, crashed).covers(0, 300)
		other := errorLog("b/nginx/error.log").covers(0, 300)
		in := incidents(t, 1, errors, app, other)[0]
		if in.Verdict.Cause != rules.CauseGatewayConfig {
			t.Errorf("%q: %s", folder, in.Verdict.Cause)
		}
	}
	f("")
	f("a/")
}
