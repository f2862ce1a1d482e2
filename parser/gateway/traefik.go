package gateway

import (
	"bytes"
	"strings"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// traefikLog is Traefik's own log, in the four forms of its versions:
//
//	2026-11-22T13:59:00Z DBG github.com/…/proxy.go:121 > 502 Bad Gateway error="<Go error>" key=value   v3
//	{"level":"debug","error":"<Go error>","time":"…","caller":"…","message":"502 Bad Gateway"}           v3
//	time="2026-11-22T13:59:00Z" level=debug msg="'502 Bad Gateway' caused by: <Go error>" key=value      v1, v2
//	{"level":"debug","msg":"'502 Bad Gateway' caused by: <Go error>","time":"…"}                         v1, v2
//
// A failed request is logged at debug, so that at the default level (error) most logs
// have none of it; the access log does. Other programs write with the same two
// loggers (zerolog, logrus), so a line must have a message or a field of Traefik's.
//
// BenchmarkGoFamily: 330 MB/s on one of two busy cores, nothing is allocated.
var traefikLog = &parser.Format{
	Name:    "traefik-log",
	Gates:   []parser.Gate{{First: parser.Object}, {First: parser.Digits, All: ":"}, {First: "tl", All: "="}, {First: "TDIWEFP", All: ">"}},
	Role:    parser.RoleGateway,
	Product: "traefik",
	Doc:     "https://doc.traefik.io/traefik/observability/logs/; traefik pkg/proxy/httputil/proxy.go (ErrorHandlerWithContext), pkg/server/service/proxy.go (v2), cmd/traefik/logger.go",
	Parse:   parseTraefikLog,
}

var traefikVocabulary = phrasesOf("traefik")

// A traefikLine holds the fields of one line until all are known.
type traefikLine struct {
	msg, err, target []byte
	own              bool // a field that only Traefik has
	hasLevel         bool
	hasTime          bool
}

func parseTraefikLog(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < len(`INF > x`) {
		return false
	}
	var t traefikLine
	ok := false
	switch c := line[0]; {
	case c == '{':
		ok = t.json(line, env, r)
	case has(line, `time="`) || has(line, "level="):
		ok = t.logfmt(line, env, r)
	default:
		ok = t.console(line, env, r)
	}
	return ok && t.hasLevel && t.finish(env, r)
}

// json reads either version's object.
func (t *traefikLine) json(line []byte, env *parser.Env, r *parser.Record) bool {
	j := openJSON(line)
	for j.next() {
		if j.kind == '"' {
			t.field(j.key, j.value, env, r)
		}
	}
	return t.msg != nil
}

// logfmt reads logrus's text form.
func (t *traefikLine) logfmt(line []byte, env *parser.Env, r *parser.Record) bool {
	t.pairs(line, env, r)
	return t.msg != nil
}

// console reads zerolog's form: stamp, level of three letters, the place in the source
// with > behind it at debug and below, the message, and the fields.
func (t *traefikLine) console(line []byte, env *parser.Env, r *parser.Record) bool {
	rest := line
	if decimal(line[0]) {
		stamp, n, ok := timestamp.ISO(line)
		if !ok || n >= len(line) || line[n] != ' ' || stamp.Clock != parser.ClockZoned {
			return false
		}
		r.Stamp, t.hasTime, rest = stamp, true, line[n+1:]
	}
	if len(rest) < 5 || rest[3] != ' ' || !t.level(rest[:3], r) {
		return false
	}
	rest = rest[4:]
	if place, behind, ok := bytes.Cut(rest, []byte("> ")); ok && isSourcePlace(place) {
		t.own = bytes.Contains(place, []byte("traefik/"))
		rest = behind
	} else if !t.hasTime {
		return false
	}
	end := fieldsStart(rest)
	t.msg = bytes.TrimSuffix(rest[:end], []byte(" |")) // a viewer's, which takes the quotes off, too
	t.pairs(rest[end:], env, r)
	return true
}

// isSourcePlace accepts "file.go:12 " and nothing at all: pastes lose it.
func isSourcePlace(b []byte) bool {
	b = bytes.TrimRight(b, " ")
	return len(b) == 0 || bytes.IndexByte(b, ' ') < 0 && bytes.Contains(b, []byte(".go:"))
}

// fieldsStart returns where a word key=… first stands in b, or the end of b.
func fieldsStart(b []byte) int {
	for i := 0; i < len(b); {
		k := i
		for k < len(b) && (alphabetic(b[k]) || decimal(b[k]) || b[k] == '_' || b[k] == '-' || b[k] == '.') {
			k++
		}
		if k > i && k < len(b) && b[k] == '=' {
			return max(i-1, 0)
		}
		i = wordEnd(b, k) + 1
	}
	return len(b)
}

// pairs reads key=value and key="Go-quoted value" up to the end.
func (t *traefikLine) pairs(b []byte, env *parser.Env, r *parser.Record) {
	for {
		b = bytes.TrimLeft(b, " ")
		eq := bytes.IndexByte(b, '=')
		if eq < 0 {
			return
		}
		key := b[:eq]
		if blank := bytes.LastIndexByte(key, ' '); blank >= 0 {
			key = key[blank+1:]
		}
		b = b[eq+1:]
		var value []byte
		if len(b) > 0 && b[0] == '"' {
			end := quotedEnd(b, 1)
			value = b[1:end]
			b = b[min(end+1, len(b)):]
		} else {
			end := wordEnd(b, 0)
			if string(key) == "error" { // has blanks, and what no quotes enclose goes to the next field
				end = max(end, fieldsStart(b))
			}
			value, b = b[:end], b[end:]
		}
		t.field(key, value, env, r)
	}
}

// field takes one field, escaped as it stands; the first of a name counts.
func (t *traefikLine) field(key, value []byte, env *parser.Env, r *parser.Record) {
	switch string(key) {
	case "time":
		if !t.hasTime {
			r.Stamp, t.hasTime = caddyStamp(value)
		}
	case "level":
		t.hasLevel = t.hasLevel || t.level(value, r)
	case "msg", "message":
		keep(&t.msg, unescaped(env, value))
	case "error":
		keep(&t.err, unescaped(env, value))
	case "targetURL":
		keep(&t.target, value)
		t.own = true
	case "caller":
		t.own = t.own || bytes.Contains(value, []byte("traefik/"))
	case "entryPointName", "routerName", "middlewareName", "providerName":
		t.own = true
	}
}

func (t *traefikLine) level(word []byte, r *parser.Record) bool {
	switch string(word) {
	case "TRC", "DBG", "trace", "debug":
		r.Level = parser.LevelDebug
	case "INF", "info":
		r.Level = parser.LevelInfo
	case "WRN", "warn", "warning":
		r.Level = parser.LevelWarn
	case "ERR", "error":
		r.Level = parser.LevelError
	case "FTL", "PNC", "fatal", "panic":
		r.Level = parser.LevelCrit
	default:
		return false
	}
	t.hasLevel = true
	return true
}

func (t *traefikLine) finish(env *parser.Env, r *parser.Record) bool {
	g := &r.Gateway
	bare := len(t.msg) == 0
	if bare {
		t.msg, t.err = t.err, nil // an error is logged without words of its own
	}
	m := traefikVocabulary().find(bytes.TrimSpace(t.msg))
	if m == nil && !t.own && !(bare && isFastProxy(t.msg)) {
		return false
	}
	r.Kind = parser.KindGateway
	r.Message = textAndError(env, t.msg, t.err)
	switch {
	case m != nil:
		m.tell(nil, 0, g)
		t.cause(env, g)
		if strings.HasPrefix(m.ID, roundTrip) {
			t.server(g)
		}
	case bare && isFastProxy(t.msg):
		f := readGoError(t.msg)
		f.tell(env, g)
	default:
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	}
	return true
}

const roundTrip = "traefik.round-trip"

// server lets a debug line "Round trip: http://10.0.0.5:80, code: 502, Length: 11, …" name the
// server of the failure that the line before it tells, if the error handler wrote the answer:
// the words of the status are all of it then (vulcand/oxy forward/fwd.go, utils/handler.go).
func (t *traefikLine) server(g *parser.Gateway) {
	_, text, _ := bytes.Cut(t.msg, []byte("Round trip: "))
	url, text, ok := bytes.Cut(text, []byte(", code: "))
	if !ok || !has(text, "502, Length: 11,") && !has(text, "504, Length: 15,") && !has(text, "500, Length: 21,") {
		return
	}
	if g.Upstream = peerOf(url); len(g.Upstream) > 0 {
		g.Group, g.Rank = !isAddress(g.Upstream), parser.RankSecondary
	}
}

// isFastProxy knows the errors that the fast proxy logs alone (pkg/proxy/fast).
func isFastProxy(text []byte) bool {
	return (has(text, "acquire connection: ") || string(text) == "timeout awaiting response headers") && readGoError(text).message != nil
}

// cause lets the Go error, in a field of its own or at the message's end, say what
// Traefik's own words leave open.
func (t *traefikLine) cause(env *parser.Env, g *parser.Gateway) {
	if g.Phase == parser.PhaseHealthCheck {
		t.healthCheck(g)
		return
	}
	if g.Rank == parser.RankNoise || g.MessageKey == "traefik.create-service" {
		return
	}
	text := t.err
	if text == nil {
		text = t.msg
	}
	f := readGoError(text)
	if f.message == nil {
		return
	}
	key, rank, causes := g.MessageKey, g.Rank, g.Causes
	f.tell(env, g)
	switch {
	case rank == parser.RankSecondary && g.Rank == parser.RankPrimary:
		g.Rank = rank
	case strings.HasPrefix(key, "traefik.auth"):
		g.MessageKey, g.Causes = key, causes
	}
}

// healthCheck names the server that was checked and what Go says of the check.
func (t *traefikLine) healthCheck(g *parser.Gateway) {
	text := t.err
	if text == nil {
		_, text, _ = bytes.Cut(t.msg, []byte(" Reason: "))
	}
	if f := readGoError(text); f.message != nil && g.Rank > parser.RankNoise {
		g.Errno, g.Causes = f.errno, f.message.Causes
	}
	target := t.target
	if target == nil {
		if _, rest, ok := bytes.Cut(t.msg, []byte(` URL: `)); ok {
			target = bytes.Trim(rest[:wordEnd(rest, 0)], `"`)
		}
	}
	if len(target) > 0 {
		g.Upstream = peerOf(target)
		g.Group = len(g.Upstream) > 0 && !isAddress(g.Upstream)
	}
}
