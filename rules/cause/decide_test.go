package cause

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// raced is a case as a keep-alive race leaves it: single closed connections, each a
// minute apart, while the peer answers a hundred times as often.
func raced() *rules.Case {
	c := failing(saw(parser.SymptomPrematureClose, 5, 0, 240))
	c.Traffic = rules.Traffic{Known: true, Succeeded: 900, Failed: 5, FailedReused: 5, SymptomSeconds: 5, ServedSeconds: 5}
	return c
}

// served tells of a case that there were answers in some of its seconds.
func served(c *rules.Case, symptomSeconds, servedSeconds int64) *rules.Case {
	c.Traffic = rules.Traffic{Known: true, Succeeded: 10 * servedSeconds, Failed: 6, SymptomSeconds: symptomSeconds, ServedSeconds: servedSeconds}
	return c
}

// TestDecide has each cause as the winner, beside something that must not win.
func TestDecide(t *testing.T) {
	closed := func() rules.CaseSymptom { return saw(parser.SymptomPrematureClose, 4, 0, 1) }
	refused := func() rules.CaseSymptom { return saw(parser.SymptomConnRefused, 30, 1, 12) }
	timeouts := func() rules.CaseSymptom { return saw(parser.SymptomReadTimeout, 20, 0, 30) }
	answered := func() rules.CaseSymptom { return saw(parser.SymptomUpstreamStatus, 10, 0, 10) }
	for _, c := range []struct {
		name string
		want rules.Cause
		c    *rules.Case
		not  []rules.Cause // among the alternatives, with a reason
	}{
		{"a deploy stopped it, and what it started then spoke no TLS", rules.CauseProtocolMismatch,
			tell(failing(saw(parser.SymptomConnRefused, 1, 0, 0), hinted(parser.SymptomTLSHandshake, 180, rules.CauseProtocolMismatch)),
				line("systemd-stopping", rules.CauseRestart, -0.5), line("sudo-service-stop", rules.CauseRestart, -0.5), line("stop-plain", rules.CauseRestart, 0, weak)),
			[]rules.Cause{rules.CauseRestart}},
		{"a deploy stopped it, and one handshake met another server", rules.CauseRestart,
			tell(failing(refused(), hinted(parser.SymptomTLSHandshake, 1, rules.CauseProtocolMismatch)),
				line("systemd-stopping", rules.CauseRestart, 0.5), line("sudo-service-stop", rules.CauseRestart, 0.5)),
			[]rules.Cause{rules.CauseNotListening}},
		{"the kernel killed it for memory and the init system started it again", rules.CauseOOMKill,
			tell(failing(closed(), refused()),
				line("kernel-oom-killed", rules.CauseOOMKill, -0.5, lasting(rules.StateDead)),
				line("systemd-main-process-killed", rules.CauseKilled, 0, weak),
				line("systemd-scheduled-restart", rules.CauseRestart, 1, weak)),
			[]rules.Cause{rules.CauseKilled, rules.CauseRestart, rules.CauseNotListening}},
		{"its own heap ended", rules.CauseMemoryExhausted,
			tell(failing(closed(), refused()), line("jvm-heap-exhausted", rules.CauseMemoryExhausted, -1),
				line("systemd-main-process-exited", rules.CauseUnhandledException, 0, weak)),
			[]rules.Cause{rules.CauseUnhandledException, rules.CauseNotListening}},
		{"a worker died on SIGSEGV", rules.CauseCrashSignal,
			tell(failing(closed()), line("phpfpm-child-sigsegv", rules.CauseCrashSignal, 0, scope(rules.ScopeWorker)),
				line("phpfpm-child-started", rules.CauseRestart, 0.5, weak)),
			[]rules.Cause{rules.CauseRestart}},
		{"a panic ended it", rules.CauseUnhandledException,
			tell(failing(closed(), refused()), line("go-panic", rules.CauseUnhandledException, 0),
				line("systemd-scheduled-restart", rules.CauseRestart, 2, weak)),
			[]rules.Cause{rules.CauseRestart, rules.CauseNotListening}},
		{"the manager killed a slow worker", rules.CauseWorkerTimeout,
			tell(failing(closed()), line("gunicorn-worker-timeout", rules.CauseWorkerTimeout, -1, scope(rules.ScopeWorker)),
				line("gunicorn-worker-killed", rules.CauseKilled, 0, weak, also(rules.CauseOOMKill))),
			[]rules.Cause{rules.CauseKilled, rules.CauseOOMKill}},
		{"a pool was used up, and each request that found no place ended in an error", rules.CauseUpstreamSaturated,
			tell(failing(answered()), line("dep-pool-used-up", rules.CauseUpstreamSaturated, 0, scope(rules.ScopeService), also(rules.CauseDependencyFailure), written(10, 0)),
				line("rails-exception", rules.CauseUnhandledException, 0, weak, scope(rules.ScopeRequest), written(10, 0))),
			[]rules.Cause{rules.CauseUnhandledException}},
		{"a pool starts children, and the scripts throw", rules.CauseUnhandledException,
			tell(failing(answered()), line("phpfpm-busy", rules.CauseUpstreamSaturated, 0, weak, scope(rules.ScopeService)),
				line("php-uncaught", rules.CauseUnhandledException, 0, scope(rules.ScopeRequest), written(10, 0))),
			[]rules.Cause{rules.CauseUpstreamSaturated}},
		{"a panic ended it before its queue was full", rules.CauseUnhandledException,
			tell(failing(closed(), refused()), line("go-panic", rules.CauseUnhandledException, 0, scope(rules.ScopeService)),
				line("listen-queue-full", rules.CauseUpstreamSaturated, 2, weak)),
			[]rules.Cause{rules.CauseUpstreamSaturated}},
		{"somebody sent SIGKILL", rules.CauseKilled,
			tell(failing(closed(), refused()), line("systemd-killed", rules.CauseKilled, -0.5, lasting(rules.StateDead)),
				line("systemd-scheduled-restart", rules.CauseRestart, 1, weak)),
			[]rules.Cause{rules.CauseRestart, rules.CauseNotListening}},
		{"a deploy stopped it in order", rules.CauseRestart,
			tell(failing(refused()), line("systemd-stopping", rules.CauseRestart, -0.5, lasting(rules.StateStopping)),
				line("systemd-main-process-killed", rules.CauseKilled, 1, weak)),
			[]rules.Cause{rules.CauseKilled, rules.CauseNotListening}},
		{"it could not start", rules.CauseStartFailure,
			tell(failing(refused()), line("node-module-not-found", rules.CauseStartFailure, 0, lasting(rules.StateFailed))),
			[]rules.Cause{rules.CauseNotListening}},
		{"a deploy stopped it in order, and what it started took its time to fail", rules.CauseStartFailure,
			tell(failing(saw(parser.SymptomConnRefused, 5, 0, 41)), line("spring-graceful", rules.CauseRestart, -3, lasting(rules.StateStopping), covered(2, 5)),
				line("spring-port-in-use", rules.CauseStartFailure, 13, lasting(rules.StateFailed), covered(3, 5))),
			[]rules.Cause{rules.CauseRestart, rules.CauseNotListening}},
		{"one pool was stopped, a child of another one beside it crashed", rules.CauseRestart,
			tell(failing(refused()), line("phpfpm-stopping", rules.CauseRestart, 0, lasting(rules.StateStopping), linked(12, "which speaks fastcgi")),
				line("phpfpm-child-fault-signal", rules.CauseCrashSignal, 0, scope(rules.ScopeWorker), subject(1), linked(12, "which speaks fastcgi"))),
			[]rules.Cause{rules.CauseCrashSignal, rules.CauseNotListening}},
		{"nothing listened and no log says why", rules.CauseNotListening,
			failing(refused(), reaction(parser.SymptomNoLivePeer, 300, 2, 12)), nil},
		{"it served and was gone within one second", rules.CauseNotListening, served(failing(saw(parser.SymptomConnRefused, 6, 0, 0)), 1, 1), nil},
		{"refusals while it serves", rules.CauseUnknown, served(failing(saw(parser.SymptomConnRefused, 6, 0, 9)), 6, 6), nil},
		{"SIGKILL ended a worker of the gateway", rules.CauseKilled, failing(hinted(parser.SymptomGatewayCrash, 1, rules.CauseOOMKill, rules.CauseKilled)), nil},
		{"a fault ended a worker of the gateway", rules.CauseCrashSignal, failing(hinted(parser.SymptomGatewayCrash, 1, rules.CauseCrashSignal)), nil},
		{"the kernel says why", rules.CauseOOMKill, tell(failing(hinted(parser.SymptomGatewayCrash, 1, rules.CauseOOMKill, rules.CauseKilled)),
			line("kernel-oom-killed", rules.CauseOOMKill, 0)), []rules.Cause{rules.CauseKilled}},
		{"not permitted to use the socket", rules.CauseNotListening, upstream("unix:/run/app.sock", failing(saw(parser.SymptomSocketPermission, 9, 0, 3))), nil},
		{"not permitted to connect to a port", rules.CauseGatewayConfig, failing(saw(parser.SymptomSocketPermission, 9, 0, 3)), nil},
		{"bytes that are no HTTP", rules.CauseInvalidResponse,
			tell(failing(saw(parser.SymptomInvalidHeader, 3, 0, 8)), line("go-panic", rules.CauseUnhandledException, 3, ofAnother)),
			[]rules.Cause{rules.CauseUnhandledException}},
		{"TLS to a plain port", rules.CauseProtocolMismatch,
			failing(hinted(parser.SymptomTLSHandshake, 5, rules.CauseProtocolMismatch, rules.CauseTLSFailure)), nil},
		{"HTTP spoken to a database, and stopped after the last failure", rules.CauseProtocolMismatch,
			tell(failing(saw(parser.SymptomPrematureClose, 31, 0, 13)), line("redis-not-http", rules.CauseProtocolMismatch, 0, linked(14, "whose lines name 8000"), covered(2, 31)),
				line("redis-stopping", rules.CauseDependencyFailure, 14, scope(rules.ScopeDependency), also(rules.CauseRestart), linked(14, "whose lines name 8000"), covered(1, 31))),
			[]rules.Cause{rules.CauseRestart, rules.CauseDependencyFailure}},
		{"a header too big", rules.CauseResponseTooLarge,
			tell(failing(saw(parser.SymptomHeaderTooBig, 4, 0, 60)), line("kernel-oom-killed", rules.CauseOOMKill, 0, unlinkedLine(10))),
			[]rules.Cause{rules.CauseOOMKill}},
		{"an expired certificate", rules.CauseTLSFailure, failing(saw(parser.SymptomTLSVerify, 40, 0, 60)), nil},
		{"packets were dropped", rules.CauseNetworkUnreachable,
			tell(failing(saw(parser.SymptomConnectTimeout, 8, 0, 60)), line("oom", rules.CauseOOMKill, 0, weak, unlinkedLine(1))),
			[]rules.Cause{rules.CauseOOMKill}},
		{"no route", rules.CauseNetworkUnreachable, failing(saw(parser.SymptomNoRoute, 2, 0, 3)), nil},
		{"a name that does not resolve", rules.CauseDNSFailure, failing(saw(parser.SymptomResolveFailed, 2, 0, 3)), nil},
		{"it did not answer and no log says why", rules.CauseSlowUpstream, failing(timeouts()), nil},
		{"it answered while another could not start", rules.CauseUnhandledException,
			tell(served(failing(saw(parser.SymptomPrematureClose, 4, 0, 3)), 4, 4),
				line("python-import-failed", rules.CauseStartFailure, 1, unlinkedLine(10), subject(1), covered(10, 4)),
				line("go-http-panic", rules.CauseUnhandledException, 0, unlinkedLine(10), subject(2), covered(10, 4), written(4, 0))),
			[]rules.Cause{rules.CauseStartFailure}},
		{"no worker was left", rules.CauseUpstreamSaturated,
			tell(failing(timeouts()), line("phpfpm-max-children", rules.CauseUpstreamSaturated, 0)),
			[]rules.Cause{rules.CauseSlowUpstream}},
		{"it waited for its database", rules.CauseDependencyFailure,
			tell(failing(timeouts()), line("pg-too-many-clients", rules.CauseDependencyFailure, 0, scope(rules.ScopeDependency), written(20, 0))),
			[]rules.Cause{rules.CauseSlowUpstream}},
		{"each request failed on its database", rules.CauseDependencyFailure,
			tell(failing(answered()), line("redis-refused", rules.CauseDependencyFailure, 0, scope(rules.ScopeDependency), written(10, 0)),
				line("python-exception", rules.CauseUnhandledException, 0, weak, scope(rules.ScopeRequest), written(10, 0))),
			[]rules.Cause{rules.CauseUnhandledException}},
		{"no connection left in the gateway", rules.CauseGatewayResources,
			tell(gatewayCase(saw(parser.SymptomNoConnections, 50, 0, 5)), line("go-panic", rules.CauseUnhandledException, 0, unlinkedLine(10))),
			[]rules.Cause{rules.CauseUnhandledException}},
		{"a variable without a value", rules.CauseGatewayConfig, gatewayCase(saw(parser.SymptomBadURL, 5, 0, 5)), nil},
		{"idle connections closed as they were used again", rules.CauseKeepaliveRace, raced(), nil},
		{"closed connections alone decide nothing", rules.CauseUnknown, failing(closed()), nil},
		{"no symptom and no evidence", rules.CauseUnknown, failing(), nil},
	} {
		v := decide(t, c.c)
		if v.Cause != c.want {
			t.Errorf("%s: %s (%d), want %s; alternatives %+v", c.name, v.Cause, v.Decibans, c.want, v.Alternatives)
		}
		for _, cause := range c.not {
			if _, told := rejected(&v, cause); !told {
				t.Errorf("%s: nothing says why it was not %s: %+v", c.name, cause, v.Alternatives)
			}
		}
	}
}

