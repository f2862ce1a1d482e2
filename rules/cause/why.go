package cause

import (
	"math"
	"strconv"

	"culprit/parser"
	"culprit/rules"
)

// proof lists what spoke for the cause, one piece a signature and subject, best first.
func proof(c *rules.Case, s *score) []rules.Proof {
	const most = 8
	var out []rules.Proof
	type kind struct {
		id      string
		subject int
	}
	seen := map[kind]bool{}
	for _, p := range s.pieces {
		ev := &c.Evidence[p.index]
		k := kind{ev.Hit.Signature.ID, ev.Subject}
		if seen[k] || len(out) == most || ev.Link < 0 || p.weight <= 0 || p.weight < s.pieces[0].weight-25 {
			continue
		}
		seen[k] = true
		out = append(out, rules.Proof{Candidate: p.index, Weight: p.weight, Why: p.why(c)})
	}
	if s.cause == rules.CauseDependencyFailure {
		firstOfItsEnd(c, out)
	}
	return out
}

func alternative(c *rules.Case, s *score, v *rules.Verdict) rules.Alternative {
	return rules.Alternative{
		Cause: s.cause, Decibans: s.total, WhyNot: whyNot(c, s, v),
		Confidence: round2(max(0, min(1-v.Confidence, (1-v.Confidence)*float64(max(s.total, 0))/float64(max(s.total, 0)+30)))),
	}
}

func whyNot(c *rules.Case, s *score, v *rules.Verdict) string {
	if s.foldedI != "" {
		return "it is a consequence of " + string(s.foldedI)
	}
	if len(s.pieces) > 0 {
		ev := &c.Evidence[s.pieces[0].index]
		switch {
		case v.Cause == rules.CauseDependencyFailure && (ev.Behind || ev.Hit.Signature.Scope == rules.ScopeDependency):
			return "its line is about the service behind, not about the upstream itself"
		case ev.Link < 0:
			return "its evidence belongs to another service" + About(ev.Service, ev.LinkWhy)
		case fit(c, s.cause) <= -8:
			return "it does not make a gateway see such failures"
		case ev.Link == 0:
			return "nothing links its evidence to this upstream"
		case ev.Outside > ev.Inside:
			return "such lines are written outside the incident too"
		case ev.When.From > c.First().To+2*parser.Second:
			return "its evidence comes after the first failure"
		}
	}
	if s.shared && v.Cause != rules.CauseUnknown {
		return "the same lines may speak for it, and no other does"
	}
	if v.Cause == rules.CauseUnknown {
		return "what speaks for it is too little to decide"
	}
	return "what speaks for it weighs " + times(v.Decibans-s.total) + " times less"
}

// times writes decibans as a factor of one digit.
func times(decibans int) string {
	if decibans > 40 {
		return "more than 10000"
	}
	factor := math.Pow(10, float64(max(decibans, 0))/10)
	unit := math.Pow(10, math.Floor(math.Log10(factor)))
	return strconv.Itoa(int(math.Round(factor/unit) * unit))
}
