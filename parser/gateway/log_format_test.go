package gateway

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"culprit/fixtures"
	"culprit/parser"
)

func TestParseLogFormatReads(t *testing.T) {
	f := func(format, line, want string) {
		t.Helper()
		compiled, err := ParseLogFormat(format)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			return
		}
		if got, _ := parseAccess(t, compiled, line); got != want {
			t.Errorf("%s\n%s\n got %s\nwant %s", format, line, got, want)
		}
	}
	const combined = `1.2.3.4 - x [22/Nov/2020:00:00:00 +0000] [22/Nov/2026:15:12:32 +0000] "GET /\x22 HTTP/1.1" 502 157 "-" "curl"`
	const read = `time=2026-11-22T15:12:32Z client=1.2.3.4 method=GET target="/\"" status=502 bytes=157`
	f("combined", combined, read)
	f(combinedFormat, combined, read)
	f(`log_format main '$remote_addr - $remote_user [$time_local] "$request" '
	                    '$status $body_bytes_sent "$http_referer" "$http_user_agent"';`, combined, read)
	f(`'$remote_addr - $remote_user [$time_local] "$request" ' '$status $body_bytes_sent "$http_referer" "$http_user_agent"'`, combined, read)
	f("combined", combined+" more", "")
	f("combined", combined+` rt=0.001 us="200"`, "")
	f("combined", combined[:len(combined)-1], "")
	f("combined", `1.2.3.4 - - [31/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "-" "curl"`, "")

	f(`escape=json {"t":"$msec","c":"$remote_addr","r":"$request","s":$status,"ua":"$http_user_agent","a":"$upstream_addr","us":"$upstream_status"}`,
		`{"t":"1795360352.123","c":"1.2.3.4","r":"GET /\"a\\ HTTP/1.1","s":009,"ua":"x\",\"s\":200,\\","a":"10.0.0.1:80 : 10.0.0.2:80","us":"502 : 200"}`,
		`time=2026-11-22T15:12:32.123Z client=1.2.3.4 method=GET target="/\"a\\" status=9 try={addr=10.0.0.1:80 status=502} try={addr=10.0.0.2:80 status=200 pass=1}`)
	f(`escape=none "$request" $status`, `"GET /" 200 "x HTTP/1.1" 404`, `method=GET target="/\" 200 \"x" status=404`)
	f(`${time_iso8601}|$remote_addr|$request_method|$request_uri|$status|${request_time}ms|$upstream_addr|$upstream_response_time`,
		`2026-11-22T15:12:32+01:00|1.2.3.4|GET|/a|504|1.000ms|shop|0.000`,
		`time=2026-11-22T14:12:32Z(+01:00) client=1.2.3.4 method=GET target=/a status=504 duration=1000000 try={addr=shop response=0}`)
	f(`$upstream_addr $upstream_status $upstream_response_time [$time_local] $status`,
		`10.0.0.1:80, 10.0.0.2:80 502, 200 0.001, 0.002 [22/Nov/2026:15:12:32 +0000] 200`,
		`time=2026-11-22T15:12:32Z status=200 try={addr=10.0.0.1:80 status=502 response=1000} try={addr=10.0.0.2:80 status=200 response=2000}`)
	f(`$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time "$upstream_addr" "$upstream_connect_time"`,
		`1.2.3.4 [22/Nov/2026:15:12:32 +0000] TCP 502 0 0 3.001 "10.0.0.9:3306" "-"`,
		`time=2026-11-22T15:12:32Z client=1.2.3.4 method=TCP status=502 bytes=0 duration=3001000 try={addr=10.0.0.9:3306}`)
	f(`$status\t$request_time`, "200\t0.001", `status=200 duration=1000`)
}

