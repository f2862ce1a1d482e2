package gateway

import (
	"bytes"
	"testing"

	"culprit/fixtures/synth"
	"culprit/parser"
)

var benchLines = []struct{ name, line string }{
	{"combined", `203.0.113.87 - - [22/Nov/2026:15:07:11 +0000] "GET / HTTP/1.1" 200 11 "https://blog.example.com/search?q=lamp" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"`},
	{"pairs", `198.51.100.14 - - [22/Nov/2026:15:01:47 +0000] "GET / HTTP/1.1" 200 430 "-" "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1" rt=0.024 uct="0.000" uht="0.024" urt="0.024" ua="127.0.0.1:9001" us="200"`},
	{"unnamed", `shop.example.com 203.0.113.87 - - [22/Nov/2026:15:11:58 +0000] "POST /api/v1/cart/ec41aff0/items HTTP/1.1" 200 722 "https://www.google.com/" "python-requests/2.31.0" 0.022 127.0.0.1:9001 200 0.022`},
	{"ingress", `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/2.0" 200 612 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0" 512 0.010 [ns-svc-80] [] 10.0.0.7:8080, 10.0.0.8:8080 0, 512 0.000, 0.009 502, 200 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`},
	{"json", `{"time":"2026-11-22T15:04:21+00:00","remote_addr":"198.51.100.201","host":"media.example.org","request":"GET /media/159/meta HTTP/1.1","status":200,"bytes":193,"request_time":0.010,"upstream_addr":"127.0.0.1:3000","upstream_status":"200","upstream_response_time":"0.010","request_id":"837e918a559bf41fa954d2009286200a","user_agent":"python-requests/2.31.0"}`},
	{"stream", `10.1.1.1 [22/Nov/2026:15:12:32 +0000] TCP 200 512 33 1.001 "10.0.0.9:3306" "33" "512" "0.001"`},
	{"escaped", `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /\x22 502 0 \x22 HTTP/1.1" 200 0 "-" "\x22 rt=5 us=\x22502\x22"`},
	{"rejected", `2026/11/22 15:12:32 [error] 22#22: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, server: x, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:80/", host: "x"`},
	{"foreign", `INFO 2026-11-22 15:12:32,123 worker started with 4 threads, pool=default queue=12 "ready to serve" [main]`},
}

// The figures stand at nginxAccess.
func BenchmarkNginxAccess(b *testing.B) {
	for _, c := range benchLines {
		b.Run(c.name, func(b *testing.B) {
			line, env := []byte(c.line), parser.Env{Buf: make([]byte, 0, 4096)}
			var r parser.Record
			b.SetBytes(int64(len(line)) + 1)
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				env.Buf = env.Buf[:0]
				parseNginxAccess(line, &env, &r)
			}
		})
	}
}

// Lines of a log, each unlike the one before. The figures stand at againNginxAccess.
func BenchmarkAgainAccess(b *testing.B) {
	var buf bytes.Buffer
	if err := synth.Write(&buf, synth.Access, 1, 1<<20); err != nil {
		b.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(buf.Bytes(), []byte("\n")), []byte("\n"))
	env, r := parser.Env{Marks: &parser.Marks{}}, parser.Record{}
	r.Reset()
	b.SetBytes(int64(buf.Len()))
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			if !againNginxAccess(line, &env, &r) {
				b.Fatalf("not taken: %s", line)
			}
		}
	}
}
