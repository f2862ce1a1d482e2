package cause

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Advice speaks in the commands of what runs the failed process, as its lines show, and of
// nothing else.
func TestAdviceFitsWhereItRuns(t *testing.T) {
	const id = "3858fd54b3552a05b2de27417190643e9dc12db51ab07936f8155e5f3365f90b"
	f := func(name string, want []string, culprit rules.Culprit, lines ...rules.Candidate) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomConnRefused, 3, 0, 5)), lines...)
		in := incident(rules.CauseOOMKill)
		in.Culprit, in.Upstreams, in.Verdict.Proof = culprit, []string{"127.0.0.1:8000"}, nil
		if len(lines) > 0 {
			in.Verdict.Proof = []rules.Proof{{}}
		}
		text := strings.Join(Advice(c, in), "\n")
		in.Verdict.Cause = rules.CauseKilled
		text += "\n" + strings.Join(Prevent(c, in), "\n")
		in.Verdict.Cause = rules.CauseRestart
		text += "\n" + strings.Join(Advice(c, in), "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", name, w, text)
			}
		}
		runners := 0
		for _, command := range []string{"systemctl ", "docker compose", "docker inspect", "kubectl ", "pm2 ", "supervisorctl "} {
			if strings.Contains(text, command) {
				runners++
			}
		}
		if known := len(want) > 0 && !strings.Contains(want[0], "whichever"); known && runners != 1 {
			t.Errorf("%s: in the words of %d runners:\n%s", name, runners, text)
		}
	}
	told := func(id string, fields ...rules.Field) rules.Candidate {
		return line(id, rules.CauseOOMKill, -1, func(c *rules.Candidate) { c.Hit.Fields = fields })
	}
	of := func(name, value string) rules.Field { return rules.Field{Name: name, Value: value} }
	f("nothing tells", []string{"systemctl status UNIT, docker ps -a or kubectl get pods, whichever runs it"}, rules.Culprit{})
	f("a unit", []string{"systemctl status shop.service", "journalctl -u shop.service -e", "Restart=on-failure in shop.service"}, rules.Culprit{Unit: "shop.service"})
	f("a unit that starts a container", []string{"systemctl status shop.service"}, rules.Culprit{Unit: "shop.service", Container: id})
	f("Docker's own unit", []string{"docker ps -a --filter id=3858fd54b355", "docker logs --tail 50 3858fd54b355", "docker inspect"}, rules.Culprit{Unit: "docker.service", Container: id})
	f("a container's name", []string{"docker ps -a --filter name=web", "docker update --restart unless-stopped web"}, rules.Culprit{Container: "web"})
	f("a cgroup of Docker's", []string{"docker ps -a --filter name=CONTAINER"}, rules.Culprit{}, told("kernel-oom-killed", of(rules.FieldCgroup, "/system.slice/docker-"+id+".scope")))
	// kernel line of a node: oom-kill:constraint=CONSTRAINT_MEMCG,…,task_memcg=/kubepods.slice/kubepods-burstable.slice/…
	f("a cgroup of Kubernetes", []string{"kubectl describe pod POD", "kubectl logs POD -c 3858fd54b355 --previous"}, rules.Culprit{Container: id},
		told("kernel-oom-killed", of(rules.FieldCgroup, "/kubepods.slice/kubepods-burstable.slice/cri-containerd-"+id+".scope"), of(rules.FieldContainer, id)))
	f("the kubelet", []string{"kubectl describe pod shop-7c9f6d5b8-x2x4z", "kubectl logs shop-7c9f6d5b8-x2x4z -c shop --previous"}, rules.Culprit{},
		told("k8s-back-off", of(rules.FieldContainer, "shop"), of("pod", "shop-7c9f6d5b8-x2x4z")))
	f("kubectl describe", []string{"kubectl describe pod shop-1", "resources.limits.memory in kubectl describe pod shop-1"}, rules.Culprit{Container: "shop-1/app"})
	f("PM2", []string{"pm2 describe web", "pm2 logs web", "pm2 restart web --max-memory-restart SIZE"}, rules.Culprit{Unit: "web"}, told("pm2-exited-killed", of(rules.FieldUnit, "web")))
	f("supervisord", []string{"supervisorctl status shop", "supervisorctl tail -5000 shop stderr", "autorestart=true in [program:shop]"}, rules.Culprit{Unit: "shop"},
		told("supervisord-exited-killed", of(rules.FieldUnit, "shop")))
	f("compose", []string{"docker compose ps -a web", "docker compose logs --tail 50 web"}, rules.Culprit{Container: "web-1"}, line("own-error", rules.CauseOOMKill, -1,
		func(c *rules.Candidate) { c.Event.Container, c.Event.Text = "web-1", "web-1  | Killed" }))
	f("another service's runner", []string{"whichever runs it"}, rules.Culprit{}, told("kernel-oom-killed"), line("pm2-online", rules.CauseKilled, 1, ofAnother))
	f("a name that a shell would run", []string{"docker ps -a --filter name=CONTAINER"}, rules.Culprit{Container: "$(reboot)"})
}

