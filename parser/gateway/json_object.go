package gateway

import "bytes"

// A jsonReader walks over the members of one JSON object from left to right, without
// a copy. A nested object or array is passed over unless enter is called; then the
// members of the object come next, and its end ends that loop:
//
//	for j.next() {
//		if string(j.key) == "request" && j.enter() {
//			for j.next() {
//				…
//			}
//		}
//	}
//
// What cannot be JSON, or a line that is cut, ends all loops.
type jsonReader struct {
	b     []byte
	pos   int
	key   []byte
	value []byte // the inside of a string, still escaped; the text of another value; nil for null
	kind  byte   // '"', '{', '[' or '0' for numbers and words
	// whole says that a closing brace was seen last, not the end of a cut line.
	whole bool
	// nested says that pos is at the opening of an object or array not entered yet.
	nested bool
}

// openJSON begins to read line, which must begin with {.
func openJSON(line []byte) jsonReader { return jsonReader{b: line, pos: 1} }

func (j *jsonReader) next() bool {
	if j.nested {
		j.skip()
	}
	j.gap()
	if j.pos >= len(j.b) {
		j.whole = false
		return false
	}
	switch j.b[j.pos] {
	case '}':
		j.pos++
		j.whole = true
		return false
	case '"':
	default:
		j.stop()
		return false
	}
	j.key = j.quoted()
	j.gap()
	if j.pos >= len(j.b) {
		j.stop()
		return false
	}
	return j.read()
}

// read takes the value at pos.
func (j *jsonReader) read() bool {
	switch c := j.b[j.pos]; c {
	case '"':
		j.value, j.kind = j.quoted(), '"'
	case '{', '[':
		j.value, j.kind, j.nested = nil, c, true
	default:
		start := j.pos
		for j.pos < len(j.b) && !isJSONEnd(j.b[j.pos]) {
			j.pos++
		}
		if j.pos == start {
			j.stop()
			return false
		}
		j.value, j.kind = j.b[start:j.pos], '0'
		if string(j.value) == "null" {
			j.value = nil
		}
	}
	return true
}

// enter goes into the object that next has found; false if it is none.
func (j *jsonReader) enter() bool {
	if !j.nested || j.kind != '{' {
		return false
	}
	j.nested = false
	j.pos++
	return true
}

func (j *jsonReader) stop() { j.pos, j.whole, j.nested = len(j.b), false, false }

// quoted takes the string at pos.
func (j *jsonReader) quoted() []byte {
	end := quotedEnd(j.b, j.pos+1)
	inside := j.b[j.pos+1 : end]
	j.pos = min(end+1, len(j.b))
	return inside
}

func (j *jsonReader) gap() {
	for j.pos < len(j.b) && jsonGaps[j.b[j.pos]] {
		j.pos++
	}
}

var jsonGaps = [256]bool{' ': true, '\t': true, '\n': true, '\r': true, ',': true, ':': true}

// skip passes over a nested object or array, whatever its depth.
func (j *jsonReader) skip() {
	j.nested = false
	for depth := 0; j.pos < len(j.b); j.pos++ {
		switch j.b[j.pos] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				j.pos++
				return
			}
		case '"':
			j.pos = quotedEnd(j.b, j.pos+1)
		}
	}
	j.pos = len(j.b)
}

// number returns the whole number in the value, also one in quotes.
func (j *jsonReader) number() (int64, bool) {
	value := j.value
	if dot := bytes.IndexByte(value, '.'); dot > 0 {
		value = value[:dot]
	}
	return wholeNumber(value)
}

func isJSONEnd(c byte) bool { return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' }
