package main

import (
	"fmt"
	"time"

	"culprit/cmd/internal/pipeline"
	"culprit/parser/source"
)

// progress shows bytes, rate and time left on standard error while a long run goes
// on; only on a terminal, and only if the run takes long enough to wonder. The
// returned function clears the line and ends the display.
func (e *env) progress(cfg *pipeline.Config) (stop func()) {
	if _, tty := terminal(e.stderr); !tty || e.flags.Quiet {
		return func() {}
	}
	started := make(chan pipeline.Progress, 1)
	cfg.Watch = func(p pipeline.Progress) { started <- p }
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		var p pipeline.Progress
		select {
		case p = <-started:
		case <-quit:
			return
		}
		e.show(p, quit)
	}()
	return func() {
		close(quit)
		<-gone
	}
}

func (e *env) show(p pipeline.Progress, quit <-chan struct{}) {
	const first, every = 500 * time.Millisecond, 200 * time.Millisecond
	begin, shown := time.Now(), false
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		select {
		case <-quit:
			if shown {
				fmt.Fprint(e.stderr, "\r\x1b[K")
			}
			return
		case <-timer.C:
			shown = true
			fmt.Fprintf(e.stderr, "\r\x1b[K%s", progressLine(p, time.Since(begin)))
			timer.Reset(every)
		}
	}
}

func progressLine(p pipeline.Progress, elapsed time.Duration) string {
	read, size, known := sizes(p.Sources)
	rate := float64(read) / elapsed.Seconds()
	line := fmt.Sprintf("reading %d of %d logs, %s", p.Done.Load(), len(p.Sources), megabytes(read))
	if known && size > 0 {
		line += fmt.Sprintf(" of %s (%d %%)", megabytes(size), 100*read/size)
	}
	line += fmt.Sprintf(", %s/s", megabytes(int64(rate)))
	if known && rate > 0 && size > read {
		line += fmt.Sprintf(", %s left", time.Duration(float64(size-read)/rate*float64(time.Second)).Round(time.Second))
	}
	return line
}

func sizes(sources []*source.Source) (read, size int64, known bool) {
	known = true
	for _, s := range sources {
		read += s.Read()
		if s.Size < 0 {
			known = false
			continue
		}
		size += s.Size
	}
	return read, size, known
}

func megabytes(n int64) string {
	switch {
	case n < 10<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n < 10<<30:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
