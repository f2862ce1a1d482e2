package gateway

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
)

// A gatewayRow is a row of testdata/haproxy-apache-catalogue.tsv: what HAProxy, httpd
// and mod_jk print, collected from their sources apart from the vocabularies.
type gatewayRow struct {
	gateway, kind, level, message, status, meaning, hint string
}

func readGatewayRows(t *testing.T, gateway string) []gatewayRow {
	t.Helper()
	var rows []gatewayRow
	for _, f := range tableOf(t, "haproxy-apache-catalogue.tsv") {
		if len(f) == 7 && f[0] == gateway {
			rows = append(rows, gatewayRow{f[0], f[1], f[2], f[3], f[4], f[5], f[6]})
		}
	}
	if len(rows) < 50 {
		t.Fatalf("%d rows of %s", len(rows), gateway)
	}
	return rows
}

var gatewayPlaceholder = regexp.MustCompile(`<([^<>]*)>`)

// fillGateway puts plausible values in place of the placeholders.
func fillGateway(text string) string {
	return gatewayPlaceholder.ReplaceAllStringFunc(text, func(p string) string {
		switch name := p[1 : len(p)-1]; name {
		case "n", "pid", "ptr", "hex", "code", "port":
			return "7"
		case "ip:port":
			return "10.0.0.9:8080"
		case "host":
			return "app.local"
		case "backend":
			return "app"
		case "server":
			return "s1"
		case "uri":
			return "/a"
		case "worker url":
			return "http://10.0.0.9:8080"
		case "balancer url":
			return "balancer://app"
		case "method", "s":
			return "GET"
		}
		return "value"
	})
}

// wantRank computes a row's rank from the catalogue's own columns; "" is any.
func (c *gatewayRow) wantRank() string {
	levels := strings.Split(c.level, "|")
	switch {
	case strings.HasPrefix(c.hint, "client-abort") && c.hint == "client-abort":
		return "noise"
	case !slices.Contains(levels, "error") && !slices.Contains(levels, "warn") && (c.level == "debug" || c.level == "info" || c.level == "notice"):
		return ""
	case c.hint == "symptom":
		return "secondary"
	case strings.HasPrefix(c.hint, "symptom"):
		return "secondary"
	case c.status == "-" || strings.HasPrefix(c.status, "40") || strings.HasPrefix(c.status, "41") || c.level == "emerg" || c.level == "crit" || c.level == "alert":
		return "" // no request failed, or not by the upstream
	}
	return "primary"
}

// apacheRankExceptions are numbers whose rank is not what the columns say, and why.
var apacheRankExceptions = exceptions(map[string]string{
	"a socket option; no request fails":                            "AH00953 AH00954 AH00955 AH00936 AH00937 AH01101 AH01041 AH01042 AH01046 AH01047",
	"half of AJP: the line with the address follows":               "AH00989 AH00992 AH01009 AH01010 AH01011 AH01012 AH01014 AH01015 AH01029 AH01030",
	"internal and harmless":                                        "AH00923 AH03304 AH10222",
	"balancer-manager":                                             "AH10187 AH01189 AH01190 AH01194 AH01196 AH01198 AH01200 AH01202 AH01203",
	"no worker is left: a reaction to earlier failures":            "AH00934",
	"the script's words decide":                                    "AH01071",
	"with a step it is primary; without one another line said why": "AH01075",
	"the answer was served":                                        "AH01098 AH01099 AH01100",
	"a tunnel's end":                                               "AH02443 AH02444 AH03307 AH10214 AH10220 AH10221",
	"an idle tunnel":                                               "AH10224",
	"FTP listing":                                                  "AH01034",
	"FTP":                                                          "AH10189",
})

func exceptions(reasons map[string]string) map[string]string {
	all := map[string]string{}
	for reason, numbers := range reasons {
		for number := range strings.FieldsSeq(numbers) {
			all[number] = reason
		}
	}
	return all
}

func TestApacheCatalogue(t *testing.T) {
	used := map[string]bool{}
	for _, row := range readGatewayRows(t, "apache") {
		line, number := row.apacheLine()
		if line == "" {
			continue
		}
		var r parser.Record
		r.Reset()
		if !parseApacheError([]byte(line), &parser.Env{}, &r) {
			t.Errorf("not read: %s", line)
			continue
		}
		g := &r.Gateway
		if g.MessageKey == "" {
			t.Errorf("not known: %s", line)
		}
		if want := row.wantRank(); want != "" && g.Rank.String() != want {
			if _, exempt := apacheRankExceptions[number]; exempt {
				used[number] = true
			} else {
				t.Errorf("rank %v, want %s (hint %s, status %s): %s", g.Rank, want, row.hint, row.status, line)
			}
		}
		if g.Rank == parser.RankPrimary && g.Symptom == parser.SymptomClientAbort {
			t.Errorf("a client's abort is primary: %s", line)
		}
	}
	for number := range apacheRankExceptions {
		if !used[number] {
			t.Errorf("exception %s is not needed", number)
		}
	}
}

