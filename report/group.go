package report

import (
	"cmp"
	"slices"
	"strings"

	"culprit/rules"
)

// maxFull is how many incidents are told in full. Of more, the worst of each group is.
const maxFull = 12

// A group is the incidents of one cause at one place: what recurs.
type group struct {
	cause, where string
	members      []int // indices of incidents, in their order
	failed       int64 // requests or, where no access log tells, gateway lines
	worst        int   // index of the member with most failures, the first of equals
}

// groupsOf folds incidents into groups, the worst group first.
func groupsOf(incidents []rules.Incident) []group {
	var groups []group
	at := map[[2]string]int{}
	for i := range incidents {
		in := &incidents[i]
		key := [2]string{causeName(in), whereOf(in)}
		n, known := at[key]
		if !known {
			n = len(groups)
			at[key] = n
			groups = append(groups, group{cause: key[0], where: key[1], worst: i})
		}
		groups[n].add(incidents, i)
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Compare(b.failed, a.failed) })
	return groups
}

// add makes incident i a member.
func (g *group) add(incidents []rules.Incident, i int) {
	g.members = append(g.members, i)
	g.failed += failures(&incidents[i])
	if failures(&incidents[i]) > failures(&incidents[g.worst]) {
		g.worst = i
	}
}

// whereOf is what stays the same when an incident recurs: the service where it is known.
func whereOf(in *rules.Incident) string {
	upstreams := upstreamsOf(in)
	name := cmp.Or(in.Culprit.Unit, in.Service)
	if name == "" || len(in.Upstreams) == 0 || strings.Contains(upstreams, name) {
		return Clean(upstreams)
	}
	return Clean(name + " (" + upstreams + ")")
}

// failures is how bad an incident was: requests, or lines where nobody counts requests.
func failures(in *rules.Incident) int64 {
	if n := in.Failed(); n >= 0 {
		return n
	}
	return max(in.ErrorLines, 0)
}

// chosen lists the incidents that are told in full, in their order.
func chosen(incidents []rules.Incident, groups []group, o Options) []int {
	var list []int
	if len(incidents) <= maxFull {
		chains := chainsOf(incidents)
		for i := range incidents {
			if o.Whole || told(chains, i) {
				list = append(list, i)
			}
		}
		return list
	}
	for _, g := range groups[:min(len(groups), maxFull)] {
		list = append(list, g.worst)
	}
	slices.Sort(list)
	return list
}

// byCause sums groups by cause where they are too many to be seen at once, most incidents first;
// else "".
func byCause(groups []group) string {
	if len(groups) <= maxListed {
		return ""
	}
	type sum struct {
		cause             string
		incidents, places int
	}
	var sums []sum
	at := map[string]int{}
	for i := range groups {
		n, known := at[groups[i].cause]
		if !known {
			n = len(sums)
			at[groups[i].cause] = n
			sums = append(sums, sum{cause: groups[i].cause})
		}
		sums[n].incidents += len(groups[i].members)
		sums[n].places++
	}
	slices.SortStableFunc(sums, func(a, b sum) int {
		return cmp.Or(cmp.Compare(b.incidents, a.incidents), cmp.Compare(a.cause, b.cause))
	})
	parts := make([]string, len(sums))
	for i, s := range sums {
		parts[i] = Number(int64(s.incidents)) + " × " + s.cause + " at " + Counts(int64(s.places), "place", "places")
	}
	return "By cause: " + strings.Join(parts, ", ") + "."
}

// toldOf says which of many incidents are told in full.
func toldOf(groups []group) string {
	if len(groups) > maxFull {
		return "Of each of the first " + Number(maxFull) + " groups the worst is told in full below."
	}
	return "The worst of each group is told in full below."
}

// rhythm says how far apart a group's incidents began, "" if it has fewer than three: the
// median where they are alike, else the extremes.
func (g *group) rhythm(incidents []rules.Incident) string {
	if len(g.members) < 3 {
		return ""
	}
	var gaps []int64
	for i := range g.members[1:] {
		gaps = append(gaps, incidents[g.members[i+1]].Start.Micros-incidents[g.members[i]].Start.Micros)
	}
	slices.Sort(gaps)
	return rhythm(gaps[0], gaps[len(gaps)/2], gaps[len(gaps)-1])
}

// rhythm says how far apart beginnings are.
func rhythm(narrowest, middle, widest int64) string {
	if narrowest < middle-middle/3 {
		return "between " + duration(narrowest) + " and " + duration(widest) + " apart"
	}
	if widest > middle+middle/2 {
		return "mostly " + duration(middle) + " apart, at most " + duration(widest)
	}
	return "every " + duration(middle) + " or so"
}

// spanOf tells from when to when a group's incidents lasted.
func (g *group) spanOf(incidents []rules.Incident, c clock) string {
	first := &incidents[g.members[0]]
	last := &incidents[g.members[len(g.members)-1]]
	return c.span(first.Start, last.End)
}
