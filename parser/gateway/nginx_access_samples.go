package gateway

import "culprit/parser"

// nginxAccessSamples are lines of running servers, of the products' default formats
// and of the hostile kind, with what they must become.
var nginxAccessSamples = []parser.Sample{
	{
		Line: "2026-11-25T16:12:08+00:00\t203.0.113.121\tGET\t/products/237\t200\t0.807\t0.807\t127.0.0.1:18408\t200\t120",
		Want: `time=2026-11-25T16:12:08Z client=203.0.113.121 method=GET target=/products/237 status=200 duration=807000 try={addr=127.0.0.1:18408 status=200 response=807000}`,
	},
	{
		Line: `192.0.2.9 | 25/Nov/2026:16:12:08 +0100 | "POST /buy?x=1 HTTP/1.1" | 502 | 157 | 0.120 | 0.001, 0.000 | 0.110, 0.009 | 10.0.0.1:80, 10.0.0.2:80 | 502, 502`,
		Want: `time=2026-11-25T15:12:08Z(+01:00) client=192.0.2.9 method=POST target=/buy?x=1 status=502 bytes=157 duration=120000 try={addr=10.0.0.1:80 status=502 connect=1000 response=110000} try={addr=10.0.0.2:80 status=502 connect=0 response=9000}`,
	},
	// Lines of running nginx servers: one case each of refused, retried, no live upstreams, client gone, HTTP/0.9 answer, JSON, vhost.
	{
		Line: `shop.example.com 203.0.113.87 - - [22/Nov/2026:15:11:58 +0000] "GET /static/app.css HTTP/1.1" 200 4200 "https://shop.example.com/" "Mozilla/5.0 (iPhone)" 0.000 - - -`,
		Want: `time=2026-11-22T15:11:58Z client=203.0.113.87 vhost=shop.example.com method=GET target=/static/app.css status=200 bytes=4200 duration=0 tries=none`,
	},
	{
		Line: `beta.example.com 192.0.2.45 - - [22/Nov/2026:15:06:46 +0000] "GET /search?q=lamp&page=129 HTTP/1.1" 502 157 "https://www.google.com/" "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" 0.000 127.0.0.1:9101 502 0.000`,
		Want: `time=2026-11-22T15:06:46Z client=192.0.2.45 vhost=beta.example.com method=GET target=/search?q=lamp&page=129 status=502 bytes=157 duration=0 try={addr=127.0.0.1:9101 status=502 response=0}`,
	},
	{
		Line: `198.51.100.201 - - [22/Nov/2026:16:09:15 +0100] "GET / HTTP/1.1" 200 240 "https://shop.example.nl/search?q=lamp" "curl/7.88.1" rt=0.843 uct="-, 0.001" uht="-, 0.027" urt="0.817, 0.027" ua="10.41.0.3:9001, 10.40.0.2:9001" us="502, 200"`,
		Want: `time=2026-11-22T15:09:15Z(+01:00) client=198.51.100.201 method=GET target=/ status=200 bytes=240 duration=843000 try={addr=10.41.0.3:9001 status=502 response=817000} try={addr=10.40.0.2:9001 status=200 connect=1000 header=27000 response=27000}`,
	},
	{
		Line: `203.0.113.87 - - [22/Nov/2026:16:09:23 +0100] "GET /api/v1/cart/89996f25 HTTP/1.1" 502 157 "-" "Mozilla/5.0" rt=1.939 uct="-, -" uht="-, -" urt="1.940, 0.000" ua="10.40.0.2:9001, shop" us="502, 502"`,
		Want: `time=2026-11-22T15:09:23Z(+01:00) client=203.0.113.87 method=GET target=/api/v1/cart/89996f25 status=502 bytes=157 duration=1939000 try={addr=10.40.0.2:9001 status=502 response=1940000} try={addr=shop status=502 response=0}`,
	},
	{
		Line: `203.0.113.24 - - [22/Nov/2026:15:12:32 +0000] "GET /search?q=lamp&page=319 HTTP/1.1" 499 0 "https://www.google.com/" "Mozilla/5.0" rt=0.400 uct="0.000" uht="-" urt="0.400" ua="127.0.0.1:9001" us="-"`,
		Want: `time=2026-11-22T15:12:32Z client=203.0.113.24 method=GET target=/search?q=lamp&page=319 status=499 bytes=0 duration=400000 try={addr=127.0.0.1:9001 connect=0 response=400000}`,
	},
	{
		Line: `{"time":"2026-11-22T15:02:45+00:00","remote_addr":"203.0.113.24","host":"media.example.org","request":"POST /media/77/transcode HTTP/1.1","status":502,"bytes":559,"request_time":0.809,"upstream_addr":"127.0.0.1:3000","upstream_status":"502","upstream_response_time":"0.809","request_id":"79b87714b9123d1af7fe92e1da7bdd19","user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"}`,
		Want: `time=2026-11-22T15:02:45Z client=203.0.113.24 vhost=media.example.org method=POST target=/media/77/transcode status=502 bytes=559 duration=809000 try={addr=127.0.0.1:3000 status=502 response=809000}`,
	},
	{
		Line: `192.0.2.45 - - [22/Nov/2026:15:07:28 +0000] "GET /v2/accounts/854 HTTP/1.1" 009 127 "https://legacy.example.com/search?q=lamp" "Mozilla/5.0 (iPhone)" rt=0.007 uct="0.000" uht="0.007" urt="0.007" ua="127.0.0.1:9100" us="200"`,
		Want: `time=2026-11-22T15:07:28Z client=192.0.2.45 method=GET target=/v2/accounts/854 status=9 bytes=127 duration=7000 try={addr=127.0.0.1:9100 status=200 connect=0 header=7000 response=7000}`,
	},
	{
		Line: `203.0.113.24 - - [22/Nov/2026:16:01:50 +0100] "POST /v2/transfers/batch HTTP/1.1" 502 559 "-" "Mozilla/5.0 (Windows NT 10.0)" "-"`,
		Want: `time=2026-11-22T15:01:50Z(+01:00) client=203.0.113.24 method=POST target=/v2/transfers/batch status=502 bytes=559`,
	},
	{
		Line: `203.0.113.24 - - [22/Nov/2026:16:01:50 +0100] "POST /v2/transfers/batch HTTP/1.1" 502 559 "-" "Mozilla/5.0 (Windows NT 10.0)" "10.1.2.3, 203.0.113.9"`,
		Want: `time=2026-11-22T15:01:50Z(+01:00) client=203.0.113.24 method=POST target=/v2/transfers/batch status=502 bytes=559`,
	},

	// ingress-nginx (upstreaminfo), Kong, APISIX, by their default formats.
	{
		Line: `192.0.2.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/2.0" 502 150 "-" "curl/8" 312 0.017 [shop-web-80] [] 10.0.0.7:8080 215 0.016 502 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=192.0.2.1 method=GET target=/a status=502 bytes=150 duration=17000 pool=shop-web-80 try={addr=10.0.0.7:8080 status=502 response=16000}`,
	},
	{ // a redirect that nginx answered by itself tells nothing of the service
		Line: `192.0.2.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/1.1" 308 164 "-" "curl" 80 0.000 [ns-svc-80] [] - - - - 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=192.0.2.1 method=GET target=/a status=308 bytes=164 duration=0 tries=none`,
	},
	{
		Line: `192.0.2.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/2.0" 503 190 "-" "curl" 80 0.000 [ns-svc-80] [] - - - - 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=192.0.2.1 method=GET target=/a status=503 bytes=190 duration=0 pool=ns-svc-80 tries=none`,
	},
	{
		Line: `192.0.2.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/2.0" 200 612 "-" "curl" 512 0.010 [ns-svc-80] [] 10.0.0.7:8080, 10.0.0.8:8080 0, 512 0.000, 0.009 502, 200 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=192.0.2.1 method=GET target=/a status=200 bytes=612 duration=10000 pool=ns-svc-80 try={addr=10.0.0.7:8080 status=502 response=0} try={addr=10.0.0.8:8080 status=200 response=9000}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/1.1" 499 0 "-" "curl" 512 0.410 [ns-svc-80] [] 10.0.0.7:8080 0 0.410 - 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=GET target=/a status=499 bytes=0 duration=410000 pool=ns-svc-80 try={addr=10.0.0.7:8080 response=410000}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /a HTTP/1.1" 504 160 "-" "curl" kong_request_id: "2f4b2f3ab3f0a45f8a2b8f1a"`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=GET target=/a status=504 bytes=160`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] api.example.com "GET /a HTTP/1.1" 502 154 0.003 "-" "curl/8.1" 127.0.0.1:1980 502 0.002 "http://api.example.com" "5e6f"`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 vhost=api.example.com method=GET target=/a status=502 bytes=154 duration=3000 try={addr=127.0.0.1:1980 status=502 response=2000}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] api.example.com:9080 "GET /a HTTP/1.1" 200 154 0.003 "-" "curl/8.1" 127.0.0.1:1, 127.0.0.1:1980 502, 200 0.000, 0.002 "http://api.example.com" "5e6f"`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 vhost=api.example.com:9080 method=GET target=/a status=200 bytes=154 duration=3000 try={addr=127.0.0.1:1 status=502 response=0} try={addr=127.0.0.1:1980 status=200 response=2000}`,
	},

	// Sessions of the stream module: ingress-nginx, Kong, nginx's documentation.
	{
		Line: `[10.1.1.1] [22/Nov/2026:15:12:32 +0000] TCP 502 0 0 60.001`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=TCP status=502 bytes=0 duration=60001000`,
	},
	{
		Line: `10.1.1.1 [22/Nov/2026:15:12:32 +0000] TCP 200 512 33 1.001`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=TCP status=200 bytes=512 duration=1001000`,
	},
	{
		Line: `10.1.1.1 [22/Nov/2026:15:12:32 +0000] TCP 200 512 33 1.001 "10.0.0.9:3306" "33" "512" "0.001"`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=TCP status=200 bytes=512 duration=1001000 try={addr=10.0.0.9:3306 connect=1000}`,
	},
	{
		Line: `10.1.1.1 [22/Nov/2026:15:12:32 +0000] TCP 502 0 0 3.001 "10.0.0.9:3306, 10.0.0.8:3306" "0, 0" "0, 0" "-, -"`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=TCP status=502 bytes=0 duration=3001000 try={addr=10.0.0.9:3306} try={addr=10.0.0.8:3306}`,
	},

	// Formats that people publish: one with words for names, Amplify's main_ext, logfmt, LTSV, pipes.
	{
		Line: `[22/Nov/2026:15:12:32 +0000] 10.1.1.1 - - - shop.example.com to: 127.0.0.1:9001: GET /x HTTP/1.1 200 upstream_response_time 0.017 msec 1795360352.423 request_time 0.018`,
		Want: `time=2026-11-22T15:12:32.423Z client=10.1.1.1 vhost=shop.example.com method=GET target=/x status=200 duration=18000 try={addr=127.0.0.1:9001 response=17000}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" "-" "shop.example.com" sn="shop.example.com" rt=0.000 ua="shop" us="502" ut="0.000" ul="0" cs=-`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 vhost=shop.example.com method=GET target=/x status=502 bytes=157 duration=0 try={addr=shop status=502 response=0}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 157 "-" "curl" "-" "shop.example.com" sn="shop.example.com" rt=0.000 ua="127.0.0.1:80 : 127.0.0.1:81" us="502 : 200" ut="0.000 : 0.001" ul="0" cs=MISS`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 vhost=shop.example.com method=GET target=/x status=200 bytes=157 duration=0 cache=MISS try={addr=127.0.0.1:80 status=502 response=0} try={addr=127.0.0.1:81 status=200 response=1000 pass=1}`,
	},
	{
		Line: `"22/Nov/2026:15:12:32 +0000" client=10.1.1.1 method=GET request="GET /x HTTP/1.1" request_length=312 status=502 bytes_sent=300 body_bytes_sent=157 referer=- user_agent="rt=9 us=200" upstream_addr=10.0.0.1:80, 10.0.0.2:80 upstream_status=502, 502 request_time=0.003 upstream_response_time=0.001, 0.002 upstream_connect_time=-, 0.000 upstream_header_time=-, -`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=GET target=/x status=502 bytes=300 duration=3000 try={addr=10.0.0.1:80 status=502 response=1000} try={addr=10.0.0.2:80 status=502 connect=0 response=2000}`,
	},
	{
		Line: "time:22/Nov/2026:15:12:32 +0000\thost:1.2.3.4\tforwardedfor:-\treq:GET /x HTTP/1.1\tstatus:502\tsize:157\treferer:-\tua:Mozilla/5.0 (X11) rt=5\treqtime:0.003\tapptime:0.002\tupstream_addr:10.0.0.1:80",
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=10.0.0.1:80 response=2000}`,
	},
	{
		Line: `1.2.3.4|22/Nov/2026:15:12:32 +0000|GET /x HTTP/1.1|502|157|0.003|10.0.0.1:80|502|0.002`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=10.0.0.1:80 status=502 response=2000}`,
	},

	// What a client may send: TLS on a plain port, nothing, quotes, a stamp as its user name.
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "\x16\x03\x01\x02" 400 157 "-" "-"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 status=400 bytes=157`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "" 400 0 "-" "-"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 status=400 bytes=0`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "-" 000 0 "-" "-"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 bytes=0`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /\x22 502 0 \x22 HTTP/1.1" 200 0 "-" "\x22 rt=5 us=\x22502\x22"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target="/\" 502 0 \"" status=200 bytes=0`,
	},
	{
		Line: `1.2.3.4 - x [22/Nov/2026:00:00:00 +0000] y [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 401 0 "-" "-"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/ status=401 bytes=0`,
	},

	// Unnamed fields.
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" 0.003 0.002 .`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={response=2000}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" 0.003 - .`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 tries=none`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" "-" 0.003 0.000 - 0.003 10.0.0.1:80 502`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=10.0.0.1:80 status=502 connect=0 response=3000}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" "-" 0.001 shop 502 0.000`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=1000 try={addr=shop status=502 response=0}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 504 157 "-" "curl" "-" 10.0.0.1:80 504 0.000 - 60.000 60.001`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=504 bytes=157 duration=60001000 try={addr=10.0.0.1:80 status=504 connect=0 response=60000000}`,
	},

	// Attempts that failed before a peer was known; nested JSON; a leading stamp.
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 500 177 "-" "curl" rt=0.000 uct="-" uht="-" urt="0.000" ua="" us="-"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=500 bytes=177 duration=0 try={response=0}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 500 177 "-" "curl" rt=0.000 uct="- : " uht="- : " urt="0.000 : " ua="10.0.0.1:80 : " us="502 : "`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=500 bytes=177 duration=0 try={addr=10.0.0.1:80 status=502 response=0} try={pass=1}`,
	},
	{
		Line: `{"@timestamp":"2026-11-22T15:02:45+00:00","http":{"request":{"method":"GET","uri":"/x"},"response":{"status_code":"502"}},"client":{"ip":"1.2.3.4"},"upstream":{"addr":"unix:/run/app.sock","status":"502","connect_time":"0.000","header_time":"-","response_time":"0.001"}}`,
		Want: `time=2026-11-22T15:02:45Z client=1.2.3.4 method=GET target=/x status=502 try={addr=unix:/run/app.sock status=502 connect=0 response=1000}`,
	},
	{
		Line: `2026-11-22T15:12:32+01:00 1.2.3.4 "GET /x HTTP/1.1" 502 157 upstream=[::1]:8080 upstream_time=0.001`,
		Want: `time=2026-11-22T14:12:32Z(+01:00) client=1.2.3.4 method=GET target=/x status=502 bytes=157 try={addr=[::1]:8080 response=1000}`,
	},

	// More heads, orders and ways to name a field.
	{
		Line: `unix: - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl"`,
		Want: `time=2026-11-22T15:12:32Z client=unix: method=GET target=/x status=200 bytes=5`,
	},
	{
		Line: `2001:db8::1 - bob [22/Nov/2026:15:12:32 +0530] "GET /x HTTP/3.0" 444 0 "-" "curl"`,
		Want: `time=2026-11-22T09:42:32Z(+05:30) client=2001:db8::1 method=GET target=/x status=444 bytes=0`,
	},
	{
		Line: `www.example.com:443 2001:db8::1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl"`,
		Want: `time=2026-11-22T15:12:32Z client=2001:db8::1 vhost=www.example.com:443 method=GET target=/x status=200 bytes=5`,
	},
	{
		Line: `host.name.example - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 - "-" "curl"`,
		Want: `time=2026-11-22T15:12:32Z client=host.name.example method=GET target=/x status=200 bytes=0`,
	},
	{
		Line: `127.0.0.1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5`,
		Want: `time=2026-11-22T15:12:32Z client=127.0.0.1 method=GET target=/x status=200 bytes=5`,
	},
	{
		Line: `1.2.3.4, 10.0.0.1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=200 bytes=5`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl" 0.010 0.000 0.009 0.009`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=200 bytes=5 duration=10000 try={connect=0 header=9000 response=9000}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl" "0.010" "0.009" "10.0.0.1:80" "200" "HIT"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=200 bytes=5 duration=10000 cache=HIT try={addr=10.0.0.1:80 status=200 response=9000}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" "rt=0.003" "uct=0.000" "ua=[2001:db8::5]:8080" "us=502"`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=[2001:db8::5]:8080 status=502 connect=0}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" "1.1.1.1" request_time: 0.003, upstream_response_time: 0.002, upstream_addr: unix:/run/php/fpm.sock, upstream_status: 502`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=unix:/run/php/fpm.sock status=502 response=2000}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl" [upstream: 10.0.0.1:80] [rt=0.100 urt=0.099]`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=100000 try={addr=10.0.0.1:80 response=99000}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] 0.003 502 "GET /x HTTP/1.1" 157 10.0.0.1:80 502`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=10.0.0.1:80 status=502}`,
	},
	{
		Line: `1.2.3.4 [22/Nov/2026:15:12:32 +0000] "shop.example.com" "GET /x HTTP/1.1" 502 157 "-" "curl" 10.0.0.1:80 0.003 0.002`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=502 bytes=157 duration=3000 try={addr=10.0.0.1:80 response=2000}`,
	},

	// nginx-proxy (nginx.tmpl), and a forwarded-for list in front.
	{
		Line: `shop.example.com 172.18.0.1 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/2.0" 502 559 "-" "Mozilla/5.0 (X11)" "172.18.0.3:80"`,
		Want: `time=2026-11-22T15:12:32Z client=172.18.0.1 vhost=shop.example.com method=GET target=/ status=502 bytes=559 try={addr=172.18.0.3:80}`,
	},
	{
		Line: `shop.example.com 172.18.0.1 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/2.0" 502 559 "-" "Mozilla/5.0 (X11)" "172.18.0.3:80, shop.example.com"`,
		Want: `time=2026-11-22T15:12:32Z client=172.18.0.1 vhost=shop.example.com method=GET target=/ status=502 bytes=559 try={addr=172.18.0.3:80} try={addr=shop.example.com}`,
	},
	{
		Line: `shop.example.com 172.18.0.1 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/2.0" 200 559 "-" "Mozilla/5.0 (X11)" "203.0.113.9"`,
		Want: `time=2026-11-22T15:12:32Z client=172.18.0.1 vhost=shop.example.com method=GET target=/ status=200 bytes=559`,
	},
	{
		Line: `"203.0.113.9, 10.0.0.1" - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 559 "-" "curl" rt=0.001`,
		Want: `time=2026-11-22T15:12:32Z client=203.0.113.9 method=GET target=/ status=502 bytes=559 duration=1000`,
	},

	// JSON.
	{
		Line: `{"time_local":"22/Nov/2026:15:12:32 +0000","msec":"1795360352.123","remote_addr":"1.2.3.4","request_method":"GET","request_uri":"/x?a=\"b\"","status":"009","body_bytes_sent":"12","request_time":"0.003","upstream_addr":"10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80","upstream_status":"502, 502 : 200","upstream_response_time":"0.000, 0.001 : 0.002","upstream_connect_time":"-, - : 0.000","upstream_header_time":"-, - : 0.001","http_user_agent":"x\\\" , \"status\":\"200"}`,
		Want: `time=2026-11-22T15:12:32.123Z client=1.2.3.4 method=GET target="/x?a=\"b\"" status=9 bytes=12 duration=3000 try={addr=10.0.0.1:80 status=502 response=0} try={addr=10.0.0.2:80 status=502 response=1000} try={addr=10.0.0.3:80 status=200 connect=0 header=1000 response=2000 pass=1}`,
	},
	{
		Line: `{"ts":1795360352.123,"client":"1.2.3.4","method":"POST","url":"/pay","code":504,"rt":60.001,"upstream":"10.0.0.1:8080","urt":"60.000","uct":"0.001","uht":""}`,
		Want: `time=2026-11-22T15:12:32.123Z client=1.2.3.4 method=POST target=/pay status=504 duration=60001000 try={addr=10.0.0.1:8080 connect=1000 response=60000000}`,
	},
	{
		Line: `{"time":"2026-11-22T15:12:32+01:00","remote_addr":"1.2.3.4","request":"GET / HTTP/1.1","status":"502","upstream_addr":"","upstream_status":"","upstream_connect_time":""}`,
		Want: `time=2026-11-22T14:12:32Z(+01:00) client=1.2.3.4 method=GET target=/ status=502 tries=none`,
	},
	{
		Line: `{"time":"2026-11-22T15:12:32+01:00","remote_addr":"1.2.3.4","request":"\\x16\\x03","status":400,"upstream_addr":"-","upstream_status":"-"}`,
		Want: `time=2026-11-22T14:12:32Z(+01:00) client=1.2.3.4 status=400 tries=none`,
	},
	{
		Line: `{"time":"2026-11-22T15:12:32+01:00","remote_addr":"1.2.3.4","request":"GET / HTTP/1.1","status":502,"upstream_addr":"backend","upstream_status":"502","upstream_connect_time":"-","upstream_header_time":"-","upstream_response_time":"0.000","request_time":0.000}`,
		Want: `time=2026-11-22T14:12:32Z(+01:00) client=1.2.3.4 method=GET target=/ status=502 duration=0 try={addr=backend status=502 response=0}`,
	},

	// Names without quotes, ingress-nginx without endpoints and under escape=json, lists.
	{
		Line: `time=2026-11-22T15:12:32+00:00 client=1.2.3.4 method=GET uri=/x host=shop.example.com status=504 rt=60.001 ua=10.0.0.1:80 us=504 uct=- uht=- urt=60.000`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 vhost=shop.example.com method=GET target=/x status=504 duration=60001000 try={addr=10.0.0.1:80 status=504 response=60000000}`,
	},
	{
		Line: `ts=1795360352.123 remote_addr=1.2.3.4 request="GET /a?b=\x22c HTTP/1.1" status=502 upstream_addr= upstream_status=- request_time=0.000`,
		Want: `time=2026-11-22T15:12:32.123Z client=1.2.3.4 method=GET target="/a?b=\"c" status=502 duration=0 try={}`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl" 312 0.010 [] [] - - - - 8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=200 bytes=5 duration=10000 tries=none`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 503 190 "-" "curl" 312 0.010 [ns-svc-80] []     8bd1f3f5ba0d43b4a3c55c0d2b42a5b6`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=503 bytes=190 duration=10000 pool=ns-svc-80 tries=none`,
	},
	{
		Line: `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 504 160 "-" "curl" 312 15.002 [ns-svc-http] [] 10.0.0.1:80, 10.0.0.1:80, 10.0.0.1:80 0, 0, 0 5.001, 5.000, 5.000 504, 504, 504 8bd1`,
		Want: `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target=/x status=504 bytes=160 duration=15002000 pool=ns-svc-http try={addr=10.0.0.1:80 status=504 response=5001000} try={addr=10.0.0.1:80 status=504 response=5000000} try={addr=10.0.0.1:80 status=504 response=5000000}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 502 5 "-" "curl" | 0.004 | 10.0.0.1:80 | 502 | 0.003`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=GET target=/x status=502 bytes=5 duration=4000 try={addr=10.0.0.1:80 status=502 response=3000}`,
	},
	{
		Line: `10.1.1.1 - - [22/Nov/2026:15:12:32 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl" "-" 10.0.0.1:80, 10.0.0.2:80, 10.0.0.3:80, 10.0.0.4:80, 10.0.0.5:80, 10.0.0.6:80, 10.0.0.7:80, 10.0.0.8:80, 10.0.0.9:80 502, 502, 502, 502, 502, 502, 502, 502, 200`,
		Want: `time=2026-11-22T15:12:32Z client=10.1.1.1 method=GET target=/x status=200 bytes=5 try={addr=10.0.0.1:80 status=502} try={addr=10.0.0.2:80 status=502} try={addr=10.0.0.3:80 status=502} try={addr=10.0.0.4:80 status=502} try={addr=10.0.0.5:80 status=502} try={addr=10.0.0.6:80 status=502} try={addr=10.0.0.7:80 status=502} try={addr=10.0.0.9:80 status=200}`,
	},
	{
		Line: `x.x.x.x - - [22/Nov/2026:15:16:24 +0000] "GET / HTTP/1.1" 502 11 "-" "-" rt=0.1 ua="x.x.x.x:80" us=502`,
		Want: `time=2026-11-22T15:16:24Z client=x.x.x.x method=GET target=/ status=502 bytes=11 duration=100000 try={addr=x.x.x.x:80 status=502}`,
	},
	{Line: `2026-11-26 07:06:38 503 0 GET /al/28 127.0.0.16`,
		Want: `time=2026-11-26T07:06:38 client=127.0.0.16 method=GET target=/al/28 status=503`},
	{Line: `203.0.113.9 2026-11-26T07:06:38.123 POST http://shop.example.org/al/28?x=1 HTTP/1.1 502 0.004`,
		Want: `time=2026-11-26T07:06:38.123 client=203.0.113.9 method=POST target=http://shop.example.org/al/28?x=1 status=502 duration=4000`},
	{Line: `[2026-11-26 07:06:38.123] 203.0.113.9 shop.example.org GET /al/28 200 1520 12ms`,
		Want: `time=2026-11-26T07:06:38.123 client=203.0.113.9 vhost=shop.example.org method=GET target=/al/28 status=200 bytes=1520 duration=12000`},
	{Line: `25/Nov/2026:16:06:38 -0700;127.0.0.17;GET;http://shop.example.org/pay/20;502;502;127.0.0.1:30089;0.041`,
		Want: `time=2026-11-25T23:06:38Z(-07:00) client=127.0.0.17 vhost=shop.example.org method=GET target=/pay/20 status=502 duration=41000 try={addr=127.0.0.1:30089 status=502}`},
	{Line: `2026-11-26 07:06:38|203.0.113.9|GET|/al/28|504|162|3.004`,
		Want: `time=2026-11-26T07:06:38 client=203.0.113.9 method=GET target=/al/28 status=504 bytes=162 duration=3004000`},
	{Line: `1795648314.798 502 [502] <127.0.0.1:31522> POST /wait/0.3/681 127.0.0.15`,
		Want: `time=2026-11-25T23:11:54.798Z client=127.0.0.15 method=POST target=/wait/0.3/681 status=502 try={addr=127.0.0.1:31522 status=502}`},
	{Line: `1795648314.798 200 [502, 200] <127.0.0.1:31522, 127.0.0.1:31523> GET /v/681 127.0.0.15`,
		Want: `time=2026-11-25T23:11:54.798Z client=127.0.0.15 method=GET target=/v/681 status=200 try={addr=127.0.0.1:31522 status=502} try={addr=127.0.0.1:31523 status=200}`},
	{Line: `1795648314.798 502 [-] <-> GET /v/682 127.0.0.15`,
		Want: `time=2026-11-25T23:11:54.798Z client=127.0.0.15 method=GET target=/v/682 status=502`},
	{ // varnishncsa 7.1.1 with a format of JSON: the back end refused
		Line: `{"time":"2026-11-26T16:54:36+0000","client":"127.0.0.1","request":"GET /cart HTTP/1.1","status":503,"bytes":526,"duration_us":231,"handling":"pass","backend":"-"}`,
		Want: `time=2026-11-26T16:54:36Z client=127.0.0.1 method=GET target=/cart status=503 bytes=526 cache=pass`,
	},
	{
		Line: `{"time":"2026-11-26T16:54:36+0000","client":"127.0.0.1","request":"GET /cart HTTP/1.1","status":503,"bytes":526,"duration_us":231,"handling":"synth","backend":"-"}`,
		Want: `time=2026-11-26T16:54:36Z client=127.0.0.1 method=GET target=/cart status=503 bytes=526 cache=synth tries=none`,
	},
}
