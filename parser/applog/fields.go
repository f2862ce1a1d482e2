package applog

import (
	"bytes"
	"unicode/utf8"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// A value is one field's value as the line has it.
type value struct {
	raw     []byte
	quoted  bool // raw is the inside of a quoted string
	escaped bool // raw holds escapes
}

func (v value) set() bool { return v.raw != nil }

// fields gathers the members of a structured line (JSON, logfmt, a JSON object
// behind a text) in one pass and then writes the record.
//
// Further fields are written to buf as they come, since the message often comes
// last; finish then writes the message, these fields again, and the error texts.
type fields struct {
	r     *parser.Record
	buf   []byte
	start int // where this record's part of buf begins

	message, template, event value // of several the first is best
	name                     value // logger or program, depending on the library
	service                  value
	failure, kind, text      value // an error: one string; or its class and message
	stack                    value
	seconds, nanos           int64 // log4j2's instant
	numeric                  bool  // the level is a number: pino or bunyan, whose name is the program
	known                    bool  // a time, level or message was found
	request                  request
}

// A key is a field's dotted path, and the same without marks but @ and in lower case
// ("http.response.status_code" is "httpresponsestatuscode").
type key struct {
	path [96]byte
	n    int
	norm [96]byte
	m    int
}

// push appends one part to the path.
func (k *key) push(part []byte) {
	if k.n > 0 && k.n < len(k.path) {
		k.path[k.n] = '.'
		k.n++
	}
	k.n += copy(k.path[k.n:], part)
	for _, x := range part {
		if k.m < len(k.norm) && (isLetter(x) || isDigit(x) || x == '@') {
			if isUpper(x) {
				x |= 0x20
			}
			k.norm[k.m] = x
			k.m++
		}
	}
}

func (k *key) cut(n, m int) { k.n, k.m = n, m }

// wrappers are objects in which a library puts the whole record.
var wrappers = []string{"jsonpayload", "record", "logrecord", "fields"}

func (k *key) plain() []byte {
	norm := k.norm[:k.m]
	for _, w := range wrappers {
		if len(norm) > len(w) && hasPrefix(norm, w) && k.n > len(w) && bytes.IndexByte(k.path[:k.n], '.') > 0 {
			return norm[len(w):]
		}
	}
	return norm
}

// add takes one field.
func (f *fields) add(k *key, v value) {
	norm := k.plain()
	if f.identity(norm, v) || f.failed(norm, v) {
		return
	}
	f.request.add(norm, v)
	f.buf = appendField(f.buf, k.path[:k.n], v)
}

// identity takes the fields that go into the record itself.
func (f *fields) identity(norm []byte, v value) bool {
	switch string(norm) {
	case "time", "ts", "t", "timestamp", "@timestamp", "@t", "asctime", "datetime", "tdate", "date", "timetimestamp", "timemillis", "timegenerated", "when", "eventtime",
		"datetimedate", "lasttimestamp": // the last is of Kubernetes' events
		return f.time(v)
	case "instantepochsecond":
		f.seconds, _ = wholeNumber(v.raw)
		return f.instant()
	case "instantnanoofsecond":
		f.nanos, _ = wholeNumber(v.raw)
		return f.instant()
	case "level", "lvl", "severity", "s", "levelname", "@l", "loglevel", "severitytext":
		return f.level(v)
	case "msg", "message", "@m", "shortmessage", "renderedmessage", "textpayload", "body":
		return f.keep(&f.message, v)
	case "@mt", "messagetemplate":
		return f.keep(&f.template, v)
	case "propertieslog", "log", "resultraw": // the line itself in the records of Azure, of Fluentd and of Splunk
		return v.quoted && f.keep(&f.template, v)
	case "event":
		return v.quoted && f.keep(&f.event, v)
	case "pid", "process", "processid", "processpid", // ECS and OpenTelemetry say process.pid, .NET and loguru process id,
		"attrpid", "extraprocessid", "propertiesprocessid", "resourceprocesspid": // MongoDB, Monolog, Serilog, OpenTelemetry's resource
		return f.pid(v)
	case "hostname", "host", "syslogsource":
		if len(f.r.Host) == 0 && v.quoted {
			f.r.Host = v.raw
		}
		return v.quoted
	case "service", "servicename", "app", "appname", "application", "applicationname", "program":
		if isName(v.raw) {
			f.keep(&f.service, v)
		}
		return false
	case "name":
		return f.keep(&f.name, v)
	case "v", "@version", "levelvalue", "@i":
		return !v.quoted || len(v.raw) <= 2 // bunyan's, logstash's; a program's own version is kept
	}
	return false
}

// failed takes the texts of an error.
func (f *fields) failed(norm []byte, v value) bool {
	switch string(norm) {
	case "err", "error", "@x", "exception", "excinfo", "failure", "cause", "errorverbose":
		return len(v.raw) > 0 && f.keep(&f.failure, v)
	case "errtype", "errname", "errortype", "errorname", "errclass", "errorclass", "errorkind", "thrownname",
		"contextexceptionclass", "exceptiontype", "exceptionclass", "exctype":
		return f.keep(&f.kind, v)
	case "errmessage", "errormessage", "errmsg", "errormsg", "thrownmessage", "contextexceptionmessage",
		"exceptionmessage", "attrerror", "attrerrorerrmsg":
		return f.keep(&f.text, v)
	case "errstack", "errorstack", "stack", "stacktrace", "errorstacktrace", "errstacktrace", "exceptionstacktrace",
		"thrownextendedstacktrace", "trace", "backtrace", "traceback", "fullmessage", "contextexceptiontrace",
		"exceptiontraceback", "errorbacktrace":
		return len(v.raw) > 1 && f.keep(&f.stack, v)
	}
	return false
}

// keep stores v in a slot that is still free.
func (f *fields) keep(slot *value, v value) bool {
	if slot.set() {
		return false
	}
	if slot == &f.message || slot == &f.event || slot == &f.template {
		f.known = true
	}
	*slot = v
	return true
}

func (f *fields) time(v value) bool {
	s, n, ok := timestamp.Read(v.raw)
	if !ok {
		s, n, ok = timestamp.Epoch(v.raw)
	}
	if !ok || n < len(v.raw) && isDigit(v.raw[n]) {
		return false
	}
	f.known = true
	f.r.Stamp = Prefer(f.r.Stamp, s)
	return true
}

func (f *fields) instant() bool {
	s := parser.Stamp{Micros: f.seconds*parser.Second + f.nanos/1000, Precision: 1, Clock: parser.ClockZoned}
	if f.seconds > 0 && f.nanos > 0 {
		f.known = true
		f.r.Stamp = Prefer(f.r.Stamp, s)
	}
	return true
}

// level takes a word, a number, MongoDB's letter or slog's ERROR+2.
func (f *fields) level(v value) bool {
	if n, ok := wholeNumber(v.raw); ok {
		f.known, f.numeric = true, n >= 10 && n <= 60
		tellLevel(f.r, levelNumber(n))
		return true
	}
	word := v.raw
	if i := bytes.IndexAny(word, "+-"); i > 0 {
		word = word[:i]
	}
	l, ok := levelOf(word)
	if !ok && len(word) > 0 && len(word) <= 2 {
		l, ok = levelLetter(word[0])
	}
	if !ok && v.escaped {
		l, ok = colouredLevel(word)
	}
	if ok {
		f.known = true
		tellLevel(f.r, l)
	}
	return ok
}

// colouredLevel reads winston's "\u001b[32minfo\u001b[39m".
func colouredLevel(word []byte) (parser.Level, bool) {
	i := bytes.IndexByte(word, 'm')
	if i < 0 {
		return parser.LevelNone, false
	}
	word = word[i+1:]
	if i = bytes.IndexByte(word, '\\'); i >= 0 {
		word = word[:i]
	}
	return levelOf(word)
}

func (f *fields) pid(v value) bool {
	n, ok := wholeNumber(v.raw)
	if ok {
		tellPID(f.r, n)
	}
	return ok
}

// finish writes the record's message, program and request. It reports whether the
// line had anything of a log record.
func (f *fields) finish(env *parser.Env, text []byte) bool {
	f.program()
	further := f.buf[f.start:]
	start := len(f.buf)
	switch {
	case text != nil:
		f.buf = append(f.buf, text...)
	case f.message.set():
		f.buf = appendValue(f.buf, f.message)
		f.writeSpare(f.event, "event")
		f.writeSpare(f.template, "template")
	case f.template.set():
		f.buf = appendValue(f.buf, f.template)
		f.writeSpare(f.event, "event")
	case f.event.set():
		f.buf = appendValue(f.buf, f.event)
	}
	end := len(f.buf)
	f.buf = append(f.buf, further...)
	if end == start && len(further) > 0 {
		start++ // no text: drop the blank before the first field
	}
	f.writeFailure()
	env.Buf = f.buf
	f.r.Message = plainInPlace(f.buf[start:])
	f.access(f.buf[min(start, end):end])
	return f.known || f.failure.set() || f.r.Kind == parser.KindAccess
}

// writeSpare keeps a field that another one beat as the message.
func (f *fields) writeSpare(v value, name string) {
	if v.set() {
		f.buf = append(append(append(f.buf, ' '), name...), '=')
		f.buf = appendQuoted(f.buf, v)
	}
}

func (f *fields) program() {
	switch {
	case f.service.set():
		keep(&f.r.Program, f.service.raw)
		f.writeSpare(f.name, "name")
	case f.name.set() && f.numeric && isName(f.name.raw):
		keep(&f.r.Program, f.name.raw)
	default:
		f.writeSpare(f.name, "name")
	}
}

// access makes the record an access record if the fields, or the message text
// alone, report a finished request.
func (f *fields) access(text []byte) {
	if f.request.finished(&f.r.Access) || FindRequest(text, &f.r.Access) {
		f.r.Kind = parser.KindAccess
	}
}

// writeFailure writes the error's class and message, unless its stack says them
// again, and the stack.
func (f *fields) writeFailure() {
	if f.failure.set() {
		f.buf = appendValue(append(f.buf, '\n'), f.failure)
	}
	if f.text.set() && !bytes.Contains(f.stack.raw, f.text.raw) {
		f.buf = append(f.buf, '\n')
		if f.kind.set() {
			f.buf = append(appendValue(f.buf, f.kind), ": "...)
		}
		f.buf = appendValue(f.buf, f.text)
	} else if f.kind.set() && !bytes.Contains(f.stack.raw, f.kind.raw) {
		f.buf = appendValue(append(f.buf, '\n'), f.kind)
	}
	if f.stack.set() {
		f.buf = appendValue(append(f.buf, '\n'), f.stack)
	}
}

// appendField appends " key=value".
func appendField(buf, path []byte, v value) []byte {
	buf = append(append(append(buf, ' '), path...), '=')
	return appendQuoted(buf, v)
}

// appendQuoted appends a value, in quotes if it holds a blank.
func appendQuoted(buf []byte, v value) []byte {
	if !v.quoted || !v.escaped && len(v.raw) > 0 && bytes.IndexByte(v.raw, ' ') < 0 {
		return append(buf, v.raw...)
	}
	buf = append(buf, '"')
	return append(appendValue(buf, v), '"')
}

// appendValue appends a value without quotes and escapes.
func appendValue(buf []byte, v value) []byte {
	if !v.escaped {
		return append(buf, v.raw...)
	}
	return appendUnescaped(buf, v.raw)
}

// appendUnescaped is appendUnquoted with Go's \xNN too (logfmt).
func appendUnescaped(buf, s []byte) []byte {
	for {
		i := indexString(s, `\x`)
		if i < 0 || i+4 > len(s) || i > 0 && s[i-1] == '\\' {
			return appendUnquoted(buf, s)
		}
		buf = appendUnquoted(buf, s[:i])
		hi, lo := hexDigit(s[i+2]), hexDigit(s[i+3])
		if hi > 15 || lo > 15 {
			buf = append(buf, s[i:i+4]...)
		} else {
			buf = append(buf, hi<<4|lo)
		}
		s = s[i+4:]
	}
}

func hexDigit(x byte) byte {
	switch {
	case isDigit(x):
		return x - '0'
	case x|0x20 >= 'a' && x|0x20 <= 'f':
		return x | 0x20 - 'a' + 10
	}
	return 255
}

// runeStart moves a cut that fell into a UTF-8 sequence before it.
func runeStart(b []byte) []byte {
	for i := 1; i <= 3 && i <= len(b); i++ {
		if x := b[len(b)-i]; x >= 0xc0 && !utf8.FullRune(b[len(b)-i:]) {
			return b[:len(b)-i]
		}
	}
	return b
}
