package gateway

import (
	"bytes"
	"strconv"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// envoyLog is Envoy's application log and what Istio's proxy makes of it:
//
//	[2016-04-15 20:17:00.310][42][critical][backtrace] [file.cc:104] text
//	2023-12-08T07:39:50.405760Z	warning	envoy main	text
//
// It says nothing about requests at its usual levels; a crash of Envoy itself stands
// here. Stamps of the first form have no zone.
var envoyLog = &parser.Format{
	Name:    "envoy-log",
	Gates:   []parser.Gate{{First: parser.Object}, {First: "["}, {First: parser.Digits, All: ":"}},
	Role:    parser.RoleGateway,
	Product: "envoy",
	Doc:     "https://www.envoyproxy.io/docs/envoy/latest/operations/cli (--log-format); envoy source/common/common/logger.h; istio pkg/envoy/proxy.go",
	Parse:   parseEnvoyLog,
}

// envoyEvents are the logs of health checks and outlier detection, one object a line.
var envoyEvents = &parser.Format{
	Name:    "envoy-events",
	Gates:   []parser.Gate{{First: parser.Object}},
	Role:    parser.RoleGateway,
	Product: "envoy",
	Doc:     "envoy api/envoy/data/core/v3/health_check_event.proto, api/envoy/data/cluster/v3/outlier_detection_event.proto",
	Parse:   parseEnvoyEvent,
}

func parseEnvoyLog(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < 30 {
		return false
	}
	text, ok := []byte(nil), false
	switch line[0] {
	case '[':
		text, ok = envoyHead(line, r)
	case '{':
		text, ok = envoyObject(line, env, r)
	default:
		text, ok = istioHead(line, r)
	}
	if !ok {
		return false
	}
	r.Kind, r.Message = parser.KindGateway, text
	g := &r.Gateway
	if t := envoyVocabulary().log.find(withoutConnection(text)); t != nil {
		m := t.variants[0]
		m.tell(nil, 0, g)
		if name := m.capture(text, "host"); name != nil {
			g.Upstream, g.Group = name, true
		}
	} else {
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	}
	return true
}

// envoyHead reads [stamp][thread][level][logger] and a place in the source.
func envoyHead(line []byte, r *parser.Record) (text []byte, ok bool) {
	stamp, n, ok := timestamp.ISO(line[1:])
	if !ok || !has(line[n+1:], "][") {
		return nil, false
	}
	r.Stamp = stamp
	thread, rest := leadingNumber(line[n+3:])
	if !has(rest, "][") {
		return nil, false
	}
	r.TID = thread
	word, rest, ok := bytes.Cut(rest[2:], []byte("]["))
	if !ok || !envoyLevel(word, r) {
		return nil, false
	}
	_, rest, ok = bytes.Cut(rest, []byte("]"))
	if !ok {
		return nil, false
	}
	return withoutPlace(trimBlanks(rest)), true
}

// envoyObject reads what application_log_config's json_format makes, under the names of Envoy's
// own example or like ones: a level, a stamp, a logger that is one of Envoy's, and the message.
func envoyObject(line []byte, env *parser.Env, r *parser.Record) (text []byte, ok bool) {
	levelled, envoys := false, false
	j := openJSON(line)
	for j.next() {
		switch string(j.key) {
		case "level", "Level":
			levelled = envoyLevel(j.value, r)
		case "timestamp", "Timestamp", "time", "Time", "@timestamp":
			stamp, n, known := timestamp.Read(j.value)
			if ok = known && n == len(j.value); ok {
				r.Stamp = stamp
			}
		case "thread", "ThreadId", "thread_id":
			r.TID, _ = wholeNumber(j.value)
		case "logger", "LoggerName", "name":
			envoys = isEnvoyLogger(j.value)
		case "message", "Message", "msg":
			text = withoutPlace(unescaped(env, j.value))
		}
	}
	return text, ok && levelled && envoys && text != nil
}

// envoyLoggers are those whose lines bear on upstreams or on Envoy itself (source/common/common/
// logger.h, ALL_LOGGER_IDS) and that no other program's logger is likely to be called.
var envoyLoggers = [...]string{"upstream", "router", "hc", "conn_handler", "envoy_bug", "backtrace", "assert", "health_checker", "dns", "main", "config", "pool", "http2", "connection", "runtime"}

func isEnvoyLogger(name []byte) bool {
	for _, l := range envoyLoggers {
		if string(name) == l {
			return true
		}
	}
	return false
}

// istioHead reads stamp, level and scope, cut by tabs or, in pastes, blanks.
func istioHead(line []byte, r *parser.Record) (text []byte, ok bool) {
	stamp, n, ok := timestamp.ISO(line)
	if !ok || stamp.Precision != 1 || stamp.Clock != parser.ClockZoned {
		return nil, false
	}
	word, rest := cutGap(line[n:])
	if !envoyLevel(word, r) {
		return nil, false
	}
	r.Stamp = stamp
	rest = bytes.TrimLeft(rest, " \t")
	if scope, behind := cutGap(rest); string(scope) == "envoy" {
		_, behind = cutGap(behind)
		text = withoutPlace(bytes.TrimLeft(behind, " \t"))
		if i := bytes.LastIndex(text, []byte("\tthread=")); i >= 0 {
			text = text[:i]
		}
		return text, true
	}
	return rest, envoyVocabulary().log.find(rest) != nil
}

// cutGap cuts the next word off b, leading blanks and tabs skipped.
func cutGap(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " \t")
	if end := bytes.IndexAny(b, " \t"); end >= 0 {
		return b[:end], b[end:]
	}
	return b, nil
}

