package pipeline

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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

// What four times as many sites may cost at most, in times, and what is too rare to be looked at: how often
// a block of code runs is counted, which no other load on the machine changes.
const (
	fewSites, growth = 200, 4
	mostGrowth       = 13 // a list that is full after the first sixty-four grows by more than four
	rareBlock        = 40 * fewSites * growth
)

// perPair costs nanoseconds for each pair of logs that hold the same request, and no more: /login is held by all.
const perPair = "culprit/rules/correlate/log_held.go:"

// countedSites is the variable that tells the test, as built for counting, which logs to analyse.
const countedSites = "CULPRIT_COUNTED_SITES"

// TestSitesCostWhatTheyHold: no part of the decision runs sixteen times as often for four times as many
// sites that fail at once.
func TestSitesCostWhatTheyHold(t *testing.T) {
	if dir := os.Getenv(countedSites); dir != "" {
		if _, _, err := analyze(config(1, dir)); err != nil {
			t.Fatal(err)
		}
		return
	}
	if testing.Short() {
		t.Skip("builds the program for counting")
	}
	dir := t.TempDir()
	counting := filepath.Join(dir, "counting.test")
	if out, err := exec.Command("go", "test", "-c", "-covermode=count", "-coverpkg=culprit/rules,culprit/rules/cause,culprit/rules/correlate", "-o", counting, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, fleet := range synth.Fleets {
		few := blocks(t, counting, filepath.Join(dir, "few"), fleet, fewSites)
		for block, n := range blocks(t, counting, filepath.Join(dir, "many"), fleet, fewSites*growth) {
			if n > rareBlock && !strings.HasPrefix(block, perPair) && n > mostGrowth*max(few[block], 1) {
				t.Errorf("%s: %s runs %d times for %d sites, %d times for %d", fleet, block, few[block], fewSites, n, fewSites*growth)
			}
		}
	}
}

// blocks counts how often each block of code runs in an analysis of so many sites.
func blocks(t *testing.T, counting, dir string, fleet synth.Fleet, n int) map[string]int64 {
	t.Helper()
	logs, profile := filepath.Join(dir, string(fleet)), filepath.Join(dir, string(fleet)+".cover")
	if err := synth.WriteSites(logs, fleet, 1, n); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(counting, "-test.run=^"+t.Name()+"$", "-test.coverprofile="+profile)
	run.Env = append(os.Environ(), countedSites+"="+logs)
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", fleet, err, out)
	}
	f, err := os.Open(profile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	count := map[string]int64{}
	for lines := bufio.NewScanner(f); lines.Scan(); { // "culprit/rules/wait.go:25.2,27.3 1 48", the last is the count
		fields := strings.Fields(lines.Text())
		if n, err := strconv.ParseInt(fields[len(fields)-1], 10, 64); err == nil {
			count[fields[0]] += n
		}
	}
	if len(count) == 0 {
		t.Fatalf("%s: nothing was counted", fleet)
	}
	return count
}