func TestParseLogFormatErrors(t *testing.T) {
	f := func(format, want string) {
		t.Helper()
		if _, err := ParseLogFormat(format); err == nil || err.Error() != "parse log format at byte "+want {
			t.Errorf("%q: %v\nwant %s", format, err, want)
		}
	}
	const unknown = "no variable for time, client, request, status or upstream"
	f(``, `0: `+unknown)
	f(`hello`, `5: `+unknown)
	f(`$foo $http_referer`, `18: `+unknown)
	f(`$status $scheme://$host$request_uri`, `23: $request_uri follows $host without a separator`)
	f(`$status ${host}${uri}`, `15: $uri follows $host without a separator`)
	f(`$status ${host`, `8: ${host is not closed`)
	f(`$status $`, `8: $ without the name of a variable`)
	f(`log_format main '$status`, `16: quote is not closed`)
	f(`log_format '$status'`, `11: log_format has no name`)
	f(`log_format main escape=js '$status';`, `16: escape=js is none of escape=default, escape=json, escape=none`)
	f("log_format m '$status '\n  '$host' '$uri';", `35: $uri follows $host without a separator`)
	f(strings.Repeat("x", maxLogFormat+1), fmt.Sprintf("0: format is longer than %d bytes", maxLogFormat))
}

// A madeRequest is what a property test writes and expects back.
type madeRequest struct {
	at       time.Time
	client   string
	host     string
	request  string
	status   int
	bytes    int
	millis   int
	attempts []madeAttempt
}

type madeAttempt struct {
	addr                      string
	status                    int
	connect, header, response int // ms, -1 for "-"
	redirected                bool
}

func makeRequest(rnd *rand.Rand) madeRequest {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	m := madeRequest{
		at:      time.Unix(1795360000+rnd.Int64N(1e6), 0).In(time.FixedZone("", 900*(rnd.IntN(96)-48))),
		client:  pick("1.2.3.4", "2001:db8::7", "unix:", "203.0.113.255"),
		host:    pick("shop.example.com", "a-b.example.org", "api.example.net"),
		request: pick("GET / HTTP/1.1", `POST /a?b="c" HTTP/2.0`, "GET /\\ HTTP/1.0", "\x16\x03\x01", "PUT /\u00e9/ HTTP/1.1", `GET /" 200 1 " HTTP/1.1`, "GET / : , rt=1 HTTP/1.1"),
		status:  []int{200, 404, 499, 502, 504, 9}[rnd.IntN(6)],
		bytes:   rnd.IntN(100000),
	}
	for range rnd.IntN(4) {
		a := madeAttempt{addr: pick("10.0.0.1:80", "[::1]:8080", "unix:/run/a.sock", "127.0.0.1:9001"), status: 502, connect: -1, header: -1, response: rnd.IntN(300)}
		if rnd.IntN(2) == 0 {
			a.status, a.connect, a.header = 200, 0, a.response
		}
		a.redirected = rnd.IntN(4) == 0
		m.attempts = append(m.attempts, a)
		m.millis += a.response
	}
	return m
}

func millis(n int) string {
	if n < 0 {
		return "-"
	}
	return fmt.Sprintf("%d.%03d", n/1000, n%1000)
}

