package correlate

import (
	"cmp"
	"path"
	"slices"
	"time"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// A source is a digest with its settled clock.
type source struct {
	*rules.Digest
	given     *rules.Digest    // as it was added; the other one where tags were settled
	Source    rules.SourceInfo // the digest's own, and what the engine settles
	index     int
	whole     *source // that it is a part of; nil if it is none
	dir       string  // see folder
	site      string
	settled   bool
	zone      int64 // subtracted from zoneless stamps, microseconds east of UTC
	skew      int64 // its clock is ahead by this much; subtracted from all its stamps
	boot      int64 // added to uptimes
	hasBoot   bool
	years     int   // added to stamps without a year, which were read in the file's own
	app       bool  // its access lines are an application's own
	ofGateway bool  // it looks like an application's, and is a gateway's second log
	pivot     int64 // or: the moment that each of them is to lie next to
	noon      int64 // the moment that times of day without any date lie around; 0 if nothing is known

	errors    presence        // of its gateway's error log among the sources
	naming    presence        // of upstreams in its tallies
	seconds   []second        // of its tallies, by time; nil before somebody asked
	requests  []rules.Request // in UTC, by time; nil before somebody asked
	upstreams []string        // that its tallies name
	inShort   *gist           // nil before somebody asked

	compared      int                         // how often its requests were compared with another one's, see offsetOf
	byKey, byPath map[uint64][]*rules.Request // the same, once that was often
}

// presence says whether something is among the sources, once somebody asked.
type presence uint8

const (
	notAsked presence = iota
	notHere
	here
)

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
	case parser.ClockDay:
		if s.undated(micros) {
			return rules.Past
		}
		return s.onDay(micros - s.zone - s.skew)
	}
	return micros - s.zone - s.skew
}

// undated reports whether a time of day is of a day that nothing tells.
func (s *source) undated(micros int64) bool { return s.noon == 0 && micros < parser.Day }

// onDay puts a time of day on the day that is nearest to the gateway's log; one that the
// scanner has dated stays.
func (s *source) onDay(micros int64) int64 {
	if s.noon == 0 || micros > 2*parser.Day {
		return micros
	}
	return micros + parser.FloorDiv(s.noon-micros+parser.Day/2, parser.Day)*parser.Day
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
	if clock == parser.ClockUptime && !s.hasBoot || clock == parser.ClockNone || clock == parser.ClockDay && s.undated(v.From) {
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

// wallUTC reports whether the source is of a gateway whose stamps without a zone are UTC, unless
// the requests that others saw tell otherwise.
func (s *source) wallUTC() bool {
	return s.clock() == parser.ClockLocal && s.Source.Role == parser.RoleGateway && gateway.Of(s.Source.Gateway).WallUTC
}

// reach is the time in UTC that a settled source tells of: its first and last stamps. Of
// times of day that go over midnight those are the earliest and the latest of any day.
func (s *source) reach() (first, last int64) {
	first, last = s.utc(s.Source.First.Micros, s.Source.First.Clock), s.utc(s.Source.Last.Micros, s.Source.Last.Clock)
	if first > last {
		return s.noon - parser.Day/2, s.noon + parser.Day/2
	}
	return first, last
}

// teaches is how a zone is known that the source's clock gave to another: no better than
// its own.
func (s *source) teaches() rules.ZoneFrom {
	if s.Source.ZoneFrom == rules.ZoneAssumed {
		return rules.ZoneAssumed
	}
	return rules.ZoneInferred
}

// family is the key of the rotated files that the source is one of.
func (s *source) family() string { return cmp.Or(s.Source.Group, s.Source.Path) }

// folder is where the source lies.
func (s *source) folder() string {
	if s.dir == "" {
		s.dir = path.Dir(s.Source.Path)
	}
	return s.dir
}

// bounds are the source's first and last stamps in its own clock, with their year settled.
func (s *source) bounds() (first, last int64) {
	first, last = s.Source.First.Micros, s.Source.Last.Micros
	if s.clock() == parser.ClockYearless {
		return s.dated(first), s.dated(last)
	}
	return first, last
}

// times are the source's requests in UTC, given its zone and skew; they are the digest's own
// where its clock is UTC, so nobody may change them.
func (s *source) times(zone, skew int64) []rules.Request { return s.inUTC(s.Requests, zone, skew) }

// inUTC are some of the source's requests in UTC, see times.
func (s *source) inUTC(list []rules.Request, zone, skew int64) []rules.Request {
	if clock := s.clock(); skew == 0 && (clock == parser.ClockZoned || zone == 0 && clock != parser.ClockYearless && clock != parser.ClockDay) {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		if out[i].Micros == rules.Past {
			continue
		}
		if s.clock() == parser.ClockYearless {
			out[i].Micros = s.dated(out[i].Micros)
		}
		if s.clock() == parser.ClockDay {
			out[i].Micros = s.onDay(out[i].Micros - zone - skew)
			continue
		}
		out[i].Micros -= skew
		if s.zoneless() {
			out[i].Micros -= zone
		}
	}
	return out
}
