package cause

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A stop that comes minutes after the first failure, and close before none, is not why an
// application answered some requests with 500 before and after it.
func TestStopAmongSteadyErrors(t *testing.T) {
	f := func(seconds float64, moments int, want rules.Cause) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomUpstreamStatus, 120, 0, 400)), line("systemd-stopping", rules.CauseRestart, seconds, linked(8, "which listens on 127.0.0.1:8000"), covered(moments, 10)))
		if v := decide(t, c); v.Cause != want {
			t.Errorf("after %v s, close before %d: %s (%d)", seconds, moments, v.Cause, v.Decibans)
		}
	}
	f(190, 0, rules.CauseUnknown)
	f(190, 6, rules.CauseRestart)
	f(0, 0, rules.CauseRestart)
}
