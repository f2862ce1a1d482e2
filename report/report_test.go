package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/lipgloss"

	"culprit/fixtures"
	"culprit/parser"
	"culprit/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files; then read the difference")

// second is 2026-11-22T15:01:59Z.
const second = 1795359719 * parser.Second

func at(offset int64) rules.Moment {
	return rules.Moment{Micros: second + offset, Precision: parser.Millisecond}
}

func whole(offset int64) rules.Moment {
	return rules.Moment{Micros: second + offset, Precision: parser.Second}
}

func stamp(offset int64, clock parser.Clock) parser.Stamp {
	return parser.Stamp{Micros: second + offset, Precision: parser.Second, Clock: clock}
}

func quoteAt(source string, line int64, text string) rules.Quote {
	place := rules.Place{Line: line, FirstLine: line, LastLine: line, Offset: 80 * line, Length: int64(len(text)) + 1, Hash: 0xfedcba9876543210}
	return rules.Quote{Location: rules.Location{Source: source, Line: line}, Text: text, Place: place}
}

// oom is the story of a gunicorn worker that the kernel killed; its lines are those of a
// real run (nginx 1.22, gunicorn 20, Linux 6.1).
func oom() *rules.Report {
	kernel := quoteAt("kern.log", 80, "Nov 22 15:01:59 web-1 kernel: [81326.402911] Memory cgroup out of memory: Killed process 22838 (gunicorn) "+
		"total-vm:318216kB, anon-rss:259904kB, file-rss:5376kB, shmem-rss:0kB, UID:33 pgtables:604kB oom_score_adj:0")
	kernel.Place.FirstLine, kernel.Place.Offset, kernel.Place.Length = 1, 0, 6120
	return &rules.Report{
		Window: [2]rules.Moment{whole(-86 * parser.Second), whole(120 * parser.Second)},
		Sources: []rules.SourceInfo{
			{Path: "app/gunicorn.log", Format: "gunicorn", Role: parser.RoleApp, Lines: 1204, Bytes: 90_311, First: stamp(-85e6, parser.ClockZoned), Last: stamp(9e6, parser.ClockZoned), ZoneFrom: rules.ZoneStated},
			{Path: "kern.log", Format: "kernel", Role: parser.RoleSystem, Lines: 82, Bytes: 6400, First: stamp(0, parser.ClockYearless), Last: stamp(0, parser.ClockYearless), ZoneFrom: rules.ZoneInferred, Skew: -2_500_000},
			{Path: "nginx/access.log", Format: "nginx-access", Role: parser.RoleGateway, Gateway: "nginx", Lines: 343, Bytes: 40_000, First: stamp(-86e6, parser.ClockZoned), Last: stamp(120e6, parser.ClockZoned), ZoneFrom: rules.ZoneStated, HasAccess: true},
			{Path: "nginx/error.log", Format: "nginx-error", Role: parser.RoleGateway, Gateway: "nginx", Lines: 31, Bytes: 7120, First: stamp(-80e6, parser.ClockLocal), Last: stamp(60e6, parser.ClockLocal), ZoneFrom: rules.ZoneInferred, HasErrors: true},
		},
		Totals: rules.Totals{Incidents: 1, GatewayErrorLines: 1, Requests: 343, FailedRequests: 1, ClientAborts: 2},
		Incidents: []rules.Incident{{
			ID: "4d1a7c09b2e63f58", State: "resolved",
			Summary: "The kernel killed gunicorn worker 22838 of shop.service for lack of memory at 15:01:59; 1 request to 127.0.0.1:9001 failed",
			Gateway: "nginx", Service: "shop", Upstreams: []string{"127.0.0.1:9001"},
			Culprit: rules.Culprit{Process: "gunicorn", PID: 22838, Unit: "shop.service", Host: "web-1"},
			Start:   at(471_000), End: at(3_471_000),
			ErrorLines: 1, PrimaryLines: 1, FailedRequests: 1, StatusCounts: []rules.StatusCount{{Status: "502", Count: 1}},
			Series:   []rules.Point{{Second: second / parser.Second, Span: 1, Status: "502", Count: 1}},
			Requests: 4,
			Backoff:  rules.Backoff{First: 1}, URLs: []rules.URLGroup{{URL: "GET /report", Failed: 1}}, Clients: 1,
			Verdict: rules.Verdict{
				Cause: rules.CauseOOMKill, Confidence: 0.98, Decibans: 41,
				Reasons: []rules.Reason{{Weight: 25, Text: "the kernel's report names a worker of this upstream"}, {Weight: 6, Text: "a worker that dies at once closes its connections early"}},
				Alternatives: []rules.Alternative{
					{Cause: rules.CauseKilled, Confidence: 0.012, Decibans: 12, WhyNot: "the signal was the kernel's own, as its report 0.1 s before shows"},
					{Cause: rules.CauseRestart, Confidence: 0.004, WhyNot: "no stop was ordered; only one worker went"},
				},
			},
			Symptoms: []rules.SymptomGroup{{
				Class: parser.SymptomPrematureClose, Phase: parser.PhaseReadingHeader, Rank: parser.RankPrimary, Count: 1, First: whole(0), Last: whole(0),
				Example: quoteAt("nginx/error.log", 17, `2026/11/22 15:01:59 [error] 811#811: *345 upstream prematurely closed connection while reading response header from upstream, client: 10.0.0.7, server: shop.example, request: "GET /report?month=11 HTTP/1.1", upstream: "http://127.0.0.1:9001/report?month=11", host: "shop.example"`),
			}},
			Evidence: []rules.Evidence{
				{Kind: "gunicorn-booting", Role: rules.RoleRecovery, Time: whole(1_000_000), Count: 1, Quote: quoteAt("app/gunicorn.log", 1188, "[2026-11-22 15:02:00 +0000] [22911] [INFO] Booting worker with pid: 22911"), Why: "A new worker took its place."},
				{Kind: "kernel-oom-kill", Cause: rules.CauseOOMKill, Role: rules.RoleCause, Time: whole(0), Count: 1, Quote: kernel, Fields: []rules.Field{{Name: "pid", Value: "22838"}, {Name: "process", Value: "gunicorn"}}, Why: "It killed pid 22838, a worker of the process that listens on 127.0.0.1:9001, 0.1 s before the first error.", Weight: 25},
				{Kind: "gunicorn-worker-sigkill", Cause: rules.CauseKilled, Role: rules.RoleEffect, Time: whole(0), Count: 3, Quote: quoteAt("app/gunicorn.log", 1187, "[2026-11-22 15:01:59 +0000] [22830] [ERROR] Worker (pid:22838) was sent SIGKILL! Perhaps out of memory?"), Why: "The master saw the same worker die.", Weight: 5},
			},
			Timeline: []rules.TimelineEntry{
				{Time: whole(0), What: "the kernel kills gunicorn (22838)", Location: rules.Location{Source: "kern.log", Line: 80}},
				{Time: at(471_000), What: "first failed request", Location: rules.Location{Source: "nginx/error.log", Line: 17}},
				{Time: whole(1_000_000), What: "a new worker starts", Location: rules.Location{Source: "app/gunicorn.log", Line: 1188}},
				{Time: at(3_471_000), What: "first success after it"},
			},
			Advice: []string{"look at what GET /report needs: the worker held 254 MiB when it was killed (dmesg, kern.log:80)"},
			Prevent: []string{
				"nginx sends a GET again by itself where there is a second server",
				"raise MemoryMax= of shop.service (systemctl edit shop.service), or set gunicorn's --max-requests so that workers are renewed before they grow.",
			},
			Missing: []string{"how much memory the worker held before: no metrics are among the sources"},
		}},
	}
}

