package gateway

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"culprit/parser"
)

// A goRow is a row of testdata/envoy-caddy-traefik-catalogue.tsv: what Envoy, Istio,
// Caddy, Traefik and Go's net packages can print, collected from their sources apart
// from the vocabularies' classes and ranks.
type goRow struct {
	gateway, kind, level, text, status, meaning string
	hints                                       []string
}

func readGoCatalogue(t *testing.T) []goRow {
	t.Helper()
	var rows []goRow
	for _, f := range tableOf(t, "envoy-caddy-traefik-catalogue.tsv") {
		if f[0] == "gateway" {
			continue
		}
		level, _, _ := strings.Cut(f[2], "|")
		rows = append(rows, goRow{f[0], f[1], level, f[3], f[4], f[5], strings.Fields(f[6])})
	}
	return rows
}

func (c *goRow) name() string { return c.gateway + "|" + c.kind + "|" + c.status + "|" + c.text }

// goPlaceholders are plausible values; an optional part in [] is left out.
var goPlaceholders = []struct{ name, value string }{
	{"read tcp <ip:port>-><ip:port>", "read tcp 10.0.0.2:50112->10.0.0.9:8080"}, {"write tcp <ip:port>-><ip:port>", "write tcp 10.0.0.2:50112->10.0.0.9:8080"},
	{"readfrom tcp <ip:port>-><ip:port>", "readfrom tcp 10.0.0.2:50112->10.0.0.9:8080"},
	{"<go-net error>", "dial tcp 10.0.0.9:8080: connect: connection refused"}, {"<net/http server error>", "http: TLS handshake error from 192.0.2.7:1: EOF"},
	{"connect error: <n>", "connect error: 111"}, {"<ip:port>", "10.0.0.9:8080"}, {"<addr>", "10.0.0.9:8080"}, {"<u>", "10.0.0.9:8080"}, {"<ip>", "10.0.0.9"}, {"<url>", "http://10.0.0.9:8080"},
	{"<forward auth url>", "http://auth:4181/"}, {"<path>", "/run/app.sock"}, {"<host>", "app.internal"}, {"<n>", "504"}, {"<d>", "5s"}, {"<duration>", "1.5s"},
	{"<cause>", "unexpected EOF"}, {"<err>", "something broke"}, {"<HTTP|TCP|GRPC|REDIS|THRIFT>", "HTTP"}, {"<bool>", "true"},
	{"[.<log>]", ".log0"}, {"[; received from peer]", ""}, {`["upstream":"<u>",…]`, `"upstream":"10.0.0.9:8080",`}, {"[ tls:…]", ""},
	{"[:<verify text>]", ""}, {"[|<transport failure>]", ""}, {"(…)", "(reverseproxy.go:1272)"}, {"[, transport failure reason: <text>]", ""},
}

var anyPlaceholder = regexp.MustCompile(`<[A-Za-z][A-Za-z _-]*>`)

func (c *goRow) fill(text string) string {
	for _, p := range goPlaceholders {
		text = strings.ReplaceAll(text, p.name, p.value)
	}
	return anyPlaceholder.ReplaceAllString(text, "value7")
}

const goTail = `"request":{"remote_ip":"192.0.2.7","remote_port":"40112","proto":"HTTP/1.1","method":"GET","host":"shop.example.com","uri":"/a?status=1&upstream=6.6.6.6:1","headers":{"User-Agent":["\",\"status\":200"]}},"duration":0.01`

// lines writes the row as the gateways print it; none if it is no line of a log.
func (c *goRow) lines() []string {
	switch c.gateway {
	case "go-net":
		return c.goLines()
	case "caddy":
		return []string{c.caddyLine()}
	case "traefik":
		return c.traefikLines()
	}
	return c.envoyLines()
}

