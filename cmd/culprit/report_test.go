package main

import (
	"context"
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
	f("1 incident, 26 of 376 requests failed, read from 4 sources.", "054a6150eb809190")
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
	err = db.SaveGaps(context.Background(), []store.Gap{
		{Source: "nginx/error.log", From: at("2026-11-22 15:02:40"), To: at("2026-11-22 15:02:43"), Offset: 4096, Bytes: 512, Why: "the file was truncated before it was read to its end"},
		{Source: "nginx/error.log", From: at("2026-11-22 09:00:00"), To: at("2026-11-22 09:00:01"), Offset: -1, Bytes: -1, Why: "hours before"},
		{Source: "other.log", Offset: -1, Bytes: -1, Why: "another file"},
	})
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
