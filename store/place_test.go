package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// troubled is a store with one position, whose writer has had a statement run.
func troubled(t *testing.T, statements ...string) (db *DB, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "culprit.db")
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetPatience(time.Millisecond)
	save(t, db, 1)
	for _, s := range statements {
		if _, err := db.write.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	return db, path
}

func save(t *testing.T, db *DB, offset int64) {
	t.Helper()
	if err := db.Commit(t.Context(), Batch{Checkpoints: []Checkpoint{{Path: "a.log", Inode: 1, Offset: offset}}}); err != nil {
		t.Fatal(err)
	}
}

func offsetIn(t *testing.T, path string) int64 {
	t.Helper()
	db, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, err := db.Checkpoints(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	return all[0].Offset
}

// What passes fails as a whole, says what to do, and succeeds later.
func TestTroubleThatPasses(t *testing.T) {
	big := Batch{Checkpoints: []Checkpoint{{Path: "a.log", Inode: 1, Offset: 2, Fingerprint: strings.Repeat("x", 1<<20)}}}
	for _, c := range []struct{ name, begin, end, says string }{
		{"full", "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 100000", "make room"},
		{"read-only", "PRAGMA query_only = on", "PRAGMA query_only = off", "read-only"},
		{"locked", "", "", "another program keeps it locked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, path := troubled(t, c.begin)
			end := func() {
				if _, err := db.write.Exec(c.end); err != nil {
					t.Error(err)
				}
			}
			if c.begin == "" {
				other, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close()
				tx, err := other.Begin()
				if err != nil {
					t.Fatal(err)
				}
				end = func() { tx.Rollback() }
			}
			err := db.Commit(t.Context(), big)
			if !Passes(err) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want something that passes and says %q", err, c.says)
			}
			end()
			if got := offsetIn(t, path); got != 1 {
				t.Errorf("offset %d: half of a batch was stored", got)
			}
			if err := db.Commit(t.Context(), big); err != nil {
				t.Fatal(err)
			}
			if got := offsetIn(t, path); got != 2 {
				t.Errorf("offset %d", got)
			}
		})
	}
	for _, err := range []error{nil, ErrForeign, errors.New("no"), context.Canceled} {
		if Passes(err) {
			t.Errorf("%v: passes", err)
		}
	}
}

func TestPatienceEndsWithTheContext(t *testing.T) {
	db, path := troubled(t)
	db.SetPatience(time.Hour)
	other, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := db.Commit(ctx, Batch{Gaps: []Gap{{Source: "a.log"}}}); err == nil {
		t.Error("it was stored, while another writer had begun")
	}
}

func TestRestore(t *testing.T) {
	for _, c := range []struct {
		name     string
		harm     func(path string) error
		replaced bool
	}{
		{"deleted", os.Remove, false},
		{"deleted with its log", func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		}, false},
		{"renamed", func(path string) error { return os.Rename(path, path+".old") }, false},
		{"replaced", func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), remove(path+"-wal"), remove(path+"-shm"), makeStore(path))
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, path := troubled(t)
			if db.Lost() {
				t.Error("lost, and nothing has happened")
			}
			if err := c.harm(path); err != nil {
				t.Fatal(err)
			}
			save(t, db, 2) // to what nobody can open any more
			if !db.Lost() {
				t.Fatal("it is not noticed")
			}
			replaced, err := db.Restore(t.Context())
			if err != nil || replaced != c.replaced || db.Lost() {
				t.Fatalf("got %v, %v, lost %v", replaced, err, db.Lost())
			}
			if !c.replaced {
				if got := offsetIn(t, path); got != 2 {
					t.Errorf("offset %d, want all that had been stored", got)
				}
			}
			save(t, db, 3)
			if all, err := db.Checkpoints(t.Context()); err != nil || len(all) != 1 || all[0].Offset != 3 {
				t.Error(all, err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			if got := offsetIn(t, path); got != 3 {
				t.Errorf("offset %d", got)
			}
			if _, err := os.Stat(path + ".new"); err == nil {
				t.Error("the copy is left behind")
			}
		})
	}
}

func makeStore(path string) error {
	db, err := Open(context.Background(), path)
	if err != nil {
		return err
	}
	return db.Close()
}

// Where the directory is gone too nothing is lost either; it may come back.
func TestRestoreWithoutItsDirectory(t *testing.T) {
	db, path := troubled(t)
	dir := filepath.Dir(path)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	_, err := db.Restore(t.Context())
	if !Passes(err) || !strings.Contains(err.Error(), "does not exist; make it") {
		t.Errorf("got %v", err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := offsetIn(t, path); got != 1 {
		t.Errorf("offset %d", got)
	}
}
