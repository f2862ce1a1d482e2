package digest

import (
	"slices"

	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// Some gateways number neither connections nor requests in their error lines, but a thread
// works on one request at a time: Apache writes a line for the back end, which names its
// address, and one for the request, which names the client and at most a host, and does so
// for each member of a balancer that it tries. What follows in the same thread, at once and
// for the same client, is of the same request; in a log with the newest line first, too.

// A threadLine is what tells an error line's place in its thread.
type threadLine struct {
	thread   uint64 // hash of pid and tid
	client   uint64 // hash of its address, 0 if the line names none
	said     uint64 // hash of the message's kind and the upstream; 0 if it may come several times a request
	upstream string
	at       int64 // microseconds
	clock    parser.Clock
	phase    parser.Phase
	symptom  parser.Symptom
	lines    int64 // physical lines that count
}

// A threadRequest is the request that a thread works on.
type threadRequest struct {
	at       int64    // of its last line
	halfway  bool     // which named no client: the request's own line follows
	client   uint64   // 0 as long as no line names it
	names    []string // upstreams that lines before one with the client name
	pending  []string // and those behind, which may be the next request's
	said     []uint64
	nameless []rules.Nameless // before any line named an upstream
	told     toldKey          // zero as long as none did
	loose    toldKey          // where the request that begins with pending would be told
}

// toldKey finds a Told.
type toldKey struct {
	bucket   int64
	upstream string
	symptom  parser.Symptom
}

// Bounds of what is kept.
const (
	maxThreads = 64 << 10
	maxTold    = 16 << 10
	maxTried   = 32 // upstreams of one request
	// atOnce is the longest time between two lines of one request. A refusal takes a round trip
	// to the back end; the next request on a client's connection takes one to the client.
	atOnce = 10 * parser.Millisecond
)

// threads joins the error lines of one request, by thread.
type threads struct {
	at    map[uint64]*threadRequest // by thread
	told  []rules.Told
	index map[toldKey]int
	grain int64
	same  int // so many of told are as the last snapshot has them
}

// seeThreadOf takes the next error line of a format whose threads tell which lines are of one request.
func (b *Builder) seeThreadOf(r *parser.Record) {
	if l, ok := b.threadLineOf(r); ok && b.pools.isPart {
		b.pools.lines = append(b.pools.lines, l)
	} else if ok {
		b.pools.seeThread(l)
	}
}

// threadLineOf is an error line's place in its thread, false if nothing tells it.
func (b *Builder) threadLineOf(r *parser.Record) (l threadLine, ok bool) {
	g := &r.Gateway
	if r.PID == 0 || r.Level == parser.LevelDebug || g.Rank < parser.RankSecondary ||
		!r.Stamp.Known() || r.Stamp.Precision > atOnce || g.Symptom == parser.SymptomRefusedOnPurpose || g.Symptom == parser.SymptomClientAbort {
		return l, false
	}
	var key, said mixer
	key.number(r.PID)
	key.number(r.TID)
	l = threadLine{thread: key.h, upstream: b.strings.of(g.Upstream), at: r.Stamp.Micros, clock: r.Stamp.Clock, phase: g.Phase, symptom: g.Symptom}
	if len(g.Client) > 0 {
		l.client = xxhash.Sum64(g.Client)
	}
	if l.upstream != "" {
		said.text(g.MessageKey)
		said.text(l.upstream)
		l.said = said.h
	}
	if counted(r) {
		l.lines = int64(max(r.Lines, 1))
	}
	return l, true
}

// seeThread takes the next error line of a thread.
func (p *pools) seeThread(l threadLine) {
	t := &p.threads
	if t.at == nil {
		t.at, t.index, t.grain = map[uint64]*threadRequest{}, map[toldKey]int{}, parser.Second
	}
	q := t.at[l.thread]
	if q == nil {
		if len(t.at) >= maxThreads {
			clear(t.at) // of servers started again and again; what is in flight begins anew
		}
		q = &threadRequest{}
		t.at[l.thread] = q
	}
	if !q.goesOn(l) || l.said != 0 && slices.Contains(q.said, l.said) {
		*q = threadRequest{}
	}
	q.at, q.halfway = l.at, l.client == 0
	if l.client != 0 && q.client != 0 && l.client != q.client { // what it tried since is this client's
		next := threadRequest{at: l.at, pending: q.pending}
		if len(q.pending) > 0 {
			next.told = q.loose
			t.entry(&next.told, l).Count++
		}
		*q = next
	}
	if l.said != 0 && len(q.said) < 2*maxTried {
		q.said = append(q.said, l.said)
	}
	if l.upstream != "" && len(q.names)+len(q.pending) < maxTried && !slices.Contains(q.names, l.upstream) && !slices.Contains(q.pending, l.upstream) {
		if len(q.pending) == 0 {
			q.loose = t.key(l.at, l.upstream, l.symptom)
		}
		q.pending = append(q.pending, l.upstream)
	}
	if l.upstream == "" && l.lines > 0 {
		q.nameless = addNameless(q.nameless, rules.Nameless{Phase: l.phase, Lines: l.lines})
	}
	if l.client != 0 {
		q.client = l.client
	}
	if q.told == (toldKey{}) && l.upstream != "" {
		q.told = t.key(l.at, l.upstream, l.symptom)
		t.entry(&q.told, l).Count++
	}
	if q.told != (toldKey{}) {
		told := t.entry(&q.told, l)
		for _, n := range q.nameless {
			told.Nameless = addNameless(told.Nameless, n)
		}
		if q.nameless = nil; q.client != 0 {
			told.Clients = keepSmallest(told.Clients, q.client, rules.MaxClients)
		}
	}
	if l.client == 0 {
		return
	}
	if len(q.pending) > 0 {
		q.names, q.pending = append(q.names, q.pending...), nil
		p.keep(slices.Clone(q.names))
	}
}

// goesOn reports whether a line stands close enough to the one before in its thread. The
// request's line follows the back end's, however long the thread had to wait for a processor;
// and so does what is said of the same client and of no back end of its own: behind AH01102,
// which names the one that it read from, AH00898 says what that was for (mod_proxy_http.c).
func (q *threadRequest) goesOn(l threadLine) bool {
	if l.client != 0 && l.at >= q.at && (q.halfway || l.upstream == "" && l.client == q.client) {
		return l.at-q.at <= parser.Second
	}
	return max(l.at-q.at, q.at-l.at) <= atOnce
}

func addNameless(list []rules.Nameless, more rules.Nameless) []rules.Nameless {
	for i := range list {
		if list[i].Phase == more.Phase {
			list[i].Lines += more.Lines
			return list
		}
	}
	return append(list, more)
}

func (t *threads) key(at int64, upstream string, symptom parser.Symptom) toldKey {
	return toldKey{parser.FloorDiv(at, t.grain), upstream, symptom}
}

// entry is the Told of a key, made if it is not there yet. Where there are more upstreams than
// there is room for, which clients of a forward proxy may choose, what comes is told by none.
func (t *threads) entry(k *toldKey, l threadLine) *rules.Told {
	i, ok := t.index[*k]
	if !ok {
		for len(t.told) >= maxTold && t.grain < maxGrain {
			t.coarsen()
		}
		*k = t.key(l.at, k.upstream, k.symptom)
		if i, ok = t.index[*k]; !ok {
			if len(t.told) >= maxTold {
				return &rules.Told{}
			}
			i = len(t.told)
			from := k.bucket * t.grain
			t.told = append(t.told, rules.Told{When: rules.Interval{From: from, To: from + t.grain}, Clock: l.clock, Upstream: k.upstream, Symptom: k.symptom})
			t.index[*k] = i
		}
	}
	t.same = min(t.same, i)
	return &t.told[i]
}

// coarsen makes seconds longer, as those of events are.
func (t *threads) coarsen() {
	t.grain *= 10
	clear(t.index)
	kept := t.told[:0]
	for _, o := range t.told {
		k := t.key(o.When.From, o.Upstream, o.Symptom)
		i, ok := t.index[k]
		if !ok {
			t.index[k] = len(kept)
			o.When = rules.Interval{From: k.bucket * t.grain, To: (k.bucket + 1) * t.grain}
			kept = append(kept, o)
			continue
		}
		into := &kept[i]
		into.Count += o.Count
		for _, n := range o.Nameless {
			into.Nameless = addNameless(into.Nameless, n)
		}
		into.Clients = mergeSmallest(into.Clients, o.Clients, rules.MaxClients)
	}
	clear(t.told[len(kept):])
	t.told, t.same = kept, 0
}

// forget drops what ended before a moment of the source's clock.
func (t *threads) forget(before int64) {
	t.told = slices.DeleteFunc(t.told, func(o rules.Told) bool { return o.When.To < before })
	clear(t.index)
	t.same = 0
	for i := range t.told {
		t.index[t.key(t.told[i].When.From, t.told[i].Upstream, t.told[i].Symptom)] = i
	}
}

// snapshot is a copy of what is told so far; last is the one before, which is used again.
func (t *threads) snapshot(last []rules.Told) []rules.Told {
	out := append(last[:t.same], t.told[t.same:]...)
	for i := t.same; i < len(out); i++ {
		out[i].Clients, out[i].Nameless = slices.Clone(out[i].Clients), slices.Clone(out[i].Nameless)
	}
	t.same = len(out)
	return out
}
