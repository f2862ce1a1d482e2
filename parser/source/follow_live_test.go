//go:build unix

package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestFollow23Patterns(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	r.path = filepath.Join(dir, "sub", "a.log")
	r.args = []string{dir, filepath.Join(dir, "*", "*.log")}
	r.opts.FromStart = false
	must(t, os.WriteFile(filepath.Join(dir, "old.txt"), []byte("old\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "b.log.1"), []byte("rotated\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "c.log.2.gz"), gz(t, []byte("rotated\n")), 0o644))
	r.start()
	r.poll(1)
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	r.write(3) // a new file is read from its first byte
	r.poll(5)
	r.want(0)
	must(t, os.Rename(r.path, filepath.Join(dir, "sub", "moved away")))
	r.write(2)
	r.poll(1)
	r.reopen()
	r.write(2)
	r.settle()
	r.want(0)
	must(t, os.RemoveAll(filepath.Join(dir, "sub")))
	r.poll(10)
	must(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	r.reopen()
	r.write(3)
	r.poll(10)
	r.want(0)
	if want := []string{filepath.Join(dir, "old.txt"), r.path}; !slices.Equal(r.f.Paths(), want) {
		t.Errorf("got %q, want %q", r.f.Paths(), want)
	}
}

func TestFollowNamesWhatIsRotated(t *testing.T) {
	present := map[string]bool{"/l/error.log": true, "/l/catalog.log": true}
	f := func(name string, want bool) {
		t.Helper()
		if got := isRotated("/l/", name, present); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	f("error.log", false)
	f("error.log.1", true)
	f("error.log.2.gz", true)
	f("error.log-20261122", true)
	f("catalog.2.log", true)
	f("web.1.log", false)             // no web.log: a process's number
	f("access-20261122.log", false)   // no access.log: a log of its own
	f("access-20261122.log.gz", true) // finished
	f("app.log.old", true)            // put aside
	f("redis.6379", false)            // a port
	f("other.log.1", true)            // its log may come
	g := func(base, name string, want bool) {
		t.Helper()
		if _, got := siblingOf(base, name); got != want {
			t.Errorf("%s of %s: got %v", name, base, got)
		}
	}
	g("error.log", "error.log.1", true)
	g("error.log", "error.log.13.gz", true)
	g("error.log", "error.log-20261122.zst", true)
	g("error.log", "error-20261122.log", true)
	g("error.log", "access.log.1", false)
	g("error.log", "error.log.bak", true)
	g("access-20261122.log", "access-20261121.log", false)
	g("access-20261122.log", "access-20261122.log.1", true)
	g("access-20261122.log", "access-20261122.log.gz", true)
}

// TestFollow24LimitsUsedUp stands for fs.inotify limits of 1: the library cannot be had.
func TestFollow24LimitsUsedUp(t *testing.T) {
	doors.Lock()
	doors.dead = true
	doors.Unlock()
	defer func() { doors.dead = false }()
	dir := t.TempDir()
	var notes []Notice
	f := Follow([]string{dir}, FollowOptions{Poll: 100 * time.Millisecond, FromStart: true, Notify: func(n Notice) { notes = append(notes, n) }})
	defer f.Close()
	const files, active = 1000, 10
	for i := range files {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.txt", i)), []byte("first\n"), 0o644))
	}
	count := func(n int) {
		t.Helper()
		for got := 0; got < n; {
			c, err := f.Next(t.Context())
			must(t, err)
			got += strings.Count(string(c.Data), "\n")
		}
	}
	count(files)
	for i := range active {
		w, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("%d.txt", i*100)), os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		fmt.Fprintln(w, "second")
		w.Close()
	}
	count(active)
	said := slices.IndexFunc(notes, func(n Notice) bool { return errors.Is(n.Err, errNoWatcher) })
	if said < 0 || len(notes) != 1 {
		t.Errorf("got %v, want one Notice of polling", notes)
	}
}

// TestFollow25Burst writes to many files at once with inotify on. Each line must come.
func TestFollow25Burst(t *testing.T) {
	dir := t.TempDir()
	const files, each = 50, 40
	var writers []*os.File
	for i := range files {
		w, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.txt", i)))
		must(t, err)
		defer w.Close()
		writers = append(writers, w)
	}
	f := Follow([]string{dir}, FollowOptions{FromStart: true, Poll: 20 * time.Millisecond})
	defer f.Close()
	go func() {
		for i := range each {
			for _, w := range writers {
				fmt.Fprintln(w, i)
			}
		}
	}()
	next := map[string]int{}
	for n := 0; n < files*each; {
		c, err := f.Next(t.Context())
		must(t, err)
		for l := range strings.FieldsSeq(string(c.Data)) {
			if l != fmt.Sprint(next[c.Path]) {
				t.Fatalf("%s: got %s, want %d", c.Path, l, next[c.Path])
			}
			next[c.Path]++
			n++
		}
	}
}

func TestFollow29TroubleThatPasses(t *testing.T) {
	r := begun(t)
	r.rotate()
	must(t, os.Symlink(r.path, r.path)) // ELOOP: a stat that fails, and not by "not exist"
	r.poll(8)
	r.write(2)
	r.poll(2)
	must(t, os.Remove(r.path))
	r.reopen()
	r.write(2)
	r.poll(12)
	r.want(0)
	if len(r.notes) != 2 || !errors.Is(r.notes[0].Err, syscall.ELOOP) || r.notes[1].Err != nil {
		t.Errorf("got %v, want the trouble and its end, each once", r.notes)
	}
	r.f.tracks[0].live().file.Close() // reads fail, as with EIO or ESTALE
	r.write(3)
	r.rotate()
	r.write(3)
	r.reopen()
	r.poll(20)
	r.want(0)
}

func TestFollowWaitsForAMissingFile(t *testing.T) {
	r := newRig(t)
	r.opts.FromStart = false
	r.start()
	r.poll(3)
	if len(r.notes) != 1 || !errors.Is(r.notes[0].Err, os.ErrNotExist) {
		t.Errorf("got %v", r.notes)
	}
	r.write(3)
	r.settle()
	r.want(0)
}

func TestFollow30FIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	f := Follow([]string{path}, FollowOptions{Poll: time.Millisecond})
	defer f.Close()
	for i := range 3 { // the writer ends and comes back
		go func() {
			w, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				fmt.Fprintf(w, "%d first\n%d sec", i, i)
				fmt.Fprintf(w, "ond\n%d unfinished", i)
				w.Close()
			}
		}()
		text, part := "", false
		for !part {
			c, err := f.Next(t.Context())
			must(t, err)
			text, part = text+string(c.Data), c.Partial
		}
		if want := fmt.Sprintf("%d first\n%d second\n%d unfinished", i, i, i); text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	}
}

