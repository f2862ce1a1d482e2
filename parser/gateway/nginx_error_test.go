package gateway

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

func parseErrorLine(t testing.TB, line string) *parser.Record {
	t.Helper()
	var r parser.Record
	r.Reset()
	if !parseNginxError([]byte(line), &parser.Env{}, &r) {
		t.Fatalf("not of the format: %q", line)
	}
	return &r
}

func TestNginxErrorSamples(t *testing.T) {
	for _, s := range fixtures.Samples(nginxError.Name) {
		if got := fixtures.Render(parseErrorLine(t, s.Line)); got != s.Want {
			t.Errorf("%s\n got %s\nwant %s", s.Line, got, s.Want)
		}
	}
}

func TestNginxErrorRejects(t *testing.T) {
	for _, line := range []string{
		"",
		"2026/11/22 15:01:47 listening on :8080", // Go's log package
		"2026/11/22 15:01:47 [error] could not open config",                            // Go, with a level in brackets
		"2026/11/22 15:01:47 [ERROR] 12#12: x",                                         // not nginx's word
		"2026/11/22 15:01:47 [xorm] [info]  [SQL] SELECT 1",                            // Gitea
		"2026/13/45 15:01:47 [error] something odd",                                    // no date
		"[Sun Nov 22 15:01:47 2026] [error] [client 10.0.0.1] File does not exist: /x", // Apache 2.2
		"2018/04/19 04:55:20 [alert] 22058#22058 process 22059 exited on signal 11",    // NGINX Unit, https://github.com/nginx/unit/issues/104
		"[error] something failed",
		"[error]",
		`10.0.0.1 - - [22/Nov/2026:15:01:47 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.5.0"`,
		`{"time":"2026-11-22T15:01:47Z","level":"error","msg":"dial tcp 10.0.0.1:80: connect: connection refused"}`,
		`{"time":"2026-11-22T15:01:47Z","level":"ERROR","pid":1,"message":"x"}`,
		"#0 /srv/app/index.php(12): main()",
		"nginx: configuration file /etc/nginx/nginx.conf test failed",
	} {
		var r parser.Record
		r.Reset()
		if parseNginxError([]byte(line), &parser.Env{}, &r) {
			t.Errorf("taken for nginx's: %q as %s", line, fixtures.Render(&r))
		}
	}
}

