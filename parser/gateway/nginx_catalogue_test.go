package gateway

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
)

// catalogueRow is a row of testdata/nginx-catalogue.tsv: every message that the
// sources of nginx and its family can print, collected apart from the vocabulary's
// classes and ranks.
type catalogueRow struct {
	id, module, message, status string
	levels, phases, hints       []string
}

// tableOf reads the rows of a catalogue, cut at tabs.
func tableOf(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows
}

func readCatalogue(t *testing.T) []catalogueRow {
	t.Helper()
	var rows []catalogueRow
	for _, f := range tableOf(t, "nginx-catalogue.tsv") {
		if f[0] == "id" {
			continue
		}
		rows = append(rows, catalogueRow{
			id: f[0], module: f[1], levels: strings.Split(f[2], "|"), message: f[3],
			phases: strings.Split(f[4], "|"), status: f[5], hints: strings.Split(f[7], ","),
		})
	}
	return rows
}

// isStart reports whether the row is one of start, reload or configuration.
func (c *catalogueRow) isStart() bool {
	return strings.Contains(c.status, "start/reload fails") || strings.HasPrefix(c.status, "- (start") ||
		strings.HasSuffix(c.message, "<conf_file>:<line_no>")
}

// isKlog reports whether the row is a line of ingress-nginx's controller, which is not
// nginx's format.
func (c *catalogueRow) isKlog() bool {
	return c.module == "ingress" && !strings.HasPrefix(c.message, "[lua] ")
}

// placeholderValues are plausible values; a name that is not listed gets "value7".
var placeholderValues = map[string]string{
	"lua_source": "init.lua:381: execute()", "line_no": "12", "errno_text": "Connection reset by peer", "errno": "104",
	"file": "/var/cache/nginx/1/00/0000000001", "conf_file": "/etc/nginx/nginx.conf", "openssl_errors": "error:0A000197:SSL routines::bad length",
	"n": "3", "bytes": "4096", "pid": "812", "port": "8080", "addr": "10.0.0.9:8080", "listen_addr": "0.0.0.0:443",
	"local_addr": "10.0.0.1", "name": "app.internal", "host": "app.internal", "url_error": "invalid port",
	"resolver_code": "3", "resolver_error_text": "Host not found", "verify_code": "10", "verify_error_text": "certificate has expired",
	"zone_suffix": ` in cache keys zone "one"`, "dry_run": "", "udp_prefix": "", "process_name": "worker process", "signo": "9",
	"core_dumped": " (core dumped)", "action": "", "newline": "\n", "worker_connections": "512", "hex": "20", "header_prefix": "X",
	"connection": "77", "function": "execute", "check_phase": "connecting to upstream", "url": "app:http", "excess_int": "20",
	"excess_frac": "500", "health_report": "unhealthy", "counter": "TCP", "hostname": "app", "ip": "10.0.0.9", "peer": "10.0.0.9:8080",
	"status": "502", "upstream_or_client": "upstream", "command": "RCPT TO", "stderr_text": "something was printed",
	"h2_error_code": "1", "pointer": "000055D0C8A1B2C0", "srv_name": "_http._tcp.app.internal",
}

var placeholder = regexp.MustCompile(`<([a-z_0-9]+)>`)

func (c *catalogueRow) fill() string {
	message := strings.ReplaceAll(c.message, `failed!\n`, "failed!\n")
	return placeholder.ReplaceAllStringFunc(message, func(p string) string {
		name := p[1 : len(p)-1]
		switch {
		case name == "errno" && strings.Contains(c.message, "connect"):
			return "111"
		case name == "errno_text" && strings.Contains(c.message, "connect"):
			return "Connection refused"
		}
		if v, ok := placeholderValues[name]; ok {
			return v
		}
		return "value7"
	})
}

