package source

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"slices"
	"time"
)

// What a Gap's reason may be.
const (
	becauseGone      = "the file is gone, or was truncated, before it was read to its end"
	becauseHole      = "a rotated file is missing"
	becauseBetween   = "the file was deleted, and others may have been between it and the next"
	becauseTruncated = "the file was truncated while it was written"
	becauseCopied    = "the file was copied and truncated; what was written in between is lost"
	becauseUnread    = "the file was truncated before it was read to its end"
	becauseOpen      = "a rotated file cannot be read"
)

// restart finds the files that an earlier Follower stopped in, and all younger ones.
func (t *track) restart(ctx context.Context) {
	t.hold()
	all, ok := t.siblings()
	defer func() { release(all) }()
	if len(all) == 0 || !ok {
		return // wait for the path
	}
	main := slices.IndexFunc(t.starts, func(p Position) bool { return !p.Linger })
	if main < 0 {
		main = len(t.starts) - 1
	}
	p := t.starts[main]
	i := find(ctx, all, p)
	if p.isVague() && newer(all, p) < i {
		i = -1 // what was written to it since may be in copies
	}
	if t.isShifting(all, i) {
		return
	}
	// If the file is gone and one that was begun after it is not, it was read to its end.
	wasRead := i < 0 && slices.ContainsFunc(t.ahead, func(q Position) bool { return find(ctx, all, q) >= 0 })
	for _, behind := range t.starts[main+1:] {
		if !behind.isVague() && find(ctx, all, behind) < 0 {
			t.lost(0, -1, becauseGone, behind.Seen, time.Time{})
		}
	}
	if ctx.Err() != nil {
		t.gaps = nil
		return
	}
	for _, l := range t.starts[:main] {
		if j := find(ctx, all, l); j >= 0 && j != i {
			if f := t.open(ctx, &all[j], l); f != nil {
				f.away, f.settled = true, true
			}
		}
	}
	first := !t.begun
	t.starts, t.ahead, t.begun = nil, nil, true
	id := p.file()
	switch own := len(all) - 1; {
	case i >= 0:
		if f := t.open(ctx, &all[i], p); f != nil {
			f.away = !all[i].isOwn()
			if first {
				t.readBack(f)
			}
		}
		if fileID(all[i].info) != id && (!all[i].isPacked() || truncatedSince(all, id, p.Seen)) {
			t.lost(all[i].size(), -1, becauseCopied, p.Seen, until(all, i+1))
		}
		if hasHole(all, i) {
			t.lost(-1, -1, becauseHole, p.Seen, until(all, i+1))
		}
		i++
	case all[own].isCut(p):
		i = own + 1
		p.Offset = all[own].info.Size()
		t.open(ctx, &all[own], p)
	default:
		i = newer(all, p)
		if !wasRead && (!p.isVague() || i == len(all) || fileID(all[i].info) != id) {
			t.lost(p.Offset, -1, becauseGone, p.Seen, until(all, i))
		}
	}
	t.chain(ctx, all[i:], len(t.files))
}

// isShifting reports that the files after the i-th are perhaps being renamed, error.log.2 to
// .3 and then .1 to .2: a number is missing, and may not be with the next polls.
func (t *track) isShifting(all []sibling, i int) bool {
	if i < 0 || !hasHole(all, i) || t.holes >= maxHoles {
		t.holes = 0
		return false
	}
	if t.holes == 0 || t.holed != t.f.ticks {
		t.holes++
		t.holed = t.f.ticks
	}
	return true
}

// maxHoles bounds the polls for which a missing number is waited for.
const maxHoles = 4

// until is when the i-th file, the next after a loss, was written; zero if there is none.
func until(all []sibling, i int) (when time.Time) {
	if i < len(all) {
		when = all[i].info.ModTime()
	}
	return when
}

