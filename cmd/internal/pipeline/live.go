package pipeline

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"sync"
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
	// Now reads the wall clock; cmd gives it, so that nothing else needs one.
	Now func() time.Time
}

// An Update is what one decision of the live engine changed.
type Update struct {
	Changes   []Change
	Positions []source.Position // to be saved with the changes: a restart from here rebuilds all that is open
	Gaps      []source.Gap
	States    []StateLine // that are new
	Report    *rules.Report
	Took      time.Duration // of the decision
}

// A Change is an incident that opened, was updated or resolved.
type Change struct {
	Event    string // opened, updated, resolved
	Incident rules.Incident
}

// Paces of the live engine.
const (
	decideEvery = 100 * time.Millisecond // at most so often, and not more than a fifth of the time
	saveEvery   = 5 * time.Second        // positions, when nothing else happens
	idleAfter   = 300 * time.Millisecond // a trace that has not grown for so long is complete
	idleGateway = 50 * time.Millisecond  // a gateway's entry; it writes each at once
	horizon     = 30 * time.Minute       // log time that stays in memory, and longer while a case is open
	lookback    = 10 * time.Minute       // before an incident's start
	maxKeep     = 24 * time.Hour
	catchUp     = 400 * time.Millisecond // nothing new for so long: the backlog is read
	maxCatchUp  = 10 * time.Second       // or so long after the start
	feedChunks  = 4                      // waiting per path; then the follower waits: unread lines stay on disk
	holdAfter   = 30 * time.Second       // nothing could be stored for so long: the follower waits too
)

// Tail follows until the context ends; then all that was read is decided and handed
// to the Sink, and Tail returns nil.
func Tail(ctx context.Context, cfg LiveConfig) error {
	l := &live{cfg: cfg, feeds: map[string]*feed{}, told: map[string]told{}, from: map[string]source.Position{}, reached: map[string][]source.Position{}, begun: make(chan struct{}), dirty: make(chan struct{}, 1), flow: make(chan struct{}, 1)}
	l.flow <- struct{}{}
	for _, in := range cfg.Known {
		l.told[in.ID] = told{hash: contentHash(&in), count: symptomsOf(&in), state: in.State, since: cfg.Now()}
	}
	follower := source.Follow(cfg.Paths, cfg.Follow)
	defer follower.Close()
	scanning, stop := context.WithCancel(context.Background())
	defer stop()
	lines := make(chan error, 1)
	go func() { lines <- l.pull(ctx, scanning, follower) }()
	err := l.loop(ctx, lines)
	return err
}

// live is the state of a running Tail.
type live struct {
	cfg   LiveConfig
	begun chan struct{} // closed when it is known where all paths are joined
	dirty chan struct{} // something was folded
	flow  chan struct{} // holds a token while lines may be read

	mu      sync.Mutex // guards all below
	feeds   map[string]*feed
	gaps    []source.Gap
	reached map[string][]source.Position // by path, of what was read
	from    map[string]source.Position   // where each path's first chunk began
	marks   []mark
	wg      sync.WaitGroup

	told     map[string]told // by incident id; loop's own
	unmarked bool            // something came since the last mark; loop's own
}

