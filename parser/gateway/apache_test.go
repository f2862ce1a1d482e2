package gateway

import (
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

func TestApacheErrorRejects(t *testing.T) {
	for _, line := range []string{
		"",
		"[",
		"[]",
		"[Sun Nov 22 13:59:00 2026] 127.0.0.1:4242 Accepted",     // PHP's built-in server
		"[Sun Nov 22 13:59:00 2026] [error] no such template",    // Mojolicious
		"[Sun Nov 22 13:59:00 2026] [info] Listening at \"http:", // Mojolicious
		"[2026-11-22 13:59:00 +0000] [1] [INFO] Starting gunicorn 21.2.0",
		"[2026-11-22 13:59:00.123456] [error] something",
		"[2026-11-22 13:59:00] production.ERROR: boom",
		"[22-Nov-2026 13:59:00] NOTICE: fpm is running, pid 1",
		"[proxy:bogus] [pid 12] x",
		"[12:error] x",
		"[error] something",
		"(111)Connection refused",
		"AH of beer",
		"2026-11-22 13:59:00 error 12 something", // bare words without httpd's number
		"Sun Nov 22 13:59:00 2026 -> fd 8: 250 AH00000: ok",
		`10.0.0.1 - - [22/Nov/2026:15:16:24 +0000] "GET / HTTP/1.1" 502 445 "-" "curl/8"`,
		"2026/11/22 15:01:47 [error] 812#812: *4077 connect() failed (111: Connection refused)",
	} {
		for _, f := range []*parser.Format{apacheError, modJK, apacheAccess} {
			var r parser.Record
			r.Reset()
			if f.Parse([]byte(line), &parser.Env{}, &r) {
				t.Errorf("%s took %q as %s", f.Name, line, fixtures.Render(&r))
			}
		}
	}
}

func parseApache(t *testing.T, line string) *parser.Record {
	t.Helper()
	var r parser.Record
	r.Reset()
	if !parseApacheError([]byte(line), &parser.Env{}, &r) {
		t.Fatalf("not of the format: %q", line)
	}
	return &r
}

const apacheStampAndPID = "[Sun Nov 22 13:59:00.123456 2026] "

// What a client, a script or an upstream writes must not become an upstream or a class.
func TestApacheForged(t *testing.T) {
	f := func(line, class, upstream string) {
		t.Helper()
		g := &parseApache(t, apacheStampAndPID+line).Gateway
		if g.Symptom.String() != class || string(g.Upstream) != upstream || string(g.Client) != "10.0.0.1" {
			t.Errorf("%s\nclass %v upstream %q client %q", line, g.Symptom, g.Upstream, g.Client)
		}
	}
	const client = "[pid 7:tid 8] [client 10.0.0.1:5] "
	f("[proxy:error] "+client+"AH00898: Error reading from remote server returned by /x remote server 6.6.6.6:80", "other", "")
	f("[proxy:error] "+client+"AH00898: Error reading from remote server returned by /DNS lookup failure for: evil", "other", "")
	f("[proxy:error] "+client+"AH00898: DNS lookup failure for: app.local returned by /DNS lookup failure for: evil", "resolve-failed", "app.local")
	f("[proxy:warn] "+client+"AH01144: No protocol handler was valid for the URL /attempt to connect to 6.6.6.6:80 (scheme 'http'). If you", "bad-url", "")
	f("[proxy_http:error] "+client+"AH01102: error reading status line from remote server 10.0.0.9:80, referer: http://x/remote server 6.6.6.6:80", "premature-close", "10.0.0.9:80")
	f("[wsgi:error] "+client+"AH00957: http: attempt to connect to 6.6.6.6:80 (6.6.6.6:80) failed", "other", "")
	f("[php:error] "+client+"AH01102: error reading status line from remote server 6.6.6.6:80", "other", "")
	f("[proxy_fcgi:error] "+client+`AH01071: Got error 'PHP message: [client 6.6.6.6:1] AH00957: http: attempt to connect to 6.6.6.6:80 (6.6.6.6:80) failed'`, "other", "")
}

// Whatever order and set of parts an ErrorLogFormat has, the line tells the same. The second
// is the one that httpd's documentation shows; ids without a value leave half a bracket.
func TestApacheErrorLogFormats(t *testing.T) {
	const message, status = "AH00957: http: attempt to connect to 10.0.0.9:80 (10.0.0.9:80) failed", "(111)Connection refused: "
	for _, line := range []string{
		apacheStampAndPID + "[proxy:error] [pid 7:tid 8] " + status + "[client 10.0.0.1:5] " + message,
		"[2026-11-22 13:59:00.123456] [proxy:error] [R:YY6kO4pG3Nk] [C:2gtIO4pG3Nk] " + status + message,
		"[2026-11-22 13:59:00.123456] [proxy:error] [pid 7:tid 8] [req 24zYZvYPY1g] " + status + "[client 10.0.0.1:5] " + message,
		"[2026-11-22 13:59:00.123456] [proxy:error] [pid 7] [tid 8] [req [client " + status + message,
		"[pid 7] [client 10.0.0.1:5] [proxy:error] [2026-11-22 13:59:00.123456] proxy_util.c(2914): " + status + message,
		"[proxy:error] [shop.example.org] " + status + message,
		"[Sun Nov 22 13:59:00 2026] [error] [vhost shop.example.org] [client 10.0.0.1] " + status + message,
		"Sun Nov 22 13:59:00.123456 2026 proxy:error 7 8 - " + status + "10.0.0.1:5 " + message,
	} {
		r := parseApache(t, line)
		g := &r.Gateway
		if string(r.Message) != message || r.Level != parser.LevelError || g.Errno != 111 || g.Symptom != parser.SymptomConnRefused || string(g.Upstream) != "10.0.0.9:80" {
			t.Errorf("%s\n%s", line, fixtures.Render(r))
		}
		if strings.Contains(line, "10.0.0.1") != (string(g.Client) == "10.0.0.1") || strings.Contains(line, "pid 7") && r.PID != 7 || strings.Contains(line, "tid 8") && r.TID != 8 {
			t.Errorf("%s\n%s", line, fixtures.Render(r))
		}
	}
}

// Brackets that begin a message belong to it, and what stands in them is no head.
func TestApacheMessageInBrackets(t *testing.T) {
	for head, message := range map[string]string{
		"[wsgi:error] [pid 7:tid 8] [client 10.0.0.1:5] ":         "[2026-11-22 13:59:00] AH00957: http: attempt to connect to 6.6.6.6:80 (6.6.6.6:80) failed",
		"[cgi:error] [pid 7:tid 8] [client 10.0.0.1:5] AH01215: ": "[x] AH00957: http: attempt to connect to 6.6.6.6:80 (6.6.6.6:80) failed",
		"[core:error] [pid 7:tid 8] [client 10.0.0.1:5] ":         "[client 6.6.6.6] denied",
		"[error] [client 10.0.0.1] ":                              "[notice] nothing of httpd's",
	} {
		r := parseApache(t, apacheStampAndPID+head+message)
		want := message
		if strings.HasSuffix(head, "AH01215: ") {
			want = "AH01215: " + message
		}
		if string(r.Message) != want || r.Gateway.Rank != parser.RankNoise || string(r.Gateway.Client) != "10.0.0.1" {
			t.Errorf("%s\n%s", head, fixtures.Render(r))
		}
	}
}

func TestApacheStderrIsQuoted(t *testing.T) {
	r := parseApache(t, apacheStampAndPID+`[proxy_fcgi:error] [pid 7] [client 10.0.0.1:5] AH01071: Got error 'PHP message: PHP Fatal error:  Uncaught Exception: x, referer: y\nStack trace:', referer: https://shop.example.com/`)
	if string(r.Gateway.Quoted) != "PHP Fatal error:  Uncaught Exception: x, referer: y\nStack trace:" || r.Gateway.Symptom != parser.SymptomUpstreamStatus {
		t.Errorf("%s", fixtures.Render(r))
	}
	r = parseApache(t, apacheStampAndPID+`[proxy_fcgi:error] [pid 7] [client 10.0.0.1:5] AH01071: Got error 'Primary script unknown\n'`)
	if string(r.Gateway.Quoted) != "Primary script unknown" || r.Gateway.Rank != parser.RankNoise {
		t.Errorf("%s", fixtures.Render(r))
	}
}

func TestApacheStatusDecides(t *testing.T) {
	f := func(status, number, want string) {
		t.Helper()
		text := map[string]string{
			"AH00957": "[proxy:error] [pid 7] %AH00957: http: attempt to connect to 10.0.0.9:80 (10.0.0.9:80) failed",
			"AH02454": "[proxy:error] [pid 7] %AH02454: FCGI: attempt to connect to Unix domain socket /run/a.sock (*:80) failed",
			"AH01102": "[proxy_http:error] [pid 7] %[client 10.0.0.1:5] AH01102: error reading status line from remote server 10.0.0.9:80",
			"AH01110": "[proxy_http:error] [pid 7] %[client 10.0.0.1:5] AH01110: error reading response",
			"AH01067": "[proxy_fcgi:error] [pid 7] %[client 10.0.0.1:5] AH01067: Failed to read FastCGI header",
			"AH01084": "[proxy_http:error] [pid 7] %[client 10.0.0.1:5] AH01084: pass request body failed to 10.0.0.9:80 (app)",
		}[number]
		g := &parseApache(t, apacheStampAndPID+strings.Replace(text, "%", status, 1)).Gateway
		if got := g.Symptom.String() + " " + g.Rank.String(); got != want {
			t.Errorf("%s %s: %s, want %s", status, number, got, want)
		}
	}
	f("(111)Connection refused: ", "AH00957", "conn-refused primary")
	f("(61)Connection refused: ", "AH00957", "conn-refused primary")
	f("(OS 10061)No connection could be made because the target machine actively refused it.  : ", "AH00957", "conn-refused primary")
	f("(730061)No connection could be made because the target machine actively refused it.  : ", "AH00957", "conn-refused primary")
	f("(110)Connection timed out: ", "AH00957", "connect-timeout primary")
	f("(70007)The timeout specified has expired: ", "AH00957", "connect-timeout primary")
	f("(113)No route to host: ", "AH00957", "no-route primary")
	f("(101)Network is unreachable: ", "AH00957", "no-route primary")
	f("(13)Permission denied: ", "AH00957", "socket-permission primary")
	f("(24)Too many open files: ", "AH00957", "no-files primary")
	f("(99)Cannot assign requested address: ", "AH00957", "no-ports primary")
	f("(670002)Name or service not known: ", "AH00957", "resolve-failed primary")
	f("(2)No such file or directory: ", "AH02454", "socket-missing primary")
	f("(11)Resource temporarily unavailable: ", "AH02454", "queue-full primary")
	f("(70007)The timeout specified has expired: ", "AH01102", "read-timeout primary")
	f("(104)Connection reset by peer: ", "AH01102", "conn-reset primary")
	f("(70014)End of file found: ", "AH01102", "premature-close primary")
	f("(20014)Internal error: ", "AH01102", "premature-close primary")
	f("", "AH01102", "premature-close primary")
	f("(22)Invalid argument: ", "AH01102", "invalid-header primary") // httpd 2.4.71: "\x00\x01\x02 bad bytes\r\n"
	f("(28)No space left on device: ", "AH01102", "header-too-big primary")
	f("(104)Connection reset by peer: ", "AH01110", "conn-reset primary")
	f("(70007)The timeout specified has expired: ", "AH01110", "read-timeout primary")
	f("(104)Connection reset by peer: ", "AH01067", "conn-reset primary")
	f("(70007)The timeout specified has expired: ", "AH01067", "read-timeout primary")
	f("(32)Broken pipe: ", "AH01084", "conn-reset primary")
	f("(70007)The timeout specified has expired: ", "AH01084", "send-timeout primary")
	f("(103)Software caused connection abort: ", "AH01084", "client-abort noise")
	f("(103)Software caused connection abort: ", "AH01102", "conn-reset primary") // github.com/streamaserver/streama/issues/651
}

// Envelopes have set stamp and level before the format sees the line.
func TestApacheInsideAnEnvelope(t *testing.T) {
	var r parser.Record
	r.Reset()
	r.Level, r.Stamp = parser.LevelInfo, parser.Stamp{Micros: 1, Precision: 1, Clock: parser.ClockZoned}
	line := apacheStampAndPID + "[proxy:error] [pid 7:tid 8] (111)Connection refused: AH00957: http: attempt to connect to 10.0.0.9:80 (10.0.0.9:80) failed"
	if !parseApacheError([]byte(line), &parser.Env{}, &r) || r.Level != parser.LevelError || r.PID != 7 || r.Gateway.Symptom != parser.SymptomConnRefused {
		t.Errorf("%s", fixtures.Render(&r))
	}
}

func TestApacheAccessDurations(t *testing.T) {
	f := func(tail string, want int64) {
		t.Helper()
		var r parser.Record
		r.Reset()
		line := `10.0.0.1 - - [22/Nov/2026:15:16:24 +0000] "GET /a HTTP/1.1" 502 445` + tail
		ok := parseApacheAccess([]byte(line), &parser.Env{}, &r)
		if want == -2 {
			if ok {
				t.Errorf("%s: taken", tail)
			}
			return
		}
		if !ok || r.Access.Duration != want || !r.Access.AtStart || r.Access.Status != 502 || r.Access.Bytes != 445 {
			t.Errorf("%s: %v %s", tail, ok, fixtures.Render(&r))
		}
	}
	f(` "-" "curl/8" 30012345`, 30012345)
	f(` "-" "curl/8" 30`, -1)
	f(` "-" "curl/8" 30 30012345`, 30012345)
	f(` "-" "curl/8" 30/30012345`, 30012345)
	f(` "-" "curl/8" **30/30012345**`, 30012345)
	f(` "-" "curl/8" 812us`, 812)
	f(` 30012345`, 30012345)
	f(``, -2)
	f(` "-" "curl/8"`, -2)
	f(` "-" "curl/8" 0.030`, -2)                                // nginx
	f(` "-" "curl/8" "10.0.0.9"`, -2)                           // X-Forwarded-For
	f(` "-" "curl/8" 31/30012345`, -2)                          // not a pair
	f(` "-" "curl/8" 512 0.010 [a] [] 10.0.0.7:80 5 0.1 2`, -2) // ingress-nginx
}

// What mod_proxy_balancer puts into the environment (BALANCER_NAME, BALANCER_WORKER_NAME,
// BALANCER_WORKER_ROUTE) stands behind what the client chose.
func TestApacheAccessWorker(t *testing.T) {
	f := func(tail, upstream, pool string, want int64) {
		t.Helper()
		var r parser.Record
		r.Reset()
		line := `10.0.0.1 - - [22/Nov/2026:15:16:24 +0000] "GET /a HTTP/1.1" 503 339` + tail
		ok := parseApacheAccess([]byte(line), &parser.Env{}, &r)
		a := &r.Access
		if ok != (upstream != "") || ok && (a.Tries != 1 || string(a.Attempts[0].Addr) != upstream || string(a.Pool) != pool ||
			a.Duration != want || !a.AtStart || a.Status != 503 || a.Bytes != 339 || string(a.Target) != "/a") {
			t.Errorf("%s: %v %s", tail, ok, fixtures.Render(&r))
		}
	}
	f(` 1083 "http://127.0.0.1:22747"`, "127.0.0.1:22747", "", 1083)
	f(` "-" "curl/8" 1083 "http://127.0.0.1:22747" "node1"`, "127.0.0.1:22747", "", 1083)
	f(` "https://shop.example.org/" "curl/8" balancer://shop http://app1:8080/shop node1 1 1000832`, "app1:8080", "shop", 1000832)
	f(` "-" "curl/8" 512 1083 "ajp://127.0.0.1:8009"`, "127.0.0.1:8009", "", -1) // %I %D: which is the time?
	f(` "-" "curl/8" "unix:/run/php/fpm.sock|fcgi://localhost" -`, "unix:/run/php/fpm.sock", "", -1)
	f(` "http://127.0.0.1:22747" "http://127.0.0.1:22748"`, "", "", 0) // the client's own words
	f(` "http://127.0.0.1:22747"`, "", "", 0)
	f(` "-" "curl/8" "10.0.0.9" "http"`, "", "", 0)
}

func FuzzApacheError(f *testing.F)  { fuzzProxyFormat(f, apacheError) }
func FuzzModJK(f *testing.F)        { fuzzProxyFormat(f, modJK) }
func FuzzApacheAccess(f *testing.F) { fuzzProxyFormat(f, apacheAccess) }

// The figures stand at apacheError.
func BenchmarkApacheError(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"connect", apacheStampAndPID + "[proxy:error] [pid 1668:tid 1673] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:8081 (127.0.0.1:8081) failed"},
		{"request", apacheStampAndPID + "[proxy_http:error] [pid 1668:tid 1673] [client 198.51.100.201:43517] AH01114: HTTP: failed to make connection to backend: 127.0.0.1, referer: https://shop.example.com/"},
		{"script", apacheStampAndPID + `[wsgi:error] [pid 4690:tid 140447880001280] [client 10.0.0.1:58811]   File "/srv/site/app.py", line 12, in view`},
		{"2.2", "[Sun Nov 22 13:59:00 2026] [error] (111)Connection refused: proxy: HTTP: attempt to connect to 10.0.0.9:8080 (*) failed"},
		{"foreign", "[2026-11-22 13:59:00 +0000] [12] [INFO] Booting worker with pid: 12"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkProxyFormat(b, apacheError, c.line) })
	}
}

