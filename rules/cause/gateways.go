package cause

import (
	"cmp"
	"strings"

	"culprit/parser/gateway"
	"culprit/rules"
)

// words are a gateway's own names for what advice speaks of.
type words struct {
	second    string // a further server, and what sends a failed request there
	health    string // what checks servers
	benched   string // what to set so that one failure does not take a server out for long
	timeouts  string // of connecting and of waiting for an answer
	answer    string // of waiting for an answer alone
	header    string // what bounds an answer's header
	scheme    string // where the protocol spoken to the upstream is chosen
	resolver  string // what to know about names
	idle      string // how long idle connections to the upstream are kept
	check     string // how a configuration is tested
	resources string // what it may run out of
	again     string // how a request that met a closed connection is sent again
	names     string // how its access log names the upstream
	status    string // what shows how much of its resources is used
	pin       string // where an address can stand in place of a name that has no answer
	tls       string // what decides which TLS versions it takes
}

// ofAny is what is said of a gateway without words of its own, and of what its words leave out.
var ofAny = words{
	second:    "a second server behind the gateway, with failed requests sent on to it,",
	health:    "health checks of the gateway",
	benched:   "with few servers, one slow second must not take out all of them",
	timeouts:  "the gateway's timeouts for connecting and for an answer",
	answer:    "the gateway's timeout for an answer",
	header:    "the gateway's buffer for an answer's header",
	scheme:    "the protocol that the gateway speaks to the upstream (http, https, h2, fastcgi)",
	resolver:  "see how long the gateway keeps an answer",
	idle:      "the gateway's own for idle connections to the upstream",
	check:     "test the gateway's configuration",
	resources: "connections, open files, disk space, local ports",
	again:     "let requests that may be repeated be sent again on a new connection, by the gateway or by clients",
	names:     "its format decides",
	status:    "its own counters, open files and disk space",
	pin:       "in /etc/hosts of the gateway's machine or container",
	tls:       "the TLS versions and ciphers that the gateway and the upstream allow",
}

