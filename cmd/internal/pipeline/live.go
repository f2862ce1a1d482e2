package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"culprit/parser/source"
	"culprit/rules"
	"culprit/rules/correlate"
)

// LiveConfig says what to follow and whom to tell.
type LiveConfig struct {
	Config
	Follow source.FollowOptions
	// Known are incidents that the store holds already: they are not told again unless
	// they change.
	Known []rules.Incident
	// States are the lines that told the states of streams in earlier runs.
	States []StateLine
	// Sink is called with what is new, in one goroutine: changes of incidents, the
	// positions to go on from, and losses. What it returns ends Tail.
	Sink func(Update) error
	// Now reads the wall clock; cmd gives it, so that nothing else needs one. What passes between
	// two of its readings does not change with the clock, as with time.Now.
	Now func() time.Time
}

// An Update is what one decision of the live engine changed.
type Update struct {
	Changes   []Change
	Gone      []string          // incidents that turned out to be part of another one, or none; without those that one of Changes supersedes
	Positions []source.Position // to be saved with the changes: a restart from here rebuilds all that is open
	Ended     []string          // paths that are gone for good: their positions are of no use
	Gaps      []source.Gap
	States    []StateLine // that are new
	Report    *rules.Report
	Took      time.Duration // of the decision
}

// A Change is an incident that opened, was updated or resolved.
type Change struct {
	Event    string // opened, updated, resolved
	Incident rules.Incident
	Gone     bool // it was resolved by becoming part of another one, or none: it is not to be stored
}

// Paces of the live engine.
const (
	decideEvery = 100 * time.Millisecond // at most so often
	settle      = 60 * time.Millisecond  // the logs that tell of one failure are not read at the same moment
	newsPart    = 3                      // and, while there is more of the same, not more than this part of the time
	calmPart    = 20                     // or this part, for healthy traffic
	calmTick    = time.Second            // looks at the clock while nothing is under way: ten a second cost 0.4 % of a core
	tellEvery   = time.Second            // an incident of which only counts have grown
	saveEvery   = 5 * time.Second        // positions, when nothing else happens
	idleAfter   = 300 * time.Millisecond // a trace that has not grown for so long is complete
	idleGateway = 20 * time.Millisecond  // a gateway's entry; it writes each at once
	horizon     = 30 * time.Minute       // log time that stays in memory, and longer while a case is open
	lookback    = 10 * time.Minute       // before an incident's start
	maxKeep     = 24 * time.Hour
	catchUp     = 400 * time.Millisecond // nothing new for so long: the backlog is read
	maxCatchUp  = 10 * time.Second       // or so long after the start
	backlogGap  = 20 * time.Millisecond  // what is there is read without such a pause
	feedChunks  = 4                      // waiting per path; then the follower waits: unread lines stay on disk
	sweepEvery  = time.Minute            // paths that are not followed any more are looked for
	holdAfter   = 30 * time.Second       // nothing could be stored for so long: the follower waits too
)

// Tail follows until the context ends; then all that was read is decided and handed
// to the Sink, and Tail returns nil.
func Tail(ctx context.Context, cfg LiveConfig) error {
	return newLive(cfg).run(ctx)
}

func newLive(cfg LiveConfig) *live {
	l := &live{
		cfg: cfg, feeds: map[string]*feed{}, told: map[string]*told{}, from: map[string]source.Position{}, reached: map[string][]source.Position{},
		begun: make(chan struct{}), dirty: make(chan struct{}, 1), flow: make(chan struct{}, 1),
	}
	l.flow <- struct{}{}
	for _, in := range cfg.Known {
		l.told[in.ID] = toldOf(&in, cfg.Now())
	}
	return l
}

func (l *live) run(ctx context.Context) error {
	follower := source.Follow(l.cfg.Paths, l.cfg.Follow)
	defer follower.Close()
	scanning, stop := context.WithCancel(context.Background())
	defer stop()
	lines := make(chan error, 1)
	go func() { lines <- l.pull(ctx, scanning, follower) }()
	return l.loop(lines)
}

