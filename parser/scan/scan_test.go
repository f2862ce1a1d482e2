package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"culprit/fixtures"
	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/gateway"
)

// A read is what a test keeps of a record.
type read struct {
	first, lines         int64
	format               string
	message, raw         string
	stamp, after, before parser.Stamp
	kind                 parser.Kind
	rendered             string
	places               string // line numbers of Message's lines by PhysicalLine
}

func readAll(t testing.TB, src io.Reader, opts Options) ([]read, Stats) {
	t.Helper()
	if opts.Year == 0 {
		opts.Year = 2026
	}
	r := NewReader(src, opts)
	var all []read
	for r.Scan(context.Background()) {
		rec := r.Record()
		one := read{first: rec.Line, lines: int64(rec.Lines), message: string(rec.Message), raw: string(rec.Raw),
			stamp: rec.Stamp, after: rec.After, before: rec.Before, kind: rec.Kind, rendered: fixtures.Render(rec)}
		if rec.Format != nil {
			one.format = rec.Format.Name
		}
		for i := range rec.Message {
			if i == 0 || rec.Message[i-1] == '\n' {
				line, text, _ := r.PhysicalLine(rec, i)
				one.places += fmt.Sprint(line, ":", len(text), " ")
			}
		}
		all = append(all, one)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return all, r.Stats()
}

func readText(t testing.TB, text string) []read {
	t.Helper()
	all, _ := readAll(t, strings.NewReader(text), Options{})
	return all
}

// lineCounts renders how the lines of a text were grouped: "1 7 1".
func lineCounts(all []read) string {
	var b strings.Builder
	for i, r := range all {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, r.lines)
	}
	return b.String()
}

func dockerLine(stream, second, text string) string {
	return fmt.Sprintf(`{"log":%q,"stream":%q,"time":"2026-11-22T15:04:%sZ"}`+"\n", text+"\n", stream, second)
}

func TestReaderJoinsTraces(t *testing.T) {
	for _, c := range traces {
		all := readText(t, c.text)
		if got := lineCounts(all); got != c.want {
			t.Errorf("%s: records of %s lines, want %s", c.name, got, c.want)
			for _, r := range all {
				t.Logf("  %d+%d %s %q", r.first, r.lines, r.format, r.message)
			}
		}
	}
}

func TestReaderIsIndependentOfBlocks(t *testing.T) {
	var text strings.Builder
	for range 3 {
		for _, c := range traces {
			text.WriteString(c.text)
		}
	}
	files, _ := filepath.Glob("testdata/*.log")
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	want, wantStats := readAll(t, strings.NewReader(text.String()), Options{})
	for name, src := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(strings.NewReader(text.String())),
		"half":     iotest.HalfReader(strings.NewReader(text.String())),
		"data+EOF": iotest.DataErrReader(strings.NewReader(text.String())),
		"1000":     &chunks{text.String(), 1000},
	} {
		got, stats := readAll(t, src, Options{})
		if len(got) != len(want) {
			t.Fatalf("%s: %d records, want %d", name, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("%s: record %d\n got  %+v\n want %+v", name, i, got[i], want[i])
			}
		}
		if fmt.Sprint(stats) != fmt.Sprint(wantStats) {
			t.Errorf("%s: %+v, want %+v", name, stats, wantStats)
		}
	}
}

// chunks gives n bytes at a time.
type chunks struct {
	text string
	n    int
}

func (c *chunks) Read(p []byte) (int, error) {
	if c.text == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.n)], c.text)
	c.text = c.text[n:]
	return n, nil
}

func TestReaderKeepsRecordsWhenTheBufferMoves(t *testing.T) {
	// Far more than one buffer, with a stream that never gets a stamp in between.
	line := "web-1  | plain text without a stamp\n"
	other := `db-1   | 2026/11/22 15:23:32 [error] 8491#8491: *229 connect() failed (111: Connection refused) while connecting to upstream, client: 198.51.100.14` + "\n"
	all, st := readAll(t, strings.NewReader(strings.Repeat(line+other, 20000)), Options{})
	if len(all) != 40000 || st.Lines != 40000 {
		t.Fatalf("%d records of %d lines", len(all), st.Lines)
	}
	for i, r := range all {
		if i%2 == 0 && r.message != "plain text without a stamp" || i%2 == 1 && r.format != "nginx-error" || r.first != int64(i+1) {
			t.Fatalf("record %d: %+v", i, r)
		}
	}
}

