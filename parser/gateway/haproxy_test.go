package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// detectedFormat returns the name of the format that detection would choose.
func detectedFormat(line string) string {
	for _, f := range Formats() {
		var r parser.Record
		r.Reset()
		if f.Parse([]byte(line), &parser.Env{Year: 2026}, &r) {
			return f.Name
		}
	}
	return ""
}

func TestHAProxyAndApacheSamplesAreTheirOwn(t *testing.T) {
	for _, f := range []*parser.Format{haproxyAccess, haproxyEvent, modJK, apacheError, apacheAccess} {
		for _, s := range fixtures.Samples(f.Name) {
			if got := detectedFormat(s.Line); got != f.Name {
				t.Errorf("%s is taken by %q: %s", f.Name, got, s.Line)
			}
		}
	}
}

// Other gateways' lines must not be taken, whatever the order of formats.
func TestHAProxyAndApacheLeaveOthersAlone(t *testing.T) {
	mine := []*parser.Format{haproxyAccess, haproxyEvent, modJK, apacheError, apacheAccess}
	for _, f := range Formats() {
		if slices.Contains(mine, f) {
			continue
		}
		for _, s := range fixtures.Samples(f.Name) {
			for _, m := range mine {
				var r parser.Record
				r.Reset()
				if m.Parse([]byte(s.Line), &parser.Env{}, &r) {
					t.Errorf("%s takes a sample of %s: %s", m.Name, f.Name, s.Line)
				}
			}
		}
	}
}

func TestHAProxyRejects(t *testing.T) {
	for _, line := range []string{
		"",
		"10.0.0.1:51234",
		`10.0.0.1 - - [22/Nov/2026:15:15:44 +0000] "GET / HTTP/1.1" 503 217 "-" "curl/8"`,
		`10.0.0.1:51234 [22/Nov/2026:15:15:44.163] web app 0/0/0/3/5 200 1 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,    // no server
		`10.0.0.1:51234 [22/Nov/2026:15:15:44.163] web app/s1 0/0/0/3 200 1 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,   // four timers
		`10.0.0.1:51234 [22/Nov/2026:15:15:44.163] web app/s1 0/0/0/3/5 200 1 - - XX-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`, // no such state
		`10.0.0.1:51234 [22/Nov/2026 15:15] web app/s1 0/0/0/3/5 200 1 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`,        // no stamp
		`{"time":"2026-11-22T15:15:44Z","server":"a","status":502,"request":"GET / HTTP/1.1"}`,                         // no state
		`{"ts":1733400000.12,"level":"error","msg":"x","state":"--","request":{"host":"a"}}`,                           // no backend
		`{"state":"CH","level":"info","msg":"worker"}`,
		"Server started on port 8080",
		"Server is UP and running",
		"Server foo is UP",
		"Proxy web started.",
		"backend connection established",
		"Health check for server main failed: timeout",
		"[WARNING] something else",
		"[INFO] (3) : x",
		"[ERROR] 2026-11-22 15:15:44 (8) : x",
		"[2026-11-22 15:15:44] [1] [INFO] Listening",
	} {
		for _, f := range []*parser.Format{haproxyAccess, haproxyEvent} {
			var r parser.Record
			r.Reset()
			if f.Parse([]byte(line), &parser.Env{}, &r) {
				t.Errorf("%s took %q as %s", f.Name, line, fixtures.Render(&r))
			}
		}
	}
}

func parseHAProxy(t *testing.T, line string) *parser.Record {
	t.Helper()
	var r parser.Record
	r.Reset()
	if !parseHAProxyAccess([]byte(line), &parser.Env{}, &r) {
		t.Fatalf("not of the format: %q", line)
	}
	return &r
}

