package gateway

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
)

// kinRow is a row of testdata/kin-catalogue.tsv: what the sources and documents of
// Varnish, lighttpd, AWS's balancers, Go's and Node's proxies and ingress-nginx's
// controller can print, collected apart from the vocabularies.
type kinRow struct {
	gateway, kind, text, status string
	hints                       []string
}

func readKinCatalogue(t *testing.T) []kinRow {
	t.Helper()
	var rows []kinRow
	for _, f := range tableOf(t, "kin-catalogue.tsv") {
		if len(f) != 7 {
			t.Fatalf("row of %d columns: %s", len(f), f)
		}
		rows = append(rows, kinRow{f[0], f[1], f[3], f[4], strings.Fields(f[6])})
	}
	return rows
}

var (
	kinPlaceholder = regexp.MustCompile(`<[^<>]+>`)
	kinOptional    = regexp.MustCompile(`\[( [^\]]*|:)\]`)
)

// fill puts plausible values in.
func (k *kinRow) fill(text string) string {
	text = kinOptional.ReplaceAllString(text, "")
	return kinPlaceholder.ReplaceAllStringFunc(text, func(p string) string {
		if v, ok := map[string]string{
			"<n>": "111", "<text>": "Connection refused", "<strerror>": "Connection refused", "<ip:port>": "10.0.0.9:8080", "<v>": "1.1",
			"<s>": "tcp:10.0.0.9:8080", "<name>": "boot.app", "<status>": "500", "<err>": "EOF", "<CODE>": "ECONNREFUSED", "<newline>": "\n",
			"<bits>": "4---X---", "<good>": "2", "<threshold>": "3", "<window>": "8", "<t>": "0.000000", "<avg>": "0.001000", "<pid>": "12",
			"<target>": "http://10.0.0.9:8080/", "<url>": "http://10.0.0.9:8080/x", "<stderr_text>": "PHP Fatal error: x",
			"<n>/<n>": "1/2", "<path>": "/x", "<uri>": "/x?a=socket: tcp:6.6.6.6:6", "<host>": "shop.example", "<first line that is not HTTP/<v> <status>>": "SSH-2.0",
		}[p]; ok {
			return v
		}
		return "value"
	})
}

// kinNotRead are rows that no format takes for a symptom, by their beginning, and why.
var kinNotRead = map[string]string{
	"BerespReason":               "the synthetic answer repeats what FetchError says",
	"RespReason":                 "the synthetic answer repeats what FetchError says",
	"Guru Meditation":            "text of a page, not of a log",
	"BackendOpen":                "an ordinary event; groups take the back end's name from it",
	"BackendClose":               "an ordinary event",
	"SessClose":                  "an ordinary event on the client's side",
	"http: panic serving":        "any Go server's own handler: the application's log formats read it",
	"http: Accept error":         "any Go server: the application's log formats read it",
	"http: TLS handshake error":  "any Go server, the client's side",
	"http: superfluous":          "any Go server",
	"http: response.WriteHeader": "any Go server",
	"http: URL query":            "any Go server",
	"http: Server closed":        "any Go server",
	"target_status_code_list":    "a retry that succeeded: it stands in the attempts",
	"elb_status_code -, request": "a TCP listener tells no status",
	"backend_status_code equal":  "the back end's own answer",
	"See https":                  "continues the line before",
	"classification Ambiguous":   "the status, 400, tells it",
}

func (k *kinRow) notRead() bool {
	for start := range kinNotRead {
		if strings.HasPrefix(k.text, start) {
			return true
		}
	}
	return false
}

// line writes the row as the gateway does.
func (k *kinRow) line() string {
	text := k.fill(k.text)
	switch k.gateway {
	case "varnish":
		return varnishRow(text)
	case "lighttpd":
		return "2026-11-22 13:59:00: " + strings.Replace(text, "FastCGI-stderr:Connection refused", "FastCGI-stderr:PHP Fatal error: x", 1)
	case "aws-alb", "aws-elb":
		return awsRow(k.gateway, k.text)
	case "go-httputil":
		if strings.HasPrefix(text, "{") {
			return strings.Replace(text, `"time":"0.000000"`, `"time":"2026-11-22T13:59:00.1Z"`, 1)
		}
		return "2026/11/22 13:59:00 " + text
	case "node":
		if nodeProxyStart([]byte(text)) {
			return text
		}
		return "[vite] http proxy error: /x\n" + text
	}
	return "W0315 10:22:33.123456       7 controller.go:1225] " + text
}

