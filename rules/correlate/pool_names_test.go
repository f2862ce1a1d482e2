package correlate

import (
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
