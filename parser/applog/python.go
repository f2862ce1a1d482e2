package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var gunicorn = parser.Format{
	Name:    "gunicorn",
	Role:    parser.RoleApp,
	Product: "gunicorn",
	Doc:     "gunicorn/glogging.py: error_fmt; hypercorn and unicorn-like Python servers use the same",
	Parse:   text(parseGunicorn),
	Samples: []parser.Sample{
		{
			Line: `[2026-11-22 15:01:59 +0000] [22833] [WARNING] Worker with pid 22838 was terminated due to signal 9`,
			Want: `time=2026-11-22T15:01:59Z level=warn pid=22833 msg="Worker with pid 22838 was terminated due to signal 9"`,
		},
		{
			Line: `[2026-11-22 16:09:00 +0100] [28858] [INFO] Listening at: http://10.40.0.2:9001 (28858)`,
			Want: `time=2026-11-22T15:09:00Z(+01:00) level=info pid=28858 msg="Listening at: http://10.40.0.2:9001 (28858)"`,
		},
	},
}

// parseGunicorn reads [stamp] [pid] [LEVEL] text.
func parseGunicorn(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.lit("[") || !in.stamp(iso, r) || !in.lit("] [") || !in.pid(r) || !in.lit("] [") || !in.level("]", r) || !in.lit("]") {
		return false
	}
	return in.message(r)
}

var celery = parser.Format{
	Name:    "celery",
	Role:    parser.RoleApp,
	Product: "celery",
	Doc:     "celery/app/defaults.py: worker_log_format",
	Parse:   text(parseCelery),
	Samples: []parser.Sample{
		{
			Line: `[2026-11-22 14:30:00,123: ERROR/MainProcess] Process 'ForkPoolWorker-1' pid:77 exited with 'signal 9 (SIGKILL)'`,
			Want: `time=2026-11-22T14:30:00.123 level=error msg="Process 'ForkPoolWorker-1' pid:77 exited with 'signal 9 (SIGKILL)'"`,
		},
	},
}

// parseCelery reads [stamp: LEVEL/Process] text.
func parseCelery(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.lit("[") || !in.stamp(iso, r) || !in.lit(": ") || !in.level("/", r) || !in.lit("/") {
		return false
	}
	_, ok := in.until("] ")
	return ok && in.message(r)
}

var djangoServer = parser.Format{
	Name:    "django-runserver",
	Role:    parser.RoleApp,
	Product: "django",
	Doc:     "django/utils/log.py: ServerFormatter",
	Parse:   text(parseDjangoServer),
	Samples: []parser.Sample{
		{
			Line: `[22/Nov/2026 14:30:00] "GET /cart HTTP/1.1" 500 145`,
			Want: `time=2026-11-22T14:30:00 method=GET target=/cart status=500 bytes=145 msg="\"GET /cart HTTP/1.1\" 500 145"`,
		},
	},
}

// parseDjangoServer reads [22/Nov/2026 14:30:00] text. Others have a colon behind the year.
func parseDjangoServer(line []byte, _ *parser.Env, r *parser.Record) bool {
	const year = len("[22/Nov/2026")
	in := input{line}
	return len(line) > year && line[year] == ' ' && in.lit("[") && in.stamp(timestamp.CLF, r) && in.lit("] ") && in.message(r)
}

var supervisordName = []byte("supervisord")

