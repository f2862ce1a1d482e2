package gateway

import (
	"encoding/binary"
	"math/bits"

	"culprit/parser"
)

// What lines of a gateway have most of are short numbers and addresses of changing length. Byte by byte
// each costs branches that are guessed wrong; here eight bytes are looked at as one number (Lamport,
// Multiple Byte Processing with Full-Word Instructions, 1975).

const (
	eachByte = 0x0101010101010101 // times c: c in all bytes
	highBits = 0x80 * eachByte
	lowBits  = 0x7f * eachByte
)

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// noDigits has the high bit of each byte that is no digit.
func noDigits(w uint64) uint64 {
	w ^= '0' * eachByte
	return (w&lowBits + (0x7f-9)*eachByte | w) & highBits
}

// noCapitals has the high bit of each byte that is none of A to Z.
func noCapitals(w uint64) uint64 {
	low := w & lowBits
	return (low + (0x7f-'Z')*eachByte | ^(low + (0x80-'A')*eachByte) | w) & highBits
}

// not has the high bit of each byte that is not c.
func not(w uint64, c uint64) uint64 {
	w ^= c * eachByte
	return (w&lowBits + lowBits | w) & highBits
}

// firstByte finds c in a word: the lowest high bit is that of its first place, others may be wrong.
func firstByte(w uint64, c uint64) uint64 {
	w ^= c * eachByte
	return (w - eachByte) &^ w & highBits
}

// gather makes a byte of the high bits of eight.
func gather(high uint64) uint32 { return uint32(high >> 7 * 0x0102040810204080 >> 56) }

// firstOf counts the bytes before the first high bit, eight if there is none.
func firstOf(high uint64) int { return bits.TrailingZeros64(high) >> 3 }

// ipv4Length returns the length of the dotted quad at the start of b, 0 if there is none or if fewer
// than 16 bytes are there to look at.
func ipv4Length(b []byte) int {
	if len(b) < 16 {
		return 0
	}
	first, second := word(b), word(b[8:])
	noDigit := gather(noDigits(first)) | gather(noDigits(second))<<8
	noDot := gather(not(first, '.')) | gather(not(second, '.'))<<8
	n := bits.TrailingZeros32(noDigit&noDot | 1<<16)
	before := uint32(1)<<n - 1
	dots, digits := ^noDot&before, ^noDigit&before
	// No dot at either end or beside another, and no four digits in a row.
	ends := uint32(1) | uint32(1)<<n>>1
	if n == 16 || bits.OnesCount32(dots) != 3 || dots&(dots>>1|ends) != 0 || digits&(digits>>1)&(digits>>2)&(digits>>3) != 0 {
		return 0
	}
	return n
}

// plainPeerLength returns the length of the address and port of IPv4 at the start of b, 0 if there is
// none or too little to look at.
func plainPeerLength(b []byte) int {
	n := ipv4Length(b)
	if n == 0 || len(b) < n+9 || b[n] != ':' {
		return 0
	}
	port := firstOf(noDigits(word(b[n+1:])))
	if port == 0 || port > 5 {
		return 0
	}
	return n + 1 + port
}

// plainNumber reads the number of at most seven digits at the start of b, which has eight bytes; n is
// its length, 0 if there is none.
func plainNumber(b []byte) (value int64, n int) {
	w := word(b)
	if n = firstOf(noDigits(w)); n == 0 || n == 8 {
		return 0, 0
	}
	return int64(eightDigits((w ^ '0'*eachByte) << (64 - 8*n))), n
}

// eightDigits is the number of eight digits, whose values are the bytes of w.
func eightDigits(w uint64) uint64 {
	w = w * (10<<8 + 1) >> 8 & 0x00ff00ff00ff00ff
	w = w * (100<<16 + 1) >> 16 & 0x0000ffff0000ffff
	return w * (10000<<32 + 1) >> 32
}

// usualSeconds reads a duration of less than ten seconds at the start of eight bytes: 0.038.
func usualSeconds(w uint64) (micros int64, ok bool) {
	const five, point, shape = 1<<40 - 1, '.' << 8, '0' | '0'<<16 | '0'<<24 | '0'<<32
	if noDigits(w)&five != 0x80<<8 || w&(0xff<<8) != point {
		return 0, false
	}
	w = w&^point - shape
	return int64(w&0xff*1000+w>>16&0xff*100+w>>24&0xff*10+w>>32&0xff) * parser.Millisecond, true
}

// plainSeconds reads a duration as isSeconds accepts it, at the start of b; n is its length, 0
// if there is none.
func plainSeconds(b []byte) (micros int64, n int) {
	if len(b) >= 8 {
		if micros, ok := usualSeconds(word(b)); ok {
			return micros, len("0.038")
		}
	}
	for n < len(b) && n < 13 && decimal(b[n]) {
		micros = micros*10 + int64(b[n]-'0')
		n++
	}
	if n == 0 || n > 12 || n+4 > len(b) || b[n] != '.' || !decimal(b[n+1]) || !decimal(b[n+2]) || !decimal(b[n+3]) {
		return -1, 0
	}
	micros = micros*1000 + int64(b[n+1]-'0')*100 + int64(b[n+2]-'0')*10 + int64(b[n+3]-'0')
	return micros * parser.Millisecond, n + 4
}
