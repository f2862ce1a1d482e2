package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"culprit/parser"
)

// formatsFile holds log_formats as people publish them, and what a running nginx
// wrote in each of them for the same requests: answered, tried again, without a live
// peer, over a socket and IPv6, not proxied, answered by a fallback, timed out.
const formatsFile = "testdata/nginx_access_formats.txt"

// What nginx measures twice within a request differs by that much.
const clockSlack = 0.0021

func TestNginxAccessFormats(t *testing.T) {
	text, err := os.ReadFile(formatsFile)
	if err != nil {
		t.Fatal(err)
	}
	var requests []map[string]string
	var format, name string
	var untold []string
	formats, n := 0, 0
	for line := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n") {
		switch {
		case strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "= "):
			var variables map[string]string
			if err := json.Unmarshal([]byte(line[2:]), &variables); err != nil {
				t.Fatal(err)
			}
			requests = append(requests, variables)
		case strings.HasPrefix(line, "$ "):
			if formats > 0 && n != len(requests) {
				t.Errorf("%s: %d lines", name, n)
			}
			var not string
			name, format, _ = strings.Cut(line[2:], " ")
			not, format, _ = strings.Cut(format, " ")
			untold = strings.Split(not, ",")
			formats, n = formats+1, 0
		default:
			got, r := parseAccess(t, nginxAccess, line)
			if got == "" {
				t.Errorf("%s: rejected %s", name, line)
			} else if wrong := compareAccess(r, format, requests[n], untold); len(wrong) > 0 {
				t.Errorf("%s: %s\n%s\n%s", name, format, line, strings.Join(wrong, "\n"))
			}
			n++
		}
	}
	if formats < 50 || n != len(requests) || n < 8 {
		t.Errorf("%d formats, %d requests", formats, n)
	}
}

// compareAccess lists what r has other than the variables of its format said.
func compareAccess(r *parser.Record, format string, truth map[string]string, untold []string) (wrong []string) {
	a := &r.Access
	check := func(variable string, got, want any) {
		if slices.Contains(untold, variable) {
			return
		}
		if hasVariable(format, variable) && fmt.Sprint(got) != fmt.Sprint(want) {
			wrong = append(wrong, fmt.Sprintf("  %s is %v, want %v", variable, got, want))
		}
	}
	if at := r.Stamp.Time().UTC().Format(time.RFC3339); at != strings.Replace(truth["time_iso8601"], "+00:00", "Z", 1) {
		wrong = append(wrong, "  time is "+at)
	}
	check("remote_addr", string(a.Client), truth["remote_addr"])
	check("request_method", string(a.Method), truth["request_method"])
	check("status", a.Status, truth["status"])
	check("body_bytes_sent", a.Bytes, truth["body_bytes_sent"])
	target := a.Target
	if i := bytes.Index(target, []byte("shop.example.net")); i >= 0 {
		target = target[i+len("shop.example.net"):]
	}
	check("request", string(target), truth["request_uri"])
	check("request_uri", string(target), truth["request_uri"])
	check("request_time", closest(a.Duration, truth["request_time"]), truth["request_time"])

	attempts := func(variable string, value func(i int, want string) string) {
		if truth[variable] == "" {
			check(variable, a.Tries, 0)
			return
		}
		list := strings.Split(strings.ReplaceAll(truth[variable], " : ", ", "), ", ")
		var got []string
		for i := range int(a.Tries) {
			want := ""
			if i < len(list) {
				want = list[i]
			}
			got = append(got, value(i, want))
		}
		check(variable, got, list)
	}
	attempts("upstream_addr", func(i int, want string) string {
		if a.Attempts[i].Addr == nil && !strings.Contains(want, ":") {
			return want // no live upstreams: the group's name looks like any word
		}
		return string(a.Attempts[i].Addr)
	})
	attempts("upstream_status", func(i int, _ string) string { return strconv.Itoa(int(a.Attempts[i].Status)) })
	attempts("upstream_connect_time", func(i int, want string) string { return closest(a.Attempts[i].Connect, want) })
	attempts("upstream_header_time", func(i int, want string) string { return closest(a.Attempts[i].Header, want) })
	attempts("upstream_response_time", func(i int, want string) string { return closest(a.Attempts[i].Response, want) })
	return wrong
}

func hasVariable(format, name string) bool {
	for _, rest := range strings.Split(format, "$")[1:] {
		rest = strings.TrimPrefix(rest, "{")
		if after, ok := strings.CutPrefix(rest, name); ok && (after == "" || after[0] != '_' && !alphabetic(after[0]) && !decimal(after[0])) {
			return true
		}
	}
	return false
}

// closest returns want if micros is that within the clocks' slack.
func closest(micros int64, want string) string {
	if n, err := strconv.ParseFloat(want, 64); err == nil && micros >= 0 && math.Abs(float64(micros)/1e6-n) < clockSlack {
		return want
	}
	if micros < 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f", float64(micros)/1e6)
}

// A stamp without a zone is any application's; then all else must be an access log's, and the
// client another machine.
func TestNginxAccessZonelessOfOthers(t *testing.T) {
	for _, line := range []string{
		`2026-11-26 07:06:38 INFO GET /al/28 200 203.0.113.9`,
		`2026-11-26 07:06:38 GET /al/28 200 127.0.0.1`,
		`2026-11-26 07:06:38 GET /al/28 200 12ms`,
		`2026-11-26 07:06:38 203.0.113.9 GET /al/28 200 done`,
		`2026-11-26 07:06:38 served GET /al/28 200 203.0.113.9`,
		`[2026-11-26 07:06:38] app.py:20 203.0.113.9 GET /al/28 200`,
		`2026-11-26 07:06:38 connect to 203.0.113.9 failed 200 times`,
		`2026-11-25 16:06:32,257|INFO|10719|payroll|203.0.113.9|GET /al/28|200`,
	} {
		if got, _ := parseAccess(t, nginxAccess, line); got != "" {
			t.Errorf("taken for an access line: %s\n got %s", line, got)
		}
	}
}
