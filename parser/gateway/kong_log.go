package gateway

import (
	"bytes"

	"culprit/parser"
)

// kongLog is the JSON object a request that Kong's logging plug-ins (file-log,
// http-log, tcp-log) write, unless a plug-in's own fields replace it. Each try on a
// target is in it. Failures have a line in Kong's error log too, in nginx's form.
var kongLog = &parser.Format{
	Name:    "kong-log",
	Gates:   []parser.Gate{{First: parser.Object}},
	Role:    parser.RoleGateway,
	Product: "kong",
	Doc:     "https://developer.konghq.com/plugins/file-log/reference/ (log format); kong/pdk/log.lua",
	Parse: func(line []byte, env *parser.Env, r *parser.Record) bool {
		return parseLoggerJSON(line, env, r, false)
	},
}

// apisixLog is the object of APISIX's logger plug-ins in its default form.
var apisixLog = &parser.Format{
	Name:    "apisix-log",
	Gates:   []parser.Gate{{First: parser.Object}},
	Role:    parser.RoleGateway,
	Product: "apisix",
	Doc:     "https://apisix.apache.org/docs/apisix/plugins/file-logger/; apisix/utils/log-util.lua",
	Parse: func(line []byte, env *parser.Env, r *parser.Record) bool {
		return parseLoggerJSON(line, env, r, true)
	},
}

// loggerLine is what is only understood once the whole object is read: its keys come
// in any order.
type loggerLine struct {
	method, uri           []byte
	hasResponse, apisix   bool
	upstream, serviceHost []byte
	proxy                 int64 // microseconds until the upstream's header, -1 if not told
}

func parseLoggerJSON(line []byte, env *parser.Env, r *parser.Record, apisix bool) bool {
	if len(line) < 100 || line[0] != '{' {
		return false
	}
	mark := `"latencies":`
	if apisix {
		mark = `"apisix_latency":`
	}
	if indexString(line, mark) < 0 {
		return false
	}
	l := loggerLine{proxy: -1}
	j := openJSON(line)
	for j.next() {
		l.member(&j, env, r)
	}
	if !j.whole || l.apisix != apisix || l.method == nil || l.uri == nil || !l.hasResponse || r.Access.Client == nil {
		return false
	}
	l.settle(r)
	return true
}

func (l *loggerLine) member(j *jsonReader, env *parser.Env, r *parser.Record) {
	a := &r.Access
	switch string(j.key) {
	case "request":
		l.request(j, env, a)
	case "response":
		l.response(j, a)
	case "service":
		l.service(j, a)
	case "latencies":
		l.times(j, a)
	case "tries":
		loggerTries(j, env, a)
	case "client_ip":
		a.Client = j.value
	case "source":
		a.Made = loggerSource(j.value)
	case "started_at", "start_time":
		r.Stamp = loggerStart(j)
	case "apisix_latency":
		l.apisix = true
	case "latency":
		a.Duration = loggerMillis(j.value)
	case "upstream_latency":
		l.proxy = loggerMillis(j.value)
	case "upstream":
		l.upstream = j.value
	}
}

func (l *loggerLine) request(j *jsonReader, env *parser.Env, a *parser.Access) {
	if !j.enter() {
		return
	}
	for j.next() {
		switch string(j.key) {
		case "method":
			l.method = j.value
		case "uri":
			l.uri = unescaped(env, j.value)
		case "id":
			a.RequestID = j.value
		case "headers":
			if !j.enter() {
				continue
			}
			for j.next() {
				if string(j.key) == "host" && j.kind == '"' {
					a.Host = hostOnly(unescaped(env, j.value))
				}
			}
		}
	}
}

func (l *loggerLine) response(j *jsonReader, a *parser.Access) {
	if !j.enter() {
		return
	}
	for j.next() {
		n, ok := j.number()
		switch {
		case !ok:
		case string(j.key) == "status" && n < 1000:
			a.Status, l.hasResponse = int16(n), true
		case string(j.key) == "size":
			a.Bytes = n
		}
	}
}

func (l *loggerLine) service(j *jsonReader, a *parser.Access) {
	if !j.enter() {
		return
	}
	for j.next() {
		switch string(j.key) {
		case "name":
			a.Pool = j.value
		case "host":
			l.serviceHost = j.value
		}
	}
}

func (l *loggerLine) times(j *jsonReader, a *parser.Access) {
	if !j.enter() {
		return
	}
	for j.next() {
		switch string(j.key) {
		case "request":
			a.Duration = loggerMillis(j.value)
		case "proxy":
			l.proxy = loggerMillis(j.value)
		}
	}
}

// loggerTries reads [{"ip":"10.0.0.1","port":8080,"state":"failed","code":502},…].
func loggerTries(j *jsonReader, env *parser.Env, a *parser.Access) {
	a.HasUps = true
	if j.kind != '[' {
		return
	}
	list := j.b[j.pos:]
	for i := 1; i < len(list) && list[i] != ']'; {
		if list[i] != '{' {
			i++
			continue
		}
		one := openJSON(list[i:])
		loggerTry(&one, env, a)
		i += max(one.pos, 1)
	}
}

func loggerTry(j *jsonReader, env *parser.Env, a *parser.Access) {
	var ip, port []byte
	t := parser.Attempt{Connect: -1, Header: -1, Response: -1}
	for j.next() {
		switch string(j.key) {
		case "ip":
			ip = j.value
		case "port":
			port = j.value
		case "code":
			if n, ok := j.number(); ok && n < 1000 {
				t.Status = int16(n)
			}
		}
	}
	if a.Tries >= parser.MaxAttempts || len(ip) == 0 {
		return
	}
	t.Addr = joined(env, ip, ':', port)
	a.Attempts[a.Tries] = t
	a.Tries++
}

func loggerSource(word []byte) parser.Made {
	switch string(word) {
	case "upstream", "service":
		return parser.MadeUpstream
	case "kong", "exit", "error":
		return parser.MadeGateway
	}
	return parser.MadeUnknown
}

// loggerStart is the request's start in milliseconds since the epoch.
func loggerStart(j *jsonReader) parser.Stamp {
	n, ok := j.number()
	if !ok || n < 1e12 || n > 1e13 {
		return parser.Stamp{}
	}
	return parser.Stamp{Micros: n * parser.Millisecond, Precision: parser.Millisecond, Clock: parser.ClockZoned}
}

// loggerMillis reads milliseconds, maybe with a fraction; -1 for Kong's "none".
func loggerMillis(b []byte) int64 {
	if dot := bytes.IndexByte(b, '.'); dot >= 0 && len(b)-dot > 4 {
		b = b[:dot+4]
	}
	n, ok := seconds(b)
	if !ok {
		return -1
	}
	return n / 1000
}

// settle completes the last try, the one that was
// answered unless it has a code of a failure.
func (l *loggerLine) settle(r *parser.Record) {
	r.Kind = parser.KindAccess
	a := &r.Access
	a.AtStart, a.Method, a.Target = true, l.method, l.uri
	if l.apisix {
		a.HasUps = true
		if len(l.upstream) > 0 {
			a.Attempts[0], a.Tries = parser.Attempt{Addr: l.upstream, Connect: -1, Header: -1, Response: -1}, 1
		}
	}
	if a.Pool == nil {
		a.Pool = l.serviceHost
	}
	if a.Tries == 0 {
		return
	}
	last := &a.Attempts[a.Tries-1]
	if last.Status == 0 && l.proxy >= 0 && a.Made != parser.MadeGateway {
		last.Header, last.Status = l.proxy, a.Status
	}
}
