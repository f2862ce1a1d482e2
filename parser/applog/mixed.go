package applog

import (
	"bytes"

	"culprit/parser"
)

// messageWithFields makes b the message; a JSON object at its end is rendered as
// fields, as in a wholly structured line.
func messageWithFields(b []byte, env *parser.Env, r *parser.Record) bool {
	at := objectAt(b)
	if at < 0 {
		in := input{b}
		return in.message(r)
	}
	w := jsonWalk{b: b[at:], f: fields{r: r, buf: env.Buf, start: len(env.Buf)}}
	if !w.object() {
		in := input{b}
		return in.message(r)
	}
	w.f.finish(env, bytes.TrimRight(b[:at], " \t"))
	return true
}

// objectAt returns where a JSON object begins that reaches to the end of b, or to
// where b was cut; -1 if there is none.
func objectAt(b []byte) int {
	for from := 0; ; {
		i := indexString(b[from:], `{"`)
		if i < 0 {
			return -1
		}
		at := from + i
		if at == 0 || b[at-1] == ' ' || b[at-1] == '\t' {
			if end := nestedEnd(b, at); end < 0 || len(trimBlanks(b[end:])) == 0 {
				return at
			}
		}
		from = at + 2
	}
}
