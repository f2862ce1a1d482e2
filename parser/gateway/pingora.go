package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// pingora is what Cloudflare's proxy framework says about requests that failed, in whatever
// program is built with it; env_logger and tracing put the stamp, the level and the crate
// before it:
//
//	[2024-09-14T14:48:29Z ERROR pingora_proxy] Fail to proxy: Upstream ConnectRefused context: Peer: addr: 192.168.100.20:80, scheme: HTTP,sni: localhost, cause: Connection refused (os error 111), status: 502, tries: 1, retry: false, GET /music/video.mp4, Host: 192.168.100.16:6188
//
// The first word says whose the error is, the second what it was.
var pingora = &parser.Format{
	Name:    "pingora",
	Gates:   []parser.Gate{{Word: "Fail to proxy: "}},
	Role:    parser.RoleGateway,
	Product: "pingora",
	Doc:     "https://github.com/cloudflare/pingora pingora-proxy/src/lib.rs (handle_error), pingora-error/src/lib.rs (Display)",
	Parse:   parsePingora,
}

const pingoraFailed = "Fail to proxy: "

// pingoraErrors are the error types of an upstream's failures.
var pingoraErrors = vocabularies["pingora"]

func parsePingora(line []byte, env *parser.Env, r *parser.Record) bool {
	at := bytes.Index(line[:min(len(line), 200)], []byte(pingoraFailed))
	if at < 0 || !pingoraHead(line[:at], r) {
		return false
	}
	r.Kind, r.Message = parser.KindGateway, line[at:]
	if r.Level == parser.LevelNone {
		r.Level = parser.LevelError
	}
	text := line[at+len(pingoraFailed):]
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankPrimary
	whose, rest, _ := bytes.Cut(text, []byte(" "))
	if g.Request = pingoraRequest(rest, g); string(whose) == "Downstream" {
		g.Symptom, g.Rank = parser.SymptomClientAbort, parser.RankNoise
		return true
	}
	kind := rest[:wordEnd(rest, 0)]
	errors := pingoraErrors()
	for i := range errors {
		if m := &errors[i]; m.ID[len("pingora."):] == string(kind) {
			m.tell(nil, 0, g)
		}
	}
	if g.Errno = pingoraErrno(rest); g.Symptom == parser.SymptomOther || g.Symptom == parser.SymptomPrematureClose {
		g.Symptom = socketClass(g.Errno, g.Phase, g.Symptom)
	}
	if _, peer, ok := bytes.Cut(rest, []byte("Peer: addr: ")); ok {
		g.Upstream = untilAny(peer, ", ")
	}
	return true
}

// pingoraHead reads "[stamp LEVEL crate] " and "stamp LEVEL crate: ", or nothing.
func pingoraHead(b []byte, r *parser.Record) bool {
	b = bytes.TrimPrefix(trimBlanks(b), []byte("["))
	if len(b) == 0 {
		return true
	}
	stamp, n, ok := timestamp.ISO(b)
	if !ok {
		return false
	}
	r.Stamp, b = stamp, trimBlanks(b[n:])
	end := wordEnd(b, 0)
	switch string(b[:end]) {
	case "ERROR":
		r.Level = parser.LevelError
	case "WARN":
		r.Level = parser.LevelWarn
	default:
		return false
	}
	b = trimBlanks(b[end:])
	return has(b, "pingora") || bytes.HasSuffix(b, []byte("] ")) || bytes.HasSuffix(b, []byte(": "))
}

// pingoraRequest is "GET /path" behind the last "retry: …, ", and the host behind it.
func pingoraRequest(b []byte, g *parser.Gateway) []byte {
	i := bytes.Index(b, []byte(", retry: "))
	if i < 0 {
		return nil
	}
	_, rest, _ := bytes.Cut(b[i+len(", retry: "):], []byte(", "))
	if host := bytes.LastIndex(rest, []byte(", Host: ")); host >= 0 {
		g.Host = rest[host+len(", Host: "):]
		rest = rest[:host]
	}
	return rest
}

// pingoraErrno is the number in Rust's "(os error 111)", 0 if there is none.
func pingoraErrno(b []byte) int32 {
	_, rest, ok := bytes.Cut(b, []byte("(os error "))
	n, _ := leadingNumber(rest)
	if !ok || n > 1<<15 {
		return 0
	}
	return int32(n)
}
