package correlate

import (
	"testing"

	"culprit/rules"
)

// Of a central log's gateways each has its own 127.0.0.1; what is elsewhere they share, and a
// container's new name is no other machine.
func TestGatewaysOfACentralLog(t *testing.T) {
	f := func(name string, want int, upstream string, hosts ...string) {
		t.Helper()
		central := errorLog("all.log").covers(0, 300)
		for i, host := range hosts {
			on := func(e *rules.Event) {
				e.Stream, e.Host = rules.StreamOn(rules.StreamGateway, host), host
			}
			central.fails(100+float64(i), upstream, refused, 3, on).fails(103+float64(i), upstream, refused, 3, on)
		}
		r := report(t, Config{}, central)
		if len(r.Incidents) != want || len(r.Sources) != 1 {
			t.Errorf("%s: want %d: %s", name, want, outline(r))
		}
	}
	f("local", 2, shopAddress, "web-1", "web-2")
	f("a socket", 2, "unix:/run/shop.sock", "web-1", "web-2")
	f("one machine", 1, shopAddress, "web-1")
	f("behind both", 1, "10.0.0.5:8080", "web-1", "web-2")
	f("the same container anew", 1, shopAddress, "3f2a91c07b1d", "9c0d1e2f3a4b")
	f("pods of one deployment", 1, shopAddress, "edge-6c9d7b8f4-x2kqp", "edge-6c9d7b8f4-bb7zq")
}
