package correlate

import (
	"strings"
	"testing"

	"culprit/rules"
)

// In Kubernetes all listen on :3000; whose pod 10.1.4.12 is, Envoy's cluster tells by its name.
func TestPortOfMany(t *testing.T) {
	const menu, report = "10.1.4.11:3000", "10.1.4.12:3000"
	cluster := func(name string) string { return "outbound|80||" + name + ".app.svc.cluster.local" }
	f := func(clusters bool, want rules.Cause) {
		t.Helper()
		access := accessLog("gateway.log").covers(0, 300)
		access.d.Source.Gateway, access.d.Source.HasErrors = "envoy", true
		access.fails(101, menu, refused, 5).fails(103, report, refused, 5)
		if clusters {
			access.d.Pools = [][]string{{menu, cluster("menu")}, {report, cluster("report")}}
		}
		at := field(rules.FieldAddress, "0.0.0.0:3000")
		one := appLog("pods/menu.log").knows(0, rules.FactListens, "0.0.0.0:3000").says(0, serving, at).says(100, stopping).says(110, serving, at)
		two := appLog("pods/report.log").knows(0, rules.FactListens, "0.0.0.0:3000").says(0, serving, at).says(102, heapExhausted).says(112, serving, at)
		got := rules.CauseUnknown
		for _, in := range incidents(t, 2, access, one, two) {
			if strings.Join(in.Upstreams, ",") == report {
				got = in.Verdict.Cause
			}
		}
		if got != want {
			t.Errorf("clusters %v: %s, want %s", clusters, got, want)
		}
	}
	f(true, rules.CauseMemoryExhausted)
	f(false, rules.CauseUnknown) // nothing tells
}
