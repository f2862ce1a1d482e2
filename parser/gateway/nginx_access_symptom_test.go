package gateway

import (
	"testing"

	"culprit/parser"
)

// The pictures of nginx's upstream variables and what each means (checked against a
// running nginx: refused, unreachable, closed at once, slow, answered by itself).
func TestInferSymptomAndUpstreamMade(t *testing.T) {
	const head = `1.2.3.4 - - [22/Nov/2026:15:12:32 +0000] "GET / HTTP/1.1" `
	f := func(rest, symptom, phase string, made, known bool) {
		t.Helper()
		got, r := parseAccess(t, nginxAccess, head+rest)
		if got == "" {
			t.Fatalf("rejected %s", rest)
		}
		s, p := InferSymptom(&r.Access)
		if s.String() != symptom || p.String() != phase {
			t.Errorf("%s\n symptom %q in %s, want %q in %s", rest, s, p, symptom, phase)
		}
		if m, k := UpstreamMade(&r.Access); m != made || k != known {
			t.Errorf("%s\n made %v known %v, want %v %v", rest, m, k, made, known)
		}
	}
	const connecting, header = "connecting-to-upstream", "reading-response-header-from-upstream"
	f(`200 5 "-" "-" rt=0.003 uct="0.000" uht="0.003" urt="0.003" ua="1.1.1.1:80" us="200"`, "", "none", true, true)
	f(`404 5 "-" "-" rt=0.003 uct="0.000" uht="0.003" urt="0.003" ua="1.1.1.1:80" us="404"`, "", "none", true, true)
	f(`200 5 "-" "-" rt=0.003 uct="-" uht="-" urt="-" ua="-" us="-"`, "", "none", false, true)
	f(`499 0 "-" "-" rt=0.400 uct="0.000" uht="-" urt="0.400" ua="1.1.1.1:80" us="-"`, "client-abort", "none", false, true)
	f(`444 0 "-" "-" rt=0.000 uct="-" uht="-" urt="-" ua="-" us="-"`, "refused-on-purpose", "none", false, true)
	f(`502 5 "-" "-" rt=0.000 uct="-" uht="-" urt="0.000" ua="1.1.1.1:80" us="502"`, "other", connecting, false, true)
	f(`502 5 "-" "-" rt=0.001 uct="0.000" uht="-" urt="0.001" ua="1.1.1.1:80" us="502"`, "premature-close", header, false, true)
	f(`504 5 "-" "-" rt=4.002 uct="-" uht="-" urt="4.002" ua="1.1.1.1:80" us="504"`, "connect-timeout", connecting, false, true)
	f(`504 5 "-" "-" rt=5.000 uct="0.000" uht="-" urt="5.000" ua="1.1.1.1:80" us="504"`, "read-timeout", header, false, true)
	f(`502 5 "-" "-" rt=0.001 uct="0.000" uht="0.001" urt="0.001" ua="1.1.1.1:80" us="502"`, "upstream-status", header, true, true)
	f(`503 5 "-" "-" rt=0.001 ua="1.1.1.1:80" us="503"`, "upstream-status", header, true, true)
	// A number under a name that others give the upstream's status: Varnish's microseconds.
	f(`503 5 "-" "-" us="185"`, "other", "none", false, false)
	// A configured return 503 of nginx 1.22.1, and with server_tokens off for curl and Chrome.
	f(`503 197 "-" "curl/7.88.1"`, "other", "none", false, true)
	f(`503 190 "-" "curl/7.88.1"`, "other", "none", false, true)
	f(`503 592 "-" "Mozilla/5.0 Chrome/120.0"`, "other", "none", false, true)
	f(`503 91 "-" "curl/7.88.1"`, "other", "none", false, false)
	f(`503 0 "-" "curl/7.88.1"`, "other", "none", false, false)
	f(`502 157 "-" "curl/7.88.1"`, "other", "none", false, false)
	f(`503 197 "-" "-" rt=0.001 ua="1.1.1.1:80" us="503"`, "upstream-status", header, true, true)
	f(`500 5 "-" "-" rt=0.001 ua="1.1.1.1:80" us="500" urt="0.001"`, "upstream-status", header, true, true)
	f(`502 5 "-" "-" rt=0.000 uct="-" uht="-" urt="0.000" ua="shop" us="502"`, "no-live-peer", connecting, false, true)
	f(`502 5 "-" "-" rt=1.939 uct="-, -" uht="-, -" urt="1.940, 0.000" ua="1.1.1.1:80, shop" us="502, 502"`, "other", connecting, false, true)
	f(`502 5 "-" "-" rt=9.0 uct="0.001, -" uht="-, -" urt="9.0, 0.000" ua="1.1.1.1:80, shop" us="504, 502"`, "read-timeout", header, false, true)
	f(`200 5 "-" "-" rt=0.003 uct="0.000, 0.001" uht="-, 0.002" urt="0.001, 0.002" ua="1.1.1.1:80, 1.1.1.1:80" us="502, 200"`, "", "none", true, true)
	f(`009 5 "-" "-" rt=0.007 uct="0.000" uht="0.007" urt="0.007" ua="1.1.1.1:80" us="200"`, "no-http-header", header, false, true)
	f(`502 5 "-" "-" rt=0.000 uct="-" uht="-" urt="-" ua="-" us="-"`, "other", "none", false, true)
	f(`500 5 "-" "-" rt=0.000 uct="-" uht="-" urt="0.000" ua="" us="-"`, "other", connecting, false, true)
	f(`500 5 "-" "-" rt=0.000 uct="- : " uht="- : " urt="0.000 : " ua="1.1.1.1:80 : " us="502 : "`, "other", connecting, false, true)
	// served stale; the upstream's failure is not the client's
	f(`200 5 "-" "-" rt=0.001 uct="-" uht="-" urt="0.001" ua="1.1.1.1:80" us="502" cs=STALE`, "", "none", false, true)
	// error_page to a fallback that answers 503 itself
	f(`503 5 "-" "-" rt=0.001 uct="- : 0.000" uht="- : 0.001" urt="0.001 : 0.001" ua="1.1.1.1:80 : 1.1.1.2:80" us="502 : 503"`, "upstream-status", header, true, true)
	// formats that do not log how far it came
	f(`502 5 "-" "-"`, "other", "none", false, false)
	f(`504 5 "-" "-" 60.000 1.1.1.1:80 504 60.000`, "read-timeout", "none", false, false)
	f(`504 5 "-" "-"`, "read-timeout", "none", false, false)
	f(`502 5 "-" "-" rt=0.001 uct="0.000" urt="0.001" ua="1.1.1.1:80" us="502"`, "other", "none", false, false)
	f(`502 5 "-" "-" rt=0.001 uct="-" urt="0.001" ua="1.1.1.1:80" us="502"`, "other", connecting, false, true)
	f(`502 5 "-" "-" rt=0.001 uht="-" urt="0.001" ua="1.1.1.1:80" us="502"`, "other", "none", false, true)
	f(`502 5 "-" "-" rt=0.001 ua="1.1.1.1:80"`, "other", "none", false, false)
}

// A record that another reader filled by the noun's rules, -1 for "-".
func TestInferSymptomOfPlainAccess(t *testing.T) {
	a := parser.Access{Status: 504, HasUps: true, Tries: 1}
	a.Attempts[0] = parser.Attempt{Addr: []byte("10.0.0.1:80"), Status: 504, Connect: -1, Header: -1, Response: 4_000_000}
	if s, p := InferSymptom(&a); s != parser.SymptomConnectTimeout || p != parser.PhaseConnecting {
		t.Errorf("got %s in %s", s, p)
	}
	if s, p := InferSymptom(&parser.Access{}); s != parser.SymptomNone || p != parser.PhaseNone {
		t.Errorf("empty record: %s in %s", s, p)
	}
}
