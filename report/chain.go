package report

import (
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A chain is a group of two incidents at least, at the same upstreams and each soon after the
// one before: an incident closes when nothing fails for a minute, so where requests are rare
// one outage makes many.
type chain struct{ group }

// Bounds of a chain.
const (
	chainGap  = parser.Hour // between the end of a member and the start of the next
	tellWhole = 2           // of a longer chain the worst member is told for all, unless each was asked for
)

// chainsOf finds the chains among incidents, by their first members. What failed there for
// another cause ends one.
func chainsOf(incidents []rules.Incident) []chain {
	open := map[string]*chain{} // by upstreams
	var all []*chain
	for i := range incidents {
		in := &incidents[i]
		at := strings.Join(in.Upstreams, "\x00")
		c := open[at]
		if c == nil || !follows(in, &incidents[c.members[len(c.members)-1]]) {
			c = &chain{group{cause: causeName(in), where: whereOf(in), worst: i}}
			open[at] = c
			all = append(all, c)
		}
		c.add(incidents, i)
	}
	var out []chain
	for _, c := range all {
		if len(c.members) > 1 {
			out = append(out, *c)
		}
	}
	return out
}

// follows reports whether an incident may be of one chain with the last at its upstreams.
func follows(in, last *rules.Incident) bool {
	return last.Verdict.Cause == in.Verdict.Cause && in.Start.Micros-last.End.Micros <= chainGap
}

// told reports whether incident i is told in full, as far as chains are concerned.
func told(chains []chain, i int) bool {
	return !slices.ContainsFunc(chains, func(c chain) bool {
		return len(c.members) > tellWhole && c.worst != i && slices.Contains(c.members, i)
	})
}

// words is the line that a chain's members have in common.
func (c *chain) words(incidents []rules.Incident, k clock, whole bool) string {
	text := c.numbers() + " follow each other: " + c.cause + " at " + c.where + ", " + Number(int64(len(c.members))) + " times, " + c.spanOf(incidents, k)
	if rhythm := c.rhythm(incidents); rhythm != "" {
		text += ", " + rhythm
	}
	text += "; " + Counts(c.failed, "failure", "failures")
	if between := c.between(incidents); between != "" {
		text += "; " + between
	}
	if len(c.members) > tellWhole && !whole {
		teller := Number(int64(c.worst + 1))
		if slices.ContainsFunc(c.members, func(i int) bool { return failures(&incidents[i]) < failures(&incidents[c.worst]) }) {
			teller += ", the worst,"
		}
		text += ". " + teller + " is told below for all"
	}
	return Clean(text) + "."
}

// numbers writes "2 to 9" or "1, 3, 5".
func (c *chain) numbers() string {
	n := len(c.members)
	if c.members[n-1]-c.members[0] == n-1 {
		joint := " to "
		if n == 2 {
			joint = " and "
		}
		return strconv.Itoa(c.members[0]+1) + joint + strconv.Itoa(c.members[n-1]+1)
	}
	var parts []string
	for _, i := range c.members {
		parts = append(parts, strconv.Itoa(i+1))
	}
	return strings.Join(parts, ", ")
}

// between says whether it was one outage, as far as the access log tells of the minute after
// each member.
func (c *chain) between(incidents []rules.Incident) string {
	answered, silent := 0, 0
	for _, i := range c.members[:len(c.members)-1] {
		switch in := &incidents[i]; {
		case recovered(in):
			answered++
		case in.Requests > 0 && !in.OfGateway:
			silent++
		}
	}
	switch len(c.members) - 1 {
	case silent:
		return "nothing was answered in the minute after any but the last: it may be one outage"
	case answered:
		return "requests were answered in between"
	}
	return ""
}

// chainWords are the common lines of all chains of a report that tells its incidents one by one.
func chainWords(incidents []rules.Incident, k clock, o Options) (lines []string) {
	if len(incidents) > maxFull {
		return nil // its groups tell it
	}
	chains := chainsOf(incidents)
	for i := range chains {
		lines = append(lines, chains[i].words(incidents, k, o.Whole))
	}
	return lines
}
