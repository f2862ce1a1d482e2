package scan

import (
	"time"

	"culprit/parser"
)

// years gives yearless stamps their year and stamps of day their date, from the other
// stamps of the source.
type years struct {
	year   int   // of the last yearless stamp
	last   int64 // its microseconds in year 0, or beforeAny
	passed int   // steps from December to January less those back

	wall int64 // of the last stamp without a zone, as written; 0 if none
	back int64 // how far the clock was set back since the source began

	dated int64 // wall clock of the last stamp that tells its year; 0 if none
	delta [2]int64
	known int // the year that delta is for
}

const (
	beforeAny = -1 << 62
	halfYear  = 183 * parser.Day
)

// march0 is 1 March of year 0, which is a leap year.
var march0 = time.Date(0, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// settle completes s.
func (y *years) settle(s *parser.Stamp) {
	switch s.Clock {
	case parser.ClockLocal:
		y.dated = s.Micros
		y.onward(s)
	case parser.ClockZoned:
		y.dated = s.Micros + int64(s.Offset)*parser.Second
	case parser.ClockYearless:
		y.yearless(s)
		y.onward(s)
	case parser.ClockDay:
		y.day(s)
	}
}

// onward lets the clock go on where it was set back at the end of summer time: what stands
// behind it keeps the zone that the source began with. Written by a clock that nobody set,
// 01:00 behind 01:59 would be an hour before it. Only the hours and months in which the
// tz database's zones do this count (Sundays before three o'clock), and only a step from
// the last minutes of an hour to its first: files put one behind the other look alike.
func (y *years) onward(s *parser.Stamp) {
	last := y.wall
	y.wall = s.Micros
	if last != 0 && last-s.Micros > parser.Hour-2*slack && last < s.Micros+parser.Hour &&
		last/parser.Hour == s.Micros/parser.Hour && setBackHour(s.Micros) {
		y.back += parser.Hour
	}
	s.Micros += y.back
}

// slack is how long a log may be silent before and behind the moment at which its clock is
// set back.
const slack = 10 * parser.Minute

func setBackHour(wall int64) bool {
	t := time.UnixMicro(wall).UTC()
	switch t.Month() {
	case time.March, time.April, time.October, time.November:
		return t.Weekday() == time.Sunday && t.Hour() < 3
	}
	return false
}

// yearless chooses the year nearest to the last dated stamp; without one the seed
// counts, and a step from December to January begins the next year.
func (y *years) yearless(s *parser.Stamp) {
	in0 := s.Micros
	switch {
	case y.dated != 0:
		y.year = time.UnixMicro(y.dated).UTC().Year()
		if gap := y.place(in0) - y.dated; gap > halfYear {
			y.year--
		} else if gap < -halfYear {
			y.year++
		}
	case y.last == beforeAny:
	case in0-y.last > halfYear:
		y.year--
		y.passed--
	case in0-y.last < -halfYear:
		y.year++
		y.passed++
	}
	y.last = in0
	s.Micros = y.place(in0)
}

// place moves a moment of year 0 to the year. 29 February becomes 1 March in a year
// that has none.
func (y *years) place(in0 int64) int64 {
	if y.known != y.year {
		y.known = y.year
		for i, month := range []time.Month{1, 3} {
			y.delta[i] = time.Date(y.year, month, 1, 0, 0, 0, 0, time.UTC).UnixMicro() -
				time.Date(0, month, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		}
	}
	if in0 < march0 {
		return in0 + y.delta[0]
	}
	return in0 + y.delta[1]
}

// day puts a time of day on the date of the last dated stamp, or the day beside it if
// that is nearer.
func (y *years) day(s *parser.Stamp) {
	if y.dated == 0 || s.Micros >= parser.Day {
		return
	}
	s.Micros += y.dated - y.dated%parser.Day
	if gap := s.Micros - y.dated; gap > parser.Day/2 {
		s.Micros -= parser.Day
	} else if gap < -parser.Day/2 {
		s.Micros += parser.Day
	}
}
