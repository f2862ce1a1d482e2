package source

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// A kind is what the first bytes say a file is.
type kind uint8

const (
	kindText kind = iota
	kindGzip
	kindZstd
	kindXz
	kindBzip2
	kindUTF16
	kindTar
	kindZip
	kindOther // recognised, or plainly binary: no log
)

// magics are first bytes, longest knowledge first; the source is the file(1) data base
// and the formats' own documents. advice has FILE where the path goes.
var magics = []struct {
	bytes  string
	kind   kind
	what   string
	advice string
}{
	{"\x1f\x8b\x08", kindGzip, "", ""},
	{"\x28\xb5\x2f\xfd", kindZstd, "", ""},
	{"\xfd7zXZ\x00", kindXz, "", ""},
	{"PK\x03\x04", kindZip, "", ""},
	{"PK\x05\x06", kindZip, "", ""},
	{"\xff\xfe", kindUTF16, "", ""},
	{"\xfe\xff", kindUTF16, "", ""},

	{"LPKSHHRH", kindOther, "a systemd journal in its binary form", "journalctl --file FILE -o json | culprit analyze -"},
	{"SQLite format 3\x00", kindOther, "an SQLite data base", ""},
	{"\x37\x7f\x06\x82", kindOther, "an SQLite write-ahead log", ""},
	{"\x37\x7f\x06\x83", kindOther, "an SQLite write-ahead log", ""},
	{"\xd4\xc3\xb2\xa1", kindOther, "a packet capture", "tshark -r FILE"},
	{"\xa1\xb2\xc3\xd4", kindOther, "a packet capture", "tshark -r FILE"},
	{"\x4d\x3c\xb2\xa1", kindOther, "a packet capture", "tshark -r FILE"},
	{"\xa1\xb2\x3c\x4d", kindOther, "a packet capture", "tshark -r FILE"},
	{"\x0a\x0d\x0d\x0a", kindOther, "a packet capture", "tshark -r FILE"},
	{"ElfFile\x00", kindOther, "a Windows event log", "evtx_dump -o jsonl FILE | culprit analyze -"},
	{"\x7fELF", kindOther, "a program, library or core dump", "for a core dump: coredumpctl info, or gdb -c FILE"},
	{"MDMP", kindOther, "a Windows crash dump", ""},
	{"JAVA PROFILE ", kindOther, "a Java heap dump", "the log beside it says OutOfMemoryError"},
	{"FLR\x00", kindOther, "a Java flight recording", "jfr print FILE | culprit analyze -"},
	{"\xca\xfe\xba\xbe", kindOther, "a program or Java class", ""},
	{"\xcf\xfa\xed\xfe", kindOther, "a program", ""},
	{"PERFILE2", kindOther, "a perf recording", ""},
	{"\x89PNG", kindOther, "an image", ""},
	{"\xff\xd8\xff", kindOther, "an image", ""},
	{"GIF8", kindOther, "an image", ""},
	{"%PDF-", kindOther, "a PDF document", "pdftotext -layout FILE"},
	{"7z\xbc\xaf\x27\x1c", kindOther, "a 7z archive", "7z x -so FILE | culprit analyze -"},
	{"Rar!\x1a\x07", kindOther, "a RAR archive", "unrar p -inul FILE | culprit analyze -"},
	{"\x04\x22\x4d\x18", kindOther, "lz4-compressed", "lz4 -dc FILE | culprit analyze -"},
	{"LZIP", kindOther, "lzip-compressed", "lzip -dc FILE | culprit analyze -"},
	{"\x1f\x9d", kindOther, "compressed by compress(1)", "zcat FILE | culprit analyze -"},
	{"\x89LZO\x00", kindOther, "lzop-compressed", "lzop -dc FILE | culprit analyze -"},
	{"\xff\x06\x00\x00sNaPpY", kindOther, "snappy-compressed", ""},
	{"\x5d\x00\x00", kindOther, "lzma-compressed", "xz -dc --format=lzma FILE | culprit analyze -"},
	{"!<arch>\n", kindOther, "a package or static library", ""},
	{"\xed\xab\xee\xdb", kindOther, "an RPM package", ""},
	{"REDIS0", kindOther, "a Redis dump", ""},
	{"\xfebin", kindOther, "a MySQL binary log", "mysqlbinlog FILE"},
	{"\x00\x05\x16\x07", kindOther, "a macOS resource file", ""},
	{"\x96\xd5", kindOther, "system statistics of sysstat", "sar -A -f FILE"},
	{"Salted__", kindOther, "encrypted by openssl", "decrypt it first"},
	{"age-encryption.org/", kindOther, "encrypted by age", "age -d FILE | culprit analyze -"},
	{"-----BEGIN PGP MESSAGE", kindOther, "encrypted by gpg", "gpg -d FILE | culprit analyze -"},
}

