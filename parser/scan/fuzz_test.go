package scan

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser/applog"
	"culprit/parser/gateway"
)

// countLines is how many physical lines a text has.
func countLines(text []byte) int64 {
	n := int64(bytes.Count(text, []byte("\n")))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

// FuzzReader: whatever comes, each line is in exactly one record, records come in order,
// and blocks do not matter.
func FuzzReader(f *testing.F) {
	for _, c := range traces {
		f.Add([]byte(c.text), uint16(7))
	}
	f.Add([]byte("__REALTIME_TIMESTAMP=1\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00a\n\nb\n\n"), uint16(1))
	f.Add([]byte("==> a <==\n{\n  \"a\": 1\n}\n"), uint16(3))
	f.Add([]byte(nginxOne+firstEntry+secondEntry+"\n"+nginxPHP+"a"+secondEntry), uint16(9))
	f.Add([]byte("{\n   \"dmesg\": [\n      {\n \"pri\": 6,\n \"time\": 0.000000,\n \"msg\": \"x\"\n      },{\n      }\n   ]\n}\n"), uint16(4))
	f.Add([]byte(varnishGroups+"[vite] http proxy error: /api\nError: connect ECONNREFUSED ::1:3001\n"), uint16(9))
	f.Add([]byte("2026-11-22T14:30:00.1Z stderr P pan\n2026-11-22T14:30:00.1Z stderr F ic\n"), uint16(3))
	f.Add([]byte(dockerLine("stderr", "00.1", "x")+strings.TrimSuffix(dockerLine("stdout", "00.1", "y"), "\n")), uint16(100))
	f.Add([]byte(describedPod), uint16(40))
	f.Fuzz(func(t *testing.T, text []byte, block uint16) {
		whole := readBounded(t, bytes.NewReader(text))
		pieces := readBounded(t, &chunks{string(text), int(block)%300 + 1})
		if len(whole.all) != len(pieces.all) {
			t.Fatalf("%d records, %d in blocks of %d", len(whole.all), len(pieces.all), int(block)%300+1)
		}
		for i := range whole.all {
			if whole.all[i] != pieces.all[i] {
				t.Fatalf("record %d: %+v and %+v", i, whole.all[i], pieces.all[i])
			}
		}
		if whole.utf16 {
			return
		}
		if want := countLines(text); whole.lines != want {
			t.Fatalf("records of %d lines in all, the input has %d", whole.lines, want)
		}
	})
}

type outcome struct {
	all   []read
	lines int64
	utf16 bool
}

func readBounded(t *testing.T, src interface{ Read([]byte) (int, error) }) (o outcome) {
	t.Helper()
	r := NewReader(src, Options{Year: 2026, MaxLine: 200})
	first := int64(0)
	seen := map[int64]bool{}
	for r.Scan(context.Background()) {
		rec := r.Record()
		switch {
		case rec.Line < first, rec.Line == first && !seen[first]:
			t.Fatalf("record of line %d behind that of line %d", rec.Line, first)
		case rec.Lines < 1 || rec.Lines > maxRecordLines:
			t.Fatalf("a record of %d lines", rec.Lines)
		case seen[rec.Line] && r.workers.next == 0:
			t.Fatalf("two records of line %d", rec.Line)
		case seen[rec.Line]:
			o.lines-- // a second entry of nginx on one line
		}
		first = rec.Line
		o.lines += int64(rec.Lines)
		seen[rec.Line] = true
		for _, m := range r.current.marks {
			seen[m.line] = true
		}
		for _, at := range []int{0, len(rec.Message) / 2, len(rec.Message)} {
			if line, text, _ := r.PhysicalLine(rec, at); line < rec.Line || bytes.IndexByte(text, '\n') >= 0 {
				t.Fatalf("byte %d of the record of line %d stands on line %d: %q", at, rec.Line, line, text)
			}
		}
		o.all = append(o.all, read{first: rec.Line, lines: int64(rec.Lines), message: string(rec.Message), raw: string(rec.Raw),
			stamp: rec.Stamp, after: rec.After, before: rec.Before, rendered: fixtures.Render(rec)})
	}
	st := r.Stats()
	if st.Lines != o.lines || r.Err() != nil {
		t.Fatalf("%d of %d lines, %v", o.lines, st.Lines, r.Err())
	}
	o.utf16 = st.Encoding != utf8Name
	return o
}

// What a Reader allocates is its own memory, whatever the number of lines.
func TestReaderDoesNotAllocatePerLine(t *testing.T) {
	text := []byte(strings.Repeat(nginxOne+goLine+dockerLine("stdout", "00.1", `{"level":30,"time":1795359751442,"msg":"x"}`), 5000))
	n := testing.AllocsPerRun(3, func() {
		r := NewReader(bytes.NewReader(text), Options{Formats: benchFormats})
		for r.Scan(context.Background()) {
		}
	})
	if n > 500 {
		t.Errorf("%v allocations for 15000 lines", n)
	}
}

var benchFormats = append(gateway.Formats(), applog.Formats()...)

func BenchmarkReader(b *testing.B) {
	trace := traces[0].text
	for _, c := range []struct{ name, text string }{
		{"nginx-error", nginxOne},
		{"nginx-access", `203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] "GET /products/784?x=1 HTTP/1.1" 200 15723 "https://shop.example.com/" "Mozilla/5.0 (X11; Linux x86_64)"` + "\n"},
		{"json", `{"level":30,"time":1795359751755,"pid":23150,"hostname":"edge-3","name":"media-api","req":{"id":1,"method":"GET","url":"/media/712/thumb.jpg","remoteAddress":"127.0.0.1"},"res":{"statusCode":200},"responseTime":19,"msg":"request completed"}` + "\n"},
		{"docker-json", dockerLine("stdout", "00.123456789", `{"level":30,"time":1795359751755,"pid":23150,"msg":"request completed","responseTime":19}`)},
		{"syslog", "Nov 22 14:16:27 host gunicorn[7]: [2026-11-22 15:01:46 +0000] [22834] [INFO] Booting worker with pid: 22834\n"},
		{"traces", trace},
		{"text", "price cache miss for products/443 with a few words more\n"},
		{"texts", "Loading model weights from disk, this may take a while\nconnection 1234 closed: reason=timeout after 3.2 s (peer 10.0.0.7)\n  -> retrying in 5 seconds\nWorker 7 picked job 4711 [queue=mail]\n12 items processed in 0.3 s\n" + javaLine},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := []byte(strings.Repeat(c.text, (4<<20)/len(c.text)))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(bytes.NewReader(text), Options{Year: 2026})
				for r.Scan(context.Background()) {
				}
			}
		})
	}
}
