package correlate

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Of a service without endpoints ingress-nginx's controller writes W0315 10:22:33.123456       7
// controller.go:1216] Service "shop/billing" does not have any active Endpoint. (internal/ingress/controller),
// and nginx a 503 for [shop-billing-http], which asked no pod; before that, the pod refused connections.
func TestServiceWithoutEndpoints(t *testing.T) {
	const pod = "10.244.3.71:8080"
	ofService := func(l *logFile, from, to float64, port string) *logFile {
		for at := from; at < to; at++ {
			l.answers(at, port, 503, 1)
		}
		return l
	}
	noHost := onHost("")
	f := func(name string, change func(*logFile), want string, refused int64) {
		t.Helper()
		l := errorLog("controller.log").covers(0, 600).serves(0, 99, pod)
		l.d.Source.HasAccess = true
		l.d.Pools = [][]string{{pod, "shop-billing-http"}}
		change(l)
		r := report(t, Config{}, l)
		if failedOf(r) != want || r.Totals.Refused != refused {
			t.Errorf("%s: %s and %d refused, want %s and %d", name, failedOf(r), r.Totals.Refused, want, refused)
		}
	}
	fails := func(l *logFile) *logFile {
		return l.fails(100, pod, refused, 2, noHost).answers(100, pod, 502, 2)
	}
	f("one outage, as long as it lasts", func(l *logFile) {
		ofService(fails(l).noPeers(102, "shop/billing", 1, noHost), 102, 300, "shop-billing-http")
	}, "["+pod+"=200]", 0)
	f("the service's own 503s only", func(l *logFile) {
		ofService(l.noPeers(102, "shop/billing", 1, noHost), 102, 300, "shop-billing-http")
	}, "[shop/billing=198]", 0)
	f("another service of the namespace", func(l *logFile) {
		ofService(fails(l).noPeers(102, "shop/billing", 1, noHost).noPeers(102, "shop/web", 1, noHost), 102, 110, "shop-web-80")
	}, "["+pod+"=2 shop/web=8]", 0)
	f("a limit was reached", func(l *logFile) { ofService(l, 102, 300, "shop-billing-http") }, "[]", 198)
	f("its error log tells of the limit", func(l *logFile) {
		fails(l).noPeers(102, "shop/billing", 1, noHost)
		l.add(102, 1, rules.Event{Symptom: parser.SymptomRefusedOnPurpose, Rank: parser.RankNoise, Requests: []uint64{7}, Lines: 1})
		l.answers(102, "shop-billing-http", 503, 1, wanted(7))
	}, "["+pod+"=2]", 1)
}

// BIG-IP writes "Pool /Common/crm member /Common/10.30.4.11:8080 monitor status down" and "No members
// available for pool /Common/crm": the member is of the pool that its line names, and of no other.
func TestCheckedMembersOfANamedPool(t *testing.T) {
	ofPool := func(name string) eventChange { return onHost(name) }
	down := func(e *rules.Event) { e.Rank, e.Phase = parser.RankSecondary, parser.PhaseHealthCheck }
	f := func(name string, member string, want string) {
		t.Helper()
		l := errorLog("ltm").covers(0, 600)
		l.fails(100, "10.30.4.11:8080", parser.SymptomPeerDown, 1, ofPool(member), down)
		l.noPeers(100, "crm", 2, ofPool("crm"))
		r := report(t, Config{}, l)
		got := ""
		for i := range r.Incidents {
			got += fmt.Sprint(r.Incidents[i].Upstreams, r.Incidents[i].ErrorLines)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("the pool's member", "crm", "[10.30.4.11:8080] 3")
	f("another pool's", "web", "[10.30.4.11:8080] 1[crm] 2")
}

// 520 to 530 are what Cloudflare answers where an origin did not: requests that failed otherwise.
func TestCloudflaresStatuses(t *testing.T) {
	l := errorLog("requests.ndjson").covers(0, 600).serves(0, 99, "192.0.2.80")
	l.d.Source.HasAccess = true
	l.fails(100, "192.0.2.80", parser.SymptomConnectTimeout, 3).answers(100, "192.0.2.80", 522, 3)
	r := report(t, Config{}, l)
	if len(r.Incidents) != 1 {
		t.Fatalf("%d incidents", len(r.Incidents))
	}
	if in := &r.Incidents[0]; in.FailedRequests != 0 || in.FailedOther != 3 || r.Totals.FailedOther != 3 {
		t.Errorf("%d and %d failed, totals %+v", in.FailedRequests, in.FailedOther, r.Totals)
	}
}
