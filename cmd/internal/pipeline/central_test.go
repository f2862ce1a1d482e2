package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A central log of three machines that serve one address each, 127.0.0.1:8000: on one the application
// panics while on another the kernel kills it, and the third is well.
func TestCentralLogOfSeveralMachines(t *testing.T) {
	start := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	type line struct {
		at   int
		text string
	}
	var lines []line
	say := func(at int, host, tag, format string, args ...any) {
		stamp := start.Add(time.Duration(at) * time.Second)
		lines = append(lines, line{at, fmt.Sprintf("%s %s %s: %s", stamp.Format(time.Stamp), host, tag, fmt.Sprintf(format, args...))})
	}
	access := func(at int, host string, n, status int) {
		say(at, host, "nginx", `203.0.113.%d - - [%s] "GET /items/%d HTTP/1.1" %d 157 "-" "curl/8.5.0"`, n,
			start.Add(time.Duration(at)*time.Second).Format("02/Jan/2006:15:04:05 -0700"), n, status)
	}
	refused := func(at int, host string, n int) {
		say(at, host, "nginx", `%s [error] 711#711: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.%d, server: shop.example, request: "GET /items/%d HTTP/1.1", upstream: "http://127.0.0.1:8000/items/%d", host: "shop.example"`,
			start.Add(time.Duration(at)*time.Second).Format("2006/01/02 15:04:05"), at*100+n, n, n, n)
		access(at, host, n, 502)
	}
	down := map[string]int{"web-1": 30, "web-2": 33, "web-3": 1000}
	for at := range 120 {
		for i, host := range []string{"web-1", "web-2", "web-3"} {
			n := 1 + at%9*3 + i
			if at == 0 {
				say(at, host, "shop[412]", "listening on 127.0.0.1:8000 (pid 412)")
			}
			switch d := down[host]; {
			case at >= d && at < d+6:
				refused(at, host, n)
			default:
				access(at, host, n, 200)
			}
		}
		switch at {
		case 30:
			say(at, "web-1", "shop[412]", "panic: runtime error: index out of range [3] with length 3")
			say(at, "web-1", "shop[412]", "goroutine 7 [running]:")
		case 33:
			say(at, "web-2", "kernel", "[ 5021.114] Out of memory: Killed process 412 (shop) total-vm:2147483kB, anon-rss:1048576kB, file-rss:0kB, shmem-rss:0kB, UID:33 pgtables:2304kB oom_score_adj:0")
			say(at, "web-2", "systemd[1]", "shop.service: Main process exited, code=killed, status=9/KILL")
		}
		for host, d := range down {
			if at == d+6 {
				say(at, host, "systemd[1]", "Started shop.service - Shop.")
				say(at, host, fmt.Sprintf("shop[%d]", 500+d), "listening on 127.0.0.1:8000 (pid %d)", 500+d)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at - b.at })
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.text + "\n")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.log"), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	r, first, err := analyze(config(1, dir))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range r.Incidents {
		got = append(got, fmt.Sprintf("%s on %s: %d lines, %d of %d requests", in.Verdict.Cause, in.Culprit.Host, in.PrimaryLines, in.FailedRequests, in.Requests))
	}
	want := []string{"unhandled-exception on web-1: 6 lines, 6 of 6 requests", "oom-kill on web-2: 6 lines, 6 of 6 requests"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(r.Sources) != 1 || r.Totals.Requests != 360 || r.Totals.FailedRequests != 12 {
		t.Errorf("%d sources, %+v", len(r.Sources), r.Totals)
	}
	for _, workers := range []int{2, 8} {
		cfg := config(workers, dir)
		cfg.chunk = 4 << 10
		_, again, err := analyze(cfg)
		if err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("%d workers", workers), first, again)
	}
	if got, want := outline(follow(t, dir, int64(len(lines)))), outline(r); got != want {
		t.Errorf("live:\n%sbatch:\n%s", got, want)
	}
}
