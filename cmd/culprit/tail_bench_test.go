//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"culprit/cmd/internal/live"
	"culprit/cmd/internal/pipeline"
	"culprit/rules/signature"
	"culprit/store"
)

// tailing runs tail with a store, as the command does, and calls watch after each commit.
func tailing(b *testing.B, fromStart bool, dir string, watch func(u pipeline.Update)) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db, err := store.Open(ctx, filepath.Join(b.TempDir(), "culprit.db"))
	if err != nil {
		b.Fatal(err)
	}
	e := &env{ctx: ctx, flags: &common{Format: "json", Quiet: true}, stdout: io.Discard, stderr: io.Discard, now: time.Now()}
	l, err := live.New(ctx, live.Options{Out: io.Discard, Err: io.Discard, Quiet: true})
	if err != nil {
		b.Fatal(err)
	}
	t := &teller{env: e, db: db, live: l}
	cmd := tailCmd{FromStart: fromStart}
	cfg, err := cmd.config(e, []string{dir})
	if err != nil {
		b.Fatal(err)
	}
	cfg.Matcher = signature.Builtin()
	cfg.Sink = func(u pipeline.Update) error {
		err := t.update(u)
		watch(u)
		return err
	}
	done := make(chan error)
	go func() { done <- pipeline.Tail(ctx, *cfg) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		l.Close()
		db.Close()
	}
}

func refusedLine(at time.Time, n int, upstream string) string {
	return fmt.Sprintf("%s [error] 12#12: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.%d,"+
		" server: shop, request: \"GET /cart HTTP/1.1\", upstream: \"http://%s/cart\", host: \"shop\"\n", at.UTC().Format("2006/01/02 15:04:05"), n, n%250, upstream)
}

func accessLine(at time.Time, n int) string {
	return fmt.Sprintf("10.0.0.%d - - [%s] \"GET /cart/%d HTTP/1.1\" 200 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"\n",
		n%250, at.UTC().Format("02/Jan/2006:15:04:05 +0000"), n%1000)
}

func appendTo(b *testing.B, path, text string) {
	b.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		f.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkTailLatency is from the write of a first symptom until its incident is stored: on a
// calm host, on one that writes 40,000 lines a second of which those of fifty upstreams fail,
// and on one that has done so for half an hour, or for four.
func BenchmarkTailLatency(b *testing.B) {
	b.Run("calm", func(b *testing.B) { latency(b, 0, nil) })
	b.Run("storm", func(b *testing.B) { latency(b, 0, storm) })
	b.Run("long-storm", func(b *testing.B) { latency(b, 30*time.Minute, storm) })
	b.Run("longer-storm", func(b *testing.B) { latency(b, 4*time.Hour, storm) })
}

func latency(b *testing.B, past time.Duration, load func(b *testing.B, dir string, ctx context.Context)) {
	dir := b.TempDir()
	path := filepath.Join(dir, "error.log")
	appendTo(b, path, accessLine(time.Now(), 1))
	stormed(b, dir, past)
	seen := make(chan string, 1000)
	var decisions []time.Duration
	ready := make(chan bool, 1)
	stop := sync.OnceFunc(tailing(b, true, dir, func(u pipeline.Update) {
		decisions = append(decisions, u.Took)
		if len(u.Report.Sources) > 0 { // what was there is read
			select {
			case ready <- true:
			default:
			}
		}
		for _, c := range u.Changes {
			if c.Event == "opened" && strings.HasPrefix(c.Incident.Upstreams[0], "10.1.") {
				seen <- c.Incident.Upstreams[0]
			}
		}
	}))
	defer stop()
	<-ready
	if load != nil {
		ctx, cancel := context.WithCancel(context.Background())
		var loading sync.WaitGroup
		loading.Go(func() { load(b, dir, ctx) })
		defer loading.Wait()
		defer cancel()
		time.Sleep(2 * time.Second) // until it is met
	}
	var took []time.Duration
	n := 0
	for b.Loop() {
		n++
		upstream := fmt.Sprintf("10.1.%d.%d:80", n/250, n%250)
		start := time.Now()
		appendTo(b, path, refusedLine(start, n, upstream))
		for upstream != <-seen {
		}
		took = append(took, time.Since(start))
		time.Sleep(time.Duration(n*37%200) * time.Millisecond) // anywhere between two decisions
	}
	stop()
	slices.Sort(took)
	slices.Sort(decisions)
	b.ReportMetric(float64(decisions[len(decisions)/2].Milliseconds()), "decide-ms")
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
}

// stormed makes the logs of a storm that has gone on for so long, with fewer lines a second.
func stormed(b *testing.B, dir string, past time.Duration) {
	now := time.Now()
	for k := range 4 {
		var text strings.Builder
		for n, at := 0, now.Add(-past); at.Before(now); n, at = n+1, at.Add(10*time.Millisecond) {
			if n%20 == 0 {
				text.WriteString(refusedLine(at, n, fmt.Sprintf("10.2.0.%d:80", n/20%50)))
			} else {
				text.WriteString(accessLine(at, n))
			}
		}
		appendTo(b, filepath.Join(dir, fmt.Sprintf("site%d.log", k)), text.String())
	}
}

// storm writes four logs of 10,000 lines a second, one in twenty of them a failure.
func storm(b *testing.B, dir string, ctx context.Context) {
	const logs, each, pause = 4, 200, 20 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	var text strings.Builder
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for k := range logs {
				text.Reset()
				for range each {
					if n++; n%20 == 0 {
						text.WriteString(refusedLine(now, n, fmt.Sprintf("10.2.0.%d:80", n/20%50)))
					} else {
						text.WriteString(accessLine(now, n))
					}
				}
				appendTo(b, filepath.Join(dir, fmt.Sprintf("site%d.log", k)), text.String())
			}
		}
	}
}

