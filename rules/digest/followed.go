package digest

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// What a source needs that is followed while it happens: what is new in it, and how long that is remembered.

// News counts the records so far that may open or change an incident: all but healthy traffic.
func (b *Builder) News() int64 { return b.news }

// Firsts counts those of News whose like, at whatever time and for whatever host, did not come
// since the last Forget but one: more of the same changes counts, the first may change a verdict.
func (b *Builder) Firsts() int64 { return b.firsts }

// see notes that news of a kind came that is in no event or tally yet.
func (b *Builder) see(kind uint64) {
	if b.kinds[0] == nil {
		return
	}
	if _, known := b.kinds[0][kind]; known || len(b.kinds[0]) >= maxKinds {
		return
	}
	if _, known := b.kinds[1][kind]; !known {
		b.firsts++
	}
	b.kinds[0][kind] = struct{}{}
}

// Lately is the moment that the source's stamps have reached, in its own clock; rules.Past if
// none has one. It is the earliest of the last few: one stamp of another year does not move it,
// and it goes back with a clock that is set back.
func (b *Builder) Lately() int64 {
	if b.stamped == 0 {
		return rules.Past
	}
	return slices.Min(b.lately[:min(b.stamped, int64(len(b.lately)))])
}

// Forget drops what ended before a moment of the source's clock, except hits that
// set a state: a service's last state stays evidence until the next one.
func (b *Builder) Forget(before int64) {
	had := held(&b.d) + len(b.sketch.kept) + b.named.held()
	b.d.Events = slices.DeleteFunc(b.d.Events, func(e rules.Event) bool { return e.Last.To < before && !lasting(&e) })
	b.d.Tallies = slices.DeleteFunc(b.d.Tallies, func(t rules.Tally) bool { return (t.Second+max(b.healthy, t.More))*parser.Second < before })
	b.countFailures()
	b.sketch.kept = slices.DeleteFunc(b.sketch.kept, func(q rules.Request) bool { return q.Micros < before })
	b.named.forget(before)
	b.pools.threads.forget(before)
	b.forgetFacts(before)
	b.events.clear()
	b.tallies.clear()
	clear(b.kinds[1])
	b.kinds[0], b.kinds[1] = b.kinds[1], b.kinds[0]
	// When what made folding necessary is forgotten, later times are told apart again.
	if len(b.d.Events) < b.bound.events/8 && len(b.d.Tallies) < b.bound.tallies/8 {
		b.grain, b.healthy, b.failed, b.anyHost, b.naming, b.room = parser.Second, 1, 1, false, nameAll, b.inBounds()
	}
	if len(b.sketch.kept) < b.sketch.bound/8 {
		b.sketch.limit = everyHash
	}
	if had == held(&b.d)+len(b.sketch.kept)+b.named.held() {
		return
	}
	b.d.Events, b.d.Tallies, b.sketch.kept = shrunk(b.d.Events), shrunk(b.d.Tallies), shrunk(b.sketch.kept)
	c := &b.copied
	c.changed(0, 0)
	c.requests, c.named = 0, 0
	c.Events, c.Tallies, c.Requests, c.Named = shrunk(c.Events), shrunk(c.Tallies), shrunk(c.Requests), shrunk(c.Named)
}

func held(d *rules.Digest) int { return len(d.Events) + len(d.Tallies) }

// shrunk gives back memory that a list needed once, and needs no more.
func shrunk[T any](list []T) []T {
	if cap(list) < 256 || cap(list)/4 < len(list) {
		return list
	}
	return slices.Clone(list)
}

// Failures counts the events, and the tallies of failures, that are held.
func (b *Builder) Failures() int {
	return len(b.d.Events) + b.failures
}

// Coarsen makes Failures fewer, if it can: it folds what is of one kind and of one time, in
// longer and longer times.
func (b *Builder) Coarsen() bool {
	if b.grain >= maxGrain && b.anyHost {
		if b.naming == nameNone {
			return false
		}
		b.naming++
	}
	b.coarsen()
	b.foldTallies(true, b.grain/parser.Second)
	return true
}

// forgetFacts makes room, if there is little left, where processes are known that have not
// written for long: a server that forks makes new ones all the time.
func (b *Builder) forgetFacts(before int64) {
	if len(b.d.Facts) < maxFacts/2 {
		return
	}
	b.d.Facts = slices.DeleteFunc(b.d.Facts, func(f rules.Fact) bool { return f.Kind == rules.FactPID && f.Last.To < before })
	clear(b.facts)
	for i := range b.d.Facts {
		f := &b.d.Facts[i]
		b.facts[factKey(f.Stream, f.Kind, f.Value)] = int32(i)
	}
}

// IsEmpty reports whether nothing is left but facts of who is who.
func (b *Builder) IsEmpty() bool {
	return len(b.d.Events)+len(b.d.Tallies)+len(b.sketch.kept)+b.named.held() == 0
}

// ForgetNews keeps who is who and the states of services, and drops all else: what was
// read so far is no news.
func (b *Builder) ForgetNews() {
	b.Forget(rules.Future)
	b.d.Events = slices.DeleteFunc(b.d.Events, func(e rules.Event) bool { return e.Symptom != parser.SymptomNone || !lasting(&e) })
	b.sketch, b.named = newSketch(b.sketch.bound), newNamed(b.named.dated.bound)
	b.copied.changed(0, 0)
	b.copied.requests, b.copied.named = 0, 0
}

// States returns, of each stream and state, the last event that told it: what must be
// known after a restart, and may be older than what is read again.
func (b *Builder) States() []rules.Event {
	type key struct {
		stream string
		state  rules.State
	}
	last := map[key]int{}
	for i := range b.d.Events {
		e := &b.d.Events[i]
		for j := range e.Hits {
			h := &e.Hits[j]
			k := key{e.Stream, h.Signature.State}
			if h.Signature.AboutOthers() {
				k.stream = subject(h, e.Host)
			}
			if n, ok := last[k]; k.state != "" && (!ok || b.d.Events[n].Last.From <= e.Last.From) {
				last[k] = i
			}
		}
	}
	all := make([]rules.Event, 0, len(last))
	for k, i := range last {
		e := b.d.Events[i]
		e.Stream = k.stream
		for j := range e.Hits {
			if e.Hits[j].Signature.State == k.state {
				e.Hits = e.Hits[j : j+1]
				break
			}
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b rules.Event) int {
		return cmp.Or(cmp.Compare(a.Last.From, b.Last.From), strings.Compare(a.Stream, b.Stream), strings.Compare(string(a.Hits[0].Signature.State), string(b.Hits[0].Signature.State)))
	})
	return all
}

func lasting(e *rules.Event) bool {
	return slices.ContainsFunc(e.Hits, func(h rules.Hit) bool { return h.Signature.State != "" })
}
