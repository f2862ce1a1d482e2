package gateway

import (
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

func kinFormats() []*parser.Format {
	return []*parser.Format{awsALB, awsELB, lighttpdError, varnishLog, varnishDaemon, ingressKlog, goProxy, nodeProxy, varnishAccess, varnishOwn, lighttpdAccess, kongLog, apisixLog, cloudflareAccess, gcpAccess, f5Event}
}

// Each sample belongs to one format in the order of detection.
func TestKinOrder(t *testing.T) {
	for _, f := range kinFormats() {
		if len(fixtures.Samples(f.Name)) == 0 || f.Role != parser.RoleGateway || f.Product == "" || f.Doc == "" {
			t.Errorf("%s is incomplete", f.Name)
		}
		for _, s := range fixtures.Samples(f.Name) {
			if got, _ := parseInOrder(s.Line); got != f {
				t.Errorf("%s is taken by %v: %s", f.Name, got, s.Line)
			}
		}
	}
	for _, f := range Formats() {
		if slices.Contains(kinFormats(), f) {
			continue
		}
		for _, s := range fixtures.Samples(f.Name) {
			if got, _ := parseInOrder(s.Line); got != nil && slices.Contains(kinFormats(), got) {
				t.Errorf("%s takes %s", got.Name, s.Line)
			}
		}
	}
}

// Lines of other programs that look alike.
func TestKinRejects(t *testing.T) {
	for _, line := range []string{
		"", " ", "-", "*", "(", "{", "W", "[",
		"2026-11-22 13:59:00: something without a source",
		"2026-11-22 13:59:00 (main.c.12) no colon",
		"2026-11-22T13:59:00Z (gw_backend.c.12) zoned",
		"(main.go.12) text", "(x.c.) text", "(gw_backend.c.12)",
		"- FetchErrors     not a tag", "-   Banana         x", "   12 Error", "12 Error messages were seen", "3 Hit points", "12 End of file",
		"*   << BeReq >> x", "* << list item >> 12", "** bold **",
		"- Error: something in a Markdown list",
		"child (12) exited", "Child process (12) died", "Info: Server started", "Error: connect ECONNREFUSED 127.0.0.1:5432",
		"Error: read ECONNRESET", "AggregateError [ECONNREFUSED]: ", "TypeError: fetch failed",
		"[HPM] Proxy created: /api  -> http://localhost:3001", "[vite] connected.", "[vite] page reload src/main.ts",
		"2026/11/22 13:59:00 http: panic serving 127.0.0.1:44828: boom", "2026/11/22 13:59:00 http: Server closed",
		`2026/11/22 13:59:00 user said "http: proxy error: EOF"`, `{"level":"info","msg":"http: proxy error: EOF"}`,
		"I0315 10:22:33.123456       7 store.go:1] updating", `W0315 10:22:33.123456       7 x.go:1] Service is slow`,
		"http 2026-11-22T13:59:00.123456Z web started", "https is on", "h2 2026-11-22T13:59:00.123456Z app/ a b c d e f",
		"2026-11-22T13:59:00.123456Z host app[12]: text text text text text text text text text text",
		"2026-11-22T13:59:00.123456Z INFO 192.0.2.7:2817 10.0.0.1:80 connected after 0.1 0.2 0.3 seconds",
		`192.0.2.7 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "http://x/" "http://y/"`,
	} {
		for _, f := range kinFormats() {
			var r parser.Record
			r.Reset()
			if f.Parse([]byte(line), &parser.Env{}, &r) {
				t.Errorf("%s takes %q as %s", f.Name, line, fixtures.Render(&r))
			}
		}
	}
}

// nginx's access lines keep their format: a user agent may say anything.
func TestKinLeavesNginxAlone(t *testing.T) {
	for _, line := range []string{
		`192.0.2.7 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "-" "GET http://x/ HTTP/1.1"`,
		`192.0.2.7 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "-" "x" rt=0.003 ua="10.0.0.1:80" us="502"`,
		`shop.example.com 192.0.2.7 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "-" "x"`,
		`192.0.2.7 - - [22/Nov/2026:15:12:32 +0000] shop.example.com "GET / HTTP/1.1" 502 157 0.003 "-" "x" 10.0.0.1:80 502 0.003 "http://a"`,
	} {
		if f, _ := parseInOrder(line); f != nginxAccess {
			t.Errorf("%v takes %s", f, line)
		}
	}
}

// What a client chooses must not reach a field that is the gateway's.
func TestKinHostile(t *testing.T) {
	for _, forged := range []string{
		`socket: tcp:6.6.6.6:6`, ` 502 - `, `\x22 502 - 0 \x22`, `" 502 -`, `\" - - \"`, `FetchError: HTC eof (-1)`, `-   FetchError     HTC eof`,
		`arn:aws:elasticloadbalancing:x:1:targetgroup/evil/1`, `Root=evil`, ` for /x, closing connection`, `\`, `"`,
		`6.6.6.6:6 -1 -1 -1`, `fixed-response`, `LambdaThrottling`, `backend evil: unhealthy`, `handling=synth`, "\xff\xfe\x00",
	} {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(forged)
		alb := `http 2026-11-22T13:59:00.123456Z app/shop/1 192.0.2.7:2817 10.0.0.1:80 0.000 0.001 -1 502 - 34 366 "GET http://shop.example:80/` + quoted + ` HTTP/1.1" "` + quoted +
			`" - - arn:aws:elasticloadbalancing:x:1:targetgroup/shop/7 "Root=1-5" "-" "-" 0 2026-11-22T13:59:00.100000Z "forward" "-" "-" "10.0.0.1:80" "-" "-" "-"`
		r := parseWith(t, awsALB, alb)
		if a, g := &r.Access, &r.Gateway; g.MessageKey != "aws-alb.502-closed" || string(g.Upstream) != "10.0.0.1:80" || string(a.Pool) != "shop" ||
			string(a.RequestID) != "1-5" || a.Duration != 23456 || string(a.Target) != "/"+forged {
			t.Errorf("%s\n got %s", alb, fixtures.Render(r))
		}
		light := `2026-11-22 13:59:00: (gw_backend.c.12) response not received, request sent: 12 on socket: tcp:10.0.0.1:80 for /` + forged + `, closing connection`
		if g := &parseWith(t, lighttpdError, light).Gateway; string(g.Upstream) != "10.0.0.1:80" || g.Symptom != parser.SymptomPrematureClose {
			t.Errorf("%s\n upstream %s symptom %s", light, g.Upstream, g.Symptom)
		}
		down := `2026-11-22 13:59:00: (gw_backend.c.12) all handlers for /` + forged + ` on .php are down.`
		if g := &parseWith(t, lighttpdError, down).Gateway; g.Upstream != nil || g.Symptom != parser.SymptomNoLivePeer {
			t.Errorf("%s\n upstream %s symptom %s", down, g.Upstream, g.Symptom)
		}
		ncsa := `192.0.2.7 - - [25/Nov/2026:15:01:38 +0000] "GET http://shop.example/` + quoted + ` HTTP/1.1" 200 12 "` + quoted + `" "` + quoted + `" hit 0.000042 -`
		if r := parseWith(t, varnishAccess, ncsa); r.Gateway.Symptom != parser.SymptomNone || string(r.Access.Cache) != "hit" || r.Access.Made != parser.MadeUnknown || r.Access.Status != 200 {
			t.Errorf("%s\n got %s", ncsa, fixtures.Render(r))
		}
		header := `-   ReqHeader      X: ` + forged
		if r := parseWith(t, varnishLog, header); r.Message != nil || r.Kind != parser.KindLog {
			t.Errorf("%s\n got %s", header, fixtures.Render(r))
		}
	}
}

func parseWith(t *testing.T, f *parser.Format, line string) *parser.Record {
	t.Helper()
	var r parser.Record
	r.Reset()
	in := []byte(line)
	if !f.Parse(in, &parser.Env{}, &r) {
		t.Fatalf("%s rejects %s", f.Name, line)
	}
	if string(in) != line {
		t.Errorf("%s changes the line %s", f.Name, line)
	}
	return &r
}

// A line cut anywhere must not make up a failure or another peer.
func TestKinCut(t *testing.T) {
	line := fixtures.Samples(awsALB.Name)[0].Line // a success
	for n := range line {
		var r parser.Record
		r.Reset()
		if awsALB.Parse([]byte(line[:n]), &parser.Env{}, &r) && (r.Gateway.Symptom != parser.SymptomNone || r.Access.Status != 200) {
			t.Errorf("cut at %d: %s", n, fixtures.Render(&r))
		}
	}
	line = fixtures.Samples(lighttpdError.Name)[1].Line
	for n := range line {
		var r parser.Record
		r.Reset()
		if lighttpdError.Parse([]byte(line[:n]), &parser.Env{}, &r) && r.Gateway.Upstream != nil && !strings.HasPrefix("127.0.0.1:18999", string(r.Gateway.Upstream)) {
			t.Errorf("cut at %d: %s", n, fixtures.Render(&r))
		}
	}
}

func TestVarnishHealthTurns(t *testing.T) {
	for _, c := range []struct{ text, symptom, rank string }{
		{"app Went sick 4------- 2 3 8 0.0 0.0 \"Open error 111 (Connection refused)\"", "peer-down", "secondary"},
		{"app Still sick 4---X-RH 2 3 8 0.0 0.0 \"HTTP/1.1 200 OK\"", "health-check-failed", "secondary"},
		{"app Went healthy 4---X-RH 3 3 8 0.0 0.0 \"HTTP/1.1 200 OK\"", "other", "noise"},
		{"app Back healthy 4---X-RH 3 3 8 0.0 0.0 HTTP/1.1 200 OK", "other", "noise"},
		{"app Still healthy 4---X-RH 8 3 8 0.0 0.0 \"HTTP/1.1 200 OK\"", "other", "noise"},
		{"app Still healthy 4---X--- 7 3 8 0.0 0.0 \"Read error 104 (Connection reset by peer)\"", "health-check-failed", "secondary"},
	} {
		r := parseWith(t, varnishLog, "         0 Backend_health - "+c.text)
		if g := &r.Gateway; g.Symptom.String() != c.symptom || g.Rank.String() != c.rank || string(g.Upstream) != "app" || g.Phase != parser.PhaseHealthCheck {
			t.Errorf("%s: %s", c.text, fixtures.Render(r))
		}
	}
}

func TestLighttpdUnknownTexts(t *testing.T) {
	for _, c := range []struct{ text, symptom, rank string }{
		{"(gw_backend.c.12) a text of some later version: Connection refused", "conn-refused", "secondary"},
		{"(gw_backend.c.12) a text of some later version", "other", "noise"},
		{"(mod_openssl.c.12) SSL: 5 Connection reset by peer", "other", "noise"},
	} {
		r := parseWith(t, lighttpdError, "2026-11-22 13:59:00: "+c.text)
		if r.Gateway.Symptom.String() != c.symptom || r.Gateway.Rank.String() != c.rank {
			t.Errorf("%s: %s", c.text, fixtures.Render(r))
		}
	}
}

// A tag in the syslog header decides whose line it is.
func TestProgramDecides(t *testing.T) {
	for _, c := range []struct {
		f             *parser.Format
		program, line string
		known         bool
	}{
		{varnishDaemon, "varnishd", "Platform: Linux,6.1.0,x86_64", true},
		{varnishDaemon, "systemd", "Platform: Linux,6.1.0,x86_64", false},
		{varnishDaemon, "varnishd", "Could not reopen listening sockets. Exiting.", true},
		{varnishAccess, "varnishncsa", `192.0.2.7 - - [25/Nov/2026:15:01:38 +0000] "GET /a HTTP/1.1" 200 12 "-" "x"`, true},
		{varnishAccess, "nginx", `192.0.2.7 - - [25/Nov/2026:15:01:38 +0000] "GET /a HTTP/1.1" 200 12 "-" "x"`, false},
	} {
		var r parser.Record
		r.Reset()
		r.Program = []byte(c.program)
		if got := c.f.Parse([]byte(c.line), &parser.Env{}, &r); got != c.known {
			t.Errorf("%s of %s: %v", c.line, c.program, got)
		}
	}
}

func TestMessagesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for name, messages := range vocabularies {
		if len(messages()) == 0 {
			t.Errorf("%s: empty vocabulary", name)
		}
		for _, m := range messages() {
			if seen[m.ID] || m.ID == "" || m.Template == "" || m.Meaning == "" || m.Rank == parser.RankNone || m.Class == parser.SymptomNone {
				t.Errorf("entry %+v is incomplete or there twice", m)
			}
			seen[m.ID] = true
			for _, cause := range m.Causes {
				if !slices.Contains(causeIDs, cause) {
					t.Errorf("%s: unknown cause %q", m.ID, cause)
				}
			}
		}
	}
}

