package inflate

import (
	"math/bits"
	"sync"
)

// Sizes of the alphabets (section 3.2.5) and of codes.
const (
	maxLitLen    = 288 // with two that never occur
	maxDistances = 32  // the same
	maxCode      = 15  // bits of a code
	maxBits      = 48  // of a length, a distance and what is added to both
	litLenBits   = 11  // of the first table's index
	distanceBits = 9
)

// An entry is what a code stands for:
//
//	bits 0 to 4    bits of the code, and of what is added to the value
//	bits 5 to 8    kind
//	bits 9 to 12   bits of the code
//	bits 16 to 31  the byte, the least length or distance, or where a second table begins
//
// One without a kind stands for nothing; 0 is no code.
type entry uint32

const (
	literal    entry = 1 << 5
	match      entry = 1 << 6 // a length or a distance
	endOfBlock entry = 1 << 7
	link       entry = 1 << 8 // to a second table, for codes that are longer than the index
)

func (e entry) is(kind entry) bool { return e&kind != 0 }
func (e entry) size() uint         { return uint(e & 31) }
func (e entry) byte() byte         { return byte(e >> 16) }

// value returns the length or distance with the bits behind its code.
func (e entry) value(bits uint64) int {
	return int(e>>16) + int(bits&(1<<(e&31)-1)>>(e>>9&15))
}

// codes are the two codes of a block.
type codes struct {
	litLen   litLenTable
	distance distanceTable
}

type litLenTable struct {
	first  [1 << litLenBits]entry
	second []entry
}

func (t *litLenTable) find(bits uint64) entry {
	e := t.first[bits&(1<<litLenBits-1)]
	if e&link != 0 {
		e = t.second[uint64(e>>16)+bits>>litLenBits&(1<<(maxCode-litLenBits)-1)]
	}
	return e
}

type distanceTable struct {
	first  [1 << distanceBits]entry
	second []entry
}

func (t *distanceTable) find(bits uint64) entry {
	e := t.first[bits&(1<<distanceBits-1)]
	if e&link != 0 {
		e = t.second[uint64(e>>16)+bits>>distanceBits&(1<<(maxCode-distanceBits)-1)]
	}
	return e
}

// litLens and distances are what the symbols of the alphabets stand for.
var (
	litLens   = litLenEntries()
	distances = distanceEntries()
)

func litLenEntries() (all [maxLitLen]entry) {
	for i := range 256 {
		all[i] = literal | entry(i)<<16
	}
	all[256] = endOfBlock
	least := 3
	for i := range 28 {
		extra := max(0, i/4-1)
		all[257+i] = match | entry(least)<<16 | entry(extra)
		least += 1 << extra
	}
	all[285] = match | maxMatch<<16
	return all
}

func distanceEntries() (all [maxDistances]entry) {
	least := 1
	for i := range 30 {
		extra := max(0, i/2-1)
		all[i] = match | entry(least)<<16 | entry(extra)
		least += 1 << extra
	}
	return all
}

// build fills the tables for codes of the given lengths (section 3.2.2) and reports whether they are
// a code: complete, or of one symbol with one bit, or of none.
func build(first, second []entry, lengths []uint8, symbols []entry) ([]entry, bool) {
	clear(first)
	second = second[:0]
	var counts, next [maxCode + 1]int
	longest := 0
	for _, n := range lengths {
		counts[n]++
		longest = max(longest, int(n))
	}
	if longest == 0 {
		return second, true
	}
	code := 0
	for n := 1; n <= longest; n++ {
		code <<= 1
		next[n] = code
		code += counts[n]
	}
	if code != 1<<longest && !(code == 1 && longest == 1) {
		return second, false
	}
	index := bits.Len(uint(len(first) - 1))
	rest := maxCode - index
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		size := int(n)
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		e := symbols[symbol] + (entry(n) | entry(n)<<9)
		if size <= index {
			for i := reversed; i < len(first); i += 1 << size {
				first[i] = e
			}
			continue
		}
		from := &first[reversed&(len(first)-1)]
		if *from == 0 {
			*from = link | entry(len(second))<<16
			second = append(second, make([]entry, 1<<rest)...)
		}
		part := second[*from>>16:][:1<<rest]
		for i := reversed >> index; i < len(part); i += 1 << (size - index) {
			part[i] = e
		}
	}
	return second, true
}

func (c *codes) build(litLen, distance []uint8) bool {
	var ok, also bool
	c.litLen.second, ok = build(c.litLen.first[:], c.litLen.second, litLen, litLens[:])
	c.distance.second, also = build(c.distance.first[:], c.distance.second, distance, distances[:])
	return ok && also
}

// fixed are the codes of section 3.2.6.
var fixed = sync.OnceValue(func() *codes {
	var litLen [maxLitLen]uint8
	var distance [maxDistances]uint8
	for i := range litLen {
		switch {
		case i < 144 || i >= 280:
			litLen[i] = 8
		case i < 256:
			litLen[i] = 9
		default:
			litLen[i] = 7
		}
	}
	for i := range distance {
		distance[i] = 5
	}
	c := &codes{}
	c.build(litLen[:], distance[:])
	return c
})

// lengthOrder is the order in which the lengths of the code of lengths stand (section 3.2.7).
var lengthOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block (section 3.2.7).
func (r *Reader) dynamic() error {
	head, err := r.take(14)
	if err != nil {
		return err
	}
	litLen, distance, n := int(head&31+257), int(head>>5&31+1), int(head>>10+4)
	if litLen > maxLitLen-2 || distance > maxDistances-2 {
		return r.corrupt()
	}
	var sizes [len(lengthOrder)]uint8
	for _, symbol := range lengthOrder[:n] {
		size, err := r.take(3)
		if err != nil {
			return err
		}
		sizes[symbol] = uint8(size)
	}
	if err := r.readLengths(sizes[:], r.lengths[:litLen+distance]); err != nil {
		return err
	}
	if !r.own.build(r.lengths[:litLen], r.lengths[litLen:litLen+distance]) {
		return r.corrupt()
	}
	return nil
}

// readLengths reads the lengths of the two codes, which are coded themselves.
func (r *Reader) readLengths(sizes, lengths []uint8) error {
	var table [1 << 7]entry
	var symbols [len(lengthOrder)]entry
	for i := range symbols {
		symbols[i] = literal | entry(i)<<16
	}
	if _, ok := build(table[:], nil, sizes, symbols[:]); !ok {
		return r.corrupt()
	}
	for i := 0; i < len(lengths); {
		cut := r.need(7)
		e := table[r.bits&(1<<7-1)]
		if e.size() > r.count {
			return cut
		}
		if e == 0 {
			return r.corrupt()
		}
		r.drop(e.size())
		symbol := e.byte()
		if symbol < 16 {
			lengths[i] = symbol
			i++
			continue
		}
		repeat := [...]struct{ bits, least uint }{{2, 3}, {3, 3}, {7, 11}}[symbol-16]
		more, err := r.take(repeat.bits)
		if err != nil {
			return err
		}
		value, to := uint8(0), i+int(repeat.least+more)
		if symbol == 16 {
			if i == 0 {
				return r.corrupt()
			}
			value = lengths[i-1]
		}
		if to > len(lengths) {
			return r.corrupt()
		}
		for ; i < to; i++ {
			lengths[i] = value
		}
	}
	return nil
}
