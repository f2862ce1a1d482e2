package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"culprit/parser"
	"culprit/rules"

	"github.com/charmbracelet/lipgloss"
)

func TestClean(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := Clean(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	f("", "")
	f(`GET /a?b=c HTTP/1.1" 502 \x16\x03 C:\temp`, `GET /a?b=c HTTP/1.1" 502 \x16\x03 C:\temp`)
	f("Ünïcödé 日本 🙂", "Ünïcödé 日本 🙂")
	f("\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`)
	f("\x1b]52;c;cm0=\a", `\x1b]52;c;cm0=\x07`)
	f("a\tb\r\nc\x00\x7f", `a\tb\r\nc\x00\x7f`)
	f("\u009b31m\u0085", `\u009b31m\u0085`)
	f("\x9b31m", `\x9b31m`) // the same as a single byte is no UTF-8
	f("\xff\xc3", `\xff\xc3`)
	f("evil\u202egnp.exe\u2066x\u2069", `evil\u202egnp.exe\u2066x\u2069`)
	f("zero\u200bwidth\ufeff\u2028\u00a0", `zero\u200bwidth\ufeff\u2028\u00a0`)
	f("\ufffd", "\ufffd") // a valid replacement character is itself
	f("\ue000 \U000e0041", `\ue000 \U000e0041`)
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", evil, "plain", "日本\xff", "\x1b]0;\x9c", "\u202e\u2066"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q: invalid UTF-8 %q", s, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r != 0xfffd && forbidden(r) || r == '\n' }) {
			t.Errorf("%q: %q", s, got)
		}
		if len(got) > 10*len(s) || Clean(got) != got {
			t.Errorf("%q: %q is longer than it may be, or not clean", s, got)
		}
		for _, width := range []int{1, 2, 7, 40} {
			if short := cut(got, width); width > 2 && lipgloss.Width(short) > width {
				t.Errorf("cut %q to %d: %q", got, width, short)
			}
			for _, line := range wrap(got, width) {
				if lipgloss.Width(line) > max(width, 10) {
					t.Errorf("wrap %q at %d: %q", got, width, line)
				}
			}
		}
	})
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -5: "-5", -100: "-100", -1234: "-1,234"} {
		if got := Number(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for micros, want := range map[int64]string{
		-1: "0 ms", 0: "0 ms", 471_200: "471 ms", 1_000_000: "1 s", 7_400_000: "7 s", 59_600_000: "60 s", 60_000_000: "1 min", 125_000_000: "2 min 5 s",
		3600_000_000: "1 h", 3_660_000_000: "1 h 1 min", 90_000_000_000: "1 d 1 h", 86_400_000_000 * 1200: "1,200 d",
	} {
		if got := duration(micros); got != want {
			t.Errorf("%d: %s, want %s", micros, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(cut("short", 5), "short")
	f(cut("longer", 5), "long…")
	f(cut("日本語だ", 8), "日本語だ")
	f(cut("日本語だ", 7), "日本語…")
	f(cut("日本語だ", 6), "日本…") // a wide rune does not fit by half
	f(cutFront("var/log/a.log", 13), "var/log/a.log")
	f(cutFront("var/log/a.log", 8), "…g/a.log")
	f(cutFront("日本語だ", 6), "…語だ")
	line := "Nov 22 15:01:59 web-1 kernel: [81326.402911] Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:318216kB"
	f(cutAround(line, nil, 40), "Nov 22 15:01:59 web-1 kernel: [81326.40…")
	f(cutAround(line, []string{"", "22838", "not there"}, 60), "… of memory: Killed process 22838 (gunicorn) total-vm:31821…")
	f(cutAround(line, []string{"web-1"}, 40), "Nov 22 15:01:59 web-1 kernel: [81326.40…")
	f(cutAround(line, []string{"22838"}, 200), line)
	f(cutAround(strings.Repeat("日", 40)+"22838", []string{"22838"}, 30), "…"+strings.Repeat("日", 9)+"22838")
	f(strings.Join(wrap("one two  three", 10), "|"), "one two|three")
	f(strings.Join(wrap("a aaaaaaaaaaaaaaaaaaaaaaa b", 10), "|"), "a|aaaaaaaaaa|aaaaaaaaaa|aaa b")
	f(strings.Join(wrap("", 10), "|"), "")
}

// A line without a stamp of its own stands between two that have one, and is told so.
func TestShort(t *testing.T) {
	base := rules.Moment{Micros: second, Precision: parser.Second}
	at := func(micros, precision int64) rules.Moment {
		return rules.Moment{Micros: second + micros, Precision: precision}
	}
	for want, m := range map[string]rules.Moment{
		"15:01:59": at(0, parser.Second), "15:01:59.471": at(471_000, 1000), "15:01:59–15:02:03": at(0, 4*parser.Second), "15:02:01–05": at(2*parser.Second, 4*parser.Second),
		"after 15:01:59": at(0, 3600*parser.Second), "?": {},
	} {
		if got := (clock{}).short(m, base); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got, want := (clock{}).between(at(0, 4*parser.Second), at(parser.Second, 2*parser.Second), base), "15:01:59 to 15:02:00"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