// BenchmarkTailStorm is a million equal failures, written as fast as can be: one incident
// that counts them all.
func BenchmarkTailStorm(b *testing.B) {
	const lines = 1_000_000
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		path := filepath.Join(dir, "error.log")
		now := time.Now()
		var text bytes.Buffer
		for i := range lines {
			text.WriteString(refusedLine(now.Add(time.Duration(i)*30*time.Microsecond), i, "127.0.0.1:9001"))
		}
		done := make(chan bool, 1)
		appendTo(b, path, accessLine(now, 1))
		stop := tailing(b, true, dir, func(u pipeline.Update) {
			if in := u.Report.Incidents; len(in) == 1 && in[0].PrimaryLines == lines {
				select {
				case done <- true:
				default:
				}
			}
		})
		b.StartTimer()
		appendTo(b, path, text.String())
		<-done
		b.StopTimer()
		stop()
		b.StartTimer()
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkTailThroughput is access lines of four logs, one in a thousand an error.
func BenchmarkTailThroughput(b *testing.B) {
	const lines, logs = 500_000, 4
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		now := time.Now()
		for k := range logs {
			var text strings.Builder
			for i := range lines {
				at := now.Add(time.Duration(i) * 200 * time.Microsecond)
				if i%1000 == 999 {
					text.WriteString(refusedLine(at, i, "127.0.0.1:9001"))
				} else {
					text.WriteString(accessLine(at, i))
				}
			}
			appendTo(b, filepath.Join(dir, fmt.Sprintf("site%d.log", k)), text.String())
		}
		done := make(chan bool, 1)
		b.StartTimer()
		stop := tailing(b, true, dir, func(u pipeline.Update) {
			var n int64
			for _, s := range u.Report.Sources {
				n += s.Lines
			}
			if n == lines*logs {
				select {
				case done <- true:
				default:
				}
			}
		})
		<-done
		b.StopTimer()
		stop()
		b.StartTimer()
	}
	b.ReportMetric(lines*logs*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

// BenchmarkTailPaced is four logs that together get 200,000 access lines a second for a minute, one
// in a thousand an error: how far behind is tail meanwhile, and how long after the last line is it
// through?
func BenchmarkTailPaced(b *testing.B) {
	const rate, logs, pause, whole = 200_000, 4, 10 * time.Millisecond, time.Minute
	const each = rate * int(pause) / int(time.Second) / logs // lines at once
	for b.Loop() {
		dir := b.TempDir()
		for k := range logs {
			appendTo(b, filepath.Join(dir, fmt.Sprintf("site%d.log", k)), accessLine(time.Now(), k))
		}
		var written, read atomic.Int64
		var most int64
		stop := sync.OnceFunc(tailing(b, false, dir, func(u pipeline.Update) {
			var n int64
			for _, s := range u.Report.Sources {
				n += s.Lines
			}
			read.Store(n)
			most = max(most, written.Load()-n)
		}))
		defer stop()
		time.Sleep(time.Second) // it has joined them
		blocks, stamped := make([]string, 100), time.Time{}
		files := make([]*os.File, logs)
		for k := range files {
			f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf("site%d.log", k)), os.O_APPEND|os.O_WRONLY, 0o644)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			files[k] = f
		}
		used, begin := cpuTime(), time.Now()
		for n := 0; ; n++ {
			due := begin.Add(time.Duration(n) * pause)
			if due.Sub(begin) >= whole {
				break
			}
			time.Sleep(time.Until(due))
			if at := due.Truncate(time.Second); at != stamped { // what is written costs next to nothing
				for i := range blocks {
					blocks[i] = linesOf(blocks[i], stamped, at, i*each, each)
				}
				stamped = at
			}
			for k, f := range files {
				if _, err := f.WriteString(blocks[(n+k*25)%len(blocks)]); err != nil {
					b.Fatal(err)
				}
				written.Add(int64(each))
			}
		}
		took, end := time.Since(begin), time.Now()
		for read.Load() < written.Load() {
			time.Sleep(time.Millisecond)
		}
		b.ReportMetric(float64(written.Load())/took.Seconds(), "lines/s")
		b.ReportMetric(float64(time.Since(end).Milliseconds()), "after-ms")
		b.ReportMetric(float64(cpuTime()-used)*100/float64(time.Since(begin)), "cpu-%")
		stop()
		b.ReportMetric(float64(most), "most-behind")
	}
}

