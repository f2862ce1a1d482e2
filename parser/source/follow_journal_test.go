//go:build linux

package source

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "journalctl" {
		os.Exit(fakeJournalctl(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// fakeJournalctl does what journalctl(1) does of a journal that is one JSON object a line in
// $FAKE_JOURNAL. An entry with "_BREAK" ends it in its middle, once.
func fakeJournalctl(args []string) int {
	value := func(name string) string {
		for _, a := range args {
			if v, ok := strings.CutPrefix(a, name+"="); ok {
				return v
			}
		}
		return ""
	}
	path := os.Getenv("FAKE_JOURNAL")
	if words, err := os.ReadFile(path + ".stderr"); err == nil {
		os.Stderr.Write(words)
	}
	note(path+".pids", strconv.Itoa(os.Getpid()))
	note(path+".args", strings.Join(args, " "))
	follow := slices.Contains(args, "--follow")
	file, err := os.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "No journal files were found.")
		return 1
	}
	var entries []string
	in, half := bufio.NewReader(file), ""
	cursor, skip := value("--cursor"), value("--after-cursor")
	started := cursor == "" && skip == ""
	show := func(e string) bool {
		if strings.Contains(e, `"_BREAK"`) {
			if once, err := os.OpenFile(path+".broken", os.O_CREATE|os.O_EXCL, 0o644); err == nil {
				once.Close()
				os.Stdout.WriteString(e[:len(e)/2])
				return false
			}
		}
		os.Stdout.WriteString(e)
		return true
	}
	for {
		line, err := in.ReadString('\n')
		half += line
		if err == nil {
			e := half
			half = ""
			// The entry, or if it is gone the next one.
			at := max(cursor, skip)
			if !started && cursorIn([]byte(e)) >= at {
				started = true
				if e := cursorIn([]byte(e)); e == skip {
					continue
				}
			}
			switch {
			case !started:
			case value("--lines") != "":
				entries = append(entries, e)
			case !show(e):
				return 1
			}
			continue
		}
		if !follow {
			break
		}
		time.Sleep(time.Millisecond) // as journalctl waits for the file
	}
	if n, err := strconv.Atoi(value("--lines")); err == nil {
		entries = entries[max(len(entries)-n, 0):]
	}
	for _, e := range entries {
		if !show(e) {
			return 1
		}
	}
	return 0
}

func note(path, line string) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err == nil {
		fmt.Fprintln(f, line)
		f.Close()
	}
}

// A journalRig is a fake journal with its writer, and a Follower of it.
type journalRig struct {
	t     *testing.T
	path  string
	n     int
	f     *Follower
	opts  FollowOptions
	notes []string
	got   []string // messages
	past  []string
	gaps  []string
}

func newJournalRig(t *testing.T) *journalRig {
	dir := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, filepath.Join(dir, "journalctl")))
	r := &journalRig{t: t, path: filepath.Join(dir, "journal")}
	must(t, os.WriteFile(r.path, nil, 0o644))
	t.Setenv("PATH", dir)
	t.Setenv("FAKE_JOURNAL", r.path)
	r.opts = FollowOptions{Poll: time.Millisecond, Notify: func(n Notice) {
		text := "well"
		if n.Err != nil {
			text = n.Err.Error()
		}
		r.notes = append(r.notes, text)
	}}
	t.Cleanup(func() { r.f.Close() })
	return r
}

// entry is as systemd 252 writes it: the fields in no order.
func journalEntry(i int, message, more string) string {
	return fmt.Sprintf(`{"_PID":"9192","MESSAGE":%q,"__CURSOR":"s=0d5e;i=%04x;b=8d3c;m=%x;t=6%x;x=e1","PRIORITY":"6"%s,"__REALTIME_TIMESTAMP":"1795356987219650"}`+"\n",
		message, i, i*1000, i*1000, more)
}

func (r *journalRig) write(messages ...string) {
	r.t.Helper()
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_APPEND, 0)
	must(r.t, err)
	defer f.Close()
	for _, m := range messages {
		r.n++
		more := ""
		if strings.HasPrefix(m, "break") {
			more = `,"_BREAK":"1"`
		}
		_, err := io.WriteString(f, journalEntry(r.n, m, more))
		must(r.t, err)
	}
}

func (r *journalRig) start() {
	r.t.Helper()
	if r.f != nil {
		r.opts.Start = nil
		for _, p := range r.f.Positions() {
			back, err := ParsePosition(p.Path, p.Device, p.Inode, p.Offset, p.Fingerprint())
			must(r.t, err)
			r.opts.Start = append(r.opts.Start, back)
		}
		must(r.t, r.f.Close())
	}
	r.f = Follow([]string{"journal:"}, r.opts)
}