// A core is looked up by what coredumpctl matches: a pid, a unit's field, a program.
func TestCoreOf(t *testing.T) {
	for culprit, want := range map[rules.Culprit]string{
		{PID: 7, Unit: "shop.service"}:        "coredumpctl info 7",
		{Unit: "shop.service"}:                "coredumpctl info COREDUMP_UNIT=shop.service",
		{Process: "node"}:                     "coredumpctl info node",
		{Process: "a;reboot"}:                 "coredumpctl list",
		{Unit: "a b.service", Process: "php"}: "coredumpctl info php",
	} {
		in := incident(rules.CauseCrashSignal)
		in.Culprit, in.Verdict.Proof = culprit, nil
		r := runnerOf(failing(saw(parser.SymptomPrematureClose, 1, 0, 0)), in)
		if got := coreOf(in, &r); got != want {
			t.Errorf("%+v: %s, want %s", culprit, got, want)
		}
	}
}

// What is to do about a name depends on what was answered for it. The lines are of nginx
// (ngx_resolver.c), Apache (AH00898), Go, Node, HAProxy and glibc.
func TestAdviceForNames(t *testing.T) {
	for text, negative := range map[string]bool{
		`catalog.internal could not be resolved (3: Host not found), client: 198.51.100.14`:                                    true,
		`(EAI 2)Name or service not known: [client 178.203.23.201:42095] AH00898: DNS lookup failure for: geo-api.internal`:    true,
		`dial tcp: lookup api.internal on 127.0.0.53:53: no such host`:                                                         true,
		`Error: getaddrinfo ENOTFOUND api.internal`:                                                                            true,
		`Server app/web1 is going DOWN for maintenance (DNS NX status). 0 active and 0 backup servers left.`:                   true,
		`catalog.internal could not be resolved (110: Operation timed out), client: 198.51.100.14`:                             false,
		`catalog.internal could not be resolved (2: Server failure), client: 198.51.100.14`:                                    false,
		`Error: getaddrinfo EAI_AGAIN api.internal`:                                                                            false,
		`dial tcp: lookup api.internal on 10.0.0.2:53: server misbehaving`:                                                     false,
		`host not found in upstream "api.internal": Temporary failure in name resolution in /etc/nginx/conf.d/default.conf:12`: false,
	} {
		for _, gateway := range []string{"nginx", "apache", "haproxy", "caddy"} {
			in := incident(rules.CauseDNSFailure)
			in.Gateway, in.Upstreams, in.Verdict.Proof = gateway, []string{"api.internal"}, nil
			in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomResolveFailed, Rank: parser.RankPrimary, Count: 1, Example: rules.Quote{Text: text}}}
			c := failing(saw(parser.SymptomResolveFailed, 1, 0, 0))
			now, next := strings.Join(Advice(c, in), "\n"), strings.Join(Prevent(c, in), "\n")
			if strings.Contains(next, "use more than one resolver") == negative || !strings.Contains(now, "until it resolves, put the last address") || !strings.Contains(now, "dig api.internal") {
				t.Errorf("%s, negative %v: %s\n%s", text, negative, now, next)
			}
			if hosts := strings.Contains(now, "in /etc/hosts of the gateway's machine"); hosts != (gateway == "apache" || gateway == "caddy") {
				t.Errorf("%s reads /etc/hosts: %v", gateway, hosts)
			}
		}
	}
}

// Which protocol each end speaks is said where a line shows it.
func TestAdviceForProtocols(t *testing.T) {
	for text, want := range map[string]string{
		`SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream`: "127.0.0.1:8443 does not speak TLS",
		`upstream sent too large http2 frame: 4740180 while reading response header from upstream`:                             "127.0.0.1:8443 speaks HTTP/1 only",
		`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00"`:   "127.0.0.1:8443 speaks HTTP/2 only",
		`Connection id "0HN1" bad request data: An HTTP/1.x request was sent to an HTTP/2 only endpoint.`:                      "127.0.0.1:8443 speaks HTTP/2 only",
		`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02\x16"`:               "127.0.0.1:8443 speaks TLS",
		`upstream sent no valid HTTP/1.0 header while reading response header from upstream`:                                   "see what 127.0.0.1:8443 really speaks",
	} {
		in := incident(rules.CauseProtocolMismatch)
		in.Upstreams, in.Verdict.Proof = []string{"127.0.0.1:8443"}, nil
		in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomTLSHandshake, Rank: parser.RankPrimary, Count: 1, Example: rules.Quote{Text: text}}}
		if got := strings.Join(Advice(failing(saw(parser.SymptomTLSHandshake, 1, 0, 0)), in), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", text, want, got)
		}
	}
	in := incident(rules.CauseTLSFailure)
	in.Gateway, in.Upstreams, in.Verdict.Proof = "nginx", []string{"127.0.0.1:8443"}, nil
	in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomTLSHandshake, Rank: parser.RankPrimary, Count: 1, Example: rules.Quote{
		Text: `SSL_do_handshake() failed (SSL: error:0A00042E:SSL routines::tlsv1 alert protocol version:SSL alert number 70) while SSL handshaking to upstream`}}}
	if got := strings.Join(Advice(failing(saw(parser.SymptomTLSHandshake, 1, 0, 0)), in), "\n"); !strings.Contains(got, "-tls1_2") || !strings.Contains(got, "proxy_ssl_protocols") {
		t.Errorf("a refused version of TLS:\n%s", got)
	}
}

