package digest

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// accessKinds remembers who the clients of the access lines were.
type accessKinds struct{ lines, loopback int64 }

// see counts a client. A server whose socket takes IPv4 and IPv6 writes an IPv4 client as
// ::ffff:127.0.0.1 (RFC 4291, 2.5.5.2; Node's listen without a host, so Express with morgan).
func (k *accessKinds) see(client []byte) {
	k.lines++
	if len(client) > 0 && client[0] >= '2' && client[0] <= '9' { // most are neither, and told at once
		return
	}
	client = bytes.TrimPrefix(client, []byte("::ffff:"))
	if bytes.HasPrefix(client, []byte("127.")) || string(client) == "::1" || bytes.HasPrefix(client, []byte("unix:")) {
		k.loopback++
	}
}

func (k *accessKinds) settle(d *rules.Digest) {
	d.Source.Loopback = k.lines > 0 && k.loopback == k.lines
}

// addAccess counts one finished request. A gateway's goes into a tally; an
// application's only into the sketch.
func (b *Builder) addAccess(r *parser.Record, stream string) {
	a := &r.Access
	span, _ := when(r)
	target := a.Target
	if len(target) == 0 {
		target = a.Request
	}
	if r.Format == nil || r.Format.Role != parser.RoleGateway {
		b.roles[parser.RoleApp]++
		b.sketchAccess(a, span.From, target, nil, stream)
		return
	}
	b.roles[parser.RoleGateway]++
	b.d.Source.HasAccess = true
	b.access.see(a.Client)
	b.pools.seeAttempts(a)
	upstream := servedBy(a)
	b.tally(r, span.From, upstream, stream)
	b.sketchAccess(a, span.From, target, upstream, stream)
}

// sketchAccess notes a request if it is one of those that the sketch keeps.
func (b *Builder) sketchAccess(a *parser.Access, micros int64, target, upstream []byte, stream string) {
	if key := requestPartsKey(a.Method, target); b.sketch.wants(micros, key) {
		b.sketch.add(rules.Request{
			Micros: micros, Key: key, Group: b.groupKey(a.Method, target), Status: a.Status,
			Upstream: b.strings.of(upstream), Stream: stream,
		})
	}
}

// servedBy is the address that answered or failed last; a group's name only if
// the request named no address.
func servedBy(a *parser.Access) []byte {
	if a.Tries == 1 && len(a.Attempts[0].Addr) > 0 {
		return a.Attempts[0].Addr
	}
	for i := a.Tries - 1; i >= 0; i-- {
		if addr := a.Attempts[i].Addr; bytes.IndexByte(addr, ':') >= 0 {
			return addr
		}
	}
	if a.Tries > 0 && len(a.Attempts[a.Tries-1].Addr) > 0 {
		return a.Attempts[a.Tries-1].Addr
	}
	return a.Pool
}

// outcome is the status that a session is counted under. One without is told by what its
// gateway saw: 499 for a client that went away, 200 for one of TCP that ended well, as
// nginx's stream module has it.
func outcome(r *parser.Record) int16 {
	a, g := &r.Access, &r.Gateway
	switch {
	case a.Status != 0:
	case g.Symptom == parser.SymptomClientAbort:
		return 499
	case g.Rank >= parser.RankSecondary:
		return rules.Unanswered
	case a.Tries > 0 && len(a.Method) == 0 && len(a.Request) == 0:
		return 200
	}
	return a.Status
}

// A tallied is what makes equal requests fall together.
type tallied struct {
	second         int64
	upstream, host []byte
	stream         string
	status, from   int16
}

func (b *Builder) tally(r *parser.Record, micros int64, upstream []byte, stream string) {
	a := &r.Access
	if stream == rules.StreamGateway {
		stream = ""
	}
	k := tallied{second: parser.FloorDiv(micros, parser.Second), upstream: upstream, host: a.Host, stream: stream, status: outcome(r)}
	if b.anyHost {
		k.host = nil
	}
	reused, fresh := false, false
	if a.Tries > 0 {
		last := &a.Attempts[a.Tries-1]
		k.from, reused, fresh = last.Status, last.Connect == 0, last.Connect > 0
	}
	bad := failing(k.status)
	var i int
	if bad {
		i = b.tallyOf(&k, r, true)
	} else {
		i = b.goodTally(&k, r)
	}
	b.copied.changed(math.MaxInt, i)
	t := &b.d.Tallies[i]
	t.Count++
	if reused {
		t.Reused++
	}
	if fresh {
		t.Fresh++
	}
	t.Waited = max(t.Waited, a.Duration)
	if bad {
		b.addFailure(t, a)
	}
}

