package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The numbers are those of the table of torments that a follower of files must stand.

func begun(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.reopen()
	r.start()
	r.write(3)
	r.poll(1)
	return r
}

func TestFollow01RenamedFileIsReadUntilItsWriterLetsGo(t *testing.T) {
	r := begun(t)
	r.rotate()
	for range 100 { // a minute at most polls
		r.write(10)
		r.poll(2)
	}
	r.reopen()
	r.write(5)
	r.settle()
	r.want(0)
}

func TestFollow02OldComesBeforeNewThoughNewExists(t *testing.T) {
	r := begun(t)
	r.rotate()
	must(t, os.WriteFile(r.path, nil, 0o644))
	r.poll(3)
	r.write(1000)
	r.poll(1)
	r.reopen()
	r.write(10)
	r.settle()
	r.want(0)
}

func TestFollow03ManyRotationsBetweenPolls(t *testing.T) {
	r := begun(t)
	for i := range 50 {
		r.write(150)
		r.rotate()
		r.write(10)
		r.reopen()
		if i%8 == 7 {
			r.poll(1)
		}
	}
	r.write(1)
	r.settle()
	r.want(0)
}

// stopped makes three rotations while the Follower does not run.
func stopped(r *rig) {
	for range 3 {
		r.write(20)
		r.rotate()
		r.write(7)
		r.reopen()
	}
	r.write(2)
}

func TestFollow04StoppedReaderFindsRotatedFiles(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := begun(t)
		stopped(r)
		if restart {
			r.start()
		}
		r.settle()
		r.want(0)
	}
}

func TestFollow05StoppedReaderFindsCompressedFiles(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := begun(t)
		stopped(r)
		r.compress(2)
		r.compress(3)
		if restart {
			r.start()
		}
		r.settle()
		r.want(0)
		r.poll(1)
		r.start()
		r.settle()
		r.want(0)
	}
}

func TestFollow06MissingFileIsAGap(t *testing.T) {
	r := begun(t)
	stopped(r)
	must(t, os.Remove(r.path+".3"))
	r.settle() // the descriptor has what the deleted file had
	r.want(1)

	r = begun(t)
	stopped(r)
	r.start()
	must(t, os.Remove(r.path+".3"))
	r.settle()
	lost := r.wrote[3:30]
	r.wrote = slices.Concat(r.wrote[:3], r.wrote[30:])
	r.want(1)
	g := r.gaps[0]
	if want := int64(len(strings.Join(r.wrote[:3], ""))); g.From != want || g.To != -1 || g.Since.IsZero() || !g.Until.After(g.Since) {
		t.Errorf("got %+v, want from %d, and the time; lost %d lines", g, want, len(lost))
	}

	r = begun(t)
	stopped(r)
	must(t, os.Remove(r.path+".2"))
	r.start()
	r.settle()
	r.wrote = slices.Concat(r.wrote[:30], r.wrote[57:])
	r.want(1)
	if r.gaps[0].Reason != becauseHole {
		t.Errorf("got %+v", r.gaps[0])
	}
}

func TestFollow07CopytruncateOfAnIdleFile(t *testing.T) {
	r := begun(t)
	r.poll(r.f.pace.idle)
	r.copytruncate(nil)
	r.write(4)
	r.settle()
	r.want(0)
	r.poll(r.f.pace.idle)
	r.copytruncate(nil)
	r.poll(2)
	r.write(1)
	r.start()
	r.settle()
	r.want(0)
}

func TestFollow08CopytruncateUnderLoad(t *testing.T) {
	r := begun(t)
	r.write(50)
	r.copytruncate(func() { r.write(2) })
	r.write(20)
	r.settle()
	r.wrote = slices.Concat(r.wrote[:53], r.wrote[55:])
	r.want(1)
	if g := r.gaps[0]; g.Reason != becauseCopied || g.From != int64(len(strings.Join(r.wrote[:53], ""))) {
		t.Errorf("got %+v", g)
	}
}

func TestFollow09TruncatedAndGrownPastTheOffset(t *testing.T) {
	r := begun(t)
	r.truncate(0)
	r.write(100)
	r.settle()
	r.want(1)
	r = begun(t)
	r.truncate(0)
	r.write(100)
	r.start()
	r.settle()
	r.want(1)
}