func TestReaderReadsQuotedStderrWhole(t *testing.T) {
	r := readText(t, nginxPHP+"Stack trace:\n#0 {main}\n"+nginxEnd)[0]
	if r.kind != parser.KindGateway || !strings.Contains(r.rendered, "upstream=unix:/run/php/f.sock") || !strings.Contains(r.rendered, "Stack trace:") {
		t.Errorf("got %s", r.rendered)
	}
}

func TestReaderReadsBrokenEntriesWhole(t *testing.T) {
	for name, want := range map[string]string{
		"nginx broken by hand":      "symptom=conn-refused phase=connecting-to-upstream rank=primary",
		"nginx at a screen's width": "symptom=conn-refused phase=connecting-to-upstream rank=primary",
		"nginx wrapped by a mailer": "symptom=premature-close phase=reading-response-header-from-upstream rank=primary",
	} {
		r := readText(t, traceText(t, name))[0]
		if !strings.Contains(r.rendered, want) || !strings.Contains(r.rendered, "upstream=127.0.0.1:9001") || !strings.Contains(r.rendered, "vhost=a ") {
			t.Errorf("%s: got %s", name, r.rendered)
		}
	}
}

func traceText(t *testing.T, name string) string {
	t.Helper()
	for _, c := range traces {
		if c.name == name {
			return c.text
		}
	}
	t.Fatalf("no trace %q", name)
	return ""
}

func TestPhysicalLine(t *testing.T) {
	text := oomHead + "Nov 22 15:01:59 web-1 app[7]: between\nNov 22 15:01:59 web-1 kernel: [ 3759.873783] Memory cgroup out of memory: Killed process 22838 (gunicorn)\n"
	r := NewReader(strings.NewReader(text), Options{Year: 2026})
	if !r.Scan(context.Background()) {
		t.Fatal("no record")
	}
	rec := r.Record()
	line, raw, offset := r.PhysicalLine(rec, bytes.Index(rec.Message, []byte("Killed process")))
	if line != 3 || !strings.HasPrefix(string(raw), "Nov 22 15:01:59 web-1 kernel: [ 3759.873783] Memory") || text[offset:offset+int64(len(raw))] != string(raw) {
		t.Errorf("line %d at %d: %s", line, offset, raw)
	}
	if line, _, _ = r.PhysicalLine(rec, 0); line != 1 {
		t.Errorf("the message begins on line %d", line)
	}
}

func TestReaderSettlesStamps(t *testing.T) {
	f := func(name, text string, want ...string) {
		t.Helper()
		all := readText(t, text)
		for i, r := range all {
			if got := r.stamp.Time().Format("2006-01-02T15:04:05"); i < len(want) && got != want[i] {
				t.Errorf("%s: record %d at %s, want %s", name, i, got, want[i])
			}
		}
		if len(all) != len(want) {
			t.Errorf("%s: %d records, want %d", name, len(all), len(want))
		}
	}
	f("year from the seed", "Nov 22 14:16:27 h a[1]: x\n", "2026-11-22T14:16:27")
	f("new year", "Dec 31 23:59:59 h a[1]: x\nJan  1 00:00:01 h a[1]: y\nDec 31 23:59:59 h b[1]: late\nJan  1 00:00:02 h a[1]: z\n",
		"2026-12-31T23:59:59", "2027-01-01T00:00:01", "2026-12-31T23:59:59", "2027-01-01T00:00:02")
	f("year from a sibling", "2024/12/31 23:59:50 [error] 1#1: x\nDec 31 23:59:59 h a[1]: x\nJan  1 00:00:01 h a[1]: y\n",
		"2024-12-31T23:59:50", "2024-12-31T23:59:59", "2025-01-01T00:00:01")
	f("leap day", "2024/02/28 23:59:50 [error] 1#1: x\nFeb 29 10:00:00 h a[1]: x\nMar  1 10:00:00 h a[1]: x\n",
		"2024-02-28T23:59:50", "2024-02-29T10:00:00", "2024-03-01T10:00:00")
	f("date of a time of day", "2026/11/22 23:59:50 [error] 1#1: x\n23:59:55.100 [error] a\n00:00:01.100 [error] b\n",
		"2026-11-22T23:59:50", "2026-11-22T23:59:55", "2026-11-23T00:00:01")
	f("the envelope's zone wins", dockerLine("stderr", "00.1", "2026/11/22 10:04:00 [error] 1#1: x"), "2026-11-22T15:04:00")
	f("the inner date wins", "Nov 22 14:16:27 h nginx: 2025/11/22 14:16:26 [error] 1#1: x\n", "2025-11-22T14:16:26")
}

