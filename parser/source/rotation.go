package source

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A slot is a file's place among the rotated files of its log, as its name tells it.
type slot struct {
	stem   string // the name of the log itself: error.log
	date   int64  // yyyymmddhhmmssmmm; 0 if the name has none
	number int    // 0 if the name has none
	inner  bool   // the number stands before the extension: catalog.2.log
}

// older orders slots, oldest first. A dated name is older than a numbered one, and
// that than the bare one. Without a date a higher number is older (logrotate,
// newsyslog, Python); behind a date it is younger (logback's %i, winston, Serilog).
func (s slot) older(t slot) int {
	switch {
	case s.date != t.date && (s.date == 0 || t.date == 0):
		return cmp.Compare(t.date, s.date)
	case s.date != 0:
		return cmp.Or(cmp.Compare(s.date, t.date), cmp.Compare(s.number, t.number))
	}
	return cmp.Compare(t.number, s.number)
}

// packed are the endings that compression adds.
var packed = []string{".gz", ".zst", ".xz", ".bz2", ".zip", ".lz4", ".Z"}

// aside are the endings of a log that somebody put aside.
var aside = []string{".old", ".prev", ".bak", ".orig", ".save", "~"}

// slotOf reads a file's base name.
func slotOf(name string) slot {
	if strings.HasPrefix(name, "@4000") && len(name) >= 25 {
		// multilog and svlogd: TAI64N hexadecimal seconds; equal lengths sort as text.
		return slot{stem: "current", date: tai(name[1:])}
	}
	s := slot{stem: cutSuffix(name, packed)}
	if rest := cutSuffix(s.stem, aside); rest != s.stem {
		s.stem, s.number = rest, 1
	}
	if rest, n := cutNumber(s.stem); n >= 0 {
		s.stem, s.number = rest, n+1 // newsyslog's .0 is older than the bare name
	}
	if stem, date, n, ok := cutDate(s.stem); ok {
		s.stem, s.date = stem, date
		s.number = max(s.number, n)
	} else if stem, n, ok := cutInner(s.stem); ok && s.number == 0 {
		s.stem, s.number, s.inner = stem, n+1, true
	}
	return s
}

func cutSuffix(name string, endings []string) string {
	for _, e := range endings {
		if strings.HasSuffix(name, e) && len(name) > len(e) {
			return name[:len(name)-len(e)]
		}
	}
	return name
}

// cutNumber takes a last ".N" off. Three digits at most, four behind an extension:
// redis.6379 is a port's log, error.log.1000 a very old one.
func cutNumber(name string) (string, int) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return name, -1
	}
	digits := name[dot+1:]
	most := 3
	if strings.IndexByte(name[:dot], '.') > 0 {
		most = 4
	}
	if n := leading(digits); n == 0 || n != len(digits) || n > most {
		return name, -1
	}
	return name[:dot], atoi(digits)
}

// cutInner takes the number out of catalog.2.log. It may just as well be the second
// of several processes (foreman's web.1.log), so group believes it only beside a
// catalog.log.
func cutInner(name string) (string, int, bool) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return "", 0, false
	}
	stem, n := cutNumber(name[:dot])
	if n < 0 || n > 999 {
		return "", 0, false
	}
	return stem + name[dot:], n, true
}

// cutDate takes the first date out of a name, with the separator in front, and a
// number behind it.
func cutDate(name string) (stem string, date int64, number int, ok bool) {
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' || i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
			continue
		}
		date, n := dateAt(name, i)
		if n == 0 {
			continue
		}
		before, after := name[:i], name[i+n:]
		if before != "" && isSeparator(before[len(before)-1]) {
			before = before[:len(before)-1]
		}
		if len(after) > 1 && isSeparator(after[0]) {
			if d := leading(after[1:]); d > 0 && d <= 4 && (1+d == len(after) || after[1+d] == '.') {
				number, after = atoi(after[1:1+d])+1, after[1+d:]
			}
		}
		if before == "" {
			after = strings.TrimLeft(after, "._-")
		}
		return before + after, date, number, true
	}
	return "", 0, 0, false
}

