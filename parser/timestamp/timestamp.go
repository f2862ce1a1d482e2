// Package timestamp reads the time stamps of logs at byte level.
//
// Every reader has the same shape: it reads at the start of b, returns the stamp
// and the number of bytes it took, and allocates nothing. A format that knows its
// layout calls that reader; Read tries all layouts that cannot be mistaken for
// something else at the start of a line.
//
// All fields are range-checked: month 13, 30 February and 24:00 are no stamps. What
// a stamp leaves out is left out (see parser.Clock): the year, the date and the
// zone are settled later, for a whole source at once.
//
// Why by hand: time.Parse costs ten times as much and allocates on failure, and
// every line of every log passes here.
package timestamp

import "culprit/parser"

// Years outside of these are no log's: they are zero values and numbers in text.
const minYear, maxYear = 1970, 2199

// A cursor walks over b. The first thing that does not fit makes it bad, and it
// stays bad: callers check once at the end.
type cursor struct {
	b   []byte
	i   int
	bad bool
}

// peek returns the byte k places on, 0 beyond the end.
func (c *cursor) peek(k int) byte {
	if c.i+k < len(c.b) {
		return c.b[c.i+k]
	}
	return 0
}

// lit takes one byte, which must be x.
func (c *cursor) lit(x byte) {
	if c.i < len(c.b) && c.b[c.i] == x {
		c.i++
		return
	}
	c.bad = true
}

// try takes one byte if it is x.
func (c *cursor) try(x byte) bool {
	if c.i < len(c.b) && c.b[c.i] == x {
		c.i++
		return true
	}
	return false
}

// two takes exactly two digits.
func (c *cursor) two() int {
	if c.i+2 <= len(c.b) {
		hi, lo := c.b[c.i]-'0', c.b[c.i+1]-'0'
		if hi <= 9 && lo <= 9 {
			c.i += 2
			return int(hi)*10 + int(lo)
		}
	}
	c.bad = true
	return 0
}

// oneOrTwo takes one or two digits; a blank may stand for the tens.
func (c *cursor) oneOrTwo() int {
	c.try(' ')
	if digit(c.peek(0)) && !digit(c.peek(1)) {
		c.i++
		return int(c.b[c.i-1] - '0')
	}
	return c.two()
}

func (c *cursor) four() int { return c.two()*100 + c.two() }

func digit(x byte) bool { return x-'0' <= 9 }

func letter(x byte) bool { return x|0x20-'a' < 26 }

// A moment gathers the fields of one stamp.
type moment struct {
	year, month, day     int
	hour, minute, second int
	micros, precision    int64
	offset               int32
	zoned                bool
}

// clock takes hh:mm:ss and an optional fraction.
func (c *cursor) clock(m *moment) {
	m.hour = c.two()
	c.lit(':')
	m.minute = c.two()
	c.lit(':')
	m.second = c.two()
	c.fraction(m)
}

// fraction takes a dot or comma and the digits behind it, if they are there.
// Digits beyond the ninth are skipped: no log's clock knows them.
func (c *cursor) fraction(m *moment) {
	m.precision = parser.Second
	if x := c.peek(0); (x != '.' && x != ',') || !digit(c.peek(1)) {
		if digit(x) || x == ':' && digit(c.peek(1)) {
			c.bad = true // 15:01:471, 01:02:03:04
		}
		return
	}
	c.i++
	for unit := parser.Second; digit(c.peek(0)); c.i++ {
		unit /= 10
		m.micros += unit * int64(c.b[c.i]-'0')
		m.precision = max(unit, 1)
	}
}

// stamp checks all ranges and turns the fields into a stamp.
func (c *cursor) stamp(m *moment, clock parser.Clock) (s parser.Stamp, n int, ok bool) {
	if c.bad || m.hour > 23 || m.minute > 59 || m.second > 60 {
		return s, 0, false
	}
	if clock != parser.ClockDay && !m.validDate(clock == parser.ClockYearless) {
		return s, 0, false
	}
	if clock != parser.ClockDay {
		s.Micros = daysSinceEpoch(m.year, m.month, m.day) * parser.Day
	}
	s.Micros += int64(m.hour*3600+m.minute*60+m.second)*parser.Second + m.micros
	s.Precision, s.Clock = m.precision, clock
	if m.zoned && clock == parser.ClockLocal {
		s.Clock, s.Offset = parser.ClockZoned, m.offset
		s.Micros -= int64(m.offset) * parser.Second
	}
	return s, c.i, true
}

func (m *moment) validDate(yearless bool) bool {
	if !yearless && (m.year < minYear || m.year > maxYear) || m.month < 1 || m.month > 12 || m.day < 1 {
		return false
	}
	if m.month == 2 && m.day == 29 {
		return m.year%4 == 0 && (m.year%100 != 0 || m.year%400 == 0) // year 0 is a leap year
	}
	return m.day <= int(daysIn[m.month])
}

var daysIn = [13]uint8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// daysSinceEpoch counts days from 1970-01-01 in the Gregorian calendar, with the
// year begun in March so that the leap day is the last one.
func daysSinceEpoch(year, month, day int) int64 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	leaps := year/4 - year/100 + year/400
	if year < 0 {
		leaps = -1 // January and February of year 0, a yearless stamp: Go's division rounds up
	}
	return int64(365*year+leaps+(153*(month-3)+2)/5+day) - 719469
}
