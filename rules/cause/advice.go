package cause

import (
	"cmp"
	"net"
	"strings"

	"culprit/rules"
)

// Advice is what to do now, concrete for the cause, the unit, the address, the software that
// failed and the gateway that saw it. c is the case that the verdict was found in.
func Advice(c *rules.Case, in *rules.Incident) []string {
	texts := advice[in.Verdict.Cause]
	if in.Verdict.Cause == rules.CauseKilled && answered(c, in) {
		texts = []string{texts[0], "ask whom the quoted line names why the signal was sent"}
	}
	return filled(c, in, texts)
}

// Prevent is what to do against the next time: of the cause itself, and so that clients do
// not meet it.
func Prevent(c *rules.Case, in *rules.Incident) []string {
	out := filled(c, in, prevention[in.Verdict.Cause])
	w := wordsFor(c, in)
	benched := in.SecondaryLines > in.PrimaryLines && in.PrimaryLines > 0
	if benched {
		out = append(out, "most error lines are the gateway keeping servers out that failed: "+w.benched)
	}
	switch family := in.Verdict.Cause.Family(); {
	case family == "slow":
		out = append(out, filled(c, in, []string{"set {timeouts} longer than the slowest request that is legitimate and shorter than the patience of clients"})...)
	case family != "crashed" && family != "not running" && family != "unknown" && in.Verdict.Cause != rules.CauseNetworkUnreachable:
	case len(in.Upstreams) == 1:
		out = append(out, w.second+" would have spared clients these failures")
	case len(in.Upstreams) > 1 && !benched:
		out = append(out, "take a dead server out before clients meet it: "+w.health)
	}
	return out
}

// filled puts into texts what is known of this incident.
func filled(c *rules.Case, in *rules.Incident, texts []string) []string {
	w, s := wordsFor(c, in), softwareOf(c, in)
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = fillSlots(text, func(slot string) string { return slotOf(slot, in, &w, &s) })
	}
	return out
}

