package cause

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// In one minute with a unit that somebody killed, the OOM killer took a process of another one: what befell that
// one says nothing about the first.
func TestWhatBefellAnotherUnit(t *testing.T) {
	foreign := func(c *rules.Candidate) {
		unlinkedLine(10)(c)
		c.Foreign = true
	}
	v := decide(t, tell(failing(saw(parser.SymptomConnRefused, 30, 0, 4)),
		line("systemd-exit-killed", rules.CauseKilled, 0, lasting(rules.StateDead), also(rules.CauseOOMKill)),
		line("systemd-oom-detected", rules.CauseOOMKill, -2, foreign, covered(2, 5)),
		line("kernel-oom-killed", rules.CauseOOMKill, -2, ofAnother)))
	if v.Cause != rules.CauseKilled {
		t.Errorf("%s: %+v", v.Cause, v.Alternatives)
	}
}
