package cause

import (
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// maxPIDs is how many processes a sentence names.
const maxPIDs = 8

// victims are the processes of which lines like a proof's tell while the case lasted, in
// their order: each once, however often it is told.
func victims(c *rules.Case, p rules.Proof) (pids []string) {
	best := &c.Evidence[p.Candidate]
	for i := range c.Evidence {
		ev := &c.Evidence[i]
		if ev.Hit.Signature != best.Hit.Signature || ev.Subject != best.Subject || ev.Link < 0 || ev.Event.Host != best.Event.Host ||
			ev.When.To < c.Began-5*parser.Second || ev.When.From > c.Span.To+5*parser.Second {
			continue
		}
		if pid := ev.Hit.Get(rules.FieldPID); pid != "" && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Victims says how many processes lines like a proof's tell of, and which; "" if it is one.
func Victims(c *rules.Case, p rules.Proof) string {
	pids := victims(c, p)
	if len(pids) < 2 || c.Evidence[p.Candidate].Cause.Family() != "crashed" {
		return ""
	}
	return fmt.Sprintf("%d processes ended like that: pids %s", len(pids), named(pids))
}

// named lists what can be many: 1, 2 and 3; 1, 2, 3 and 40 more.
func named(list []string) string {
	if more := len(list) - maxPIDs; more > 0 {
		return strings.Join(list[:maxPIDs], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// process is the one whose end is the cause, and how many ended like it: pid 22838, or
// pids 22838, 22840 and 22851.
func process(c *rules.Case, in *rules.Incident) string {
	if len(in.Verdict.Proof) > 0 {
		if pids := victims(c, in.Verdict.Proof[0]); len(pids) > 1 {
			return "pids " + named(pids)
		}
	}
	return fmt.Sprintf("pid %d", in.Culprit.PID)
}
