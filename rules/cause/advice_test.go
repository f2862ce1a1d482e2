package cause

import (
	"slices"
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
		return strings.Join(append(Advice(c, in), Prevent(c, in)...), "\n")
	}
	for gateway := range gateways {
		for _, cause := range rules.Causes() {
			for _, upstreams := range [][]string{nil, {"a:1"}, {"a:1", "b:1"}} {
				text := ask(gateway, cause, upstreams...)
				if strings.ContainsAny(text, "{}") {
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
	f("proxy_next_upstream, would have taken the 12 requests that were under way where they may be sent again, unless one of them is what ended it", "nginx", rules.CauseOOMKill, "a:1")
	f("max_fails and fail_timeout", "nginx", rules.CauseOOMKill, "a:1", "b:1")
	f("second server in the upstream block", "nginx", rules.CauseOOMKill, "a:1")
	f("option redispatch", "haproxy", rules.CauseRestart, "app/web1")
	f("set fall and rise", "haproxy", rules.CauseRestart, "app/web1")
	if text := ask("haproxy", rules.CauseRestart, "app", "app/web1"); strings.Contains(text, "take a dead server out") {
		t.Errorf("where the gateway did it, the advice says to do it: %s", text)
	}
	f("proxy_read_timeout a little above what the slowest", "nginx", rules.CauseSlowUpstream, "a:1")
	f("(proxy_connect_timeout and proxy_read_timeout)", "nginx", rules.CauseDependencyFailure, "a:1")
	f("set timeout= of ProxyPass a little", "apache", rules.CauseSlowUpstream, "a:1")
	f("run `haproxy -c", "haproxy", rules.CauseGatewayConfig)
	f("above the load balancer's idle timeout", "aws-alb", rules.CauseKeepaliveRace, "a:1")
	f("a second server behind the gateway", "go-httputil", rules.CauseKilled, "a:1")
	f("the gateway's timeouts", "", rules.CauseDependencyFailure, "a:1")
}

// Each protocol has directives of its own.
func TestAdviceInTheProtocolsDirectives(t *testing.T) {
	for scheme, want := range map[string]string{
		"http": "set proxy_read_timeout", "fastcgi": "set fastcgi_read_timeout", "uwsgi": "set uwsgi_read_timeout", "grpcs": "set grpc_read_timeout",
	} {
		c := failing(saw(parser.SymptomReadTimeout, 12, 0, 75))
		c.Symptoms[0].Scheme = scheme
		in := incident(rules.CauseSlowUpstream)
		in.Gateway, in.Upstreams = "nginx", []string{"127.0.0.1:9000"}
		text := strings.Join(append(Advice(c, in), Prevent(c, in)...), "\n")
		if !strings.Contains(text, want) || scheme != "http" && strings.Contains(text, "proxy_") {
			t.Errorf("%s: no %q, or proxy_, in\n%s", scheme, want, text)
		}
	}
}

// Advice names the settings of what failed: by the technology of the proof, else by the
// culprit's process.
func TestAdviceInTheSoftwaresWords(t *testing.T) {
	ask := func(cause rules.Cause, culprit rules.Culprit, technology string) string {
		c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
		in := incident(cause)
		in.Culprit, in.Verdict.Proof = culprit, nil
		if technology != "" {
			c.Evidence = []rules.Candidate{{Event: &rules.Event{}, Hit: &rules.Hit{Signature: &rules.Signature{Technology: technology}}}}
			in.Verdict.Proof = []rules.Proof{{}}
		}
		return strings.Join(append(Advice(c, in), Prevent(c, in)...), "\n")
	}
	for name := range servers {
		for _, cause := range rules.Causes() {
			if text := ask(cause, rules.Culprit{Process: name}, ""); strings.Contains(strings.ReplaceAll(text, "{{.HostConfig.Memory}}", ""), "{") {
				t.Errorf("%s, %s: not filled in: %s", name, cause, text)
			}
		}
	}
	f := func(want string, cause rules.Cause, process, technology string) {
		t.Helper()
		if text := ask(cause, rules.Culprit{Process: process}, technology); !strings.Contains(text, want) {
			t.Errorf("%s, %s, %s: no %q in\n%s", cause, process, technology, want, text)
		}
	}
	f("raise -Xmx or -XX:MaxRAMPercentage for now", rules.CauseMemoryExhausted, "java", "jvm")
	f("raise -Xmx or -XX:MaxRAMPercentage for now", rules.CauseMemoryExhausted, "", "tomcat")
	f("raise --max-old-space-size for now", rules.CauseMemoryExhausted, "node", "")
	f("raise memory_limit", rules.CauseMemoryExhausted, "php-fpm", "php")
	f("pm.max_children", rules.CauseUpstreamSaturated, "", "phpfpm")
	f("--timeout of gunicorn", rules.CauseWorkerTimeout, "gunicorn", "systemd")
	f("--keep-alive of gunicorn (2 s unless set) above the gateway", rules.CauseKeepaliveRace, "/usr/bin/gunicorn", "")
	f("pg_stat_activity", rules.CauseDependencyFailure, "postgresql", "dependency")
	f("redis-cli INFO", rules.CauseDependencyFailure, "redis-server", "")
	f("the dependency that the quoted lines name", rules.CauseDependencyFailure, "billing", "")
	f("fewer workers need less memory", rules.CauseOOMKill, "python3", "kernel")

	f("coredumpctl info", rules.CauseCrashSignal, "node", "")

	for culprit, want := range map[rules.Culprit]string{
		{Unit: "shop.service"}:                        "systemctl show shop.service -p MemoryMax",
		{Unit: "a;reboot.service"}:                    "systemctl show UNIT -p MemoryMax",
		{Container: "web-1"}:                          "{{.HostConfig.Memory}}' web-1",
		{Container: "-x"}:                             "{{.HostConfig.Memory}}' CONTAINER",
		{Unit: "shop.service", Container: "0123abcd"}: "systemctl show shop.service",
	} {
		if text := ask(rules.CauseOOMKill, culprit, ""); !strings.Contains(text, want) || strings.Contains(text, "reboot") {
			t.Errorf("%+v: no %q in\n%s", culprit, want, text)
		}
	}
}

// What stands in a command is the incident's own, and nothing in it that a shell would read
// as more than a name.
func TestAdviceNamesTheAddress(t *testing.T) {
	c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
	f := func(cause rules.Cause, upstream, want string) {
		t.Helper()
		in := incident(cause)
		in.Upstreams = []string{upstream}
		if text := strings.Join(Advice(c, in), "\n"); !strings.Contains(text, want) {
			t.Errorf("%s, %s: no %q in\n%s", cause, upstream, want, text)
		}
	}
	f(rules.CauseTLSFailure, "127.0.0.1:8445", "-connect 127.0.0.1:8445 -servername NAME")
	f(rules.CauseTLSFailure, "$(reboot):443", "-connect HOST:PORT ")
	f(rules.CauseNetworkUnreachable, "[fd00::7]:8080", "`nc -vz fd00::7 8080`;")
	f(rules.CauseNetworkUnreachable, "shop", "`nc -vz shop PORT`;")
	f(rules.CauseNetworkUnreachable, "unix:/run/app.sock", "`nc -vz HOST PORT`;")
	f(rules.CauseNotListening, "10.0.0.7:8080", "`ss -ltnp 'sport = :8080'`;")
	f(rules.CauseNotListening, "10.0.0.7:$(id)", "`ss -ltnp`;")
	f(rules.CauseUnknown, "10.0.0.7:80", "no log is missing that could tell: ask the upstream itself while it fails (`curl -sv http://10.0.0.7:80/`)")
	f(rules.CauseDNSFailure, "catalog.internal", "dig catalog.internal @RESOLVER")
	f(rules.CauseDNSFailure, "-x", "dig HOST @RESOLVER")
	f(rules.CauseInvalidResponse, "unix:/run/app.sock", "curl -sv --raw --unix-socket /run/app.sock http://localhost/")
	f(rules.CauseInvalidResponse, "unix:/run/;id", "curl -sv --raw http://HOST:PORT/")
	f(rules.CauseInvalidResponse, "10.0.0.7:80", "curl -sv --raw http://10.0.0.7:80/")
}

// What to do now is not what to do against the next time, and both are there for every cause.
func TestNowAndNextTime(t *testing.T) {
	c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
	for _, cause := range rules.Causes() {
		if cause == rules.CauseClientAbort {
			continue
		}
		in := incident(cause)
		in.Gateway = "nginx"
		now, next := Advice(c, in), Prevent(c, in)
		if len(now) == 0 || len(next) == 0 {
			t.Errorf("%s: now %q, next time %q", cause, now, next)
		}
		for _, text := range now {
			if slices.Contains(next, text) || strings.Contains(text, "second server") {
				t.Errorf("%s: %q is for the next time", cause, text)
			}
		}
	}
}

// What shows where a worker hangs must not end it: php-fpm takes SIGQUIT for an order to stop.
func TestMissingStackOfAWorker(t *testing.T) {
	for process, want := range map[string]string{"php-fpm": "request_slowlog_timeout", "gunicorn": "py-spy", "puma": "rbspy", "worker": "a stack of the worker while it hangs, would tell"} {
		in := incident(rules.CauseWorkerTimeout)
		in.Culprit.Process = process
		text := strings.Join(Missing(failing(saw(parser.SymptomPrematureClose, 2, 0, 5)), in), "\n")
		if !strings.Contains(text, want) || strings.Contains(text, "SIGQUIT") || process == "php-fpm" && strings.Contains(text, "py-spy") {
			t.Errorf("%s: no %q in\n%s", process, want, text)
		}
	}
}
