package source

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// load writes lines as fast as it can, with rotations, while Next reads them.
func load(t *testing.T, opts FollowOptions, lines int, write func(r *rig, i int)) *rig {
	t.Helper()
	r := newRig(t)
	opts.FromStart, opts.Notify = true, nil
	r.opts = opts
	r.reopen()
	r.f = Follow(r.args, r.opts)
	r.write(1)
	r.collect(t.Context(), 1) // it has the file now
	r.got = nil
	var done sync.WaitGroup
	done.Go(func() {
		for i := range lines {
			write(r, i)
			_, err := fmt.Fprintf(r.w, "%d of a line that is long enough to be like a log's\n", i)
			must(t, err)
		}
		_, err := fmt.Fprintln(r.w, "end")
		must(t, err)
	})
	for {
		c, err := r.f.Next(t.Context())
		must(t, err)
		r.keep(c)
		if strings.HasSuffix(string(c.Data), "\nend\n") || string(c.Data) == "end\n" {
			break
		}
	}
	done.Wait()
	return r
}

func TestFollowRotationsUnderLoad(t *testing.T) {
	for _, pollOnly := range []bool{false, true} {
		const each = 500
		rotate := func(r *rig, i int) {
			switch i % each {
			case each / 2:
				must(t, os.Rename(r.path, fmt.Sprintf("%s-20261122-%06d", r.path, 100000+i/each)))
			case each - 20: // the writer was told at last
				r.w.Close()
				w, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
				must(t, err)
				r.w = w
			}
		}
		r := load(t, FollowOptions{Poll: 2 * time.Millisecond, PollOnly: pollOnly}, 50*each, rotate)
		for i, l := range r.got[:len(r.got)-1] {
			if !strings.HasPrefix(l, fmt.Sprint(i, " of")) {
				t.Fatalf("line %d: got %q", i, l)
			}
		}
		if len(r.got) != 50*each+1 || len(r.gaps) > 0 {
			t.Errorf("got %d lines, gaps %v", len(r.got), r.gaps)
		}
	}
}

func TestFollowCopytruncateUnderLoad(t *testing.T) {
	const lines, each = 20_000, 2000
	truncate := func(r *rig, i int) {
		if i%each != each-1 {
			return
		}
		data, err := os.ReadFile(r.path)
		must(t, err)
		must(t, os.WriteFile(fmt.Sprintf("%s-20261122-%06d", r.path, 100000+i/each), data, 0o644))
		fmt.Fprintln(r.w, "lost to everybody")
		must(t, os.Truncate(r.path, 0))
	}
	r := load(t, FollowOptions{Poll: time.Millisecond}, lines, truncate)
	next := 0
	for _, l := range r.got[:len(r.got)-1] {
		if l == "lost to everybody\n" {
			continue // read in time
		}
		if want := fmt.Sprint(next, " of a line that is long enough to be like a log's\n"); l != want {
			t.Fatalf("got %q, want %q; gaps %v", l, want, r.gaps)
		}
		next++
	}
	if next != lines || len(r.gaps) == 0 {
		t.Errorf("got %d lines of %d, %d gaps", next, lines, len(r.gaps))
	}
}

// A refilled file is truncated and written anew between two calls of the system.
type refilled struct {
	io.ReaderAt
	after  int // calls
	refill func()
}

func (r *refilled) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if r.after--; r.after == 0 {
		r.refill()
		more, again := r.ReaderAt.ReadAt(p[n:], off+int64(n)) // as os.File.ReadAt does
		return n + more, again
	}
	return n, err
}

// Every generation has lines of the same length, so an offset in one is the begin of a
// line in the next.
func TestFollowRefilledWhileRead(t *testing.T) {
	generation := func(n, lines int) (all string) {
		for i := range lines {
			all += fmt.Sprintf("generation %d line %04d\n", n, i)
		}
		return all
	}
	for _, lines := range []int{3, 200} {
		for after := 1; after <= 3; after++ {
			path := filepath.Join(t.TempDir(), "error.log")
			must(t, os.WriteFile(path, []byte(generation(1, lines)), 0o644))
			file, info, err := openRegular(path)
			must(t, err)
			defer file.Close()
			f := newFollowed(path, file, info)
			f.growHead()
			refill := func() { must(t, os.WriteFile(path, []byte(generation(2, 2*lines)), 0o644)) }
			f.bytes = &refilled{file, after, refill}
			var got string
			var what fresh
			for range 3 {
				var c Chunk
				what, err = f.read(make([]byte, markerBytes+blockBytes), &c)
				must(t, err)
				got += string(c.Data)
			}
			if !strings.HasPrefix(generation(1, lines), got) || what != rewritten {
				t.Errorf("%d lines, refilled after %d calls: got %d bytes %.60q…, then %d, want lines of the first generation, then %d",
					lines, after, len(got), got, what, rewritten)
			}
		}
	}
}

// What readAhead has read is written to before anybody can look at the file again.
type readAhead struct {
	io.ReaderAt
	write func()
}

func (r readAhead) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	if off > 0 {
		r.write()
	}
	return n, err
}

// The file is looked at, copied, written to, and only then read: the copy is younger than the
// look, holds less than what was read, and brings nothing new.
func TestFollowReadAfterItsCopy(t *testing.T) {
	for i := range 8 {
		long, restart, goesOn := i&1 > 0, i&2 > 0, i&4 > 0
		if goesOn && !long {
			continue // only a head that is full tells which bytes were read
		}
		r := newRig(t)
		if long {
			r.write(40)
		}
		r.write(5)
		r.start()
		r.poll(2)
		r.write(5)
		r.f.tick(t.Context())
		r.copytruncate(func() {
			r.write(1)
			if goesOn {
				f := r.f.tracks[0].live()
				f.bytes = readAhead{f.file, sync.OnceFunc(func() { r.raw("lost to everybody\n") })}
			}
			r.drain(1)
		})
		r.write(20)
		if restart {
			r.start()
		}
		r.settle()
		r.want(1)
	}
}

// Polls pass while the lines of other files are worked on: what was seen to have changed is
// read when its turn comes.
func TestFollowPolledBeforeItsTurn(t *testing.T) {
	for polls := range 6 {
		r := begun(t)
		r.write(3)
		for range polls {
			r.f.tick(t.Context())
		}
		r.drain(1)
		r.write(2)
		for range polls {
			r.f.tick(t.Context())
		}
		r.settle()
		r.want(0)
	}
}

// The writer of a renamed file writes its last line and lets go after the poll, and before
// the file's turn comes.
func TestFollowLetGoBeforeItsTurn(t *testing.T) {
	r := begun(t)
	r.rotate()
	r.poll(5)
	r.f.tick(t.Context())
	r.write(1)
	r.reopen()
	r.drain(100)
	r.write(1)
	r.settle()
	r.want(0)
}