// sniff says what a file is by its first bytes (up to headBytes of them).
func sniff(head []byte) (kind, *NotLogError) {
	for i := range magics {
		m := &magics[i]
		if !bytes.HasPrefix(head, []byte(m.bytes)) {
			continue
		}
		if m.kind == kindOther {
			return kindOther, &NotLogError{What: m.what, Advice: m.advice}
		}
		return m.kind, nil
	}
	switch {
	case isBzip2(head):
		return kindBzip2, nil
	case len(head) >= 4 && string(head[1:4]) == "\x2a\x4d\x18" && head[0]&0xf0 == 0x50:
		return kindZstd, nil // a skippable frame goes first (pzstd, zstd --adapt)
	case isTar(head):
		return kindTar, nil
	case isLogins(head):
		return kindOther, &NotLogError{What: "login records (wtmp, btmp)", Advice: "last -F -f FILE"}
	case isBinary(head):
		return kindOther, &NotLogError{What: "binary data of an unknown kind"}
	}
	return kindText, nil
}

// isBzip2 asks for the block's magic too, pi in BCD: "BZh9" could begin a text.
func isBzip2(head []byte) bool {
	if len(head) < 4 || string(head[:3]) != "BZh" || head[3] < '1' || head[3] > '9' {
		return false
	}
	rest := head[4:min(len(head), 10)]
	return bytes.HasPrefix([]byte("\x31\x41\x59\x26\x53\x59"), rest) || bytes.HasPrefix([]byte("\x17\x72\x45\x38\x50\x90"), rest)
}

// isTar checks the first header's checksum, which old archives without "ustar" have too.
func isTar(head []byte) bool {
	const block, from, to = 512, 148, 156
	if len(head) < block || head[0] == 0 {
		return false
	}
	var sum, want int64
	for i, b := range head[:block] {
		if i >= from && i < to {
			if b >= '0' && b <= '7' {
				want = want*8 + int64(b-'0')
			}
			b = ' '
		}
		sum += int64(b)
	}
	return sum == want
}

// isLogins knows glibc's utmp record: a type from 0 to 9, a pid, a terminal's name.
func isLogins(head []byte) bool {
	const record = 384
	if len(head) < record || head[0] > 9 || head[1]|head[2]|head[3] != 0 {
		return false
	}
	line := bytes.TrimRight(head[8:40], "\x00")
	zeros := bytes.Count(head[:record], []byte{0})
	return len(line) > 0 && bytes.IndexByte(line, 0) < 0 && zeros > record/2
}

// isBinary tells a file that no reader of logs can use. Latin-1, terminal colours and
// a few stray bytes are text; noise, which compressed and encrypted data are like, has a control
// byte in ten and is no UTF-8. So are lines with a long run of zero bytes: a program
// that does not append leaves one when its log is truncated (copytruncate), and a
// file system does after a power failure.
func isBinary(head []byte) bool {
	const hole = 64 // zero bytes in a row that no format of records is expected to have
	strange, zeros, holes := 0, 0, 0
	lines := false
	for i := 0; i < len(head); i++ {
		b := head[i]
		switch {
		case b == 0:
			run := len(head[i:]) - len(bytes.TrimLeft(head[i:], "\x00"))
			if i += run - 1; run >= hole {
				holes += run
			} else {
				zeros += run
			}
		case b == '\n':
			lines = true
		case b < ' ' && (b < '\a' || b > '\r') && b != '\x1b' || b == 0x7f:
			strange++
		}
	}
	text := len(head) - holes
	odd := strange + zeros
	return odd*10 > text || odd*20 > text && notUTF8(head)*5 > text || zeros+holes > 0 && text > 0 && !lines
}

// notUTF8 counts the bytes that are no part of UTF-8.
func notUTF8(head []byte) (n int) {
	for len(head) > 0 {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 {
			n++
		}
		head = head[size:]
	}
	return n
}

// byteOrder tells how UTF-16 is written by its mark.
func byteOrder(mark []byte) binary.ByteOrder {
	if mark[0] == 0xff {
		return binary.LittleEndian
	}
	return binary.BigEndian
}
