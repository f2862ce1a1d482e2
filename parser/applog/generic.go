package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var clfAccess = parser.Format{
	Name:  "app-access",
	Role:  parser.RoleApp,
	Doc:   "common log format as application servers write it: Werkzeug, WEBrick, gunicorn --access-logfile, Rack::CommonLogger, Apache Tomcat",
	Parse: uncoloured(parseCLFAccess),
	Samples: []parser.Sample{
		{
			Line: `127.0.0.1 - - [22/Nov/2026 15:04:05] "GET /cart?x=1 HTTP/1.1" 500 -`,
			Want: `time=2026-11-22T15:04:05 client=127.0.0.1 method=GET target=/cart?x=1 status=500 msg="\"GET /cart?x=1 HTTP/1.1\" 500 -"`,
		},
		{
			Line: `192.0.2.7 - bob [22/Nov/2026:15:04:05 +0000] "POST /cart HTTP/1.1" 201 12 "-" "curl/7.88" 3ms`,
			Want: `time=2026-11-22T15:04:05Z client=192.0.2.7 method=POST target=/cart status=201 bytes=12 duration=3000 msg="\"POST /cart HTTP/1.1\" 201 12 \"-\" \"curl/7.88\" 3ms"`,
		},
	},
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
	Role:        parser.RoleApp,
	Doc:         "stamp, level, text: the layout people choose by hand; JSON behind the text is read as fields (pino and winston printf, logr, Laravel's kin)",
	Parse:       text(parseLevelledText),
	HeadDecides: true,
	Samples: []parser.Sample{
		{
			Line: `2026-11-22T15:05:59.027Z INFO server listening {"port":3400}`,
			Want: `time=2026-11-22T15:05:59.027Z level=info msg="server listening port=3400"`,
		},
		{
			Line: `2026-11-22T15:05:59.307Z INFO request completed {"req":{"id":1,"method":"POST","url":"/v2/transfers","remoteAddress":"127.0.0.1"},"res":{"statusCode":200},"responseTime":6}`,
			Want: `time=2026-11-22T15:05:59.307Z level=info client=127.0.0.1 method=POST target=/v2/transfers status=200 duration=6000 msg="request completed req.id=1 req.method=POST req.url=/v2/transfers req.remoteAddress=127.0.0.1 res.statusCode=200 responseTime=6"`,
		},
		{
			Line: `2026-11-22T15:07:19.070 INFO access PUT /v2/accounts/469/settings 200`,
			Want: `time=2026-11-22T15:07:19.070 level=info method=PUT target=/v2/accounts/469/settings status=200 msg="access PUT /v2/accounts/469/settings 200"`,
		},
		{
			Line: `22.11.2026 15:07:19 INFO GET /red/514 200 2ms`,
			Want: `time=2026-11-22T15:07:19 level=info method=GET target=/red/514 status=200 duration=2000 msg="GET /red/514 200 2ms"`,
		},
		{
			Line: `22.11.2026 15:07:19,123 [ERROR] cannot bind`,
			Want: `time=2026-11-22T15:07:19.123 level=error msg="cannot bind"`,
		},
		{
			Line: `2026-11-22T15:05:59.027Z [error]: connect ECONNREFUSED 10.0.0.1:5432`,
			Want: `time=2026-11-22T15:05:59.027Z level=error msg="connect ECONNREFUSED 10.0.0.1:5432"`,
		},
		{
			Line: `[2026-11-22T15:05:59.027Z] WARN: slow query took 3 s`,
			Want: `time=2026-11-22T15:05:59.027Z level=warn msg="slow query took 3 s"`,
		},
		{
			Line: `[ERROR] 2026-11-22 15:05:59 - cannot bind`,
			Want: `time=2026-11-22T15:05:59 level=error msg="cannot bind"`,
		},
		{
			Line: `INFO 2026-11-22 15:05:59,123 views 412 1400 loading`,
			Want: `time=2026-11-22T15:05:59.123 level=info msg="views 412 1400 loading"`,
		},
		{
			Line: `2026-11-22 15:05:21 error: cannot bind`,
			Want: `time=2026-11-22T15:05:21 level=error msg="cannot bind"`,
		},
		{
			Line: `2026-11-22 15:05:21 - shop.views - ERROR - cannot bind`,
			Want: `time=2026-11-22T15:05:21 level=error msg="cannot bind"`,
		},
		{
			Line: `2026-11-22 15:05:21.123 | ERROR    | shop.views:checkout:41 - cannot bind`,
			Want: `time=2026-11-22T15:05:21.123 level=error msg="cannot bind"`,
		},
		{
			Line: `2026-11-22 15:05:21 [MainThread] [ERROR] shop: cannot bind`,
			Want: `time=2026-11-22T15:05:21 level=error msg="shop: cannot bind"`,
		},
		{
			Line: `22-11-2026 15:05:21 (shop) WARNING: slow`,
			Want: `time=2026-11-22T15:05:21 level=warn msg=slow`,
		},
		{
			Line: `2026-11-22 15:05:21 8812 ERROR shop.views cannot bind`,
			Want: `time=2026-11-22T15:05:21 level=error msg="shop.views cannot bind"`,
		},
		{
			Line: `[2026-11-22 15:05:21,993] {taskinstance.py:1462} ERROR - basket store memcached://cache-1:11211 not usable`,
			Want: `time=2026-11-22T15:05:21.993 level=error msg="basket store memcached://cache-1:11211 not usable"`,
		},
	},
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
	Role:  parser.RoleApp,
	Doc:   "any text behind a stamp of a known layout, or with one behind a short bracket",
	Parse: text(parseTimestampedText),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22T15:05:21Z deploy catalog rev 4f1c2ab -> 9b07e31 by ci`,
			Want: `time=2026-11-22T15:05:21Z msg="deploy catalog rev 4f1c2ab -> 9b07e31 by ci"`,
		},
		{
			Line: `[worker-3] 2026-11-22 15:05:21 picked job 12`,
			Want: `time=2026-11-22T15:05:21 program=worker-3 msg="picked job 12"`,
		},
		{
			Line: `2026.11.22 15:05:21 started on 127.0.0.1:8080`,
			Want: `time=2026-11-22T15:05:21 msg="started on 127.0.0.1:8080"`,
		},
		{
			Line: `Nov 22 15:05:21 something without a host`,
			Want: `time=11-22T15:05:21 msg="something without a host"`,
		},
	},
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