// many has two different incidents and a crowd of small ones, sources with trouble, and
// counts that nobody could tell.
func many() *rules.Report {
	r := oom()
	unknown := rules.Incident{
		ID: "77aa00", State: "open", Upstreams: []string{"10.0.0.1:80", "10.0.0.2:80", "unix:/run/php/php8.2-fpm.sock"},
		Start: whole(40e6), End: whole(165e6), ErrorLines: 12_345, PrimaryLines: 45, SecondaryLines: 12_300, FailedRequests: -1, FailedOther: -1,
		Verdict: rules.Verdict{
			Cause: rules.CauseUnknown, Confidence: 0.4,
			Reasons:      []rules.Reason{{Weight: 8, Text: "the connection was refused at once, so nobody listened"}, {Weight: -4, Text: "no stop or crash is in any log"}},
			Alternatives: []rules.Alternative{{Cause: rules.CauseNotListening, Confidence: 0.3, WhyNot: "9 decibans above its prior, 10 are asked for"}, {Cause: rules.CauseRestart, Confidence: 0.2}, {Cause: rules.CauseKilled, Confidence: 0.05}, {Cause: rules.CauseCrashSignal, Confidence: 0.05}},
		},
		Symptoms: []rules.SymptomGroup{
			{Class: parser.SymptomNoLivePeer, Phase: parser.PhaseConnecting, Rank: parser.RankSecondary, Count: 12_300, First: whole(41e6), Last: whole(165e6), Example: quoteAt("nginx/error.log", 20, `2026/11/22 15:02:40 [error] 811#811: *401 no live upstreams while connecting to upstream, client: 10.0.0.7, server: shop.example, upstream: "http://shop/"`)},
			{Class: parser.SymptomConnRefused, Phase: parser.PhaseConnecting, Rank: parser.RankPrimary, Errno: 111, Count: 45, First: whole(40e6), Last: whole(160e6), Example: quoteAt("nginx/error.log", 19, `2026/11/22 15:02:39 [error] 811#811: *400 connect() failed (111: Connection refused) while connecting to upstream`)},
		},
		Missing: []string{"Which program should listen there: no application's log is among the sources."},
		Related: []string{"4d1a7c09b2e63f58"},
	}
	for i := range int64(126) {
		unknown.Series = append(unknown.Series, rules.Point{Second: second/parser.Second + 40 + i, Span: 1, Status: "primary", Count: 1 + i*i%7})
		if i > 0 {
			unknown.Series = append(unknown.Series, rules.Point{Second: second/parser.Second + 40 + i, Span: 1, Status: "secondary", Count: 90 + i%17})
		}
	}
	for i := range int64(15) {
		unknown.Timeline = append(unknown.Timeline, rules.TimelineEntry{Time: whole(40e6 + i*parser.Second), What: fmt.Sprintf("refusal %d", i+1)})
	}
	r.Incidents = append(r.Incidents, unknown)
	r.Incidents[0].History = &rules.History{Before: 3, First: whole(-145 * parser.Hour), Last: whole(-36 * parser.Hour), LastID: "0123456789abcdef",
		Every: 36 * parser.Hour, Narrowest: 35 * parser.Hour, Widest: 37 * parser.Hour, Limit: "524288kB"}
	for i := range int64(22) {
		r.Incidents = append(r.Incidents, rules.Incident{
			ID: fmt.Sprintf("ka%02d", i), State: "resolved", Start: whole(i * 2 * parser.Hour), End: whole(i*2*parser.Hour + 1), ErrorLines: 1, PrimaryLines: 1,
			Upstreams: []string{"10.0.0.3:3000"}, FailedRequests: 1, Verdict: rules.Verdict{Cause: rules.CauseKeepaliveRace, Confidence: 0.81},
		})
	}
	r.Sources = append(r.Sources,
		rules.SourceInfo{Path: "very/long/path/that/does/not/fit/into/a/terminal/of/eighty/columns/storefront-backend.log", Format: "logback", Role: parser.RoleApp, Lines: 2_400_112, Unparsed: 900_000, Samples: []string{"??? half a line"}, First: stamp(0, parser.ClockLocal), Last: stamp(0, parser.ClockLocal), Zone: "America/New_York", ZoneOffset: -5 * 3600, ZoneFrom: rules.ZoneFlag, Skew: 37_000_000, Warnings: []string{"3 lines longer than 256 KiB were skipped"}},
		rules.SourceInfo{Path: "broken.log.gz", Error: "unexpected end of the gzip stream after 40,960 bytes"},
		rules.SourceInfo{Path: "worker.log", Format: "log4j", Role: parser.RoleApp, Lines: 10, First: stamp(0, parser.ClockLocal), Last: stamp(0, parser.ClockLocal), ZoneFrom: rules.ZoneAssumed},
		rules.SourceInfo{Path: "notes.txt", Lines: 3, Unparsed: 3},
	)
	r.Totals = rules.Totals{Incidents: 24, GatewayErrorLines: 12_368, Requests: 1_204_000, FailedRequests: 23, FailedOther: -1, ClientAborts: 4_012, Refused: 1}
	return r
}

