package live

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"culprit/rules"
)

// scrape returns the program's own series that are not 0.
func scrape(m *metrics) string {
	w := httptest.NewRecorder()
	s := &server{health: &health{now: time.Now}}
	s.handler(m).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "culprit_") && !strings.HasSuffix(line, " 0") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func (m *metrics) want(t *testing.T, series ...string) {
	t.Helper()
	got := scrape(m)
	for _, s := range series {
		absent := strings.HasPrefix(s, "!")
		if s = strings.TrimPrefix(s, "!"); strings.Contains("\n"+got+"\n", "\n"+s+"\n") == absent {
			t.Errorf("series %s: absent %v in:\n%s", s, !absent, got)
		}
	}
}

func TestMetricsCountWhatIsRead(t *testing.T) {
	m := newMetrics("1.2")
	m.update(&Update{Gaps: 2, Took: 3 * time.Millisecond, Sources: []Source{
		{Name: "nginx/error.log", Lines: 10, Unparsed: 1, Bytes: 900, Newest: at(0)},
		{Name: "bad\xff\"\n", Lines: 1, Bytes: 5},
	}}, at(4))
	m.want(t, `culprit_lines_total{source="nginx/error.log"} 10`, `culprit_bytes_total{source="nginx/error.log"} 900`, "culprit_unparsed_lines_total 1",
		`culprit_source_lag_seconds{source="nginx/error.log"} 4`, "culprit_gaps_total 2", "culprit_decide_seconds_count 1", `culprit_build_info{version="1.2"} 1`,
		`culprit_lines_total{source="bad\\xff\"\\n"} 1`, `!culprit_source_lag_seconds{source="bad\\xff\"\\n"} 4`)
	if strings.Contains(scrape(m), `lag_seconds{source="bad`) {
		t.Error("a source whose zone is unknown has a lag")
	}
	// Silence is no lag; new lines are.
	m.update(&Update{Sources: []Source{{Name: "nginx/error.log", Lines: 10, Unparsed: 1, Bytes: 900, Newest: at(0)}}}, at(400))
	m.want(t, `culprit_source_lag_seconds{source="nginx/error.log"} 4`, `culprit_lines_total{source="nginx/error.log"} 10`)
	m.update(&Update{Sources: []Source{{Name: "nginx/error.log", Lines: 12, Unparsed: 3, Bytes: 1000, Newest: at(402)}}}, at(401))
	m.want(t, `culprit_lines_total{source="nginx/error.log"} 12`, "culprit_unparsed_lines_total 3", `!culprit_source_lag_seconds{source="nginx/error.log"} 4`)
	// A source that is counted from its beginning again.
	m.update(&Update{Sources: []Source{{Name: "nginx/error.log", Lines: 5, Bytes: 100, Newest: at(402)}}}, at(402))
	m.want(t, `culprit_lines_total{source="nginx/error.log"} 17`, `culprit_bytes_total{source="nginx/error.log"} 1100`)
}

func TestMetricsBoundLabels(t *testing.T) {
	m := newMetrics("")
	var u Update
	for i := range 250 {
		u.Sources = append(u.Sources, Source{Name: fmt.Sprintf("pod-%03d.log", i), Lines: 2, Bytes: 10, Newest: at(-i)})
	}
	m.update(&u, at(0))
	m.update(&u, at(1))
	m.want(t, `culprit_lines_total{source="other"} 100`, `culprit_bytes_total{source="other"} 500`, `culprit_source_lag_seconds{source="other"} 249`, `culprit_lines_total{source="pod-199.log"} 2`)
	if n := strings.Count(scrape(m), "culprit_lines_total{"); n != 201 {
		t.Errorf("%d series; want 201", n)
	}
	u.Sources = nil
	for i := range 2 * maxSeen {
		u.Sources = append(u.Sources, Source{Name: fmt.Sprint("later-", i), Lines: 1})
	}
	m.update(&u, at(2))
	m.update(&Update{Sources: u.Sources[:10]}, at(3))
	if len(m.seen) > 300 {
		t.Errorf("%d sources are remembered", len(m.seen))
	}
}

func TestMetricsCountAnIncidentOnceUnderItsLastCause(t *testing.T) {
	m := newMetrics("")
	first := oom(1, 0, "open")
	first.Verdict.Cause = rules.CauseKilled // what is known in the first second
	step := func(now int, event string, in rules.Incident) {
		u := Update{Incidents: []rules.Incident{in}}
		if event != "" {
			u.Changes = []Change{{Event: event, Incident: in}}
		}
		m.update(&u, at(now))
	}
	step(0, "opened", first)
	m.want(t, "culprit_open_incidents 1", `!culprit_incidents_total{cause="killed"} 1`)
	step(3, "updated", oom(2, 3, "open"))
	m.want(t, `!culprit_incidents_total{cause="oom-kill"} 1`)
	step(12, "", oom(2, 3, "open"))
	m.want(t, `culprit_incidents_total{cause="oom-kill"} 1`, "culprit_open_incidents 1", `!culprit_incidents_total{cause="killed"} 1`)
	step(70, "resolved", oom(2, 3, "resolved"))
	m.want(t, `culprit_incidents_total{cause="oom-kill"} 1`, "!culprit_open_incidents 1")
	if len(m.uncounted) != 0 {
		t.Errorf("%d incidents are still to be counted", len(m.uncounted))
	}
}

func TestMetricsCountShortAndSupersedingIncidents(t *testing.T) {
	m := newMetrics("")
	old := named("old", rules.CauseRestart, "open", "b:1")
	m.update(&Update{Changes: []Change{{Event: "opened", Incident: old}}, Incidents: []rules.Incident{old}}, at(0))
	merged := named("new", rules.CauseRestart, "open", "b:1")
	merged.Supersedes = "old"
	m.update(&Update{Changes: []Change{{Event: "opened", Incident: merged}}, Incidents: []rules.Incident{merged}}, at(1))
	merged.State = "resolved"
	m.update(&Update{Changes: []Change{{Event: "resolved", Incident: merged}}, Incidents: []rules.Incident{merged}}, at(2))
	m.want(t, `culprit_incidents_total{cause="restart"} 1`)
	m.update(&Update{Changes: []Change{{Event: "resolved", Incident: merged}}}, at(3)) // told again after a restart: not ours
	m.want(t, `culprit_incidents_total{cause="restart"} 1`)
	odd := named("odd", "made-up\n", "open", "c:1")
	m.update(&Update{Changes: []Change{{Event: "opened", Incident: odd}, {Event: "resolved", Incident: odd}}}, at(4))
	m.want(t, `culprit_incidents_total{cause="unknown"} 1`)
}