func (c *goRow) goLines() []string {
	text := strings.ReplaceAll(c.fill(c.text), " (without the 'tls: failed to verify certificate: ' prefix)", "")
	status := "502"
	if m := regexp.MustCompile(`caddy=(\d+)`).FindStringSubmatch(c.status); m != nil {
		status = m[1]
	}
	lines := []string{`{"level":"error","ts":1795360635.2,"logger":"http.log.error","msg":` + jsonQuote(text) + `,` + goTail + `,"status":` + status + `,"err_trace":"reverseproxy.statusError (reverseproxy.go:1272)"}`}
	if m := regexp.MustCompile(`traefik=(\d+)`).FindStringSubmatch(c.status); m != nil {
		head := map[string]string{"502": "502 Bad Gateway", "504": "504 Gateway Timeout", "500": "500 Internal Server Error", "499": "499 Client Closed Request"}[m[1]]
		lines = append(lines,
			"2026-11-22T13:59:00Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:121 > "+head+" error="+strconv.Quote(text),
			`time="2026-11-22T13:59:00Z" level=debug msg=`+strconv.Quote("'"+head+"' caused by: "+text))
	}
	return lines
}

// jsonQuote writes text as a JSON string; the catalogue's texts are ASCII.
func jsonQuote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func (c *goRow) caddyLine() string {
	text := c.fill(c.text)
	if rest, ok := strings.CutPrefix(text, "v1: value7 "); ok {
		return "29/Jan/2016:15:17:26 +0100 " + strings.Replace(rest, "[ERROR value7 /run/app.sock]", "[ERROR 502 /x]", 1)
	}
	if strings.HasPrefix(text, "Error: ") {
		return text
	}
	text = strings.ReplaceAll(text, `"…health_checker.active"`, `"logger":"http.handlers.reverse_proxy.health_checker.active"`)
	text = strings.ReplaceAll(text, `"error":value7`, `"error":"x"`)
	head := `{"level":"` + c.level + `","ts":1795360635.2,`
	status := regexp.MustCompile(`^\d+`).FindString(c.status)
	switch {
	case strings.Contains(text, `"logger"`):
	case c.kind == "event" || status == "" && c.status != "n":
	default:
		head += `"logger":"http.log.error",`
	}
	if !strings.Contains(text, `"status":`) && status != "" {
		text += `,"status":` + status
	}
	if c.kind != "event" {
		text += "," + goTail
	}
	return head + text + "}"
}

func (c *goRow) traefikLines() []string {
	text := c.fill(c.text)
	if strings.Contains(text, "(response body") || c.kind == "access-flag" {
		return nil
	}
	version, rest, ok := strings.Cut(text, ": ")
	if ok && strings.HasPrefix(version, "v") {
		text = rest
	}
	level := c.level
	if level == "-" {
		level = "debug"
	}
	if version == "v3" || strings.Contains(text, "error=") || c.kind == "event" && !strings.Contains(text, "Weight") {
		short := map[string]string{"debug": "DBG", "info": "INF", "warn": "WRN", "error": "ERR"}[level]
		return []string{"2026-11-22T13:59:00Z " + short + " " + text, "2026-11-22T13:59:00Z " + short + " github.com/traefik/traefik/v3/pkg/x/y.go:12 > " + text}
	}
	return []string{`time="2026-11-22T13:59:00Z" level=` + level + ` msg=` + strconv.Quote(text)}
}

func (c *goRow) envoyLines() []string {
	text := c.fill(c.text)
	status := regexp.MustCompile(`\b(50[0-9]|4[0-9][0-9]|200|0)\b`).FindString(c.status)
	if status == "" {
		status = "503"
	}
	const headers = ` 0 91 40 - "-" "a "quoted" agent" "id-1" "shop.example.com" "10.0.0.9:8080" outbound|8080||app - 10.96.1.2:8080 10.244.0.7:40112 - default`
	istio := func(code, flags, details, transport, tail string) string {
		return `[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" ` + code + " " + flags + " " + details + ` - "` + transport + `"` + tail
	}
	switch {
	case c.gateway == "istio":
		cluster := strings.NewReplacer("upstream_cluster ", "", "value7", "8080").Replace(text)
		return []string{istio("502", "-", "-", "-", strings.ReplaceAll(headers, "outbound|8080||app", cluster))}
	case c.kind == "event" && text[0] == '{':
		return []string{strings.NewReplacer(",…}", "}", "{…", `{"health_checker_type":"HTTP",`, "…", `"cluster_name":"c","upstream_url":"10.0.0.9:8080","num_ejections":1,`,
			`"host":{}`, `"host":{"socket_address":{"address":"10.0.0.9","port_value":8080}}`, `}…`, `}`).Replace(envoyEventText(text))}
	case c.kind == "error-line" && c.level == "-":
		return nil // a body
	case c.kind == "error-line" && strings.HasPrefix(text, "Envoy "):
		return []string{"2023-12-08T07:39:50.405760Z\t" + c.level + "\t" + text}
	case c.kind == "error-line":
		return []string{"[2016-04-15 20:17:00.310][42][" + c.level + "][main] [source/server/server.cc:854] " + text,
			"2023-12-08T07:39:50.405760Z\t" + strings.Replace(c.level, "warning", "warn", 1) + "\tenvoy main\texternal/envoy/source/server/server.cc:854\t" + text + "\tthread=17"}
	case c.kind == "access-flag":
		return c.flagLines(text, status, headers, istio)
	}
	return c.detailLines(text, status, headers, istio)
}