func BenchmarkModJK(b *testing.B) {
	benchmarkProxyFormat(b, modJK, "[Sun Nov 22 13:59:00.123 2026] [2041:140350] [error] ajp_connect_to_endpoint::jk_ajp_common.c (1029): (app1) connecting to backend failed. Tomcat is probably not started or is listening on the wrong port (errno=111)")
}

func BenchmarkApacheAccess(b *testing.B) {
	benchmarkProxyFormat(b, apacheAccess, `203.0.113.24 - - [22/Nov/2026:15:16:24 +0000] "GET /static/app.css HTTP/1.1" 200 4451 "-" "okhttp/4.12.0" 1532`)
}

// A number of httpd's inside of another program's words makes no line httpd's.
func TestApacheFieldsOfOthers(t *testing.T) {
	for _, line := range []string{
		`{"level":"error","time":"2026-11-22T13:59:00Z","msg":"the proxy said AH00957: http: attempt to connect failed"}`,
		`{"level":"info","order":"AH12345","time":"2026-11-22T13:59:00Z","msg":"shipped"}`,
		`{"txt":"AH00957: http: attempt to connect to 127.0.0.1:8081 (127.0.0.1:8081) failed"}`,
		`level=info time=2026-11-22T13:59:00Z msg="battery at 4800 mAH: full"`,
		`2026-11-22 13:59:00|shop|INFO|BLAH01234: done`,
		`2026-11-22 13:59:00 shop INFO see AH00957: in the manual`,
	} {
		var r parser.Record
		r.Reset()
		if parseApacheError([]byte(line), &parser.Env{Year: 2026}, &r) {
			t.Errorf("taken for httpd's: %s", line)
		}
	}
}
