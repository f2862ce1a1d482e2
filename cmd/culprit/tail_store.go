package main

import (
	"context"
	"time"

	"culprit/store"
)

const (
	// storePatience is how long the store may be locked before that is told.
	storePatience = 2 * time.Second
	// storeAgain bounds the pause between two tries.
	storeAgain = 2 * time.Second
	// storeLast is how long a try may last when the program is to stop, which it does within a
	// second.
	storeLast = 400 * time.Millisecond
)

// An unstoredError is trouble with the store that lasted until the program was told to stop.
type unstoredError struct{ error }

func (e unstoredError) Unwrap() error { return e.error }

func (e unstoredError) Error() string {
	return e.error.Error() + "; what was read since is not stored, the next run reads it again"
}

// commit stores a batch. While it cannot, it tells why and tries again: what was read is decided
// and told when it is stored, and what is written meanwhile waits in its files. An error is what
// does not pass, or trouble at the end of the program: the next one goes on from what was stored
// last.
func (t *teller) commit(batch store.Batch) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.ctx))
	defer cancel()
	defer context.AfterFunc(t.ctx, func() { time.AfterFunc(storeLast, cancel) })()
	var reason error
	for wait := storeAgain / 16; ; wait = min(2*wait, storeAgain) {
		err := t.put(ctx, batch)
		switch {
		case err == nil && reason != nil:
			t.warn("%s: stored again", t.flags.DB)
			return nil
		case ctx.Err() != nil && reason != nil:
			return unstoredError{reason}
		case t.ctx.Err() != nil && store.Passes(err):
			return unstoredError{err}
		case err == nil || t.ctx.Err() != nil || !store.Passes(err):
			return err
		case reason == nil || err.Error() != reason.Error():
			reason = err
			t.warn("%s: %v; tail tries again, and unread lines wait in their files", t.flags.DB, err)
		}
		select {
		case <-t.ctx.Done():
		case <-time.After(wait):
		}
	}
}

// put stores a batch, in a new file if the store's was deleted.
func (t *teller) put(ctx context.Context, batch store.Batch) error {
	if t.db.Lost() {
		replaced, err := t.db.Restore(ctx)
		switch {
		case err != nil:
			return err
		case replaced:
			t.warn("%s: another file was put in its place; what happens from now on is stored in that", t.flags.DB)
		default:
			t.warn("%s: it was deleted while tail ran; it is made again, with all that was in it", t.flags.DB)
		}
	}
	return t.db.Commit(ctx, batch)
}
