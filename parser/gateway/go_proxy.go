package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// goProxy is what httputil.ReverseProxy says about a request that it could not proxy,
// in whatever Go program it stands in:
//
//	2026/11/22 13:59:00 http: proxy error: dial tcp 127.0.0.1:8081: connect: connection refused
//
// The text goes through the program's standard logger, so prefix, stamp and file vary,
// and log/slog may wrap it as JSON or logfmt, always at INFO. There is no request, and
// the peer only in errors of the dial. All other lines of the program are its own:
// nothing but the proxy's words is taken.
var goProxy = &parser.Format{
	Name:    "go-proxy-error",
	Gates:   []parser.Gate{{All: ":"}},
	Role:    parser.RoleGateway,
	Product: "go-httputil",
	Doc:     "Go net/http/httputil/reverseproxy.go: defaultErrorHandler, copyResponse; log package; log/slog",
	Parse:   parseGoProxy,
}

const (
	goProxyError  = "http: proxy error: "
	goBodyError   = "httputil: ReverseProxy read error during body copy: "
	goTestedError = "suppressing panic for copyResponse error in test; copy error: "
)

var goProxyWords = vocabularies["go_httputil"]

func parseGoProxy(line []byte, env *parser.Env, r *parser.Record) bool {
	text, ok := goProxyText(line, env, r)
	if !ok {
		return false
	}
	for i, words := range [...]string{goProxyError, goBodyError, goTestedError} {
		if has(text, words) {
			r.Kind, r.Message = parser.KindGateway, text
			goProxyFailure(&goProxyWords()[i], text[len(words):], env, r)
			return true
		}
	}
	return false
}

func goProxyFailure(m *Message, err []byte, env *parser.Env, r *parser.Record) {
	g := &r.Gateway
	f := readGoError(err)
	if f.message != nil {
		f.tell(env, g)
	}
	if f.message == nil || m.Class == parser.SymptomTruncatedBody && g.Rank == parser.RankPrimary {
		g.Symptom, g.Rank, g.Phase = m.Class, m.Rank, m.Phases[0]
		g.MessageKey, g.Causes = m.ID, m.Causes
	}
	r.Level = parser.LevelError
	if g.Rank <= parser.RankNoise {
		r.Level = parser.LevelInfo
	}
}

// goProxyText finds the logger's text behind what loggers put before it, which a
// client cannot write: names, a level, stamps and a source file.
func goProxyText(line []byte, env *parser.Env, r *parser.Record) ([]byte, bool) {
	switch {
	case len(line) < len(goProxyError):
		return nil, false
	case line[0] == '{':
		return goProxyJSON(line, env, r)
	case has(line, "time="):
		return goProxyLogfmt(line, env, r)
	}
	rest := line
	for range 6 {
		if has(rest, "http: ") || has(rest, "httputil: ") || has(rest, "suppressing ") {
			return rest, true
		}
		if stamp, n, ok := timestamp.Slashed(rest); ok && n < len(rest) {
			r.Stamp, rest = stamp, trimBlanks(rest[n:])
			continue
		}
		end := wordEnd(rest, 0)
		if end >= len(rest) || !goPrefixWord(rest[:end], r) {
			return nil, false
		}
		rest = trimBlanks(rest[end:])
	}
	return nil, false
}

// goPrefixWord accepts [name], name:, file.go:12: and slog's level; a name becomes the
// program's.
func goPrefixWord(word []byte, r *parser.Record) bool {
	switch string(word) {
	case "INFO", "WARN", "ERROR", "DEBUG":
		return true
	}
	last := len(word) - 1
	if last < 1 || last > 64 {
		return false
	}
	switch {
	case word[0] == '[' && word[last] == ']':
		keep(&r.Program, word[1:last])
	case word[last] == ':' && bytes.IndexByte(word[:last], ':') >= 0:
		return indexString(word, ".go:") > 0
	case word[last] == ':':
		keep(&r.Program, word[:last])
	default:
		return false
	}
	return true
}

