package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// second of the story that all tests tell: 2026-11-22T15:01:59Z.
const second = 1795359719 * parser.Second

func at(offset int64) rules.Moment { return rules.Moment{Micros: second + offset, Precision: 1000} }

func quoteAt(source string, line int64, text string) rules.Quote {
	place := rules.Place{Line: line, FirstLine: line - 2, LastLine: line + 1, Offset: 4096, Length: 512, Hash: 0xfedcba9876543210}
	return rules.Quote{Location: rules.Location{Source: source, Line: line}, Text: text, Message: "decoded", Place: place}
}

// fullIncident has a value in every field, at every depth (TestRoundTrip checks that).
func fullIncident() rules.Incident {
	return rules.Incident{
		ID: "4d1a7c09b2e63f58", Supersedes: "00aa11bb22cc33dd", State: "resolved",
		Verdict: rules.Verdict{
			Cause: rules.CauseOOMKill, Confidence: 0.98, Decibans: 31,
			Reasons:      []rules.Reason{{Weight: 20, Text: "the kernel killed its worker"}, {Weight: -3, Text: "it was long ago"}},
			Alternatives: []rules.Alternative{{Cause: rules.CauseRestart, Confidence: 0.01, Decibans: 4, WhyNot: "no stop order"}},
		},
		Summary: "the kernel killed gunicorn worker 22838; 1 request failed",
		Gateway: "nginx", Service: "shop", Upstreams: []string{"127.0.0.1:9001", "unix:/run/shop.sock"},
		Culprit: rules.Culprit{Process: "gunicorn", PID: 22838, Unit: "shop.service", Container: "shop-1", Host: "web-1"},
		Start:   at(471_000), End: at(3_471_000),
		ErrorLines: 3, PrimaryLines: 2, SecondaryLines: 1, FailedRequests: 4, FailedOther: 5,
		StatusCounts: []rules.StatusCount{{Status: "009", Count: 5}, {Status: "502", Count: 4}},
		Series:       []rules.Point{{Second: second / parser.Second, Span: 1, Status: "502", Count: 4}, {Second: second/parser.Second + 1, Span: 1, Status: "009", Count: 5}},
		URLs:         []rules.URLGroup{{URL: "GET /media/{id}", Failed: 7}, {URL: "GET /", Failed: 2}},
		Clients:      6, ClientsAbout: true,
		Backoff: rules.Backoff{First: 3, Second: 2, Third: 1, Never: 3},
		Related: []string{"77aa"},
		Symptoms: []rules.SymptomGroup{{
			Class: parser.SymptomPrematureClose, Phase: parser.PhaseReadingHeader, Rank: parser.RankPrimary, Errno: 104, Count: 2,
			First: at(0), Last: at(1_000_000), Example: quoteAt("nginx/error.log", 17, "upstream prematurely closed connection"),
		}},
		Evidence: []rules.Evidence{{
			Kind: "kernel-oom-kill", Cause: rules.CauseOOMKill, Role: rules.RoleCause, Time: at(400_000), Count: 1,
			Quote: quoteAt("kern.log", 80, "Killed process 22838 (gunicorn)"), Why: "killed the worker", Weight: 25,
			Fields: []rules.Field{{Name: "pid", Value: "22838"}, {Name: "process", Value: "gunicorn"}},
		}},
		Timeline: []rules.TimelineEntry{{Time: at(400_000), What: "kernel kills gunicorn", Location: rules.Location{Source: "kern.log", Line: 80}}},
		Advice:   []string{"raise MemoryMax of shop.service"},
		Prevent:  []string{"a second server in the upstream block"}, Requests: 48, OfGateway: true,
		Missing: []string{"no access log: the number of failed requests is not known"},
	}
}

func fullRun() Run {
	stamp := parser.Stamp{Micros: second, Precision: parser.Second, Offset: 3600, Clock: parser.ClockZoned}
	return Run{
		ID: "r1", Version: "0.1.0", Window: [2]rules.Moment{at(0), at(60_000_000)},
		Totals: rules.Totals{Incidents: 1, GatewayErrorLines: 3, Requests: 343, FailedRequests: 4, FailedOther: 5, ClientAborts: 6, Refused: 7},
		Sources: []rules.SourceInfo{
			{
				Path: "kern.log", Group: "kern", Format: "syslog", Formats: []string{"syslog", "kernel"}, Role: parser.RoleSystem, Gateway: "x",
				Lines: 90, Unparsed: 1, Samples: []string{"?"}, Bytes: 9000, First: stamp, Last: stamp, HeadHash: 0xffff_0000_1234_5678,
				Error: "cut", Warnings: []string{"no year"}, ZoneOffset: 3600, Zone: "Europe/Paris", ZoneFrom: rules.ZoneInferred, Skew: -25_000_000,
				HasErrors: true, HasAccess: true, Loopback: true, Location: "/var/log/kern.log",
			},
			{Path: "nginx/error.log", Role: parser.RoleGateway},
		},
	}
}

