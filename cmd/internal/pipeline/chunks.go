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

// A crew reads sources. Its tokens are how many goroutines may do so at once: each that has begun a
// source keeps one as long as there are sources, and what is left goes to those that help.
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
	number int   // of the chunk
	read   bool  // the chunk has been read
	bug    error // that ended the cutting or the reading of the chunk
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

// A scanning is one source on its way through a crew. All who work on it do the same: they cut the next
// chunk off, read it, and merge what has been read up to there. So nobody waits as long as there is
// work: one goroutine that cut and merged, and others that read, left a core idle for 5 to 11 % of the
// time.
type scanning struct {
	*crew
	year     int
	splitter *scan.Splitter
	builder  *digest.Builder

	mu        sync.Mutex
	changed   sync.Cond
	window    []*hand             // whose chunks were begun and are not merged, in their order
	begun     int                 // chunks
	merged    int                 // chunks
	splitting bool                // somebody cuts a chunk off
	merging   bool                // somebody merges
	over      chan struct{}       // closed when no chunk is left to begin
	bug       error               // after which nothing is merged any more
	grains    [ahead]digest.Grain // of builder after each of the last merges

	// Of the one who merges.
	stats  scan.Stats
	last   *hand         // read the chunk merged last
	memory []scan.Memory // ahead of them, of a source with several chunks: they are 40 KiB each
}

// scan reads a source to its end. The chunks are read at once and merged in their order.
func (c *crew) scan(ctx context.Context, r io.Reader, year int, builder *digest.Builder) (scan.Stats, error) {
	s := &scanning{crew: c, year: year, splitter: scan.NewSplitter(r, c.cfg.chunk), builder: builder, over: make(chan struct{})}
	s.changed.L = &s.mu
	var helpers sync.WaitGroup
	h := s.next(ctx)
	if h != nil && !h.chunk.Last() {
		for range cap(c.tokens) - 1 {
			helpers.Go(func() {
				select {
				case c.tokens <- struct{}{}:
					s.work(ctx, s.next(ctx))
					<-c.tokens
				case <-s.over:
				}
			})
		}
	}
	s.work(ctx, h)
	helpers.Wait()
	if s.last != nil && s.bug == nil {
		defer c.rest(s.last)
	}
	if err := cmp.Or(ctx.Err(), s.bug); err != nil {
		return s.stats, err
	}
	return s.stats, s.last.reader.Err()
}

// work reads chunks, from that of h on, until there is none.
func (s *scanning) work(ctx context.Context, h *hand) {
	for ; h != nil; h = s.next(ctx) {
		s.read(ctx, h)
		s.merge(ctx, h)
	}
}

// next begins a chunk. It returns nil if there is none.
func (s *scanning) next(ctx context.Context) *hand {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.isOver() && (s.splitting || len(s.window) == min(ahead, cap(s.tokens)+1)) {
		s.changed.Wait()
	}
	if s.isOver() {
		return nil
	}
	h := s.take()
	h.number, h.read = s.begun, false
	s.window = append(s.window, h)
	s.begun++
	s.splitting = true
	s.mu.Unlock()
	h.bug = s.cut(h)
	s.mu.Lock()
	s.splitting = false
	if h.bug != nil || h.chunk.Last() || ctx.Err() != nil {
		s.end()
	} else if s.memory == nil {
		s.memory = make([]scan.Memory, ahead)
	}
	s.changed.Broadcast()
	for h.number > 0 && s.merged == 0 && s.bug == nil {
		s.changed.Wait() // for what the first chunk tells of the source's layout
	}
	if s.bug != nil {
		return nil
	}
	if h.number > 0 {
		h.part.FoldAs(s.grains[from(h.number)])
	} else {
		h.part.FoldAs(s.builder.Grain())
	}
	return h
}

// cut cuts the next chunk off, which unpacks it.
func (s *scanning) cut(h *hand) (bug error) {
	defer func() { bug = bugOf(recover()) }()
	s.splitter.Next(&h.chunk)
	return nil
}

// from is the place of what a chunk starts with, which later ones have not overwritten: what was known when
// so many chunks before it were merged that it does not depend on how many are read at once, or how fast.
func from(chunk int) int { return max(0, chunk-ahead) % ahead }

func (s *scanning) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// end says that no chunk is left to begin.
func (s *scanning) end() {
	if !s.isOver() {
		close(s.over)
	}
	s.changed.Broadcast()
}

// read folds the chunk of a hand.
func (s *scanning) read(ctx context.Context, h *hand) {
	if h.bug != nil {
		return
	}
	defer func() { h.bug = bugOf(recover()) }()
	var like *scan.Memory
	if h.number > 0 {
		like = &s.memory[from(h.number)]
	}
	h.reader.Start(ctx, &h.chunk, s.year, like)
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

// merge merges what has been read up to the first chunk that has not, if nobody else does.
func (s *scanning) merge(ctx context.Context, h *hand) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.read = true
	if s.merging {
		return
	}
	s.merging = true
	for len(s.window) > 0 && s.window[0].read && s.bug == nil {
		first := s.window[0]
		s.mu.Unlock()
		bug := s.add(ctx, first)
		s.mu.Lock()
		s.window = append(s.window[:0], s.window[1:]...)
		s.merged++
		if s.bug = bug; bug != nil {
			s.end()
		}
		s.changed.Broadcast()
	}
	s.merging = false
}

// add adds what a hand has read. If its guess of what was open at the chunk's edge was
// wrong, the hand before reads the chunk.
func (s *scanning) add(ctx context.Context, h *hand) (bug error) {
	if h.bug != nil {
		return h.bug
	}
	defer func() { bug = bugOf(recover()) }() // a chunk that is continued is read here
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
	s.grains[s.merged%ahead] = s.builder.Grain()
	if s.memory != nil {
		h.reader.Remember(&s.memory[s.merged%ahead])
	}
	if s.last != nil {
		s.rest(s.last)
	}
	s.last = h
	return nil
}
