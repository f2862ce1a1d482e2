package scan

import (
	"strings"
	"testing"

	"culprit/parser"
)

// In a container, nginx's access log, which tells its zone, and its error log, which does not, are one
// stream. The lines are those of Kong's proxy in São Paulo; its wall clock is three hours behind.
func TestStatsTellTheClockOfMixedStreams(t *testing.T) {
	const refused = `2026/11/19 15:05:33 [error] 1322#0: *52003 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.3.131, server: kong, request: "GET /quotes/7 HTTP/1.1", upstream: "http://10.96.44.10:80/quotes/7", host: "api.example.com"` + "\n"
	const failed = `10.0.3.131 - - [19/Nov/2026:15:05:33 -0300] "GET /quotes/7 HTTP/1.1" 502 991 "-" "curl/8.9.1" kong_request_id: "9f74961edd882c62"` + "\n"
	f := func(name, text string, want parser.Clock, first string) {
		t.Helper()
		_, whole := readAll(t, strings.NewReader(text), Options{})
		half := strings.Index(text[len(text)/2:], "\n") + len(text)/2 + 1
		_, parts := readAll(t, strings.NewReader(text[:half]), Options{})
		_, rest := readAll(t, strings.NewReader(text[half:]), Options{})
		parts.Add(&rest)
		for _, st := range []Stats{whole, parts} {
			if got := st.First.Time().Format("15:04"); st.First.Clock != want || got != first {
				t.Errorf("%s: %v from %s, want %v from %s", name, st.First.Clock, got, want, first)
			}
		}
	}
	f("error first", refused+failed, parser.ClockZoned, "18:05")
	f("access first", failed+refused, parser.ClockZoned, "18:05")
	f("three attempts a request", strings.Repeat(refused+refused+refused+failed, 9), parser.ClockZoned, "18:05")
	f("an error log in which one line is quoted", strings.Repeat(refused, 40)+failed, parser.ClockLocal, "15:05")
}