// A client that went away is nobody's fault here; no case of it comes to judgement, and
// if one does, it accuses nobody.
func TestDecideNamesAClientAbortNever(t *testing.T) {
	v := decide(t, failing(saw(parser.SymptomClientAbort, 50, 0, 10)))
	if v.Cause != rules.CauseUnknown {
		t.Errorf("clients that went away: %s", v.Cause)
	}
}

// A chain is one story: its root wins, and the later links are told as consequences.
func TestChainsFoldToTheirRoot(t *testing.T) {
	closed, refused := saw(parser.SymptomPrematureClose, 4, 0, 1), saw(parser.SymptomConnRefused, 30, 1, 12)
	f := func(name string, want rules.Cause, c *rules.Case, consequences ...rules.Cause) {
		t.Helper()
		v := decide(t, c)
		if v.Cause != want {
			t.Fatalf("%s: %s, want %s: %+v", name, v.Cause, want, v.Alternatives)
		}
		for _, cause := range consequences {
			if a, ok := rejected(&v, cause); !ok || a.WhyNot != "it is a consequence of "+string(want) {
				t.Errorf("%s: of %s it says %q, not that it is a consequence", name, cause, a.WhyNot)
			}
		}
	}
	f("kill, SIGKILL told by the manager, restart", rules.CauseOOMKill, tell(failing(closed, refused),
		line("kernel-oom-killed", rules.CauseOOMKill, -1, linked(25, "pid 4711 of shop")),
		line("gunicorn-sigkill", rules.CauseKilled, 0),
		line("systemd-restart", rules.CauseRestart, 2)), rules.CauseKilled, rules.CauseRestart, rules.CauseNotListening)
	f("the report of the kill is told some seconds late", rules.CauseOOMKill, tell(failing(closed, refused),
		line("gunicorn-sigkill", rules.CauseKilled, 0), line("kernel-oom-killed", rules.CauseOOMKill, 6)), rules.CauseKilled)
	f("time-out, then the manager's SIGKILL that hints at memory", rules.CauseWorkerTimeout, tell(failing(closed),
		line("gunicorn-worker-timeout", rules.CauseWorkerTimeout, -1),
		line("gunicorn-sigkill", rules.CauseOOMKill, 0, weak, also(rules.CauseKilled))), rules.CauseOOMKill, rules.CauseKilled)
	f("an exception that ended the start", rules.CauseStartFailure, tell(failing(refused),
		line("python-exception", rules.CauseUnhandledException, 0), line("gunicorn-boot-failed", rules.CauseStartFailure, 2, lasting(rules.StateFailed))),
		rules.CauseUnhandledException, rules.CauseNotListening)
	f("a dependency made it slow", rules.CauseDependencyFailure, tell(failing(saw(parser.SymptomReadTimeout, 6, 0, 20)),
		line("redis-timeout", rules.CauseDependencyFailure, 1, scope(rules.ScopeDependency), written(6, 0))), rules.CauseSlowUpstream)
	f("a full queue made it slow", rules.CauseUpstreamSaturated, tell(failing(saw(parser.SymptomReadTimeout, 6, 0, 20)),
		line("uwsgi-listen-queue-full", rules.CauseUpstreamSaturated, 1)), rules.CauseSlowUpstream)
	f("a container took its address with it", rules.CauseOOMKill, tell(failing(saw(parser.SymptomPrematureClose, 2, 0, 0), saw(parser.SymptomNoRoute, 9, 1, 9)),
		line("docker-oom", rules.CauseOOMKill, -0.5)), rules.CauseNetworkUnreachable)
	f("a wrong address in the gateway's configuration", rules.CauseGatewayConfig, tell(failing(saw(parser.SymptomConnRefused, 9, 0, 9)),
		line("nginx-config", rules.CauseGatewayConfig, -1)), rules.CauseNotListening)
}

