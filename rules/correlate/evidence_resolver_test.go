package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A name server that ended is why names are not answered; that it ended bears on no name that it
// says does not exist, and the end of another service on none.
func TestNameServerEnded(t *testing.T) {
	const (
		silence = "orders.internal could not be resolved (110: Operation timed out)"
		nothing = "orders.internal could not be resolved (3: Host not found)"
	)
	f := func(name, text, unit string, want bool) {
		t.Helper()
		errors := errorLog("nginx/error.log").fails(100, "orders.internal", parser.SymptomResolveFailed, 9, func(e *rules.Event) { e.Text = text })
		system := systemLog("syslog").says(98, unitKilled, field(rules.FieldUnit, unit))
		in := incidents(t, 1, errors, system, appLog("orders.log").knows(0, rules.FactListens, "127.0.0.1:9115"))[0]
		if got := proved(&in, unitKilled); in.Verdict.Cause != rules.CauseDNSFailure || got != want {
			t.Errorf("%s: %s, proved by %s: %t, want %t", name, in.Verdict.Cause, unit, got, want)
		}
		if got := in.Culprit.Unit == unit; got != want {
			t.Errorf("%s: culprit %+v", name, in.Culprit)
		}
	}
	f("no answer", silence, "dnsmasq.service", true)
	f("no answer", silence, "systemd-resolved.service", true)
	f("an agent that answers for names", silence, "consul.service", true)
	f("a client of it", silence, "consul-template.service", false)
	f("another service", silence, "thumbs.service", false)
	f("an answer", nothing, "dnsmasq.service", false)
	if !isNameServer("coredns-6799fbcd5-x2k4p") || isNameServer("named-entities.service") {
		t.Error("names of pods and of programs")
	}
}
