package pipeline

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"culprit/parser/source"
)

// TestLiveClockSetBack: what is stamped an hour earlier than the lines before it is not taken
// for old, and is one incident, told to its end.
func TestLiveClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true, FromStart: true}
		var told []string
		last := h.tailUntil(func(stop func()) {
			defer stop()
			outage := func(back time.Duration, upstream string) {
				for i := range 60 {
					h.write("error.log", strings.ReplaceAll(refused(time.Now().Add(-back), i), "127.0.0.1:9001", upstream))
					time.Sleep(time.Second) // the bubble's clock
				}
				time.Sleep(6 * time.Minute)
			}
			outage(0, "127.0.0.1:9001")
			outage(time.Hour, "127.0.0.1:9002")
		})
		for _, in := range h.stored {
			told = append(told, in.Upstreams[0]+" "+in.State)
			if in.PrimaryLines != 60 {
				t.Errorf("%s: %d lines of 60", in.Upstreams, in.PrimaryLines)
			}
		}
		slices.Sort(told)
		if !slices.Equal(told, []string{"127.0.0.1:9001 resolved", "127.0.0.1:9002 resolved"}) || len(last.Report.Incidents) != 2 {
			t.Errorf("stored %q, in memory %d; told %q", told, len(last.Report.Incidents), h.changes)
		}
		h.want()
	})
}

// TestLiveStampOfAnotherYear: one line that is stamped in the future does not make what comes
// after it old.
func TestLiveStampOfAnotherYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.opts = source.FollowOptions{PollOnly: true, FromStart: true}
		h.tailUntil(func(stop func()) {
			defer stop()
			for i := range 60 {
				h.write("error.log", refused(time.Now(), i))
				if i == 30 {
					h.write("error.log", refused(time.Now().AddDate(9, 0, 0), 1000))
				}
				time.Sleep(time.Second)
			}
			time.Sleep(time.Minute)
		})
		var lines int64
		for _, in := range h.stored {
			lines = max(lines, in.PrimaryLines)
		}
		if lines != 60 {
			t.Errorf("the incident has %d lines of 60; told %q", lines, h.changes)
		}
	})
}