// list joins the attempts as nginx does.
func (m *madeRequest) list(value func(a madeAttempt) string) string {
	var b strings.Builder
	for i, a := range m.attempts {
		if i > 0 {
			b.WriteString(map[bool]string{false: ", ", true: " : "}[a.redirected])
		}
		b.WriteString(value(a))
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

func (m *madeRequest) value(variable string) string {
	switch variable {
	case "time_local":
		return m.at.Format("02/Jan/2006:15:04:05 -0700")
	case "time_iso8601":
		return m.at.Format("2006-01-02T15:04:05-07:00")
	case "remote_addr":
		return m.client
	case "host":
		return m.host
	case "proxy_upstream_name":
		return "ns-svc-80"
	case "proxy_alternative_upstream_name":
		return ""
	case "request":
		return m.request
	case "status":
		return fmt.Sprintf("%03d", m.status)
	case "body_bytes_sent":
		return fmt.Sprint(m.bytes)
	case "request_time":
		return millis(m.millis)
	case "upstream_addr":
		return m.list(func(a madeAttempt) string { return a.addr })
	case "upstream_status":
		return m.list(func(a madeAttempt) string { return fmt.Sprint(a.status) })
	case "upstream_connect_time":
		return m.list(func(a madeAttempt) string { return millis(a.connect) })
	case "upstream_header_time":
		return m.list(func(a madeAttempt) string { return millis(a.header) })
	case "upstream_response_time":
		return m.list(func(a madeAttempt) string { return millis(a.response) })
	}
	return "-"
}

// escapeDefault is ngx_http_log_escape, escapeJSON ngx_escape_json.
func escapeDefault(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c < 32 || c > 126 || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02X`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapeJSON(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < 32:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// write renders m in a format, $variable by $variable.
func (m *madeRequest) write(format string, escape func(string) string) string {
	var b strings.Builder
	for len(format) > 0 {
		if format[0] != '$' {
			b.WriteByte(format[0])
			format = format[1:]
			continue
		}
		n := 1
		for n < len(format) && (format[n] == '_' || alphabetic(format[n]) || decimal(format[n])) {
			n++
		}
		b.WriteString(escape(m.value(format[1:n])))
		format = format[n:]
	}
	return b.String()
}

// want renders what a format with these variables tells about m.
func (m *madeRequest) want(format string) string {
	has := func(variable string) bool { return strings.Contains(format, "$"+variable) }
	var r parser.Record
	r.Reset()
	r.Kind = parser.KindAccess
	a := &r.Access
	if has("time_") {
		_, offset := m.at.Zone()
		r.Stamp = parser.Stamp{Micros: m.at.UnixMicro(), Precision: parser.Second, Offset: int32(offset), Clock: parser.ClockZoned}
	}
	if has("remote_addr") {
		a.Client = []byte(m.client)
	}
	if has("host") {
		a.Host = []byte(m.host)
	}
	if has("request") {
		setRequest(a, []byte(m.request))
	}
	a.Status = int16(m.status)
	if has("body_bytes_sent") {
		a.Bytes = int64(m.bytes)
	}
	if has("request_time") {
		a.Duration = int64(m.millis) * 1000
	}
	a.HasUps = has("upstream_")
	if a.HasUps {
		m.wantAttempts(a, has)
	}
	if has("proxy_upstream_name") && a.Tries > 0 {
		a.Pool = []byte(m.value("proxy_upstream_name"))
	}
	return fixtures.Render(&r)
}

func (m *madeRequest) wantAttempts(a *parser.Access, has func(string) bool) {
	pass := uint8(0)
	told := has("upstream_addr") || has("upstream_status") || has("upstream_response_time") || len(m.attempts) > 1
	if len(m.attempts) == 0 || !told && m.attempts[0].connect < 0 {
		return // all dashes: the line cannot tell an attempt from none
	}
	micros := func(variable string, n int) int64 {
		if n < 0 || !has(variable) {
			return -1
		}
		return int64(n) * 1000
	}
	for i, made := range m.attempts {
		if i > 0 && made.redirected {
			pass++
		}
		t := parser.Attempt{Pass: pass, Connect: micros("upstream_connect_time", made.connect), Header: micros("upstream_header_time", made.header), Response: micros("upstream_response_time", made.response)}
		if has("upstream_addr") {
			t.Addr = []byte(made.addr)
		}
		if has("upstream_status") {
			t.Status = int16(made.status)
		}
		a.Attempts[a.Tries] = t
		a.Tries++
	}
}

// randomFormat puts variables in any order, bare, quoted or named, between separators.
func randomFormat(rnd *rand.Rand) string {
	variables := []string{"time_local", "remote_addr", "host", "body_bytes_sent", "request_time", "upstream_addr", "upstream_status",
		"upstream_connect_time", "upstream_header_time", "upstream_response_time", "connection", "http_referer"}
	rnd.Shuffle(len(variables), func(i, j int) { variables[i], variables[j] = variables[j], variables[i] })
	chosen := append([]string{"request", "status"}, variables[:4+rnd.IntN(len(variables)-4)]...)
	rnd.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	separator := []string{" ", " | ", "\t", "; "}[rnd.IntN(4)]
	var parts []string
	for _, v := range chosen {
		switch form := rnd.IntN(4); {
		case v == "request" || form == 0:
			parts = append(parts, `"$`+v+`"`)
		case form == 1:
			parts = append(parts, v+`="$`+v+`"`)
		case v == "time_local" || form == 2:
			parts = append(parts, `[$`+v+`]`)
		default:
			parts = append(parts, "$"+v)
		}
	}
	return strings.Join(parts, separator)
}

func TestParseLogFormatReadsWhatItsFormatWrites(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	escapes := []struct {
		prefix string
		escape func(string) string
	}{{"", escapeDefault}, {"escape=json ", escapeJSON}}
	for range 3000 {
		format, m := randomFormat(rnd), makeRequest(rnd)
		e := escapes[rnd.IntN(2)]
		compiled, err := ParseLogFormat(e.prefix + format)
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		line := m.write(format, e.escape)
		if got, _ := parseAccess(t, compiled, line); got != m.want(format) {
			t.Fatalf("%s%s\n%s\n got %s\nwant %s", e.prefix, format, line, got, m.want(format))
		}
	}
}

// commonFormats are what people log; inference must read each as its compiled form does.
var commonFormats = []struct{ format, prefix string }{
	{combinedFormat, ""},
	{combinedFormat + ` "$http_x_forwarded_for"`, ""},
	{combinedFormat + ` rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"`, ""},
	{combinedFormat + ` "$http_x_forwarded_for" rt=$request_time uct=$upstream_connect_time uht=$upstream_header_time urt=$upstream_response_time ua=$upstream_addr us=$upstream_status`, ""},
	{combinedFormat + ` "$http_x_forwarded_for" "$host" sn="$host" rt=$request_time ua="$upstream_addr" us="$upstream_status" ut="$upstream_response_time" ul="$x" cs=$y`, ""},
	{combinedFormat + ` $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`, ""},
	{`$remote_addr - $remote_user [$time_local] $host "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time "$scheme://$x" "$y"`, ""},
	{`$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_addr $upstream_status $upstream_response_time`, ""},
	{`{"time":"$time_iso8601","remote_addr":"$remote_addr","host":"$host","request":"$request","status":$status,"bytes":$body_bytes_sent,"request_time":$request_time,"upstream_addr":"$upstream_addr","upstream_status":"$upstream_status","upstream_response_time":"$upstream_response_time"}`, "escape=json "},
	{`{"time_local":"$time_local","client":"$remote_addr","request":"$request","status":"$status","upstream":{"addr":"$upstream_addr","status":"$upstream_status","connect_time":"$upstream_connect_time","header_time":"$upstream_header_time"}}`, "escape=json "},
	{`time=$time_iso8601 client=$remote_addr host=$host request="$request" status=$status bytes=$body_bytes_sent request_time=$request_time upstream_addr=$upstream_addr upstream_status=$upstream_status upstream_response_time=$upstream_response_time`, ""},
}

func TestInferenceAgreesWithTheFormat(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 5))
	for _, c := range commonFormats {
		escape := escapeDefault
		if c.prefix != "" {
			escape = escapeJSON
		}
		for range 300 {
			m := makeRequest(rnd)
			line := m.write(c.format, escape)
			if got, _ := parseAccess(t, nginxAccess, line); got != m.want(c.format) {
				t.Errorf("%s\n%s\n got %s\nwant %s", c.format, line, got, m.want(c.format))
				break
			}
		}
	}
}

func FuzzParseLogFormat(f *testing.F) {
	for _, c := range commonFormats {
		f.Add(c.prefix+c.format, `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" 502 157 "-" "curl"`)
	}
	f.Add("log_format m escape=none '$status' \"\\t\" '$request';", "200\tGET / HTTP/1.1")
	f.Fuzz(func(t *testing.T, format, line string) {
		compiled, err := ParseLogFormat(format)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "parse log format at byte ") {
				t.Fatal(err)
			}
			return
		}
		var r parser.Record
		r.Reset()
		if compiled.Parse([]byte(line), &parser.Env{}, &r) && r.Kind != parser.KindAccess {
			t.Fatal("accepted, and no access record")
		}
	})
}

func BenchmarkParseLogFormat(b *testing.B) {
	compiled, err := ParseLogFormat(commonFormats[2].format)
	if err != nil {
		b.Fatal(err)
	}
	line, env := []byte(benchLines[1].line), parser.Env{Buf: make([]byte, 0, 4096)}
	var r parser.Record
	b.SetBytes(int64(len(line)) + 1)
	b.ReportAllocs()
	for b.Loop() {
		r.Reset()
		if !compiled.Parse(line, &env, &r) {
			b.Fatal("rejected")
		}
	}
}
