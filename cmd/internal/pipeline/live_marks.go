package pipeline

import (
	"maps"
	"math"
	"slices"
	"time"

	"culprit/parser"
	"culprit/parser/source"
	"culprit/rules"
)

// A mark remembers where reading stood when a moment of log time had been reached.
type mark struct {
	at        time.Time
	positions []source.Position
}

// latest is where reading stands, path by path.
func (l *live) latest() (all []source.Position) {
	for _, path := range slices.Sorted(maps.Keys(l.reached)) {
		all = append(all, l.reached[path]...)
	}
	return all
}

// saved is a mark's positions, and where paths begin that came after it: what was read of
// them is in memory too. With them go the positions of by now in other files: should those
// of the mark be deleted, nothing is lost but the chance to decide again.
func (l *live) saved(m mark) []source.Position {
	type file struct {
		path          string
		device, inode uint64
	}
	all := slices.Clone(m.positions)
	paths, files := make(map[string]bool, len(all)), make(map[file]bool, len(all))
	for _, p := range all {
		paths[p.Path], files[file{p.Path, p.Device, p.Inode}] = true, true
	}
	for _, p := range l.latest() {
		at := file{p.Path, p.Device, p.Inode}
		from, isNew := l.from[p.Path]
		switch {
		case !paths[p.Path] && isNew:
			paths[p.Path], files[file{p.Path, from.Device, from.Inode}] = true, true
			all = append(all, from) // its oldest file
			if files[at] {
				continue
			}
			fallthrough
		case paths[p.Path] && !files[at]:
			p.Ahead, files[at] = true, true
			all = append(all, p)
		case !paths[p.Path]:
			all = append(all, p)
		}
	}
	return all
}

// mark remembers where reading stands and forgets what no open case needs, now and then: it
// reports whether it did.
func (l *live) mark(now time.Time, positions []source.Position, report *rules.Report, feeds []*feed) (marked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if marked = len(positions) > 0 && (len(l.marks) == 0 || now.Sub(l.marks[len(l.marks)-1].at) >= saveEvery); marked {
		l.unmarked = false
		l.marks = thinned(append(l.marks, mark{now, positions}))
		for _, f := range feeds {
			f.forget(report)
		}
		bound(feeds)
	}
	keep := keepOf(report, now.Sub)
	for i := range report.Incidents { // whatever became of the clock since it began
		if t, ok := l.told[report.Incidents[i].ID]; ok && report.Incidents[i].State == "open" {
			keep = min(max(keep, now.Sub(t.first)+lookback), maxKeep)
		}
	}
	for len(l.marks) > 1 && now.Sub(l.marks[1].at) >= keep {
		l.marks = l.marks[1:]
	}
	return marked
}

// maxMarks bounds how many moments are remembered: a thousand paths in each, and an incident may
// be open for a day.
const maxMarks = 64

// thinned keeps the bound: the further back, the further apart. A restart from an earlier mark reads
// more again, and comes to the same.
func thinned(marks []mark) []mark {
	if len(marks) <= maxMarks {
		return marks
	}
	now := marks[len(marks)-1].at
	least, spare := math.Inf(1), 1
	for i := 1; i < len(marks)-1; i++ {
		if gap := marks[i+1].at.Sub(marks[i-1].at).Seconds() / now.Sub(marks[i-1].at).Seconds(); gap < least {
			least, spare = gap, i
		}
	}
	return slices.Delete(marks, spare, spare+1)
}

// forget drops what no case needs any more.
func (f *feed) forget(report *rules.Report) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lately := f.builder.Lately(); lately != rules.Past {
		keep := keepOf(report, func(at time.Time) time.Duration { return time.UnixMicro(lately - clockOf(report, f.path)).Sub(at) })
		f.builder.Forget(lately - keep.Microseconds() - parser.Minute)
	}
}

// maxFailures bounds the events and tallies of failures of all paths: a decision is to take so long
// that what fails for the first time is told in time, after hours of a storm too.
const maxFailures = 96 << 10

// bound makes those paths coarser that hold most, until they hold no more than the bound.
func bound(feeds []*feed) {
	held := make([]int, len(feeds))
	total := 0
	for i, f := range feeds {
		f.mu.Lock()
		held[i] = f.builder.Failures()
		f.mu.Unlock()
		total += held[i]
	}
	for total > maxFailures {
		most := 0
		for i := range held {
			if held[i] > held[most] {
				most = i
			}
		}
		f := feeds[most]
		f.mu.Lock()
		total -= held[most]
		if held[most] = 0; f.builder.Coarsen() {
			held[most] = f.builder.Failures()
		} // else nothing of it is left to fold: the next
		total += held[most]
		f.mu.Unlock()
	}
}

// clockOf is how many microseconds a source's clock is ahead of UTC.
func clockOf(report *rules.Report, path string) int64 {
	for i := range report.Sources {
		if s := &report.Sources[i]; s.Path == path && s.Last.Clock != parser.ClockZoned {
			return int64(s.ZoneOffset)*parser.Second + s.Skew
		}
	}
	return 0
}

// keepOf is how far back is remembered, where ago is how long a moment of log time is past: the
// horizon, and whole each incident that is open or reaches into what is remembered. Half of one
// would be another one.
func keepOf(report *rules.Report, ago func(time.Time) time.Duration) time.Duration {
	keep := horizon
	for grown := true; grown; {
		grown = false
		for i := range report.Incidents {
			in := &report.Incidents[i]
			whole := ago(in.Start.Time()) + lookback
			if whole > keep && (in.State == "open" || ago(in.End.Time()) <= keep+2*time.Minute) { // forget leaves a minute more
				keep, grown = whole, true
			}
		}
	}
	return min(keep, maxKeep)
}

// sweep lets paths go that are not followed any more, once nothing of them is in memory but the
// states of services, and these after a day: names with a date in them are new ones each day.
func (l *live) sweep(followed []string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for path, f := range l.feeds {
		if _, found := slices.BinarySearch(followed, path); found {
			f.gone = time.Time{}
			continue
		}
		if f.gone.IsZero() {
			f.gone = now
		}
		if now.Sub(f.gone) < maxKeep && !f.isEmpty() {
			continue
		}
		close(f.chunks)
		delete(l.feeds, path)
		delete(l.reached, path)
		delete(l.from, path)
		for i := range l.marks {
			l.marks[i].positions = slices.DeleteFunc(l.marks[i].positions, func(p source.Position) bool { return p.Path == path })
		}
		l.ended = append(l.ended, path)
	}
}

func (f *feed) isEmpty() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.builder.IsEmpty()
}
