package source

import (
	"bytes"
	"context"
	"io"
	"time"
)

// A pipeline is standard input or a FIFO. A pipe cannot be asked whether it has something, so
// each has a goroutine that reads. It has two blocks: when the second is handed
// over, Next was called again, and the first is free.
type pipeline struct {
	path   string
	name   *named
	data   []byte
	offset int64
	cut    bool
	cancel context.CancelFunc
	done   chan struct{}
}

func (f *Follower) stdin(n *named) {
	if f.paths["-"] {
		return
	}
	f.paths["-"] = true
	if f.opts.Stdin == nil {
		n.ended = true
		f.notify("-", fail("read", "there is no standard input"))
		return
	}
	f.pipe(&pipeline{path: "-", name: n}, func(ctx context.Context) (io.Reader, io.Closer, error) {
		return f.opts.Stdin, interruptible(ctx, f.opts.Stdin, nopCloser{}), nil
	})
}

func (f *Follower) fifo(path string) {
	if f.paths[path] {
		return
	}
	f.paths[path] = true
	f.pipe(&pipeline{path: path}, func(ctx context.Context) (io.Reader, io.Closer, error) {
		return openFIFO(ctx, path)
	})
}

func (f *Follower) pipe(p *pipeline, open func(context.Context) (io.Reader, io.Closer, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	f.pipes = append(f.pipes, p)
	go func() {
		defer close(p.done)
		p.run(ctx, open, f.opts.Poll, f.ready)
	}()
}

// run reads until ctx is done or, of standard input, the end. A FIFO's end is its
// writers'; it is opened again, which waits for the next one.
func (p *pipeline) run(ctx context.Context, open func(context.Context) (io.Reader, io.Closer, error), poll time.Duration, ready chan<- *pipeline) {
	b := &pipeBuffer{ctx: ctx, p: p, ready: ready}
	for ctx.Err() == nil {
		r, closer, err := open(ctx)
		if err == nil {
			b.copy(r)
			closer.Close()
		}
		b.flush()
		if p.name != nil || ctx.Err() != nil {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(poll): // a FIFO that is gone must not be asked without pause
		}
	}
	p.data = nil
	select {
	case ready <- p:
	case <-ctx.Done():
	}
}

// A pipeBuffer gathers whole lines of a pipe.
type pipeBuffer struct {
	ctx    context.Context
	p      *pipeline
	ready  chan<- *pipeline
	blocks [2][blockBytes]byte
	turn   int
	n      int
	offset int64 // of blocks[turn]
	inside bool  // of a line that is passed over
}

func (b *pipeBuffer) copy(r io.Reader) error {
	for {
		n, err := r.Read(b.blocks[b.turn][b.n:])
		b.n += n
		if n > 0 && !b.send() || b.ctx.Err() != nil {
			return b.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

// send hands the whole lines over and keeps the rest.
func (b *pipeBuffer) send() bool {
	data := b.blocks[b.turn][:b.n]
	if b.inside {
		i := bytes.IndexByte(data, '\n') + 1
		b.inside = i == 0
		if b.inside {
			i = b.n
		}
		b.n = copy(data, data[i:])
		b.offset += int64(i)
		data = data[:b.n]
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	if end == 0 && b.n < blockBytes {
		return true
	}
	cut := end == 0
	if cut {
		end, b.inside = b.n, true
	}
	return b.hand(end, cut)
}

func (b *pipeBuffer) hand(end int, cut bool) bool {
	now := &b.blocks[b.turn]
	next := &b.blocks[1-b.turn]
	p := *b.p // Next reads it while this goroutine goes on
	p.data, p.offset, p.cut = now[:end], b.offset, cut
	select {
	case b.ready <- &p:
	case <-b.ctx.Done():
		return false
	}
	b.offset += int64(end)
	b.n = copy(next[:], now[end:b.n])
	b.turn = 1 - b.turn
	return true
}

// flush hands over an unfinished line at the end.
func (b *pipeBuffer) flush() {
	if b.n > 0 && !b.inside {
		b.hand(b.n, true)
	}
	b.offset += int64(b.n)
	b.n, b.inside = 0, false
}

// take makes a Chunk of what was handed over; false is the end.
func (p *pipeline) take(c *Chunk) bool {
	*c = Chunk{Path: p.path, Data: p.data, Offset: p.offset, Partial: p.cut}
	return p.data != nil
}

// drop forgets a pipe that has ended.
func (f *Follower) drop(p *pipeline) {
	if p.name != nil {
		p.name.ended = true
	}
}

func (p *pipeline) close() {
	p.cancel()
	if p.path != "-" {
		<-p.done
	}
}
