package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// An error log that begins in the middle tells of a part: what the access log tells right before
// is of the same case.
func TestFailuresBeforeTheErrorLogBegins(t *testing.T) {
	f := func(name, want string, status int16, host string, seconds ...float64) {
		t.Helper()
		errors, access := errorLog("error.log").covers(100, 300), accessLog("access.log").covers(0, 300)
		for s := range 10 {
			errors.fails(float64(100+s), shopAddress, refused, 1)
			access.answers(float64(100+s), "", 502, 1)
		}
		for _, s := range seconds {
			access.answers(s, "", status, 1, func(t *rules.Tally) { t.VHost = host })
		}
		if r := report(t, Config{}, errors, access); failedOf(r) != "["+shopAddress+"="+want+"]" {
			t.Errorf("%s: %s, want %s", name, failedOf(r), want)
		}
	}
	f("without a pause", "14", 502, "shop.example", 94, 90, 86, 80)
	f("after a pause of half a minute", "12 =1", 502, "shop.example", 94, 90, 59)
	f("of another host", "10 =1", 502, "blog.example", 94)
	f("answered by the application", "10", 500, "shop.example", 94, 90)
}

// The check of a server that answers 503 itself fails some turns after the first request (HAProxy
// 2.6.12, "inter 3s fall 3", an application whose database takes no more sessions).
func TestFailuresBeforeTheCheckFails(t *testing.T) {
	f := func(name string, failed int64, began float64, seconds ...float64) {
		t.Helper()
		log := errorLog("haproxy.log").covers(-300, 300)
		log.d.Source.Gateway, log.d.Source.HasAccess = "haproxy", true
		log.fails(100, "be_crm/crm1", parser.SymptomPeerDown, 1, func(e *rules.Event) { e.Rank = parser.RankSecondary })
		for s := range 9 {
			log.noPeers(float64(100+s), "be_crm", 1).answers(float64(100+s), "be_crm", 503, 1)
		}
		for _, s := range seconds {
			log.answers(s, "be_crm/crm1", 503, 4, byUpstream)
		}
		log.pools([]string{"be_crm", "be_crm/crm1"})
		in := incidents(t, 1, log)[0]
		if in.FailedRequests != failed || in.Start.Micros != utc(began) {
			t.Errorf("%s: %d from %d, want %d from %v", name, in.FailedRequests, (in.Start.Micros-utc(0))/parser.Second, failed, began)
		}
	}
	f("some turns", 41, 92, 92, 93, 94, 95, 96, 97, 98, 99)
	f("long before", 13, 100, 72, 98)
}
