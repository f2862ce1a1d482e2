package scan

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
	"culprit/parser/gateway"
)

// firstEntry is cut in the middle, as by a full disk; the second stands right behind.
const (
	firstEntry  = `2025/12/12 04:05:55 [error] 9#9: *4 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: a.example, request: "GET / HTTP/1.1", upstr`
	secondEntry = `2025/12/12 04:05:56 [error] 9#9: *5 recv() failed (104: Connection reset by peer) while reading upstream, client: 9.9.9.9, server: b.example, request: "GET / HTTP/1.1", upstream: "http://127.0.0.2:8443/", host: "b.example"`
)

func TestReaderCutsGluedEntries(t *testing.T) {
	f := func(name, text string, want ...string) {
		t.Helper()
		all := readText(t, text)
		var got []string
		for _, r := range all {
			symptom, _, _ := strings.Cut(r.rendered[strings.Index(r.rendered+"symptom=- ", "symptom=")+8:]+" ", " ")
			got = append(got, fmt.Sprintf("%d+%d %s %d", r.first, r.lines, symptom, len(r.raw)))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	n, m := len(firstEntry), len(secondEntry)
	f("two", nginxOne+firstEntry+secondEntry+"\n"+nginxOne, "1+1 conn-refused 223", fmt.Sprint("2+1 conn-refused ", n), fmt.Sprint("2+1 conn-reset ", m), "3+1 conn-refused 223")
	f("three", firstEntry+firstEntry+secondEntry, fmt.Sprint("1+1 conn-refused ", n), fmt.Sprint("1+1 conn-refused ", n), fmt.Sprint("1+1 conn-reset ", m))
	f("in syslog", "Nov 22 14:16:27 host nginx: "+firstEntry+secondEntry, fmt.Sprint("1+1 conn-refused ", 28+n), fmt.Sprint("1+1 conn-reset ", m))
	docker := dockerLine("stderr", "00.1", firstEntry+secondEntry)
	f("in docker's JSON", docker, fmt.Sprint("1+1 conn-refused ", len(docker)-1), fmt.Sprint("1+1 conn-reset ", len(docker)-1))
	f("behind quoted text", secondEntry+"\n"+nginxPHP+"Stack trace:\n#0 {ma"+secondEntry+"\n"+nginxOne,
		fmt.Sprint("1+1 conn-reset ", m), fmt.Sprint("2+3 upstream-status ", len(nginxPHP)+len("Stack trace:\n#0 {ma")), fmt.Sprint("4+1 conn-reset ", m), "5+1 conn-refused 223")
	// What a client wrote: it does not know the numbers of the processes.
	forged := strings.TrimSuffix(secondEntry, `"`) + `", referrer: "` + strings.ReplaceAll(firstEntry, "9#9", "7#7") + `"`
	f("forged", secondEntry+"\n"+forged+"\n", fmt.Sprint("1+1 conn-reset ", m), fmt.Sprint("2+1 conn-reset ", len(forged)))
}

func TestPhysicalLineOfGluedEntries(t *testing.T) {
	for _, head := range []string{"", "Nov 22 14:16:27 host nginx: "} {
		text := nginxOne + head + firstEntry + secondEntry + "\n"
		r := NewReader(strings.NewReader(text), Options{Year: 2026})
		for i, want := range []string{nginxOne[:len(nginxOne)-1], head + firstEntry, secondEntry} {
			if !r.Scan(context.Background()) {
				t.Fatal("no record")
			}
			line, raw, offset := r.PhysicalLine(r.Record(), 0)
			if string(raw) != want || line != int64(min(i, 1)+1) || text[offset:offset+int64(len(raw))] != want {
				t.Errorf("line %d at %d: %q, want %q", line, offset, raw, want)
			}
		}
	}
}

// varnishGroups is the output of varnishlog -g request of Varnish 7.1.1, shortened.
const varnishGroups = `*   << Request  >> 32770     
-   Begin          req 32769 rxreq
-   Timestamp      Start: 1795618898.070836 0.000000 0.000000
-   ReqStart       127.0.0.1 44376 a0
-   ReqMethod      GET
-   ReqURL         /close
-   ReqProtocol    HTTP/1.1
-   ReqHeader      Host: shop.example:18880
-   VCL_call       MISS
-   Link           bereq 32771 fetch
-   RespStatus     503
-   RespReason     Backend fetch failed
-   Timestamp      Resp: 1795618898.075830 0.004994 0.000131
-   End            
**  << BeReq    >> 32771     
--  Begin          bereq 32770 fetch
--  Timestamp      Start: 1795618898.071635 0.000000 0.000000
--  BereqMethod    GET
--  BereqURL       /close
--  BackendOpen    21 closer 127.0.0.1 18998 127.0.0.1 34616 connect
--  FetchError     HTC eof (-1)
--  Timestamp      Beresp: 1795618898.075402 0.003767 0.001369
--  BerespStatus   503
--  End            

`

func TestReaderJoinsVarnishGroups(t *testing.T) {
	all := readText(t, varnishGroups+"*   << Session  >> 32769\n-   Begin          sess 0 HTTP/1\n"+goLine)
	if got := lineCounts(all); got != "14 10 1 2 1" {
		t.Fatalf("records of %s lines", got)
	}
	request, fetch := all[0], all[1]
	want := `time=2026-11-25T15:01:38.075830Z client=127.0.0.1 vhost=shop.example method=GET target=/close status=503 duration=4994 cache=MISS made=gateway`
	if request.kind != parser.KindAccess || request.rendered != want {
		t.Errorf("request: %s", request.rendered)
	}
	want = `time=2026-11-25T15:01:38.075402Z level=error symptom=premature-close phase=reading-response-header-from-upstream rank=primary request="GET /close" upstream=127.0.0.1:18998 msg="HTC eof (-1)"`
	if fetch.kind != parser.KindGateway || fetch.rendered != want || fetch.places != "21:31 " {
		t.Errorf("fetch: %s at %s", fetch.rendered, fetch.places)
	}
	if all[2].after != fetch.stamp || !all[2].before.Known() {
		t.Errorf("the empty line is bound by %v", all[2].after)
	}
}

func TestReaderJoinsNodeProxyErrors(t *testing.T) {
	f := func(name, text, counts, want string) {
		t.Helper()
		all := readText(t, text)
		if got := lineCounts(all); got != counts || !strings.Contains(all[0].rendered, want) {
			t.Errorf("%s: records of %s lines, want %s: %s", name, got, counts, all[0].rendered)
		}
	}
	stack := "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)\n"
	f("vite", "2:14:05 PM [vite] http proxy error: /api/items\nError: connect ECONNREFUSED ::1:3001\n"+stack+goLine, "3 1", "symptom=conn-refused")
	f("vite, several addresses", "[vite] http proxy error: /api/items\nAggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1117:18)\n"+goLine, "3 1", "symptom=conn-refused")
	f("compose", "web-1  | [vite] http proxy error: /api/items\ndb-1   | "+pgLine+"web-1  | Error: connect ECONNREFUSED ::1:3001\nweb-1  | "+stack, "3 1", "upstream=::1:3001")
	f("create-react-app", "Proxy error: Could not proxy request /api/x from localhost:3000 to http://localhost:5000.\nSee https://nodejs.org/api/errors.html#errors_common_system_errors for more information (ETIMEDOUT).\n"+goLine, "2 1", "symptom=connect-timeout")
	f("next", "Failed to proxy http://localhost:8000/api Error: connect ECONNREFUSED 127.0.0.1:8000\n"+stack+goLine, "2 1", "upstream=127.0.0.1:8000")
	f("text behind", "[vite] http proxy error: /api/items\nplain text\nError: x\n", "1 1 1", "symptom=other")
	f("one after the other", "[vite] http proxy error: /a\n[vite] http proxy error: /b\nError: socket hang up\n", "1 2", "symptom=other")
}

// A gateway with one log only stamps the start of a request, its carrier the moment of
// writing; which one a record has, AtStart says.
func TestReaderPrefersStartOfRequest(t *testing.T) {
	envoy := `{"response_flags":"UT","response_code":504,"method":"GET","path":"/a","start_time":"2026-11-22T13:59:00.123Z","duration":15000}`
	traefik := `{"DownstreamStatus":504,"RequestMethod":"GET","RequestPath":"/a","StartUTC":"2026-11-22T13:59:00.123Z","Duration":15000000000}`
	haproxy := `10.0.0.1:41907 [22/Nov/2026:14:59:00.123] web app/catalog1 0/0/0/-1/15001 504 217 - - sH-- 12/12/11/0/1 0/0 "GET / HTTP/1.1"`
	for _, line := range []string{envoy, traefik, haproxy} {
		for _, c := range []struct {
			format string
			want   string
			start  bool
		}{
			{"2026-11-22T13:59:15.200000Z stdout F %s\n", "13:59:00.123", true},
			{"2026-11-22T13:59:15+00:00 host proxy[7]: %s\n", "13:59:00.123", true},
			{"2026-11-22T14:04:15.200000Z stdout F %s\n", "14:04:15.200", false},
		} {
			r := NewReader(strings.NewReader(fmt.Sprintf(c.format, line)), Options{Year: 2026})
			if !r.Scan(context.Background()) || r.Record().Kind != parser.KindAccess {
				t.Fatalf("no request in %s", line)
			}
			got, start := r.Record().Stamp.Time().Format("15:04:05.000"), r.Record().Access.AtStart
			if got != c.want || start != c.start {
				t.Errorf("%s: %s at start %v", fmt.Sprintf(c.format, line), got, start)
			}
		}
	}
}

// TestReaderKnowsYARP: the proxy's entries are laid out as all others of its program, which
// are an application's and come first.
func TestReaderKnowsYARP(t *testing.T) {
	const (
		asked  = "info: Yarp.ReverseProxy.Forwarder.HttpForwarder[9]\n      Proxying to http://10.0.0.5:8080/cart HTTP/2 RequestVersionOrLower\n"
		failed = "warn: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]\n      Request: An error was encountered before receiving a response.\n" +
			"      System.Net.Http.HttpRequestException: Connection refused (10.0.0.5:8080)\n       ---> System.Net.Sockets.SocketException (111): Connection refused\n" +
			"         at System.Net.Sockets.Socket.AwaitableSocketAsyncEventArgs.ThrowException(SocketError error)\n"
	)
	all := readText(t, strings.Repeat(asked, 30)+failed+asked)
	if len(all) != 32 {
		t.Fatalf("%d records, want 32", len(all))
	}
	if got := all[30].rendered; !strings.Contains(got, "symptom=conn-refused") || !strings.Contains(got, "upstream=10.0.0.5:8080 ") {
		t.Errorf("got %s", got)
	}
	if got := all[31].rendered; strings.Contains(got, "symptom=") {
		t.Errorf("got %s", got)
	}
}

// TestReaderKnowsSpringCloudGateway: its entry is one of Spring Boot's, behind which an empty line
// and the exception stand; without the gateway's classes in the trace it is an application's.
func TestReaderKnowsSpringCloudGateway(t *testing.T) {
	const (
		head  = "2022-06-10 17:51:14.705 ERROR 5317 --- [ctor-http-nio-2] a.w.r.e.AbstractErrorWebExceptionHandler : [186f1c37-4]  500 Server Error for HTTP GET \"/cart/7\"\n\n"
		error = "io.netty.channel.AbstractChannel$AnnotatedConnectException: finishConnect(..) failed: Connection refused: /10.0.0.5:8081\n" +
			"\tSuppressed: reactor.core.publisher.FluxOnAssembly$OnAssemblyException: \nError has been observed at the following site(s):\n"
		through = "\t|_ checkpoint ⇢ org.springframework.cloud.gateway.filter.WeightCalculatorWebFilter [DefaultWebFilterChain]\n"
		cause   = "Stack trace:\nCaused by: java.net.ConnectException: finishConnect(..) failed: Connection refused\n\tat io.netty.channel.unix.Errors.throwConnectException(Errors.java:124)\n"
		next    = "2022-06-10 17:51:15.705  INFO 5317 --- [ctor-http-nio-2] c.e.Gw : fine\n"
	)
	f := func(text, want string, lines int64) {
		t.Helper()
		all := readText(t, text+next)
		if got := all[0].rendered; !strings.Contains(got, want) || all[0].lines != lines || strings.Contains(all[len(all)-1].rendered, "symptom") {
			t.Errorf("%d lines: %s, want %d with %s", all[0].lines, got, lines, want)
		}
	}
	f(head+error+through+cause, `level=error pid=5317 symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 request="GET /cart/7" upstream=10.0.0.5:8081 msg="[186f1c37-4]`, 9)
	f(head+error+cause, `level=error pid=5317 msg="[186f1c37-4]`, 8)
	f(head+"java.lang.IllegalStateException: no cart\n"+through, `level=error pid=5317 msg="[186f1c37-4]`, 4)
}

// TestReaderKnowsZuul: what it says of an attempt that failed is laid out as its program's other
// entries are; the trace behind it, of which a class of netty's may be all, tells why.
func TestReaderKnowsZuul(t *testing.T) {
	const (
		head  = "2026-11-22 14:30:00,123 WARN  c.n.z.f.e.ProxyEndpoint [Salamander-ClientToZuulWorker-1] FAILURE_ORIGIN_%s, origin = api, origin channel info = %s\n"
		inner = "com.netflix.zuul.netty.connectionpool.OriginConnectException: Connection refused: /10.0.0.5:7001\n\tat com.netflix.zuul.netty.connectionpool.PerServerConnectionPool.createConnection(PerServerConnectionPool.java:250)\n"
		next  = "2026-11-22 14:30:04,123 INFO  c.n.z.f.e.ProxyEndpoint [Salamander-ClientToZuulWorker-1] Sending error to client: status=503, attemptNum=1\n"
	)
	f := func(text, want string) {
		t.Helper()
		all := readText(t, text+next)
		if len(all) != 2 || !strings.Contains(all[0].rendered, want) || strings.Contains(all[1].rendered, "symptom") {
			t.Errorf("%d records: %s, want %s", len(all), all[0].rendered, want)
		}
	}
	f(fmt.Sprintf(head, "CONNECTIVITY", "")+inner, "symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=10.0.0.5:7001 ")
	f(fmt.Sprintf(head, "READ_TIMEOUT", "Channel: [id: 0x5c0d1b2f, L:/10.0.0.2:40112 - R:api/10.0.0.5:7001], active=true")+"io.netty.handler.timeout.ReadTimeoutException: null\n",
		"symptom=read-timeout phase=reading-response-header-from-upstream rank=primary upstream=10.0.0.5:7001 ")
}

// TestReaderKnowsOcelot: its last word on a request is an entry like all others of .NET's console.
func TestReaderKnowsOcelot(t *testing.T) {
	const (
		other  = "dbug: Ocelot.Requester.Middleware.HttpRequesterMiddleware[0]\n      requestId: 0HLG:2, previousRequestId: no previous request id, message: IHttpRequester returned an error, setting pipeline error\n"
		failed = "warn: Ocelot.Responder.Middleware.ResponderMiddleware[0]\n      requestId: 0HLG:2, previousRequestId: no previous request id, message: Error Code: %s Message: Error connecting to downstream service, exception: System.Net.Http.HttpRequestException: Connection refused (localhost:5001)\n" +
			"       ---> System.Net.Sockets.SocketException (111): Connection refused\n         at Ocelot.Requester.HttpClientHttpRequester.GetResponse(HttpContext httpContext) errors found in ResponderMiddleware. Setting error response for request path:/cart/7, request method: GET\n"
	)
	f := func(code, want string) {
		t.Helper()
		all := readText(t, strings.Repeat(other, 20)+fmt.Sprintf(failed, code)+other)
		if len(all) != 22 || !strings.Contains(all[20].rendered, want) || strings.Contains(all[21].rendered, "symptom=") {
			t.Errorf("%d records: %s, want %s", len(all), all[20].rendered, want)
		}
	}
	f("ConnectionToDownstreamServiceError", `symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 request="GET /cart/7" upstream=localhost:5001 `)
	f("UnauthenticatedError", "symptom=other rank=noise")
}

// BenchmarkGateways reads the samples of formats whose lines are rare among others: over and over,
// as in a log of their own, and each time by a reader that has seen none of them.
func BenchmarkGateways(b *testing.B) {
	named := map[string]*parser.Format{}
	for _, f := range gateway.Formats() {
		named[f.Name] = f
	}
	for _, name := range []string{"iis-access", "cloudfront-access", "krakend-error", "envoy-log", "yarp", "ocelot", "java-gateway", "zuul", "pingora"} {
		var once strings.Builder
		for _, s := range fixtures.Samples(named[name].Name) {
			once.WriteString(s.Line + "\n")
		}
		read := func(b *testing.B, text string, times int) {
			b.SetBytes(int64(len(text) * times))
			b.ReportAllocs()
			for b.Loop() {
				for range times {
					r := NewReader(strings.NewReader(text), Options{Year: 2026})
					for r.Scan(context.Background()) {
					}
				}
			}
		}
		b.Run(name+"/locked", func(b *testing.B) { read(b, strings.Repeat(once.String(), (1<<20)/once.Len()), 1) })
		b.Run(name+"/detect", func(b *testing.B) { read(b, once.String(), 16) })
	}
}

// TestReaderJoinsCutEntries: a screen or a hand broke entries of Apache and Traefik (AH00957:
// proxy_util.c; pkg/proxy/httputil/proxy.go), here inside of the address.
func TestReaderJoinsCutEntries(t *testing.T) {
	const (
		apache  = "[Sun Nov 22 13:59:00.123456 2026] [proxy:error] [pid 2041:tid 139901815109376] (111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:80\n80 (127.0.0.1:8080) failed\n"
		broken  = "[Sun Nov 22 13:59:01.123456 2026] [proxy:error] [pid 2041:tid 139901815109376] (111)Connection refused: AH00957:\n HTTP: attempt to connect to 127.0.0.1:8080 (127.0.0.1:8080) failed\n"
		whole   = "[Sun Nov 22 13:59:02.123456 2026] [proxy:error] [pid 2041:tid 139901815109376] (111)Connection refused: AH00957: HTTP: attempt to connect to 127.0.0.1:8080 (127.0.0.1:8080) failed\nprice cache is warm\n"
		traefik = "2026-11-22T13:59:00Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 502 Bad Gateway error=\"dial tcp 127.0.0.1:80\n80: connect: connection refused\"\n"
	)
	f := func(text string, lines int64, records int) {
		t.Helper()
		all := readText(t, text+text)
		if len(all) != 2*records || all[0].lines != lines || !strings.Contains(all[0].rendered, "conn-refused") || !strings.Contains(all[0].rendered, " upstream=127.0.0.1:8080 ") {
			t.Errorf("%d records, the first of %d lines: %s", len(all), all[0].lines, all[0].rendered)
		}
	}
	f(apache, 2, 1)
	f(whole, 1, 2)
	f(traefik, 2, 1)
	// Inside of syslog the rest stands without a header; what has one is another entry, whole or not.
	const haproxy = "Nov 22 13:59:0%d lb-1 haproxy[15041]: 10.0.0.9:36730 [22/Nov/2026:13:59:00.672] fe be_cart/c1 0/0/-1/-1/1001 503 127 - - SC-- 1/1/0/0/1 0/0 \"GET /cart/%s"
	all := readText(t, fmt.Sprintf(haproxy, 1, "aaaa\nbbbb HTTP/1.1\"\n")+fmt.Sprintf(haproxy, 2, "cccc\n")+"Nov 22 13:59:03 lb-1 haproxy[15041]: 10.0.0.9:36732 [22/Nov/2026:13:59:00.672] fe\n")
	if len(all) != 3 || all[0].lines != 2 || !strings.Contains(all[0].rendered, `request="GET /cart/aaaabbbb HTTP/1.1"`) || !strings.Contains(all[1].rendered, `request="GET /cart/cccc"`) {
		t.Errorf("%d records inside of syslog: %s; %s", len(all), all[0].rendered, all[1].rendered)
	}
	if all := readText(t, broken); len(all) != 1 {
		t.Errorf("%d records of an entry with an indented rest", len(all))
	}
}
