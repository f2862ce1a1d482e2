package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
	"culprit/store"
)

// stores three cases' runs.
func storeOf(t *testing.T, cases ...string) string {
	t.Helper()
	db := filepath.Join(t.TempDir(), "culprit.db")
	for _, c := range cases {
		culprit(t, exitDone, "analyze", "-q", "--db", db, "-o", os.DevNull, "../../fixtures/cases/"+c+"/logs")
	}
	return db
}

// The list can be put in order by what a person looks for.
func TestIncidentsSorted(t *testing.T) {
	db := storeOf(t, "oom-node-docker", "two-upstreams-two-causes", "haproxy-deploy-refused")
	f := func(want string, args ...string) {
		t.Helper()
		text, _ := culprit(t, exitDone, append([]string{"incidents", "--db", db}, args...)...)
		var got []string
		for line := range strings.Lines(text) {
			if fields := strings.Fields(line); fields[0] != "START" {
				got = append(got, fields[3]+" "+fields[6])
			}
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%v: %s, want %s", args, text, want)
		}
	}
	f("restart 68, unhandled-exception 1, worker-timeout 4, oom-kill 26")
	f("oom-kill 26, worker-timeout 4, unhandled-exception 1, restart 68", "--sort", "oldest")
	f("restart 68, oom-kill 26", "--sort", "failed", "--limit", "2")
	f("worker-timeout 4", "--sort", "longest", "--limit", "1")
	f("oom-kill 26", "--cause", "oom-kill", "--sort", "sure")
	f("worker-timeout 4, oom-kill 26", "--until", "2026-11-22T15:13:23Z")
	f("unhandled-exception 1", "--upstream", "127.0.0.1:8090")
}

// A report of all that a run found tells the share too; of a part it cannot.
func TestReportTellsTheRunsTotals(t *testing.T) {
	db := storeOf(t, "oom-node-docker", "two-upstreams-two-causes")
	f := func(want string, args ...string) {
		t.Helper()
		text, _ := culprit(t, exitDone, append([]string{"report", "--db", db}, args...)...)
		if first, _, _ := strings.Cut(text, "\n"); first != want {
			t.Errorf("%v: %s, want %s", args, first, want)
		}
	}
	f("1 incident, 26 of 376 requests failed, read from 4 sources.", "e3408a17ad767917")
	f("2 incidents, 5 of 410 requests failed, read from 4 sources.", "--since", "2026-11-22T15:10:00Z")
	f("1 incident, 1 failed request, read from 4 sources.")
	f("3 incidents, 31 failed requests, read from 8 sources.", "--all")
}

// A store without incidents says what was read.
func TestReportOfNothing(t *testing.T) {
	db := storeOf(t, "client-aborts-only")
	text, _ := culprit(t, exitDone, "report", "--db", db)
	if !strings.HasPrefix(text, "No incident: the gateway's logs show no request that an upstream failed.") {
		t.Error(text)
	}
	if text, _ := culprit(t, exitFailed, "report", "--db", filepath.Join(t.TempDir(), "none.db")); text != "" {
		t.Error(text)
	}
}

