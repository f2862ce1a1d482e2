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
	j := openJSON(line)
	var path jsonPath
	s.members(&j, &path, 0)
	if !j.whole && !s.hasStatus {
		return false // cut too early, or no JSON
	}
	if !s.hasStatus && s.guesses.request != nil && !s.appLog && !s.levelled {
		s.unnamedMembers(line)
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

// members takes those of one object; arrays and what is nested too deep are passed over.
func (s *accessScan) members(j *jsonReader, path *jsonPath, depth int) {
	for j.next() {
		outer := path.n
		known := path.push(j.key)
		switch {
		case j.kind == '{' && depth < maxJSONDepth && j.enter():
			s.members(j, path, depth+1)
		case j.value != nil && known:
			s.jsonField(path, j.key, j.value)
		}
		path.n = outer
	}
}

func (s *accessScan) jsonField(path *jsonPath, name, value []byte) {
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

// unnamedMembers reads an object whose names say nothing, as those in another language, by the look of
// its values in their order, as the columns of a line are read. What tells that it is a gateway's is
// the request line with its protocol.
func (s *accessScan) unnamedMembers(line []byte) {
	request := s.guesses.request
	s.guesses.request = nil
	j := openJSON(line)
	s.unnamedOf(&j, request, 0)
	s.named = s.named || s.shapes.peer.logged
}

func (s *accessScan) unnamedOf(j *jsonReader, request []byte, depth int) {
	for j.next() {
		if j.kind == '{' && depth < maxJSONDepth && j.enter() {
			s.unnamedOf(j, request, depth+1)
			continue
		}
		if key, _ := lookupAccessKey(j.key); key != keyNone || len(j.value) == 0 {
			continue
		}
		switch _, stamp := zonedStamp(j.value); {
		case &j.value[0] == &request[0]:
			s.request(request)
		case !stamp:
			s.unlabelled(j.value, kindOfList(j.value))
		}
	}
}
