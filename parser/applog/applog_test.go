package applog

import (
	"bytes"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

func newRecord() *parser.Record {
	r := new(parser.Record)
	r.Reset()
	return r
}

// owner returns the first format in detection order that reads the line.
func owner(line string) *parser.Format {
	env := parser.Env{Year: 2026}
	for _, f := range Formats() {
		if f.Parse([]byte(line), &env, newRecord()) {
			return f
		}
		env.Buf = env.Buf[:0]
	}
	return nil
}

func TestSamples(t *testing.T) {
	for _, f := range Formats() {
		if len(fixtures.Samples(f.Name)) == 0 {
			t.Errorf("%s: no sample", f.Name)
		}
		for _, s := range fixtures.Samples(f.Name) {
			env, r := parser.Env{Year: 2026}, newRecord()
			if !f.Parse([]byte(s.Line), &env, r) {
				t.Errorf("%s: does not read %q", f.Name, s.Line)
				continue
			}
			if got := fixtures.Render(r); got != s.Want {
				t.Errorf("%s: %q\n got %s\nwant %s", f.Name, s.Line, got, s.Want)
			}
			if o := owner(s.Line); o != f {
				t.Errorf("%s: %q is taken by %s", f.Name, s.Line, o.Name)
			}
		}
	}
}

func TestFormatNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Formats() {
		if seen[f.Name] || f.Doc == "" || f.Role == parser.RoleUnknown {
			t.Errorf("%s: not unique, or without source or role", f.Name)
		}
		seen[f.Name] = true
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	for _, f := range Formats() {
		for _, s := range fixtures.Samples(f.Name) {
			env, r, line := parser.Env{Buf: make([]byte, 0, 64<<10)}, newRecord(), []byte(s.Line)
			allocs := testing.AllocsPerRun(5, func() {
				env.Buf = env.Buf[:0]
				r.Reset()
				f.Parse(line, &env, r)
			})
			if allocs != 0 {
				t.Errorf("%s: %v allocations for %q", f.Name, allocs, s.Line)
			}
		}
	}
}

// Lines of a program's own output that are no log record of any layout.
func TestFormatsRefuse(t *testing.T) {
	lines := []string{
		"", " ", "panic: runtime error: index out of range [3] with length 0", "goroutine 125 [running]:",
		"main.refreshPrices(...)", "\tshop.example/catalog/main.go:49", "Traceback (most recent call last):",
		`  File "/usr/lib/python3/dist-packages/flask/app.py", line 2525, in wsgi_app`, "    worker.init_process()",
		"sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server failed",
		"Terminating due to java.lang.OutOfMemoryError: Java heap space", "\tat a.B.c(D.java:3)", "Caused by: a.X: y",
		"<--- Last few GCs --->", "[22233:0x44eb8bc0]    13037 ms: Mark-Compact (reduce) 78.9 (98.2) -> 78.2 (98.5) MB",
		"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
		" 1: 0xb78db3 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [/usr/bin/node]",
		"Error: S3 bucket policy missing", "    at Server.emit (node:events:524:28)", "node:internal/modules/cjs/loader:1210",
		"  code: 'MODULE_NOT_FOUND',", "{ code: 'X' }", "Node.js v20.20.2", "price cache miss for products/109",
		"spawned uWSGI worker 1 (pid: 30701, cores: 1)", "thread 'main' panicked at src/main.rs:3:5:", "x=1 is not y",
	}
	for _, line := range lines {
		if f := owner(line); f != nil {
			t.Errorf("%s reads %q", f.Name, line)
		}
	}
}

func FuzzFormats(f *testing.F) {
	for _, format := range Formats() {
		for _, s := range fixtures.Samples(format.Name) {
			f.Add([]byte(s.Line))
		}
	}
	formats := Formats()
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, format := range formats {
			env, r := parser.Env{Year: 2026}, newRecord()
			if !format.Parse(line, &env, r) {
				continue
			}
			if len(env.Buf) > 16*len(line)+256 {
				t.Fatalf("%s makes %d bytes of %q", format.Name, len(env.Buf), line)
			}
			if r.Kind == parser.KindAccess && (len(r.Access.Method) == 0 || len(r.Access.Target) == 0) {
				t.Fatalf("%s: access record without a request from %q", format.Name, line)
			}
			fixtures.Render(r)
		}
	})
}

// FuzzHeads holds HeadDecides: what stands behind a head changes nothing that it tells.
func FuzzHeads(f *testing.F) {
	for _, format := range Formats() {
		if format.HeadDecides {
			for _, s := range fixtures.Samples(format.Name) {
				f.Add([]byte(s.Line), []byte("handled [12] in 3 ms - yes: (no)"))
				f.Add([]byte(s.Line), []byte("UTC 12"))
				f.Add([]byte(s.Line), []byte("error: no"))
			}
		}
	}
	formats := Formats()
	f.Fuzz(func(t *testing.T, line, text []byte) {
		if len(line) == 0 || !isDigit(line[0]) || len(text) == 0 || !isLetter(text[0]) || bytes.ContainsAny(text, "{\x1b\n") || bytes.IndexByte(line, '\n') >= 0 {
			return
		}
		for _, format := range formats {
			env, a, b := parser.Env{Year: 2026}, newRecord(), newRecord()
			if !format.HeadDecides || !format.Parse(line, &env, a) || len(a.Message) == 0 || !isLetter(a.Message[0]) || len(env.Buf) > 0 {
				continue
			}
			at := cap(line) - cap(a.Message)
			other := append(bytes.Clone(line[:at]), text...)
			switch {
			case !format.Parse(other, &env, b):
				t.Fatalf("%s takes %q and not %q", format.Name, line, other)
			case len(b.Message) == 0 || &b.Message[0] != &other[at]:
				t.Fatalf("%s: the message of %q is %q", format.Name, other, b.Message)
			case a.Stamp != b.Stamp || a.Level != b.Level || a.PID != b.PID || string(a.Program) != string(b.Program):
				t.Fatalf("%s tells of %q %s, and of %q %s", format.Name, line, fixtures.Render(a), other, fixtures.Render(b))
			}
		}
	})
}

func BenchmarkFormats(b *testing.B) {
	for _, f := range Formats() {
		line := []byte(fixtures.Samples(f.Name)[0].Line)
		b.Run(f.Name, func(b *testing.B) {
			env, r := parser.Env{Buf: make([]byte, 0, 4096)}, newRecord()
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				env.Buf = env.Buf[:0]
				r.Reset()
				if !f.Parse(line, &env, r) {
					b.Fatal("refused")
				}
			}
		})
	}
}
