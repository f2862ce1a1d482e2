//go:build unix

package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkFollowWake is from the write of a line to a quiet file until it is read, beside files
// that are written all the time.
func BenchmarkFollowWake(b *testing.B) {
	for _, busy := range []int{0, 1, 2, 20} {
		b.Run(fmt.Sprint(busy, " busy"), func(b *testing.B) {
			dir := b.TempDir()
			quiet, err := os.Create(filepath.Join(dir, "quiet.log"))
			must(b, err)
			defer quiet.Close()
			stop := make(chan struct{})
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var writers sync.WaitGroup
			for i := range busy {
				w, err := os.Create(filepath.Join(dir, fmt.Sprintf("busy%d.log", i)))
				must(b, err)
				writers.Go(func() {
					defer w.Close()
					pace := time.NewTicker(time.Duration(busy) * time.Millisecond)
					defer pace.Stop()
					for {
						select {
						case <-stop:
							return
						case <-pace.C:
						}
						for range 10 { // ten thousand writes a second, all together
							fmt.Fprintln(w, "a line of a file that is written all the time")
						}
					}
				})
			}
			f := Follow([]string{dir}, FollowOptions{FromStart: true})
			defer f.Close()
			read := make(chan time.Time, 1)
			var reader sync.WaitGroup
			reader.Go(func() {
				for {
					c, err := f.Next(ctx)
					if err != nil {
						return
					}
					if c.Path == quiet.Name() {
						read <- time.Now()
					}
				}
			})
			time.Sleep(12 * time.Second) // until it is calm
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				fmt.Fprintln(quiet, "a line")
				took = append(took, (<-read).Sub(start))
				time.Sleep(time.Duration(len(took)*37%300) * time.Millisecond)
			}
			close(stop)
			writers.Wait()
			cancel()
			reader.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// A path that cannot be watched any more, of which events are still on their way, keeps nobody from
// watching another.
func TestWatchOfAFileThatIsGone(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "gone.log"), filepath.Join(dir, "other.log")
	must(t, os.WriteFile(other, []byte("a line\n"), 0o644))
	id := func(path string) inode {
		info, err := os.Stat(path)
		must(t, err)
		return fileID(info)
	}
	bells := func(path string) *bell { return &bell{path: path, rang: make(chan struct{}, 1)} }
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			w, err := os.Create(path)
			must(t, err)
			b := bells(path)
			was := id(path)
			if hang(b, was) != nil {
				return // no watcher here
			}
			for range 20 {
				fmt.Fprintln(w, "a line")
				w.Chmod(0o600)
			}
			unhang(b)
			w.Close()
			must(t, os.Remove(path))
			if hang(bells(path), was) == nil {
				t.Error("a file that is gone is watched")
			}
			o := bells(other)
			must(t, hang(o, id(other)))
			unhang(o)
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("nothing can be watched any more")
	}
}
