package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// parseApacheFields reads a line whose ErrorLogFormat, or whose collector, puts each part of
// it into a field: an object, pairs of name and value, or columns between marks.
//
//	{"t":"2026-11-26 00:06:56.594939","mod":"proxy","lvl":"error","pid":11609,"errno":"(111)Connection refused","txt":"AH00957: http: attempt …"}
//	time="2026-11-26 00:06:56.594939" module=proxy level=error pid=11609 msg="(111)Connection refused: AH00957: http: attempt …"
//	2026-11-26 00:06:56.594939|proxy|error|11609|-|(111)Connection refused|AH00957: http: attempt …
//
// A value with an AH number makes it httpd's; the others are known by what they hold, and by
// their names only where several hold the like (process and thread). Values keep httpd's
// escapes, as messages in text do.
func parseApacheFields(b []byte, env *parser.Env, r *parser.Record) bool {
	message := ahIndex(b)
	if message < 0 {
		return false
	}
	f := apacheFields{}
	switch {
	case b[0] == '{':
		f.object(b, r)
	case isPair(b):
		f.pairs(b, message, r)
	case decimal(b[0]) || alphabetic(b[0]) || b[0] == '"':
		f.columns(b, message, r)
	}
	if f.text == nil || f.h.number == 0 || !f.h.hasStamp && !f.h.hasLevel && !f.h.hasModule {
		return false
	}
	r.Kind = parser.KindGateway
	r.Message = cutReferer(f.text)
	apacheClassify(&f.h, env, r)
	return true
}

// ahIndex is where the first AH number stands; -1 if there is none. Text of other programs
// has two capitals often enough, numbers behind them seldom.
func ahIndex(b []byte) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte("AH"))
		if i < 0 {
			return -1
		}
		i += from
		if i > 0 && !alphabetic(b[i-1]) && !decimal(b[i-1]) {
			if number, _ := ahNumber(b[i:]); number > 0 {
				return i
			}
		}
		from = i + len("AH")
	}
}

// apacheFields is a line of fields while it is read.
type apacheFields struct {
	h    apacheHead
	text []byte // the message with its number in front
}

func (f *apacheFields) object(b []byte, r *parser.Record) {
	for pos := 1; ; {
		i := bytes.IndexByte(b[pos:], '"')
		if i < 0 {
			return
		}
		start := pos + i + 1
		end := quotedEnd(b, start)
		name := b[start:end]
		if pos = end + 1; pos >= len(b) {
			return
		}
		if pos = skipBlanks(b, pos); pos >= len(b) || b[pos] != ':' {
			continue // an element of an array
		}
		if pos = skipBlanks(b, pos+1); pos >= len(b) {
			return
		}
		var value []byte
		value, pos = jsonScalar(b, pos)
		f.take(name, value, r)
	}
}

// isPair reports whether b begins with name=.
func isPair(b []byte) bool {
	i := 0
	for i < len(b) && (alphabetic(b[i]) || b[i] == '_' || b[i] == '@') {
		i++
	}
	return i > 0 && i < len(b) && b[i] == '='
}

func (f *apacheFields) pairs(b []byte, message int, r *parser.Record) {
	at := 0
	for len(b) > 0 {
		name, value, ok := bytes.Cut(b, []byte{'='})
		if !ok {
			return
		}
		at += len(name) + 1
		if blank := bytes.LastIndexByte(name, ' '); blank >= 0 {
			name = name[blank+1:]
		}
		end, skip := len(value), 0
		switch {
		case len(value) > 0 && value[0] == '"':
			value, at = value[1:], at+1
			end, skip = quotedEnd(value, 0), 1
		case at == message: // what no quotes enclose goes to the end
		default:
			end = wordEnd(value, 0)
		}
		f.take(name, value[:end], r)
		next := min(end+skip, len(value))
		b, at = value[next:], at+next
	}
}

