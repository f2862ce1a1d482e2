package gateway

import (
	"fmt"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// JSON by log-format, as people publish it: names of any kind, numbers as strings, no server's name, no state, members not
// in quotes. The first is copied most; further ones from the configurations of vamp.io, two Helm releases, a gist and
// manuals of log services.
func TestHAProxyJSONForms(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`{"type":"haproxy","timestamp":1764160000,"http_status":503,"http_request":"GET /x HTTP/1.1","remote_addr":"10.0.0.1","bytes_read":217,"upstream_addr":"10.1.1.1","backend_name":"app","retries":1,"bytes_uploaded":77,"upstream_response_time":"-1","upstream_connect_time":"-1","session_duration":"1001","termination_state":"SC"}`, "conn-refused app/10.1.1.1 503"},
		{`{"type":"haproxy","timestamp":1764160000,"http_status":503,"http_request":"GET /x HTTP/1.1","remote_addr":"10.0.0.1","bytes_read":217,"upstream_addr":"-","backend_name":"app","retries":0,"bytes_uploaded":77,"upstream_response_time":"-1","upstream_connect_time":"-1","session_duration":"0","termination_state":"SC"}`, "no-live-peer app 503"},
		{`{"ts":"Wed, 26 Nov 2025 12:30:00 GMT","client_ip":"10.0.0.1","client_port":3312,"frontend":"web","backend":"app","server":"s1","method":"GET","uri":"/x","http_version":"HTTP/1.1","status":502,"bytes_read":209,"req_time_ms":0,"queue_time_ms":0,"connect_time_ms":1,"response_time_ms":-1,"total_time_ms":8,"termination":"SH--","actconn":1,"feconn":1,"beconn":0,"srvconn":0,"retries":0,"srv_queue":0,"backend_queue":0,"unique_id":"","user_agent":"curl/8"}`, "premature-close app/s1 502"},
		{`{"type":"haproxy","timestamp":1764160000,"frontend":"http_in","client_ip":"192.168.1.100","status":504,"response_time":-1,"backend":"web_backend/server1"}`, "read-timeout web_backend/server1 504"},
		{`{"host":"lb1","ident":"haproxy","pid":12,"time":"26/Nov/2025:12:30:00 +0000","haproxy":{"conn":{"act":1,"fe":1,"be":2,"srv":1},"queue":{"backend":0,"srv":0},"time":{"tq":0,"tw":0,"tc":-1,"tr":-1,"tt":3003},"termination_state":"SC--","retries":3,"network":{"client_ip":"10.0.0.1","client_port":4000,"frontend_ip":"10.0.0.2","frontend_port":80},"ssl":{"version":"-","ciphers":"-"},"request":{"method":"GET","hu":"/x?y",hp:"/x",hq:"?y","protocol":"HTTP/1.1","header":{"host":"a.example","xforwardfor":"","referer":""}},"name":{"backend":"app","frontend":"web","server":"s1"},"response":{"status_code":503,"header":{"xrequestid":""}},"bytes":{"uploaded":80,"read":217}}}`, "conn-refused app/s1 503"},
		{`{"ci":"10.0.0.1","cp":3212,"t":"26/Nov/2025:12:30:00.123","ft":"web","b":"app","s":"s1","Tq":0,"Tw":0,"Tc":0,"Tr":-1,"Tt":30,"ST":502,"B":200,"CC":"-","CS":"-","tsc":"SH--","ac":1,"fc":1,"bc":1,"sc":1,"rc":0,"sq":0,"bq":0,"hr":"","hs":"","r":"GET /x HTTP/1.1"}`, "premature-close app/s1 502"},
		{`{"server_response_send_time":-1,"response_time":-1,"session_duration":3004,"request_termination_state":"sH--","request_method":"GET","request_uri":"/x","request_http_version":"HTTP/1.1","host":"a.example","referer":"","backend_name":"app","status":504,"response_size":217,"request_size":80}`, "read-timeout app 504"},
		{`{"timestamp":"26/Nov/2025:12:30:00.123","application":"parexport","client_ip":"10.0.0.1","fe_name":"web","fe_port":"443","be_name":"app","server_name":"s1","server_ip":"10.1.1.1","server_port":"8443","http_method":"GET","http_proto":"https","host":"{a.example}","http_uri":"/x","status_code":"502","response_time":"-1","bytes_read":"209","termination_state":"PH","active_conn":"1","x-unique-id":"x"}`, "invalid-header app/s1 502"},
		{`{"time":1764160000,"time_local":"26/Nov/2025:12:30:00 +0000","remote_addr":"127.0.0.1","request":"GET /?a=b&c=d HTTP/1.1","uri":"/","query":"?a=b&c=d","request_method":"GET","status":503,"body_bytes_sent":212,"ssl_version":"-","ssl_ciphers":"-","session_duration":"0","termination_state":"SC"}`, "conn-refused  503"},
		{`{"time":"2025-11-26T12:30:00Z","level":"info","haproxy":{"frontend":"web","backend":{"name":"app","server":"s1"},"status":503,"timers":{"queue":0,"connect":-1,"response":-1,"total":3001},"termination":"SC"},"client":{"ip":"10.0.0.1"},"http":{"method":"GET","path":"/x"}}`, "conn-refused app/s1 503"},
		{`{"time":"26/Nov/2025:12:30:00.100","status":503,"backend":"app","server":"<NOSRV>","ts":"SC","Tc":-1,"req":"GET /x"}`, "no-live-peer app 503"},
		{`{"time":"26/Nov/2025:12:30:00.100","st":503,"be":"app","srv":"s1","flags":"SC","Tc":-1,"Tw":0,"Tr":-1,"req":"GET /x","mypath":"/x"}`, "conn-refused app/s1 503"},
		{`{"time":"26/Nov/2025:12:30:00.100","code":503,"be":"app","srv":"s1","tw":0,"tc":-1,"req":"GET /x HTTP/1.1"}`, "conn-refused app/s1 503"},
	} {
		var r parser.Record
		r.Reset()
		if !parseHAProxyAccess([]byte(c.line), &parser.Env{}, &r) {
			t.Errorf("not read: %s", c.line)
			continue
		}
		got := fmt.Sprintf("%v %s %d", r.Gateway.Symptom, r.Gateway.Upstream, r.Access.Status)
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
	for _, line := range []string{
		`{"time":"2026-11-22T15:15:44Z","level":"info","status":200,"state":"SC","path":"/stores","duration":12}`,
		`{"start_time":"2026-11-22T15:15:44Z","response_flags":"UH","response_code":503,"upstream_cluster":"app","method":"GET"}`,
		`{"time":"2026-11-22T15:15:44Z","status":503,"flags":"UC","upstream_address":"10.0.0.7:80","path":"/"}`,
		`{"time_local":"22/Nov/2026:15:15:44 +0000","status":"502","upstream_addr":"10.0.0.7:80","upstream_connect_time":"0.001","upstream_response_time":"0.002","request_time":"0.003"}`,
	} {
		var r parser.Record
		r.Reset()
		if parseHAProxyAccess([]byte(line), &parser.Env{}, &r) {
			t.Errorf("taken: %s\n%s", line, fixtures.Render(&r))
		}
	}
}

