package timestamp

import "culprit/parser"

// Read reads a stamp of any layout that cannot be mistaken for something else at
// the start of a line. A leading [ is accepted, and then a ] right after the stamp
// belongs to it: n is past it. Uptime counts only in brackets.
func Read(b []byte) (s parser.Stamp, n int, ok bool) {
	if len(b) == 0 || b[0] != '[' {
		return read(b)
	}
	if s, n, ok = read(b[1:]); !ok {
		if s, n, ok = Uptime(b[1:]); !ok || n+1 >= len(b) || b[n+1] != ']' {
			return parser.Stamp{}, 0, false
		}
	}
	n++
	if n < len(b) && b[n] == ']' {
		n++
	}
	return s, n, true
}

// read chooses the layout by the first bytes.
func read(b []byte) (s parser.Stamp, n int, ok bool) {
	if len(b) < len("15:04:05") {
		return s, 0, false
	}
	switch {
	case letter(b[0]):
		return readNamed(b)
	case !digit(b[0]):
		return s, 0, false
	case b[4] == '-':
		return ISO(b)
	case b[4] == '/' && digit(b[1]) && digit(b[3]):
		return Slashed(b)
	case b[2] == '/' && letter(b[3]):
		return CLF(b)
	case b[2] == '/' || b[1] == '/':
		if s, n, ok = TwelveHour(b); !ok {
			s, n, ok = DayFirst(b)
		}
		return s, n, ok
	case b[2] == ':':
		return TimeOfDay(b)
	case b[2] == '-' && digit(b[3]) || b[1] == '-' && digit(b[2]):
		return DayFirst(b)
	case b[2] == '-' || b[2] == ' ' || b[1] == ' ' || b[1] == '-':
		return DMY(b)
	case b[2] == '.' || b[1] == '.' || b[4] == '.' && digit(b[3]):
		return Dotted(b)
	}
	return readEpoch(b)
}

// readNamed reads layouts that begin with a weekday or a month.
func readNamed(b []byte) (s parser.Stamp, n int, ok bool) {
	c := cursor{b: b}
	if c.weekday(); c.bad {
		if s, n, ok = Syslog(b); !ok {
			s, n, ok = TwelveHour(b)
		}
		return s, n, ok
	}
	if digit(c.peek(1)) && digit(c.peek(3)) {
		return WeekdayISO(b)
	}
	if s, n, ok = CTime(b); !ok {
		s, n, ok = Mail(b)
	}
	return s, n, ok
}

// readEpoch reads a number that stands alone: 1795356987.219650 host.
func readEpoch(b []byte) (s parser.Stamp, n int, ok bool) {
	s, n, ok = Epoch(b)
	if ok && n < len(b) && b[n] != ' ' && b[n] != '\t' && b[n] != ']' {
		return parser.Stamp{}, 0, false
	}
	return s, n, ok
}