func TestNginxErrorUpstreamForms(t *testing.T) {
	for _, c := range []struct {
		request, value, upstream, scheme string
		group                            bool
	}{
		{"GET /a HTTP/1.1", "http://127.0.0.1:9001/a", "127.0.0.1:9001", "http", false},
		{"GET /a HTTP/1.1", "https://10.0.0.5:8443/a?x=/y", "10.0.0.5:8443", "https", false},
		{"GET /a HTTP/1.1", "http://[2001:db8::7]:80/a", "[2001:db8::7]:80", "http", false},
		{"GET /a HTTP/1.1", "http://app:8080/a", "app:8080", "http", false},
		{"GET /a HTTP/1.1", "http://backend/a", "backend", "http", true},
		{"GET /a HTTP/1.1", "http://api.example.com/a", "api.example.com", "http", true},
		{"GET /a HTTP/1.1", "http://192.0.2.7/a", "192.0.2.7", "http", false},
		{"GET /a HTTP/1.1", "http://unix:/run/app.sock:/a", "unix:/run/app.sock", "http", false},
		{"GET /a HTTP/1.1", "http://unix:/run/app.sock/a", "unix:/run/app.sock", "http", false},
		{"GET /a HTTP/1.1", "http://unix:/run/my app/listener:/a", "unix:/run/my app/listener", "http", false},
		{"GET /a HTTP/1.1", "http://unix:/run/listener/a", "unix:/run/listener", "http", false},
		{"GET /?u=http://x HTTP/1.1", "http://unix:/run/app.sock:/?u=http://x", "unix:/run/app.sock", "http", false},
		{"GET /a HTTP/1.1", "fastcgi://127.0.0.1:9000", "127.0.0.1:9000", "fastcgi", false},
		{"GET /a HTTP/1.1", "fastcgi://unix:/var/run/php path/x.sock:", "unix:/var/run/php path/x.sock", "fastcgi", false},
		{"GET /a HTTP/1.1", "fastcgi://unix:/run/php-fpm/www:", "unix:/run/php-fpm/www", "fastcgi", false},
		{"GET /a HTTP/1.1", "uwsgi://unix:///run/uwsgi/app.sock:", "unix:///run/uwsgi/app.sock", "uwsgi", false},
		{"GET /a HTTP/1.1", "uwsgi://django", "django", "uwsgi", true},
		{"GET /a HTTP/1.1", "suwsgi://10.0.0.1:3031", "10.0.0.1:3031", "suwsgi", false},
		{"GET /a HTTP/1.1", "scgi://10.0.0.1:4000", "10.0.0.1:4000", "scgi", false},
		{"GET /a HTTP/1.1", "passenger:unix:/tmp/passenger.KMnpQom/agents.s/server:", "unix:/tmp/passenger.KMnpQom/agents.s/server", "passenger", false}, // github.com/phusion/passenger/issues/1939
		{"POST /s.S/M HTTP/2.0", "grpc://127.0.0.1:50051", "127.0.0.1:50051", "grpc", false},
		{"POST /s.S/M HTTP/2.0", "grpcs://grpc_pool", "grpc_pool", "grpcs", true},
		{"GET /a HTTP/1.1", "memcached://127.0.0.1:11211", "127.0.0.1:11211", "memcached", false},
		{"", "10.0.1.1:5432", "10.0.1.1:5432", "", false},
		{"", "unix:/run/pg.sock", "unix:/run/pg.sock", "", false},
		{"", "[::1]:53", "[::1]:53", "", false},
		{"", "db_pool", "db_pool", "", true},
	} {
		request := ""
		if c.request != "" {
			request = `, request: "` + c.request + `"`
		}
		r := parseErrorLine(t, `2026/11/22 15:01:47 [error] 8#8: *7 recv() failed (104: Connection reset by peer) while reading upstream, client: 192.0.2.1, server: a.example`+
			request+`, upstream: "`+c.value+`", host: "a.example"`)
		g := &r.Gateway
		if string(g.Upstream) != c.upstream || string(g.Scheme) != c.scheme || g.Group != c.group || string(g.Host) != "a.example" {
			t.Errorf("%s: upstream %q scheme %q group %v host %q, want %q %q %v", c.value, g.Upstream, g.Scheme, g.Group, g.Host, c.upstream, c.scheme, c.group)
		}
	}
}

// A client writes into request, Host and Referer what it likes; checked against nginx,
// which copies the bytes.
func TestNginxErrorForgedFields(t *testing.T) {
	const forged = `, upstream: "http://6.6.6.6:6/`
	const head = `2026/11/22 15:01:47 [error] 8#8: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a.example, request: "`
	f := func(request, uri, referrer string) {
		t.Helper()
		line := head + request + `", upstream: "http://10.0.0.1:80` + uri + `", host: "a.example"` + referrer
		g := &parseErrorLine(t, line).Gateway
		if string(g.Upstream) != "10.0.0.1:80" || string(g.Request) != request || string(g.Host) != "a.example" || string(g.Client) != "192.0.2.1" {
			t.Errorf("request %q\nupstream %q request %q host %q client %q", request, g.Upstream, g.Request, g.Host, g.Client)
		}
	}
	f(`GET /`+forged+` HTTP/1.1`, `/`+forged, "")
	f(`GET /"`+forged+` HTTP/1.1`, `/"`+forged, "")
	f(`GET /"`+forged+`", host: "evil HTTP/1.1`, `/"`+forged+`", host: "evil`, "")
	f(`GET /x HTTP/1.1`, `/x`, `, referrer: "x`+forged+`"`)
	f(`GET /x HTTP/1.1`, `/x`, `, referrer: "x HTTP/1.1"`+forged+`", host: "evil", referrer: ""`)
	f(`GET /x HTTP/1.1`, `/x`, `, referrer: "`+` while reading upstream, client: 6.6.6.6, server: evil, request: "GET / HTTP/1.1"`+forged+`""`)
	f(`GET /x, client: 6.6.6.6, server: evil HTTP/1.1`, `/x,%20client:`, "")
	// HTTP/2 before 1.21.1 took blanks in :path, so even a protocol may stand inside.
	f(`GET /x HTTP/2.0"`+forged+`", host: "evil a HTTP/2.0`, `/y`, "")
}

