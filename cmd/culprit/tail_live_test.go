package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

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
