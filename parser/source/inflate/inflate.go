// Package inflate decompresses DEFLATE (RFC 1951), the stream inside of a .gz and of nearly all
// members of a .zip.
//
// Why not a library's: rotated logs are mostly .gz, and klauspost/compress v1.18.0, which asks for its
// input byte by byte, took a quarter of the time of an analysis of them. Here it is an eighth, since
// bits are taken from a word that is filled eight bytes at a time, one look into a table of
// 2,048 places gives a literal or a length with its extra bits, and matches are copied inside of one
// buffer, which holds the window, too. Nor does it take a stream that is cut off for a whole one,
// which that one did in 22 of 2,362 places.
package inflate

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"io"
)

const (
	windowSize = 32 << 10 // how far back a match may reach (RFC 1951, section 2)
	outBytes   = windowSize + 96<<10
	maxMatch   = 258
	// slack is what one turn of the fast loop writes at most.
	slack = 2 + maxMatch
	// wordBytes is what one turn of it takes from the input at most, twice a word.
	wordBytes = 16
)

// A Reader reads one DEFLATE stream and then gives io.EOF. What stands behind the stream can be had
// from ReadByte, and Next begins another one there. A stream that is cut off ends with
// io.ErrUnexpectedEOF, a damaged one with a flate.CorruptInputError; what could be
// decompressed comes first.
type Reader struct {
	src    *bufio.Reader
	buf    []byte // what src has buffered
	pos    int    // of buf what has been taken
	before int64  // bytes of src before buf
	srcErr error  // what src ended with

	bits  uint64 // taken, and not used
	count uint   // of bits

	out   []byte // the window, and what is behind it
	given int    // of out handed out
	made  int    // of out
	err   error  // behind made

	inside  bool // of a block of codes
	stored  int  // bytes left of a block that is not compressed
	last    bool // the block ends the stream
	codes   *codes
	own     codes
	lengths [maxLitLen + maxDistances]uint8
}

// NewReader returns a Reader of src, whose buffer has 32 bytes or more.
func NewReader(src *bufio.Reader) *Reader { return &Reader{src: src, out: make([]byte, outBytes)} }

// Next begins another stream, behind what was read so far.
func (r *Reader) Next() {
	r.given, r.made, r.err, r.inside, r.stored, r.last = 0, 0, nil, false, 0, false
}

// ReadByte reads a byte behind the stream.
func (r *Reader) ReadByte() (byte, error) {
	r.align()
	if r.pos == len(r.buf) && !r.fill() {
		return 0, r.srcErr
	}
	r.pos++
	return r.buf[r.pos-1], nil
}

// Read reads from the stream.
func (r *Reader) Read(p []byte) (int, error) {
	for r.given == r.made {
		if r.err != nil {
			return 0, r.err
		}
		if r.made > len(r.out)-slack {
			copy(r.out, r.out[r.made-windowSize:r.made])
			r.made = windowSize
			r.given = windowSize
		}
		r.err = r.more()
	}
	n := copy(p, r.out[r.given:r.made])
	r.given += n
	return n, nil
}

