package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// caddyError is Caddy's log without the access lines: failed requests
// (http.log.error), the proxy's and health checker's own lines, the server's life.
//
// Caddy 2 writes JSON where stderr is no terminal and a console form where it is:
//
//	{"level":"error","ts":1728027776.60,"logger":"http.log.error","msg":"<Go error>","request":{…},"status":502,…}
//	2023/09/27 05:38:12.978	ERROR	http.log.error	<Go error>	{"request": {…}, "status": 502, …}
//
// and Caddy 1 one of its own:
//
//	29/Jan/2016:15:17:26 +0100 [ERROR 502 /index.php] <Go error>
//
// The upstream of a failed request is no field: only an error that names its ends
// tells it ("EOF" does not). What a client chose stands inside JSON strings under
// request, so it cannot pass for a field. The console's stamps are UTC without saying
// so, or local where time_local is set (Product.WallUTC).
//
// BenchmarkGoFamily, one of two busy cores: 390 MB/s, access lines 550; nothing is
// allocated.
var caddyError = &parser.Format{
	Name:    "caddy-error",
	Gates:   []parser.Gate{{First: parser.Object}, {First: parser.Digits, All: "/:"}, {First: "E", All: ":"}},
	Role:    parser.RoleGateway,
	Product: "caddy",
	Doc:     "https://caddyserver.com/docs/caddyfile/directives/log; caddy modules/caddyhttp/server.go (logRequest, errLog), modules/caddyhttp/marshalers.go, logging.go",
	Parse:   parseCaddyError,
}

// caddyAccess is Caddy's access log (loggers http.log.access…), one line a finished
// request, in the same two forms. A 5xx is at level error and may have a line of
// http.log.error beside it.
var caddyAccess = &parser.Format{
	Name:    "caddy-access",
	Gates:   []parser.Gate{{First: parser.Object}, {First: parser.Digits, All: "\t/:"}},
	Role:    parser.RoleGateway,
	Product: "caddy",
	Doc:     "https://caddyserver.com/docs/caddyfile/directives/log; caddy modules/caddyhttp/server.go (logRequest)",
	Parse:   parseCaddyAccess,
}

var caddyVocabulary = phrasesOf("caddy")

func parseCaddyError(line []byte, env *parser.Env, r *parser.Record) bool {
	var c caddyLine
	if !c.open(line, r, false) {
		return parseCaddyPlain(line, r) || parseCaddy1(line, env, r)
	}
	return c.finishError(env, r)
}

func parseCaddyAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	var c caddyLine
	return c.open(line, r, true) && c.finishAccess(env, r)
}

// A caddyLine holds the fields of one line until all are known.
type caddyLine struct {
	logger, msg, err           []byte
	hasTime, hasLevel, isTrace bool
	remoteIP, remotePort       []byte
	client, method, host, uri  []byte
	proto                      []byte
	upstream                   []byte // of health checks and debug lines
	body                       []byte // FastCGI stderr
	status, size, duration     int64
	hasRequest                 bool
	answeredDate, answeredType bool // response headers that a proxied answer has
	answeredSelf               bool // Server: Caddy
}

// open reads the whole line in either form; false if it is not Caddy's or not of the
// wanted kind.
func (c *caddyLine) open(line []byte, r *parser.Record, access bool) bool {
	c.size, c.duration = -1, -1
	if len(line) < 20 {
		return false
	}
	if line[0] == '{' {
		j := openJSON(line)
		return c.members(&j, r, access, true) && c.proven(access)
	}
	return c.console(line, r, access) && c.proven(access)
}

// console reads stamp, level, logger and text, cut by tabs, and the fields behind
// them. Carriers turn tabs into blanks, so a text may not be cut at blanks; the
// logger's name holds none.
func (c *caddyLine) console(line []byte, r *parser.Record, access bool) bool {
	if line[4] != '/' || line[7] != '/' || line[10] != ' ' {
		return false
	}
	stamp, n, ok := timestamp.Slashed(line)
	if !ok || n >= len(line) || line[n] != '\t' {
		return false
	}
	word, rest, ok := bytes.Cut(line[n+1:], []byte("\t"))
	if !ok || !c.level(word, r) {
		return false
	}
	r.Stamp, c.hasTime = stamp, true
	first, rest, more := bytes.Cut(rest, []byte("\t"))
	if more && isCaddyLogger(first) {
		c.logger = first
		if !c.wanted(access) {
			return false
		}
		c.msg, rest, more = bytes.Cut(rest, []byte("\t"))
	} else {
		c.msg = first
	}
	if i := bytes.IndexByte(rest, '{'); more && i >= 0 {
		j := openJSON(rest[i:])
		return c.members(&j, r, access, false)
	}
	return true
}

// wanted turns down the other kind of line as soon as its logger is known.
func (c *caddyLine) wanted(access bool) bool {
	return has(c.logger, "http.log.access") == access
}

