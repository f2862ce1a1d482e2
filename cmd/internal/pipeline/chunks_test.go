package pipeline

import (
	"fmt"
	"testing"
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
