package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// crowd is n incidents of some causes at some places.
func crowd(n, places int) *rules.Report {
	r := oom()
	one := r.Incidents[0]
	causes := rules.Causes()
	r.Incidents = nil
	for i := range n {
		in := one
		in.ID = fmt.Sprintf("%016x", i)
		in.Verdict.Cause = causes[i%3]
		in.Culprit.Unit = fmt.Sprintf("shop-%d.service", i%places)
		in.FailedRequests = int64(1 + i%7)
		in.Start, in.End = whole(int64(i)*36*parser.Hour), whole(int64(i)*36*parser.Hour+3)
		r.Incidents = append(r.Incidents, in)
	}
	r.Totals.Incidents = int64(n)
	return r
}

func TestGroups(t *testing.T) {
	r := crowd(30, 2)
	groups := groupsOf(r.Incidents)
	if len(groups) != 6 {
		t.Fatalf("%d groups", len(groups))
	}
	var members int
	for i, g := range groups {
		members += len(g.members)
		if i > 0 && g.failed > groups[i-1].failed {
			t.Error("the worst group does not stand first")
		}
		for _, m := range g.members {
			if failures(&r.Incidents[m]) > failures(&r.Incidents[g.worst]) {
				t.Errorf("%s: incident %d is worse than %d", g.where, m, g.worst)
			}
		}
		if got := g.rhythm(r.Incidents); got != "every 9 d or so" {
			t.Errorf("rhythm %q", got)
		}
	}
	if members != 30 || len(chosen(r.Incidents, groups, Options{})) != 6 {
		t.Errorf("%d members, %d told", members, len(chosen(r.Incidents, groups, Options{})))
	}
	if few := crowd(maxFull, 9); len(chosen(few.Incidents, groupsOf(few.Incidents), Options{})) != maxFull {
		t.Error("a few are not all told")
	}
}

// Where groups are too many to be seen at once, their causes are summed before them.
func TestByCause(t *testing.T) {
	r := crowd(300, 50)
	want := "By cause: 100 × crash-signal at 50 places, 100 × memory-exhausted at 50 places, 100 × oom-kill at 50 places."
	for _, format := range []string{"text", "markdown", "html"} {
		if text := strings.Join(strings.Fields(render(t, format, r, Options{})), " "); !strings.Contains(text, want) {
			t.Errorf("%s: no %q in %s", format, want, text[:600])
		}
	}
	if got := byCause(groupsOf(crowd(30, 2).Incidents)); got != "" {
		t.Error(got)
	}
}

func TestRhythm(t *testing.T) {
	f := func(want string, hours ...int64) {
		t.Helper()
		var incidents []rules.Incident
		g := group{}
		for i, h := range hours {
			incidents = append(incidents, rules.Incident{Start: whole(h * parser.Hour)})
			g.members = append(g.members, i)
		}
		if got := g.rhythm(incidents); got != want {
			t.Errorf("%v: %q, want %q", hours, got, want)
		}
	}
	f("", 0)
	f("", 0, 36)
	f("every 1 d 12 h or so", 0, 36, 72, 110)
	f("between 1 h and 9 h apart", 0, 1, 10, 15)
	f("mostly 2 h apart, at most 1 d 2 h", 0, 2, 4, 6, 32)
}

// Many incidents make a report that can be read and sent, in time.
func TestManyIncidentsStayReadable(t *testing.T) {
	for _, places := range []int{3, 10_000} {
		r := crowd(10_000, places)
		for name, most := range map[string]int{"text": 60_000, "markdown": 120_000, "html": 3_000_000} {
			began := time.Now()
			got := render(t, name, r, Options{})
			if len(got) > most || len(got) < 5000 {
				t.Errorf("%s at %d places: %d bytes, at most %d", name, places, len(got), most)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s at %d places took %v", name, places, took)
			}
		}
		if text := strings.Join(strings.Fields(render(t, "text", r, Options{})), " "); !strings.Contains(text, "10,000 incidents") || !strings.Contains(text, "culprit incidents lists all") {
			t.Errorf("at %d places: %s", places, text[:500])
		}
	}
}

func BenchmarkMany(b *testing.B) {
	r := crowd(10_000, 50)
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				if err := f.Write(&out, r, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(out.Len()))
		})
	}
}
