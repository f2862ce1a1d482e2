package source

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// TestFollowDescriptorOfAProcess: a link of /proc/PID/fd leads to the file that a process
// writes, also where that is deleted, and to the next one after the process has reopened its log
// under the same number.
func TestFollowDescriptorOfAProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /proc/PID/fd")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "error.log")
	open := func() *os.File {
		w, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		must(t, err)
		return w
	}
	w := open()
	defer func() { w.Close() }()
	number := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), w.Fd())
	link := filepath.Join(dir, "link")
	must(t, os.Symlink(number, link))
	f := newFollower([]string{link}, FollowOptions{FromStart: true, PollOnly: true})
	defer f.Close()
	var got, want []string
	read := func() {
		t.Helper()
		for range 12 {
			f.tick(t.Context())
			for c := (Chunk{}); f.step(t.Context(), &c); c = (Chunk{}) {
				if got = append(got, string(c.Data)); c.Gap != nil {
					t.Errorf("%+v", *c.Gap)
				}
			}
		}
	}
	write := func() {
		line := fmt.Sprintln("line", len(want))
		_, err := w.WriteString(line)
		must(t, err)
		want = append(want, line)
	}
	write()
	read()
	must(t, os.Rename(path, path+".1"))
	write()
	read()
	must(t, w.Close())
	if w = open(); fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), w.Fd()) != number {
		t.Skip("another file has got the number")
	}
	write()
	read()
	must(t, os.Remove(path))
	write()
	read()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q; %v", got, want, f.told)
	}
}
