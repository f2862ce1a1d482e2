package gateway

import (
	"bytes"

	"culprit/parser"
)

// minDelimited is how many fields a delimited line must have to be taken for one.
const minDelimited = 6

// parseDelimitedAccess reads formats that put one character between their fields: tab,
// bar or semicolon. A field is known by its shape, as in other lines, but may be a
// method, a path or a URL alone.
func parseDelimitedAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	sep := delimiter(line)
	if sep == 0 {
		return false
	}
	r.Stamp, r.Access = parser.Stamp{}, parser.Access{Duration: -1, Bytes: -1} // what another reader left
	s := accessScan{line: line, env: env, r: r, a: &r.Access, columns: true}
	for rest, more := line, true; more; {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte{sep})
		field = bytes.Trim(field, " \"")
		if n := len(field) - 1; n > 0 && field[0] == '[' && field[n] == ']' {
			field = field[1:n]
		}
		s.delimited(field)
	}
	s.settle()
	if s.local && !s.whole() {
		return false
	}
	return r.Stamp.Known() && s.hasStatus && s.a.Target != nil && (s.a.Client != nil || s.a.HasUps)
}

// delimiter is the character between the fields, 0 if there are too few.
func delimiter(line []byte) byte {
	for _, sep := range []byte{'\t', '|', ';'} {
		if bytes.Count(line, []byte{sep}) >= minDelimited-1 {
			return sep
		}
	}
	if line[msecLength] == '"' && isSeconds(line[:msecLength]) && bytes.Count(line, []byte{'"'}) >= minDelimited-1 {
		return '"' // Elastic Beanstalk's healthd
	}
	return 0
}

// hasMethodColumn reports whether one of the fields between delimiters is a method and nothing else:
// then what is behind it is the path's column, and no request goes over both.
func hasMethodColumn(line []byte) bool {
	sep := delimiter(line)
	if sep == 0 {
		return false
	}
	for rest, more := line, true; more; {
		var field []byte
		if field, rest, more = bytes.Cut(rest, []byte{sep}); isMethod(bytes.Trim(field, " \"")) {
			return true
		}
	}
	return false
}

// delimited takes one field by its shape.
func (s *accessScan) delimited(field []byte) {
	a := s.a
	if !s.r.Stamp.Known() && len(field) > len("1795360623") {
		if stamp, ok := zonedStamp(field); ok {
			s.setStamp(stamp)
			return
		}
		if stamp, ok := localStamp(field); ok {
			s.local = true
			s.setStamp(stamp)
			return
		}
	}
	switch {
	case len(field) == 0:
	case a.Method == nil && isMethod(field):
		a.Method = field
		if !s.hasStatus {
			s.answerFromHead()
		}
	case a.Target == nil && (a.Method != nil || s.line[msecLength] == '"') && field[0] == '/':
		a.Target, s.hasRequest = s.text(field), true
	case a.Target == nil && isRequestLine(field):
		s.request(field)
	case a.Target == nil && a.Method != nil && bytes.Contains(field, []byte("://")):
		if host, path := cutHost(field); path != nil {
			s.a.Target, s.hasRequest = s.text(path), true
			keep(&a.Host, host)
		}
	default:
		s.unlabelled(field, kindOfList(field))
	}
}
