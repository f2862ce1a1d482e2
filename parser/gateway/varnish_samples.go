package gateway

import "culprit/parser"

// varnishLogSamples are records of a running Varnish 7.1.1, grouped and raw, and of
// other versions.
var varnishLogSamples = []parser.Sample{
	{Line: `*   << BeReq    >> 32771     `, Want: `msg="*   << BeReq    >> 32771     "`},
	{Line: `**  << BeReq    >> 3         `, Want: `msg="**  << BeReq    >> 3         "`},
	{Line: `-   FetchError     backend default: fail errno 111 (Connection refused)`, Want: `level=error symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=default msg="FetchError     backend default: fail errno 111 (Connection refused)"`},
	{Line: `-   FetchError     HTC eof (-1)`, Want: `level=error symptom=premature-close phase=reading-response-header-from-upstream rank=primary msg="FetchError     HTC eof (-1)"`},
	{Line: `--  FetchError     first byte timeout`, Want: `level=error symptom=read-timeout phase=reading-response-header-from-upstream rank=primary msg="FetchError     first byte timeout"`},
	{Line: `-   FetchError     backend boot.sick: unhealthy`, Want: `level=error symptom=no-live-peer phase=connecting-to-upstream rank=secondary upstream=boot.sick msg="FetchError     backend boot.sick: unhealthy"`},
	{Line: `-   Timestamp      Error: 1795618898.075405 0.003770 0.000003`, Want: `time=2026-11-25T15:01:38.075405Z`},
	{Line: `-   BackendOpen    21 closer 127.0.0.1 18998 127.0.0.1 34616 connect`, Want: `msg="BackendOpen    21 closer 127.0.0.1 18998 127.0.0.1 34616 connect"`},
	{Line: `-   ReqHeader      User-Agent: panic: runtime error`, Want: ``},
	{Line: `-   End            `, Want: `msg="End            "`},
	{Line: `         9 FetchError     b straight insufficient bytes`, Want: `level=error symptom=truncated-body phase=reading-upstream rank=primary msg="FetchError     b straight insufficient bytes"`},
	{Line: `     32771 FetchError     b HTC eof (-1)`, Want: `level=error symptom=premature-close phase=reading-response-header-from-upstream rank=primary msg="FetchError     b HTC eof (-1)"`},
	{Line: `         0 Backend_health - sick Still sick -------- 1 3 8 0.000000 0.000000 "Open error 111 (Connection refused)"`, Want: `level=warn symptom=health-check-failed phase=health-check rank=secondary errno=111 upstream=sick msg="Backend_health - sick Still sick -------- 1 3 8 0.000000 0.000000 \"Open error 111 (Connection refused)\""`},
	{Line: `         0 Backend_health - boot.app Went sick 4--X-R- 2 3 8 0.001400 0.001300 HTTP/1.1 500 Internal Server Error`, Want: `level=warn symptom=peer-down phase=health-check rank=secondary upstream=boot.app msg="Backend_health - boot.app Went sick 4--X-R- 2 3 8 0.001400 0.001300 HTTP/1.1 500 Internal Server Error"`},
	{Line: `         0 Backend_health - boot.app Went healthy 4---X-RH 3 3 8 0.000920 0.000810 "HTTP/1.1 200 OK"`, Want: `level=info symptom=other phase=health-check rank=noise upstream=boot.app msg="Backend_health - boot.app Went healthy 4---X-RH 3 3 8 0.000920 0.000810 \"HTTP/1.1 200 OK\""`},
	{Line: `         0 Backend_health - boot.app Still healthy 4---X--- 7 3 8 0.000000 0.000810 "Poll timeout 1.000s exceeded by 0.000s"`, Want: `level=warn symptom=health-check-failed phase=health-check rank=secondary upstream=boot.app msg="Backend_health - boot.app Still healthy 4---X--- 7 3 8 0.000000 0.000810 \"Poll timeout 1.000s exceeded by 0.000s\""`},
	{Line: `        13 FetchError   c http first read error: -1 11 (Resource temporarily unavailable)`, Want: `level=error symptom=read-timeout phase=reading-response-header-from-upstream rank=primary errno=11 msg="FetchError   c http first read error: -1 11 (Resource temporarily unavailable)"`},
	{Line: `-   VCL_Error      Too many retries, failing`, Want: `level=error symptom=other rank=secondary msg="VCL_Error      Too many retries, failing"`},
	{
		Line: "*   << BeReq    >> 32771     \n-   Begin          bereq 32770 fetch\n-   VCL_use        boot\n-   Timestamp      Start: 1795618898.071635 0.000000 0.000000\n-   BereqMethod    GET\n-   BereqURL       /close\n-   BereqProtocol  HTTP/1.1\n-   BereqHeader    Host: 127.0.0.1:18880\n-   BereqHeader    User-Agent: curl/7.88.1\n-   VCL_call       BACKEND_FETCH\n-   VCL_return     fetch\n-   Timestamp      Fetch: 1795618898.071688 0.000052 0.000052\n-   Timestamp      Connected: 1795618898.073834 0.002199 0.002146\n-   BackendOpen    21 closer 127.0.0.1 18998 127.0.0.1 34616 connect\n-   Timestamp      Bereq: 1795618898.074032 0.002397 0.000198\n-   FetchError     HTC eof (-1)\n-   BackendClose   21 closer close Received bad req/resp\n-   Timestamp      Beresp: 1795618898.075402 0.003767 0.001369\n-   Timestamp      Error: 1795618898.075405 0.003770 0.000003\n-   BerespProtocol HTTP/1.1\n-   BerespStatus   503\n-   BerespReason   Backend fetch failed\n-   End            \n",
		Want: `time=2026-11-25T15:01:38.075402Z level=error symptom=premature-close phase=reading-response-header-from-upstream rank=primary server=127.0.0.1 request="GET /close HTTP/1.1" upstream=127.0.0.1:18998 msg="HTC eof (-1)"`,
	},
	{
		Line: "*   << Request  >> 32770     \n-   Begin          req 32769 rxreq\n-   Timestamp      Start: 1795618898.070836 0.000000 0.000000\n-   Timestamp      Req: 1795618898.070836 0.000000 0.000000\n-   ReqStart       127.0.0.1 44376 a0\n-   ReqMethod      GET\n-   ReqURL         /close\n-   ReqProtocol    HTTP/1.1\n-   ReqHeader      Host: shop.example:18880\n-   VCL_call       RECV\n-   VCL_call       MISS\n-   Link           bereq 32771 fetch\n-   RespProtocol   HTTP/1.1\n-   RespStatus     503\n-   RespReason     Backend fetch failed\n-   Timestamp      Resp: 1795618898.075830 0.004994 0.000131\n-   End            ",
		Want: `time=2026-11-25T15:01:38.075830Z client=127.0.0.1 vhost=shop.example method=GET target=/close status=503 duration=4994 cache=MISS made=gateway`,
	},
}

