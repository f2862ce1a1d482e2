package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// readJSON reads one object with any names and of any depth. Values whose names are not
// known are told by their look; finish says whether it is HAProxy's.
func (s *haproxySession) readJSON(b []byte, env *parser.Env, r *parser.Record) bool {
	s.timers, s.bytes = haproxyTimers{-1, -1, -1, -1, -1}, -1
	var around [4][]byte // names of the objects that pos is inside of
	depth := 0
	for pos := 1; pos < len(b); {
		switch b[pos] {
		default:
			pos++
		case '{':
			depth++ // in an array
			pos++
		case '}':
			depth = max(depth-1, 0)
			pos++
		case '"':
			end := quotedEnd(b, pos+1)
			name := b[pos+1 : end]
			pos = skipBlanks(b, min(end+1, len(b)))
			if pos >= len(b) || b[pos] != ':' {
				continue // an element of an array
			}
			if pos = skipBlanks(b, pos+1); pos >= len(b) {
				continue
			}
			if b[pos] == '{' {
				if depth++; depth < len(around) {
					around[depth] = name
				}
				pos++
				continue
			}
			var value []byte
			value, pos = jsonScalar(b, pos)
			s.take(around[min(depth, len(around)-1)], name, value, env, r)
		}
	}
	return s.finish(env, r)
}

func skipBlanks(b []byte, pos int) int {
	for pos < len(b) && (b[pos] == ' ' || b[pos] == '\t') {
		pos++
	}
	return pos
}

// jsonScalar reads a string or number at pos; an object or array is entered by the
// caller's next step, so nested names count as their own.
func jsonScalar(b []byte, pos int) (value []byte, next int) {
	if b[pos] == '"' {
		end := quotedEnd(b, pos+1)
		return b[pos+1 : end], min(end+1, len(b))
	}
	end := pos
	for end < len(b) && !isJSONEnd(b[end]) && b[end] != '{' && b[end] != '[' {
		end++
	}
	return b[pos:end], max(end, pos+1)
}

func (s *haproxySession) assign(key haproxyKey, value []byte, env *parser.Env, r *parser.Record) {
	switch key {
	case haNone:
	case haTime:
		s.assignTime(value)
	case haRequestTime, haQueueTime, haConnectTime, haResponseTime, haTotalTime:
		if n, ok := haproxyNumber(value); ok {
			t := &s.timers
			*[...]*int64{&t.request, &t.queue, &t.connect, &t.response, &t.total}[key-haRequestTime] = n
			s.timed |= 1 << (key - haRequestTime)
		} else if key == haResponseTime {
			s.assignTime(value) // "tr" is %tr or %Tr
		}
	case haStatus:
		if n, ok := haproxyNumber(value); ok && n < 1000 {
			s.status = int16(max(n, 0))
		}
	case haBytes:
		if n, ok := haproxyNumber(value); ok {
			s.bytes = n
		}
	case haServerAddr:
		if value = unescaped(env, value); len(value) == 0 || isDash(value) {
			value = noServer
		}
		s.addr = value
	case haState:
		if isHAProxyState(value) {
			s.state = value
		} else {
			s.assignTime(value) // "ts" is %ts or a stamp
		}
	default:
		s.assignText(key, unescaped(env, value), &r.Access)
	}
}

// assignTime takes a stamp; of several the one that says most.
func (s *haproxySession) assignTime(value []byte) {
	stamp, n, ok := timestamp.Read(value)
	if ok && n == len(value) && (!s.stamp.Known() || stamp.Clock > s.stamp.Clock) {
		s.stamp = stamp
	}
}

// setBoth takes backend/server.
func (s *haproxySession) setBoth(value []byte) {
	slash := bytes.IndexByte(value, '/')
	s.both, s.backend, s.server = value, value[:slash], value[slash+1:]
}

// assignText takes a text. What counts connections or queues by the name of a backend or
// server ("srv":3) is no name.
func (s *haproxySession) assignText(key haproxyKey, value []byte, a *parser.Access) {
	if len(value) == 0 || isDash(value) {
		return
	}
	_, number := wholeNumber(value)
	switch key {
	case haClient:
		if s.client = value; isHostPort(value) {
			s.client = withoutClientPort(value)
		}
	case haFrontend:
		if !number {
			s.frontend = bytes.TrimSuffix(value, []byte{'~'})
		}
	case haBackend, haServer:
		switch {
		case number:
		case isServerName(value):
			s.setBoth(value)
		case key == haBackend:
			s.backend = value
		default:
			s.server = value
		}
	case haRequest:
		if value[0] == '/' {
			a.Target = value
		} else {
			a.Request = value
		}
	case haMethod:
		a.Method = value
	case haTarget:
		a.Target = value
	case haHost:
		a.Host = value
	case haRequestID:
		a.RequestID = value
	}
}