func TestReaderBoundsLinesWithoutStamp(t *testing.T) {
	all := readText(t, "first\n"+goLine+"between\nand more\n"+strings.ReplaceAll(goLine, ":23 ", ":25 ")+"last\n")
	f := func(i int, after, before string) {
		t.Helper()
		show := func(s parser.Stamp) string {
			if !s.Known() {
				return ""
			}
			return s.Time().Format("05")
		}
		if got := show(all[i].after) + "-" + show(all[i].before); got != after+"-"+before {
			t.Errorf("%s: between %s, want %s-%s", all[i].message, got, after, before)
		}
	}
	f(0, "", "23")
	f(2, "23", "25")
	f(3, "23", "25")
	f(5, "25", "")
}

func TestReaderBoundsItsQueue(t *testing.T) {
	all, st := readAll(t, strings.NewReader(strings.Repeat("text\n", 5000)+goLine), Options{})
	if len(all) != 5001 || st.Unparsed != 5000 || len(st.Samples) != maxSamples {
		t.Fatalf("%d records, %d unparsed, %d samples", len(all), st.Unparsed, len(st.Samples))
	}
	if all[0].before.Known() || !all[4999].before.Known() {
		t.Error("the queue is not bounded as it should")
	}
}

func TestReaderBoundsWhatWaits(t *testing.T) {
	r := NewReader(strings.NewReader(strings.Repeat(strings.Repeat("x", 100<<10)+"\n", 200)), Options{})
	n := 0
	for r.Scan(context.Background()) {
		if n++; r.waiting > maxWaiting+DefaultMaxLine {
			t.Fatalf("%d bytes wait", r.waiting)
		}
	}
	if n != 200 || r.waiting != 0 {
		t.Errorf("%d records, %d bytes wait at the end", n, r.waiting)
	}
}

func TestReaderBoundsRecords(t *testing.T) {
	all := readText(t, "panic: x\n\ngoroutine 1 [running]:\n"+strings.Repeat("main.f()\n", 2500)+goLine)
	if got := lineCounts(all); got != "1000 1000 503 1" {
		t.Errorf("records of %s lines", got)
	}
}

func TestReaderJoinsPartialLines(t *testing.T) {
	half := `{"level":50,"time":1795359751442,"msg":"` + strings.Repeat("x", 16<<10-40)
	docker := func(text, stream string) string {
		return fmt.Sprintf(`{"log":%q,"stream":%q,"time":"2026-11-22T15:04:00.1Z"}`+"\n", text, stream)
	}
	all := readText(t, docker(half, "stderr")+docker("other\n", "stdout")+docker(`end"}`+"\n", "stderr"))
	if len(all) != 2 || all[0].format == "" || all[0].lines != 2 || !strings.HasSuffix(all[0].message, "xend") {
		t.Errorf("got %s, %s", lineCounts(all), all[0].format)
	}
	all = readText(t, docker("Killed", "stderr")+docker(`{"level":30,"time":1795359751442,"msg":"up"}`+"\n", "stderr"))
	if len(all) != 2 || all[0].message != "Killed" || all[1].format == "" {
		t.Errorf("last words were taken for a piece: %+v", all)
	}
	all = readText(t, "2026-11-22T14:30:00.1Z stderr P pan\n2026-11-22T14:30:00.1Z stdout F up\n2026-11-22T14:30:00.1Z stderr P ic:\n2026-11-22T14:30:00.1Z stderr F  boom\n2026-11-22T14:30:00.1Z stderr F goroutine 1 [running]:\n")
	if got := lineCounts(all); got != "4 1" || all[0].message != "panic: boom\ngoroutine 1 [running]:" {
		t.Errorf("records of %s lines: %q", got, all[0].message)
	}
	all = readText(t, "2026-11-22T14:30:00.1Z stderr P cut off by the end\n")
	if len(all) != 1 || all[0].message != "cut off by the end" {
		t.Errorf("got %+v", all)
	}
}

