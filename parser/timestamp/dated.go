package timestamp

import "culprit/parser"

// Slashed reads 2026/11/22 15:01:47[.frac]: nginx's error log, Go's log package.
func Slashed(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	c.ymd(&m, '/')
	c.lit(' ')
	c.clock(&m)
	return c.stamp(&m, parser.ClockLocal)
}

// ISO reads 2026-11-22[T ]15:01:47[.,frac][ ][zone]: RFC 3339, Python's asctime and
// most other loggers. Zones are Z, an offset or a known abbreviation; a word that
// is no known zone is left in b and the stamp is local. Before ten o'clock MariaDB writes
// two blanks and one digit (print_start_of_log_line: %2d), others one blank.
func ISO(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	c.ymd(&m, '-')
	blank := c.peek(0) == ' '
	c.blankOrT()
	c.looseClock(&m, blank)
	c.zone(&m)
	return c.stamp(&m, parser.ClockLocal)
}

// Dotted reads 22.11.2026[ T]15:01:47[.,frac][ zone], the usual order of day and month
// in most of Europe (.NET, Delphi and 1C programs; JavaScript's toLocaleString writes
// 2.11.2026, 15:01:47), and 2026.11.22 15:01:47. The year has four digits, which no
// part of an IP address has.
func Dotted(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	if c.peek(1) != '.' && c.peek(2) != '.' {
		c.ymd(&m, '.')
	} else {
		m.day = c.oneOrTwo()
		c.lit('.')
		m.month = c.oneOrTwo()
		c.lit('.')
		m.year = c.four()
		if c.peek(1) == ' ' {
			c.try(',')
		}
	}
	c.blankOrT()
	c.clock(&m)
	c.zone(&m)
	return c.stamp(&m, parser.ClockLocal)
}

// DayFirst reads 22-11-2026 15:01:47[.,frac][ zone], 22/11/2026 15:01:47 and 22/11/2026,
// 3:01:47 pm: what people outside of North America set in Python's, Log4j's and NLog's patterns,
// and JavaScript's toLocaleString in British, Indian and Australian English. Where the second
// number can be no month the first is it: 11/22/2026 15:01:47, .NET's invariant culture. A date
// that may be either is day first, as with Dotted.
func DayFirst(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	m.day = c.oneOrTwo()
	separator := c.peek(0)
	if separator != '-' && separator != '/' {
		return s, 0, false
	}
	c.i++
	m.month = c.oneOrTwo()
	c.lit(separator)
	if m.month > 12 {
		m.day, m.month = m.month, m.day
	}
	m.year = c.four()
	if c.peek(1) == ' ' {
		c.try(',')
	}
	blank := c.peek(0) == ' '
	c.blankOrT()
	c.looseClock(&m, blank)
	if !c.halfOfDay(&m) {
		c.zone(&m)
	}
	return c.stamp(&m, parser.ClockLocal)
}

// looseClock takes hh:mm:ss and an optional fraction; behind a blank the hour may have one digit.
func (c *cursor) looseClock(m *moment, blank bool) {
	if !blank || digit(c.peek(0)) && digit(c.peek(1)) {
		c.clock(m)
		return
	}
	m.hour = c.oneOrTwo()
	c.lit(':')
	m.minute = c.two()
	c.lit(':')
	m.second = c.two()
	c.fraction(m)
}

// WeekdayISO reads Sun 2026-11-22 14:16:27[.frac] UTC: journalctl -o short-full.
func WeekdayISO(b []byte) (s parser.Stamp, n int, ok bool) {
	c := cursor{b: b}
	c.weekday()
	c.lit(' ')
	if c.bad {
		return s, 0, false
	}
	if s, n, ok = ISO(b[c.i:]); ok {
		n += c.i
	}
	return s, n, ok
}

// CLF reads 22/Nov/2026:15:01:46 +0000, the Common Log Format's stamp; the zone and
// the colon after the year may be missing (Django's runserver has a blank there).
func CLF(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	m.day = c.two()
	c.lit('/')
	m.month = c.monthName()
	c.lit('/')
	m.year = c.four()
	if !c.try(':') {
		c.lit(' ')
	}
	c.clock(&m)
	c.zone(&m)
	return c.stamp(&m, parser.ClockLocal)
}

// DMY reads 22-Nov-2026 14:36:22[.frac][ zone] (php-fpm, PHP, Tomcat), 22 Nov 2026
// 14:52:29.076 (Redis) and 22-Nov-2026::14:43:37.654284 (Erlang).
func DMY(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	m.day = c.oneOrTwo()
	separator := c.peek(0)
	if separator != '-' && separator != ' ' {
		return s, 0, false
	}
	c.i++
	m.month = c.monthName()
	c.lit(separator)
	m.year = c.four()
	if c.try(':') {
		c.lit(':')
	} else {
		c.lit(' ')
	}
	c.clock(&m)
	c.zone(&m)
	return c.stamp(&m, parser.ClockLocal)
}