// addFailure adds what tallies of failures have beside their counts.
func (b *Builder) addFailure(t *rules.Tally, a *parser.Access) {
	b.news++
	if a.Duration >= 2*parser.Second {
		t.Long++
	}
	if a.Tries == 1 && repeatable(a.Method) {
		t.Once++
	}
	if q := requestKey(a.Client, a.Request); q != 0 {
		t.Requests = keepSmallest(t.Requests, q, rules.MaxRequests)
	}
	if rules.Failed(t.Status) {
		t.Groups = addGroup(t.Groups, b.urlGroup(a), 1)
		if len(a.Client) > 0 {
			t.Clients = keepSmallest(t.Clients, xxhash.Sum64(a.Client), rules.MaxClients)
		}
	}
}

// goodTally is tallyOf for a request that did not fail. In a part the tallies that were asked for last are
// found by a few bytes: BenchmarkAddAccess takes 170 ns a line, 240 when all that is in a key was hashed for each.
func (b *Builder) goodTally(k *tallied, r *parser.Record) int {
	if b.healthy > 1 {
		k.second = parser.FloorDiv(k.second, b.healthy) * b.healthy
	}
	if b.part == nil {
		return b.tallyOf(k, r, false)
	}
	near := &b.part.near[(fewBytes(k.upstream)^fewBytes(k.host)*3^uint64(k.status)*nearPrime)*nearPrime>>56]
	if i := int(*near); i < len(b.d.Tallies) {
		if t := &b.d.Tallies[i]; t.Second == k.second && t.Status == k.status && t.From == k.from && t.Upstream == string(k.upstream) && t.VHost == string(k.host) && t.Stream == k.stream {
			return i
		}
	}
	i := b.tallyOf(k, r, false)
	*near = int32(i)
	return i
}

const nearPrime = 0x9e3779b97f4a7c15

// fewBytes tells most names apart.
func fewBytes(name []byte) uint64 {
	if len(name) < 8 {
		return uint64(len(name))
	}
	return binary.LittleEndian.Uint64(name) ^ binary.LittleEndian.Uint64(name[len(name)-8:])*nearPrime
}

// tallyOf is the place of the tally that a request belongs to, which may be new.
func (b *Builder) tallyOf(k *tallied, r *parser.Record, bad bool) int {
	var key mixer
	key.bytes(k.upstream)
	key.word(uint64(uint16(k.status)) | uint64(uint16(k.from))<<16)
	bucket := k.second
	maker, symptom, phase := rules.MakerUnknown, parser.SymptomNone, parser.PhaseNone
	if bad {
		bucket = parser.FloorDiv(k.second, b.failed)
		maker = madeBy(&r.Access)
		symptom, phase = r.Gateway.Symptom, r.Gateway.Phase
		if symptom == parser.SymptomNone {
			symptom, phase = gateway.InferSymptom(&r.Access)
		}
		key.word(uint64(maker) | uint64(symptom)<<8 | uint64(phase)<<16)
	}
	if k.stream != "" {
		key.text(k.stream)
	}
	base := key.h
	key.bytes(k.host)
	key.number(bucket)
	i, ok := b.tallies.find(key.h)
	if ok && (!bad || reach(&b.d.Tallies[i], k.second, 0)) {
		return int(i)
	}
	b.makeRoom(bad)
	i = int32(len(b.d.Tallies))
	b.tallies.set(key.h, i)
	b.d.Tallies = append(roomy(b.d.Tallies, b.room.tallies, func(t *rules.Tally) { t.Count = 0 }), rules.Tally{
		Second: k.second, Stream: k.stream, Upstream: b.strings.of(k.upstream), VHost: b.strings.of(k.host),
		Status: k.status, From: k.from, Made: maker, Symptom: symptom, Phase: phase,
	})
	var text note
	if bad {
		b.see(base)
		b.d.Tallies[i].Place, b.d.Tallies[i].Text, text = b.quote(r, 0)
	} else {
		b.d.Tallies[i].Place.Line = r.Line
	}
	b.part.tally(base, text)
	return int(i)
}

// repeatable reports whether nginx sends a request of the method again after the
// connection was lost: all but POST, LOCK and PATCH (NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT).
func repeatable(method []byte) bool {
	switch string(method) {
	case "POST", "LOCK", "PATCH", "":
		return false
	}
	return true
}

