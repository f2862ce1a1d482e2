package pipeline

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"culprit/parser/source"
	"culprit/rules"
)

// A host has logs, and a store that holds what each Update commits.
type host struct {
	*testing.T
	dir       string
	opts      source.FollowOptions
	positions map[string][]source.Position
	stored    map[string]rules.Incident
	states    map[string]StateLine
	changes   []string
	gaps      []source.Gap
	watch     func(Update) // nil: nobody
}

func newHost(t *testing.T) *host {
	return &host{T: t, dir: t.TempDir(), opts: source.FollowOptions{Poll: 10 * time.Millisecond},
		positions: map[string][]source.Position{}, stored: map[string]rules.Incident{}, states: map[string]StateLine{}}
}

// commit keeps what the store keeps of an Update.
func (h *host) commit(u Update) {
	named := map[string]bool{}
	for _, p := range u.Positions {
		if !named[p.Path] {
			h.positions[p.Path], named[p.Path] = nil, true
		}
		back, err := source.ParsePosition(p.Path, p.Device, p.Inode, p.Offset, p.Fingerprint())
		if err != nil {
			h.Error(err)
		}
		h.positions[p.Path] = append(h.positions[p.Path], back)
	}
	for _, path := range u.Ended {
		delete(h.positions, path)
	}
	for _, id := range u.Gone {
		delete(h.stored, id)
	}
	for _, c := range u.Changes {
		delete(h.stored, c.Incident.Supersedes)
		h.stored[c.Incident.ID] = c.Incident
		h.changes = append(h.changes, c.Event)
	}
	for _, s := range u.States {
		h.states[fmt.Sprint(s.Path, s.Stream, s.State)] = s
	}
	h.gaps = append(h.gaps, u.Gaps...)
}

// tail runs until done reports true, from where the last run stopped.
func (h *host) tail(done func(u Update) bool) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	h.run(ctx, cancel, done)
}

// tailUntil runs until stop is called.
func (h *host) tailUntil(meanwhile func(stop func())) (last Update) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	go meanwhile(cancel)
	h.run(ctx, cancel, func(u Update) bool {
		last = u
		return false
	})
	return last
}

func (h *host) run(ctx context.Context, cancel func(), done func(u Update) bool) {
	h.Helper()
	defer cancel()
	cfg := LiveConfig{Config: config(1, h.dir), Follow: h.opts, Now: time.Now}
	for _, positions := range h.positions {
		cfg.Follow.Start = append(cfg.Follow.Start, positions...)
	}
	for _, in := range h.stored {
		cfg.Known = append(cfg.Known, in)
	}
	for _, s := range h.states {
		cfg.States = append(cfg.States, s)
	}
	cfg.Sink = func(u Update) error {
		h.commit(u)
		if h.watch != nil {
			h.watch(u)
		}
		if done(u) {
			cancel()
		}
		return nil
	}
	if err := Tail(ctx, cfg); err != nil {
		h.Fatal(err)
	}
}

func (h *host) write(name, text string) {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		h.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		h.Fatal(err)
	}
}

// refused is nginx's line of a connection that 127.0.0.1:9001 refused.
func refused(at time.Time, n int) string {
	return fmt.Sprintf("%s [error] 12#12: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.%d,"+
		" server: shop, request: \"GET /cart/%d HTTP/1.1\", upstream: \"http://127.0.0.1:9001/cart/%d\", host: \"shop\"\n",
		at.UTC().Format("2006/01/02 15:04:05"), n, n%250, n, n)
}

func refusals(from time.Time, first, count int) (all string) {
	for i := range count {
		all += refused(from.Add(time.Duration(i)*time.Second), first+i)
	}
	return all
}

func linesRead(u Update) (n int64) {
	for _, s := range u.Report.Sources {
		n += s.Lines
	}
	return n
}

