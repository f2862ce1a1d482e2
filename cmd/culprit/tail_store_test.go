//go:build linux

package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"culprit/store"
)

// TestTailGivesUpTheStoreAtTheEnd: whether the store is found locked before the program is told
// to stop or after, the try ends well within the second that is promised, by the bubble's clock:
// how busy the machine is does not count.
func TestTailGivesUpTheStoreAtTheEnd(t *testing.T) {
	for _, early := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "culprit.db")
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			db, err := store.Open(ctx, path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetPatience(50 * time.Millisecond) // each try takes SQLite 200 ms of the real time
			defer lockStore(t, path)()
			said := new(lines)
			tell := &teller{env: &env{ctx: ctx, flags: &common{DB: path}, stderr: said}, db: db}
			var told time.Time
			go func() {
				if !early {
					time.Sleep(300 * time.Millisecond) // some tries
				}
				told = time.Now()
				stop()
			}()
			if early {
				synctest.Wait()
			}
			err = tell.commit(store.Batch{Checkpoints: []store.Checkpoint{{Path: "error.log"}}})
			took := time.Since(told)
			if err == nil || took > 500*time.Millisecond {
				t.Errorf("it ended with %v, %v after it was told to stop", err, took)
			}
			if n := strings.Count(said.String(), "tries again"); !early && n != 1 || !errors.As(err, new(unstoredError)) {
				t.Errorf("it ended with %v and said %q", err, said)
			}
		})
	}
}
