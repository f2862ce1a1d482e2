package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/gateway"
)

var (
	sampleSymptom = regexp.MustCompile(`(?:^| )symptom=([a-z-]+)`)
	sampleFailed  = regexp.MustCompile(`^[^{]* status=50[24] .*try=`)
)

// TestSamplesHaveFormats: no file of samples is left over from a format of another name.
func TestSamplesHaveFormats(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/samples/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	formats := append(gateway.Formats(), applog.Formats()...)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		if !slices.ContainsFunc(formats, func(f *parser.Format) bool { return f.Name == name }) {
			t.Errorf("%s: no format of that name", file)
		}
	}
}

// explain names the format and the class of what every gateway's samples say, as each
// stands among those of the others.
func TestExplainKnowsGateways(t *testing.T) {
	type sample struct {
		fixtures.Sample
		format, product string
	}
	var all []sample
	var in strings.Builder
	for _, f := range gateway.Formats() {
		for _, s := range fixtures.Samples(f.Name) {
			if !strings.Contains(s.Line, "\n") && s.Line[0] != ' ' && strings.Count(s.Line, " [error] ") < 2 && !opensQuote(s.Line) {
				all = append(all, sample{s, f.Name, f.Product})
				in.WriteString(s.Line + "\n")
			}
		}
	}
	var out, errs bytes.Buffer
	if code := run([]string{"explain", "--format", "json"}, strings.NewReader(in.String()), &out, &errs); code != exitDone {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	classes := map[string]int{}
	decoder := json.NewDecoder(&out)
	for _, s := range all {
		var x struct {
			Format, Role *string
			Symptom      *struct{ Class string }
			Meaning      string
		}
		if err := decoder.Decode(&x); err != nil {
			t.Fatal(err)
		}
		if x.Format == nil || *x.Format != s.format || *x.Role != "gateway" || x.Meaning == "" {
			t.Errorf("format %v, want %s: %s", deref(x.Format), s.format, s.Line)
			continue
		}
		class := ""
		if x.Symptom != nil {
			class = x.Symptom.Class
			classes[s.format]++
		}
		want := sampleSymptom.FindStringSubmatch(s.Want)
		if want != nil && class != want[1] || class == "" && sampleFailed.MatchString(s.Want) {
			t.Errorf("class %q of %s\n%s", class, s.Line, s.Want)
		}
	}
	if decoder.More() {
		t.Error("more explanations than lines")
	}
	for _, f := range gateway.Formats() {
		if classes[f.Name] == 0 {
			t.Errorf("no class for any sample of %s", f.Name)
		}
	}
}

// opensQuote reports whether an entry goes on in the next line.
func opensQuote(line string) bool {
	return strings.Contains(line, "FastCGI sent in stderr") && strings.Count(line, `"`)%2 != 0
}

// The meaning is that of the gateway's own message, whichever gateway's it is, not only that
// of its class.
func TestExplainMeansTheMessage(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run([]string{"explain"}, strings.NewReader(line), &out, &errs); code != exitDone || !strings.Contains(out.String(), want) {
			t.Errorf("exit status %d, want %q in: %s%s", code, want, out.String(), errs.String())
		}
	}
	f(`[Thu Nov 26 12:15:55.124925 2026] [proxy_balancer:error] [pid 4807:tid 4850] [client 127.0.0.1:58552] AH01170: balancer://shop: All workers are in error state`,
		"every member is in error")
	f(`-   FetchError     backend default: fail errno 0 (Success)`, "backend_remote_error_holddown")
	f(`[2024-09-14T14:48:29Z ERROR pingora_proxy] Fail to proxy: Upstream InvalidH2 context: Peer: addr: 192.168.100.20:80, scheme: HTTPS,sni: a, status: 502, tries: 1, retry: false, GET /, Host: a`,
		"frames that HTTP/2 does not know")
	f(`2024-07-10T16:21:59Z ERR  error="Unable to reach the origin service. The service may be down or it may not be responding to traffic from cloudflared: odd" originService=http://app:3000`,
		"the origin did not answer the request")
}

// A request in words that no format knows is an access line of no format.
func TestExplainRequestOfNoFormat(t *testing.T) {
	const line = `May 24 18:05:27 myapp edge/proxy at=error code=H13 method=POST path="/" host=a request_id=xxx fwd="xxx" dyno=web.1 connect=0ms service=0ms status=503 bytes=561`
	var out, errs bytes.Buffer
	if code := run([]string{"explain", line}, nil, &out, &errs); code != exitDone {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
}
