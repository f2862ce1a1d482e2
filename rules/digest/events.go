package digest

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// addSymptom folds a gateway's error line: same stream, upstream, virtual host,
// class, phase, rank, errno and second become one event.
func (b *Builder) addSymptom(r *parser.Record, stream string) {
	g := &r.Gateway
	upstream, client, request := xxhash.Sum64(g.Upstream), xxhash.Sum64(g.Client), xxhash.Sum64(g.Request)
	b.pools.see(r, upstream, client, request)
	if r.Format != nil && r.Format.Threads {
		b.seeThreadOf(r)
	}
	span, clock := when(r)
	if len(g.Request) > 0 {
		method, target := splitRequest(g.Request)
		if key := requestPartsKey(method, target); b.sketch.wants(span.From, key) {
			b.sketchFailed(g, span.From, key, method, target, stream)
		}
	}
	b.hits = b.hits[:0]
	if len(g.Quoted) > 0 || g.Rank == parser.RankNone || g.Rank == parser.RankNoise {
		b.hits = b.matcher.Match(r, b.hits)
	}
	if (g.Rank == parser.RankNone || g.Rank == parser.RankNoise) && len(b.hits) == 0 && g.Symptom != parser.SymptomRefusedOnPurpose && g.Symptom != parser.SymptomClientAbort {
		return
	}
	asked := r.Kind == parser.KindAccess
	key := mixer{b.saying.of(stream, g.MessageKey, asked, uint64(g.Symptom)|uint64(g.Phase)<<8|uint64(g.Rank)<<16|uint64(r.Level)<<24|uint64(uint32(g.Errno))<<32)}
	key.word(upstream)
	b.mixHits(&key)
	base := key.h
	host := b.vhost(g)
	key.bytes(host)
	key.number(b.bucket(span.From))
	e, fresh := b.event(key.h)
	if fresh {
		start := 0
		if len(b.hits) > 0 && len(g.Quoted) == 0 {
			start = b.hits[0].Start
		}
		e.Stream, e.When, e.Clock, e.Level = stream, span, clock, r.Level
		var text note
		e.Place, e.Text, text = b.quote(r, start)
		b.see(base)
		b.part.event(base, true, len(g.Server) == 0 || string(g.Server) == "_", text)
		e.Symptom, e.Phase, e.Rank, e.Errno = g.Symptom, g.Phase, g.Rank, g.Errno
		e.Upstream, e.Group = b.strings.of(g.Upstream), g.Group
		e.Scheme, e.VHost = b.strings.of(g.Scheme), b.strings.of(host)
		e.Hints = b.hints(g.Causes)
		e.Hits = slices.Clone(b.hits)
		e.Started, e.Asked = span.From, asked
		b.identify(e, r)
	}
	e.fold(span)
	if counted(r) {
		e.Lines += int64(max(r.Lines, 1) - r.Lines + 1)
	}
	if len(g.Request) > 0 {
		e.addRequest(requestKeyOf(client, request), b.part != nil)
	}
}

// sketchFailed notes a failed request that the sketch wants.
func (b *Builder) sketchFailed(g *parser.Gateway, micros int64, key uint64, method, target []byte, stream string) {
	q := rules.Request{
		Micros: micros, Key: key, Group: b.groupKey(method, target), Stream: stream,
		Unsent: g.Phase == parser.PhaseConnecting || g.Phase == parser.PhaseResolving,
	}
	if !g.Group {
		q.FailedAt = b.strings.of(g.Upstream)
	}
	b.sketch.add(q)
}

// counted reports whether the record counts as a line of the gateway's error log:
// primary or secondary, at warn and above (semantics: Counts).
func counted(r *parser.Record) bool {
	return r.Gateway.Rank >= parser.RankSecondary && (r.Level >= parser.LevelWarn || r.Level == parser.LevelNone)
}

