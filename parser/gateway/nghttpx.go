package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// nghttpx is the error log of nghttp2's proxy:
//
//	2026-11-26T16:30:38.016Z 17325 17327 213f071f WARN (shrpx_http_downstream_connection.cc:1532) [DCONN:0x7fa1] Backend connect failed; addr=127.0.0.1:23711: errno=111
//
// It warns of connects and of back ends that it takes out; other failures of a request
// stand at info, which is not logged by default.
var nghttpx = &parser.Format{
	Name:    "nghttpx-error",
	Role:    parser.RoleGateway,
	Product: "nghttpx",
	Doc:     "nghttp2 src/shrpx_log.cc (Log::~Log), src/shrpx_http_downstream_connection.cc, shrpx_live_check.cc, shrpx_connect_blocker.cc",
	Parse:   parseNghttpx,
}

var nghttpxWords = [...]Message{
	{ID: "nghttpx.connect-failed", Template: "Backend connect failed", Class: parser.SymptomOther, Rank: parser.RankPrimary, Phases: atConnect, Causes: []string{"not-listening", "network-unreachable"}, Meaning: "the connect failed; the error number says how"},
	{ID: "nghttpx.connect-failed-socket", Template: "socket() failed; addr=", Class: parser.SymptomNoFiles, Rank: parser.RankPrimary, Phases: atConnect, Causes: []string{"gateway-resources"}, Meaning: "no socket could be made for the connection"},
	{ID: "nghttpx.connect-timeout", Template: "Connect time out; addr=", Class: parser.SymptomConnectTimeout, Rank: parser.RankPrimary, Phases: atConnect, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "nghttpx.offline", Template: "Could not connect ", Class: parser.SymptomPeerDown, Rank: parser.RankSecondary, Phases: []parser.Phase{parser.PhaseNone}, Meaning: "connects failed: the back end is left alone for a while"},
	{ID: "nghttpx.handshake", Template: "SSL/TLS handshake with backend failed", Class: parser.SymptomTLSHandshake, Rank: parser.RankPrimary, Phases: atHandshake, Causes: []string{"tls-failure"}, Meaning: "the TLS handshake failed"},
}

func nghttpxMessages() []Message { return nghttpxWords[:] }

func parseNghttpx(line []byte, env *parser.Env, r *parser.Record) bool {
	stamp, n, ok := timestamp.ISO(line)
	if !ok {
		return false
	}
	l := awsLine{trimBlanks(line[n:])}
	pid, isPID := wholeNumber(l.next())
	tid, isTID := wholeNumber(l.next())
	l.next()
	level, known := nghttpxLevels[string(l.next())]
	if !isPID || !isTID || !known || !has(l.rest, "(shrpx") {
		return false
	}
	r.Stamp, r.PID, r.TID, r.Level, r.Kind = stamp, pid, tid, level, parser.KindGateway
	l.next()
	text := l.rest
	if has(text, "[") {
		_, text, _ = bytes.Cut(text, []byte("] "))
	}
	r.Message = text
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	for i := range nghttpxWords {
		if m := &nghttpxWords[i]; has(text, m.Template) {
			m.tell(nil, 0, g)
			break
		}
	}
	if _, addr, ok := bytes.Cut(text, []byte("addr=")); ok && g.Rank == parser.RankPrimary {
		g.Upstream = untilAny(addr, ": ")
		if addr, errno, ok := bytes.Cut(addr, []byte(": errno=")); ok {
			number, _ := leadingNumber(errno)
			g.Upstream, g.Errno = addr, int32(min(number, 1<<15))
			g.Symptom = socketClass(g.Errno, g.Phase, g.Symptom)
		}
	}
	return true
}

var nghttpxLevels = map[string]parser.Level{
	"INFO": parser.LevelInfo, "NOTICE": parser.LevelNotice, "WARN": parser.LevelWarn, "ERROR": parser.LevelError, "FATAL": parser.LevelCrit,
}