func TestReaderReadsJournalBlocks(t *testing.T) {
	export := "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1795359927775078\n_HOSTNAME=h\nSYSLOG_IDENTIFIER=app\n_PID=7\nMESSAGE\n" +
		"\x0a\x00\x00\x00\x00\x00\x00\x00one\n\ntwo\r\n\n_SYSTEMD_UNIT=app.service\n\n"
	all := readText(t, export+"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795359927775079\nMESSAGE=plain\n\n")
	want := `time=2026-11-22T15:05:27.775078Z host=h program=app unit=app.service pid=7 msg="one\n\ntwo\r\n"`
	if len(all) != 2 || all[0].rendered != want || !strings.HasSuffix(all[1].rendered, "msg=plain") {
		t.Errorf("export: %s: got %s", lineCounts(all), all[0].rendered)
	}
	verbose := "Sun 2026-11-22 14:16:27.219650 UTC [s=1;i=2;b=3]\n    PRIORITY=3\n    _PID=7\n    UNIT=a.service\n    MESSAGE=a.service: Failed\n    _HOSTNAME=h\n"
	all = readText(t, verbose+verbose)
	want = `time=2026-11-22T14:16:27.219650Z level=error host=h unit=a.service pid=7 msg="a.service: Failed"`
	if len(all) != 2 || all[0].rendered != want || all[0].places != "5:29 " {
		t.Errorf("verbose: %s: got %s at %s", lineCounts(all), all[0].rendered, all[0].places)
	}
	all = readText(t, "{\n\t\"__REALTIME_TIMESTAMP\" : \"1795359927775078\",\n\t\"_PID\" : \"7\",\n\t\"MESSAGE\" : \"x\"\n}\n"+goLine)
	if len(all) != 2 || all[0].rendered != `time=2026-11-22T15:05:27.775078Z pid=7 msg=x` {
		t.Errorf("json-pretty: %s: got %s", lineCounts(all), all[0].rendered)
	}
}

// Objects that a program prints over several lines, alone and inside of an envelope with
// another service's lines between.
func TestReaderReadsObjectsOverLines(t *testing.T) {
	lines := []string{"{", `  "level": "error",`, `  "time": "2026-11-22T15:04:05Z",`, `  "msg": "boom",`, `  "err": {`, `    "code": 7`, "  }", "}"}
	all := readText(t, strings.Join(lines, "\n")+"\n{\n{ x\n"+goLine)
	want := `time=2026-11-22T15:04:05Z level=error msg="boom err.code=7"`
	if got := lineCounts(all); got != "8 1 1 1" || all[0].rendered != want || all[0].format != "jsonl" || all[0].places != "4:16 " {
		t.Errorf("records of %s lines: %s at %s", got, all[0].rendered, all[0].places)
	}
	all = readText(t, "web-1  | "+strings.Join(lines, "\ndb-1   | x\nweb-1  | ")+"\n")
	want = `time=2026-11-22T15:04:05Z level=error container=web-1 msg="boom err.code=7"`
	if got := lineCounts(all); got != "8 1 1 1 1 1 1 1" || all[0].rendered != want || all[0].format != "jsonl" || all[0].places != "7:25 " {
		t.Errorf("inside: records of %s lines: %s at %s", got, all[0].rendered, all[0].places)
	}
}

