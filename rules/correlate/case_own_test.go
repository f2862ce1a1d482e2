package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Apache's workers are all taken by requests that wait: "AH00161: server reached MaxRequestWorkers
// setting" stands in the middle of the time-outs of the one that they wait for (2.4.71, prefork, a
// back end that was made slow).
func TestFullBecauseOfAnUpstream(t *testing.T) {
	const slow, gone = "127.0.0.1:9001", "127.0.0.1:9002"
	full := func(l *logFile, at float64) *logFile {
		return l.fails(at, "", parser.SymptomNoConnections, 1, ownFaultOf(parser.SymptomNoConnections), onHost(""))
	}
	f := func(name string, log *logFile, want ...rules.Cause) {
		t.Helper()
		in := incidents(t, len(want), log.covers(-600, 600))
		for i := range in {
			if in[i].Verdict.Cause != want[i] {
				t.Errorf("%s: %s of %q, want %s", name, in[i].Verdict.Cause, in[i].Upstreams, want[i])
			}
		}
	}
	f("while requests wait for one", full(apacheLog(), 96).fails(100, slow, parser.SymptomReadTimeout, 9), rules.CauseSlowUpstream)
	f("of two the slow one", full(apacheLog(), 96).fails(97, gone, refused, 40).fails(100, slow, parser.SymptomReadTimeout, 9), rules.CauseSlowUpstream, rules.CauseNotListening)
	f("with nothing that keeps them", full(apacheLog(), 96).fails(97, gone, refused, 9), rules.CauseGatewayResources, rules.CauseNotListening)
	f("long after", full(apacheLog().fails(100, slow, parser.SymptomReadTimeout, 9), 130), rules.CauseSlowUpstream, rules.CauseGatewayResources)
	nginx := full(errorLog("nginx/error.log"), 96).fails(100, slow, parser.SymptomReadTimeout, 9) // which answers 500
	f("a gateway that fails requests when it is full", nginx, rules.CauseGatewayResources, rules.CauseSlowUpstream)
}

// A daemon of mod_wsgi is a child of httpd: "AH00052: child pid 8161 exit signal Segmentation fault
// (11)" follows "Truncated or oversized response headers received from daemon process 'gallery'"
// (2.4.71 with mod_wsgi 4.9.4, whose script read from address 0).
func TestDaemonOfTheGateway(t *testing.T) {
	daemon := func(e *rules.Event) { e.Scheme, e.Group, e.VHost = "wsgi", true, "" }
	died := func(hints ...rules.Cause) eventChange {
		return func(e *rules.Event) {
			e.Phase, e.Scheme, e.VHost, e.Hints, e.Lines = parser.PhaseNone, "", "", hints, 0
		}
	}
	f := func(name string, log *logFile, want ...rules.Cause) {
		t.Helper()
		in := incidents(t, len(want), log.covers(-600, 600))
		for i := range in {
			if in[i].Verdict.Cause != want[i] || (len(in[i].Upstreams) == 0) != (i > 0 || len(want) == 1 && name == "alone") {
				t.Errorf("%s: %s of %q, want %s", name, in[i].Verdict.Cause, in[i].Upstreams, want[i])
			}
		}
	}
	broke := func() *logFile { return apacheLog().fails(100, "gallery", closed, 4, daemon) }
	f("a fault", broke().fails(100, "", parser.SymptomGatewayCrash, 1, died(rules.CauseCrashSignal)), rules.CauseCrashSignal)
	f("SIGKILL", broke().fails(101, "", parser.SymptomGatewayCrash, 1, died(rules.CauseOOMKill, rules.CauseKilled)), rules.CauseKilled)
	f("another child, later", broke().fails(110, "", parser.SymptomGatewayCrash, 1, died(rules.CauseCrashSignal)), rules.CauseUnknown, rules.CauseCrashSignal)
	f("alone", apacheLog().fails(100, "", parser.SymptomGatewayCrash, 1, died(rules.CauseOOMKill, rules.CauseKilled)), rules.CauseKilled)
}
