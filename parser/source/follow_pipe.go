package source

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"
)

// A pipeline is a source that is no file: standard input, a FIFO, the journal, the kernel's
// ring buffer, a socket. It cannot be asked whether it has something, so each has a
// goroutine that reads. It has two blocks: when the second is handed over, Next was called
// again, and the first is free.
type pipeline struct {
	path   string
	name   *named
	cursor string // of what Next has returned, if the source has such; Next's own
	cancel context.CancelFunc
	done   chan struct{}
}

// A delivery is what the goroutine of a pipeline hands to Next.
type delivery struct {
	from    *pipeline
	data    []byte
	offset  int64
	cut     bool
	past    bool
	cursor  string // where data ends; "" is unknown
	gap     *Gap
	news    bool // trouble is to be told, or its end
	hint    bool // trouble is no fault and has no end
	trouble error
	ended   bool
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
	p := &pipeline{path: "-", name: n}
	f.pipe(p, func(b *pipeBuffer) { b.stream(f.opts.Poll, f.openStdin) })
}

func (f *Follower) openStdin(ctx context.Context) (io.Reader, io.Closer, error) {
	return f.opts.Stdin, interruptible(ctx, f.opts.Stdin, nopCloser{}), nil
}

func (f *Follower) fifo(path string) {
	if f.paths[path] {
		return
	}
	f.paths[path] = true
	f.pipe(&pipeline{path: path}, func(b *pipeBuffer) {
		b.stream(f.opts.Poll, func(ctx context.Context) (io.Reader, io.Closer, error) { return openFIFO(ctx, path) })
	})
}

// Names of what is no file.
const (
	journalPrefix = "journal:"
	kmsgPrefix    = "kmsg:"
	syslogPrefix  = "syslog:"
	kmsgDevice    = "/dev/kmsg"
)

// IsSpecial reports that an argument of Follow names no file but the journal, the kernel's
// ring buffer or a socket. A file that is called so is followed as ./journal:
func IsSpecial(arg string) bool {
	return arg == kmsgDevice || strings.HasPrefix(arg, journalPrefix) || strings.HasPrefix(arg, kmsgPrefix) || strings.HasPrefix(arg, syslogPrefix)
}

// special follows what is no file; it reports false if path is the name of one.
func (f *Follower) special(path string) bool {
	if !IsSpecial(path) || f.paths[path] {
		return IsSpecial(path)
	}
	f.paths[path] = true
	p := &pipeline{path: path}
	for _, start := range f.opts.Start {
		if start.Path == path {
			p.cursor = start.Cursor
		}
	}
	join := p.cursor == "" && !f.opts.FromStart
	switch {
	case strings.HasPrefix(path, journalPrefix):
		j := &journal{units: unitsOf(path), cursor: p.cursor, join: join, poll: f.opts.Poll}
		f.pipe(p, j.run)
	case strings.HasPrefix(path, syslogPrefix):
		f.pipe(p, func(b *pipeBuffer) { b.listen(path[len(syslogPrefix):], f.opts.Poll) })
	default:
		device := strings.TrimPrefix(path, kmsgPrefix)
		if device == "" {
			device = kmsgDevice
		}
		k := &kmsg{device: device, now: f.opts.Now, join: join, poll: f.opts.Poll}
		k.resume(p.cursor)
		f.pipe(p, k.run)
	}
	return true
}

// pipe starts the goroutine. run reads until b.ctx is done, or the source's end.
func (f *Follower) pipe(p *pipeline, run func(b *pipeBuffer)) {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	f.pipes = append(f.pipes, p)
	b := &pipeBuffer{ctx: ctx, p: p, ready: f.ready}
	go func() {
		defer close(p.done)
		run(b)
		b.pass(delivery{ended: true})
	}()
}