const evil = "=1+1|```` ````</code></pre><script>alert(1)</script> @all #1 ![x](http://evil.example/x) www.evil.example <https://a.b> :smile: $x$ &lt; a@b.example \x1b[2J\x1b]0;owned\a\r\n\u009b31m\u202egnp.exe\u200b\xff\xfe\x00\x7f\t<b>&amp;</b> \u2028 \\"

// hostile has an attacker's bytes in every text that can come from a log, and numbers that are none.
func hostile() *rules.Report {
	r := oom()
	s := &r.Sources[0]
	s.Path, s.Format, s.Zone, s.Error, s.Warnings = evil, evil, evil, evil, []string{evil}
	s.Unparsed, s.Samples, s.ZoneFrom = s.Lines, []string{evil}, rules.ZoneFrom(evil)
	in := &r.Incidents[0]
	in.ID, in.State, in.Summary, in.Gateway, in.Service, in.Upstreams = evil, evil, evil+strings.Repeat("x", 300), evil, evil, []string{evil, evil, evil}
	in.Culprit = rules.Culprit{Process: evil, PID: -1, Unit: evil, Container: evil, Host: evil}
	in.StatusCounts, in.Related = []rules.StatusCount{{Status: evil, Count: 1}}, []string{evil}
	in.Advice, in.Prevent, in.Missing = []string{evil}, []string{evil}, []string{evil}
	in.Verdict = rules.Verdict{Cause: evil, Confidence: math.NaN(), Reasons: []rules.Reason{{Text: evil}}, Alternatives: []rules.Alternative{{Cause: evil, Confidence: math.Inf(1), WhyNot: evil}}}
	in.Symptoms[0].Example = quoteAt(evil, 1, evil)
	in.Evidence = []rules.Evidence{{Kind: evil, Cause: evil, Role: evil, Quote: quoteAt(evil, 0, evil+strings.Repeat("日本", 60)), Why: evil}}
	in.Evidence[0].Quote.Message = evil + "decoded"
	in.Series = []rules.Point{{Second: 1, Span: -7, Status: evil, Count: -3}, {Second: 3, Status: "<script>", Count: 1 << 62}, {Second: 1 << 40, Count: 1}}
	in.URLs, in.Clients, in.ClientsAbout = []rules.URLGroup{{URL: evil, Failed: 3}, {Failed: 1}}, 1<<40, true
	in.History = &rules.History{Before: 10, Last: whole(-3600e6), LastID: evil, Limit: evil}
	in.Timeline = []rules.TimelineEntry{{What: evil, Location: rules.Location{Source: evil, Line: 1}}}
	r.Incidents = append(r.Incidents, *in) // two, for the overview
	return r
}