// withoutPlace cuts "[source/server/server.cc:12] " or "external/…/file.cc:12<TAB>" off.
func withoutPlace(b []byte) []byte {
	word, rest := cutGap(b)
	if bytes.Contains(word, []byte(".cc:")) || bytes.Contains(word, []byte(".h:")) {
		return bytes.TrimLeft(rest, " \t")
	}
	return b
}

// withoutConnection cuts off which connection and stream a line is of: "[C2912] ", "[C1][S2] ", and
// since 1.27 `[Tags: "ConnectionId":"2912"] ` (source/common/common/logger.h, ENVOY_CONN_LOG, ENVOY_STREAM_LOG).
func withoutConnection(b []byte) []byte {
	if !has(b, "[C") && !has(b, "[Tags: ") {
		return b
	}
	_, text, _ := bytes.Cut(b, []byte("] "))
	return text
}

func envoyLevel(word []byte, r *parser.Record) bool {
	switch string(word) {
	case "trace", "debug":
		r.Level = parser.LevelDebug
	case "info":
		r.Level = parser.LevelInfo
	case "warning", "warn":
		r.Level = parser.LevelWarn
	case "error":
		r.Level = parser.LevelError
	case "critical", "fatal":
		r.Level = parser.LevelCrit
	default:
		return false
	}
	return true
}

// An envoyEvent holds the fields of one event until all are known.
type envoyEvent struct {
	message             *Message
	failure             []byte
	address, port, url  []byte
	hasChecker, hasNums bool
	enforced            bool
}

func parseEnvoyEvent(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	e := envoyEvent{enforced: true}
	var kind []byte
	j := openJSON(line)
	for j.next() {
		switch string(j.key) {
		case "health_checker_type":
			e.hasChecker = true
		case "timestamp":
			r.Stamp, _ = caddyStamp(j.value)
		case "host":
			e.host(&j)
		case "upstream_url":
			e.url = j.value
		case "num_ejections":
			e.hasNums = true
		case "enforced":
			e.enforced = string(j.value) != "false"
		case "type":
			kind = j.value
		case "action":
			e.message = envoyVocabulary().events[string(j.value)]
		default:
			e.event(&j)
		}
	}
	if e.message == nil || !e.hasChecker && (!e.hasNums || e.url == nil) {
		return false
	}
	e.finish(kind, env, r)
	return true
}

// event takes {"eject_unhealthy_event":{"failure_type":"ACTIVE"}} and its kin.
func (e *envoyEvent) event(j *jsonReader) {
	m := envoyVocabulary().events[string(j.key)]
	if m == nil || !j.enter() {
		return
	}
	keepMessage(&e.message, m)
	for j.next() {
		if string(j.key) == "failure_type" {
			e.failure = j.value
		}
	}
}

func keepMessage(field **Message, m *Message) {
	if *field == nil {
		*field = m
	}
}

// host takes {"socket_address":{"address":"10.0.0.9","port_value":8080}} or a pipe's path.
func (e *envoyEvent) host(j *jsonReader) {
	if !j.enter() {
		return
	}
	for j.next() {
		if !j.enter() {
			continue
		}
		for j.next() {
			switch string(j.key) {
			case "address":
				e.address = j.value
			case "port_value":
				e.port = j.value
			case "path":
				e.url = j.value
			}
		}
	}
}

func (e *envoyEvent) finish(kind []byte, env *parser.Env, r *parser.Record) {
	r.Kind = parser.KindGateway
	g := &r.Gateway
	tellEnvoy(e.message, r)
	if !e.enforced {
		g.Rank, r.Level = parser.RankNoise, parser.LevelNone // only counted, not taken out
	}
	for _, word := range [...][]byte{e.failure, kind} {
		if m := envoyVocabulary().events[string(word)]; m != nil && g.Rank > parser.RankNoise {
			g.Causes = m.Causes
		}
	}
	g.Upstream = e.upstream(env)
}

func (e *envoyEvent) upstream(env *parser.Env) []byte {
	if e.address == nil {
		return envoyPeer(env, e.url)
	}
	start := len(env.Buf)
	if bytes.IndexByte(e.address, ':') >= 0 {
		env.Buf = append(append(append(env.Buf, '['), e.address...), ']')
	} else {
		env.Buf = append(env.Buf, e.address...)
	}
	if port, ok := wholeNumber(e.port); ok {
		env.Buf = strconv.AppendInt(append(env.Buf, ':'), port, 10)
	}
	return env.Buf[start:len(env.Buf):len(env.Buf)]
}