func TestFollow10TruncatedToALength(t *testing.T) {
	r := begun(t)
	r.poll(r.f.pace.idle)
	r.truncate(100) // in the middle of the second line
	r.poll(1)
	r.write(3)
	r.settle()
	r.want(0)
	// If the file has grown before it was looked at, nothing tells where it was cut.
	r = begun(t)
	r.truncate(100)
	r.write(3)
	r.settle()
	for _, l := range r.got {
		if strings.Count(l, "connect() failed") > 1 && !strings.HasPrefix(l, "2026") {
			t.Errorf("half a line: %q", l)
		}
	}
	if len(r.gaps) != 1 {
		t.Errorf("got gaps %+v, want 1", r.gaps)
	}
}

func TestFollow11RecreatedWithTheSameInode(t *testing.T) {
	r := begun(t)
	r.poll(2)
	r.kill() // else the open descriptor keeps the inode
	info, err := os.Stat(r.path)
	must(t, err)
	r.w.Close()
	must(t, os.Remove(r.path))
	r.reopen()
	again, err := os.Stat(r.path)
	must(t, err)
	t.Logf("same inode: %v", os.SameFile(info, again))
	r.write(10)
	r.f = newFollower(r.args, r.opts)
	r.settle()
	r.want(1) // what was written before it was deleted is not known
}

func TestFollow12DeletedWhileTheWriterGoesOn(t *testing.T) {
	r := begun(t)
	must(t, os.Remove(r.path))
	for range 300 {
		r.write(1)
		r.poll(2)
	}
	r.poll(r.f.pace.linger + 1)
	r.write(10)
	r.poll(1)
	r.reopen()
	r.write(10)
	r.settle()
	r.want(0)
}

func TestFollow13AtomicReplace(t *testing.T) {
	r := begun(t)
	data, err := os.ReadFile(r.path)
	must(t, err)
	must(t, os.WriteFile(r.path+".new", data, 0o644))
	must(t, os.Rename(r.path+".new", r.path))
	r.reopen()
	r.write(3)
	r.settle()
	r.want(0)
	other := r.next()
	r.wrote = append(r.wrote, other)
	must(t, os.WriteFile(r.path+".new", []byte(other), 0o644))
	must(t, os.Rename(r.path+".new", r.path))
	r.reopen()
	r.write(3)
	r.settle()
	r.want(0)
}

func TestFollow14SameBanner(t *testing.T) {
	r := newRig(t)
	banner := strings.Repeat("# the same banner\n", 4096/18+1)
	put := func() {
		r.raw(banner)
		for range strings.Count(banner, "\n") {
			r.wrote = append(r.wrote, "# the same banner\n")
		}
		r.write(5)
	}
	r.reopen()
	put()
	r.start()
	r.poll(1)
	for i := range 4 {
		r.write(2)
		r.rotate()
		r.reopen()
		put()
		if i > 0 {
			r.compress(2)
		}
		r.start()
		r.poll(10)
	}
	r.settle()
	r.want(0)
	// and beside each other
	dir := t.TempDir()
	for i := range 2 {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.txt", i)), []byte(banner+fmt.Sprintln(i)), 0o644))
	}
	both := newRig(t)
	both.args = []string{dir}
	both.start()
	both.settle()
	if n := 2 * (strings.Count(banner, "\n") + 1); len(both.got) != n || len(both.f.Paths()) != 2 {
		t.Errorf("got %d lines of %q, want %d of 2", len(both.got), both.f.Paths(), n)
	}
}

func TestFollow15OneLineThenRestart(t *testing.T) {
	r := newRig(t)
	r.reopen()
	r.write(1)
	r.start()
	r.poll(1)
	for range 3 {
		r.start()
		r.settle()
	}
	r.want(0)
	r.rotate()
	r.reopen()
	r.compress(1)
	r.start()
	r.settle()
	r.want(0)
}

func TestFollow16UnfinishedLineOfARotatedFile(t *testing.T) {
	r := begun(t)
	r.raw("no newline")
	r.poll(30)
	r.rotate()
	r.reopen()
	r.write(2)
	r.settle()
	r.start()
	r.settle()
	r.want(0)
	if len(r.parts) != 1 || r.parts[0] != "no newline" {
		t.Errorf("got %q", r.parts)
	}
}