// want compares what is stored with what analyze makes of the same files.
func (h *host) want() {
	h.Helper()
	r, _, err := analyze(config(1, h.dir))
	if err != nil {
		h.Fatal(err)
	}
	stored := &rules.Report{}
	for _, in := range h.stored {
		stored.Incidents = append(stored.Incidents, in)
	}
	slices.SortFunc(stored.Incidents, func(a, b rules.Incident) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(r.Incidents, func(a, b rules.Incident) int { return strings.Compare(a.ID, b.ID) })
	if got, want := outline(stored), outline(r); got != want {
		h.Errorf("live:\n%sbatch:\n%s", got, want)
	}
}

var outageTime = time.Date(2026, 11, 22, 14, 25, 46, 0, time.UTC)

// gunicornStarts is from fixtures/cases/oom-gunicorn-report, of another day.
const gunicornStarts = `[2026-11-19 15:01:46 +0000] [22833] [INFO] Starting gunicorn 20.1.0
[2026-11-19 15:01:46 +0000] [22833] [INFO] Listening at: http://127.0.0.1:9001 (22833)
[2026-11-19 15:01:46 +0000] [22833] [INFO] Using worker: sync
[2026-11-19 15:01:46 +0000] [22834] [INFO] Booting worker with pid: 22834
`

// TestLiveFirstSight: what was there before tells who listens where, and is no outage.
func TestLiveFirstSight(t *testing.T) {
	h := newHost(t)
	h.write("app/shop.log", gunicornStarts)
	h.write("nginx/error.log", refusals(outageTime.Add(-24*time.Hour), 1, 20))
	begun := false
	h.tail(func(u Update) bool {
		if !begun && linesRead(u) == 24 {
			if begun = true; len(h.stored) > 0 {
				t.Fatalf("old failures opened %v", h.changes)
			}
			h.write("app/shop.log", "[2026-11-22 14:25:40 +0000] [22833] [INFO] Handling signal: term\n[2026-11-22 14:25:41 +0000] [22833] [INFO] Shutting down: Master\n")
			h.write("nginx/error.log", refusals(outageTime, 100, 5))
		}
		return len(h.stored) > 0 && linesRead(u) == 31
	})
	for _, in := range h.stored {
		if len(h.stored) != 1 || in.Start.Time().Before(outageTime.Add(-time.Minute)) || in.PrimaryLines != 5 || in.Culprit.PID != 22833 || !strings.Contains(in.Culprit.Process, "gunicorn") {
			t.Errorf("got %s, culprit %+v", in.Summary, in.Culprit)
		}
	}
}

// TestLiveStopsBeforeTheFirstLine: what is written between two runs is read, also if the
// first one saw nothing, and also in files that are new.
func TestLiveStopsBeforeTheFirstLine(t *testing.T) {
	h := newHost(t)
	h.write("error.log", refusals(outageTime.Add(-24*time.Hour), 1, 2))
	h.tail(func(u Update) bool { return linesRead(u) == 2 })
	h.write("error.log", refusals(outageTime, 100, 5))
	h.write("new.log", refusals(outageTime, 200, 5))
	h.tail(func(u Update) bool { return linesRead(u) == 12 })
	for _, in := range h.stored {
		if in.PrimaryLines != 10 || len(h.stored) != 1 {
			t.Errorf("got %s with %d lines, want 10", in.Summary, in.PrimaryLines)
		}
	}
	if len(h.stored) == 0 || len(h.gaps) > 0 {
		t.Errorf("got %d incidents, gaps %v", len(h.stored), h.gaps)
	}
}

// TestLiveStopsInAnOpenIncident: of a file that is younger than the first run too, all
// that the open incident is made of is read again.
func TestLiveStopsInAnOpenIncident(t *testing.T) {
	h := newHost(t)
	begin := sync.OnceFunc(func() { h.write("error.log", refusals(outageTime, 1, 5)) })
	h.tail(func(u Update) bool {
		begin()
		return linesRead(u) == 5
	})
	h.write("error.log", refusals(outageTime.Add(5*time.Second), 6, 5))
	h.tail(func(u Update) bool { return linesRead(u) >= 10 })
	h.want()
	if slices.Contains(h.changes[1:], "opened") {
		t.Errorf("told %q", h.changes)
	}
	n := len(h.changes)
	h.tail(func(u Update) bool { return linesRead(u) == 10 }) // once more, for nothing
	if len(h.changes) != n {
		t.Errorf("told %q, the last without news", h.changes)
	}
}

// TestLiveKeepsIncidentsWhole: one that is longer than what is kept in memory is no other one
// when it is over.
func TestLiveKeepsIncidentsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true, FromStart: true}
		h.write("error.log", refused(time.Now(), 0))
		last := h.tailUntil(func(stop func()) {
			defer stop()
			for i := range 150 { // 50 minutes
				time.Sleep(20 * time.Second) // the bubble's clock
				h.write("error.log", refused(time.Now(), i+1))
			}
			time.Sleep(2 * time.Minute)
			h.write("other.log", gunicornStarts) // something goes on
			time.Sleep(40 * time.Minute)
			h.write("other.log", gunicornStarts)
			time.Sleep(time.Minute)
		})
		if len(h.stored) != 1 || slices.Contains(h.changes[1:], "opened") || !slices.Contains(h.changes, "resolved") {
			t.Errorf("got %d incidents, told %q, of %d in memory", len(h.stored), h.changes[max(len(h.changes)-5, 0):], len(last.Report.Incidents))
		}
		for _, in := range h.stored {
			if in.PrimaryLines != 151 {
				t.Errorf("got %d lines of 151", in.PrimaryLines)
			}
		}
	})
}

