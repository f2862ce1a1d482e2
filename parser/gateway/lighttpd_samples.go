package gateway

import "culprit/parser"

// lighttpdErrorSamples are lines of a running lighttpd 1.4.69 (Debian) and, below, of
// other versions as their sources print them.
var lighttpdErrorSamples = []parser.Sample{
	{
		Line: `2026-11-25 15:00:47: (server.c.1704) server started (lighttpd/1.4.69)`,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:48: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:18999: Connection refused`,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:48: (gw_backend.c.960) all handlers for /p?x=1 on  are down.`,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:49: (gw_backend.c.351) gw-server re-enabled: tcp:127.0.0.1:18999 127.0.0.1 18999 `,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:51: (gw_backend.c.2708) read timeout on socket: tcp:127.0.0.1:18996 (fd: 11)`,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:58: (gw_backend.c.274) establishing connection failed: socket: unix:/tmp/kin/no.sock: No such file or directory`,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:58: (server.c.2078) server stopped by UID = 0 PID = 26743`,
		Want: ``,
	},
	// 1.4.55
	{
		Line: `2020-03-01 10:00:00: (gw_backend.c.308) establishing connection failed: Connection refused socket: tcp:127.0.0.1:9000`,
		Want: ``,
	},
	{
		Line: `2020-03-01 10:00:00: (gw_backend.c.238) backend error; we'll disable for 1 secs and send the request to another backend instead:load: 1`,
		Want: ``,
	},
	{
		Line: `2020-03-01 10:00:00: (gw_backend.c.2148) response not received, request sent: 1024 on socket: unix:/run/php.sock for /index.php?a=socket: tcp:6.6.6.6:1 for x, closing connection`,
		Want: ``,
	},
	{
		Line: `2020-03-01 10:00:00: (mod_fastcgi.c.421) FastCGI-stderr: PHP message: PHP Fatal error:  Uncaught Error: boom in /var/www/a.php:3`,
		Want: ``,
	},
	// 1.4.35, an absolute path, and syslog, which takes the stamp
	{
		Line: `2014-05-06 07:08:09: (/build/lighttpd-1.4.35/src/mod_fastcgi.c.2582) unexpected end-of-file (perhaps the fastcgi process died): pid: 1234 socket: unix:/tmp/php.socket-0`,
		Want: ``,
	},
	{
		Line: `(gw_backend.c.329) child exited: 0 tcp:127.0.0.1:9002`,
		Want: ``,
	},
	// server.errorlog-high-precision, and a text that is in no row
	{
		Line: `2026-11-25 15:00:48.123456789: (gw_backend.c.2690) connect timeout on socket: tcp:[2001:db8::7]:8080 (fd: 9)`,
		Want: ``,
	},
	{
		Line: `2026-11-25 15:00:48: (mod_openssl.c.3010) SSL: 1 error:0A000126:SSL routines::unexpected eof while reading (192.0.2.7)`,
		Want: ``,
	},
}
