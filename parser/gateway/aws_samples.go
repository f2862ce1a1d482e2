package gateway

import "culprit/parser"

// awsALBSamples are the examples of the documentation and lines made from them by its
// rules for failures, for the field counts of each generation of the log.
var awsALBSamples = []parser.Sample{
	{
		Line: `http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234abcd5678ef90`,
		Want: `time=2018-07-02T22:23:00.186641Z client=192.168.131.39 vhost=www.example.com method=GET target=/ status=200 bytes=366 duration=11822641 pool=my-targets request-id=1-58337262-36d228ad5d99923122bbe354 made=upstream try={addr=10.0.0.1:80 status=200 header=1000 response=1000}`,
	},
	{
		Line: `https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-"`,
		Want: `time=2018-07-02T22:23:00.186641Z client=192.168.131.39 vhost=www.example.com method=GET target=/ status=200 bytes=57 duration=11822641 pool=my-targets request-id=1-58337281-1d84f3d73c47ec4e58577259 made=upstream try={addr=10.0.0.1:80 status=200 header=48000 response=85000}`,
	},
	{
		Line: `h2 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 10.0.1.252:48160 10.0.0.66:9000 0.000 0.002 0.000 200 200 5 257 "GET https://10.0.2.105:773/ HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337327-72bd00b0343d75b906739c42" "-" "-" 1 2018-07-02T22:22:48.364000Z "redirect" "https://example.com:80/" "-" "10.0.0.66:9000" "200" "-" "-"`,
		Want: `time=2018-07-02T22:23:00.186641Z client=10.0.1.252 vhost=10.0.2.105 method=GET target=/ status=200 bytes=257 duration=11822641 pool=my-targets request-id=1-58337327-72bd00b0343d75b906739c42 made=upstream try={addr=10.0.0.66:9000 status=200 header=2000 response=2000}`,
	},
	{
		Line: `ws 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 10.0.0.140:40914 10.0.1.192:8010 0.001 0.003 0.000 101 101 218 587 "GET http://10.0.0.30:80/ HTTP/1.1" "-" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 1 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.1.192:8010" "101" "-" "-"`,
		Want: `time=2018-07-02T22:23:00.186641Z client=10.0.0.140 vhost=10.0.0.30 method=GET target=/ status=101 bytes=587 duration=11822641 pool=my-targets request-id=1-58337364-23a8c76965a2ef7629b185e3 made=upstream try={addr=10.0.1.192:8010 status=101 header=3000 response=3000}`,
	},
	{
		Line: `http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - 0.000 0.001 0.000 502 - 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-"`,
		Want: `time=2018-11-30T22:23:00.186641Z level=error client=192.168.131.39 vhost=www.example.com method=GET target=/ status=502 bytes=366 duration=11822641 pool=my-targets request-id=1-58337364-23a8c76965a2ef7629b185e3 made=gateway tries=none symptom=invalid-header phase=reading-response-header-from-upstream rank=primary client=192.168.131.39 server=www.example.com request="GET http://www.example.com:80/ HTTP/1.1" group=my-targets`,
	},
	// Closed before the answer: 18 fields, 21 fields.
	{
		Line: `http 2016-08-10T22:08:42.945958Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.12:8080 0.000 0.004 -1 502 - 812 277 "POST http://shop.example.com:80/cart HTTP/1.1" "Mozilla/5.0" - - arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-57aba61a-0c9a1ad2a2b26f9a1ad2a2b2"`,
		Want: `time=2016-08-10T22:08:42.945958Z level=error client=203.0.113.24 vhost=shop.example.com method=POST target=/cart status=502 bytes=277 pool=shop request-id=1-57aba61a-0c9a1ad2a2b26f9a1ad2a2b2 made=gateway try={addr=10.0.0.12:8080 response=4000} symptom=premature-close phase=reading-response-header-from-upstream rank=primary client=203.0.113.24 server=shop.example.com request="POST http://shop.example.com:80/cart HTTP/1.1" upstream=10.0.0.12:8080`,
	},
	{
		Line: `https 2017-08-10T22:08:42.945958Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.12:8080 -1 -1 -1 502 - 812 277 "GET https://shop.example.com:443/a?x=\x22502 - 0\x22 HTTP/2.0" "Mozilla/5.0 \"x\"" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-57aba61a-0c9a1ad2a2b26f9a1ad2a2b2" "shop.example.com" "arn:aws:acm:eu-west-1:123456789012:certificate/1" 0`,
		Want: `time=2017-08-10T22:08:42.945958Z level=error client=203.0.113.24 vhost=shop.example.com method=GET target="/a?x=\"502 - 0\"" status=502 bytes=277 pool=shop request-id=1-57aba61a-0c9a1ad2a2b26f9a1ad2a2b2 made=gateway try={addr=10.0.0.12:8080} symptom=conn-refused phase=connecting-to-upstream rank=primary client=203.0.113.24 server=shop.example.com request="GET https://shop.example.com:443/a?x=\"502 - 0\" HTTP/2.0" upstream=10.0.0.12:8080`,
	},
	// No target, connect timeout, idle timeout.
	{
		Line: `h2 2026-11-22T13:59:00.123456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 - -1 -1 -1 503 - 40 565 "GET https://shop.example.com:443/ HTTP/2.0" "curl/8.5.0" TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-green/6d0ecf831eec9f09 "Self=1-67891234-1;Root=1-67891233-abcdef012345678912345678" "shop.example.com" "session-reused" 2 2026-11-22T13:59:00.121000Z "forward" "-" "-" "-" "-" "-" "-" TID_5f1d`,
		Want: `time=2026-11-22T13:59:00.123456Z level=error client=203.0.113.24 vhost=shop.example.com method=GET target=/ status=503 bytes=565 duration=2456 pool=shop-green request-id=1-67891233-abcdef012345678912345678 made=gateway tries=none symptom=no-live-peer rank=secondary client=203.0.113.24 server=shop.example.com request="GET https://shop.example.com:443/ HTTP/2.0" group=shop-green`,
	},
	{
		Line: `https 2026-11-22T13:59:10.123456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.12:8080 -1 -1 -1 504 - 40 565 "GET https://shop.example.com:443/ HTTP/1.1" "curl/8.5.0" TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-67891233-abcdef012345678912345678" "shop.example.com" "session-reused" 2 2026-11-22T13:59:00.120000Z "forward" "-" "-" "10.0.0.12:8080" "-" "-" "-"`,
		Want: `time=2026-11-22T13:59:10.123456Z level=error client=203.0.113.24 vhost=shop.example.com method=GET target=/ status=504 bytes=565 duration=10003456 pool=shop request-id=1-67891233-abcdef012345678912345678 made=gateway try={addr=10.0.0.12:8080} symptom=connect-timeout phase=connecting-to-upstream rank=primary client=203.0.113.24 server=shop.example.com request="GET https://shop.example.com:443/ HTTP/1.1" upstream=10.0.0.12:8080`,
	},
	{
		Line: `https 2026-11-22T14:00:00.223456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.12:8080 0.001 -1 -1 504 - 40 565 "GET https://shop.example.com:443/report HTTP/1.1" "curl/8.5.0" TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-67891233-abcdef012345678912345678" "shop.example.com" "session-reused" 2 2026-11-22T13:59:00.120000Z "forward" "-" "-" "10.0.0.12:8080" "-" "-" "-" TID_5f1d "-" "-" "-"`,
		Want: `time=2026-11-22T14:00:00.223456Z level=error client=203.0.113.24 vhost=shop.example.com method=GET target=/report status=504 bytes=565 duration=60103456 pool=shop request-id=1-67891233-abcdef012345678912345678 made=gateway try={addr=10.0.0.12:8080} symptom=read-timeout phase=reading-response-header-from-upstream rank=primary client=203.0.113.24 server=shop.example.com request="GET https://shop.example.com:443/report HTTP/1.1" upstream=10.0.0.12:8080`,
	},
	// The target's own 503; a retry on a second target; a maintenance page; clients.
	{
		Line: `http 2026-11-22T13:59:00.123456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.12:8080 0.000 0.012 0.000 503 503 40 120 "GET http://shop.example.com:80/ HTTP/1.1" "curl/8.5.0" - - arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-67891233-abcdef012345678912345678" "-" "-" 0 2026-11-22T13:59:00.110000Z "forward" "-" "-" "10.0.0.12:8080" "503" "-" "-"`,
		Want: `time=2026-11-22T13:59:00.123456Z client=203.0.113.24 vhost=shop.example.com method=GET target=/ status=503 bytes=120 duration=13456 pool=shop request-id=1-67891233-abcdef012345678912345678 made=upstream try={addr=10.0.0.12:8080 status=503 header=12000 response=12000}`,
	},
	{
		Line: `http 2026-11-22T13:59:00.123456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.13:8080 0.000 0.012 0.000 200 200 40 120 "GET http://shop.example.com:80/ HTTP/1.1" "curl/8.5.0" - - arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-67891233-abcdef012345678912345678" "-" "-" 0 2026-11-22T13:59:00.110000Z "forward" "-" "-" "10.0.0.12:8080 10.0.0.13:8080" "- 200" "-" "-"`,
		Want: `time=2026-11-22T13:59:00.123456Z client=203.0.113.24 vhost=shop.example.com method=GET target=/ status=200 bytes=120 duration=13456 pool=shop request-id=1-67891233-abcdef012345678912345678 made=upstream try={addr=10.0.0.12:8080} try={addr=10.0.0.13:8080 status=200 header=12000 response=12000}`,
	},
	{
		Line: `http 2026-11-22T13:59:00.123456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 - -1 -1 -1 503 - 40 120 "GET http://shop.example.com:80/ HTTP/1.1" "curl/8.5.0" - - - "Root=1-67891233-abcdef012345678912345678" "-" "-" 0 2026-11-22T13:59:00.123000Z "fixed-response" "-" "-" "-" "-" "-" "-"`,
		Want: `time=2026-11-22T13:59:00.123456Z level=info client=203.0.113.24 vhost=shop.example.com method=GET target=/ status=503 bytes=120 duration=456 request-id=1-67891233-abcdef012345678912345678 made=gateway tries=none symptom=refused-on-purpose rank=noise client=203.0.113.24 server=shop.example.com request="GET http://shop.example.com:80/ HTTP/1.1"`,
	},
	{
		Line: `http 2026-11-22T13:59:00.123456Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 - -1 -1 -1 400 - 0 272 "- http://shop.example.com:80- -" "-" - - - "-" "-" "-" - 2026-11-22T13:59:00.123000Z "-" "-" "-" "-" "-" "-" "-"`,
		Want: `time=2026-11-22T13:59:00.123456Z level=info client=203.0.113.24 status=400 bytes=272 duration=456 made=gateway tries=none symptom=client-abort rank=noise client=203.0.113.24 request="- http://shop.example.com:80- -"`,
	},
	{
		Line: `https 2026-11-22T13:59:05.000000Z app/shop/bc90aa5cd7f0b2d1 203.0.113.24:53211 10.0.0.12:8080 0.001 -1 -1 460 - 40 0 "GET https://shop.example.com:443/slow HTTP/1.1" "curl/8.5.0" - - arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/6d0ecf831eec9f09 "Root=1-67891233-abcdef012345678912345678" "-" "-" 0 2026-11-22T13:59:00.000000Z "forward" "-" "-" "10.0.0.12:8080" "-" "-" "-"`,
		Want: `time=2026-11-22T13:59:05.000000Z level=info client=203.0.113.24 vhost=shop.example.com method=GET target=/slow status=460 bytes=0 duration=5000000 pool=shop request-id=1-67891233-abcdef012345678912345678 made=gateway try={addr=10.0.0.12:8080} symptom=client-abort rank=noise client=203.0.113.24 server=shop.example.com request="GET https://shop.example.com:443/slow HTTP/1.1" upstream=10.0.0.12:8080`,
	},
}

