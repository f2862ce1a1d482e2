package source

import (
	"cmp"
	"context"
	"io"
	"path/filepath"
	"slices"
	"time"
)

// Defaults of FollowOptions.
const (
	DefaultPoll     = 250 * time.Millisecond
	DefaultFollowed = 4096
)

const (
	// blockBytes bounds a Chunk and a line.
	blockBytes = 256 << 10
	// settleTime is how long a file that was rotated away must be quiet before the next
	// one is read, if the system cannot tell whether its writer has let go. nginx reopens
	// within milliseconds of USR1, logrotate's postrotate script within a second or two.
	settleTime = 2 * time.Second
	// lingerTime is how long a rotated file is still looked at after that, for the sake
	// of a worker that is shutting down and holds it open.
	lingerTime = 10 * time.Minute
	// idleTime without growth makes a truncation harmless: nobody was writing.
	idleTime = 10 * time.Second
	// calmPolls is how many polls pass between two looks at a file that nobody has written to
	// for ten seconds, and that inotify watches; after eight such looks, four times as many. A
	// thousand of them cost 3.4 % of a core otherwise, nearly all of it stat(2), and 1.2 % without
	// the second step. It is how late a lost event is made up for.
	calmPolls = 8
	// rescanTime is how often patterns are expanded again.
	rescanTime = time.Second
)

// FollowOptions says where to start and what to tell. The zero value is useful.
type FollowOptions struct {
	// FromStart reads files that no Position knows from their first byte. Otherwise those
	// that exist at the start are joined at their last complete line; those that appear
	// later are read from the first byte in any case.
	FromStart bool
	// Start is what Positions gave when an earlier Follower was left. Positions of paths
	// that are not followed are ignored.
	Start []Position
	// Poll is how often files are looked at, whatever inotify says; 0 means 250 ms.
	Poll time.Duration
	// Flush delivers a line without newline, marked Partial, after so long a silence
	// of a file that is still its path's; 0 holds it back until it is complete.
	Flush time.Duration
	// MaxFiles bounds how many paths are followed at once; 0 means 4096.
	MaxFiles int
	// Stdin is what "-" reads.
	Stdin io.Reader
	// Now is time.Now: it turns the kernel's uptimes into times, and tells how long Next was not
	// called. nil does without.
	Now func() time.Time
	// PollOnly does without inotify.
	PollOnly bool
	// Notify is told of what goes wrong and mends itself, each thing once. It is called
	// from Next. nil tells nobody.
	Notify func(Notice)
}

// A Notice says that a path cannot be followed as it should be, or (Err nil) that it can
// again. No line is lost by what Notices tell; what is lost is a Gap.
type Notice struct {
	Path string // empty if it concerns all
	Err  error
}

// A Chunk is a run of complete lines of one file.
type Chunk struct {
	// Path is the followed path, whatever the file is called by now.
	Path string
	// From is where Data begins: a Follower that starts there reads it again.
	From Position
	// Data ends with a newline, unless Partial. It holds up to 256 KiB and is valid until
	// the next call of Next. It is empty if the Chunk only reports a Gap.
	Data []byte
	// Offset is where Data begins in the file, in decompressed bytes; of what has no
	// file, in the stream.
	Offset int64
	// Partial says that the last line of Data lacks its end: the file was left without a
	// newline, or the line is longer than 256 KiB and its rest is passed over.
	Partial bool
	// Gap is what could not be read before Data, nil if nothing is missing.
	Gap *Gap
	// Past says that Data was there before the place where the source is joined or read on:
	// it tells who is who, and is no news.
	Past bool
}

// A Gap is a loss that could not be avoided.
type Gap struct {
	Path string
	// From and To are offsets in the file that lost bytes; -1 is unknown.
	From, To int64
	// Reason is a sentence's end: "the file was truncated before it was read to its end".
	Reason string
	// Since and Until enclose the loss, as the file system tells it: when the file was last
	// seen written before it, and when what follows it was written. Zero is unknown.
	Since, Until time.Time
}

