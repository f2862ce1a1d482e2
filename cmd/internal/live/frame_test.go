package live

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"culprit/fixtures"
	"culprit/report"
	"culprit/rules"

	"github.com/charmbracelet/lipgloss"
)

var update = flag.Bool("update", false, "rewrite goldens")

// outage is a model in the middle of an outage: one incident open, two resolved.
func outage() *model {
	m := newModel(false, at(-90))
	sources := func(n int64, second int) []Source {
		return []Source{
			{Name: "nginx/error.log", Format: "nginx-error", Lines: 30 + n, Bytes: 9000, Newest: at(second)},
			{Name: "nginx/access.log", Format: "nginx-access", Lines: 1_203_000 + n, Bytes: 9000, Newest: at(second - 7)},
			{Name: "kern.log", Format: "kernel", Lines: 80, Bytes: 9000, Newest: at(1)},
			{Name: "/srv/shop/current/releases/20261122/log/puma.production.stdout.log", Lines: 12, Bytes: 700},
			{Name: "gone.log", Error: "permission denied"},
			{Name: "empty.log"},
		}
	}
	past := func(in rules.Incident) rules.Incident {
		in.Start, in.End = moment(-200), moment(-198)
		in.Symptoms[0].First, in.Symptoms[0].Last = in.Start, in.End
		return in
	}
	refused := past(named("b1", rules.CauseNotListening, "resolved", "10.0.0.7:8080", "10.0.0.8:8080"))
	restart := past(named("c1", rules.CauseRestart, "resolved", "unix:/run/app.sock"))
	m.update(&Update{Sources: sources(0, -60), Incidents: []rules.Incident{refused, restart}, Changes: []Change{{Event: "resolved", Incident: refused}, {Event: "resolved", Incident: restart}}}, at(-60))
	m.update(&Update{Sources: sources(1, 0), Incidents: []rules.Incident{oom(1, 0, "open"), refused, restart}}, at(0))
	m.update(&Update{Sources: sources(9, 3), Incidents: []rules.Incident{oom(1204, 3, "open"), refused, restart}, Gaps: 1}, at(3))
	m.message("culprit: warning: webhook https://hooks.example.org: attempt 4: dial tcp 192.0.2.1:443: connect: connection refused; trying again")
	return m
}

// flood is a model with more of everything than any screen shows.
func flood() *model {
	m := newModel(false, at(0))
	var u Update
	for i := range 40 {
		in := named(fmt.Sprintf("%02d", i), rules.CauseRestart, "open", fmt.Sprintf("10.0.0.%d:80", i))
		u.Incidents = append(u.Incidents, in)
		u.Sources = append(u.Sources, Source{Name: fmt.Sprintf("pod-%02d.log", i), Lines: 1})
		in.ID, in.State = in.ID+"r", "resolved"
		u.Changes = append(u.Changes, Change{Event: "resolved", Incident: in})
		m.message(fmt.Sprint("message ", i))
	}
	m.update(&u, at(2))
	return m
}

// hostile is a model whose every text comes from someone who knows terminals.
func hostile() *model {
	bad := "\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202egnp\u200b\xff\xfe世界世界世界世界 e\u0301e\u0301"
	m := newModel(false, at(0))
	in := oom(5, 1, "open")
	in.Summary, in.Service, in.Upstreams, in.Verdict.Cause = bad+bad, bad, []string{bad, bad + "2"}, rules.Cause(bad)
	in.Evidence[0].Quote.Text, in.Evidence[0].Quote.Source = bad+bad, bad
	closed := in
	closed.ID, closed.State = "x", "resolved"
	m.update(&Update{Incidents: []rules.Incident{in}, Changes: []Change{{Event: "resolved", Incident: closed}}, Sources: []Source{{Name: bad, Format: bad, Lines: 3}, {Name: bad + bad, Error: bad}}}, at(1))
	m.message(bad + bad)
	return m
}