func (b *Builder) vhost(g *parser.Gateway) []byte {
	switch {
	case len(g.Server) > 0 && string(g.Server) != "_":
		return g.Server
	case b.anyHost:
		return nil
	}
	return g.Host
}

// addHits folds a record that signatures recognise.
func (b *Builder) addHits(r *parser.Record, stream string) {
	var key mixer
	b.hits = b.matcher.Match(r, b.hits[:0])
	switch {
	case len(b.hits) > 0:
		b.tellPods(r)
		b.learn(r, stream)
	case ownError(r):
		key.h = skeleton(firstLine(r.Message))
		b.hits = append(b.hits, rules.Hit{Signature: rules.OwnError}) // its words are copied for the first of its kind only
	default:
		return
	}
	span, clock := when(r)
	key.text(stream)
	b.mixHits(&key)
	key.number(r.PID)
	base := key.h
	key.number(b.bucket(span.From))
	key.number(b.bucket(span.To))
	e, fresh := b.event(key.h)
	if fresh {
		e.Stream, e.When, e.Clock, e.Level = stream, span, clock, r.Level
		var text note
		e.Place, e.Text, text = b.quote(r, b.proof())
		b.see(base)
		b.part.event(base, false, false, text)
		if r.Lines <= 1 && !bytes.Contains(r.Raw, r.Message) {
			e.Message = rules.CutText(r.Message, b.proof()) // an envelope hid it
		}
		e.Head = b.head(r)
		e.Hits = slices.Clone(b.hits)
		if e.Hits[0].Signature == rules.OwnError {
			e.Hits[0].Fields = []rules.Field{{Name: rules.FieldDetail, Value: strings.ToValidUTF8(string(firstLine(r.Message)), "")}}
		}
		b.identify(e, r)
	}
	e.fold(span)
}

// ownError reports whether an application calls its line an error, and says anything.
func ownError(r *parser.Record) bool {
	return r.Level >= parser.LevelError && r.Kind != parser.KindAccess && (r.Format == nil || r.Format.Role == parser.RoleApp) && saysAnything(r.Message) && !rules.OfSystem(string(tag(r)))
}

// saysAnything reports whether a message is more than tags in brackets: Rails puts an empty line with
// the request's number before each exception (actionpack's debug_exceptions.rb).
func saysAnything(message []byte) bool {
	for message = bytes.TrimSpace(message); len(message) > 0 && message[0] == '['; message = bytes.TrimSpace(message) {
		end := bytes.IndexByte(message, ']')
		if end < 0 {
			break
		}
		message = message[end+1:]
	}
	return len(message) > 0
}

// firstLine is the first line of a message, at most MaxHead bytes of it.
func firstLine(message []byte) []byte {
	line, _, _ := bytes.Cut(message, []byte("\n"))
	return line[:min(len(line), rules.MaxHead)]
}

// skeleton is a hash of a line's words without those that hold a digit: ids, counts and times.
func skeleton(line []byte) uint64 {
	var key mixer
	for word := range bytes.FieldsSeq(line) {
		if !bytes.ContainsAny(word, "0123456789") {
			key.bytes(word)
		}
	}
	return key.h
}

// proof is where the most telling hit begins: a strong cause before a weak one,
// a cause before the rest.
func (b *Builder) proof() int {
	best, start := -1, 0
	for i := range b.hits {
		s, rank := b.hits[i].Signature, 0
		if s.Role == rules.RoleCause {
			rank = 1
		}
		if rank == 1 && s.Strong {
			rank = 2
		}
		if rank > best {
			best, start = rank, b.hits[i].Start
		}
	}
	return start
}

// head is the first line of a record that complains of a service behind on a later one: the
// logger's words name what the trace below does not ("basket store memcached://cache-1:11211
// not usable", and then ConnectionRefusedError).
func (b *Builder) head(r *parser.Record) string {
	line, _, more := bytes.Cut(r.Message, []byte("\n"))
	if !more || len(bytes.TrimSpace(line)) == 0 || !slices.ContainsFunc(b.hits, func(h rules.Hit) bool {
		return h.Signature.MayDepend() && h.Start > len(line)
	}) {
		return ""
	}
	return strings.ToValidUTF8(string(line[:min(len(line), rules.MaxHead)]), "")
}