// collect reads until the message has come.
func (r *journalRig) collect(last string) {
	r.t.Helper()
	for {
		c, err := r.f.Next(r.t.Context())
		must(r.t, err)
		if c.Gap != nil {
			r.gaps = append(r.gaps, c.Gap.Reason)
		}
		for line := range strings.Lines(string(c.Data)) {
			_, rest, _ := strings.Cut(line, `"MESSAGE":"`)
			m, _, _ := strings.Cut(rest, `"`)
			if c.Past {
				r.past = append(r.past, m)
			} else {
				r.got = append(r.got, m)
			}
			if m == last {
				return
			}
		}
	}
}

func (r *journalRig) want(got []string, want ...string) {
	r.t.Helper()
	if !slices.Equal(got, want) {
		r.t.Errorf("got %q, want %q", got, want)
	}
}

// TestFollow30Journal: first sight, a child that ends in the middle of an entry, a restart,
// and entries that are gone.
func TestFollow30Journal(t *testing.T) {
	r := newJournalRig(t)
	r.write("old 1", "old 2")
	r.start()
	r.collect("old 2")
	r.want(r.past, "old 1", "old 2")
	r.write("a", "break b", "c")
	r.collect("c")
	r.want(r.got, "a", "break b", "c")
	if len(r.notes) != 2 || !strings.Contains(r.notes[0], "exit status 1") || r.notes[1] != "well" {
		t.Errorf("got %q, want that the child ended and is well again", r.notes)
	}

	r.got = nil
	r.write("while", "stopped")
	r.start()
	r.collect("stopped")
	r.write("d")
	r.collect("d")
	r.want(r.got, "while", "stopped", "d")
	r.want(r.gaps)

	r.got = nil
	r.write("vacuumed")
	must(t, os.Truncate(r.path, 0))
	r.write("e")
	r.start()
	r.collect("e")
	r.want(r.got, "e")
	r.want(r.gaps, becauseVacuumed)
}

func TestFollowJournalFromStart(t *testing.T) {
	r := newJournalRig(t)
	r.opts.FromStart = true
	r.write("old 1", "old 2")
	r.start()
	r.collect("old 2")
	r.want(r.got, "old 1", "old 2")
	r.want(r.past)
}

// TestFollowJournalLeavesNoChild: Close waits for the child's end.
func TestFollowJournalLeavesNoChild(t *testing.T) {
	r := newJournalRig(t)
	r.write("old")
	r.start()
	r.collect("old")
	r.write("new")
	r.collect("new")
	must(t, r.f.Close())
	pids, err := os.ReadFile(r.path + ".pids")
	must(t, err)
	all := strings.Fields(string(pids))
	if len(all) != 2 {
		t.Fatalf("children %q, want one for the past and one that follows", all)
	}
	for _, text := range all {
		pid, _ := strconv.Atoi(text)
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("child %d: %v", pid, err)
		}
	}
}

func TestFollowJournalTells(t *testing.T) {
	r := newJournalRig(t)
	must(t, os.WriteFile(r.path+".stderr", []byte("Hint: You are currently not seeing messages from other users and the system.\n      Users in groups 'adm', 'systemd-journal' can see all messages.\n"), 0o644))
	r.write("old")
	r.start()
	r.collect("old")
	for len(r.notes) == 0 { // standard error has a goroutine of its own
		d := <-r.f.ready
		r.f.accept(&d, new(Chunk))
	}
	if len(r.notes) != 1 || !strings.Contains(r.notes[0], "usermod -aG systemd-journal") {
		t.Errorf("got %q", r.notes)
	}
	t.Setenv("PATH", t.TempDir())
	r.notes = nil
	r.start()
	r.f.tick(t.Context())
	for len(r.notes) == 0 {
		d := <-r.f.ready
		r.f.accept(&d, new(Chunk))
	}
	r.want(r.notes, "read journal: there is no journalctl on the PATH")
}

func TestJournalCursor(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		if got := cursorIn([]byte(line)); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
	f(journalEntry(7, "x", ""), "s=0d5e;i=0007;b=8d3c;m=1b58;t=61b58;x=e1")
	f(`{ "__CURSOR" : "s=1;i=2" }`, "s=1;i=2") // systemd 219
	f(journalEntry(7, `{"__CURSOR":"s=forged"}`, ""), "s=0d5e;i=0007;b=8d3c;m=1b58;t=61b58;x=e1")
	f(`{"MESSAGE":"none"}`, "")
	f(`{"__CURSOR":"`, "")
	f(`{"__CURSOR":null}`, "")
	if !sameEntry("s=1;i=2;b=3", "s=1;i=2;b=4") || sameEntry("s=1;i=2", "s=1;i=3") || sameEntry("x", "y") {
		t.Error("entries are confused")
	}
}
