package correlate

import (
	"testing"

	"culprit/rules"
)

// Two machines run the same, on all addresses, and no line tells which address is whose.
func TestTwinsAreToldApartByWhenTheyWereDown(t *testing.T) {
	const first, second = "10.15.1.1:8080", "10.15.1.2:8080"
	twin := func(path, host string, at float64, sig *rules.Signature) *logFile {
		l := appLog(path).knows(0, rules.FactListens, "0.0.0.0:8080").knows(0, rules.FactHost, host).covers(0, 300)
		if sig != nil {
			l.says(at, sig)
		}
		return l
	}
	f := func(name string, one, two rules.Cause, gap float64, answers bool) {
		t.Helper()
		errors, access := errorLog("nginx/error.log").covers(0, 300), accessLog("nginx/access.log").covers(0, 300)
		for s := 60.0; s < 120; s++ {
			if s < 100 && answers {
				access.answers(s, first, 200, 1)
			}
			if s < 100+gap && answers {
				access.answers(s, second, 200, 1)
			}
			if s >= 100 {
				errors.fails(s, first, refused, 2)
			}
			if s >= 100+gap {
				errors.fails(s, second, refused, 2)
			}
		}
		r := report(t, Config{}, errors, access, twin("duo-1/duod.log", "duo-1", 100, unitDied), twin("duo-2/duod.log", "duo-2", 100+gap, stopping))
		for _, in := range r.Incidents {
			want := map[string]rules.Cause{first: one, second: two}[in.Upstreams[0]]
			if in.Verdict.Cause != want {
				t.Errorf("%s: %v: %s, want %s", name, in.Upstreams, in.Verdict.Cause, want)
			}
		}
	}
	f("one dies, then the other is told to stop", rules.CauseOOMKill, rules.CauseRestart, 5, true)
	f("both at once", rules.CauseUnknown, rules.CauseUnknown, 0, true)
}

// unitDied ends the whole service.
var unitDied = &rules.Signature{ID: "systemd-oom", Technology: "systemd", Cause: rules.CauseOOMKill, Role: rules.RoleCause, Strong: true,
	Scope: rules.ScopeService, State: rules.StateDead, Meaning: "it was killed for memory"}
