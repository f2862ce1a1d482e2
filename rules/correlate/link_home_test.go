package correlate

import (
	"testing"

	"culprit/rules"
)

// What befalls a unit befalls the program that runs in it: one that listens elsewhere is not the
// upstream, whatever its unit has in common with the virtual host.
func TestUnitsByTheirTenants(t *testing.T) {
	f := func(name, listens string, want rules.Cause) {
		t.Helper()
		errors := errorLog("error.log").covers(0, 300).fails(100, shopAddress, closed, 1, onHost("shop.example")).fails(100, shopAddress, refused, 9, onHost("shop.example"))
		journal := systemLog("syslog").covers(0, 300).teaches(rules.SubjectUnit+"shop.service", 0, rules.FactUnit, "shop.service").
			tagged("systemd", 99, unitKilled, field(rules.FieldUnit, "shop.service"))
		app := appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, listens)
		other := appLog("mailer.log").covers(0, 300)
		if in := incidents(t, 1, errors, journal, app, other)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Evidence)
		}
	}
	f("it listens there", shopAddress, rules.CauseKilled)
	f("it listens elsewhere", "127.0.0.1:9999", rules.CauseUnknown)
}

// HAProxy names servers as its configuration does. Of two back ends and two applications that listen,
// one pair is known by its requests: the others belong together.
func TestWhatIsLeftBelongsTogether(t *testing.T) {
	f := func(name string, want rules.Cause, change func(gateway, alpha *logFile), more ...*logFile) {
		t.Helper()
		log := errorLog("haproxy.log").covers(0, 300)
		log.d.Source.Gateway, log.d.Source.HasAccess = "haproxy", true
		beta, alpha := appLog("beta/beta.log").covers(0, 300).knows(0, rules.FactListens, "127.0.0.1:25702"), appLog("logs/one.log").covers(0, 300)
		for s := range 40 {
			log.sketch(float64(s), uint64(s), "be_b/b1").answers(float64(s), "be_b/b1", 200, 1).answers(float64(s), "be_a/a1", 200, 1)
			beta.sketch(float64(s), uint64(s), "")
		}
		log.fails(100, "be_a/a1", refused, 9, onHost(""))
		alpha.says(99, stopping)
		change(log, alpha)
		in := incidents(t, 1, append(more, log, beta, alpha)...)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Evidence)
		}
	}
	listens := func(_, alpha *logFile) { alpha.knows(0, rules.FactListens, "127.0.0.1:25701") }
	f("one of each is left", rules.CauseRestart, listens)
	f("two back ends are left", rules.CauseNotListening, func(gateway, alpha *logFile) {
		listens(gateway, alpha)
		gateway.answers(50, "be_c/c1", 200, 1)
	})
	f("two applications are left", rules.CauseNotListening, listens, appLog("logs/two.log").covers(0, 300).knows(0, rules.FactListens, "127.0.0.1:25703"))
}
