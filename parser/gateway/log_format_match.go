package gateway

import (
	"bytes"

	"culprit/parser"
)

// A logLayout is a compiled log_format: literal text and variables in turn.
type logLayout struct {
	before    []byte
	variables []logVariable
	raw       bool
}

// parse reads one line of the layout. Every literal must be found in its place.
func (l *logLayout) parse(line []byte, env *parser.Env, r *parser.Record) bool {
	if !literalAt(line, 0, l.before) {
		return false
	}
	s := accessScan{line: line, env: env, r: r, a: &r.Access, raw: l.raw}
	pos := len(l.before)
	for i := range l.variables {
		v := &l.variables[i]
		end := l.valueEnd(line, pos, i)
		if end < 0 {
			return false
		}
		if !s.assign(v.key, line[pos:end]) && v.mustFit() {
			return false
		}
		pos = end + len(v.after)
	}
	if pos != len(line) {
		return false
	}
	s.settle()
	r.Kind = parser.KindAccess
	return true
}

// mustFit reports whether a line is of another format if this value has not its shape.
func (v *logVariable) mustFit() bool { return v.key == keyTime || v.key == keyStatus }

// valueEnd returns where the value of variable i, which begins at pos, ends: before
// the first literal behind it that what must follow fits. -1 if there is none.
func (l *logLayout) valueEnd(line []byte, pos, i int) int {
	v := &l.variables[i]
	switch {
	case v.fixed > 0:
		return endBefore(line, pos+v.fixed, v.after)
	case v.isList():
		if end, _ := listEnd(line, pos); len(v.after) > 0 && literalAt(line, end, v.after) {
			return end
		}
	}
	limit := len(line)
	if !l.raw {
		limit = quotedEnd(line, pos) // no value holds a bare quote
	}
	switch {
	case len(v.after) == 0:
		if limit < len(line) {
			return -1
		}
		return limit
	case v.after[0] == '"' && !l.raw:
		return endBefore(line, limit, v.after)
	}
	for end := pos; ; end++ {
		n := bytes.Index(line[end:], v.after)
		if n < 0 || end+n > limit {
			return -1
		}
		end += n
		if l.follows(line, end+len(v.after), i+1) {
			return end
		}
	}
}

// endBefore returns end if the literal stands there, else -1.
func endBefore(line []byte, end int, literal []byte) int {
	if literalAt(line, end, literal) {
		return end
	}
	return -1
}

func (v *logVariable) isList() bool {
	switch v.key {
	case keyPeer, keyPeerStatus, keyConnect, keyHeader, keyResponse:
		return true
	}
	return false
}

// follows reports whether variable i can begin at pos. A client may put the literal
// into its user name or, under escape=none, its request; it cannot make what follows fit.
func (l *logLayout) follows(line []byte, pos, i int) bool {
	if i == len(l.variables) {
		return pos == len(line)
	}
	v := &l.variables[i]
	if v.fixed > 0 {
		end := pos + v.fixed
		if !literalAt(line, end, v.after) || i+1 == len(l.variables) && end+len(v.after) != len(line) {
			return false
		}
		value := line[pos : pos+v.fixed]
		if v.key == keyStatus {
			return isStatus(value)
		}
		_, ok := zonedStamp(value)
		return ok
	}
	switch v.key {
	case keyBytes, keyDuration:
		return pos < len(line) && (decimal(line[pos]) || line[pos] == '-')
	}
	return true
}
