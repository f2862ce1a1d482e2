package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// culprit runs the program in process.
func culprit(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	if got := run(args, strings.NewReader(""), &out, &err); got != want {
		t.Errorf("culprit %s: exit status %d, want %d: %s", strings.Join(args, " "), got, want, err.String())
	}
	return out.String(), err.String()
}

// states counts the quoted lines of a JSON report by how they were found.
func states(t *testing.T, text string) string {
	t.Helper()
	type quote struct {
		Text  string
		Found *struct{ State string } `json:"found"`
	}
	var doc struct {
		Incidents []struct {
			Evidence []quote
			Symptoms []struct{ Example quote }
		}
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	counted := map[string]int{}
	see := func(q quote) {
		if q.Text == "" {
			return // none is quoted of lines that may each be of another incident
		}
		if q.Found == nil {
			counted["not looked for"]++
		} else {
			counted[q.Found.State]++
		}
	}
	for _, in := range doc.Incidents {
		for _, q := range in.Evidence {
			see(q)
		}
		for _, s := range in.Symptoms {
			see(s.Example)
		}
	}
	return fmt.Sprint(counted)
}

// The quoted lines of all cases are where they were read.
func TestVerifyAllCases(t *testing.T) {
	cases, err := filepath.Glob("../../fixtures/cases/*/logs")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	db := filepath.Join(t.TempDir(), "culprit.db")
	for _, logs := range cases {
		culprit(t, exitDone, "analyze", "-q", "--db", db, "-o", os.DevNull, logs)
	}
	text, _ := culprit(t, exitDone, "report", "--all", "--verify", "--db", db, "--format", "json")
	if got := states(t, text); !strings.HasPrefix(got, "map[unchanged:") || strings.Contains(got, " ") {
		t.Errorf("found: %s", got)
	}
}

// TestVerifyAfterTheLogsMoved follows one case's lines through rotation, compression, an
// edit and a deletion.
func TestVerifyAfterTheLogsMoved(t *testing.T) {
	dir := t.TempDir()
	logs, db := filepath.Join(dir, "logs"), filepath.Join(dir, "culprit.db")
	if err := os.CopyFS(logs, os.DirFS("../../fixtures/cases/oom-node-docker/logs")); err != nil {
		t.Fatal(err)
	}
	culprit(t, exitDone, "analyze", "-q", "--db", db, "-o", os.DevNull, logs)
	report := func(status int, want string) {
		t.Helper()
		text, stderr := culprit(t, status, "report", "--verify", "--db", db, "--format", "json")
		if got := states(t, text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if status != exitDone && !strings.Contains(stderr, "the report says which") {
			t.Errorf("standard error: %s", stderr)
		}
	}
	report(exitDone, "map[unchanged:5]")
	if text, _ := culprit(t, exitDone, "report", "--db", db, "--format", "json"); strings.Contains(text, `"found"`) {
		t.Error("found without --verify")
	}

	at := func(name string) string { return filepath.Join(logs, name) }
	read := func(name string) []byte {
		text, err := os.ReadFile(at(name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	write := func(name string, text []byte) {
		if err := os.WriteFile(at(name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(read("nginx/error.log"))
	w.Close()
	write("nginx/error.log.2.gz", packed.Bytes())
	write("nginx/error.log", []byte("2026/11/23 00:00:01 [notice] 1#1: signal process started\n"))
	report(exitDone, "map[elsewhere:3 unchanged:2]")
	text, _ := culprit(t, exitDone, "report", "--verify", "--db", db)
	for _, want := range []string{"5 quoted lines were looked for again: 2 unchanged, 3 found elsewhere.", "[verified]", "error.log.2.gz:6]"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}

	write("dmesg.txt", bytes.ReplaceAll(read("dmesg.txt"), []byte("Killed process 23150"), []byte("Killed process 23151")))
	report(exitFailed, "map[changed:1 elsewhere:3 unchanged:1]")

	moved := filepath.Join(dir, "moved")
	if err := os.Rename(at("containers"), moved); err != nil {
		t.Fatal(err)
	}
	report(exitFailed, "map[changed:1 elsewhere:3 gone:1]")
	text, _ = culprit(t, exitFailed, "report", "--verify", "--logs", moved, "--db", db, "--format", "json")
	if got := states(t, text); got != "map[changed:1 elsewhere:4]" {
		t.Error(got)
	}
	for _, format := range []string{"text", "markdown", "html"} {
		text, _ := culprit(t, exitFailed, "report", "--verify", "--db", db, "--format", format)
		text = strings.Join(strings.Fields(text), " ") // text wraps
		for _, want := range []string{"1 not in its file any more, 1 gone with its file", "NOT THERE ANY MORE", "FILE GONE", "name its new place with"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q", format, want)
			}
		}
	}
}

// A place that is not there would make every line look gone.
func TestVerifyWhereThereIsNothing(t *testing.T) {
	db, none := storeOf(t, "oom-node-docker"), filepath.Join(t.TempDir(), "none")
	for _, logs := range []string{none, t.TempDir(), none + "/*.log"} {
		out, text := culprit(t, exitFailed, "report", "--verify", "--logs", logs, "--db", db)
		if !strings.Contains(text, logs) || out != "" {
			t.Errorf("%s: %q, output %.100q", logs, text, out)
		}
	}
	culprit(t, exitUsage, "report", "--logs", t.TempDir(), "--db", db)
}

// What tail reads has no offset in a file; its lines are found by themselves.
func TestVerifyAfterTail(t *testing.T) {
	dir := t.TempDir()
	logs, db := filepath.Join(dir, "logs"), filepath.Join(dir, "culprit.db")
	if err := os.CopyFS(logs, os.DirFS("../../fixtures/cases/oom-node-docker/logs")); err != nil {
		t.Fatal(err)
	}
	tailUntilTold(t, logs, &common{DB: db, Format: "text"})
	text, _ := culprit(t, exitDone, "report", "--verify", "--db", db, "--format", "json")
	if got := states(t, text); got != "map[unchanged:5]" {
		t.Error(got)
	}
}

// tailUntilTold follows all files of a folder until an incident was told, and returns what was.
func tailUntilTold(t *testing.T, folder string, flags *common) string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told, stderr := &onWrite{do: cancel}, new(bytes.Buffer)
	e := &env{ctx: ctx, flags: flags, stdin: strings.NewReader(""), stdout: told, stderr: stderr, now: time.Now()}
	if err := (&tailCmd{Paths: paths, FromStart: true}).Run(e); err != nil || stderr.Len() > 0 {
		t.Fatal(err, stderr.String())
	}
	return told.String()
}

// onWrite does something when it is written to.
type onWrite struct {
	bytes.Buffer
	do func()
}

func (w *onWrite) Write(b []byte) (int, error) { w.do(); return w.Buffer.Write(b) }