func TestHAProxyNames(t *testing.T) {
	for _, c := range []struct {
		around, names string
		want          haproxyKey
	}{
		{"", "ci client_ip clientip src client c_ip remote_addr client_addr source_ip clientIp haproxy_clientIP", haClient},
		{"", "t tr time timestamp @timestamp date datetime dateTime accept_date request_date time_local start_time gmt_date_time", haTime},
		{"", "f ft frontend frontend_name fe_name fe frontend_name_transport haproxy_frontendNameTransport", haFrontend},
		{"", "b backend backend_name be_name be backendName", haBackend},
		{"", "s server server_name srv_name srv serverName", haServer},
		{"", "si server_ip upstream_addr serverIP backend_ip", haServerAddr},
		{"", "ts tsc termination_state term_state state termination session_state session_state_at_disconnect termination_state_with_cookie termination_code terminationState request_termination_state flags", haState},
		{"", "ST status status_code http_status http_status_code response_code res_status statusCode haproxy_statusCode", haStatus},
		{"", "B bytes_read bytes bytes_sent response_bytes bytesRead response_size", haBytes},
		{"", "TR Tq time_request time_client_request tq client_request_send_time", haRequestTime},
		{"", "Tw time_queue time_wait time_backend_queue time_queues queue_time_ms queue_wait_time haproxy_Tw", haQueueTime},
		{"", "Tc time_connect time_backend_connect time_server_connection time_connection connect_time_ms upstream_connect_time tc", haConnectTime},
		{"", "Tr time_response time_backend_response time_server_response response_time_ms server_response_send_time upstream_response_time", haResponseTime},
		{"", "Ta Tt time_total time_active time_session time_duration time_active_ms duration session_duration total_time_ms tt", haTotalTime},
		{"", "r request http_request request_line haproxy_httpRequest req", haRequest},
		{"", "HM method http_method request_method", haMethod},
		{"", "HU HP uri http_uri path http_path url request_uri hu", haTarget},
		{"", "host hdr_host vhost http_host ssl_fc_sni sni request_host", haHost},
		{"", "retries server_connections srv_queue frontend_ip server_port client_port bytes_uploaded connection_handshake_time user_agent captured_request_headers actconn", haNone},
		{"timers", "connect", haConnectTime},
		{"time", "queue", haQueueTime},
		{"source", "ip", haClient},
		{"backend", "name", haBackend},
		{"bytes", "read", haBytes},
		{"service", "name", haNone},
		{"health", "ok", haNone},
	} {
		for name := range strings.FieldsSeq(c.names) {
			if got := haproxyKeyOf([]byte(c.around), []byte(name)); got != c.want {
				t.Errorf("%s.%s: got %d, want %d", c.around, name, got, c.want)
			}
		}
	}
}
