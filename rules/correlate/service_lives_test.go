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
	f("a unit that another log is named for", rules.CauseNotListening, twice, func(l *logFile) {
		l.tagged("systemd", 99, unitKilled, unit("mailer.service"))
		started(l, 110, "mailer.service")
	})
	for _, name := range []string{"unbound.service", "postgresql@15-main.service", "redis-server.service"} { // the service is none
		f("a name server or database of the same lives", rules.CauseNotListening, twice, func(l *logFile) {
			started(l, 0, name)
			l.tagged("systemd", 99, unitKilled, unit(name))
			started(l, 110, name)
		})
	}
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

// Two units of one program that start in one second are told apart by their later lives.
func TestUnitsOfOneProgram(t *testing.T) {
	const other = "127.0.0.1:8001"
	unit := func(name string) rules.Field { return field(rules.FieldUnit, name) }
	journal, errors := appLog("syslog").covers(0, 300), errorLog("error.log").covers(0, 300)
	a, b := appLog("a.log").covers(0, 300).knows(2, rules.FactListens, shopAddress), appLog("b.log").covers(0, 300).knows(3, rules.FactListens, other)
	for s := range 20 {
		a.sketch(float64(2+5*s), uint64(s), "")
		b.sketch(float64(2+5*s), uint64(100+s), "")
	}
	b.sketch(101, 200, "")
	for _, name := range []string{"shop-0.service", "shop-1.service"} {
		journal.tagged("systemd", 0, unitStarted, unit(name))
	}
	life := func(l *logFile, name string, end, start float64, born float64) {
		journal.tagged("systemd", end, unitKilled, unit(name))
		journal.tagged("systemd", end+4, stopped, unit(name))
		journal.tagged("systemd", start, unitStarted, unit(name))
		l.says(1, serving).says(born, serving)
	}
	life(a, "shop-0.service", 99, 104, 106)
	life(b, "shop-1.service", 102, 106, 108)
	errors.fails(100, shopAddress, refused, 9).fails(103, other, refused, 9)
	for _, in := range incidents(t, 2, a, b, journal, errors) {
		want := map[string]string{shopAddress: "shop-0.service", other: "shop-1.service"}[in.Upstreams[0]]
		if in.Verdict.Cause != rules.CauseKilled || in.Culprit.Unit != want {
			t.Errorf("%v: %s of %s, want %s", in.Upstreams, in.Verdict.Cause, in.Culprit.Unit, want)
		}
	}
}

// A container's host name is its id.
func TestContainersHostName(t *testing.T) {
	killed := &rules.Signature{ID: "docker-oom", Technology: "docker", Cause: rules.CauseOOMKill, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "container <container> ran out of memory"}
	f := func(id string, want rules.Cause) {
		t.Helper()
		app := appLog("api.log").covers(0, 300).knows(0, rules.FactListens, shopAddress).knows(0, rules.FactHost, "5c0f1d2e3a4b")
		events := systemLog("events.json").covers(0, 300).says(99, killed, field(rules.FieldContainer, id))
		errors := errorLog("error.log").covers(0, 300).fails(100, shopAddress, refused, 9)
		if in := incidents(t, 1, app, events, errors)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", id, in.Verdict.Cause, want)
		}
	}
	f("5c0f1d2e3a4b9999999999999999999999999999999999999999999999999999", rules.CauseOOMKill)
	f("6c0f1d2e3a4b9999999999999999999999999999999999999999999999999999", rules.CauseNotListening)
}
