package gateway

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

func parseCaddy(t *testing.T, line string) (*parser.Format, *parser.Record) {
	t.Helper()
	for _, f := range []*parser.Format{caddyError, caddyAccess} {
		var r parser.Record
		r.Reset()
		if f.Parse([]byte(line), &parser.Env{}, &r) {
			return f, &r
		}
	}
	t.Fatalf("not Caddy's: %s", line)
	return nil, nil
}

// A lab run of Caddy 2 in front of node, which aborts at its heap limit: the truth
// counts every line of http.log.error and every 5xx of the access log, 25 each.
func TestCaddyRealRun(t *testing.T) {
	const dir = "../../fixtures/cases/caddy-node-heap/logs/caddy/"
	requests := map[string]bool{}
	failed, lines := 0, 0
	eachLine(t, dir+"access.log", func(line string) {
		f, r := parseCaddy(t, line)
		a := &r.Access
		if f != caddyAccess || a.Client == nil || a.Request == nil || a.Duration < 0 || a.Status == 0 || string(a.Host) != "search.example.com" {
			t.Fatalf("%s: %s", f.Name, fixtures.Render(r))
		}
		lines++
		switch a.Status {
		case 500, 502, 503, 504:
			failed++
			requests[string(a.Client)+" "+string(a.Request)] = true
			if a.Made != parser.MadeGateway {
				t.Errorf("made %v: %s", a.Made, line)
			}
		}
	})
	counted, classes := 0, map[parser.Symptom]int{}
	eachLine(t, dir+"caddy.log", func(line string) {
		f, r := parseCaddy(t, line)
		g := &r.Gateway
		isError := strings.Contains(line, `"logger":"http.log.error`)
		if f != caddyError || isError != (g.Rank >= parser.RankSecondary) {
			t.Fatalf("%s: %s", f.Name, fixtures.Render(r))
		}
		if !isError {
			return
		}
		counted++
		classes[g.Symptom]++
		if !requests[string(g.Client)+" "+string(g.Request)] {
			t.Errorf("no access line for %s", line)
		}
		if g.Upstream != nil && string(g.Upstream) != "127.0.0.1:4000" || g.Upstream == nil && string(r.Message) != "EOF" {
			t.Errorf("upstream %q: %s", g.Upstream, line)
		}
	})
	if counted != 25 || failed != 25 || lines < 200 {
		t.Errorf("%d error lines, %d failed requests of %d; want 25 and 25", counted, failed, lines)
	}
	if classes[parser.SymptomConnRefused] != 22 || classes[parser.SymptomConnReset] != 2 || classes[parser.SymptomPrematureClose] != 1 {
		t.Errorf("classes %v", classes)
	}
}

func eachLine(t *testing.T, path string, visit func(line string)) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		visit(string(bytes.TrimRight(line, "\n")))
	}
}

// Stamps and durations in the forms that time_format and duration_format make.
func TestCaddyTimeForms(t *testing.T) {
	f := func(ts, duration, want string) {
		t.Helper()
		_, r := parseCaddy(t, `{"level":"info","ts":`+ts+`,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/"},"duration":`+duration+`,"status":200}`)
		if got := fixtures.Render(r); !strings.HasPrefix(got, want+" ") || !strings.Contains(got, "duration=9900") {
			t.Errorf("%s: %s", ts, got)
		}
	}
	f("1795360635.0853763", "0.0099", "time=2026-11-22T15:17:15.085376Z")
	f("1795360635085", `"9.9ms"`, "time=2026-11-22T15:17:15.085Z")
	f("1795360635085376300", `0.009900`, "time=2026-11-22T15:17:15.085376Z")
	f(`"2026-11-22T15:17:15.085Z"`, `"9900µs"`, "time=2026-11-22T15:17:15.085Z")
	f(`"2026-11-22T16:17:15+0100"`, `"9.9ms"`, "time=2026-11-22T15:17:15Z(+01:00)")
	f(`"2026/11/22 15:17:15.085"`, `"9.9ms"`, "time=2026-11-22T15:17:15.085")
}

// What a client sends, or an upstream, cannot pass for a field of the line.
func TestCaddyForgedFields(t *testing.T) {
	_, r := parseCaddy(t, `{"level":"error","ts":1795360635.2,"logger":"http.log.error","msg":"EOF","request":{"remote_ip":"192.0.2.7","remote_port":"1","proto":"HTTP/1.1","method":"GET","host":"a.example","uri":"/\",\"status\":200,\"logger\":\"http.log.access","headers":{"X":["a"],"status":["499"],"msg":["no upstreams available"],"request":{"remote_ip":"6.6.6.6"}}},"duration":0.1,"status":502}`)
	g := &r.Gateway
	if g.Symptom != parser.SymptomPrematureClose || g.Rank != parser.RankPrimary || string(g.Client) != "192.0.2.7" || string(g.Host) != "a.example" {
		t.Errorf("%s", fixtures.Render(r))
	}
	_, r = parseCaddy(t, "2023/09/27 05:38:12.978\tERROR\thttp.log.error\tEOF\t{\"request\": {\"remote_ip\": \"192.0.2.7\", \"method\": \"GET\", \"host\": \"a.example\", \"uri\": \"/x\\t{\\\"status\\\": 499}\"}, \"status\": 502}")
	if r.Gateway.Symptom != parser.SymptomPrematureClose || string(r.Gateway.Request) != "GET /x\t{\"status\": 499}" {
		t.Errorf("%s", fixtures.Render(r))
	}
	_, r = parseCaddy(t, `29/Jan/2016:15:17:26 +0100 [ERROR 502 /x] EOF] [ERROR 499 /] context canceled`)
	if r.Gateway.Rank != parser.RankPrimary {
		t.Errorf("%s", fixtures.Render(r))
	}
}

// Statuses below 500 are refusals and mistakes of clients, whatever the text.
func TestCaddyStatusDecides(t *testing.T) {
	f := func(msg, status, class, rank string) {
		t.Helper()
		_, r := parseCaddy(t, `{"level":"error","ts":1795360635.2,"logger":"http.log.error","msg":"`+msg+`","request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/"},"status":`+status+`}`)
		if r.Gateway.Symptom.String() != class || r.Gateway.Rank.String() != rank {
			t.Errorf("%s %s: %s", msg, status, fixtures.Render(r))
		}
	}
	f("template: x: no such file", "500", "other", "primary")
	f("something new", "504", "read-timeout", "primary")
	f("something new", "503", "other", "primary")
	f("stat /srv/x: no such file or directory", "404", "other", "noise")
	f("request body too large", "413", "other", "noise")
	f("dial tcp 127.0.0.1:80: operation was canceled", "499", "client-abort", "noise")
}
