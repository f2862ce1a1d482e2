package gateway

import (
	"bytes"

	"culprit/parser"
)

// maxJSONDepth bounds nesting; access formats nest two or three deep at most.
const maxJSONDepth = 6

// parseAccessJSON reads a log_format that builds a JSON object, with any keys. A
// nested key is known by its whole path (upstream.addr, http.request.method) or,
// under a name that means nothing here, by itself.
//
// Applications log requests as JSON too. Theirs have a level or a message, which no
// access format has, so such a line is turned down.
func parseAccessJSON(line []byte, env *parser.Env, r *parser.Record) bool {
	s := accessScan{line: line, env: env, r: r, a: &r.Access}
	var path jsonPath
	if !s.object(0, &path) {
		return false
	}
	s.settle()
	return s.complete() && (s.nginxKeys > 0 || s.named || s.a.Request != nil && s.a.Client != nil)
}

// A jsonPath is the names of the open objects, joined by _.
type jsonPath struct {
	buf [2 * maxKeyLength]byte
	n   int
}

// push appends a name and reports false if there is no room.
func (p *jsonPath) push(name []byte) bool {
	if p.n+1+len(name) > len(p.buf) {
		return false
	}
	if p.n > 0 {
		p.buf[p.n] = '_'
		p.n++
	}
	p.n += copy(p.buf[p.n:], name)
	return true
}

// object reads {"key": value, …} at pos. A line cut inside it yields what came
// before the cut.
func (s *accessScan) object(depth int, path *jsonPath) bool {
	if depth == maxJSONDepth {
		return false
	}
	s.pos++
	for {
		s.skipJSONGap()
		if s.pos >= len(s.line) {
			return depth > 0 || s.hasStatus
		}
		if s.line[s.pos] == '}' {
			s.pos++
			return true
		}
		if s.line[s.pos] != '"' || !s.member(depth, path) {
			return false
		}
	}
}

func (s *accessScan) skipJSONGap() {
	for s.pos < len(s.line) {
		switch s.line[s.pos] {
		case ' ', '\t', '\n', '\r', ',', ':':
			s.pos++
		default:
			return
		}
	}
}

func (s *accessScan) member(depth int, path *jsonPath) bool {
	end := quotedEnd(s.line, s.pos+1)
	name := s.line[s.pos+1 : end]
	s.pos = min(end+1, len(s.line))
	s.skipJSONGap()
	if s.pos >= len(s.line) {
		return true
	}
	outer := path.n
	known := path.push(name)
	ok := s.jsonValue(depth, path, name, known)
	path.n = outer
	return ok
}

func (s *accessScan) jsonValue(depth int, path *jsonPath, name []byte, known bool) bool {
	switch s.line[s.pos] {
	case '{':
		return s.object(depth+1, path)
	case '[':
		return s.skipArray()
	case '"':
		end := quotedEnd(s.line, s.pos+1)
		value := s.line[s.pos+1 : end]
		s.pos = min(end+1, len(s.line))
		s.jsonField(path, name, known, value)
		return true
	}
	start := s.pos
	for s.pos < len(s.line) && !isJSONEnd(s.line[s.pos]) {
		s.pos++
	}
	if value := s.line[start:s.pos]; string(value) != "null" {
		s.jsonField(path, name, known, value)
	}
	return s.pos > start
}

func isJSONEnd(c byte) bool { return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' }

func (s *accessScan) jsonField(path *jsonPath, name []byte, known bool, value []byte) {
	if !known {
		return
	}
	key, variable := lookupAccessKey(path.buf[:path.n])
	if key == keyNone && path.n > len(name) && !bytes.HasPrefix(path.buf[:path.n], []byte("request")) {
		key, variable = lookupAccessKey(name)
	}
	if key == keyNone {
		s.guess(name, value)
		return
	}
	if variable {
		s.nginxKeys++
	}
	s.assign(key, value)
}

// skipArray passes over a value in brackets; nginx's formats have none that matters.
func (s *accessScan) skipArray() bool {
	for depth := 0; s.pos < len(s.line); s.pos++ {
		switch s.line[s.pos] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				s.pos++
				return true
			}
		case '"':
			s.pos = quotedEnd(s.line, s.pos+1)
		}
	}
	s.pos = len(s.line)
	return true
}
