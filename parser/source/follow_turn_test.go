//go:build unix

package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Polls, and the turns in which a file is read, come in any order: a busy reader of a thousand
// files polls many times between two turns of one of them, and a reader that waits for its
// data base does not poll at all.

// What was seen to have grown, and was truncated before its turn came, is lost; that nobody
// read it for ten seconds does not make it an idle file.
func TestFollowTruncatedBeforeItsTurn(t *testing.T) {
	r := begun(t)
	r.poll(1 + r.f.pace.idle) // idle, until now
	r.write(3)
	for range 2 * r.f.pace.idle {
		r.f.tick(t.Context())
	}
	r.truncate(0)
	r.wrote = r.wrote[:len(r.wrote)-3]
	r.write(2)
	r.settle()
	r.want(1)
}

// Nobody knows what happened to a file while nobody looked.
func TestFollowTruncatedWhileNobodyLooked(t *testing.T) {
	for _, paused := range []bool{false, true} {
		r := begun(t)
		r.poll(1 + r.f.pace.idle)
		gaps := 0
		if paused {
			r.write(3)
			r.wrote, gaps = r.wrote[:len(r.wrote)-3], 1
			r.f.paused()
		}
		r.truncate(0)
		r.write(2)
		r.settle()
		r.want(gaps)
	}
}

// A line that was left unfinished, and is finished between the last poll and its turn, is whole.
func TestFollowFinishedBeforeItsTurn(t *testing.T) {
	for _, rest := range []string{"and its end\n", "and its end\nand one more\n", strings.Repeat("and its end\n", 30_000), "and more "} {
		for _, name := range []string{"live", "settled"} {
			t.Run(fmt.Sprint(name, len(rest)), func(t *testing.T) {
				r := newRig(t)
				r.opts.Flush = 4 * DefaultPoll
				r.reopen()
				r.start()
				r.write(1)
				r.poll(3)
				if name == "settled" {
					r.rotate()
				}
				r.raw("the beginning ")
				r.poll(3)
				for range r.f.pace.settle {
					r.f.tick(t.Context())
				}
				r.raw(rest)
				r.drain(1 << 20)
				r.poll(2)
				if strings.HasSuffix(rest, "\n") {
					if len(r.parts) > 0 || strings.Join(r.got[1:], "") != "the beginning "+rest {
						t.Errorf("got %d lines, parts %.60q", len(r.got), r.parts)
					}
				} else if len(r.parts) > 0 {
					t.Errorf("got parts %q, but it was written to just now", r.parts)
				}
			})
		}
	}
}

// The worker that held a rotated file for ten minutes writes its last line between the last
// poll and the file's turn.
func TestFollowLingererWritesBeforeItsTurn(t *testing.T) {
	r := begun(t)
	r.write(1)
	r.poll(3)
	r.rotate()
	old := r.w
	w, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	must(t, err)
	r.w = w
	r.write(1)
	r.poll(r.f.pace.settle + 3)
	for range r.f.pace.linger {
		r.f.tick(t.Context())
	}
	r.w = old
	r.write(1)
	r.w = w
	r.drain(100)
	must(t, old.Close())
	r.settle()
	r.want(0)
}

// A path that a pattern led to is let go when it has been gone for ten minutes, but not while
// somebody goes on writing to its file, or the file is there under another name.
func TestFollowLetsGonePathsGo(t *testing.T) {
	r := newRig(t)
	dir := filepath.Dir(r.path)
	r.args = []string{dir}
	r.reopen()
	r.start()
	r.write(2)
	r.poll(3)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	must(t, os.Rename(r.path, elsewhere))
	for range r.f.pace.linger / 100 {
		r.poll(200)
		r.write(1)
	}
	r.poll(10)
	r.want(0)
	must(t, r.w.Close())
	r.poll(r.f.pace.linger + 10)
	if len(r.f.tracks) != 1 {
		t.Errorf("the file is there, under a name that is not followed; who forgets it reads it again if it comes back")
	}
	must(t, os.Remove(elsewhere))
	for range 2 * r.f.pace.linger {
		r.f.tick(t.Context())
		r.drain(1)
	}
	if n := len(r.f.tracks) + len(r.f.paths) + len(r.f.tracked); n != 0 {
		t.Errorf("%d tracks and paths are left: %q", n, r.f.Paths())
	}
	r.reopen()
	r.write(2)
	r.poll(5)
	r.want(0)
}

// A file that got another name inside of a followed directory is the same file, also to the
// next Follower, and when its old name is forgotten.
func TestFollowRenamedInsideOfADirectory(t *testing.T) {
	for _, name := range []string{"error.log-20261122", "shop.log"} {
		for _, when := range []string{"running", "between", "forgotten"} {
			t.Run(name+" "+when, func(t *testing.T) {
				r := newRig(t)
				dir := filepath.Dir(r.path)
				r.args = []string{dir}
				r.reopen()
				r.start()
				r.write(20)
				r.poll(5)
				next := filepath.Join(dir, name)
				switch when {
				case "running":
					must(t, os.Rename(r.path, next))
					r.poll(10)
				case "forgotten":
					must(t, os.Rename(r.path, next))
					r.poll(3 * r.f.pace.linger)
				case "between":
					r.kill()
					must(t, os.Rename(r.path, next))
					r.f = newFollower(r.args, r.opts)
				}
				r.write(3)
				r.poll(10)
				r.start()
				r.poll(10)
				r.write(3)
				r.poll(10)
				r.want(0)
			})
		}
	}
}
