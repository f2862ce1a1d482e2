package report

import (
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Bounds of a drawn chart, in steps.
const (
	leastBins = 20
	mostBins  = 120
)

// The drawing's place in its view box, in units that are pixels on a wide screen.
const (
	svgWidth  = 720
	svgHeight = 210
	plotLeft  = 40
	plotRight = svgWidth - 8
	plotTop   = 36 // above it stand the marks' words
	plotBase  = svgHeight - 26
	widestBar = 26
	leastTop  = 4 // so that one failure alone does not look like an outage
)

// An svg is a chart in numbers that a template writes down. All lengths are attributes:
// the page's policy allows no style on an element.
type svg struct {
	Width, Height, Left, Right, Top, Base, TickEnd int

	Bars   []svgBar
	Times  []svgTick // along the bottom
	Counts []svgTick // along the left
	Marks  []svgMark
	Legend []svgLegend
}

type (
	svgBar    struct{ X, Y, W, H, Class, Title string }
	svgTick   struct{ At, Label string }
	svgMark   struct{ X, TextX, TextY, Anchor, Class, Label string }
	svgLegend struct{ Class, Status, Total string }
)

// svg lays the chart out.
func (c *chart) svg(k clock) *svg {
	d := &svg{Width: svgWidth, Height: svgHeight, Left: plotLeft, Right: plotRight, Top: plotTop, Base: plotBase, TickEnd: plotBase + 5}
	top := niceTop(max(c.peak, leastTop))
	step := float64(plotRight-plotLeft) / float64(c.bins)
	height := func(n int64) float64 { return float64(n) / float64(top) * (plotBase - plotTop) }
	wide := min(step*0.82, widestBar)
	for bin := range c.bins {
		x := plotLeft + (float64(bin)+0.5)*step - wide/2
		base := float64(plotBase)
		for _, r := range c.rows {
			n := r.counts[bin]
			if n <= 0 {
				continue
			}
			h := height(n)
			base -= h
			d.Bars = append(d.Bars, svgBar{unit(x), unit(base), unit(wide), unit(h), barClass(r.status), c.at(k, bin) + ": " + Number(n) + " × " + r.status})
		}
	}
	for _, r := range c.rows {
		d.Legend = append(d.Legend, svgLegend{barClass(r.status), r.status, Number(r.total)})
	}
	for _, n := range countTicks(top) {
		d.Counts = append(d.Counts, svgTick{unit(plotBase - height(n)), Number(n)})
	}
	d.Times = c.timeTicks(k, step)
	d.Marks = c.svgMarks(k, step)
	return d
}

// unit writes a length with one digit, which is a tenth of a pixel.
func unit(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// barClass is the colour of a status, the same in every chart.
func barClass(status string) string {
	switch {
	case strings.HasPrefix(status, "502"), status == statusWord(parser.RankPrimary.String()):
		return "s0"
	case strings.HasPrefix(status, "504"):
		return "s1"
	case strings.HasPrefix(status, "503"), status == statusWord(parser.RankSecondary.String()):
		return "s2"
	case strings.HasPrefix(status, "500"):
		return "s3"
	}
	return "s4"
}

// niceTop is the scale's end: 1, 2, 4, 5, 6 or 8 times a power of ten, so that its half is told too.
func niceTop(peak int64) int64 {
	for power := int64(1); ; power *= 10 {
		for _, n := range []int64{1, 2, 4, 5, 6, 8} {
			if n*power >= peak || power > 1e17 {
				return n * power
			}
		}
	}
}

func countTicks(top int64) []int64 {
	if top%2 == 0 {
		return []int64{0, top / 2, top}
	}
	return []int64{0, top}
}

// mostTimes is how many times fit along the bottom.
const mostTimes = 7

// timeTicks are round times in the reader's zone.
func (c *chart) timeTicks(k clock, step float64) (ticks []svgTick) {
	_, offset := k.at(c.second(0)).Zone()
	every, layout := c.step, "15:04:05"
	for _, every = range append([]int64{c.step}, steps...) {
		if every%c.step == 0 && int64(c.bins)*c.step/every < mostTimes {
			break
		}
	}
	for int64(c.bins)*c.step/every >= mostTimes {
		every *= 2
	}
	switch {
	case every%86_400 == 0:
		layout = "01-02"
	case every >= 3600 && int64(c.bins)*c.step > 86_400:
		layout = "01-02 15:04"
	case every%60 == 0:
		layout = "15:04"
	}
	for bin := range c.bins {
		if second := c.from + int64(bin)*c.step; mod(second+int64(offset), every) < c.step {
			x := plotLeft + float64(bin)*step
			if x > plotLeft+20 && x < plotRight-20 {
				ticks = append(ticks, svgTick{unit(x), k.at(c.second(bin)).Format(layout)})
			}
		}
	}
	return ticks
}

// svgMarks are the vertical lines of the cause and of the first success, where their steps
// begin, each with its words on a line of its own, so that they never cover one another.
func (c *chart) svgMarks(k clock, step float64) (marks []svgMark) {
	add := func(bin int, class, label, y string) {
		x := plotLeft + float64(bin)*step
		m := svgMark{X: unit(x), TextX: unit(x + 5), TextY: y, Anchor: "start", Class: class, Label: label}
		if x > svgWidth/2 {
			m.TextX, m.Anchor = unit(x-5), "end"
		}
		marks = append(marks, m)
	}
	if c.cause >= 0 {
		add(c.cause, "cause", "cause "+c.at(k, c.cause), "13")
	}
	if !c.before.IsZero() {
		marks = append(marks, svgMark{X: unit(plotLeft), TextX: unit(plotLeft + 5), TextY: "13", Anchor: "start", Class: "cause",
			Label: "◂ cause earlier, " + k.short(c.before, c.second(0))})
	}
	if c.recovery >= 0 {
		add(c.recovery, "recovery", "answered again "+c.at(k, c.recovery), "29")
	}
	return marks
}

// at writes when a step begins.
func (c *chart) at(k clock, bin int) string { return k.short(c.second(bin), c.second(0)) }

// second of a step's beginning.
func (c *chart) second(bin int) rules.Moment {
	return rules.Moment{Micros: (c.from + int64(bin)*c.step) * parser.Second, Precision: parser.Second}
}
