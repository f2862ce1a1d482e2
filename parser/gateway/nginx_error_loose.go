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
	Role:    parser.RoleGateway,
	Product: "nginx",
	Doc:     "nginx src/core/ngx_log.c, as people paste it",
	Parse:   parseNginxLoose,
	Samples: []parser.Sample{
		{
			Line: "- `2025/06/11 10:00:05 [error] 31#31: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 172.18.0.1, server: shop.example, request: \"GET /api HTTP/1.1\", upstream: \"http://172.18.0.4:3000/api\", host: \"shop.example\"`",
			Want: `time=2025-06-11T10:00:05 level=error pid=31 symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 connection=7 client=172.18.0.1 server=shop.example request="GET /api HTTP/1.1" scheme=http upstream=172.18.0.4:3000 vhost=shop.example msg="connect() failed (111: Connection refused)"`,
		},
		{
			Line: `"nginx","2025/06/11 10:00:05 [error] 31#31: *7 no live upstreams while connecting to upstream, client: 172.18.0.1, server: shop.example, request: ""GET /api HTTP/1.1"", upstream: ""http://app/api"", host: ""shop.example"""`,
			Want: `time=2025-06-11T10:00:05 level=error pid=31 symptom=no-live-peer phase=connecting-to-upstream rank=secondary connection=7 client=172.18.0.1 server=shop.example request="GET /api HTTP/1.1" scheme=http group=app vhost=shop.example msg="no live upstreams"`,
		},
		{
			Line: `error] 12483#0: *253 upstream prematurely closed connection while reading response header from upstream, client: 10.1.100.249, server: cmdb.com, request: "HEAD /index.html HTTP/1.0", upstream: "uwsgi://127.0.0.1:8100"`,
			Want: `level=error pid=12483 symptom=premature-close phase=reading-response-header-from-upstream rank=primary connection=253 client=10.1.100.249 server=cmdb.com request="HEAD /index.html HTTP/1.0" scheme=uwsgi upstream=127.0.0.1:8100 msg="upstream prematurely closed connection"`,
		},
		{
			Line: "`connect() failed (113: Host is unreachable) while connecting to upstream, client: 172.17.0.1, server: blog.example, request: \"GET /feed/ HTTP/1.1\", upstream: \"http://172.17.0.7:2368/feed/\", host: \"blog.example\"",
			Want: `level=error symptom=no-route phase=connecting-to-upstream rank=primary errno=113 client=172.17.0.1 server=blog.example request="GET /feed/ HTTP/1.1" scheme=http upstream=172.17.0.7:2368 vhost=blog.example msg="connect() failed (113: Host is unreachable)"`,
		},
		{
			Line: `code.proxy | nginx.1    | 2021/05/23 20:07:09 [emerg] 31#31: host not found in upstream "code" in /etc/nginx/nginx.conf:20`,
			Want: `time=2021-05-23T20:07:09 level=emerg pid=31 symptom=resolve-failed rank=secondary group=code msg="host not found in upstream \"code\" in /etc/nginx/nginx.conf:20"`,
		},
	},
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
