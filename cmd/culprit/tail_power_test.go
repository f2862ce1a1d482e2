//go:build linux

package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestTail27PowerCut takes the store's files as they are while tail runs, and drops the end of
// the write-ahead log, anywhere, also in the middle of a page: that is what had not reached the
// disk. The store opens, is whole, and a further run reads again what it does not hold.
func TestTail27PowerCut(t *testing.T) {
	s := newSite(t)
	dir := t.TempDir()
	db := filepath.Join(dir, "culprit.db")
	args := func(db string) []string {
		return []string{"tail", "--db", db, "--format", "json", "--from-start", filepath.Join(s.dir, "error.log"), filepath.Join(s.dir, "app.log")}
	}
	r := startTail(t, nil, args(db)...)
	for port := 9001; port < 9005; port++ {
		s.outage(port, 3)
		if port == 9003 {
			s.rotate("error.log", &s.gateway)
		}
		r.wait(r.stdout, "127.0.0.1:900"+string(rune('0'+port-9000)))
	}
	syscall.Kill(r.pid, syscall.SIGSTOP) // both are of one moment
	main, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(db + "-wal")
	if err != nil || len(log) < 10_000 {
		t.Fatalf("%d bytes of log, %v", len(log), err)
	}
	syscall.Kill(r.pid, syscall.SIGCONT)
	if err := r.stop(); err != nil {
		t.Fatal(err, r.stderr)
	}
	s.outage(lastPort, 4)
	for _, kept := range []int{0, 20, len(log) / 3, len(log) * 2 / 3, len(log) - 1000, len(log)} {
		db := filepath.Join(t.TempDir(), "culprit.db")
		for path, data := range map[string][]byte{db: main, db + "-wal": log[:kept]} {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := integrity(t, db); got != "ok" {
			t.Errorf("%d bytes of %d of the log: integrity_check says %s", kept, len(log), got)
		}
		again := startTail(t, nil, args(db)...)
		again.wait(again.stdout, "127.0.0.1:9999")
		if err := again.stop(); err != nil {
			t.Errorf("%d bytes of %d of the log: %v: %s", kept, len(log), err, again.stderr)
		}
		if kept > 1000 { // else it is a new store, and knows of no rotated file
			same(t, s, db)
		}
	}
}

func integrity(t *testing.T, path string) (says string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(context.Background(), "PRAGMA integrity_check").Scan(&says); err != nil {
		t.Error(err)
	}
	return says
}