// envoyEventText makes the catalogue's shortened objects whole.
func envoyEventText(text string) string {
	if strings.HasPrefix(text, "{…") {
		if strings.Contains(text, `"action"`) {
			return `{"type":"SUCCESS_RATE","upstream_url":"10.0.0.9:8080","num_ejections":1,"action":"UNEJECT"}`
		}
		return strings.NewReplacer("{…", `{"health_checker_type":"HTTP","host":{"socket_address":{"address":"10.0.0.9","port_value":8080}},`, "…}", "}").Replace(text)
	}
	if strings.Contains(text, `"type"`) {
		kind := regexp.MustCompile(`"type":"(\w+)"`).FindStringSubmatch(text)[1]
		return `{"type":"` + kind + `","upstream_url":"10.0.0.9:8080","action":"EJECT","num_ejections":1,"enforced":true}`
	}
	return text
}

type istioLine func(code, flags, details, transport, tail string) string

func (c *goRow) flagLines(text, status, headers string, istio istioLine) []string {
	m := regexp.MustCompile(`^([A-Z]+(?:,[A-Z]+)*|-)(?: \((\w+)\))?`).FindStringSubmatch(text)
	if m == nil {
		return nil // response_code 0 and the TCP proxy's form
	}
	if strings.Contains(text, "response_code 200") {
		status = "200"
	}
	details := "-"
	if m[1] == "-" {
		details = "via_upstream"
	}
	lines := []string{
		istio(status, m[1], details, "-", headers),
		`[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" ` + status + " " + m[1] + ` 0 91 40 - "-" "x" "id" "shop.example.com" "10.0.0.9:8080"`,
		`{"response_flags":"` + m[1] + `","response_code":` + status + `,"upstream_host":"10.0.0.9:8080","upstream_cluster":"c","method":"GET","path":"/a","protocol":"HTTP/1.1","start_time":"2026-11-22T13:59:00.123Z","duration":40}`,
	}
	if m[2] != "" {
		lines = append(lines, istio(status, m[2], details, "-", headers))
	}
	return lines
}

func (c *goRow) detailLines(text, status, headers string, istio istioLine) []string {
	flag := "-"
	if m := regexp.MustCompile(`\d (U[A-Z]+|[LNDOR][A-Z]+|SI)$`).FindStringSubmatch(c.status); m != nil {
		flag = m[1]
	}
	if rest, ok := strings.CutPrefix(text, "reset reason: "); ok {
		under := strings.ReplaceAll(rest, " ", "_")
		return []string{istio(status, flag, "upstream_reset_before_response_started{"+under+"}", "-", headers),
			istio(status, flag, "upstream_reset_before_response_started{"+rest+"}", "-", headers)}
	}
	if rest, ok := strings.CutPrefix(text, "transport: "); ok {
		under := strings.ReplaceAll(rest, " ", "_")
		return []string{istio(status, flag, "upstream_reset_before_response_started{connection_failure}", rest, headers),
			istio(status, flag, "upstream_reset_before_response_started{connection_failure,"+under+"}", "-", headers),
			istio(status, flag, "upstream_reset_before_response_started{remote_connection_failure|"+under+"}", under, headers)}
	}
	if strings.HasPrefix(text, "close reason: ") {
		return nil // the client's connection
	}
	text = strings.NewReplacer("value7|", "connection_termination", "value7", "x").Replace(text)
	if strings.Contains(text, "<reason>") || strings.HasPrefix(text, "upstream_reset_") {
		text = strings.NewReplacer("{x}", "{connection_termination}").Replace(text)
		flag = "UC"
	}
	return []string{istio(status, flag, text, "-", headers)}
}