func all(t testing.TB, db *DB, f Filter) (incidents []rules.Incident) {
	t.Helper()
	for in, err := range db.Incidents(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		incidents = append(incidents, in)
	}
	return incidents
}

// noZero fails for every zero value reachable in v, so that a field added to the nouns
// and forgotten in the store makes TestRoundTrip fail.
func noZero(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name == "Proof" || name == "Found" || name == "History" {
				continue // the engine's own note, indices into a case that is gone; true for a moment only; made of other rows
			}
			noZero(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			t.Errorf("%s is empty", path)
			return
		}
		noZero(t, path+"[0]", v.Index(0))
	default:
		if v.IsZero() {
			t.Errorf("%s is zero", path)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	noZero(t, "incident", reflect.ValueOf(fullIncident()))
	noZero(t, "source", reflect.ValueOf(fullRun().Sources[0]))
	noZero(t, "totals", reflect.ValueOf(fullRun().Totals))
	unknown := rules.Incident{ID: "b", State: "open", Verdict: rules.Verdict{Cause: rules.CauseUnknown},
		ErrorLines: -1, PrimaryLines: -1, SecondaryLines: -1, FailedRequests: -1, FailedOther: -1, Clients: -1}
	zero := rules.Incident{ID: "c", State: "open", Verdict: rules.Verdict{Cause: rules.CauseUnknown}}
	for _, path := range []string{":memory:", filepath.Join(t.TempDir(), "culprit.db")} {
		db := mustOpen(t, path)
		mustPut(t, db, fullRun(), unknown, zero, fullIncident())
		got := all(t, db, Filter{})
		if want := []rules.Incident{unknown, zero, fullIncident()}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", path, got, want)
		}
		runs, err := db.RunsOf(t.Context(), []string{"none", "b", fullIncident().ID})
		if err != nil || len(runs) != 2 || runs["b"] != runs[fullIncident().ID] || !reflect.DeepEqual(*runs["b"], fullRun()) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", path, err, runs, fullRun())
		}
		if last, err := db.LastRun(t.Context()); err != nil || last.ID != "r1" {
			t.Errorf("last run %+v, %v", last, err)
		}
	}
}

func TestEvidenceCanBeFoundAgain(t *testing.T) {
	db := mustOpen(t, ":memory:")
	mustPut(t, db, fullRun(), fullIncident())
	var got string
	err := db.read.QueryRow(`SELECT concat_ws(' ', source, head_hash, offset, length, first_line, line, last_line, hash, text) FROM evidence`).Scan(&got)
	const want = "kern.log ffff000012345678 4096 512 78 80 81 fedcba9876543210 Killed process 22838 (gunicorn)"
	if err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func TestPutTwiceChangesNothing(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "culprit.db"))
	other := fullIncident()
	other.ID, other.Supersedes = "9", ""
	mustPut(t, db, Run{ID: "r0"}, other)
	mustPut(t, db, fullRun(), fullIncident())
	before := dump(t, db)
	mustPut(t, db, fullRun(), fullIncident())
	if after := dump(t, db); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	if strings.Count(before, "\nincidents [") != 2 {
		t.Errorf("the dump misses rows:\n%s", before)
	}
}

func TestPutReplaces(t *testing.T) {
	db := mustOpen(t, ":memory:")
	old := fullIncident()
	old.ID, old.Supersedes = fullIncident().Supersedes, ""
	mustPut(t, db, fullRun(), old)
	mustPut(t, db, fullRun(), fullIncident()) // supersedes old
	revised := fullIncident()
	revised.Evidence, revised.State = nil, "open"
	mustPut(t, db, fullRun(), revised)
	got := all(t, db, Filter{})
	if len(got) != 1 || !reflect.DeepEqual(got[0], revised) {
		t.Errorf("got %+v", got)
	}
	for _, table := range []string{"evidence", "symptoms", "events"} {
		var n int
		if err := db.read.QueryRow("SELECT count(*) FROM " + table + " WHERE incident_id NOT IN (SELECT id FROM incidents)").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d orphans in %s, %v", n, table, err)
		}
	}
	if got := all(t, db, Filter{IDs: []string{old.ID}}); len(got) != 1 || got[0].ID != revised.ID {
		t.Errorf("the old id leads to %+v", got)
	}
}