// live is the state of a running Tail.
type live struct {
	cfg   LiveConfig
	begun chan struct{} // closed when it is known where all paths are joined
	dirty chan struct{} // something was folded
	news  atomic.Bool   // some of it may open or change an incident
	empty atomic.Bool   // the follower had nothing to read for a moment: the backlog is read
	first atomic.Bool   // or is of a kind that did not come lately
	flow  chan struct{} // holds a token while lines may be read

	mu      sync.Mutex // guards all below
	feeds   map[string]*feed
	gaps    []source.Gap
	reached map[string][]source.Position // by path, of what was read
	from    map[string]source.Position   // where each path's first chunk began
	marks   []mark
	ended   []string // paths that are not followed any more, since the last Update
	wg      sync.WaitGroup

	told     map[string]*told // by incident id; loop's own
	unmarked bool             // something came since the last mark; loop's own
}

// pull reads the follower and feeds the scanners, until the context ends or nothing
// can come any more; then it waits for the scanners.
func (l *live) pull(ctx, scanning context.Context, follower *source.Follower) error {
	defer func() {
		l.mu.Lock()
		for _, f := range l.feeds {
			close(f.chunks)
		}
		l.mu.Unlock()
		l.wg.Wait()
	}()
	follower.Begin(ctx)
	l.mu.Lock()
	start := follower.Positions()
	for _, p := range start {
		l.reached[p.Path] = append(l.reached[p.Path], p)
	}
	if len(l.cfg.Follow.Start) > 0 {
		start = l.cfg.Follow.Start // a restart that finds nothing better must not skip it
	}
	l.marks = append(l.marks, mark{l.cfg.Now(), slices.Clone(start)})
	l.mu.Unlock()
	close(l.begun)
	if !l.recall(ctx, scanning, follower.Paths()) {
		return nil
	}
	for swept := l.cfg.Now(); ; {
		select {
		case token := <-l.flow:
			l.flow <- token
		case <-ctx.Done():
			return nil
		}
		if now := l.cfg.Now(); now.Sub(swept) >= sweepEvery {
			swept = now
			l.sweep(follower.Paths(), now)
		}
		asked := l.cfg.Now()
		chunk, err := follower.Next(ctx)
		if l.cfg.Now().Sub(asked) >= backlogGap {
			l.empty.Store(true)
		}
		if err != nil {
			if errors.Is(err, io.EOF) || ctx.Err() != nil {
				return nil
			}
			return err
		}
		l.mu.Lock()
		if chunk.Gap != nil {
			l.gaps = append(l.gaps, *chunk.Gap)
		}
		if _, known := l.from[chunk.Path]; !known && len(chunk.Data) > 0 {
			l.from[chunk.Path] = chunk.From
		}
		l.reached[chunk.Path] = follower.PositionsOf(chunk.Path)
		f := l.feed(scanning, chunk.Path, chunk.Past)
		l.mu.Unlock()
		if len(chunk.Data) > 0 {
			data := bytes.Clone(chunk.Data)
			if chunk.Partial {
				data = append(data, '\n')
			}
			select {
			case f.chunks <- piece{data, chunk.Past}:
			case <-ctx.Done():
				return nil
			}
		} else {
			l.news.Store(true) // a Gap alone; all else wakes when it is scanned
			l.wake()
		}
	}
}

func (l *live) wake() {
	select {
	case l.dirty <- struct{}{}:
	default:
	}
}

// loop decides whenever something came, tells what changed, and saves positions.
func (l *live) loop(lines <-chan error) error {
	tick := time.NewTicker(decideEvery)
	defer tick.Stop()
	// While a backlog is read, half of the evidence is missing: the first decision waits
	// until nothing has come for a moment.
	rest := l.cfg.Now().Add(catchUp) // not before
	calm := rest                     // nor before that, without news
	soon := rest                     // but then already, for the first of a kind
	started := l.cfg.Now()
	asked := started    // when feeds were asked last how far they are
	var since time.Time // when the first of a kind came that is not decided on yet
	pending, caughtUp, calmly := false, false, false
	begun := l.begun
	rested := time.NewTimer(decideEvery)
	defer rested.Stop()
	var took time.Duration // of the last decision
	for {
		select {
		case <-begun:
			begun = nil
			if err := l.save(); err != nil {
				return err
			}
		case err := <-lines: // the end: all scanners are done
			return errors.Join(err, l.decide(true))
		case <-l.dirty:
			pending, l.unmarked = true, true
			if now := l.cfg.Now(); !caughtUp && !l.empty.Load() && now.Sub(started) < maxCatchUp {
				rest = now.Add(catchUp)
				calm, soon = rest, rest
			}
		case <-rested.C:
		case <-tick.C:
		}
		if is := l.isCalm(pending); is != calmly {
			calmly = is
			tick.Reset(map[bool]time.Duration{true: calmTick, false: decideEvery}[is])
		}
		now := l.cfg.Now()
		if now.Sub(asked) >= tellEvery || now.Before(asked) {
			asked = now
			l.ask()
		}
		if !l.first.Load() {
			since = time.Time{}
		} else if since.IsZero() {
			since = now
		}
		begin := calm
		switch {
		case !since.IsZero():
			begin = soon
			if settled := since.Add(settle); settled.After(begin) {
				begin = settled
			}
		case l.news.Load():
			begin = rest
		}
		if pending && now.Before(begin) || !pending && (now.Before(rest) || !l.due(now)) {
			if pending {
				rested.Reset(begin.Sub(now))
			}
			continue
		}
		pending, caughtUp = false, true
		hurried := now.Before(rest)
		l.news.Store(false)
		l.first.Store(false)
		if err := l.decide(false); err != nil {
			return err
		}
		before := took
		took = l.cfg.Now().Sub(now)
		// On a busy machine one may be long because it did not run: the next is not to wait for that.
		usual := min(took, before)
		rest, calm = now.Add(max(newsPart*usual, decideEvery)), now.Add(max(calmPart*usual, decideEvery))
		soon = now.Add(took)
		if hurried { // two in a row, then reading has its time
			soon = now.Add(2 * took)
		}
	}
}