// gateways are the words of each product, from its manual.
var gateways = map[string]words{
	// https://nginx.org/en/docs/http/ngx_http_upstream_module.html, ngx_http_proxy_module.html
	"nginx": {
		second: "a second server in the upstream block, with proxy_next_upstream,", health: "max_fails and fail_timeout of each server",
		benched:  "with few servers set max_fails and fail_timeout so that one slow second does not stop all traffic",
		timeouts: "proxy_connect_timeout and proxy_read_timeout", answer: "proxy_read_timeout", header: "proxy_buffer_size and proxy_buffers",
		scheme: "the scheme in proxy_pass (http, https, grpc)", resolver: "a name in a variable is looked up again at run time, by resolver; others once, at the start",
		idle: "keepalive_timeout of the upstream block", check: "run `nginx -t`",
		resources: "worker_connections, worker_rlimit_nofile, disk space, local ports (keepalive to the upstream)",
		again:     "nginx sends a GET again by itself; where the application takes a POST once only, let it send those too: proxy_next_upstream error timeout non_idempotent",
		names:     "$upstream_addr, $upstream_status and $upstream_response_time in log_format", status: "stub_status, the open files in /proc/PID/fd and df",
		pin: "in place of the name in the configuration, and reload (/etc/hosts helps only where the name is in no variable: resolver does not read it)",
		tls: "proxy_ssl_protocols and proxy_ssl_ciphers with what the upstream allows",
	},
	// https://httpd.apache.org/docs/2.4/mod/mod_proxy.html, mod_proxy_hcheck.html
	"apache": {
		second: "a second BalancerMember in a balancer", health: "hcmethod and hcinterval of each BalancerMember (mod_proxy_hcheck)",
		benched:  "set retry= of ProxyPass or BalancerMember (60 s unless set) so that one failure does not stop all traffic",
		timeouts: "connectiontimeout= and timeout= of ProxyPass", answer: "timeout= of ProxyPass", header: "responsefieldsize= of ProxyPass",
		scheme: "the scheme in ProxyPass (http, https, h2, ajp, fcgi, uwsgi)", idle: "ttl= of ProxyPass", check: "run `apachectl configtest`",
		resources: "MaxRequestWorkers and ServerLimit, open files, disk space", status: "mod_status, open files and df",
		names: "%{BALANCER_WORKER_NAME}e in LogFormat, with a balancer",
		tls:   "SSLProxyProtocol and SSLProxyCipherSuite with what the upstream allows",
	},
	// https://docs.haproxy.org/3.0/configuration.html
	"haproxy": {
		second: "a second server in the backend, with option redispatch and retry-on conn-failure,", health: "check with inter, fall and rise on each server line, and option httpchk",
		benched:  "add a second or a backup server, and set fall and rise so that one failed check does not stop all traffic",
		timeouts: "timeout connect, timeout server and timeout queue", answer: "timeout server", header: "tune.bufsize",
		scheme: "ssl, alpn and proto on the server line", resolver: "see the resolvers section and init-addr on the server line",
		pin: "as the server's address: set server BACKEND/SERVER addr ADDRESS on the stats socket", tls: "ssl-min-ver, ssl-max-ver and ciphers on the server line with what the upstream allows",
		idle: "pool-purge-delay", check: "run `haproxy -c -f haproxy.cfg`", resources: "maxconn, ulimit-n, local ports",
	},
	// https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
	"envoy": {
		second: "a second endpoint in the cluster, with retry_on: connect-failure,refused-stream,reset on the route,", health: "health_checks or outlier_detection of the cluster",
		benched:  "see max_ejection_percent of outlier_detection, and healthy_panic_threshold",
		timeouts: "connect_timeout of the cluster and timeout of the route", answer: "timeout of the route",
		scheme: "transport_socket (TLS) and http2_protocol_options of the cluster", resolver: "see dns_lookup_family and dns_refresh_rate of the cluster",
		idle: "idle_timeout in common_http_protocol_options of the cluster", check: "run `envoy --mode validate -c FILE`",
		resources: "circuit_breakers of the cluster (max_connections, max_pending_requests), open files",
	},
	// https://caddyserver.com/docs/caddyfile/directives/reverse_proxy
	"caddy": {
		second: "a second upstream in reverse_proxy, with lb_try_duration,", health: "health_uri or fail_duration in reverse_proxy",
		benched:  "see max_fails and fail_duration in reverse_proxy",
		timeouts: "dial_timeout and response_header_timeout of transport http", answer: "response_header_timeout of transport http", header: "max_response_header of transport http",
		scheme: "the scheme of the upstream (http://, https://, h2c://)", idle: "keepalive of transport http", check: "run `caddy validate --config FILE`",
	},
	// https://doc.traefik.io/traefik/routing/services/
	"traefik": {
		second: "a second server in the service's loadBalancer, with a retry middleware,", health: "healthCheck of the service's loadBalancer",
		timeouts: "dialTimeout and responseHeaderTimeout in forwardingTimeouts of the serversTransport",
		answer:   "responseHeaderTimeout in forwardingTimeouts of the serversTransport",
		scheme:   "the scheme of the server's url (http, https, h2c)", idle: "idleConnTimeout in forwardingTimeouts of the serversTransport",
	},
	// https://varnish-cache.org/docs/trunk/reference/vcl-backend.html, varnishd.html
	"varnish": {
		second: "a second backend in a director, with probes,", health: "a .probe of each backend", benched: "see .threshold, .window and .interval of the backend's probe",
		timeouts: ".connect_timeout and .first_byte_timeout of the backend", answer: ".first_byte_timeout of the backend", header: "http_resp_hdr_len and http_resp_size",
		idle: "backend_idle_timeout", check: "run `varnishd -C -f FILE`", resources: "thread_pool_max, .max_connections of the backend, workspace_backend",
	},
	// https://redmine.lighttpd.net/projects/lighttpd/wiki/Mod_proxy
	"lighttpd": {
		second: "a second host in proxy.server", benched: "see disable-time of the host",
		check: "run `lighttpd -tt -f FILE`", resources: "server.max-fds, server.max-connections",
	},
	// https://docs.konghq.com/gateway/latest/, entities upstream and service
	"kong": {
		check: "run `kong check FILE`", second: "a second target in the upstream, with retries of the service,", health: "healthchecks.active and healthchecks.passive of the upstream",
		benched: "see healthchecks.passive.unhealthy of the upstream", timeouts: "connect_timeout and read_timeout of the service", answer: "read_timeout of the service", scheme: "protocol of the service",
	},
	// https://apisix.apache.org/docs/apisix/admin-api/#upstream
	"apisix": {
		check: "run `apisix test`", second: "a second node in the upstream, with retries,", health: "checks of the upstream", benched: "see checks.passive.unhealthy of the upstream",
		timeouts: "timeout (connect, send, read) of the upstream", answer: "timeout.read of the upstream", scheme: "scheme of the upstream",
	},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/
	"aws-alb": {
		second: "a second target in the target group, in another zone,", health: "the target group's health check (path, interval, thresholds)",
		timeouts: "the load balancer's idle timeout (60 s unless set)", answer: "the load balancer's idle timeout (60 s unless set)", idle: "the load balancer's idle timeout (60 s unless set)",
		scheme: "protocol and protocol version of the target group",
	},
	// https://cloud.google.com/load-balancing/docs/backend-service
	"gcp": {
		second: "a second back end, in another zone,", health: "the back-end service's health check (interval, thresholds)",
		timeouts: "the back-end service's timeout (30 s unless set)", answer: "the back-end service's timeout (30 s unless set)", scheme: "protocol of the back-end service",
	},
	// https://my.f5.com/manage/s/article/K12531
	"f5": {second: "a second member in the pool", health: "the pool's monitor (interval, timeout)", benched: "see the pool's Action On Service Down"},
	// https://devcenter.heroku.com/articles/http-routing
	"heroku": {
		second: "a second web dyno", timeouts: "the application's own timeouts below the router's 30 s for a first byte", answer: "the application's own timeouts, below the router's 30 s for a first byte,",
	},
}