// line writes the message as nginx does in the given phase.
func (c *catalogueRow) line(level, phase string) string {
	const stamp = "2026/11/22 15:01:47 "
	const http = `, client: 192.0.2.7, server: shop.example.com, request: "GET /a, upstream: HTTP/1.1", upstream: "http://10.0.0.9:8080/a, upstream:", host: "shop.example.com", referrer: "x", upstream: "http://6.6.6.6:1/"`
	message := c.fill()
	head := stamp + "[" + level + "] 812#812: "
	phase = placeholder.ReplaceAllStringFunc(phase, func(p string) string { return placeholderValues[p[1:len(p)-1]] })
	switch phase {
	case "-":
		if c.backgroundOnly() {
			return head + message
		}
		return head + "*4077 " + message + strings.Replace(http, `, upstream: "http://10.0.0.9:8080/a, upstream:"`, "", 1)
	case "*":
		phase = "connecting to upstream"
	case "resolving":
		return head + message + " while resolving, resolver: 127.0.0.1:53"
	case "logging to syslog":
		return head + message + " while logging to syslog, server: 127.0.0.1:514"
	case "requesting certificate status":
		return head + message + " while requesting certificate status, responder: ocsp.example.com"
	}
	if strings.HasPrefix(phase, "accepting") {
		return head + message + " while " + phase
	}
	if strings.HasPrefix(phase, "proxying and") || phase == "proxying connection" {
		return head + "*4077 " + message + " while " + phase + `, client: 192.0.2.7, server: 0.0.0.0:443, upstream: "10.0.0.9:8080", bytes from/to client:0/0, bytes from/to upstream:0/0`
	}
	return head + "*4077 " + message + " while " + phase + http
}

// backgroundOnly reports whether the row's writer knows no request.
func (c *catalogueRow) backgroundOnly() bool {
	return slices.Contains([]string{"process", "resolver", "upstream_zone", "stream_upstream_zone", "check_module",
		"resty_healthcheck", "resty_upstream_healthcheck", "nginx_plus", "core_cycle", "core_main", "core_conf", "core_slab"}, c.module) ||
		c.isStart() || strings.HasPrefix(c.status, "- (at start") || c.hasOwnContext()
}

func (c *catalogueRow) hasOwnContext() bool {
	return strings.Contains(c.message, `health check "<match>"`)
}

// cataloguePhases is what a row's phase must become, written out again on purpose.
var cataloguePhases = map[string]parser.Phase{
	"-": parser.PhaseNone, "*": parser.PhaseConnecting, "connecting to upstream": parser.PhaseConnecting,
	"SSL handshaking to upstream": parser.PhaseTLSHandshake, "sending request to upstream": parser.PhaseSendingRequest,
	"reading response header from upstream": parser.PhaseReadingHeader, "reading upstream": parser.PhaseReadingBody,
	"sending to client": parser.PhaseSendingToClient, "proxying upgraded connection": parser.PhaseUpgraded, "resolving": parser.PhaseResolving,
	"proxying and sending to upstream": parser.PhaseSendingRequest, "proxying and reading from upstream": parser.PhaseReadingBody,
	"proxying and sending to client": parser.PhaseSendingToClient, "proxying connection": parser.PhaseUpgraded, "proxying": parser.PhaseUpgraded,
	"reading response from upstream": parser.PhaseReadingHeader, "sending <command> to upstream": parser.PhaseSendingRequest,
	"sending AUTH to upstream": parser.PhaseSendingRequest,
}

func (c *catalogueRow) wantPhase(phase string, g *parser.Gateway) parser.Phase {
	if g.Symptom == parser.SymptomHealthCheckFailed || g.Symptom == parser.SymptomPeerDown {
		return parser.PhaseHealthCheck
	}
	if c.hasOwnContext() {
		return parser.PhaseConnecting
	}
	if p, ok := cataloguePhases[phase]; ok {
		return p
	}
	return parser.PhaseOther
}

var clientActions = regexp.MustCompile(`^(SSL handshaking$|waiting|reading client|reading PROXY|keepalive|closing|processing HTTP/2|logging|requesting|prereading|proxying and reading from client)`)

// wantRank computes the rank from the row's own columns; RankNone where they do not say.
func (c *catalogueRow) wantRank(phase string) parser.Rank {
	failed := regexp.MustCompile(`^50[0234]|^- \(header already sent|^- \(client not served|^- \(its requests|^truncated`).MatchString(c.status)
	switch {
	case c.hints[0] == "-" || c.hints[0] == "client-abort" || clientActions.MatchString(phase):
		return parser.RankNoise
	case c.hints[0] == "symptom":
		return parser.RankSecondary
	case failed:
		return parser.RankPrimary
	}
	return parser.RankNone
}