func varnishRow(text string) string {
	if rest, ok := strings.CutPrefix(text, "varnishd[12]: "); ok {
		return "Error: " + rest // as on stderr; in syslog the tag tells the program
	}
	text = strings.Replace(text, "first read error: -1 111 (Connection refused)", "first read error: -1 11 (Resource temporarily unavailable)", 1)
	if reason, ok := strings.CutPrefix(text, "Backend_health reason: "); ok {
		return `         0 Backend_health - boot.app Still sick 4------- 0 3 8 0.000000 0.001000 "` + reason + `"`
	}
	if rest, ok := strings.CutPrefix(text, "Backend_health: "); ok {
		return "         0 Backend_health - " + strings.Replace(rest, "…", "0 3 8 0.000000 0.001000", 1)
	}
	tag, rest, _ := strings.Cut(text, ": ")
	return "-   " + tag + strings.Repeat(" ", max(1, 15-len(tag))) + rest
}

var awsNumber = regexp.MustCompile(`(elb|target|backend)_status_code ([0-9]+|-)`)

// awsRow builds a line from a row's words: statuses, which times are -1, the reason.
func awsRow(gateway, text string) string {
	status, own := "502", "-"
	for _, m := range awsNumber.FindAllStringSubmatch(text, -1) {
		if m[1] == "elb" {
			status = m[2]
		} else {
			own = m[2]
		}
	}
	target, times := "10.0.0.9:8080", "0.001 0.002 -1"
	has := func(s string) bool { return strings.Contains(text, s) }
	reason, actions := "-", "forward"
	switch {
	case has("all three times -1"):
		times = "-1 -1 -1"
	case has("_processing_time -1, request"):
		times = "0.001 -1 -1"
	case own != "-" && own != "0":
		times = "0.001 0.002 0.000"
	}
	if has(":port -") {
		target = "-"
	}
	if r, ok := strings.CutPrefix(text, "error_reason "); ok {
		reason, target = r, "-"
	}
	if has("with elb_status_code 2xx") {
		status, own = "200", "200"
	}
	if has("error_reason Lambda…") {
		reason = "LambdaSomethingNew"
	}
	if gateway == "aws-elb" {
		return `2026-11-22T13:59:00.123456Z shop 192.0.2.7:2817 ` + target + ` ` + times + ` ` + status + ` ` + own + ` 0 0 "GET http://shop.example:80/ HTTP/1.1" "curl" - -`
	}
	return `https 2026-11-22T13:59:00.123456Z app/shop/bc90aa5cd7f0b2d1 192.0.2.7:2817 ` + target + ` ` + times + ` ` + status + ` ` + own +
		` 40 565 "GET https://shop.example:443/ HTTP/1.1" "curl" - - arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/shop/6d0e "Root=1-6-a" "-" "-" 2 2026-11-22T13:59:00.100000Z "` +
		actions + `" "-" "` + reason + `" "` + target + `" "-" "-" "-"`
}

// wantRank is the rank by the catalogue's own columns.
func (k *kinRow) wantRank() parser.Rank {
	for start, rank := range kinRanks {
		if strings.HasPrefix(strings.TrimPrefix(k.text, "error_reason "), start) {
			return rank
		}
	}
	first := k.hints[0]
	switch {
	case strings.HasPrefix(k.text, "Backend_health"):
		return parser.RankSecondary
	case k.kind == "event" || first == "client-abort" || first == "-":
		return parser.RankNoise
	case first == "symptom":
		return parser.RankSecondary
	case strings.HasPrefix(k.status, "-"):
		return parser.RankSecondary // no request is answered by it
	}
	return parser.RankPrimary
}