func TestHAProxyStates(t *testing.T) {
	f := func(server, timers string, status int, state, want string) {
		t.Helper()
		r := parseHAProxy(t, fmt.Sprintf(`10.0.0.1:5 [22/Nov/2026:15:15:44.163] web app/%s %s %d 217 - - %s-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`, server, timers, status, state))
		made := [...]string{"-", "upstream", "gateway"}[r.Access.Made]
		g := &r.Gateway
		if got := strings.TrimSpace(g.Symptom.String() + " " + g.Rank.String() + " " + made); got != want {
			t.Errorf("%s %d %s %s: %s, want %s", state, status, server, timers, got, want)
		}
		if failed := g.Rank >= parser.RankSecondary; failed != (r.Level == parser.LevelError) {
			t.Errorf("%s %d: level %v with rank %v", state, status, r.Level, g.Rank)
		}
	}
	const refused, silent, whole = "0/0/-1/-1/3", "0/0/0/-1/60000", "0/0/0/5/6"
	f("s1", whole, 200, "--", "upstream")
	f("s1", whole, 502, "--", "upstream")
	f("s1", refused, 503, "SC", "conn-refused primary gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 503, "SC", "no-live-peer secondary gateway")
	f("s1", refused, 503, "sC", "connect-timeout primary gateway")
	f("<NOSRV>", "0/5000/-1/-1/5000", 503, "sQ", "queue-full primary gateway")
	f("<NOSRV>", "0/0/-1/-1/0", 503, "SQ", "queue-full primary gateway")
	f("s1", silent, 504, "sH", "read-timeout primary gateway")
	f("s1", silent, 502, "SH", "premature-close primary gateway")
	f("s1", silent, 425, "SH", "other noise gateway")
	f("s1", whole, 200, "SD", "truncated-body primary upstream")
	f("s1", whole, 200, "sD", "read-timeout primary upstream")
	f("s1", whole, 101, "sD", "read-timeout noise upstream")
	f("s1", whole, 101, "cD", "client-abort noise upstream")
	f("s1", whole, 200, "CD", "client-abort noise upstream")
	f("s1", silent, -1, "CH", "client-abort noise -")
	f("s1", refused, 503, "CC", "client-abort noise gateway")
	f("<NOSRV>", "-1/-1/-1/-1/0", 408, "cR", "client-abort noise gateway")
	f("<NOSRV>", "-1/-1/-1/-1/0", 400, "PR", "other noise gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 403, "PR", "refused-on-purpose noise gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 429, "PR", "refused-on-purpose noise gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 503, "PR", "refused-on-purpose noise gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 500, "PR", "other primary gateway")
	f("<NOSRV>", "0/10000/-1/-1/10000", 500, "PT", "refused-on-purpose noise gateway")
	f("s1", whole, 502, "PH", "invalid-header primary gateway")
	f("s1", whole, 403, "PH", "refused-on-purpose noise gateway")
	f("s1", whole, 200, "PD", "protocol-error primary upstream")
	f("s1", "0/0/0/-1/6", 400, "PD", "other noise upstream")
	f("s1", refused, 503, "RC", "no-ports primary gateway")
	f("s1", refused, 503, "PC", "no-connections primary gateway")
	f("s1", refused, 500, "IC", "other primary gateway")
	f("s1", silent, 503, "DH", "peer-down secondary gateway")
	f("s1", silent, 503, "KH", "other primary gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 200, "LR", "gateway")
	f("<NOSRV>", "0/-1/-1/-1/0", 503, "LR", "refused-on-purpose noise gateway")
}

// A client chooses request line, and with captures its headers; HAProxy escapes quotes,
// braces and bars in them.
func TestHAProxyForgedRequest(t *testing.T) {
	for _, request := range []string{
		`GET /x web evil/s1 0/0/-1/-1/1 503 1 - - SC-- 1/1/0/0/0 0/0 HTTP/1.1`,
		`GET /#22 503 0 - - SC-- HTTP/1.1`,
		`GET /[22/Nov/2026:15:15:44.163] HTTP/1.1`,
	} {
		r := parseHAProxy(t, `10.0.0.1:5 [22/Nov/2026:15:15:44.163] web app/s1 0/0/0/5/6 200 1 - - ---- 1/1/0/0/0 0/0 {a SC-- 503 b|#22GET / HTTP/1.1#22} "`+request+`"`)
		if string(r.Access.Request) != request || r.Access.Status != 200 || r.Gateway.Symptom != parser.SymptomNone || string(r.Access.Attempts[0].Addr) != "app/s1" {
			t.Errorf("%s: %s", request, fixtures.Render(r))
		}
	}
}

func TestHAProxyCutRequest(t *testing.T) {
	r := parseHAProxy(t, `10.0.0.1:5 [22/Nov/2026:15:15:44.163] web app/s1 0/0/0/-1/6 502 1 - - SH-- 1/1/0/0/0 0/0 "GET /a/very/long/pa`)
	if string(r.Gateway.Request) != "GET /a/very/long/pa" || r.Gateway.Symptom != parser.SymptomPrematureClose {
		t.Errorf("%s", fixtures.Render(r))
	}
}

func TestHAProxyDownNamesItsCause(t *testing.T) {
	f := func(line, key, want string) {
		t.Helper()
		var r parser.Record
		r.Reset()
		if !parseHAProxyEvent([]byte(line), &parser.Env{}, &r) {
			t.Fatalf("not of the format: %q", line)
		}
		if got := strings.Join(r.Gateway.Causes, ","); got != want || r.Gateway.MessageKey != key {
			t.Errorf("%s: causes %s key %s", line, got, r.Gateway.MessageKey)
		}
	}
	const tail = ", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."
	f(`Server app/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused"`+tail, "haproxy.server-down", "not-listening")
	f(`Server app/s1 is DOWN, reason: Layer4 connection problem, info: "No route to host"`+tail, "haproxy.server-down", "network-unreachable")
	f(`Server app/s1 is DOWN, reason: Layer4 connection problem, info: "General socket error (No route to host)"`+tail, "haproxy.server-down", "network-unreachable")
	f(`Server app/s1 is DOWN, reason: Layer4 timeout`+tail, "haproxy.server-down", "network-unreachable,upstream-saturated")
	f(`Server app/s1 is DOWN, reason: Layer7 wrong status, code: 503, info: "Service Unavailable"`+tail, "haproxy.server-down", "dependency-failure,gateway-config")
	f(`Server app/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure"`+tail, "haproxy.server-down", "tls-failure,protocol-mismatch")
	f(`Server app/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure (error:0A00010B:SSL routines::wrong version number)"`+tail, "haproxy.server-down", "protocol-mismatch,tls-failure")
	f(`Server app/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure (error:0A000086:SSL routines::certificate verify failed)"`+tail, "haproxy.server-down", "tls-failure")
	f(`Server app/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure (error:0A000126:SSL routines::unexpected eof while reading)"`+tail, "haproxy.server-down", "tls-failure,protocol-mismatch")
	f(`Server app/s1 is DOWN, reason: Layer6 invalid response, info: "SSL handshake failure"`+tail, "haproxy.server-down", "tls-failure,protocol-mismatch") // as 2.7 and older: it may be either
	f(`Server queue/q1 is DOWN, reason: Layer4 connection problem, info: "Connection refused at initial connection step of tcp-check"`+tail, "haproxy.server-down", "not-listening")
	f(`Server queue/q1 is DOWN, reason: Layer4 connection problem, info: "No route to host at step 1 of tcp-check (connect port 6379)"`+tail, "haproxy.server-down", "network-unreachable")
	f(`[ALERT]    (1) : Binding [/etc/haproxy/haproxy.cfg:27] for frontend www: cannot bind socket (Address already in use) for [0.0.0.0:443]`, "haproxy.process-binding-cannot-bind", "gateway-config")
	f(`[ALERT] 321/101530 (4021) : Starting frontend www: cannot bind socket [0.0.0.0:80]`, "haproxy.process-starting-cannot-bind", "gateway-config")
	f(`[ALERT]    (4021) : [haproxy.main()] Some protocols failed to start their listeners! Exiting.`, "haproxy.process-some-protocols-failed", "gateway-config")
	f(`[ALERT]    (18107) : config : Fatal errors found in configuration.`, "haproxy.process-fatal-errors-found-in-configuration", "gateway-config")
	f(`[ALERT]    (1) : config : [/etc/haproxy/haproxy.cfg:12] : unable to find required default_backend: 'nope'.`, "haproxy.config-error", "gateway-config")
	f(`[ALERT]    (1) : config : parsing [/etc/haproxy/haproxy.cfg:12] : unknown keyword 'sevrer' in 'backend' section`, "haproxy.config-error-parsing", "gateway-config")
	f(`[ALERT]    (18107) : config : Parsing [/etc/haproxy/haproxy.cfg:16]: failed to parse log-format : unknown converter 'quote'.`, "haproxy.config-error-parsing-2", "gateway-config")
	f(`[ALERT] 321/101530 (4021) : Error(s) found in configuration file : /etc/haproxy/haproxy.cfg`, "haproxy.config-errors", "gateway-config")
	f(`[WARNING]  (1) : config : [/etc/haproxy/haproxy.cfg:12] : 'option httplog' not usable with frontend 'x' (needs 'mode http').`, "haproxy.life-config", "")
	f(`[WARNING] 321/101530 (4021) : [/etc/haproxy/haproxy.cfg:12] : 'option httplog' not usable with frontend 'x' (needs 'mode http').`, "", "")
	f(`Server app/s1 is DOWN, changed from CLI. 0 active`, "haproxy.server-down-cli", "restart")
	f(`Server app/s1 is going DOWN for maintenance (No IP for server ). 0 active`, "haproxy.server-maintenance", "dns-failure")
	f(`Server app/s1 is going DOWN for maintenance (DNS NX status). 0 active`, "haproxy.server-maintenance", "dns-failure")
}

// With the tag of syslog every line is HAProxy's; without it only what proves itself.
func TestHAProxyProgramProves(t *testing.T) {
	var r parser.Record
	r.Reset()
	r.Program = []byte("haproxy")
	if !parseHAProxyEvent([]byte("Proxy web started."), &parser.Env{}, &r) || r.Gateway.Rank != parser.RankNoise {
		t.Errorf("tagged line: %s", fixtures.Render(&r))
	}
}

func TestHAProxyDayOfYear(t *testing.T) {
	for _, c := range []struct {
		stamp, want string
		year        int
	}{
		{"000/000000", "01-01T00:00:00", 2026}, {"058/235959", "02-28T23:59:59", 2026}, {"059/000001", "03-01T00:00:01", 2026},
		{"059/000001", "02-29T00:00:01", 2024}, {"364/120000", "12-31T12:00:00", 2026}, {"365/120000", "12-31T12:00:00", 2024},
	} {
		var r parser.Record
		r.Reset()
		line := "[NOTICE] " + c.stamp + " (1) : New worker #1 (8) forked"
		if !parseHAProxyEvent([]byte(line), &parser.Env{Year: c.year}, &r) || !strings.Contains(fixtures.Render(&r), "time="+c.want+" ") {
			t.Errorf("%s in %d: %s", c.stamp, c.year, fixtures.Render(&r))
		}
	}
	var r parser.Record
	if parseHAProxyEvent([]byte("[NOTICE] 365/120000 (1) : x"), &parser.Env{Year: 2026}, &r) {
		t.Error("2026 has no day 365 from 0")
	}
}

func fuzzProxyFormat(f *testing.F, format *parser.Format) {
	for _, s := range fixtures.Samples(format.Name) {
		f.Add([]byte(s.Line))
	}
	env := parser.Env{Year: 2026}
	f.Fuzz(func(t *testing.T, line []byte) {
		var r parser.Record
		r.Reset()
		env.Buf = env.Buf[:0]
		if !format.Parse(line, &env, &r) {
			return
		}
		if r.Kind == parser.KindGateway && r.Gateway.Rank == parser.RankNone {
			t.Errorf("no rank: %q", line)
		}
		if r.Access.Tries > 0 && r.Access.Attempts[0].Addr == nil {
			t.Errorf("attempt without address: %q", line)
		}
		fixtures.Render(&r)
	})
}

func FuzzHAProxyAccess(f *testing.F) { fuzzProxyFormat(f, haproxyAccess) }
func FuzzHAProxyEvent(f *testing.F)  { fuzzProxyFormat(f, haproxyEvent) }

func benchmarkProxyFormat(b *testing.B, format *parser.Format, line string) {
	b.Helper()
	text, env := []byte(line), parser.Env{Buf: make([]byte, 0, 4096)}
	var r parser.Record
	format.Parse(text, &env, &r) // loads the vocabulary
	b.SetBytes(int64(len(text)) + 1)
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		env.Buf = env.Buf[:0]
		format.Parse(text, &env, &r)
	}
}

// The figures stand at haproxyAccess.
func BenchmarkHAProxyAccess(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"healthy", `198.51.100.201:38737 [22/Nov/2026:15:15:32.121] web app/catalog1 0/0/0/18/18 200 313 - - ---- 1/1/0/0/0 0/0 "GET /v2/accounts/530 HTTP/1.1"`},
		{"refused", `198.51.100.201:41907 [22/Nov/2026:15:15:44.163] web app/catalog1 0/0/-1/-1/1001 503 217 - - SC-- 12/12/11/0/1 0/0 "GET /v2/accounts/590/balance HTTP/1.1"`},
		{"clf", `198.51.100.2 - - [22/Nov/2026:15:15:44 +0000] "GET /x HTTP/1.1" 503 217 "" "" 41907 163 "web" "app" "catalog1" 0 0 -1 -1 1001 "SC--" 12 12 11 0 1 0 0 "" "" "" ""`},
		{"json", `{"client_ip":"10.0.0.1","time":"2026-11-22T15:15:44.163Z","frontend_name":"web","backend_name":"app","server_name":"s1","Tc":"-1","Tr":-1,"Ta":1001,"status_code":503,"termination_state":"SC--","http_method":"GET","http_uri":"/x","bytes_read":217}`},
		{"foreign", `INFO 2026-11-22 15:12:32,123 worker started with 4 threads, pool=default queue=12 "ready to serve" [main]`},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkProxyFormat(b, haproxyAccess, c.line) })
	}
}

