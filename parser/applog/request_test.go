package applog

import (
	"fmt"
	"testing"

	"culprit/parser"
)

// Request lines as frameworks' access loggers write them, and what is read of them:
// method target status duration client bytes.
var requests = []struct{ message, want string }{
	{`GET /v2/accounts/764 200 904ms`, "GET /v2/accounts/764 200 904000  -1"},
	{`GET /cart 200 1.234 ms - 12`, "GET /cart 200 1234  -1"}, // morgan dev
	{`access PUT /v2/accounts/469/settings 200`, "PUT /v2/accounts/469/settings 200 -1  -1"},
	{`request method=GET path=/products/794 status=200 dur=14.401ms`, "GET /products/794 200 14401  -1"},
	{`"GET /x HTTP/1.1" 200 123`, "GET /x 200 -1  123"},
	{`127.0.0.1:54321 - "GET /cart?x=1 HTTP/1.1" 503 Service Unavailable`, "GET /cart?x=1 503 -1 127.0.0.1 -1"},
	{`192.0.2.7 - - [22/Nov/2026:15:01:46 +0000] "POST /cart HTTP/1.1" 201 12 "-" "curl/7.88"`, "POST /cart 201 -1 192.0.2.7 12"},
	{`200 |    1.234ms |     192.0.2.7 | GET      "/x"`, "GET /x 200 1234 192.0.2.7 -1"},                                  // Gin
	{`14:30:00 | 500 |     12.5ms | 2001:db8::7 | GET | /cart | boom`, "GET /cart 500 12500 2001:db8::7 -1"},              // Fiber
	{`"GET http://shop.example/cart HTTP/1.1" from 192.0.2.7:4711 - 200 12B in 1.2ms`, "GET /cart 200 1200 192.0.2.7 -1"}, // chi
	{`Request finished HTTP/1.1 GET http://localhost:5000/x - 200 - text/plain 12.3ms`, "GET /x 200 12300  -1"},           // ASP.NET
	{`Request finished HTTP/1.1 GET http://localhost:5000 - 200`, "GET / 200 -1  -1"},
	{`HTTP GET /cart responded 500 in 12.3456 ms`, "GET /cart 500 12345  -1"},                               // Serilog
	{`GET /x => generated 12 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 79 bytes`, "GET /x 200 3000  12"}, // uWSGI
	{`--> GET /cart 200 5ms 12b`, "GET /cart 200 5000  -1"},                                                 // koa
	{`request completed req.method=GET req.url=/x res.statusCode=200 responseTime=6`, "GET /x 200 6000  -1"},
	{`request{method=GET uri=/x version=HTTP/1.1}: finished processing request latency=3ms status=200`, "GET /x 200 3000  -1"},
	{`handled request="GET /x HTTP/1.1" status=502`, "GET /x 502 -1  -1"},
	{`method="POST" path="/x y" status=404`, "POST /x y 404 -1  -1"},
	// In words and keys that authors choose: what the values are decides.
	{`auth: GET /auth/152 -> 200 (0.1 ms)`, "GET /auth/152 200 100  -1"},
	{`served m=GET p=/f/971 s=200 d=28.855µs`, "GET /f/971 200 28  -1"},
	{`op=GET route=/x rc=503`, "GET /x 503 -1  -1"},
	{`served verb=GET target=/g/270 answer=200 sec=0.0041`, "GET /g/270 200 -1  -1"},
	{`GET /x: 200 OK (12ms)`, "GET /x 200 12000  -1"},
	{`GET /x completed status=200 time=3`, "GET /x 200 -1  -1"},
	{`GET /x status=200 d=3ms`, "GET /x 200 3000  -1"},
	{`GET /x code=500 took=3ms`, "GET /x 500 3000  -1"},
	{`GET /x answered 200`, "GET /x 200 -1  -1"},
	{`GET /x, status: 200, time: 3 ms`, "GET /x 200 3000  -1"},
	{`GET '/x' -- 200 (3ms)`, "GET /x 200 3000  -1"},
	{`200 GET /x 3ms`, "GET /x 200 3000  -1"},
	{`web-1 [200] GET /x (3ms)`, "GET /x 200 3000  -1"},
	{`GET /reports took 1m2.5s`, "GET /reports 0 62500000  -1"},
	{`OPTIONS * 200 1ms`, "OPTIONS * 200 1000  -1"},
	{`[2f8f0d1e] Started GET "/cart" for 192.0.2.7 at 2026-11-22 14:30:00 +0000`, "GET /cart 0 -1 192.0.2.7 -1"}, // Rails
}

func TestFindRequest(t *testing.T) {
	for _, row := range requests {
		a := parser.Access{Duration: -1, Bytes: -1}
		got := ""
		if FindRequest([]byte(row.message), &a) {
			got = fmt.Sprintf("%s %s %d %d %s %d", a.Method, a.Target, a.Status, a.Duration, a.Client, a.Bytes)
		}
		if got != row.want {
			t.Errorf("FindRequest(%q) = %q, want %q", row.message, got, row.want)
		}
	}
}

func TestFindRequestRefusesProse(t *testing.T) {
	for _, message := range []string{
		"", "GET", "GET /", "GET /x", "WIDGET /x 200", "failed to GET /x 500", "Exception on /v2/accounts/738/balance [GET]",
		`Started GET "/cart"`, `Started GET /cart for 192.0.2.7`, "Completed 500 Internal Server Error in 12ms",
		"GET /x timed out after 3000ms", "retrying GET /x 503 in 500ms", "GET /x returned 503, retrying", "GET /x failed with status code 500",
		`HTTP Request: GET https://api.example/v1 "HTTP/1.1 200 OK"`, `http://127.0.0.1:8080 "GET /x HTTP/1.1" 200 None`,
		"<-- GET /cart", "Request starting HTTP/1.1 GET http://localhost:5000/x - -", "TARGET=/x status=200", "method=GET url=http://billing/x status=502",
		"method=GET path=/x", "GET /x error status=500", "GET /x for file=/srv/a.txt", "m=GET p=/x", "web-1 [312] GET /x", "345 GET /x", "Cannot GET /cart", "unexpected error in GET /x handler", "POST /orders 12 items in the queue",
		"price cache miss for products/256", "GETTER /x 200", "Error: connect ECONNREFUSED\nGET /x 200 1ms",
	} {
		a := parser.Access{Duration: -1, Bytes: -1}
		if FindRequest([]byte(message), &a) {
			t.Errorf("FindRequest(%q) = %s %s %d %d", message, a.Method, a.Target, a.Status, a.Duration)
		}
		if a.Method != nil || a.Status != 0 {
			t.Errorf("FindRequest(%q) fills the record though it refuses", message)
		}
	}
}

func FuzzFindRequest(f *testing.F) {
	for _, row := range requests {
		f.Add([]byte(row.message))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		a := parser.Access{Duration: -1, Bytes: -1}
		if FindRequest(message, &a) && (parser.MethodLength(a.Method) != len(a.Method) || len(a.Target) == 0 || a.Status == 0 && a.Duration < 0 && !a.AtStart) {
			t.Fatalf("FindRequest(%q) = %+v", message, a)
		}
	})
}

func BenchmarkFindRequest(b *testing.B) {
	for name, message := range map[string]string{
		"hit":  "GET /v2/accounts/764 200 904ms",
		"miss": "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  sorry, too many clients already",
	} {
		b.Run(name, func(b *testing.B) {
			line, a := []byte(message), parser.Access{}
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				FindRequest(line, &a)
			}
		})
	}
}