func quiet() *rules.Report {
	r := oom()
	r.Incidents, r.Totals.Incidents, r.Totals.GatewayErrorLines, r.Totals.Refused = nil, 0, 0, 12
	return r
}

// blind has an application's log only.
func blind() *rules.Report {
	r := oom()
	r.Sources, r.Incidents = r.Sources[:1], nil
	r.Totals = rules.Totals{Incidents: 0, GatewayErrorLines: -1, Requests: -1, FailedRequests: -1, FailedOther: -1, ClientAborts: -1, Refused: -1}
	return r
}

var reports = []struct {
	name string
	make func() *rules.Report
}{
	{"empty", func() *rules.Report { return new(rules.Report) }},
	{"quiet", quiet}, {"blind", blind}, {"oom", oom}, {"many", many}, {"hostile", hostile},
}

func render(t testing.TB, format string, r *rules.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	for _, f := range Formats() {
		if f.Name == format {
			if err := f.Write(&b, r, o); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.String()
}

// wholePage is the report whose page is kept whole; of the others the head, which is the
// same, is left out.
const wholePage = "oom"

func TestGolden(t *testing.T) {
	for _, f := range Formats() {
		for _, r := range reports {
			name := filepath.Join("testdata", r.name+"."+f.Name)
			got := render(t, f.Name, r.make(), Options{})
			if f.Name == "html" && r.name != wholePage {
				var err error
				if got, err = fixtures.WithoutHead(got, render(t, f.Name, oom(), Options{})); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			fixtures.Golden(t, name, got, *update)
		}
	}
}

// forbidden are the runes that can change what a terminal shows elsewhere.
func forbidden(r rune) bool {
	return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f || r == 0x061c || r >= 0x200b && r <= 0x200f ||
		r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x2069 || r == 0xfeff || r == 0xfffd
}

func TestNothingHostileGetsOut(t *testing.T) {
	for _, f := range Formats() {
		got := render(t, f.Name, hostile(), Options{})
		if i := strings.IndexFunc(got, forbidden); i >= 0 {
			t.Errorf("%s: %q", f.Name, got[max(0, i-20):i+20])
		}
	}
	if got := render(t, "text", hostile(), Options{}); !strings.Contains(got, `\x1b[2J`) || !strings.Contains(got, `\u202egnp`) {
		t.Error("hostile bytes are not shown but lost")
	}
}

func TestTextKeepsItsWidth(t *testing.T) {
	for _, r := range reports {
		for _, width := range []int{1, 40, 80, 81, 133, 250} {
			for _, color := range []bool{false, true} {
				got := render(t, "text", r.make(), Options{Width: width, Color: color})
				for line := range strings.Lines(got) {
					if n := lipgloss.Width(strings.TrimSuffix(line, "\n")); n > max(width, 40) {
						t.Errorf("%s at %d: %d columns: %q", r.name, width, n, line)
					}
				}
			}
		}
	}
}

// Colour adds sequences and nothing else.
func TestColorCarriesNoMeaning(t *testing.T) {
	for _, r := range reports {
		plain, colored := render(t, "text", r.make(), Options{}), render(t, "text", r.make(), Options{Color: true})
		if strings.Contains(plain, "\x1b") {
			t.Errorf("%s: escape sequences without colour", r.name)
		}
		if stripped := stripSGR(colored); stripped != plain {
			t.Errorf("%s: %s", r.name, fixtures.Difference(plain, stripped))
		}
		if !strings.Contains(colored, "\x1b[") {
			t.Errorf("%s: no colour", r.name)
		}
	}
}

func stripSGR(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		b.WriteString(part)
	}
	return b.String()
}

func TestTextInTheReadersZone(t *testing.T) {
	f := func(loc *time.Location, want ...string) {
		t.Helper()
		got := render(t, "text", oom(), Options{Location: loc})
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%v: no %q in\n%s", loc, w, got)
			}
		}
	}
	f(nil, "2026-11-22 15:01:59 to 15:02:02 UTC (3 s)", "Timeline (UTC)", "15:01:59.471")
	f(time.FixedZone("CET", 3600), "2026-11-22 16:01:59 to 16:02:02 CET (3 s)", "Timeline (CET)", "16:01:59.471")
	f(time.FixedZone("", -3*3600-1800), "2026-11-22 11:31:59 to 11:32:02 UTC-03:30 (3 s)", "Timeline (UTC-03:30)")
	f(time.FixedZone("\x1b[2J", 0), `\x1b[2J`)
}