// Two services' stories are two: what happened to another one is no consequence.
func TestChainsStayWithinAService(t *testing.T) {
	c := tell(failing(saw(parser.SymptomPrematureClose, 4, 0, 1)),
		line("kernel-oom-killed", rules.CauseOOMKill, -1, subject(1), linked(2, "from the same machine's folder")),
		line("go-panic", rules.CauseUnhandledException, 0, subject(0)))
	v := decide(t, c)
	if a, _ := rejected(&v, rules.CauseOOMKill); v.Cause == rules.CauseOOMKill || a.WhyNot == "it is a consequence of unhandled-exception" {
		t.Errorf("%s, kill: %q", v.Cause, a.WhyNot)
	}
}

// What failed to start is told of by its manager and its own log, and by the process itself under
// another name: the stop before it is folded by the lines that are about the same service.
func TestChainsBeginAtTheSameService(t *testing.T) {
	c := tell(failing(saw(parser.SymptomSocketMissing, 95, 0, 18)),
		line("systemd-stopping", rules.CauseRestart, 0, subject(0)), line("phpfpm-stopping", rules.CauseRestart, 0, subject(0)), line("dpkg-upgrade", rules.CauseRestart, 0, subject(0)),
		line("phpfpm-init-failed", rules.CauseStartFailure, 0, subject(1), linked(40, "whose name stands in the socket's path")),
		line("systemd-failed-to-start", rules.CauseStartFailure, 0, subject(0)))
	if v := decide(t, c); v.Cause != rules.CauseStartFailure {
		t.Errorf("a failed start after a stop: %s", v.Cause)
	}
}

