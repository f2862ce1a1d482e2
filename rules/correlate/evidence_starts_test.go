package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

var (
	exitedByItself = &rules.Signature{ID: "words-exited-failure", Technology: "words", Cause: rules.CauseUnhandledException,
		Also: []rules.Cause{rules.CauseStartFailure, rules.CauseMemoryExhausted}, Role: rules.RoleCause, Scope: rules.ScopeService, State: rules.StateDead, Meaning: "it ended by itself"}
	unitExited = &rules.Signature{ID: "systemd-exit-failure", Technology: "systemd", Cause: rules.CauseUnhandledException,
		Also: []rules.Cause{rules.CauseStartFailure, rules.CauseMemoryExhausted}, Role: rules.RoleCause, Scope: rules.ScopeService, State: rules.StateDead, Meaning: "<unit> ended by itself"}
	unitStarted = &rules.Signature{ID: "systemd-started", Technology: "systemd", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateStarted, Meaning: "<unit> started"}
	stopped     = &rules.Signature{ID: "stop-bye", Technology: "startup", Role: rules.RoleContext, Scope: rules.ScopeService, State: rules.StateStopped, Meaning: "it has ended"}
)

// Whatever its words, what ends by itself again and again without ever having served could
// not start, and the restart before it did not succeed.
func TestEndsWithoutServingAreFailedStarts(t *testing.T) {
	f := func(name string, want rules.Cause, service, host func(*logFile)) {
		t.Helper()
		app := appLog("tenants.log").knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "tenants.service").covers(0, 300)
		for s := range 20 {
			app.sketch(float64(s), uint64(s), "")
		}
		service(app)
		manager := systemLog("journal.log").covers(0, 300)
		host(manager)
		errors := errorLog("error.log").covers(0, 300)
		for s := range 10 {
			errors.fails(float64(100+s), shopAddress, refused, 10)
		}
		in := incidents(t, 1, app, manager, errors)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	nothing := func(*logFile) {}
	unit := field(rules.FieldUnit, "tenants.service")
	ordered := func(l *logFile) { l.says(99, stopping).says(99.5, stopped) }
	f("three rounds of a shell's loop", rules.CauseStartFailure, func(l *logFile) {
		ordered(l)
		l.says(101, exitedByItself).says(104, exitedByItself).says(107, exitedByItself).says(110, serving)
	}, nothing)
	f("systemd starts it twice", rules.CauseStartFailure, ordered, func(l *logFile) {
		l.says(101, unitStarted, unit).says(102, unitExited, unit).says(103, unitStarted, unit).says(104, unitExited, unit)
	})
	f("one failed start between two that tell of it", rules.CauseStartFailure, ordered, func(l *logFile) {
		l.says(101, unitStarted, unit).says(102, unitExited, unit).says(110, unitStarted, unit)
	})
	f("a stop whose exit status is told late", rules.CauseRestart, func(l *logFile) {
		ordered(l)
		l.says(101.6, exitedByItself).says(110, serving)
	}, nothing)
	f("it serves between the ends", rules.CauseUnhandledException, func(l *logFile) {
		l.says(99, exitedByItself).says(101, serving).says(104, exitedByItself).says(106, serving)
	}, nothing)
	f("it cannot start for what ended it", rules.CauseUnhandledException, func(l *logFile) {
		l.says(99, exitedByItself).says(101, exitedByItself).says(103, exitedByItself).says(110, serving)
	}, nothing)
	f("it was told to stop, and ends with a status", rules.CauseStartFailure, func(l *logFile) {
		l.says(99, stopping).says(99.5, exitedByItself).says(101, exitedByItself).says(103, exitedByItself).says(110, serving)
	}, nothing)
	f("it ends once", rules.CauseUnhandledException, func(l *logFile) { l.says(99, exitedByItself).says(110, serving) }, nothing)
}

// The error before a process's end is its last word, although the next process answers soon.
func TestLastWordsBeforeTheEndThatIsTold(t *testing.T) {
	broken := &rules.Signature{ID: "words-config-file", Technology: "words", Cause: rules.CauseStartFailure, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "it could not use its settings"}
	f := func(name string, want bool, change func(*logFile)) {
		t.Helper()
		app := appLog("tenants.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		for s := range 5 {
			app.sketch(float64(105+s), uint64(s), "") // requests again
		}
		app.says(101, broken)
		change(app)
		errors := errorLog("error.log").covers(0, 300)
		for s := range 4 {
			errors.fails(float64(100+s), shopAddress, refused, 10)
		}
		in := incidents(t, 1, app, errors)[0]
		if got := proved(&in, broken); got != want {
			t.Errorf("%s: %s, proof %v, want %v", name, in.Verdict.Cause, got, want)
		}
	}
	f("its end is told", true, func(l *logFile) { l.says(103, exitedByItself) })
	f("its next start is", true, func(l *logFile) { l.says(103, serving) })
	f("neither is", false, func(l *logFile) {})
}

