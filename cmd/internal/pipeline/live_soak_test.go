package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"culprit/parser/source"
)

// TestLiveIsBounded follows for two days what an hourly job makes: a log with its hour in its
// name, of which the last two are kept, and one that is renamed. What is in memory, and in the
// store, is that of some hours at the end.
func TestLiveIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		cfg := LiveConfig{Config: config(1, h.dir), Now: time.Now, Follow: source.FollowOptions{PollOnly: true, Poll: 10 * time.Second, FromStart: true},
			Sink: func(u Update) error {
				h.commit(u)
				return nil
			}}
		l := newLive(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.run(ctx) }()
		const hours = 48
		for hour := range hours {
			name := func(hour int) string { return fmt.Sprintf("shop-%04d-api.log", hour) }
			for range 3 {
				h.write(name(hour), "ready\n")
				h.write("nginx/error.log", refused(time.Now(), hour)+refused(time.Now(), hour+1))
				time.Sleep(20 * time.Minute) // the bubble's clock
			}
			if err := os.Remove(filepath.Join(h.dir, name(hour-2))); err != nil && hour >= 2 {
				t.Error(err)
			}
			path := filepath.Join(h.dir, "nginx/error.log")
			if err := os.Rename(path, path+".1"); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		l.mu.Lock()
		for what, n := range map[string]int{
			"feeds": len(l.feeds), "paths with a place": len(l.reached), "paths with a beginning": len(l.from), "places of all": len(l.latest()),
			"places of a mark": len(l.marks[len(l.marks)-1].positions), "stored paths": len(h.positions),
		} {
			if n > 10 {
				t.Errorf("%d %s after %d hours", n, what, hours)
			}
		}
		if n := len(l.marks); n > 20 {
			t.Errorf("%d marks", n)
		}
		l.mu.Unlock()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if len(h.stored) != 3*hours || len(h.gaps) > 0 {
			t.Errorf("%d incidents of %d, gaps %v", len(h.stored), 3*hours, h.gaps)
		}
		if n := len(l.told); n > 3*26 {
			t.Errorf("%d incidents are remembered", n)
		}
	})
}
