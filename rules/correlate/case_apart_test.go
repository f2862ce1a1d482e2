package correlate

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// What a gateway's own log says of an error without saying whose (Traefik's) is of the requests
// that its access log tells of at that time. Both may be one stream, and several upstreams may
// fail at once: each request has its line.
func TestErrorsOfNobodyAreOfTheRequest(t *testing.T) {
	const other = "127.0.0.1:9000"
	nameless := func(e *rules.Event) { e.VHost = "" }
	asked := func(e *rules.Event) { e.Asked = true }
	f := func(name string, want string, at float64, oneStream bool, more ...string) {
		t.Helper()
		own := errorLog("traefik/traefik.log")
		access := accessLog("traefik/access.log").covers(0, 300)
		if oneStream {
			own = access
		}
		own.fails(at, "", closed, int64(2+2*len(more)), nameless)
		access.fails(100, shopAddress, parser.SymptomOther, 2, asked)
		for _, upstream := range more {
			access.fails(100.2, upstream, parser.SymptomOther, 2, asked)
		}
		access.d.Source.HasErrors = true
		own.d.Source.Gateway, access.d.Source.Gateway = "traefik", "traefik"
		logs := []*logFile{access}
		if !oneStream {
			logs = append(logs, own)
		}
		r := report(t, Config{}, logs...)
		got := ""
		for _, in := range r.Incidents {
			got += fmt.Sprintf("%s=%d ", firstOf(in.Upstreams), in.ErrorLines)
		}
		if got != want {
			t.Errorf("%s: %s, want %s\n%s", name, got, want, outline(r))
		}
	}
	f("two logs", "127.0.0.1:8000=2 ", 100, false)
	f("one stream", "127.0.0.1:8000=2 ", 100, true)
	f("at another time", "127.0.0.1:8000=2 =2 ", 110, false)
	f("two failed at once", "127.0.0.1:8000=2 127.0.0.1:9000=2 ", 100, true, other)
}

// Caddy's error lines name no upstream; with debug on, a line of each try does, for the same request.
func TestErrorsAreOfTheTriesThatNameTheirUpstream(t *testing.T) {
	const other = "127.0.0.1:9000"
	asks := func(keys ...uint64) eventChange { return func(e *rules.Event) { e.Requests = keys } }
	try := func(e *rules.Event) { e.Level, e.Lines = parser.LevelDebug, 0 }
	log := errorLog("caddy/caddy.log").covers(0, 300).
		fails(100, shopAddress, closed, 3, try, asks(1, 2, 3)).fails(100, other, closed, 1, try, asks(9)).
		fails(100, "", closed, 3, asks(1, 2, 3)).fails(101, "", closed, 1, asks(9))
	got := ""
	for _, in := range report(t, Config{}, log).Incidents {
		got += fmt.Sprintf("%s=%d ", firstOf(in.Upstreams), in.ErrorLines)
	}
	if want := shopAddress + "=3 " + other + "=1 "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
