package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// maxStatuses bounds the rows and colours of a chart; the rarer statuses are one more together.
const maxStatuses = 4

// A chart is failures over time in equal steps, ready to be drawn.
type chart struct {
	from     int64 // second of the first step, since the epoch
	step     int64 // seconds
	bins     int
	rows     []chartRow   // at least one, of the most frequent statuses first
	peak     int64        // most failures in one step
	peakAt   int          // that step, the first of equals
	lines    bool         // gateway lines are counted, not requests
	cause    int          // step of the cause line, -1 if it is not told or lies outside
	before   rules.Moment // the cause line's time if it lies before the chart
	recovery int          // step of the first success after the last failure, -1 if that is not known
}

// A chartRow is one status.
type chartRow struct {
	status string // as people read it
	counts []int64
	total  int64
}

// steps are the widths that people divide time by, in seconds.
var steps = []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400}

// hundredYears bounds what a chart spans: beyond it a stamp was no time.
const hundredYears = 100 * 366 * 86_400

// chartOf puts an incident's failures into at most columns steps; nil if it has none. With
// fewer than least there is room left and right: one bar alone says nothing about before
// and after.
func chartOf(in *rules.Incident, least, columns int) *chart {
	if len(in.Series) == 0 {
		return nil
	}
	first, last, ok := extent(in)
	if !ok {
		return nil
	}
	c := &chart{step: stepFor(first, last, max(in.Series[0].Span, 1), int64(columns)), cause: -1, recovery: -1}
	c.from = first - mod(first, c.step)
	c.bins = int((last-c.from)/c.step) + 1
	for ; c.bins < least; c.bins += 2 {
		c.from -= c.step
	}
	c.fill(in)
	c.mark(in)
	return c
}

// extent is the seconds that a chart shows: the failures, and the incident's start and end
// as far as they are near.
func extent(in *rules.Incident) (first, last int64, ok bool) {
	points := in.Series
	first, last = points[0].Second, points[len(points)-1].Second
	if first < -hundredYears || last > 100*hundredYears || last-first < 0 || last-first > hundredYears {
		return 0, 0, false
	}
	near := max(60, (last-first)/2)
	if s := floorSecond(in.Start); !in.Start.IsZero() && s < first && s > first-near {
		first = s
	}
	if s := floorSecond(in.End); s > last && s < last+near {
		last = s
	}
	return first, last, true
}

func floorSecond(m rules.Moment) int64 { return parser.FloorDiv(m.Micros, parser.Second) }

// mod is the remainder that is never negative.
func mod(a, b int64) int64 { return (a%b + b) % b }

// stepFor is the narrowest usual step that a point's span divides and that makes few enough steps.
func stepFor(first, last, span, columns int64) int64 {
	fits := func(step int64) bool { return (last-first+mod(first, step))/step < columns }
	for _, step := range steps {
		if step%span == 0 && fits(step) {
			return step
		}
	}
	step := span
	for !fits(step) {
		step *= 2
	}
	return step
}

func (c *chart) fill(in *rules.Incident) {
	totals := map[string]int64{}
	for _, p := range in.Series {
		totals[p.Status] += p.Count
		c.lines = c.lines || p.Status == parser.RankPrimary.String() || p.Status == parser.RankSecondary.String()
	}
	names := slices.SortedFunc(maps.Keys(totals), func(a, b string) int {
		return cmp.Or(cmp.Compare(totals[b], totals[a]), strings.Compare(a, b))
	})
	rowOf := map[string]int{}
	for i, name := range names {
		row, word := i, statusWord(name)
		if i >= maxStatuses && len(names) > maxStatuses+1 {
			row, word = maxStatuses, "other"
		}
		rowOf[name] = row
		if row == len(c.rows) {
			c.rows = append(c.rows, chartRow{status: word, counts: make([]int64, c.bins)})
		}
	}
	stack := make([]int64, c.bins)
	for _, p := range in.Series {
		row, bin := rowOf[p.Status], c.bin(p.Second)
		if bin < 0 {
			continue
		}
		c.rows[row].counts[bin] += p.Count
		c.rows[row].total += p.Count
		if stack[bin] += p.Count; stack[bin] > c.peak {
			c.peak, c.peakAt = stack[bin], bin
		}
	}
}