func TestFrameGolden(t *testing.T) {
	for _, c := range []struct {
		name          string
		m             *model
		width, height int
		now           time.Time
	}{
		{"outage-60", outage(), 60, 40, at(5)},
		{"outage-80", outage(), 80, 40, at(5)},
		{"outage-120", outage(), 120, 40, at(5)},
		{"outage-80x12", outage(), 80, 12, at(5)},
		{"quiet-80", newModel(false, at(0)), 80, 24, at(3)},
		{"flood-80", flood(), 80, 24, at(2)},
		{"hostile-80", hostile(), 80, 40, at(3)},
	} {
		fixtures.Golden(t, filepath.Join("testdata", c.name+".txt"), frame(c.m, c.width, c.height, c.now)+"\n", *update)
	}
}

// TestFrameFits: no screen is too small, and nothing that a log says leaves its place.
func TestFrameFits(t *testing.T) {
	for name, m := range map[string]*model{"outage": outage(), "hostile": hostile(), "flood": flood(), "quiet": newModel(false, at(0))} {
		for width := -1; width < 130; width++ {
			for _, height := range []int{-1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 15, 24, 60} {
				text := frame(m, width, height, at(5))
				lines := strings.Split(text, "\n")
				if len(lines) > max(height, 1) {
					t.Fatalf("%s at %d×%d has %d lines:\n%s", name, width, height, len(lines), text)
				}
				for _, line := range lines {
					if lipgloss.Width(line) > max(width, 1) || report.Clean(line) != line || !utf8.ValidString(line) {
						t.Fatalf("%s at %d×%d: %q has %d columns", name, width, height, line, lipgloss.Width(line))
					}
				}
			}
		}
	}
}

func TestFrameColor(t *testing.T) {
	m := outage()
	plainText := frame(m, 100, 40, at(5))
	m.color = true
	text := frame(m, 100, 40, at(5))
	if !strings.Contains(text, "\x1b[1;31moom-kill\x1b[0m") {
		t.Errorf("the cause has no colour:\n%q", text)
	}
	for _, style := range []string{"0", strong, faint, alarm, fine} {
		text = strings.ReplaceAll(text, "\x1b["+style+"m", "")
	}
	if text != plainText {
		t.Errorf("colour changes more than colour:\n%s\n%s", text, plainText)
	}
}

// TestFrameIsCalm: what does not change is not drawn again.
func TestFrameIsCalm(t *testing.T) {
	m := newModel(false, at(0))
	m.update(&Update{Sources: []Source{{Name: "a.log", Lines: 5, Newest: at(0)}}}, at(0))
	if a, b := frame(m, 80, 24, at(1)), frame(m, 80, 24, at(59)); a != b {
		t.Errorf("a minute of silence changes the frame:\n%s\n%s", a, b)
	}
}

func TestAge(t *testing.T) {
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := age(d); got != want {
			t.Errorf("age(%s) = %s; want %s", d, got, want)
		}
	}
	f(-time.Hour, "0 s")
	f(59999*time.Millisecond, "59 s")
	f(time.Minute, "1 min")
	f(119*time.Minute, "1 h")
	f(47*time.Hour, "47 h")
	f(100*time.Hour, "4 d")
}

func BenchmarkFrame(b *testing.B) {
	m := flood()
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(frame(m, 120, 50, at(5)))))
	}
}

// TestSourceState: only what is being read can be behind.
func TestSourceState(t *testing.T) {
	m := newModel(false, at(0))
	f := func(name string, lines int64, newest, now, looked int, want string) {
		t.Helper()
		m.update(&Update{Sources: []Source{{Name: "a.log", Lines: lines, Newest: at(newest)}}}, at(now))
		if got, _ := m.sources[0].state(at(looked)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("what was there before", 3, -13, 0, 0, "read")
	f("a line of now", 4, 10, 10, 10, "read")
	f("a backlog", 5, -50, 20, 20, "1 min behind")
	f("read to its end", 5, -50, 21, 24, "read")
	f("nobody writes", 5, -50, 21, 90, "silent for 1 min")
}
