package correlate

import (
	"testing"

	"culprit/rules"
)

// managerWord is a manager's line about how a unit's main process ended.
func managerWord(cause rules.Cause, strong bool) *rules.Signature {
	return &rules.Signature{ID: "systemd-exit-" + string(cause), Technology: "systemd", Cause: cause, Role: rules.RoleCause, Strong: strong,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "the process of <unit> ended"}
}

// The manager's word is the arbiter of how a process ended: an error that no handler takes
// ends none with SIGKILL.
func TestManagersWordAboutTheEnd(t *testing.T) {
	trace := &rules.Signature{ID: "python-uncaught", Technology: "python", Cause: rules.CauseUnhandledException, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "an exception"}
	f := func(name string, want rules.Cause, traceAt float64, sig *rules.Signature, fields ...rules.Field) {
		t.Helper()
		app := appLog("shop.log").knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "shop.service").says(traceAt, trace)
		host := systemLog("journal.log").covers(0, 300).says(100, sig, append(fields, field(rules.FieldUnit, "shop.service"))...)
		in := incidents(t, 1, errorLog("error.log").fails(100, shopAddress, closed, 2).fails(101, shopAddress, refused, 40).covers(0, 300), app, host)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	killed, failed, fault := managerWord(rules.CauseKilled, false), managerWord(rules.CauseUnhandledException, false), managerWord(rules.CauseCrashSignal, true)
	f("code=killed, status=9/KILL", rules.CauseKilled, 99, killed, field(rules.FieldSignal, "9"))
	f("supervisord: terminated by SIGKILL", rules.CauseKilled, 99, killed, field(rules.FieldSignal, "SIGKILL"))
	f("Docker: exit code 137", rules.CauseKilled, 99, killed, field(rules.FieldExitCode, "137"))
	f("code=exited, status=1", rules.CauseUnhandledException, 99, failed, field(rules.FieldExitCode, "1"))
	f("code=dumped, status=11/SEGV", rules.CauseCrashSignal, 99, fault, field(rules.FieldSignal, "SEGV"))
	f("exit code 139", rules.CauseCrashSignal, 99, fault, field(rules.FieldExitCode, "139"))
}

func TestEndOf(t *testing.T) {
	f := func(want rules.End, technology string, state rules.State, fields ...rules.Field) {
		t.Helper()
		sig := &rules.Signature{ID: technology + "-x", Technology: technology, Scope: rules.ScopeService, State: state}
		if got := endOf(&rules.Hit{Signature: sig, Fields: fields}); got != want {
			t.Errorf("%s %s %v: %d, want %d", technology, state, fields, got, want)
		}
	}
	f(rules.EndKill, "systemd", rules.StateDead, field(rules.FieldSignal, "TERM"))
	f(rules.EndExit, "docker", rules.StateDead, field(rules.FieldExitCode, "127"))
	f(rules.EndKill, "docker", rules.StateDead, field(rules.FieldExitCode, "143"))
	f(rules.EndAbort, "kubernetes", rules.StateDead, field(rules.FieldExitCode, "134"))
	f(rules.EndExit, "kubernetes", rules.StateDead, field(rules.FieldExitCode, "255"))
	f(rules.EndUnknown, "supervisor", rules.StateStopped, field(rules.FieldExitCode, "0"))
	f(rules.EndUnknown, "docker", rules.StateStopping, field(rules.FieldSignal, "SIGKILL")) // an order, not an end
	f(rules.EndUnknown, "kernel", rules.StateDead, field(rules.FieldSignal, "11"))          // of one process, maybe a worker
	f(rules.EndUnknown, "gunicorn", rules.StateDead, field(rules.FieldSignal, "9"))
}