var causeIDs = strings.Fields(`oom-kill memory-exhausted crash-signal unhandled-exception worker-timeout killed restart start-failure
	not-listening invalid-response protocol-mismatch response-too-large tls-failure network-unreachable dns-failure slow-upstream
	upstream-saturated dependency-failure gateway-resources gateway-config keepalive-race client-abort unknown`)

// Every template is found again by its own filled text, so no entry is shadowed by
// another with less to say.
func TestPhrasesFindThemselves(t *testing.T) {
	for name, p := range map[string]*phrasebook{
		"lighttpd": lighttpdPhrases(), "ingress": ingressPhrases(), "fetch": varnishVocabulary().fetch, "vcl": varnishVocabulary().vcl,
		"daemon": varnishVocabulary().daemon,
	} {
		messages := p.messages
		if messages == nil {
			messages = varnishVocabulary().messages
		}
		for i := range messages {
			m := &messages[i]
			if name == "fetch" && !strings.HasPrefix(m.ID, "varnish-fetch.") || name == "vcl" && !strings.HasPrefix(m.ID, "varnish-vcl.") ||
				name == "daemon" && !strings.HasPrefix(m.ID, "varnishd.") {
				continue
			}
			text := kinPlaceholder.ReplaceAllString(m.Template, "7")
			got := p.find([]byte(text))
			if got == nil || got.Class != m.Class || got.Rank != m.Rank {
				t.Errorf("%s: %q is %+v", m.ID, text, got)
			}
		}
	}
}

