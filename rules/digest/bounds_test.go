package digest

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A client that sends another Host with every request must not break the digest,
// nor make it grow: the hosts are folded, and nothing is lost.
func TestHostsOfAClientAreBounded(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	const many = 3*maxEvents + 200
	for i := range many {
		b.Add(changed(errorLine(0), func(r *parser.Record) {
			r.Gateway.Server, r.Gateway.Host = nil, fmt.Appendf(nil, "h%d", i)
		}))
	}
	d := b.Finish()
	if len(d.Events) > maxEvents {
		t.Errorf("%d events, want at most %d", len(d.Events), maxEvents)
	}
	var lines int64
	for i := range d.Events {
		lines += int64(d.Events[i].Lines)
	}
	if lines != many {
		t.Errorf("%d lines, want %d", lines, many)
	}
}

// When all units of a machine die at once, each death is why another site fails: of a log that may hold few
// events, too, they stay apart, and only of a log that goes on and on with names that nobody has seen before
// they are folded.
func TestDeathsOfUnitsStayApart(t *testing.T) {
	died := &rules.Signature{ID: "systemd-main-process", Technology: "systemd", Role: rules.RoleCause, Cause: rules.CauseKilled, Scope: rules.ScopeService}
	started := &rules.Signature{ID: "systemd-started", Technology: "systemd", Role: rules.RoleRecovery, State: rules.StateStarted, Scope: rules.ScopeService}
	f := func(units, told, most int) {
		t.Helper()
		m := &oneHit{}
		b := New(rules.SourceInfo{}, m, nil)
		b.Share(1, 1000)
		add := func(sig *rules.Signature, at int64, unit int) {
			m.hit = rules.Hit{Signature: sig, Fields: []rules.Field{{Name: rules.FieldUnit, Value: fmt.Sprintf("site%d.service", unit)}}}
			b.Add(changed(logLine(at*parser.Second, "word"), func(r *parser.Record) { r.Format, r.Program, r.PID = systemFormat, []byte("systemd"), 1 }))
		}
		for i := range units {
			add(started, 0, i)
		}
		for i := range units {
			add(died, int64(60+i%5), i)
		}
		d := b.Finish()
		names, count := map[string]bool{}, int64(0)
		for _, e := range d.Events {
			if e.Hits[0].Signature == died {
				names[e.Hits[0].Get(rules.FieldUnit)] = true
				count += e.Count
			}
		}
		if len(names) < told || count != int64(units) {
			t.Errorf("%d units: %d deaths of %d of them are told, want %d at least", units, count, len(names), told)
		}
		if len(d.Events) > most {
			t.Errorf("%d units: %d events, want at most %d", units, len(d.Events), most)
		}
	}
	f(300, 300, minEvents)
	f(2000, 2000, 2*manyNames*minEvents)
	f(50_000, 1, 2*manyNames*minEvents)
}

// oneHit matches one hit in each line.
type oneHit struct{ hit rules.Hit }

func (s *oneHit) Match(_ *parser.Record, hits []rules.Hit) []rules.Hit { return append(hits, s.hit) }

// TestOneAmongManyIsToldCoarsely: a quiet log that is one of a thousand holds few tallies and few
// of its requests, however long an outage lasts, and counts every request; what failed keeps its second.
func TestOneAmongManyIsToldCoarsely(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	b.Among(1000)
	const seconds, every = 20_000, 1000
	for i := range int64(seconds) {
		status := int16(200)
		if i%every == every-1 {
			status = 502
		}
		b.Add(changed(accessLine(i*parser.Second, status), func(r *parser.Record) { r.Access.Target = fmt.Appendf(nil, "/cart/%d", i) }))
	}
	d := b.Finish()
	if n := len(d.Tallies); n > minTallies {
		t.Errorf("%d tallies, want %d at most", n, minTallies)
	}
	if n := len(d.Requests); n > minSketch || n < minSketch/3 {
		t.Errorf("%d requests, want %d at most, and many of them", n, minSketch)
	}
	if _, _, requests, _ := sums(d); requests != seconds {
		t.Errorf("%d requests, want %d", requests, seconds)
	}
	failed := int64(0)
	for _, tally := range d.Tallies {
		if tally.Status == 502 {
			failed += tally.Count
			if tally.Second%every != every-1 {
				t.Errorf("a failure is in second %d", tally.Second)
			}
		}
	}
	if failed != seconds/every {
		t.Errorf("%d failures, want %d", failed, seconds/every)
	}
}

