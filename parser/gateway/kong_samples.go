package gateway

import "culprit/parser"

// kongLogSamples are the example of the documentation, shortened, and failures in its
// form.
var kongLogSamples = []parser.Sample{
	{
		Line: `{"response":{"size":9982,"headers":{"Content-Length":"9593"},"status":200},"route":{"id":"78f79740","service":{"id":"0e6b"}},"workspace":"0e6b","request":{"querystring":{"x":"1"},"size":"77","uri":"/example-service?x=1","url":"http://localhost:8000/example-service","headers":{"host":"localhost:9001","accept-encoding":"deflate"},"method":"GET","id":"6d9b5f3a"},"tries":[{"balancer_latency":0,"balancer_start":1614232668342,"port":443,"ip":"18.211.130.98"}],"client_ip":"192.168.144.1","service":{"host":"konghq.com","id":"167290ee","port":443,"name":"example"},"started_at":1614232642148,"latencies":{"proxy":43,"kong":1,"request":44},"upstream_uri":"/"}`,
		Want: `time=2021-02-25T05:57:22.148Z client=192.168.144.1 vhost=localhost method=GET target=/example-service?x=1 status=200 bytes=9982 duration=44000 pool=example request-id=6d9b5f3a try={addr=18.211.130.98:443 status=200 header=43000}`,
	},
	{
		Line: `{"tries":[{"ip":"10.0.0.1","port":8080,"state":"failed","code":502},{"ip":"10.0.0.2","port":8080,"state":"failed","code":504}],"latencies":{"proxy":-1,"kong":12,"request":6012},"response":{"status":504,"size":"120"},"request":{"method":"POST","uri":"/cart\"x\"","headers":{"host":"shop.example"}},"client_ip":"203.0.113.24","service":{"name":"shop"},"started_at":1795618897000,"source":"kong"}`,
		Want: `time=2026-11-25T15:01:37.000Z client=203.0.113.24 vhost=shop.example method=POST target="/cart\"x\"" status=504 bytes=120 duration=6012000 pool=shop made=gateway try={addr=10.0.0.1:8080 status=502} try={addr=10.0.0.2:8080 status=504}`,
	},
	{
		Line: `{"tries":[],"latencies":{"kong":1,"request":1},"response":{"status":503,"size":"120"},"request":{"method":"GET","uri":"/","headers":{"host":"shop.example"}},"client_ip":"203.0.113.24","service":{"host":"shop-upstream"},"started_at":1795618897000}`,
		Want: `time=2026-11-25T15:01:37.000Z client=203.0.113.24 vhost=shop.example method=GET target=/ status=503 bytes=120 duration=1000 pool=shop-upstream tries=none`,
	},
}

// apisixLogSamples are the example of the documentation and a failure.
var apisixLogSamples = []parser.Sample{
	{
		Line: `{"service_id":"","apisix_latency":100.99999809265,"start_time":1703907485819,"latency":101.99999809265,"upstream_latency":1,"client_ip":"127.0.0.1","route_id":"1","server":{"version":"3.7.0","hostname":"localhost"},"request":{"headers":{"host":"127.0.0.1:1984","content-type":"application/x-www-form-urlencoded","user-agent":"lua-resty-http/0.16.1"},"method":"POST","querystring":{},"uri":"/hello?a=1","url":"http://127.0.0.1:1984/hello?a=1","size":194},"response":{"headers":{"content-type":"text/plain"},"size":118,"status":200},"upstream":"127.0.0.1:1982"}`,
		Want: `time=2023-12-30T03:38:05.819Z client=127.0.0.1 vhost=127.0.0.1 method=POST target=/hello?a=1 status=200 bytes=118 duration=101999 try={addr=127.0.0.1:1982 status=200 header=1000}`,
	},
	{
		Line: `{"service_id":"","apisix_latency":1.5,"start_time":1703907485819,"latency":1.5,"client_ip":"127.0.0.1","route_id":"1","server":{"version":"3.7.0","hostname":"localhost"},"request":{"headers":{"host":"shop.example"},"method":"GET","uri":"/","size":94},"response":{"size":118,"status":502},"upstream":"10.0.0.9:8080"}`,
		Want: `time=2023-12-30T03:38:05.819Z client=127.0.0.1 vhost=shop.example method=GET target=/ status=502 bytes=118 duration=1500 try={addr=10.0.0.9:8080}`,
	},
}