// ask has the feeds describe how far they are: amid lines that never pause they do so now and then
// only.
func (l *live) ask() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.feeds {
		f.asked.Store(true)
	}
}

// save commits where all paths are joined, before anything is read: whenever the program
// is killed, the next one goes on from there.
func (l *live) save() error {
	l.mu.Lock()
	positions := l.saved(l.marks[0])
	l.mu.Unlock()
	return l.sink(Update{Positions: positions, Report: &rules.Report{}})
}

// sink hands an update over. If that takes long, reading waits: memory is bounded, and unread
// lines stay on disk.
func (l *live) sink(u Update) error {
	done := make(chan struct{})
	defer close(done)
	hold := time.AfterFunc(holdAfter, func() {
		select {
		case token := <-l.flow:
			<-done
			l.flow <- token
		case <-done:
		}
	})
	defer hold.Stop()
	return l.cfg.Sink(u)
}

// isCalm reports whether nothing but a line can be the next to do.
func (l *live) isCalm(pending bool) bool {
	if pending || l.unmarked {
		return false
	}
	for _, t := range l.told {
		if t.state == "open" || t.late {
			return false
		}
	}
	return true
}

// due reports whether an open incident may have fallen quiet, or positions are to be saved.
func (l *live) due(now time.Time) bool {
	for _, t := range l.told {
		if t.state == "open" && now.Sub(t.since) >= l.quiet() || t.late && now.Sub(t.at) >= tellEvery {
			return true
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unmarked && now.Sub(l.marks[len(l.marks)-1].at) >= saveEvery
}

func (l *live) quiet() time.Duration {
	if q := l.cfg.Engine.Quiet; q > 0 {
		return time.Duration(q) * time.Microsecond
	}
	return time.Minute
}

// decide runs the engine over what was folded so far and tells the difference. The last
// decision keeps all that the next run must know.
func (l *live) decide(last bool) error {
	now := l.cfg.Now()
	engine := correlate.New(l.cfg.Engine)
	l.mu.Lock()
	positions, gaps, ended := l.latest(), l.gaps, l.ended
	l.gaps, l.ended = nil, nil
	feeds := slices.SortedFunc(maps.Values(l.feeds), func(a, b *feed) int { return strings.Compare(a.path, b.path) })
	l.mu.Unlock()
	for _, f := range feeds {
		f.mu.Lock()
		if f.past {
			f.builder.ForgetNews()
		}
		engine.Add(f.builder.Snapshot())
		f.mu.Unlock()
	}
	report := engine.Decide()
	changes, gone := l.compare(report, now, last)
	u := Update{Changes: changes, Gone: gone, Ended: ended, Gaps: gaps, Report: report}
	if l.mark(now, positions, report, feeds) || last {
		for _, f := range feeds {
			u.States = append(u.States, f.newStates()...)
		}
	}
	l.mu.Lock()
	if len(l.marks) > 0 {
		u.Positions = l.saved(l.marks[0])
	}
	l.mu.Unlock()
	u.Took = l.cfg.Now().Sub(now)
	return l.sink(u)
}
