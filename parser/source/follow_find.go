package source

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// maxSiblings bounds how many rotated files of one log are looked at, the youngest.
const maxSiblings = 256

// A sibling is a file of the same log, opened: what it is called may change any moment.
type sibling struct {
	placed
	file *os.File
	info fs.FileInfo
	kind kind
}

// moved reports that the name leads to another file by now.
func (s sibling) moved() bool {
	info, err := os.Stat(s.path)
	return err != nil || !os.SameFile(info, s.info)
}

func release(all []sibling) {
	for _, s := range all {
		if s.file != nil { // else a track has it
			s.file.Close()
		}
	}
}

// A placed file is its path, and what its name tells.
type placed struct {
	path string
	slot slot
}

func openSiblings(names []placed) (all []sibling) {
	for _, name := range names {
		s := sibling{placed: name}
		if openSibling(&s) && !slices.ContainsFunc(all, func(t sibling) bool { return os.SameFile(s.info, t.info) }) {
			all = append(all, s)
		} else if s.file != nil {
			s.file.Close()
		}
	}
	slices.SortStableFunc(all, func(a, b sibling) int {
		return cmp.Or(a.slot.older(b.slot), cmp.Compare(a.path, b.path))
	})
	return all
}

// siblingOf reads a name as one that rotation makes of base. A base that is decorated
// itself (access-20261122.log) has only what is added to it.
func siblingOf(base, name string) (slot, bool) {
	if name == base {
		return slot{stem: base}, true
	}
	if s := slotOf(name); s.stem == base {
		return s, true
	}
	if rest, ok := strings.CutPrefix(name, base); ok && rest != "" {
		const plain = "x.log"
		s := slotOf(plain + rest)
		return s, s.stem == plain
	}
	return slot{}, false
}

func openSibling(s *sibling) bool {
	file, info, err := openRegular(s.path)
	if err != nil {
		return false
	}
	s.file, s.info = file, info
	var head [headBytes]byte
	n, _ := file.ReadAt(head[:], 0)
	s.kind, _ = sniff(head[:n])
	return true
}

// withoutTwins leaves out what is compressed beside what it is made of.
func withoutTwins(all []sibling) []sibling {
	kept := all[:0]
	for _, s := range all {
		last := len(kept) - 1
		if last >= 0 && kept[last].slot == s.slot && s.isPacked() != kept[last].isPacked() {
			if s.isPacked() {
				s.file.Close()
				continue
			}
			kept[last].file.Close()
			kept = kept[:last]
		}
		kept = append(kept, s)
	}
	return kept
}

func (s sibling) isPacked() bool {
	return s.kind != kindUTF16 && codecs[s.kind] != nil
}

// find returns which of the files a position is in, -1 if none. A file that is it by inode
// and by content is certain; else it is a copy, or was compressed.
func find(ctx context.Context, all []sibling, p Position) int {
	for i, s := range all {
		if fileID(s.info) == p.file() && p.Inode != 0 && !s.isPacked() && s.holds(ctx, p) {
			return i
		}
	}
	if p.HeadBytes == 0 {
		return -1 // an empty file is like any other
	}
	best := -1
	for i, s := range all {
		if !s.holds(ctx, p) || p.isVague() && s.isLonger(p.HeadBytes) {
			continue
		}
		if best = i; !s.info.ModTime().Before(p.Seen) {
			break // files that begin alike: the first that was written to since
		}
	}
	return best
}

// isLonger reports that there are more than n decompressed bytes.
func (s sibling) isLonger(n int) bool {
	if !s.isPacked() {
		return s.info.Size() > int64(n)
	}
	u, err := unpack(context.Background(), s.file, s.kind)
	if err != nil {
		return true
	}
	defer u.r.Close()
	got, _ := io.ReadFull(u.r, make([]byte, n+1))
	return got > n
}