// Start lines as loggers write them (domain notes on structured logs): the process tells its number.
func TestReaderFindsTheLoggersPID(t *testing.T) {
	for _, c := range []struct {
		line string
		pid  int64
	}{
		{`listening addr=127.0.0.1:8080 pid=123`, 123},
		{`[catalog] 2026/11/22 15:16:24 starting pid=1661 listen=127.0.0.1:8081`, 1661},
		{`2026/11/22 14:31:52 INFO listening addr=:8080 pid=77`, 77}, // slog's default handler
		{`time=2026-11-22T14:31:52.331Z level=INFO msg="listening" addr=:8080 pid=77`, 77},
		{`{"time":"2026-11-22T14:31:52.331456789Z","level":"INFO","msg":"listening","addr":":8080","pid":77}`, 77},
		{`{"level":"info","ts":1795359751.4427,"caller":"main.go:31","msg":"listening","pid":77}`, 77},         // zap
		{"2026-11-22T14:31:52.331Z\tINFO\tshop/main.go:31\tlistening\t{\"addr\": \":8080\", \"pid\": 77}", 77}, // zap console
		{`{"level":"info","pid":77,"time":"2026-11-22T15:02:31Z","message":"listening"}`, 77},                  // zerolog
		{`2026-11-22T14:31:52Z INF listening addr=:8080 pid=77`, 77},                                           // zerolog console
		{`time="2026-11-22T14:31:52Z" level=info msg=listening addr=":8080" pid=77`, 77},                       // logrus
		{`INFO[0000] listening                                     addr=":8080" pid=77`, 77},                   // logrus on a terminal
		{`{"level":30,"time":1795359751442,"pid":77,"hostname":"h","msg":"listening"}`, 77},                    // pino
		{`{"name":"shop","hostname":"h","pid":77,"level":30,"msg":"listening","time":"2026-11-22T15:02:31.442Z","v":0}`, 77},
		{`{"@t":"2026-11-22T14:31:52.3314560Z","@mt":"Now listening on {address}","ProcessId":77}`, 77}, // Serilog
		{`{"Timestamp":"2026-11-22T14:31:52.3314560Z","Level":"Information","MessageTemplate":"x","Properties":{"ProcessId":77}}`, 77},
		{`{"message":"x","context":{},"level":200,"level_name":"INFO","channel":"app","datetime":"2026-11-22T14:31:52.331456+00:00","extra":{"process_id":77}}`, 77},
		{`{"t":{"$date":"2026-11-22T14:31:52.331+00:00"},"s":"I","c":"CONTROL","id":4615611,"ctx":"initandlisten","msg":"MongoDB starting","attr":{"pid":77,"port":27017}}`, 77},
		{`2026-11-22T14:30:00.123456Z  INFO shop: listening addr=127.0.0.1:8080 pid=77`, 77}, // Rust's tracing
		{`[2026-11-22T14:30:00Z INFO  shop] listening (pid=77)`, 77},                         // Rust's env_logger
		{`2026-11-22 14:32:49,152 INFO shop listening pid=77`, 77},                           // Python
		{`2026-11-22 15:13:55.123  INFO 77 --- [           main] c.e.Shop : up pid=3`, 77},   // the layout's own counts more
		// The process of somebody else, or no process.
		{`{"time":"2026-11-22T14:31:52Z","level":"INFO","msg":"worker gone","worker":{"pid":77}}`, 0},
		{`time=2026-11-22T14:31:52.331Z level=INFO msg="worker gone" child_pid=77`, 0},
		{`listening rapid=77 on pid=7x`, 0},
		{`Nov 22 14:16:27 h kernel: audit: type=1400 pid=77 comm="x"`, 0},
	} {
		r := NewReader(strings.NewReader(c.line), Options{Year: 2026})
		if !r.Scan(context.Background()) || r.Record().PID != c.pid {
			t.Errorf("%s\n pid %d, want %d", c.line, r.Record().PID, c.pid)
		}
	}
}

func TestReaderTellsContainedLines(t *testing.T) {
	for text, want := range map[string]bool{
		dockerLine("stderr", "00.1", strings.TrimSpace(pyError)):  true,
		dockerLine("stderr", "00.1", strings.TrimSpace(nginxOne)): true,
		dockerLine("stderr", "00.1", "text"):                      true,
		"2026-11-22T14:30:00.1Z stderr F " + goLine:               true,
		"web-1  | " + goLine:                                      true,
		"Nov 22 14:16:27 host app[7]: " + goLine:                  false,
		goLine:                                                    false,
	} {
		r := NewReader(strings.NewReader(text), Options{Year: 2026})
		if !r.Scan(context.Background()) || r.Record().Contained != want {
			t.Errorf("%s: contained is %v", text, !want)
		}
	}
}