func TestFollow22Links(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	target := func(i int) string { return filepath.Join(dir, fmt.Sprint(i, ".log")) }
	link := r.path
	point := func(i int) { // as ln -sfn does
		must(t, os.Symlink(target(i), link+".tmp"))
		must(t, os.Rename(link+".tmp", link))
		r.reopen()
	}
	must(t, os.Symlink(link, filepath.Join(dir, "link to link")))
	r.args = []string{filepath.Join(dir, "link to link")}
	point(0)
	r.start()
	for i := 1; i < 5; i++ {
		r.write(3)
		r.poll(1)
		r.write(3)
		point(i)
		r.write(3)
		r.poll(1)
	}
	r.settle()
	r.want(0)

	r = newRig(t) // rotatelogs -L: a hard link
	dir = t.TempDir()
	for i := range 3 {
		r.w.Close()
		w, err := os.OpenFile(target(i), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		must(t, err)
		os.Remove(r.path)
		must(t, os.Link(target(i), r.path))
		r.w = w
		if i == 0 {
			r.start()
		}
		r.write(5)
		r.poll(2)
		r.write(5)
	}
	r.settle()
	r.want(0)
}

// TestFollowTargetOfALinkIsRotated is kubelet's way: the link stays.
func TestFollowTargetOfALinkIsRotated(t *testing.T) {
	r := newRig(t)
	real := filepath.Join(t.TempDir(), "0.log")
	must(t, os.Symlink(real, r.path))
	r.reopen()
	r.start()
	r.write(5)
	r.poll(1)
	for i := range 3 {
		r.write(2)
		must(t, os.Rename(real, fmt.Sprintf("%s.20261122-1425%02d", real, i)))
		r.write(2)
		r.reopen()
		r.write(2)
		if i == 1 {
			r.start()
		}
	}
	r.settle()
	r.want(0)
}

func TestFollow26KilledAtAnyMoment(t *testing.T) {
	r := begun(t)
	for i := range 200 {
		r.write(1 + i%40)
		switch i % 7 {
		case 2:
			r.rotate()
		case 3:
			r.write(3)
			r.reopen()
		case 5:
			if _, err := os.Stat(r.path + ".2"); err == nil {
				r.compress(2)
			}
		}
		r.f.tick(context.Background())
		r.drain(i % 3)
		r.start()
	}
	r.reopen()
	r.settle()
	if !slices.Equal(r.got, r.wrote) {
		t.Error(diff(r.wrote, r.got))
	}
	for _, g := range r.gaps { // a compressed file's number is given to another
		if g.Reason != becauseCopied {
			t.Errorf("gap %+v", g)
		}
	}
}

func TestFollow36BrokenArchiveAmongRotatedFiles(t *testing.T) {
	r := begun(t)
	stopped(r)
	r.kill()
	r.compress(2)
	data, err := os.ReadFile(r.path + ".2.gz")
	must(t, err)
	must(t, os.WriteFile(r.path+".2.gz", data[:len(data)/2], 0o644))
	r.f = newFollower(r.args, r.opts)
	r.settle()
	if len(r.gaps) != 1 || !strings.Contains(r.gaps[0].Reason, "cut off") {
		t.Fatalf("got gaps %+v", r.gaps)
	}
	if n := len(r.got); n < 30 || !slices.Equal(r.got[n-29:], r.wrote[len(r.wrote)-29:]) {
		t.Errorf("the files behind it: %s", diff(r.wrote, r.got))
	}
}

// TestFollowNumberGivenAgain: logrotate compresses the old file, which frees its number, and
// the new one gets that (ext4). After a restart that is no truncation.
func TestFollowNumberGivenAgain(t *testing.T) {
	r := begun(t)
	r.opts.FromStart = true
	r.clock = time.Now().Add(-time.Hour)
	r.write(3)
	r.poll(2)
	old := fileID(r.f.tracks[0].live().info)
	if born := bornAt(r.f.tracks[0].live().file); born.IsZero() {
		t.Skip("the file system tells no time of birth")
	}
	r.kill()
	r.write(2)
	r.rotate()
	r.w.Close()
	r.compress(1)
	r.clock = time.Now()
	r.reopen()
	if info, err := os.Stat(r.path); err != nil || fileID(info) != old {
		t.Skip("the file system has given another number")
	}
	r.write(2)
	r.f = newFollower(r.args, r.opts)
	r.settle()
	r.want(0)
}

// TestFollowLooksWhileNamesAreShifted: between two renames of logrotate a number is missing.
func TestFollowLooksWhileNamesAreShifted(t *testing.T) {
	for _, restart := range []bool{false, true} {
		r := begun(t)
		r.poll(2)
		if restart {
			r.kill()
		}
		r.rotate()
		r.reopen()
		r.write(2)
		must(t, os.Rename(r.path+".1", r.path+".2"))
		if restart {
			r.f = newFollower(r.args, r.opts)
		}
		r.poll(1)
		must(t, os.Rename(r.path, r.path+".1"))
		r.reopen()
		r.write(2)
		r.settle()
		r.want(0)
	}
}