// replace finds what lies between live, whose name leads to another file now, and that.
func (t *track) replace(ctx context.Context, live *followed) {
	t.hold()
	if !live.intact() && !t.rewritten(ctx, len(t.files)-1) {
		return
	}
	all, ok := t.siblings()
	defer func() { release(all) }()
	p := t.position(live)
	i := find(ctx, all, p)
	if ctx.Err() != nil || len(all) == 0 || !ok || t.isShifting(all, i) {
		return
	}
	switch {
	case i >= 0 && all[i].isOwn() && !os.SameFile(all[i].info, live.info):
		// The content was put in place under the same name: read on in the new file.
		t.files = t.files[:len(t.files)-1]
		live.close()
		t.open(ctx, &all[i], p)
		return
	case i >= 0:
		if hasHole(all, i) {
			t.lost(-1, -1, becauseHole, p.Seen, until(all, i+1))
		}
		i++
	default:
		i = newer(all, p)
		if i < len(all) && !all[i].isOwn() && isUnlinked(live.info) {
			t.lost(-1, -1, becauseBetween, p.Seen, until(all, i))
		}
	}
	t.chain(ctx, all[i:], len(t.files))
}

// rewritten deals with the i-th file when the bytes that were read are not in it any more.
// copytruncate leaves a copy; what was not read yet is read there. What was written
// between the end of copying and the truncation is lost for everybody. done is
// false if it is to be tried again.
func (t *track) rewritten(ctx context.Context, i int) (done bool) {
	f := t.files[i]
	t.hold()
	f.look(false)
	p, known := t.position(f), f.known
	var buf, again [fingerBytes]byte
	head, size := f.readHead(&buf), f.info.Size()
	t.forget() // it may be older than the truncation
	all, ok := t.siblings()
	defer func() { release(all) }()
	f.look(false)
	if !ok || f.info.Size() < size || !bytes.HasPrefix(f.readHead(&again), head) {
		f.hot = 2
		return false // truncated once more meanwhile: there may be one copy more
	}
	older := all[:place(all, f)]
	k := find(ctx, older, p)
	t.tellTruncation(older, k, f, known)
	if k < 0 && f.isCut() {
		size := f.info.Size()
		f.head, f.known = f.head[:min(size, int64(len(f.head)))], f.info
		f.seek(size)
		return true
	}
	f.restart()
	older = older[:t.packedAs(ctx, older, f)]
	switch {
	case k >= 0 && k < len(older):
		if c := t.openAt(ctx, &older[k], p, i); c != nil {
			c.away, c.copied = true, true
			i++
		}
		t.copies(ctx, older[k+1:], i)
	case !isUnlinked(f.info): // else newer files have come after it
		t.copies(ctx, older[newer(older, p):], i)
	}
	return true
}

// tellTruncation notes what a truncation has cost; the k-th sibling is the copy that was
// made before, -1 if there is none. A file that nobody wrote to for ten seconds before, and
// whose copy has what it had, has lost nothing.
func (t *track) tellTruncation(older []sibling, k int, f *followed, known fs.FileInfo) {
	calm := f.calm >= t.f.pace.idle
	since, until := later(known.ModTime(), t.floor), f.info.ModTime()
	switch {
	case k >= 0:
		if size := older[k].size(); !calm || size != known.Size() {
			t.lost(size, -1, becauseCopied, since, until)
		}
	case known.Size() > f.reached():
		t.lost(f.reached(), known.Size(), becauseUnread, since, until)
	case !calm:
		t.lost(f.reached(), -1, becauseTruncated, since, until)
	}
}

// place is where f is among its siblings; behind the rotated ones if it has no name.
func place(all []sibling, f *followed) int {
	for i, s := range all {
		if s.isOwn() || os.SameFile(s.info, f.info) {
			return i
		}
	}
	return len(all)
}

// packedAs is which of the files f was compressed to, their number if none.
func (t *track) packedAs(ctx context.Context, older []sibling, f *followed) int {
	if j := find(ctx, older, t.position(f)); j >= 0 {
		return j
	}
	return len(older)
}

