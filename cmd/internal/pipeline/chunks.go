package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"

	"culprit/parser"
	"culprit/parser/scan"
	"culprit/rules/digest"
)

// ahead is how many chunks of a source may be read at once. It is also how far back the
// memory lies with which a chunk's Reader starts, and so must not depend on the machine.
// Of those that are read or wait there is one more than workers: eight of them for two
// workers touched more memory, which cost a tenth of the time of an outage's log.
const ahead = 8

// A crew reads the chunks of sources. Its tokens are how many may be read at once.
type crew struct {
	cfg     *Config
	tokens  chan struct{}
	mu      sync.Mutex
	resting []*hand
}

func newCrew(cfg *Config, workers int) *crew {
	return &crew{cfg: cfg, tokens: make(chan struct{}, workers)}
}

// A hand reads one chunk: its Reader and its Builder have memory that is used again.
type hand struct {
	chunk  scan.Chunk
	reader *scan.Reader
	part   *digest.Builder
	done   chan struct{} // closed when the chunk has been read
	bug    error         // that ended the reading of the chunk
}

// bugOf makes a panic while one source is read an error of that source: the others are as good as
// ever, and so is what it told before.
func bugOf(panicked any) error {
	if panicked == nil {
		return nil
	}
	return fmt.Errorf("a bug of culprit ended the reading of this file (%v): please report it, with the line if it may be shown", panicked)
}

func (c *crew) take() *hand {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.resting); n > 0 {
		h := c.resting[n-1]
		c.resting = c.resting[:n-1]
		return h
	}
	opts := scan.Options{LogFormats: c.cfg.Formats}
	if m, ok := c.cfg.Matcher.(teller); ok {
		opts.Telling = m.Telling
	}
	h := &hand{}
	opts.Named = func(at parser.Stamp, message []byte) { h.part.Named(at, message) }
	h.reader = scan.NewChunkReader(opts)
	h.part = digest.NewPart(c.cfg.Matcher, h.reader)
	return h
}

func (c *crew) rest(h *hand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resting = append(c.resting, h)
}

// A scanning is one source on its way through a crew.
type scanning struct {
	*crew
	builder *digest.Builder
	stats   scan.Stats
	last    *hand         // read the chunk merged last
	memory  []scan.Memory // ahead of them, of a source with several chunks: they are 40 KiB each
	merged  int
	bug     error // after which nothing is merged any more
}

// scan reads a source to its end. The chunks are read at once and merged in their order.
func (c *crew) scan(ctx context.Context, r io.Reader, year int, builder *digest.Builder) (scan.Stats, error) {
	s := &scanning{crew: c, builder: builder}
	splitter := scan.NewSplitter(r, c.cfg.chunk)
	var window []*hand
	inFlight := min(ahead, cap(c.tokens)+1)
	var wg sync.WaitGroup
	defer wg.Wait()
	for n := 0; ctx.Err() == nil && s.bug == nil; n++ {
		if n == 1 || len(window) == inFlight {
			if s.memory == nil {
				s.memory = make([]scan.Memory, ahead)
			}
			s.merge(ctx, window[0])
			window = append(window[:0], window[1:]...)
		}
		h := c.take()
		if !splitter.Next(&h.chunk) {
			c.rest(h)
			break
		}
		var like *scan.Memory
		if n > 0 {
			like = &s.memory[max(0, n-ahead)%ahead]
		}
		h.part.FoldLike(builder)
		h.done = make(chan struct{})
		window = append(window, h)
		if n == 0 && h.chunk.Last() {
			c.read(ctx, h, year, like)
			break
		}
		if cap(c.tokens) == 1 {
			c.read(ctx, h, year, like)
			continue
		}
		wg.Go(func() {
			c.tokens <- struct{}{}
			defer func() { <-c.tokens }()
			c.read(ctx, h, year, like)
		})
	}
	for _, h := range window {
		s.merge(ctx, h)
	}
	if s.last != nil && s.bug == nil {
		defer c.rest(s.last)
	}
	if err := cmp.Or(ctx.Err(), s.bug); err != nil {
		return s.stats, err
	}
	return s.stats, s.last.reader.Err()
}

// read folds the chunk of a hand.
func (c *crew) read(ctx context.Context, h *hand, year int, like *scan.Memory) {
	defer close(h.done)
	defer func() { h.bug = bugOf(recover()) }()
	h.reader.Start(ctx, &h.chunk, year, like)
	h.fold(ctx)
}

// A teller is a Matcher that knows where no line can say anything to it; *signature.Set is one.
type teller interface{ Telling(text []byte) int }

func (h *hand) fold(ctx context.Context) {
	for more := true; more; {
		more = h.reader.Scan(ctx)
		if p := h.reader.Passed(); p.Lines > 0 {
			h.part.Pass(p.Format, p.Lines, p.Latest)
		}
		if more {
			h.part.Add(h.reader.Record())
		}
	}
}

// merge adds what a hand has read. If its guess of what was open at the chunk's edge was
// wrong, the hand before reads the chunk.
func (s *scanning) merge(ctx context.Context, h *hand) {
	<-h.done
	defer func() { s.bug = cmp.Or(s.bug, bugOf(recover())) }() // a chunk that is continued is read here
	if s.bug = cmp.Or(s.bug, h.bug); s.bug != nil {
		return
	}
	if s.last != nil && !h.reader.Follows(s.last.reader) {
		h.part.Drop()
		s.last.reader.Continue(&h.chunk)
		s.last.fold(ctx)
		s.last.chunk, h.chunk = h.chunk, s.last.chunk
		h, s.last = s.last, h
	}
	st := h.reader.Stats()
	s.stats.Add(&st)
	s.builder.Merge(h.part)
	if s.memory != nil {
		h.reader.Remember(&s.memory[s.merged%ahead])
	}
	s.merged++
	if s.last != nil {
		s.rest(s.last)
	}
	s.last = h
}
