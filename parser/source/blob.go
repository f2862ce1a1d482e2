package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
)

// headBytes is how much of a log is looked at to tell what it is, and hashed.
const headBytes = 4096

// A blob is a run of bytes that can be opened: a file, a member of an archive, or
// what a decoder makes of another blob.
type blob struct {
	// open starts at the first byte. Stored bytes consumed are added to n.
	open func(ctx context.Context, n *atomic.Int64) (io.ReadCloser, error)
	// once is not nil for a pipe and all that is made from it: open works once, and the
	// consumed bytes are counted here, because some were consumed while looking.
	once *atomic.Int64
	// place is where the bytes lie unaltered, for archives that need to seek; nil if nowhere.
	place *extent
	// head are the first bytes, if they were seen already while an archive was listed.
	head   []byte
	size   int64 // stored bytes, -1 if unknown
	layers int   // decoders and archives around it
	// limits are those of the outermost decoder, nil if there is none. They are set while
	// exploring and only read afterwards.
	limits *limits
}

// An extent is a range of a file, or of memory, that can be read at any offset.
type extent struct {
	path      string // "" if memory holds it
	memory    []byte
	from, len int64
}

// within returns the part of e that begins at from.
func (e extent) within(from, length int64) *extent {
	e.from += from
	e.len = length
	return &e
}

// A readCloser joins a reader with what closes it.
type readCloser struct {
	io.Reader
	io.Closer
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

// open returns the range and what closes it.
func (e *extent) open() (*io.SectionReader, io.Closer, error) {
	if e.path == "" {
		return io.NewSectionReader(bytes.NewReader(e.memory), e.from, e.len), nopCloser{}, nil
	}
	f, err := os.Open(e.path)
	if err != nil {
		return nil, nil, err
	}
	return io.NewSectionReader(f, e.from, e.len), f, nil
}

// blob makes the range one; a range that ends too early reads as cut off.
func (e *extent) blob(layers int) blob {
	return blob{place: e, size: e.len, layers: layers, open: func(ctx context.Context, n *atomic.Int64) (io.ReadCloser, error) {
		section, closer, err := e.open()
		if err != nil {
			return nil, err
		}
		return &base{alive: ctx.Err, r: section, n: n, left: e.len, exact: true, Closer: closer}, nil
	}}
}

// plainFile is a regular file, or one of /proc, read to whatever is then its end.
func plainFile(path string, size int64) blob {
	place := &extent{path: path, len: size}
	if size == 0 {
		size = -1 // /proc says 0 of files that are not empty
	}
	return blob{place: place, size: size, open: func(ctx context.Context, n *atomic.Int64) (io.ReadCloser, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return &base{alive: ctx.Err, r: f, n: n, Closer: f}, nil
	}}
}

// pipe is a stream that cannot be opened again. start opens it.
func pipe(start func(ctx context.Context) (io.Reader, io.Closer, error)) blob {
	n := new(atomic.Int64)
	var taken atomic.Bool
	return blob{once: n, size: -1, open: func(ctx context.Context, _ *atomic.Int64) (io.ReadCloser, error) {
		if taken.Swap(true) {
			return nil, errReadOnce
		}
		r, closer, err := start(ctx)
		if err != nil {
			return nil, err
		}
		return &base{alive: ctx.Err, r: r, n: n, Closer: closer}, nil
	}}
}

var errReadOnce = errors.New("a pipe can be read once")

// A base is the lowest reader of a chain: it counts, and heeds ctx.
type base struct {
	alive func() error // a context's Err
	r     io.Reader
	n     *atomic.Int64
	left  int64 // if exact: bytes that must still come
	exact bool
	io.Closer
}

func (b *base) Read(p []byte) (int, error) {
	if err := b.alive(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	b.n.Add(int64(n))
	b.left -= int64(n)
	if err == io.EOF && b.exact && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && err != io.EOF && b.alive() != nil {
		err = b.alive() // the deadline that frees a blocked read of a pipe
	}
	return n, err
}

// peek returns the first bytes of b, fewer than headBytes only at the end or at a
// fault, and a blob that still has them.
func (b blob) peek(ctx context.Context) ([]byte, blob, error) {
	if b.head != nil {
		return b.head, b, nil
	}
	r, err := b.open(ctx, new(atomic.Int64))
	if err != nil {
		return nil, b, err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if isFormatError(err) {
		err = nil // short, cut or damaged: whoever reads it gets to know
	}
	if b.once == nil {
		r.Close()
		b.head = head
		return head, b, err
	}
	return head, b.unread(head, r), err
}

// through puts a reader on b.
func (b blob) through(wrap func(io.ReadCloser) io.ReadCloser) blob {
	inner := b.open
	b.open = func(ctx context.Context, n *atomic.Int64) (io.ReadCloser, error) {
		r, err := inner(ctx, n)
		if err != nil {
			return nil, err
		}
		return wrap(r), nil
	}
	return b
}

// hollow looks at the end of a file that begins with zero bytes only: lines there, after a
// truncation under a writer that does not append, or nothing (lastlog, faillog).
func (b blob) hollow(head []byte) *NotLogError {
	if len(head) < headBytes || b.place == nil || len(bytes.Trim(head, "\x00")) > 0 {
		return nil
	}
	section, closer, err := b.place.open()
	if err != nil {
		return nil // opening it for reading will say so
	}
	defer closer.Close()
	end := make([]byte, headBytes)
	n, _ := section.ReadAt(end, max(b.place.len-headBytes, 0))
	if end = end[:n]; len(bytes.Trim(end, "\x00")) > 0 && !isBinary(end) {
		return nil
	}
	return &NotLogError{What: "zero bytes, no text"}
}

// unread puts back what was read of a pipe. The bytes have been counted.
func (b blob) unread(head []byte, rest io.ReadCloser) blob {
	var taken atomic.Bool
	back := b
	back.open = func(ctx context.Context, _ *atomic.Int64) (io.ReadCloser, error) {
		if taken.Swap(true) {
			return nil, errReadOnce
		}
		whole := io.MultiReader(bytes.NewReader(head), rest)
		return &base{alive: ctx.Err, r: whole, n: new(atomic.Int64), Closer: rest}, nil
	}
	return back
}

// A stream is what Source.Open returns: it gives errors the log's name and offset.
type stream struct {
	r      io.ReadCloser
	source *Source
	offset int64
	err    error
}

func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.offset += int64(n)
	s.err = readError(s.source.Path, s.offset, err)
	return n, s.err
}

func (s *stream) Close() error { return s.r.Close() }
