package correlate

import (
	"testing"

	"culprit/rules"
)

// A unit's end is that of the program that starts when the unit does, whatever their names.
func TestUnitsOfOtherNames(t *testing.T) {
	unit := func(name string) rules.Field { return field(rules.FieldUnit, name) }
	f := func(name string, want rules.Cause, service, manager func(*logFile)) {
		t.Helper()
		app := appLog("daphne.log").covers(1, 300)
		for s := range 20 {
			app.sketch(float64(2+4*s), uint64(s), "")
		}
		service(app)
		journal := appLog("syslog").covers(0, 300)
		manager(journal)
		other := appLog("mailer.log").covers(0, 300).says(60, serving)
		errors := errorLog("error.log").covers(0, 300)
		for s := range 10 {
			errors.fails(float64(100+s), shopAddress, refused, 10)
		}
		listens := func(l *logFile) { l.knows(2, rules.FactListens, shopAddress) }
		listens(app)
		in := incidents(t, 1, app, other, journal, errors)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	started := func(l *logFile, at float64, name string) { l.tagged("systemd", at, unitStarted, unit(name)) }
	twice := func(l *logFile) { l.says(2, serving).says(113, serving) }
	f("both starts", rules.CauseKilled, twice, func(l *logFile) {
		started(l, 0, "events.service")
		l.tagged("systemd", 99, unitKilled, unit("events.service"))
		started(l, 110, "events.service")
	})
	f("another unit dies in that second", rules.CauseNotListening, twice, func(l *logFile) {
		started(l, 50, "billing.service")
		l.tagged("systemd", 99, unitKilled, unit("billing.service"))
		started(l, 104, "billing.service")
	})
	f("two units that start together", rules.CauseNotListening, twice, func(l *logFile) {
		for _, name := range []string{"events.service", "billing.service"} {
			started(l, 0, name)
			l.tagged("systemd", 99, unitKilled, unit(name))
			started(l, 110, name)
		}
	})
	f("it ended, and all was silent until it started", rules.CauseKilled, func(l *logFile) { l.says(113, serving) }, func(l *logFile) {
		l.tagged("systemd", 99, unitKilled, unit("events.service"))
		started(l, 110, "events.service")
	})
	f("it answered meanwhile", rules.CauseNotListening, func(l *logFile) { l.says(113, serving).sketch(105, 77, "") }, func(l *logFile) {
		l.tagged("systemd", 99, unitKilled, unit("events.service"))
		started(l, 110, "events.service")
	})
}

// Units of one name on two hosts are two, and each has its own tenant.
func TestUnitsOfOneNameOnTwoHosts(t *testing.T) {
	journal := appLog("syslog").covers(0, 300)
	logs := []*logFile{journal}
	for _, host := range []string{"web-1", "web-2"} {
		app := appLog(host+"/daphne.log").covers(1, 300).says(2, serving).says(113, serving).knows(2, rules.FactHost, host)
		if host == "web-1" {
			app.knows(2, rules.FactListens, shopAddress)
		}
		logs = append(logs, app)
		say := func(at float64, sig *rules.Signature) {
			journal.tagged(rules.StreamOn("systemd", host), at, sig, field(rules.FieldUnit, "events.service"))
			journal.d.Events[len(journal.d.Events)-1].Host = host
		}
		say(0, unitStarted)
		if host == "web-1" {
			say(99, unitKilled)
		}
		say(110, unitStarted)
	}
	errors := errorLog("error.log").covers(0, 300)
	for s := range 10 {
		errors.fails(float64(100+s), shopAddress, refused, 10)
	}
	if in := incidents(t, 1, append(logs, errors)...)[0]; in.Verdict.Cause != rules.CauseKilled {
		t.Errorf("%s, want killed: %+v", in.Verdict.Cause, in.Verdict.Alternatives)
	}
}
