package gateway

import (
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// f checks what the text of a Go error becomes: class, phase, rank and peer. The
// texts are what Go 1.26's transport prints, wrapped as Caddy and Traefik do.
func TestReadGoError(t *testing.T) {
	f := func(text, class, phase, rank, addr string) {
		t.Helper()
		got := readGoError([]byte(text))
		peer := string(got.addr)
		switch {
		case got.isName:
			peer = "name " + peer
		case got.isUnix && peer != "":
			peer = "unix " + peer
		}
		if got.message == nil || got.class.String() != class || got.phase.String() != phase || got.rank.String() != rank || peer != addr {
			t.Errorf("%s\n got %v %v %v %q (%v)", text, got.class, got.phase, got.rank, peer, got.message)
		}
	}
	const connecting, header, tls = "connecting-to-upstream", "reading-response-header-from-upstream", "ssl-handshaking-to-upstream"
	f("dial tcp 127.0.0.1:4000: connect: connection refused", "conn-refused", connecting, "primary", "127.0.0.1:4000")
	f("dial tcp [2001:db8::1]:80: connect: no route to host", "no-route", connecting, "primary", "[2001:db8::1]:80")
	f("dial tcp4 10.0.0.5:80: connect: connection refused", "conn-refused", connecting, "primary", "")
	f("dial tcp 10.0.0.5:80: i/o timeout", "connect-timeout", connecting, "primary", "10.0.0.5:80")
	f("dial tcp 10.0.0.5:80: connect: protocol wrong type for socket", "other", connecting, "primary", "10.0.0.5:80")
	f("dial tcp 10.0.0.5:80: connect: address family not supported by protocol", "no-route", connecting, "primary", "10.0.0.5:80")
	f("dialing backend: dial unix /run/php-fpm.sock: connect: permission denied", "socket-permission", connecting, "primary", "unix /run/php-fpm.sock")
	f("dial unix /run/a.sock: connect: resource temporarily unavailable", "queue-full", connecting, "primary", "unix /run/a.sock")
	f("dial tcp: lookup app on 127.0.0.11:53: no such host", "resolve-failed", "resolving", "primary", "name app")
	f("dial  failed: Lookup of  failed: lookup : no such host", "resolve-failed", "resolving", "primary", "name ") // github.com/caddyserver/forwardproxy/issues/36
	f("dial app failed: Lookup of app failed: lookup app: no such host", "resolve-failed", "resolving", "primary", "name app")
	f("dial tcp: lookup app: Temporary failure in name resolution", "resolve-failed", "resolving", "primary", "name app")
	f("dial tcp: lookup app on 127.0.0.11:53: read udp 10.0.0.2:40112->127.0.0.11:53: i/o timeout", "resolve-failed", "resolving", "primary", "name app")
	f("EOF", "premature-close", header, "primary", "")
	f("read tcp 127.0.0.1:59054->127.0.0.1:4000: read: connection reset by peer", "conn-reset", header, "primary", "127.0.0.1:4000")
	f("read tcp 10.0.0.2:443->203.0.113.9:51234: read: connection reset by peer", "client-abort", "other", "noise", "")
	f("read unix @->/run/a.sock: read: connection reset by peer", "conn-reset", header, "primary", "unix /run/a.sock")
	f("write tcp 127.0.0.1:59054->127.0.0.1:4000: write: broken pipe", "conn-reset", "sending-request-to-upstream", "primary", "127.0.0.1:4000")
	f("readfrom tcp 127.0.0.1:59054->127.0.0.1:4000: write tcp 127.0.0.1:59054->127.0.0.1:4000: write: connection reset by peer", "conn-reset", "sending-request-to-upstream", "primary", "127.0.0.1:4000")
	f("readfrom tcp 127.0.0.1:59054->127.0.0.1:4000: unexpected EOF", "client-abort", "sending-request-to-upstream", "noise", "127.0.0.1:4000")
	f(`Get "http://10.0.0.5:80/x: EOF": dial tcp 10.0.0.5:80: connect: connection refused`, "conn-refused", connecting, "primary", "10.0.0.5:80")
	f("fail to connect to 10.0.0.5:80 within 5s: dial tcp 10.0.0.5:80: i/o timeout", "connect-timeout", connecting, "primary", "10.0.0.5:80")
	f("HTTP request failed: context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "read-timeout", header, "primary", "")
	f("net/http: HTTP/1.x transport connection broken: malformed HTTP response \"x: EOF\"", "no-http-header", header, "primary", "")
	f("readLoopPeekFailLocked: <nil>", "no-http-header", header, "primary", "") // Caddy 2.6.2 in front of a port that speaks HTTP/2 only
	f("readLoopPeekFailLocked: %!w(<nil>)", "no-http-header", header, "primary", "")
	f("readLoopPeekFailLocked: read tcp 127.0.0.1:59054->127.0.0.1:4000: read: connection reset by peer", "conn-reset", header, "primary", "127.0.0.1:4000")
	f("net/http: HTTP/1.x transport connection broken: unexpected EOF", "premature-close", header, "primary", "")
	f("tls: failed to verify certificate: x509: certificate is valid for a, b, not c", "tls-verify", tls, "primary", "")
	f("x509: certificate has expired or is not yet valid", "tls-verify", tls, "primary", "")
	f("remote error: tls: handshake failure", "tls-handshake", tls, "primary", "")
	f("context canceled", "client-abort", "other", "noise", "")
	f("dial tcp 10.0.0.5:80: operation was canceled", "client-abort", connecting, "noise", "10.0.0.5:80")
	f("stream error: stream ID 7; REFUSED_STREAM; received from peer", "queue-full", header, "primary", "")
}

func TestReadGoErrorLeavesOthers(t *testing.T) {
	for _, text := range []string{
		"dial app failed: Lookup of app failed",
		"", ":", ": ", "dial", "dial tcp", "dial tcp ", "read tcp a", "something broke", "a: b: c: d",
		`pq: password authentication failed for user "dial tcp 1.2.3.4:5: connect: connection refused"`,
		strings.Repeat("a: ", 100) + "EOF", // more wraps than are taken off
	} {
		if f := readGoError([]byte(text)); f.message != nil {
			t.Errorf("%q is %s", text, f.message.ID)
		}
	}
}

func TestGoSeconds(t *testing.T) {
	f := func(text string, want int64) {
		t.Helper()
		if got := goSeconds([]byte(text)); got != want {
			t.Errorf("%s is %d, want %d", text, got, want)
		}
	}
	f("0.756377692", 756377)
	f("1", 1_000_000)
	f("60.000449115", 60_000_449)
	f("9.9ms", 9900)
	f("449µs", 449)
	f("1m2.5s", 62_500_000)
	f("2h0m1s", 7_201_000_000)
	f("900ns", 0)
	f("0", 0)
	for _, text := range []string{"", "-1", "x", "1x", "1.", "1.2.3", "1e9", "9999999999", "1 s", ".5"} {
		f(text, -1)
	}
}

// goFamily lists the formats that stand on Go's errors and Envoy's.
func goFamily() []*parser.Format {
	return []*parser.Format{envoyAccess, envoyEvents, envoyLog, caddyError, caddyAccess, traefikAccess, traefikLog}
}

// inOrder returns the first format that takes the line.
func inOrder(line string) (*parser.Format, *parser.Record) {
	for _, f := range Formats() {
		var r parser.Record
		r.Reset()
		if f.Parse([]byte(line), &parser.Env{}, &r) {
			return f, &r
		}
	}
	return nil, nil
}

func TestGoFamilySamples(t *testing.T) {
	for _, f := range goFamily() {
		if len(fixtures.Samples(f.Name)) == 0 {
			t.Errorf("%s has no samples", f.Name)
		}
		for _, s := range fixtures.Samples(f.Name) {
			got, r := inOrder(s.Line)
			if got != f {
				t.Errorf("%s: taken by %v: %s", f.Name, got, s.Line)
				continue
			}
			if text := fixtures.Render(r); text != s.Want {
				t.Errorf("%s\n got %s\nwant %s", s.Line, text, s.Want)
			}
		}
	}
	for _, f := range Formats() {
		for _, s := range fixtures.Samples(f.Name) {
			if got, _ := inOrder(s.Line); slices.Contains(goFamily(), got) && got != f {
				t.Errorf("%s takes a line of %s: %s", got.Name, f.Name, s.Line)
			}
		}
	}
}

// Lines of other programs, some by the same loggers.
func TestGoFamilyRejects(t *testing.T) {
	for _, line := range []string{
		"", "{", "{}", "[", `"`, "[]", "x", `{"a":`, `{"level":"error"`, strings.Repeat("{", 100),
		`{"level":"error","ts":1795360635.2,"logger":"shop.orders","msg":"EOF"}`,
		`{"level":"error","ts":1795360635.2,"logger":"http.server","msg":"no upstreams available"}`,
		`{"level":"error","ts":1795360635.2,"caller":"main.go:31","msg":"dial tcp 127.0.0.1:5432: connect: connection refused"}`,
		`{"level":"error","msg":"handled request","logger":"http.log.access"}`,
		`{"level":"error","error":"dial tcp 10.0.0.1:5432: connect: connection refused","time":"2026-11-22T15:02:31Z","message":"query failed"}`,
		`2026-11-22T13:59:00Z ERR query failed error="dial tcp 10.0.0.1:5432: connect: connection refused"`,
		`2026-11-22T13:59:00Z INF main.go:12 > started`,
		`time="2026-11-22T13:59:00Z" level=error msg="dial tcp 10.0.0.1:5432: connect: connection refused"`,
		`level=info msg="request done" status=502`,
		"2026/11/22 15:01:47 [error] 9#9: *4 connect() failed (111: Connection refused) while connecting to upstream",
		"2026/11/22 15:01:47.123 ERROR something",
		"2026/11/22 15:01:47.123\tERROR\tmain.go:31\tEOF\t{\"a\": 1}",
		"22/Nov/2026:13:59:00 +0000 [warn] text",
		`[2026-11-22T13:59:00.123Z] "GET / HTTP/1.1" 200 157 "-" "curl/8"`,
		`[2026-11-22T13:59:00.123Z] "GET / HTTP/1.1" 200 OK 1 2 3 4 "-" "-" "-" "-" "-"`,
		`"GET / HTTP/1.1" 200 157`,
		`[2026-11-22 13:59:00.123] [error] text`,
		"2023-12-08T07:39:50.405760Z\tinfo\tads\tPush finished",
		`192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.0"`,
		`192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.0" 12ms`,
		`{"time":"2026-11-22T15:04:21+00:00","remote_addr":"198.51.100.201","request":"GET / HTTP/1.1","status":502,"upstream_addr":"127.0.0.1:3000"}`,
		`{"type":"order","action":"EJECT","timestamp":"2026-11-22T13:59:00.123Z"}`,
		"Error: connect ECONNREFUSED 127.0.0.1:5432", "DBG", "ERR > ", "INF x > y",
	} {
		for _, f := range goFamily() {
			var r parser.Record
			r.Reset()
			if f.Parse([]byte(line), &parser.Env{}, &r) {
				t.Errorf("%s takes %q as %s", f.Name, line, fixtures.Render(&r))
			}
		}
	}
}

// A line may be cut anywhere: then it is refused, or what is there is right.
func TestGoFamilyCutAnywhere(t *testing.T) {
	for _, f := range goFamily() {
		for _, s := range fixtures.Samples(f.Name) {
			var whole parser.Record
			whole.Reset()
			f.Parse([]byte(s.Line), &parser.Env{}, &whole)
			for n := range len(s.Line) {
				var r parser.Record
				r.Reset()
				if !f.Parse([]byte(s.Line[:n]), &parser.Env{}, &r) {
					continue
				}
				if r.Kind != whole.Kind || strings.Contains(string(r.Gateway.Upstream), "6.6.6.6") {
					t.Fatalf("%s cut at %d: %s", f.Name, n, fixtures.Render(&r))
				}
			}
		}
	}
}

func TestGoFamilyDoesNotAllocate(t *testing.T) {
	env := parser.Env{Buf: make([]byte, 0, 16<<10)}
	var r parser.Record
	for _, f := range goFamily() {
		for _, s := range fixtures.Samples(f.Name) {
			line := []byte(s.Line)
			if n := testing.AllocsPerRun(10, func() {
				r.Reset()
				env.Buf = env.Buf[:0]
				f.Parse(line, &env, &r)
			}); n != 0 {
				t.Errorf("%s: %v allocations: %s", f.Name, n, s.Line)
			}
		}
	}
}

// Time must grow with length only: patterns of a quarter of a megabyte each.
func TestGoFamilyIsLinear(t *testing.T) {
	heads := []string{
		"", "{", `{"level":"error","ts":1795360635.2,"logger":"http.log.error","msg":"`, `{"request":{"uri":"`,
		`[2026-11-22T13:59:00.123Z] "`, `[2026-11-22T13:59:00.123Z] "GET / HTTP/1.1" 503 `, `[2026-11-22T13:59:00.123Z] "GET / HTTP/1.1" 503 UF 0 0 1 - "`,
		`1.2.3.4 - - [22/Nov/2026:13:59:00 +0000] "GET `, "2026-11-22T13:59:00Z DBG ", `time="2026-11-22T13:59:00Z" level=debug msg="`,
		"2023/09/27 05:38:12.978\tERROR\thttp.log.error\t", "[2016-04-15 20:17:00.310][42][critical][main] ",
	}
	for _, head := range heads {
		for _, unit := range []string{"a", " ", `"`, `" `, `\"`, "{", "[", `{"a":`, `"a":"b",`, ": ", "a=b ", "=", "UF,", "->", "(", "\t", "> ", "dial tcp ", ` "a`, "1 "} {
			line := []byte(head + strings.Repeat(unit, 1<<18/len(unit)) + "1ms")
			for _, f := range goFamily() {
				var r parser.Record
				r.Reset()
				f.Parse(line, &parser.Env{}, &r)
			}
		}
	}
}

func fuzzGoFamily(f *testing.F, format *parser.Format) {
	for _, s := range fixtures.Samples(format.Name) {
		f.Add([]byte(s.Line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		var r parser.Record
		r.Reset()
		ok := format.Parse(line, &parser.Env{}, &r)
		if string(line) != before {
			t.Fatal("the line was changed")
		}
		if !ok {
			return
		}
		if r.Kind == parser.KindLog || r.Access.Tries > parser.MaxAttempts || r.Access.Duration < -1 || r.Access.Bytes < -1 {
			t.Fatalf("record %s", fixtures.Render(&r))
		}
		fixtures.Render(&r)
		InferSymptom(&r.Access)
		UpstreamMade(&r.Access)
	})
}

func FuzzCaddyError(f *testing.F)    { fuzzGoFamily(f, caddyError) }
func FuzzCaddyAccess(f *testing.F)   { fuzzGoFamily(f, caddyAccess) }
func FuzzTraefikLog(f *testing.F)    { fuzzGoFamily(f, traefikLog) }
func FuzzTraefikAccess(f *testing.F) { fuzzGoFamily(f, traefikAccess) }
func FuzzCloudflared(f *testing.F)   { fuzzGoFamily(f, cloudflared) }
func FuzzPingora(f *testing.F)       { fuzzGoFamily(f, pingora) }
func FuzzH2O(f *testing.F)           { fuzzGoFamily(f, h2o) }
func FuzzNghttpx(f *testing.F)       { fuzzGoFamily(f, nghttpx) }
func FuzzIIS(f *testing.F)           { fuzzGoFamily(f, iisAccess) }
func FuzzYARP(f *testing.F)          { fuzzGoFamily(f, yarp) }
func FuzzJavaGateway(f *testing.F)   { fuzzGoFamily(f, javaGateway) }
func FuzzZuul(f *testing.F)          { fuzzGoFamily(f, zuul) }
func FuzzOcelot(f *testing.F)        { fuzzGoFamily(f, ocelot) }
func FuzzOAuth2Error(f *testing.F)   { fuzzGoFamily(f, oauth2Error) }
func FuzzOAuth2Access(f *testing.F)  { fuzzGoFamily(f, oauth2Access) }
func FuzzKrakenD(f *testing.F)       { fuzzGoFamily(f, krakend) }
func FuzzCloudFront(f *testing.F)    { fuzzGoFamily(f, cloudfrontAccess) }
func FuzzSquidAccess(f *testing.F)   { fuzzGoFamily(f, squidAccess) }
func FuzzSquidCache(f *testing.F)    { fuzzGoFamily(f, squidCache) }
func FuzzEnvoyAccess(f *testing.F)   { fuzzGoFamily(f, envoyAccess) }
func FuzzEnvoyLog(f *testing.F)      { fuzzGoFamily(f, envoyLog) }
func FuzzEnvoyEvents(f *testing.F)   { fuzzGoFamily(f, envoyEvents) }

func FuzzGoError(f *testing.F) {
	for _, m := range vocabularies["go"]() {
		f.Add([]byte(m.Template))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var g parser.Gateway
		if e := readGoError(text); e.message != nil {
			e.tell(&parser.Env{}, &g)
			if g.Symptom == parser.SymptomNone || g.Rank == parser.RankNone {
				t.Fatalf("%q: %v %v", text, g.Symptom, g.Rank)
			}
		}
	})
}

// Figures of one of two busy cores stand at the formats.
func BenchmarkGoFamily(b *testing.B) {
	for _, f := range goFamily() {
		b.Run(f.Name, func(b *testing.B) {
			var lines [][]byte
			size := 0
			for _, s := range fixtures.Samples(f.Name) {
				lines = append(lines, []byte(s.Line))
				size += len(s.Line) + 1
			}
			env := parser.Env{Buf: make([]byte, 0, 16<<10)}
			var r parser.Record
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, line := range lines {
					r.Reset()
					env.Buf = env.Buf[:0]
					f.Parse(line, &env, &r)
				}
			}
		})
	}
}