// goProxyJSON reads {"time":"…","level":"INFO","msg":"http: proxy error: …"}.
func goProxyJSON(line []byte, env *parser.Env, r *parser.Record) ([]byte, bool) {
	const begin = `{"time":"`
	if !has(line, begin) {
		return nil, false
	}
	stamp, n, ok := timestamp.ISO(line[len(begin):])
	if !ok || !has(line[len(begin)+n:], `","level":"`) {
		return nil, false
	}
	rest := line[len(begin)+n+len(`","level":"`):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 || !has(rest[end:], `","msg":"http`) && !has(rest[end:], `","msg":"suppressing `) {
		return nil, false
	}
	r.Stamp = stamp
	start := end + len(`","msg":"`)
	return unescaped(env, rest[start:quotedEnd(rest, start)]), true
}

// goProxyLogfmt reads time=… level=INFO msg="http: proxy error: …", and what logrus makes of it in
// Tyk: time="Nov 20 09:12:03" level=error msg="http: proxy error: …" api_id=….
func goProxyLogfmt(line []byte, env *parser.Env, r *parser.Record) ([]byte, bool) {
	b := line[len("time="):]
	quoted := has(b, `"`)
	if quoted {
		b = b[1:]
	}
	stamp, n, ok := timestamp.ISO(b)
	if !ok {
		stamp, n, ok = timestamp.Syslog(b)
	}
	rest := b[n:]
	if quoted && has(rest, `"`) {
		rest = rest[1:]
	}
	if !ok || !has(rest, " level=") {
		return nil, false
	}
	end := wordEnd(rest, 1)
	if !has(rest[end:], ` msg="http`) && !has(rest[end:], ` msg="suppressing `) {
		return nil, false
	}
	r.Stamp = stamp
	start := end + len(` msg="`)
	return unescaped(env, rest[start:quotedEnd(rest, start)]), true
}

// krakend is what KrakenD says of an endpoint whose back end failed:
//
//	[KRAKEND] 2024/05/30 - 20:20:19.777 ▶ ERROR [ENDPOINT: /v1/cards] Error #0: Get "http://10.7.1.4:8000/cards": context deadline exceeded
var krakend = &parser.Format{
	Name:    "krakend-error",
	Gates:   []parser.Gate{{All: "[]:", Word: "[ENDPOINT: "}},
	Role:    parser.RoleGateway,
	Product: "krakend",
	Program: true,
	Doc:     "https://www.krakend.io/docs/logging/; luraproject/lura router/gin/endpoint.go; krakend/krakend-gologging",
	Parse:   parseKrakenD,
}

var krakendWords = vocabularies["krakend"]

func parseKrakenD(line []byte, env *parser.Env, r *parser.Record) bool {
	const mark = "[ENDPOINT: "
	at := indexString(line[:min(len(line), 100)], mark)
	if at < 0 {
		return false
	}
	head, failed := line[:at], false
	for len(head) > 0 {
		stamp, n, ok := timestamp.Slashed(head)
		if day := len("2024/05/30"); !ok && len(head) > day && has(head[day:], " - ") { // as gin writes it
			start := len(env.Buf)
			env.Buf = append(append(append(env.Buf, head[:day]...), ' '), head[day+len(" - "):]...)
			stamp, n, ok = timestamp.Slashed(env.Buf[start:])
			n += len(" - ") - 1
		}
		if ok {
			r.Stamp, head = stamp, trimBlanks(head[min(n, len(head)):])
			continue
		}
		end := wordEnd(head, 0)
		failed = failed || has(head, "ERROR")
		head = trimBlanks(head[end:])
	}
	path, err, ok := bytes.Cut(line[at+len(mark):], []byte("] "))
	if !ok || !failed {
		return false
	}
	r.Kind, r.Message, r.Level = parser.KindGateway, line[at:], parser.LevelError
	if has(err, "Error #") {
		_, err, _ = bytes.Cut(err, []byte(": "))
	}
	goProxyFailure(&krakendWords()[0], err, env, r)
	g := &r.Gateway
	g.Request = path
	if _, rest, quoted := bytes.Cut(err, []byte(`"http`)); quoted && g.Upstream == nil {
		if _, rest, ok := bytes.Cut(rest, []byte("://")); ok {
			g.Upstream = untilAny(rest, `/?"`)
		}
	}
	return true
}
