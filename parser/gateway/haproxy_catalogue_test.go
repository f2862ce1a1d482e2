package gateway

import (
	"regexp"
	"strings"
	"testing"

	"culprit/parser"
)

var optionalPart = regexp.MustCompile(`\[[^\]<>]*(?:<[^>]*>[^\[\]<>]*)*\]`)

// haproxyParse gives a line to the formats in their order, as syslog would deliver it.
func haproxyParse(t *testing.T, line string) *parser.Record {
	t.Helper()
	for _, f := range []*parser.Format{haproxyAccess, haproxyEvent} {
		var r parser.Record
		r.Reset()
		r.Program = []byte("haproxy")
		if f.Parse([]byte(line), &parser.Env{Year: 2026}, &r) {
			return &r
		}
	}
	t.Fatalf("not read: %s", line)
	return nil
}

func TestHAProxyCatalogueStates(t *testing.T) {
	status := map[byte]string{'R': "500", 'Q': "503", 'C': "503", 'H': "502", 'D': "200", 'L': "200", 'T': "500", '-': "200"}
	for _, row := range readGatewayRows(t, "haproxy") {
		state := row.message
		if row.kind != "access-flag" || len(state) != 2 || !isHAProxyState([]byte(state)) {
			continue
		}
		line := `10.0.0.1:5 [22/Nov/2026:15:15:44.163] web app/s1 0/0/0/5/6 ` + status[state[1]] + ` 217 - - ` + state + `-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"`
		g := &haproxyParse(t, line).Gateway
		want := parser.RankPrimary
		switch {
		case state[0] == 'L' && status[state[1]][0] == '5':
			want = parser.RankNoise // a configured answer
		case strings.ContainsRune("-L", rune(state[0])):
			want = parser.RankNone
		case strings.HasPrefix(row.hint, "client-abort"), state == "PT", state == "PL", state == "SR", state == "ST":
			want = parser.RankNoise // HAProxy's choice, or the end of what was served
		case row.hint == "symptom":
			want = parser.RankSecondary
		}
		if g.Rank != want {
			t.Errorf("%s: rank %v, want %v (hint %s)", state, g.Rank, want, row.hint)
		}
		if m, ok := MessageByKey(g.MessageKey); want != parser.RankNone && (!ok || !strings.HasSuffix(m.Template, state)) {
			t.Errorf("%s: key %q", state, g.MessageKey)
		}
	}
}

func TestHAProxyCatalogueEvents(t *testing.T) {
	for _, row := range readGatewayRows(t, "haproxy") {
		if row.kind != "event" && row.kind != "error-line" || strings.Contains(row.message, "haproxy.cfg") {
			continue
		}
		line := haproxyLine(row.message)
		r := haproxyParse(t, line)
		g := &r.Gateway
		if g.MessageKey == "" {
			t.Errorf("not known: %s", line)
			continue
		}
		down := strings.Contains(line, " is DOWN,") || strings.Contains(line, " is DOWN.") || strings.Contains(line, "for maintenance") || strings.Contains(line, "now enters maintenance")
		gone := strings.Contains(line, "has no server available!")
		switch {
		case (down || gone) && g.Rank != parser.RankSecondary,
			gone && (g.Symptom != parser.SymptomNoLivePeer || string(g.Upstream) != "value" || !g.Group),
			down && (g.Symptom != parser.SymptomPeerDown || string(g.Upstream) != "app/s1" || g.Group || g.Phase != parser.PhaseHealthCheck),
			strings.Contains(line, " is UP") && (g.Rank != parser.RankNoise || string(g.Upstream) != "app/s1"),
			strings.Contains(line, "check for server app/s1 failed") && (g.Symptom != parser.SymptomHealthCheckFailed || g.Rank != parser.RankSecondary),
			row.hint == "gateway-resources" && g.Rank != parser.RankPrimary,
			row.hint == "client-abort" && g.Rank != parser.RankNoise,
			row.kind == "event" && row.hint == "restart" && !down && g.Rank != parser.RankNoise:
			t.Errorf("%v %v %s (hint %s): %s", g.Symptom, g.Rank, g.Upstream, row.hint, line)
		}
		if down && row.level == "alert" && r.Level != parser.LevelAlert {
			t.Errorf("level %v: %s", r.Level, line)
		}
	}
}

// haproxyLine takes the optional parts in and fills the rest.
func haproxyLine(message string) string {
	message = strings.ReplaceAll(strings.ReplaceAll(message, "(actconn=<n>|maxsock=<n>)", "(maxsock=<n>)"), "(<cause>)", "(DNS NX status)")
	message = strings.ReplaceAll(message, "[Backup ]", "")
	message = strings.ReplaceAll(message, "[backup ]", "")
	if strings.HasPrefix(message, "<client>:<port> [<date>]") {
		message = strings.Replace(message, "<client>:<port> [<date>] <frontend>/<bind>", "10.0.0.1:5 [22/Nov/2026:15:15:44.163] web/1", 1)
	} else if !strings.HasPrefix(message, "[ALERT]") {
		message = optionalPart.ReplaceAllStringFunc(message, func(p string) string {
			if strings.Contains(p, "<ip>:<port>") {
				return p
			}
			return p[1 : len(p)-1]
		})
	}
	message = strings.ReplaceAll(message, "reason: <reason>", "reason: Layer4 timeout")
	return fillGateway(message)
}

// Details of checks lend their causes to the event that holds them.
func TestHAProxyCatalogueDetails(t *testing.T) {
	for _, row := range readGatewayRows(t, "haproxy") {
		detail := fillGateway(row.message)
		line := ""
		switch {
		case strings.HasPrefix(detail, "info: "):
			line = "Server app/s1 is DOWN, reason: Initializing, " + detail + ", check duration: 0ms. 0 active"
		case strings.HasPrefix(detail, "reason: "):
			line = "Server app/s1 is DOWN, " + detail + ", check duration: 0ms. 0 active"
		case strings.HasPrefix(detail, "maintenance cause: "):
			line = "Server app/s1 is going DOWN for maintenance (" + strings.TrimPrefix(detail, "maintenance cause: ") + "). 0 active"
		default:
			continue
		}
		var causes []string
		for word := range strings.FieldsSeq(row.hint) {
			if word != "symptom" && word != "unknown" {
				causes = append(causes, word)
			}
		}
		g := &haproxyParse(t, line).Gateway
		if got := strings.Join(g.Causes, " "); got != strings.Join(causes, " ") {
			t.Errorf("causes %q, want %q: %s", got, causes, line)
		}
	}
}