// Whom a second server would have spared depends on whether the request or the server failed.
func TestSecondServer(t *testing.T) {
	f := func(want, oneThing string, symptoms ...rules.CaseSymptom) {
		t.Helper()
		c := failing(symptoms...)
		c.OneThing = oneThing
		in := incident(rules.CauseUnhandledException)
		in.Upstreams, in.Verdict.Proof = []string{"a:1"}, nil
		if got := strings.Join(Prevent(c, in), "\n"); !strings.Contains(got, want) || strings.Contains(got, "would have spared clients these failures") != strings.Contains(want, "these failures") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	refused, closed := saw(parser.SymptomConnRefused, 49, 0, 5), saw(parser.SymptomPrematureClose, 1, 0, 0)
	f("would have spared clients these failures", "", refused)
	f("would have spared clients the 49 failures while nothing listened, and taken the request that was under way if it may be sent again, unless that is what ended it", "", refused, closed)
	f("would have taken the request that was under way if it may be sent again", "", closed)
	f("would have taken the 4 requests that were under way where they may be sent again", "", saw(parser.SymptomConnReset, 4, 0, 1))
	f("would not have spared these clients: all that failed asked for GET /reports/yearly", "GET /reports/yearly", saw(parser.SymptomPrematureClose, 4, 0, 9))
}

// Until when it was answered well tells what to look for.
func TestAdviceOnWhatWorked(t *testing.T) {
	f := func(w rules.Worked, cause rules.Cause, want string) {
		t.Helper()
		c := failing(saw(parser.SymptomConnRefused, 3, 0, 5))
		c.Worked = w
		in := incident(cause)
		in.Verdict.Proof = nil
		got := strings.Join(Advice(c, in), "\n")
		if want == "" && (strings.Contains(got, "answered well") || strings.Contains(got, "good answer")) || !strings.Contains(got, want) {
			t.Errorf("%s, %+v: no %q in\n%s", cause, w, want, got)
		}
	}
	last := rules.Moment{Micros: (epoch - 3) * parser.Second, Precision: parser.Second}
	f(rules.Worked{Looked: true, Last: last, URL: "GET /a"}, rules.CauseDNSFailure, "look at what was changed after 14:13:17 UTC: until then GET /a was answered well")
	f(rules.Worked{Looked: true}, rules.CauseNotListening, "these logs hold no good answer to what failed from before it")
	f(rules.Worked{}, rules.CauseNotListening, "")
	f(rules.Worked{Looked: true}, rules.CauseOOMKill, "")
}

// The requests that a death cut are named as far as the gateway's lines quote them, without
// their queries.
func TestLostRequests(t *testing.T) {
	quote := func(count int64, text string) rules.SymptomGroup {
		return rules.SymptomGroup{Class: parser.SymptomPrematureClose, Rank: parser.RankPrimary, Count: count, Example: rules.Quote{Text: text}}
	}
	f := func(want string, groups ...rules.SymptomGroup) {
		t.Helper()
		in := incident(rules.CauseOOMKill)
		in.Symptoms, in.Verdict.Proof = groups, nil
		if got := strings.Join(Missing(failing(saw(parser.SymptomPrematureClose, 1, 0, 0)), in), "\n"); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	const nginx = `2026/11/22 15:02:45 [error] 1#1: *248 upstream prematurely closed connection while reading response header from upstream, client: 203.0.113.24, request: "POST /media/77/transcode?key=a HTTP/1.1", upstream: "http://127.0.0.1:3000/media/77/transcode?key=a"`
	f("the requests that were under way (the application's request log)", rules.SymptomGroup{Class: parser.SymptomConnRefused, Rank: parser.RankPrimary, Count: 3, Example: rules.Quote{Text: nginx}})
	f("1 request was under way and lost, as the gateway saw (POST /media/77/transcode); what they took", quote(1, nginx))
	f("3 requests were under way and lost, as the gateway saw (POST /media/77/transcode among them)", quote(3, nginx))
	f("2 requests were under way and lost, as the gateway saw; what they took", quote(2, "AH01102: error reading status line from remote server 127.0.0.1:8081"))
	f("as the gateway saw; what they took", quote(1, `"GET /`+strings.Repeat("a", 4096)+`"`))
}