// wantClasses lists the classes that go with the row's first hint.
func (c *catalogueRow) wantClasses(phase string) []parser.Symptom {
	if phase == "resolving" {
		return []parser.Symptom{parser.SymptomResolveFailed}
	}
	switch c.hints[0] {
	case "client-abort":
		return []parser.Symptom{parser.SymptomClientAbort}
	case "dns-failure":
		return []parser.Symptom{parser.SymptomResolveFailed, parser.SymptomNoResolver}
	case "tls-failure":
		return []parser.Symptom{parser.SymptomTLSHandshake, parser.SymptomTLSVerify, parser.SymptomHealthCheckFailed}
	case "response-too-large":
		return []parser.Symptom{parser.SymptomHeaderTooBig, parser.SymptomOther}
	case "protocol-mismatch":
		return []parser.Symptom{parser.SymptomTLSHandshake, parser.SymptomNoHTTPHeader, parser.SymptomProtocolError, parser.SymptomHealthCheckFailed}
	case "invalid-response":
		return []parser.Symptom{parser.SymptomInvalidHeader, parser.SymptomProtocolError, parser.SymptomPrematureClose, parser.SymptomHeaderTooBig}
	case "network-unreachable":
		return []parser.Symptom{parser.SymptomNoRoute, parser.SymptomConnectTimeout, parser.SymptomReadTimeout, parser.SymptomSocketPermission, parser.SymptomConnReset}
	case "not-listening":
		return []parser.Symptom{parser.SymptomConnRefused, parser.SymptomSocketMissing, parser.SymptomSocketPermission, parser.SymptomHealthCheckFailed, parser.SymptomOther}
	case "slow-upstream":
		return []parser.Symptom{parser.SymptomReadTimeout, parser.SymptomSendTimeout, parser.SymptomConnectTimeout, parser.SymptomTLSHandshake, parser.SymptomHealthCheckFailed}
	}
	return nil
}

func TestCatalogue(t *testing.T) {
	var lines, ownID, known, startRows, klog int
	excused := map[string]int{}
	for _, c := range readCatalogue(t) {
		if c.isKlog() {
			klog++
			continue
		}
		if c.isStart() {
			startRows++
		}
		for _, phase := range c.phases {
			for i, level := range c.levels {
				lines++
				line := c.line(level, phase)
				var r parser.Record
				r.Reset()
				if !parseNginxError([]byte(line), &parser.Env{}, &r) {
					t.Errorf("%s: not of the format: %q", c.id, line)
					continue
				}
				if r.Gateway.MessageKey == c.id {
					ownID++
				}
				if r.Gateway.MessageKey != "" {
					known++
				} else if reason := excuse(unknownRows, &c); reason != "" {
					excused[reason]++
				} else {
					t.Errorf("%s: not in the vocabulary: %q", c.id, line)
				}
				if r.Level.String() != level {
					t.Errorf("%s: level %v, want %s", c.id, r.Level, level)
				}
				c.checkFields(t, phase, line, &r)
				if i == 0 {
					c.checkMeaning(t, phase, line, &r, excused)
				}
			}
		}
	}
	t.Logf("%d lines, %d in the vocabulary, %d by the row's own entry; %d rows of start and configuration, %d rows in the controller's own format", lines, known, ownID, startRows, klog)
	for _, reason := range slices.Sorted(mapsKeys(excused)) {
		t.Logf("excused %3d: %s", excused[reason], reason)
	}
	if klog != 12 {
		t.Errorf("%d rows in the controller's format, want 12", klog)
	}
}

func mapsKeys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// checkFields checks what the context must give, forged keys notwithstanding.
func (c *catalogueRow) checkFields(t *testing.T, phase, line string, r *parser.Record) {
	t.Helper()
	g := &r.Gateway
	if want := c.wantPhase(phase, g); g.Phase != want {
		t.Errorf("%s: phase %v, want %v: %q", c.id, g.Phase, want, line)
	}
	if strings.Contains(line, `, client: 192.0.2.7`) && string(g.Client) != "192.0.2.7" {
		t.Errorf("%s: client %q: %q", c.id, g.Client, line)
	}
	if strings.Contains(line, "10.0.0.9:8080/a") && string(g.Upstream) != "10.0.0.9:8080" {
		t.Errorf("%s: upstream %q: %q", c.id, g.Upstream, line)
	}
	if strings.Contains(string(g.Upstream), "6.6.6.6") {
		t.Errorf("%s: forged upstream won: %q", c.id, line)
	}
}

