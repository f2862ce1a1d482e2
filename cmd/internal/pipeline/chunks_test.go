package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"testing"

	"culprit/fixtures/synth"
	"culprit/rules"
	"culprit/rules/digest"
	"culprit/rules/signature"
)

// TestSameBytesInChunks cuts the logs of each case into chunks, as a file of many gigabytes
// is: neither their size nor how many are read at once changes a byte of the report.
func TestSameBytesInChunks(t *testing.T) {
	for _, c := range allCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			want := mustAnalyze(t, 1, c.Logs())
			for _, size := range []int{2 << 10, 40 << 10} {
				for _, workers := range []int{1, 3} {
					cfg := config(workers, c.Logs())
					cfg.chunk = size
					_, got, err := analyze(cfg)
					if err != nil {
						t.Fatal(err)
					}
					same(t, fmt.Sprintf("chunks of %d bytes, %d workers", size, workers), want, got)
				}
			}
		})
	}
}

// TestSameDigest: what is folded of a source that is folded more and more coarsely, event by event and
// tally by tally, does not depend on how many read its chunks, nor on who is faster. So many upstreams fail
// that it becomes coarser every few chunks, in the middle of one.
func TestSameDigest(t *testing.T) {
	for _, c := range []struct {
		kind         synth.Kind
		ports, chunk int
	}{{synth.Error, 7, 256 << 10}, {synth.Access, 97, 1 << 20}} {
		var made bytes.Buffer
		if err := synth.Write(&made, c.kind, 1, 6<<20); err != nil {
			t.Fatal(err)
		}
		var text []byte
		n := 0
		for line := range bytes.Lines(made.Bytes()) {
			n++
			text = append(text, bytes.ReplaceAll(line, []byte(":8080"), fmt.Appendf(nil, ":%d", 8000+n%c.ports))...)
		}
		var want *rules.Digest
		for _, workers := range []int{1, 2, 3, 8, 8} {
			builder := digest.New(rules.SourceInfo{}, signature.Builtin(), nil)
			builder.Share(1, 32)
			crew := newCrew(&Config{Matcher: signature.Builtin(), chunk: c.chunk}, workers)
			if _, err := crew.scan(context.Background(), bytes.NewReader(text), casesYear, builder); err != nil {
				t.Fatal(err)
			}
			got := builder.Finish()
			if want == nil {
				want = got
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %d workers: %d events and %d tallies, with one worker %d and %d", c.kind, workers, len(got.Events), len(got.Tallies), len(want.Events), len(want.Tallies))
			}
		}
	}
}