// A Follower reads lines as they are written, from any number of files and from what is
// no file (follow_pipe.go). It is used from one goroutine; it starts none but one for each
// of the latter and each watched file.
//
// Next polls, or is woken by inotify (follow_wake.go). A poll compares each path with the
// file that is open (follow_track.go), a read compares the bytes before its offset with
// those it has read (follow_file.go). When a path leads to another file, or the bytes
// are others, follow_resume.go looks among the rotated files for where to go on; so it does
// with the Positions of an earlier run. follow_find.go knows a file again: by its number and
// its content, or by its content alone if it was copied or compressed.
//
// Why not a library that reads: used plainly, hpcloud/tail v1.0.0 loses all that nginx
// writes between a rename and USR1 (1000 lines of 1000), and reads 0.75 million lines a
// second; this reads 129 million (15 GB/s, from the page cache).
//
// What nobody can know after the fact: a file that came, was written and was deleted
// between two polls; lines of an empty file that was deleted, if the next file gets its
// number. What may be a false alarm: after a restart, a number that was given to a new
// file looks like a truncation; a Gap is told then, though nothing is missing.
type Follower struct {
	opts       FollowOptions
	pace       pace
	names      []named
	tracks     []*track
	pipes      []*pipeline
	turn       int   // the track that is asked first
	begun      bool  // the arguments were expanded once
	scans      int   // polls until patterns are expanded again
	ticks      int   // polls so far
	past       int64 // bytes that were read back
	listings   int64 // times that a directory was listed in search of rotated files
	ticker     *time.Ticker
	wake       *waker
	told       map[string]string  // the last trouble of each path
	paths      map[string]bool    // of tracks and pipes
	done       map[inode]leaving  // files that were left, lately
	doneBefore map[inode]leaving  // and earlier
	looked     time.Time          // when all paths were looked at last
	known      map[inode]string   // paths by file, while arguments are expanded
	tracked    map[string]*track  // by path
	walks      map[string]*walked // directories, by argument
	listed     map[string]bool    // directories, since the last poll, because inotify woke us
	buf        []byte
	ready      chan delivery
}

// pace is the options' times in polls: a clock that is set back changes nothing.
type pace struct{ settle, linger, idle, rescan, flush int }

func paceOf(o FollowOptions) pace {
	polls := func(d time.Duration) int { return int((d + o.Poll - 1) / o.Poll) }
	return pace{polls(settleTime), polls(lingerTime), polls(idleTime), polls(rescanTime), polls(o.Flush)}
}

// Follow makes a Follower of paths, globs, directories (all that lies in them), FIFOs,
// "-", "journal:" (follow_journal.go), "kmsg:" (follow_kmsg.go) and "syslog:ADDRESS"
// (follow_syslog.go). It opens nothing yet; what cannot be opened is tried again with each poll. Use
// Next, and Positions after it, until the context ends; then Close.
func Follow(args []string, opts FollowOptions) *Follower {
	f := newFollower(args, opts)
	f.ticker = time.NewTicker(f.opts.Poll)
	if !f.opts.PollOnly {
		f.wake = newWaker()
	}
	return f
}

// newFollower has neither a clock nor a waker: tests drive tick and step by hand.
func newFollower(args []string, opts FollowOptions) *Follower {
	opts.Poll = cmp.Or(max(opts.Poll, 0), DefaultPoll)
	opts.MaxFiles = cmp.Or(opts.MaxFiles, DefaultFollowed)
	f := &Follower{
		opts: opts, pace: paceOf(opts), names: namesOf(args), told: map[string]string{}, paths: map[string]bool{}, done: map[inode]leaving{}, walks: map[string]*walked{}, tracked: map[string]*track{}, listed: map[string]bool{},
		buf: make([]byte, markerBytes+blockBytes), ready: make(chan delivery),
	}
	for _, p := range slices.Backward(opts.Start) { // the older file of a path counts
		if p.HeadBytes > 0 {
			f.leave(p.file(), leaving{at: p})
		}
	}
	return f
}

// Next waits for lines. It returns ctx's error when ctx is done, and io.EOF when nothing
// can come any more, which happens with standard input only.
func (f *Follower) Next(ctx context.Context) (Chunk, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Chunk{}, err
		}
		select {
		case <-f.ticker.C: // rotations are watched for also while lines pour in
			f.poll(ctx)
		case <-f.wake.events():
			f.woken(ctx)
		default:
		}
		var c Chunk
		if f.step(ctx, &c) {
			return c, nil
		}
		if f.finished() {
			return Chunk{}, io.EOF
		}
		select {
		case <-ctx.Done():
		case <-f.ticker.C:
			f.poll(ctx)
		case <-f.wake.events():
			f.woken(ctx)
		case d := <-f.ready:
			if f.accept(&d, &c) {
				return c, nil
			}
		}
	}
}

// Begin looks at all paths for the first time, so that Positions knows where they are
// joined before a line comes: who saves them then goes on from there.
func (f *Follower) Begin(ctx context.Context) {
	if !f.begun {
		f.tick(ctx)
	}
}

// poll is a tick by the clock.
func (f *Follower) poll(ctx context.Context) {
	if f.opts.Now != nil {
		now := f.opts.Now() // with Go's monotonic part, so that a clock that is set changes nothing
		if !f.looked.IsZero() && now.Sub(f.looked) > f.opts.Poll+settleTime {
			f.paused()
		}
		f.looked = now
	}
	f.tick(ctx)
}

