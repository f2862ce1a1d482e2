package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var clfAccess = parser.Format{
	Name:  "app-access",
	Gates: []parser.Gate{{All: "[]"}},
	Role:  parser.RoleApp,
	Doc:   "common log format as application servers write it: Werkzeug, WEBrick, gunicorn --access-logfile, Rack::CommonLogger, Apache Tomcat",
	Parse: uncoloured(parseCLFAccess),
}

// parseCLFAccess reads client - user [stamp] "request" status size ….
func parseCLFAccess(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	client := address(in.word())
	if client == nil || !in.lit(" ") {
		return false
	}
	if _, ok := in.until("["); !ok || !in.stamp(timestamp.CLF, r) || !in.lit("] ") {
		return false
	}
	in.message(r)
	if !FindRequest(r.Message, &r.Access) {
		return false
	}
	r.Kind = parser.KindAccess
	r.Access.Client = client
	return true
}

var levelledText = parser.Format{
	Name:        "levelled-text",
	Gates:       []parser.Gate{{First: parser.Digits + "[", All: "0"}, {First: parser.Capitals, All: "0", More: stampOrLevel}},
	Role:        parser.RoleApp,
	Doc:         "stamp, level, text: the layout people choose by hand; JSON behind the text is read as fields (pino and winston printf, logr, Laravel's kin)",
	Parse:       text(parseLevelledText),
	HeadDecides: true,
}

// parseLevelledText reads stamp and level in either order, then text. A level word is
// one in capitals, in brackets, or before a colon.
func parseLevelledText(line []byte, env *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(anyStamp, r) {
		if !in.anyLevel(r) {
			return false
		}
		in.lit(":")
		if !in.blanks() || !in.stamp(anyStamp, r) {
			return false
		}
	} else if !in.blanks() && in.peek() != '[' || !in.looseLevel(r) {
		return false
	}
	in.lit(":")
	in.blanks()
	if in.separator() {
		in.loguruPlace()
	}
	return messageWithFields(trimBlanks(in.rest), env, r)
}

// separator takes the dash or bar that people put between a line's fields.
func (in *input) separator() bool { return in.lit("- ") || in.lit("| ") }

// looseLevel takes what may stand for a level behind a stamp.
func (in *input) looseLevel(r *parser.Record) bool {
	in.separator()
	in.codePlace()
	if in.anyLevel(r) || in.laterLevel(r) {
		return true
	}
	t := *in
	if t.level(":", r) && t.peek() == ':' && !isUpper(in.peek()) {
		*in = t
		return true
	}
	return false
}

// laterLevel takes up to three fields and the level behind them: the logger's name, the thread,
// the process. A field stands in brackets, has a dash or bar behind it, or is no word that a text
// could begin with: a number, a dotted name.
func (in *input) laterLevel(r *parser.Record) bool {
	t := *in
	for range 3 {
		field, closed := t.bracket()
		if !closed && t.peek() == '(' {
			field, closed = t.until(")")
		}
		if !closed {
			if field = t.word(); !isName(field) {
				return false
			}
		}
		if !t.blanks() || len(field) > 64 {
			return false
		}
		if !t.separator() && !closed && !isNumber(field) && !isDotted(field) {
			return false
		}
		t.blanks()
		if t.anyLevel(r) {
			*in = t
			return true
		}
	}
	return false
}

// loguruPlace skips the place in the code that loguru writes behind the level's bar:
// shop.views:checkout:41 - text.
func (in *input) loguruPlace() {
	t := *in
	place := t.word()
	if at := bytes.LastIndexByte(place, ':'); at > 0 && isName(place) && isNumber(place[at+1:]) && t.lit(" - ") {
		*in = t
	}
}

// codePlace skips the place in the code in braces that Airflow and its kin write before the
// level: {taskinstance.py:1462}.
func (in *input) codePlace() {
	end := bytes.IndexByte(in.rest, '}')
	if in.peek() != '{' || end < 0 || end > 64 || bytes.IndexByte(in.rest[:end], ' ') >= 0 {
		return
	}
	place := in.rest[1:end]
	if at := bytes.LastIndexByte(place, ':'); at < 1 || !isNumber(place[at+1:]) {
		return
	}
	t := input{in.rest[end+1:]}
	if t.blanks() {
		*in = t
	}
}

var timestampedText = parser.Format{
	Name:  "timestamped-text",
	Gates: []parser.Gate{{First: parser.Digits + "[", All: "0"}, {First: parser.Capitals, All: "0", More: stampOrLevel}},
	Role:  parser.RoleApp,
	Doc:   "any text behind a stamp of a known layout, or with one behind a short bracket",
	Parse: text(parseTimestampedText),
}

// parseTimestampedText reads stamp text, or [word] stamp text.
func parseTimestampedText(line []byte, env *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(anyStamp, r) {
		name, ok := in.bracket()
		if !ok || !isName(name) || !in.blanks() || !in.stamp(anyStamp, r) {
			return false
		}
		keep(&r.Program, name)
	}
	if len(in.rest) > 0 && !in.blanks() && in.peek() != '[' {
		return false
	}
	in.lit("- ")
	keptLevel(in, r)
	return messageWithFields(in.rest, env, r)
}

// stampOrLevel reports whether a line that begins with a capital may begin with a stamp, of
// which the name of a month or day is the first word, or with a level in capitals.
func stampOrLevel(line []byte) bool {
	return len(line) > 3 && (line[1] >= 'A' && line[1] <= 'Z' || line[3] == ' ' || line[3] == ',')
}

// levelBracket reports whether a bracket stands right behind the first word, as in INFO[0001].
func levelBracket(line []byte) bool {
	i := bytes.IndexByte(line, '[')
	return i > 0 && i <= 12
}
