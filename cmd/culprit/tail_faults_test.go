//go:build linux

package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	_ "github.com/mattn/go-sqlite3"
)

// A running is the program at work.
type running struct {
	*testing.T
	pid            int
	stop           func() error // SIGTERM; how it ended
	stdout, stderr *lines
}

// A lines is output that can be waited for.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func startTail(t *testing.T, as *syscall.Credential, args ...string) *running {
	t.Helper()
	cmd := program(t, args...)
	if as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	}
	r := &running{T: t, stdout: new(lines), stderr: new(lines)}
	cmd.Stdout, cmd.Stderr = r.stdout, r.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.pid = cmd.Process.Pid
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	r.stop = sync.OnceValue(func() error {
		begin := time.Now()
		cmd.Process.Signal(syscall.SIGTERM)
		err := <-ended
		// The promised second is TestTailGivesUpTheStoreAtTheEnd's, which has its own clock; this one
		// is a machine's that may be busy.
		took := time.Since(begin)
		t.Logf("it stopped after %v", took)
		if took > 30*time.Second {
			t.Error("it hung")
		}
		return err
	})
	t.Cleanup(func() { r.stop() })
	return r
}

// wait waits until output holds the words.
func (r *running) wait(out *lines, words string) {
	r.Helper()
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if strings.Contains(out.String(), words) {
			return
		}
	}
	r.Fatalf("%q does not come:\n%s\n%s", words, r.stdout, r.stderr)
}

// same compares what tail has stored with what analyze makes of the same logs.
func same(t *testing.T, s *site, db string) {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "batch.db")
	var out, stderr bytes.Buffer
	if status := run([]string{"analyze", "--quiet", "--db", whole, s.dir}, strings.NewReader(""), &out, &stderr); status != exitDone {
		t.Fatalf("analyze: %d: %s", status, stderr.String())
	}
	if got, want := storedOutline(t, db), storedOutline(t, whole); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("tail has stored %d incidents\n%s\nanalyze %d\n%s", len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
}

// TestTailStoreInTrouble harms the store while tail runs and logs are written and rotated: it
// says so and goes on, and in the end everything is stored, once.
func TestTailStoreInTrouble(t *testing.T) {
	for _, c := range []struct {
		name  string
		place func(t *testing.T) string // of the store; nil is any
		harm  func(t *testing.T, path string) (mend func())
		says  string
	}{
		{"locked", nil, lockStore, "another program keeps it locked; end that one, or wait"},
		{"full", smallDisk, fillDisk, "make room on its disk"},
		{"read-only", nil, makeImmutable, ""},
		{"deleted", nil, func(t *testing.T, path string) func() {
			for _, end := range []string{"", "-wal", "-shm"} {
				os.Remove(path + end)
			}
			return func() {}
		}, "it was deleted while tail ran; it is made again"},
		{"directory deleted", nil, func(t *testing.T, path string) func() {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
			return func() { os.Mkdir(filepath.Dir(path), 0o755) }
		}, "does not exist; make it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if c.place != nil {
				dir = c.place(t)
			}
			db := filepath.Join(dir, "culprit.db")
			s := newSite(t)
			r := startTail(t, nil, "tail", "--db", db, "--format", "json", "--from-start",
				filepath.Join(s.dir, "error.log"), filepath.Join(s.dir, "app.log"))
			s.outage(9001, 3)
			r.wait(r.stdout, "127.0.0.1:9001")
			mend := c.harm(t, db)
			mend = sync.OnceFunc(mend)
			defer mend()
			s.outage(9002, 4)
			s.rotate("error.log", &s.gateway)
			r.wait(r.stderr, db+": ")
			r.wait(r.stderr, c.says)
			s.outage(9003, 5)
			mend()
			s.outage(lastPort, 4)
			r.wait(r.stdout, "127.0.0.1:9999")
			if err := r.stop(); err != nil {
				t.Errorf("it ended with %v: %s", err, r.stderr)
			}
			same(t, s, db)
			said := r.stderr.String()
			if n := strings.Count(said, "\n"); n > 4 {
				t.Errorf("it says the same again and again:\n%s", said)
			}
			t.Log(said)
		})
	}
}

