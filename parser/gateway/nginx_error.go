package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// nginxError is the error log of nginx and of what is built on it: OpenResty,
// Kong, APISIX, ingress-nginx, tengine, Angie.
//
//	2026/11/22 15:01:47 [error] 812#812: *4077 message (111: Connection refused) while connecting to upstream, client: …
//
// Nothing in such a line is escaped, so a client may write any of nginx's own
// words into its request or its Referer. Fields are therefore read in nginx's fixed
// order, each as soon as it can end, and never searched for (nginx_error_context.go).
// Tolerated, because pasted and damaged logs have them: a stamp without date, with
// its first digit lost or missing; no process number; missing blanks; lines cut at
// 2047 or 4095 bytes; a second entry glued to a cut first one.
var nginxError = &parser.Format{
	Name:    "nginx-error",
	Gates:   []parser.Gate{{First: parser.Object}, {First: parser.Digits + "[na", All: "[]"}},
	Glued:   true,
	Role:    parser.RoleGateway,
	Product: "nginx",
	Doc:     "nginx src/core/ngx_log.c, src/http/ngx_http_request.c, src/stream/ngx_stream_handler.c, src/mail/ngx_mail_handler.c; Angie src/core/ngx_log.c",
	Parse:   parseNginxError,
	Again:   againNginxError,
}

func parseNginxError(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) > 0 && line[0] == '{' {
		return parseAngieJSON(line, env, r)
	}
	b := trimBlanks(line)
	body, certain, ok := nginxPrefix(b, env, r)
	if !ok {
		return false
	}
	if certain {
		if n := NginxGlued(body); n >= 0 {
			body = body[:n]
		}
	}
	if !nginxBody(body, certain, env, r) {
		return false
	}
	if r.Gateway.Upstream == nil && r.Gateway.Rank == parser.RankPrimary && (bytes.Contains(body, []byte("&quot;")) || bytes.Contains(body, []byte("“"))) {
		// HTML entities or a word processor's quotes hide the context.
		return nginxBody(unwrapped(body, env), certain, env, r)
	}
	return true
}

// NginxGlued returns the offset in b, any part of an error line behind its own prefix,
// of a second entry that was glued to a cut first one (a full disk loses the end of a
// line with its newline); -1 if there is none. The second entry must have the whole
// prefix, with level and process number: a client that writes one into its Referer
// only hides the rest of its own Referer.
func NginxGlued(b []byte) int {
	const stampLen = len("2026/11/22 15:01:47")
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '[') // rare in a line, unlike blanks
		if i < 0 {
			return -1
		}
		i += from - 1
		from = i + 2
		if i < stampLen || b[i] != ' ' || b[i-3] != ':' || b[i-stampLen+4] != '/' {
			continue
		}
		start := i - stampLen
		if _, n, ok := timestamp.Slashed(b[start:i]); !ok || n != stampLen {
			continue
		}
		_, rest, ok := nginxLevel(b[i+1:])
		if !ok {
			continue
		}
		if _, _, _, ok := nginxProcess(trimBlanks(rest)); ok {
			return start
		}
	}
}

// nginxPrefix reads stamp, level, process and connection. It is certain that the line
// is nginx's if the process number is there or if nginx names itself (stderr).
func nginxPrefix(b []byte, env *parser.Env, r *parser.Record) (body []byte, certain, ok bool) {
	if rest, ok := consoleName(b); ok {
		level, rest, ok := nginxLevel(rest)
		r.Level = level
		return trimBlanks(rest), true, ok
	}
	b = nginxStamp(b, env, r)
	level, b, ok := nginxLevel(b)
	if !ok {
		return nil, false, false
	}
	r.Level = level
	b = trimBlanks(b)
	pid, tid, rest, certain := nginxProcess(b)
	if certain {
		r.PID, r.TID = pid, tid
		b = trimBlanks(rest)
	} else if unitProcess(b) {
		return nil, false, false
	}
	if len(b) > 1 && b[0] == '\\' {
		b = b[1:] // Markdown's escape of the asterisk
	}
	if len(b) > 1 && b[0] == '*' {
		if n, rest := leadingNumber(b[1:]); len(rest) < len(b)-1 {
			r.Gateway.Connection = n
			b = trimBlanks(rest)
		}
	}
	return b, certain, certain || r.Stamp.Known()
}

// consoleName skips the name that stands before messages on the terminal.
func consoleName(b []byte) ([]byte, bool) {
	if rest, ok := bytes.CutPrefix(b, []byte("nginx: ")); ok {
		return rest, true
	}
	return bytes.CutPrefix(b, []byte("angie: "))
}

// nginxStamp reads the stamp, if there is one, and the blanks after it.
func nginxStamp(b []byte, env *parser.Env, r *parser.Record) []byte {
	if len(b) < 8 || !isDigit(b[0]) {
		return b
	}
	var n int
	switch {
	case b[4] == '/':
		const whole = len("2026/11/22 15:01:47 ")
		text := b[:min(whole, len(b))] // the blank ends it
		if s, ok := env.Last.Of(text); ok {
			r.Stamp = s
			return trimBlanks(b[whole:])
		}
		if r.Stamp, n, _ = timestamp.Slashed(b); n == whole-1 && len(text) == whole && text[n] == ' ' {
			env.Last.Keep(text, r.Stamp)
		}
	case b[2] == ':':
		r.Stamp, n, _ = timestamp.TimeOfDay(b)
	case b[3] == '/' && len(b) >= 18:
		// 016/06/02 07:00:01, the first digit lost in pasting.
		var whole [19]byte
		whole[0] = '2'
		copy(whole[1:], b)
		if r.Stamp, n, _ = timestamp.Slashed(whole[:]); n > 0 {
			n--
		}
	}
	return trimBlanks(b[n:])
}