func TestNginxErrorNamesItsMessage(t *testing.T) {
	g := &parseErrorLine(t, benchmarkLine).Gateway
	if g.MessageKey != "http_upstream.connect-failed-111-connection-refused" || len(g.Causes) == 0 || g.Causes[0] != "not-listening" {
		t.Errorf("key %q causes %q", g.MessageKey, g.Causes)
	}
	pasted := strings.Replace(benchmarkLine, "*4077", `\*4077`, 1)
	if g := &parseErrorLine(t, pasted).Gateway; g.Connection != 4077 || g.Symptom != parser.SymptomConnRefused {
		t.Errorf("escaped asterisk: connection %d symptom %v", g.Connection, g.Symptom)
	}
}

func TestNginxErrorForgedByUpstream(t *testing.T) {
	r := parseErrorLine(t, `2026/11/22 15:01:47 [error] 8#8: *7 FastCGI sent in stderr: "PHP message: PHP Warning:  x, client: y" in /a.php" while reading upstream, client: 192.0.2.1, server: a.example, request: "GET / HTTP/1.1", upstream: "fastcgi://10.0.0.1:9000", host: "a.example"`)
	if g := &r.Gateway; string(g.Upstream) != "10.0.0.1:9000" || string(g.Client) != "192.0.2.1" {
		t.Errorf("upstream %q client %q", g.Upstream, g.Client)
	}
}

func TestNginxErrorGlued(t *testing.T) {
	const first = `2025/12/12 04:05:55 [error] 9#9: *4 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: a.example, request: "GET / HTTP/1.1", upstr`
	const second = `2025/12/12 04:05:56 [error] 9#9: *5 recv() failed (104: Connection reset by peer) while reading upstream, client: 9.9.9.9, server: b.example, request: "GET / HTTP/1.1", upstream: "http://127.0.0.2:8443/", host: "b.example"`
	r := parseErrorLine(t, first+second)
	if g := &r.Gateway; g.Upstream != nil || g.Host != nil || string(g.Client) != "10.0.0.1" || g.Symptom != parser.SymptomConnRefused {
		t.Errorf("first entry took from the second: %s", fixtures.Render(r))
	}
	line := []byte(first + second)
	if n := NginxGlued(line[20:]); n+20 != len(first) {
		t.Errorf("second entry at %d, want %d", n+20, len(first))
	}
	for _, whole := range []string{first, second, `x [error] 9#9: y`, ` [`, `2025/12/12 04:05:56 [error] no number`} {
		if n := NginxGlued([]byte(whole)[min(20, len(whole)):]); n != -1 {
			t.Errorf("second entry at %d in %q", n, whole)
		}
	}
}

// Every line is cut somewhere by nginx's own limit or by a full disk.
func TestNginxErrorCutAnywhere(t *testing.T) {
	for _, s := range fixtures.Samples(nginxError.Name) {
		if strings.Contains(s.Line, "ht2025/") {
			continue // two entries
		}
		whole := parseErrorLine(t, s.Line)
		for n := range len(s.Line) {
			var r parser.Record
			r.Reset()
			if !parseNginxError([]byte(s.Line[:n]), &parser.Env{}, &r) {
				continue
			}
			if !bytes.HasPrefix(whole.Gateway.Client, r.Gateway.Client) || r.PID != whole.PID {
				t.Fatalf("cut at %d: client %q pid %d: %q", n, r.Gateway.Client, r.PID, s.Line[:n])
			}
			if u := r.Gateway.Upstream; strings.Contains(string(u), "6.6.6.6") {
				t.Fatalf("cut at %d: upstream %q: %q", n, u, s.Line[:n])
			}
		}
	}
}