func TestFollow30StandardInput(t *testing.T) {
	long := strings.Repeat("l", 3*blockBytes)
	lines := strings.Repeat("a line of some length\n", 50_000)
	in := io.MultiReader(strings.NewReader("one\n"), strings.NewReader(lines), strings.NewReader(long+"\nlast\nno newline"))
	f := Follow([]string{"-"}, FollowOptions{Stdin: in})
	defer f.Close()
	var text strings.Builder
	var parts []int
	offset := int64(0)
	for {
		c, err := f.Next(t.Context())
		if err == io.EOF {
			break
		}
		must(t, err)
		if c.Offset < offset {
			t.Fatalf("offset %d after %d", c.Offset, offset)
		}
		offset = c.Offset + int64(len(c.Data))
		text.Write(c.Data)
		if c.Partial {
			parts = append(parts, len(c.Data))
		}
	}
	want := "one\n" + lines + long[:blockBytes] + "last\nno newline"
	if text.String() != want || !slices.Equal(parts, []int{blockBytes, 10}) {
		t.Errorf("got %d bytes, parts %v, want %d", text.Len(), parts, len(want))
	}
	if total := int64(4 + len(lines) + len(long) + 1 + 5 + 10); offset != total {
		t.Errorf("ends at %d, want %d", offset, total)
	}
}

func TestFollow31SlowConsumerCostsNoMemory(t *testing.T) {
	r := begun(t)
	r.write(1)
	for range 40 {
		r.raw(strings.Repeat("a line that is written while nobody reads\n", 25_000))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for range 100 {
		r.f.tick(t.Context())
	}
	for {
		var c Chunk
		if !r.f.step(t.Context(), &c) {
			break
		}
		n += len(c.Data)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("allocated %d bytes for %d", grown, n)
	}
}

// TestFollow33Years lets 3000 rotations pass.
func TestFollow33Years(t *testing.T) {
	r := begun(t)
	fds := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip(err)
		}
		return len(all)
	}
	before, routines := fds(), runtime.NumGoroutine()
	for range 3000 {
		must(t, os.Rename(r.path, r.path+".1"))
		r.write(1)
		r.reopen()
		r.write(1)
		r.poll(2)
	}
	r.settle()
	r.want(0)
	if n := fds(); n > before {
		t.Errorf("%d files open, %d at first", n, before)
	}
	if n := runtime.NumGoroutine(); n > routines {
		t.Errorf("%d goroutines, %d at first", n, routines)
	}
}