// varnishDaemonSamples are what the manager of 7.1.1 printed, and texts of its sources.
var varnishDaemonSamples = []parser.Sample{
	{Line: `Debug: Child (28179) Started`, Want: `level=info symptom=other rank=noise msg="Child (28179) Started"`},
	{Line: `Info: Child (28179) said Child starts`, Want: `level=info symptom=other rank=noise msg="Child (28179) said Child starts"`},
	{Line: `Child (28179) died signal=9`, Want: `level=error symptom=gateway-crash rank=primary msg="Child (28179) died signal=9"`},
	{Line: `Error: Child (28179) died signal=6 (core dumped)`, Want: `level=error symptom=gateway-crash rank=primary msg="Child (28179) died signal=6 (core dumped)"`},
	{Line: `Child (28179) not responding to CLI, killed it.`, Want: `level=error symptom=gateway-crash rank=primary msg="Child (28179) not responding to CLI, killed it."`},
	{Line: `Child (28179) Panic at: Wed, 25 Nov 2026 15:01:37 GMT`, Want: `level=error symptom=gateway-crash rank=primary msg="Child (28179) Panic at: Wed, 25 Nov 2026 15:01:37 GMT"`},
	{Line: `Child (28179) Pushing vcls failed:`, Want: `level=error symptom=other rank=secondary msg="Child (28179) Pushing vcls failed:"`},
	{Line: `Debug: Version: varnish-7.1.1 revision 7cee1c581bead20e88d101ab3d72afb29f14d87a`, Want: `level=info symptom=other rank=noise msg="Version: varnish-7.1.1 revision 7cee1c581bead20e88d101ab3d72afb29f14d87a"`},
	{Line: `Debug: Platform: Linux,6.1.0-26-amd64,x86_64,-junix,-smalloc,-sdefault,-hcritbit`, Want: `level=info symptom=other rank=noise msg="Platform: Linux,6.1.0-26-amd64,x86_64,-junix,-smalloc,-sdefault,-hcritbit"`},
	{Line: `Child launched OK`, Want: `level=info symptom=other rank=noise msg="Child launched OK"`},
}