// TestCommitDropsWhatIsGone: incidents that turned out to be part of another go with it.
func TestCommitDropsWhatIsGone(t *testing.T) {
	db := mustOpen(t, ":memory:")
	for _, id := range []string{"part", "other"} {
		in := fullIncident()
		in.ID, in.Supersedes = id, ""
		mustPut(t, db, fullRun(), in)
	}
	if err := db.Commit(t.Context(), Batch{Run: fullRun(), Incidents: []rules.Incident{fullIncident()}, Gone: []string{"part", "never stored"}}); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, in := range all(t, db, Filter{}) {
		ids = append(ids, in.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []string{fullIncident().ID, "other"}) {
		t.Errorf("got %q", ids)
	}
}

func TestRunID(t *testing.T) {
	a := rules.SourceInfo{Path: "a", HeadHash: 1, Bytes: 10}
	b := rules.SourceInfo{Path: "b", HeadHash: 2, Bytes: 20}
	moved := a
	moved.Path = "elsewhere/a"
	grown := a
	grown.Bytes++
	id := RunID([]rules.SourceInfo{a, b})
	if RunID([]rules.SourceInfo{b, moved}) != id {
		t.Error("order or path changes the id")
	}
	if RunID([]rules.SourceInfo{grown, b}) == id || RunID([]rules.SourceInfo{a}) == id || len(id) != 16 {
		t.Error("content does not change the id")
	}
}

func TestFilter(t *testing.T) {
	db := mustOpen(t, ":memory:")
	var incidents []rules.Incident
	for i, cause := range []rules.Cause{rules.CauseOOMKill, rules.CauseRestart, rules.CauseOOMKill, rules.CauseUnknown} {
		in := rules.Incident{ID: fmt.Sprintf("%c%d00", 'a'+i, i), Verdict: rules.Verdict{Cause: cause}, Upstreams: []string{fmt.Sprintf("10.0.0.%d:80", 9-i), "shared"}}
		in.Start, in.End = at(int64(i/2)*parser.Minute), at(int64(i/2)*parser.Minute+10*parser.Second)
		incidents = append(incidents, in)
	}
	mustPut(t, db, Run{}, incidents...)
	f := func(filter Filter, want string) {
		t.Helper()
		var got []string
		for _, in := range all(t, db, filter) {
			got = append(got, in.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%+v: got %v, want %s", filter, got, want)
		}
	}
	when := func(offset int64) time.Time { return at(offset).Time() }
	f(Filter{}, "b100 a000 d300 c200") // equal starts by first upstream
	f(Filter{NewestFirst: true}, "d300 c200 b100 a000")
	f(Filter{Limit: 3}, "b100 a000 d300")
	f(Filter{IDs: []string{"c200", "a"}}, "a000 c200")
	f(Filter{IDs: []string{"%", "_000", "a0001"}}, "")
	f(Filter{Cause: rules.CauseOOMKill}, "a000 c200")
	f(Filter{Upstream: "10.0.0.8:80"}, "b100")
	f(Filter{Upstream: "shared", Limit: 1, NewestFirst: true}, "d300")
	f(Filter{Upstream: "10.0.0"}, "")
	f(Filter{Since: when(11 * parser.Second)}, "d300 c200")
	f(Filter{Since: when(5 * parser.Second)}, "b100 a000 d300 c200") // still going on then
	f(Filter{Until: when(parser.Minute)}, "b100 a000")
	f(Filter{Since: when(30 * parser.Second), Until: when(40 * parser.Second)}, "")
	f(Filter{Cause: "'; DROP TABLE incidents; --"}, "")
	f(Filter{}, "b100 a000 d300 c200")
}

func TestHostileStrings(t *testing.T) {
	for _, hostile := range []string{
		"'); DROP TABLE incidents; --", "a\x00b", "\xff\xfe\x80", "\x1b[2J\x1b]0;x\a", "\u202egnp.exe", `"\u0000 \`, strings.Repeat("é", 4096), "\n\r\t",
	} {
		in := fullIncident()
		in.Summary, in.Gateway, in.Service, in.Supersedes = hostile, hostile, hostile, ""
		in.Culprit = rules.Culprit{Process: hostile, Unit: hostile, Container: hostile, Host: hostile}
		in.Symptoms[0].Example.Text, in.Evidence[0].Quote.Text, in.Evidence[0].Quote.Message = hostile, hostile, hostile
		in.Evidence[0].Why, in.Timeline[0].What, in.Timeline[0].Source = hostile, hostile, hostile
		in.ID = "id-" + hostile
		db := mustOpen(t, ":memory:")
		mustPut(t, db, Run{}, in)
		if got := all(t, db, Filter{IDs: []string{in.ID}}); len(got) != 1 || !reflect.DeepEqual(got[0], in) {
			t.Errorf("%.40q: got %.400q", hostile, fmt.Sprint(got))
		}
		// Lists are JSON: valid text is kept, invalid bytes become U+FFFD.
		in.Upstreams, in.Evidence[0].Fields[0].Value, in.Verdict.Reasons[0].Text = []string{hostile}, hostile, hostile
		mustPut(t, db, Run{}, in)
		got, safe := all(t, db, Filter{})[0], string([]rune(hostile)) // each invalid byte as U+FFFD
		if got.Upstreams[0] != safe || got.Evidence[0].Fields[0].Value != safe || got.Verdict.Reasons[0].Text != safe {
			t.Errorf("%.40q: lists hold %.40q", hostile, got.Upstreams)
		}
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	db := mustOpen(t, ":memory:")
	in := fullIncident()
	in.Verdict.Confidence, in.Verdict.Alternatives[0].Confidence = math.NaN(), math.Inf(1)
	mustPut(t, db, Run{}, in)
	got := all(t, db, Filter{})[0].Verdict
	if got.Confidence != 0 || got.Alternatives[0].Confidence != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestReaderWhileWriting(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "culprit.db"))
	var incidents []rules.Incident
	for i := range 3 * chunk {
		in := fullIncident()
		in.ID, in.Supersedes = fmt.Sprintf("%016x", i), ""
		incidents = append(incidents, in)
	}
	mustPut(t, db, fullRun(), incidents...)

	done := make(chan error, 1)
	go func() { // rewrites everything, over and over, each time as a whole
		var err error
		for round := 0; round < 5 && err == nil; round++ {
			for i := range incidents {
				incidents[i].Summary = fmt.Sprint("round ", round)
				incidents[i].Timeline[0].What = incidents[i].Summary
			}
			err = db.Put(context.Background(), fullRun(), incidents)
		}
		done <- err
	}()
	for reading := true; reading; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			reading = false
		default:
		}
		got := all(t, db, Filter{})
		if len(got) != len(incidents) {
			t.Fatalf("%d incidents", len(got))
		}
		for _, in := range got {
			if strings.HasPrefix(in.Summary, "round") && in.Timeline[0].What != in.Summary {
				t.Fatalf("a torn incident: %q with %q", in.Summary, in.Timeline[0].What)
			}
		}
	}
}

// Neither kind of store may hang when the loop over incidents writes.
func TestWriteInsideTheLoop(t *testing.T) {
	for _, path := range []string{":memory:", filepath.Join(t.TempDir(), "culprit.db")} {
		db := mustOpen(t, path)
		mustPut(t, db, Run{}, rules.Incident{ID: "a"}, rules.Incident{ID: "b"})
		n := 0
		for in, err := range db.Incidents(t.Context(), Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
			in.Summary = "seen"
			mustPut(t, db, Run{}, in)
			n++
		}
		if got := all(t, db, Filter{}); n != 2 || got[0].Summary != "seen" || got[1].Summary != "seen" {
			t.Errorf("%s: %d, %+v", path, n, got)
		}
	}
}

func TestCancellation(t *testing.T) {
	for _, path := range []string{":memory:", filepath.Join(t.TempDir(), "culprit.db")} {
		db := mustOpen(t, path)
		mustPut(t, db, Run{}, rules.Incident{ID: "a"})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Put(ctx, Run{}, []rules.Incident{{ID: "b"}}); !errors.Is(err, context.Canceled) {
			t.Errorf("put: %v", err)
		}
		for _, err := range db.Incidents(ctx, Filter{}) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("incidents: %v", err)
			}
		}
		if _, err := Open(ctx, filepath.Join(t.TempDir(), "new.db")); !errors.Is(err, context.Canceled) {
			t.Errorf("open: %v", err)
		}
		if got := all(t, db, Filter{}); len(got) != 1 { // what was there is still there
			t.Errorf("%s: %d incidents", path, len(got))
		}
	}
}

// A failing incident takes the whole batch with it.
func TestPutIsOneTransaction(t *testing.T) {
	db := mustOpen(t, ":memory:")
	before := dump(t, db)
	twice := []rules.Incident{{ID: "a"}, {ID: "b"}}
	if _, err := db.write.Exec("CREATE TEMP TRIGGER stop BEFORE INSERT ON main.incidents WHEN NEW.id = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END"); err != nil {
		t.Fatal(err)
	}
	err := db.Commit(t.Context(), Batch{Run: fullRun(), Incidents: twice, Checkpoints: []Checkpoint{{Path: "p"}}})
	if err == nil || !strings.Contains(err.Error(), "store incidents: incident b: ") {
		t.Errorf("got %v", err)
	}
	if after := dump(t, db); after != before {
		t.Errorf("something stayed:\n%s", after)
	}
}

func TestViews(t *testing.T) {
	db := mustOpen(t, ":memory:")
	mustPut(t, db, fullRun(), fullIncident(), rules.Incident{ID: "z", FailedRequests: -1, FailedOther: -1, Clients: -1})
	f := func(query, want string) {
		t.Helper()
		var got string
		if err := db.read.QueryRow(query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", query, err, got, want)
		}
	}
	f(`SELECT concat_ws('|', start, end, duration, cause, sure, who, upstreams, failed, summary) FROM v_incidents WHERE id <> 'z'`,
		"2026-11-22 15:01:59 UTC|2026-11-22 15:02:02 UTC|3 s|oom-kill|98 %|gunicorn (pid 22838) of shop.service on web-1|"+
			"127.0.0.1:9001, unix:/run/shop.sock|9|the kernel killed gunicorn worker 22838; 1 request failed")
	f(`SELECT count(*) || ' ' || count(failed) FROM v_incidents`, "2 1")
	f(`SELECT concat_ws('|', incident_id, time, what, place) FROM v_timeline`,
		"4d1a7c09b2e63f58|2026-11-22 15:01:59.400 UTC|kernel kills gunicorn|kern.log:80")
	f(`SELECT concat_ws('|', role, time, place, text, why) FROM v_proof`,
		"cause|2026-11-22 15:01:59 UTC|kern.log:80|Killed process 22838 (gunicorn)|killed the worker")
	f(`SELECT group_concat(incident_id || ' ' || failed || ' ' || url, '; ') FROM v_urls`, "4d1a7c09b2e63f58 7 GET /media/{id}; 4d1a7c09b2e63f58 2 GET /")
	f(`SELECT clients FROM v_incidents WHERE clients > 0`, "6")

	again := fullIncident()
	again.ID, again.Supersedes, again.Start = "77aa", "", at(36*parser.Hour+471_000)
	again.Evidence[0].Quote.Text, again.URLs[0].URL = "\x1b[2J\u009b31m\u009d0;owned\a\r\n\b", "\x1b[2J"
	again.URLs[1].URL, again.Summary = "", "\x1b[2J"
	mustPut(t, db, fullRun(), again)
	f(`SELECT concat_ws('|', times, cause, place, failed, first, last, hours_apart) FROM v_recurring WHERE times > 1`,
		"2|oom-kill|shop.service|18|2026-11-22 15:01:59 UTC|2026-11-24 03:01:59 UTC|36.0")
	f(`SELECT text FROM v_proof WHERE incident_id = '77aa'`, `\x1b[2J\x9b31m\x9d0;owned`+"\a"+`\r\n\x08`)
	f(`SELECT group_concat(url, ' ') FROM v_urls WHERE incident_id = '77aa'`, `\x1b[2J others`)
	f(`SELECT summary FROM v_incidents WHERE id = '77aa'`, `\x1b[2J`)
}

func BenchmarkPut(b *testing.B) {
	db := mustOpen(b, filepath.Join(b.TempDir(), "culprit.db"))
	incidents := make([]rules.Incident, 500)
	for i := range incidents {
		incidents[i] = fullIncident()
		incidents[i].ID, incidents[i].Supersedes = fmt.Sprint(i), ""
	}
	b.ReportAllocs()
	for b.Loop() {
		mustPut(b, db, fullRun(), incidents...)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(incidents)), "µs/incident")
}
