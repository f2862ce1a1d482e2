package timestamp

import (
	"bytes"

	"culprit/parser"
)

// Epoch reads seconds (10 digits), milliseconds (13), microseconds (16) or
// nanoseconds (19) since 1970, with an optional fraction. Only moments between 2001
// and 2065 count, so that other numbers of that length seldom pass.
func Epoch(b []byte) (s parser.Stamp, n int, ok bool) {
	var value int64
	for n < len(b) && n < 20 && digit(b[n]) {
		value = value*10 + int64(b[n]-'0') // 20 digits may overflow, and are refused below
		n++
	}
	if n == 0 || (b[0] != '1' && b[0] != '2') {
		return s, 0, false
	}
	unit := parser.Second
	switch n {
	case 10:
	case 13:
		unit = parser.Millisecond
	case 16:
		unit = 1
	case 19:
		return parser.Stamp{Micros: value / 1000, Precision: 1, Clock: parser.ClockZoned}, n + skipFraction(b[n:]), true
	default:
		return s, 0, false
	}
	s = parser.Stamp{Micros: value * unit, Precision: unit, Clock: parser.ClockZoned}
	return s, n + addFraction(b[n:], &s), true
}

// Uptime reads seconds since boot or start with a fraction, maybe padded with blanks:
// "  901.327141" (dmesg, journalctl -o short-monotonic, the JVM).
func Uptime(b []byte) (s parser.Stamp, n int, ok bool) {
	for n < len(b) && b[n] == ' ' {
		n++
	}
	start := n
	var seconds int64
	for n < len(b) && n-start < 10 && digit(b[n]) {
		seconds = seconds*10 + int64(b[n]-'0')
		n++
	}
	if n == start || n+1 >= len(b) || b[n] != '.' || !digit(b[n+1]) {
		return s, 0, false
	}
	s = parser.Stamp{Micros: seconds * parser.Second, Precision: parser.Second, Clock: parser.ClockUptime}
	n += addFraction(b[n:], &s)
	return s, n, true
}

// addFraction adds the fraction at the start of b, in units of the stamp's
// precision, and returns its length, 0 if there is none.
func addFraction(b []byte, s *parser.Stamp) int {
	n := skipFraction(b)
	unit := s.Precision
	for i := 1; i < n; i++ {
		unit /= 10
		s.Micros += unit * int64(b[i]-'0')
		s.Precision = max(unit, 1)
	}
	return n
}

func skipFraction(b []byte) int {
	if len(b) < 2 || b[0] != '.' || !digit(b[1]) {
		return 0
	}
	n := 2
	for n < len(b) && digit(b[n]) {
		n++
	}
	return n
}

// TimeOfDay reads 14:43:38[.557]: Elixir, logback's default, WildFly's console.
func TimeOfDay(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	c.clock(&m)
	return c.stamp(&m, parser.ClockDay)
}

// Klog reads 1122 14:30:00.123456: month and day as digits, no year (Kubernetes,
// glog). The level letter before it is the caller's.
func Klog(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	m.month, m.day = c.two(), c.two()
	c.lit(' ')
	c.clock(&m)
	return c.stamp(&m, parser.ClockYearless)
}

// ShortDate reads 261122 14:30:00 and 261122  4:30:00: year, month and day in two digits each
// (MySQL before 5.7, MariaDB before 10.1, mysqld_safe).
func ShortDate(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	m.year, m.month, m.day = 2000+c.two(), c.two(), c.two()
	c.lit(' ')
	c.looseClock(&m, true)
	return c.stamp(&m, parser.ClockLocal)
}

// TwelveHour reads 11/22/2026, 2:30:00 PM (JavaScript's toLocaleString: NestJS) and
// Nov 22, 2026 2:34:06 PM (java.util.logging; there AM and PM may be missing), which Kibana
// writes as Nov 22, 2026 @ 14:34:06.123.
func TwelveHour(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	named := letter(c.peek(0))
	if named {
		m.month = c.monthName()
		c.lit(' ')
		m.day = c.oneOrTwo()
		c.lit(',')
		c.lit(' ')
	} else {
		m.month = c.oneOrTwo()
		c.lit('/')
		m.day = c.oneOrTwo()
		c.lit('/')
	}
	m.year = c.four()
	c.try(',')
	c.lit(' ')
	if named && c.try('@') {
		c.lit(' ')
	}
	m.hour = c.oneOrTwo()
	c.lit(':')
	m.minute = c.two()
	c.lit(':')
	m.second = c.two()
	c.fraction(&m)
	if !c.halfOfDay(&m) && !named {
		c.bad = true
	}
	return c.stamp(&m, parser.ClockLocal)
}

// halfOfDay takes " AM" or " PM" and turns the hour into one of 24. Newer locale
// data has a narrow no-break space (U+202F) before it.
func (c *cursor) halfOfDay(m *moment) bool {
	rest, start := c.b[min(c.i, len(c.b)):], c.i
	if bytes.HasPrefix(rest, []byte("\u202f")) {
		c.i += len("\u202f")
	} else if !c.try(' ') {
		return false
	}
	half, second := c.peek(0)|0x20, c.peek(1)|0x20
	if (half != 'a' && half != 'p') || second != 'm' || letter(c.peek(2)) {
		c.i = start
		return false
	}
	c.i += 2
	if m.hour < 1 || m.hour > 12 {
		c.bad = true
	}
	m.hour %= 12
	if half == 'p' {
		m.hour += 12
	}
	return true
}
