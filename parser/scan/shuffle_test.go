package scan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
)

// formatsOf returns the format of each record of text and how many lines it has, by
// the record's first line.
func formatsOf(t testing.TB, text string) (formats []string, lines []int) {
	t.Helper()
	r := NewReader(strings.NewReader(text), Options{Year: 2026})
	for r.Scan(context.Background()) {
		rec := r.Record()
		name := ""
		if rec.Format != nil {
			name = rec.Format.Name
		}
		formats, lines = append(formats, name), append(lines, int(rec.Lines))
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return formats, lines
}

// knownLogs are files of the labelled cases whose format is certain: who wrote them is
// known. Lines that a case's application printed without a format are not asked for.
var knownLogs = []struct {
	file    string
	formats []string
}{
	{"node-heap-limit/logs/nginx/error.log", []string{"nginx-error"}},
	{"tz-ny-gateway-utc-app/logs/nginx/error.log", []string{"nginx-error"}},
	{"node-heap-limit/logs/nginx/access.log", []string{"nginx-access"}},
	{"dns-nxdomain/logs/nginx/access.log", []string{"nginx-access"}},
	{"oom-node-docker/logs/nginx/access.log", []string{"nginx-access"}}, // JSON
	{"apache-go-panic/logs/apache2/error.log", []string{"apache-error"}},
	{"apache-go-panic/logs/apache2/access.log", []string{"nginx-access"}}, // combined: one format for both
	{"haproxy-deploy-refused/logs/haproxy.log", []string{"haproxy-access", "haproxy-event"}},
	{"caddy-node-heap/logs/caddy/access.log", []string{"caddy-access"}},
	{"caddy-node-heap/logs/caddy/caddy.log", []string{"caddy-error"}},
	{"caddy-node-heap/logs/app/search-api.log", []string{"pino"}},
	{"haproxy-deploy-refused/logs/app/catalog.log", []string{"go-log"}},
	{"oom-gunicorn-report/logs/app/gunicorn.log", []string{"gunicorn"}},
	{"oom-gunicorn-report/logs/kern.log", []string{"kernel"}},
	{"pg-too-many-clients-504/logs/postgresql/postgresql-15-main.log", []string{"postgresql"}},
	{"phpfpm-max-children/logs/php8.2-fpm.log", []string{"php-fpm"}},
	{"uwsgi-listen-queue-full/logs/app/uwsgi.log", nil},
	{"node-sigterm-outside/logs/syslog", nil},
	{"node-heap-limit/logs/app/search-api.log", []string{"levelled-text"}},
}

// A knownLine is a line and the format it has.
type knownLine struct{ text, format string }

// fileLines returns up to n lines, spread over the file, that are records of their own.
func fileLines(t *testing.T, file string, formats []string, n int) (out []knownLine) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../fixtures/cases", file))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	names, lines := formatsOf(t, string(text))
	at := 0
	for i, name := range names {
		switch known := name != "" && (formats == nil || slices.Contains(formats, name)); {
		case lines[i] > 1 || all[at] == "":
		case known:
			out = append(out, knownLine{all[at], name})
		case formats != nil:
			t.Errorf("%s:%d: %q, want %v: %s", file, at+1, name, formats, all[at])
		}
		at += lines[i]
	}
	step := max(1, len(out)/n)
	for i := 0; i*step < len(out); i++ {
		out[i] = out[i*step]
	}
	return out[:min(n, len(out))]
}

// notAlone are samples that a Reader takes otherwise than their format alone does.
var notAlone = map[string]string{
	`2025/12/12 04:05:55 [error] 9#9: *4 connect() failed`:                   "two entries on one line",
	`2026-11-22T14:30:00.123456789+00:00 container die 1a2b3c4d5e6f`:         "the envelope takes container for a host",
	`192.0.2.7 - bob [22/Nov/2026:15:04:05 +0000] "POST /cart HTTP/1.1" 201`: "combined: the gateways' format comes first",
	`Nov 22 15:05:21 something without a host`:                               "the envelope takes something for a host",
}

// sampleLines returns the samples of all formats that are one line.
func sampleLines() (out []knownLine) {
	for _, f := range benchFormats {
	samples:
		for _, s := range fixtures.Samples(f.Name) {
			for start := range notAlone {
				if strings.HasPrefix(s.Line, start) {
					continue samples
				}
			}
			if !strings.Contains(s.Line, "\n") && !opensMore(s.Line) {
				out = append(out, knownLine{s.Line, f.Name})
			}
		}
	}
	return out
}

// opensMore reports whether a line takes the next one to it, or begins as one that the
// entry before goes on with.
func opensMore(line string) bool {
	return line[0] == ' ' || strings.HasPrefix(line, "*   <<") || strings.Contains(line, "FastCGI sent in stderr") && strings.Count(line, `"`)%2 != 0
}

func TestDetectionOfSamples(t *testing.T) {
	for _, l := range sampleLines() {
		formats, lines := formatsOf(t, l.text+"\n")
		if len(formats) != 1 || lines[0] != 1 || formats[0] != l.format {
			t.Errorf("%q, want %s: %s", formats, l.format, l.text)
		}
	}
}

func TestDetectionOfShuffledLines(t *testing.T) {
	var all []knownLine
	for _, f := range knownLogs {
		all = append(all, fileLines(t, f.file, f.formats, 60)...)
	}
	all = append(all, sampleLines()...)
	formats := map[string]bool{}
	for _, l := range all {
		formats[l.format] = true
	}
	if len(all) < 1000 || len(formats) < 50 {
		t.Fatalf("only %d lines of %d formats", len(all), len(formats))
	}
	wrong := map[string]int{}
	for seed := range uint64(12) {
		rnd := rand.New(rand.NewPCG(seed, 502))
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var text strings.Builder
		for _, l := range all {
			text.WriteString(l.text + "\n")
		}
		names, lines := formatsOf(t, text.String())
		at := 0
		for i, name := range names {
			if lines[i] != 1 {
				wrong[fmt.Sprintf("%s joined with %d more: %.150s | %.150s", all[at].format, lines[i]-1, all[at].text, all[at+1].text)]++
			} else if name != all[at].format {
				wrong[fmt.Sprintf("%s taken for %q: %.200s", all[at].format, name, all[at].text)]++
			}
			at += lines[i]
		}
		if at != len(all) {
			t.Fatalf("%d lines, want %d", at, len(all))
		}
	}
	for what, n := range wrong {
		t.Errorf("%d times: %s", n, what)
	}
}

// Two programs in one file, whose lines differ in what stands before the parts of a second only:
// Python's logging writes a comma. Each line is read by its own format, also behind the other's.
func TestFormatsThatDifferInTheSecondsMark(t *testing.T) {
	const dot, comma = "2026-04-01 14:32:49.152 ERROR worker.tasks payment of order failed\n", "2026-04-01 14:32:49,152 ERROR worker.tasks payment of order failed\n"
	for text, want := range map[string][]string{
		dot + dot + comma:   {"levelled-text", "levelled-text", "python-logging"},
		comma + comma + dot: {"python-logging", "python-logging", "levelled-text"},
	} {
		if formats, _ := formatsOf(t, text); !slices.Equal(formats, want) {
			t.Errorf("%q, want %q", formats, want)
		}
	}
}
