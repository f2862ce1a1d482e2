package gateway

import "bytes"

// takePair reads key=value, key="value", key:value, key: value, and a value behind
// the bare name of an nginx variable. It reports false where no name begins.
func (s *accessScan) takePair() bool {
	b := s.line[s.pos:]
	n := nameLength(b)
	if n == 0 || n == len(b) {
		return false
	}
	var key accessKey
	switch b[n] {
	case '=':
		key, _ = lookupAccessKey(b[:n])
		s.pos += n + 1
	case ':':
		if key, _ = lookupAccessKey(b[:n]); key == keyNone {
			return false
		}
		s.pos += n + 1
		s.skipBlank()
	case ' ':
		if !isVariableName(b[:n]) {
			return false
		}
		key, _ = lookupAccessKey(b[:n])
		s.pos += n
		s.skipBlank()
	default:
		return false
	}
	s.wantBytes = false
	s.name = b[:n]
	s.takeValue(key)
	s.shapes.timeLast = key == keyResponse
	return true
}

// assignNamed assigns a value by the meaning of its name, or by its shape.
func (s *accessScan) assignNamed(name, value []byte) {
	if key, _ := lookupAccessKey(name); key != keyNone {
		s.assign(key, value)
		return
	}
	s.guess(name, value)
}

// isVariableName reports whether a word is the name of a variable that nobody would
// log as a value: upstream_response_time, msec.
func isVariableName(word []byte) bool {
	if string(word) != "msec" && bytes.IndexByte(word, '_') < 0 {
		return false
	}
	_, variable := lookupAccessKey(word)
	return variable
}

func (s *accessScan) skipBlank() {
	if s.pos < len(s.line) && s.line[s.pos] == ' ' {
		s.pos++
	}
}

// nameLength returns the length of the name at the start of b, 0 if none begins.
func nameLength(b []byte) int {
	if c := b[0]; !alphabetic(c) && c != '_' && c != '@' && c != '$' {
		return 0
	}
	n := 1
	for n < len(b) && n <= maxKeyLength && (alphabetic(b[n]) || decimal(b[n]) || b[n] == '_' || b[n] == '-' || b[n] == '.') {
		n++
	}
	return n
}

// takeValue reads the value at pos: a text in quotes or brackets, a list, a stamp, a
// request line or a word.
func (s *accessScan) takeValue(key accessKey) {
	var value []byte
	switch {
	case s.pos >= len(s.line):
	case s.line[s.pos] == '"':
		end := quotedEnd(s.line, s.pos+1)
		value = s.line[s.pos+1 : end]
		s.pos = min(end+1, len(s.line))
	default:
		if end := s.bracketEnd(); end > s.pos {
			value = s.line[s.pos+1 : end]
			s.pos = end + 1
			break
		}
		start := s.pos
		s.pos = start + bareValueLength(key, s.line[start:])
		value = trimValue(key, s.line[start:s.pos])
	}
	if key == keyNone {
		s.guess(s.name, value)
		return
	}
	s.assign(key, value)
}

// bareValueLength returns how far an unquoted value reaches. Only values whose shape
// is known may hold blanks.
func bareValueLength(key accessKey, b []byte) int {
	switch key {
	case keyNone, keyTime:
		if len(b) >= clfLength && b[2] == '/' {
			if _, ok := zonedStamp(b[:clfLength]); ok {
				return clfLength
			}
		}
	case keyRequest:
		if end := requestEnd(b); end > 0 {
			return end
		}
	case keyPeer, keyPeerOrAgent, keyPeerStatus, keyConnect, keyHeader, keyResponse:
		if b[0] == ' ' {
			return 0 // ua= us=-
		}
		end, _ := listEnd(b, 0)
		return end
	}
	return wordEnd(b, 0)
}

// trimValue drops what a format puts behind a value: comma, semicolon, bracket.
func trimValue(key accessKey, value []byte) []byte {
	switch key {
	case keyTarget, keyPath, keyRequest:
		return bytes.TrimRight(value, ",")
	}
	return bytes.TrimRight(value, ",;])|}")
}

// quotedPairs counts "key=value" in quotes. One alone may be a forwarded-for header
// that a client made up, so its field is taken back unless a second one follows.
type quotedPairs struct {
	keys  [2]accessKey
	texts [2][]byte
	n     int
}

// quotedPair reads "rt=0.003" as one quoted token.
func (s *accessScan) quotedPair(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	n := nameLength(text)
	if n == 0 || n >= len(text) || text[n] != '=' {
		return false
	}
	key, _ := lookupAccessKey(text[:n])
	if key == keyNone || key == keyAppLog || key == keyLevel {
		return false
	}
	p := &s.pairs
	p.n++
	switch {
	case p.n == 1:
		p.keys[0], p.texts[0] = key, text[n+1:]
	case p.n == 2:
		s.assign(p.keys[0], p.texts[0])
		s.assign(key, text[n+1:])
	default:
		s.assign(key, text[n+1:])
	}
	return true
}

// isLTSV reports whether the line is name:value fields between tabs (ltsv.org).
func isLTSV(line []byte) bool {
	n := nameLength(line)
	return n > 0 && n < len(line) && line[n] == ':'
}

func (s *accessScan) walkLTSV() {
	for rest := s.line; len(rest) > 0; {
		var field []byte
		field, rest, _ = bytes.Cut(rest, []byte{'\t'})
		name, value, ok := bytes.Cut(field, []byte{':'})
		if !ok {
			continue
		}
		s.assignNamed(name, bytes.Trim(value, " "))
	}
}
