package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Where no log is an application's, the unit whose end and start stand around the failures is the
// one that serves, unless something else may be meant.
func TestUnitAroundTheFailures(t *testing.T) {
	unit := func(name string) rules.Field { return field(rules.FieldUnit, name) }
	life := func(l *logFile, name string, end, start float64) {
		l.teaches(rules.SubjectUnit+name, 0, rules.FactUnit, name).tagged("systemd", 0, unitStarted, unit(name))
		l.tagged("systemd", end, unitKilled, unit(name))
		if start > 0 {
			l.tagged("systemd", start, unitStarted, unit(name))
		}
	}
	f := func(name string, want rules.Cause, change func(journal, errors, access *logFile)) {
		t.Helper()
		journal, errors := systemLog("syslog").covers(0, 300), errorLog("error.log").covers(0, 300)
		access := accessLog("access.log").serves(0, 99, shopAddress).serves(112, 300, shopAddress)
		for s := range 10 {
			errors.fails(float64(101+s), shopAddress, refused, 3)
			access.answers(float64(101+s), shopAddress, 502, 3)
		}
		change(journal, errors, access)
		var found *rules.Incident
		r := report(t, Config{}, journal, errors, access)
		for i := range r.Incidents {
			if r.Incidents[i].Upstreams[0] == shopAddress {
				found = &r.Incidents[i]
			}
		}
		if found == nil || found.Verdict.Cause != want {
			t.Errorf("%s: want %s: %s", name, want, outline(r))
		}
	}
	f("it ended and was started", rules.CauseKilled, func(j, _, _ *logFile) { life(j, "quotes.service", 100, 109) })
	f("it was not started again before the end of the failures", rules.CauseNotListening, func(j, _, _ *logFile) { life(j, "quotes.service", 100, 200) })
	f("the address answered after its end", rules.CauseNotListening, func(j, _, a *logFile) {
		life(j, "quotes.service", 94, 109)
	})
	f("the address answered long before its start", rules.CauseNotListening, func(j, _, a *logFile) {
		life(j, "quotes.service", 100, 109)
		a.answers(105, shopAddress, 200, 1)
	})
	f("the gateway's logs begin after its end", rules.CauseNotListening, func(j, e, a *logFile) {
		life(j, "quotes.service", 95, 109)
		*e, *a = *errorLog("error.log").covers(101, 300), *accessLog("access.log").serves(112, 300, shopAddress)
		for s := range 10 {
			e.fails(float64(101+s), shopAddress, refused, 3)
			a.answers(float64(101+s), shopAddress, 502, 3)
		}
	})
	f("another is known to listen there", rules.CauseNotListening, func(j, _, _ *logFile) {
		j.teaches(rules.SubjectUnit+"crm.service", 0, rules.FactListens, shopAddress)
		life(j, "quotes.service", 100, 109)
	})
	f("a database's did", rules.CauseNotListening, func(j, _, _ *logFile) { life(j, "mariadb.service", 100, 109) })
	f("two units did", rules.CauseNotListening, func(j, _, _ *logFile) {
		life(j, "quotes.service", 100, 109)
		life(j, "mailer.service", 100, 109)
	})
	f("two addresses failed", rules.CauseNotListening, func(j, e, _ *logFile) {
		life(j, "quotes.service", 100, 109)
		e.fails(105, "127.0.0.1:9999", refused, 3)
	})
}

// The kernel names a process and no unit, the init system a unit and no process.
func TestVictimsUnits(t *testing.T) {
	f := func(name string, want bool, change func(*logFile)) {
		t.Helper()
		errors, journal := errorLog("error.log").covers(0, 300), systemLog("syslog").covers(0, 300)
		app := appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "shop.service")
		errors.fails(100, shopAddress, parser.SymptomPrematureClose, 3).fails(101, shopAddress, refused, 9)
		journal.tagged("kernel", 99, kernelKill, field(rules.FieldPID, "4123"), field(rules.FieldProcess, "java"))
		change(journal)
		in := incidents(t, 1, errors, journal, app)[0]
		if got := proved(&in, kernelKill); got != want {
			t.Errorf("%s: proof %v, want %v: %s by %+v", name, got, want, in.Verdict.Cause, in.Verdict.Proof)
		}
	}
	lost := func(l *logFile, at float64, unit string) {
		l.tagged("systemd", at, unitKilled, field(rules.FieldUnit, unit))
	}
	f("the only unit that lost a process", true, func(l *logFile) { lost(l, 100, "shop.service") })
	f("another unit", false, func(l *logFile) { lost(l, 100, "mailer.service") })
	f("two units", false, func(l *logFile) {
		lost(l, 100, "shop.service")
		lost(l, 100, "mailer.service")
	})
	f("two processes", false, func(l *logFile) {
		lost(l, 100, "shop.service")
		l.tagged("kernel", 100, kernelKill, field(rules.FieldPID, "999"), field(rules.FieldProcess, "mailer"))
	})
}