// members reads the top level of the object; false for a line of the other kind.
func (c *caddyLine) members(j *jsonReader, r *parser.Record, access, head bool) bool {
	for j.next() {
		if head && c.headMember(j, r) {
			if string(j.key) == "logger" && !c.wanted(access) {
				return false
			}
			continue
		}
		c.member(j)
	}
	return true
}

// headMember takes what zap writes into every line.
func (c *caddyLine) headMember(j *jsonReader, r *parser.Record) bool {
	switch string(j.key) {
	case "level":
		return c.hasLevel || c.level(j.value, r)
	case "ts", "time", "timestamp":
		if !c.hasTime {
			r.Stamp, c.hasTime = caddyStamp(j.value)
		}
	case "logger":
		keep(&c.logger, j.value)
	case "msg", "message":
		keep(&c.msg, j.value)
	default:
		return false
	}
	return true
}

func (c *caddyLine) member(j *jsonReader) {
	switch string(j.key) {
	case "request":
		if j.enter() {
			c.hasRequest = true
			for j.next() {
				c.requestMember(j)
			}
		}
	case "resp_headers":
		if j.enter() {
			for j.next() {
				c.answeredDate = c.answeredDate || string(j.key) == "Date" || string(j.key) == "Via"
				c.answeredType = c.answeredType || string(j.key) == "Content-Type"
				c.answeredSelf = c.answeredSelf || string(j.key) == "Server" && j.nested && bytes.HasPrefix(j.b[j.pos:], []byte(`["Caddy"]`))
			}
		}
	case "status":
		c.status, _ = j.number()
	case "size":
		if n, ok := j.number(); ok {
			c.size = n
		}
	case "duration":
		c.duration = goSeconds(j.value)
	case "error":
		keep(&c.err, j.value)
	case "err_trace":
		c.isTrace = true
	case "host", "address", "upstream", "dial":
		keep(&c.upstream, j.value)
	case "body":
		keep(&c.body, j.value)
	}
}

func (c *caddyLine) requestMember(j *jsonReader) {
	switch string(j.key) {
	case "remote_ip":
		c.remoteIP = j.value
	case "remote_port":
		c.remotePort = j.value
	case "remote_addr": // 2.4 and older
		if i := bytes.LastIndexByte(j.value, ':'); i > 0 {
			c.remoteIP, c.remotePort = bytes.Trim(j.value[:i], "[]"), j.value[i+1:]
		}
	case "client_ip":
		c.client = j.value
	case "proto":
		c.proto = j.value
	case "method":
		c.method = j.value
	case "host":
		c.host = j.value
	case "uri":
		c.uri = j.value
	}
}

// level takes zap's words, in small or capital letters.
func (c *caddyLine) level(word []byte, r *parser.Record) bool {
	switch string(word) {
	case "debug", "DEBUG":
		r.Level = parser.LevelDebug
	case "info", "INFO":
		r.Level = parser.LevelInfo
	case "warn", "WARN":
		r.Level = parser.LevelWarn
	case "error", "ERROR":
		r.Level = parser.LevelError
	case "panic", "PANIC", "dpanic", "DPANIC", "fatal", "FATAL":
		r.Level = parser.LevelCrit
	default:
		return false
	}
	c.hasLevel = true
	return true
}

// caddyStamp reads what time_format makes: seconds or smaller units since the epoch,
// RFC 3339 and its kin, or wall time.
func caddyStamp(b []byte) (parser.Stamp, bool) {
	stamp, n, ok := timestamp.Epoch(b)
	if !ok {
		stamp, n, ok = timestamp.Read(b)
	}
	if !ok || n != len(b) {
		return parser.Stamp{}, false
	}
	return stamp, true
}

// proven reports whether the line is Caddy's: zap writes the same heads for any
// program, so its logger, its trace or its message has to be Caddy's own.
func (c *caddyLine) proven(access bool) bool {
	if !c.hasLevel || c.msg == nil || !c.hasTime {
		return false
	}
	if access {
		return has(c.logger, "http.log.access") && c.hasRequest
	}
	if c.isTrace || c.logger != nil && isCaddyLogger(c.logger) {
		return true
	}
	return len(c.logger) == 0 && caddyVocabulary().find(c.msg) != nil
}

// isCaddyLogger knows the modules that log (their ids, https://caddyserver.com/docs/modules).
func isCaddyLogger(name []byte) bool {
	first, _, nested := bytes.Cut(name, []byte("."))
	switch string(first) {
	case "http":
		return !nested || isCaddyHTTP(name[len("http."):])
	case "admin", "tls", "caddy", "pki", "events", "layer4", "dynamic_dns":
		return true
	}
	return false
}

func isCaddyHTTP(name []byte) bool {
	first, _, _ := bytes.Cut(name, []byte("."))
	switch string(first) {
	case "log", "handlers", "reverse_proxy", "auto_https", "acme_client", "stdlib", "matchers", "encoders", "authentication", "ip_sources":
		return true
	}
	return false
}
