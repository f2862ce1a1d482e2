package timestamp

import "bytes"

// zones are the abbreviations that mean one offset in practice. Those with several
// common meanings (IST: India, Israel, Ireland; BST; AST) are left out: a stamp
// with one of them stays local and the source's zone is found by alignment. CST and
// EST are read as North American, as PostgreSQL's default set does.
var zones = []struct {
	name    string
	minutes int32
}{
	{"UTC", 0}, {"GMT", 0}, {"Z", 0}, {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420},
	{"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"AKST", -540}, {"AKDT", -480}, {"HST", -600}, {"WET", 0},
	{"WEST", 60}, {"CET", 60}, {"CEST", 120}, {"EET", 120}, {"EEST", 180}, {"MSK", 180}, {"JST", 540}, {"KST", 540},
	{"HKT", 480}, {"SGT", 480}, {"WIB", 420}, {"AEST", 600}, {"AEDT", 660}, {"ACST", 570}, {"ACDT", 630},
	{"AWST", 480}, {"NZST", 720}, {"NZDT", 780}, {"BRT", -180}, {"SAST", 120}, {"PKT", 300},
}

// areas begin the names of the tz database; such a name says that the stamp is
// local, and the offset cannot be known without the database.
var areas = []string{
	"Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/",
}

// zone takes an optional zone: Z, +hh:mm, +hhmm, +hh, a known abbreviation, or a tz
// name, with at most one blank before it. What it does not know it leaves.
func (c *cursor) zone(m *moment) {
	start := c.i
	c.try(' ')
	if c.offset(m) || c.abbreviation(m) || c.area() {
		return
	}
	c.i = start
}

// offset takes a numeric offset from UTC.
func (c *cursor) offset(m *moment) bool {
	sign := c.peek(0)
	if (sign != '+' && sign != '-') || !digit(c.peek(1)) || !digit(c.peek(2)) {
		return false
	}
	t := cursor{b: c.b, i: c.i + 1}
	hours, minutes := t.two(), 0
	if t.peek(0) == ':' && digit(t.peek(1)) {
		t.i++
		minutes = t.two()
	} else if digit(t.peek(0)) {
		minutes = t.two()
	}
	if t.bad || digit(t.peek(0)) || letter(t.peek(0)) || hours > 14 || minutes > 59 {
		return false
	}
	if sign == '-' && t.peek(0) == '-' && digit(t.peek(1)) {
		return false // the rest of a date: Apache writes one for each unit of %{…}t that it does not know
	}
	m.offset, m.zoned = int32(hours*3600+minutes*60), true
	if sign == '-' {
		m.offset = -m.offset
	}
	c.i = t.i
	return true
}

// abbreviation takes a known abbreviation; UTC+3 and GMT+01:00 count as offsets.
func (c *cursor) abbreviation(m *moment) bool {
	n := 0
	for n < 5 && c.peek(n)-'A' < 26 {
		n++
	}
	if after := c.peek(n); n == 0 || n > 4 || letter(after) || digit(after) || after == '_' || after == '/' {
		return false
	}
	name := c.b[c.i : c.i+n]
	if h := zoneHash(name); zoneBits[h>>6]>>(h&63)&1 == 0 {
		return false // a level such as INFO; to compare it with all names took 8 % of an application log's time
	}
	for i := range zones {
		if z := &zones[i]; string(name) == z.name {
			m.offset, m.zoned = z.minutes*60, true
			c.i += n
			if z.minutes == 0 && n == 3 {
				c.offset(m)
			}
			return true
		}
	}
	return false
}

// zoneHash is of a name of at most four letters.
func zoneHash(name []byte) uint32 {
	var v uint32
	for _, c := range name {
		v = v<<8 | uint32(c)
	}
	return v * 0x9E3779B1 >> (32 - 9)
}

// zoneBits is the set of the zones' hashes.
var zoneBits = func() (bits [1 << (9 - 6)]uint64) {
	for i := range zones {
		h := zoneHash([]byte(zones[i].name))
		bits[h>>6] |= 1 << (h & 63)
	}
	return bits
}()

// area takes a name of the tz database, such as Europe/Berlin.
func (c *cursor) area() bool {
	if c.peek(0)-'A' >= 26 || c.peek(1)-'a' >= 26 {
		return false
	}
	rest := c.b[c.i:]
	for _, area := range areas {
		if len(rest) > len(area) && string(rest[:len(area)]) == area {
			n := bytes.IndexAny(rest, "] \t")
			if n < 0 {
				n = len(rest)
			}
			if n == len(area) {
				return false // Europe/ alone names no zone
			}
			c.i += n
			return true
		}
	}
	return false
}
