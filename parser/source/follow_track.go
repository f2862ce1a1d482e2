package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// A track is one followed path: the files that have had its name and are not read to
// their end yet, the oldest first, and its present file.
//
// A file that was renamed is read until its writer has let go, or until it has been quiet
// for two seconds where that cannot be known: nginx writes on to the renamed file until
// USR1. Only then comes the next one, so that lines stay in order. If somebody still
// holds the old one then, it lingers: it is looked at for ten minutes more.
type track struct {
	f       *Follower
	path    string
	pattern bool       // found by a glob or in a directory
	starts  []Position // where an earlier Follower stopped, until their files are found
	ahead   []Position // where it stopped at last
	begun   bool       // the first file was found
	late    bool       // there was none at the first look
	missing int        // polls for which the path has led to nothing
	wait    int        // polls to wait after a failure
	fails   int        // failures in a row
	holes   int        // polls in a row that found a number missing
	holed   int        // the last of them
	idle    bool       // nothing to read until the next look
	floor   time.Time  // when the files that are done with were last written
	gaps    []*Gap     // to be told next
	before  []Position // where it stood before these: a kill must not come between a Gap and what it explains
	files   []*followed
	info    fs.FileInfo // what the path led to when it was looked at
	err     error
	kin     *kin // found together with other paths'
	bell    *bell
	heard   *followed // what the bell was set for
}

// maxWait bounds the polls between two tries of a failing file.
const maxWait = 20

// glance compares the path with the file that is read. It reports whether act is to follow; poll
// is false if inotify woke us.
func (t *track) glance(poll bool) bool {
	if t.wait > 0 {
		if poll {
			t.wait--
		}
		return false
	}
	t.idle = false
	live := t.live()
	t.info, t.err = os.Stat(t.path)
	for _, f := range t.files {
		if f == live && t.isAt(live) && f.packed == nil {
			f.note(t.info, poll) // one call of the system for a file at rest
		} else {
			f.look(poll)
		}
	}
	return true
}

// isAt reports that the path led to a file when it was looked at.
func (t *track) isAt(f *followed) bool {
	return f != nil && t.err == nil && os.SameFile(t.info, f.info)
}

// isElsewhere reports that the path leads to another file than it did, so that others may be
// between them.
func (t *track) isElsewhere() bool {
	live := t.live()
	switch {
	case errors.Is(t.err, fs.ErrNotExist):
		return live == nil && len(t.starts) > 0
	case live != nil:
		return t.err == nil && !t.isAt(live)
	}
	return t.err == nil && len(t.starts) > 0
}

// act goes on with what the path leads to.
func (t *track) act(ctx context.Context, poll bool) {
	live := t.live()
	switch {
	case errors.Is(t.err, fs.ErrNotExist):
		t.gone(ctx, poll)
	case t.err != nil:
		t.f.notify(t.path, pathError("open", t.path, t.err))
	case t.isAt(live):
		t.missing = 0
		live.back()
		t.f.notify(t.path, nil)
	default:
		t.missing = 0
		t.turn(ctx, live)
	}
	t.listen()
}

// every is how many polls pass between two looks: one, unless inotify will tell if something
// happens to the path, and nothing has for a while.
func (t *track) every() int {
	live, idle := t.live(), t.f.pace.idle
	switch {
	case t.bell == nil || t.heard != live || len(t.files) != 1 || live.away || live.calm < idle || live.quiet < idle || t.wait > 0:
		return 1
	case live.calm < idle+calmPolls:
		return calmPolls
	}
	return 4 * calmPolls
}

// live is the youngest file; the path leads to it unless it is away.
func (t *track) live() *followed {
	if len(t.files) == 0 {
		return nil
	}
	return t.files[len(t.files)-1]
}

// gone notes that the path leads to nothing.
func (t *track) gone(ctx context.Context, poll bool) {
	if poll {
		t.missing++
	}
	if live := t.live(); live != nil {
		live.away = true
		return
	}
	t.late = true
	if len(t.starts) > 0 {
		t.restart(ctx) // it may have been renamed only
	}
	if len(t.files) == 0 {
		t.f.notify(t.path, pathError("open", t.path, fs.ErrNotExist))
	}
}

// turn goes over to the file that the path leads to now.
func (t *track) turn(ctx context.Context, live *followed) {
	file, info, err := openRegular(t.path)
	if err != nil {
		t.f.notify(t.path, err)
		return
	}
	t.f.notify(t.path, nil)
	switch {
	case live != nil:
		file.Close()
		live.away = true
		t.replace(ctx, live)
	case len(t.starts) > 0:
		file.Close()
		t.restart(ctx)
	default:
		f := newFollowed(t.path, file, info)
		f.growHead()
		if !t.begun && !t.late && !t.f.opts.FromStart {
			f.seekEnd(t.f.buf)
			t.readBack(f)
		}
		t.files = append(t.files, f)
	}
	t.begun = t.begun || len(t.files) > 0
}

// readBack makes a file tell first what it said before.
func (t *track) readBack(f *followed) {
	t.f.past += f.readBack(pastTotal-t.f.past, t.f.buf)
}