// Each envelope around free text is counted by its name, the last of the list too.
func TestStatsCountEnvelopes(t *testing.T) {
	text := strings.Repeat("/var/log/shop.log:12:waiting for a lock\n", 3) + strings.Repeat("2026-11-27T01:27:52: waiting for a lock\n", 2)
	_, stats := readAll(t, strings.NewReader("/var/log/nginx/error.log:1862:2026/11/22 15:01:47 [notice] 1#1: start\n"+text), Options{})
	counts := map[string]int64{}
	for _, f := range stats.Formats {
		counts[f.Name] = f.Lines
	}
	if counts["grep-file"] != 3 || counts["pm2-time"] != 2 {
		t.Errorf("%v", stats.Formats)
	}
}

// An error of a program that pm2 --time writes is one record, of the time of its first line
// (pm2 7.0.4).
func TestReaderJoinsTracesOfPM2(t *testing.T) {
	all := readText(t, `2026-11-27T01:27:51: GET / 200
2026-11-27T01:27:52: TypeError: Cannot read properties of undefined (reading 'map')
2026-11-27T01:27:52:     at Immediate.<anonymous> (/srv/shop/app.js:3:63)
2026-11-27T01:27:52:     at process.processImmediate (node:internal/timers:483:21)
2026-11-27T01:27:53: shop listening on 3901
`)
	if len(all) != 3 || all[1].lines != 3 || !strings.HasPrefix(all[1].message, "TypeError") {
		t.Errorf("%+v", all)
	}
}

func TestOpenersNameBuiltInFormats(t *testing.T) {
	known := map[string]bool{}
	for _, f := range append(gateway.Formats(), applog.Formats()...) {
		known[f.Name] = true
	}
	for name := range openers {
		if !known[name] {
			t.Errorf("no format is called %s", name)
		}
	}
}

func TestReaderMixesFormats(t *testing.T) {
	access := `203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8"` + "\n"
	all, st := readAll(t, strings.NewReader(strings.Repeat(nginxOne+access+goLine+"web exited with code 137\n", 50)), Options{})
	if len(all) != 200 || st.Unparsed != 50 {
		t.Fatalf("%d records, %d unparsed, %v", len(all), st.Unparsed, st.Formats)
	}
	for i, r := range all {
		if want := []string{"nginx-error", "nginx-access", "go-log", ""}[i%4]; r.format != want {
			t.Fatalf("record %d is %q, want %q", i, r.format, want)
		}
	}
}

func TestReaderTellsStreamsBelowHeaders(t *testing.T) {
	all := readText(t, "==> a.log <==\nTraceback (most recent call last):\n\n==> b.log <==\n"+goLine+"\n==> a.log <==\n  File \"x\", line 1, in f\nKeyError: 'x'\n")
	if got := lineCounts(all); got != "1 4 1 1 1 1" {
		for _, r := range all {
			t.Logf("%d+%d %q", r.first, r.lines, r.message)
		}
		t.Errorf("records of %s lines", got)
	}
}

// A section is named after its file, by the folder if the file's name is no name; the header is
// nobody's line, and what a line says itself counts more.
func TestReaderNamesSections(t *testing.T) {
	all := readText(t, "==> /srv/web/stdout.log <==\nup\n==> /etc/sv/foo/log/current <==\nup\n==> /var/log/syslog <==\nNov 22 14:16:27 h app[7]: x\n")
	want := []string{"", "program=web msg=up", "", "program=foo msg=up", "", "time=2026-11-22T14:16:27 host=h program=app pid=7 msg=x"}
	for i, r := range all {
		if i >= len(want) || strings.Replace(r.rendered, "time=11-22", "time=2026-11-22", 1) != want[i] {
			t.Errorf("record %d: %s", i, r.rendered)
		}
	}
}

func TestReaderSkipsTooLongLines(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	all, st := readAll(t, strings.NewReader("a\n"+long+"\nb\n"+long), Options{})
	if len(all) != 4 || st.TooLong != 2 || st.FirstTooLong != 2 || len(all[1].raw) != DefaultMaxLine || all[2].message != "b" {
		t.Errorf("%d records, %d too long from %d", len(all), st.TooLong, st.FirstTooLong)
	}
	if want := int64(len("a\nb\n\n") + 2*len(long)); st.Bytes != want {
		t.Errorf("%d bytes, want %d", st.Bytes, want)
	}
}