// columns cuts what stands before the message at the mark that stands there most.
func (f *apacheFields) columns(b []byte, message int, r *parser.Record) {
	mark, most := byte(0), 1
	for _, c := range []byte("|;\t,") {
		if n := bytes.Count(b[:message], []byte{c}); n > most {
			mark, most = c, n
		}
	}
	if mark == 0 {
		return
	}
	cut := bytes.LastIndexByte(b[:message], mark)
	for field := range bytes.SplitSeq(b[:cut], []byte{mark}) {
		f.take(nil, unquoted(bytes.TrimSpace(field)), r)
	}
	f.take(nil, unquoted(trimBlanks(b[cut+1:])), r)
}

// unquoted takes the quotes off that enclose a value.
func unquoted(b []byte) []byte {
	if len(b) > 1 && b[0] == '"' {
		return b[1:quotedEnd(b, 1)]
	}
	return b
}

// take judges one value by what it holds.
func (f *apacheFields) take(name, value []byte, r *parser.Record) {
	h := &f.h
	if len(value) == 0 || isDash(value) {
		return
	}
	if f.text == nil && ahIndexIn(value) {
		if text := h.parts(value, r); h.number > 0 {
			f.text = text
		}
		return
	}
	if n := len(value) - 1; n > 1 && value[0] == '[' && value[n] == ']' {
		value = value[1:n]
	}
	n, number := wholeNumber(value)
	switch {
	case !h.hasStamp && stampOf(value, r):
		h.hasStamp = true
	case number:
		f.number(name, n, r)
	case h.reason == nil && value[0] == '(' && h.statusOf(value):
	case !h.hasLevel && f.level(value, r):
	case h.process(value, r):
	case !h.client && isHostPort(value) && (isIPv4(hostOnly(value)) || isIPv6(bytes.Trim(hostOnly(value), "[]"))):
		r.Gateway.Client, h.client = bytes.Trim(hostOnly(value), "[]"), true
	case !h.hasModule && isModule(value) && (isProxyModule(value) || bytes.Contains(name, []byte("mod"))):
		h.module, h.hasModule = value, true
	}
}

// ahIndexIn reports whether a value begins with an AH number or holds one behind the parts
// that may stand before it.
func ahIndexIn(value []byte) bool {
	if number, _ := ahNumber(value); number > 0 {
		return true
	}
	return (value[0] == '(' || value[0] == '[') && ahIndex(value) > 0
}

// apacheDefault is what Apache writes for a %{…}t that it does not know, as is the %{msec_frac}t
// of access logs to it here, which many put behind the seconds.
const apacheDefault = "2026-11-26 20:27:36.986"

// stampOf reads a value that is a stamp and no more, or one and a stamp whole again.
func stampOf(value []byte, r *parser.Record) bool {
	if apacheStamp(value, r) {
		return true
	}
	if k := len(value) - len(apacheDefault) - 1; k > 0 && value[k] == '.' {
		value = value[k+1:]
	}
	stamp, n, ok := timestamp.Read(value)
	if !ok || n != len(value) || len(value) < len("2006-01-02") {
		return false
	}
	r.Stamp = stamp
	return true
}

// number takes the process or the thread, by its name; without names the process comes first.
func (f *apacheFields) number(name []byte, n int64, r *parser.Record) {
	thread := bytes.Contains(name, []byte("tid")) || bytes.Contains(name, []byte("thread"))
	process := len(name) <= 1 || bytes.Contains(name, []byte("pid")) || bytes.Contains(name, []byte("proc"))
	switch {
	case thread || len(name) == 0 && f.h.hasPID && r.TID == 0:
		r.TID = n
	case process && !f.h.hasPID:
		r.PID, f.h.hasPID = n, true
	}
}

// level reads "error" and "proxy:error".
func (f *apacheFields) level(value []byte, r *parser.Record) bool {
	if level := apacheLevel(value); level != parser.LevelNone {
		r.Level, f.h.hasLevel = level, true
		return true
	}
	return bytes.IndexByte(value, ':') > 0 && f.h.level(value, r)
}
