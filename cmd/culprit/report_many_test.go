package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
	"culprit/store"
)

// manyIncidents is how many incidents a report of days holds.
const manyIncidents = 10_000

// storeOfMany writes a store in which many incidents recur at many upstreams.
func storeOfMany(tb testing.TB, n int) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "many.db")
	if keep := os.Getenv("CULPRIT_KEEP_MANY"); keep != "" {
		file = keep
	}
	db, err := store.Open(tb.Context(), file)
	if err != nil {
		tb.Fatal(err)
	}
	const begin = 1_790_000_000 * parser.Second
	at := func(i int, seconds int64) rules.Moment {
		return rules.Moment{Micros: begin + int64(i)*97*parser.Second + seconds*parser.Second, Precision: parser.Second}
	}
	causes := []rules.Cause{rules.CauseOOMKill, rules.CauseUnhandledException, rules.CauseSlowUpstream, rules.CauseRestart, rules.CauseUnknown}
	list := make([]rules.Incident, n)
	for i := range list {
		up, cause := fmt.Sprintf("10.0.%d.%d:9001", i%7, i%43), causes[i%len(causes)]
		quote := func(source string, line int64) rules.Quote {
			return rules.Quote{Location: rules.Location{Source: source, Line: line}, Text: fmt.Sprintf("line %d of %s about %s", line, source, up)}
		}
		list[i] = rules.Incident{
			ID: fmt.Sprintf("%016x", i), State: "resolved", Summary: fmt.Sprintf("%s failed; %d requests failed.", up, 3+i%50), Gateway: "nginx",
			Verdict: rules.Verdict{Cause: cause, Confidence: 0.9, Reasons: []rules.Reason{{Weight: 20, Text: "a line says so"}},
				Alternatives: []rules.Alternative{{Cause: rules.CauseKilled, Confidence: 0.01, WhyNot: "nothing links its evidence to this upstream"}}},
			Upstreams: []string{up}, Service: fmt.Sprintf("app-%d.service", i%301), Culprit: rules.Culprit{Process: "gunicorn", PID: int64(i + 1), Unit: fmt.Sprintf("app-%d.service", i%301)},
			Start: at(i, 0), End: at(i, 30), ErrorLines: int64(3 + i%50), PrimaryLines: int64(3 + i%50), FailedRequests: int64(3 + i%50), Requests: 1000, Clients: 3,
			StatusCounts: []rules.StatusCount{{Status: "502", Count: int64(3 + i%50)}},
			Series:       []rules.Point{{Second: at(i, 0).Micros / parser.Second, Span: 1, Status: "502", Count: int64(3 + i%50)}},
			URLs:         []rules.URLGroup{{URL: "GET /a/{id}", Failed: int64(3 + i%50)}},
			Symptoms: []rules.SymptomGroup{{Class: parser.SymptomPrematureClose, Phase: parser.PhaseReadingHeader, Rank: parser.RankPrimary, Count: int64(3 + i%50),
				First: at(i, 1), Last: at(i, 29), Example: quote("nginx/error.log", int64(i))}},
			Evidence: []rules.Evidence{{Kind: "kernel-oom-killed", Cause: cause, Role: rules.RoleCause, Time: at(i, 0), Count: 1, Quote: quote("kern.log", int64(i)), Why: "it was killed", Weight: 20}},
			Timeline: []rules.TimelineEntry{{Time: at(i, 0), What: "it was killed", Location: rules.Location{Source: "kern.log", Line: int64(i)}}},
			Advice:   []string{"see whether it runs again"}, Prevent: []string{"find what grew"}, Missing: []string{"what the memory was used for"},
		}
	}
	run := store.Run{ID: "r1", Version: "0", Window: [2]rules.Moment{at(0, 0), at(n, 0)}, Totals: rules.Totals{Incidents: int64(n)},
		Sources: []rules.SourceInfo{{Path: "nginx/error.log", Role: parser.RoleGateway, Format: "nginx-error"}}}
	if err := db.Put(tb.Context(), run, list); err != nil {
		tb.Fatal(err)
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	return file
}

// A report of ten thousand incidents is grouped, short where people read it, and done in seconds.
func TestReportOfManyIncidents(t *testing.T) {
	if testing.Short() {
		t.Skip("writes ten thousand incidents")
	}
	file := storeOfMany(t, manyIncidents)
	for format, most := range map[string]int{"text": 200 << 10, "markdown": 400 << 10, "html": 1 << 20, "json": 64 << 20} {
		began := time.Now()
		out, _ := culprit(t, 0, "report", "--all", "--db", file, "--format", format)
		took := time.Since(began)
		t.Logf("%s: %d KiB in %v", format, len(out)>>10, took.Round(time.Millisecond))
		if len(out) > most || len(out) < 1000 {
			t.Errorf("%s: %d bytes", format, len(out))
		}
		if took > time.Minute { // a few seconds alone, on a machine that does other things too
			t.Errorf("%s took %v", format, took)
		}
	}
}
