// Package digest folds the records of one source into a rules.Digest.
//
// It stands between the scanner and the engine. Nearly all lines are healthy
// traffic and leave only a count and, now and then, a sketch entry. In an outage
// nearly all lines are symptoms and look alike, so equal ones of one second become
// one event with a count. What leaves is a few thousand events, however many bytes
// went in.
//
// A Builder belongs to one goroutine. Everything it keeps is copied; records may
// be reused after Add.
package digest

import (
	"bytes"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// A Matcher finds signatures in records; *signature.Set is one.
type Matcher interface {
	Match(r *parser.Record, hits []rules.Hit) []rules.Hit
}

// A Locator finds the physical line of a record on which a match begins:
// its number, its raw bytes and its offset. *scan.Reader is one.
type Locator interface {
	PhysicalLine(r *parser.Record, start int) (line int64, text []byte, offset int64)
}

// Bounds of one digest. When events or tallies reach theirs, their time grain is
// made coarser and what falls together is folded; nothing is dropped.
const (
	maxEvents  = 32 << 10
	maxTallies = 64 << 10
	maxFacts   = 16 << 10
	failedPart = 4       // this part of the tallies may be of failures before these are folded
	minEvents  = 1 << 10 // and tallies, of one among many sources
	minTallies = 256     // of one that is followed
	minSketch  = 512     //
	minRecent  = 1 << 10 //
	leastLine  = 64      // bytes of an error line, at least: a small source has few requests in flight
	wholes     = 8       // so many sources that are followed may hold as much as one that is alone
	maxKinds   = 4 << 10 // of news between two calls of Forget; more are no firsts
)

// A Builder folds records.
type Builder struct {
	d       rules.Digest
	matcher Matcher
	locator Locator

	hits     []rules.Hit // scratch
	events   index
	tallies  index
	facts    map[uint64]int32
	latest   [rules.FactNames + 1]int32 // by kind: where in facts the one told last may be; BenchmarkAdd/json takes 109 ns with it, 164 without
	grain    int64                      // of events, microseconds
	bucketed bucketed
	saying   sayings
	healthy  int64 // grain of tallies without failures, seconds
	failed   int64 // grain of those with failures
	failures int   // tallies of them that are held
	bound    struct{ events, tallies int }
	room     room
	anyHost  bool // hosts are no longer told apart: clients choose them
	naming   naming

	sketch  sketch
	named   named
	pools   pools
	streams intern
	strings intern
	roles   [4]int64
	access  accessKinds
	namedBy *parser.Format // whose product the source's gateway is
	zones   zones
	group   []byte                       // scratch of urlGroup and streamOn
	name    []byte                       // scratch of stream
	causes  map[catalogued][]rules.Cause // of the catalogue's words
	part    *part                        // what Merge needs to know; nil if b is no part
	copied  copied
	news    int64
	firsts  int64                  // see Firsts
	kinds   [2]map[uint64]struct{} // of news since the last Forget, and before it; nil if nobody asks for firsts
	lately  [8]int64               // the last stamps
	stamped int64                  // how many there were
}

// room is how many may be held before they are folded, see grown.
type room struct{ events, tallies, failures int }

// inBounds is what there is room for to begin with.
func (b *Builder) inBounds() room {
	return room{b.bound.events, b.bound.tallies, b.bound.tallies / failedPart}
}

// New returns a Builder for one source. info.Path, Group and HeadHash are kept.
func New(info rules.SourceInfo, matcher Matcher, locator Locator) *Builder {
	b := &Builder{
		d:       rules.Digest{Source: info},
		matcher: matcher, locator: locator,
		events: newIndex(), tallies: newIndex(), facts: map[uint64]int32{},
		grain: parser.Second, healthy: 1, failed: 1,
		sketch: newSketch(maxSketch), named: newNamed(maxNamed), pools: newPools(), streams: intern{}, strings: intern{}, zones: zones{}, causes: map[catalogued][]rules.Cause{},
	}
	b.bound.events, b.bound.tallies = maxEvents, maxTallies
	b.room = b.inBounds()
	return b
}

// Share gives an empty Builder a part of the bounds: so much of the whole. All digests are
// kept until the last source is read, and many together may not hold more than one.
func (b *Builder) Share(part, whole int64) {
	share := func(all int) int { return min(max(int(float64(all)*float64(part)/float64(whole)), minEvents), all) }
	b.bound.events, b.bound.tallies = share(maxEvents), share(maxTallies)
	b.room = b.inBounds()
	b.pools.places = min(max(int(part/leastLine), minRecent), maxRecent)
}

// Among gives an empty Builder the bounds of one among so many sources, whose size nobody
// knows yet, and which are followed for as long as an outage lasts: of many, what is healthy is
// told coarsely sooner, and of its requests a smaller sample is kept. A thousand access logs of
// two lines a second took 600 KB a second otherwise, for as long as they are remembered.
//
// Such a source is read while it happens: what is the first of its kind is told, see Firsts.
func (b *Builder) Among(sources int) {
	share := func(all, least, most int) int { return min(max(all/max(sources, 1), least), most) }
	b.bound.tallies = share(maxTallies, minTallies, maxTallies)
	b.room = b.inBounds()
	b.sketch.bound = share(wholes*maxSketch, minSketch, maxSketch)
	b.named = newNamed(min(b.sketch.bound, maxNamed))
	b.pools.places = share(wholes*maxRecent, minRecent, maxRecent)
	b.kinds = [2]map[uint64]struct{}{{}, {}}
}

// grown is the next bound after a fold that kept so many: when folding no longer
// helps, the bound doubles, so that a fold is paid for by as many additions.
func grown(bound, kept int) int { return max(bound, 2*kept) }

// nameGateway takes the source for a product's, from a format of its lines. One that others write,
// too (an application's access lines in the same stream), names nobody as soon as another does.
func (b *Builder) nameGateway(f *parser.Format) {
	if b.namedBy == nil || shared(b.namedBy) && !shared(f) {
		b.namedBy, b.d.Source.Gateway = f, f.Product
	}
}

func shared(f *parser.Format) bool { return gateway.Of(f.Product).SharedForm == f.Name }

// Add folds one record.
func (b *Builder) Add(r *parser.Record) {
	stream := b.stream(r)
	b.zones.see(r)
	if r.Stamp.Known() {
		b.lately[b.stamped%int64(len(b.lately))] = r.Stamp.Micros
		b.stamped++
	}
	if f := r.Format; f != b.namedBy && f != nil && f.Role == parser.RoleGateway {
		b.nameGateway(f)
	}
	switch r.Kind {
	case parser.KindGateway:
		b.roles[parser.RoleGateway]++
		b.pools.seeAttempts(&r.Access)
		if placeless(r) {
			return
		}
		b.d.Source.HasErrors = true
		b.d.Program = b.d.Program || r.Format != nil && r.Format.Program
		if name := tag(r); len(name) > 0 && r.Gateway.Symptom != parser.SymptomNone && r.Gateway.Rank != parser.RankNoise {
			b.speaks(b.streamOn("", name, r.Host))
		}
		b.addSymptom(r, stream)
		return
	case parser.KindAccess:
		b.addAccess(r, stream)
		if r.Gateway.Symptom != parser.SymptomNone {
			b.d.Source.HasErrors = true // the gateway's only log
			b.addSymptom(r, stream)
			return
		}
		if len(r.Message) == 0 && stream == rules.StreamGateway {
			return // no text to search, and nobody's name
		}
	default:
		if r.Format != nil {
			b.roles[r.Format.Role]++
		}
		b.addNamed(r, stream)
	}
	b.addHits(r, stream)
	b.addIdentity(r, stream)
}

// placeless reports whether an error line tells of a failed request neither when it was nor whose,
// and the access log tells the same, and when. All others write stamps; where they are missing, a
// person has cut them off, and the line may be all that there is.
func placeless(r *parser.Record) bool {
	return r.Format != nil && !r.Stamp.Known() && !r.After.Known() && !r.Before.Known() && len(r.Gateway.Upstream) == 0 &&
		r.Gateway.Rank >= parser.RankSecondary && r.Gateway.Phase != parser.PhaseNone && gateway.Of(r.Format.Product).Undated
}

// Pass folds so many lines of an application's format, the latest at a stamp, of which nothing
// is kept but that they were there.
func (b *Builder) Pass(f *parser.Format, lines int64, latest parser.Stamp) {
	b.roles[f.Role] += lines
	if i, ok := b.facts[factKey("", rules.FactTechnology, f.Product)]; ok {
		span, _ := when(&parser.Record{Stamp: latest})
		seenAgain(&b.d.Facts[i], lines, span)
	}
}

// Finish returns the digest. The Builder must not be used afterwards.
func (b *Builder) Finish() *rules.Digest {
	b.sketch.flush()
	b.d.Requests = b.sketch.kept
	b.named.dated.flush()
	b.d.Named = append(b.named.dated.kept, b.named.undated.kept...)
	b.d.Pools, b.d.Told = b.pools.sets, b.pools.threads.told
	b.access.settle(&b.d)
	b.zones.settle(&b.d)
	roleOf(&b.d.Source, b.roles)
	d := b.d // which is kept until the last source is read: of 2,000 small logs all Builders took 400 MB
	return &d
}

// roleOf decides what wrote the source: a gateway if its error log or its access
// log is in it, else whichever of application and system wrote more.
func roleOf(s *rules.SourceInfo, roles [4]int64) {
	switch {
	case s.HasErrors || s.HasAccess:
		s.Role = parser.RoleGateway
	case roles[parser.RoleSystem] > roles[parser.RoleApp]:
		s.Role = parser.RoleSystem
	case s.Lines > 0 || roles[parser.RoleApp] > 0:
		s.Role = parser.RoleApp
	}
}

// when returns the interval that the record's moment lies in, in the source's clock.
func when(r *parser.Record) (rules.Interval, parser.Clock) {
	if r.Stamp.Known() {
		at := r.Stamp.Micros
		if r.Kind == parser.KindAccess && r.Access.AtStart && r.Access.Duration > 0 {
			at += r.Access.Duration // the moment of failure, not of the request's start
		}
		return rules.Interval{From: at, To: at + max(r.Stamp.Precision, 1)}, r.Stamp.Clock
	}
	span := rules.Interval{From: rules.Past, To: rules.Future}
	clock := parser.ClockNone
	if r.After.Known() {
		span.From, clock = r.After.Micros, r.After.Clock
	}
	if r.Before.Known() {
		span.To, clock = r.Before.Micros+max(r.Before.Precision, 1), r.Before.Clock
	}
	if span.From == rules.Past && span.To != rules.Future {
		span.From = span.To - parser.Minute
	}
	if span.To == rules.Future && span.From != rules.Past {
		span.To = span.From + parser.Minute
	}
	return span, clock
}

// matchBytes of a match tell where in a long line it stands.
const matchBytes = 48

// place is where a record stands, and its physical line on which a match begins.
func (b *Builder) place(r *parser.Record, start int) (rules.Place, string) {
	p, text, at := b.placeOf(r, start)
	p.Hash = xxhash.Sum64(r.Raw)
	return p, rules.CutText(text, at)
}

// placeOf is place without the hash; the match stands at a byte of the line.
func (b *Builder) placeOf(r *parser.Record, start int) (p rules.Place, text []byte, at int) {
	p = rules.Place{
		Line: r.Line, FirstLine: r.Line, LastLine: r.Line + int64(max(r.Lines, 1)) - 1,
		Offset: r.Offset, Length: int64(len(r.Raw)),
	}
	text = r.Raw
	if b.locator != nil {
		if line, raw, _ := b.locator.PhysicalLine(r, start); raw != nil {
			p.Line, text = line, raw
		}
	}
	if len(text) > rules.MaxText && start < len(r.Message) { // else at would not matter
		at = max(bytes.Index(text, r.Message[start:min(start+matchBytes, len(r.Message))]), 0)
	}
	return p, text, at
}

// quote is place for an event or a tally. A part only notes the text: see note.
func (b *Builder) quote(r *parser.Record, start int) (rules.Place, string, note) {
	if b.part == nil {
		p, text := b.place(r, start)
		return p, text, note{}
	}
	p, text, at := b.placeOf(r, start)
	whole := len(text) == len(r.Raw)
	if !whole {
		p.Hash = xxhash.Sum64(r.Raw)
	}
	if len(text) > rules.MaxText {
		p.Hash = xxhash.Sum64(r.Raw)
		return p, rules.CutText(text, at), note{}
	}
	return p, "", b.part.note(text, whole)
}

// intern keeps one copy of each string seen, so that equal names cost no
// allocation. Its bound is met by not keeping more, which costs memory but is right.
type intern map[string]string

func (n intern) of(b []byte) string {
	if s, ok := n[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(n) < 16<<10 && len(s) < 1<<10 {
		n[s] = s
	}
	return s
}

var emptyHash = xxhash.Sum64(nil)

// A mixer hashes the parts of a folding key.
type mixer struct{ h uint64 }

func (m *mixer) bytes(b []byte) { m.word(xxhash.Sum64(b)) }
func (m *mixer) text(s string) {
	if s == "" { // of most lines no stream is told
		m.word(emptyHash)
		return
	}
	m.word(xxhash.Sum64String(s))
}
func (m *mixer) number(n int64) { m.word(uint64(n)) }
func (m *mixer) word(w uint64) {
	m.h ^= w + 0x9e3779b97f4a7c15 + (m.h << 6) + (m.h >> 2)
	m.h *= 0xff51afd7ed558ccd
	m.h ^= m.h >> 33
}

// A copied is what the last Snapshot handed out, and how much of each list is still so.
type copied struct {
	rules.Digest
	events, tallies, requests, named int
	limit, namedLimit                uint64 // of the sketches then
}

// Snapshot returns a copy of the digest so far, which stays as it is until the next Snapshot
// while the Builder goes on. A live run takes one many times a second, and of a long storm only
// the last seconds change: only these are copied again.
func (b *Builder) Snapshot() *rules.Digest {
	c := &b.copied
	d := b.d
	d.Events = append(c.Events[:c.events], b.d.Events[c.events:]...)
	for i := c.events; i < len(d.Events); i++ {
		d.Events[i].Requests = slices.Clone(d.Events[i].Requests)
	}
	d.Tallies = append(c.Tallies[:c.tallies], b.d.Tallies[c.tallies:]...)
	for i := c.tallies; i < len(d.Tallies); i++ {
		t := &d.Tallies[i]
		t.Requests, t.Clients, t.Groups = slices.Clone(t.Requests), slices.Clone(t.Clients), slices.Clone(t.Groups)
	}
	if c.limit != b.sketch.limit {
		c.requests = 0
	}
	d.Requests = append(append(c.Requests[:c.requests], b.sketch.kept[c.requests:]...), b.sketch.now...)
	if c.namedLimit != b.named.dated.limit {
		c.named = 0
	}
	dated := &b.named.dated
	d.Named = append(append(append(c.Named[:c.named], dated.kept[c.named:]...), dated.now...), b.named.undated.kept...)
	d.Facts = append(c.Facts[:0], b.d.Facts...)
	d.Pools = b.pools.sets
	d.Told = b.pools.threads.snapshot(c.Told)
	b.access.settle(&d)
	b.zones.settle(&d)
	roleOf(&d.Source, b.roles)
	*c = copied{d, len(d.Events), len(d.Tallies), len(b.sketch.kept), len(dated.kept), b.sketch.limit, dated.limit}
	return &d
}

// changed notes that of the last Snapshot only so many events or tallies are as they were.
func (c *copied) changed(events, tallies int) {
	c.events, c.tallies = min(c.events, events), min(c.tallies, tallies)
}

// Source gives access to the description of the source, which the caller fills.
func (b *Builder) Source() *rules.SourceInfo { return &b.d.Source }
