package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
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

// TestLiveWaitsForTheStore: while the store takes nothing for five minutes, reading goes on for
// half a minute and then waits; what was written meanwhile is read afterwards, once.
func TestLiveWaitsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		stuck := make(chan bool)
		hold := sync.OnceFunc(func() {
			close(stuck)
			time.Sleep(5 * time.Minute) // the bubble's clock
		})
		l := newLive(LiveConfig{Config: config(1, h.dir), Now: time.Now, Follow: source.FollowOptions{PollOnly: true, FromStart: true},
			Sink: func(u Update) error {
				if len(u.Changes) > 0 {
					hold()
				}
				h.commit(u)
				return nil
			}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.run(ctx) }()
		lines := 0
		write := func(seconds int) {
			for range seconds {
				h.write("error.log", refused(time.Now(), lines))
				lines++
				time.Sleep(time.Second)
			}
		}
		write(1)
		<-stuck
		read := func() (offset int64) {
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, p := range l.latest() {
				offset += p.Offset
			}
			return offset
		}
		write(20)
		early := read()
		write(40)
		then := read()
		write(120)
		if now := read(); now != then || then <= early {
			t.Errorf("%d bytes were read after 20 s without the store, %d after a minute, %d after three", early, then, now)
		}
		write(180)
		time.Sleep(2 * time.Minute)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for _, in := range h.stored {
			if len(h.stored) != 1 || in.PrimaryLines != int64(lines) {
				t.Errorf("%d incidents, %d lines of %d", len(h.stored), in.PrimaryLines, lines)
			}
		}
		h.want()
	})
}
