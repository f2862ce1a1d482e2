package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"culprit/cmd/internal/live"
	"culprit/cmd/internal/pipeline"
	"culprit/parser"
	"culprit/rules"
)

// TestNewest: a moment is compared with the wall clock only where its zone is known.
func TestNewest(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	newYork := time.FixedZone("EST", -5*3600)
	f := func(clock parser.Clock, zone int32, from rules.ZoneFrom, here *time.Location, want time.Time) {
		t.Helper()
		s := rules.SourceInfo{Last: parser.Stamp{Micros: noon.UnixMicro(), Precision: parser.Second, Clock: clock}, ZoneOffset: zone, ZoneFrom: from}
		if got := newest(&s, here); !got.Equal(want) {
			t.Errorf("clock %d, zone %d %s: %s; want %s", clock, zone, from, got, want)
		}
	}
	f(parser.ClockZoned, 0, rules.ZoneStated, newYork, noon)
	f(parser.ClockLocal, -5*3600, rules.ZoneInferred, newYork, noon.Add(5*time.Hour))
	f(parser.ClockYearless, 3600, rules.ZoneFlag, time.UTC, noon.Add(-time.Hour))
	f(parser.ClockLocal, 0, rules.ZoneAssumed, time.UTC, noon)
	f(parser.ClockLocal, 0, rules.ZoneAssumed, newYork, time.Time{})
	f(parser.ClockUptime, 0, "", time.UTC, time.Time{})
	f(parser.ClockNone, 0, "", time.UTC, time.Time{})
}

// TestTailRefusesWrongFlags: before anything is followed, with the flag's name.
func TestTailRefusesWrongFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for flag, status := range map[string]int{"--on-open=jq . | wall": exitUsage, "--on-resolve=no-such-command-anywhere": exitUsage,
		"--webhook=hooks.example.org/s3cr3t": exitUsage, "--listen=here": exitUsage, "--listen=192.0.2.1:9100": exitFailed} {
		var out, stderr bytes.Buffer
		name, _, _ := strings.Cut(flag, "=")
		got := run([]string{"tail", "--db", ":memory:", flag, "."}, strings.NewReader(""), &out, &stderr)
		if got != status || !strings.Contains(stderr.String(), "use "+name) || strings.Contains(stderr.String(), "s3cr3t") {
			t.Errorf("%s: status %d, %s; want %d", flag, got, stderr.String(), status)
		}
	}
}

// TestTellingPeople: an incident that grows for minutes is a few lines, and a new cause comes with
// its proof.
func TestTellingPeople(t *testing.T) {
	var out bytes.Buffer
	e := &env{ctx: t.Context(), flags: &common{Format: "text", Quiet: true}, stdout: &out, stderr: &out}
	l, err := live.New(t.Context(), live.Options{Out: &out, Err: &out, Quiet: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	te := &teller{env: e, live: l}
	tell := func(event, state string, cause rules.Cause, symptoms int64, proof string) {
		t.Helper()
		in := rules.Incident{ID: "1", State: state, Summary: fmt.Sprint(cause, " ", symptoms), Verdict: rules.Verdict{Cause: cause}, Symptoms: []rules.SymptomGroup{{Count: symptoms}}}
		if proof != "" {
			in.Evidence = []rules.Evidence{{Role: rules.RoleCause, Quote: quoted(proof)}}
		}
		if err := te.tell(pipeline.Change{Event: event, Incident: in}); err != nil {
			t.Fatal(err)
		}
	}
	tell("opened", "open", rules.CauseNotListening, 1, "")
	for n := range int64(600) {
		tell("updated", "open", rules.CauseNotListening, n+2, "")
	}
	tell("updated", "open", rules.CauseOOMKill, 602, "Killed process 7")
	tell("updated", "open", rules.CauseOOMKill, 603, "Killed process 7")
	tell("resolved", "resolved", rules.CauseOOMKill, 603, "Killed process 7")
	var got []string
	for line := range strings.Lines(out.String()) {
		f := strings.Fields(line)
		got = append(got, strings.Join(f[1:len(f)-3], " "))
	}
	want := []string{"opened 1 not-listening 1"}
	for n := 2; n < 600; n *= 2 {
		want = append(want, fmt.Sprint("updated 1 not-listening ", n))
	}
	want = append(want, "updated 1 oom-kill 602", "", "resolved 1 oom-kill 603", "")
	if !slices.Equal(got, want) {
		t.Errorf("told\n%s", out.String())
	}
	if n := strings.Count(out.String(), "kern.log:0: Killed process 7\n"); n != 2 {
		t.Errorf("the proof is told %d times of 2", n)
	}
	if len(te.said) != 0 {
		t.Errorf("%d are remembered though nothing is open", len(te.said))
	}
}

func quoted(text string) (q rules.Quote) {
	q.Source, q.Text = "kern.log", text
	return q
}
