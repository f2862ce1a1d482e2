package cause

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// HAProxy's SC stands for a refused connection and for one whose TLS handshake failed: HAProxy 2.6.12
// with "ssl verify none" in front of a port that speaks plain HTTP wrote
// `fe be/s1 0/0/-1/-1/1085 503 217 - - SC--`.
func TestRefusedOrHandshake(t *testing.T) {
	sure, open := failing(saw(parser.SymptomConnRefused, 8, 0, 4)), failing(hinted(parser.SymptomConnRefused, 8, rules.CauseNotListening, rules.CauseTLSFailure))
	sure.Seen.App, open.Seen.App = false, false
	a, b := decide(t, sure), decide(t, open)
	if a.Cause != rules.CauseNotListening || b.Cause != rules.CauseNotListening || b.Confidence >= a.Confidence {
		t.Errorf("refused: %s %.2f; refused or a handshake: %s %.2f", a.Cause, a.Confidence, b.Cause, b.Confidence)
	}
	in := &rules.Incident{Verdict: rules.Verdict{Cause: rules.CauseNotListening}}
	told := func(c *rules.Case) bool { return strings.Contains(strings.Join(Missing(c, in), "\n"), "bc_err_str") }
	if told(sure) || !told(open) {
		t.Errorf("what would tell: %v, %v", told(sure), told(open))
	}
}
