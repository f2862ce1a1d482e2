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

	"github.com/hpcloud/tail/watch"
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

// Of a path that cannot be watched any more the library keeps no channel: an event of the file that was
// there before may be on its way, and it would wait for ever for somebody to take it. Under load it did,
// and then nothing could be watched. A new file under the path can be.
func TestWatchOfAFileThatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone.log")
	create := func() (*os.File, inode) {
		w, err := os.Create(path)
		must(t, err)
		info, err := w.Stat()
		must(t, err)
		return w, fileID(info)
	}
	for range 3 {
		w, id := create()
		rang := make(chan struct{}, 1)
		b := &bell{path: path, rang: rang}
		if err := hang(b, id); err != nil {
			t.Skip("no watcher here:", err)
		}
		fmt.Fprintln(w, "a line")
		<-rang
		unhang(b)
		w.Close()
		must(t, os.Remove(path))
		if hang(&bell{path: path, rang: rang}, id) == nil {
			t.Error("a file that is gone is watched")
		}
		if watch.Events(path) != nil {
			t.Fatal("a channel is left that nobody reads")
		}
	}
}
