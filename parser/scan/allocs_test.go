package scan

import (
	"bytes"
	"context"
	"testing"

	"culprit/fixtures/synth"
)

// TestLinesAllocateNothing: of a chunk's lines, whatever way they go, none costs an allocation.
func TestLinesAllocateNothing(t *testing.T) {
	for _, kind := range synth.Kinds {
		var b bytes.Buffer
		if err := synth.Write(&b, kind, 1, 512<<10); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(b.Bytes(), newline)
		r := NewChunkReader(Options{Telling: func(text []byte) int { return bytes.Index(text, []byte(" ERROR ")) }})
		s := NewSplitter(&b, 1<<20)
		var c Chunk
		s.Next(&c)
		ctx := context.Background()
		allocs := testing.AllocsPerRun(3, func() {
			r.Start(ctx, &c, 2026, nil)
			for r.Scan(ctx) {
				r.Passed()
			}
		})
		if allocs > float64(lines)/50 {
			t.Errorf("%s: %v allocations for %d lines", kind, allocs, lines)
		}
		t.Logf("%s: %v allocations for %d lines", kind, allocs, lines)
	}
}