// emptied deals with an empty file that was touched: there may be copies of what was
// written to it and truncated.
func (t *track) emptied(ctx context.Context, i int) (done bool) {
	f := t.files[i]
	t.hold()
	f.look(false)
	size := f.info.Size()
	t.forget()
	all, ok := t.siblings()
	defer func() { release(all) }()
	f.growHead()
	if !ok || int64(len(f.head)) < min(size, fingerBytes) {
		f.hot = 2
		return false // truncated once more meanwhile
	}
	older := all[:place(all, f)]
	older = older[:t.packedAs(ctx, older, f)]
	if k := newer(older, t.position(f)); k < len(older) && !isUnlinked(f.info) {
		t.lost(-1, -1, becauseCopied, f.known.ModTime(), f.info.ModTime())
		t.copies(ctx, older[k:], i)
	}
	f.known = f.info
	return true
}

// isCut reports that the file was made shorter, and what is left of it is as it was.
func (f *followed) isCut() bool {
	size := f.info.Size()
	if size == 0 || size >= f.reached() {
		return false
	}
	head := f.head[:min(size, int64(len(f.head)))]
	var now [fingerBytes]byte
	n, _ := f.file.ReadAt(now[:len(head)], 0)
	// Less than a line may be the beginning of a new one.
	return bytes.Equal(now[:n], head) && bytes.IndexByte(head, '\n') >= 0
}

// truncatedSince reports that a file which was read is among the siblings, so that what holds
// its content now is a copy. What is compressed has got a number that was free, and never
// is the file that was written; a file that is younger has got the number of one that was
// deleted.
func truncatedSince(all []sibling, id inode, seen time.Time) bool {
	return slices.ContainsFunc(all, func(s sibling) bool {
		return fileID(s.info) == id && !s.isPacked() && (s.file == nil || !bornAt(s.file).After(seen))
	})
}

// size is that of the decompressed bytes, -1 if it is not known.
func (s sibling) size() int64 {
	if s.isPacked() {
		return -1
	}
	return s.info.Size()
}

// isCut is the same for a file that an earlier run has read.
func (s sibling) isCut(p Position) bool {
	size := s.info.Size()
	p.MarkerBytes = 0
	return s.isOwn() && fileID(s.info) == p.file() && p.HeadBytes > 0 &&
		size >= int64(p.HeadBytes) && size < p.Offset && holds(s.file, p)
}

// chain follows files from their first byte, unless they are followed already, and puts
// them in at the i-th place.
func (t *track) chain(ctx context.Context, all []sibling, i int) {
	for k := range all {
		held := slices.ContainsFunc(t.files, func(f *followed) bool { return os.SameFile(f.info, all[k].info) })
		if held {
			continue
		}
		own := all[k].isOwn()
		if f := t.openAt(ctx, &all[k], Position{}, i); f != nil {
			f.away = !own
			i++
		}
	}
}

// copies does so for copies. An empty one is being made just now: what it will hold is
// still in the file.
func (t *track) copies(ctx context.Context, all []sibling, i int) {
	for k := range all {
		if all[k].info.Size() > 0 {
			n := len(t.files)
			t.chain(ctx, all[k:k+1], i)
			i += len(t.files) - n
		}
	}
}

func (t *track) open(ctx context.Context, s *sibling, p Position) *followed {
	return t.openAt(ctx, s, p, len(t.files))
}

// openAt follows a sibling from p on, as the i-th file.
func (t *track) openAt(ctx context.Context, s *sibling, p Position, i int) *followed {
	f, err := s.at(ctx, p)
	if err != nil {
		t.lost(p.Offset, -1, becauseOpen+": "+err.Error(), p.Seen, s.info.ModTime())
		return nil
	}
	s.file = nil // the track closes it
	t.files = slices.Insert(t.files, i, f)
	return f
}

// openRegular opens what can be read at any offset.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, pathError("open", path, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &NotLogError{Path: path, What: special(info.Mode())}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}
