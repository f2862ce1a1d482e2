package scan

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Names of encodings in Stats.
const (
	utf8Name    = "utf-8"
	utf16LEName = "utf-16le"
	utf16BEName = "utf-16be"
)

// A decoder finds out on its first Read whether a stream is UTF-16, by its byte order
// mark or by a NUL in every second byte, and then turns it into UTF-8. Otherwise it
// passes bytes on as they are. Offsets in UTF-16 sources are those of the UTF-8.
type decoder struct {
	src      *bufio.Reader
	encoding string // "" before the first Read
	big      bool
	half     int // a byte that waits for its second one, -1 if none
	pending  []byte
	high     rune // a surrogate that waits for its second half
}

func newDecoder(src io.Reader) *decoder {
	return &decoder{src: bufio.NewReaderSize(src, 4<<10), half: -1}
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.encoding == "" {
		if err := d.sniff(); err != nil {
			return 0, err
		}
	}
	if d.encoding == utf8Name {
		return d.src.Read(p)
	}
	return d.readUTF16(p)
}

// sniff looks at the first bytes. A byte order mark is dropped by the caller's
// encoding; UTF-8's own mark stays and is cut by the reader.
func (d *decoder) sniff() error {
	head, err := d.src.Peek(2)
	if len(head) < 2 {
		if err == ErrIdle {
			return err
		}
		d.encoding = utf8Name
		return nil
	}
	switch {
	case head[0] == 0xff && head[1] == 0xfe:
		d.encoding = utf16LEName
		d.src.Discard(2)
	case head[0] == 0xfe && head[1] == 0xff:
		d.encoding, d.big = utf16BEName, true
		d.src.Discard(2)
	default:
		d.encoding = utf8Name
		if head[0] == 0 || head[1] == 0 {
			head, _ = d.src.Peek(64)
			d.encoding, d.big = guessUTF16(head)
		}
	}
	return nil
}

// guessUTF16 recognises UTF-16 without a mark: nearly every second byte is NUL.
func guessUTF16(head []byte) (encoding string, big bool) {
	var nul [2]int
	for i, c := range head {
		if c == 0 {
			nul[i%2]++
		}
	}
	pairs := len(head) / 2
	switch {
	case pairs < 8:
	case nul[1] >= pairs*9/10 && nul[0] <= pairs/10:
		return utf16LEName, false
	case nul[0] >= pairs*9/10 && nul[1] <= pairs/10:
		return utf16BEName, true
	}
	return utf8Name, false
}

func (d *decoder) readUTF16(p []byte) (int, error) {
	for len(d.pending) == 0 {
		var two [512]byte
		n, err := d.src.Read(two[:])
		d.decode(two[:n])
		if err != nil && len(d.pending) == 0 {
			if err == io.EOF && (d.half >= 0 || d.high != 0) {
				d.half, d.high = -1, 0
				d.pending = utf8.AppendRune(d.pending, utf8.RuneError)
				break
			}
			return 0, err
		}
	}
	n := copy(p, d.pending)
	d.pending = append(d.pending[:0], d.pending[n:]...)
	return n, nil
}

// decode appends the text of b to pending.
func (d *decoder) decode(b []byte) {
	for _, c := range b {
		if d.half < 0 {
			d.half = int(c)
			continue
		}
		unit := rune(d.half) | rune(c)<<8
		if d.big {
			unit = rune(d.half)<<8 | rune(c)
		}
		d.half = -1
		d.unit(unit)
	}
}

// unit appends one code unit, joining surrogates.
func (d *decoder) unit(u rune) {
	if d.high != 0 {
		pair := utf16.DecodeRune(d.high, u)
		d.high = 0
		d.pending = utf8.AppendRune(d.pending, pair)
		if pair != utf8.RuneError {
			return
		}
	}
	if u >= 0xd800 && u < 0xdc00 {
		d.high = u
		return
	}
	d.pending = utf8.AppendRune(d.pending, u) // a lone low half becomes U+FFFD
}

// cutMark cuts the byte order mark of UTF-8 from the first line.
func cutMark(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) }
