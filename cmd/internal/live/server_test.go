package live

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestLoopback(t *testing.T) {
	f := func(address, want string) {
		t.Helper()
		if got, err := loopback(address); got != want || (err != nil) != (want == "") {
			t.Errorf("loopback(%s) = %s, %v; want %s", address, got, err, want)
		}
	}
	f(":9100", "127.0.0.1:9100")
	f("9100", "127.0.0.1:9100")
	f("0.0.0.0:9100", "0.0.0.0:9100")
	f("[::]:9100", "[::]:9100")
	f("[::1]:9100", "[::1]:9100")
	f("localhost:9100", "localhost:9100")
	f("::1:9100", "")
	f("host:", "")
	f(":", "")
	f("http://x:9100", "")
}

func TestHealth(t *testing.T) {
	now := at(0)
	h := &health{now: func() time.Time { return now }}
	f := func(want string) {
		t.Helper()
		if got := h.trouble(); got != want {
			t.Errorf("trouble is %q; want %q", got, want)
		}
	}
	f("starting: nothing was decided yet")
	h.alive(at(0))
	f("")
	now = at(30)
	f("")
	now = at(200)
	f("nothing was decided for 3 min")
	h.alive(at(200))
	f("")
	h.stop()
	f("stopping")
}

func TestServer(t *testing.T) {
	noLeaks(t)
	j := newJournal()
	s, err := listen(":0", newMetrics("1"), j.warn)
	if err != nil {
		t.Fatal(err)
	}
	if host, _, _ := net.SplitHostPort(s.addr.String()); host != "127.0.0.1" {
		t.Errorf("it listens on %s", s.addr)
	}
	if _, err := listen(s.addr.String(), newMetrics("1"), j.warn); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second listener: %v; want address in use", err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	f := func(method, path string, status int, want string) {
		t.Helper()
		req, _ := http.NewRequest(method, "http://"+s.addr.String()+path, nil)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != status || !strings.Contains(string(body), want) {
			t.Errorf("%s %s: %d %.200s; want %d, %s", method, path, resp.StatusCode, body, status, want)
		}
	}
	f("GET", "/healthz", 503, "starting")
	s.health.alive(time.Now())
	f("GET", "/healthz", 200, "ok")
	f("HEAD", "/healthz", 200, "")
	f("GET", "/metrics", 200, "culprit_open_incidents 0")
	f("GET", "/metrics", 200, "go_goroutines")
	f("POST", "/metrics", 405, "")
	f("GET", "/", 404, "")
	f("GET", "/debug/pprof/", 404, "")
	client.CloseIdleConnections()
	if err := s.close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.addr.String()); err == nil {
		t.Error("it still listens")
	}
}
