package gateway

import (
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// TestSamples holds every format to its own samples.
func TestSamples(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			samples := fixtures.Samples(f.Name)
			if len(samples) == 0 {
				t.Error("no sample")
			}
			for _, s := range samples {
				var r parser.Record
				r.Reset()
				got := "rejected"
				if f.Parse([]byte(s.Line), &parser.Env{}, &r) {
					got = fixtures.Render(&r)
				}
				if got != s.Want {
					t.Errorf("%s\n got %s\nwant %s", s.Line, got, s.Want)
				}
			}
		})
	}
}

// TestYARPRefuses: what else the proxy's program says is an application's, and a client may write
// the proxy's words into a request.
func TestYARPRefuses(t *testing.T) {
	for _, line := range []string{
		"info: Yarp.ReverseProxy.Forwarder.HttpForwarder[9]\n      Proxying to http://10.0.0.5:8080/cart HTTP/2 RequestVersionOrLower",
		`10.0.0.9 - - [22/Nov/2026:14:30:00 +0000] "GET /?q=warn:Request: An error was encountered before receiving a response. HTTP/1.1" 200 5`,
	} {
		var r parser.Record
		if r.Reset(); yarp.Parse([]byte(line), &parser.Env{}, &r) {
			t.Errorf("%s: taken as %s", line, fixtures.Render(&r))
		}
	}
}