// wantRank computes the rank from the row's own columns; RankNone where they do not say.
func (c *goRow) wantRank() parser.Rank {
	failed := regexp.MustCompile(`^(caddy=)?50[0234]\b`).MatchString(c.status)
	switch {
	case len(c.hints) == 0 || c.hints[0] == "client-abort":
		return parser.RankNoise
	case c.hints[0] == "symptom":
		return parser.RankSecondary
	case c.hints[0] == "restart" && !failed:
		return parser.RankNoise
	case failed:
		return parser.RankPrimary
	}
	return parser.RankNone
}

// wantClasses lists the classes that go with the row's first hint.
func (c *goRow) wantClasses() []parser.Symptom {
	switch c.hints[0] {
	case "client-abort":
		return []parser.Symptom{parser.SymptomClientAbort}
	case "dns-failure":
		return []parser.Symptom{parser.SymptomResolveFailed, parser.SymptomNoLivePeer}
	case "tls-failure":
		return []parser.Symptom{parser.SymptomTLSHandshake, parser.SymptomTLSVerify}
	case "response-too-large":
		return []parser.Symptom{parser.SymptomHeaderTooBig}
	case "protocol-mismatch":
		return []parser.Symptom{parser.SymptomTLSHandshake, parser.SymptomNoHTTPHeader, parser.SymptomProtocolError, parser.SymptomInvalidHeader}
	case "invalid-response":
		return []parser.Symptom{parser.SymptomInvalidHeader, parser.SymptomProtocolError, parser.SymptomNoHTTPHeader}
	case "network-unreachable":
		return []parser.Symptom{parser.SymptomNoRoute, parser.SymptomConnectTimeout, parser.SymptomConnReset}
	case "not-listening":
		return []parser.Symptom{parser.SymptomConnRefused, parser.SymptomSocketMissing, parser.SymptomSocketPermission, parser.SymptomConnReset}
	case "slow-upstream":
		return []parser.Symptom{parser.SymptomReadTimeout, parser.SymptomSendTimeout}
	case "upstream-saturated":
		return []parser.Symptom{parser.SymptomQueueFull}
	case "gateway-resources":
		return []parser.Symptom{parser.SymptomNoPorts, parser.SymptomNoFiles, parser.SymptomNoMemory}
	case "keepalive-race", "unhandled-exception", "crash-signal":
		return []parser.Symptom{parser.SymptomPrematureClose, parser.SymptomConnReset, parser.SymptomTruncatedBody, parser.SymptomGatewayCrash}
	}
	return nil
}

// row is one finding of the catalogue's test, without the line.
func (c *goRow) find(t *testing.T, seen map[string]bool, line, format string, args ...any) {
	t.Helper()
	text := c.name() + ": " + fmt.Sprintf(format, args...)
	if !seen[text] {
		seen[text] = true
		t.Errorf("%s\n\t%s", text, line)
	}
}

func TestGoFamilyCatalogue(t *testing.T) {
	lines, none := 0, 0
	excused, seen := map[string]int{}, map[string]bool{}
	for _, c := range readGoCatalogue(t) {
		all := c.lines()
		if len(all) == 0 {
			if excuseRow(noLine, &c) == "" {
				t.Errorf("%s: no line", c.name())
			}
			none++
		}
		for _, line := range all {
			lines++
			format, r := inOrder(line)
			if !slices.Contains(goFamily(), format) {
				c.find(t, seen, line, "not of the format (%v)", format)
				continue
			}
			c.check(t, line, r, excused, seen)
		}
	}
	t.Logf("%d lines; %d rows are no lines of a log", lines, none)
	for _, reason := range slices.Sorted(mapsKeys(excused)) {
		t.Logf("excused %3d: %s", excused[reason], reason)
	}
}

