package digest

import (
	"math"

	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// One large source is folded by several Builders, each taking a part of its lines, and one
// Builder merges them in the order of the lines: the result is what it would have folded
// itself. The whole may have become coarser than the part, in time and by hosts; so a part
// notes the key of each event and tally without host and time.

// A part is what a Builder notes for Merge.
type part struct {
	events  []eventKey
	tallies []tallyKey
	texts   []byte
	near    [256]int32 // tallies that were asked for last, by a few bytes of what they are of
}

// A note is where the text of an event or tally stands in a part. Only of those that are
// new to the whole a string is made and hashed: in an outage's log they are few.
type note struct {
	from, to int32
	whole    bool // it is all of the record: the hash of the place is still to be made
}

func (p *part) note(text []byte, whole bool) note {
	from := int32(len(p.texts))
	p.texts = append(p.texts, text...)
	return note{from, int32(len(p.texts)), whole}
}

// quote makes what was noted the text of a place.
func (p *part) quote(n note, place *rules.Place, text *string) {
	if n == (note{}) {
		return
	}
	noted := p.texts[n.from:n.to]
	*text = string(noted)
	if n.whole {
		place.Hash = xxhash.Sum64(noted)
	}
}

// An eventKey is what makes equal events fall together but for host and time.
type eventKey struct {
	base       uint64
	symptom    bool
	clientHost bool // its host was chosen by a client
	text       note
}

// A tallyKey is that of tallies.
type tallyKey struct {
	base uint64
	text note
}

func (p *part) event(base uint64, symptom, clientHost bool, text note) {
	if p != nil {
		p.events = append(p.events, eventKey{base, symptom, clientHost, text})
	}
}

func (p *part) tally(base uint64, text note) {
	if p != nil {
		p.tallies = append(p.tallies, tallyKey{base, text})
	}
}

// NewPart returns a Builder for a part of a few megabytes, to be merged and used again.
func NewPart(matcher Matcher, locator Locator) *Builder {
	b := New(rules.SourceInfo{}, matcher, locator)
	b.part, b.pools.isPart = &part{}, true
	b.room = room{math.MaxInt, math.MaxInt, math.MaxInt} // what a part holds is bound enough
	return b
}

// A Grain is how coarsely a Builder folds.
type Grain struct {
	events, healthy int64 // microseconds, seconds
	anyHost         bool
	requests, named uint64 // limits of the sketches
}

// Grain returns how coarsely b folds by now.
func (b *Builder) Grain() Grain {
	return Grain{b.grain, b.healthy, b.anyHost, b.sketch.limit, b.named.dated.limit}
}

// FoldAs makes an empty part fold as coarsely as a whole did that it will be merged into. A part
// that folds finer gives the same result, unless the whole becomes coarser while it is merged; in a
// long outage of many events it took twice as long, and an application's log a tenth longer where
// each part kept requests that the whole had no room for.
func (b *Builder) FoldAs(g Grain) {
	b.grain, b.healthy, b.anyHost = g.events, g.healthy, g.anyHost
	b.sketch.limit, b.named.dated.limit = g.requests, g.named
}

// Merge adds a part, which holds the lines behind those that b has seen, and empties it.
func (b *Builder) Merge(p *Builder) {
	s := &b.d.Source
	if p.namedBy != nil {
		b.nameGateway(p.namedBy)
	}
	s.HasErrors, s.HasAccess = s.HasErrors || p.d.Source.HasErrors, s.HasAccess || p.d.Source.HasAccess
	b.d.Program = b.d.Program || p.d.Program
	for i, n := range p.roles {
		b.roles[i] += n
	}
	b.access.lines, b.access.loopback = b.access.lines+p.access.lines, b.access.loopback+p.access.loopback
	for _, stream := range p.d.Speakers {
		b.speaks(stream)
	}
	for zone, n := range p.zones {
		b.zones[zone] += n
	}
	p.sketch.flush()
	for _, q := range p.sketch.kept {
		if b.sketch.wants(q.Micros, q.Key) {
			b.sketch.add(q)
		}
	}
	b.pools.takeSightings(&p.pools)
	b.named.merge(&p.named)
	for _, l := range p.pools.lines {
		b.pools.seeThread(l)
	}
	for _, names := range p.pools.sets {
		b.pools.keep(names)
	}
	for i := range p.d.Events {
		b.mergeEvent(p.part, p.part.events[i], &p.d.Events[i])
	}
	for i := range p.d.Tallies {
		b.mergeTally(p.part, p.part.tallies[i], &p.d.Tallies[i])
	}
	for i := range p.d.Facts {
		b.mergeFact(&p.d.Facts[i])
	}
	p.Drop()
}

func (b *Builder) mergeEvent(p *part, k eventKey, o *rules.Event) {
	if k.clientHost && b.anyHost {
		o.VHost = ""
	}
	key := mixer{k.base}
	if k.symptom {
		key.text(o.VHost)
	}
	key.number(b.bucket(o.When.From))
	if !k.symptom {
		key.number(b.bucket(o.When.To))
	}
	e, fresh := b.event(key.h)
	if fresh {
		*e.Event = *o
		e.Requests = append([]uint64(nil), distinct(o.Requests)...) // the part's memory is used again
		p.quote(k.text, &e.Place, &e.Text)
		return
	}
	e.Count += o.Count
	e.Lines += o.Lines
	if o.Last.From > e.Last.From {
		e.Last = o.Last
	}
	e.When.From = min(e.When.From, o.When.From)
	e.addRequests(o.Requests)
}

func (b *Builder) mergeTally(p *part, k tallyKey, o *rules.Tally) {
	if b.anyHost {
		o.VHost = ""
	}
	bad, bucket := failing(o.Status), int64(0)
	if bad {
		bucket = parser.FloorDiv(o.Second, b.failed)
	} else {
		o.Second = parser.FloorDiv(o.Second, b.healthy) * b.healthy
		bucket = o.Second
	}
	key := mixer{k.base}
	key.text(o.VHost)
	key.number(bucket)
	i, ok := b.tallies.find(key.h)
	if ok = ok && (!bad || reach(&b.d.Tallies[i], o.Second, o.More)); !ok {
		b.makeRoom(bad)
		b.tallies.set(key.h, int32(len(b.d.Tallies)))
		b.d.Tallies = append(roomy(b.d.Tallies, b.room.tallies, func(t *rules.Tally) { t.Count = 0 }), *o)
		t := &b.d.Tallies[len(b.d.Tallies)-1]
		p.quote(k.text, &t.Place, &t.Text)
		return
	}
	b.copied.changed(math.MaxInt, int(i))
	addTally(&b.d.Tallies[i], o)
}

func (b *Builder) mergeFact(o *rules.Fact) {
	key := factKey(o.Stream, o.Kind, o.Value)
	if i, ok := b.facts[key]; ok {
		f := &b.d.Facts[i]
		f.Count += o.Count
		if o.Last.From > f.Last.From {
			f.Last = o.Last
		}
		return
	}
	if len(b.d.Facts) < maxFacts {
		b.facts[key] = int32(len(b.d.Facts))
		b.d.Facts = append(b.d.Facts, *o)
	}
}

func factKey(stream string, kind rules.FactKind, value string) uint64 {
	var key mixer
	key.text(stream)
	key.word(uint64(kind))
	key.text(value)
	return key.h
}

// Drop empties a part; the memory stays.
func (b *Builder) Drop() {
	clear(b.d.Tallies)
	clear(b.d.Facts)
	b.d = rules.Digest{Events: b.d.Events[:0], Tallies: b.d.Tallies[:0], Facts: b.d.Facts[:0]}
	b.events.clear()
	b.tallies.clear()
	clear(b.facts)
	clear(b.zones)
	clear(b.pools.seen)
	clear(b.pools.known)
	b.pools.number.clear()
	b.pools.names = b.pools.names[:0]
	b.pools.sets, b.pools.sightings, b.pools.lines = nil, b.pools.sightings[:0], b.pools.lines[:0]
	b.sketch.clear()
	b.named.dated.clear()
	b.named.undated.clear()
	b.part.events, b.part.tallies, b.part.texts = b.part.events[:0], b.part.tallies[:0], b.part.texts[:0]
	b.roles, b.access, b.failures, b.namedBy = [4]int64{}, accessKinds{}, 0, nil
}