// fillSlots replaces each {slot} of a text, and what it put there is not looked at again. Live decides
// many times a second: a strings.Replacer of all slots for each incident took half of that.
func fillSlots(text string, value func(slot string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		slot, after, ended := strings.Cut(rest, "}")
		if !found || !ended {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(value(slot))
		text = after
	}
}

func slotOf(slot string, in *rules.Incident, w *words, s *software) string {
	switch slot {
	case "timeouts":
		return w.timeouts
	case "header":
		return w.header
	case "scheme":
		return w.scheme
	case "resolver":
		return w.resolver
	case "idle":
		return w.idle
	case "check":
		return w.check
	case "resources":
		return w.resources
	case "again":
		return w.again
	case "memory":
		return s.memory
	case "grew":
		return s.grew
	case "fit":
		return s.fit
	case "timeout":
		return s.timeout
	case "workers":
		return s.workers
	case "keep-alive":
		return s.idle
	case "slow":
		return s.slow
	case "state":
		return s.state
	case "limit":
		return limitOf(in)
	case "raise":
		return raiseOf(in)
	case "started":
		return startOf(in)
	case "status":
		return statusOf(in)
	case "address":
		return addressOf(in)
	case "host":
		host, _ := hostPortOf(in)
		return host
	case "port":
		_, port := hostPortOf(in)
		return port
	case "curl":
		return curlOf(in)
	case "unit":
		return unitOf(in)
	}
	panic("BUG: no slot " + slot)
}

// A name from a log goes into a command only if a shell would see nothing but a name in it.
func plainName(name string) bool {
	return name != "" && !strings.HasPrefix(name, "-") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@:") == ""
}

func unitOf(in *rules.Incident) string {
	if unit := in.Culprit.Unit; plainName(unit) && strings.Contains(unit, ".") {
		return unit
	}
	return noUnit
}

// noUnit stands in a command where a unit's name belongs that nobody knows.
const noUnit = "UNIT"

// limitOf is how to see the limit of memory from outside.
func limitOf(in *rules.Incident) string {
	unit, container := unitOf(in), in.Culprit.Container
	switch show := "systemctl show " + unit + " -p MemoryMax -p MemoryPeak"; {
	case unit != noUnit:
		return show
	case plainName(container):
		return "docker inspect -f '{{.HostConfig.Memory}}' " + container + " (Kubernetes: resources.limits.memory in kubectl describe pod)"
	default:
		return show + " (container: docker inspect, kubectl describe pod)"
	}
}

// raiseOf is how to raise that limit at once
// (https://www.freedesktop.org/software/systemd/man/latest/systemctl.html, docker container update).
func raiseOf(in *rules.Incident) string {
	unit, container := unitOf(in), in.Culprit.Container
	if unit == noUnit && plainName(container) {
		return "docker update --memory SIZE --memory-swap SIZE " + container
	}
	return "systemctl set-property --runtime " + unit + " MemoryMax=SIZE"
}

// statusOf is how to see whether it runs.
func statusOf(in *rules.Incident) string {
	unit, container := unitOf(in), in.Culprit.Container
	if unit == noUnit && plainName(container) {
		return "docker ps -a --filter name=" + container
	}
	return "systemctl status " + unit
}

// startOf is how to read what a start said.
func startOf(in *rules.Incident) string {
	unit, container := unitOf(in), in.Culprit.Container
	if unit == noUnit && plainName(container) {
		return "docker logs --tail 50 " + container + " (Kubernetes: kubectl logs --previous)"
	}
	return "journalctl -u " + unit + " -e"
}

// addressOf is the first upstream's host:port as a shell may see it; HOST:PORT where the log
// has none, such as for a unix socket.
func addressOf(in *rules.Incident) string {
	if len(in.Upstreams) > 0 {
		if host, port, err := net.SplitHostPort(in.Upstreams[0]); err == nil && plainName(host) && plainName(port) && host != "unix" {
			return in.Upstreams[0]
		}
	}
	return "HOST:PORT"
}

// hostPortOf is the same in two; of a name without a port, the name.
func hostPortOf(in *rules.Incident) (host, port string) {
	if len(in.Upstreams) > 0 && !strings.Contains(in.Upstreams[0], ":") && plainName(in.Upstreams[0]) {
		return in.Upstreams[0], "PORT"
	}
	host, port, _ = net.SplitHostPort(addressOf(in))
	return host, port
}

// curlOf is what curl is to ask.
func curlOf(in *rules.Incident) string {
	if len(in.Upstreams) > 0 {
		if path, unix := strings.CutPrefix(in.Upstreams[0], "unix:"); unix && strings.HasPrefix(path, "/") && plainName(strings.ReplaceAll(path[1:], "/", ".")) {
			return "--unix-socket " + path + " http://localhost/"
		}
	}
	return "http://" + addressOf(in) + "/"
}

var advice = map[rules.Cause][]string{
	rules.CauseOOMKill:            {"see whether it runs again: {status}", "compare its memory with its limit: {limit}; without a limit of its own the machine was full: ps aux --sort=-rss | head", "if it is killed again soon, raise the limit for now: {raise}"},
	rules.CauseMemoryExhausted:    {"see whether it runs again: {status}", "if it fails again soon, raise {memory} for now, only if the machine has the memory"},
	rules.CauseCrashSignal:        {"see whether it runs again: {status}", "look at the core: coredumpctl info {unit}", "if it began with a release, roll that back"},
	rules.CauseUnhandledException: {"read the error that the quoted lines name; if it began with a release, roll that back"},
	rules.CauseWorkerTimeout:      {"find what the worker was doing for so long: {slow}"},
	rules.CauseKilled:             {"see whether it runs again: {status}", "find who sent the signal: auth.log, shell history, the deploy or monitoring tool"},
	rules.CauseRestart:            {"if it was planned and answers again, nothing; else read why it is not back: {started}"},
	rules.CauseStartFailure:       {"read the failed start: {started}; roll the last change back if it will not start"},
	rules.CauseNotListening:       {"see whether anything listens: ss -ltnp; compare address and port with the gateway's configuration", "see whether the service runs: {status}"},
	rules.CauseInvalidResponse:    {"ask the upstream directly and look at the raw bytes: curl -sv --raw {curl}"},
	rules.CauseProtocolMismatch:   {"see what {address} really speaks (curl -v http://{address}/, curl -vk https://{address}/) and compare {scheme}"},
	rules.CauseResponseTooLarge:   {"find the header that grew, mostly Set-Cookie: curl -sD - -o /dev/null {curl}", "if it is meant, raise {header}"},
	rules.CauseTLSFailure:         {"look at the certificate as the gateway sees it: openssl s_client -connect {address} -servername NAME"},
	rules.CauseNetworkUnreachable: {"test the path from the gateway: nc -vz {host} {port}; look at firewall rules and at whether the host is up"},
	rules.CauseDNSFailure:         {"ask the resolver that the gateway uses: dig {host} @RESOLVER; {resolver}"},
	rules.CauseSlowUpstream:       {"{slow}"},
	rules.CauseUpstreamSaturated:  {"{slow}", "if the machine and what is behind it can bear more, raise {workers}"},
	rules.CauseDependencyFailure:  {"{state}"},
	rules.CauseGatewayResources:   {"raise what the quoted line names: {resources}"},
	rules.CauseGatewayConfig:      {"{check} and look at the directive that makes the address: a variable without a value, a name that does not resolve"},
	rules.CauseKeepaliveRace:      {"nothing is down; make the upstream keep idle connections longer than the gateway does: {keep-alive} above {idle}"},
	rules.CauseUnknown:            {"collect the logs named under \"not known\" for the same minutes and run again"},
}

var prevention = map[rules.Cause][]string{
	rules.CauseOOMKill:            {"find what grew just before the kill; {fit}"},
	rules.CauseMemoryExhausted:    {"find what grew: {grew}"},
	rules.CauseCrashSignal:        {"check what was deployed last: native extensions and their versions"},
	rules.CauseUnhandledException: {"fix the error, and catch it where it need not end more than its own request"},
	rules.CauseWorkerTimeout:      {"take such work out of the request, or raise {timeout} to what it needs, and the gateway's patience with it ({timeouts})"},
	rules.CauseKilled:             {"let it be started again by itself: Restart=on-failure of the unit, a restart policy of the container"},
	rules.CauseRestart:            {"restart without a gap: start the new process before the old one stops (socket activation, reload, rolling deploy), and let the gateway retry the next server"},
	rules.CauseStartFailure:       {"let the old process serve until the new one answers (rolling deploy), and start a release once before it gets traffic"},
	rules.CauseNotListening:       {"let it be started again by itself: Restart=on-failure of the unit, a restart policy of the container"},
	rules.CauseInvalidResponse:    {"ask a release once through the gateway before it gets traffic: some clients take what the gateway refuses"},
	rules.CauseProtocolMismatch:   {"change both ends in one step, and ask once through the gateway before it gets traffic"},
	rules.CauseResponseTooLarge:   {"bound what goes into cookies and headers: keep the session on the server"},
	rules.CauseTLSFailure:         {"renew certificates by a timer that restarts who uses them, and raise an alarm two weeks before one ends: openssl x509 -checkend 1209600 -noout -in FILE"},
	rules.CauseNetworkUnreachable: {"let the gateway give up on connecting sooner than on answers, so that the next server is tried in time ({timeouts})"},
	rules.CauseDNSFailure:         {"use more than one resolver, and raise an alarm when the name has no answer"},
	rules.CauseSlowUpstream:       {"keep the log of slow requests on: it tells the reason the next time"},
	rules.CauseUpstreamSaturated:  {"shorten what the workers wait for, and refuse early what cannot be served in time"},
	rules.CauseDependencyFailure:  {"give its client a timeout shorter than the gateway's ({timeouts}), so that the application can return an error of its own", "bound the connections of all its clients together below what it allows"},
	rules.CauseGatewayResources:   {"raise an alarm before it is used up"},
	rules.CauseGatewayConfig:      {"{check} before each reload, and ask once through the gateway after it: a variable without a value passes the check"},
	rules.CauseKeepaliveRace:      {"{again}"},
}

// words are a gateway's own names for what advice speaks of.
type words struct {
	second    string // a further server, and what sends a failed request there
	health    string // what checks servers
	benched   string // what to set so that one failure does not take a server out for long
	timeouts  string // of connecting and of waiting for an answer
	header    string // what bounds an answer's header
	scheme    string // where the protocol spoken to the upstream is chosen
	resolver  string // what to know about names
	idle      string // how long idle connections to the upstream are kept
	check     string // how a configuration is tested
	resources string // what it may run out of
	again     string // how a request that met a closed connection is sent again
	names     string // how its access log names the upstream
	status    string // what shows how much of its resources is used
}

// ofAny is what is said of a gateway without words of its own, and of what its words leave out.
var ofAny = words{
	second:    "a second server behind the gateway, with failed requests sent on to it,",
	health:    "health checks of the gateway",
	benched:   "with few servers, one slow second must not take out all of them",
	timeouts:  "the gateway's timeouts for connecting and for an answer",
	header:    "the gateway's buffer for an answer's header",
	scheme:    "the protocol that the gateway speaks to the upstream (http, https, h2, fastcgi)",
	resolver:  "see how long the gateway keeps an answer",
	idle:      "the gateway's own for idle connections to the upstream",
	check:     "test the gateway's configuration",
	resources: "connections, open files, disk space, local ports",
	again:     "let requests that may be repeated be sent again on a new connection, by the gateway or by clients",
	names:     "its format decides",
	status:    "its own counters, open files and disk space",
}

// gateways are the words of each product, from its manual.
var gateways = map[string]words{
	// https://nginx.org/en/docs/http/ngx_http_upstream_module.html, ngx_http_proxy_module.html
	"nginx": {
		second: "a second server in the upstream block, with proxy_next_upstream,", health: "max_fails and fail_timeout of each server",
		benched:  "with few servers set max_fails and fail_timeout so that one slow second does not stop all traffic",
		timeouts: "proxy_connect_timeout and proxy_read_timeout", header: "proxy_buffer_size and proxy_buffers",
		scheme: "the scheme in proxy_pass (http, https, grpc)", resolver: "a name in a variable is looked up again at run time, by resolver; others once, at the start",
		idle: "keepalive_timeout of the upstream block", check: "run nginx -t",
		resources: "worker_connections, worker_rlimit_nofile, disk space, local ports (keepalive to the upstream)",
		again:     "nginx sends a GET again by itself; where the application takes a POST once only, let it send those too: proxy_next_upstream error timeout non_idempotent",
		names:     "$upstream_addr, $upstream_status and $upstream_response_time in log_format", status: "stub_status, the open files in /proc/PID/fd and df",
	},
	// https://httpd.apache.org/docs/2.4/mod/mod_proxy.html, mod_proxy_hcheck.html
	"apache": {
		second: "a second BalancerMember in a balancer", health: "hcmethod and hcinterval of each BalancerMember (mod_proxy_hcheck)",
		benched:  "set retry= of ProxyPass or BalancerMember (60 s unless set) so that one failure does not stop all traffic",
		timeouts: "connectiontimeout= and timeout= of ProxyPass", header: "responsefieldsize= of ProxyPass",
		scheme: "the scheme in ProxyPass (http, https, h2, ajp, fcgi, uwsgi)", idle: "ttl= of ProxyPass", check: "run apachectl configtest",
		resources: "MaxRequestWorkers and ServerLimit, open files, disk space", status: "mod_status, open files and df",
		names: "%{BALANCER_WORKER_NAME}e in LogFormat, with a balancer",
	},
	// https://docs.haproxy.org/3.0/configuration.html
	"haproxy": {
		second: "a second server in the backend, with option redispatch and retry-on conn-failure,", health: "check with inter, fall and rise on each server line, and option httpchk",
		benched:  "add a second or a backup server, and set fall and rise so that one failed check does not stop all traffic",
		timeouts: "timeout connect, timeout server and timeout queue", header: "tune.bufsize",
		scheme: "ssl, alpn and proto on the server line", resolver: "see the resolvers section and init-addr on the server line",
		idle: "pool-purge-delay", check: "run haproxy -c -f haproxy.cfg", resources: "maxconn, ulimit-n, local ports",
	},
	// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
	"envoy": {
		second: "a second endpoint in the cluster, with retry_on: connect-failure,refused-stream,reset on the route,", health: "health_checks or outlier_detection of the cluster",
		benched:  "see max_ejection_percent of outlier_detection, and healthy_panic_threshold",
		timeouts: "connect_timeout of the cluster and timeout of the route",
		scheme:   "transport_socket (TLS) and http2_protocol_options of the cluster", resolver: "see dns_lookup_family and dns_refresh_rate of the cluster",
		idle: "idle_timeout in common_http_protocol_options of the cluster", check: "run envoy --mode validate -c FILE",
		resources: "circuit_breakers of the cluster (max_connections, max_pending_requests), open files",
	},
	// https://caddyserver.com/docs/caddyfile/directives/reverse_proxy
	"caddy": {
		second: "a second upstream in reverse_proxy, with lb_try_duration,", health: "health_uri or fail_duration in reverse_proxy",
		benched:  "see max_fails and fail_duration in reverse_proxy",
		timeouts: "dial_timeout and response_header_timeout of transport http", header: "max_response_header of transport http",
		scheme: "the scheme of the upstream (http://, https://, h2c://)", idle: "keepalive of transport http", check: "run caddy validate --config FILE",
	},
	// https://doc.traefik.io/traefik/routing/services/
	"traefik": {
		second: "a second server in the service's loadBalancer, with a retry middleware,", health: "healthCheck of the service's loadBalancer",
		timeouts: "dialTimeout and responseHeaderTimeout in forwardingTimeouts of the serversTransport",
		scheme:   "the scheme of the server's url (http, https, h2c)", idle: "idleConnTimeout in forwardingTimeouts of the serversTransport",
	},
	// https://varnish-cache.org/docs/trunk/reference/vcl-backend.html, varnishd.html
	"varnish": {
		second: "a second backend in a director, with probes,", health: "a .probe of each backend", benched: "see .threshold, .window and .interval of the backend's probe",
		timeouts: ".connect_timeout and .first_byte_timeout of the backend", header: "http_resp_hdr_len and http_resp_size",
		idle: "backend_idle_timeout", check: "run varnishd -C -f FILE", resources: "thread_pool_max, .max_connections of the backend, workspace_backend",
	},
	// https://redmine.lighttpd.net/projects/lighttpd/wiki/Mod_proxy
	"lighttpd": {
		second: "a second host in proxy.server", benched: "see disable-time of the host",
		check: "run lighttpd -tt -f FILE", resources: "server.max-fds, server.max-connections",
	},
	// https://docs.konghq.com/gateway/latest/, entities upstream and service
	"kong": {
		second: "a second target in the upstream, with retries of the service,", health: "healthchecks.active and healthchecks.passive of the upstream",
		benched: "see healthchecks.passive.unhealthy of the upstream", timeouts: "connect_timeout and read_timeout of the service", scheme: "protocol of the service",
	},
	// https://apisix.apache.org/docs/apisix/admin-api/#upstream
	"apisix": {
		second: "a second node in the upstream, with retries,", health: "checks of the upstream", benched: "see checks.passive.unhealthy of the upstream",
		timeouts: "timeout (connect, send, read) of the upstream", scheme: "scheme of the upstream",
	},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/
	"aws-alb": {
		second: "a second target in the target group, in another zone,", health: "the target group's health check (path, interval, thresholds)",
		timeouts: "the load balancer's idle timeout (60 s unless set)", idle: "the load balancer's idle timeout (60 s unless set)",
		scheme: "protocol and protocol version of the target group",
	},
	// https://devcenter.heroku.com/articles/http-routing
	"heroku": {
		second: "a second web dyno", timeouts: "the application's own timeouts below the router's 30 s for a first byte",
	},
}

// wordsOf returns a gateway's words; what it has none for is said as of ofAny.
// wordsFor are the gateway's words for the protocol that it speaks to the upstream: of nginx's
// directives each module has its own (ngx_http_fastcgi_module.html, …_uwsgi_, …_scgi_, …_grpc_).
func wordsFor(c *rules.Case, in *rules.Incident) words {
	w := wordsOf(in.Gateway)
	for i := range c.Symptoms {
		switch scheme := strings.TrimSuffix(c.Symptoms[i].Scheme, "s"); scheme {
		case "fastcgi", "uwsgi", "scgi", "grpc":
			for _, text := range []*string{&w.second, &w.timeouts, &w.header, &w.again} {
				*text = strings.ReplaceAll(*text, "proxy_", scheme+"_")
			}
			if scheme == "grpc" {
				w.header = "grpc_buffer_size" // the only one that there is
			}
			return w
		}
	}
	return w
}

func wordsOf(gateway string) words {
	w := gateways[gateway]
	for _, f := range []struct {
		own   *string
		other string
	}{
		{&w.second, ofAny.second}, {&w.health, ofAny.health}, {&w.benched, ofAny.benched}, {&w.timeouts, ofAny.timeouts}, {&w.header, ofAny.header},
		{&w.scheme, ofAny.scheme}, {&w.resolver, ofAny.resolver}, {&w.idle, ofAny.idle}, {&w.check, ofAny.check}, {&w.resources, ofAny.resources},
		{&w.again, ofAny.again}, {&w.names, ofAny.names}, {&w.status, ofAny.status},
	} {
		*f.own = cmp.Or(*f.own, f.other)
	}
	return w
}
