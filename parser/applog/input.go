package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// An input is what is left of a line. Its methods take a part from its start and
// report whether it was there; if not, nothing is taken.
type input struct{ rest []byte }

type stampReader = func([]byte) (parser.Stamp, int, bool)

var (
	iso       stampReader = timestamp.ISO
	anyStamp  stampReader = timestamp.Read
	timeOfDay stampReader = timestamp.TimeOfDay
)

// stamp takes a stamp and gives it to the record.
func (in *input) stamp(read stampReader, r *parser.Record) bool {
	s, n, ok := read(in.rest)
	if ok {
		in.rest = in.rest[n:]
		r.Stamp = Prefer(r.Stamp, s)
	}
	return ok
}

// lit takes the given text.
func (in *input) lit(s string) bool {
	if len(in.rest) >= len(s) && string(in.rest[:len(s)]) == s {
		in.rest = in.rest[len(s):]
		return true
	}
	return false
}

// blanks takes blanks and tabs, and reports whether there was one.
func (in *input) blanks() bool {
	n := 0
	for n < len(in.rest) && (in.rest[n] == ' ' || in.rest[n] == '\t') {
		n++
	}
	in.rest = in.rest[n:]
	return n > 0
}

// word takes bytes up to a blank or the end.
func (in *input) word() []byte {
	n := 0
	for n < len(in.rest) && in.rest[n] != ' ' && in.rest[n] != '\t' {
		n++
	}
	w := in.rest[:n]
	in.rest = in.rest[n:]
	return w
}

// until takes text up to and with the mark, and returns it without.
func (in *input) until(mark string) ([]byte, bool) {
	i := indexString(in.rest, mark)
	if i < 0 {
		return nil, false
	}
	w := in.rest[:i]
	in.rest = in.rest[i+len(mark):]
	return w, true
}

// bracket takes [text] and returns the text; brackets may nest.
func (in *input) bracket() ([]byte, bool) {
	if len(in.rest) == 0 || in.rest[0] != '[' {
		return nil, false
	}
	depth := 0
	for i, x := range in.rest {
		if x == '[' {
			depth++
		} else if x == ']' {
			if depth--; depth == 0 {
				w := in.rest[1:i]
				in.rest = in.rest[i+1:]
				return w, true
			}
		}
	}
	return nil, false
}

// number takes a run of digits.
func (in *input) number() (int64, bool) {
	v, n := leadingNumber(in.rest)
	in.rest = in.rest[n:]
	return v, n > 0
}

// pid takes a run of digits and gives them to the record.
func (in *input) pid(r *parser.Record) bool {
	v, ok := in.number()
	if ok {
		tellPID(r, v)
	}
	return ok
}

// level takes a level word that ends at a blank, the end or one of the given bytes.
func (in *input) level(ends string, r *parser.Record) bool {
	n := 0
	for n < len(in.rest) && isLetter(in.rest[n]) {
		n++
	}
	if n < len(in.rest) && in.rest[n] != ' ' && in.rest[n] != '\t' && bytes.IndexByte([]byte(ends), in.rest[n]) < 0 {
		return false
	}
	l, ok := levelOf(in.rest[:n])
	if ok {
		in.rest = in.rest[n:]
		tellLevel(r, l)
	}
	return ok
}

// upperLevel is level for words in capitals only.
func (in *input) upperLevel(ends string, r *parser.Record) bool {
	return len(in.rest) > 1 && isUpper(in.rest[0]) && isUpper(in.rest[1]) && in.level(ends, r)
}

// message makes what is left, without blanks around it, the record's message.
func (in *input) message(r *parser.Record) bool {
	r.Message = bytes.TrimRight(trimBlanks(in.rest), " \t\r")
	return true
}

// peek returns the first byte, 0 at the end.
func (in *input) peek() byte {
	if len(in.rest) == 0 {
		return 0
	}
	return in.rest[0]
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

// leadingNumber reads at most 18 digits at the start of b.
func leadingNumber(b []byte) (value int64, n int) {
	for n < len(b) && n < 18 && isDigit(b[n]) {
		value = value*10 + int64(b[n]-'0')
		n++
	}
	return value, n
}

// wholeNumber reads b as a number of nothing but digits.
func wholeNumber(b []byte) (int64, bool) {
	v, n := leadingNumber(b)
	return v, n > 0 && n == len(b)
}

// indexString is strings.Index on bytes.
func indexString(b []byte, s string) int {
	if len(s) == 1 {
		return bytes.IndexByte(b, s[0])
	}
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], s[0])
		if i < 0 || from+i+len(s) > len(b) {
			return -1
		}
		if from += i; string(b[from:from+len(s)]) == s {
			return from
		}
		from++
	}
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }
func hasSuffix(b []byte, s string) bool { return len(b) >= len(s) && string(b[len(b)-len(s):]) == s }

func isDigit(x byte) bool  { return x-'0' <= 9 }
func isUpper(x byte) bool  { return x-'A' < 26 }
func isLetter(x byte) bool { return x|0x20-'a' < 26 }

// isName reports whether b can be the name of a program, service or logger.
func isName(b []byte) bool {
	if len(b) == 0 || len(b) > 64 {
		return false
	}
	for _, x := range b {
		if !isLetter(x) && !isDigit(x) && x != '-' && x != '_' && x != '.' && x != '/' && x != '@' && x != ':' {
			return false
		}
	}
	return true
}

// isNumber reports whether b consists of digits.
func isNumber(b []byte) bool { return len(b) > 0 && len(bytes.Trim(b, "0123456789")) == 0 }

// isDotted reports whether a dot stands within b: shop.views, views.py.
func isDotted(b []byte) bool {
	at := bytes.IndexByte(b, '.')
	return at > 0 && at < len(b)-1
}