// wordsFor are the gateway's words for the protocol that it speaks to the upstream: of nginx's
// directives each module has its own (ngx_http_fastcgi_module.html, …_uwsgi_, …_scgi_, …_grpc_).
func wordsFor(c *rules.Case, in *rules.Incident) words {
	w := wordsOf(in.Gateway)
	for i := range c.Symptoms {
		switch scheme := strings.TrimSuffix(c.Symptoms[i].Scheme, "s"); scheme {
		case "fastcgi", "uwsgi", "scgi", "grpc":
			for _, text := range []*string{&w.second, &w.timeouts, &w.answer, &w.header, &w.again, &w.tls} {
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

// wordsOf returns a gateway's words; what it has none for is said as of ofAny.
func wordsOf(product string) words {
	w, ok := gateways[product]
	if !ok {
		w = gateways[gateway.Process(product)]
	}
	for _, f := range []struct {
		own   *string
		other string
	}{
		{&w.second, ofAny.second}, {&w.health, ofAny.health}, {&w.benched, ofAny.benched}, {&w.timeouts, ofAny.timeouts}, {&w.answer, ofAny.answer}, {&w.header, ofAny.header},
		{&w.scheme, ofAny.scheme}, {&w.resolver, ofAny.resolver}, {&w.idle, ofAny.idle}, {&w.check, ofAny.check}, {&w.resources, ofAny.resources},
		{&w.again, ofAny.again}, {&w.names, ofAny.names}, {&w.status, ofAny.status}, {&w.pin, ofAny.pin}, {&w.tls, ofAny.tls},
	} {
		*f.own = cmp.Or(*f.own, f.other)
	}
	return w
}