// After a rotation the log that everybody knows is empty.
func TestEmptyGatewayLogIsNamed(t *testing.T) {
	r := &rules.Report{Sources: []rules.SourceInfo{{Path: "nginx/error.log"}, {Path: "app/shop.log"}, {Path: "nginx/access.log", Error: "permission denied"}}}
	for _, format := range []string{"text", "markdown", "html"} {
		got := strings.Join(strings.Fields(render(t, format, r, Options{})), " ")
		if !strings.Contains(strings.ReplaceAll(got, "`", ""), "nginx/error.log may be such a log, and holds nothing") || strings.Contains(got, "app/shop.log may") {
			t.Errorf("%s: %s", format, got)
		}
	}
}

func TestTextSaysTheWorstFirst(t *testing.T) {
	first := func(r *rules.Report) string {
		line, _, _ := strings.Cut(render(t, "text", r, Options{}), "\n")
		return line
	}
	for _, c := range []struct {
		r    *rules.Report
		want string
	}{
		{blind(), "No gateway log is among the sources."},
		{new(rules.Report), "No gateway log is among the sources."},
		{quiet(), "No incident: the gateway's logs show no request that an upstream failed."},
		{oom(), "1 incident, 1 of 343 requests failed, read from 4 sources."},
		{many(), "24 incidents, 23 of 1,204,000 requests failed, read from 8 sources."},
	} {
		if got := first(c.r); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// failing is a writer whose disk is full after some bytes.
type failing struct{ left int }

var errFull = errors.New("disk full")

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	for _, f := range Formats() {
		for _, left := range []int{0, 5000} {
			if err := f.Write(&failing{left}, many(), Options{}); !errors.Is(err, errFull) {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
	if err := WriteIncidentLine(&failing{}, "opened", &oom().Incidents[0]); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

func TestReportIsLeftAlone(t *testing.T) {
	r := many()
	for _, f := range Formats() {
		render(t, f.Name, r, Options{})
	}
	if !reflect.DeepEqual(r, many()) {
		t.Error("a format has changed the report that it prints")
	}
}

func BenchmarkFormats(b *testing.B) {
	r := oom()
	for len(r.Incidents) < 10_000 {
		r.Incidents = append(r.Incidents, r.Incidents[0])
	}
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) {
			var n counter
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Write(&n, r, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(n) / int64(b.N))
		})
	}
}

type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The terminal too tells what spoke against the cause, and whose the errors were.
func TestTextTellsTheOtherSide(t *testing.T) {
	r := oom()
	in := &r.Incidents[0]
	in.Verdict.Reasons = append(in.Verdict.Reasons, rules.Reason{Weight: -6, Text: "three workers of other services died in that minute"})
	in.Symptoms = append(in.Symptoms, rules.SymptomGroup{Class: parser.SymptomUpstreamStatus, Rank: parser.RankPrimary, Count: 7})
	text := strings.Join(strings.Fields(render(t, "text", r, Options{})), " ")
	for _, want := range []string{"What spoke against it − three workers of other services", "1 made by the gateway, 7 passed through from the upstream"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if plain := render(t, "text", oom(), Options{}); strings.Contains(plain, "spoke against") || strings.Contains(plain, "passed through") {
		t.Error(plain)
	}
}

// A line of a log is shown over as many rows as it needs, as far as there are, and the values
// that it was quoted for are seen wherever they stand.
func TestRawLinesAreSeen(t *testing.T) {
	shown := func(width int, text string, marks ...string) string {
		var b bytes.Buffer
		p := newPage(&b, Options{Width: width})
		p.raw("  ", text, marks)
		if err := p.out.Flush(); err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(rows) > rawRows {
			t.Errorf("%d rows: %q", len(rows), rows)
		}
		for i, row := range rows {
			bar := "  ┆ "
			if i == 0 {
				bar = "  │ "
			}
			if !strings.HasPrefix(row, bar) || lipgloss.Width(row) > width {
				t.Errorf("row %d at %d columns: %q", i, width, row)
			}
			rows[i] = strings.TrimPrefix(row, bar)
		}
		return strings.Join(rows, "¶")
	}
	line := oom().Incidents[0].Symptoms[0].Example.Text
	if got := shown(80, line); !strings.Contains(got, "upstream prematurely closed¶connection") || !strings.Contains(got, `"http://127.0.0.1:9001/report?month=11", host: "shop.example"`) {
		t.Errorf("%q", got)
	}
	if got := shown(500, line); got != line {
		t.Errorf("%q", got)
	}
	for _, text := range []string{strings.Repeat("x", 1000), strings.Repeat("日本 ", 300), strings.Repeat("a ", 500), strings.Repeat("word-of-some-length ", 60)} {
		for at := 0; at < len(text); at += 97 {
			for text[at] != ' ' && text[at]&0xc0 == 0x80 {
				at++
			}
			if got := strings.ReplaceAll(shown(60, text[:at]+" pid=4711 "+text[at:], "4711"), "¶", ""); !strings.Contains(got, "4711") {
				t.Errorf("the mark at byte %d is not seen: %q", at, got)
			}
		}
	}
}

// What is not known is not made up: no share without a log, no hope where waiting is in vain.
func TestTextOfWhatWasNotCounted(t *testing.T) {
	f := func(want string, change func(*rules.Incident)) {
		t.Helper()
		r := oom()
		change(&r.Incidents[0])
		for _, format := range []string{"text", "markdown", "html"} {
			if got := strings.Join(strings.Fields(render(t, format, r, Options{Width: 100})), " "); !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", format, want, got)
			}
		}
	}
	f("no failed request is in the access log", func(in *rules.Incident) { in.FailedRequests, in.ErrorLines = 0, 108 })
	f("the same request fails again until the cause is mended", func(in *rules.Incident) { in.Verdict.Cause, in.Backoff = rules.CauseResponseTooLarge, rules.Backoff{} })
	f("no good answer in the logs can be told to be of this upstream", func(in *rules.Incident) { in.State, in.Backoff, in.OfGateway = "open", rules.Backoff{}, true })
	f("is not known: all that failed asked for", func(in *rules.Incident) {
		in.Backoff, in.URLs = rules.Backoff{}, []rules.URLGroup{{URL: "GET /orders", Failed: 1}}
	})
	f("it rests on one kind of line; 2 other causes were weighed and are told below", func(in *rules.Incident) {})
	f("it rests on one kind of line, and no other cause had evidence in these logs", func(in *rules.Incident) { in.Verdict.Alternatives = nil })
	f("own message alone, and the other cause considered follows from this one; something spoke against it, too", func(in *rules.Incident) {
		in.Evidence = []rules.Evidence{{Kind: "premature-close", Role: rules.RoleCause}}
		in.Verdict.Alternatives = []rules.Alternative{{Cause: rules.CauseNotListening, WhyNot: "it is a consequence of " + string(in.Verdict.Cause)}}
		in.Verdict.Reasons = append(in.Verdict.Reasons, rules.Reason{Weight: -3, Text: "it is late"})
	})
	if got := upstreamsOf(&rules.Incident{Gateway: "kong"}); got != "an upstream that no line names" {
		t.Error(got)
	}
	if got := upstreamsOf(&rules.Incident{Gateway: "kong", Culprit: rules.Culprit{Process: "nginx"}}); got != "the gateway itself" {
		t.Error(got)
	}
	f("none is named in the logs", func(in *rules.Incident) { in.Upstreams = nil })
	f("none; the gateway itself", func(in *rules.Incident) {
		in.Upstreams, in.Service, in.Culprit = nil, "", rules.Culprit{Process: in.Gateway}
	})
	f("that a further log would be known to tell", func(in *rules.Incident) { in.Missing = nil })
	f("1 request failed while 3 others were answered by the gateway (25 % failed)", func(in *rules.Incident) { in.OfGateway = true })
	f("postgres, pid 7, on which shop depends", func(in *rules.Incident) {
		in.Verdict.Cause, in.Culprit = rules.CauseDependencyFailure, rules.Culprit{Process: "postgres", PID: 7}
	})
}

// A sentence begins with a capital, but a name stays as it is written.
func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"the kernel killed it": "The kernel killed it.", "gunicorn starts": "gunicorn starts.", "nginx sees: header too large": "nginx sees: header too large.",
		"process 12 starts.": "Process 12 starts.", "": "", "theme.service stopped!": "theme.service stopped!", "how well": "How well.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	in := &rules.Incident{Gateway: "nginx"}
	if got := orders([]string{"run nginx -t", "nginx sends a GET again", "-x", ""}, in); strings.Join(got, "|") != "Run nginx -t.|nginx sends a GET again.|-x.|" {
		t.Errorf("%q", got)
	}
}

// How the sources were read is said beside what they prove: skew, assumed zones, lines that were
// not understood.
func TestReportTellsHowSourcesWereRead(t *testing.T) {
	r := oom()
	s := &r.Sources[3]
	s.ZoneFrom, s.Unparsed, s.Samples = rules.ZoneAssumed, 20, []string{"half a line"}
	for _, format := range []string{"text", "markdown", "html"} {
		got := strings.Join(strings.Fields(strings.NewReplacer("`", "", "&#43;", "+", "&#39;", "'").Replace(render(t, format, r, Options{Width: 200}))), " ")
		for _, want := range []string{
			"its clock is 3 s behind the gateway's; that is allowed for", "its times carry no zone and nothing tells it, so UTC is assumed; set it with --tz",
			"20 of 31 lines were not understood, such as: half a line", "app/gunicorn.log", "kern.log",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %s", format, want, got[max(len(got)-1500, 0):])
			}
		}
	}
}

