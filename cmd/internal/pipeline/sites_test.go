package pipeline

import (
	"fmt"
	"testing"

	"culprit/fixtures/synth"
)

// BenchmarkSites is the whole analysis of the logs of many sites that fail at once. Twice as many must
// take about twice as long.
func BenchmarkSites(b *testing.B) {
	for _, fleet := range synth.Fleets {
		for _, n := range []int{300, 600, 1200, 2400, 4800} {
			b.Run(fmt.Sprintf("%s/%d", fleet, n), func(b *testing.B) {
				dir := b.TempDir()
				if err := synth.WriteSites(dir, fleet, 1, n); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if r, _, err := analyze(config(0, dir)); err != nil || len(r.Incidents) < n {
						b.Fatalf("%d incidents, %v", len(r.Incidents), err)
					}
				}
			})
		}
	}
}
