package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// nginxErrorLoose finds an entry of nginx's error log inside a line that people or
// tools have wrapped: list bullets, Markdown, quotes of JSON and CSV, a file name and
// number from grep, a process manager's prefix; and entries that lost their stamp,
// level or process number in pasting. A line must hold words that only nginx writes,
// so an application that mentions an upstream is not taken for the gateway.
var nginxErrorLoose = &parser.Format{
	Name:    "nginx-error-loose",
	Gates:   []parser.Gate{{Word: "upstream"}, {Word: "sending to client"}},
	Role:    parser.RoleGateway,
	Product: "nginx",
	Doc:     "nginx src/core/ngx_log.c, as people paste it",
	Parse:   parseNginxLoose,
}

// looseStems begin messages that only nginx writes about upstreams, or that its own
// names follow; the earliest in a line is where an entry without prefix begins.
var looseStems = [][]byte{
	[]byte("connect() failed ("), []byte("connect() to "), []byte("recv() failed ("), []byte("readv() failed ("), []byte("send() failed ("),
	[]byte("writev() failed ("), []byte("upstream timed out ("), []byte("upstream prematurely closed "), []byte("upstream sent "),
	[]byte("no live upstreams"), []byte("SSL_do_handshake() failed"), []byte("peer closed connection in SSL handshake"),
	[]byte("kevent() reported that "), []byte("FastCGI sent in stderr"), []byte("upstream SSL certificate "),
	[]byte("upstream server temporarily disabled"), []byte("host not found in upstream"), []byte("invalid URL prefix in "),
}

// looseProofs are the phases that only nginx puts behind a message.
var looseProofs = [][]byte{
	[]byte("connecting to upstream"), []byte("header from upstream"), []byte("reading upstream"), []byte("request to upstream"),
	[]byte("handshaking to upstream"), []byte("sending to client"), []byte("host not found in upstream"),
}

func parseNginxLoose(line []byte, env *parser.Env, r *parser.Record) bool {
	if !bytes.Contains(line, []byte("upstream")) && !bytes.Contains(line, []byte("sending to client")) || !containsAny(line, looseProofs) {
		return false
	}
	text := trimBlanks(unwrapped(line, env))
	start, level := looseStart(text)
	if start < 0 {
		return false
	}
	if level {
		looseStamp(text[:start], r)
	}
	body := text[start:]
	if !level {
		r.Level = parser.LevelError // at which nginx writes all of these
	}
	if level {
		if body[0] != '[' { // "error] 12483#0:", the bracket lost
			mark := len(env.Buf)
			env.Buf = append(append(env.Buf, '['), body...)
			body = env.Buf[mark:len(env.Buf):len(env.Buf)]
		}
		stamp := r.Stamp
		rest, certain, _ := nginxPrefix(body, env, r)
		if rest == nil {
			return false
		}
		if !r.Stamp.Known() {
			r.Stamp = stamp
		}
		return nginxBody(rest, certain, env, r)
	}
	return nginxBody(body, false, env, r)
}

func containsAny(b []byte, words [][]byte) bool {
	for _, w := range words {
		if bytes.Contains(b, w) {
			return true
		}
	}
	return false
}

var looseLevels = [][]byte{[]byte("emerg] "), []byte("alert] "), []byte("crit] "), []byte("error] "), []byte("warn] "), []byte("info] ")}

// looseStart finds where the entry begins: at its level, else at its message.
func looseStart(text []byte) (at int, level bool) {
	at = -1
	for _, l := range looseLevels {
		if i := bytes.Index(text, l); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if at > 0 && text[at-1] == '[' {
		return at - 1, true
	}
	if at == 0 {
		return 0, true
	}
	at = -1
	for _, stem := range looseStems {
		if i := bytes.Index(text, stem); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	return at, false
}

// looseStamp reads nginx's stamp just before the level, whatever stands before it.
func looseStamp(before []byte, r *parser.Record) {
	const stampLen = len("2026/11/22 15:01:47")
	before = bytes.TrimRight(before, " \t")
	if len(before) < stampLen {
		return
	}
	if s, n, ok := timestamp.Slashed(before[len(before)-stampLen:]); ok && n == stampLen {
		r.Stamp = s
	}
}

// wraps are what tools put in place of a quote or a blank.
var wraps = []struct{ from, to string }{
	{`\"`, `"`}, {`""`, `"`}, {"&quot;", `"`}, {"&#34;", `"`}, {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"},
	{"“", `"`}, {"”", `"`}, {"\u00a0", " "}, {`\*`, "*"}, {`\/`, "/"},
}

// unwrapped undoes what JSON, CSV, HTML and word processors did to a line's quotes and
// blanks, and cuts Markdown's marks off its end.
func unwrapped(line []byte, env *parser.Env) []byte {
	if !wrapped(line) {
		return trimMarks(line)
	}
	mark := len(env.Buf)
	for i := 0; i < len(line); {
		n := 0
		for _, w := range wraps {
			if bytes.HasPrefix(line[i:], []byte(w.from)) {
				env.Buf = append(env.Buf, w.to...)
				n = len(w.from)
				break
			}
		}
		if n == 0 {
			env.Buf = append(env.Buf, line[i])
			n = 1
		}
		i += n
	}
	return trimMarks(env.Buf[mark:len(env.Buf):len(env.Buf)])
}

func wrapped(line []byte) bool {
	for _, w := range wraps {
		if bytes.Contains(line, []byte(w.from)) {
			return true
		}
	}
	return false
}

func trimMarks(b []byte) []byte {
	b = bytes.TrimRight(b, "*`,]})> \t")
	if bytes.HasSuffix(b, []byte(`""`)) {
		b = b[:len(b)-1]
	}
	return b
}