// statusWord is what a point's status is called in a legend.
func statusWord(status string) string {
	switch status {
	case parser.RankPrimary.String():
		return "failures"
	case parser.RankSecondary.String():
		return "the gateway's reaction"
	case "000":
		return "000 (no status)"
	case "009":
		return "009 (no valid answer)"
	case "200":
		return "200 (body cut)"
	case "499":
		return "499 (client gave up)"
	}
	return Clean(status)
}

// mark places the cause's first proof, and the recovery if something succeeded after the
// last failure.
func (c *chart) mark(in *rules.Incident) {
	if e := causeLine(in); e != nil {
		second := floorSecond(e.Time)
		switch bin := c.bin(second); {
		case bin >= 0:
			c.cause = bin
		case second < c.from:
			c.before = e.Time
		}
	}
	last := in.Series[len(in.Series)-1]
	if end := floorSecond(in.End); recovered(in) && end >= last.Second {
		c.recovery = c.bin(end)
	}
}

func (c *chart) bin(second int64) int {
	if second < c.from || second >= c.from+int64(c.bins)*c.step {
		return -1
	}
	return int((second - c.from) / c.step)
}

// causeLine is the earliest line of proof that has a time and is not the gateway's own.
func causeLine(in *rules.Incident) *rules.Evidence {
	var first *rules.Evidence
	for i := range in.Evidence {
		e := &in.Evidence[i]
		if _, own := parser.ParseSymptom(e.Kind); own || e.Role != rules.RoleCause || e.Time.IsZero() {
			continue
		}
		if first == nil || e.Time.Micros < first.Time.Micros {
			first = e
		}
	}
	return first
}

// recovered reports whether the incident's end is a success and not the last failure.
func recovered(in *rules.Incident) bool {
	var last int64
	for i := range in.Symptoms {
		last = max(last, in.Symptoms[i].Last.Micros)
	}
	return !in.End.IsZero() && in.End.Micros > last
}

// seen is how many steps hold a failure.
func (c *chart) seen() (n int) {
	for bin := range c.bins {
		if slices.ContainsFunc(c.rows, func(r chartRow) bool { return r.counts[bin] > 0 }) {
			n++
		}
	}
	return n
}

// what is counted: "failed requests" or "gateway lines".
func (c *chart) what() string {
	if c.lines {
		return "gateway error lines"
	}
	return "failed requests"
}

// caption says in words what a chart shows: the text for those who do not see it.
func (c *chart) caption(k clock) string {
	var total int64
	parts := make([]string, len(c.rows))
	for i, r := range c.rows {
		total += r.total
		parts[i] = Number(r.total) + " × " + r.status
	}
	what := c.what()
	if total == 1 {
		what = strings.TrimSuffix(what, "s")
	}
	text := Number(total) + " " + what + " (" + strings.Join(parts, ", ") + ")"
	if n := c.seen(); n > 1 {
		text += " in " + Number(int64(n)) + " steps of " + duration(c.step*parser.Second)
		if c.peak > 1 {
			text += "; most, " + Number(c.peak) + ", at " + c.at(k, c.peakAt)
		}
	} else {
		text += ", all at " + c.at(k, c.peakAt)
	}
	if c.cause >= 0 {
		text += "; the cause is logged at " + c.at(k, c.cause)
	}
	if !c.before.IsZero() {
		text += "; the cause is logged earlier, at " + k.short(c.before, c.second(0))
	}
	if c.recovery >= 0 {
		text += "; answered again at " + c.at(k, c.recovery)
	}
	return text + "."
}