func (c *goRow) check(t *testing.T, line string, r *parser.Record, excused map[string]int, seen map[string]bool) {
	t.Helper()
	g := &r.Gateway
	if strings.Contains(string(g.Upstream), "6.6.6.6") {
		c.find(t, seen, line, "forged upstream")
	}
	if r.Kind == parser.KindGateway && g.MessageKey == "" && excuseRow(unknownText, c) == "" {
		c.find(t, seen, line, "not in the vocabulary")
	}
	if _, ok := MessageByKey(g.MessageKey); !ok && g.MessageKey != "" {
		c.find(t, seen, line, "key %s is nobody's", g.MessageKey)
	}
	if want := c.wantRank(); want != parser.RankNone && g.Rank != want && !(want == parser.RankNoise && g.Rank == parser.RankNone) {
		if reason := excuseRow(goRankExceptions, c); reason != "" {
			excused[reason]++
		} else {
			c.find(t, seen, line, "rank %v, want %v (%v)", g.Rank, want, c.hints)
		}
	}
	if want := c.wantClasses(); g.Rank > parser.RankNoise && want != nil && !slices.Contains(want, g.Symptom) {
		if reason := excuseRow(goClassExceptions, c); reason != "" {
			excused[reason]++
		} else {
			c.find(t, seen, line, "class %v (%v)", g.Symptom, c.hints)
		}
	}
}

func excuseRow(list []exception, c *goRow) string {
	for _, e := range list {
		if e.pattern.MatchString(c.name()) {
			return e.reason
		}
	}
	return ""
}

var noLine = excuses(
	`traefik\|.*response body`, "text of an answer, not of a log",
	`traefik\|access-flag`, "tested with whole access lines",
	`envoy\|error-line\|[^|]*\|(upstream|no healthy|stream)`, "text of an answer, not of a log",
	`close reason: `, "the end of a client's connection",
	`response_code 0|method "- - -"`, "a remark on the form",
	`istio\|.*upstream_host`, "tested with a whole line",
)

var unknownText = excuses(
	`<net/http server error>`, "Go's server talks of its clients: any text",
	`HTTP <n>: <err>`, "a form around any error",
	`\(no error\)`, "no line: the upstream's 400 is passed on",
)

var goRankExceptions = excuses(
	`as sent\|-$|via_upstream`, "the upstream's own status: no symptom of the gateway",
	`DurationTimeout|duration_timeout|ResponseFromCache|downstream_local_disconnect|internal_redirect|admin_filter_response|DelayInjected`, "nothing failed",
	`RateLimited|rate_limited|UAEX|ext_authz_denied|DropOverload|drop_overload|maintenance_mode|direct_response|fault_filter|FaultInjected|rbac_`, "refused on purpose",
	`upstream_reset_before_response_started\{<reason>`, "the reason decides; here a connection's end",
	`^istio\|.*(PassthroughCluster|inbound|outbound|connect_originate)`, "says where a request went, not that it failed",
	`^caddy\|error-line\|.*(statusError \(reverseproxy.go:<line>|HTTP <n>: <err>)|^caddy\|error-line\|502\|v1: .*<go-net error>|^traefik\|error-line\|.*<go-net error>`, "a form around Go's error, which decides",
	`handled request`, "an access line: its error line is the symptom",
	`(upstream roundtrip|selected upstream|retrying)`, "debug lines that tell one try twice",
	`host is up|config is unchanged|healthy_event|UNEJECT|degraded|Health check up`, "good news",
	`^(caddy|traefik)\|event\|503 if the last`, "a health check fails no request by itself",
	`vulcand/oxy/forward/http: Round trip|New attempt|Remote error`, "debug lines of a request whose failure has a line of its own",
	`Could not configure HTTP Transport`, "said at the start: no request failed by the line itself",
	`servers transport not found`, "said at the start: no request failed by the line itself",
	`use of closed network connection`, "the gateway itself had closed the connection",
	`Transport failed to read from server`, "the wrapped cause decides",
	`failed getting dynamic upstreams|returned 0 upstreams`, "the requests that fail for it have lines of their own",
	`envoy\|detail-string\|(408|4[0-9][0-9] or|400|404|413|426|431|501|507|-)`, "the client's status, or none",
	`\|upstream reset: reset reason`, "a debug line; the access log has the failure",
)

var goClassExceptions = excuses(
	`access-flag\|[^|]*\|UF|reset reason: (local |remote )?connection failure`, "no word says why the connection failed: vague on purpose",
	`TLS handshake (<n>s )?timeout`, "the phase says it: a handshake that did not end",
	`^traefik\|error-line\|50[04]|^caddy\|error-line\|504`, "the line's Go error decides, and the test's is a refusal",
	`^traefik\|error-line\|- \(TCP\)`, "no known error in the line",
	`^(caddy|traefik|envoy)\|event`, "health checks have their own class",
	`\(no error\)`, "no line",
)
