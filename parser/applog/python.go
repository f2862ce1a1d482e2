package applog

import (
	"bytes"
	"slices"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var gunicorn = parser.Format{
	Name:    "gunicorn",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "gunicorn",
	Doc:     "gunicorn/glogging.py: error_fmt; hypercorn and unicorn-like Python servers use the same",
	Parse:   text(parseGunicorn),
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
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "celery",
	Doc:     "celery/app/defaults.py: worker_log_format",
	Parse:   text(parseCelery),
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
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "django",
	Doc:     "django/utils/log.py: ServerFormatter",
	Parse:   text(parseDjangoServer),
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
	Gates:   []parser.Gate{{First: parser.Digits, All: ",:"}},
	Role:    parser.RoleSystem,
	Product: "supervisord",
	Doc:     "supervisor/loggers.py: LevelsByName; supervisor/process.py, supervisord.py: the messages",
	Parse:   text(parseSupervisord),
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
	Gates:       []parser.Gate{{First: parser.Digits + "[", All: ","}, {First: parser.Capitals, All: ":"}},
	Role:        parser.RoleApp,
	Product:     "python",
	Doc:         "https://docs.python.org/3/library/logging.html: asctime has its milliseconds behind a comma; basicConfig's default is LEVEL:logger:text",
	Parse:       text(parsePythonLogging),
	HeadDecides: true,
}

// parsePythonLogging reads asctime with a comma, then pid, [thread], logger and level in any
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
		if in.bracketedPID(r) || in.pythonThread() {
			continue
		}
		if in.anyLevel(r) {
			if in.lit(":") || in.lit(" - ") {
				in.blanks()
			}
			in.blanks()
			in.bracketedPID(r)
			in.pythonThread()
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

// pythonThread takes [MainThread] and its like.
func (in *input) pythonThread() bool {
	t := *in
	name, ok := t.bracket()
	if !ok || !isPythonThread(name) {
		return false
	}
	t.blanks()
	*in = t
	return true
}

// pythonThreads begin the names that threading, concurrent.futures, asyncio, AnyIO and waitress
// give to threads, and no other runtime does.
var pythonThreads = []string{"MainThread", "ThreadPoolExecutor-", "Dummy-", "asyncio_", "AnyIO worker thread", "waitress-"}

// isPythonThread reports whether a thread has a name that Python gave it. Since 3.10 one that
// nobody named is called after its function, too: Thread-7 (run).
func isPythonThread(name []byte) bool {
	if hasPrefix(name, "Thread-") {
		return hasSuffix(name, ")")
	}
	return slices.ContainsFunc(pythonThreads, func(p string) bool { return hasPrefix(name, p) })
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
	Name:  "uvicorn",
	Gates: []parser.Gate{{First: parser.Capitals, All: ":"}},
	Role:  parser.RoleApp,
	// No product: php-fpm and others behind syslog write LEVEL: text too; uvicorn's own words tell.
	Doc:   "uvicorn/logging.py: DefaultFormatter, level and colon padded to nine",
	Parse: text(parseUvicorn),
}

// parseUvicorn reads LEVEL: text, also from loggers that put one blank; stderr lines
// of shells (error: text) are left to other layouts.
func parseUvicorn(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	return in.upperLevel(":", r) && in.lit(": ") && in.message(r)
}

var uwsgi = parser.Format{
	Name:    "uwsgi",
	Gates:   []parser.Gate{{First: "*[MTWFS", All: ":"}},
	Role:    parser.RoleApp,
	Product: "uwsgi",
	Doc:     "uwsgi core/logging.c: the request line; core/utils.c: uwsgi_log_verbose",
	Parse:   text(parseUWSGI),
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