// linesOf is so many lines of one second; those of an earlier one get another stamp.
func linesOf(old string, was, now time.Time, first, lines int) string {
	if old != "" {
		const errors, access = "2006/01/02 15:04:05", "02/Jan/2006:15:04:05"
		was, now = was.UTC(), now.UTC()
		return strings.ReplaceAll(strings.ReplaceAll(old, was.Format(access), now.Format(access)), was.Format(errors), now.Format(errors))
	}
	var text strings.Builder
	for i := range lines {
		if n := first + i; n%1000 == 999 {
			text.WriteString(refusedLine(now, n, "127.0.0.1:9001"))
		} else {
			text.WriteString(accessLine(now, n))
		}
	}
	return text.String()
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkTailIdle is what a thousand files that nobody writes to cost.
func BenchmarkTailIdle(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		appendTo(b, filepath.Join(dir, fmt.Sprintf("app%d.log", i)), accessLine(time.Now(), i))
	}
	ready := make(chan bool, 1)
	stop := tailing(b, false, dir, func(u pipeline.Update) {
		if len(u.Report.Sources) == 1000 {
			select {
			case ready <- true:
			default:
			}
		}
	})
	defer stop()
	<-ready
	time.Sleep(30 * time.Second) // until they are calm
	before, start := cpuTime(), time.Now()
	for b.Loop() {
		time.Sleep(10 * time.Second)
	}
	b.ReportMetric(100*float64(cpuTime()-before)/float64(time.Since(start)), "cpu-%")
}

// BenchmarkTailSoak writes to a thousand files and rotates them. The heap must not grow.
func BenchmarkTailSoak(b *testing.B) {
	dir := b.TempDir()
	files := make([]*os.File, 1000)
	open := func(i int) {
		var err error
		if files[i], err = os.OpenFile(filepath.Join(dir, fmt.Sprintf("app%d.log", i)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for i := range files {
		open(i)
	}
	stop := tailing(b, true, dir, func(pipeline.Update) {})
	defer stop()
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	var first, last uint64
	written := 0
	for b.Loop() {
		for round := range 60 {
			for i, f := range files {
				fmt.Fprint(f, accessLine(time.Now(), i), accessLine(time.Now(), i+1))
				written += 2
				if (i+round)%20 == 0 {
					os.Rename(f.Name(), f.Name()+".1")
					f.Close()
					open(i)
				}
			}
			time.Sleep(time.Second)
			if last = heap(); round == 19 {
				first = last
			}
		}
	}
	b.ReportMetric(float64(first)/(1<<20), "MiB-after-20s")
	b.ReportMetric(float64(last)/(1<<20), "MiB-after-60s")
	b.ReportMetric(float64(written), "lines")
}