func TestNginxErrorMultiLine(t *testing.T) {
	const record = `2026/11/22 15:01:47 [error] 8#8: *7 FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Error: boom in /a.php:4
Stack trace:
#0 {main}
  thrown in /a.php on line 4" while reading response header from upstream, client: 192.0.2.1, server: a.example, request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/p.sock:", host: "a.example"`
	g := &parseErrorLine(t, record).Gateway
	if want := "PHP Fatal error:  Uncaught Error: boom in /a.php:4\nStack trace:\n#0 {main}\n  thrown in /a.php on line 4"; string(g.Quoted) != want {
		t.Errorf("quoted %q", g.Quoted)
	}
	if string(g.Upstream) != "unix:/run/p.sock" || g.Phase != parser.PhaseReadingHeader || g.Symptom != parser.SymptomUpstreamStatus {
		t.Errorf("context behind the last line not read: %s", fixtures.Render(parseErrorLine(t, record)))
	}
	first, _, _ := strings.Cut(record, "\n")
	if g := &parseErrorLine(t, first).Gateway; g.Symptom != parser.SymptomUpstreamStatus || string(g.Quoted) != "PHP Fatal error:  Uncaught Error: boom in /a.php:4" {
		t.Errorf("first line alone: %v %q", g.Symptom, g.Quoted)
	}
	const lua = `2026/11/22 15:01:47 [error] 8#8: *7 lua entry thread aborted: runtime error: access.lua:12: attempt to index a nil value
stack traceback:
	access.lua:12: in main chunk, client: 192.0.2.1, server: a.example, request: "GET / HTTP/1.1", host: "a.example"`
	if g := &parseErrorLine(t, lua).Gateway; g.Rank != parser.RankPrimary || string(g.Host) != "a.example" || g.MessageKey == "" {
		t.Errorf("lua trace: %s", fixtures.Render(parseErrorLine(t, lua)))
	}
}

// classifyWhole is classifyNginx for a message with its errno part, in the platform's number.
func classifyWhole(level parser.Level, phase parser.Phase, message []byte) (parser.Symptom, parser.Rank) {
	bare, errno, text := cutErrno(message)
	_, class, rank := classifyNginx(level, phase, bare, canonicalErrno(errno, text))
	return class, rank
}

func TestClassifyNginxErrnoOfPlatforms(t *testing.T) {
	f := func(message string, want parser.Symptom) {
		t.Helper()
		if class, rank := classifyWhole(parser.LevelError, parser.PhaseConnecting, []byte(message)); class != want || rank != parser.RankPrimary {
			t.Errorf("%s: %v %v, want %v primary", message, class, rank, want)
		}
	}
	f("connect() failed (111: Connection refused)", parser.SymptomConnRefused)
	f("kevent() reported that connect() failed (61: Connection refused)", parser.SymptomConnRefused)
	f("connect() failed (10061: No connection could be made because the target machine actively refused it)", parser.SymptomConnRefused)
	f("connect() failed (110: Operation timed out)", parser.SymptomConnectTimeout)
	f("kevent() reported that connect() failed (60: Operation timed out)", parser.SymptomConnectTimeout)
	f("connect() failed (113: Host is unreachable)", parser.SymptomNoRoute)
	f("kevent() reported that connect() failed (65: No route to host)", parser.SymptomNoRoute)
	f("connect() to 10.0.0.1:80 failed (51: Network is unreachable)", parser.SymptomNoRoute)
	f("connect() to 10.0.0.1:80 failed (10051: A socket operation was attempted to an unreachable network)", parser.SymptomNoRoute)
	f("connect() to 10.0.0.1:80 failed (101: Network unreachable)", parser.SymptomNoRoute)
	f("connect() to [::1]:80 failed (97: Address family not supported by protocol)", parser.SymptomNoRoute)
	f("connect() to 10.0.0.1:80 failed (1: Operation not permitted)", parser.SymptomNoRoute)
	f("connect() to 10.0.0.1:80 failed (99: Address not available)", parser.SymptomNoPorts)
	f("connect() to 10.0.0.1:80 failed (49: Can't assign requested address)", parser.SymptomNoPorts)
	f("connect() to unix:/run/a.sock failed (2: No such file or directory)", parser.SymptomSocketMissing)
	f("connect() to unix:/run/a.sock failed (13: Permission denied)", parser.SymptomSocketPermission)
	f("connect() to unix:/run/a.sock failed (11: Resource temporarily unavailable)", parser.SymptomQueueFull)
	f("connect() failed (54: Connection reset by peer)", parser.SymptomConnReset)
	f("socket() failed (24: No file descriptors available)", parser.SymptomNoFiles)
	f("connect() failed (10055: No buffer space available)", parser.SymptomNoMemory)
	f("connect() failed (7777: Connection refused)", parser.SymptomConnRefused)
}

