package cause

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// How a service behind came to take no connections is told before that it takes none, and what to do
// follows from it.
func TestDependencyEnded(t *testing.T) {
	notReady := &rules.Signature{ID: "pg-not-ready", Technology: "postgres", Cause: rules.CauseDependencyFailure, Strong: true, Scope: rules.ScopeDependency, Meaning: "PostgreSQL does not accept connections: <detail>"}
	crashed := &rules.Signature{ID: "pg-backend-crashed", Technology: "postgres", Cause: rules.CauseDependencyFailure, Also: []rules.Cause{rules.CauseCrashSignal}, Strong: true,
		Scope: rules.ScopeDependency, Meaning: "a PostgreSQL backend was terminated by signal <signal>"}
	refused := &rules.Signature{ID: "dep-libpq", Technology: "dependency", Cause: rules.CauseDependencyFailure, Strong: true, Scope: rules.ScopeDependency, Meaning: "the application cannot use PostgreSQL on <dependency>"}
	full := &rules.Signature{ID: "pg-no-space", Technology: "postgres", Cause: rules.CauseDependencyFailure, Strong: true, Scope: rules.ScopeDependency, Meaning: "PostgreSQL has no disk space left"}
	line := func(sig *rules.Signature, number int64, count int64, text string, fields ...rules.Field) rules.Candidate {
		return rules.Candidate{Event: &rules.Event{Count: count, Text: text, Place: rules.Place{FirstLine: number}}, Hit: &rules.Hit{Signature: sig, Fields: fields}, Cause: sig.Cause,
			When: at(0), Link: 20, Subject: 1, Inside: count, Complaints: count, Covered: 10, Moments: 3}
	}
	dep := rules.Field{Name: rules.FieldDependency, Value: "10.0.2.5:5432"}
	for name, tc := range map[string]struct {
		lines      []rules.Candidate
		first      string
		now, never string
	}{
		"a crash, and then what is said with each connection": {
			[]rules.Candidate{line(notReady, 41, 34, "the database system is in recovery mode"), line(crashed, 40, 1, "was terminated by signal 11")},
			"pg-backend-crashed", "see whether postgres runs again", "pg_stat_activity"},
		"nothing listens": {[]rules.Candidate{line(refused, 4, 20, "connection to server at 10.0.2.5, port 5432 failed: Connection refused", dep)},
			"dep-libpq", "ss -ltnp 'sport = :5432'", "pg_stat_activity"},
		"no room": {[]rules.Candidate{line(full, 4, 20, "could not extend file: No space left on device")}, "pg-no-space", "df -h", "pg_stat_activity"},
		"no room, and locks wait for it": {[]rules.Candidate{line(full, 4, 20, "could not extend file: No space left on device"), line(refused, 5, 20, "(1205, 'Lock wait timeout exceeded; try restarting transaction')", dep)},
			"dep-libpq", "df -h", "pg_blocking_pids"},
		"in its own way": {[]rules.Candidate{line(notReady, 4, 20, "the database system is starting up")}, "pg-not-ready", "pg_stat_activity", "df -h"},
	} {
		c := failing(saw(parser.SymptomUpstreamStatus, 20, 0, 5))
		c.Evidence = tc.lines
		v := Decide(c)
		if v.Cause != rules.CauseDependencyFailure || len(v.Proof) == 0 {
			t.Errorf("%s: %+v", name, v)
			continue
		}
		if got := c.Evidence[v.Proof[0].Candidate].Hit.Signature.ID; got != tc.first {
			t.Errorf("%s: %s is first, want %s", name, got, tc.first)
		}
		in := incident(v.Cause)
		in.Verdict, in.Culprit = v, rules.Culprit{Process: "postgres"}
		if text := strings.Join(append(Advice(c, in), Prevent(c, in)...), "\n"); !strings.Contains(text, tc.now) || strings.Contains(text, tc.never) {
			t.Errorf("%s: no %q, or %q, in\n%s", name, tc.now, tc.never, text)
		}
		for _, a := range v.Alternatives {
			if a.Cause == rules.CauseCrashSignal && !strings.Contains(a.WhyNot, "service behind") {
				t.Errorf("%s: %s is rejected: %s", name, a.Cause, a.WhyNot)
			}
		}
	}
}

// Each that waits for a lock tells so once, at its begin: that the gateway gave the first one up
// minutes later makes the lines no fewer.
func TestLockIsToldOfAtItsBegin(t *testing.T) {
	f := func(lines int64, want rules.Cause) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomReadTimeout, 60, 0, 140)), line("pg-lock-wait", rules.CauseDependencyFailure, -299, scope(rules.ScopeDependency), weak, linked(6, "the only database among the logs")))
		c.Began -= 300 * parser.Second
		c.Evidence[0].Inside, c.Evidence[0].Complaints = lines, lines
		if v := decide(t, c); v.Cause != want {
			t.Errorf("%d lines: %s (%d)", lines, v.Cause, v.Decibans)
		}
	}
	f(9, rules.CauseDependencyFailure)
	f(1, rules.CauseUnknown)
}