func (b *Builder) mixHits(key *mixer) {
	for i := range b.hits {
		key.text(b.hits[i].Signature.ID)
		key.whom(&b.hits[i])
	}
}

// whom mixes in what a hit names: two units that died are two events, whatever they died of.
func (m *mixer) whom(hit *rules.Hit) {
	for _, f := range hit.Fields {
		if f.Name != rules.FieldDetail && f.Name != rules.FieldMemory {
			m.text(f.Value)
		}
	}
}

func (b *Builder) identify(e event, r *parser.Record) {
	e.Host, e.Program = b.strings.of(r.Host), b.strings.of(r.Program)
	e.Unit, e.Container = b.strings.of(r.Unit), b.strings.of(r.Container)
	e.PID = r.PID
	e.Technology = ""
	if r.Format != nil {
		e.Technology = r.Format.Product
	}
}

// roomy makes room for one more of a list that is folded when it has bound. Events and tallies
// are large: copying them, as append does when it grows by a quarter, was a third of the time of
// an outage's log. So a list that is more than a few gets four times as much, and soon all that it may
// have. All of it is touched at once: the garbage collector would read it first, and a page of memory
// that is written after it was read costs a message to each core (5 % of the time of an error log).
func roomy[T any](list []T, bound int, touch func(*T)) []T {
	const aPage = 8 // is not more than so many
	switch n := len(list); {
	case n < cap(list):
	case n < 512 || bound == math.MaxInt:
		list = slices.Grow(list, max(n, 64))
	default:
		most := 4 * n
		if most > bound/8 {
			most = bound
		}
		list = slices.Grow(list, max(most-n, n/4))
		for i := n; i < cap(list); i += aPage {
			touch(&list[:cap(list)][i])
		}
	}
	return list
}

func (b *Builder) bucket(micros int64) int64 {
	if micros == rules.Past || micros == rules.Future {
		return micros
	}
	if l := &b.bucketed; l.micros != micros || l.grain != b.grain { // lines of one second are many: 4 % of the instructions of an error log
		*l = bucketed{micros, b.grain, parser.FloorDiv(micros, b.grain)}
	}
	return b.bucketed.bucket
}

// bucketed is what bucket found last.
type bucketed struct{ micros, grain, bucket int64 }

// sayings remember the hashes of what error lines say, whatever they say it of: an outage says a few
// things. An error log takes 6 % fewer instructions with them.
type sayings [16]saying

type saying struct {
	stream, message string
	asked           bool
	class           uint64 // symptom, phase, rank, level and errno
	hash            uint64
}

// of returns the hash, which is the same whether it was remembered or not.
func (s *sayings) of(stream, message string, asked bool, class uint64) uint64 {
	k := &s[(class^class>>8^class>>31)%uint64(len(s))]
	if k.class != class || k.message != message || k.stream != stream || k.asked != asked || k.hash == 0 {
		var key mixer
		key.text(stream)
		key.word(class)
		key.text(message)
		if asked {
			key.text("asked")
		}
		*k = saying{stream, message, asked, class, key.h}
	}
	return k.hash
}

type event struct{ *rules.Event }

// event returns the event of the key, made if it is not there yet.
func (b *Builder) event(key uint64) (event, bool) {
	b.news++
	if i, ok := b.events.find(key); ok {
		b.copied.changed(int(i), math.MaxInt)
		return event{&b.d.Events[i]}, false
	}
	if len(b.d.Events) >= b.room.events {
		b.coarsen()
		for len(b.d.Events) > b.bound.events/2 && b.grain < maxGrain {
			b.coarsen()
		}
	}
	n := len(b.d.Events)
	b.events.set(key, int32(n))
	b.d.Events = roomy(b.d.Events, b.room.events, func(e *rules.Event) { e.Count = 0 })
	spare := b.d.Events[:n+1][n].Requests[:0] // of a part, see Drop
	b.d.Events = append(b.d.Events, rules.Event{Requests: spare})
	return event{&b.d.Events[len(b.d.Events)-1]}, true
}