func TestClassifyNginxPhaseAndLevel(t *testing.T) {
	f := func(level parser.Level, phase parser.Phase, message string, class parser.Symptom, rank parser.Rank) {
		t.Helper()
		if c, r := classifyWhole(level, phase, []byte(message)); c != class || r != rank {
			t.Errorf("%v %v %s: %v %v, want %v %v", level, phase, message, c, r, class, rank)
		}
	}
	const timer = "upstream timed out (110: Connection timed out)"
	const primary, secondary, noise = parser.RankPrimary, parser.RankSecondary, parser.RankNoise
	f(parser.LevelError, parser.PhaseConnecting, timer, parser.SymptomConnectTimeout, primary)
	f(parser.LevelError, parser.PhaseTLSHandshake, timer, parser.SymptomTLSHandshake, primary)
	f(parser.LevelError, parser.PhaseSendingRequest, timer, parser.SymptomSendTimeout, primary)
	f(parser.LevelError, parser.PhaseReadingHeader, timer, parser.SymptomReadTimeout, primary)
	f(parser.LevelError, parser.PhaseReadingBody, timer, parser.SymptomReadTimeout, primary)
	f(parser.LevelInfo, parser.PhaseUpgraded, timer, parser.SymptomReadTimeout, noise)
	f(parser.LevelError, parser.PhaseUpgraded, timer, parser.SymptomReadTimeout, primary)
	f(parser.LevelError, parser.PhaseReadingBody, "upstream prematurely closed connection", parser.SymptomPrematureClose, primary)
	f(parser.LevelError, parser.PhaseReadingHeader, "upstream sent no valid HTTP/1.0 header", parser.SymptomNoHTTPHeader, primary)
	f(parser.LevelError, parser.PhaseReadingHeader, "upstream sent too big header", parser.SymptomHeaderTooBig, primary)
	f(parser.LevelError, parser.PhaseReadingBody, "readv() failed (104: Connection reset by peer)", parser.SymptomConnReset, primary)
	f(parser.LevelInfo, parser.PhaseSendingToClient, "writev() failed (32: Broken pipe)", parser.SymptomClientAbort, noise)
	f(parser.LevelError, parser.PhaseSendingRequest, "writev() failed (32: Broken pipe)", parser.SymptomConnReset, primary)
	f(parser.LevelInfo, parser.PhaseOther, "recv() failed (104: Connection reset by peer)", parser.SymptomClientAbort, noise)
	f(parser.LevelError, parser.PhaseResolving, "recv() failed (111: Connection refused)", parser.SymptomResolveFailed, primary)
	f(parser.LevelAlert, parser.PhaseOther, "send() failed (111: Connection refused)", parser.SymptomOther, noise) // logging to syslog
	f(parser.LevelCrit, parser.PhaseOther, "SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share)", parser.SymptomTLSHandshake, noise)
	f(parser.LevelError, parser.PhaseTLSHandshake, "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::ssl/tls alert handshake failure:SSL alert number 40)", parser.SymptomTLSHandshake, primary)
	f(parser.LevelError, parser.PhaseTLSHandshake, "SSL_do_handshake() failed (SSL: error:0A000086:SSL routines::certificate verify failed)", parser.SymptomTLSVerify, primary)
	f(parser.LevelError, parser.PhaseTLSHandshake, "peer closed connection in SSL handshake (104: Connection reset by peer)", parser.SymptomTLSHandshake, primary)
	f(parser.LevelError, parser.PhaseReadingHeader, "SSL_read() failed (104: Connection reset by peer)", parser.SymptomConnReset, primary)
	f(parser.LevelError, parser.PhaseNone, `open() "/srv/www/a" failed (2: No such file or directory)`, parser.SymptomOther, noise)
	f(parser.LevelCrit, parser.PhaseNone, `open() "/var/lib/nginx/body/1" failed (13: Permission denied)`, parser.SymptomOther, primary)
	f(parser.LevelCrit, parser.PhaseNone, `pwrite() "/var/lib/nginx/body/1" failed (28: No space left on device)`, parser.SymptomDiskFull, primary)
	f(parser.LevelWarn, parser.PhaseNone, `limiting requests, dry run, excess: 1.000 by zone "a"`, parser.SymptomOther, noise)
	f(parser.LevelError, parser.PhaseNone, `limiting connections by zone "a"`, parser.SymptomRefusedOnPurpose, noise)
	f(parser.LevelAlert, parser.PhaseNone, "worker process 31 exited on signal 9", parser.SymptomGatewayCrash, primary)
	f(parser.LevelNotice, parser.PhaseNone, "worker process 31 exited with code 0", parser.SymptomOther, noise)
	f(parser.LevelError, parser.PhaseNone, "[lua] auth.lua:9: check(): redis: connection refused", parser.SymptomConnRefused, secondary)
	f(parser.LevelNotice, parser.PhaseNone, "[lua] auth.lua:9: check(): redis: connection refused", parser.SymptomOther, noise)
	f(parser.LevelError, parser.PhaseReadingHeader, "upstream sent a new kind of nonsense", parser.SymptomOther, primary)
	f(parser.LevelError, parser.PhaseNone, "a module says something", parser.SymptomOther, noise)
	f(parser.LevelWarn, parser.PhaseReadingBody, "an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/1/00/0000000001", parser.SymptomOther, noise)
}

