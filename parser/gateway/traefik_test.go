package gateway

import (
	"strings"
	"testing"

	"culprit/fixtures"
)

func TestTraefikAccessWhoFailed(t *testing.T) {
	f := func(status, size, server, millis, made, class, rank string) {
		t.Helper()
		line := `192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /a HTTP/1.1" ` + status + " " + size + ` "-" "curl" 12 "app@docker" "` + server + `" ` + millis + "ms"
		format, r := inOrder(line)
		got := fixtures.Render(r)
		if format != traefikAccess || r.Gateway.Symptom.String() != class || r.Gateway.Rank.String() != rank ||
			strings.Contains(got, "made=") != (made != "") || !strings.Contains(got, made) {
			t.Errorf("%s\n%s", line, got)
		}
	}
	const server = "http://10.0.0.5:80"
	f("200", "11", server, "1", "", "", "")
	f("502", "11", server, "1", "made=gateway", "other", "primary")
	f("502", "157", server, "1", "made=upstream", "", "")
	f("500", "21", server, "1", "made=gateway", "other", "primary")
	f("500", "1024", server, "1", "made=upstream", "", "")
	f("504", "15", server, "30002", "made=gateway", "connect-timeout", "primary")
	f("504", "15", server, "5001", "made=gateway", "read-timeout", "primary")
	f("503", "19", server, "5", "made=upstream", "", "") // a server's own text of that length
	f("503", "20", "-", "0", "made=gateway", "no-live-peer", "secondary")
	f("503", "19", "-", "0", "made=gateway", "peer-disabled", "secondary")
	f("499", "21", server, "812", "made=gateway", "client-abort", "noise")
	f("404", "19", "-", "0", "", "", "")
	f("502", "-", server, "1", "", "", "")
}

// Nothing is escaped: a client's quotes move neither the head nor the tail.
func TestTraefikAccessForged(t *testing.T) {
	_, r := inOrder(`192.0.2.7 - - [22/Nov/2026:13:59:00 +0000] "GET /"502 HTTP/1.1" 200 5 "-" "x" 1 "r" "http://6.6.6.6:1" 9ms" 12 "app@docker" "http://10.0.0.5:80" 3ms`)
	a := &r.Access
	if a.Status != 200 || a.Duration != 3000 || string(a.Attempts[0].Addr) != "10.0.0.5:80" || string(a.Target) != `/"502` {
		t.Errorf("%s", fixtures.Render(r))
	}
}

func TestTraefikLogForms(t *testing.T) {
	const wanted = "symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111 upstream=10.0.0.5:80"
	for _, line := range []string{
		`2026-11-22T13:59:00Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > 502 Bad Gateway error="dial tcp 10.0.0.5:80: connect: connection refused"`,
		`2026-11-22T13:59:00Z DBG 502 Bad Gateway error="dial tcp 10.0.0.5:80: connect: connection refused" entryPointName=web`,
		`DBG > 502 Bad Gateway error="dial tcp 10.0.0.5:80: connect: connection refused"`,
		`2026-11-22T13:59:00+01:00 DBG > error="acquire connection: create conn: dial tcp 10.0.0.5:80: connect: connection refused"`,
		`time="2026-11-22T13:59:00Z" level=debug msg="'502 Bad Gateway' caused by: dial tcp 10.0.0.5:80: connect: connection refused"`,
		`level=debug msg="'502 Bad Gateway' caused by: dial tcp 10.0.0.5:80: connect: connection refused"`,
		`{"level":"debug","error":"dial tcp 10.0.0.5:80: connect: connection refused","time":"2026-11-22T13:59:00Z","message":"502 Bad Gateway"}`,
		`{"level":"debug","msg":"'502 Bad Gateway' caused by: dial tcp 10.0.0.5:80: connect: connection refused","time":"2026-11-22T13:59:00Z"}`,
	} {
		f, r := inOrder(line)
		if f != traefikLog {
			t.Errorf("%v takes %s", f, line)
		} else if got := fixtures.Render(r); !strings.Contains(got, wanted) {
			t.Errorf("%s\n%s", line, got)
		}
	}
}