func TestTiesStayUnknown(t *testing.T) {
	// Neither explains the other, both are sure: nothing decides.
	c := tell(failing(saw(parser.SymptomPrematureClose, 4, 0, 1)),
		line("jvm-heap-exhausted", rules.CauseMemoryExhausted, -1), line("gunicorn-worker-timeout", rules.CauseWorkerTimeout, -1))
	v := decide(t, c)
	if v.Cause != rules.CauseUnknown || v.Confidence > 0.6 {
		t.Errorf("a tie: %s, sure to %v", v.Cause, v.Confidence)
	}
	for _, cause := range []rules.Cause{rules.CauseMemoryExhausted, rules.CauseWorkerTimeout} {
		if _, ok := rejected(&v, cause); !ok {
			t.Errorf("a tie does not name %s", cause)
		}
	}
	// Take one away, and the other wins.
	c.Evidence = c.Evidence[:1]
	if v := decide(t, c); v.Cause != c.Evidence[0].Cause {
		t.Errorf("without its rival %s does not win: %s", c.Evidence[0].Cause, v.Cause)
	}
}

// A line that may stand for two causes does not keep them level: what else was said decides.
func TestSameLinesAreNoRival(t *testing.T) {
	f := func(name string, want rules.Cause, lines ...rules.Candidate) {
		t.Helper()
		v := decide(t, tell(failing(saw(parser.SymptomPrematureClose, 1, 0, 0), saw(parser.SymptomConnRefused, 20, 0, 5)), lines...))
		if v.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, v.Cause, want, v.Alternatives)
		}
	}
	full := line("os-disk-full", rules.CauseUpstreamSaturated, 0, weak, also(rules.CauseDependencyFailure, rules.CauseUnhandledException))
	ended := line("supervisord-exited-failure", rules.CauseUnhandledException, 0, weak, linked(12, "unit"))
	own := line("workers-busy", rules.CauseUpstreamSaturated, 0, weak, linked(12, "unit"))
	f("a full disk alone", rules.CauseUnknown, full)
	f("a full disk, and the process ended", rules.CauseUnhandledException, full, ended)
	f("a full disk, the process ended, and another line says why", rules.CauseUnknown, full, ended, own)
}

