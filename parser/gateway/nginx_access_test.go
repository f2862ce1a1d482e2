package gateway

import (
	"bytes"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// parseAccess parses one line and returns its rendering, "" if it was rejected.
func parseAccess(t *testing.T, f *parser.Format, line string) (string, *parser.Record) {
	t.Helper()
	var r parser.Record
	r.Reset()
	in := []byte(line)
	if !f.Parse(in, &parser.Env{}, &r) {
		return "", &r
	}
	if string(in) != line {
		t.Errorf("the line was changed:\n  %s\n  %s", line, in)
	}
	return fixtures.Render(&r), &r
}

func TestNginxAccessSamples(t *testing.T) {
	if len(fixtures.Samples(nginxAccess.Name)) < 40 {
		t.Fatalf("only %d samples", len(fixtures.Samples(nginxAccess.Name)))
	}
	for _, s := range fixtures.Samples(nginxAccess.Name) {
		if got, _ := parseAccess(t, nginxAccess, s.Line); got != s.Want {
			t.Errorf("%s\n got %s\nwant %s", s.Line, got, s.Want)
		}
	}
}

// Formats with names of their author's own; nginx 1.22 wrote both.
func TestNginxAccessOwnNames(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		if got, _ := parseAccess(t, nginxAccess, line); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
	f(`[2026-11-25T22:48:19+00:00] 502 0.000/- - "GET /q/555 HTTP/1.1" host=shop.example.org from=192.0.2.13`,
		`time=2026-11-25T22:48:19Z client=192.0.2.13 vhost=shop.example.org method=GET target=/q/555 status=502 duration=0 tries=none`)
	f(`{"ts":1795646815.439,"http":{"m":"GET","p":"/parcel/963","s":200},"dur":0.024,"peer":"192.0.2.10","origin":{"a":"10.0.0.1:8080","s":"200","t":"0.025","c":"0.008"},"h":"shop.example.org"}`,
		`time=2026-11-25T22:46:55.439Z client=192.0.2.10 method=GET target=/parcel/963 status=200 duration=24000 try={addr=10.0.0.1:8080 status=200 connect=8000 response=25000}`)
}

// An address of ten characters is no date.
func TestNginxAccessOfShortAddress(t *testing.T) {
	got, _ := parseAccess(t, nginxAccess, `10.20.30.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "-"`)
	if want := `time=2026-11-22T15:12:32Z client=10.20.30.4 method=GET target=/x status=502 bytes=157`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Lines of other programs, or of nginx's error log, that stand in the same streams.
func TestNginxAccessRejects(t *testing.T) {
	for _, line := range []string{
		``,
		`{`,
		`{}`,
		`"`,
		`2026/11/22 15:12:32 [error] 22#22: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:80/", host: "x"`,
		// aiohttp.access and gunicorn's access log behind Python's loggers
		`2026-11-27 03:51:21.737 INFO aiohttp.access 127.0.0.1 [27/Nov/2026:03:51:21 +0000] "GET /n/9964 HTTP/1.0" 200 153 "-" "okhttp/4.12.0"`,
		`27-11-2026 03:51:21 INFO aiohttp.access 127.0.0.1 [27/Nov/2026:03:51:21 +0000] "GET /n/9964 HTTP/1.0" 200 153 "-" "okhttp/4.12.0"`,
		`INFO:aiohttp.access:127.0.0.1 [27/Nov/2026:03:51:21 +0000] "GET /n/9964 HTTP/1.0" 200 153 "-" "okhttp/4.12.0"`,
		`[2026-11-27 03:51:21 +0000] [123] [INFO] 127.0.0.1 - - [27/Nov/2026:03:51:21 +0000] "GET /n/9964 HTTP/1.0" 200 153 "-" "okhttp/4.12.0"`,
		// uvicorn, werkzeug, php-fpm's access log, gin, Rails
		`INFO:     127.0.0.1:53210 - "GET / HTTP/1.1" 502 Bad Gateway`,
		`127.0.0.1 - - [22/Nov/2026 15:12:32] "GET / HTTP/1.1" 200 -`,
		`127.0.0.1 -  22/Nov/2026:15:12:32 +0000 "GET /index.php" 200`,
		`[GIN] 2026/11/22 - 15:16:24 | 200 |    1.2ms |       127.0.0.1 | GET      "/x"`,
		// Caddy, pino, a Spring application: level or message
		`{"level":"info","ts":1795360623.4238741,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"192.0.2.45","remote_port":"34989","proto":"HTTP/1.1","method":"POST","host":"search.example.com","uri":"/v2/transfers"},"user_id":"","duration":0.020880671,"size":189,"status":200}`,
		`{"level":30,"time":1795360623423,"pid":1,"hostname":"a","req":{"method":"GET","url":"/x"},"res":{"statusCode":502},"msg":"request completed"}`,
		`{"@timestamp":"2026-11-22T15:12:32Z","message":"GET /x","status":502,"remote_addr":"1.2.3.4","request":"GET /x HTTP/1.1"}`,
		`{"time":"2026-11-22T15:12:32Z","remote_ip":"10.0.0.1","host":"shop","method":"GET","uri":"/","status":502,"latency":53000,"latency_human":"53µs","bytes_in":0,"bytes_out":12}`,
		// words that an access format has not, beside a request that is only a path
		`2026-11-22T15:12:32Z INFO 10.0.0.1 GET /x 200 0.012`,
		`2026-11-22T15:12:32Z 10.0.0.1 gave up after 200 tries reading /etc/hosts`,
		`2026-11-22T15:12:32Z 10.0.0.1 10.0.0.2:5432 refused 200 /x`,
		`[22/Nov/2026:15:12:32 +0000] 10.0.0.1 worker 502 /srv/app`,
		// HAProxy and Envoy
		`203.0.113.24:42197 [22/Nov/2026:15:17:03.454] fe be/srv 0/0/1/2/3 200 189 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,
		`[2026-11-22T15:16:24.123Z] "GET / HTTP/1.1" 503 UF 0 91 10 - "-" "curl" "uuid" "host" "10.0.0.1:80"`,
		// no status, no request, no such day
		`1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1"`,
		`1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] 200 5`,
		`1.2.3.4 - - [31/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 200 5 "-" "-"`,
		`1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 777 5 "-" "-"`,
	} {
		if got, _ := parseAccess(t, nginxAccess, line); got != "" {
			t.Errorf("accepted %s\n as %s", line, got)
		}
	}
}

// What a client chooses must not reach a field that is the gateway's.
func TestNginxAccessHostile(t *testing.T) {
	const tail = ` rt=0.003 uct="0.000" uht="-" urt="0.003" ua="10.0.0.1:80" us="502"`
	const want = ` duration=3000 try={addr=10.0.0.1:80 status=502 connect=0 response=3000}`
	for _, forged := range []string{
		`10.9.9.9:99`, `rt=9.999`, `ua=10.9.9.9:99`, `us=200`, `- - -`, `\x22 us=\x22200`, `502 0 \x22`, `0.999 10.9.9.9:99 200`,
		`[22/Nov/2020:15:12:32 +0000]`, `\x5C`, `[x`, `]`, `, `, ` : `, `upstream_addr: 10.9.9.9:99`, `{"status":200}`, "\xff\xfe", `HIT`,
		`502`, `0.999`, `shop.example.org`, `10.9.9.9`, `10.9.9.9:99, 10.8.8.8:88`,
	} {
		line := `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /` + forged + ` HTTP/1.1" 502 157 "` + forged + `" "` + forged + `" "` + forged + `"` + tail
		got, r := parseAccess(t, nginxAccess, line)
		if !strings.HasSuffix(got, want) || r.Access.Status != 502 || string(r.Access.Client) != "1.2.3.4" || r.Access.Bytes != 157 ||
			r.Stamp.Time().Year() != 2026 {
			t.Errorf("%s\n got %s", line, got)
		}
		// main, and unnamed fields behind it
		line = line[:len(line)-len(tail)]
		if got, r = parseAccess(t, nginxAccess, line); r.Access.HasUps || r.Access.Duration >= 0 || r.Access.Host != nil || r.Access.Cache != nil {
			t.Errorf("%s\n got %s", line, got)
		}
		if got, _ = parseAccess(t, nginxAccess, line+` 0.003 0.000 - 0.003 10.0.0.1:80 502`); !strings.HasSuffix(got, want) {
			t.Errorf("%s\n got %s", line, got)
		}
	}
}

// Where no name says what a value is, the client's words stand where better ones would.
func TestNginxAccessHostileGuesses(t *testing.T) {
	const want = `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/ status=502`
	for _, forged := range []string{`10.9.9.9:99`, `10.9.9.9`, `2020-01-01T00:00:00.000Z`, `22/Nov/2020:15:12:32 +0000`, `GET /x HTTP/1.1`, `200`} {
		for _, line := range []string{
			`1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 0.001 0.001 "` + forged + `" "` + forged + `"`,
			`1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "` + forged + `" "` + forged + `" 0.001`,
			`[22/Nov/2026:15:12:32 +0000] 502 0.001 10.0.0.1:80 1.2.3.4 "GET / HTTP/1.1" "` + forged + `" "` + forged + `"`,
			`{"x":"` + forged + `","xip":"` + forged + `","at":"2026-11-22T15:12:32+00:00","request":"GET / HTTP/1.1","status":502,"remote_addr":"1.2.3.4"}`,
			`{"remote_addr":"1.2.3.4","status":502,"request":"GET / HTTP/1.1","at":"2026-11-22T15:12:32+00:00","x":"` + forged + `","xip":"` + forged + `"}`,
		} {
			got, r := parseAccess(t, nginxAccess, line)
			if !strings.HasPrefix(got, want) || strings.Contains(string(r.Access.Attempts[0].Addr), "10.9") {
				t.Errorf("%s\n got %s", line, got)
			}
		}
	}
}

func TestLookupAccessKey(t *testing.T) {
	f := func(want accessKey, names ...string) {
		t.Helper()
		for _, name := range names {
			if got, _ := lookupAccessKey([]byte(name)); got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
	}
	f(keyTime, "at", "when", "@timestamp", "timeIso8601", "logged")
	f(keyPeer, "upstream", "upstreamAddr", "upstreamaddr", "backend_ip", "peer", "ups_addr", "u_addr", "upstream.address", "up")
	f(keyPeerName, "upstream_host", "backend_server", "upstreamUrl")
	f(keyPeerStatus, "backend_code", "peer_status", "upstream_http_status", "upstream.response.status", "ups_st", "Upstream-Status-Code")
	f(keyConnect, "conn_t", "connect_time", "upstream.connect", "peer_connect_took", "upConnTime")
	f(keyHeader, "upstream_header", "header_time", "backend_first_byte_s", "ttfb_seconds")
	f(keyResponse, "peer_t", "backend_took", "upstream_taken_time", "ups_tm", "upstream_latency", "upstream.response.seconds", "upstreamResponseTime")
	f(keyDuration, "duration_s", "request_time", "took", "elapsed_sec", "requestTime")
	f(keyAnyResponse, "response_time", "responseTime", "resp_time_s")
	f(keyStatus, "http_code", "response_code", "res_status", "statusCode")
	f(keyMethod, "http_verb", "req_method", "requestMethod")
	f(keyIgnored, "req_bytes", "upstream_uri", "upstream_bytes", "upstream_response_length")
	f(keyNone, "", "x", "_", "uptime", "backends", "upstream_id", "pid_s", strings.Repeat("a", 100), "updated_at_x", "backend_")
}

// A user name is the one unquoted text of combined that a client chooses.
func TestNginxAccessHostileUser(t *testing.T) {
	for _, user := range []string{
		`x [22/Nov/2020:00:00:00 +0000] y`, `[22/Nov/2020:00:00:00 +0000]`, `10.9.9.9 - -`, `a b c`, `200 0`, `-`,
	} {
		got, _ := parseAccess(t, nginxAccess, `1.2.3.4 - `+user+` [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 401 0 "-" "-"`)
		if want := `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/ status=401 bytes=0`; got != want {
			t.Errorf("user %q: got %s", user, got)
		}
	}
}

// An access log cut anywhere (disk full, rotation) must not make up a field.
func TestNginxAccessCut(t *testing.T) {
	line := `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" rt=0.003 uct="0.001" uht="-" urt="0.003" ua="10.0.0.1:80" us="502"`
	for n := range line {
		got, r := parseAccess(t, nginxAccess, line[:n])
		if got != "" && (r.Access.Status != 502 || string(r.Access.Request) != "GET /x HTTP/1.1" || r.Access.Tries > 1) {
			t.Errorf("cut at %d: %s", n, got)
		}
	}
}

func TestUnescaped(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := unescaped(&parser.Env{}, []byte(in)); string(got) != want {
			t.Errorf("unescaped(%q) = %q, want %q", in, got, want)
		}
	}
	f(`plain`, `plain`)
	f(`\x22\x5C\xD0\xB0`, "\"\\\u0430")
	f(`a\"b\\c\/d\ne\u0001\u00e9`, "a\"b\\c/d\ne\x01\u00e9")
	f(`\ud83d\ude00`, "\U0001F600")
	f(`\ud83d`, "\uFFFD")
	f(`\xZZ\q\`, `\xZZ\q\`)
	f(`\u12`, `\u12`)
}

func TestSplitRequest(t *testing.T) {
	f := func(request, method, target string) {
		t.Helper()
		var a parser.Access
		setRequest(&a, []byte(request))
		if string(a.Method) != method || string(a.Target) != target {
			t.Errorf("%q: method %q target %q", request, a.Method, a.Target)
		}
	}
	f("GET / HTTP/1.1", "GET", "/")
	f("GET /a b HTTP/1.1", "GET", "/a b")
	f("GET /", "GET", "/")
	f("PROPFIND http://h/x?y HTTP/2.0", "PROPFIND", "http://h/x?y")
	f("\x16\x03\x01", "", "")
	f("\x16\x03 \x01", "", "")
	f("-", "", "")
	f("", "", "")
	f("get / HTTP/1.1", "", "")
	f("quit", "", "")
}

func TestNginxAccessDoesNotAllocate(t *testing.T) {
	env := parser.Env{Buf: make([]byte, 0, 4096)}
	var r parser.Record
	for _, c := range benchLines {
		line := []byte(c.line)
		if n := testing.AllocsPerRun(20, func() {
			r.Reset()
			env.Buf = env.Buf[:0]
			parseNginxAccess(line, &env, &r)
		}); n != 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

// A few patterns of a quarter of a megabyte each: time must grow with length only.
func TestNginxAccessIsLinear(t *testing.T) {
	head := `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "-" "-" `
	for _, unit := range []string{"[", "]", `"`, `\"`, " : ", ", ", "-, ", "a=", "A ", "0.001, ", "1.1.1.1:1, ", `a="`, "[] ", "\t", "us: "} {
		for _, prefix := range []string{"", head, `{"a":"`, `{"a":`} {
			parseAccess(t, nginxAccess, prefix+strings.Repeat(unit, 1<<18/len(unit)))
		}
	}
}

func FuzzNginxAccess(f *testing.F) {
	for _, s := range fixtures.Samples(nginxAccess.Name) {
		f.Add([]byte(s.Line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := bytes.Clone(line)
		var r parser.Record
		r.Reset()
		ok := parseNginxAccess(line, &parser.Env{}, &r)
		if !bytes.Equal(before, line) {
			t.Fatal("the line was changed")
		}
		if !ok {
			return
		}
		a := &r.Access
		if a.Tries > parser.MaxAttempts || r.Kind != parser.KindAccess || !r.Stamp.Known() || r.Stamp.Precision < 1 {
			t.Fatalf("record %s", fixtures.Render(&r))
		}
		InferSymptom(a)
		UpstreamMade(a)
	})
}
