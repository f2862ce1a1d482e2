package correlate

import (
	"slices"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// Clocks. A zoneless stamp's zone and a constant skew are settled before times are
// compared: from the requests that two sources both saw, from processes that both
// name, from a sibling's zone, from the user's flag, else assumed.

const (
	quarter      = 15 * parser.Minute
	maxZone      = 15 * parser.Hour
	minMatches   = 5
	minLead      = 3 // times the runner-up
	maxSkew      = 10 * parser.Minute
	tinySkew     = 1500 * parser.Millisecond // within what whole seconds and late writing explain
	commonKey    = 24                        // requests that repeat more often say nothing about time
	uptimeWindow = 2 * parser.Second
)

// A source is a digest with its settled clock.
type source struct {
	*rules.Digest
	index   int
	site    string
	settled bool
	zone    int64 // subtracted from zoneless stamps, microseconds east of UTC
	skew    int64 // its clock is ahead by this much; subtracted from all its stamps
	boot    int64 // added to uptimes
	hasBoot bool
	years   int   // added to stamps without a year, which were read in the file's own
	app     bool  // its access lines are an application's own
	pivot   int64 // or: the moment that each of them is to lie next to
}

// utc turns a moment of the source's clock into UTC.
func (s *source) utc(micros int64, clock parser.Clock) int64 {
	if micros == rules.Past || micros == rules.Future {
		return micros
	}
	switch clock {
	case parser.ClockZoned:
		return micros - s.skew
	case parser.ClockUptime:
		if !s.hasBoot {
			return rules.Past
		}
		return micros + s.boot
	case parser.ClockYearless:
		micros = s.dated(micros)
	}
	return micros - s.zone - s.skew
}

// dated puts a moment of a stamp without a year into the settled year.
func (s *source) dated(micros int64) int64 {
	if micros == rules.Past || micros == rules.Future || s.years == 0 && s.pivot == 0 {
		return micros
	}
	then, years := time.UnixMicro(micros).UTC(), s.years
	if s.pivot != 0 {
		years = nearestYear(then, s.pivot, s.pivot) - then.Year()
	}
	return then.AddDate(years, 0, 0).UnixMicro()
}

func (s *source) span(v rules.Interval, clock parser.Clock) rules.Interval {
	if clock == parser.ClockUptime && !s.hasBoot || clock == parser.ClockNone {
		return rules.Interval{From: rules.Past, To: rules.Future}
	}
	return rules.Interval{From: s.utc(v.From, clock), To: s.utc(v.To, clock)}
}

// clock is the clock that most of the source's stamps have.
func (s *source) clock() parser.Clock {
	if s.Source.First.Known() {
		return s.Source.First.Clock
	}
	return parser.ClockNone
}

func (s *source) zoneless() bool { return s.clock() != parser.ClockZoned }

// align settles every source's zone and skew. Gateways' logs with a stated zone are
// taken as right; the rest is compared with them.
func (e *Engine) align() {
	anchor := e.anchor()
	if !e.cfg.HasYear {
		e.settleYears()
	}
	for _, s := range e.sources {
		switch {
		case s.HasOwnZone && s.zoneless():
			e.settle(s, int64(s.OwnZone)*parser.Second, rules.ZoneInferred)
		case s.Source.Role == parser.RoleGateway && !s.zoneless():
			e.settle(s, 0, rules.ZoneStated)
		}
	}
	if anchor != nil && !anchor.settled {
		e.settleAnchor(anchor)
	}
	e.settleByRequests()
	e.settleByProcesses()
	for _, s := range e.sources {
		if !s.settled {
			e.settleByNeighbours(s, e.neighbour(s, anchor))
		}
	}
	for _, s := range e.sources {
		e.describeZone(s)
	}
}

// neighbour is the gateway's log that a source is most likely beside: with a stated
// zone, from the same machine's folder, with the longest common path.
func (e *Engine) neighbour(s, anchor *source) *source {
	best, longest := anchor, -1
	for _, a := range e.sources {
		if a == s || !a.settled || a.zoneless() || a.Source.Role != parser.RoleGateway || a.site != s.site {
			continue
		}
		if n := commonPath(a.Source.Path, s.Source.Path); n > longest {
			best, longest = a, n
		}
	}
	return best
}

// commonPath counts the folders that two paths share at their beginning.
func commonPath(a, b string) int {
	n := 0
	for i := 0; i < len(a) && i < len(b) && a[i] == b[i]; i++ {
		if a[i] == '/' {
			n++
		}
	}
	return n
}

// anchor is the source whose clock all others are compared with: the gateway's,
// with a stated zone if there is one, with most requests.
func (e *Engine) anchor() *source {
	var best *source
	worth := func(s *source) [3]int64 {
		var w [3]int64
		if s.Source.Role == parser.RoleGateway {
			w[0] = 1
		}
		if !s.zoneless() {
			w[1] = 1
		}
		w[2] = int64(len(s.Requests))
		return w
	}
	for _, s := range e.sources {
		if s.clock() == parser.ClockNone || s.clock() == parser.ClockUptime {
			continue
		}
		if best == nil || slices.Compare(better(worth(s)), better(worth(best))) > 0 {
			best = s
		}
	}
	return best
}

func better(w [3]int64) []int64 { return w[:] }

func (e *Engine) settleAnchor(a *source) {
	if !a.zoneless() {
		e.settle(a, 0, rules.ZoneStated)
		return
	}
	if e.cfg.HasZone {
		e.settle(a, e.cfg.zoneAt(a.Source.First.Micros), rules.ZoneFlag)
		return
	}
	for _, s := range e.sources {
		if s.zoneless() {
			continue
		}
		if o := offset(s.times(0, 0), a.times(0, 0)); o.found {
			zone := roundQuarter(-o.delta)
			e.settle(a, zone, rules.ZoneInferred)
			return
		}
	}
	for _, s := range e.sources { // a gateway's stated zone is also that of its error log
		if s.Source.Role == parser.RoleGateway && !s.zoneless() {
			e.settle(a, int64(s.Source.First.Offset)*parser.Second, rules.ZoneInferred)
			return
		}
	}
	e.settle(a, 0, rules.ZoneAssumed)
}

func (e *Engine) settle(s *source, zone int64, from rules.ZoneFrom) {
	s.settled, s.zone = true, zone
	switch { // lines without a zone beside lines with one
	case s.zoneless():
	case s.HasOwnZone:
		s.zone = int64(s.OwnZone) * parser.Second
	case s.Source.HasAccess:
		s.zone = int64(s.Source.First.Offset) * parser.Second
	}
	s.Source.ZoneFrom = from
}

// settleByRequests compares each unsettled source with the settled ones that saw
// requests, until nothing changes.
func (e *Engine) settleByRequests() {
	for range 3 {
		changed := false
		for _, s := range e.sources {
			if !s.settled && len(s.Requests) > 0 && s.clock() != parser.ClockUptime {
				changed = e.settleAgainst(s) || changed
			}
		}
		if !changed {
			return
		}
	}
}

// settleAgainst takes the best-supported offset to any settled source, those of the
// same machine's folder first: logs of machines that serve the same site hold the
// same paths, and chance matches between them must not count.
func (e *Engine) settleAgainst(s *source) bool {
	var best shift
	bestNear := false
	for _, a := range e.sources {
		if !a.settled || a == s || len(a.Requests) == 0 {
			continue
		}
		near := a.site == s.site
		o := offset(a.times(a.zone, a.skew), s.times(0, 0))
		if !o.found || bestNear && !near {
			continue
		}
		if near && !bestNear || o.support > best.support || o.support == best.support && abs(o.delta) < abs(best.delta) {
			best, bestNear = o, near
		}
	}
	if !best.found {
		return false
	}
	zone, from := int64(0), rules.ZoneStated
	if s.zoneless() {
		zone, from = roundQuarter(-best.delta), rules.ZoneInferred
		if e.cfg.HasZone {
			zone, from = e.cfg.zoneAt(s.Source.First.Micros), rules.ZoneFlag
		}
	}
	skew := -best.delta - zone
	if abs(skew) > maxSkew {
		return false
	}
	if abs(skew) < tinySkew {
		skew = 0
	}
	e.settle(s, zone, from)
	s.skew = skew
	return true
}

// times are the source's requests in UTC, given its zone and skew.
func (s *source) times(zone, skew int64) []rules.Request {
	out := slices.Clone(s.Requests)
	for i := range out {
		if s.clock() == parser.ClockYearless {
			out[i].Micros = s.dated(out[i].Micros)
		}
		out[i].Micros -= skew
		if s.zoneless() {
			out[i].Micros -= zone
		}
	}
	return out
}

// offset is what must be added to b's times to make them a's: the best-supported
// difference in whole seconds over requests with the same method, path and (where
// both tell it) status, refined to the median. It must have at least five matching
// requests and three times the support of any other.
func offset(a, b []rules.Request) shift {
	byKey := map[uint64][]rules.Request{}
	for _, q := range a {
		byKey[q.Key] = append(byKey[q.Key], q)
	}
	seen := map[uint64]int{}
	for _, q := range b {
		seen[q.Key]++
	}
	votes := map[int64]int{}
	var diffs []int64
	for _, q := range b {
		peers := byKey[q.Key]
		if len(peers)*seen[q.Key] > commonKey {
			continue
		}
		voted := map[int64]bool{}
		for _, p := range peers {
			d := p.Micros - q.Micros
			if abs(d) > maxZone+maxSkew || p.Status != 0 && q.Status != 0 && p.Status != q.Status {
				continue
			}
			diffs = append(diffs, d)
			if bin := floorDiv(d, parser.Second); !voted[bin] {
				voted[bin] = true
				votes[bin]++
			}
		}
	}
	return mostSupported(votes, diffs)
}

// A shift is what must be added to one clock to make it another, in microseconds,
// and how many requests say so.
type shift struct {
	delta   int64
	support int
	found   bool
}

func mostSupported(votes map[int64]int, diffs []int64) shift {
	bins := make([]int64, 0, len(votes))
	for bin := range votes {
		bins = append(bins, bin)
	}
	slices.Sort(bins)
	support := func(bin int64) int { return votes[bin-1] + votes[bin] + votes[bin+1] }
	best, second := int64(0), 0
	bestSupport := 0
	for _, bin := range bins {
		if n := support(bin); n > bestSupport || n == bestSupport && votes[bin] > votes[best] {
			best, bestSupport = bin, n
		}
	}
	for _, bin := range bins {
		if abs(bin-best) > 3 {
			second = max(second, support(bin))
		}
	}
	if bestSupport < minMatches || bestSupport < minLead*second {
		return shift{}
	}
	var near []int64
	for _, d := range diffs {
		if bin := floorDiv(d, parser.Second); abs(bin-best) <= 1 {
			near = append(near, d)
		}
	}
	slices.Sort(near)
	return shift{delta: near[len(near)/2], support: bestSupport, found: true}
}

// settleByProcesses uses pids that two sources name at a death: the kernel's kill
// and the manager's line about the same process are one moment.
func (e *Engine) settleByProcesses() {
	for _, s := range e.sources {
		uptime := s.clock() == parser.ClockUptime
		if s.settled && !uptime || s.clock() == parser.ClockNone {
			continue
		}
		var deltas []int64
		for _, a := range e.sources {
			if a != s && a.settled {
				deltas = append(deltas, deathDeltas(a, s)...)
			}
		}
		if len(deltas) == 0 {
			continue
		}
		slices.Sort(deltas)
		delta := deltas[len(deltas)/2]
		if uptime {
			s.boot, s.hasBoot, s.settled = delta, true, true
			s.Source.ZoneFrom = rules.ZoneInferred
			continue
		}
		if zone := roundQuarter(-delta); s.zoneless() && abs(-delta-zone) < parser.Minute {
			e.settle(s, zone, rules.ZoneInferred)
		}
	}
}

// deathDeltas lists a's time minus s's for each process whose death both tell.
func deathDeltas(a, s *source) []int64 {
	times := map[string]int64{}
	eachDeath(a, func(pid string, ev *rules.Event) {
		if _, ok := times[pid]; !ok {
			times[pid] = a.utc(ev.When.From, ev.Clock)
		}
	})
	var out []int64
	eachDeath(s, func(pid string, ev *rules.Event) {
		if t, ok := times[pid]; ok && t != rules.Past {
			at := ev.When.From
			if ev.Clock == parser.ClockYearless {
				at = s.dated(at)
			}
			out = append(out, t-at)
		}
	})
	return out
}

func eachDeath(s *source, f func(pid string, ev *rules.Event)) {
	for i := range s.Events {
		ev := &s.Events[i]
		for j := range ev.Hits {
			h := &ev.Hits[j]
			if pid := h.Get(rules.FieldPID); pid != "" && h.Signature.Role == rules.RoleCause && ev.When.From != rules.Past {
				f(pid, ev)
			}
		}
	}
}

// settleByNeighbours takes the zone of a rotated sibling, the flag, or the
// gateway's own, whichever makes the source lie where the gateway's log lies.
func (e *Engine) settleByNeighbours(s *source, anchor *source) {
	if !s.zoneless() {
		e.settle(s, 0, rules.ZoneStated)
		return
	}
	for _, a := range e.sources {
		if a.settled && a != s && a.Source.Group == s.Source.Group && a.zoneless() {
			e.settle(s, a.zone, a.Source.ZoneFrom)
			s.skew = a.skew
			return
		}
	}
	if e.cfg.HasZone {
		e.settle(s, e.cfg.zoneAt(s.Source.First.Micros), rules.ZoneFlag)
		return
	}
	if anchor == nil || !anchor.settled {
		e.settle(s, 0, rules.ZoneAssumed)
		return
	}
	local := int64(anchor.Source.First.Offset) * parser.Second
	if anchor.zoneless() {
		local = anchor.zone
	}
	zone, from := local, rules.ZoneInferred
	if local == 0 || !e.overlaps(s, local, anchor) && e.overlaps(s, 0, anchor) {
		zone = 0
	}
	if !e.overlaps(s, zone, anchor) {
		if only, ok := e.onlyZone(s, anchor); ok {
			zone = only
		}
	}
	if anchor.Source.ZoneFrom == rules.ZoneAssumed || !e.overlaps(s, zone, anchor) {
		from = rules.ZoneAssumed
	}
	e.settle(s, zone, from)
}

// onlyZone is the one zone, in whole half hours, that puts all of s inside of what the
// anchor covers: logs that were collected together tell of the same time. It needs an
// anchor of less than half an hour, else several zones fit.
func (e *Engine) onlyZone(s, anchor *source) (int64, bool) {
	first, last := s.bounds()
	a, b := anchor.bounds()
	a, b = anchor.utc(a, anchor.clock()), anchor.utc(b, anchor.clock())
	found, n := int64(0), 0
	for zone := -12 * parser.Hour; zone <= 14*parser.Hour; zone += 30 * parser.Minute {
		if first-zone >= a-parser.Minute && last-zone <= b+parser.Minute {
			found = zone
			n++
		}
	}
	return found, n == 1
}

// overlaps reports whether s, read in the zone, covers a time that the anchor covers.
func (e *Engine) overlaps(s *source, zone int64, anchor *source) bool {
	first, last := s.bounds()
	from, to := first-zone, last-zone
	a, b := anchor.utc(anchor.Source.First.Micros, anchor.Source.First.Clock), anchor.utc(anchor.Source.Last.Micros, anchor.Source.Last.Clock)
	return from <= b+parser.Minute && to >= a-parser.Minute
}

// bounds are the source's first and last stamps, with their year settled.
func (s *source) bounds() (first, last int64) {
	first, last = s.Source.First.Micros, s.Source.Last.Micros
	if s.clock() == parser.ClockYearless {
		return s.dated(first), s.dated(last)
	}
	return first, last
}

func (e *Engine) describeZone(s *source) {
	i := &s.Source
	switch {
	case s.clock() == parser.ClockZoned:
		i.ZoneOffset = i.First.Offset
	default:
		i.ZoneOffset = int32(s.zone / parser.Second)
	}
	i.Zone = parser.FormatOffset(i.ZoneOffset)
	i.Skew = s.skew
}

func roundQuarter(d int64) int64 { return floorDiv(d+quarter/2, quarter) * quarter }

func floorDiv(a, n int64) int64 {
	q := a / n
	if a%n < 0 {
		q--
	}
	return q
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
