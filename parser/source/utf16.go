package source

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// A utf16Reader turns UTF-16 with a byte order mark into UTF-8: what PowerShell's > makes
// of a container's log. Offsets in such a log are those of the UTF-8.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	left  [utf8.UTFMax]byte // the end of a rune that did not fit
	n     int
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if u.order == nil {
		mark, err := u.unit(binary.LittleEndian)
		if err != nil {
			return 0, err
		}
		u.order = byteOrder([]byte{byte(mark)})
	}
	out := copy(p, u.left[:u.n])
	u.n = copy(u.left[:], u.left[out:u.n])
	for len(p)-out >= utf8.UTFMax || out == 0 && len(p) > 0 {
		r, err := u.rune()
		if err != nil {
			return out, err
		}
		var one [utf8.UTFMax]byte
		size := utf8.EncodeRune(one[:], r)
		n := copy(p[out:], one[:size])
		u.n = copy(u.left[:], one[n:size])
		out += n
	}
	return out, nil
}

func (u *utf16Reader) rune() (rune, error) {
	high, err := u.unit(u.order)
	if err != nil || !utf16.IsSurrogate(rune(high)) {
		return rune(high), err
	}
	next, err := u.r.Peek(2)
	if err != nil {
		return utf8.RuneError, nil
	}
	r := utf16.DecodeRune(rune(high), rune(u.order.Uint16(next)))
	if r != utf8.RuneError {
		u.r.Discard(2)
	}
	return r, nil
}

func (u *utf16Reader) unit(order binary.ByteOrder) (uint16, error) {
	var two [2]byte
	_, err := io.ReadFull(u.r, two[:])
	return order.Uint16(two[:]), err
}
