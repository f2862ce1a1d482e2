package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"culprit/rules"
)

func mustOpen(t testing.TB, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustPut(t testing.TB, db *DB, run Run, incidents ...rules.Incident) {
	t.Helper()
	if err := db.Put(t.Context(), run, incidents); err != nil {
		t.Fatal(err)
	}
}

// dump returns the whole logical content of a store: schema, header numbers and every row.
func dump(t testing.TB, db *DB) string {
	t.Helper()
	var b strings.Builder
	err := db.view(t.Context(), func(tx *sql.Tx) error {
		var names []string
		err := each(t.Context(), tx, "SELECT name, sql FROM sqlite_schema ORDER BY name", nil, func(rows *sql.Rows) error {
			var name string
			var text sql.NullString
			err := rows.Scan(&name, &text)
			if strings.HasPrefix(text.String, "CREATE TABLE") {
				names = append(names, name)
			}
			fmt.Fprintln(&b, name, text.String)
			return err
		})
		for _, name := range names {
			err = errors.Join(err, dumpTable(t.Context(), tx, name, &b))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func dumpTable(ctx context.Context, tx *sql.Tx, name string, b *strings.Builder) error {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+name+" ORDER BY 1, 2")
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	for rows.Next() && err == nil {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		err = rows.Scan(dest...)
		fmt.Fprintf(b, "%s %q\n", name, values)
	}
	return errors.Join(err, rows.Err())
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	sqlite := func(name string, statements ...string) string {
		path := filepath.Join(dir, name)
		handle, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		for _, s := range statements {
			if _, err := handle.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	newer := sqlite("newer.db", "PRAGMA application_id = 0x43554c50", "PRAGMA user_version = 99", "CREATE TABLE incidents (x)")
	other := sqlite("other.db", "CREATE TABLE bookmarks (url)", "INSERT INTO bookmarks VALUES ('about:blank')")
	// A file that was never ours but happens to have no table keeps its number, so it is somebody's.
	numbered := sqlite("numbered.db", "PRAGMA user_version = 1")

	for _, c := range []struct {
		path string
		is   error
		says string
	}{
		{newer, ErrNewerSchema, "schema 99, known up to 9; use a newer culprit"},
		{other, ErrForeign, "another program's SQLite file"},
		{numbered, ErrForeign, "another program's SQLite file"},
		{file("access.log", strings.Repeat("127.0.0.1 - - [22/Nov/2026:14:25:46 +0000] \"GET / HTTP/1.1\" 502 0\n", 20)), ErrForeign, "no SQLite file at all"},
		{file("short", "x"), ErrForeign, "no SQLite file at all"},
		{dir, nil, "it is a directory"},
		{filepath.Join(dir, "no", "such", "culprit.db"), nil, "does not exist; make it"},
		{filepath.Join(other, "culprit.db"), nil, "is not a directory"},
	} {
		before, _ := os.ReadFile(c.path)
		db, err := Open(t.Context(), c.path)
		if err == nil {
			db.Close()
			t.Errorf("%s: opened", c.path)
			continue
		}
		if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "open "+c.path+": ") {
			t.Errorf("%s:\n got %v\nwant %s", c.path, err, c.says)
		}
		if after, _ := os.ReadFile(c.path); string(after) != string(before) {
			t.Errorf("%s: a refused file was changed", c.path)
		}
	}
}

func TestOpenUnwritableDirectory(t *testing.T) {
	dir := t.TempDir()
	if os.Geteuid() == 0 {
		dir = "/proc" // permissions do not hold root back, this file system does
	} else if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), filepath.Join(dir, "culprit.db"))
	if err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("got %v", err)
	}
}

func TestOpenNewEmptyAndOddNames(t *testing.T) {
	for _, name := range []string{"culprit.db", "100% of a?b#c 'q' ü.db"} {
		path := filepath.Join(t.TempDir(), name)
		if name == "culprit.db" {
			if err := os.WriteFile(path, nil, 0o644); err != nil { // an empty file is a new one
				t.Fatal(err)
			}
		}
		mustPut(t, mustOpen(t, path), fullRun(), fullIncident())
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: the file is not where it was asked for: %v", name, err)
		}
	}
}

// A store whose writer died has its last commits, even its schema, in the write-ahead log only.
func TestOpenAfterCrash(t *testing.T) {
	dir := t.TempDir()
	db := mustOpen(t, filepath.Join(dir, "a.db"))
	mustPut(t, db, fullRun(), fullIncident())
	for _, suffix := range []string{"", "-wal"} { // as a power cut would leave them
		content, err := os.ReadFile(filepath.Join(dir, "a.db"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "b.db"+suffix), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	after := mustOpen(t, filepath.Join(dir, "b.db"))
	if got, want := dump(t, after), dump(t, db); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTwoProcessesOpenANewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "culprit.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Put(context.Background(), fullRun(), []rules.Incident{fullIncident()}); err != nil {
				t.Error(err)
			}
			db.Close()
		})
	}
	wg.Wait()
	if got := all(t, mustOpen(t, path), Filter{}); len(got) != 1 {
		t.Errorf("%d incidents", len(got))
	}
}

func TestCorruptFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "culprit.db")
	db := mustOpen(t, path)
	mustPut(t, db, fullRun(), fullIncident())
	db.Close()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(content); i++ { // all pages but the first
		content[i] = 0xa5
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	failed := func() error { // opening may see the damage, else reading does
		db, err := Open(t.Context(), path)
		if err != nil {
			return err
		}
		defer db.Close()
		for _, err := range db.Incidents(t.Context(), Filter{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}()
	if failed == nil || !strings.Contains(failed.Error(), "the file is damaged") {
		t.Errorf("got %v", failed)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(content) {
		t.Error("the damaged file was changed", err)
	}
}

// Every version that was ever released is kept as a dump in testdata.
func TestMigratesOlderSchemas(t *testing.T) {
	dumps, err := filepath.Glob("testdata/v*.sql")
	if err != nil || len(dumps) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, name := range dumps {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "culprit.db")
		handle, err := sql.Open("sqlite3", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := handle.Exec(string(text)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		handle.Close()

		db := mustOpen(t, path)
		got := all(t, db, Filter{})
		if len(got) != 1 || got[0].ID != "0f3a9c51d2e8b764" || got[0].Verdict.Cause != rules.CauseOOMKill || len(got[0].Evidence) != 1 || got[0].FailedOther != -1 {
			t.Errorf("%s: the old incident reads %+v", name, got)
		}
		if got, want := schema(t, db), schema(t, mustOpen(t, filepath.Join(t.TempDir(), "new.db"))); got != want {
			t.Errorf("%s: migrated schema differs from a new one\n got %s\nwant %s", name, got, want)
		}
		if err := db.Commit(t.Context(), Batch{Checkpoints: []Checkpoint{{Path: "a"}}}); err != nil {
			t.Error(err)
		}
	}
}

func schema(t *testing.T, db *DB) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(dump(t, db)) {
		if name := strings.Fields(line)[0]; strings.Contains(line, "CREATE") {
			fmt.Fprintln(&b, name)
		}
	}
	var version, id int
	if err := db.read.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if err := db.read.QueryRow("PRAGMA application_id").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintln(b.String(), version, id)
}

func TestFailedMigrationLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "culprit.db")
	handle, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	text, err := os.ReadFile("testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	// A table of ours is in the way of the third migration's view.
	if _, err := handle.Exec(string(text) + "; CREATE TABLE v_timeline (x)"); err != nil {
		t.Fatal(err)
	}
	if db, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "migrate to schema 3") {
		db.Close()
		t.Fatalf("got %v", err)
	}
	var version, live int
	err = handle.QueryRow("SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoints')").Scan(&version, &live)
	if err != nil || version != 1 || live != 0 {
		t.Errorf("half migrated: version %d, %d tables of schema 2, %v", version, live, err)
	}
}

func TestPragmas(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "culprit.db"))
	for _, c := range []struct{ pragma, want string }{
		{"journal_mode", "wal"}, {"foreign_keys", "1"}, {"synchronous", "1"}, {"busy_timeout", "200"},
		{"user_version", "9"}, {"application_id", fmt.Sprint(applicationID)},
	} {
		var got string
		if err := db.write.QueryRow("PRAGMA " + c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s = %s, want %s (%v)", c.pragma, got, c.want, err)
		}
	}
	if _, err := db.read.Exec("DELETE FROM incidents"); err == nil {
		t.Error("the reading handle can write")
	}
	if SQLiteVersion() < "3.40" {
		t.Errorf("SQLite %q is older than STRICT and JSON operators are sure", SQLiteVersion())
	}
}
