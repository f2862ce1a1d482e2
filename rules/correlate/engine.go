// Package correlate joins what the sources' digests tell into incidents.
//
// It stands behind the scanners and before store and report. Its files are named for the steps
// of its work, in this order (Engine.Decide):
//
//   - clock: zones and skews, so that all sources have one clock;
//   - log: whose an access log is, and which machine's;
//   - pool: which addresses serve the same requests;
//   - service: which streams are one program's, and what it lived through;
//   - link: who stands behind an address;
//   - about: whom a line about a process, a unit or a container is about;
//   - case: which symptoms and failed requests are one outage;
//   - evidence: what may explain it, which package cause judges;
//   - incident: what is counted, blamed and told of it.
//
// The file that is called like a step begins it; each further one holds one thing that the step
// asks, told at its head.
//
// Why it is a pure function. The engine does not depend on the order in which
// digests were added, has no clock, no goroutine and no I/O. Batch adds all digests
// and decides once; live adds what has grown and decides again. So live equals
// batch by construction, and any number of workers gives the same bytes.
package correlate

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// Config holds what the user may set; the zero value is what the words mean in
// the documentation.
type Config struct {
	Quiet   int64          // log time without a symptom that closes a case, microseconds; 0 means 60 s
	HasZone bool           // Zone was given
	Zone    *time.Location // of zoneless stamps
	HasYear bool           // the year of stamps without one is the user's word
	Maps    []Map          // the user's own links
	Since   int64          // only incidents that end after it; 0: all
	Until   int64          // only incidents that begin before it; 0: all
}

// A Map is the user's word that an address is served by a file or a unit.
type Map struct{ Address, Target string }

func (c *Config) quiet() int64 {
	if c.Quiet > 0 {
		return c.Quiet
	}
	return parser.Minute
}

// zoneAt is the zone's offset east of UTC, in microseconds, at a wall clock time.
func (c *Config) zoneAt(local int64) int64 {
	t := time.UnixMicro(local).UTC()
	at := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, c.Zone)
	_, seconds := at.Zone()
	return int64(seconds) * parser.Second
}

// An Engine turns digests into a report. It belongs to one goroutine.
type Engine struct {
	cfg      Config
	sources  []*source
	pools    *poolSet
	left     rest           // see findRest
	homes    map[node]*pool // the pools with cases that services say they listen for
	onlyPool node           // to which all addresses belong that the gateways' logs name; zero if there are several
	services []*service
	backings []*service // those that stand behind applications
	calls    map[streamID]*service
	hosts    hosts
	machines map[string]string // that lines tell of, by name in lower case
	kinOf    []string          // by source: see kins

	directory  directory
	links      linkIndex
	near       *hitIndex
	weighing   weighing
	hits       []*hitEvent
	reach      []int64 // up to when any of the hits so far reach, those without a date left out
	told       map[told]*telling
	complaints []complaint
	victims    map[*rules.Event]loser // of processes whose death the kernel tells, and not whose they were
	others     struct {               // links of services that serve something else, to the pool that was asked about last
		of    *pool
		links map[*service]link
	}
	tallied     map[node][]poolLog               // by pool: see logsOf
	sums        map[string][]sum                 // by site: see goodBetween
	wells       map[uint64]int                   // by URL group: see answeredWell
	owners      *urlOwners                       // see urlsOf
	answers     *answeredSets                    // see there
	access      []*source                        // see accessSources; nil before somebody asked
	seenSince   map[string]int64                 // by site: see seenFrom
	whole       whole                            // see wholeOf
	accessSites map[string]bool                  // the machines whose gateways have an access log; nil before somebody asked
	open        []*gathering                     // the cases that are being judged
	pieces      map[node]int64                   // how many of each pool are nothing but connections that the upstream closed or reset
	refusals    struct{ answered, untold int64 } // 5xx on purpose in access logs; of them without a line of their own
}

// New returns an Engine.
func New(cfg Config) *Engine { return &Engine{cfg: cfg} }

// Add gives the engine the digest of one source. The engine sets Event.Source and
// changes nothing else of it.
func (e *Engine) Add(digest *rules.Digest) {
	e.sources = append(e.sources, &source{Digest: digest, given: digest, Source: digest.Source})
}

// Decide returns the report of all digests added so far.
func (e *Engine) Decide() *rules.Report {
	e.tallied, e.sums, e.wells, e.owners, e.seenSince, e.answers, e.access, e.accessSites, e.whole.known = nil, nil, nil, nil, nil, nil, nil, nil, false
	e.order()
	e.sites()
	e.settleTags()
	e.settleCentral()
	e.align()
	e.settleAccess()
	e.settleProcesses()
	e.findPools()
	e.findServices()
	e.collectHits()
	cases := e.judge(e.cases())
	return e.report(e.shareHops(cases))
}

