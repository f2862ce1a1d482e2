package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A rig is a log, its writer and a Follower that is polled by hand.
type rig struct {
	t     testing.TB
	path  string
	opts  FollowOptions
	w     *os.File
	seq   int
	wrote []string
	got   []string
	past  []string // what was read back
	parts []string // unterminated lines as delivered
	gaps  []Gap
	notes []Notice
	f     *Follower
	args  []string
	clock time.Time
	trace []string
	mark  string // ends each line
}

// touch gives a file a time that moves with every change: file systems stamp by a clock
// of 4 ms, and these tests do in one tick what takes minutes.
func (r *rig) touch(path string) {
	r.t.Helper()
	r.clock = r.clock.Add(time.Second)
	must(r.t, os.Chtimes(path, r.clock, r.clock))
}

func (r *rig) touchWriter() { r.touch(fmt.Sprintf("/proc/self/fd/%d", r.w.Fd())) }

func newRig(t testing.TB) *rig {
	r := &rig{t: t, clock: moment, path: filepath.Join(t.TempDir(), "error.log")}
	r.args = []string{r.path}
	r.opts.FromStart = true
	r.opts.Notify = func(n Notice) { r.notes = append(r.notes, n) }
	t.Cleanup(func() {
		r.f.Close()
		r.w.Close()
	})
	return r
}

// start makes the Follower; it begins where the last one stopped.
func (r *rig) start() {
	if r.f != nil {
		r.kill()
	}
	r.f = newFollower(r.args, r.opts)
}

// kill ends the Follower at once. The Positions go through what a data base keeps of them.
func (r *rig) kill() {
	r.t.Helper()
	r.opts.Start = nil
	for _, p := range r.f.Positions() {
		back, err := ParsePosition(p.Path, p.Device, p.Inode, p.Offset, p.Fingerprint())
		must(r.t, err)
		if back.Seen.Equal(p.Seen) {
			back.Seen = p.Seen
		}
		if back != p {
			r.t.Fatalf("position %+v came back as %+v", p, back)
		}
		r.opts.Start = append(r.opts.Start, back)
		r.trace = append(r.trace, fmt.Sprintf("%4d lines written: stop at %+v", r.seq, p))
	}
	must(r.t, r.f.Close())
}

// reopen gives the writer the file that has the path's name, as nginx does at USR1.
func (r *rig) reopen() {
	r.t.Helper()
	r.w.Close()
	w, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	must(r.t, err)
	r.w = w
	if info, err := w.Stat(); err == nil && info.Size() == 0 {
		r.touchWriter()
	}
}

// next is a line that no other is like.
func (r *rig) next() string {
	r.seq++
	return fmt.Sprintf("2026/11/22 14:25:%02d [error] 12#12: *%d connect() failed %s%s\n", r.seq%60, r.seq, strings.Repeat("x", r.seq*7%90), r.mark)
}

// write writes n lines.
func (r *rig) write(n int) {
	r.t.Helper()
	for range n {
		line := r.next()
		r.raw(line)
		r.wrote = append(r.wrote, line)
	}
}

func (r *rig) raw(text string) {
	r.t.Helper()
	if r.w == nil {
		r.reopen()
	}
	_, err := r.w.WriteString(text)
	must(r.t, err)
	r.touchWriter()
}

// rotate shifts error.log.1 to .2 and so on, and renames the log to error.log.1.
func (r *rig) rotate() {
	r.t.Helper()
	r.shift()
	must(r.t, os.Rename(r.path, r.path+".1"))
}

func (r *rig) shift() {
	for i := 30; i > 0; i-- {
		for _, end := range []string{"", ".gz"} {
			os.Rename(fmt.Sprintf("%s.%d%s", r.path, i, end), fmt.Sprintf("%s.%d%s", r.path, i+1, end))
		}
	}
}

