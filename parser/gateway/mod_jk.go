package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var modJKVocabulary = phrasesOf("mod_jk")

// modJK is mod_jk's own log (JkLogFile), Apache's connector to Tomcat.
//
//	[Sun Nov 22 13:59:00.123 2026] [2041:140350] [error] ajp_service::jk_ajp_common.c (2796): (app1) connecting to tomcat failed …
//
// Versions before 1.2.24 have no milliseconds, 1.2.49 and later put a request id before
// the process, and a JkLogStampFormat may leave out the blank behind the stamp. Upstream
// is the worker's name, for few messages have the address too.
var modJK = &parser.Format{
	Name:    "mod-jk",
	Gates:   []parser.Gate{{First: "[", All: "[]:"}},
	Role:    parser.RoleGateway,
	Product: "apache",
	Doc:     "tomcat-connectors native/common/jk_util.c (jk_log), jk_ajp_common.c, jk_lb_worker.c, jk_connect.c",
	Parse:   parseModJK,
}

func parseModJK(line []byte, env *parser.Env, r *parser.Record) bool {
	b := trimBlanks(line)
	if len(b) < 20 || b[0] != '[' {
		return false
	}
	end := bytes.IndexByte(b, ']')
	if end < 0 || !modJKStamp(b[1:end], r) {
		return false
	}
	b, ok := modJKProcess(trimBlanks(b[end+1:]), r)
	if !ok || !has(b, "[") {
		return false
	}
	if end = bytes.IndexByte(b, ']'); end < 0 {
		return false
	}
	if r.Level = apacheLevel(b[1:end]); has(b, "[trace]") {
		r.Level = parser.LevelDebug
	}
	text, ok := modJKText(trimBlanks(b[end+1:]))
	if !ok || r.Level == parser.LevelNone {
		return false
	}
	r.Kind, r.Message = parser.KindGateway, text
	modJKClassify(text, r)
	return true
}

func modJKStamp(in []byte, r *parser.Record) bool {
	stamp, n, ok := timestamp.Read(in)
	if ok && n == len(in) {
		r.Stamp = stamp
	}
	return ok && n == len(in)
}

// modJKProcess reads "[2041:140350] ", behind an optional request id.
func modJKProcess(b []byte, r *parser.Record) ([]byte, bool) {
	for range 2 {
		if !has(b, "[") {
			return b, false
		}
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			return b, false
		}
		pid, rest := leadingNumber(b[1:end])
		if len(rest) > 1 && len(rest) < end-1 && rest[0] == ':' {
			if tid, more := leadingNumber(rest[1:]); len(more) == 0 {
				r.PID, r.TID = pid, tid
				return trimBlanks(b[end+1:]), true
			}
		}
		b = trimBlanks(b[end+1:])
	}
	return b, false
}

// modJKText skips "ajp_service::jk_ajp_common.c (2796): ".
func modJKText(b []byte) ([]byte, bool) {
	open := bytes.Index(b[:min(len(b), 120)], []byte(".c ("))
	if open < 0 || bytes.Index(b[:open], []byte("::")) < 1 {
		return nil, false
	}
	_, rest := leadingNumber(b[open+4:])
	return bytes.CutPrefix(rest, []byte("): "))
}

func modJKClassify(text []byte, r *parser.Record) {
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	m := modJKVocabulary().find(text)
	errno := errnoIn(text)
	g.Errno = errno
	if m == nil {
		return
	}
	g.Phase, g.MessageKey, g.Causes = m.Phases[0], m.ID, m.Causes
	g.Symptom, g.Rank = m.Class, m.Rank
	if m.rule == ruleSocket || m.rule == ruleResource {
		g.Symptom = modJKClass(errno, g.Phase, m.Class)
	}
	if g.Rank >= parser.RankSecondary {
		modJKUpstream(text, g)
	}
}

// modJKClass reads mod_jk's errno: 115, EINPROGRESS, is a connect whose time ran out.
func modJKClass(errno int32, phase parser.Phase, unknown parser.Symptom) parser.Symptom {
	const inProgress = 115
	switch errno {
	case 0:
		return unknown
	case inProgress:
		return parser.SymptomConnectTimeout
	case errAgain:
		return timerClass(phase)
	}
	return socketClass(canonicalErrno(errno, nil), phase, unknown)
}

// errnoIn reads "(errno=111)" and the older "err=-110".
func errnoIn(text []byte) int32 {
	for _, words := range [...]string{"errno=", "err=-", "err="} {
		if i := bytes.LastIndex(text, []byte(words)); i >= 0 {
			n, _ := leadingNumber(text[i+len(words):])
			return int32(min(n, 1<<30))
		}
	}
	return 0
}

// modJKUpstream takes the worker, which nearly every message names: "(app1) " in front,
// "worker=app1", "for worker app1"; the address only where there is none.
func modJKUpstream(text []byte, g *parser.Gateway) {
	if g.Upstream = modJKWorker(text); g.Upstream != nil {
		g.Group = true
		return
	}
	for _, words := range [...]string{"connect to ", "is down (", "tomcat (", "address '", "from "} {
		if i := bytes.Index(text, []byte(words)); i >= 0 {
			if in := untilAny(text[i+len(words):], " ')"); isHostPort(in) {
				g.Upstream = in
				return
			}
		}
	}
}

func modJKWorker(text []byte) []byte {
	if has(text, "(") {
		return untilAny(text[1:], ")")
	}
	for _, words := range [...]string{"worker name=", "worker=", "for worker '", "for worker ", "worker "} {
		if i := bytes.Index(text, []byte(words)); i >= 0 {
			if name := untilAny(text[i+len(words):], " '."); len(name) > 0 {
				return name
			}
		}
	}
	return nil
}
