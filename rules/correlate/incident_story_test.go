package correlate

import (
	"fmt"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// The share of failed requests is told of the time of the failures, not of the whole log.
func TestAnsweredMeanwhile(t *testing.T) {
	f := func(name string, want int64, ofGateway bool, logs ...*logFile) {
		t.Helper()
		in := incidents(t, 1, logs...)[0]
		if in.Requests != want || in.OfGateway != ofGateway {
			t.Errorf("%s: %d requests, of the gateway: %v; want %d, %v", name, in.Requests, in.OfGateway, want, ofGateway)
		}
	}
	broken := func() *logFile {
		return errorLog("e").fails(10, shopAddress, parser.SymptomConnRefused, 2).fails(12, shopAddress, parser.SymptomConnRefused, 3)
	}
	f("the upstream's own", 5+2, false, broken(), accessLog("a").serves(0, 10, shopAddress).answers(10, shopAddress, 502, 2).answers(11, shopAddress, 200, 2).
		answers(11, "127.0.0.1:9", 200, 70).answers(12, shopAddress, 502, 3).serves(13, 30, shopAddress))
	f("of the gateway, where no line names an upstream", 5+9, true, broken(), accessLog("a").serves(0, 10, "").answers(10, "", 502, 2).answers(11, "", 200, 9).answers(12, "", 502, 3).serves(13, 30, ""))
	f("nobody counts", -1, false, broken())
}

// Each moment of the story names its source, and the line where that is known.
func TestTimelineNamesPlaces(t *testing.T) {
	in := incidents(t, 1, errorLog("e").fails(10, shopAddress, parser.SymptomConnRefused, 1).fails(12, shopAddress, parser.SymptomConnRefused, 3),
		accessLog("a").answers(10, shopAddress, 502, 1).answers(12, shopAddress, 502, 3).answers(13, shopAddress, 200, 1, onLine(9)).answers(13, shopAddress, 404, 1, onLine(7)).
			serves(14, 20, shopAddress))[0]
	var last, success rules.TimelineEntry
	for _, m := range in.Timeline {
		if m.Source == "" {
			t.Errorf("no place: %+v", m)
		}
		switch {
		case m.What == "last failure":
			last = m
		case strings.HasPrefix(m.What, "first successful"):
			success = m
		}
	}
	if last.Location != (rules.Location{Source: "e"}) || success.Location != (rules.Location{Source: "a", Line: 7}) {
		t.Errorf("last failure at %+v, success at %+v", last.Location, success.Location)
	}
}

// Of logs that fail last in one second the first by name is named: which of their lines were folded
// together, and so in what order they come, depends on how they were read.
func TestLastFailureOfSeveralLogs(t *testing.T) {
	in := incidents(t, 1, errorLog("e2").fails(10, shopAddress, parser.SymptomConnRefused, 1).fails(12, shopAddress, parser.SymptomConnRefused, 3),
		errorLog("e1").fails(11, shopAddress, parser.SymptomConnRefused, 1).fails(12, shopAddress, parser.SymptomConnRefused, 3))[0]
	for _, m := range in.Timeline {
		if m.What == "last failure" && m.Source != "e1" {
			t.Errorf("last failure in %s", m.Source)
		}
	}
}

func onLine(n int64) tallyChange { return func(t *rules.Tally) { t.Place.Line = n } }

// What starts while requests go on failing ends nothing; nor does it stand before the line
// that it follows in its file.
func TestNoRecoveryBeforeTheLastFailure(t *testing.T) {
	boot := &rules.Signature{ID: "gunicorn-worker-boot", Technology: "gunicorn", Role: rules.RoleRecovery, Scope: rules.ScopeWorker, Meaning: "gunicorn started worker <pid>"}
	timeout := &rules.Signature{ID: "gunicorn-worker-timeout", Technology: "gunicorn", Cause: rules.CauseWorkerTimeout, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeWorker,
		Meaning: "the gunicorn master killed worker <pid>"}
	app := appLog("app/gunicorn.log").knows(0, rules.FactListens, shopAddress).
		says(10, timeout, field("pid", "31")).says(10, boot, field("pid", "41")).says(15, timeout, field("pid", "32")).says(15, boot, field("pid", "42")).
		says(15, timeout, field("pid", "33")).says(15, boot, field("pid", "43"))
	in := incidents(t, 1, app, errorLog("e").fails(10, shopAddress, parser.SymptomPrematureClose, 1).fails(15, shopAddress, parser.SymptomPrematureClose, 2))[0]
	roles, order := map[string]rules.EvidenceRole{}, ""
	for _, ev := range in.Evidence {
		if ev.Kind == boot.ID {
			roles[ev.Fields[0].Value] = ev.Role
		}
	}
	if roles["41"] != rules.RoleEffect || roles["42"] != rules.RoleRecovery {
		t.Errorf("roles %v", roles)
	}
	for _, m := range in.Timeline {
		if m.Source == "app/gunicorn.log" {
			order += fmt.Sprint(m.Line, " ")
		}
	}
	if order != "3 4 6 " {
		t.Errorf("lines in the order %s", order)
	}
	if !strings.Contains(in.Summary, "had 3 workers (pids 31, 32 and 33) killed by their own manager") {
		t.Error(in.Summary)
	}
	if why := in.Evidence[0].Why; !strings.HasSuffix(why, "; 3 processes ended like that: pids 31, 32 and 33") {
		t.Error(why)
	}
}

// The gateway sends most requests that meet a closed connection again; the quoted line is of
// one that its client saw fail.
func TestKeepaliveRaceQuotesAFailure(t *testing.T) {
	e, a := errorLog("e"), accessLog("a")
	reused := func(t *rules.Tally) { t.Reused = t.Count }
	for i := range 5 {
		at := float64(10 + 5*i)
		e.fails(at, shopAddress, parser.SymptomConnReset, 1, asking(uint64(i)))
		if i%2 == 1 {
			a.answers(at, shopAddress, 502, 1, wanted(uint64(i)), reused)
		}
		for s := range 5 {
			a.answers(at+float64(s), shopAddress, 200, 20)
		}
	}
	in := incidents(t, 1, e, a)[0]
	if in.Verdict.Cause != rules.CauseKeepaliveRace {
		t.Fatalf("%s: %v", in.Verdict.Cause, in.Verdict.Reasons)
	}
	if got := in.Evidence[0].Quote.Line; got != 3 || in.Evidence[0].Count != 5 {
		t.Errorf("proof is line %d, %d times", got, in.Evidence[0].Count)
	}
	if got := in.Symptoms[0].Example.Line; got != 3 {
		t.Errorf("example is line %d", got)
	}
	if got := in.Timeline[0]; got.Line != 2 || got.Time != in.Symptoms[0].First {
		t.Errorf("the story begins with %+v", got)
	}
}

// Of lines of one moment, those of the log that proves the cause come first.
func TestTimelineBeginsWithTheProof(t *testing.T) {
	in := &rules.Incident{Evidence: []rules.Evidence{{Quote: rules.Quote{Location: rules.Location{Source: "kern.log", Line: 80}}}}}
	f := func(want int, a, b string) {
		t.Helper()
		x, y := entry{TimelineEntry: rules.TimelineEntry{Location: rules.Location{Source: a}}}, entry{TimelineEntry: rules.TimelineEntry{Location: rules.Location{Source: b}}}
		if got := proofFirst(in, &x, &y); got != want {
			t.Errorf("%s before %s: %d, want %d", a, b, got, want)
		}
	}
	f(-1, "kern.log", "app.log")
	f(1, "app.log", "kern.log")
	f(0, "app.log", "web.log")
	f(0, "kern.log", "kern.log")
}

// Within a second what is known to less than that stands in its order, and a file's lines in
// theirs; a cause stays before what it caused.
func TestOrderWithinASecond(t *testing.T) {
	at := func(rank int, micros, precision int64, source string, line int64) entry {
		return entry{rules.TimelineEntry{Time: rules.Moment{Micros: epoch*parser.Second + micros, Precision: precision}, Location: rules.Location{Source: source, Line: line}}, rank}
	}
	all := []entry{
		at(1, 900_000, 1000, "kern", 5), at(2, 0, parser.Second, "nginx", 9), at(3, 0, parser.Second, "nginx", 7), at(4, 186_000, 1000, "app", 3), at(5, 162_030, 1, "nginx2", 1),
		at(2, 1_000_000, parser.Second, "nginx", 2),
	}
	precise := func(e *entry) string {
		return map[bool]string{true: "x"}[e.rank >= 2 && e.Time.Precision < parser.Second]
	}
	inOrder(all, precise, func(a, b entry) int { return int(a.Time.Micros - b.Time.Micros) })
	inOrder(all, func(e *entry) string { return e.Source }, func(a, b entry) int { return int(a.Line - b.Line) })
	var got string
	for _, e := range all {
		got += fmt.Sprint(e.Source, ":", e.Line, " ")
	}
	if want := "kern:5 nginx:7 nginx:9 nginx2:1 app:3 nginx:2 "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Within a second a cause stands first, but not what is only more of it, once requests have failed.
func TestRankOfEvidence(t *testing.T) {
	start := rules.Moment{Micros: utc(100), Precision: parser.Second}
	ev := func(role rules.EvidenceRole, second float64) rules.Evidence {
		return rules.Evidence{Role: role, Time: rules.Moment{Micros: utc(second), Precision: 1000}}
	}
	in := &rules.Incident{Start: start, Evidence: []rules.Evidence{
		ev(rules.RoleCause, 100.9), ev(rules.RoleCause, 102.99), ev(rules.RoleContext, 99), ev(rules.RoleContext, 102.04), ev(rules.RoleEffect, 101), ev(rules.RoleRecovery, 103),
	}}
	whole := ev(rules.RoleCause, 102)
	whole.Time.Precision = parser.Second
	in.Evidence = append(in.Evidence, whole)
	var got []int
	for i := range in.Evidence {
		got = append(got, rankOf(in, &in.Evidence[i]))
	}
	if want := []int{1, 3, 0, 3, 3, 4, 1}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// What somebody pasted or piped is called after the paste: nobody is accused by that name, unless the
// file is the application's own.
func TestCulpritOfAPaste(t *testing.T) {
	paste := errorLog("-").covers(0, 60).fails(30, "unix:/tmp/uvicorn.sock", refused, 1)
	paste.knows(29, rules.FactListens, "unix:/tmp/uvicorn.sock")
	if in := incidents(t, 1, paste)[0]; in.Culprit.Process != "" || in.Service != "" {
		t.Errorf("culprit %+v, service %q", in.Culprit, in.Service)
	}
	errors, app := errorLog("error.log").covers(0, 60).fails(30, "unix:/tmp/uvicorn.sock", refused, 1), appLog("tickets.log").covers(0, 60)
	app.knows(29, rules.FactListens, "unix:/tmp/uvicorn.sock")
	if in := incidents(t, 1, errors, app)[0]; in.Culprit.Process != "tickets" || in.Service != "tickets" {
		t.Errorf("culprit %+v, service %q", in.Culprit, in.Service)
	}
}
