package gateway

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"culprit/parser"
)

// unescaped returns text as the client sent it, so that it compares equal to the
// error log's raw copy. Text without a backslash is returned as it is; other text is
// decoded into env.Buf.
//
// All three of nginx's ways (ngx_http_log_escape, ngx_escape_json) and Apache's are
// read alike: \xHH, \" \\ \/ \n \r \t \b \f \v and \uXXXX. They cannot clash, since
// each of them escapes the backslash itself. An unknown sequence stays as it is.
func unescaped(env *parser.Env, text []byte) []byte {
	slash := bytes.IndexByte(text, '\\')
	if slash < 0 {
		return text
	}
	start := len(env.Buf)
	for slash >= 0 {
		env.Buf = append(env.Buf, text[:slash]...)
		n := 0
		env.Buf, n = appendUnescaped(env.Buf, text[slash:])
		text = text[slash+n:]
		slash = bytes.IndexByte(text, '\\')
	}
	env.Buf = append(env.Buf, text...)
	return env.Buf[start:len(env.Buf):len(env.Buf)]
}

// appendUnescaped decodes the one sequence at the start of b and returns its length.
func appendUnescaped(buf, b []byte) ([]byte, int) {
	if len(b) < 2 {
		return append(buf, b...), len(b)
	}
	switch c := b[1]; c {
	case 'x':
		if v, ok := hexadecimal(b[2:], 2); ok {
			return append(buf, byte(v)), 4
		}
	case 'u':
		return appendUnicode(buf, b)
	case '"', '\\', '/':
		return append(buf, c), 2
	default:
		if i := bytes.IndexByte([]byte("nrtbfv"), c); i >= 0 {
			return append(buf, "\n\r\t\b\f\v"[i]), 2
		}
	}
	return append(buf, b[:2]...), 2
}

func appendUnicode(buf, b []byte) ([]byte, int) {
	v, ok := hexadecimal(b[2:], 4)
	if !ok {
		return append(buf, b[:2]...), 2
	}
	if utf16.IsSurrogate(rune(v)) && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		if low, ok := hexadecimal(b[8:], 4); ok {
			return utf8.AppendRune(buf, utf16.DecodeRune(rune(v), rune(low))), 12
		}
	}
	return utf8.AppendRune(buf, rune(v)), 6
}

func hexadecimal(b []byte, digits int) (v int, ok bool) {
	if len(b) < digits {
		return 0, false
	}
	for _, c := range b[:digits] {
		switch {
		case decimal(c):
			v = v<<4 | int(c-'0')
		case c|0x20-'a' < 6:
			v = v<<4 | int(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return v, true
}