// What tail could not read of a report's sources in its time is told.
func TestReportTellsGaps(t *testing.T) {
	path := storeOf(t, "oom-node-docker")
	db, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) rules.Moment {
		m, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return rules.Moment{Micros: m.UnixMicro(), Precision: 1}
	}
	err = db.Commit(context.Background(), store.Batch{Gaps: []store.Gap{
		{Source: "nginx/error.log", From: at("2026-11-22 15:02:40"), To: at("2026-11-22 15:02:43"), Offset: 4096, Bytes: 512, Why: "the file was truncated before it was read to its end"},
		{Source: "nginx/error.log", From: at("2026-11-22 09:00:00"), To: at("2026-11-22 09:00:01"), Offset: -1, Bytes: -1, Why: "hours before"},
		{Source: "other.log", Offset: -1, Bytes: -1, Why: "another file"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	for _, format := range []string{"text", "json", "html", "markdown"} {
		text, _ := culprit(t, exitDone, "report", "--db", path, "--format", format)
		if text = strings.Join(strings.Fields(text), " "); !strings.Contains(text, "512 bytes are missing from byte 4096 on: the file was truncated before it was read to its end") ||
			strings.Contains(text, "hours before") || strings.Contains(text, "another file") {
			t.Errorf("%s: %s", format, text)
		}
	}
}

// Days with thousands of incidents stay readable: grouped, with the worst of each told.
func TestReportOfTenThousand(t *testing.T) {
	if testing.Short() {
		t.Skip("stores 10,000 incidents")
	}
	path := filepath.Join(t.TempDir(), "culprit.db")
	db, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	causes := []rules.Cause{rules.CauseOOMKill, rules.CauseRestart, rules.CauseSlowUpstream}
	var list []rules.Incident
	for i := range int64(10_000) {
		start := rules.Moment{Micros: 1_795_000_000*parser.Second + i*5*parser.Minute, Precision: parser.Second}
		list = append(list, rules.Incident{
			ID: fmt.Sprintf("%016x", i), State: "resolved", Start: start, End: start, Upstreams: []string{fmt.Sprintf("10.0.0.%d:80", i%7)},
			Verdict: rules.Verdict{Cause: causes[i%3], Confidence: 0.9}, ErrorLines: 1, FailedRequests: i % 10, FailedOther: 0, Clients: -1,
			Summary: "something failed",
		})
	}
	if err := db.Put(context.Background(), store.Run{ID: "r"}, list); err != nil {
		t.Fatal(err)
	}
	db.Close()
	for format, most := range map[string]int{"text": 300, "markdown": 700, "html": 6500} {
		text, _ := culprit(t, exitDone, "report", "--all", "--db", path, "--format", format)
		if n := strings.Count(text, "\n"); n > most || !strings.Contains(text, "10,000 incidents") || !strings.Contains(text, "every 1 h 45 min or so") {
			t.Errorf("%s: %d lines, want at most %d", format, n, most)
		}
	}
}

// An upstream is found by its whole address, its host or its port, and by nothing less.
func TestIncidentsOfAnUpstream(t *testing.T) {
	db := storeOf(t, "oom-node-docker", "two-upstreams-two-causes")
	f := func(want int, args ...string) {
		t.Helper()
		text, _ := culprit(t, exitDone, append([]string{"incidents", "--db", db}, args...)...)
		if n := strings.Count(text, "127.0.0.1:"); n != want || want == 0 && text != "no incident matches\n" {
			t.Errorf("%v: %d incidents, want %d:\n%s", args, n, want, text)
		}
		var doc struct {
			Totals    struct{ Incidents int }
			Incidents []any
		}
		if err := json.Unmarshal([]byte(first(culprit(t, exitDone, append([]string{"incidents", "--format", "json", "--db", db}, args...)...))), &doc); err != nil {
			t.Fatal(err)
		}
		if len(doc.Incidents) != want || doc.Totals.Incidents != want {
			t.Errorf("%v: JSON has %d, its totals %d; want %d", args, len(doc.Incidents), doc.Totals.Incidents, want)
		}
	}
	f(3)
	f(3, "--upstream", "127.0.0.1")
	f(2, "--upstream", "127.0.0.1", "--limit", "2")
	f(1, "--upstream", "9010")
	f(1, "--upstream", ":9010")
	f(1, "--upstream", "127.0.0.1:9010")
	f(0, "--upstream", "127.0.0.1:901")
	f(0, "--upstream", "10")
	f(0, "--since", "2030-01-01")
}

func first(text, _ string) string { return text }

// A selection that matches nothing is not taken for logs without an incident.
func TestReportOfNoMatch(t *testing.T) {
	db := storeOf(t, "oom-node-docker")
	for format, want := range map[string]string{"text": "No stored incident matches.\n", "markdown": "# No stored incident matches\n", "html": "<h1>No stored incident matches</h1>"} {
		text, _ := culprit(t, exitDone, "report", "--db", db, "--since", "2030-01-01", "--format", format)
		if !strings.Contains(text, want) || strings.Contains(text, "gateway log") || strings.Contains(text, "shown more") {
			t.Errorf("%s: %s", format, text)
		}
	}
}

// What a command cannot do is said with what to do instead.
func TestWrongUseIsExplained(t *testing.T) {
	dir := t.TempDir()
	db := storeOf(t, "oom-node-docker")
	logs := filepath.Join(dir, "logs")
	if err := os.Mkdir(logs, 0o700); err != nil {
		t.Fatal(err)
	}
	f := func(status int, want string, args ...string) {
		t.Helper()
		out, text := culprit(t, status, args...)
		if !strings.Contains(text, want) || out != "" {
			t.Errorf("%v: no %q in %q, output %q", args, want, text, out)
		}
	}
	f(exitUsage, "incidents prints text or json", "incidents", "--db", db, "--format", "html")
	f(exitUsage, "explain prints text or json", "explain", "--format", "markdown", "line")
	f(exitUsage, "want a number of incidents", "incidents", "--db", db, "--limit=-1")
	f(exitUsage, "it keeps nothing", "report", "--db", ":memory:")
	f(exitFailed, "nothing could be read: read directory "+logs+": no files in it", "analyze", "-q", "--db", ":memory:", logs)
	f(exitFailed, "warning: open "+dir+"/none: no such file or directory", "analyze", "--db", ":memory:", dir+"/none")
}

// What was found is told even where it cannot be stored: the logs may be gone by the next try.
func TestReportWhereTheStoreIsLocked(t *testing.T) {
	path := storeOf(t, "oom-node-docker")
	other, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	out, text := culprit(t, exitFailed, "analyze", "-q", "--db", path, "../../fixtures/cases/two-upstreams-two-causes/logs")
	if !strings.Contains(text, "database is locked") || !strings.HasPrefix(out, "2 incidents") {
		t.Errorf("%q, output %.200q", text, out)
	}
}

func TestMomentBackFromNow(t *testing.T) {
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"2h": "2026-11-22 12:00:00", "-2h": "2026-11-22 12:00:00", "30m": "2026-11-22 13:30:00", "3d": "2026-11-19 14:00:00", "-1d": "2026-11-21 14:00:00",
		"2026-11-22": "2026-11-22 00:00:00", "12:30": "2026-11-22 12:30:00",
	} {
		micros, err := moment("since", text, time.UTC, now)
		if got := time.UnixMicro(micros).UTC().Format(time.DateTime); got != want || err != nil {
			t.Errorf("%s is %s, want %s (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{"yesterday", "2", "d", "h", "--2h", "2x"} {
		if _, err := moment("since", text, time.UTC, now); err == nil {
			t.Errorf("%s: taken for a time", text)
		}
	}
}
