package applog

import (
	"bytes"

	"culprit/parser"
)

// maxPathBytes bounds a path that a message names.
const maxPathBytes = 256

// NamedPath finds the next path of a request that the first line of an application's message names, at or
// after a byte of it: "handler /api/orders failed", "path=/quote/5119", "--> GET /cart". It is msg[from:to]; from is -1 if
// there is none.
//
// Many a line names a file in the same way (/var/lib/shop): whether the gateway was asked for a path, only
// its log can tell. No path is what has a host before it, for that is another server's; / alone, which
// everybody has; a place in source code (/srv/app.js:12).
func NamedPath(msg []byte, at int) (from, to int) {
	for at < len(msg) {
		i := bytes.IndexByte(msg[at:], '/')
		if i < 0 {
			break
		}
		from := at + i
		at = from + 1
		for at < len(msg) && pathByte[msg[at]] {
			at++
		}
		if at-from < 2 || at-from > maxPathBytes || msg[from+1] == '/' || from > 0 && !beforePath[msg[from-1]] {
			continue // the rest of an address, a date, a type
		}
		if at+1 < len(msg) && msg[at] == ':' && isDigit(msg[at+1]) {
			continue
		}
		if path := bytes.TrimRight(msg[from:at], "."); hasLetter(path) {
			return from, from + len(path)
		}
	}
	return -1, len(msg)
}

// FirstLine is what counts of a message where a path or a request is looked for.
func FirstLine(msg []byte) []byte {
	msg = Head(msg)
	if i := bytes.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	return msg
}

// Head is FirstLine of a message of one line.
func Head(msg []byte) []byte { return msg[:min(len(msg), maxRequestBytes)] }

func hasLetter(b []byte) bool {
	for _, c := range b {
		if isLetter(c) {
			return true
		}
	}
	return false
}

// MethodBefore is the method that a text ends with, nil if it ends with something else.
func MethodBefore(text []byte) []byte {
	text = bytes.TrimRight(text, ` "'`)
	from := len(text)
	for from > 0 && text[from-1] >= 'A' && text[from-1] <= 'Z' {
		from--
	}
	if word := text[from:]; len(word) > 0 && parser.MethodLength(word) == len(word) {
		return word
	}
	return nil
}

// TellsFailure reports whether the first line of a message tells of a 5xx: a number from 500 to 599 stands
// alone in it. Then it is about what a client was answered, by whomever.
func TellsFailure(msg []byte) bool {
	text := FirstLine(msg)
	for i := 0; i+3 <= len(text); i++ {
		if text[i] == '5' && isDigit(text[i+1]) && isDigit(text[i+2]) && (i == 0 || !inNumber(text[i-1])) && (i+3 == len(text) || !inNumber(text[i+3])) {
			return true
		}
	}
	return false
}

// inNumber reports whether a byte beside digits makes them a part of something else: an id, a time, a path.
func inNumber(c byte) bool {
	return isDigit(c) || isLetter(c) || c == '.' || c == '/' || c == '-' || c == '_' || c == ':'
}

// beforePath are the bytes that may stand before a path, pathByte those that are a part of one
// (RFC 3986: pchar and the slash, without what mostly ends one in a sentence).
var beforePath, pathByte = byteSet(" \t\"'`=([:"), byteSet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~%@+!$*&")

func byteSet(bytes string) (set [256]bool) {
	for i := range len(bytes) {
		set[bytes[i]] = true
	}
	return set
}
