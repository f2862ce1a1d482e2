package parser

import "time"

// Clock says what a time stamp knows, from least to most. A line without a
// stamp takes the interval between its neighbours' stamps.
type Clock uint8

const (
	ClockNone     Clock = iota // no stamp
	ClockUptime                // time since boot or since the process started (dmesg, JVM logs)
	ClockDay                   // time of day, no date (Elixir, zerolog's console)
	ClockYearless              // month, day and time, no year (RFC 3164 syslog, klog)
	ClockLocal                 // full date and time, no zone (nginx's error log)
	ClockZoned                 // full date, time and zone, or seconds since the epoch
)

// A Stamp is a time stamp as a log wrote it.
//
// Micros counts microseconds since 1970-01-01T00:00:00. For ClockZoned it is
// UTC. For ClockLocal and below it is the wall clock read as if it were UTC: the
// zone is settled later, once for a whole source (design: alignment). For
// ClockYearless the year is 0 until the scanner has settled it; for ClockDay the
// date is 1970-01-01; for ClockUptime it is the time since the start.
type Stamp struct {
	Micros    int64
	Precision int64 // microseconds that the last digit spans: 1e6 for whole seconds; the moment lies in [Micros, Micros+Precision)
	Offset    int32 // seconds east of UTC, for ClockZoned only
	Clock     Clock
}

// Microseconds in common units, for arithmetic on Micros.
const (
	Millisecond int64 = 1_000
	Second      int64 = 1_000_000
	Minute            = 60 * Second
	Hour              = 60 * Minute
	Day               = 24 * Hour
)

// FloorDiv is a/n rounded down: times before 1970 fall into the second that they lie in.
func FloorDiv(a, n int64) int64 {
	q := a / n
	if a%n < 0 {
		q--
	}
	return q
}

// Time returns the stamp as a time in UTC.
func (s Stamp) Time() time.Time { return time.UnixMicro(s.Micros).UTC() }

// Known reports whether the line carried a stamp at all.
func (s Stamp) Known() bool { return s.Clock != ClockNone }

// FormatOffset renders seconds east of UTC as +01:00.
func FormatOffset(seconds int32) string {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	two := func(n int32) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }
	return string(sign) + two(seconds/3600) + ":" + two(seconds/60%60)
}
