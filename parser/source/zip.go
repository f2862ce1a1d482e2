package source

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"sync/atomic"
)

// zipCodecs are the methods of APPNOTE.TXT 4.4.5 that we read.
var zipCodecs = map[uint16]codec{
	0:  newStored,
	8:  newDeflate,
	12: codecs[kindBzip2],
	93: newZstd,
	95: newXz,
}

// zip explores the members of a zip. The directory at its end needs seeking, so one
// in a compressed stream or a pipe is first held in memory.
func (f *finder) zip(ctx context.Context, n name, b blob, left *int) {
	place, err := f.hold(ctx, b)
	if err != nil {
		f.problem(n, err)
		return
	}
	section, closer, err := place.open()
	if err != nil {
		f.problem(n, &failure{"open", err})
		return
	}
	defer closer.Close()
	z, err := zip.NewReader(section, place.len)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		f.salvage(ctx, n, place, b.layers+1, left)
		return
	}
	if overlap(z.File) {
		f.problem(n, &codecError{errors.New("members overlap, a decompression bomb")})
		return
	}
	skipped := 0
	for _, m := range z.File {
		if ctx.Err() != nil {
			f.problem(n, ctx.Err())
			return
		}
		if err := f.another(left); err != nil {
			f.problem(n, err)
			return
		}
		member := cleanMember(m.Name)
		switch {
		case !m.Mode().IsRegular():
		case isForeignPath(member):
			skipped++
		default:
			f.zipMember(ctx, n.inside(member), m, place, b.layers+1, left)
		}
	}
	if skipped > 0 {
		f.problem(n, &SkippedError{Count: skipped})
	}
}

func (f *finder) zipMember(ctx context.Context, n name, m *zip.File, place *extent, layers int, left *int) {
	const encrypted = 1
	at, err := m.DataOffset()
	if err != nil {
		f.problem(n, &codecError{err})
		return
	}
	if m.Flags&encrypted != 0 {
		f.problem(n, &NotLogError{What: "encrypted", Advice: "unzip it with its password first"})
		return
	}
	c, ok := zipCodecs[m.Method]
	if !ok {
		f.problem(n, fail("read", "compression method %d is not supported; unzip it first", m.Method))
		return
	}
	b := place.within(at, int64(m.CompressedSize64)).blob(layers)
	b = f.packedMember(b, c, m.Method, &m.CRC32)
	f.explore(ctx, n, b, m.Modified, left)
}

// packedMember decodes a member. Bytes that are only stored keep their place, so that
// an archive within the archive can be read by seeking.
func (f *finder) packedMember(b blob, c codec, method uint16, sum *uint32) blob {
	if method == 0 {
		return b
	}
	l := f.opts.limits()
	layers := b.layers
	b = b.decoded(func(r *bufio.Reader) (io.Reader, error) {
		inner, err := c(r)
		if err != nil || sum == nil {
			return inner, err
		}
		return &checked{r: inner, hash: crc32.NewIEEE(), want: *sum}, nil
	}, &l)
	b.layers = layers // the zip is one layer, not two
	return b
}

// A checked reader compares the checksum at the end.
type checked struct {
	r    io.Reader
	hash hash.Hash32
	want uint32
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.hash.Write(p[:n])
	if err == io.EOF && c.hash.Sum32() != c.want {
		err = zip.ErrChecksum
	}
	return n, err
}

// overlap finds members that share compressed bytes: a small file that gives
// terabytes (D. Fifield, "A better zip bomb").
func overlap(members []*zip.File) bool {
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(members))
	for _, m := range members {
		if at, err := m.DataOffset(); err == nil && m.CompressedSize64 > 0 {
			spans = append(spans, span{at, at + int64(m.CompressedSize64)})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(min(max(a.from-b.from, -1), 1)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return true
		}
	}
	return false
}

// hold returns where the bytes of b can be read at any offset.
func (f *finder) hold(ctx context.Context, b blob) (*extent, error) {
	if b.place != nil {
		return b.place, nil
	}
	b.head = nil
	r, err := b.open(ctx, new(atomic.Int64))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	box := &bounded{most: f.budget}
	if _, err := io.Copy(box, r); errors.Is(err, errFull) {
		return nil, fail("hold", "a zip of more than %d bytes in a pipe or a compressed file; extract it first", f.budget)
	} else if err != nil && !isFormatError(err) {
		return nil, err
	}
	f.budget -= int64(box.Len())
	return &extent{memory: box.Bytes(), len: int64(box.Len())}, nil
}
