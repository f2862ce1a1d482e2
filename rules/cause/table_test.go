package cause

import (
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// without are the causes that stand in neither table, and why.
var without = map[rules.Cause]string{
	rules.CauseKeepaliveRace: "no line names it: keepaliveRace judges it by the traffic",
	rules.CauseClientAbort:   "a client that went away makes no incident",
	rules.CauseUnknown:       "it is what is left",
}

// TestEveryCauseCanBeJudged: a cause without a row would be weighed by its evidence
// alone, whatever the gateway saw.
func TestEveryCauseCanBeJudged(t *testing.T) {
	for _, cause := range rules.Causes() {
		_, fitted := fits[cause]
		if _, stated := without[cause]; fitted == stated {
			t.Errorf("%s: row in fits %v, reason to have none %v", cause, fitted, stated)
		}
		if phrases[cause] == "" && cause != rules.CauseClientAbort {
			t.Errorf("%s has no phrase", cause)
		}
		if len(advice[cause]) == 0 && cause != rules.CauseClientAbort {
			t.Errorf("%s has no advice", cause)
		}
		if n := strings.Count(phrases[cause], "%"); n > 1 || n == 1 && !strings.Contains(phrases[cause], "%s") {
			t.Errorf("%s: phrase %q takes more than the subject", cause, phrases[cause])
		}
	}
}

// TestTablesHoldCausesOnly: a row of a misspelt cause would be dead.
func TestTablesHoldCausesOnly(t *testing.T) {
	known := func(where string, cause rules.Cause) {
		t.Helper()
		if cause.Family() == "" {
			t.Errorf("%s holds %q, which is no cause", where, cause)
		}
	}
	for class, o := range own {
		known("own", o.cause)
		if o.weight <= 0 || o.why == "" {
			t.Errorf("own[%s] says nothing: %+v", class, o)
		}
	}
	for cause := range fits {
		known("fits", cause)
	}
	for root, list := range explains {
		known("explains", root)
		for _, cause := range list {
			known("explains", cause)
			if cause == root {
				t.Errorf("%s explains itself", root)
			}
		}
	}
	for cause := range phrases {
		known("phrases", cause)
	}
	for cause := range advice {
		known("advice", cause)
	}
}

// TestWhatASymptomSaysItselfFitsIt: a cause that a class alone speaks for must be one
// that can produce the class.
func TestWhatASymptomSaysItselfFitsIt(t *testing.T) {
	for class, o := range own {
		if row, ok := fits[o.cause]; ok && row[groupOf(class)] < 0 && class != parser.SymptomSocketPermission {
			t.Errorf("%s speaks for %s, which does not fit it (%d)", class, o.cause, row[groupOf(class)])
		}
	}
}

// TestEveryClassHasAGroup: only what is no failure of an upstream or of the gateway
// may fit everything.
func TestEveryClassHasAGroup(t *testing.T) {
	for _, class := range parser.Symptoms() {
		switch class {
		case parser.SymptomNoLivePeer, parser.SymptomPeerDisabled, parser.SymptomRefusedOnPurpose, parser.SymptomClientAbort, parser.SymptomOther:
			continue
		}
		if groupOf(class) == gNone {
			t.Errorf("%s fits all causes alike", class)
		}
	}
}

// mutual lists the pairs of causes of which each may explain the other.
func mutual() [][2]rules.Cause {
	var pairs [][2]rules.Cause
	for _, a := range rules.Causes() {
		for _, b := range rules.Causes() {
			if orderOf(a) < orderOf(b) && folds(a, b) && folds(b, a) {
				pairs = append(pairs, [2]rules.Cause{a, b})
			}
		}
	}
	return pairs
}

// TestTimeDecidesMutualExplanations: where a may explain b and b may explain a, the
// earlier one does, and never both or neither.
func TestTimeDecidesMutualExplanations(t *testing.T) {
	pairs := mutual()
	if len(pairs) == 0 {
		t.Fatal("no pair of causes explains each other: the test is worthless")
	}
	for _, p := range pairs {
		for _, order := range [][2]rules.Cause{{p[0], p[1]}, {p[1], p[0]}} {
			c := tell(failing(saw(parser.SymptomPrematureClose, 10, 0, 20)),
				line("earlier", order[0], -16, lasting(rules.StateDead), linked(24, "unit shop")), line("later", order[1], 0))
			v := decide(t, c)
			a, _ := rejected(&v, order[1])
			if v.Cause != order[0] || !strings.HasPrefix(a.WhyNot, "it is a consequence") {
				t.Errorf("%s 16 s before %s: %s; %s: %q", order[0], order[1], v.Cause, order[1], a.WhyNot)
			}
		}
		c := tell(failing(saw(parser.SymptomPrematureClose, 10, 0, 20)), line("a", p[0], 0), line("b", p[1], 0))
		if v := decide(t, c); v.Cause == rules.CauseUnknown {
			t.Errorf("%s and %s in one second: each swallowed the other", p[0], p[1])
		}
	}
}

// TestFoldingLeavesARoot: however many causes are told, some cause is not folded, and
// each folded one leads to a root in the end.
func TestFoldingLeavesARoot(t *testing.T) {
	causes := rules.Causes()
	for _, class := range parser.Symptoms() {
		c := failing(saw(class, 10, 0, 20))
		for i, cause := range causes {
			c = tell(c, line(string(cause), cause, float64(i%5)))
		}
		scores := account(c)
		fold(c, scores)
		into := map[rules.Cause]rules.Cause{}
		for _, s := range scores {
			into[s.cause] = s.foldedI
		}
		for _, s := range scores {
			root, steps := s.cause, 0
			for into[root] != "" && steps <= len(scores) {
				root, steps = into[root], steps+1
			}
			if steps > len(scores) {
				t.Errorf("%s: %s is folded in a circle", class, s.cause)
			}
		}
	}
}

// TestSpeaks: the report quotes the gateway's own line as proof only where it says so.
func TestSpeaks(t *testing.T) {
	f := func(cause rules.Cause, class parser.Symptom, want bool, hints ...rules.Cause) {
		t.Helper()
		if got := Speaks(cause, class, hints); got != want {
			t.Errorf("%s speaks for %s: %v", class, cause, got)
		}
	}
	f(rules.CauseNotListening, parser.SymptomConnRefused, true)
	f(rules.CauseNotListening, parser.SymptomPrematureClose, false)
	f(rules.CauseKeepaliveRace, parser.SymptomConnReset, true)
	f(rules.CauseKeepaliveRace, parser.SymptomConnRefused, false)
	f(rules.CauseProtocolMismatch, parser.SymptomTLSHandshake, true, rules.CauseProtocolMismatch)
	f(rules.CauseProtocolMismatch, parser.SymptomTLSHandshake, false)
	f(rules.CauseUpstreamSaturated, parser.SymptomConnectTimeout, true)
}

func TestUsualNamesCausesOfEachClass(t *testing.T) {
	for _, class := range parser.Symptoms() {
		for _, cause := range Usual(class) {
			if cause.Family() == "" {
				t.Errorf("%s is usually caused by %q", class, cause)
			}
		}
	}
	if got := Usual(parser.SymptomPrematureClose); !slices.Contains(got, rules.CauseOOMKill) || !slices.Contains(got, rules.CauseUnhandledException) {
		t.Errorf("a closed connection is usually caused by %v", got)
	}
	if got := Usual(parser.SymptomHeaderTooBig); !slices.Equal(got, []rules.Cause{rules.CauseResponseTooLarge}) {
		t.Errorf("a header too big is usually caused by %v", got)
	}
}
