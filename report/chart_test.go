package report

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

func series(step int64, counts string) *rules.Incident {
	in := &rules.Incident{Start: whole(0), End: whole(0)}
	for i, c := range counts {
		if c != '.' {
			in.Series = append(in.Series, rules.Point{Second: second/parser.Second + int64(i)*step, Span: step, Status: "502", Count: int64(c - '0')})
		}
	}
	return in
}

func TestChartOfCharacters(t *testing.T) {
	f := func(in *rules.Incident, want ...string) {
		t.Helper()
		c := draw(in, 78)
		if c == nil {
			if len(want) > 0 {
				t.Errorf("no chart, want %q", want)
			}
			return
		}
		if got := strings.Join(c.drawing(clock{}, 78), "\n"); got != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
		}
	}
	f(series(1, "1248.1"),
		"502  ▁▁▁▁▂▂▂▂▄▄▄▄████    ▁▁▁▁  16",
		"     15:01:59            15:02:04") // each where its step begins
	f(series(1, "5")) // one moment is no course of time
	f(&rules.Incident{})

	f(series(1, "12"), // too narrow for both
		"502  ▄▄▄▄████  3",
		"     15:01:59 to 15:02:00")

	story := oom().Incidents[0]
	story.Series = series(1, "12").Series
	f(&story,
		"502  ▄▄▄▄████          3",
		"     C           R",
		"     15:01:59    15:02:02")
}

func TestChartKeepsEveryFailure(t *testing.T) {
	for _, c := range []struct{ step, points int64 }{{1, 1}, {1, 60}, {1, 61}, {1, 600}, {60, 600}, {86_400, 600}, {7, 100}} {
		in := &rules.Incident{}
		var want int64
		for i := range c.points {
			for n, status := range []string{"009", "500", "502", "503", "504", "507", "primary"} {
				in.Series = append(in.Series, rules.Point{Second: 1_795_359_600 - 1_795_359_600%c.step + i*c.step, Span: c.step, Status: status, Count: int64(n + 1)})
				want += int64(n + 1)
			}
		}
		for _, columns := range []int{1, 10, 60, 120} {
			ch := chartOf(in, 1, columns)
			var got int64
			for _, r := range ch.rows {
				got += r.total
			}
			if got != want || ch.bins > columns || len(ch.rows) != maxStatuses+1 || ch.step%c.step != 0 {
				t.Errorf("%+v in %d columns: %d failures of %d, %d steps of %d s, %d rows", c, columns, got, want, ch.bins, ch.step, len(ch.rows))
			}
		}
	}
}

// A store is a file, and files get damaged: no series may hang or panic.
func TestChartOfNonsense(t *testing.T) {
	big := []int64{math.MinInt64, -1 << 40, -1, 0, 1, 1 << 40, math.MaxInt64}
	for _, first := range big {
		for _, last := range big {
			for _, span := range big {
				in := &rules.Incident{Start: rules.Moment{Micros: last, Precision: 1}, End: rules.Moment{Micros: first, Precision: 1},
					Series: []rules.Point{{Second: first, Span: span, Count: span}, {Second: last, Span: span, Status: "502", Count: last}}}
				if c := chartOf(in, leastBins, mostBins); c != nil {
					c.svg(clock{})
					c.caption(clock{})
				}
				if c := draw(in, 60); c != nil {
					c.drawing(clock{}, 60)
				}
			}
		}
	}
}

// The marks of a drawn chart stand where the data says.
func TestSVGMarksStandWhereTheDataSays(t *testing.T) {
	in := oom().Incidents[0]
	in.Series = series(1, "4.2").Series
	in.Evidence[1].Time = whole(-2 * parser.Second)
	in.Start, in.End = whole(-2*parser.Second), whole(6*parser.Second)
	c := chartOf(&in, leastBins, mostBins)
	d := c.svg(clock{})
	num := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.2 {
			t.Errorf("%s at %.1f, want %.1f", what, got, want)
		}
	}
	step := float64(plotRight-plotLeft) / float64(c.bins)
	x := func(offset int64) float64 { return plotLeft + float64(second/parser.Second+offset-c.from)*step }
	if len(d.Bars) != 2 || len(d.Marks) != 2 {
		t.Fatalf("%d bars, %d marks", len(d.Bars), len(d.Marks))
	}
	near("first bar", num(d.Bars[0].X)+num(d.Bars[0].W)/2, x(0)+step/2)
	near("second bar", num(d.Bars[1].X)+num(d.Bars[1].W)/2, x(2)+step/2)
	near("height of the first", num(d.Bars[0].H), plotBase-plotTop)
	near("height of the second", num(d.Bars[1].H), (plotBase-plotTop)/2)
	near("cause", num(d.Marks[0].X), x(-2))
	near("recovery", num(d.Marks[1].X), x(6))
	for _, tick := range d.Times {
		seconds, _ := strconv.Atoi(tick.Label[6:])
		if seconds -= 59; seconds < -30 {
			seconds += 60
		}
		near("tick "+tick.Label, num(tick.At), x(int64(seconds)))
	}
	if d.Bars[0].Title != "15:01:59: 4 × 502" || d.Marks[0].Label != "cause 15:01:57" || d.Marks[1].Label != "answered again 15:02:05" {
		t.Errorf("%q %q %q", d.Bars[0].Title, d.Marks[0].Label, d.Marks[1].Label)
	}
	want := "6 failed requests (6 × 502) in 2 steps of 1 s; most, 4, at 15:01:59; the cause is logged at 15:01:57; answered again at 15:02:05."
	if got := c.caption(clock{}); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestCauseLongBefore(t *testing.T) {
	in := oom().Incidents[0]
	in.Evidence[1].Time = whole(-3 * parser.Hour)
	c := chartOf(&in, leastBins, mostBins)
	if c.cause >= 0 || c.before.IsZero() || !strings.Contains(c.caption(clock{}), "earlier, at 12:01:59") || c.svg(clock{}).Marks[0].Label != "◂ cause earlier, 12:01:59" {
		t.Errorf("%+v: %s", c, c.caption(clock{}))
	}
}