// TestCoarsen: hours of an outage are folded, and nothing of them is lost: not a line, not a
// request, not the second of the first failure nor that of the last.
func TestCoarsen(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	b.Among(1)
	const seconds = 10_000
	for i := range int64(seconds) {
		b.Add(errorLine(i * parser.Second))
		b.Add(accessLine(i*parser.Second, 502))
		if i%100 == 0 {
			b.Add(accessLine(i*parser.Second, 200))
		}
	}
	before := b.Failures()
	if !b.Coarsen() || b.Failures()*9 > before {
		t.Errorf("%d are left of %d", b.Failures(), before)
	}
	for b.Coarsen() {
	}
	if n := b.Failures(); n > 10 {
		t.Errorf("%d are left", n)
	}
	b.Add(accessLine(seconds*parser.Second, 502)) // one more has its own second
	d := b.Finish()
	if _, lines, requests, failures := sums(d); lines != seconds || requests != seconds+1+seconds/100 || failures != seconds+1 {
		t.Errorf("%d lines, %d requests, %d of them failures", lines, requests, failures)
	}
	first, end, last := d.Tallies[0], int64(0), d.Tallies[len(d.Tallies)-1]
	healthy := 0
	for _, tally := range d.Tallies[:len(d.Tallies)-1] {
		if tally.Status == 200 {
			healthy++
			continue
		}
		end = max(end, tally.Second+tally.More)
	}
	if begin := first.Second; end != begin+seconds-1 || last.Second != begin+seconds || first.More == 0 || last.More != 0 || healthy != seconds/100 {
		t.Errorf("the failures reach from %d to %d, the last is at %d+%d; %d seconds of success", first.Second, end, last.Second, last.More, healthy)
	}
	if e := &d.Events[len(d.Events)-1]; e.Last.To != (first.Second+seconds)*parser.Second {
		t.Errorf("the events end at %d", e.Last.To)
	}
}

// TestFailedHostsOfAClientAreBounded: nor may one whose requests fail in an access log.
func TestFailedHostsOfAClientAreBounded(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	const many = 2*maxTallies + 200
	for i := range many {
		b.Add(changed(accessLine(0, 502), func(r *parser.Record) { r.Access.Host = fmt.Appendf(nil, "h%d", i) }))
	}
	d := b.Finish()
	if n := len(d.Tallies); n > maxTallies/failedPart {
		t.Errorf("%d tallies, want %d at most", n, maxTallies/failedPart)
	}
	if _, _, _, failures := sums(d); failures != many {
		t.Errorf("%d failures, want %d", failures, many)
	}
}

// TestFailuresAreBounded: weeks of failures are told ever more coarsely. Not one is lost, the first
// and the last keep their second, and what failed after quiet is told apart from what failed before,
// also where the source is read in parts.
func TestFailuresAreBounded(t *testing.T) {
	const day, days, lull = 86_400, 15, 10_000 // seconds
	line := func(i int64) *parser.Record {
		return changed(accessLine(i*parser.Second, 502), func(r *parser.Record) { r.Access.Target = fmt.Appendf(nil, "/cart/%d", i%7) })
	}
	whole, parts, part := New(rules.SourceInfo{}, words{}, nil), New(rules.SourceInfo{}, words{}, nil), NewPart(words{}, nil)
	var lines, from, to int64
	for i := int64(0); i < days*day; i += 15 {
		if i%day < lull { // each night nothing fails
			continue
		}
		whole.Add(line(i))
		part.Add(line(i))
		if lines%500 == 0 {
			parts.Merge(part)
		}
		if lines == 0 {
			from = i
		}
		lines, to = lines+1, i
	}
	parts.Merge(part)
	for name, b := range map[string]*Builder{"whole": whole, "in parts": parts} {
		d := b.Finish()
		if n := len(d.Tallies); n > maxTallies/failedPart {
			t.Errorf("%s: %d tallies of %d seconds, want %d at most", name, n, lines, maxTallies/failedPart)
		}
		if _, _, _, failures := sums(d); failures != lines {
			t.Errorf("%s: %d failures, want %d", name, failures, lines)
		}
		first, last := d.Tallies[0].Second, d.Tallies[0].Second
		for _, tally := range d.Tallies {
			end := tally.Second + tally.More
			first, last = min(first, tally.Second), max(last, end)
			if begin := epoch; (tally.Second-int64(begin))/day != (end-int64(begin))/day {
				t.Errorf("%s: a tally reaches over a night, from %d to %d", name, tally.Second, end)
			}
		}
		if last-first != to-from {
			t.Errorf("%s: failures over %d s, want %d", name, last-first, to-from)
		}
	}
}