func TestNginxMessagesAreSound(t *testing.T) {
	causes := strings.Fields("oom-kill memory-exhausted crash-signal unhandled-exception worker-timeout killed restart start-failure not-listening " +
		"invalid-response protocol-mismatch response-too-large tls-failure network-unreachable dns-failure slow-upstream upstream-saturated " +
		"dependency-failure gateway-resources gateway-config keepalive-race client-abort")
	seen := map[string]bool{}
	for _, m := range vocabularies["nginx"]() {
		if m.ID == "" || seen[m.ID] {
			t.Errorf("%s: id missing or twice", m.ID)
		}
		seen[m.ID] = true
		if m.Class == parser.SymptomNone || m.Meaning == "" || len(m.Levels) == 0 || slices.Contains(m.Levels, parser.LevelNone) {
			t.Errorf("%s: class, meaning or level missing", m.ID)
		}
		for _, cause := range m.Causes {
			if !slices.Contains(causes, cause) {
				t.Errorf("%s: unknown cause %q", m.ID, cause)
			}
		}
	}
	if n := len(vocabularies["nginx"]()); n < 1900 {
		t.Errorf("%d messages", n)
	}
}

const benchmarkLine = `2026/11/22 15:01:47 [error] 812#812: *4077 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: shop.example.com, request: "GET /products/17 HTTP/1.1", upstream: "http://127.0.0.1:9001/products/17", host: "shop.example.com", referrer: "/"`

