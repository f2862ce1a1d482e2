package correlate

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Clocks that are settled by the ends of processes.

// settleByProcesses uses pids that two sources name at a death: the kernel's kill
// and the manager's line about the same process are one moment.
func (e *Engine) settleByProcesses() {
	told := deaths{}
	for _, s := range e.sources {
		if s.settled {
			told.add(s)
		}
	}
	e.untilAllSettled(func(s *source) bool {
		if s.clock() == parser.ClockNone || !e.settleByDeaths(s, told) {
			return false
		}
		told.add(s)
		return true
	})
}

func (e *Engine) settleByDeaths(s *source, told deaths) bool {
	deltas, inferred := told.deltas(s)
	from := rules.ZoneAssumed
	if inferred {
		from = rules.ZoneInferred
	}
	if len(deltas) == 0 {
		return false
	}
	slices.Sort(deltas)
	delta := deltas[len(deltas)/2]
	if s.clock() == parser.ClockUptime {
		s.boot, s.hasBoot, s.settled = delta, true, true
		s.Source.ZoneFrom = from
		return true
	}
	zone := roundQuarter(-delta)
	if abs(-delta-zone) >= parser.Minute {
		return false
	}
	e.settle(s, zone, from)
	return true
}

// settleByLives dates a kernel's uptimes by its victims' own lines: a process was killed after
// its last line and before the next one of its stream, so that the latest such line is the
// nearest. What two sources say of one death is more exact.
func (e *Engine) settleByLives(s *source) bool {
	if s.clock() != parser.ClockUptime {
		return false
	}
	victims := map[string]int64{}
	eachDeath(s, func(subject string, ev *rules.Event) {
		if pid, ok := strings.CutPrefix(subject, subjectPID); ok && len(pid) > 2 { // a short one counts inside of a container
			victims[pid] = ev.When.From
		}
	})
	if len(victims) == 0 {
		return false
	}
	earliest, latest := rules.Past, rules.Future
	from := rules.ZoneAssumed
	for _, a := range e.sources {
		if a == s || !a.settled || a.clock() == parser.ClockUptime {
			continue
		}
		for _, f := range a.Facts {
			died, ok := victims[f.Value]
			if f.Kind != rules.FactPID || !ok {
				continue
			}
			earliest = max(earliest, a.utc(f.Last.From, a.clock())-died)
			if next := nextLife(a, f); next != rules.Future {
				latest = min(latest, a.utc(next, a.clock())-died)
			}
			if a.teaches() == rules.ZoneInferred {
				from = rules.ZoneInferred
			}
		}
	}
	if earliest == rules.Past || earliest > latest+parser.Second { // no victim's, or of several boots
		return false
	}
	s.boot, s.hasBoot, s.settled = earliest, true, true
	s.Source.ZoneFrom = from
	return true
}

// nextLife is when another process first wrote into the stream of one that had written its last.
func nextLife(s *source, last rules.Fact) int64 {
	next := rules.Future
	for _, f := range s.Facts {
		if f.Kind == rules.FactPID && f.Stream == last.Stream && f.Value != last.Value && f.When.From >= last.Last.From {
			next = min(next, f.When.From)
		}
	}
	return next
}

// Deaths are what settled sources tell of the ends of processes and units, by these.
type deaths map[string][]toldDeath

// A toldDeath is the first one that a source tells of.
type toldDeath struct {
	source *source
	at     int64 // in UTC
	again  bool
}

func (d deaths) add(s *source) {
	for subject, first := range firstEndings(s) {
		d[subject] = append(d[subject], toldDeath{s, s.utc(first.event.When.From, first.event.Clock), first.again})
	}
}

// deltas lists the others' time minus s's for each death that both tell: of a process, or the
// only one of a unit; and whether one of the others has an inferred zone. A manager tells one end of a
// unit in several lines, and the kernel may, too: the first of each counts.
func (d deaths) deltas(s *source) (out []int64, inferred bool) {
	own := firstEndings(s)
	eachDeath(s, func(subject string, ev *rules.Event) {
		at := ev.When.From
		switch ev.Clock {
		case parser.ClockYearless:
			at = s.dated(at)
		case parser.ClockDay:
			at = s.onDay(at)
		}
		mine := own[subject]
		for _, t := range d[subject] {
			if t.at == rules.Past || !strings.HasPrefix(subject, subjectPID) && (t.again || mine.again || mine.event != ev) {
				continue
			}
			out = append(out, t.at-at)
			inferred = inferred || t.source.teaches() == rules.ZoneInferred
		}
	})
	return out, inferred
}

// An ending is the first line of a source about the end of a process or unit.
type ending struct {
	event *rules.Event
	last  int64 // the latest line about the same end
	again bool  // it ended another time, too
}

// oneDeath is the longest pause between two lines of a manager about one end: "A process of this unit
// has been killed by the OOM killer" comes at once, "Failed with result" when the last process has gone.
const oneDeath = 5 * parser.Second

func firstEndings(s *source) map[string]ending {
	out := map[string]ending{}
	eachDeath(s, func(subject string, ev *rules.Event) {
		d, known := out[subject]
		switch {
		case !known:
			d.event = ev
		case ev.When.From > d.last+oneDeath:
			d.again = true
		}
		d.last = max(d.last, ev.When.From)
		out[subject] = d
	})
	return out
}

const subjectPID = "pid:"

// eachDeath tells of each process and unit whose end a source gives a cause of.
func eachDeath(s *source, f func(subject string, ev *rules.Event)) {
	for i := range s.Events {
		ev := &s.Events[i]
		if ev.When.From == rules.Past {
			continue
		}
		units := map[string]bool{}
		for j := range ev.Hits {
			h := &ev.Hits[j]
			if h.Signature.Role != rules.RoleCause {
				continue
			}
			if pid := h.Get(rules.FieldPID); pid != "" {
				f(subjectPID+pid, ev)
			}
			unit, _ := cgroupIdentity(h.Get(rules.FieldCgroup))
			if unit = cmp.Or(h.Get(rules.FieldUnit), unit); unit != "" && h.Signature.State == rules.StateDead && !units[unit] {
				units[unit] = true
				f(rules.SubjectUnit+unit, ev)
			}
		}
	}
}
