package applog

import (
	"bytes"

	"culprit/parser"
)

var logfmt = parser.Format{
	Name:  "logfmt",
	Gates: []parser.Gate{{First: "A-Za-z@_", All: "="}},
	Role:  parser.RoleApp,
	Doc:   "https://brandur.org/logfmt; logrus TextFormatter, slog TextHandler, dockerd, containerd, lograge",
	Parse: uncoloured(parseLogfmt),
}

// parseLogfmt reads a line of key=value pairs. It must have a time, level or
// message, or be nothing but three pairs and more.
func parseLogfmt(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) == 0 || !isLetter(line[0]) && line[0] != '@' && line[0] != '_' {
		return false
	}
	w := pairWalk{rest: line}
	if !w.next() || !w.pair {
		return false
	}
	f := fields{r: r, buf: env.Buf, start: len(env.Buf)}
	pairs, words := 0, 0
	for ok := true; ok; ok = w.next() {
		if !w.pair {
			words++
			f.buf = append(append(f.buf, ' '), w.name...)
			continue
		}
		pairs++
		var k key
		k.push(w.name)
		f.add(&k, w.value)
	}
	known := f.known
	if pairs < 2 || words > pairs || !known && (pairs < 3 || words > 0) {
		return false
	}
	f.finish(env, nil)
	return true
}

// A pairWalk goes over the blank-separated tokens of a text.
type pairWalk struct {
	rest  []byte
	name  []byte // the key, or the whole token if it is no pair
	value value
	pair  bool
}

// next steps to the next token.
func (w *pairWalk) next() bool {
	w.rest = trimBlanks(w.rest)
	if len(w.rest) == 0 {
		return false
	}
	n := keyLength(w.rest)
	if n == 0 || n >= len(w.rest) || w.rest[n] != '=' {
		in := input{w.rest}
		w.name, w.pair, w.value = in.word(), false, value{}
		w.rest = in.rest
		return true
	}
	w.name, w.pair = w.rest[:n], true
	w.rest = w.rest[n+1:]
	w.take()
	return true
}

// take reads the value behind the equals sign.
func (w *pairWalk) take() {
	if len(w.rest) > 0 && w.rest[0] == '"' {
		end := stringEnd(w.rest, 0)
		raw := w.rest[1:]
		if end > 0 {
			raw = w.rest[1 : end-1]
		} else {
			end = len(w.rest)
		}
		w.value = value{raw: raw, quoted: true, escaped: bytes.IndexByte(raw, '\\') >= 0}
		w.rest = w.rest[end:]
		return
	}
	in := input{w.rest}
	w.value = value{raw: in.word(), quoted: true}
	w.rest = in.rest
}

// keyLength returns the length of the key at the start of b, 0 if there is none.
func keyLength(b []byte) int {
	n := 0
	for n < len(b) && n < 64 && (isLetter(b[n]) || isDigit(b[n]) || b[n] == '_' || b[n] == '.' || b[n] == '-' || b[n] == '@' || b[n] == '/') {
		n++
	}
	return n
}

// FindPID returns the process that a message names with pid=123 among its words, 0 if none: loggers for
// people write the fields of a line behind its text, and a program tells its own number when it starts.
// Or the message begins as syslog would have it: shopd[4631]: text.
func FindPID(msg []byte) int64 {
	msg = msg[:min(len(msg), maxRequestBytes)]
	if i := bytes.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	if pid := tagPID(msg); pid > 0 {
		return pid
	}
	for {
		i := bytes.Index(msg, pidPair)
		if i < 0 {
			return 0
		}
		pid, digits := leadingNumber(msg[i+4:])
		end := i + 4 + digits
		if digits > 0 && (i == 0 || bytes.IndexByte(pairMarks, msg[i-1]) >= 0) && (end == len(msg) || bytes.IndexByte(pairMarks, msg[end]) >= 0) {
			return pid
		}
		msg = msg[end:]
	}
}

// tagPID reads name[123]: at the start of a message. Small numbers count threads and shards.
func tagPID(msg []byte) int64 {
	n := keyLength(msg)
	if n == 0 || n == len(msg) || msg[n] != '[' {
		return 0
	}
	pid, digits := leadingNumber(msg[n+1:])
	if end := n + 1 + digits; pid < 100 || digits > 7 || !hasPrefix(msg[end:], "]: ") {
		return 0
	}
	return pid
}

var pidPair = []byte(parser.WordPID)

// pairMarks are what may stand around a pair in prose.
var pairMarks = []byte(" \t,;()[]{}")