// copytruncate does what logrotate does; between is called when the copy is complete.
func (r *rig) copytruncate(between func()) {
	r.t.Helper()
	r.shift()
	data, err := os.ReadFile(r.path)
	must(r.t, err)
	must(r.t, os.WriteFile(r.path+".1", data, 0o644))
	r.touch(r.path + ".1")
	if between != nil {
		between()
	}
	r.truncate(0)
}

func (r *rig) truncate(size int64) {
	r.t.Helper()
	must(r.t, os.Truncate(r.path, size))
	r.touch(r.path)
}

// compress is gzip's: the new file has the old one's times.
func (r *rig) compress(n int) {
	r.t.Helper()
	name := fmt.Sprintf("%s.%d", r.path, n)
	data, err := os.ReadFile(name)
	must(r.t, err)
	info, err := os.Stat(name)
	must(r.t, err)
	must(r.t, os.WriteFile(name+".gz", gz(r.t, data), 0o644))
	must(r.t, os.Chtimes(name+".gz", info.ModTime(), info.ModTime()))
	must(r.t, os.Remove(name))
}

// poll lets n polls pass.
func (r *rig) poll(n int) {
	r.t.Helper()
	for range n {
		r.f.tick(context.Background())
		r.drain(1 << 30)
	}
}

// drain takes up to n Chunks.
func (r *rig) drain(n int) {
	r.t.Helper()
	for range n {
		var c Chunk
		if !r.f.step(context.Background(), &c) {
			return
		}
		r.keep(c)
	}
}

func (r *rig) keep(c Chunk) {
	r.t.Helper()
	r.trace = append(r.trace, fmt.Sprintf("%4d lines written: inode %d offset %d, %d bytes, gap %+v", r.seq, c.From.Inode, c.Offset, len(c.Data), c.Gap))
	if c.Gap != nil {
		r.gaps = append(r.gaps, *c.Gap)
	}
	for line := range bytes.Lines(c.Data) {
		if c.Past {
			r.past = append(r.past, string(line))
			continue
		}
		if line[len(line)-1] == '\n' {
			r.got = append(r.got, string(line))
		} else if r.parts = append(r.parts, string(line)); !c.Partial {
			r.t.Errorf("%s: unfinished %.80q is not marked", c.Path, line)
		}
	}
	if c.Partial && bytes.HasSuffix(c.Data, []byte("\n")) {
		r.t.Errorf("%s: %.80q is marked as unfinished", c.Path, c.Data)
	}
	if c.Data == nil && c.Gap == nil {
		r.t.Errorf("%s: a Chunk of nothing", c.Path)
	}
}

// settle polls until everything that can come has come.
func (r *rig) settle() { r.poll(12) }

// want compares the ledgers.
func (r *rig) want(gaps int) {
	r.t.Helper()
	if !slices.Equal(r.got, r.wrote) {
		r.t.Error(diff(r.wrote, r.got))
	}
	if len(r.gaps) != gaps {
		r.t.Errorf("got %d gaps %+v, want %d", len(r.gaps), r.gaps, gaps)
	}
}

// diff tells in one line how ledgers differ.
func diff(want, got []string) string {
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	strange, twice, missing := "", "", ""
	nStrange, nTwice, nMissing := 0, 0, 0
	for _, l := range got {
		if n, ok := count[l]; !ok {
			strange, nStrange = l, nStrange+1
		} else if n == 0 {
			twice, nTwice = l, nTwice+1
		}
		count[l] = max(count[l]-1, 0)
	}
	for _, l := range want {
		if count[l] > 0 {
			missing, nMissing = l, nMissing+1
			count[l]--
		}
	}
	return fmt.Sprintf("wrote %d lines, got %d: %d missing (%.50q), %d twice (%.50q), %d broken (%.80q); if all 0, the order differs",
		len(want), len(got), nMissing, missing, nTwice, twice, nStrange, strange)
}

// collect calls Next until n lines have come.
func (r *rig) collect(ctx context.Context, n int) {
	r.t.Helper()
	for len(r.got) < n {
		c, err := r.f.Next(ctx)
		if err == io.EOF {
			return
		}
		must(r.t, err)
		r.keep(c)
	}
}
