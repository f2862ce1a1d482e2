package pipeline

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"culprit/fixtures"
	"culprit/store"
)

// TestSameBytes runs each case with several workers and with its files named one by
// one in several orders; the report may differ in nothing.
func TestSameBytes(t *testing.T) {
	for _, c := range allCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			want := mustAnalyze(t, 1, c.Logs())
			for _, workers := range []int{2, 8} {
				same(t, fmt.Sprintf("%d workers", workers), want, mustAnalyze(t, workers, c.Logs()))
			}
			files := filesBelow(t, c.Logs())
			byFile := mustAnalyze(t, 1, files...)
			for turn, name := range []string{"reversed", "rotated by one", "rotated by half"} {
				same(t, "files "+name, byFile, mustAnalyze(t, 2, turned(files, turn)...))
			}
			folder, single := incidentsOnly(t, want, c.Logs()), incidentsOnly(t, byFile, c.Logs())
			same(t, "files instead of their folder", folder, single)
		})
	}
}

func turned(files []string, turn int) []string {
	out := slices.Clone(files)
	switch turn {
	case 0:
		slices.Reverse(out)
	case 1:
		out = append(out[1:], out[0])
	case 2:
		half := len(out) / 2
		out = slices.Concat(out[half:], out[:half])
	}
	return out
}

func mustAnalyze(t *testing.T, workers int, paths ...string) []byte {
	t.Helper()
	_, text, err := analyze(config(workers, paths...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func same(t *testing.T, what string, want, got []byte) {
	t.Helper()
	if !bytes.Equal(want, got) {
		t.Errorf("%s: the report differs\n%s", what, fixtures.Difference(string(want), string(got)))
	}
}

func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// incidentsOnly is a report's incidents with all paths cut to the file's own name: a
// folder's files are named from the folder, a file as it was given.
func incidentsOnly(t *testing.T, text []byte, root string) []byte {
	t.Helper()
	var doc struct {
		Incidents []any `json:"incidents"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	bare(doc.Incidents, root)
	out, err := json.MarshalIndent(doc.Incidents, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func bare(v any, root string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			bare(e, root)
		}
	case map[string]any:
		for key, e := range v {
			if path, ok := e.(string); ok && key == "source" {
				v[key] = filepath.Base(path)
			}
			bare(e, root)
		}
	}
}

// TestStoringTwiceChangesNothing stores each case's run, analyses it once more with
// other workers and stores that too.
func TestStoringTwiceChangesNothing(t *testing.T) {
	for _, c := range allCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "culprit.db")
			putCase(t, path, &c, 1)
			once := dump(t, path)
			putCase(t, path, &c, 8)
			same(t, "after storing twice", once, dump(t, path))
			if !bytes.Contains(once, []byte("-- sources: ")) || bytes.Contains(once, []byte("-- sources: 0 rows")) {
				t.Errorf("the dump holds no sources:\n%s", once)
			}
		})
	}
}

func putCase(t *testing.T, path string, c *fixtures.Case, workers int) {
	t.Helper()
	r, _, err := analyze(config(workers, c.Logs()))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := store.Run{ID: store.RunID(r.Sources), Version: "test", Window: r.Window, Sources: r.Sources, Totals: r.Totals}
	if err := db.Put(context.Background(), run, r.Incidents); err != nil {
		t.Fatal(err)
	}
}

// dump writes all tables' rows, each table sorted.
func dump(t *testing.T, path string) []byte {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b bytes.Buffer
	for _, name := range column(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
		columns := column(t, db, "SELECT 'quote(' || name || ')' FROM pragma_table_info('"+name+"') ORDER BY cid")
		rows := column(t, db, "SELECT "+strings.Join(columns, " || ',' || ")+" FROM "+name+" ORDER BY 1")
		fmt.Fprintf(&b, "-- %s: %d rows\n%s\n", name, len(rows), strings.Join(rows, "\n"))
	}
	return b.Bytes()
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRunLeavesNoGoroutine runs to the end, and with a context that is over before.
func TestRunLeavesNoGoroutine(t *testing.T) {
	c := allCases(t)[0]
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for name, ctx := range map[string]context.Context{"to the end": context.Background(), "cancelled": over} {
		before := runtime.NumGoroutine()
		_, err := Run(ctx, config(8, c.Logs()))
		if (err != nil) != (ctx.Err() != nil) {
			t.Errorf("%s: error %v", name, err)
		}
		for late := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(late); {
			runtime.Gosched() // a goroutine that was waited for may still be on its way out
		}
		if n := runtime.NumGoroutine(); n > before {
			t.Errorf("%s: %d goroutines more than before", name, n-before)
			pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		}
	}
}
