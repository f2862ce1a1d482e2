package source

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A history is a seeded sequence of what happens to a log and its reader.
type history struct {
	*rig
	rand    *rand.Rand
	log     []string // what happened, for the message
	half    string   // the rest of a line that is half written
	lossy   bool     // something happened that may lose lines: a Gap is due, or allowed
	vague   bool     // a Gap is allowed although nothing is missing
	held    bool     // the writer still has the renamed or deleted file
	looked  bool     // the path's file was seen by the Follower, with a line in it
	packed  bool     // a file was compressed
	polled  bool     // a poll has seen the path's file with a line in it, which was not read yet
	cut     bool     // the path's file was truncated, and no poll has been since
	blind   bool     // a file that nobody saw, or that was empty when it was seen, was deleted
	unlinks bool     // some file was deleted: a restart may come too late for it
	deleted bool     // no name leads to what the writer writes
}

func (h *history) did(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

// look notes that a poll was made. Of a file without a line the Follower knows next to nothing.
func (h *history) look() {
	data, _ := os.ReadFile(h.path)
	h.cut = false
	h.looked = strings.Contains(string(data), "\n")
}

// finish completes a line that is half written.
func (h *history) finish() {
	if h.half != "" {
		h.raw(h.half)
		h.half = ""
	}
}

func (h *history) exists() bool {
	_, err := os.Stat(h.path)
	return err == nil
}

// moves are what can happen; ok is false if it cannot happen now.
var moves = []struct {
	name   string
	weight int
	alive  bool // needs a Follower
	do     func(h *history) bool
}{
	{"write", 30, false, func(h *history) bool {
		h.finish()
		h.write(1 + h.rand.IntN(5))
		return true
	}},
	{"write half", 6, false, func(h *history) bool {
		h.finish()
		line := h.next()
		n := 1 + h.rand.IntN(len(line)-1)
		h.raw(line[:n])
		h.half = line[n:]
		h.wrote = append(h.wrote, line)
		return true
	}},
	{"poll", 25, true, func(h *history) bool {
		h.rig.poll(1)
		h.look()
		return true
	}},
	{"poll, take one", 5, true, func(h *history) bool {
		h.f.tick(h.t.Context())
		h.drain(1)
		h.look()
		return true
	}},
	{"long pause", 3, true, func(h *history) bool {
		h.rig.poll(10)
		h.look()
		return true
	}},
	{"rename", 8, false, func(h *history) bool {
		if h.held || !h.exists() {
			return false
		}
		h.rotate()
		h.held, h.looked = true, false
		return true
	}},
	{"create", 4, false, func(h *history) bool {
		if !h.held || h.exists() {
			return false
		}
		must(h.t, os.WriteFile(h.path, nil, 0o644))
		h.touch(h.path)
		return true
	}},
	{"reopen", 12, false, func(h *history) bool {
		if !h.held {
			return false
		}
		h.finish()
		h.reopen()
		h.held, h.deleted, h.looked = false, false, false
		return true
	}},
	{"copytruncate", 5, false, func(h *history) bool {
		if h.held || !h.exists() || h.half != "" {
			return false
		}
		h.copytruncate(nil)
		h.vague, h.looked = true, false
		return true
	}},
	{"copytruncate under load", 2, false, func(h *history) bool {
		if h.held || !h.exists() || h.half != "" {
			return false
		}
		h.copytruncate(func() { h.write(1 + h.rand.IntN(3)) })
		h.lossy, h.blind, h.looked = true, h.blind || !h.looked, false
		h.cut = true
		return true
	}},
	{"truncate", 2, false, func(h *history) bool {
		if h.held || !h.exists() || h.half != "" {
			return false
		}
		h.truncate(0)
		h.lossy, h.blind, h.looked = true, h.blind || !h.looked, false
		h.cut = true
		return true
	}},
	{"delete", 2, false, func(h *history) bool {
		if h.held || !h.exists() {
			return false
		}
		h.blind = h.blind || !h.looked // nothing is left that could tell of it
		must(h.t, os.Remove(h.path))
		h.held, h.deleted, h.unlinks, h.looked = true, true, true, false
		h.vague = true
		return true
	}},
	{"compress", 6, false, func(h *history) bool {
		n := 1 + h.rand.IntN(3)
		if _, err := os.Stat(fmt.Sprintf("%s.%d", h.path, n)); err != nil || n == 1 && h.held {
			return false
		}
		h.compress(n)
		h.packed = true
		return true
	}},
	{"remove rotated", 1, false, func(h *history) bool {
		n := 1 + h.rand.IntN(3)
		if n == 1 && h.held {
			return false
		}
		if os.Remove(fmt.Sprintf("%s.%d", h.path, n)) != nil && os.Remove(fmt.Sprintf("%s.%d.gz", h.path, n)) != nil {
			return false
		}
		h.lossy, h.blind = true, h.blind || !h.looked
		return true
	}},
	{"kill and restart", 8, true, func(h *history) bool {
		h.start()
		h.down()
		return true
	}},
}

// down notes what a restart does to a file that has no name any more.
func (h *history) down() {
	if info, err := os.Stat(h.path); err == nil && h.cut && len(h.opts.Start) > 0 {
		// What was truncated had not been begun, so no Position knows of it.
		number := fileID(info).number
		h.blind = h.blind || h.opts.Start[len(h.opts.Start)-1].Inode != number
	}
	h.looked = false
	for _, p := range h.opts.Start {
		h.vague = h.vague || p.Offset == 0 // an empty file is known by its number only
	}
	if h.unlinks {
		h.lossy = true
		h.blind = h.blind || len(h.opts.Start) == 0 || h.opts.Start[len(h.opts.Start)-1].Offset == 0
	}
}

// die is a restart later: things happen in between.
func (h *history) die() {
	h.did("die")
	h.kill()
	for range h.rand.IntN(8) {
		m := &moves[h.rand.IntN(len(moves))]
		if m.alive || !m.do(h) {
			continue
		}
		h.did("  meanwhile %s", m.name)
		h.down()
	}
	h.down()
	h.f = newFollower(h.args, h.opts)
}

func (h *history) move() {
	sum := 0
	for _, m := range moves {
		sum += m.weight
	}
	if h.rand.IntN(25) == 0 {
		h.die()
		return
	}
	n := h.rand.IntN(sum)
	for i := range moves {
		if n -= moves[i].weight; n < 0 {
			at := len(h.log)
			if moves[i].do(h) {
				h.log = slices.Insert(h.log, at, moves[i].name)
			}
			return
		}
	}
}

// verdict compares what was written with what was delivered.
func (h *history) verdict() error {
	wrote := map[string]int{}
	for i, l := range h.wrote {
		wrote[l] = i
	}
	seen := map[string]bool{}
	last := -1
	for _, l := range h.got {
		i, ok := wrote[l]
		switch {
		case !ok:
			return fmt.Errorf("broken line %q", l)
		case seen[l]:
			return fmt.Errorf("line %d came twice", i+1)
		case i < last && !h.blind:
			return fmt.Errorf("line %d came after line %d", i+1, last+1)
		}
		seen[l], last = true, i
	}
	for i, l := range h.wrote {
		if !seen[l] && len(h.gaps) == 0 && !h.blind {
			return fmt.Errorf("line %d is missing, and no gap was told", i+1)
		}
		if !seen[l] && !h.lossy && !h.blind {
			return fmt.Errorf("line %d is missing: %+v", i+1, h.gaps)
		}
	}
	// An empty file that was compressed is not known again, and its number is given to the
	// next: after a restart that looks as if the file had been truncated.
	reused := h.packed
	if len(h.gaps) > 0 && !h.lossy && !h.vague && !reused {
		return fmt.Errorf("a gap was told, and nothing happened: %+v", h.gaps)
	}
	for _, p := range h.parts {
		return fmt.Errorf("unfinished line %q", p)
	}
	return nil
}

// TestFollowModel plays random histories; no line may be missing without a Gap, none may
// come twice, broken or out of order.
func TestFollowModel(t *testing.T) {
	seeds(t, 1000, play)
}

// seeds plays n histories, others than the usual ones if FOLLOW_SEED is set.
func seeds(t *testing.T, n int, play func(t *testing.T, seed uint64)) {
	base, _ := strconv.ParseUint(os.Getenv("FOLLOW_SEED"), 10, 64)
	if testing.Short() {
		n /= 5
	}
	for seed := range uint64(n) {
		seed += base
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { play(t, seed) }) {
			return
		}
	}
}

func play(t *testing.T, seed uint64) {
	h := &history{rig: newRig(t), rand: rand.New(rand.NewPCG(seed, 1))}
	h.reopen()
	h.start()
	h.rig.poll(1)
	for range 10 + h.rand.IntN(40) {
		h.move()
	}
	h.finish()
	h.reopen()
	h.settle()
	if err := h.verdict(); err != nil {
		t.Errorf("%v\n%s\n%s", err, strings.Join(append(h.log, h.trace...), "\n"), diff(h.wrote, h.got))
	}
}