// awsELBSamples are the examples of the documentation and lines of failures.
var awsELBSamples = []parser.Sample{
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`,
		Want: `time=2015-05-13T23:39:43.945958Z client=192.168.131.39 vhost=www.example.com method=GET target=/ status=200 bytes=29 duration=1178 pool=my-loadbalancer made=upstream try={addr=10.0.0.1:80 status=200 header=1048 response=1105}`,
	},
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -`,
		Want: `time=2015-05-13T23:39:43.945958Z client=192.168.131.39 bytes=305 duration=1138 pool=my-loadbalancer try={addr=10.0.0.1:80 response=69}`,
	},
	{
		Line: `2014-02-15T23:39:43.945958Z my-test-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/HTTP/1.1"`,
		Want: `time=2014-02-15T23:39:43.945958Z client=192.168.131.39 vhost=www.example.com method=GET target=/HTTP/1.1 status=200 bytes=29 duration=1178 pool=my-test-loadbalancer made=upstream try={addr=10.0.0.1:80 status=200 header=1048 response=1105}`,
	},
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 - -1 -1 -1 503 0 0 0 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`,
		Want: `time=2015-05-13T23:39:43.945958Z level=error client=192.168.131.39 vhost=www.example.com method=GET target=/ status=503 bytes=0 pool=my-loadbalancer made=gateway tries=none symptom=no-live-peer rank=secondary client=192.168.131.39 server=www.example.com request="GET http://www.example.com:80/ HTTP/1.1" group=my-loadbalancer`,
	},
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 - -1 -1 -1 504 0 0 0 "POST http://www.example.com:80/cart HTTP/1.1" "curl/7.38.0" - -`,
		Want: `time=2015-05-13T23:39:43.945958Z level=error client=192.168.131.39 vhost=www.example.com method=POST target=/cart status=504 bytes=0 pool=my-loadbalancer made=gateway tries=none symptom=premature-close phase=connecting-to-upstream rank=primary client=192.168.131.39 server=www.example.com request="POST http://www.example.com:80/cart HTTP/1.1" group=my-loadbalancer`,
	},
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000031 -1 -1 504 0 0 0 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.38.0" DHE-RSA-AES128-SHA TLSv1.2`,
		Want: `time=2015-05-13T23:39:43.945958Z level=error client=192.168.131.39 vhost=www.example.com method=GET target=/ status=504 bytes=0 pool=my-loadbalancer made=gateway try={addr=10.0.0.1:80} symptom=read-timeout phase=reading-response-header-from-upstream rank=primary client=192.168.131.39 server=www.example.com request="GET https://www.example.com:443/ HTTP/1.1" upstream=10.0.0.1:80`,
	},
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000031 0.00042 -1 502 - 0 0 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`,
		Want: `time=2015-05-13T23:39:43.945958Z level=error client=192.168.131.39 vhost=www.example.com method=GET target=/ status=502 bytes=0 pool=my-loadbalancer made=gateway try={addr=10.0.0.1:80 response=420} symptom=invalid-header phase=reading-response-header-from-upstream rank=primary client=192.168.131.39 server=www.example.com request="GET http://www.example.com:80/ HTTP/1.1" upstream=10.0.0.1:80`,
	},
	{
		Line: `2015-05-13T23:39:43.945958Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000031 0.00042 0.000010 500 500 0 12 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -`,
		Want: `time=2015-05-13T23:39:43.945958Z client=192.168.131.39 vhost=www.example.com method=GET target=/ status=500 bytes=12 duration=461 pool=my-loadbalancer made=upstream try={addr=10.0.0.1:80 status=500 header=420 response=430}`,
	},
}
