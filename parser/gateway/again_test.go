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
	head := `10.0.0.7 - - [22/Nov/2026:15:07:11 +0000] "GET /x?y=1 HTTP/1.1" 502 11`
	for _, tail := range plainAccessTails {
		takes = append(takes, head+tail, strings.Replace(head, "502", "200", 1)+tail)
	}
	for _, begin := range []string{
		`2001:db8::17 - - `, `10.0.0.xxx - - `, `unix: - - `, `10.0.0.7 - anna `, `10.0.0.7 - a b `, `10.0.0.7 ident - `, `shop.example.com 10.0.0.7 - - `, `10.20.30.40 - - `, `1.2.3.4 - - `, `100.200.100.200 - - `,
	} {
		takes = append(takes, begin+head[len(`10.0.0.7 - - `):], begin+head[len(`10.0.0.7 - - `):]+plainAccessTails[1])
	}
	for _, request := range []string{
		`GET /x\x22?y=1 HTTP/1.1`, `GET /a b HTTP/1.1`, `GET  HTTP/1.1`, `GET HTTP/1.1`, `-`, ``, `\x16\x03\x01`, `GET /x`, `get /x HTTP/1.1`, `M-SEARCH * HTTP/1.1`,
		`VERSION-CONTROL /x HTTP/1.1`, `GET /x HTTP/1.1 HTTP/1.1`, `GET /x HTTP/10.1`, `GET /x HTTP/2`, `GET /x SPDY/3.1`, `PRI * HTTP/2.0`, `PROPFIND /x HTTP/1.1`,
	} {
		line := strings.Replace(head, "GET /x?y=1 HTTP/1.1", request, 1)
		takes = append(takes, line, line+plainAccessTails[1])
	}
	for _, size := range []string{`0`, `-`, `1234567`, `12345678`, `123456789012`} {
		line := strings.Replace(head, " 11", " "+size, 1)
		takes = append(takes, line, line+plainAccessTails[1])
	}
	sameAgain(t, nginxAccess, takes, append(takes, benchLines[2].line, benchLines[3].line,
		head+` "-" "curl/8.5.0" rt=0.024 uct="0.000, 0.001" uht="-, 0.024" urt="0.000, 0.024" ua="127.0.0.1:9001, 127.0.0.1:9002" us="502, 200"`,
		head+` "-" "curl/8.5.0" rt=0.024 ua="127.0.0.1:9001 : 127.0.0.1:9002" us="502 : 200"`,
		head+` "-" "curl/8.5.0" rt=0.024 ua="shop_backend" us="502"`,
		head+` "-" "curl/8.5.0" rt=0.024 ua="127.0.0.1:9001" us="502" id=5`,
		head+` "-" "curl/8.5.0`,
		head+` "-" "curl/8.5.0" rt=0.024 ua="127.0.0.1:9001" us="50`,
		strings.Replace(head, "2026:", "2026 ", 1), strings.Replace(head, "+0000", "+000", 1), strings.Replace(head, "502", "902", 1), `10.0.0.1.7`+head[len(`10.0.0.7`):], `10.0..7`+head[len(`10.0.0.7`):],
	))
}

// Tails as people log them behind combined's bytes, all pairs.
var plainAccessTails = []string{
	` "-" "curl/8.5.0"`,
	` "-" "curl/8.5.0" rt=0.024 uct="0.000" uht="0.024" urt="0.024" ua="127.0.0.1:9001" us="502"`,
	` "https://a.example/" "a\x22b\x5C" rt=0.000 uct="-" uht="-" urt="-" ua="-" us="-"`,
	` "-" "Mozilla/5.0 (X11)" "198.51.100.1, 10.0.0.1" rt=60.001 uct="0.000" uht="-" urt="60.001" ua="10.200.100.211:65535" us="504"`,
	` "-" "-" "-" urt=0.024 rt=0.025 us=502 uaddr=10.0.0.1:80`,
	` "-" "-" upstream_addr="unix:/run/php/php8.2-fpm.sock" upstream_status="502" upstream_response_time="0.010" request_time="0.010" upstream_cache_status="MISS"`,
	` "-" "-" uaddr="[2001:db8::1]:8080" us="200" rt=1.000 cs=-`,
	` rt=0.024 uct=- uht=- urt=0.024 peer=10.0.0.1:80 us=502`,
	` "-" "-" rt=0.024`,
	` "-" "-"  `,
}

// sameAgain asks of lines of a format, and of its samples, that Again takes those that it should and
// reads all that it takes as Parse does.
func sameAgain(t *testing.T, f *parser.Format, takes, lines []string) {
	t.Helper()
	for _, s := range fixtures.Samples(f.Name) {
		lines = append(lines, s.Line)
	}
	env := parser.Env{Marks: &parser.Marks{}}
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
