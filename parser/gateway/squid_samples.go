package gateway

import "culprit/parser"

// Written by Squid 5.7 as an accelerator whose parent was killed, then stopped; the last
// is the example of https://blog.williampeters.com/squid-access-log-meaning-explained.
var squidAccessSamples = []parser.Sample{
	{Line: `1795698632.384     23 127.0.0.1 TCP_MISS/200 233 GET http://www.example.com/shop/items/161 - FIRSTUP_PARENT/127.0.0.1 -`,
		Want: `time=2026-11-26T13:10:32.384Z client=127.0.0.1 vhost=www.example.com method=GET target=/shop/items/161 status=200 bytes=233 duration=23000 cache=TCP_MISS`},
	{Line: `1795698637.195      1 127.0.0.1 TCP_MISS/502 1601 GET http://www.example.com/shop/items/196 - HIER_NONE/- text/html`,
		Want: `time=2026-11-26T13:10:37.195Z client=127.0.0.1 vhost=www.example.com method=GET target=/shop/items/196 status=502 bytes=1601 duration=1000 cache=TCP_MISS`},
	{Line: `1795698636.385      0 127.0.0.1 TCP_MISS/503 1631 GET http://www.example.com/shop/items/262 - FIRSTUP_PARENT/127.0.0.1 text/html`,
		Want: `time=2026-11-26T13:10:36.385Z client=127.0.0.1 vhost=www.example.com method=GET target=/shop/items/262 status=503 bytes=1631 duration=0 cache=TCP_MISS`},
	{Line: `1795698651.119   1455 127.0.0.1 TCP_MISS/504 1660 GET http://www.example.com/shop/items/229 - FIRSTUP_PARENT/127.0.0.1 text/html`,
		Want: `time=2026-11-26T13:10:51.119Z client=127.0.0.1 vhost=www.example.com method=GET target=/shop/items/229 status=504 bytes=1660 duration=1455000 cache=TCP_MISS`},
	{Line: `1795698670.203  20045 127.0.0.1 TCP_MISS_ABORTED/000 0 GET http://www.example.com/shop/items/199 - HIER_NONE/- -`,
		Want: `time=2026-11-26T13:11:10.203Z client=127.0.0.1 vhost=www.example.com method=GET target=/shop/items/199 bytes=0 duration=20045000 cache=TCP_MISS_ABORTED`},
	{Line: `1201172176.719 1190 127.0.0.1 TCP_MISS/200 529 GET http://www.blogger.com/status.g? - DIRECT/72.14.221.191 application/xml`,
		Want: `time=2008-01-24T10:56:16.719Z client=127.0.0.1 vhost=www.blogger.com method=GET target=/status.g? status=200 bytes=529 duration=1190000 cache=TCP_MISS`},
}

var squidCacheSamples = []parser.Sample{
	{Line: `2026/11/26 13:10:36| TCP connection to 127.0.0.1/20101 failed`,
		Want: `time=2026-11-26T13:10:36 level=warn symptom=other phase=connecting-to-upstream rank=primary upstream=127.0.0.1:20101 msg="TCP connection to 127.0.0.1/20101 failed"`},
	{Line: `2026/11/26 13:10:36 kid1| TCP connection to 127.0.0.1/20101 failed`,
		Want: `time=2026-11-26T13:10:36 level=warn symptom=other phase=connecting-to-upstream rank=primary upstream=127.0.0.1:20101 msg="TCP connection to 127.0.0.1/20101 failed"`},
	{Line: `2026/11/26 13:10:37| Detected DEAD Parent: shop`,
		Want: `time=2026-11-26T13:10:37 level=warn symptom=peer-down rank=secondary msg="Detected DEAD Parent: shop"`},
	{Line: `2026/11/26 13:10:44| Detected REVIVED Parent: shop`,
		Want: `time=2026-11-26T13:10:44 level=info symptom=other rank=noise msg="Detected REVIVED Parent: shop"`},
	{Line: `2026/11/26 13:09:43| FATAL: Error Directory /usr/share/squid/errors/en: (2) No such file or directory`,
		Want: `time=2026-11-26T13:09:43 level=crit symptom=other rank=noise msg="FATAL: Error Directory /usr/share/squid/errors/en: (2) No such file or directory"`},
	{Line: `2026/11/26 13:10:29| Accepting reverse-proxy HTTP Socket connections at conn3 local=127.0.0.1:20100 remote=[::] FD 11 flags=9`,
		Want: `time=2026-11-26T13:10:29 level=info symptom=other rank=noise msg="Accepting reverse-proxy HTTP Socket connections at conn3 local=127.0.0.1:20100 remote=[::] FD 11 flags=9"`},
	{Line: `2003/09/29 03:17:31| WARNING! Your cache is running out of filedescriptors`,
		Want: `time=2003-09-29T03:17:31 level=warn symptom=no-files rank=primary msg="WARNING! Your cache is running out of filedescriptors"`},
	{Line: `2026/11/27 04:30:56| WARNING: DNS lookup for 'stock.svc.invalid' failed!`, Want: `time=2026-11-27T04:30:56 level=warn symptom=resolve-failed phase=resolving rank=primary group=stock.svc.invalid msg="WARNING: DNS lookup for 'stock.svc.invalid' failed!"`},
	{Line: `2026/11/27 04:30:56 kid1| WARNING: No IP address found for 'stock.svc.invalid'!`, Want: `time=2026-11-27T04:30:56 level=warn symptom=resolve-failed phase=resolving rank=primary group=stock.svc.invalid msg="WARNING: No IP address found for 'stock.svc.invalid'!"`},
}