// paused notes that nobody looked for a while, as Next was not called: no file is known to
// have been idle.
func (f *Follower) paused() {
	for _, t := range f.tracks {
		for _, file := range t.files {
			file.calm = 0
		}
	}
}

// tick is one poll: it looks at every path.
func (f *Follower) tick(ctx context.Context) {
	if f.scans--; f.scans < 0 || !f.begun {
		f.scans = f.pace.rescan - 1
		f.expand(ctx)
		f.begun = true
	}
	if f.wake != nil {
		f.wake.pause = max(f.wake.pause-1, 0)
	}
	f.ticks++
	clear(f.listed)
	var due []*track
	for i, t := range f.tracks {
		if (f.ticks+i)%t.every() == 0 && t.glance(true) {
			if t.isElsewhere() {
				due = append(due, t)
			} else {
				t.act(ctx, true)
			}
		}
	}
	f.act(ctx, due, true)
	f.retire()
}

// woken looks at the paths that inotify named. A directory is listed for them once between
// two polls; what is renamed in it after that waits for the next.
func (f *Follower) woken(ctx context.Context) {
	var due []*track
	for _, t := range f.tracks {
		if t.bell == nil || !t.bell.rung.Swap(false) || !t.glance(false) {
			continue
		}
		switch dir := filepath.Dir(t.path); {
		case !t.isElsewhere():
			t.act(ctx, false)
		case !f.listed[dir]:
			due = append(due, t)
		case len(t.files) > 0:
			t.live().away = true
		}
	}
	for _, t := range due {
		f.listed[filepath.Dir(t.path)] = true
	}
	f.act(ctx, due, false)
}

// step takes what is there from the next track that has something.
func (f *Follower) step(ctx context.Context, c *Chunk) bool {
	f.Begin(ctx)
	for range f.tracks {
		f.turn = (f.turn + 1) % len(f.tracks)
		if f.tracks[f.turn].step(ctx, c) {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// finished reports that only standard input was asked for, and has ended.
func (f *Follower) finished() bool {
	for _, n := range f.names {
		if n.path != "-" || !n.ended {
			return false
		}
	}
	return true
}

// Positions tells how far the lines go that Next has returned, all paths in their order,
// and of a path the older file first. Saved together with what was made of those lines,
// and given to another Follower's Start, it goes on with the byte after them. Those of
// Start whose paths are not followed at present are not repeated: keep them.
//
// A Position of nothing but its Path says that there was no file yet, or that Path is a
// pattern or a directory whose files are all known: what is found there by another
// Follower has come since, and is read from its first byte.
func (f *Follower) Positions() []Position {
	if !f.begun {
		return slices.Clone(f.opts.Start)
	}
	var all []Position
	for _, t := range f.tracks {
		all = t.positions(all)
	}
	for _, n := range f.names {
		if n.patterned {
			all = append(all, Position{Path: n.path})
		}
	}
	for _, p := range f.pipes {
		if p.cursor != "" {
			all = append(all, Position{Path: p.path, Cursor: p.cursor})
		}
	}
	return all
}

// PositionsOf are those of one path: all that a Chunk of it can have changed.
func (f *Follower) PositionsOf(path string) []Position {
	if t := f.tracked[path]; t != nil {
		return t.positions(nil)
	}
	for _, p := range f.pipes {
		if p.path == path && p.cursor != "" {
			return []Position{{Path: path, Cursor: p.cursor}}
		}
	}
	return nil
}

// Paths returns the paths that are followed at present, sorted.
func (f *Follower) Paths() []string {
	var all []string
	for _, t := range f.tracks {
		all = append(all, t.path)
	}
	for _, p := range f.pipes {
		all = append(all, p.path)
	}
	slices.Sort(all)
	return all
}

// Close lets all files go. A read of a standard input that cannot be interrupted is left
// to end by itself.
func (f *Follower) Close() error {
	for _, t := range f.tracks {
		t.close()
	}
	for _, p := range f.pipes {
		p.close()
	}
	if f.ticker != nil {
		f.ticker.Stop()
	}
	return nil
}

// notify tells each trouble of a path once, and its end.
func (f *Follower) notify(path string, err error) { f.notice(path, path, err) }

// notice does so for what has a key of its own; the path is empty if all are concerned.
func (f *Follower) notice(key, path string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if f.told[key] == text {
		return
	}
	if text == "" {
		delete(f.told, key)
	} else {
		f.told[key] = text
	}
	if f.opts.Notify != nil {
		f.opts.Notify(Notice{Path: path, Err: err})
	}
}
