package correlate

import (
	"fmt"
	"slices"
	"testing"

	"culprit/rules"
)

// Of the logs that hold enough of the requests, the likeliest are asked, in their order.
func TestHolders(t *testing.T) {
	const logs = 4 * maxHeld
	wanted := func(yield func(uint64)) {
		for key := range uint64(10) {
			yield(key)
		}
	}
	h := newHolders(logs, wanted)
	for log := range logs {
		for key := range uint64(log%10 + 1) {
			h.note(log, key)
			h.note(log, key)
			h.note(log, key+100) // nobody wants it
		}
	}
	if len(h.by) != 10 {
		t.Errorf("%d requests are listed", len(h.by))
	}
	for range 2 { // the second time as the first
		few := h.most(wanted, 10, func(int) int { return 0 })
		if len(few) != logs/10 || few[0].log != 9 || few[0].requests != 10 || few[1].log != 19 {
			t.Errorf("%d logs hold all, the first are %v", len(few), few[:2])
		}
		many := h.most(wanted, 2, func(log int) int { return log / (logs / 2) })
		if len(many) != maxHeld || many[0].log < logs/2 || !slices.IsSortedFunc(many, func(a, b held) int { return a.log - b.log }) {
			t.Errorf("%d logs are asked, from %d on", len(many), many[0].log)
		}
	}
}

// A thousand sites of one machine are asked for the same paths at the same time: the clock of
// each error log is that of the access logs, and failures count once.
func TestManySitesAlike(t *testing.T) {
	var logs []*logFile
	const sites = 5 * maxHeld
	for site := range sites {
		access, errors := accessLog(fmt.Sprintf("nginx/site%d.access.log", site)), errorLog(fmt.Sprintf("nginx/site%d.error.log", site))
		errors.local(7200)
		for i := range 12 {
			access.answers(float64(i), "", 200, 3).sketch(float64(i), uint64(i+1), "")
			errors.sketch(float64(i), uint64(i+1), "")
		}
		if site%100 == 7 {
			at, key := float64(20+site/10), uint64(1000+site)
			access.answers(at, "", 502, 2, wanted(key))
			errors.fails(at, fmt.Sprintf("10.0.0.%d:80", site%250), refused, 2, asking(key))
		}
		logs = append(logs, access, errors)
	}
	r := report(t, Config{}, logs...)
	for i := range r.Sources {
		s := &r.Sources[i]
		if s.HasErrors && (s.ZoneOffset != 7200 || s.ZoneFrom != rules.ZoneInferred || s.Skew != 0) {
			t.Errorf("%s: %d seconds east, %s, %d µs ahead", s.Path, s.ZoneOffset, s.ZoneFrom, s.Skew)
		}
	}
	if len(r.Incidents) != 4 || r.Totals.FailedRequests != 8 {
		t.Errorf("%d failed: %s", r.Totals.FailedRequests, outline(r))
	}
}
