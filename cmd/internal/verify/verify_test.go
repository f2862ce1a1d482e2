package verify

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// A log of ten entries; the sixth is a record of four lines whose last one is quoted.
func logText(newline string) string {
	var lines []string
	for i := range 10 {
		lines = append(lines, fmt.Sprintf("2026-11-22 15:02:0%d INFO request %d served", i, i))
		if i == 5 {
			lines = append(lines, "2026-11-22 15:02:05 ERROR in request", "Traceback (most recent call last):", `  File "app.py", line 5, in work`, "KeyError: 'user'")
		}
	}
	return strings.Join(lines, newline) + newline
}

// quoted is what scanning keeps of the record of lines first to last, of which line is quoted.
func quoted(text, path string, first, line, last int64) rules.Quote {
	lines := strings.SplitAfter(text, "\n")
	place := rules.Place{Line: line, FirstLine: first, LastLine: last, Offset: int64(len(strings.Join(lines[:first-1], "")))}
	raw := strings.ReplaceAll(strings.TrimRight(strings.Join(lines[first-1:last], ""), "\r\n"), "\r", "")
	place.Length, place.Hash = int64(len(raw)), xxhash.Sum64String(raw)
	return rules.Quote{Location: rules.Location{Source: path, Line: line}, Text: strings.TrimRight(lines[line-1], "\r\n"), Place: place}
}

func head(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text[:min(len(text), 4096)]))
	return h.Sum64()
}

