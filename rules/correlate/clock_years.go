package correlate

import (
	"time"

	"culprit/parser"
	"culprit/rules"
)

// settleYears moves stamps without a year to the year that puts their source nearest
// to the sources that tell one: a file's modification time, which seeded the year, may
// be that of a copy made years later.
func (e *Engine) settleYears() {
	from, to := rules.Future, rules.Past
	for _, s := range e.sources {
		if c := s.clock(); c == parser.ClockLocal || c == parser.ClockZoned {
			from, to = min(from, s.Source.First.Micros), max(to, s.Source.Last.Micros)
		}
	}
	if from > to {
		return
	}
	for _, s := range e.sources {
		switch c := s.clock(); {
		case c == parser.ClockLocal || c == parser.ClockZoned:
			s.pivot = s.Source.First.Micros // its own dated lines know best
		case c == parser.ClockYearless:
			then := time.UnixMicro(s.Source.Last.Micros).UTC()
			s.years = nearestYear(then, from, to) - then.Year()
		}
	}
}

// settleDays puts times of day without any date around the middle of what the gateway's logs
// tell of: whatever their zone, the day is the nearest one. The file's modification time
// says less, it may be that of a copy. Of more than a day none is the nearest.
func (e *Engine) settleDays() {
	from, to := rules.Future, rules.Past
	for _, s := range e.sources {
		if c := s.clock(); s.Source.Role == parser.RoleGateway && (c == parser.ClockLocal || c == parser.ClockZoned) {
			from, to = min(from, s.Source.First.Micros), max(to, s.Source.Last.Micros)
		}
	}
	if from > to || to-from > parser.Day {
		return
	}
	for _, s := range e.sources {
		if s.clock() == parser.ClockDay {
			s.noon = from + (to-from)/2
		}
	}
}

// nearestYear is the year that puts a date nearest to a span.
func nearestYear(then time.Time, from, to int64) int {
	best, bestApart := then.Year(), rules.Future
	for year := time.UnixMicro(to).UTC().Year() - 1; year <= time.UnixMicro(to).UTC().Year()+1; year++ {
		moved := then.AddDate(year-then.Year(), 0, 0).UnixMicro()
		if apart := max(moved-to, from-moved, 0); apart < bestApart {
			best, bestApart = year, apart
		}
	}
	return best
}