func TestNginxErrorDoesNotAllocate(t *testing.T) {
	env := &parser.Env{Buf: make([]byte, 0, 4096)}
	var r parser.Record
	for _, s := range fixtures.Samples(nginxError.Name) {
		line := []byte(s.Line)
		if n := testing.AllocsPerRun(20, func() {
			r.Reset()
			env.Buf = env.Buf[:0]
			parseNginxError(line, env, &r)
		}); n != 0 {
			t.Errorf("%v allocations: %s", n, s.Line)
		}
	}
}

func BenchmarkNginxError(b *testing.B) {
	for _, bench := range []struct{ name, line string }{
		{"refused", benchmarkLine},
		{"no-live", strings.Replace(benchmarkLine, "connect() failed (111: Connection refused)", "no live upstreams", 1)},
		{"invalid-header", strings.Replace(benchmarkLine, "connect() failed (111: Connection refused) while connecting to", `upstream sent invalid header: "X\x20..." while reading response header from`, 1)},
		{"unknown", strings.Replace(benchmarkLine, "connect() failed", "upstream connect went astray", 1)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			line := []byte(bench.line)
			env := &parser.Env{}
			var r parser.Record
			nginxVocabulary()
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if !parseNginxError(line, env, &r) {
					b.Fatal("not of the format")
				}
			}
		})
	}
}

func FuzzNginxError(f *testing.F) {
	for _, s := range fixtures.Samples(nginxError.Name) {
		f.Add([]byte(s.Line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		var r parser.Record
		r.Reset()
		env := &parser.Env{}
		if !parseNginxError(line, env, &r) {
			return
		}
		if !bytes.Equal(line, before) {
			t.Fatal("the line was written to")
		}
		if r.Kind != parser.KindGateway || r.Level == parser.LevelNone || r.Gateway.Symptom == parser.SymptomNone || r.Gateway.Rank == parser.RankNone {
			t.Fatalf("half read: %s", fixtures.Render(&r))
		}
		if r.Gateway.Group && len(r.Gateway.Upstream) == 0 {
			t.Fatalf("a group without a name: %s", fixtures.Render(&r))
		}
	})
}

// TestNginxHeadsCollide: a head whose place is taken is read anew and costs no memory.
func TestNginxHeadsCollide(t *testing.T) {
	heads := &nginxVocabulary().heads
	other := &nginxHead{text: "another"}
	for i := range heads.places {
		defer heads.places[i].Store(heads.places[i].Swap(other))
	}
	line, env := []byte(benchmarkLine), &parser.Env{}
	var r parser.Record
	if n := testing.AllocsPerRun(20, func() {
		r.Reset()
		parseNginxError(line, env, &r)
	}); n != 0 || r.Gateway.Symptom != parser.SymptomConnRefused {
		t.Errorf("%v allocations, %s", n, r.Gateway.Symptom)
	}
}

// TestNginxHeadsChangeNothing: what is known of the head of an entry is what reading it anew tells,
// also for the first line behind one of another level or phase.
func TestNginxHeadsChangeNothing(t *testing.T) {
	levels := []string{"[error]", "[crit]", "[info]", "[warn]"}
	read := func(line string) string {
		var r parser.Record
		ok := parseNginxError([]byte(line), &parser.Env{}, &r)
		return fmt.Sprintf("%v %s %+v", ok, r.Message, r.Gateway)
	}
	heads, met := &nginxVocabulary().heads, 0
	forget := func() {
		for i := range heads.places {
			if heads.places[i].Swap(nil) != nil {
				met++
			}
		}
	}
	for _, s := range fixtures.Samples(nginxError.Name) {
		for _, level := range levels {
			line := strings.Replace(s.Line, "[error]", level, 1)
			forget()
			anew := read(line)
			if known := read(line); known != anew {
				t.Errorf("%s:\nanew  %s\nknown %s", line, anew, known)
			}
		}
	}
	if met == 0 {
		t.Error("no head was met")
	}
}