// more decompresses until out is full or the stream ends.
func (r *Reader) more() error {
	for r.made <= len(r.out)-slack {
		var err error
		switch {
		case r.stored > 0:
			err = r.copyStored()
		case r.inside:
			err = r.symbols()
		case r.last:
			r.align()
			return io.EOF
		default:
			err = r.block()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill reads more of src behind what has not been used, and reports whether there was some.
func (r *Reader) fill() bool {
	if r.srcErr != nil {
		return false
	}
	r.giveBack()
	r.src.Discard(r.pos)
	r.before += int64(r.pos)
	left := len(r.buf) - r.pos
	_, r.srcErr = r.src.Peek(left + 1)
	r.buf, _ = r.src.Peek(r.src.Buffered())
	r.pos = 0
	return len(r.buf) > left
}

// need takes bytes until there are n bits, at most maxBits, or src has ended.
func (r *Reader) need(n uint) error {
	for r.count < n {
		if r.pos == len(r.buf) && !r.fill() && r.pos == len(r.buf) {
			return r.cut()
		}
		r.bits |= uint64(r.buf[r.pos]) << (r.count & 63)
		r.count += 8
		r.pos++
	}
	return nil
}

// cut is the error of a stream that goes on where src has ended.
func (r *Reader) cut() error {
	if r.srcErr == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return r.srcErr
}

// take uses n bits.
func (r *Reader) take(n uint) (uint, error) {
	if err := r.need(n); err != nil {
		return 0, err
	}
	v := uint(r.bits) & (1<<n - 1)
	r.drop(n)
	return v, nil
}

func (r *Reader) drop(n uint) {
	r.bits >>= n & 63
	r.count -= n
}

// giveBack puts the whole bytes back that were not used.
func (r *Reader) giveBack() {
	r.pos -= int(r.count / 8)
	r.count %= 8
	r.bits &= 1<<r.count - 1
}

// align drops the rest of a byte that was begun.
func (r *Reader) align() {
	r.giveBack()
	r.bits, r.count = 0, 0
}

func (r *Reader) corrupt() error {
	return flate.CorruptInputError(r.before + int64(r.pos) - int64(r.count/8))
}

// block reads the head of a block (section 3.2.3).
func (r *Reader) block() error {
	head, err := r.take(3)
	if err != nil {
		return err
	}
	r.last = head&1 != 0
	switch head >> 1 {
	case 0:
		return r.beginStored()
	case 1:
		r.inside, r.codes = true, fixed()
		return nil
	case 2:
		r.inside, r.codes = true, &r.own
		return r.dynamic()
	}
	return r.corrupt()
}

// beginStored reads the length of a block that is not compressed (section 3.2.4).
func (r *Reader) beginStored() error {
	r.align()
	if err := r.need(32); err != nil {
		return err
	}
	n := r.bits & 0xffff
	if n != ^r.bits>>16&0xffff {
		return r.corrupt()
	}
	r.drop(32)
	r.stored = int(n)
	return nil
}

func (r *Reader) copyStored() error {
	if r.pos == len(r.buf) && !r.fill() {
		return r.cut()
	}
	n := min(r.stored, len(r.buf)-r.pos, len(r.out)-r.made)
	copy(r.out[r.made:], r.buf[r.pos:r.pos+n])
	r.pos, r.made, r.stored = r.pos+n, r.made+n, r.stored-n
	return nil
}

// symbols decompresses what is left of a block of codes, as far as there is room.
func (r *Reader) symbols() error {
	for r.inside && r.made <= len(r.out)-slack {
		if len(r.buf)-r.pos < wordBytes && r.srcErr == nil {
			r.fill()
		}
		var err error
		if len(r.buf)-r.pos >= wordBytes {
			err = r.fast()
		} else {
			err = r.one()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fast decompresses as long as neither input nor room is scarce.
func (r *Reader) fast() error {
	buf, out := r.buf, r.out
	litLen, distances := &r.codes.litLen, &r.codes.distance
	pos, made, bits, count := r.pos, r.made, r.bits, r.count
	damaged := false
	for pos <= len(buf)-wordBytes && made <= len(out)-slack {
		// Bits beyond count are those of the bytes behind pos, so it does no harm to add them again.
		bits |= binary.LittleEndian.Uint64(buf[pos:]) << (count & 63)
		pos += int(63-count) >> 3
		count |= 56
		e := litLen.find(bits)
		if e.is(literal) {
			out[made] = e.byte()
			bits, count = bits>>e.size(), count-e.size()
			if e = litLen.find(bits); e.is(literal) {
				out[made+1] = e.byte()
				bits, count = bits>>e.size(), count-e.size()
				made += 2
				continue
			}
			made++
			bits |= binary.LittleEndian.Uint64(buf[pos:]) << (count & 63)
			pos += int(63-count) >> 3
			count |= 56
		}
		if !e.is(match) {
			bits, count = bits>>e.size(), count-e.size()
			r.inside, damaged = false, !e.is(endOfBlock)
			break
		}
		length := e.value(bits)
		bits, count = bits>>e.size(), count-e.size()
		e = distances.find(bits)
		distance := e.value(bits)
		bits, count = bits>>e.size(), count-e.size()
		if distance > made || !e.is(match) {
			damaged = true
			break
		}
		copyMatch(out, made, distance, length)
		made += length
	}
	r.pos, r.made, r.bits, r.count = pos, made, bits, count
	if damaged {
		return r.corrupt()
	}
	return nil
}

// one decompresses one literal or match, where the input or src ends.
func (r *Reader) one() error {
	cut := r.need(maxBits)
	e := r.codes.litLen.find(r.bits)
	used := e.size()
	length, distance := 0, 0
	if e.is(match) {
		length = e.value(r.bits)
		e = r.codes.distance.find(r.bits >> used)
		distance = e.value(r.bits >> used)
		used += e.size()
	}
	switch {
	case used > r.count:
		return cut
	case e.is(literal):
		r.out[r.made] = e.byte()
		r.made++
	case e.is(endOfBlock):
		r.inside = false
	case e.is(match) && distance <= r.made:
		copyMatch(r.out, r.made, distance, length)
		r.made += length
	default:
		return r.corrupt()
	}
	r.drop(used)
	return nil
}

// copyMatch repeats length bytes from distance before made on.
func copyMatch(out []byte, made, distance, length int) {
	if distance >= length {
		copy(out[made:made+length], out[made-distance:])
		return
	}
	for i := made; i < made+length; i++ {
		out[i] = out[i-distance]
	}
}