// Who stands behind the address is shown link by link.
func TestLinksAreShown(t *testing.T) {
	r := oom()
	for format, want := range map[string]string{
		"markdown": "Who serves it: `127.0.0.1:9001` → `shop` → `gunicorn, pid 22838` → `shop.service` → `web-1`",
		"html":     "127.0.0.1:9001",
		"text":     "Culprit gunicorn, pid 22838, of shop.service on web-1",
	} {
		if got := strings.Join(strings.Fields(render(t, format, r, Options{})), " "); !strings.Contains(got, want) {
			t.Errorf("%s: no %q", format, want)
		}
	}
	page := render(t, "html", r, Options{})
	at := 0
	for _, link := range []string{"<code>127.0.0.1:9001</code>", "<code>shop</code>", "<code>gunicorn, pid 22838</code>", "<code>shop.service</code>", "<code>web-1</code>"} {
		n := strings.Index(page[at:], link)
		if n < 0 {
			t.Fatalf("no %q behind the link before it", link)
		}
		at += n
	}
	if !strings.Contains(page, "<title>cause 15:01:59</title>") && !strings.Contains(page, "<title>cause ") || !strings.Contains(page, "1 × 502</title>") {
		t.Error("the chart's marks and bars have no hover titles")
	}
	in := rules.Incident{Gateway: "nginx", Service: "shop"} // no line names the address
	if got := chainOf(&in); got != nil {
		t.Errorf("a chain of one: %q", got)
	}
	in.Culprit.Process = "nginx"
	if got := chainOf(&rules.Incident{Gateway: "nginx", Culprit: rules.Culprit{Process: "nginx"}}); len(got) != 2 || got[0] != "the gateway itself" {
		t.Errorf("of the gateway: %q", got)
	}
}
