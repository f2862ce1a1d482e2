package pipeline

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"culprit/parser"
	"culprit/parser/source"
	"culprit/rules"
	"culprit/rules/digest"
)

// TestLiveFirstOfAKindIsHurried: in a storm whose decisions take long, more of the same waits, so
// that most of the time is left for reading; what fails for the first time does not.
func TestLiveFirstOfAKindIsHurried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const long, pause = 200 * time.Millisecond, 20 * time.Millisecond // a decision, and between two lines
		h := newHost(t)
		opened := map[string]time.Time{}
		decisions := 0
		l := newLive(LiveConfig{Config: config(1, h.dir), Now: time.Now, Follow: source.FollowOptions{PollOnly: true, Poll: 10 * time.Millisecond, FromStart: true},
			Sink: func(u Update) error {
				for _, c := range u.Changes {
					if c.Event == "opened" {
						opened[c.Incident.Upstreams[0]] = time.Now()
					}
				}
				decisions++
				time.Sleep(long) // the bubble's clock
				return nil
			}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- l.run(ctx) }()
		written := map[string]time.Time{}
		begin := time.Now()
		for n := range 3000 {
			h.write("error.log", refused(time.Now(), n))
			if n > int(maxCatchUp/pause) && n%37 == 0 {
				upstream := fmt.Sprintf("10.0.%d.1:80", n/37)
				written[upstream] = time.Now()
				h.write("error.log", strings.ReplaceAll(refused(time.Now(), 10_000+n), "127.0.0.1:9001", upstream))
			}
			time.Sleep(pause)
		}
		took := time.Since(begin)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for upstream, at := range written {
			if waited := opened[upstream].Sub(at); waited < 0 || waited > long+idleGateway+50*time.Millisecond {
				t.Errorf("the failures of %s were told after %v", upstream, waited)
			}
		}
		if deciding := time.Duration(decisions) * long; deciding > took*2/3 {
			t.Errorf("deciding took %v of %v", deciding, took)
		}
	})
}

// TestMarksAreBounded: of a day's positions a few are kept, the latest and the oldest among them, and
// from any moment the next mark before is not further away than a fraction of its age.
func TestMarksAreBounded(t *testing.T) {
	var marks []mark
	start := time.Unix(0, 0)
	now := start
	for range int(maxKeep / saveEvery) {
		now = now.Add(saveEvery)
		if marks = thinned(append(marks, mark{at: now})); len(marks) > maxMarks {
			t.Fatalf("%d marks", len(marks))
		}
	}
	if first, last := marks[0].at, marks[len(marks)-1].at; first != start.Add(saveEvery) || last != now {
		t.Errorf("they reach from %v to %v", first, last)
	}
	for i := 1; i < len(marks); i++ {
		if apart, age := marks[i].at.Sub(marks[i-1].at), now.Sub(marks[i-1].at); apart > age/4+10*saveEvery {
			t.Errorf("%v between two marks that are %v old", apart, age)
		}
	}
}

// TestFailuresAreBounded: of many paths those that hold most are told coarsely, and the others not.
func TestFailuresAreBounded(t *testing.T) {
	var feeds []*feed
	for i := range 10 {
		f := &feed{builder: digest.New(rules.SourceInfo{}, config(1).Matcher, nil)}
		count := 1000
		if i%2 == 0 {
			count = maxFailures / 4
		}
		for n := range count {
			at := parser.Stamp{Micros: int64(n) * parser.Second, Precision: parser.Second, Clock: parser.ClockZoned}
			f.builder.Add(&parser.Record{Kind: parser.KindGateway, Stamp: at, Lines: 1, Level: parser.LevelError, Raw: []byte("x"),
				Gateway: parser.Gateway{Symptom: parser.SymptomConnRefused, Rank: parser.RankPrimary, Upstream: []byte("127.0.0.1:9001")}})
		}
		feeds = append(feeds, f)
	}
	bound(feeds)
	total := 0
	for i, f := range feeds {
		n := f.builder.Failures()
		if total += n; i%2 == 1 && n != 1000 {
			t.Errorf("%d are left of the thousand of path %d", n, i)
		}
	}
	if total > maxFailures || total < maxFailures/8 {
		t.Errorf("%d are left, the bound is %d", total, maxFailures)
	}
}

// TestLiveSteadyLogIsSeen: how far a log is, whose lines never pause, is known a second later, not
// only when a thousand more have come.
func TestLiveSteadyLogIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true, Poll: 10 * time.Millisecond, FromStart: true}
		written := 0
		var seen, before int64
		h.watch = func(u Update) {
			if len(u.Report.Sources) > 0 {
				seen = u.Report.Sources[0].Lines
			}
		}
		last := h.tailUntil(func(stop func()) {
			for range 300 {
				written++
				h.write("app.log", fmt.Sprintf("%s INFO request %d took 3 ms\n", time.Now().UTC().Format("2006-01-02 15:04:05"), written))
				time.Sleep(100 * time.Millisecond) // the bubble's clock
			}
			synctest.Wait()
			before = seen
			stop()
		})
		if before < int64(written)-20 {
			t.Errorf("%d lines were known of %d", before, written)
		}
		if len(last.Report.Sources) != 1 || last.Report.Sources[0].Lines != int64(written) {
			t.Errorf("at the end: %v of %d", last.Report.Sources, written)
		}
	})
}

// TestLiveOneFailureInTwoLogs: the access log's line of a failed request is read some moments before
// the error log's; one incident is told, and that once.
func TestLiveOneFailureInTwoLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true, Poll: 10 * time.Millisecond, FromStart: true}
		h.write("error.log", "")
		access := func(status int) {
			h.write("access.log", fmt.Sprintf("10.0.0.1 - - [%s] \"GET /cart/1 HTTP/1.1\" %d 157 \"-\" \"curl/8\"\n", time.Now().UTC().Format("02/Jan/2006:15:04:05 +0000"), status))
		}
		h.tailUntil(func(stop func()) {
			defer stop()
			for range 100 {
				access(200)
				time.Sleep(100 * time.Millisecond) // the bubble's clock
			}
			access(502)
			access(200)
			time.Sleep(20 * time.Millisecond)
			h.write("error.log", refused(time.Now(), 1))
			time.Sleep(5 * time.Second)
		})
		if fmt.Sprint(h.changes) != "[opened]" {
			t.Errorf("told: %q", h.changes)
		}
	})
}

// TestLiveBeginsAmidAnOutage: lines that never pause are no backlog; what fails when the program
// starts is told within a second.
func TestLiveBeginsAmidAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true, Poll: 10 * time.Millisecond, FromStart: true}
		h.write("error.log", refusals(time.Now().Add(-time.Minute), 0, 60))
		begin := time.Now()
		var told time.Duration
		h.watch = func(u Update) {
			if len(u.Changes) > 0 && told == 0 {
				told = time.Since(begin)
			}
		}
		h.tailUntil(func(stop func()) {
			defer stop()
			for n := range 100 {
				h.write("error.log", refused(time.Now(), 1000+n))
				time.Sleep(50 * time.Millisecond) // the bubble's clock
			}
		})
		if told == 0 || told > time.Second {
			t.Errorf("it was told after %v", told)
		}
	})
}
