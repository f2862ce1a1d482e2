package cause

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Each gateway is spoken of in its own words, and all of them are filled in.
func TestAdviceInTheGatewaysWords(t *testing.T) {
	c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
	ask := func(gateway string, cause rules.Cause, upstreams ...string) string {
		in := incident(cause)
		in.Gateway, in.Upstreams, in.SecondaryLines, in.PrimaryLines = gateway, upstreams, 9, 1
		return strings.Join(Advice(c, in), "\n")
	}
	for gateway := range gateways {
		for _, cause := range rules.Causes() {
			for _, upstreams := range [][]string{nil, {"a:1"}, {"a:1", "b:1"}} {
				text := ask(gateway, cause, upstreams...)
				if strings.ContainsAny(text, "{}") && !strings.Contains(text, "{id}") {
					t.Errorf("%s, %s: not filled in: %s", gateway, cause, text)
				}
				if gateway != "nginx" && (strings.Contains(text, "nginx") || strings.Contains(strings.ReplaceAll(text, "mod_proxy_", ""), "proxy_") || strings.Contains(text, "worker_connections")) {
					t.Errorf("%s, %s: the words of nginx: %s", gateway, cause, text)
				}
			}
		}
	}
	f := func(want, gateway string, cause rules.Cause, upstreams ...string) {
		t.Helper()
		if text := ask(gateway, cause, upstreams...); !strings.Contains(text, want) {
			t.Errorf("%s, %s: no %q in\n%s", gateway, cause, want, text)
		}
	}
	f("proxy_next_upstream, would have hidden this", "nginx", rules.CauseOOMKill, "a:1")
	f("max_fails and fail_timeout", "nginx", rules.CauseOOMKill, "a:1", "b:1")
	f("second server in the upstream block", "nginx", rules.CauseOOMKill, "a:1")
	f("option redispatch", "haproxy", rules.CauseRestart, "app/web1")
	f("set fall and rise", "haproxy", rules.CauseRestart, "app/web1")
	if text := ask("haproxy", rules.CauseRestart, "app", "app/web1"); strings.Contains(text, "take a dead server out") {
		t.Errorf("where the gateway did it, the advice says to do it: %s", text)
	}
	f("proxy_connect_timeout and proxy_read_timeout above the slowest request", "nginx", rules.CauseSlowUpstream, "a:1")
	f("connectiontimeout= and timeout= of ProxyPass", "apache", rules.CauseSlowUpstream, "a:1")
	f("run haproxy -c", "haproxy", rules.CauseGatewayConfig)
	f("above the load balancer's idle timeout", "aws-alb", rules.CauseKeepaliveRace, "a:1")
	f("a second server behind the gateway", "go-httputil", rules.CauseKilled, "a:1")
	f("the gateway's timeouts", "", rules.CauseDependencyFailure, "a:1")
}
