package source

import (
	"bufio"
	"compress/gzip"
	"hash/crc32"
	"io"

	"culprit/parser/source/inflate"
)

// A gzipReader reads the members of a .gz (RFC 1952) one after the other, and takes zero bytes
// behind the last for padding (tapes, block devices), as gzip itself does.
type gzipReader struct {
	z    *inflate.Reader
	sum  uint32 // of the member's text so far
	size uint32
}

func newGzip(in *bufio.Reader) (*gzipReader, error) {
	g := &gzipReader{z: inflate.NewReader(in)}
	first, err := g.z.ReadByte()
	if err != nil {
		return nil, err
	}
	return g, g.begin(first)
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.z.Read(p)
		if n > 0 {
			g.sum = crc32.Update(g.sum, crc32.IEEETable, p[:n])
			g.size += uint32(n)
			return n, nil
		}
		if err == io.EOF {
			err = g.next()
		}
		if err != nil {
			return 0, err
		}
	}
}

// next compares what was read with the member's end, and moves on to the next member; io.EOF says that
// there is none.
func (g *gzipReader) next() error {
	end := gzipFrame{z: g.z}
	if sum, size := end.uint32(), end.uint32(); end.err != nil {
		return end.err
	} else if sum != g.sum || size != g.size {
		return gzip.ErrChecksum
	}
	for {
		b, err := g.z.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return g.begin(b)
		}
	}
}

// Flags of a member's head (section 2.3.1).
const (
	gzipHeadSum = 1 << 1
	gzipExtra   = 1 << 2
	gzipName    = 1 << 3
	gzipComment = 1 << 4
	gzipUnknown = 7 << 5
)

// begin reads the rest of a member's head. Nothing in it is of use here.
func (g *gzipReader) begin(first byte) error {
	head := gzipFrame{z: g.z}
	head.add(first)
	known := first == 0x1f && head.byte() == 0x8b && head.byte() == 8
	flags := head.byte()
	for range 6 { // time, how it was compressed, on which system
		head.byte()
	}
	if head.err == nil && (!known || flags&gzipUnknown != 0) {
		return gzip.ErrHeader
	}
	if flags&gzipExtra != 0 {
		for range head.uint16() {
			head.byte()
		}
	}
	for _, text := range []byte{gzipName, gzipComment} {
		for flags&text != 0 && head.byte() != 0 {
		}
	}
	if sum := uint16(head.sum); flags&gzipHeadSum != 0 && head.uint16() != sum && head.err == nil {
		return gzip.ErrHeader
	}
	g.z.Next()
	g.sum, g.size = 0, 0
	return head.err
}

// A gzipFrame reads what stands around the compressed text of a member.
type gzipFrame struct {
	z   *inflate.Reader
	sum uint32
	err error // from which on all bytes are 0
}

func (f *gzipFrame) byte() byte {
	if f.err != nil {
		return 0
	}
	b, err := f.z.ReadByte()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	f.err = err
	f.add(b)
	return b
}

func (f *gzipFrame) add(b byte) { f.sum = crc32.Update(f.sum, crc32.IEEETable, []byte{b}) }

func (f *gzipFrame) uint16() uint16 { return uint16(f.byte()) | uint16(f.byte())<<8 }
func (f *gzipFrame) uint32() uint32 { return uint32(f.uint16()) | uint32(f.uint16())<<16 }
