package applog

import (
	"bytes"

	"culprit/parser"
)

var jsonl = parser.Format{
	Name:  "jsonl",
	Gates: []parser.Gate{{First: parser.Object}},
	Role:  parser.RoleApp,
	Doc:   "field names of zap, zerolog, logrus, slog, pino, bunyan, winston, structlog, python-json-logger, loguru, Serilog, .NET, log4j2, ECS, logstash, GELF, Google Cloud, Monolog and MongoDB, from their documentation",
	Parse: uncoloured(parseJSON),
}

// parseJSON reads one JSON object a line.
func parseJSON(line []byte, env *parser.Env, r *parser.Record) bool {
	line = trimBlanks(line)
	if len(line) < 2 || line[0] != '{' || !jsonStarts(line[1:]) {
		return false
	}
	w := jsonWalk{b: line, f: fields{r: r, buf: env.Buf, start: len(env.Buf)}}
	return w.object() && w.f.finish(env, nil)
}

// jsonStarts tells an object's first key, which may stand on the next line, from other text
// in braces.
func jsonStarts(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '"'
}

// maxDepth bounds how deep members are looked at; deeper objects stay as they are.
const maxDepth = 6

// A jsonWalk goes over an object once and hands each leaf to f. A cut-off end ends
// it without complaint. f is no pointer: then the whole walk stays on the stack.
type jsonWalk struct {
	b     []byte
	i     int
	depth int
	key   key
	f     fields
}

// object reads the members of the object at i and reports whether it looked like
// one up to its end or the cut.
func (w *jsonWalk) object() bool {
	w.i++ // {
	for {
		w.blanks(',')
		if w.i >= len(w.b) {
			return true
		}
		if w.b[w.i] == '}' {
			w.i++
			return true
		}
		if w.b[w.i] != '"' {
			return false
		}
		name, whole := w.str()
		if !whole {
			return true
		}
		w.blanks(0)
		if w.i < len(w.b) && w.b[w.i] != ':' {
			return false
		}
		w.i++
		w.blanks(0)
		n, m := w.key.n, w.key.m
		w.key.push(name.raw)
		ok := w.i >= len(w.b) || w.value()
		w.key.cut(n, m)
		if !ok {
			return false
		}
	}
}

// value reads one value and hands it on.
func (w *jsonWalk) value() bool {
	switch w.b[w.i] {
	case '"':
		v, _ := w.str()
		w.f.add(&w.key, v)
		return true
	case '{':
		if w.depth < maxDepth {
			w.depth++
			ok := w.object()
			w.depth--
			return ok
		}
		fallthrough
	case '[':
		end := nestedEnd(w.b, w.i)
		if end < 0 {
			end = len(w.b)
		}
		w.f.add(&w.key, value{raw: w.b[w.i:end]})
		w.i = end
		return true
	}
	start := w.i
	for w.i < len(w.b) && w.b[w.i] != ',' && w.b[w.i] != '}' && w.b[w.i] != ']' && w.b[w.i] > ' ' {
		w.i++
	}
	if raw := w.b[start:w.i]; len(raw) > 0 && string(raw) != "null" {
		w.f.add(&w.key, value{raw: raw})
	}
	return w.i > start
}

// str reads a string; whole is false if the line ends inside of it.
func (w *jsonWalk) str() (v value, whole bool) {
	start := w.i + 1
	end := stringEnd(w.b, w.i)
	if end < 0 {
		w.i = len(w.b)
		v.raw = runeStart(w.b[start:])
	} else {
		w.i, whole = end, true
		v.raw = w.b[start : end-1]
	}
	v.quoted = true
	v.escaped = bytes.IndexByte(v.raw, '\\') >= 0
	return v, whole
}

// blanks skips blanks and the given byte.
func (w *jsonWalk) blanks(also byte) {
	for w.i < len(w.b) && (w.b[w.i] == ' ' || w.b[w.i] == '\t' || w.b[w.i] == '\n' || w.b[w.i] == '\r' || also != 0 && w.b[w.i] == also) {
		w.i++
	}
}