func gz(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// look writes the files and looks for the record of the log that lay at dir/app.log.
func look(t *testing.T, was string, files map[string]string, logs ...string) []*rules.Found {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range logs {
		logs[i] = filepath.Join(dir, logs[i])
	}
	in := []rules.Incident{{ID: "a", Evidence: []rules.Evidence{{Quote: quoted(was, "app.log", 7, 10, 10)}}, Symptoms: []rules.SymptomGroup{{Example: quoted(was, "app.log", 2, 2, 2)}}}}
	sources := []rules.SourceInfo{{Path: "app.log", Location: filepath.Join(dir, "app.log"), HeadHash: head(was)}}
	if err := Quotes(t.Context(), in, func(string) []rules.SourceInfo { return sources }, Options{Logs: logs}); err != nil {
		t.Fatal(err)
	}
	var out []*rules.Found
	for _, q := range in[0].Quotes() {
		if q.Found == nil {
			t.Fatal("a quote without an answer")
		}
		f := *q.Found
		f.At.Source = strings.TrimPrefix(f.At.Source, dir+"/")
		f.Why = strings.ReplaceAll(f.Why, dir+"/", "")
		out = append(out, &f)
	}
	return out
}

func TestQuotes(t *testing.T) {
	was := logText("\n")
	f := func(name string, was string, files map[string]string, logs []string, want ...string) {
		t.Helper()
		for i, got := range look(t, was, files, logs...) {
			text := fmt.Sprintf("%s %s:%d %s", got.State, got.At.Source, got.At.Line, got.Why)
			if strings.TrimSpace(text) != want[i] {
				t.Errorf("%s, quote %d:\n got %s\nwant %s", name, i, text, want[i])
			}
		}
	}
	later := strings.Repeat("2026-11-22 16:00:00 INFO another day's line\n", 200)
	f("as it was", was, map[string]string{"app.log": was}, nil, "unchanged app.log:10", "unchanged app.log:2")
	f("grown", was, map[string]string{"app.log": was + later}, nil, "unchanged app.log:10", "unchanged app.log:2")
	f("rotated", was, map[string]string{"app.log": later, "app.log.1": was}, nil, "elsewhere app.log.1:10", "elsewhere app.log.1:2")
	f("rotated and compressed", was, map[string]string{"app.log": later, "app.log.3.gz": gz(was)}, nil, "elsewhere app.log.3.gz:10", "elsewhere app.log.3.gz:2")
	f("rotated by date, nothing in its place", was, map[string]string{"app-20261122.log": was}, nil, "elsewhere app-20261122.log:10", "elsewhere app-20261122.log:2")
	f("moved", was, map[string]string{"old/2026/web.txt.gz": gz(was)}, []string{"old"}, "elsewhere 2026/web.txt.gz:10", "elsewhere 2026/web.txt.gz:2")
	gone := "gone :0 app.log is not there, and no file beside it holds the line; name its new place with --logs"
	f("moved, and nobody says where", was, map[string]string{"old/web.txt": was}, nil, gone, gone)
	edited := "changed :0 app.log is another file now, or was edited, and no file beside it holds the line"
	f("another file in its place", was, map[string]string{"app.log": later}, nil, edited, edited)
	f("lines before it went", was, map[string]string{"app.log": was[len("2026-11-22 15:02:00 INFO request 0 served\n"):]}, nil, "elsewhere app.log:9", "elsewhere app.log:1")
	f("the quoted line is edited", was, map[string]string{"app.log": strings.ReplaceAll(was, "'user'", "'nobody'")}, nil, edited, "unchanged app.log:2")
	f("a folder in its place", was, map[string]string{"app.log/x": was}, nil, "elsewhere x:10", "elsewhere x:2")
	crlf := logText("\r\n")
	f("carriage returns", crlf, map[string]string{"app.log": crlf}, nil, "unchanged app.log:10", "unchanged app.log:2")
	f("a broken archive up to its break", was, map[string]string{"app.log.1.gz": gz(was + later)[:len(gz(was+later))-9]}, nil, "elsewhere app.log.1.gz:10", "elsewhere app.log.1.gz:2")
}

func TestChangedBehindAnUnchangedHead(t *testing.T) {
	early := strings.Repeat("2026-11-22 14:00:00 INFO the same line again\n", 200)
	was := logText("\n")
	q := quoted(early+was, "app.log", 207, 210, 210)
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	now := early + strings.ReplaceAll(was, "'user'", "'nobody'")
	if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
	in := []rules.Incident{{ID: "a", Evidence: []rules.Evidence{{Quote: q}}}}
	err := Quotes(t.Context(), in, func(string) []rules.SourceInfo {
		return []rules.SourceInfo{{Path: "app.log", Location: path, HeadHash: head(now)}}
	}, Options{})
	if got := in[0].Evidence[0].Quote.Found; err != nil || got.State != rules.FoundChanged || !strings.Contains(got.Why, "does not hold the line any more") {
		t.Errorf("%v, %+v", err, got)
	}
}

// Equal lines are told apart by the record around them.
func TestTheRecordAroundTheLineCounts(t *testing.T) {
	record := func(user string) string {
		return "2026-11-22 15:02:05 ERROR in request of " + user + "\nTraceback (most recent call last):\nKeyError: 'user'\n"
	}
	was := record("anna") + record("ben") + record("cleo")
	q := quoted(was, "app.log", 4, 6, 6)
	dir := t.TempDir()
	now := "2026-11-22 15:02:04 INFO one line more\n" + record("dora") + record("anna") + record("ben")
	if err := os.WriteFile(filepath.Join(dir, "app.log"), []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
	in := []rules.Incident{{ID: "a", Evidence: []rules.Evidence{{Quote: q}}}}
	err := Quotes(t.Context(), in, func(string) []rules.SourceInfo {
		return []rules.SourceInfo{{Path: "app.log", Location: filepath.Join(dir, "app.log")}}
	}, Options{})
	if got := in[0].Evidence[0].Quote.Found; err != nil || got.State != rules.FoundElsewhere || got.At.Line != 10 {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestSiblings(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"error.log", "error.log.1", "error.log.2.gz", "error-20261122.log", "access.log", "errors", "current", "@40000000673f0000000000.s"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := func(file, want string) {
		t.Helper()
		var got []string
		for _, p := range siblings(filepath.Join(dir, file)) {
			got = append(got, filepath.Base(p))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %s, want %s", file, text, want)
		}
	}
	f("error.log", "error-20261122.log error.log error.log.1 error.log.2.gz errors")
	f("access.log", "access.log")
	f("current", "@40000000673f0000000000.s current")
	f("none.log", "")
}

func TestFileOf(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "a!b.tar")
	if err := os.WriteFile(odd, []byte("x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		odd + "!nginx/error.log":   odd,
		odd:                        odd,
		"/no/such.tar.gz!x/y!z.gz": "/no/such.tar.gz",
		"-":                        "-",
		"":                         "",
	} {
		if got := fileOf(location); got != want {
			t.Errorf("%s: %s, want %s", location, got, want)
		}
	}
}
