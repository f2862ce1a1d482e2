package gateway

import "culprit/parser"

// In the fields that IIS 10 and CloudFront log unless told otherwise.
var iisSamples = []parser.Sample{
	{Line: `2026-11-21 02:42:23 10.0.0.4 GET /hr/home id=4 443 - 192.0.2.81 Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 33`, Want: `time=2026-11-21T02:42:23Z client=192.0.2.81 method=GET target=/hr/home?id=4 status=200 duration=33000`},
	{Line: `2026-11-21 02:42:23 10.0.0.4 GET /hr/home - 443 - 192.0.2.81 Mozilla/5.0+(Windows+NT+10.0) - 502 3 12029 17`, Want: `time=2026-11-21T02:42:23Z level=error client=192.0.2.81 method=GET target=/hr/home status=502 duration=17000 made=gateway symptom=conn-refused phase=connecting-to-upstream rank=primary`},
	{Line: `2026-11-21 02:42:23 10.0.0.4 GET /hr/home - 443 - 192.0.2.81 Mozilla/5.0+(Windows+NT+10.0) - 502 3 12030 17`, Want: `time=2026-11-21T02:42:23Z level=error client=192.0.2.81 method=GET target=/hr/home status=502 duration=17000 made=gateway symptom=premature-close phase=reading-response-header-from-upstream rank=primary`},
	{Line: `2026-11-21 02:42:23 W3SVC1 WEB1 10.0.0.4 POST /hr/home - 443 EXAMPLE\bob 192.0.2.81 HTTP/1.1 Mozilla/5.0 - https://hr.example.com/ hr.example.com 502 5 0 1477 622 31`, Want: `time=2026-11-21T02:42:23Z level=error client=192.0.2.81 method=POST target=/hr/home status=502 duration=31000 made=gateway symptom=other rank=primary`},
}

var cloudfrontSamples = []parser.Sample{
	{Line: "2026-11-21\t03:48:40\tCDG52-P2\t1045\t192.0.2.81\tGET\td111111abcdef8.cloudfront.net\t/a/7\t502\t-\tMozilla/5.0\t-\t-\tError\tq4x==\twww.example.com\thttps\t23\t0.121\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tError\tHTTP/2.0\t-\t-\t11040\t0.121\tOriginConnectError\ttext/html\t1045\t-\t-", Want: `time=2026-11-21T03:48:40Z level=error client=192.0.2.81 vhost=www.example.com method=GET target=/a/7 status=502 bytes=1045 duration=121000 cache=Error request-id=q4x== made=gateway symptom=other phase=connecting-to-upstream rank=primary`},
	{Line: "2026-11-21\t03:48:40\tCDG52-P2\t1045\t192.0.2.81\tGET\td111111abcdef8.cloudfront.net\t/a/7\t200\t-\tMozilla/5.0\t-\t-\tMiss\tq4x==\twww.example.com\thttps\t23\t0.121\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss\tHTTP/2.0\t-\t-\t11040\t0.121\tMiss\ttext/html\t1045\t-\t-", Want: `time=2026-11-21T03:48:40Z client=192.0.2.81 vhost=www.example.com method=GET target=/a/7 status=200 bytes=1045 duration=121000 cache=Miss request-id=q4x==`},
}
