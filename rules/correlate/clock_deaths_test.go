package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// dmesg is a kernel's log that counts from a boot.
func dmesg() *logFile {
	kernel := systemLog("dmesg")
	kernel.clock, kernel.ahead = parser.ClockUptime, 5000*parser.Second-utc(0)
	return kernel
}

// A kernel's log without any date is dated by what its victim wrote itself, or by what the
// manager says about the same unit; a victim that nobody knows dates nothing.
func TestUptimeFromTheVictim(t *testing.T) {
	const undated = 0
	f := func(name string, want float64, changes func(app, kernel, journal *logFile)) {
		t.Helper()
		app, kernel, journal := appLog("app/shop.log").covers(0, 300), dmesg(), systemLog("journal")
		changes(app, kernel, journal)
		logs := []*logFile{errorLog("nginx/error.log").fails(100, shopAddress, refused, 20).covers(0, 300), accessLog("nginx/access.log").covers(0, 300), app, kernel}
		if len(journal.d.Events) > 0 {
			logs = append(logs, journal)
		}
		r := report(t, Config{}, logs...)
		if from := settled(t, r, "dmesg").ZoneFrom; (from == rules.ZoneInferred) != (want > 0) || len(r.Incidents) != 1 {
			t.Fatalf("%s: %s, %s", name, from, outline(r))
		}
		in := r.Incidents[0]
		if want > 0 && !proved(&in, kernelKill) {
			t.Fatalf("%s: %s %+v", name, in.Verdict.Cause, in.Evidence)
		}
		for _, ev := range in.Evidence {
			if ev.Kind == kernelKill.ID && (want == undated) != ev.Time.IsZero() || want > 0 && ev.Kind == kernelKill.ID && ev.Time.Micros != utc(want) {
				t.Errorf("%s: the kill was at %s", name, ev.Time)
			}
		}
	}
	// lives makes a process write at two moments.
	lives := func(l *logFile, pid string, from, to float64) {
		l.knows(from, rules.FactPID, pid)
		last, _ := l.moment(to)
		l.d.Facts[len(l.d.Facts)-1].Last = last
	}
	kill := func(l *logFile, at float64, pid string, more ...rules.Field) {
		l.says(at, kernelKill, append(more, field(rules.FieldPID, pid), field(rules.FieldProcess, "python3"))...)
	}
	f("its last line", 99, func(app, kernel, _ *logFile) {
		app.knows(0, rules.FactListens, shopAddress)
		lives(app, "18746", 0, 99)
		lives(app, "19162", 105, 300)
		kill(kernel, 3000, "18746")
	})
	f("the last lines of two", 98.5, func(app, kernel, _ *logFile) {
		app.knows(0, rules.FactListens, shopAddress)
		lives(app, "18746", 0, 90)
		lives(app, "18747", 0, 99)
		kill(kernel, 3000, "18746")
		kill(kernel, 3000.5, "18747") // at 3000 its last line was not yet written
	})
	f("pids of two boots", undated, func(app, kernel, _ *logFile) {
		app.knows(0, rules.FactListens, shopAddress)
		lives(app, "18746", 0, 20)
		lives(app, "18747", 30, 99)
		kill(kernel, 3000, "18746")
		kill(kernel, 3010, "18747")
	})
	f("the manager's line about the unit", 99, func(app, kernel, journal *logFile) {
		app.knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "khata.service")
		journal.says(99, unitKilled, field(rules.FieldUnit, "khata.service")).covers(0, 300)
		kill(kernel, 3000, "18746", field(rules.FieldCgroup, "/system.slice/khata.service"))
	})
	// systemd 252 says in three lines that a unit was killed.
	f("the manager's lines about the unit", 99, func(app, kernel, journal *logFile) {
		app.knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "khata.service")
		journal.says(99, unitKilled, field(rules.FieldUnit, "khata.service")).says(99.5, unitKilled, field(rules.FieldUnit, "khata.service")).says(100, unitKilled, field(rules.FieldUnit, "khata.service")).covers(0, 300)
		kill(kernel, 3000, "18746", field(rules.FieldCgroup, "/system.slice/khata.service"))
	})
	f("the manager's line in spite of a log that goes on with the pid", 99, func(app, kernel, journal *logFile) {
		app.knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "khata.service")
		lives(app, "18746", 0, 250)
		journal.says(99, unitKilled, field(rules.FieldUnit, "khata.service")).covers(0, 300)
		kill(kernel, 3000, "18746", field(rules.FieldCgroup, "/system.slice/khata.service"))
	})
	f("of a unit that died twice", undated, func(app, kernel, journal *logFile) {
		app.knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "khata.service")
		journal.says(20, unitKilled, field(rules.FieldUnit, "khata.service")).says(99, unitKilled, field(rules.FieldUnit, "khata.service")).covers(0, 300)
		kill(kernel, 3000, "18746", field(rules.FieldCgroup, "/system.slice/khata.service"))
	})
	f("nobody knows the victim", undated, func(app, kernel, _ *logFile) {
		app.knows(0, rules.FactListens, shopAddress)
		lives(app, "19162", 105, 300)
		kill(kernel, 3000, "18746")
	})
}