// What was waited for is told when the wait is over.
func TestEndOfAWait(t *testing.T) {
	pool := &rules.Signature{ID: "hikari-pool-empty", Technology: "spring", Cause: rules.CauseUpstreamSaturated, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "the pool of connections was empty"}
	f := func(text string, want rules.Cause) {
		t.Helper()
		errors := errorLog("error.log").covers(0, 300).fails(120, shopAddress, parser.SymptomReadTimeout, 4).fails(130, shopAddress, parser.SymptomReadTimeout, 4)
		app := appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, shopAddress).says(170, pool)
		app.d.Events[0].Text = text
		in := incidents(t, 1, errors, app)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", text, in.Verdict.Cause, want)
		}
		for _, e := range in.Evidence {
			if e.Kind == pool.ID && e.Time.Micros != utc(170) {
				t.Errorf("its line is said to be of %s", e.Time)
			}
		}
	}
	f("HikariPool-1 - Connection is not available, request timed out after 60001ms", rules.CauseUpstreamSaturated)
	f("HikariPool-1 - Connection is not available", rules.CauseSlowUpstream)
}

// A part of syslog in which only the init system wrote is no application's log, whatever the scanner
// took its words for: it does not serve the address itself.
func TestSystemLinesAreNoApplication(t *testing.T) {
	unit := field(rules.FieldUnit, "quotes.service")
	journal, errors := appLog("syslog").covers(0, 300), errorLog("error.log").covers(0, 300)
	access := accessLog("access.log").serves(0, 99, shopAddress).serves(112, 300, shopAddress)
	for s := range 10 {
		errors.fails(float64(101+s), shopAddress, refused, 3)
		access.answers(float64(101+s), shopAddress, 502, 3)
	}
	journal.teaches(rules.SubjectUnit+"quotes.service", 0, rules.FactUnit, "quotes.service")
	journal.tagged("systemd", 0, unitStarted, unit).tagged("systemd", 100, unitKilled, unit).tagged("systemd", 109, unitStarted, unit)
	if in := incidents(t, 1, journal, errors, access)[0]; in.Verdict.Cause != rules.CauseKilled || in.Service != "quotes.service" {
		t.Errorf("%s of %s: %+v", in.Verdict.Cause, in.Service, in.Evidence)
	}
}

// Containers of one project write into one stream. The one that stopped while the address was still
// answered is not the one whose crash the failures follow.
func TestContainerOutlivedByTheAddress(t *testing.T) {
	f := func(name string, want rules.Cause, change func(compose, access *logFile)) {
		t.Helper()
		compose, access := errorLog("compose.txt").covers(0, 300), accessLog("access.log").serves(0, 100, shopAddress)
		for s := range 9 {
			compose.fails(float64(101+s), shopAddress, refused, 3)
			access.answers(float64(101+s), shopAddress, 502, 3)
		}
		change(compose, access.serves(112, 300, shopAddress))
		if in := incidents(t, 1, compose, access)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	f("another container stopped before", rules.CauseUnhandledException, func(c, _ *logFile) {
		c.tagged("mailer-1", 95, stopping).tagged("till-1", 100, goPanic)
	})
	f("the other one stopped at the same time", rules.CauseUnknown, func(c, _ *logFile) {
		c.tagged("mailer-1", 100, stopping).tagged("till-1", 100, goPanic)
	})
	f("the other one had started again", rules.CauseUnknown, func(c, _ *logFile) {
		c.tagged("mailer-1", 95, stopping).tagged("mailer-1", 97, serving).tagged("mailer-1", 100, stopping).tagged("till-1", 100, goPanic)
	})
	f("the address was answered after the crash, too", rules.CauseUnknown, func(c, _ *logFile) {
		c.tagged("mailer-1", 90, stopping).tagged("till-1", 85, goPanic)
	})
}
