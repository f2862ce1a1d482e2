package pipeline

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"strings"
	"time"

	"culprit/rules"
)

// What of a decision is told: what is new, what has changed, and what only has grown.

// told is what was last said of an incident.
type told struct {
	hash  uint64
	grave uint64 // of what is told at once
	count int64
	state string
	since time.Time // wall time of its last new symptom
	first time.Time // when it was told first
	at    time.Time // when it was told last
	seen  time.Time // when it was in a report last
	late  bool      // counts have grown that were not told yet

	brief rules.Incident // without its lists
	met   bool           // it was in a report of this run
}

// toldOf is what has been told of an incident, if it is told now.
func toldOf(in *rules.Incident, now time.Time) *told {
	t := &told{hash: contentHash(in), grave: graveHash(in), count: symptomsOf(in), state: in.State, since: now, first: now, at: now, seen: now, brief: *in}
	b := &t.brief
	b.StatusCounts, b.Series, b.URLs, b.Related, b.Symptoms, b.Evidence, b.Timeline, b.Advice, b.Prevent, b.Missing = nil, nil, nil, nil, nil, nil, nil, nil, nil, nil
	return t
}

// compare finds what is new since it was last told; all of it, if it is the last time. Of an
// incident that only grows, people and the store are told now and then: in a storm all of them
// grow at each decision. Each that was told as open is told as resolved once, also if it turns
// out to be part of another one, or none.
func (l *live) compare(report *rules.Report, now time.Time, last bool) (changes []Change, gone []string) {
	lost := l.lost(report)
	for i := range report.Incidents {
		in := &report.Incidents[i]
		before, known := l.told[in.ID]
		t := toldOf(in, now)
		t.met = true
		if known {
			t.first = before.first
		}
		if known && t.count == before.count {
			t.since = before.since
		}
		parts := l.partsOf(in, lost, known)
		for i, id := range parts {
			was := l.told[id]
			if was.state == "open" {
				changes = append(changes, was.over("part of "+in.ID+": "+in.Summary))
			}
			if i == 0 && !known {
				in.Supersedes, t.first = id, was.first
			} else {
				gone = append(gone, id)
			}
			delete(l.told, id)
		}
		lost = slices.DeleteFunc(lost, func(id string) bool { return slices.Contains(parts, id) })
		quiet := now.Sub(t.since) >= l.quiet() || known && before.state == "resolved" && t.count == before.count
		if in.State == "open" && quiet {
			in.State, t.state = "resolved", "resolved"
		}
		switch {
		case !known:
			changes = append(changes, Change{Event: "opened", Incident: *in})
			if t.state == "resolved" {
				changes = append(changes, Change{Event: "resolved", Incident: *in})
			}
		case before.state == "open" && t.state == "resolved":
			changes = append(changes, Change{Event: "resolved", Incident: *in})
		case before.hash == t.hash:
			t.at = before.at
		case last || before.state != t.state || before.grave != t.grave || now.Sub(before.at) >= tellEvery || now.Before(before.at):
			changes = append(changes, Change{Event: "updated", Incident: *in})
		default:
			t.hash, t.at, t.late = before.hash, before.at, true
		}
		l.told[in.ID] = t
	}
	for _, id := range lost {
		if was := l.told[id]; was.state == "open" && was.met {
			changes, gone = append(changes, was.over("withdrawn: what was read later shows that it is none")), append(gone, id)
			was.state, was.met, was.late, was.count, was.hash = "resolved", false, false, -1, 0 // if it comes back, it is news
		}
	}
	for id, t := range l.told {
		if now.Sub(t.seen) > maxKeep {
			delete(l.told, id) // nothing of it is in memory
		}
	}
	return changes, gone
}

// lost are the ids that were told of and are not in the report, the open first: the others only if
// one that was not told may take their place.
func (l *live) lost(report *rules.Report) (ids []string) {
	there, fresh := make(map[string]bool, len(report.Incidents)), false
	for i := range report.Incidents {
		id := report.Incidents[i].ID
		there[id] = true
		fresh = fresh || l.told[id] == nil
	}
	for id, t := range l.told {
		if !there[id] && (fresh || t.state == "open") {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(strings.Compare(l.told[a].state, l.told[b].state), strings.Compare(a, b))
	})
	return ids
}

// partsOf finds what was told under ids that are lost and is now part of in: an earlier line
// turned up, or two pools turned out to be one. One that was told itself takes in only what was
// open until now.
func (l *live) partsOf(in *rules.Incident, lost []string, known bool) (ids []string) {
	for _, id := range lost {
		if t := l.told[id]; (!known || t.state == "open" && t.met) && t.overlaps(in) {
			ids = append(ids, id)
		}
	}
	return ids
}

// overlaps reports whether what was told is of the same time, and of the same upstream if it
// has one.
func (t *told) overlaps(in *rules.Incident) bool {
	if t.brief.Start.Micros > in.End.Micros || t.brief.End.Micros < in.Start.Micros {
		return false
	}
	return len(t.brief.Upstreams) == 0 || len(in.Upstreams) == 0 ||
		slices.ContainsFunc(t.brief.Upstreams, func(upstream string) bool { return slices.Contains(in.Upstreams, upstream) })
}

// over is the change that ends it without its being in a report any more.
func (t *told) over(summary string) Change {
	in := t.brief
	in.State, in.Summary = "resolved", summary
	return Change{Event: "resolved", Incident: in, Gone: true}
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
	writeGrave(h, in)
	for _, s := range in.Symptoms {
		h.Write([]byte{byte(s.Class), byte(s.Count), byte(s.Count >> 8), byte(s.Count >> 16)})
	}
	return h.Sum64()
}

// graveHash covers what people are told at once.
func graveHash(in *rules.Incident) uint64 {
	h := fnv.New64a()
	writeGrave(h, in)
	return h.Sum64()
}

func writeGrave(h io.Writer, in *rules.Incident) {
	io.WriteString(h, string(in.Verdict.Cause))
	for _, e := range in.Evidence {
		io.WriteString(h, e.Quote.Text)
	}
}