func TestReaderDecodes(t *testing.T) {
	utf16Of := func(text string, mark, big bool) string {
		var b []byte
		for _, u := range utf16.Encode([]rune(text)) {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		switch {
		case mark && big:
			return "\xfe\xff" + string(b)
		case mark:
			return "\xff\xfe" + string(b)
		}
		return string(b)
	}
	text := "panic: é 😀 boom and some more\r\n" + goLine
	for name, c := range map[string]struct{ in, encoding string }{
		"utf-8": {text, utf8Name}, "utf-8 with mark": {"\xef\xbb\xbf" + text, utf8Name},
		"le": {utf16Of(text, true, false), utf16LEName}, "be": {utf16Of(text, true, true), utf16BEName},
		"le without mark": {utf16Of("plain ascii at first\n"+text, false, false), utf16LEName},
	} {
		all, st := readAll(t, iotest.HalfReader(strings.NewReader(c.in)), Options{})
		if st.Encoding != c.encoding || all[len(all)-2].message != "panic: é 😀 boom and some more" || all[len(all)-1].format != "go-log" {
			t.Errorf("%s: %s %q", name, st.Encoding, all[0].message)
		}
	}
	all, st := readAll(t, strings.NewReader("a\x00\x00b\n\x00\x00\x00"+goLine+"bad \xff\xfe byte\n"), Options{})
	if len(all) != 3 || all[0].message != "ab" || all[1].format != "go-log" || st.NULs != 5 || st.InvalidUTF8 != 1 {
		t.Errorf("%d records, %d NULs, %d invalid", len(all), st.NULs, st.InvalidUTF8)
	}
}

func TestReaderHandsOutWhatWaitsWhenIdle(t *testing.T) {
	src := &idle{parts: []string{goLine + "panic: x\n", "", "next line", "", " goes on\n"}}
	r := NewReader(src, Options{})
	var got []string
	for r.Scan(context.Background()) {
		got = append(got, fmt.Sprint(src.i, string(r.Record().Message)[:5]))
	}
	if want := "[1reque 2panic 5next ]"; fmt.Sprint(got) != want || r.Err() != nil {
		t.Errorf("got %v, want %s; %v", got, want, r.Err())
	}
}

// idle gives its parts; an empty one is a pause.
type idle struct {
	parts []string
	i     int
}

func (s *idle) Read(p []byte) (int, error) {
	if s.i == len(s.parts) {
		return 0, io.EOF
	}
	s.i++
	if s.parts[s.i-1] == "" {
		return 0, ErrIdle
	}
	return copy(p, s.parts[s.i-1]), nil
}

func TestReaderReportsErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	r := NewReader(io.MultiReader(strings.NewReader(goLine+"cut"), iotest.ErrReader(broken)), Options{})
	n := 0
	for r.Scan(context.Background()) {
		n++
	}
	if n != 2 || r.Err() != broken {
		t.Errorf("%d records, then %v", n, r.Err())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r = NewReader(strings.NewReader(goLine), Options{}); r.Scan(ctx) || r.Err() != context.Canceled {
		t.Errorf("a cancelled read ended with %v", r.Err())
	}
}

// The excerpts are from real runs. want.txt was written by the reader; the places of the
// joined records were then compared with the excerpts, the split by kind was not.
func TestExcerpts(t *testing.T) {
	data, err := os.ReadFile("testdata/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	for row := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n") {
		name, want, _ := strings.Cut(row, " ")
		file, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		all, st := readAll(t, file, Options{})
		file.Close()
		kinds := map[parser.Kind]int{}
		sum, joined := int64(0), ""
		for _, r := range all {
			kinds[r.kind]++
			if sum += r.lines; r.lines > 1 {
				joined += fmt.Sprintf(" %d+%d", r.first, r.lines)
			}
		}
		got := fmt.Sprintf("records=%d log=%d gateway=%d access=%d joined:%s", st.Records, kinds[parser.KindLog],
			kinds[parser.KindGateway], kinds[parser.KindAccess], joined)
		if got != want || sum != st.Lines {
			t.Errorf("%s: %d of %d lines\n got  %s\n want %s", name, sum, st.Lines, got, want)
		}
	}
}
