package gateway

import (
	"bytes"
	"strings"
	"testing"
)

// What is looked at by eight bytes is what it is byte by byte.
func FuzzWords(f *testing.F) {
	for _, s := range []string{
		"10.0.1.11:8080\" us=", "255.255.255.255:65535 x", "1.2.3.4 - - [22/Nov", "1.2.3.4.5", "1..2.3", ".1.2.3.4", "1.2.3.", "1234.1.1.1",
		"0.038\" uht=", "60.002 x", "1234.567\"", "123456789012.000", "1.23", "1.23x", "12345678", "1234567 ", "9", "0x038", "GET / HTTP/1.1\" 200",
		"DELETE / HTTP/2.0", "PROPFIND /", "GE\xc7 /", "G /", "M-SEARCH *", "\\x22\"", "a\"\\", "HTTP/1.1", "HTTP/ 1.", "\xb0\xb1\xb2.\xb0\xb1\xb2\xb3",
	} {
		f.Add([]byte(s))
		f.Add([]byte(s + " and so on and so on"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr := b[:len(b)-len(bytes.TrimLeft(b, "0123456789."))]
		if n := ipv4Length(b); n > 0 && (n != len(addr) || !isIPv4(addr)) || n == 0 && len(b) >= 16 && len(addr) < 16 && isIPv4(addr) {
			t.Errorf("ipv4Length(%q) = %d", b, n)
		}
		if n := plainPeerLength(b); n > 0 && (!isPeerAddr(b[:n]) || n < len(b) && decimal(b[n])) {
			t.Errorf("plainPeerLength(%q) = %d", b, n)
		}
		micros, n := plainSeconds(b)
		end := bytes.IndexByte(b, '.')
		if end = min(end+4, len(b)); isSeconds(b[:end]) != (n > 0) {
			t.Errorf("plainSeconds(%q): length %d", b, n)
		} else if want, _ := seconds(b[:end]); n > 0 && (micros != want || n != end) {
			t.Errorf("plainSeconds(%q) = %d, %d", b, micros, n)
		}
		if len(b) < 8 {
			return
		}
		digits := b[:len(b)-len(bytes.TrimLeft(b, "0123456789"))]
		value, n := plainNumber(b)
		if want, ok := wholeNumber(digits); n > 0 && (value != want || n != len(digits)) || n == 0 && ok && len(digits) < 8 {
			t.Errorf("plainNumber(%q) = %d, %d", b, value, n)
		}
		blank := bytes.IndexByte(b, ' ')
		if n := plainMethod(b); n > 0 && (n != blank || !isMethod(b[:n])) || n == 0 && blank > 1 && blank < 8 && len(bytes.TrimLeft(b[:blank], "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) == 0 {
			t.Errorf("plainMethod(%q) = %d", b, n)
		}
		if isProtocol(word(b)) != (strings.HasPrefix(string(b), "HTTP/") && bytes.IndexByte(b[:8], ' ') < 0) {
			t.Errorf("isProtocol(%q)", b)
		}
		first := bytes.IndexAny(b, "\"\\")
		if n := plainQuoted(b); n >= 0 && (n != first || b[n] != '"') || n < 0 && first >= 0 && b[first] == '"' && first < len(b)&^7 {
			t.Errorf("plainQuoted(%q) = %d", b, n)
		}
	})
}