// Evidence about another service wins never, however strong, near and often it is.
func TestEvidenceOfAnotherServiceWinsNever(t *testing.T) {
	sees := []rules.CaseSymptom{
		saw(parser.SymptomPrematureClose, 4, 0, 5), saw(parser.SymptomConnRefused, 4, 0, 5), saw(parser.SymptomReadTimeout, 4, 0, 5),
		saw(parser.SymptomUpstreamStatus, 4, 0, 5), saw(parser.SymptomInvalidHeader, 4, 0, 5), saw(parser.SymptomNoConnections, 4, 0, 5),
	}
	for _, s := range sees {
		bare := decide(t, failing(s))
		for _, cause := range rules.Causes() {
			c := tell(failing(s),
				line("one", cause, -1, ofAnother, covered(10, 10)), line("two", cause, 0, ofAnother, covered(10, 10)), line("three", cause, 1, ofAnother))
			v := decide(t, c)
			if v.Cause != bare.Cause {
				t.Errorf("%s and another's %s: %s, want %s", s.Class, cause, v.Cause, bare.Cause)
			}
			if len(v.Proof) > 0 {
				t.Errorf("%s and another's %s: it is proof: %+v", s.Class, cause, v.Proof)
			}
		}
	}
	c := tell(failing(saw(parser.SymptomPrematureClose, 4, 0, 1)), line("go-panic", rules.CauseUnhandledException, 0, ofAnother))
	v := decide(t, c)
	if a, ok := rejected(&v, rules.CauseUnhandledException); !ok || !strings.Contains(a.WhyNot, "another service") {
		t.Errorf("why not: %q", a.WhyNot)
	}
	// Own evidence beside it wins, and it alone is proof.
	c = tell(c, line("jvm-heap-exhausted", rules.CauseMemoryExhausted, 0, also(rules.CauseUnhandledException)))
	if v := decide(t, c); v.Cause != rules.CauseMemoryExhausted || len(v.Proof) != 1 || c.Evidence[v.Proof[0].Candidate].Link < 0 {
		t.Errorf("%s by %+v", v.Cause, v.Proof)
	}
}

// The nearest scary line must not win by being near one of many failures.
func TestUnlinkedEvidence(t *testing.T) {
	f := func(name string, seconds float64, of10, moments int, want rules.Cause) {
		t.Helper()
		c := failing(saw(parser.SymptomPrematureClose, 10, 0, 10))
		v := decide(t, tell(c, line("go-panic", rules.CauseUnhandledException, seconds, unlinkedLine(of10), covered(of10, moments))))
		if v.Cause != want {
			t.Errorf("%s: %s (%d), want %s", name, v.Cause, v.Decibans, want)
		}
	}
	f("near one of ten failures", 5, 1, 10, rules.CauseUnknown)
	f("near the first of ten failures only", 0, 1, 10, rules.CauseUnknown)
	f("near half of them", 5, 5, 10, rules.CauseUnknown)
	f("near each of ten", 0, 10, 10, rules.CauseUnhandledException)
	f("five minutes before", -300, 0, 10, rules.CauseUnknown)
	foreign := func(c *rules.Candidate) { c.Foreign = true }
	for moments, want := range map[int]rules.Cause{1: rules.CauseUnknown, 10: rules.CauseOOMKill} {
		c := tell(failing(saw(parser.SymptomPrematureClose, 1, 0, 0)), line("kernel-oom-killed", rules.CauseOOMKill, 0, unlinkedLine(10), covered(10, moments), foreign))
		if v := decide(t, c); v.Cause != want {
			t.Errorf("the kill of another unit before each of %d failures: %s (%d), want %s", moments, v.Cause, v.Decibans, want)
		}
	}
	weight := func(members ...string) int {
		c := failing(saw(parser.SymptomPrematureClose, 10, 0, 10))
		c.Members = members
		return weigh(tell(c, line("go-panic", rules.CauseUnhandledException, 0, unlinkedLine(10))), 0, rules.CauseUnhandledException).weight
	}
	if here, there := weight("127.0.0.1:8000"), weight("10.0.0.7:8000"); there >= here {
		t.Errorf("about an address of this machine %d, about another machine's %d", here, there)
	}
}

// What is written all day explains nothing.
func TestLift(t *testing.T) {
	f := func(name string, inside, outside int64, want rules.Cause) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomReadTimeout, 10, 0, 30)),
			line("slow-query", rules.CauseUpstreamSaturated, 0, weak, linked(8, "which shares its name"), covered(0, 10), written(inside, outside)))
		if v := decide(t, c); v.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, v.Cause, want, v.Alternatives)
		}
	}
	f("only inside", 10, 0, rules.CauseUpstreamSaturated)
	f("mostly inside", 10, 3, rules.CauseUpstreamSaturated)
	f("all day", 2, 500, rules.CauseSlowUpstream)
	weigh := func(inside, outside int64) int {
		c := tell(failing(saw(parser.SymptomReadTimeout, 10, 0, 30)), line("w", rules.CauseUpstreamSaturated, 0, written(inside, outside)))
		return weigh(c, 0, rules.CauseUpstreamSaturated).weight
	}
	if only, some, more, daily := weigh(5, 0), weigh(5, 5), weigh(5, 6), weigh(5, 16); only <= some || some <= more || more <= daily {
		t.Errorf("weights fall %d, %d, %d, %d", only, some, more, daily)
	}
}

// The nearer before the first failure, the more it weighs; what comes after counts less.
func TestTime(t *testing.T) {
	weight := func(cause rules.Cause, seconds float64, changes ...change) int {
		changes = append([]change{covered(0, 10)}, changes...)
		c := tell(failing(saw(parser.SymptomPrematureClose, 10, 0, 60)), line("l", cause, seconds, changes...))
		return weigh(c, 0, cause).weight
	}
	falls := func(name string, cause rules.Cause, moments ...float64) {
		t.Helper()
		for i := 1; i < len(moments); i++ {
			if a, b := weight(cause, moments[i-1]), weight(cause, moments[i]); a <= b {
				t.Errorf("%s: %d at %v s, %d at %v s", name, a, moments[i-1], b, moments[i])
			}
		}
	}
	falls("before", rules.CauseUnhandledException, -3, -20, -90, -500)
	falls("after", rules.CauseUnhandledException, 0, 2, 8, 30)
	if a, b := weight(rules.CauseUpstreamSaturated, 20), weight(rules.CauseUnhandledException, 20); a <= b {
		t.Errorf("a warning that is told late: %d, a death that is told late: %d", a, b)
	}
	if a, b := weight(rules.CauseUnhandledException, 20, covered(10, 10)), weight(rules.CauseUnhandledException, 20); a <= b {
		t.Errorf("one that repeats before each failure: %d, one that does not: %d", a, b)
	}
	if a, b := weight(rules.CauseStartFailure, -300_000, lasting(rules.StateFailed)), weight(rules.CauseStartFailure, -300_000); a <= b {
		t.Errorf("a state that lasts: %d, a moment of days ago: %d", a, b)
	}
}

