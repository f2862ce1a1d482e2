package gateway

import (
	"bytes"

	"culprit/parser"
)

// minDelimited is how many fields a delimited line must have to be taken for one.
const minDelimited = 6

// parseDelimitedAccess reads formats that put one character between their fields: tab,
// bar or semicolon. The fields are known by their shapes, in nginx's usual order where
// shapes are alike: the first seconds are the request's, then connect, header and
// response; the first three digits after the target are the client's status.
func parseDelimitedAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	sep := delimiter(line)
	if sep == 0 {
		return false
	}
	r.Stamp, r.Access = parser.Stamp{}, parser.Access{Duration: -1, Bytes: -1} // what another reader left
	s := accessScan{line: line, env: env, r: r, a: &r.Access}
	var times [4][]byte
	n := 0
	for rest, more := line, true; more; {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte{sep})
		field = bytes.Trim(field, " \"[]")
		if len(field) == 0 || isDash(field) {
			continue
		}
		if isTimeList(field) {
			if n < len(times) {
				times[n] = field
				n++
			}
			continue
		}
		s.delimited(field)
	}
	if !r.Stamp.Known() || !s.hasStatus || s.a.Target == nil || s.a.Client == nil && !s.ups.addr.logged {
		return false
	}
	s.delimitedTimes(times[:n])
	s.ups.fill(s.a)
	return true
}

// delimiter is the character between the fields, 0 if there are too few.
func delimiter(line []byte) byte {
	for _, sep := range []byte{'\t', '|', ';'} {
		if bytes.Count(line, []byte{sep}) >= minDelimited-1 {
			return sep
		}
	}
	return 0
}

// isTimeList recognises 0.807 and lists such as "0.001, 0.020"; whole numbers are no times.
func isTimeList(b []byte) bool {
	if bytes.IndexByte(b, '.') < 0 {
		return false
	}
	for rest, separator := b, byte(1); separator != 0; {
		var element []byte
		element, rest, separator = cutElement(rest)
		if !isDash(element) && (!isSeconds(element) || bytes.IndexByte(element, '.') < 0) {
			return false
		}
	}
	return true
}

// delimited takes one field by its shape.
func (s *accessScan) delimited(field []byte) {
	a := s.a
	switch {
	case !s.r.Stamp.Known() && s.stamp(field):
	case a.Client == nil && isClientAddr(field):
		a.Client = field
	case a.Method == nil && isMethod(field):
		a.Method = field
	case a.Target == nil && a.Method != nil && field[0] == '/':
		a.Target = s.text(field)
	case a.Target == nil && isRequestLine(field):
		s.request(field)
	case a.Target == nil:
	case !s.hasStatus && len(field) == 3 && isStatus(field):
		s.status(field)
	case !s.hasStatus:
	case !s.ups.addr.logged && bytes.IndexByte(field, ':') > 0 && setList(&s.ups.addr, field, isPeerElement):
	case s.ups.addr.logged && !s.ups.status.logged && setList(&s.ups.status, field, isStatusElement):
	case a.Host == nil && isDomain(field):
		a.Host = field
	}
}

// delimitedTimes names the seconds by nginx's usual order.
func (s *accessScan) delimitedTimes(times [][]byte) {
	if len(times) == 0 {
		return
	}
	if micros, ok := seconds(times[0]); ok {
		s.a.Duration = micros
	}
	switch len(times) {
	case 2:
		s.ups.response.set(times[1])
	case 3:
		s.ups.header.set(times[1])
		s.ups.response.set(times[2])
	case 4:
		s.ups.connect.set(times[1])
		s.ups.header.set(times[2])
		s.ups.response.set(times[3])
	}
}
