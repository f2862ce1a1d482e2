package source

import (
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	// decodeBytes is how much a decoder takes at once.
	decodeBytes = 128 << 10
	// maxWindow bounds the memory of one decoder: xz -9 and zstd --long use 64 and 128 MiB.
	maxWindow = 256 << 20
)

// A codec makes a decoder of compressed bytes. Decoders run in the caller's
// goroutine and have nothing to close but zstd's, which returns its buffers.
type codec func(r *bufio.Reader) (io.Reader, error)

// codecs are the encodings by the kind that sniff gives.
var codecs = map[kind]codec{
	kindGzip:  func(r *bufio.Reader) (io.Reader, error) { return newGzip(r) },
	kindZstd:  newZstd,
	kindXz:    newXz,
	kindBzip2: func(r *bufio.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil },
	kindUTF16: func(r *bufio.Reader) (io.Reader, error) { return &utf16Reader{r: r}, nil },
}

// newDeflate is the standard library's on purpose: that of klauspost/compress v1.18.0
// takes 1 % of the places where data may be cut off for a good end (22 of 2362 tried).
// In a .gz that does no harm, because the checksum is then missing too.
func newDeflate(r *bufio.Reader) (io.Reader, error) { return flate.NewReader(r), nil }
func newS2(r *bufio.Reader) (io.Reader, error)      { return s2.NewReader(r), nil }
func newStored(r *bufio.Reader) (io.Reader, error)  { return r, nil }

// A gzipReader reads the members of a .gz one after the other, and takes zero bytes
// behind the last for padding (tapes, block devices), as gzip itself does.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader
}

func newGzip(in *bufio.Reader) (*gzipReader, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{in, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if n > 0 || err != io.EOF {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
		if err := g.next(); err != nil {
			return 0, err
		}
	}
}

// next moves on to the next member; io.EOF says that there is none.
func (g *gzipReader) next() error {
	for {
		b, err := g.in.ReadByte()
		if err != nil {
			return err
		}
		if b == 0 {
			continue
		}
		g.in.UnreadByte()
		if err := g.z.Reset(g.in); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		g.z.Multistream(false)
		return nil
	}
}

func newZstd(r *bufio.Reader) (io.Reader, error) {
	// Concurrency 1 decodes in the calling goroutine: nothing leaks if nobody closes.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow),
		zstd.WithDecoderLowmem(true))
}

// newXz looks at the first block's dictionary before the library allocates it: up
// to 4 GiB may be asked for by one byte. The library gives whole LZMA2 chunks (64 KiB
// packed, up to 2 MiB of text), so a file that is cut off loses the one it ends in.
func newXz(r *bufio.Reader) (io.Reader, error) {
	head, _ := r.Peek(64)
	if size := xzDictionary(head); size > maxWindow {
		return nil, fmt.Errorf("needs a dictionary of %d MiB, %d are allowed", size>>20, maxWindow>>20)
	}
	return xz.NewReader(r)
}

// xzDictionary reads the dictionary's size from the first block header (the .xz file
// format 1.1.0, sections 3.1 and 5.3.1); 0 if there is none.
func xzDictionary(head []byte) int64 {
	const blockHeader = 12
	if len(head) < blockHeader+2 || head[blockHeader] == 0 {
		return 0
	}
	flags, at := head[blockHeader+1], blockHeader+2
	for _, sized := range []byte{0x40, 0x80} { // compressed and uncompressed size, as 7-bit groups
		if flags&sized != 0 {
			for at < len(head) && head[at]&0x80 != 0 {
				at++
			}
			at++
		}
	}
	if at+2 >= len(head) || head[at] != 0x21 || head[at+1] != 1 {
		return 0 // not LZMA2 alone: the library refuses it
	}
	bits := int64(head[at+2] & 0x3f)
	if bits > 40 {
		return 0
	}
	return (2 | bits&1) << (bits/2 + 11)
}

// decoded puts a decoder on b. The decoder is made at the first Read, so that a
// damaged header is met where damaged data is: while reading.
func (b blob) decoded(c codec, l *limits) blob {
	b.place, b.head, b.limits = nil, nil, l
	b.layers++
	return b.through(func(raw io.ReadCloser) io.ReadCloser {
		in := &counter{r: raw}
		d := &decoder{make: c, raw: raw, in: in}
		return readCloser{&guard{r: d, in: in, limits: l}, d}
	})
}

// A decoder is a codec that has not begun yet, and marks its errors.
type decoder struct {
	make codec
	raw  io.ReadCloser
	in   *counter
	r    io.Reader
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.r == nil {
		// The counter keeps the machine's errors apart from the decoder's.
		r, err := d.make(bufio.NewReaderSize(&sourceErrors{r: d.in}, decodeBytes))
		if err != nil {
			return 0, d.mark(err)
		}
		d.r = r
	}
	n, err := d.r.Read(p)
	return n, d.mark(err)
}

// mark says whose error it is.
func (d *decoder) mark(err error) error {
	var machine *machineError
	switch {
	case err == nil || err == io.EOF && d.r != nil:
		return err
	case errors.As(err, &machine):
		return machine.err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	}
	return &codecError{err}
}

func (d *decoder) Close() error {
	if z, ok := d.r.(*zstd.Decoder); ok {
		z.Close()
	}
	return d.raw.Close()
}

// A machineError carries an error of the layer below through a decoder.
type machineError struct{ err error }

func (e *machineError) Error() string { return e.err.Error() }
func (e *machineError) Unwrap() error { return e.err }

type sourceErrors struct{ r io.Reader }

func (s *sourceErrors) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		err = &machineError{err}
	}
	return n, err
}
