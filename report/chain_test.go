package report

import (
	"fmt"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// rare is one outage of a site that is seldom asked: n incidents, ten minutes apart.
func rare(n int) *rules.Report {
	r := oom()
	one := r.Incidents[0]
	r.Incidents = nil
	for i := range int64(n) {
		in := one
		in.ID = fmt.Sprintf("%016x", i)
		start := i * 10 * parser.Minute
		in.Start, in.End, in.FailedRequests, in.Requests = whole(start), whole(start), 1+i%3, 1+i%3
		in.Symptoms = append([]rules.SymptomGroup(nil), one.Symptoms...)
		in.Symptoms[0].First, in.Symptoms[0].Last = whole(start), whole(start)
		r.Incidents = append(r.Incidents, in)
	}
	return r
}

func TestChains(t *testing.T) {
	f := func(name, want string, change func(list []rules.Incident)) {
		t.Helper()
		r := rare(5)
		change(r.Incidents)
		got := ""
		for _, c := range chainsOf(r.Incidents) {
			got += fmt.Sprint(c.members, c.worst)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("one outage", "[0 1 2 3 4] 2", func([]rules.Incident) {})
	f("another cause ends it", "[0 1] 1[3 4] 4", func(l []rules.Incident) { l[2].Verdict.Cause = rules.CauseRestart })
	f("another upstream's lie between", "[0 1 3 4] 1", func(l []rules.Incident) { l[2].Upstreams = []string{"10.0.0.9:80"} })
	f("a day later", "[0 1 2] 2[3 4] 4", func(l []rules.Incident) {
		for i := 3; i < 5; i++ {
			l[i].Start.Micros += parser.Day
			l[i].End.Micros += parser.Day
		}
	})
	f("none", "", func(l []rules.Incident) {
		for i := range l {
			l[i].Upstreams = []string{fmt.Sprint(i)}
		}
	})
}

// Incidents that follow each other have a line in common in all forms for people, and the
// worst is told for all, unless they were asked for one by one. JSON has each.
func TestChainsAreToldOnce(t *testing.T) {
	squeeze := func(text string) string { return strings.Join(strings.Fields(text), " ") }
	line := "1 to 5 follow each other: oom-kill at shop.service (127.0.0.1:9001), 5 times, 2026-11-22 15:01:59 to 15:41:59 UTC (40 min), every 10 min or so; 9 failures; " +
		"nothing was answered in the minute after any but the last: it may be one outage. 3, the worst, is told below for all."
	for name, proof := range map[string]string{"text": "\nProof", "markdown": "### Proof", "html": "<h3>Proof"} {
		got := render(t, name, rare(5), Options{Width: 100})
		if plain := strings.ReplaceAll(squeeze(got), "`", ""); !strings.Contains(plain, line) {
			t.Errorf("%s: no common line in\n%.3000s", name, got)
		}
		if n := strings.Count(got, proof); n != 1 {
			t.Errorf("%s: %d are told in full", name, n)
		}
		if got = render(t, name, rare(5), Options{Whole: true}); strings.Count(got, proof) != 5 || strings.Contains(got, "for all") {
			t.Errorf("%s: not all that were asked for are told", name)
		}
	}
	if n := strings.Count(render(t, "json", rare(5), Options{}), `"summary"`); n != 5 {
		t.Errorf("JSON has %d", n)
	}
	two := rare(2)
	two.Incidents[0].End.Micros += parser.Second // a success after it
	if got := squeeze(render(t, "text", two, Options{})); !strings.Contains(got, "1 and 2 follow each other") || !strings.Contains(got, "requests were answered in between") || strings.Count(got, "Proof") != 2 {
		t.Error(got)
	}
}
