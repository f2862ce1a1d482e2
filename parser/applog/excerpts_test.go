package applog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// reading is what a golden file says of one line: format, kind of record, stamp.
func reading(line []byte, hint *Layers) string {
	env, r := parser.Env{Year: 2026}, newRecord()
	text := Peel(line, &env, r, hint)
	for _, f := range Formats() {
		if try := *r; f.Parse(text, &env, &try) {
			return describe(f.Name, &try)
		}
	}
	return describe("text", r)
}

func describe(format string, r *parser.Record) string {
	stamp, _, _ := strings.Cut(fixtures.Render(&parser.Record{Stamp: r.Stamp}), " ")
	kind := "log"
	if r.Kind == parser.KindAccess {
		kind = fmt.Sprintf("%s %s %d", r.Access.Method, r.Access.Target, r.Access.Status)
	}
	return strings.TrimRight(fmt.Sprintf("%s | %s | %s | %s", format, kind, r.Level, stamp), " ")
}

// TestExcerpts reads short pieces of the logs of real servers, with their crashes,
// and compares every line's reading with the golden file beside the log.
func TestExcerpts(t *testing.T) {
	logs, err := filepath.Glob("testdata/*.log")
	if err != nil || len(logs) == 0 {
		t.Fatal("no excerpts", err)
	}
	for _, path := range logs {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		golden, err := os.ReadFile(strings.TrimSuffix(path, ".log") + ".want")
		if err != nil {
			t.Fatal(err)
		}
		var hint Layers
		want := strings.Split(strings.TrimSuffix(string(golden), "\n"), "\n")
		lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
		if len(want) != len(lines) {
			t.Fatalf("%s: %d lines, but %d readings", path, len(lines), len(want))
		}
		for i, line := range lines {
			if got := reading(line, &hint); got != want[i] {
				t.Errorf("%s:%d: %s\n got %s\nwant %s", path, i+1, line, got, want[i])
			}
		}
	}
}