var supervisord = parser.Format{
	Name:    "supervisord",
	Role:    parser.RoleSystem,
	Product: "supervisord",
	Doc:     "supervisor/loggers.py: LevelsByName; supervisor/process.py, supervisord.py: the messages",
	Parse:   text(parseSupervisord),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 14:40:55,676 WARN exited: web (terminated by SIGKILL; not expected)`,
			Want: `time=2026-11-22T14:40:55.676 level=warn program=supervisord msg="exited: web (terminated by SIGKILL; not expected)"`,
		},
		{
			Line: `2026-11-22 14:40:55,676 INFO spawned: 'web' with pid 1234`,
			Want: `time=2026-11-22T14:40:55.676 level=info program=supervisord msg="spawned: 'web' with pid 1234"`,
		},
		{
			Line: `2026-11-22 14:40:55,676 CRIT Supervisor is running as root.`,
			Want: `time=2026-11-22T14:40:55.676 level=crit program=supervisord msg="Supervisor is running as root."`,
		},
	},
}

var supervisorLevels = []string{"CRIT ", "ERRO ", "TRAC ", "BLAT "}

// supervisord's INFO, WARN and DEBUG are other loggers' words too; then its own
// phrases tell.
var supervisorPhrases = []string{
	"spawned: ", "exited: ", "success: ", "stopped: ", "killing ", "waiting for ", "gave up: ", "spawnerr: ", "reaped unknown pid",
	"supervisord started", "daemonizing", "RPC interface ", "received SIG", "Set uid to user", "Included extra file", "Server '",
	"ran SIG", "backing off", "exited (", "For ", "Increased ", "cleared ", "removed group", "unknown problem sending sig",
	"stopping: ", "Supervisor ",
}

// parseSupervisord reads stamp,ms LEVL text.
func parseSupervisord(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit(" ") {
		return false
	}
	own := among(supervisorLevels, in.rest[:min(5, len(in.rest))])
	if !in.upperLevel("", r) || !in.lit(" ") || line[19] != ',' {
		return false
	}
	for _, p := range supervisorPhrases {
		own = own || hasPrefix(in.rest, p)
	}
	keep(&r.Program, supervisordName)
	return own && in.message(r)
}

var pythonLogging = parser.Format{
	Name:        "python-logging",
	Role:        parser.RoleApp,
	Product:     "python",
	Doc:         "https://docs.python.org/3/library/logging.html: asctime has its milliseconds behind a comma; basicConfig's default is LEVEL:logger:text",
	Parse:       text(parsePythonLogging),
	HeadDecides: true,
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 14:32:49,152 ERROR root text`,
			Want: `time=2026-11-22T14:32:49.152 level=error msg="root text"`,
		},
		{
			Line: `2026-11-22 15:10:28,149,29677 WARNING crm.crm pg unavailable (attempt 1/12): OperationalError`,
			Want: `time=2026-11-22T15:10:28.149 level=warn pid=29677 msg="crm.crm pg unavailable (attempt 1/12): OperationalError"`,
		},
		{
			Line: `2026-11-22 15:01:58,642 INFO [22838] shop: building export /reports/monthly`,
			Want: `time=2026-11-22T15:01:58.642 level=info pid=22838 msg="shop: building export /reports/monthly"`,
		},
		{
			Line: `2026-11-22 15:01:58,642 - shop.views - ERROR - price cache miss`,
			Want: `time=2026-11-22T15:01:58.642 level=error msg="price cache miss"`,
		},
		{
			Line: `2026-11-22 15:01:58,642 [22838] [ERROR] shop: no`,
			Want: `time=2026-11-22T15:01:58.642 level=error pid=22838 msg="shop: no"`,
		},
		{
			Line: `2026-11-22 15:01:58,642 shop ERROR no`,
			Want: `time=2026-11-22T15:01:58.642 level=error msg=no`,
		},
		{
			Line: `ERROR:werkzeug.serving:boom`,
			Want: `level=error msg=boom`,
		},
	},
}

// parsePythonLogging reads asctime with a comma, then pid, logger and level in any
// of the usual orders, or LEVEL:logger:text.
func parsePythonLogging(line []byte, _ *parser.Env, r *parser.Record) bool {
	if len(line) > 0 && !isDigit(line[0]) && line[0] != '[' {
		return basicConfig(line, r)
	}
	in := input{line}
	open := in.lit("[")
	if !in.stamp(iso, r) || r.Stamp.Precision >= parser.Second || bytes.IndexByte(line[:min(24, len(line))], ',') < 0 {
		return false
	}
	if in.lit(",") && !in.pid(r) {
		return false
	}
	if open && !in.lit("]") {
		return false
	}
	for range 4 {
		in.blanks()
		if in.lit("- ") {
			in.blanks()
		}
		if in.bracketedPID(r) {
			continue
		}
		if in.anyLevel(r) {
			if in.lit(":") || in.lit(" - ") {
				in.blanks()
			}
			in.blanks()
			in.bracketedPID(r)
			return in.message(r)
		}
		name := input{in.rest}
		if !isName(name.word()) || !name.blanks() && !name.lit(" ") {
			break
		}
		in = name
	}
	return false
}

// bracketedPID takes [123] or 123 before a blank.
func (in *input) bracketedPID(r *parser.Record) bool {
	t := *in
	open := t.lit("[")
	pid, ok := t.number()
	if !ok || open && !t.lit("]") || t.peek() != ' ' && t.peek() != ':' {
		return false
	}
	tellPID(r, pid)
	t.lit(":")
	t.blanks()
	*in = t
	return true
}