// maxGrain is the coarsest grain of events.
const maxGrain = 10_000 * parser.Second

// manyNames is how many times as many events as its bound a small part of the logs may hold, never more than
// one alone, of what names different units, pods or processes: when all of a machine's die at once, each line
// is why another site fails.
const manyNames = 8

// A naming is of which hits it is told apart whom they name.
type naming uint8

const (
	nameAll    naming = iota
	nameCauses        // of causes
	nameNone
)

// coarsen makes the grain of events ten times longer, or gives up telling hosts
// apart, which is the second step because a client can choose them, and folds what falls
// together. Last of all it gives up telling apart whom hits name, causes at the very last. A key
// cannot be made again from an event, so the fold is by what the event shows; later records of an
// old second may begin a new event, which costs memory and is right.
func (b *Builder) coarsen() {
	switch {
	case b.grain > parser.Second && !b.anyHost:
		b.anyHost = true
	case b.grain < maxGrain:
		b.grain *= 10
	case b.naming < nameNone && len(b.d.Events) >= min(manyNames*b.bound.events, maxEvents):
		b.naming++
	}
	seen := make(map[uint64]int32, len(b.d.Events)/4)
	kept := b.d.Events[:0]
	for i := range b.d.Events {
		e := b.d.Events[i]
		if b.anyHost {
			e.VHost = ""
		}
		var key mixer
		key.text(e.Stream)
		key.text(e.Upstream)
		key.text(e.VHost)
		key.word(uint64(e.Symptom) | uint64(e.Phase)<<8 | uint64(e.Rank)<<16 | uint64(e.Level)<<24 | uint64(uint32(e.Errno))<<32)
		for j := range e.Hits {
			sig := e.Hits[j].Signature
			if key.text(sig.ID); b.naming == nameAll || b.naming == nameCauses && sig.Role == rules.RoleCause {
				key.whom(&e.Hits[j])
			}
		}
		key.number(b.bucket(e.When.From))
		if at, ok := seen[key.h]; ok {
			into := event{&kept[at]}
			into.Count += e.Count
			into.Lines += e.Lines
			into.Last.From, into.Last.To = max(into.Last.From, e.Last.From), max(into.Last.To, e.Last.To)
			into.Requests = mergeSmallest(into.Requests, e.Requests, rules.MaxRequests)
			continue
		}
		seen[key.h] = int32(len(kept))
		kept = append(kept, e)
	}
	clear(b.d.Events[len(kept):])
	b.d.Events = kept
	b.room.events = grown(b.bound.events, len(kept))
	b.events.clear()
	b.copied.changed(0, math.MaxInt)
}

func (e event) fold(span rules.Interval) {
	e.Count++
	if e.Count == 1 || span.From > e.Last.From {
		e.Last = span
	}
	if span.From < e.When.From {
		e.When.From = span.From
	}
}

// hints turns the catalogue's words, which are shared, into causes, which are too.
func (b *Builder) hints(words []string) []rules.Cause {
	if len(words) == 0 {
		return nil
	}
	key := catalogued{&words[0], len(words)}
	if known, ok := b.causes[key]; ok {
		return known
	}
	out := make([]rules.Cause, 0, len(words))
	for _, w := range words {
		if c := rules.Cause(w); c.Family() != "" {
			out = append(out, c)
		}
	}
	out = slices.Clip(out)
	b.causes[key] = out
	return out
}

// catalogued tells a list of the catalogue from another one.
type catalogued struct {
	first *string
	n     int
}
