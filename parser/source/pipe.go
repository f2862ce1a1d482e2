package source

import (
	"context"
	"io"
	"os"
	"syscall"
	"time"
)

// openFIFO waits for a writer, as open(2) does, or for ctx.
func openFIFO(ctx context.Context, path string) (io.Reader, io.Closer, error) {
	// Opening for both directions never blocks, and wakes an open that waits for a writer.
	stop := context.AfterFunc(ctx, func() {
		if wake, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			wake.Close()
		}
	})
	defer stop()
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if ctx.Err() != nil {
		f.Close()
		return nil, nil, ctx.Err()
	}
	return f, interruptible(ctx, f, f), nil
}

// interruptible lets ctx end a read that waits for data, where the system can do so,
// until the returned Closer is closed.
func interruptible(ctx context.Context, r io.Reader, closer io.Closer) io.Closer {
	d, ok := r.(interface{ SetReadDeadline(time.Time) error })
	if !ok {
		return closer
	}
	stop := context.AfterFunc(ctx, func() { d.SetReadDeadline(time.Unix(1, 0)) })
	return closerFunc(func() error {
		stop()
		return closer.Close()
	})
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }
