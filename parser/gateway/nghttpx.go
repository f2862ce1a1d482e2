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

var nghttpxWords = vocabularies["nghttpx"]

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
	if m := begin(nghttpxWords(), text); m != nil {
		m.tell(nil, 0, g)
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