// What was written when all was over did not cause it.
func TestEvidenceAfterTheLastFailure(t *testing.T) {
	f := func(seconds float64, want rules.Cause) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomPrematureClose, 10, 0, 60)), line("go-panic", rules.CauseUnhandledException, seconds, covered(0, 10)))
		if v := decide(t, c); v.Cause != want {
			t.Errorf("%v s after the first failure, the last was after 60 s: %s (%d)", seconds, v.Cause, v.Decibans)
		}
	}
	f(1, rules.CauseUnhandledException)
	f(69, rules.CauseUnknown)
}

// A request that the gateway gave up after a minute began a minute before: what
// happened in between is before its failure, not long after its cause.
func TestTimeIsMeasuredFromTheRequestsStart(t *testing.T) {
	c := tell(failing(saw(parser.SymptomReadTimeout, 3, 0, 4)), line("kernel-oom-killed", rules.CauseOOMKill, -59))
	late := weigh(c, 0, rules.CauseOOMKill).weight
	c.Began -= 60 * parser.Second
	if at := weigh(c, 0, rules.CauseOOMKill).weight; at <= late {
		t.Errorf("within the wait it weighs %d, a minute before it %d", at, late)
	}
}

// A state outlives any window: it failed to start three days ago and has not served since.
func TestLastingState(t *testing.T) {
	refused := saw(parser.SymptomConnRefused, 50, 0, 50)
	old := -3.0 * 86_400
	c := tell(failing(refused), line("systemd-failed", rules.CauseStartFailure, old, lasting(rules.StateFailed), covered(0, 10)))
	v := decide(t, c)
	if v.Cause != rules.CauseStartFailure || len(v.Proof) != 1 || !strings.Contains(v.Proof[0].Why, "3 days before") {
		t.Errorf("failed three days ago: %s by %+v", v.Cause, v.Proof)
	}
	c = tell(failing(refused), line("systemd-failed", rules.CauseStartFailure, old, weak, covered(0, 10)))
	if v := decide(t, c); v.Cause == rules.CauseStartFailure {
		t.Errorf("failed three days ago, served since: %s", v.Cause)
	}
}

// Each trait of a lost race has a picture that contradicts it.
func TestKeepaliveRace(t *testing.T) {
	f := func(name string, want rules.Cause, change func(*rules.Case)) {
		t.Helper()
		c := raced()
		change(c)
		if v := decide(t, c); v.Cause != want {
			t.Errorf("%s: %s, want %s", name, v.Cause, want)
		}
	}
	f("as it is", rules.CauseKeepaliveRace, func(*rules.Case) {})
	f("resets instead of closes", rules.CauseKeepaliveRace, func(c *rules.Case) { c.Symptoms[0].Class = parser.SymptomConnReset })
	f("all were sent again: no failed answer", rules.CauseKeepaliveRace, func(c *rules.Case) {
		c.Traffic.Failed, c.Traffic.FailedReused = 0, 0
	})
	f("on fresh connections", rules.CauseInvalidResponse, func(c *rules.Case) { c.Traffic.FailedReused, c.Traffic.FailedFresh = 1, 4 })
	f("on fresh connections, and no log of the server is here", rules.CauseUnknown, func(c *rules.Case) {
		c.Traffic.FailedReused, c.Traffic.FailedFresh, c.Seen.App = 1, 4, false
	})
	f("repeatable requests that were not repeated", rules.CauseUnknown, func(c *rules.Case) { c.Traffic.FailedOnce = 4 })
	f("after seconds of waiting", rules.CauseUnknown, func(c *rules.Case) { c.Traffic.FailedLong = 4 })
	f("after a header had come", rules.CauseUnknown, func(c *rules.Case) { c.Symptoms[0].Phase = parser.PhaseReadingBody })
	f("with refusals", rules.CauseUnknown, func(c *rules.Case) {
		*c = *failing(c.Symptoms[0], saw(parser.SymptomConnRefused, 1, 60, 60))
		c.Traffic = raced().Traffic
	})
	f("nobody was served", rules.CauseUnknown, func(c *rules.Case) { c.Traffic.Succeeded, c.Traffic.ServedSeconds = 0, 0 })
	f("no access log", rules.CauseUnknown, func(c *rules.Case) { c.Traffic = rules.Traffic{} })
	rare := rules.Traffic{Known: true, Succeeded: 1, Failed: 1, FailedReused: 1, SymptomSeconds: 1, Pieces: 3, Around: 50}
	f("one of several in little traffic", rules.CauseKeepaliveRace, func(c *rules.Case) { c.Symptoms[0].Count, c.Traffic = 1, rare })
	f("that, with a connect time", rules.CauseUnknown, func(c *rules.Case) {
		c.Symptoms[0].Count, c.Traffic, c.Traffic.FailedReused, c.Seen.App = 1, rare, 0, false
	})
	f("that, of FastCGI", rules.CauseUnknown, func(c *rules.Case) { c.Symptoms[0].Count, c.Symptoms[0].Scheme, c.Traffic = 1, "fastcgi", rare })
	f("not answered on both sides", rules.CauseUnknown, func(c *rules.Case) { c.Symptoms[0].Count, c.Traffic, c.Traffic.Around = 1, rare, 0 })
	f("half of the traffic", rules.CauseUnknown, func(c *rules.Case) { c.Traffic.Succeeded, c.Traffic.ServedSeconds = 5, 1 })
	f("a crash in its log", rules.CauseUnhandledException, func(c *rules.Case) {
		tell(c, line("go-panic", rules.CauseUnhandledException, 0, covered(10, 5), written(5, 0)))
	})
}

