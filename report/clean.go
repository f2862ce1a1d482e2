package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Clean makes text from a log safe to show in a terminal, in one line. What would not be
// seen as itself is written out: control characters (tab and newline too) and invalid UTF-8
// as \x1b, everything else that Unicode calls not printable as \u202e. That covers escape sequences
// of both the 7-bit and the 8-bit kind, bidirectional marks, zero-width characters, line
// separators and private use. A backslash stays as it is: logs are full of them, and nothing
// parses the result.
func Clean(text string) string {
	if visible(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	for i, size := 0, 0; i < len(text); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			b.WriteString(control(r))
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// control writes an ASCII control character in its shortest usual form.
func control(r rune) string {
	switch r {
	case '\t':
		return `\t`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	}
	return fmt.Sprintf(`\x%02x`, r)
}

// visible reports whether text is ASCII that can be seen: the common case.
func visible(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
