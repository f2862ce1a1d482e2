package correlate

import (
	"iter"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Clocks. A zoneless stamp's zone and a constant skew are settled before times are
// compared: from the requests that two sources both saw, from processes that both
// name, from a sibling's zone, from the user's flag, else assumed.

const (
	quarter  = 15 * parser.Minute
	maxZone  = 15 * parser.Hour
	maxSkew  = 10 * parser.Minute
	tinySkew = 1500 * parser.Millisecond // within what whole seconds and late writing explain
)

// align settles every source's zone and skew. Gateways' logs with a stated zone are
// taken as right; the rest is compared with them.
func (e *Engine) align() {
	anchor := e.anchor()
	e.settleDays()
	if !e.cfg.HasYear {
		e.settleYears()
	}
	for _, s := range e.sources {
		switch {
		case s.HasOwnZone && s.zoneless() && s.clock() != parser.ClockUptime:
			e.settle(s, int64(s.OwnZone)*parser.Second, rules.ZoneInferred)
		case s.Source.Role == parser.RoleGateway && !s.zoneless() && !e.perhapsInner(s):
			e.settle(s, 0, rules.ZoneStated)
		}
	}
	if anchor != nil && !anchor.settled {
		e.settleAnchor(anchor)
	}
	shared, beside := e.heldByOthers(), e.besideErrors()
	e.untilAllSettled(func(s *source) bool { return e.settleByRequests(s, shared, beside) })
	for _, s := range e.sources {
		if !s.settled && !s.zoneless() {
			e.settle(s, 0, rules.ZoneStated)
		}
	}
	for _, s := range e.sources {
		if !s.settled && s.wallUTC() {
			e.settle(s, 0, rules.ZoneAssumed)
		}
	}
	e.settleByProcesses()
	zoned, families := e.zonedGateways(), e.families()
	for _, s := range e.sources {
		if !s.settled && s.clock() != parser.ClockUptime {
			e.settleByNeighbours(s, e.neighbour(s, anchor, zoned), families[s.family()])
		}
	}
	e.settleByProcesses() // by those that are dated only now
	e.untilAllSettled(e.settleByLives)
	for _, s := range e.sources {
		if !s.settled {
			e.settleByNeighbours(s, e.neighbour(s, anchor, zoned), families[s.family()])
		}
	}
	for _, s := range e.sources {
		e.describeZone(s)
		s.byKey, s.byPath = nil, nil
	}
}

// perhapsInner reports whether an access log may be that of an application, whose clients are
// this machine: its clock is not taken for the gateway's.
func (e *Engine) perhapsInner(s *source) bool {
	bare := func(s *source) bool {
		return s.Source.HasAccess && !s.Source.HasErrors && s.Source.Loopback && !namesUpstreams(s)
	}
	return bare(s) && slices.ContainsFunc(e.sources, func(o *source) bool { return o.Source.HasAccess && o.site == s.site && !bare(o) })
}

// A folder is one of a machine's.
type folder struct{ site, path string }

// zonedGateways lists the first gateway's log with a stated zone below each folder, once these are settled.
func (e *Engine) zonedGateways() map[folder]*source {
	zoned := map[folder]*source{}
	for _, a := range e.sources {
		if !a.settled || a.zoneless() || a.Source.Role != parser.RoleGateway {
			continue
		}
		for at := range foldersOf(a.Source.Path) {
			if key := (folder{a.site, at}); zoned[key] == nil {
				zoned[key] = a
			}
		}
	}
	return zoned
}

// families lists the sources of each rotated family.
func (e *Engine) families() map[string][]*source {
	all := map[string][]*source{}
	for _, s := range e.sources {
		all[s.family()] = append(all[s.family()], s)
	}
	return all
}

// foldersOf are the folders that a path leads through, the innermost first, and the one that all are in.
func foldersOf(path string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := strings.LastIndexByte(path, '/'); at >= 0; at = strings.LastIndexByte(path[:at], '/') {
			if !yield(path[:at+1]) {
				return
			}
		}
		yield("")
	}
}