// Where messages of one class differ in cause, the message's own words win; where the
// class is clear, they do not.
func TestHints(t *testing.T) {
	f := func(name string, s rules.CaseSymptom, want rules.Cause) {
		t.Helper()
		if v := decide(t, failing(s)); v.Cause != want {
			t.Errorf("%s: %s, want %s", name, v.Cause, want)
		}
	}
	f("wrong version number", hinted(parser.SymptomTLSHandshake, 3, rules.CauseProtocolMismatch), rules.CauseProtocolMismatch)
	f("a handshake that says no more", hinted(parser.SymptomTLSHandshake, 3, rules.CauseTLSFailure), rules.CauseTLSFailure)
	f("HTTP/2 that is none", hinted(parser.SymptomProtocolError, 3, rules.CauseProtocolMismatch), rules.CauseProtocolMismatch)
	f("another failure that names the resolver", hinted(parser.SymptomOther, 3, rules.CauseDNSFailure), rules.CauseDNSFailure)
	f("another failure that names nothing", hinted(parser.SymptomOther, 3), rules.CauseUnknown)
	f("a refused connection is clear", hinted(parser.SymptomConnRefused, 3, rules.CauseTLSFailure), rules.CauseNotListening)
	f("an invalid header is clear", hinted(parser.SymptomInvalidHeader, 3, rules.CauseGatewayConfig), rules.CauseInvalidResponse)
	f("a word that a log must prove", hinted(parser.SymptomTLSHandshake, 3, rules.CauseUnhandledException), rules.CauseTLSFailure)
	f("a health check that says why", hinted(parser.SymptomHealthCheckFailed, 3, rules.CauseSlowUpstream), rules.CauseSlowUpstream)
}

// Go's "malformed HTTP response \"\x00\x00…" is an HTTP/2 frame; with other bytes it may be anything.
func TestWordsThatLeaveOneCause(t *testing.T) {
	f := func(want rules.Cause, class parser.Symptom, hints ...rules.Cause) {
		t.Helper()
		if got := Decide(failing(hinted(class, 42, hints...))); got.Cause != want {
			t.Errorf("%s %v: %s, want %s", class, hints, got.Cause, want)
		}
	}
	f(rules.CauseProtocolMismatch, parser.SymptomNoHTTPHeader, rules.CauseProtocolMismatch)
	f(rules.CauseInvalidResponse, parser.SymptomNoHTTPHeader, rules.CauseProtocolMismatch, rules.CauseInvalidResponse)
}

// Envoy's UPE is whatever is no valid answer; its codec's debug lines say of some what was wrong.
func TestExactWordOfSomeReadsTheVagueOneOfAll(t *testing.T) {
	upe := []rules.Cause{rules.CauseProtocolMismatch, rules.CauseInvalidResponse, rules.CauseResponseTooLarge}
	f := func(want rules.Cause, more ...rules.CaseSymptom) {
		t.Helper()
		if got := Decide(failing(append([]rules.CaseSymptom{hinted(parser.SymptomProtocolError, 70, upe...)}, more...)...)); got.Cause != want {
			t.Errorf("%v: %s, want %s", more, got.Cause, want)
		}
	}
	f(rules.CauseProtocolMismatch)
	f(rules.CauseInvalidResponse, saw(parser.SymptomInvalidHeader, 3, 1, 3))
	f(rules.CauseResponseTooLarge, saw(parser.SymptomHeaderTooBig, 3, 1, 3))
	f(rules.CauseProtocolMismatch, hinted(parser.SymptomProtocolError, 3, rules.CauseInvalidResponse))
}

// HAProxy: "going DOWN for maintenance (DNS NX status)", then <NOSRV> for all. No request reached
// a server, so the check's words say what one would have met.
func TestHealthCheckThatExcludes(t *testing.T) {
	down := reaction(parser.SymptomPeerDown, 1, 0, 0)
	down.Hints = []rules.Cause{rules.CauseDNSFailure}
	panicked := line("go-panic", rules.CauseUnhandledException, 0, unlinkedLine(10))
	if v := decide(t, tell(failing(down, reaction(parser.SymptomNoLivePeer, 21, 0, 5)), panicked)); v.Cause != rules.CauseDNSFailure {
		t.Errorf("beside somebody's panic: %s", v.Cause)
	}
	down.Hints = []rules.Cause{rules.CauseNotListening}
	own := line("go-panic", rules.CauseUnhandledException, 0)
	if v := decide(t, tell(failing(down, reaction(parser.SymptomNoLivePeer, 21, 0, 5)), own)); v.Cause != rules.CauseUnhandledException {
		t.Errorf("refused after a panic of its own: %s", v.Cause)
	}
}

// HAProxy says "Cannot bind to source address before connect()" of an address that is not its
// own and of one whose ports are used up: where others connect from it meanwhile, it is its own.
func TestSourceAddressThatWorksForOthers(t *testing.T) {
	c := failing(hinted(parser.SymptomNoPorts, 3, rules.CauseGatewayConfig, rules.CauseGatewayResources))
	if v := decide(t, c); v.Cause != rules.CauseGatewayConfig {
		t.Errorf("none connects: %s", v.Cause)
	}
	c.Traffic = rules.Traffic{Known: true, Succeeded: 12}
	if v := decide(t, c); v.Cause != rules.CauseGatewayResources {
		t.Errorf("others connect: %s", v.Cause)
	}
	c.Symptoms[0].Hints = []rules.Cause{rules.CauseGatewayConfig} // nginx: bind(10.8.0.77) failed (99: Cannot assign requested address)
	if v := decide(t, c); v.Cause != rules.CauseGatewayConfig {
		t.Errorf("others connect, or did in that second, and the words leave one cause: %s", v.Cause)
	}
}