// step takes lines, or a Gap, from the oldest file that has some.
func (t *track) step(ctx context.Context, c *Chunk) bool {
	if t.idle || t.wait > 0 {
		return false
	}
	for i := 0; i < len(t.files) && ctx.Err() == nil; {
		if t.tell(c) {
			return true
		}
		f := t.files[i]
		switch t.take(ctx, i, c) {
		case lines:
			t.fails, f.calm = 0, 0
			return t.sign(c)
		case rewritten:
			if !t.rewritten(ctx, i) {
				return false
			}
			continue
		case emptied:
			if !t.emptied(ctx, i) {
				return false
			}
			continue
		case broken:
			return t.tell(c)
		}
		if t.isLive(i) {
			if f.quiet >= t.f.pace.flush && t.f.pace.flush > 0 {
				switch f.flush(t.f.buf, c) {
				case lines:
					return t.sign(c)
				case passed:
					continue
				}
			}
			break
		}
		if f.release() {
			f.hot = 1
			continue // what was written between the last read and the close
		}
		if !f.free && f.quiet < t.f.pace.settle {
			break
		}
		f.settled = true
		if !f.held {
			switch f.flush(t.f.buf, c) {
			case lines:
				return t.sign(c)
			case passed:
				continue
			}
		}
		i = t.pass(i)
	}
	if t.tell(c) {
		return true
	}
	t.idle = ctx.Err() == nil
	return false
}

func (t *track) isLive(i int) bool { return i == len(t.files)-1 && !t.files[i].away }

// pass goes to the file behind the i-th, which is let go if nothing can come from it.
func (t *track) pass(i int) int {
	f := t.files[i]
	t.floor = later(t.floor, f.info.ModTime())
	last, long := i == len(t.files)-1, f.quiet >= t.f.pace.linger
	switch {
	case !long && (last || !f.free && i < maxLinger):
		return i + 1
	case f.held:
		f.left, f.held = true, false // what it holds of a last line is told now
		return i
	case last:
		return i + 1
	case f.look(false): // written to since the last poll
		f.left = false
		return i
	}
	t.f.remember(f)
	f.close()
	t.files = slices.Delete(t.files, i, i+1)
	return i
}

// maxLinger bounds the files of a path that are held open although newer ones are read.
const maxLinger = 4

// take reads the i-th file up to its next lines, or its end.
func (t *track) take(ctx context.Context, i int, c *Chunk) fresh {
	f := t.files[i]
	for !f.ended || f.hot > 0 && f.packed == nil || f.packed != nil && len(f.packed.rest()) > 0 {
		got, err := f.read(t.f.buf, c)
		switch {
		case got == broken && ctx.Err() == nil:
			return t.broken(i, err)
		case got != passed || ctx.Err() != nil:
			f.tried = f.tried || got == nothing
			return got
		}
	}
	return nothing
}

// broken deals with a read that failed. A damaged archive ends where it is damaged. Any
// other file is let go and looked for again, by its content, as after a restart.
func (t *track) broken(i int, err error) fresh {
	f := t.files[i]
	if f.packed != nil {
		f.packed.err, f.free = io.EOF, true
		t.lost(f.offset+int64(len(f.packed.rest())), -1, err.Error(), f.info.ModTime(), f.info.ModTime())
		return nothing
	}
	t.f.notify(t.path, pathError("read", t.path, err))
	t.starts = t.positions(nil)
	t.letGo()
	t.wait = min(1<<min(t.fails, 8), maxWait)
	t.fails++
	return broken
}

func (t *track) sign(c *Chunk) bool {
	c.Path, c.From.Path = t.path, t.path
	return true
}

// tell makes a Chunk of a Gap that is due.
func (t *track) tell(c *Chunk) bool {
	if len(t.gaps) == 0 {
		return false
	}
	c.Path, c.Gap = t.path, t.gaps[0]
	if t.gaps = t.gaps[1:]; len(t.gaps) == 0 {
		t.before = nil
	}
	return true
}

// hold keeps where the path stands, before a Gap may be found.
func (t *track) hold() {
	if len(t.gaps) == 0 {
		t.before = t.positions(nil)
	}
}

// lost notes a Gap. It was noticed when the files' times were since and until.
func (t *track) lost(from, to int64, reason string, since, until time.Time) {
	t.gaps = append(t.gaps, &Gap{Path: t.path, From: from, To: to, Reason: reason, Since: since, Until: until})
}

// positions adds those of all files: the ones that linger, the one that is being read, and
// those that wait behind it, so that it is noticed if one of them is gone after a restart.
func (t *track) positions(all []Position) []Position {
	if len(t.gaps) > 0 {
		return append(all, t.before...)
	}
	if len(t.files) == 0 && len(t.starts) == 0 && t.late {
		return append(all, Position{Path: t.path})
	}
	if len(t.files) == 0 {
		all = append(all, t.starts...)
		for _, p := range t.ahead {
			p.Ahead = true
			all = append(all, p)
		}
		return all
	}
	for i, f := range t.files {
		p := t.position(f)
		p.Linger = f.settled && i < len(t.files)-1
		all = append(all, p)
	}
	return all
}

func (t *track) position(f *followed) Position {
	p := f.position(t.path)
	p.Seen = later(p.Seen, t.floor)
	return p
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// isDone reports that a path which nobody named will not come back: what had its name is
// deleted, and nobody writes to it.
func (t *track) isDone() bool {
	lives := func(f *followed) bool {
		return f.packed == nil && (f.hot > 0 || f.quiet <= t.f.pace.linger || !isUnlinked(f.info))
	}
	return t.pattern && t.missing > t.f.pace.linger && len(t.gaps) == 0 && !slices.ContainsFunc(t.files, lives)
}

func (t *track) letGo() {
	for _, f := range t.files {
		f.close()
	}
	t.files = nil
}

func (t *track) close() {
	t.letGo()
	t.forget()
	t.deafen()
}