// neighbour is the gateway's log that a source is most likely beside: with a stated
// zone, from the same machine's folder, with the longest common path; of a machine that states
// none, one of the zone that most machines have.
func (e *Engine) neighbour(s, anchor *source, zoned map[folder]*source) *source {
	for at := range foldersOf(s.Source.Path) {
		if a := zoned[folder{s.site, at}]; a != nil {
			return a
		}
	}
	if anchor != nil && anchor.site != s.site {
		return e.usual(anchor)
	}
	return anchor
}

// usual is the gateway's log that stands for the zone that most machines' gateways state; the
// anchor, unless more have another one.
func (e *Engine) usual(anchor *source) *source {
	type vote struct {
		zone int32
		site string
	}
	counted, count, first := map[vote]bool{}, map[int32]int{}, map[int32]*source{}
	best := anchor
	for _, a := range e.sources {
		if !a.settled || a.zoneless() || a.Source.Role != parser.RoleGateway {
			continue
		}
		zone := a.Source.First.Offset
		if v := (vote{zone, a.site}); !counted[v] {
			counted[v] = true
			count[zone]++
		}
		if first[zone] == nil {
			first[zone] = a
		}
	}
	for zone, a := range first {
		if n, most := count[zone], count[best.Source.First.Offset]; n > most || n == most && best != anchor && a.index < best.index {
			best = a
		}
	}
	return best
}