// varnishAccessSamples are lines of varnishncsa 7.1.1 and of formats in use.
var varnishAccessSamples = []parser.Sample{
	{
		Line: `127.0.0.1 - - [25/Nov/2026:15:01:38 +0000] "GET http://127.0.0.1:18880/close HTTP/1.1" 503 282 "-" "curl/7.88.1"`,
		Want: `time=2026-11-25T15:01:38Z client=127.0.0.1 vhost=127.0.0.1 method=GET target=/close status=503 bytes=282`,
	},
	{
		Line: `192.0.2.7 - bob [25/Nov/2026:15:01:38 +0100] "POST https://shop.example/cart?x=1 HTTP/1.1" 503 282 "https://shop.example/" "Mozilla/5.0" pass 0.004994 "backend boot.app: fail errno 111 (Connection refused)"`,
		Want: `time=2026-11-25T14:01:38Z(+01:00) level=error client=192.0.2.7 vhost=shop.example method=POST target=/cart?x=1 status=503 bytes=282 cache=pass made=gateway symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 client=192.0.2.7 server=shop.example request="POST https://shop.example/cart?x=1 HTTP/1.1" upstream=boot.app msg="backend boot.app: fail errno 111 (Connection refused)"`,
	},
	{
		Line: `192.0.2.7 - - [25/Nov/2026:15:01:38 +0000] "GET http://shop.example/a HTTP/1.1" 200 12 "-" "Mozilla/5.0" hit 0.000042 -`,
		Want: `time=2026-11-25T15:01:38Z client=192.0.2.7 vhost=shop.example method=GET target=/a status=200 bytes=12 cache=hit`,
	},
	{
		Line: `192.0.2.7 - - [25/Nov/2026:15:01:38 +0000] "GET http://shop.example/a HTTP/1.1" 503 12 "-" "Mozilla/5.0" handling=miss us=4994 fetch_error="HTC eof (-1)" backend="21 boot.app 10.0.0.1 8080 10.0.0.9 34616 connect"`,
		Want: `time=2026-11-25T15:01:38Z level=error client=192.0.2.7 vhost=shop.example method=GET target=/a status=503 bytes=12 duration=4994 cache=miss pool=boot.app made=gateway try={addr=10.0.0.1:8080} symptom=premature-close phase=reading-response-header-from-upstream rank=primary client=192.0.2.7 server=shop.example request="GET http://shop.example/a HTTP/1.1" upstream=10.0.0.1:8080 msg="HTC eof (-1)"`,
	},
	{
		Line: `192.0.2.7 - - [25/Nov/2026:15:01:38 +0000] "GET http://shop.example/m HTTP/1.1" 503 237 "-" "HTC eof (-1)" synth`,
		Want: `time=2026-11-25T15:01:38Z client=192.0.2.7 vhost=shop.example method=GET target=/m status=503 bytes=237 cache=synth made=gateway`,
	},
}
