package cause

import (
	"slices"
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
	f("nothing tells", []string{"`systemctl status UNIT`, `docker ps -a` or `kubectl get pods`, whichever runs it"}, rules.Culprit{})
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
	f("kubectl describe", []string{"kubectl describe pod shop-1", "resources.limits.memory in `kubectl describe pod shop-1`"}, rules.Culprit{Container: "shop-1/app"})
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
		if got := coreOf(in, &r); got != ticked(want) {
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
		`http: TLS handshake error from 127.0.0.1:51234: tls: first record does not look like a TLS handshake`:                 "127.0.0.1:8443 speaks TLS",
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
	f("would have spared clients the 49 failures to connect, and taken the request that was under way if it may be sent again, unless that is what ended it", "", refused, closed)
	f("would have taken the request that was under way if it may be sent again", "", closed)
	f("would have taken the 4 requests that were under way where they may be sent again", "", saw(parser.SymptomConnReset, 4, 0, 1))
	f("would not have spared these clients: all that failed asked for GET /reports/yearly", "GET /reports/yearly", saw(parser.SymptomPrematureClose, 4, 0, 9))
}

// What a summary and advice say of a cause comes from the lines: the error itself, the lock, the
// resource that is spent, the socket that may not be used, all services that died.
func TestConcreteCauses(t *testing.T) {
	f := func(name, wantSummary, wantAdvice string, c *rules.Case, cause rules.Cause, change func(*rules.Incident)) {
		t.Helper()
		in := incident(cause)
		in.Gateway, in.Upstreams, in.Verdict.Proof, in.Symptoms = "nginx", []string{"127.0.0.1:8000"}, nil, nil
		in.Culprit, in.Service = rules.Culprit{}, ""
		for i := range c.Evidence {
			in.Verdict.Proof = append(in.Verdict.Proof, rules.Proof{Candidate: i})
		}
		if change != nil {
			change(in)
		}
		summary, advice := Summary(c, in), strings.Join(slices.Concat(Advice(c, in), Prevent(c, in)), "\n")
		if !strings.Contains(summary, wantSummary) || !strings.Contains(advice, wantAdvice) {
			t.Errorf("%s: no %q or %q in\n%s\n%s", name, wantSummary, wantAdvice, summary, advice)
		}
	}
	says := func(cause rules.Cause, text, meaning, detail, service string) rules.Candidate {
		return line("x", cause, 0, func(c *rules.Candidate) {
			c.Event.Text, c.Hit.Signature.Meaning, c.Hit.Signature.Technology, c.Service = text, meaning, "", service
			c.Hit.Fields = []rules.Field{{Name: rules.FieldDetail, Value: detail}}
		})
	}
	closed, refused := saw(parser.SymptomPrematureClose, 1, 0, 0), saw(parser.SymptomConnRefused, 4, 0, 5)
	f("an error", "died of an unhandled error: IndexError: list index out of range;", "", tell(failing(closed), says(rules.CauseUnhandledException, "", "", "IndexError: list index out of range", "shop-1")), rules.CauseUnhandledException, nil)
	// Rails tells that a request ended with an exception, and names it two lines later (actionpack's log subscriber and debug_exceptions.rb).
	names := says(rules.CauseUnhandledException, "", "", "NoMethodError (undefined method 'vat_rate' for nil)", "shop-1")
	names.Hit.Signature.ID = "y"
	f("an error that its next line names", "(127.0.0.1:8000) died of an unhandled error: NoMethodError (undefined method 'vat_rate' for nil);", "",
		tell(failing(closed), says(rules.CauseUnhandledException, "", "", "", "shop-1"), names), rules.CauseUnhandledException, func(in *rules.Incident) { in.Service = "shop" })
	f("a word that tells nothing", "(127.0.0.1:8000) could not start;", "", tell(failing(refused), says(rules.CauseStartFailure, "citas.service: start operation timed out. Terminating.", "", "start", "citas")), rules.CauseStartFailure, func(in *rules.Incident) { in.Service = "citas" })
	f("an address that is not this machine's", "the address that it is told to connect from is none of its machine's;", "ip -br addr",
		failing(hinted(parser.SymptomNoPorts, 73, rules.CauseGatewayConfig)), rules.CauseGatewayConfig, func(in *rules.Incident) {
			in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomNoPorts, Rank: parser.RankPrimary}}
		})
	ofRequest := says(rules.CauseUnhandledException, "", "", "KeyError: 'total'", "shop-1")
	ofRequest.Hit.Signature.Scope = rules.ScopeRequest
	f("an error of a request", "shop (127.0.0.1:8000) did not handle an error: KeyError: 'total';", "", tell(failing(saw(parser.SymptomUpstreamStatus, 9, 0, 9)), ofRequest), rules.CauseUnhandledException, func(in *rules.Incident) { in.Service = "shop" })
	// A panic of a task ends no Rust process (library/std/src/thread: a thread's panic is its join's error).
	ofTask := says(rules.CauseUnhandledException, "", "", "src/api.rs:40:9", "shop-1")
	ofTask.Hit.Signature.Scope = rules.ScopeWorker
	f("an error of a task", "did not handle an error: src/api.rs:40:9;", "", tell(failing(closed), ofTask), rules.CauseUnhandledException, nil)
	ofWorker := says(rules.CauseUnhandledException, "", "", "IndexError", "shop-1")
	ofWorker.Hit.Signature.Scope = rules.ScopeWorker
	ofWorker.Hit.Fields = append(ofWorker.Hit.Fields, rules.Field{Name: rules.FieldPID, Value: "712"})
	f("an error that ended a worker", "died of an unhandled error: IndexError;", "", tell(failing(closed), ofWorker), rules.CauseUnhandledException, nil)
	f("a service that the gateway's log does not name", "shop (an upstream that the gateway's log does not name) died of an unhandled error: KeyError: 'total';", "",
		tell(failing(closed), says(rules.CauseUnhandledException, "", "", "KeyError: 'total'", "shop-1")), rules.CauseUnhandledException,
		func(in *rules.Incident) { in.Upstreams, in.Service, in.Culprit.Process = nil, "shop", "python3" })
	f("a long error", strings.Repeat("é", 60)+"…;", "", tell(failing(closed), says(rules.CauseUnhandledException, "", "", strings.Repeat("é", 500), "")), rules.CauseUnhandledException, nil)
	f("three services", "shop-1, shop-2 and shop-3 (127.0.0.1:8000) died of an unhandled error", "", tell(failing(refused), says(rules.CauseUnhandledException, "", "", "", "shop-2"),
		says(rules.CauseUnhandledException, "", "", "", "shop-1"), says(rules.CauseUnhandledException, "", "", "", "shop-3")), rules.CauseUnhandledException, nil)
	f("a full queue", "127.0.0.1:8000) could take no further request: the listen queue was full;", "", tell(failing(refused), says(rules.CauseUpstreamSaturated, "", "the listen queue was full", "", "shop")), rules.CauseUpstreamSaturated, func(in *rules.Incident) { in.Service = "shop" })
	// PostgreSQL's log_lock_waits (src/backend/storage/lmgr/proc.c).
	f("a lock", "postgres, on which", "pg_blocking_pids(pid)", tell(failing(saw(parser.SymptomReadTimeout, 3, 0, 5)),
		says(rules.CauseDependencyFailure, "LOG:  process 28910 still waiting for AccessShareLock on relation 16384 of database 5 after 1000.381 ms", "", "", "pg")), rules.CauseDependencyFailure,
		func(in *rules.Incident) { in.Culprit.Process = "postgres" })
	f("no lock", "postgres, on which", "compare max_connections", tell(failing(saw(parser.SymptomReadTimeout, 3, 0, 5)),
		says(rules.CauseDependencyFailure, "FATAL:  sorry, too many clients already", "", "", "pg")), rules.CauseDependencyFailure, func(in *rules.Incident) { in.Culprit.Process = "postgres" })
	on := func(c *rules.Case, member string) *rules.Case {
		c.Members = []string{member}
		return c
	}
	f("a socket that may not be used", "The gateway was not permitted to connect to unix:/run/php/php8.2-fpm.sock", "`ls -l /run/php/php8.2-fpm.sock`; `namei -l /run/php/php8.2-fpm.sock`; listen.owner, listen.group",
		on(failing(saw(parser.SymptomSocketPermission, 9, 0, 5)), "unix:/run/php/php8.2-fpm.sock"), rules.CauseNotListening, func(in *rules.Incident) { in.Upstreams = []string{"unix:/run/php/php8.2-fpm.sock"} })
	f("a port that may not be used", "The gateway was not permitted to connect to 127.0.0.1:8000;", "`ausearch -m avc -ts recent`",
		failing(saw(parser.SymptomSocketPermission, 9, 0, 5)), rules.CauseGatewayConfig, nil)
	f("a socket on which nothing listens", "Nothing listened for unix:/run/app.sock", "ss -lxp", on(failing(saw(parser.SymptomConnRefused, 9, 0, 5)), "unix:/run/app.sock"), rules.CauseNotListening,
		func(in *rules.Incident) { in.Upstreams = []string{"unix:/run/app.sock"} })
	f("a gateway stands there, and its own server is gone", "Nothing listened for 10.3.3.9:9000, behind 127.0.0.1:8000, and no log says why;", "", on(failing(refused), "10.3.3.9:9000"), rules.CauseNotListening, nil)
	f("a php-fpm that tells nothing", "", "request_slowlog_timeout", failing(saw(parser.SymptomReadTimeout, 9, 0, 5)), rules.CauseSlowUpstream,
		func(in *rules.Incident) { in.Upstreams = []string{"unix:/run/php/php8.2-fpm.sock"} })
	quotes := func(text string) func(*rules.Incident) {
		return func(in *rules.Incident) {
			in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomOther, Rank: parser.RankPrimary, Count: 9, Example: rules.Quote{Text: text}}}
		}
	}
	f("no client certificate", "failed: the upstream asks for a client certificate;", "lists the acceptable ones", failing(saw(parser.SymptomTLSHandshake, 9, 0, 5)), rules.CauseTLSFailure,
		quotes("SSL_read() failed (SSL: error:0A00045C:SSL routines::tlsv13 alert certificate required:SSL alert number 116) while reading response header from upstream"))
	f("another name", "failed: the certificate is for another name;", "s_client", failing(saw(parser.SymptomTLSVerify, 9, 0, 5)), rules.CauseTLSFailure,
		quotes(`upstream SSL certificate does not match "orders.internal" while SSL handshaking to upstream`))
	f("a circle", "wrong: it sends requests round in a circle;", "try_files", gatewayCase(saw(parser.SymptomOther, 9, 0, 5)), rules.CauseGatewayConfig,
		quotes(`rewrite or internal redirection cycle while internally redirecting to "/index.html"`))
	f("an unknown name", "wrong: a name in it was not found as the gateway started;", "nginx -t", gatewayCase(saw(parser.SymptomOther, 9, 0, 5)), rules.CauseGatewayConfig,
		quotes(`[emerg] 1#1: host not found in upstream "api-v2" in /etc/nginx/conf.d/default.conf:12`))
	f("lines of one error", "KeyError: 'total' in sum;", "", tell(failing(closed), says(rules.CauseUnhandledException, "", "", "KeyError:\n 'total' in sum", "shop")), rules.CauseUnhandledException, nil)
	f("a server of a HAProxy backend", "The name of catalog/cat1 could not be resolved", "dig NAME @RESOLVER", failing(saw(parser.SymptomResolveFailed, 1, 0, 0)), rules.CauseDNSFailure,
		func(in *rules.Incident) { in.Gateway, in.Upstreams = "haproxy", []string{"catalog", "catalog/cat1"} })
	for class, want := range map[parser.Symptom]string{
		parser.SymptomDiskFull: "df -h", parser.SymptomNoFiles: "LimitNOFILE", parser.SymptomNoPorts: "ip_local_port_range", parser.SymptomNoMemory: "free -m", parser.SymptomNoConnections: "worker_connections",
	} {
		f(class.String(), "The gateway ran out of", want, gatewayCase(saw(class, 9, 0, 5)), rules.CauseGatewayResources, func(in *rules.Incident) {
			in.Upstreams, in.Symptoms = nil, []rules.SymptomGroup{{Class: class, Rank: parser.RankPrimary, Count: 9}}
		})
	}
	for text, want := range map[string]string{
		"api.internal could not be resolved (3: Host not found), client: 10.0.0.1":        "The name 127.0.0.1:8000 could not be resolved: it does not exist;",
		"api.internal could not be resolved (110: Operation timed out), client: 10.0.0.1": "could not be resolved: the resolver gave no answer;",
		"api.internal could not be resolved (5: Operation refused), client: 10.0.0.1":     "could not be resolved: the resolver gave no answer;",
		"api.internal could not be resolved (Non-recoverable failure), client: 10.0.0.1":  "could not be resolved;",
	} {
		f(text, want, "", failing(saw(parser.SymptomResolveFailed, 9, 0, 5)), rules.CauseDNSFailure, func(in *rules.Incident) {
			in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomResolveFailed, Rank: parser.RankPrimary, Count: 9, Example: rules.Quote{Text: text}}}
		})
	}
	seen := func(class parser.Symptom, text string) func(*rules.Incident) {
		return func(in *rules.Incident) {
			in.Symptoms = []rules.SymptomGroup{{Class: class, Rank: parser.RankPrimary, Count: 9, Example: rules.Quote{Text: text}}}
		}
	}
	f("a dead host", "could not be reached over the network: no route to the host;", "nc -vz 127.0.0.1 8000", failing(saw(parser.SymptomNoRoute, 9, 0, 5)), rules.CauseNetworkUnreachable, seen(parser.SymptomNoRoute, ""))
	f("an empty variable", "configuration is wrong: address not valid;", "run `nginx -t` and look", gatewayCase(saw(parser.SymptomBadURL, 9, 0, 5)), rules.CauseGatewayConfig, seen(parser.SymptomBadURL, ""))
	f("Lua", "configuration is wrong: an error of its Lua code;", "mend the Lua code", gatewayCase(saw(parser.SymptomOther, 9, 0, 5)), rules.CauseGatewayConfig, seen(parser.SymptomOther, "lua entry thread aborted: runtime error: /srv/app/router.lua:5"))
	f("HTTP/1 behind gRPC", "speak different protocols: the upstream speaks HTTP/1 only;", "", failing(saw(parser.SymptomProtocolError, 9, 0, 5)), rules.CauseProtocolMismatch, seen(parser.SymptomProtocolError, "upstream sent too large http2 frame: 4740180"))
	const request = `upstream sent too big header while reading response header from upstream, client: 203.0.113.24, request: "GET /checkout/a?x=1 HTTP/1.1"`
	f("what failed is what is asked", "", "curl -sD - -o /dev/null http://127.0.0.1:8000/checkout/a", failing(saw(parser.SymptomHeaderTooBig, 9, 0, 5)), rules.CauseResponseTooLarge, func(in *rules.Incident) {
		in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomHeaderTooBig, Rank: parser.RankPrimary, Count: 9, Example: rules.Quote{Text: request}}}
	})
	f("but no shell's words", "", "curl -sD - -o /dev/null http://127.0.0.1:8000/`\n", failing(saw(parser.SymptomHeaderTooBig, 9, 0, 5)), rules.CauseResponseTooLarge, func(in *rules.Incident) {
		in.Symptoms = []rules.SymptomGroup{{Class: parser.SymptomHeaderTooBig, Rank: parser.RankPrimary, Count: 9, Example: rules.Quote{Text: strings.Replace(request, "checkout", "$(reboot)", 1)}}}
	})
}

// What the system's own lines told is not said to be missing.
func TestSystemThatTold(t *testing.T) {
	f := func(want, not string, lines ...rules.Candidate) {
		t.Helper()
		c := tell(failing(saw(parser.SymptomConnRefused, 4, 0, 5)), lines...)
		c.Seen.System = false
		in := incident(rules.CauseKilled)
		in.Verdict.Proof = nil
		if got := strings.Join(Missing(c, in), "\n"); !strings.Contains(got, want) || not != "" && strings.Contains(got, not) {
			t.Errorf("no %q or %q in\n%s", want, not, got)
		}
	}
	of := func(technology string, ended rules.End) rules.Candidate {
		return line("x", rules.CauseKilled, 0, func(c *rules.Candidate) { c.Hit.Signature.Technology, c.Ended = technology, ended })
	}
	f("whether the system had a hand in it: the kernel's and systemd's lines", "")
	f("whether the kernel had a hand in it", "systemd's", of("systemd", rules.EndKill))
	f("", "had a hand", of("systemd", rules.EndExit))
	f("", "had a hand", of("kernel", rules.EndUnknown))
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
