package source

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/s2"
)

// keepBytes is how much memory all kept members of compressed tars may take.
const keepBytes = 128 << 20

// A tarball is a tar that is being listed.
type tarball struct {
	name    name
	blob    blob
	t       *tar.Reader
	section *io.SectionReader // nil if the tar lies in a compressed stream or a pipe
	skipped int
}

// tar explores the members of a tar.
func (f *finder) tar(ctx context.Context, n name, b blob, left *int) {
	if b.limits != nil {
		*b.limits = b.limits.container()
	}
	b.head = nil
	a := tarball{name: n, blob: b}
	if b.place != nil {
		section, closer, err := b.place.open()
		if err != nil {
			f.problem(n, &failure{"open", err})
			return
		}
		defer closer.Close()
		a.section, a.t = section, tar.NewReader(section)
	} else {
		r, err := b.open(ctx, new(atomic.Int64))
		if err != nil {
			f.problem(n, &failure{"open", err})
			return
		}
		defer r.Close()
		a.t = tar.NewReader(r)
	}
	if err := f.tarMembers(ctx, &a, left); err != nil {
		f.problem(n, err)
	}
	if a.skipped > 0 {
		f.problem(n, &SkippedError{Count: a.skipped})
	}
}

// tarMembers goes through the archive and returns what ended it, nil for its end.
func (f *finder) tarMembers(ctx context.Context, a *tarball, left *int) error {
	for i := 0; ; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := a.t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return tarError(err)
		}
		if err := f.another(left); err != nil {
			return err
		}
		member := a.name.inside(cleanMember(h.Name))
		sparse := h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.major"] != ""
		switch {
		case h.Typeflag != tar.TypeReg && !sparse: // folders, links: what they point to is a member too
		case isForeignPath(member.member[len(a.name.member)+1:]):
			a.skipped++
		case sparse:
			f.problem(member, &NotLogError{What: "a file with holes, such as lastlog"})
		case a.section != nil:
			at, _ := a.section.Seek(0, io.SeekCurrent)
			f.explore(ctx, member, a.blob.place.within(at, h.Size).blob(a.blob.layers+1), h.ModTime, left)
		default:
			f.streamed(ctx, a, member, i, h, left)
		}
	}
}

// another takes one off the members that a named file may still have.
func (f *finder) another(left *int) error {
	if *left--; *left < 0 {
		return fail("list", "more than %d members in one file, the rest is left out", f.opts.MaxMembers)
	}
	return nil
}

// tarError marks the complaints of the tar reader; others come from below it.
func tarError(err error) error {
	if errors.Is(err, tar.ErrHeader) || errors.Is(err, tar.ErrFieldTooLong) {
		return &codecError{err}
	}
	return err
}

// streamed explores member i of a tar that has to be read from its beginning.
func (f *finder) streamed(ctx context.Context, a *tarball, member name, i int, h *tar.Header, left *int) {
	head := make([]byte, min(headBytes, h.Size))
	n, err := io.ReadFull(a.t, head)
	head = head[:n]
	b := a.blob.member(i, h.Size)
	if k, _ := sniff(head); k != kindOther {
		switch kept := f.keep(head, a.t, err); {
		case kept != nil:
			b.open, b.once, b.size = kept.open, nil, kept.size
		case a.blob.once != nil:
			f.problem(member, fail("keep", "too large to be read from a pipe; name the archive as a file"))
			return
		}
	}
	b.head = head
	if h.Size > f.opts.limits().bytes {
		b = b.capped(f.opts.limits().bytes)
	}
	f.explore(ctx, member, b, h.ModTime, left)
}

// member is the i-th entry of the tar that b holds, found again from the beginning.
func (b blob) member(i int, size int64) blob {
	outer := b.open
	b.open = func(ctx context.Context, n *atomic.Int64) (io.ReadCloser, error) {
		raw, err := outer(ctx, new(atomic.Int64))
		if err != nil {
			return nil, err
		}
		t := tar.NewReader(raw)
		for range i + 1 {
			if _, err := t.Next(); err != nil && !errors.Is(err, tar.ErrInsecurePath) {
				raw.Close()
				return nil, tarError(err)
			}
		}
		return &base{alive: ctx.Err, r: t, n: n, Closer: raw}, nil
	}
	b.size, b.place, b.limits = size, nil, nil
	b.layers++
	return b
}

// capped ends b at a number of bytes, as a decoder's output is.
func (b blob) capped(most int64) blob {
	return b.through(func(r io.ReadCloser) io.ReadCloser {
		in := &counter{r: r}
		return readCloser{&guard{r: in, in: in, limits: &limits{bytes: most, free: most, ratio: 1}}, r}
	})
}

// keep packs a member into memory; nil if the budget does not allow it. cut is the error
// that reading the head gave.
func (f *finder) keep(head []byte, rest io.Reader, cut error) *blob {
	if f.packer == nil {
		// S2 packs logs to a seventh at 2.4 GB/s; zstd's fastest level, to a tenth at 0.6,
		// would take longer than the archive's own decompression.
		f.packer = s2.NewWriter(nil, s2.WriterConcurrency(1))
	}
	box := &f.box
	box.Reset()
	box.most = f.budget
	f.packer.Reset(box)
	_, err := f.packer.Write(head)
	if err == nil && cut == nil {
		// Not through the packer's own ReadFrom: that takes a cut for the end.
		_, err = io.Copy(struct{ io.Writer }{f.packer}, io.LimitReader(rest, f.opts.limits().bytes+1-int64(len(head))))
	}
	if errors.Is(err, errFull) || f.packer.Close() != nil {
		return nil
	}
	if cut == nil {
		cut = err
	}
	if cut == io.EOF { // of an empty member's head
		cut = nil
	}
	data := bytes.Clone(box.Bytes())
	f.budget -= int64(len(data))
	place := &extent{memory: data, len: int64(len(data))}
	lift := limits{bytes: 1<<63 - 1, free: 1<<63 - 1, ratio: 1} // our own packing is no bomb
	b := place.blob(0).decoded(newS2, &lift)
	if cut != nil {
		b = b.endingWith(cut)
	}
	return &b
}

// endingWith gives err where b ends: what cut a member when it was kept.
func (b blob) endingWith(err error) blob {
	return b.through(func(r io.ReadCloser) io.ReadCloser { return readCloser{io.MultiReader(r, failing{err}), r} })
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A bounded buffer refuses to grow beyond most.
type bounded struct {
	bytes.Buffer
	most int64
}

var errFull = errors.New("no room")

func (b *bounded) Write(p []byte) (int, error) {
	if int64(b.Len()+len(p)) > b.most {
		return 0, errFull
	}
	return b.Buffer.Write(p)
}
