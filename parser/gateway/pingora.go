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
	Role:    parser.RoleGateway,
	Product: "pingora",
	Doc:     "https://github.com/cloudflare/pingora pingora-proxy/src/lib.rs (handle_error), pingora-error/src/lib.rs (Display)",
	Parse:   parsePingora,
}

const pingoraFailed = "Fail to proxy: "

// pingoraErrors are the error types of an upstream's failures.
var pingoraErrors = [...]Message{
	{ID: "pingora.ConnectTimedout", Template: "Upstream ConnectTimedout", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable", "upstream-saturated"}, Meaning: "the connect got no answer in time"},
	{ID: "pingora.ConnectRefused", Template: "Upstream ConnectRefused", Rank: parser.RankPrimary, Class: parser.SymptomConnRefused, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "restart"}, Meaning: "nothing listens on the address and port, or a firewall rejects with RST"},
	{ID: "pingora.ConnectNoRoute", Template: "Upstream ConnectNoRoute", Rank: parser.RankPrimary, Class: parser.SymptomNoRoute, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "no route to the address"},
	{ID: "pingora.ConnectProxyFailure", Template: "Upstream ConnectProxyFailure", Rank: parser.RankPrimary, Class: parser.SymptomOther, Phases: []parser.Phase{parser.PhaseConnecting}, Meaning: "the proxy on the way did not connect"},
	{ID: "pingora.ConnectError", Template: "Upstream ConnectError", Rank: parser.RankPrimary, Class: parser.SymptomOther, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "the connect failed; the error of the system behind it decides"},
	{ID: "pingora.SocketError", Template: "Upstream SocketError", Rank: parser.RankPrimary, Class: parser.SymptomOther, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"gateway-resources"}, Meaning: "no socket could be made for the connection"},
	{ID: "pingora.BindError", Template: "Upstream BindError", Rank: parser.RankPrimary, Class: parser.SymptomNoPorts, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"gateway-resources"}, Meaning: "no local address or port to connect from"},
	{ID: "pingora.TLSHandshakeFailure", Template: "Upstream TLSHandshakeFailure", Rank: parser.RankPrimary, Class: parser.SymptomTLSHandshake, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"tls-failure", "protocol-mismatch"}, Meaning: "the TLS handshake failed"},
	{ID: "pingora.TLSHandshakeTimedout", Template: "Upstream TLSHandshakeTimedout", Rank: parser.RankPrimary, Class: parser.SymptomTLSHandshake, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"tls-failure"}, Meaning: "the TLS handshake was not done in time"},
	{ID: "pingora.HandshakeError", Template: "Upstream HandshakeError", Rank: parser.RankPrimary, Class: parser.SymptomTLSHandshake, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"tls-failure"}, Meaning: "the handshake of HTTP/2 failed"},
	{ID: "pingora.InvalidCert", Template: "Upstream InvalidCert", Rank: parser.RankPrimary, Class: parser.SymptomTLSVerify, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"tls-failure"}, Meaning: "the upstream's certificate does not hold"},
	{ID: "pingora.InvalidHTTPHeader", Template: "Upstream InvalidHTTPHeader", Rank: parser.RankPrimary, Class: parser.SymptomInvalidHeader, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response"}, Meaning: "the upstream answered with a header that is none"},
	{ID: "pingora.H1Error", Template: "Upstream H1Error", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response"}, Meaning: "the upstream broke HTTP/1"},
	{ID: "pingora.H2Error", Template: "Upstream H2Error", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response"}, Meaning: "the upstream broke HTTP/2, or ended the stream with an error"},
	{ID: "pingora.InvalidH2", Template: "Upstream InvalidH2", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response", "protocol-mismatch"}, Meaning: "the upstream sent frames that HTTP/2 does not know"},
	{ID: "pingora.H2Downgrade", Template: "Upstream H2Downgrade", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"protocol-mismatch"}, Meaning: "the upstream asks for HTTP/1 instead of HTTP/2"},
	{ID: "pingora.ReadError", Template: "Upstream ReadError", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the connection broke before the answer was complete"},
	{ID: "pingora.WriteError", Template: "Upstream WriteError", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseSendingRequest}, Meaning: "the connection broke while the request was sent"},
	{ID: "pingora.ReadTimedout", Template: "Upstream ReadTimedout", Rank: parser.RankPrimary, Class: parser.SymptomReadTimeout, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"slow-upstream"}, Meaning: "the upstream took the request and did not answer in time"},
	{ID: "pingora.WriteTimedout", Template: "Upstream WriteTimedout", Rank: parser.RankPrimary, Class: parser.SymptomSendTimeout, Phases: []parser.Phase{parser.PhaseSendingRequest}, Causes: []string{"slow-upstream"}, Meaning: "the upstream did not take the request in time"},
	{ID: "pingora.ConnectionClosed", Template: "Upstream ConnectionClosed", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the upstream closed before the answer was complete"},
}

func pingoraMessages() []Message { return pingoraErrors[:] }

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
	for i := range pingoraErrors {
		if m := &pingoraErrors[i]; m.ID[len("pingora."):] == string(kind) {
			g.Symptom, g.Phase, g.MessageKey, g.Causes = m.Class, m.Phases[0], m.ID, m.Causes
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
