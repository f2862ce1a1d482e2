package cause

import (
	"cmp"
	"strings"

	"culprit/rules"
)

// Advice is what to do now and how to prevent it, concrete for the cause, the unit, the
// software that failed and the gateway that saw it. c is the case that the verdict was found in.
func Advice(c *rules.Case, in *rules.Incident) []string {
	w, s := wordsOf(in.Gateway), softwareOf(c, in)
	fill := strings.NewReplacer("{timeouts}", w.timeouts, "{header}", w.header, "{scheme}", w.scheme, "{resolver}", w.resolver,
		"{idle}", w.idle, "{check}", w.check, "{resources}", w.resources,
		"{memory}", s.memory, "{grew}", s.grew, "{fit}", s.fit, "{timeout}", s.timeout, "{workers}", s.workers, "{keep-alive}", s.idle, "{slow}", s.slow,
		"{state}", s.state, "{limit}", limitOf(in), "{started}", startOf(in), noUnit, unitOf(in))
	var out []string
	for _, a := range advice[in.Verdict.Cause] {
		out = append(out, fill.Replace(a))
	}
	benched := in.SecondaryLines > in.PrimaryLines && in.PrimaryLines > 0
	if benched {
		out = append(out, "most error lines are the gateway keeping servers out that failed: "+w.benched)
	}
	switch family := in.Verdict.Cause.Family(); {
	case family == "slow":
		out = append(out, fill.Replace("set {timeouts} longer than the slowest request that is legitimate and shorter than the patience of clients"))
	case family != "crashed" && family != "not running":
	case len(in.Upstreams) == 1:
		out = append(out, w.second+" would have spared clients these failures")
	case len(in.Upstreams) > 1 && !benched:
		out = append(out, "take a dead server out before clients meet it: "+w.health)
	}
	return out
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

// startOf is how to read what a start said.
func startOf(in *rules.Incident) string {
	unit, container := unitOf(in), in.Culprit.Container
	if unit == noUnit && plainName(container) {
		return "docker logs --tail 50 " + container + " (Kubernetes: kubectl logs --previous)"
	}
	return "journalctl -u " + unit + " -e"
}

var advice = map[rules.Cause][]string{
	rules.CauseOOMKill:            {"compare memory use with the limit: {limit}", "raise the limit or find what grew just before the kill; {fit}"},
	rules.CauseMemoryExhausted:    {"raise {memory} only if the machine has the memory; {grew}"},
	rules.CauseCrashSignal:        {"look at the core: coredumpctl info UNIT", "check what was deployed last: native extensions and their versions"},
	rules.CauseUnhandledException: {"fix the error that the quoted trace names; until then roll the last release back"},
	rules.CauseWorkerTimeout:      {"find what the worker was doing for so long; raise {timeout} only above what the gateway waits ({timeouts})"},
	rules.CauseKilled:             {"find who sent the signal: auth.log, shell history, the deploy or monitoring tool"},
	rules.CauseRestart:            {"restart without a gap: start the new process before the old one stops (socket activation, reload, rolling deploy), and let the gateway retry the next server"},
	rules.CauseStartFailure:       {"read the failed start: {started}; roll the last change back if it will not start"},
	rules.CauseNotListening:       {"see whether anything listens: ss -ltnp; compare address and port with the gateway's configuration", "see whether the service runs: systemctl status UNIT"},
	rules.CauseInvalidResponse:    {"ask the upstream directly and look at the raw bytes: curl -sv --raw or printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc HOST PORT"},
	rules.CauseProtocolMismatch:   {"compare {scheme} with what the port really speaks"},
	rules.CauseResponseTooLarge:   {"find the header that grew (mostly Set-Cookie); if it is meant, raise {header}"},
	rules.CauseTLSFailure:         {"look at the certificate as the gateway sees it: openssl s_client -connect HOST:PORT -servername NAME"},
	rules.CauseNetworkUnreachable: {"test the path from the gateway: nc -vz HOST PORT; look at firewall rules and at whether the host is up"},
	rules.CauseDNSFailure:         {"ask the resolver that the gateway uses: dig NAME @RESOLVER; {resolver}"},
	rules.CauseSlowUpstream:       {"{slow}"},
	rules.CauseUpstreamSaturated:  {"raise {workers}, or shorten what the workers wait for", "{slow}"},
	rules.CauseDependencyFailure:  {"{state}", "give its client a timeout shorter than the gateway's ({timeouts}), so that the application can return an error of its own"},
	rules.CauseGatewayResources:   {"raise what the quoted line names: {resources}"},
	rules.CauseGatewayConfig:      {"{check} and look at the directive that makes the address: a variable without a value, a name that does not resolve"},
	rules.CauseKeepaliveRace:      {"make the upstream keep idle connections longer than the gateway does: {keep-alive} above {idle}"},
	rules.CauseUnknown:            {"collect the logs named under \"not known\" for the same minutes and run again"},
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
	},
	// https://httpd.apache.org/docs/2.4/mod/mod_proxy.html, mod_proxy_hcheck.html
	"apache": {
		second: "a second BalancerMember in a balancer", health: "hcmethod and hcinterval of each BalancerMember (mod_proxy_hcheck)",
		benched:  "set retry= of ProxyPass or BalancerMember (60 s unless set) so that one failure does not stop all traffic",
		timeouts: "connectiontimeout= and timeout= of ProxyPass", header: "responsefieldsize= of ProxyPass",
		scheme: "the scheme in ProxyPass (http, https, h2, ajp, fcgi, uwsgi)", idle: "ttl= of ProxyPass", check: "run apachectl configtest",
		resources: "MaxRequestWorkers and ServerLimit, open files, disk space",
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
func wordsOf(gateway string) words {
	w := gateways[gateway]
	for _, f := range []struct {
		own   *string
		other string
	}{
		{&w.second, ofAny.second}, {&w.health, ofAny.health}, {&w.benched, ofAny.benched}, {&w.timeouts, ofAny.timeouts}, {&w.header, ofAny.header},
		{&w.scheme, ofAny.scheme}, {&w.resolver, ofAny.resolver}, {&w.idle, ofAny.idle}, {&w.check, ofAny.check}, {&w.resources, ofAny.resources},
	} {
		*f.own = cmp.Or(*f.own, f.other)
	}
	return w
}