// lockStore is another program's long transaction.
func lockStore(t *testing.T, path string) func() {
	other, err := sql.Open("sqlite3", "file:"+path+"?_txlock=immediate&_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := other.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback(); other.Close() }
}

// smallDisk is a file system of half a megabyte.
func smallDisk(t *testing.T) string {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=640k"); err != nil {
		t.Skip("no file system can be mounted: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 2) })
	return dir
}

func fillDisk(t *testing.T, path string) func() {
	ballast := filepath.Join(filepath.Dir(path), "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for n := 4096; n > 0; {
		if _, err := f.Write(make([]byte, n)); err != nil {
			n /= 2
		}
	}
	return func() { os.Remove(ballast) }
}

// makeImmutable is chattr +i: not even root's open descriptor can be written.
func makeImmutable(t *testing.T, path string) func() {
	const get, set, immutable = 0x80086601, 0x40086602, 0x10 // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL (linux/fs.h)
	flag := func(name string, on bool) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return setFlag(f.Fd(), get, set, immutable, on)
	}
	all := []string{path, path + "-wal"}
	for _, name := range all {
		if err := flag(name, true); err != nil {
			t.Skip("no file can be made immutable: ", err)
		}
	}
	return func() {
		for _, name := range all {
			if err := flag(name, false); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		}
	}
}

func setFlag(fd, get, set uintptr, flag int, on bool) error {
	var flags int
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, get, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		return errno
	}
	if flags |= flag; !on {
		flags &^= flag
	}
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, set, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		return errno
	}
	return nil
}

// TestTailWithoutLeave takes the permission to read a log away, for some polls, after it was
// rotated; another log goes on meanwhile.
func TestTailWithoutLeave(t *testing.T) {
	const nobody = 65534
	var as *syscall.Credential
	s := newSite(t)
	db := filepath.Join(t.TempDir(), "culprit.db")
	if os.Geteuid() == 0 { // root may read everything
		as = &syscall.Credential{Uid: nobody, Gid: nobody}
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		for dir := filepath.Dir(s.dir); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
			os.Chmod(dir, 0o755)
		}
		for dir := filepath.Dir(self); dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
			os.Chmod(dir, 0o755)
		}
		if err := os.Chown(filepath.Dir(db), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	r := startTail(t, as, "tail", "--db", db, "--format", "json", "--from-start",
		filepath.Join(s.dir, "error.log"), filepath.Join(s.dir, "app.log"))
	s.outage(9001, 3)
	r.wait(r.stdout, "127.0.0.1:9001")
	path := filepath.Join(s.dir, "error.log")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.outage(9002, 3) // into the old file
	old := s.gateway
	s.gateway = s.open("new")
	if err := errors.Join(os.Chmod(filepath.Join(s.dir, "new"), 0), os.Rename(filepath.Join(s.dir, "new"), path)); err != nil {
		t.Fatal(err) // nobody sees it with other rights
	}
	old.Close()
	s.outage(9003, 3)
	r.wait(r.stdout, "127.0.0.1:9002")
	r.wait(r.stderr, "open "+path+": permission denied")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	s.outage(lastPort, 4)
	r.wait(r.stdout, "127.0.0.1:9999")
	r.wait(r.stderr, path+": followed again")
	if err := r.stop(); err != nil {
		t.Errorf("it ended with %v: %s", err, r.stderr)
	}
	os.Chmod(db, 0o644)
	same(t, s, db)
}

// TestTailStopsWhileTheStoreIsLocked ends with an error that says so, within a moment; what was
// not stored is found by the next run.
func TestTailStopsWhileTheStoreIsLocked(t *testing.T) {
	s := newSite(t)
	db := filepath.Join(t.TempDir(), "culprit.db")
	args := []string{"tail", "--db", db, "--format", "json", "--from-start", filepath.Join(s.dir, "error.log"), filepath.Join(s.dir, "app.log")}
	r := startTail(t, nil, args...)
	s.outage(9001, 3)
	r.wait(r.stdout, "127.0.0.1:9001")
	unlock := lockStore(t, db)
	s.outage(9002, 3)
	r.wait(r.stderr, "another program keeps it locked")
	if err := r.stop(); err == nil || !strings.Contains(r.stderr.String(), "culprit: store incidents: database is locked") {
		t.Errorf("it ended with %v: %s", err, r.stderr)
	}
	unlock()
	s.outage(lastPort, 4)
	r = startTail(t, nil, args...)
	r.wait(r.stdout, "127.0.0.1:9999")
	if err := r.stop(); err != nil {
		t.Errorf("it ended with %v: %s", err, r.stderr)
	}
	same(t, s, db)
}