// order sorts the sources by content, never by name or arrival: ties at equal time
// are broken by it. Rotated files stand together, by the hash of the oldest's head and
// in the order in which they were written: a second that a rotation cut goes on in the
// next file.
func (e *Engine) order() {
	e.sources = slices.DeleteFunc(e.sources, func(s *source) bool { return s.whole != nil })
	oldest := map[string]*source{}
	for _, s := range e.sources {
		if o := oldest[s.family()]; o == nil || written(s, o) < 0 {
			oldest[s.family()] = s
		}
	}
	slices.SortStableFunc(e.sources, func(a, b *source) int {
		return cmp.Or(
			cmp.Compare(oldest[a.family()].Source.HeadHash, oldest[b.family()].Source.HeadHash),
			written(a, b),
			cmp.Compare(a.Source.Bytes, b.Source.Bytes),
			strings.Compare(a.Source.Path, b.Source.Path), // equal contents: only then
		)
	})
	for i, s := range e.sources {
		*s = source{Digest: s.given, given: s.given, Source: s.given.Source, index: i} // as if never decided
		for j := range s.Events {
			s.Events[j].Source = i
		}
	}
}

// written is negative if a was written before b, as far as their stamps tell.
func written(a, b *source) int {
	return cmp.Or(
		cmp.Compare(a.Source.First.Micros, b.Source.First.Micros),
		cmp.Compare(a.Source.Last.Micros, b.Source.Last.Micros),
		cmp.Compare(a.Source.HeadHash, b.Source.HeadHash),
	)
}

// sites finds which sources come from the same machine's folder. Where one tail of
// a path (nginx/error.log) stands under several prefixes, the prefixes are sites:
// 127.0.0.1 on one of them is not 127.0.0.1 on another. A host name in the lines
// says the same and needs no folder.
func (e *Engine) sites() {
	prefixes := e.sitePrefixes()
	for _, s := range e.sources {
		s.site = ""
		for _, p := range prefixes {
			if strings.HasPrefix(s.Source.Path, p) && len(p) > len(s.site) {
				s.site = p
			}
		}
	}
}

func (e *Engine) sitePrefixes() []string {
	tails := map[string][]string{}
	for _, s := range e.sources {
		if s.Source.Role != parser.RoleGateway {
			continue
		}
		name := s.family()
		for i := range name {
			if name[i] == '/' && !gateway.OwnFolder(name[:i]) { // web-1 holds nginx/error.log and apache2/error.log
				tails[name[i+1:]] = append(tails[name[i+1:]], name[:i+1])
			}
		}
	}
	var prefixes []string
	for _, heads := range tails {
		slices.Sort(heads)
		if heads = slices.Compact(heads); len(heads) > 1 {
			prefixes = append(prefixes, heads...)
		}
	}
	slices.Sort(prefixes)
	prefixes = slices.Compact(prefixes)
	// The shortest prefix that tells sites apart is the machine's folder; longer ones
	// inside it are folders of the same machine.
	return slices.DeleteFunc(prefixes, func(p string) bool {
		return slices.ContainsFunc(prefixes, func(q string) bool { return q != p && strings.HasPrefix(p, q) })
	})
}

// A hitEvent is an event with hits, in UTC.
type hitEvent struct {
	*rules.Event
	source  *source
	when    rules.Interval
	last    rules.Interval
	service *service // stream's own, nil if none
	order   int      // in Engine.hits
	waited  int64    // see waitOf; -1 before somebody asked
	named   []*naming
	owned   bool // owner is known
	owner   *service
}

// hitsIn lists the hits that were, or may have been, between two moments, in their order.
func (e *Engine) hitsIn(from, to int64) iter.Seq[*hitEvent] {
	return func(yield func(*hitEvent) bool) {
		dated := e.dated()
		begin, _ := slices.BinarySearch(e.reach[dated:], from)
		for _, part := range [][]*hitEvent{e.hits[:dated], e.hits[dated+begin:]} {
			for _, h := range part {
				if h.when.From > to {
					break
				}
				if h.last.To >= from && !yield(h) {
					return
				}
			}
		}
	}
}

// collectHits gathers all evidence in one total order.
func (e *Engine) collectHits() {
	e.hits = e.hits[:0]
	for _, s := range e.sources {
		for i := range s.Events {
			ev := &s.Events[i]
			if len(ev.Hits) == 0 {
				continue
			}
			e.hits = append(e.hits, &hitEvent{
				Event: ev, source: s, service: e.calls[streamID{s.index, ev.Stream}], waited: -1,
				when: s.span(ev.When, ev.Clock), last: s.span(ev.Last, ev.Clock),
			})
		}
	}
	slices.SortStableFunc(e.hits, func(a, b *hitEvent) int {
		return cmp.Or(
			cmp.Compare(a.when.From, b.when.From), cmp.Compare(a.when.To, b.when.To),
			cmp.Compare(a.source.index, b.source.index), cmp.Compare(a.Place.Offset, b.Place.Offset),
		)
	})
	e.reach = e.reach[:0]
	last := rules.Past
	for _, h := range e.hits {
		if h.when.From != rules.Past {
			last = max(last, h.last.To)
		}
		e.reach = append(e.reach, last)
		if h.service != nil && h.when.From != rules.Past && slices.ContainsFunc(h.Hits, up) {
			h.service.risen = append(h.service.risen, h)
		}
	}
	e.joinByLives()
	e.joinVictims()
	e.list()
	e.indexLinks()
	e.findLives()
	e.findTold()
	e.findComplaints()
	e.indexHits()
}