func (c *catalogueRow) checkMeaning(t *testing.T, phase, line string, r *parser.Record, excused map[string]int) {
	t.Helper()
	g := &r.Gateway
	if c.isStart() {
		if g.Rank == parser.RankPrimary {
			t.Errorf("%s: a line of the start is primary: %q", c.id, line)
		}
		return
	}
	if want := c.wantRank(phase); want != parser.RankNone && g.Rank != want {
		if reason := excuse(rankExceptions, c); reason != "" {
			excused[reason]++
		} else {
			t.Errorf("%s: rank %v, want %v (%s, %s): %q", c.id, g.Rank, want, strings.Join(c.hints, ","), c.status, line)
		}
	}
	if want := c.wantClasses(phase); g.Rank != parser.RankNoise && want != nil && !slices.Contains(want, g.Symptom) {
		if reason := excuse(classExceptions, c); reason != "" {
			excused[reason]++
		} else {
			t.Errorf("%s: class %v (%s): %q", c.id, g.Symptom, strings.Join(c.hints, ","), line)
		}
	}
}

// An exception excuses rows whose message matches, with the reason.
type exception struct {
	pattern *regexp.Regexp // on module + " " + status + " " + message
	reason  string
}

func excuse(list []exception, c *catalogueRow) string {
	text := c.module + "|" + c.status + "|" + c.message
	for _, e := range list {
		if e.pattern.MatchString(text) {
			return e.reason
		}
	}
	return ""
}

func excuses(pairs ...string) []exception {
	var list []exception
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, exception{regexp.MustCompile(pairs[i]), pairs[i+1]})
	}
	return list
}

var unknownRows = excuses(
	`\|<text> error: <stderr_text>$`, "too general to be known: any text with error: in it",
)

var rankExceptions = excuses(
	`502 later, if no answer comes`, "a bad DNS answer fails no request by itself: another may come",
	`^resolver\|502\|`, "the older texts of the same bad DNS answers",
	`\|limiting (requests|connections)`, "refused on purpose: contract says noise, counted apart",
	`\|using uninitialized`, "a remark on the configuration; the failure has its own line",
	`failed, ignored`, "ignored by nginx itself",
	`\|failed to run log_by_lua`, "the answer is already sent when a log script runs",
	`\|failed to run (body_filter|header_filter|set)_by_lua`, "phase logging request is only the last action set: the script failed the request",
	`^openresty_lua\|by script\|\[lua\]`, "a script's own words, neutral here: nothing in them says that something failed",
	`^(http_file_cache|core_connection|event_epoll|ssl)\|- \(no effect`, "an internal remark without effect on an answer",
	`^http_file_cache`, "an internal remark of the cache",
	`^event_connectex\|500\|max number of pending`, "a notice",
	`^event_accept.*(close|ioctl|recvmsg)`, "the same words come from the process and syslog code, where nothing is lost",
	`^os_file.*\|(close|munmap)\(`, "the data was read or written; only letting go of the file failed",
	`^ssl_ocsp\|- \(at start`, "the same words refuse a start when they come from the configuration of TLS",
	`\|lua balancer: no peer set`, "no peer left: a reaction, as no live upstreams",
	`^ingress.*cache set for`, "an info remark of success",
	`^kong.*unable to fetch upstream client TLS`, "without a phase the same words are the health checker's",
	`^apisix\|502\|.*EWMA Balancer`, "the same words as ingress-nginx's, where they have no effect",
	`^apisix\|502\|`, "the picker's own trouble; the failed pick has its own line",
	`^apisix\|- \(no effect`, "the breaker's bookkeeping",
	`^check_module\|500 on the status page`, "the status page only",
	`^tengine.*client (read|write) timed out`, "the client's side",
	`^angie.*http3 connection`, "info: HTTP/3 connections end so in health too",
)

var classExceptions = excuses(
	`sendto\(\) incomplete`, "no errno tells what it was",
	`Maximum execution time`, "the upstream says so itself and answers 500: class upstream-status, the cause is slowness",
	`proxy_connect: no live connection`, "tengine's word for no peer left",
)
