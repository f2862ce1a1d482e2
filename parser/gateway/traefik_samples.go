package gateway

import "culprit/parser"

// traefikLogSamples are lines of Traefik 1.7 to 3.5 as its sources print them and as pasted in
// public, addresses and names changed.
var traefikLogSamples = []parser.Sample{
	{ // github.com/traefik/traefik/issues/3237
		Line: `time="2018-07-17T03:57:54Z" level=debug msg="vulcand/oxy/forward/http: Round trip: http://172.18.0.5:8000, code: 502, Length: 11, duration: 297.756355ms tls:version: 303, tls:resume:false, tls:csuite:c02f, tls:server:projectname.localhost"`,
		Want: `time=2018-07-17T03:57:54Z level=debug symptom=other phase=reading-response-header-from-upstream rank=secondary upstream=172.18.0.5:8000 msg="vulcand/oxy/forward/http: Round trip: http://172.18.0.5:8000, code: 502, Length: 11, duration: 297.756355ms tls:version: 303, tls:resume:false, tls:csuite:c02f, tls:server:projectname.localhost"`,
	},
	{
		Line: `time="2018-07-17T03:57:55Z" level=debug msg="vulcand/oxy/forward/http: Round trip: http://172.18.0.5:8000, code: 502, Length: 166, duration: 297.756355ms"`,
		Want: `time=2018-07-17T03:57:55Z level=debug symptom=other phase=reading-response-header-from-upstream rank=noise msg="vulcand/oxy/forward/http: Round trip: http://172.18.0.5:8000, code: 502, Length: 166, duration: 297.756355ms"`,
	},
	{ // github.com/fosrl/pangolin/issues/1028
		Line: `2025-07-07T15:46:15Z DBG httputil/proxy.go:121 > 502 Bad Gateway | error=dial tcp x.x.x.x:53007: connect: no route to host`,
		Want: `time=2025-07-07T15:46:15Z level=debug symptom=no-route phase=connecting-to-upstream rank=primary errno=113 upstream=x.x.x.x:53007 msg="502 Bad Gateway\ndial tcp x.x.x.x:53007: connect: no route to host"`,
	},
	{Line: `2026-11-22T13:59:00Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 502 Bad Gateway error="dial tcp 10.0.0.5:80: connect: connection refused"`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=10.0.0.5:80 msg="502 Bad Gateway\ndial tcp 10.0.0.5:80: connect: connection refused"`},
	{Line: `2026-11-22T13:59:00+01:00 ERR github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:119 > 500 Internal Server Error error="tls: failed to verify certificate: x509: certificate signed by unknown authority"`,
		Want: `time=2026-11-22T12:59:00Z(+01:00) level=error symptom=tls-verify phase=ssl-handshaking-to-upstream rank=primary msg="500 Internal Server Error\ntls: failed to verify certificate: x509: certificate signed by unknown authority"`},
	{Line: `DBG > 502 Bad Gateway error="dial tcp 172.18.0.5:8080: connect: no route to host"`,
		Want: `level=debug symptom=no-route phase=connecting-to-upstream rank=primary errno=113 upstream=172.18.0.5:8080 msg="502 Bad Gateway\ndial tcp 172.18.0.5:8080: connect: no route to host"`},
	{Line: `2026-11-22T13:59:00Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 504 Gateway Timeout error="dial tcp 10.0.0.5:80: i/o timeout"`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=connect-timeout phase=connecting-to-upstream rank=primary upstream=10.0.0.5:80 msg="504 Gateway Timeout\ndial tcp 10.0.0.5:80: i/o timeout"`},
	{Line: `2026-11-22T13:59:00Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 499 Client Closed Request error="context canceled"`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=client-abort phase=other rank=noise msg="499 Client Closed Request\ncontext canceled"`},
	{Line: `2026-11-22T13:59:00Z WRN github.com/traefik/traefik/v3/pkg/healthcheck/healthcheck.go:127 > Health check failed. error="HTTP request failed: Get \"http://10.0.0.5:80/health\": dial tcp 10.0.0.5:80: connect: connection refused" targetURL=http://10.0.0.5:80/`,
		Want: `time=2026-11-22T13:59:00Z level=warn symptom=peer-down phase=health-check rank=secondary errno=111 upstream=10.0.0.5:80 msg="Health check failed.\nHTTP request failed: Get \"http://10.0.0.5:80/health\": dial tcp 10.0.0.5:80: connect: connection refused"`},
	{Line: `2026-11-22T13:59:00Z ERR Error while dialing backend error="dial tcp 10.0.0.5:5432: connect: connection refused"`,
		Want: `time=2026-11-22T13:59:00Z level=error symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=10.0.0.5:5432 msg="Error while dialing backend\ndial tcp 10.0.0.5:5432: connect: connection refused"`},
	{Line: `2026-11-22T13:59:00Z ERR error="service \"x\" error: port is missing" container=x-1 providerName=docker`,
		Want: `time=2026-11-22T13:59:00Z level=error symptom=other rank=noise msg="service \"x\" error: port is missing"`},
	{Line: `2026-11-22T13:59:00Z INF Traefik version 3.2.0 built on 2024-10-28T15:07:20Z version=3.2.0`,
		Want: `time=2026-11-22T13:59:00Z level=info symptom=other rank=noise msg="Traefik version 3.2.0 built on 2024-10-28T15:07:20Z"`},
	{Line: `{"level":"debug","error":"EOF","time":"2026-11-22T13:59:00Z","caller":"github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121","message":"502 Bad Gateway"}`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=premature-close phase=reading-response-header-from-upstream rank=primary msg="502 Bad Gateway\nEOF"`},
	{Line: `time="2026-11-22T13:59:00Z" level=debug msg="'502 Bad Gateway' caused by: dial tcp 10.0.0.5:80: connect: connection refused"`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=10.0.0.5:80 msg="'502 Bad Gateway' caused by: dial tcp 10.0.0.5:80: connect: connection refused"`},
	{Line: `time="2026-11-22T13:59:00Z" level=debug msg="'500 Internal Server Error' caused by: net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x00\\x00\\x12\\x04\""`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=no-http-header phase=reading-response-header-from-upstream rank=primary msg="'500 Internal Server Error' caused by: net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x00\\x00\\x12\\x04\""`},
	{Line: `time="2026-11-22T13:59:00Z" level=warning msg="Health check failed, removing from server list. Backend: \"app@docker\" URL: \"http://10.0.0.5:80\" Weight: 1 Reason: HTTP request failed: Get \"http://10.0.0.5:80/health\": dial tcp 10.0.0.5:80: connect: connection refused"`,
		Want: `time=2026-11-22T13:59:00Z level=warn symptom=peer-down phase=health-check rank=secondary errno=111 upstream=10.0.0.5:80 msg="Health check failed, removing from server list. Backend: \"app@docker\" URL: \"http://10.0.0.5:80\" Weight: 1 Reason: HTTP request failed: Get \"http://10.0.0.5:80/health\": dial tcp 10.0.0.5:80: connect: connection refused"`},
	{Line: `time="2026-11-22T13:59:00Z" level=error msg="the service \"app@docker\" does not exist" entryPointName=web routerName=app@docker`,
		Want: `time=2026-11-22T13:59:00Z level=error symptom=other rank=noise msg="the service \"app@docker\" does not exist"`},
	{Line: `{"level":"debug","msg":"'504 Gateway Timeout' caused by: read tcp 10.0.0.2:50112-\u003e10.0.0.5:80: i/o timeout","time":"2026-11-22T13:59:00Z"}`,
		Want: `time=2026-11-22T13:59:00Z level=debug symptom=read-timeout phase=reading-response-header-from-upstream rank=primary upstream=10.0.0.5:80 msg="'504 Gateway Timeout' caused by: read tcp 10.0.0.2:50112->10.0.0.5:80: i/o timeout"`},
}

// traefikAccessSamples are lines as logger_formatters.go prints them, one of them with a
// hostile path and agent.
var traefikAccessSamples = []parser.Sample{
	{Line: `192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /a HTTP/1.1" 502 11 "-" "curl/8.0" 12 "app@docker" "http://10.0.0.5:80" 1ms`,
		Want: `time=2026-11-22T13:59:00Z level=error client=192.0.2.7 method=GET target=/a status=502 bytes=11 duration=1000 pool=app@docker made=gateway try={addr=10.0.0.5:80 status=502} symptom=other phase=other rank=primary client=192.0.2.7 request="GET /a HTTP/1.1" upstream=10.0.0.5:80`},
	{Line: `192.0.2.7 - bob [22/Nov/2026:13:59:00 +0000] "GET /a?x="502" HTTP/2.0" 200 1234 "-" "a" 12 "x" "http://6.6.6.6:80" 1ms" 13 "app@docker" "http://10.0.0.5:80" 15ms`,
		Want: `time=2026-11-22T13:59:00Z client=192.0.2.7 method=GET target="/a?x=\"502\"" status=200 bytes=1234 duration=15000 pool=app@docker try={addr=10.0.0.5:80 status=200}`},
	{Line: `192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /a HTTP/1.1" 504 15 "-" "curl/8.0" 12 "app@docker" "http://10.0.0.5:80" 30001ms`,
		Want: `time=2026-11-22T13:59:00Z level=error client=192.0.2.7 method=GET target=/a status=504 bytes=15 duration=30001000 pool=app@docker made=gateway try={addr=10.0.0.5:80 status=504} symptom=connect-timeout phase=connecting-to-upstream rank=primary client=192.0.2.7 request="GET /a HTTP/1.1" upstream=10.0.0.5:80`},
	{Line: `192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /a HTTP/1.1" 502 150 "-" "curl/8.0" 12 "app@docker" "http://10.0.0.5:80" 3ms`,
		Want: `time=2026-11-22T13:59:00Z client=192.0.2.7 method=GET target=/a status=502 bytes=150 duration=3000 pool=app@docker made=upstream try={addr=10.0.0.5:80 status=502}`},
	{Line: `192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /a HTTP/1.1" 404 19 "-" "-" 12 "-" "-" 0ms`,
		Want: `time=2026-11-22T13:59:00Z client=192.0.2.7 method=GET target=/a status=404 bytes=19 duration=0 tries=none`},
	{Line: `192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /a HTTP/1.1" 503 20 "-" "-" 12 "app@docker" "-" 0ms`,
		Want: `time=2026-11-22T13:59:00Z level=error client=192.0.2.7 method=GET target=/a status=503 bytes=20 duration=0 pool=app@docker made=gateway tries=none symptom=no-live-peer phase=queue rank=secondary client=192.0.2.7 request="GET /a HTTP/1.1" group=app@docker`},
	{Line: `192.0.2.7 - - [] "GET /a HTTP/1.1" - - "-" "-" 12 - - 0ms`,
		Want: `client=192.0.2.7 method=GET target=/a duration=0 tries=none`},
	{Line: `{"ClientAddr":"192.0.2.7:40112","ClientHost":"192.0.2.7","ClientPort":"40112","ClientUsername":"-","DownstreamContentSize":11,"DownstreamStatus":502,"Duration":1203456,"OriginContentSize":11,"OriginDuration":1100000,"OriginStatus":502,"Overhead":103456,"RequestAddr":"a.example","RequestContentSize":0,"RequestCount":12,"RequestHost":"a.example","RequestMethod":"GET","RequestPath":"/a?q=\"x\"","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"RouterName":"app@docker","ServiceAddr":"10.0.0.5:80","ServiceName":"app@docker","ServiceURL":"http://10.0.0.5:80","StartLocal":"2026-11-22T13:59:00.123456789Z","StartUTC":"2026-11-22T13:59:00.123456789Z","entryPointName":"web","level":"info","msg":"","time":"2026-11-22T13:59:00Z"}`,
		Want: `time=2026-11-22T13:59:00.123456Z level=error client=192.0.2.7 vhost=a.example method=GET target="/a?q=\"x\"" status=502 bytes=11 duration=1203 pool=app@docker made=gateway try={addr=10.0.0.5:80 status=502 response=1100} symptom=other phase=other rank=primary client=192.0.2.7 request="GET /a?q=\"x\" HTTP/1.1" upstream=10.0.0.5:80 vhost=a.example`},
	{Line: `{"ClientHost":"192.0.2.7","DownstreamContentSize":20,"DownstreamStatus":503,"Duration":103456,"RequestHost":"a.example","RequestMethod":"GET","RequestPath":"/a","RequestProtocol":"HTTP/1.1","RouterName":"app@docker","ServiceName":"app@docker","StartUTC":"2026-11-22T13:59:00.123456789Z","level":"info","msg":"","time":"2026-11-22T13:59:00Z"}`,
		Want: `time=2026-11-22T13:59:00.123456Z level=error client=192.0.2.7 vhost=a.example method=GET target=/a status=503 bytes=20 duration=103 pool=app@docker made=gateway tries=none symptom=no-live-peer phase=queue rank=secondary client=192.0.2.7 request="GET /a HTTP/1.1" group=app@docker vhost=a.example`},
	{Line: `{"ClientHost":"192.0.2.7","DownstreamContentSize":2000,"DownstreamStatus":503,"Duration":5103456,"OriginContentSize":2000,"OriginDuration":5000000,"OriginStatus":503,"RequestHost":"a.example","RequestMethod":"GET","RequestPath":"/a","RequestProtocol":"HTTP/1.1","ServiceURL":{"Scheme":"http","Opaque":"","User":null,"Host":"10.0.0.5:80","Path":"","RawPath":"","ForceQuery":false,"RawQuery":"","Fragment":""},"ServiceName":"app@docker","level":"info","msg":"","time":"2026-11-22T13:59:00Z"}`,
		Want: `time=2026-11-22T13:59:00Z client=192.0.2.7 vhost=a.example method=GET target=/a status=503 bytes=2000 duration=5103 pool=app@docker made=upstream try={addr=10.0.0.5:80 status=503 response=5000}`},
}