// nginxLevel reads "[error]" (src/core/ngx_log.c, err_levels).
func nginxLevel(b []byte) (parser.Level, []byte, bool) {
	if len(b) < 6 || b[0] != '[' {
		return 0, b, false
	}
	end := 5
	for end < 8 && end < len(b) && b[end] != ']' {
		end++
	}
	if end >= len(b) || b[end] != ']' {
		return 0, b, false
	}
	level := levelOf(b[1:end])
	return level, b[end+1:], level != parser.LevelNone
}

func levelOf(word []byte) parser.Level {
	switch string(word) {
	case "error":
		return parser.LevelError
	case "warn":
		return parser.LevelWarn
	case "crit":
		return parser.LevelCrit
	case "alert":
		return parser.LevelAlert
	case "emerg":
		return parser.LevelEmerg
	case "notice":
		return parser.LevelNotice
	case "info":
		return parser.LevelInfo
	case "debug":
		return parser.LevelDebug
	}
	return parser.LevelNone
}

// nginxProcess reads "812#812:".
func nginxProcess(b []byte) (pid, tid int64, rest []byte, ok bool) {
	pid, rest = shortNumber(b)
	if len(rest) == len(b) || len(rest) == 0 || rest[0] != '#' {
		return 0, 0, b, false
	}
	digits := rest[1:]
	tid, rest = shortNumber(digits)
	if len(rest) == len(digits) || len(rest) == 0 || rest[0] != ':' {
		return 0, 0, b, false
	}
	return pid, tid, rest[1:], true
}

// unitProcess reports whether "812#812 " begins b, without the colon: NGINX Unit writes its
// log so (src/nxt_log.c), which is an application server's.
func unitProcess(b []byte) bool {
	pid, rest := leadingNumber(b)
	if pid == 0 || len(rest) < 2 || rest[0] != '#' {
		return false
	}
	tid, rest := leadingNumber(rest[1:])
	return tid > 0 && len(rest) > 0 && rest[0] == ' '
}

// leadingNumber reads decimal digits; one that does not fit is 0.
func leadingNumber(b []byte) (int64, []byte) {
	var n int64
	i := 0
	for i < len(b) && isDigit(b[i]) {
		n = n*10 + int64(b[i]-'0')
		i++
	}
	if i > 18 {
		n = 0
	}
	return n, b[i:]
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// nginxBody reads everything behind the prefix: message, errno, context. Without a
// certain prefix the line must have a context or a message that nginx has.
func nginxBody(body []byte, certain bool, env *parser.Env, r *parser.Record) bool {
	r.Kind = parser.KindGateway
	client, heads := clientAt(body), &nginxVocabulary().heads
	if client >= 0 {
		if h := heads.find(r.Level, body[:client]); h != nil {
			bare, c := h.tell(body, r), nginxKeys{}
			nginxFields(body[client:], r, &c)
			nginxSettle(&c, bare, r)
			return true
		}
	}
	message, c := nginxContext(body, client, r)
	r.Message = message
	bare, number, text := cutErrno(message)
	r.Gateway.Errno = number
	m := nginxClassify(r, bare, canonicalErrno(number, text))
	if c.action && m != nil && m.fixed {
		heads.learn(body[:client], bare, m, r)
	}
	if !certain && m == nil && !c.proven {
		return false
	}
	nginxQuoted(env, r)
	nginxSettle(&c, bare, r)
	return true
}

func nginxClassify(r *parser.Record, bare []byte, errno int32) *Message {
	g := &r.Gateway
	var m *Message
	m, g.Symptom, g.Rank = classifyNginx(r.Level, g.Phase, bare, errno)
	if m != nil {
		g.MessageKey, g.Causes = m.ID, m.Causes
	}
	return m
}

// nginxSettle decides what only the message and its context together can tell.
func nginxSettle(c *nginxKeys, bare []byte, r *parser.Record) {
	g := &r.Gateway
	if c.healthCheck && g.Rank != parser.RankNoise {
		g.Rank = parser.RankSecondary
		if g.Symptom != parser.SymptomPeerDown {
			g.Symptom = parser.SymptomHealthCheckFailed
		}
	}
	if g.Symptom == parser.SymptomHealthCheckFailed || g.Symptom == parser.SymptomPeerDown {
		g.Phase = parser.PhaseHealthCheck
	}
	alone := g.Connection == 0 && g.Client == nil
	switch g.Symptom {
	case parser.SymptomResolveFailed, parser.SymptomNoResolver:
		if alone && g.Rank == parser.RankPrimary && g.Phase == parser.PhaseNone {
			g.Rank = parser.RankSecondary // a zone's refresh: no request failed
		}
	case parser.SymptomNoLivePeer:
		g.Group = g.Group || (len(g.Upstream) > 0 && !isAddress(withoutPort(g.Upstream)))
	}
	if g.Rank == parser.RankSecondary && g.Phase == parser.PhaseNone && len(g.Scheme) > 0 && socketSymptom(g.Symptom) {
		g.Rank = parser.RankPrimary // an upstream was being talked to, only the action is missing
	}
	if g.Upstream == nil && g.Rank >= parser.RankSecondary {
		upstreamFromMessage(bare, g)
	}
}

func socketSymptom(s parser.Symptom) bool {
	return s >= parser.SymptomConnRefused && s <= parser.SymptomSendTimeout
}