// kinRanks are the exceptions, by the row's beginning.
var kinRanks = map[string]parser.Rank{
	// The request failed on this line, only the cause stands elsewhere.
	"http: proxy error":  parser.RankPrimary,
	`{"time":"`:          parser.RankPrimary,
	"[HPM] Error":        parser.RankPrimary,
	"[vite]":             parser.RankPrimary,
	"Proxy error: Could": parser.RankPrimary,
	"Failed to proxy":    parser.RankPrimary,
	"TypeError: fetch":   parser.RankPrimary,
	"Error: ":            parser.RankPrimary, // typical status: the application's choice
	"elb_status_code 502, target:port -, error_reason Lambda": parser.RankPrimary,
	// Good news, and talk.
	"Backend_health: <name> Went healthy":           parser.RankNoise,
	"Backend_health: <name> Still healthy <bits> …": parser.RankSecondary,
	"[HPM] Upgrading": parser.RankNoise,
	// The target's own answers are no failures of the balancer's.
	"elb_status_code 502, target_status_code 502": parser.RankNone,
	"elb_status_code 503, target_status_code 503": parser.RankNone,
	"elb_status_code 504, target_status_code 504": parser.RankNone,
	"elb_status_code 500, target_status_code 500": parser.RankNone,
	// No server was available: the gateway's reaction.
	"elb_status_code 503, target:port -":  parser.RankSecondary,
	"elb_status_code 503, backend:port -": parser.RankSecondary,
	"LambdaWebsocketNotSupported":         parser.RankNoise, // the client's wish, 400
	"elb_status_code 464":                 parser.RankNoise, // the client chose its protocol, as scanners do
	"LambdaBadRequest":                    parser.RankPrimary,
	"AuthInvalidCookie":                   parser.RankNoise,
	"LambdaRequestTooLarge":               parser.RankNoise,
	// lighttpd reacts, retries or tells about a child; the request's own line follows.
	"(mod_fastcgi.c.<n>) backend is overloaded":    parser.RankSecondary,
	"(gw_backend.c.<n>) If this happened on Linux": parser.RankSecondary,
	"(gw_backend.c.<n>) connect() <s>":             parser.RankSecondary,
	"(gw_backend.c.<n>) respawning failed":         parser.RankSecondary,
	"(mod_fastcgi.c.<n>) child exited":             parser.RankSecondary,
	"(gw_backend.c.<n>) child":                     parser.RankSecondary,
	"(server.c.<n>) [note] sockets disabled":       parser.RankSecondary,
	"(gw_backend.c.<n>) reconnecting":              parser.RankSecondary,
	// varnishd's child did not come up again: no single request hangs on the line.
	"varnishd[<pid>]: Could not reopen":           parser.RankSecondary,
	"FetchError: No thread available for bgfetch": parser.RankSecondary,
	"VCL_Error: Too many restarts":                parser.RankSecondary,
	"FetchError: Request body too big to cache":   parser.RankPrimary,
	"NGINX master process died":                   parser.RankPrimary,
	"Service \"<namespace>/<service>\" does not":  parser.RankSecondary,
	"Service \"<namespace>/<service>\" of type":   parser.RankSecondary,
	"Error obtaining":                             parser.RankSecondary,
	"Error getting Service":                       parser.RankSecondary,
	"Error getting SSL":                           parser.RankNoise,
}

// kinClasses lists, by the likeliest cause, the classes that may come of it.
var kinClasses = map[string][]string{
	"not-listening":       {"conn-refused", "conn-reset", "socket-missing", "socket-permission", "no-live-peer", "health-check-failed"},
	"network-unreachable": {"connect-timeout", "no-route", "conn-reset", "health-check-failed"},
	"keepalive-race":      {"premature-close", "conn-reset"},
	"crash-signal":        {"premature-close", "gateway-crash", "peer-down"},
	"slow-upstream":       {"read-timeout", "send-timeout", "health-check-failed"},
	"response-too-large":  {"header-too-big", "other"},
	"dns-failure":         {"resolve-failed"},
	"tls-failure":         {"tls-handshake", "tls-verify"},
	"protocol-mismatch":   {"no-http-header", "tls-handshake", "protocol-error", "health-check-failed"},
	"client-abort":        {"client-abort", "other", "truncated-body"},
	"invalid-response":    {"invalid-header", "no-http-header"},
	"upstream-saturated":  {"queue-full"},
	"start-failure":       {"peer-down", "other", "no-live-peer"},
}

func TestKinCatalogue(t *testing.T) {
	rows := readKinCatalogue(t)
	if len(rows) < 280 {
		t.Fatalf("only %d rows", len(rows))
	}
	read := 0
	for _, k := range rows {
		if k.notRead() {
			continue
		}
		read++
		line := k.line()
		f, r := parseInOrder(line)
		if f == nil || f.Role != parser.RoleGateway || strings.HasPrefix(f.Name, "nginx") {
			t.Errorf("no format for %s\n of %s", line, k.text)
			continue
		}
		g := &r.Gateway
		if want := k.wantRank(); g.Rank != want && !(want == parser.RankNoise && g.Rank == parser.RankNone) {
			t.Errorf("rank %q, want %q: %s\n of %v", g.Rank, want, line, k.hints)
		}
		if g.Rank < parser.RankSecondary {
			continue
		}
		first := k.hints[0]
		if classes := kinClasses[first]; classes != nil && !slices.Contains(classes, g.Symptom.String()) {
			t.Errorf("class %q for %s: %s", g.Symptom, first, line)
		}
		if first != "symptom" && first != "unknown" && !slices.Contains(g.Causes, first) {
			t.Errorf("causes %v miss %s: %s", g.Causes, first, line)
		}
		if g.MessageKey == "" && first != "symptom" {
			t.Errorf("no key: %s", line)
		}
		if r.Level < parser.LevelWarn {
			t.Errorf("level %q: %s", r.Level, line)
		}
	}
	if read < 250 {
		t.Errorf("only %d rows were read", read)
	}
}

// parseInOrder returns the first format that knows the line, and its record.
func parseInOrder(line string) (*parser.Format, *parser.Record) {
	var r parser.Record
	for _, f := range Formats() {
		r.Reset()
		if f.Parse([]byte(line), &parser.Env{}, &r) {
			return f, &r
		}
	}
	return nil, &r
}