// anyLevel takes LEVEL or [LEVEL].
func (in *input) anyLevel(r *parser.Record) bool {
	t := *in
	if t.lit("[") {
		t.blanks()
		if !t.level("]", r) {
			return false
		}
		t.blanks()
		if !t.lit("]") {
			return false
		}
	} else if !t.upperLevel(":", r) {
		return false
	}
	*in = t
	return true
}

// basicConfig reads LEVEL:logger:text with Python's five level words.
func basicConfig(line []byte, r *parser.Record) bool {
	in := input{line}
	if !in.upperLevel(":", r) || !in.lit(":") {
		return false
	}
	i := bytes.IndexByte(in.rest, ':')
	if i < 1 || !isName(in.rest[:i]) {
		return false
	}
	in.rest = in.rest[i+1:]
	return in.message(r)
}

var uvicorn = parser.Format{
	Name: "uvicorn",
	Role: parser.RoleApp,
	// No product: php-fpm and others behind syslog write LEVEL: text too; uvicorn's own words tell.
	Doc:   "uvicorn/logging.py: DefaultFormatter, level and colon padded to nine",
	Parse: text(parseUvicorn),
	Samples: []parser.Sample{
		{
			Line: `INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)`,
			Want: `level=info msg="Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)"`,
		},
		{
			Line: `INFO:     127.0.0.1:54321 - "GET /cart?x=1 HTTP/1.1" 503 Service Unavailable`,
			Want: `level=info client=127.0.0.1 method=GET target=/cart?x=1 status=503 msg="127.0.0.1:54321 - \"GET /cart?x=1 HTTP/1.1\" 503 Service Unavailable"`,
		},
		{
			Line: "\x1b[32mINFO\x1b[0m:     Started server process [\x1b[36m412\x1b[0m]",
			Want: `level=info msg="Started server process [412]"`,
		},
	},
}

// parseUvicorn reads LEVEL: text, also from loggers that put one blank; stderr lines
// of shells (error: text) are left to other layouts.
func parseUvicorn(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	return in.upperLevel(":", r) && in.lit(": ") && in.message(r)
}

var uwsgi = parser.Format{
	Name:    "uwsgi",
	Role:    parser.RoleApp,
	Product: "uwsgi",
	Doc:     "uwsgi core/logging.c: the request line; core/utils.c: uwsgi_log_verbose",
	Parse:   text(parseUWSGI),
	Samples: []parser.Sample{
		{
			Line: `Sun Nov 22 15:11:19 2026 - *** uWSGI listen queue of socket "127.0.0.1:3033" (fd: 3) full !!! (21/20) ***`,
			Want: `time=2026-11-22T15:11:19 msg="*** uWSGI listen queue of socket \"127.0.0.1:3033\" (fd: 3) full !!! (21/20) ***"`,
		},
		{
			Line: `*** Starting uWSGI 2.0.21-debian (64bit) on [Sun Nov 22 15:11:03 2026] ***`,
			Want: `time=2026-11-22T15:11:03 msg="*** Starting uWSGI 2.0.21-debian (64bit) on [Sun Nov 22 15:11:03 2026] ***"`,
		},
		{
			Line: `[pid: 30701|app: 0|req: 1/1] 192.0.2.1 () {34 vars in 420 bytes} [Sun Nov 22 15:11:06 2026] GET /reports/1 => generated 12 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 79 bytes (1 switches on core 0)`,
			Want: `time=2026-11-22T15:11:06 pid=30701 client=192.0.2.1 method=GET target=/reports/1 status=200 bytes=12 duration=3000 msg="GET /reports/1 => generated 12 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 79 bytes (1 switches on core 0)"`,
		},
	},
}

// parseUWSGI reads verbose lines and request lines. The request line's stamp marks
// the request's start. Its other lines have neither stamp nor mark.
func parseUWSGI(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if hasPrefix(line, "*** Starting uWSGI ") {
		in.message(r)
		_, ok := in.until(" on [")
		return ok && in.stamp(timestamp.CTime, r)
	}
	if !in.lit("[pid: ") {
		return in.stamp(timestamp.CTime, r) && in.lit(" - ") && in.message(r)
	}
	if !in.pid(r) {
		return false
	}
	before, ok := in.until(" [")
	if !ok || !in.stamp(timestamp.CTime, r) || !in.lit("] ") {
		return false
	}
	in.message(r)
	if FindRequest(r.Message, &r.Access) {
		r.Kind = parser.KindAccess
		r.Access.AtStart = true
		r.Access.Client = clientIn(before)
	}
	return true
}