// What a process's end may stand for beside its cause is not weighed where its life before, or
// whose it was, rules it out.
func TestWhatALineDoesNotStandFor(t *testing.T) {
	end := line("systemd-exit-failure", rules.CauseUnhandledException, 0, weak, also(rules.CauseStartFailure, rules.CauseMemoryExhausted))
	c := tell(failing(saw(parser.SymptomConnRefused, 20, 0, 5)), end)
	if v := decide(t, c); v.Cause != rules.CauseUnknown {
		t.Errorf("it may stand for three: %s", v.Cause)
	}
	c.Evidence[0].Not = []rules.Cause{rules.CauseStartFailure, rules.CauseMemoryExhausted}
	if v := decide(t, c); v.Cause != rules.CauseUnhandledException {
		t.Errorf("it had served: %s", v.Cause)
	}
	c.Evidence[0].Not, c.Evidence[0].Behind, c.Evidence[0].Cause = nil, true, rules.CauseDependencyFailure
	c.Evidence[0].Complaints = 20
	if v := decide(t, c); v.Cause != rules.CauseDependencyFailure {
		t.Errorf("of a service behind: %s", v.Cause)
	}
}

// It listened a moment before it was refused: then that it does not listen is no
// answer, and the question stays open.
func TestRefusedAfterClosedAsksWhy(t *testing.T) {
	if v := decide(t, failing(saw(parser.SymptomPrematureClose, 2, 0, 0), saw(parser.SymptomConnRefused, 30, 1, 12))); v.Cause != rules.CauseUnknown {
		t.Errorf("closed, then refused: %s", v.Cause)
	}
	if v := decide(t, failing(saw(parser.SymptomConnRefused, 30, 0, 11), saw(parser.SymptomPrematureClose, 2, 12, 12))); v.Cause != rules.CauseNotListening {
		t.Errorf("refused, then closed: %s", v.Cause)
	}
}

// "No live upstreams" is a consequence: thousands of such lines change no verdict.
func TestSecondarySymptomsDecideNothing(t *testing.T) {
	for _, class := range []parser.Symptom{parser.SymptomPrematureClose, parser.SymptomConnRefused, parser.SymptomReadTimeout, parser.SymptomTLSVerify} {
		bare, with := decide(t, failing(saw(class, 2, 0, 3))), decide(t, failing(saw(class, 2, 0, 3), reaction(parser.SymptomNoLivePeer, 5000, 1, 9)))
		if bare.Cause != with.Cause || bare.Decibans != with.Decibans {
			t.Errorf("%s: %s (%d) alone, %s (%d) with the gateway's reactions", class, bare.Cause, bare.Decibans, with.Cause, with.Decibans)
		}
	}
	if v := decide(t, failing(reaction(parser.SymptomNoLivePeer, 100, 0, 9))); v.Cause != rules.CauseUnknown {
		t.Errorf("reactions alone: %s", v.Cause)
	}
}

// One complaint about a dependency does not explain hundreds of failures.
func TestFewComplaintsExplainFewFailures(t *testing.T) {
	f := func(complaints int64, want rules.Cause) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomReadTimeout, 300, 0, 60)), line("redis-timeout", rules.CauseDependencyFailure, 0, weak, written(complaints, 0),
			linked(8, "which shares its name"), covered(1, 10)))
		if v := decide(t, c); v.Cause != want {
			t.Errorf("%d complaints: %s, want %s", complaints, v.Cause, want)
		}
	}
	f(1, rules.CauseSlowUpstream)
	f(250, rules.CauseDependencyFailure)
}

// An error in words that no signature knows is why requests failed if there is one for each.
func TestOwnErrors(t *testing.T) {
	f := func(name string, want rules.Cause, symptom rules.CaseSymptom, change func(*rules.Candidate)) {
		t.Helper()
		c := tell(failing(symptom), line("app-error", rules.CauseUnhandledException, 0, weak, covered(10, 10)))
		ev := &c.Evidence[0]
		ev.Hit.Signature, ev.Inside, ev.Outside, ev.Link = rules.OwnError, symptom.Count, 0, 30
		change(ev)
		if v := decide(t, c); v.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, v.Cause, want, v.Reasons)
		}
	}
	closed, timeouts := saw(parser.SymptomPrematureClose, 8, 0, 20), saw(parser.SymptomReadTimeout, 8, 0, 20)
	f("one for each", rules.CauseUnhandledException, closed, func(*rules.Candidate) {})
	f("answered with a 500", rules.CauseUnhandledException, saw(parser.SymptomUpstreamStatus, 8, 0, 20), func(*rules.Candidate) {})
	f("answered with a 500, in a log that names no upstream", rules.CauseUnhandledException, saw(parser.SymptomOther, 8, 0, 20), func(*rules.Candidate) {})
	f("one for all", rules.CauseUnknown, closed, func(ev *rules.Candidate) { ev.Inside = 1 })
	f("many for each", rules.CauseUnknown, closed, func(ev *rules.Candidate) { ev.Inside = 40 })
	f("all day", rules.CauseUnknown, closed, func(ev *rules.Candidate) { ev.Outside = 100 })
	f("another service's", rules.CauseUnknown, closed, func(ev *rules.Candidate) { ev.Link = 0 })
	f("beside timeouts", rules.CauseSlowUpstream, timeouts, func(*rules.Candidate) {})
}