// apacheLine writes a row as httpd does; "" for rows that are no message.
func (c *gatewayRow) apacheLine() (line, number string) {
	const head = "[Sun Nov 22 13:59:00.123456 2026] [proxy:"
	level, _, _ := strings.Cut(c.level, "|")
	if level == "-" {
		level = "error"
	}
	m := c.message
	switch {
	case strings.HasPrefix(m, "AH00898 reason: "):
		m = "AH00898: " + m[len("AH00898 reason: "):] + " returned by /a"
	case strings.HasPrefix(m, "AH01075 step: "):
		m = "AH01075: Error dispatching request to :9000: " + m[len("AH01075 step: "):]
	case strings.HasPrefix(m, "AH"):
		number, _, _ = strings.Cut(m, ":")
	case strings.HasPrefix(m, "2.2: "):
		return "[Sun Nov 22 13:59:00 2026] [" + level + "] " + fillGateway(strings.ReplaceAll(m[len("2.2: "):], "[:<port>]", "")), c.meaning[strings.LastIndex(c.meaning, " ")+1:]
	case strings.HasPrefix(m, "SSL Library Error"):
		return "[Sun Nov 22 13:59:00.123456 2026] [ssl:" + level + "] [pid 7:tid 8] [remote 10.0.0.9:443] " + fillGateway(m), ""
	case strings.HasPrefix(m, "("):
		return "", ""
	}
	who := "[client 10.0.0.1:5] "
	if strings.Contains(m, "SSL Proxy") || strings.Contains(m, "Certificate Verification") {
		who = "[remote 10.0.0.9:443] "
	}
	return head + level + "] [pid 7:tid 8] " + who + fillGateway(m) + ", referer: http://x/", number
}

// Each status of the catalogue must change the class of a connect or a read line.
func TestApacheCatalogueStatuses(t *testing.T) {
	const plain = "[Sun Nov 22 13:59:00.123456 2026] [proxy:error] [pid 7:tid 8] "
	for _, row := range readGatewayRows(t, "apache") {
		if row.kind != "detail-string" || !strings.HasPrefix(row.message, "(") || row.message == "(502)Unknown error 502:" {
			continue
		}
		text := "AH01102: error reading status line from remote server 10.0.0.9:8080"
		if strings.HasPrefix(row.status, "503") || strings.HasPrefix(row.hint, "network") || strings.HasPrefix(row.hint, "not-listening") {
			text = "AH00957: http: attempt to connect to 10.0.0.9:8080 (*) failed"
		}
		g := &parseApache(t, plain+row.message+" "+text).Gateway
		if g.Errno == 0 || g.Symptom == parser.SymptomOther || g.Symptom == parser.SymptomNone {
			t.Errorf("%s: errno %d class %v", row.message, g.Errno, g.Symptom)
		}
	}
}

// Each row in mod_jk's own line form.
func TestModJKCatalogue(t *testing.T) {
	for _, row := range readGatewayRows(t, "mod_jk") {
		for _, message := range []string{strings.ReplaceAll(row.message, "<|un>", "un"), strings.ReplaceAll(row.message, "<|un>", "")} {
			message = strings.ReplaceAll(message, "<|local >", "")
			line := "[Sun Nov 22 13:59:00.123 2026] [2041:140350] [" + row.level + "] func::jk_ajp_common.c (12): " + fillGateway(strings.ReplaceAll(message, "(<worker>)", "(app1)"))
			var r parser.Record
			r.Reset()
			if !parseModJK([]byte(line), &parser.Env{}, &r) || r.Gateway.MessageKey == "" {
				t.Errorf("not known: %s", line)
				continue
			}
			g := &r.Gateway
			switch {
			case row.hint == "client-abort" && g.Rank != parser.RankNoise,
				row.hint == "symptom" && g.Rank == parser.RankPrimary,
				row.level == "error" && strings.HasPrefix(row.status, "50") && row.hint != "symptom" && g.Rank == parser.RankNoise:
				t.Errorf("rank %v, hint %s: %s", g.Rank, row.hint, line)
			}
			if strings.HasPrefix(message, "(<worker>)") && g.Rank >= parser.RankSecondary && string(g.Upstream) != "app1" {
				t.Errorf("upstream %q: %s", g.Upstream, line)
			}
		}
	}
}
