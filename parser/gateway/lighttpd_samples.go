package gateway

import "culprit/parser"

// lighttpdErrorSamples are lines of a running lighttpd 1.4.69 (Debian) and, below, of
// other versions as their sources print them.
var lighttpdErrorSamples = []parser.Sample{
	{ // 1.4.69, its upload directory on a full disk
		Line: `2026-11-26 00:00:57: (chunk.c.826) write() temp-file /var/cache/lighttpd/uploads/lighttpd-upload-BGOgmm failed: No space left on device`,
		Want: `time=2026-11-26T00:00:57 level=error symptom=disk-full rank=primary msg="write() temp-file /var/cache/lighttpd/uploads/lighttpd-upload-BGOgmm failed: No space left on device"`,
	},
	{
		Line: `2026-11-25 15:00:47: (server.c.1704) server started (lighttpd/1.4.69)`,
		Want: `time=2026-11-25T15:00:47 level=info symptom=other rank=noise msg="server started (lighttpd/1.4.69)"`,
	},
	{
		Line: `2026-11-25 15:00:48: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:18999: Connection refused`,
		Want: `time=2026-11-25T15:00:48 level=error symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=127.0.0.1:18999 msg="establishing connection failed: socket: tcp:127.0.0.1:18999: Connection refused"`,
	},
	{
		Line: `2026-11-25 15:00:48: (gw_backend.c.960) all handlers for /p?x=1 on  are down.`,
		Want: `time=2026-11-25T15:00:48 level=error symptom=no-live-peer phase=connecting-to-upstream rank=secondary msg="all handlers for /p?x=1 on  are down."`,
	},
	{
		Line: `2026-11-25 15:00:49: (gw_backend.c.351) gw-server re-enabled: tcp:127.0.0.1:18999 127.0.0.1 18999 `,
		Want: `time=2026-11-25T15:00:49 level=info symptom=other phase=health-check rank=noise upstream=127.0.0.1:18999 msg="gw-server re-enabled: tcp:127.0.0.1:18999 127.0.0.1 18999 "`,
	},
	{
		Line: `2026-11-25 15:00:51: (gw_backend.c.2708) read timeout on socket: tcp:127.0.0.1:18996 (fd: 11)`,
		Want: `time=2026-11-25T15:00:51 level=error symptom=read-timeout phase=reading-response-header-from-upstream rank=primary upstream=127.0.0.1:18996 msg="read timeout on socket: tcp:127.0.0.1:18996 (fd: 11)"`,
	},
	{
		Line: `2026-11-25 15:00:58: (gw_backend.c.274) establishing connection failed: socket: unix:/run/shop/app.sock: No such file or directory`,
		Want: `time=2026-11-25T15:00:58 level=error symptom=socket-missing phase=connecting-to-upstream rank=primary errno=2 upstream=unix:/run/shop/app.sock msg="establishing connection failed: socket: unix:/run/shop/app.sock: No such file or directory"`,
	},
	{
		Line: `2026-11-25 15:00:58: (server.c.2078) server stopped by UID = 0 PID = 26743`,
		Want: `time=2026-11-25T15:00:58 level=info symptom=other rank=noise msg="server stopped by UID = 0 PID = 26743"`,
	},
	// 1.4.55
	{
		Line: `2020-03-01 10:00:00: (gw_backend.c.308) establishing connection failed: Connection refused socket: tcp:127.0.0.1:9000`,
		Want: `time=2020-03-01T10:00:00 level=error symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=127.0.0.1:9000 msg="establishing connection failed: Connection refused socket: tcp:127.0.0.1:9000"`,
	},
	{
		Line: `2020-03-01 10:00:00: (gw_backend.c.238) backend error; we'll disable for 1 secs and send the request to another backend instead:load: 1`,
		Want: `time=2020-03-01T10:00:00 level=error symptom=peer-disabled phase=connecting-to-upstream rank=secondary msg="backend error; we'll disable for 1 secs and send the request to another backend instead:load: 1"`,
	},
	{
		Line: `2020-03-01 10:00:00: (gw_backend.c.2148) response not received, request sent: 1024 on socket: unix:/run/php.sock for /index.php?a=socket: tcp:6.6.6.6:1 for x, closing connection`,
		Want: `time=2020-03-01T10:00:00 level=error symptom=premature-close phase=reading-response-header-from-upstream rank=primary upstream=unix:/run/php.sock msg="response not received, request sent: 1024 on socket: unix:/run/php.sock for /index.php?a=socket: tcp:6.6.6.6:1 for x, closing connection"`,
	},
	{
		Line: `2020-03-01 10:00:00: (mod_fastcgi.c.421) FastCGI-stderr: PHP message: PHP Fatal error:  Uncaught Error: boom in /var/www/a.php:3`,
		Want: `time=2020-03-01T10:00:00 level=error symptom=upstream-status phase=reading-response-header-from-upstream rank=primary quoted="PHP message: PHP Fatal error:  Uncaught Error: boom in /var/www/a.php:3" msg="FastCGI-stderr: PHP message: PHP Fatal error:  Uncaught Error: boom in /var/www/a.php:3"`,
	},
	// 1.4.35, an absolute path, and syslog, which takes the stamp
	{
		Line: `2014-05-06 07:08:09: (/build/lighttpd-1.4.35/src/mod_fastcgi.c.2582) unexpected end-of-file (perhaps the fastcgi process died): pid: 1234 socket: unix:/tmp/php.socket-0`,
		Want: `time=2014-05-06T07:08:09 level=error symptom=premature-close phase=reading-response-header-from-upstream rank=primary upstream=unix:/tmp/php.socket-0 msg="unexpected end-of-file (perhaps the fastcgi process died): pid: 1234 socket: unix:/tmp/php.socket-0"`,
	},
	{
		Line: `(gw_backend.c.329) child exited: 0 tcp:127.0.0.1:9002`,
		Want: `level=error symptom=peer-down phase=health-check rank=secondary upstream=127.0.0.1:9002 msg="child exited: 0 tcp:127.0.0.1:9002"`,
	},
	// server.errorlog-high-precision, and a text that is in no row
	{
		Line: `2026-11-25 15:00:48.123456789: (gw_backend.c.2690) connect timeout on socket: tcp:[2001:db8::7]:8080 (fd: 9)`,
		Want: `time=2026-11-25T15:00:48.123456 level=error symptom=connect-timeout phase=connecting-to-upstream rank=primary upstream=[2001:db8::7]:8080 msg="connect timeout on socket: tcp:[2001:db8::7]:8080 (fd: 9)"`,
	},
	{
		Line: `2026-11-25 15:00:48: (mod_openssl.c.3010) SSL: 1 error:0A000126:SSL routines::unexpected eof while reading (192.0.2.7)`,
		Want: `time=2026-11-25T15:00:48 level=info symptom=other rank=noise msg="SSL: 1 error:0A000126:SSL routines::unexpected eof while reading (192.0.2.7)"`,
	},
}

// lighttpdAccessSamples are lines of the same server.
var lighttpdAccessSamples = []parser.Sample{
	{
		Line: `127.0.0.1 127.0.0.1:18881 - [25/Nov/2026:15:00:48 +0000] "GET /p?x=1 HTTP/1.1" 503 361 "-" "a\"b"`,
		Want: `time=2026-11-25T15:00:48Z client=127.0.0.1 vhost=127.0.0.1 method=GET target=/p?x=1 status=503 bytes=361`,
	},
	{
		Line: `203.0.113.24 shop.example.com bob [25/Nov/2026:16:00:48 +0100] "GET /close HTTP/1.1" 500 365 "https://shop.example.com/" "Mozilla/5.0 (X11)"`,
		Want: `time=2026-11-25T15:00:48Z(+01:00) client=203.0.113.24 vhost=shop.example.com method=GET target=/close status=500 bytes=365`,
	},
	{
		Line: `2001:db8::7 localhost - [25/Nov/2026:15:00:52 +0000] "GET /slow HTTP/2.0" 504 353 "-" "curl/7.88.1"`,
		Want: `time=2026-11-25T15:00:52Z client=2001:db8::7 vhost=localhost method=GET target=/slow status=504 bytes=353`,
	},
}
