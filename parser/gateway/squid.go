package gateway

import (
	"bytes"
	"strings"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// squidAccess is Squid's own access log, its logformat squid:
//
//	1795698636.385      0 127.0.0.1 TCP_MISS/503 1631 GET http://www.example.com/shop/items/262 - FIRSTUP_PARENT/127.0.0.1 text/html
//
// The stamp is the request's end. The peer stands there without its port, so that it is no
// address that anything else could be linked by; who made a status is not told.
var squidAccess = &parser.Format{
	Name:    "squid-access",
	Gates:   []parser.Gate{{First: parser.Digits, All: "./"}},
	Role:    parser.RoleGateway,
	Product: "squid",
	Doc:     "https://wiki.squid-cache.org/Features/LogFormat (squid), https://wiki.squid-cache.org/SquidFaq/SquidLogs",
	Parse:   parseSquidAccess,
}

func parseSquidAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	stamp, n, ok := timestamp.Epoch(line)
	if !ok || n != len("1795698636.385") || n >= len(line) || line[n] != ' ' {
		return false
	}
	l := awsLine{trimBlanks(line[n:])}
	took, ok := wholeNumber(l.next())
	client, code := l.next(), l.next()
	slash := bytes.IndexByte(code, '/')
	if !ok || slash < 0 || !isSquidCode(code[:slash]) {
		return false
	}
	status, ok := wholeNumber(code[slash+1:])
	size, sized := wholeNumber(l.next())
	method, url := l.next(), l.next()
	if l.next(); !ok || !sized || status > 999 || bytes.IndexByte(l.next(), '/') < 0 {
		return false
	}
	r.Stamp, r.Kind = stamp, parser.KindAccess
	a := &r.Access
	a.Client, a.Status, a.Bytes, a.Duration = client, int16(status), size, took*parser.Millisecond
	a.Method, a.Target = method, url
	if host, path, ok := cutURL(url); ok {
		a.Host, a.Target = host, path
	}
	keep(&a.Cache, code[:slash])
	if has(code, "TCP_DENIED") {
		a.Made = parser.MadeGateway
	}
	return true
}

// isSquidCode accepts TCP_MISS, UDP_HIT, NONE_NONE, NONE, TAG_NONE, TCP_MISS_ABORTED.
func isSquidCode(b []byte) bool {
	for _, c := range b {
		if c-'A' >= 26 && c != '_' {
			return false
		}
	}
	return has(b, "TCP_") || has(b, "UDP_") || has(b, "NONE") || has(b, "TAG_")
}

// squidCache is Squid's cache.log: what it says of itself and of the servers behind it. A
// connect that failed has no error number.
//
//	2026/11/26 13:10:36| TCP connection to 127.0.0.1/20101 failed
//	2026/11/26 13:10:37 kid1| Detected DEAD Parent: shop
var squidCache = &parser.Format{
	Name:    "squid-cache",
	Gates:   []parser.Gate{{First: parser.Digits, All: "/:|"}},
	Role:    parser.RoleGateway,
	Product: "squid",
	Doc:     "Squid 5 src/neighbors.cc (peerConnectFailed, neighborAlive, peerDNSConfigure), src/fd.cc, src/http.cc (continueAfterParsingHeader); https://wiki.squid-cache.org/SquidFaq/SquidLogs#cachelog",
	Parse:   parseSquidCache,
}

var squidWords = vocabularies["squid"]

func parseSquidCache(line []byte, env *parser.Env, r *parser.Record) bool {
	stamp, n, ok := timestamp.Slashed(line)
	if !ok {
		return false
	}
	bar := bytes.IndexByte(line[n:min(len(line), n+16)], '|')
	if bar < 0 || bar > 0 && !has(trimBlanks(line[n:]), "kid") {
		return false
	}
	text := trimBlanks(line[n+bar+1:])
	r.Stamp, r.Kind, r.Message, r.Level = stamp, parser.KindGateway, text, squidLevel(text)
	r.Gateway.Symptom, r.Gateway.Rank = parser.SymptomOther, parser.RankNoise
	words := squidWords()
	for i := range words {
		m := &words[i]
		head, _, told := strings.Cut(m.Template, "<")
		if !has(text, head) {
			continue
		}
		m.tell(nil, 0, &r.Gateway)
		if r.Gateway.Rank > parser.RankNoise {
			r.Level = parser.LevelWarn
		}
		if told {
			squidSubject(&r.Gateway, text[len(head):], env)
		}
		break
	}
	return true
}

// squidSubject takes whom the rest of a message is about: a peer, a name or a URL.
func squidSubject(g *parser.Gateway, rest []byte, env *parser.Env) {
	word := untilAny(rest, " ")
	switch g.Symptom {
	case parser.SymptomOther:
		if has(rest[len(word):], " failed") {
			g.Upstream = squidPeer(word, env)
		}
	case parser.SymptomResolveFailed:
		g.Upstream, g.Group = untilAny(rest, "'"), true
	default:
		if host, _, ok := cutURL(word); ok {
			g.Server = host
		}
	}
}

func squidLevel(text []byte) parser.Level {
	switch {
	case has(text, "FATAL: "):
		return parser.LevelCrit
	case has(text, "ERROR: "), has(text, "SECURITY ALERT: "):
		return parser.LevelError
	case has(text, "WARNING"):
		return parser.LevelWarn
	}
	return parser.LevelInfo
}

// squidPeer makes an address of "127.0.0.1/20101".
func squidPeer(b []byte, env *parser.Env) []byte {
	slash := bytes.LastIndexByte(b, '/')
	if slash < 1 || bytes.IndexByte(b, ' ') >= 0 {
		return nil
	}
	start := len(env.Buf)
	env.Buf = append(append(append(env.Buf, b[:slash]...), ':'), b[slash+1:]...)
	return env.Buf[start:len(env.Buf):len(env.Buf)]
}
