package source

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A fleet is several histories that one Follower reads. Polls, wakes and reads come in any
// order, as with a reader that is busy with other files or waits for its data base.
type fleet struct {
	t    *testing.T
	rand *rand.Rand
	all  []*history
	opts FollowOptions
	args []string
	f    *Follower
}

// newFleet makes n logs in one directory, whose lines begin alike, and whose files may.
func newFleet(t *testing.T, seed uint64, n int) *fleet {
	fl := &fleet{t: t, rand: rand.New(rand.NewPCG(seed, 2))}
	dir := t.TempDir()
	for i := range n {
		h := &history{rig: newRig(t), rand: fl.rand}
		h.path = filepath.Join(dir, []string{"error.log", "error.log-shop", "shop-error.log", "access.log"}[i])
		h.mark = fmt.Sprint(" of ", i)
		h.clock = time.Now() // files are born by it
		h.reopen()
		fl.all = append(fl.all, h)
		fl.args = append(fl.args, h.path)
	}
	if fl.rand.IntN(2) == 0 {
		fl.args = []string{dir}
	}
	fl.opts = fl.all[0].opts
	fl.begin(nil)
	return fl
}

// begin makes a Follower, which all rigs have.
func (fl *fleet) begin(start []Position) {
	fl.opts.Start = start
	fl.f = newFollower(fl.args, fl.opts)
	for _, h := range fl.all {
		h.f = fl.f
		h.opts.Start = nil
		for _, p := range start {
			if p.Path == h.path {
				h.opts.Start = append(h.opts.Start, p)
			}
		}
	}
}

// tick is a poll without a read.
func (fl *fleet) tick() {
	fl.f.tick(context.Background())
	for _, h := range fl.all {
		data, _ := os.ReadFile(h.path)
		h.polled = bytes.IndexByte(data, '\n') >= 0 && fl.f.tracked[h.path] != nil // a directory is expanded once a second
	}
}

// read takes up to n Chunks. If nothing is left, all that was looked at is known.
func (fl *fleet) read(n int) {
	for range n {
		var c Chunk
		if !fl.f.step(context.Background(), &c) {
			for _, h := range fl.all {
				if h.polled {
					h.look()
				}
			}
			return
		}
		for _, h := range fl.all {
			if h.path == c.Path {
				h.keep(c)
			}
		}
	}
}

// everything is more Chunks than there ever are.
const everything = 1 << 30

func (fl *fleet) did(format string, args ...any) {
	for _, h := range fl.all {
		h.did(format, args...)
	}
}

// die is a restart, and what happens in between.
func (fl *fleet) die() {
	fl.did("die")
	start := fl.f.Positions()
	for _, p := range fl.opts.Start { // a data base keeps what is not replaced
		if !slices.ContainsFunc(start, func(q Position) bool { return q.Path == p.Path }) {
			start = append(start, p)
		}
	}
	for _, p := range start {
		fl.did("  stop at %+v", p)
	}
	must(fl.t, fl.f.Close())
	fl.begin(start)
	for range fl.rand.IntN(8) {
		fl.write(true)
	}
	for _, h := range fl.all {
		h.down()
	}
}

// write is what a log's own side does.
func (fl *fleet) write(down bool) {
	h := fl.all[fl.rand.IntN(len(fl.all))]
	sum := 0
	for _, m := range moves {
		if !m.alive {
			sum += m.weight
		}
	}
	n := fl.rand.IntN(sum)
	for _, m := range moves {
		if m.alive {
			continue
		}
		if n -= m.weight; n < 0 {
			if m.do(h) {
				h.did("%s, %d lines by now", m.name, h.seq)
				h.polled = h.polled && strings.HasPrefix(m.name, "write")
				if down {
					h.down()
				}
			}
			return
		}
	}
}

func (fl *fleet) move() {
	switch n := fl.rand.IntN(100); {
	case n < 50:
		fl.write(false)
	case n < 65:
		fl.did("poll")
		fl.tick()
	case n < 68:
		fl.did("polls")
		for range 10 {
			fl.tick()
		}
	case n < 82:
		fl.did("read some")
		fl.read(1 + fl.rand.IntN(4))
	case n < 88:
		fl.did("poll, read all")
		fl.tick()
		fl.read(everything)
	case n < 94:
		fl.did("wake")
		if len(fl.f.tracks) > 0 {
			if t := fl.f.tracks[fl.rand.IntN(len(fl.f.tracks))]; t.glance(false) {
				t.act(context.Background(), false)
			}
		}
	case n < 95:
		fl.did("nobody looked for a while")
		fl.f.paused()
	default:
		fl.die()
	}
}

// TestFollowModelFleet is TestFollowModel with several logs, whose turns come late.
func TestFollowModelFleet(t *testing.T) {
	seeds(t, 120, func(t *testing.T, seed uint64) {
		fl := newFleet(t, seed, 4)
		fl.tick()
		fl.read(everything)
		for range 20 + fl.rand.IntN(150) {
			fl.move()
		}
		for _, h := range fl.all {
			h.finish()
			h.reopen()
		}
		for range 12 {
			fl.tick()
			fl.read(everything)
		}
		for _, h := range fl.all {
			if err := h.verdict(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", filepath.Base(h.path), err, strings.Join(append(h.log, h.trace...), "\n"), diff(h.wrote, h.got))
			}
		}
		fl.f.Close()
		if n := openFiles(t, filepath.Dir(fl.all[0].path)); n > len(fl.all) { // the writers'
			t.Errorf("%d files are open", n)
		}
	})
}

// openFiles counts those of a directory that this process has open.
func openFiles(t *testing.T, dir string) (n int) {
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	for _, l := range links {
		if to, err := os.Readlink("/proc/self/fd/" + l.Name()); err == nil && strings.HasPrefix(to, dir+"/") {
			n++
		}
	}
	return n
}
