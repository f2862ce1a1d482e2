package gateway

import (
	"reflect"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// TestAgain: what Again takes, it reads as Parse does, into a record that only it has filled before.
func TestAgain(t *testing.T) {
	const plain = `2026/11/22 15:01:47 [error] 812#812: *4077 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: a.example, request: "GET /x?y=1 HTTP/1.1", upstream: "http://127.0.0.1:9001/x?y=1", host: "a.example"`
	vary := func(old, text string) string { return strings.Replace(plain, old, text, 1) }
	takes := []string{
		plain,
		vary("connect() failed (111: Connection refused) while", "no live upstreams while"),
		vary("http://127.0.0.1:9001", "http://shop_backend"),
		vary("http://127.0.0.1:9001/x?y=1", "fastcgi://unix:/run/php/php8.2-fpm.sock:"),
		vary("127.0.0.1, server", "2001:db8::17, server"),
		plain + `, referrer: "https://a.example/"`,
	}
	lines := append(takes,
		vary("http://127.0.0.1:9001", "http://[::1]:9001"),
		vary("127.0.0.1, server", "unix:, server"),
		plain+`, referrer: "https://a.example/`,
		plain+`, referrer: "x", upstream: "http://10.9.9.9:1/"`,
		plain+`, referrer: "2026/11/22 15:01:47 [error] 812#812: *4078 x"`,
		plain+`, request_id: "0af7651916cd43dd"`,
		vary("GET /x?y=1 HTTP", `GET /x", upstream: "http://10.9.9.9:1/", host: "b HTTP`),
		vary("GET /x?y=1 HTTP/1.1", `GET /x`),
		vary("9001/x?y=1", `9001/x, upstream: "http://10.9.9.9:1/`),
		vary("a.example, request", `a"b, request`),
		vary("812#812: *4077 ", ""),
		vary("[error] ", "[error]  "),
	)
	sameAgain(t, nginxError, takes, lines)
	takes = []string{benchLines[0].line, benchLines[1].line}
	for _, status := range []string{"200", "502"} {
		takes = append(takes, `10.0.0.7 - - [22/Nov/2026:15:07:11 +0000] "GET /x\x22?y=1 HTTP/1.1" `+status+` 11 "-" "curl/8.5.0" rt=0.024 uct="0.000" uht="0.024" urt="0.024" ua="127.0.0.1:9001" us="`+status+`"`)
	}
	sameAgain(t, nginxAccess, takes, append(takes, benchLines[2].line, benchLines[3].line))
}

// sameAgain asks of lines of a format, and of its samples, that Again takes those that it should and
// reads all that it takes as Parse does.
func sameAgain(t *testing.T, f *parser.Format, takes, lines []string) {
	t.Helper()
	for _, s := range fixtures.Samples(f.Name) {
		lines = append(lines, s.Line)
	}
	var env parser.Env
	var again parser.Record
	again.Reset()
	for known := range 2 { // what is like a line before is known from the second time on
		for i, line := range lines {
			var want parser.Record
			want.Reset()
			parsed := f.Parse([]byte(line), &env, &want)
			if !f.Again([]byte(line), &env, &again) {
				again.Reset()
				if known > 0 && i < len(takes) {
					t.Errorf("not taken: %s", line)
				}
				continue
			}
			if !parsed || !reflect.DeepEqual(again, want) {
				t.Errorf("%s\nagain: %s\nwant:  %s", line, fixtures.Render(&again), fixtures.Render(&want))
			}
		}
	}
}
