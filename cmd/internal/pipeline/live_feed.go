package pipeline

import (
	"context"
	"hash/fnv"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"culprit/parser"
	"culprit/parser/scan"
	"culprit/parser/source"
	"culprit/rules"
	"culprit/rules/digest"
)

// A feed carries one path's chunks to its scanner.
type feed struct {
	path    string
	waiting func() *parser.Record // that may still grow; the scanner's own
	chunks  chan piece
	rest    []byte
	news    *piece                 // waits until the scanner has handed out what is no news
	states  map[stateKey]StateLine // that were told; loop's own
	idle    atomic.Bool
	asked   atomic.Bool // its description is to be brought up to date with the next record
	gone    time.Time   // since when the path is not followed any more; the puller's own
	mu      sync.Mutex  // guards builder and past
	past    bool        // all that builder has is no news
	builder *digest.Builder
}

// A piece is what a feed carries.
type piece struct {
	data []byte
	past bool // it is no news
}

// Read gives the scanner what came, and scan.ErrIdle when nothing came for a while.
func (f *feed) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if f.news != nil {
			f.begin()
			break
		}
		var wait <-chan time.Time
		if !f.idle.Load() {
			after := idleAfter
			if r := f.waiting(); r != nil && r.Format != nil && r.Format.Role == parser.RoleGateway {
				after = idleGateway
			}
			t := time.NewTimer(after)
			defer t.Stop()
			wait = t.C
		}
		select {
		case chunk, ok := <-f.chunks:
			if !ok {
				return 0, io.EOF
			}
			f.idle.Store(false)
			if f.past && !chunk.past {
				f.news = &chunk
				return 0, scan.ErrIdle
			}
			f.rest = chunk.data
		case <-wait:
			f.idle.Store(true)
			return 0, scan.ErrIdle
		}
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// begin goes from what is no news, which is in the builder by now, to what is.
func (f *feed) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.builder.ForgetNews()
	f.rest, f.past, f.news = f.news.data, false, nil
}

// feed returns the path's feed, with a scanner behind it.
func (l *live) feed(ctx context.Context, path string, past bool) *feed {
	if f := l.feeds[path]; f != nil {
		return f
	}
	f := &feed{path: path, past: past, states: map[stateKey]StateLine{}, chunks: make(chan piece, feedChunks)}
	reader := scan.NewReader(f, scan.Options{Year: l.cfg.Year, LogFormats: l.cfg.Formats})
	f.waiting = reader.Waiting
	head := fnv.New64a()
	io.WriteString(head, path) // a followed file's head may be gone: ties at equal time go by path here
	f.builder = digest.New(rules.SourceInfo{Path: path, Group: path, HeadHash: head.Sum64(), Location: absolute(path)}, l.cfg.Matcher, reader)
	f.builder.Among(max(len(l.reached), len(l.feeds)+1))
	l.feeds[path] = f
	l.wg.Go(func() {
		defer func() {
			if bug := bugOf(recover()); bug != nil {
				l.giveUp(ctx, f, bug)
			}
		}()
		for reader.Scan(ctx) {
			news, first := f.add(reader.Record())
			if news { // also amid lines that never pause
				l.news.Store(true)
				if first {
					l.first.Store(true)
				}
				l.wake()
			}
			if f.idle.Load() || f.asked.Load() || news && f.builder.Source().Lines == 0 || reader.Records()%1000 == 0 {
				f.describe(reader.Stats())
				l.wake()
			}
		}
		f.describe(reader.Stats())
		l.wake()
	})
	return f
}

// add folds a record and reports whether it is news, and the first of its kind.
func (f *feed) add(r *parser.Record) (news, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	count, firsts := f.builder.News(), f.builder.Firsts()
	f.builder.Add(r)
	return f.builder.News() != count, f.builder.Firsts() != firsts
}

// giveUp reads a path no further, so that a bug in reading it ends nothing else: it is told as a gap.
func (l *live) giveUp(ctx context.Context, f *feed, bug error) {
	l.mu.Lock()
	l.gaps = append(l.gaps, source.Gap{Path: f.path, From: -1, To: -1, Reason: bug.Error() + "; nothing of it is read until the next start"})
	l.mu.Unlock()
	l.news.Store(true)
	l.wake()
	for more := true; more; { // who brings more must not wait
		select {
		case _, more = <-f.chunks:
		case <-ctx.Done():
			return
		}
	}
}

// absolute is where a followed path lies.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil && path != "-" && !source.IsSpecial(path) {
		return abs
	}
	return path
}

func (f *feed) describe(s scan.Stats) {
	f.asked.Store(false)
	f.mu.Lock()
	defer f.mu.Unlock()
	info := f.builder.Source()
	*info = rules.SourceInfo{Path: info.Path, Group: info.Group, HeadHash: info.HeadHash, Location: info.Location, Gateway: info.Gateway,
		HasErrors: info.HasErrors, HasAccess: info.HasAccess, Loopback: info.Loopback}
	describe(info, s)
}

// A StateLine is the line that told last that a stream is in a state, "Listening at: …":
// it is evidence until the next one, however long ago it was written.
type StateLine struct {
	Path, Stream string
	State        rules.State
	Since        rules.Moment // in the source's clock
	Place        rules.Place
	Text         string
}

type stateKey struct {
	stream string
	state  rules.State
}

func (s *StateLine) key() stateKey { return stateKey{s.Stream, s.State} }

// recall feeds the lines of earlier runs, of what is followed now; false is the end.
func (l *live) recall(ctx, scanning context.Context, paths []string) bool {
	for _, path := range paths {
		var text []byte
		states := map[stateKey]StateLine{}
		for _, s := range l.cfg.States {
			if s.Path == path {
				states[s.key()] = s
				text = append(append(text, s.Text...), '\n')
			}
		}
		if len(text) == 0 {
			continue
		}
		l.mu.Lock()
		f := l.feed(scanning, path, true)
		f.states = states
		l.mu.Unlock()
		select {
		case f.chunks <- piece{text, true}:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// newStates are the lines that told a state since they were last asked for.
func (f *feed) newStates() (all []StateLine) {
	f.mu.Lock()
	events := f.builder.States()
	f.mu.Unlock()
	for i := range events {
		e := &events[i]
		s := StateLine{Path: f.path, Stream: e.Stream, State: e.Hits[0].Signature.State, Place: e.Place, Text: e.Text}
		if e.Last.From != rules.Past {
			s.Since = rules.Moment{Micros: e.Last.From, Precision: max(e.Last.To-e.Last.From, 1)}
		}
		// One that was recalled is the same, though its place is not known here.
		if before := f.states[s.key()]; before.Since != s.Since || before.Text != s.Text {
			f.states[s.key()] = s
			all = append(all, s)
		}
	}
	return all
}