// Last words without a stamp stand in the silence itself, which ends with the next life.
func TestLastWordsWithoutAStamp(t *testing.T) {
	noMemory := &rules.Signature{ID: "ruby-no-memory", Technology: "ruby", Cause: rules.CauseMemoryExhausted, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "Ruby could not get memory"}
	weight := func(until float64) int {
		app := appLog("export.log").knows(0, rules.FactListens, shopAddress).covers(0, 300).says(100, noMemory)
		app.d.Events[0].When.To, app.d.Events[0].Last.To = utc(until), utc(until)
		for s := range 20 {
			app.sketch(until+float64(s), uint64(s), "")
		}
		errors := errorLog("error.log").covers(0, 300).fails(101, shopAddress, closed, 2).fails(102, shopAddress, refused, 40)
		in := incidents(t, 1, app, errors)[0]
		if in.Verdict.Cause != rules.CauseMemoryExhausted {
			t.Errorf("silent until %v: %s: %+v", until, in.Verdict.Cause, in.Verdict.Alternatives)
		}
		return in.Verdict.Decibans
	}
	if silent, soon := weight(113), weight(101.5); silent < soon+30 {
		t.Errorf("%d decibans in a silence of 13 s, %d where it answers on", silent, soon)
	}
}

// Who stops a service when nearly all has failed already mends it; nothing failed because of it.
func TestAStopAfterTheFailuresExplainsNone(t *testing.T) {
	f := func(name string, stopped float64, want rules.Cause) {
		t.Helper()
		errors := errorLog("error.log").covers(0, 300)
		for s := range 13 {
			errors.fails(100+float64(s), shopAddress, refused, 5)
		}
		app := appLog("shop.log").knows(0, rules.FactListens, shopAddress).covers(0, 300).says(stopped, stopping)
		if in := incidents(t, 1, app, errors)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s: %+v", name, in.Verdict.Cause, in.Verdict.Alternatives)
		}
	}
	f("before the first", 99.5, rules.CauseRestart)
	f("soon after the first", 101, rules.CauseRestart)
	f("after the last", 113, rules.CauseNotListening)
}

// Who listened again is told to stop another time: failures had ended before that.
func TestAStopAfterTheNextStartExplainsNone(t *testing.T) {
	f := func(name string, serves float64, want rules.Cause) {
		t.Helper()
		errors := errorLog("error.log").covers(0, 300)
		for s := range 6 {
			errors.fails(100+float64(s), shopAddress, refused, 5)
		}
		app := appLog("shop.log").knows(0, rules.FactListens, shopAddress).covers(0, 300).says(serves, serving).says(107.5, stopping)
		if in := incidents(t, 1, app, errors)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s: %+v", name, in.Verdict.Cause, in.Verdict.Alternatives)
		}
	}
	f("it had listened again", 105.5, rules.CauseNotListening)
}

// uvicorn's lines have no stamps. Who answered after the failures and started no further time had
// not stopped before them.
func TestAStopWithoutAStampAfterAnswers(t *testing.T) {
	started := &rules.Signature{ID: "uvicorn-started", Technology: "uvicorn", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateStarted, Meaning: "it starts"}
	const path = "/wish/{id}"
	f := func(name string, again bool, want rules.Cause) {
		t.Helper()
		errors := errorLog("error.log").covers(0, 300).fails(100, shopAddress, parser.SymptomConnReset, 1).fails(120, shopAddress, parser.SymptomConnReset, 1)
		access := accessLog("access.log").covers(0, 300)
		for _, s := range []float64{100, 120} {
			access.answers(s, "", 502, 1, func(t *rules.Tally) { t.Groups = []rules.URLGroup{{URL: path, Failed: 1}} })
		}
		access.sketch(130, 7, "")
		access.d.Requests[0].Group = urlKey(path)
		app := appLog("wish.log").says(0, started).says(0, stopping)
		if again {
			app.says(0, started)
		}
		for i := range app.d.Events {
			app.d.Events[i].When, app.d.Events[i].Last = rules.Interval{From: rules.Past, To: rules.Future}, rules.Interval{From: rules.Past, To: rules.Future}
		}
		if in := incidents(t, 1, app, errors, access)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s: %+v", name, in.Verdict.Cause, in.Verdict.Alternatives)
		}
	}
	f("it stopped for good", false, rules.CauseUnknown)
	f("it started again", true, rules.CauseRestart)
}