// traceback is what a Flask application wrote when its database had gone away.
var traceback = []string{
	"[2000-01-01 01:00:00 +0000] [22834] [ERROR] Exception on /cart/1 [GET]\nTraceback (most recent call last):\n",
	"  File \"/srv/shop/app.py\", line 31, in cart\n    connection = psycopg2.connect(dsn)\n",
	"psycopg2.OperationalError: connection to server at \"10.0.0.7\", port 5432 failed: Connection refused\n",
}

// TestLiveStoppedForADay: a traceback of which one line had been written when tail was stopped
// is whole, although its file was rotated and compressed, and who listens where is known from
// before, although that line's file is gone.
func TestLiveStoppedForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true}
		h.write("shop.log", strings.ReplaceAll(gunicornStarts, "2026-11-19", "1999-12-31"))
		h.write("error.log", "")
		until := func(d time.Duration, meanwhile func()) {
			t.Helper()
			h.tailUntil(func(stop func()) {
				defer stop()
				time.Sleep(time.Second) // the bubble's clock
				meanwhile()
				time.Sleep(d)
			})
		}
		until(59*time.Minute, func() {})
		// The file that tells who listens is rotated, and gone before tail comes back.
		rotate := func(name string, n int) {
			path := filepath.Join(h.dir, name)
			if err := os.Rename(path, fmt.Sprintf("%s.%d", path, n)); err != nil {
				t.Error(err)
			}
			h.write(name, "")
		}
		until(2*time.Minute, func() {
			rotate("shop.log", 1)
			time.Sleep(10 * time.Second)
			h.write("shop.log", traceback[0])
			h.write("error.log", refusals(time.Now(), 1, 3))
		})
		if err := os.Remove(filepath.Join(h.dir, "shop.log.1")); err != nil {
			t.Fatal(err)
		}
		h.write("shop.log", traceback[1]+traceback[2])
		rotate("shop.log", 1)
		pack(t, filepath.Join(h.dir, "shop.log.1"))
		time.Sleep(24 * time.Hour)
		until(2*time.Minute, func() { h.write("error.log", refusals(time.Now(), 10, 3)) })
		if len(h.stored) != 2 || len(h.gaps) > 0 {
			t.Errorf("got %d incidents, gaps %v", len(h.stored), h.gaps)
		}
		whole := false
		for _, in := range h.stored {
			if in.PrimaryLines != 3 || in.Service != "shop" {
				t.Errorf("%s has %d lines, service %q", in.Summary, in.PrimaryLines, in.Service)
			}
			for _, ev := range in.Evidence {
				if ev.Kind == "dep-libpq" {
					whole = ev.Quote.Place.LastLine-ev.Quote.Place.FirstLine == 4 && strings.Contains(ev.Why, "shop, which listens on 127.0.0.1:9001")
				}
			}
		}
		if !whole {
			t.Error("the traceback is in pieces, or nobody's")
		}
	})
}

func pack(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	w := gzip.NewWriter(f)
	w.Write(text)
	if err := errors.Join(w.Close(), f.Close(), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
}
