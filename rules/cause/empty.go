package cause

import (
	"fmt"

	"culprit/parser"
	"culprit/rules"
)

// emptyAnswers weighs what a server does that closes connections instead of an answer and lives
// on: closes only, on connections made for the request, while the same address answers others in
// the same seconds, and its own log, which is there, tells of no end.
func emptyAnswers(c *rules.Case) rules.Reason {
	const weight = 12
	total, t := c.Primary(parser.SymptomNone), c.Traffic
	if total < 3 || c.Primary(parser.SymptomPrematureClose) != total || !c.Seen.App || !t.Known ||
		t.FailedFresh <= t.FailedReused || t.ServedSeconds*2 < t.SymptomSeconds || t.Succeeded < 2*total {
		return rules.Reason{}
	}
	for _, s := range c.Symptoms {
		if s.Rank == parser.RankPrimary && s.Phase != parser.PhaseReadingHeader && s.Phase != parser.PhaseNone {
			return rules.Reason{}
		}
	}
	return rules.Reason{Weight: weight, Text: fmt.Sprintf("%s closed without an answer, while the same server answered %s and its log tells of no end: it sent none",
		plural(total, "connection was", "connections were"), plural(t.Succeeded, "other request", "other requests"))}
}