// dateAt reads a date, with time if there is one, that begins at s[i:] and ends
// where a name's part ends. It returns its length, 0 if there is none.
func dateAt(s string, i int) (int64, int) {
	d := &digits{s: s, at: i}
	bare := i == 0 || isSeparator(s[i-1])
	n := leading(s[i:])
	if bare && n == 10 && i > 0 && (s[i] == '1') && i+10 == len(s) {
		t := time.Unix(int64(atoi(s[i:])), 0).UTC() // Apache's rotatelogs without a pattern
		return pack(t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), 0), 10
	}
	if n == 6 && strings.HasSuffix(s[:i], "u_ex") { // IIS
		s = s[:i] + "20" + s[i:]
		date, n := dateAt(s, i)
		return date, max(n-2, 0)
	}
	year := d.take(4)
	sep := d.separator("-_.")
	month := d.take(2)
	day := 0
	if sep == 0 || d.separator(string(sep)) == sep {
		day = d.take(2)
	} else if leading(s[d.at:]) > 0 {
		return 0, 0
	}
	dayless := sep != 0 && day == 0 && !d.bad
	if d.bad || year < 1990 || year > 2099 || month < 1 || month > 12 || day > 31 || day == 0 && !dayless {
		return 0, 0
	}
	if !bare && (sep != 0 || n < 8) {
		return 0, 0 // app20261122.log, but not app2026-11
	}
	hour, minute, second, milli := d.time()
	if d.at < len(s) && !isSeparator(s[d.at]) {
		return 0, 0
	}
	return pack(year, month, day, hour, minute, second, milli), d.at - i
}

func pack(year, month, day, hour, minute, second, milli int) int64 {
	date := int64(year*10000 + month*100 + day)
	return (date*1_000_000+int64(hour*10000+minute*100+second))*1000 + int64(milli)
}

// digits reads numbers of fixed width.
type digits struct {
	s   string
	at  int
	bad bool
}

func (d *digits) take(n int) int {
	if leading(d.s[min(d.at, len(d.s)):]) < n {
		d.bad = true
		return 0
	}
	d.at += n
	return atoi(d.s[d.at-n : d.at])
}

func (d *digits) separator(of string) byte {
	if d.at < len(d.s) && strings.IndexByte(of, d.s[d.at]) >= 0 {
		d.at++
		return d.s[d.at-1]
	}
	return 0
}

// time reads what may follow a day: T15, -15, _153000, .15-30, T15-04-05.000, Z, and
// logrotate's -%s. Two digits behind a dot are a count (logback's %i), not an hour.
func (d *digits) time() (hour, minute, second, milli int) {
	start := d.at
	sep := d.separator("T_-.")
	n := leading(d.s[d.at:])
	if sep != 0 && n == 10 { // the day is known, the epoch says the second
		d.at += n
		t := time.Unix(int64(atoi(d.s[d.at-n:d.at])), 0).UTC()
		return t.Hour(), t.Minute(), t.Second(), 0
	}
	if n != 2 && n != 4 && n != 6 {
		d.at = start
		return
	}
	hour = d.take(2)
	groups := 1
	for _, part := range []*int{&minute, &second} {
		back := d.at
		d.separator("-_:.")
		if n := leading(d.s[d.at:]); n != 2 && n != 4 {
			d.at = back
			break
		}
		*part = d.take(2)
		groups++
	}
	if hour > 23 || minute > 59 || second > 60 || sep == '.' && groups == 1 {
		d.at = start
		return 0, 0, 0, 0
	}
	if groups == 3 && d.at+4 <= len(d.s) && d.s[d.at] == '.' && leading(d.s[d.at+1:]) == 3 {
		d.at++
		milli = d.take(3)
	}
	d.separator("Z")
	return
}

// tai packs the hexadecimal seconds and nanoseconds of a TAI64N label's name.
func tai(label string) (key int64) {
	for i := 6; i < 24 && i < len(label) && key < 1<<56; i++ {
		key = key<<4 | int64(strings.IndexByte("0123456789abcdef", label[i])&15)
	}
	return max(key, 1)
}

func isSeparator(b byte) bool { return b == '.' || b == '-' || b == '_' }

// leading counts the digits that s begins with.
func leading(s string) (n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// atoi reads digits; leading has bounded them.
func atoi(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// group finds the family of each log: same place, same stem.
func group(all []*found) {
	bare := map[string]bool{}
	for _, l := range all {
		dir, file := l.name.split()
		l.slot = slotOf(file)
		if !l.slot.inner {
			bare[dir+l.slot.stem] = true
		}
	}
	for _, l := range all {
		dir, file := l.name.split()
		if l.slot.inner && !bare[dir+l.slot.stem] {
			l.slot = slot{stem: cutSuffix(file, packed)}
		}
		l.family = dir + l.slot.stem
	}
	slices.SortStableFunc(all, func(a, b *found) int {
		return cmp.Or(cmp.Compare(a.family, b.family), a.slot.older(b.slot), cmp.Compare(a.name.identity(), b.name.identity()))
	})
}
