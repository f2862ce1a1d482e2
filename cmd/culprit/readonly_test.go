//go:build linux

package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"culprit/rules"
	"culprit/store"
)

// reader runs the program as one who may read what is in a folder and write nothing of it.
func reader(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := program(t, args...)
	if os.Geteuid() == 0 { // permissions do not hold root back
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		for _, open := range []string{filepath.Dir(dir), filepath.Dir(cmd.Path)} {
			for ; open != os.TempDir() && len(open) > 1; open = filepath.Dir(open) {
				os.Chmod(open, 0o755)
			}
		}
	}
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); failed != nil && !errors.As(failed, new(*exec.ExitError)) {
		t.Fatal(failed)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// sealed copies files of a store into a folder that nobody may write.
func sealed(t *testing.T, from string, parts ...string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "sealed")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		bytes, err := os.ReadFile(from + part)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "culprit.db"+part), bytes, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(dir, 0o755) })
	return dir
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for _, e := range entries {
		bytes, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%s %x\n", e.Name(), len(bytes))
	}
	return text
}

// A store that may only be read is reported: on a medium that cannot be written, in another
// one's folder, beside a program that writes it, or left by one that was killed.
func TestReportFromAStoreThatMayOnlyBeRead(t *testing.T) {
	whole := storeOf(t, "oom-node-docker")
	f := func(name, dir string, incidents int) {
		t.Helper()
		before := listing(t, dir)
		db := filepath.Join(dir, "culprit.db")
		out, text, status := reader(t, dir, "report", "--all", "--db", db)
		if status != exitDone || !strings.Contains(out, "oom-kill") {
			t.Errorf("%s: exit status %d: %s%.300s", name, status, text, out)
		}
		out, text, status = reader(t, dir, "incidents", "--db", db)
		if status != exitDone || strings.Count(out, "oom-kill") != incidents {
			t.Errorf("%s: exit status %d: %s%.300s", name, status, text, out)
		}
		if after := listing(t, dir); after != before {
			t.Errorf("%s: the folder has changed\nfrom %s\n  to %s", name, before, after)
		}
	}
	f("without a log", sealed(t, whole, ""), 1)

	db, err := store.Open(t.Context(), whole)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var one rules.Incident
	for in, err := range db.Incidents(t.Context(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		one = in
	}
	one.ID = "0123456789abcdef"
	if err := db.Put(t.Context(), store.Run{ID: "another"}, []rules.Incident{one}); err != nil {
		t.Fatal(err)
	}
	f("with a log and its index", sealed(t, whole, "", "-wal", "-shm"), 2)
	f("with a log that a killed program left", sealed(t, whole, "", "-wal"), 2)

	old := filepath.Join(t.TempDir(), "old.db")
	dump, err := os.ReadFile("../../store/testdata/v1.sql")
	if err != nil {
		t.Fatal(err)
	}
	handle, err := sql.Open("sqlite3", old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := handle.Exec(string(dump)); err != nil {
		t.Fatal(err)
	}
	handle.Close()
	f("of an older program", sealed(t, old, ""), 1)
}

func TestReportFromAStoreThatMayNotBeRead(t *testing.T) {
	dir := sealed(t, storeOf(t, "oom-node-docker"), "")
	if err := os.Chmod(filepath.Join(dir, "culprit.db"), 0); err != nil {
		t.Fatal(err)
	}
	_, text, status := reader(t, dir, "report", "--db", filepath.Join(dir, "culprit.db"))
	if status != exitFailed || !strings.Contains(text, "culprit.db: permission denied") {
		t.Errorf("exit status %d: %s", status, text)
	}
}
