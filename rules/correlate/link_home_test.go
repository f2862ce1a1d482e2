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
