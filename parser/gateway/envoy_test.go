package gateway

import (
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// The same failure in the forms of the versions.
func TestEnvoyForms(t *testing.T) {
	const wanted = "symptom=conn-refused phase=connecting-to-upstream rank=primary errno=111"
	const tail = `"-" "curl/8" "id-1" "a.example" "10.0.0.9:8080" outbound|8080||app - 10.96.1.2:8080 10.244.0.7:40112 - default`
	for _, line := range []string{
		`[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused} - "-" 0 91 4 - ` + tail,
		`[2026-11-22T13:59:00.123Z] "GET /a HTTP/2" 503 UF,URX upstream_reset_before_response_started{connection_failure,delayed_connect_error:_111} - "delayed_connect_error:_111" 0 91 4 - ` + tail,
		`[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" 503 UF upstream_reset_before_response_started{connection failure,delayed connect error: 111} - "-" 0 91 4 - ` + tail,
		`[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" 503 UpstreamConnectionFailure - "delayed connect error: Connection refused" 0 91 4 - ` + tail,
		`[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" 503 UF "-" "delayed connect error: 111" 0 91 4 - ` + tail,
		`ACCESS [2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" 503 UF - - "delayed_connect_error:_111" 0 91 4 - "-" "curl/8" "id-1" "a.example" "10.0.0.9:8080"`,
		`"GET /a HTTP/1.1" 503 UF - - "delayed_connect_error:_111" 0 91 4 - ` + tail,
		`[2026-11-22T13:59:00.123Z] "- - -" 0 UF,URX - - "delayed_connect_error:_111" 0 0 4 - "-" "-" "-" "-" "10.0.0.9:8080" outbound|8080||app - 10.96.1.2:8080 10.244.0.7:40112 - -`,
		`{"response_flags":"UF","response_code":503,"upstream_transport_failure_reason":"delayed_connect_error:_111","upstream_host":"10.0.0.9:8080","method":"GET","path":"/a","start_time":"2026-11-22T13:59:00.123Z"}`,
		`{"upstream_host":"10.0.0.9:8080","response_code_details":"upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}","response_flags":"UF","response_code":"503","method":"GET","path":"/a","start_time":"2026-11-22T13:59:00.123Z","duration":"4"}`,
	} {
		f, r := inOrder(line)
		if f != envoyAccess {
			t.Errorf("%v takes %s", f, line)
			continue
		}
		if got := fixtures.Render(r); !strings.Contains(got, wanted) || string(r.Gateway.Upstream) != "10.0.0.9:8080" || r.Level != parser.LevelError {
			t.Errorf("%s\n%s", line, got)
		}
	}
}

// Who answered, and what the statuses that mislead mean.
func TestEnvoyJudges(t *testing.T) {
	f := func(status, flags, details, transport, host, duration, class, rank string, made parser.Made) {
		t.Helper()
		line := `[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" ` + status + " " + flags + " " + details + ` - "` + transport + `" 0 91 ` + duration + ` - "-" "x" "id" "a.example" "` + host + `" outbound|80||app - 1.1.1.1:1 10.244.0.7:2 - default`
		format, r := inOrder(line)
		if format != envoyAccess || r.Gateway.Symptom.String() != class || r.Gateway.Rank.String() != rank || r.Access.Made != made {
			t.Errorf("%s\n%s", line, fixtures.Render(r))
		}
	}
	const host = "10.0.0.9:80"
	f("200", "-", "via_upstream", "-", host, "4", "", "", parser.MadeUnknown)
	f("503", "-", "via_upstream", "-", host, "4", "", "", parser.MadeUpstream)
	f("503", "URX", "via_upstream", "-", host, "4", "", "", parser.MadeUpstream)
	f("503", "URX", "upstream_reset_before_response_started{connection_termination}", "-", host, "4", "premature-close", "primary", parser.MadeGateway)
	f("503", "-", "direct_response", "-", "-", "0", "refused-on-purpose", "noise", parser.MadeGateway)
	f("500", "-", "response_payload_too_large", "-", host, "4", "header-too-big", "primary", parser.MadeGateway)
	f("503", "UH", "no_healthy_upstream", "-", "-", "0", "no-live-peer", "secondary", parser.MadeGateway)
	f("503", "UF", "-", "-", host, "4", "other", "primary", parser.MadeGateway)
	f("503", "UF", "-", "-", host, "10001", "connect-timeout", "primary", parser.MadeGateway)
	f("503", "UF", "upstream_reset_before_response_started{connection_timeout}", "-", host, "250", "connect-timeout", "primary", parser.MadeGateway)
	f("200", "UT", "-", "-", host, "15000", "read-timeout", "primary", parser.MadeUnknown) // gRPC
	f("200", "UR", "upstream_reset_after_response_started{remote_reset}", "-", host, "4", "truncated-body", "primary", parser.MadeUnknown)
	f("504", "SI", "stream_idle_timeout", "-", host, "300000", "read-timeout", "primary", parser.MadeGateway)
	f("408", "SI", "stream_idle_timeout", "-", "-", "300000", "client-abort", "noise", parser.MadeUnknown)
	f("0", "DC", "downstream_remote_disconnect", "-", host, "4", "client-abort", "noise", parser.MadeUnknown)
	f("429", "RL", "request_rate_limited", "-", "-", "0", "refused-on-purpose", "noise", parser.MadeUnknown)
	f("404", "NR", "route_not_found", "-", "-", "0", "", "", parser.MadeUnknown)
	f("503", "UC,DC", "upstream_reset_before_response_started{connection_termination}", "-", host, "4", "premature-close", "primary", parser.MadeGateway)
	f("503", "UF", "-", "delayed_connect_error:_11", host, "4", "queue-full", "primary", parser.MadeGateway)
	f("503", "UF", "-", "delayed_connect_error:_1", host, "4", "no-route", "primary", parser.MadeGateway)
	f("503", "UF", "-", "delayed_connect_error:_1111", host, "4", "other", "primary", parser.MadeGateway)
}

// Catch-all clusters are no pools, and a tunnel's target is the upstream.
func TestEnvoyUpstreams(t *testing.T) {
	f := func(host, cluster, upstream, pool string, group bool) {
		t.Helper()
		flags := "UC"
		if host == "-" {
			flags = "UH"
		}
		_, r := inOrder(`[2026-11-22T13:59:00.123Z] "GET /a HTTP/1.1" 503 ` + flags + ` - - "-" 0 91 4 - "-" "x" "id" "a.example" "` + host + `" ` + cluster + ` - 1.1.1.1:1 [2001:db8::7]:2 - default`)
		g := &r.Gateway
		if string(g.Upstream) != upstream || string(r.Access.Pool) != pool || g.Group != group || string(g.Client) != "2001:db8::7" {
			t.Errorf("%s", fixtures.Render(r))
		}
	}
	f("10.0.0.9:80", "outbound|80||app", "10.0.0.9:80", "outbound|80||app", false)
	f("[2001:db8::1]:80", "app", "[2001:db8::1]:80", "app", false)
	f("-", "outbound|80||app", "outbound|80||app", "outbound|80||app", true)
	f("-", "PassthroughCluster", "", "", false)
	f("10.0.0.9:80", "inbound|80||", "10.0.0.9:80", "", false)
	f("envoy://connect_originate/10.0.0.9:80", "outbound|80||app", "10.0.0.9:80", "outbound|80||app", false)
	f("tcp://10.0.0.9:80", "app", "10.0.0.9:80", "app", false)
	f("/run/app.sock", "app", "unix:/run/app.sock", "app", false)
}

// A path or an agent with quotes moves neither the head nor the upstream.
func TestEnvoyForged(t *testing.T) {
	_, r := inOrder(`[2026-11-22T13:59:00.123Z] "GET /a" 503 UF - - "delayed_connect_error:_111" HTTP/1.1" 200 - via_upstream - "-" 0 91 4 3 "6.6.6.6" "x" "id" "6.6.6.6" "6.6.6.6:1" evil" "id-1" "a.example" "10.0.0.9:80" outbound|80||app 1.1.1.1:2 1.1.1.1:1 10.244.0.7:2 - default`)
	a := &r.Access
	if a.Status != 200 || r.Gateway.Symptom != 0 || string(a.Attempts[0].Addr) != "10.0.0.9:80" || string(a.Host) != "a.example" || string(a.Client) != "10.244.0.7" {
		t.Errorf("%s", fixtures.Render(r))
	}
}

// The stamp is the start's whatever a carrier says; which of the two is kept, the scanner
// decides (applog.PreferStart).
func TestStampMarksStart(t *testing.T) {
	envoy := []byte(`{"response_flags":"UT","response_code":504,"method":"GET","path":"/a","start_time":"2026-11-22T13:59:00.123Z","duration":15000}`)
	traefik := []byte(`{"DownstreamStatus":504,"RequestMethod":"GET","RequestPath":"/a","StartUTC":"2026-11-22T13:59:00.123Z","Duration":15000000000}`)
	for _, clock := range []parser.Clock{parser.ClockNone, parser.ClockYearless, parser.ClockZoned} {
		for _, c := range []struct {
			f    *parser.Format
			line []byte
		}{{envoyAccess, envoy}, {traefikAccess, traefik}} {
			var r parser.Record
			r.Reset()
			r.Stamp = parser.Stamp{Micros: 1, Precision: 1, Clock: clock}
			if !c.f.Parse(c.line, &parser.Env{}, &r) || !r.Access.AtStart || r.Stamp.Precision != 1000 {
				t.Errorf("%s behind clock %d: at start %v, stamp %v", c.f.Name, clock, r.Access.AtStart, r.Stamp)
			}
		}
	}
}

func TestEnvoyEventsUpDown(t *testing.T) {
	f := func(line, class, rank string) {
		t.Helper()
		format, r := inOrder(line)
		if format != envoyEvents || r.Gateway.Symptom.String() != class || r.Gateway.Rank.String() != rank || string(r.Gateway.Upstream) != "10.0.0.9:8080" || r.Gateway.Phase != parser.PhaseHealthCheck {
			t.Errorf("%s\n%s", line, fixtures.Render(r))
		}
	}
	const host = `{"health_checker_type":"HTTP","host":{"socket_address":{"protocol":"TCP","address":"10.0.0.9","port_value":8080}},"cluster_name":"app","timestamp":"2026-11-22T13:59:00.123Z",`
	f(host+`"eject_unhealthy_event":{"failure_type":"ACTIVE"}}`, "peer-down", "secondary")
	f(host+`"health_check_failure_event":{"failure_type":"NETWORK","first_check":true}}`, "health-check-failed", "secondary")
	f(host+`"add_healthy_event":{"first_check":false}}`, "other", "noise")
	const outlier = `{"type":"CONSECUTIVE_5XX","cluster_name":"app","upstream_url":"10.0.0.9:8080","num_ejections":1,`
	f(outlier+`"action":"EJECT","enforced":true}`, "peer-down", "secondary")
	f(outlier+`"action":"EJECT","enforced":false}`, "peer-down", "noise")
	f(outlier+`"action":"UNEJECT"}`, "other", "noise")
}
