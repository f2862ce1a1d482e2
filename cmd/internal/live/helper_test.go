package live

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// TestMain starts the runtime's signal goroutine outside of any synctest bubble.
func TestMain(m *testing.M) {
	_, done := suspensions()
	done()
	os.Exit(m.Run())
}

// noLeaks fails if goroutines of this package are left when the test ends.
func noLeaks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		t.Helper()
		deadline := time.Now().Add(5 * time.Second)
		for {
			stacks := ours()
			if len(stacks) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines are left:\n%s", len(stacks), strings.Join(stacks, "\n\n"))
			}
			runtime.Gosched()
		}
	})
}

func ours() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	return slices.DeleteFunc(strings.Split(string(buf), "\n\n"), func(s string) bool {
		return !strings.Contains(s, "internal/live.") || strings.Contains(s, "testing.tRunner") || strings.Contains(s, "live.ours")
	})
}

// A journal keeps warnings and counts.
type journal struct {
	mu     sync.Mutex
	lines  []string
	counts map[string]int
	more   chan struct{} // is told of each line and count; may be nil
}

func newJournal() *journal {
	return &journal{counts: map[string]int{}, more: make(chan struct{}, 10_000)}
}

func (j *journal) warn(format string, args ...any) { j.Write(fmt.Appendf(nil, format+"\n", args...)) }

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range bytes.Lines(b) {
		j.lines = append(j.lines, strings.TrimSuffix(string(line), "\n"))
	}
	j.more <- struct{}{}
	return len(b), nil
}

func (j *journal) count(kind, result string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counts[kind+" "+result]++
	j.more <- struct{}{}
}

func (j *journal) get(what string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts[what]
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// until waits for ok, without sleeping: whatever changes is told through more.
func (j *journal) until(t *testing.T, ok func() bool) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-j.more:
		case <-timeout:
			t.Fatalf("waited in vain; counts %v, lines:\n%s", j.counts, j.text())
		}
	}
}

// at is a moment of the recorded outage of fixtures/cases/oom-gunicorn-report.
func at(seconds int) time.Time {
	return time.Date(2026, 11, 22, 15, 1, 58, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func moment(seconds int) rules.Moment {
	return rules.Moment{Micros: at(seconds).UnixMicro(), Precision: parser.Second}
}

// oom is that outage's incident, with n failures up to a second.
func oom(n int64, last int, state string) rules.Incident {
	return rules.Incident{
		ID: "a2b909e288254a26", State: state, Gateway: "nginx", Service: "gunicorn", Upstreams: []string{"127.0.0.1:9001"},
		Summary: "Gunicorn (127.0.0.1:9001) was killed for memory (gunicorn, pid 22838) at 2026-11-22 15:01:58 UTC; 1 request failed over 1.8 s.",
		Verdict: rules.Verdict{Cause: rules.CauseOOMKill, Confidence: 0.96},
		Start:   moment(0), End: moment(last),
		Symptoms: []rules.SymptomGroup{{Class: parser.SymptomPrematureClose, Rank: parser.RankPrimary, Count: n, First: moment(0), Last: moment(last),
			Example: rules.Quote{Location: rules.Location{Source: "nginx/error.log", Line: 10}}}},
		Evidence: []rules.Evidence{{Kind: "oom-kill", Role: rules.RoleCause, Quote: rules.Quote{Location: rules.Location{Source: "kern.log", Line: 80},
			Text: "Nov 22 15:01:59 web-1 kernel: [ 3759.873783] Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:217708kB, anon-rss:199372kB, file-rss:8824kB, shmem-rss:0kB, UID:33 pgtables:504kB oom_score_adj:0"}}},
	}
}

func named(id string, cause rules.Cause, state string, upstreams ...string) rules.Incident {
	in := oom(3, 2, state)
	in.ID, in.Verdict.Cause, in.Upstreams, in.Service = id, cause, upstreams, ""
	in.Summary = "Nothing listened on " + strings.Join(upstreams, ", ") + "; 3 requests failed over 2 s."
	return in
}
