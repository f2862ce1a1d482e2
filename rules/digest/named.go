package digest

import (
	"bytes"
	"slices"

	"culprit/parser"
	"culprit/parser/applog"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// Many an application logs neither requests nor their answers, but names what it works on by its path:
// "building /feeds/1610", "handler /api/orders failed". Beside the gateway's log that tells whose lines
// they are.

// Bounds of what is kept of them.
const (
	maxNamed   = 16 << 10
	namedALine = 3 // paths
	// namedASecond is half of what a sketch keeps of requests that are logged: a line that is kept costs
	// ten times what one costs that is not, and a busy second has 8*ln(n/8) of these.
	namedASecond = 4
	maxTimeless  = 1 << 10
	maxBetween   = 2 * parser.Second // two stamps that a line without one stands between
)

// named are the requests that lines name by a path.
type named struct {
	dated   sketch
	undated sketch // of lines that no stamp stands beside; kept by their hash alone
}

func newNamed(bound int) named {
	n := named{newSketch(bound), newSketch(maxTimeless)}
	n.dated.most = namedASecond
	return n
}

// held counts those that will be forgotten.
func (n *named) held() int { return len(n.dated.kept) }

// addNamed notes the requests that an application's record names.
func (b *Builder) addNamed(r *parser.Record, stream string) {
	if r.Format != nil && r.Format.Role != parser.RoleApp || rules.OfSystem(string(tag(r))) {
		return
	}
	span, _ := when(r)
	if !r.Stamp.Known() && span.From != rules.Past && span.To-span.From > maxBetween {
		return
	}
	b.nameRequests(span.From, applog.FirstLine(r.Message), stream)
}

// Named notes the requests that the message of a line names of which nothing else is kept, see Pass.
func (b *Builder) Named(at parser.Stamp, message []byte) {
	b.nameRequests(at.Micros, applog.Head(message), "")
}

// nameRequests notes the requests that a line names.
func (b *Builder) nameRequests(micros int64, message []byte, stream string) {
	from, to := applog.NamedPath(message, 0)
	for i := 0; i < namedALine && from >= 0; i++ {
		path := message[from:to]
		if key := rules.KeyOf(xxhash.Sum64(path), ""); b.named.wants(micros, key) { // the method changes the last bits only
			if applog.TellsFailure(message) {
				return
			}
			method := applog.MethodBefore(message[:from])
			b.named.add(rules.Request{Micros: micros, Key: rules.KeyOf(key, method), Group: b.groupKey(method, path), Named: true, Plain: b.plain(path), Stream: stream})
		}
		from, to = applog.NamedPath(message, to)
	}
}

// plain reports whether a path is one word that is no number or id.
func (b *Builder) plain(path []byte) bool {
	path = pathOf(path)
	return bytes.IndexByte(bytes.Trim(path, "/"), '/') < 0 && !bytes.Contains(b.foldURL(nil, path), []byte("{id}"))
}

func (n *named) wants(micros int64, key uint64) bool {
	if micros == rules.Past {
		return key != 0 && key <= n.undated.limit
	}
	return n.dated.wants(micros, key)
}

func (n *named) add(q rules.Request) {
	if q.Micros != rules.Past {
		n.dated.add(q)
		return
	}
	n.undated.kept = append(n.undated.kept, q)
	n.undated.fit()
}

// merge adds what a part kept.
func (n *named) merge(p *named) {
	p.dated.flush()
	for _, list := range [][]rules.Request{p.dated.kept, p.undated.kept} {
		for _, q := range list {
			if n.wants(q.Micros, q.Key) {
				n.add(q)
			}
		}
	}
}

// forget drops what was before a moment. What nothing dates goes when it is much: it may be of any time.
func (n *named) forget(before int64) {
	n.dated.kept = slices.DeleteFunc(n.dated.kept, func(q rules.Request) bool { return q.Micros < before })
	if n.dated.kept = shrunk(n.dated.kept); len(n.dated.kept) < n.dated.bound/8 {
		n.dated.limit = everyHash
	}
	if len(n.undated.kept) > maxTimeless/2 {
		n.undated = newSketch(maxTimeless)
	}
}