func BenchmarkHAProxyEvent(b *testing.B) {
	b.Run("down", func(b *testing.B) {
		benchmarkProxyFormat(b, haproxyEvent, `Server app/catalog1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.`)
	})
	b.Run("foreign", func(b *testing.B) {
		benchmarkProxyFormat(b, haproxyEvent, `INFO 2026-11-22 15:12:32,123 worker started with 4 threads, pool=default queue=12 "ready to serve" [main]`)
	})
}

func TestHAProxyAndApacheDoNotAllocate(t *testing.T) {
	env := parser.Env{Buf: make([]byte, 0, 4096), Year: 2026}
	var r parser.Record
	for _, f := range []*parser.Format{haproxyAccess, haproxyEvent, modJK, apacheError, apacheAccess} {
		for _, s := range fixtures.Samples(f.Name) {
			line := []byte(s.Line)
			if n := testing.AllocsPerRun(20, func() {
				r.Reset()
				env.Buf = env.Buf[:0]
				f.Parse(line, &env, &r)
			}); n > 0 && r.Gateway.Quoted == nil { // saysFatal converts one long word
				t.Errorf("%s: %v allocations: %s", f.Name, n, s.Line)
			}
		}
	}
}

// A log-format of one's own has HAProxy's fields in any order; what a client chose (user
// agent, captured headers, request) is taken for none of them.
func TestHAProxyOwnFormats(t *testing.T) {
	for _, line := range []string{
		`SC-- 1/1/0/0/3 0/0/-1/-1/1001 app/s1 503 217 10.0.0.1:41907 [22/Nov/2026:15:15:44.163] "GET / HTTP/1.1"`,
		`[22/Nov/2026:15:15:44.163] 10.0.0.1:41907 web app/s1 503 217 0/0/-1/-1/1001 {curl/8.5.0|sH-- x/y} SC-- 12/12/11/0/1 0/0 "GET / HTTP/1.1"`,
		`[22/Nov/2026:15:15:44.163] "evil/s6" "sH--" curl/8.5.0 10.0.0.1:41907 app/s1 0/0/-1/-1/1001 SC-- 503 217 "GET / HTTP/1.1"`,
		`time=22/Nov/2026:15:15:44.163 client=10.0.0.1:41907 be=app srv=s1 tt=0/0/-1/-1/1001 status=503 bytes=217 end=SC-- req="x" request="GET / HTTP/1.1"`,
		`{"at":"x","timestamp":"22/Nov/2026:15:15:44.163","client":"10.0.0.1:41907","backend":"app","server":"s1","conns":"12/12/11/0/1","timing":"0/0/-1/-1/1001","status":503,"bytes":217,"flags":"SC--","request":"GET / HTTP/1.1"}`,
		`{"timestamp":"22/Nov/2026:15:15:44.163","client":"10.0.0.1","server":"app/s1","t":"0/0/-1/-1/1001","status":"503","bytes":"217","flags":"SC--","request":"GET / HTTP/1.1"}`,
	} {
		var r parser.Record
		r.Reset()
		if !parseHAProxyAccess([]byte(line), &parser.Env{}, &r) {
			t.Errorf("not read: %s", line)
			continue
		}
		a, g := &r.Access, &r.Gateway
		if !r.Stamp.Known() || string(a.Client) != "10.0.0.1" || a.Status != 503 || a.Bytes != 217 || a.Duration != 1001*parser.Millisecond || string(a.Target) != "/" ||
			g.Symptom != parser.SymptomConnRefused || string(g.Upstream) != "app/s1" || string(a.Pool) != "app" {
			t.Errorf("%s\n%s", line, fixtures.Render(&r))
		}
	}
	for _, line := range []string{
		`{"time":"2026-11-22T15:15:44Z","level":"info","server":"web-1","msg":"----"}`,
		`{"time":"2026-11-22T15:15:44Z","server":"web-1","msg":"SC--","path":"/a/1/b/2/c"}`,
		`2026-11-22 15:15:44 [app/worker] took 1/2/3/4/5 ---- done`,
		`[22/Nov/2026:15:15:44.163] app/s1 progress 1/2/3 state CD`,
		`level=info msg="copied 3/5" server=a/b state=CD ratio=0/0/0/0/0`,
	} {
		var r parser.Record
		r.Reset()
		if parseHAProxyAccess([]byte(line), &parser.Env{}, &r) {
			t.Errorf("taken: %s\n%s", line, fixtures.Render(&r))
		}
	}
}
