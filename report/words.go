package report

import (
	"fmt"
	"strconv"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// Number writes 1204 as 1,204.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Counts writes "1 request", "1,204 requests".
func Counts(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// duration writes microseconds as a person says them: 471 ms, 7 s, 2 min 5 s, 3 h 20 min, 2 d 4 h.
func duration(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	switch d = max(d, 0); {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < 24*time.Hour:
		return two(d, time.Hour, "h", time.Minute, "min")
	}
	return two(d, 24*time.Hour, "d", time.Hour, "h")
}

// lasted is how long an incident was; stamps of whole seconds show no less than one.
func lasted(in *rules.Incident) string {
	if micros := seconds(in.End).Micros - seconds(in.Start).Micros; micros > 0 {
		return duration(micros)
	}
	return "< 1 s"
}

// two writes a duration in a large unit and the rest in a small one, if there is a rest.
func two(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Truncate(small)
	text := fmt.Sprintf("%s %s", Number(int64(d/large)), largeName)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return text
}

// Percent writes a probability; a certainty is never claimed.
func Percent(p float64) string {
	n := int(finite(p)*100 + 0.5)
	if n <= 0 {
		return "<1 %"
	}
	return fmt.Sprintf("%d %%", min(n, 99))
}

// A clock writes moments in the reader's zone.
type clock struct{ zone *time.Location }

func (c clock) at(m rules.Moment) time.Time {
	if c.zone == nil {
		return m.Time()
	}
	return m.Time().In(c.zone)
}

// label names the zone in which a moment is written: UTC, CET, UTC-03:00.
func (c clock) label(m rules.Moment) string {
	name, offset := c.at(m).Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		return "UTC" + parser.FormatOffset(int32(offset))
	}
	return Clean(name)
}

// maxBetween is how far apart two stamps may be for both to be told of what stands between them.
const maxBetween = 10 * parser.Minute

// short writes the time of day with all known digits, and the date if it is another day
// than base's; the zone too if it is another than base's (the clocks changed).
func (c clock) short(m, base rules.Moment) string {
	if m.IsZero() {
		return "?"
	}
	layout := "15:04:05"
	switch {
	case m.Precision < parser.Millisecond:
		layout += ".000000"
	case m.Precision < parser.Second:
		layout += ".000"
	}
	t, b := c.at(m), c.at(base)
	switch {
	case t.Year() != b.Year():
		layout = "2006-01-02 " + layout
	case t.YearDay() != b.YearDay():
		layout = "01-02 " + layout
	}
	text := t.Format(layout)
	switch { // a line without a stamp of its own stands between two that have one
	case m.Precision > maxBetween:
		text = "after " + text
	case m.Precision > parser.Second:
		until, short := c.at(rules.Moment{Micros: m.Micros + m.Precision}), "15:04:05"
		if until.Truncate(time.Minute).Equal(t.Truncate(time.Minute)) {
			short = "05"
		}
		text += "–" + until.Format(short)
	}
	if c.label(m) != c.label(base) {
		text += " " + c.label(m)
	}
	return text
}

// between writes from when to when, with all known digits of both.
func (c clock) between(first, last, base rules.Moment) string {
	if last.Micros <= first.Micros {
		return c.short(first, base)
	}
	first.Precision, last.Precision = min(first.Precision, parser.Second), min(last.Precision, parser.Second)
	return c.short(first, base) + " to " + c.short(last, base)
}

// span writes "2026-11-22 14:25:46 to 14:25:49 UTC (3 s)", to the second.
func (c clock) span(from, to rules.Moment) string {
	if from.IsZero() {
		return "at an unknown time"
	}
	start := c.at(from)
	text := start.Format(time.DateTime)
	if to.IsZero() || to.Micros < from.Micros+parser.Millisecond {
		return text + " " + c.label(from)
	}
	end := c.at(to)
	if c.label(from) != c.label(to) {
		text += " " + c.label(from)
	}
	switch {
	case start.Format(time.DateOnly) != end.Format(time.DateOnly):
		text += " to " + end.Format(time.DateTime)
	case start.Format(time.TimeOnly) != end.Format(time.TimeOnly):
		text += " to " + end.Format(time.TimeOnly)
	}
	from, to = seconds(from), seconds(to)
	if to.Micros == from.Micros {
		return text + " " + c.label(to) + " (< 1 s)"
	}
	return text + " " + c.label(to) + " (" + duration(to.Micros-from.Micros) + ")"
}

// seconds is a moment as it is written to the second: durations are told of those, so that they can be
// reckoned again.
func seconds(m rules.Moment) rules.Moment {
	if m.IsZero() {
		return m
	}
	return rules.Moment{Micros: parser.FloorDiv(m.Micros, parser.Second) * parser.Second, Precision: max(m.Precision, parser.Second)}
}