// told is what was last said of an incident.
type told struct {
	hash  uint64
	count int64
	state string
	since time.Time // wall time of its last new symptom
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
	l.marks = append(l.marks, mark{l.cfg.Now(), start})
	l.mu.Unlock()
	close(l.begun)
	if !l.recall(ctx, scanning, follower.Paths()) {
		return nil
	}
	for {
		select {
		case token := <-l.flow:
			l.flow <- token
		case <-ctx.Done():
			return nil
		}
		chunk, err := follower.Next(ctx)
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
			l.wake() // a Gap alone; all else wakes when it is scanned
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
func (l *live) loop(ctx context.Context, lines <-chan error) error {
	tick := time.NewTicker(decideEvery)
	defer tick.Stop()
	// While a backlog is read, half of the evidence is missing: the first decision waits
	// until nothing has come for a moment.
	rest := l.cfg.Now().Add(catchUp) // not before: deciding must not take more than a fifth of the time
	started := l.cfg.Now()
	pending, caughtUp := false, false
	begun := l.begun
	var rested <-chan time.Time
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
			if now := l.cfg.Now(); !caughtUp && now.Sub(started) < maxCatchUp {
				rest = now.Add(catchUp)
			}
		case <-rested:
			rested = nil
		case <-tick.C:
		}
		now := l.cfg.Now()
		if now.Before(rest) || !pending && !l.due(now) {
			if pending && rested == nil {
				rested = time.After(rest.Sub(now))
			}
			continue
		}
		pending, caughtUp, rested = false, true, nil
		if err := l.decide(false); err != nil {
			return err
		}
		before := took
		took = l.cfg.Now().Sub(now)
		// On a busy machine one may be long because it did not run: the next is not to wait for that.
		rest = now.Add(max(5*min(took, before), decideEvery))
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

// due reports whether an open incident may have fallen quiet, or positions are to be saved.
func (l *live) due(now time.Time) bool {
	for _, t := range l.told {
		if t.state == "open" && now.Sub(t.since) >= l.quiet() {
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
	positions, gaps := l.latest(), l.gaps
	l.gaps = nil
	feeds := make([]*feed, 0, len(l.feeds))
	for _, f := range l.feeds {
		feeds = append(feeds, f)
	}
	l.mu.Unlock()
	slices.SortFunc(feeds, func(a, b *feed) int { return strings.Compare(a.path, b.path) })
	for _, f := range feeds {
		f.mu.Lock()
		if f.past {
			f.builder.ForgetNews()
		}
		engine.Add(f.builder.Snapshot())
		f.mu.Unlock()
	}
	report := engine.Decide()
	changes := l.compare(report, now)
	u := Update{Changes: changes, Gaps: gaps, Report: report}
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

// compare finds what is new since it was last told.
func (l *live) compare(report *rules.Report, now time.Time) []Change {
	var changes []Change
	seen := map[string]bool{}
	for i := range report.Incidents {
		in := &report.Incidents[i]
		seen[in.ID] = true
		before, known := l.told[in.ID]
		count := symptomsOf(in)
		t := told{hash: contentHash(in), count: count, state: in.State, since: before.since}
		if !known || count != before.count {
			t.since = now
		}
		quiet := now.Sub(t.since) >= l.quiet() || known && before.state == "resolved" && count == before.count
		if in.State == "open" && quiet {
			in.State, t.state = "resolved", "resolved"
		}
		if !known {
			if gone := l.superseded(in, report); gone != "" {
				in.Supersedes = gone
				delete(l.told, gone)
			}
		}
		l.told[in.ID] = t
		switch {
		case !known:
			changes = append(changes, Change{"opened", *in})
			if t.state == "resolved" {
				changes = append(changes, Change{"resolved", *in})
			}
		case before.state == "open" && t.state == "resolved":
			changes = append(changes, Change{"resolved", *in})
		case before.hash != t.hash:
			changes = append(changes, Change{"updated", *in})
		}
	}
	return changes
}

// superseded finds an open incident that was told under another id and is now part
// of in: an earlier line turned up, or two pools became one.
func (l *live) superseded(in *rules.Incident, report *rules.Report) string {
	ids := make([]string, 0, len(l.told))
	for id, t := range l.told {
		if t.state == "open" && !slices.ContainsFunc(report.Incidents, func(other rules.Incident) bool { return other.ID == id }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

func symptomsOf(in *rules.Incident) int64 {
	var n int64
	for _, s := range in.Symptoms {
		n += s.Count
	}
	return n
}

// contentHash covers what people are told: counts, cause, state, proof.
func contentHash(in *rules.Incident) uint64 {
	h := fnv.New64a()
	io.WriteString(h, in.Summary)
	io.WriteString(h, string(in.Verdict.Cause))
	for _, e := range in.Evidence {
		io.WriteString(h, e.Quote.Text)
	}
	for _, s := range in.Symptoms {
		h.Write([]byte{byte(s.Class), byte(s.Count), byte(s.Count >> 8), byte(s.Count >> 16)})
	}
	return h.Sum64()
}
