package cause

import (
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// epoch is the second in which every constructed case begins.
const epoch = 1_790_000_000

// at is the moment so many seconds after the case's beginning, in a stamp of whole
// seconds.
func at(seconds float64) rules.Interval {
	from := epoch*parser.Second + int64(seconds*float64(parser.Second))
	return rules.Interval{From: from, To: from + parser.Second}
}

// saw is what the gateway saw of one class from one second of the case to another.
func saw(class parser.Symptom, count int64, from, to float64) rules.CaseSymptom {
	return rules.CaseSymptom{
		Class: class, Phase: phaseOf(class), Rank: parser.RankPrimary, Count: count, First: at(from), Last: at(to),
	}
}

// phaseOf is what nginx does when it usually meets the class.
func phaseOf(class parser.Symptom) parser.Phase {
	switch groupOf(class) {
	case gClosed, gSilent, gGarbage, gTooBig, gStatus:
		return parser.PhaseReadingHeader
	case gCut:
		return parser.PhaseReadingBody
	case gTLS:
		return parser.PhaseTLSHandshake
	case gName:
		return parser.PhaseResolving
	case gOwn:
		return parser.PhaseNone
	}
	return parser.PhaseConnecting
}

// hinted is a class whose message itself names what usually causes it.
func hinted(class parser.Symptom, count int64, hints ...rules.Cause) rules.CaseSymptom {
	s := saw(class, count, 0, 4)
	s.Hints = hints
	return s
}

// reaction is what the gateway did about earlier failures.
func reaction(class parser.Symptom, count int64, from, to float64) rules.CaseSymptom {
	s := saw(class, count, from, to)
	s.Rank = parser.RankSecondary
	return s
}

// failing is a case of one local address that saw the symptoms.
func failing(symptoms ...rules.CaseSymptom) *rules.Case {
	c := &rules.Case{
		Key: "127.0.0.1:8000", Members: []string{"127.0.0.1:8000"}, Symptoms: symptoms,
		Seen: rules.Seen{ErrorLog: true, Access: true, App: true, AnyApp: true, System: true},
	}
	c.Span = rules.Interval{From: rules.Future, To: rules.Past}
	for _, s := range symptoms {
		c.Span.From, c.Span.To = min(c.Span.From, s.First.From), max(c.Span.To, s.Last.To)
	}
	c.Began = c.Span.From
	return c
}

// gatewayCase is a case of the gateway itself.
func gatewayCase(symptoms ...rules.CaseSymptom) *rules.Case {
	c := failing(symptoms...)
	c.Key, c.Members, c.Gateway = "gateway", nil, true
	return c
}

// A change makes a candidate differ from the usual one.
type change func(*rules.Candidate)

// line is a candidate as strong evidence usually stands: its signature decides alone,
// it is linked to the address, and it stands before all failures and nowhere else.
func line(id string, cause rules.Cause, seconds float64, changes ...change) rules.Candidate {
	sig := &rules.Signature{ID: id, Technology: "gunicorn", Cause: cause, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeService}
	c := rules.Candidate{
		Event: &rules.Event{When: at(seconds), Last: at(seconds), Count: 1, Text: id}, Hit: &rules.Hit{Signature: sig}, Cause: cause,
		When: at(seconds), Link: 30, LinkWhy: "which listens on 127.0.0.1:8000", Service: "shop", Inside: 1, Complaints: 1, Covered: 10, Moments: 1,
	}
	for _, f := range changes {
		f(&c)
	}
	return c
}

func weak(c *rules.Candidate) { c.Hit.Signature.Strong = false }

// also says what a line may stand for beside its cause.
func also(causes ...rules.Cause) change {
	return func(c *rules.Candidate) { c.Hit.Signature.Also = causes }
}

func scope(s rules.Scope) change { return func(c *rules.Candidate) { c.Hit.Signature.Scope = s } }

// lasting is the state that the line set and that still held.
func lasting(s rules.State) change {
	return func(c *rules.Candidate) { c.Hit.Signature.State, c.Lasting = s, true }
}

func linked(weight int, why string) change {
	return func(c *rules.Candidate) { c.Link, c.LinkWhy = weight, why }
}

// unlinkedLine is about nobody knows whom, and stands close before so many of ten
// moments of failure.
func unlinkedLine(covered int) change {
	return func(c *rules.Candidate) {
		c.Link, c.LinkWhy, c.Service, c.Subject, c.Covered, c.Moments = 0, "", "", -1, covered, 10
	}
}

func ofAnother(c *rules.Candidate) {
	c.Link, c.LinkWhy, c.Service, c.Subject = -30, "which listens on 127.0.0.1:9999", "search", 1
}

func subject(index int) change { return func(c *rules.Candidate) { c.Subject = index } }

// written says how often the line stands inside the case and outside of it.
func written(inside, outside int64) change {
	return func(c *rules.Candidate) { c.Inside, c.Outside, c.Complaints = inside, outside, inside }
}

func covered(of10, moments int) change {
	return func(c *rules.Candidate) { c.Covered, c.Moments = of10, moments }
}

// tell adds evidence to a case, in order of time as the engine does.
func tell(c *rules.Case, lines ...rules.Candidate) *rules.Case {
	c.Evidence = append(c.Evidence, lines...)
	slices.SortStableFunc(c.Evidence, func(a, b rules.Candidate) int { return int(a.When.From/1000 - b.When.From/1000) })
	return c
}

// decide judges the case and checks what holds for every verdict.
func decide(t *testing.T, c *rules.Case) rules.Verdict {
	t.Helper()
	v := Decide(c)
	for _, flaw := range flaws(c, &v) {
		t.Errorf("verdict %s: %s", v.Cause, flaw)
	}
	return v
}

// flaws lists what no verdict may be, whatever the case.
func flaws(c *rules.Case, v *rules.Verdict) []string {
	var out []string
	bad := func(is bool, what string) {
		if is {
			out = append(out, what)
		}
	}
	bad(v.Cause.Family() == "", "it is no cause")
	bad(!(v.Confidence >= 0 && v.Confidence <= 1), "its confidence is no probability")
	bad(len(v.Reasons) == 0, "it has no reason")
	decided := v.Cause != rules.CauseUnknown
	bad(decided && v.Decibans < aboveNothing, "it is below the bar")
	bad(!decided && len(v.Proof) > 0, "unknown has a proof")
	var sum int
	for _, r := range v.Reasons {
		sum += r.Weight
	}
	bad(decided && sum != v.Decibans, "its reasons do not add up to its weight")
	for _, p := range v.Proof {
		if p.Candidate < 0 || p.Candidate >= len(c.Evidence) {
			out = append(out, "its proof is no evidence of the case")
			continue
		}
		ev := &c.Evidence[p.Candidate]
		bad(ev.Link < 0, "its proof is about another service")
		bad(p.Weight <= 0, "its proof speaks against it")
		bad(ev.Cause != v.Cause && !slices.Contains(ev.Hit.Signature.Also, v.Cause), "its proof speaks for another cause")
	}
	seen := map[rules.Cause]bool{v.Cause: true}
	for _, a := range v.Alternatives {
		bad(decided && seen[a.Cause], "an alternative is told twice")
		seen[a.Cause] = true
		bad(!(a.Confidence >= 0 && a.Confidence <= 1), "an alternative's confidence is no probability")
		bad(a.WhyNot == "", "an alternative does not say why not")
	}
	return out
}

// rejected is what a verdict says of a cause that lost.
func rejected(v *rules.Verdict, cause rules.Cause) (rules.Alternative, bool) {
	i := slices.IndexFunc(v.Alternatives, func(a rules.Alternative) bool { return a.Cause == cause })
	if i < 0 {
		return rules.Alternative{}, false
	}
	return v.Alternatives[i], true
}

// upstream names the case's upstream.
func upstream(address string, c *rules.Case) *rules.Case {
	c.Key, c.Members = address, []string{address}
	return c
}