// holds compares the head, and what stands before the offset.
func (s sibling) holds(ctx context.Context, p Position) bool {
	if !s.isPacked() {
		return s.info.Size() >= p.Offset && holds(s.file, p)
	}
	u, err := unpack(ctx, s.file, s.kind)
	if err != nil {
		return false
	}
	defer u.r.Close()
	var w window
	if !w.upTo(ctx, u.r, int64(p.HeadBytes)) || hashOf(w.head) != p.Head {
		return false
	}
	if p.Offset < int64(len(w.head)) {
		w.before = marker{}
		w.before.add(w.head[:p.Offset]) // the head goes on behind the offset
	}
	return w.upTo(ctx, u.r, p.Offset-int64(len(w.head))) && w.before.n >= p.MarkerBytes &&
		hashOf(w.before.get()[w.before.n-p.MarkerBytes:]) == p.Marker
}

func holds(r io.ReaderAt, p Position) bool {
	var head [fingerBytes]byte
	if n, _ := r.ReadAt(head[:p.HeadBytes], 0); n < p.HeadBytes || p.HeadBytes > 0 && hashOf(head[:n]) != p.Head {
		return false
	}
	var before [markerBytes]byte
	n, _ := r.ReadAt(before[:p.MarkerBytes], p.Offset-int64(p.MarkerBytes))
	return n == p.MarkerBytes && (n == 0 || hashOf(before[:n]) == p.Marker)
}

// A window is what is remembered of a stream that is read past.
type window struct {
	head   []byte
	before marker
}

// upTo reads n bytes more.
func (w *window) upTo(ctx context.Context, r io.Reader, n int64) bool {
	var block [16 << 10]byte
	for n > 0 && ctx.Err() == nil {
		k, err := io.ReadFull(r, block[:min(n, int64(len(block)))])
		if err != nil {
			return false
		}
		if room := fingerBytes - len(w.head); room > 0 {
			w.head = append(w.head, block[:min(k, room)]...)
		}
		w.before.add(block[:k])
		n -= int64(k)
	}
	return ctx.Err() == nil
}

// at makes a sibling one that is followed from p on.
func (s sibling) at(ctx context.Context, p Position) (*followed, error) {
	f := newFollowed(s.path, s.file, s.info)
	if !s.isPacked() {
		f.growHead()
		f.seek(p.Offset)
		f.inside = p.Inside
		return f, nil
	}
	u, err := unpack(ctx, s.file, s.kind)
	if err != nil {
		return nil, err
	}
	var w window
	if !w.upTo(ctx, u.r, p.Offset) {
		u.r.Close()
		return nil, cmp.Or(ctx.Err(), io.ErrUnexpectedEOF)
	}
	f.packed, f.before, f.head, f.offset, f.inside = u, w.before, w.head, p.Offset, p.Inside
	if p.Offset == 0 {
		f.growPacked()
	}
	return f, nil
}

// growPacked learns the head of a packed file that is read from its first byte.
func (f *followed) growPacked() {
	f.packed.fill()
	f.head = bytes.Clone(f.packed.buf[:min(f.packed.n, fingerBytes)])
}

// isOwn reports that a sibling has the path's own name, not a rotated one.
func (s sibling) isOwn() bool { return s.slot.date == 0 && s.slot.number == 0 && !s.isPacked() }

// newer is the index of the first file that was written to after what a position is in,
// if that itself is not among them. The path's own file counts always.
func newer(all []sibling, p Position) int {
	for i, s := range all {
		if s.isOwn() || !p.Seen.IsZero() && s.info.ModTime().After(p.Seen) && !s.wasRead(p) {
			return i
		}
	}
	return len(all)
}

// wasRead reports that a file is a copy of what was read, without its end. Such a copy may be
// younger than Seen: the file is looked at, copied, written to, and only then read.
func (s sibling) wasRead(p Position) bool {
	size := s.info.Size()
	p.MarkerBytes = 0
	return !s.isPacked() && p.HeadBytes > 0 && int64(p.HeadBytes) <= size && size < p.Offset && holds(s.file, p)
}

// hasHole reports that a number is missing between the i-th file and the path's own.
func hasHole(all []sibling, i int) bool {
	const first = 2 // error.log.1; newsyslog begins with .0
	last := all[i].slot
	for _, s := range all[i+1:] {
		if s.slot.date == 0 && last.date == 0 && s.slot.number > 0 && last.number > s.slot.number+1 {
			return true
		}
		if s.slot.number > 0 {
			last = s.slot
		}
	}
	return last.date == 0 && last.number > first
}