// A pipeBuffer gathers whole lines of a pipeline.
type pipeBuffer struct {
	ctx    context.Context
	p      *pipeline
	ready  chan<- delivery
	blocks [2][blockBytes]byte
	turn   int
	n      int
	offset int64 // of blocks[turn]
	inside bool  // of a line that is passed over

	past   bool                     // what is read now was there before
	cursor func(data []byte) string // of where data ends; nil if there is none
	first  func(data []byte) int    // called with the next whole lines, once: how many bytes of them to drop
}

// stream reads until ctx is done or, of standard input, the end. A FIFO's end is its
// writers'; it is opened again, which waits for the next one.
func (b *pipeBuffer) stream(poll time.Duration, open func(context.Context) (io.Reader, io.Closer, error)) {
	for b.ctx.Err() == nil {
		r, closer, err := open(b.ctx)
		if err == nil {
			b.copy(r)
			closer.Close()
		}
		b.flush()
		if b.p.name != nil {
			return
		}
		b.pause(poll) // a FIFO that is gone must not be asked without pause
	}
}

// pause waits; false is the end.
func (b *pipeBuffer) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-b.ctx.Done():
		return false
	case <-t.C:
		return true
	}
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
		b.drop(i)
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
	if b.first != nil {
		n := b.first(data[:end])
		b.first = nil
		b.drop(n)
		end -= n
	}
	return end == 0 || b.hand(end, cut)
}

// drop passes over the first i bytes.
func (b *pipeBuffer) drop(i int) {
	data := b.blocks[b.turn][:b.n]
	b.n = copy(data, data[i:])
	b.offset += int64(i)
}

// add puts a line in the block; the lines before it are handed over if there is no room.
func (b *pipeBuffer) add(line []byte) bool {
	line = line[:min(len(line), blockBytes-1)]
	if b.n+len(line)+1 > blockBytes && !b.send() {
		return false
	}
	b.n += copy(b.blocks[b.turn][b.n:], line)
	b.blocks[b.turn][b.n] = '\n'
	b.n++
	return true
}

func (b *pipeBuffer) hand(end int, cut bool) bool {
	now := &b.blocks[b.turn]
	next := &b.blocks[1-b.turn]
	d := delivery{data: now[:end], offset: b.offset, cut: cut, past: b.past}
	if b.cursor != nil {
		d.cursor = b.cursor(d.data)
	}
	if !b.pass(d) {
		return false
	}
	b.offset += int64(end)
	b.n = copy(next[:], now[end:b.n])
	b.turn = 1 - b.turn
	return true
}

// pass hands something over; false is the end.
func (b *pipeBuffer) pass(d delivery) bool {
	d.from = b.p
	select {
	case b.ready <- d:
		return true
	case <-b.ctx.Done():
		return false
	}
}

// say tells a trouble, or that there is none any more.
func (b *pipeBuffer) say(err error) { b.pass(delivery{news: true, trouble: err}) }

// lose tells a Gap. What is in the block came before it.
func (b *pipeBuffer) lose(reason string) {
	b.send()
	b.pass(delivery{gap: &Gap{Path: b.p.path, From: -1, To: -1, Reason: reason}})
}

// flush hands over an unfinished line at the end.
func (b *pipeBuffer) flush() {
	if b.n > 0 && !b.inside {
		b.hand(b.n, true)
	}
	b.offset += int64(b.n)
	b.n, b.inside = 0, false
}

// accept makes a Chunk of what was handed over; false if it has none.
func (f *Follower) accept(d *delivery, c *Chunk) bool {
	p := d.from
	switch {
	case d.ended:
		if p.name != nil {
			p.name.ended = true
		}
		return false
	case d.news:
		f.notify(p.path, d.trouble)
		return false
	case d.hint:
		f.notice(p.path+"\x00hint", p.path, d.trouble)
		return false
	}
	*c = Chunk{Path: p.path, Data: d.data, Offset: d.offset, Partial: d.cut, Past: d.past, Gap: d.gap,
		From: Position{Path: p.path, Cursor: p.cursor}}
	if d.cursor != "" {
		p.cursor = d.cursor
	}
	return true
}

func (p *pipeline) close() {
	p.cancel()
	if p.path != "-" {
		<-p.done
	}
}