func TestFollow34StopsAtOnce(t *testing.T) {
	for _, args := range [][]string{{"missing"}, {"fifo"}, {"-"}, {"present"}} {
		dir := t.TempDir()
		must(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "present"), []byte("x\n"), 0o644))
		in, out := io.Pipe()
		if args[0] != "-" {
			args[0] = filepath.Join(dir, args[0])
		}
		f := Follow(args, FollowOptions{Stdin: in})
		ctx, cancel := context.WithCancel(context.Background())
		stopped := make(chan error)
		go func() {
			for { // what is there already may still be given
				if _, err := f.Next(ctx); err != nil {
					stopped <- err
					return
				}
			}
		}()
		cancel()
		if err := <-stopped; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v", args, err)
		}
		must(t, f.Close())
		out.Close()
	}
}

func TestFollow35SameFileTwice(t *testing.T) {
	r := newRig(t)
	r.reopen()
	link, hard := r.path+"-link", r.path+"-hard"
	must(t, os.Symlink(r.path, link))
	must(t, os.Link(r.path, hard))
	r.args = []string{r.path, link, hard, r.path, filepath.Join(filepath.Dir(r.path), "error*")}
	r.start()
	r.write(3)
	r.poll(10)
	r.want(0)
	if !slices.Equal(r.f.Paths(), []string{r.path}) {
		t.Errorf("got %q", r.f.Paths())
	}
}

// TestFollowWakesBetweenPolls has a poll of an hour: what comes, inotify has told. A
// copytruncate is seen too; a new file is not until the next poll.
func TestFollowWakesBetweenPolls(t *testing.T) {
	if canNotify() != nil || runtime.GOOS != "linux" {
		t.Skip("no inotify")
	}
	r := newRig(t)
	r.opts.Poll = time.Hour
	r.reopen()
	r.f = Follow(r.args, r.opts)
	other := Follow(r.args, r.opts) // of the same path
	r.write(1)
	r.collect(t.Context(), 1)
	if c, err := other.Next(t.Context()); err != nil || string(c.Data) != r.wrote[0] {
		t.Fatal(c, err)
	}
	must(t, other.Close())
	for i := range 20 {
		if i%5 == 4 {
			r.copytruncate(nil)
		}
		r.write(1)
		r.collect(t.Context(), len(r.wrote))
	}
	r.want(len(r.gaps))
}

// TestFollowLeavesNothingBehind counts goroutines; the library's two stay, once.
func TestFollowLeavesNothingBehind(t *testing.T) {
	round := func() {
		r := newRig(t)
		must(t, syscall.Mkfifo(r.path+".fifo", 0o600))
		r.args = append(r.args, r.path+".fifo", filepath.Dir(r.path))
		r.reopen()
		r.f = Follow(r.args, r.opts)
		r.write(2)
		r.collect(t.Context(), 2)
		must(t, r.f.Close())
	}
	round()
	before := runtime.NumGoroutine()
	for range 5 {
		round()
	}
	for range 1_000_000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestFollowPolls runs the clock: without inotify a line comes with the next poll.
func TestFollowPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.opts.PollOnly = true
		r.reopen()
		r.f = Follow(r.args, r.opts)
		go func() {
			for range 10 {
				time.Sleep(time.Second + DefaultPoll/2) // the bubble's clock
				r.write(1)
			}
		}()
		start := time.Now()
		for i := range 10 {
			r.collect(t.Context(), i+1)
			wrote := time.Duration(i+1) * (time.Second + DefaultPoll/2)
			if late := time.Since(start) - wrote; late < 0 || late > DefaultPoll {
				t.Errorf("line %d is %v late", i, late)
			}
		}
		synctest.Wait()
		r.want(0)
	})
}

func BenchmarkFollow(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "error.log")
	text := logText(1_000_000)
	must(b, os.WriteFile(path, text, 0o644))
	lines := strings.Count(string(text), "\n")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		f := newFollower([]string{path}, FollowOptions{FromStart: true})
		n := 0
		for {
			var c Chunk
			if !f.step(b.Context(), &c) {
				break
			}
			n += len(c.Data)
		}
		if n != len(text) {
			b.Fatalf("read %d of %d bytes", n, len(text))
		}
		f.Close()
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkFollowIdle is one poll of 1000 files that nobody writes to.
func BenchmarkFollowIdle(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		must(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.txt", i)), []byte("line\n"), 0o644))
	}
	f := newFollower([]string{dir}, FollowOptions{})
	defer f.Close()
	for range 5 {
		f.tick(b.Context())
		for f.step(b.Context(), new(Chunk)) {
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		f.tick(b.Context())
		f.step(b.Context(), new(Chunk))
	}
}
