package pipeline

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"culprit/fixtures/synth"
	"culprit/parser/scan"
	"culprit/rules"
	"culprit/rules/digest"
	"culprit/rules/signature"

	"github.com/cespare/xxhash/v2"
)

// BenchmarkStages is the price of each stage with all before it, over 16 MiB of each input in chunks,
// by one worker; and of all of them by as many as there are cores. Before them stands the price of what no
// analysis can do without.
func BenchmarkStages(b *testing.B) {
	ctx := context.Background()
	set := signature.Builtin()
	for _, kind := range synth.Kinds {
		var buf bytes.Buffer
		if err := synth.Write(&buf, kind, 1, 16<<20); err != nil {
			b.Fatal(err)
		}
		text := buf.Bytes()
		path := filepath.Join(b.TempDir(), string(kind)+".log")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			b.Fatal(err)
		}
		cut := func(each func(c *scan.Chunk)) {
			var c scan.Chunk
			for s := scan.NewSplitter(bytes.NewReader(text), 0); s.Next(&c); {
				each(&c)
			}
		}
		crew := newCrew(&Config{Matcher: set}, 1)
		var h *hand
		read := func(each func(r *scan.Reader)) {
			first := true
			cut(func(c *scan.Chunk) {
				if h.chunk = *c; first {
					h.reader.Start(ctx, c, casesYear, nil)
				} else {
					h.reader.Continue(c)
				}
				for first = false; h.reader.Scan(ctx); {
					each(h.reader)
				}
			})
		}
		var hits []rules.Hit
		stage := func(name string, f func()) {
			b.Run(string(kind)+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
		stage("0 floor", func() { floor(text, separators[kind]) })
		stage("1 cut", func() { cut(func(*scan.Chunk) {}) })
		h = crew.take()
		stage("2 scan", func() { read(func(*scan.Reader) {}) })
		stage("3 match", func() { read(func(r *scan.Reader) { hits = set.Match(r.Record(), hits[:0]) }) })
		stage("4 fold", func() {
			whole := digest.New(rules.SourceInfo{}, set, nil)
			first := true
			cut(func(c *scan.Chunk) {
				h.part.FoldAs(whole.Grain())
				if first {
					h.reader.Start(ctx, c, casesYear, nil)
				} else {
					h.reader.Continue(c)
				}
				first = false
				h.fold(ctx)
				whole.Merge(h.part)
			})
		})
		for workers, name := range map[int]string{1: "5 all, one worker", 0: "6 all"} {
			cfg := config(workers, path)
			stage(name, func() {
				if _, err := Run(ctx, cfg); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// separators stand between the fields of each kind of line, roughly.
var separators = map[synth.Kind]byte{synth.Error: ',', synth.Access: '"', synth.App: ' '}

// floor is what any analysis does at least: it cuts lines at their separators, hashes four of what stands
// between them, and counts in one map.
func floor(text []byte, separator byte) map[uint64]int {
	counts := map[uint64]int{}
	for line := range bytes.Lines(text) {
		var sum uint64
		for n := 0; len(line) > 0; n++ {
			field := line
			if end := bytes.IndexByte(line, separator); end >= 0 {
				field, line = line[:end], line[end+1:]
			} else {
				line = nil
			}
			if n < 4 {
				sum ^= xxhash.Sum64(field)
			}
		}
		counts[sum%4096]++
	}
	return counts
}
