package digest

import (
	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// A sketch keeps a bounded sample of a source's requests, for aligning clocks and
// for linking files to addresses. Two sources that saw the same requests must keep
// the same ones, so the choice goes by the request's own hash: the smallest eight of
// a second, and, when the sketch is full, only hashes below a limit that halves.
type sketch struct {
	second int64           // that now is of, its first microsecond
	now    []rules.Request // of the current second, at most so many as most says
	kept   []rules.Request
	limit  uint64
	bound  int    // of kept
	most   int    // of now
	worst  uint64 // greatest key of now, once that is full
}

const (
	perSecond  = 8
	maxSketch  = 64 << 10
	everyHash  = ^uint64(0)
	pastSecond = -1 << 62
)

func newSketch(bound int) sketch {
	return sketch{second: pastSecond, limit: everyHash, bound: bound, most: perSecond}
}

// wants reports whether add would do anything; of a busy second it says no to nearly all.
func (s *sketch) wants(micros int64, key uint64) bool {
	if key == 0 || key > s.limit || micros == rules.Past {
		return false
	}
	return len(s.now) < s.most || key <= s.worst || !s.isNow(micros)
}

func (s *sketch) isNow(micros int64) bool { return uint64(micros-s.second) < uint64(parser.Second) }

// add notes a request that wants said yes to.
func (s *sketch) add(q rules.Request) {
	micros, key, status, upstream, stream := q.Micros, q.Key, q.Status, q.Upstream, q.Stream
	if !s.isNow(micros) {
		s.flush()
		s.second = parser.FloorDiv(micros, parser.Second) * parser.Second
	}
	for i := range s.now {
		if o := &s.now[i]; o.Key == key && o.Upstream == upstream && o.FailedAt == q.FailedAt && o.Stream == stream && (o.Status == status || status == 0 || o.Status == 0) {
			o.Status = max(o.Status, status) // told twice: of the client's side and of the upstream's
			return
		}
	}
	if len(s.now) < s.most {
		s.now = append(s.now, q)
	} else if worst := s.worstOf(); key < s.now[worst].Key {
		s.now[worst] = q
	}
	s.worst = s.now[s.worstOf()].Key
}

// worstOf is the place of the greatest key.
func (s *sketch) worstOf() (worst int) {
	for i := range s.now {
		if s.now[i].Key > s.now[worst].Key {
			worst = i
		}
	}
	return worst
}

func (s *sketch) flush() {
	s.kept = append(s.kept, s.now...)
	s.now = s.now[:0]
	s.fit()
}

// fit halves the limit until what is kept is within the bound.
func (s *sketch) fit() {
	for len(s.kept) > s.bound {
		s.limit /= 2
		few := s.kept[:0]
		for _, q := range s.kept {
			if q.Key <= s.limit {
				few = append(few, q)
			}
		}
		if len(few) == len(s.kept) && s.limit == 0 {
			few = few[:s.bound]
		}
		s.kept = few
	}
}

// clear empties it; the memory stays.
func (s *sketch) clear() {
	*s = sketch{second: pastSecond, limit: everyHash, bound: s.bound, most: s.most, now: s.now[:0], kept: s.kept[:0]}
}

// requestPartsKey hashes method and path, without query, scheme and host: what two
// logs of one request have in common.
func requestPartsKey(method, target []byte) uint64 {
	target = pathOf(target)
	if len(target) == 0 {
		return 0
	}
	return rules.KeyOf(xxhash.Sum64(target), method)
}