// Mail reads Sun, 22 Nov 2026 14:36:22 GMT: RFC 1123 and 5322, and the date command
// in some locales (no comma).
func Mail(b []byte) (s parser.Stamp, n int, ok bool) {
	c := cursor{b: b}
	c.weekday()
	c.try(',')
	c.lit(' ')
	if c.bad {
		return s, 0, false
	}
	if s, n, ok = DMY(b[c.i:]); ok {
		n += c.i
	}
	return s, n, ok
}

// Syslog reads Nov 22 15:01:59[.frac] and Nov  2 15:01:59 (RFC 3164, no year), and
// Nov 22 2026 15:01:59 (network devices).
func Syslog(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	m.month = c.monthName()
	c.lit(' ')
	m.day = c.oneOrTwo()
	c.lit(' ')
	clock := parser.ClockYearless
	if c.peek(4) == ' ' {
		m.year, clock = c.four(), parser.ClockLocal
		c.i++
	}
	c.clock(&m)
	return c.stamp(&m, clock)
}

// CTime reads Sun Nov 22 14:30:00[.123456] [zone ]2026: C's ctime, dmesg -T, uWSGI,
// Apache's error log, the date command.
func CTime(b []byte) (s parser.Stamp, n int, ok bool) {
	c, m := cursor{b: b}, moment{}
	c.weekday()
	c.lit(' ')
	m.month = c.monthName()
	c.lit(' ')
	m.day = c.oneOrTwo()
	c.lit(' ')
	c.clock(&m)
	if digit(c.peek(1)) {
		c.lit(' ')
	} else {
		c.zone(&m)
		c.lit(' ')
	}
	m.year = c.four()
	if digit(c.peek(0)) {
		c.bad = true
	}
	return c.stamp(&m, parser.ClockLocal)
}

// ymd takes yyyy-mm-dd with the given separator.
func (c *cursor) ymd(m *moment, separator byte) {
	m.year = c.four()
	c.lit(separator)
	m.month = c.two()
	c.lit(separator)
	m.day = c.two()
}

func (c *cursor) blankOrT() {
	if x := c.peek(0); x == 'T' || x == ' ' || x == 't' {
		c.i++
		return
	}
	c.bad = true
}

// monthName takes an English abbreviation, Jan to Dec, and returns 1 to 12.
func (c *cursor) monthName() int {
	if c.i+3 <= len(c.b) {
		x := uint32(c.b[c.i])<<16 | uint32(c.b[c.i+1])<<8 | uint32(c.b[c.i+2])
		c.i += 3
		for i, month := range months {
			if x == month {
				return i + 1
			}
		}
	}
	c.bad = true
	return 0
}

// weekday takes an English abbreviation, Mon to Sun. That it fits the date is not
// checked: dmesg -T and hand-set clocks may differ.
func (c *cursor) weekday() {
	if c.i+3 <= len(c.b) {
		x := uint32(c.b[c.i])<<16 | uint32(c.b[c.i+1])<<8 | uint32(c.b[c.i+2])
		c.i += 3
		for _, day := range weekdays {
			if x == day {
				return
			}
		}
	}
	c.bad = true
}

var (
	months = [12]uint32{
		'J'<<16 | 'a'<<8 | 'n', 'F'<<16 | 'e'<<8 | 'b', 'M'<<16 | 'a'<<8 | 'r', 'A'<<16 | 'p'<<8 | 'r',
		'M'<<16 | 'a'<<8 | 'y', 'J'<<16 | 'u'<<8 | 'n', 'J'<<16 | 'u'<<8 | 'l', 'A'<<16 | 'u'<<8 | 'g',
		'S'<<16 | 'e'<<8 | 'p', 'O'<<16 | 'c'<<8 | 't', 'N'<<16 | 'o'<<8 | 'v', 'D'<<16 | 'e'<<8 | 'c',
	}
	weekdays = [7]uint32{
		'M'<<16 | 'o'<<8 | 'n', 'T'<<16 | 'u'<<8 | 'e', 'W'<<16 | 'e'<<8 | 'd', 'T'<<16 | 'h'<<8 | 'u',
		'F'<<16 | 'r'<<8 | 'i', 'S'<<16 | 'a'<<8 | 't', 'S'<<16 | 'u'<<8 | 'n',
	}
)