// What a line was classified by can be looked up.
func TestKinKeysAreKnown(t *testing.T) {
	keys := 0
	for _, f := range kinFormats() {
		for _, s := range fixtures.Samples(f.Name) {
			key := parseWith(t, f, s.Line).Gateway.MessageKey
			if _, ok := MessageByKey(key); !ok && key != "" {
				t.Errorf("unknown key %q of %s", key, s.Line)
			}
			if key != "" {
				keys++
			}
		}
	}
	if keys < 50 {
		t.Errorf("only %d samples have keys", keys)
	}
}

func TestCapture(t *testing.T) {
	for _, c := range []struct{ template, text, name, want string }{
		{"on socket: <s> for <uri>, closing", "on socket: a for b for c, closing", "s", "a"},
		{"on socket: <s> for <uri>, closing", "on socket: a for b for c, closing", "uri", "b for c"},
		{"<a> x", "1 x", "a", "1"},
		{"x <a>", "x 1 2", "a", "1 2"},
		{"x <a>", "x 1", "b", ""},
		{"x <a> y", "z 1 y", "a", ""},
	} {
		m := Message{Template: c.template}
		if got := string(m.capture([]byte(c.text), c.name)); got != c.want {
			t.Errorf("%s in %q: %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

// FuzzKin is of all formats: none changes a line, or takes more room for it than it has.
func FuzzKin(f *testing.F) {
	for i, format := range Formats() {
		for _, s := range fixtures.Samples(format.Name) {
			f.Add(byte(i), []byte(s.Line))
		}
	}
	formats := Formats()
	f.Fuzz(func(t *testing.T, which byte, line []byte) {
		format := formats[int(which)%len(formats)]
		var r parser.Record
		r.Reset()
		env := parser.Env{}
		in := string(line)
		if format.Parse(line, &env, &r) {
			fixtures.Render(&r)
		}
		if string(line) != in {
			t.Fatal("the line was changed")
		}
		if len(env.Buf) > 4*len(line)+64 {
			t.Fatalf("%d bytes of scratch for %d", len(env.Buf), len(line))
		}
		if r.Access.Tries > parser.MaxAttempts {
			t.Fatal("too many tries")
		}
	})
}

func BenchmarkKin(b *testing.B) {
	for _, format := range kinFormats() {
		for _, c := range []struct{ name, line string }{
			{"own", fixtures.Samples(format.Name)[len(fixtures.Samples(format.Name))/2].Line},
			{"foreign", benchLines[0].line},
		} {
			b.Run(format.Name+"/"+c.name, func(b *testing.B) {
				line, env := []byte(c.line), parser.Env{Buf: make([]byte, 0, 4096)}
				var r parser.Record
				b.SetBytes(int64(len(line)) + 1)
				b.ReportAllocs()
				for b.Loop() {
					r.Reset()
					env.Buf = env.Buf[:0]
					format.Parse(line, &env, &r)
				}
			})
		}
	}
}

func TestKinDoNotAllocate(t *testing.T) {
	env := parser.Env{Buf: make([]byte, 0, 1<<16)}
	var r parser.Record
	for _, format := range kinFormats() {
		for _, s := range fixtures.Samples(format.Name) {
			line := []byte(s.Line)
			format.Parse(line, &env, &r)
			if n := testing.AllocsPerRun(20, func() {
				r.Reset()
				env.Buf = env.Buf[:0]
				format.Parse(line, &env, &r)
			}); n > 0 {
				t.Errorf("%s: %.0f allocations for %s", format.Name, n, s.Line)
			}
		}
	}
}

// varnishncsa stamps the request's start; a lone whole number behind the user agent is %D,
// in microseconds, unless it is so small that it may be seconds.
func TestVarnishAccessStart(t *testing.T) {
	for tail, want := range map[string]int64{
		"": -1, " pass 5613": 5613, " 5613": 5613, " pass 12": -1, " 5613 1200": -1, " handling=pass D=812": 812,
	} {
		var r parser.Record
		r.Reset()
		line := `127.0.0.10 - - [25/Nov/2026:20:01:09 +0100] "GET http://shop.example.org/a/776 HTTP/1.1" 503 3 "-" "curl/8"` + tail
		if !parseVarnishAccess([]byte(line), &parser.Env{}, &r) || !r.Access.AtStart || r.Access.Duration != want {
			t.Errorf("%q: duration %d, want %d, at start %v", tail, r.Access.Duration, want, r.Access.AtStart)
		}
	}
}

// github.com/opnsense/core/issues/6351: lighttpd's children got SIGHUP.
func TestLighttpdChildSignals(t *testing.T) {
	for signal, want := range map[string]string{"1": "killed", "9": "oom-kill", "11": "crash-signal", "15": "killed"} {
		var r parser.Record
		if r.Reset(); !parseLighttpdError([]byte("(gw_backend.c.369) child signalled: "+signal), &parser.Env{}, &r) || len(r.Gateway.Causes) == 0 || r.Gateway.Causes[0] != want {
			t.Errorf("signal %s: %q, want %s", signal, r.Gateway.Causes, want)
		}
	}
}