// anchor is the source whose clock all others are compared with: the gateway's,
// with a stated zone if there is one, with most requests.
func (e *Engine) anchor() *source {
	var best *source
	worth := func(s *source) [3]int64 {
		var w [3]int64
		if s.Source.Role == parser.RoleGateway && !e.perhapsInner(s) {
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
	utc := a.wallUTC()
	if e.cfg.HasZone && !utc {
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
	if utc {
		e.settle(a, 0, rules.ZoneAssumed)
		return
	}
	var beside *source // a log that states its zone: that is the machine's, or shows where a lies
	for _, s := range e.sources {
		switch {
		case s.zoneless():
		case s.Source.Role == parser.RoleGateway: // its access log
			e.settle(a, int64(s.Source.First.Offset)*parser.Second, rules.ZoneInferred)
			return
		case beside == nil || beside.Source.First.Offset == 0 && s.Source.First.Offset != 0:
			beside = s
		}
	}
	if beside != nil {
		e.settle(beside, 0, rules.ZoneStated)
	}
	e.settleByNeighbours(a, beside, e.families()[a.family()])
}

func (e *Engine) settle(s *source, zone int64, from rules.ZoneFrom) {
	s.settled, s.zone = true, zone
	switch { // lines without a zone beside lines with one
	case s.zoneless():
	case s.HasOwnZone:
		s.zone = int64(s.OwnZone) * parser.Second
	default: // what writes +02:00 in one line has that clock for all of them
		s.zone = int64(s.Source.First.Offset) * parser.Second
	}
	s.Source.ZoneFrom = from
}

// untilAllSettled tries a way of settling on each unsettled source, again while that
// helps: a source that was settled settles others.
func (e *Engine) untilAllSettled(try func(*source) bool) {
	for changed := true; changed; {
		changed = false
		for _, s := range e.sources {
			changed = !s.settled && try(s) || changed
		}
	}
}

// settleByRequests takes the best-supported offset to any settled source that saw the
// same requests, the nearest first: logs of machines that serve the same site hold the
// same paths, and chance matches between them must not count. A gateway's error log goes by
// the access log beside it only: one process writes both, so another log whose clock would
// be seconds away (an application has as many GET /) is a chance match.
func (e *Engine) settleByRequests(s *source, shared *holders, accessLogs map[beside][]*source) bool {
	own := s.told()
	if len(own) == 0 || s.clock() == parser.ClockUptime {
		return false
	}
	beside := slices.ContainsFunc(accessLogs[besideOf(s)], func(a *source) bool { return e.accessBeside(a, s) })
	var best shift
	var by *source
	for _, other := range shared.most(keysOf(own), minMatches/3+1, e.likelyClock(s)) {
		a := e.sources[other.log]
		if !a.settled || a == s || beside && !e.accessBeside(a, s) {
			continue
		}
		o := a.offsetOf(s.inUTC(own, 0, 0))
		if !o.found {
			continue
		}
		nearer := 1 // than the best so far
		if by != nil {
			nearer = e.nearness(a, s) - e.nearness(by, s)
		}
		if nearer > 0 || nearer == 0 && (o.support > best.support || o.support == best.support && abs(o.delta) < abs(best.delta)) {
			best, by = o, a
		}
	}
	if !best.found {
		return false
	}
	zone, from := int64(0), rules.ZoneStated
	if s.zoneless() {
		zone, from = roundQuarter(-best.delta), by.teaches()
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

// told are the source's requests, or those that its lines name if it logs none.
func (s *source) told() []rules.Request {
	if len(s.Requests) < minMatches {
		return s.Named
	}
	return s.Requests
}

// heldByOthers lists which sources hold the requests of those that are not settled.
func (e *Engine) heldByOthers() *holders {
	h := newHolders(len(e.sources), func(yield func(uint64)) {
		for _, s := range e.sources {
			if !s.settled {
				keysOf(s.told())(yield)
			}
		}
	})
	if len(h.by) > 0 {
		for i, s := range e.sources {
			keysOf(s.Requests)(func(key uint64) { h.note(i, key) })
		}
	}
	return h
}

// beside is the folder of a gateway's logs on a machine.
type beside struct{ site, folder, gateway string }

func besideOf(s *source) beside { return beside{s.site, s.folder(), s.Source.Gateway} }

// besideErrors lists the access logs with a stated zone that may stand beside an error log.
func (e *Engine) besideErrors() map[beside][]*source {
	logs := map[beside][]*source{}
	for _, a := range e.sources {
		if a.Source.HasAccess && !a.zoneless() {
			logs[besideOf(a)] = append(logs[besideOf(a)], a)
		}
	}
	return logs
}

// accessBeside reports whether a is an access log that states its zone, beside the error
// log s of the same gateway.
func (e *Engine) accessBeside(a, s *source) bool {
	return a != s && a.settled && a.Source.HasAccess && !a.zoneless() &&
		s.Source.HasErrors && !s.Source.HasAccess && s.zoneless() && a.Source.Gateway == s.Source.Gateway && e.nearness(a, s) == 2
}

// settleByNeighbours takes the zone of a rotated sibling, the flag, or the
// gateway's own, whichever makes the source lie where the gateway's log lies.
func (e *Engine) settleByNeighbours(s, anchor *source, family []*source) {
	for _, a := range family {
		if a.settled && a != s && a.zoneless() {
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
	zone, from := local, anchor.teaches()
	if local == 0 || !e.overlaps(s, local, anchor) && e.overlaps(s, 0, anchor) {
		zone = 0
	}
	if !e.overlaps(s, zone, anchor) {
		if only, ok := e.onlyZone(s, anchor); ok {
			zone = only
		}
	}
	if !e.overlaps(s, zone, anchor) {
		from = rules.ZoneAssumed
	}
	e.settle(s, zone, from)
}

// onlyZone is the one zone, in whole half hours, that puts all of s inside of what the
// anchor covers: logs that were collected together tell of the same time. It needs an
// anchor of less than half an hour, else several zones fit.
func (e *Engine) onlyZone(s, anchor *source) (int64, bool) {
	first, last := s.bounds()
	a, b := anchor.reach()
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
	a, b := anchor.reach()
	return first-zone <= b+parser.Minute && last-zone >= a-parser.Minute
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
