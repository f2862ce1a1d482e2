package report

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"culprit/rules"
)

// chartColumns is how wide a chart of characters is at most.
const chartColumns = 60

// eighths are bars of one character; a failure is never drawn as nothing.
var eighths = []rune("▁▂▃▄▅▆▇█")

// draw makes the widest chart of characters that fits; nil where there is nothing to see:
// no failure, or all in one step.
func draw(in *rules.Incident, columns int) *chart {
	c := chartOf(in, 1, chartColumns)
	if c == nil || c.seen() < 2 {
		return nil
	}
	label, total := c.sides()
	if room := columns - label - total - 4; room < c.bins {
		if c = chartOf(in, 1, max(room, 1)); room < 10 || c.seen() < 2 {
			return nil
		}
	}
	return c
}

// sides are the widths left and right of the bars.
func (c *chart) sides() (label, total int) {
	for _, r := range c.rows {
		label, total = max(label, lipgloss.Width(r.status)), max(total, len(Number(r.total)))
	}
	return label, total
}

// drawing is the chart in characters: one row a status, then the marks, then the times.
func (c *chart) drawing(k clock, columns int) []string {
	label, total := c.sides()
	wide := max(1, min(4, min(chartColumns, columns-label-total-4)/c.bins)) // columns of one step
	var out []string
	for _, r := range c.rows {
		bars := ""
		for _, n := range r.counts {
			bars += strings.Repeat(bar(n, c.peak), wide)
		}
		out = append(out, pad(r.status, label)+"  "+bars+"  "+pad(Number(r.total), -total))
	}
	indent := strings.Repeat(" ", label+2)
	if marks := c.marks(wide); marks != "" {
		out = append(out, indent+marks)
	}
	return append(out, indent+c.axis(k, wide, columns-label-2))
}

// axis names the first and the last step, each from where it begins on; of a drawing that is
// too narrow, both at its left.
func (c *chart) axis(k clock, wide, room int) string {
	from, to := c.at(k, 0), c.at(k, c.bins-1)
	last := (c.bins - 1) * wide
	if gap := last - lipgloss.Width(from); gap > 0 && last+lipgloss.Width(to) <= room {
		return from + strings.Repeat(" ", gap) + to
	}
	return from + " to " + to
}

func bar(n, peak int64) string {
	if n <= 0 {
		return " "
	}
	return string(eighths[min((n*8-1)/max(peak, 1), 7)])
}

// marks is the line below the bars: C under the cause, R under the first success.
func (c *chart) marks(wide int) string {
	line := []rune(strings.Repeat(" ", c.bins*wide+1))
	if c.cause >= 0 {
		line[c.cause*wide] = 'C'
	}
	if at := c.recovery * wide; c.recovery >= 0 {
		if line[at] == 'C' {
			at++ // one column further, so that both are seen
		}
		line[at] = 'R'
	}
	return strings.TrimRight(string(line), " ")
}

// key explains the marks that a drawing has.
func (c *chart) key() string {
	text := "One step is " + duration(c.step*1_000_000) + "; a full block is " + Number(c.peak) + "."
	if c.cause >= 0 {
		text += " C: the cause is logged."
	}
	if c.recovery >= 0 {
		text += " R: answered again."
	}
	return text
}