func madeBy(a *parser.Access) rules.Maker {
	switch a.Made {
	case parser.MadeUpstream:
		return rules.MakerUpstream
	case parser.MadeGateway:
		return rules.MakerGateway
	}
	switch made, known := gateway.UpstreamMade(a); {
	case !known:
		return rules.MakerUnknown
	case made:
		return rules.MakerUpstream
	}
	return rules.MakerGateway
}

// failing reports whether tallies of a status keep their second: of failures, and of clients that gave up.
func failing(status int16) bool { return rules.Failed(status) || status == 499 }

// quiet is for how long nothing failed between two tallies that are not folded, in seconds: that is
// when an incident ends.
const quiet = 60

// reach makes a tally of failures hold those of another time, which is so many seconds longer than
// its first; it reports false if that is too far away.
func reach(t *rules.Tally, second, more int64) bool {
	end := t.Second + t.More
	if second > end+quiet || second+more < t.Second-quiet {
		return false
	}
	end = max(end, second+more)
	t.Second = min(t.Second, second)
	t.More = end - t.Second
	return true
}

// foldTallies folds those of failures, or the others, that are alike and of the same so many
// seconds.
func (b *Builder) foldTallies(bad bool, grain int64) {
	type like struct {
		bucket                  int64
		stream, upstream, vhost string
		status, from            int16
		made                    rules.Maker
		symptom                 parser.Symptom
		phase                   parser.Phase
	}
	seen := make(map[like]int32, len(b.d.Tallies)/8)
	kept := b.d.Tallies[:0]
	for _, t := range b.d.Tallies {
		if failing(t.Status) != bad {
			kept = append(kept, t)
			continue
		}
		bucket := parser.FloorDiv(t.Second, grain)
		if !bad {
			t.Second = bucket * grain
		}
		if b.anyHost {
			t.VHost = ""
		}
		k := like{bucket, t.Stream, t.Upstream, t.VHost, t.Status, t.From, t.Made, t.Symptom, t.Phase}
		if at, ok := seen[k]; ok && (!bad || reach(&kept[at], t.Second, t.More)) {
			addTally(&kept[at], &t)
			continue
		}
		seen[k] = int32(len(kept))
		kept = append(kept, t)
	}
	clear(b.d.Tallies[len(kept):])
	b.d.Tallies = kept
	b.countFailures()
	b.tallies.clear()
	b.copied.changed(math.MaxInt, 0)
}

// addTally adds the counts of a tally to those of one like it.
func addTally(t, o *rules.Tally) {
	t.Count, t.Reused, t.Fresh = t.Count+o.Count, t.Reused+o.Reused, t.Fresh+o.Fresh
	t.Long, t.Once, t.Waited = t.Long+o.Long, t.Once+o.Once, max(t.Waited, o.Waited)
	t.Requests = mergeSmallest(t.Requests, o.Requests, rules.MaxRequests)
	t.Clients = mergeSmallest(t.Clients, o.Clients, rules.MaxClients)
	for _, g := range o.Groups {
		t.Groups = addGroup(t.Groups, g.URL, g.Failed)
	}
}

// grains are what tallies are folded to, one after the other, in seconds.
var grains = [...]int64{1, 10, 60, 600, 3600}

// coarser is the grain behind one; the last stays.
func coarser(grain int64) int64 {
	i := slices.Index(grains[:], grain)
	return grains[min(i+1, len(grains)-1)]
}

// makeRoom makes room for one more tally, by a longer grain of its kind. Those of failures hold hashes
// of requests and clients and cost four times the memory, so only a part of all may be of them. Where
// a longer grain does not help, hosts are told apart no longer: clients choose them.
func (b *Builder) makeRoom(bad bool) {
	longest := grains[len(grains)-1]
	switch {
	case bad && b.failures >= b.room.failures && (b.failed < longest || !b.anyHost):
		b.failed = coarser(b.failed)
		b.foldTallies(true, b.failed)
		if !b.anyHost && 2*b.failures > b.room.failures {
			b.anyHost = true
			b.foldTallies(true, b.failed)
		}
		b.room.failures = grown(b.bound.tallies/failedPart, b.failures)
	case len(b.d.Tallies) >= b.room.tallies:
		b.anyHost = b.anyHost || b.healthy == longest
		b.healthy = coarser(b.healthy)
		b.foldTallies(false, b.healthy)
		b.room.tallies = grown(b.bound.tallies, len(b.d.Tallies))
	}
	if bad {
		b.failures++
	}
}

// countFailures counts again the tallies of failures that are held.
func (b *Builder) countFailures() {
	b.failures = 0
	for i := range b.d.Tallies {
		if failing(b.d.Tallies[i].Status) {
			b.failures++
		}
	}
}
