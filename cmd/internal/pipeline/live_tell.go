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

	upstreams  []string
	start, end int64 // log time
}

// toldOf is what has been told of an incident, if it is told now.
func toldOf(in *rules.Incident, now time.Time) told {
	return told{hash: contentHash(in), grave: graveHash(in), count: symptomsOf(in), state: in.State, since: now, first: now, at: now, seen: now,
		upstreams: in.Upstreams, start: in.Start.Micros, end: in.End.Micros}
}

// compare finds what is new since it was last told; all of it, if it is the last time. Of an
// incident that only grows, people and the store are told now and then: in a storm all of them
// grow at each decision.
func (l *live) compare(report *rules.Report, now time.Time, last bool) (changes []Change, gone []string) {
	for i := range report.Incidents {
		in := &report.Incidents[i]
		before, known := l.told[in.ID]
		t := toldOf(in, now)
		if known {
			t.first = before.first
		}
		if known && t.count == before.count {
			t.since = before.since
		}
		if !known {
			for i, id := range l.superseded(in, report) {
				if i == 0 {
					in.Supersedes, t.first = id, l.told[id].first
				} else {
					gone = append(gone, id)
				}
				delete(l.told, id)
			}
		}
		quiet := now.Sub(t.since) >= l.quiet() || known && before.state == "resolved" && t.count == before.count
		if in.State == "open" && quiet {
			in.State, t.state = "resolved", "resolved"
		}
		switch {
		case !known:
			changes = append(changes, Change{"opened", *in})
			if t.state == "resolved" {
				changes = append(changes, Change{"resolved", *in})
			}
		case before.state == "open" && t.state == "resolved":
			changes = append(changes, Change{"resolved", *in})
		case before.hash == t.hash:
			t.at = before.at
		case last || before.grave != t.grave || now.Sub(before.at) >= tellEvery || now.Before(before.at):
			changes = append(changes, Change{"updated", *in})
		default:
			t.hash, t.at, t.late = before.hash, before.at, true
		}
		l.told[in.ID] = t
	}
	for id, t := range l.told {
		if now.Sub(t.seen) > maxKeep {
			delete(l.told, id) // nothing of it is in memory
		}
	}
	return changes, gone
}

// superseded finds what was told under other ids and is now part of in, the open first: an
// earlier line turned up, or two pools turned out to be one.
func (l *live) superseded(in *rules.Incident, report *rules.Report) []string {
	var ids []string
	for id, t := range l.told {
		if t.overlaps(in) && !slices.ContainsFunc(report.Incidents, func(other rules.Incident) bool { return other.ID == id }) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(strings.Compare(l.told[a].state, l.told[b].state), strings.Compare(a, b))
	})
	return ids
}

// overlaps reports whether what was told is of the same time, and of the same upstream if it
// has one.
func (t *told) overlaps(in *rules.Incident) bool {
	if t.start > in.End.Micros || t.end < in.Start.Micros {
		return false
	}
	return len(t.upstreams) == 0 || len(in.Upstreams) == 0 ||
		slices.ContainsFunc(t.upstreams, func(upstream string) bool { return slices.Contains(in.Upstreams, upstream) })
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
