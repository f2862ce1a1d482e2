package main

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a machine without zone files still knows --tz

	"culprit/parser/timestamp"
)

var offsetZone = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$`) })

// zone reads --tz: a name of the zone database or an offset.
func zone(name string) (*time.Location, error) {
	if m := offsetZone().FindStringSubmatch(name); m != nil {
		var h, min int
		fmt.Sscan(m[2], &h)
		fmt.Sscan(m[3], &min)
		seconds := h*3600 + min*60
		if m[1] == "-" {
			seconds = -seconds
		}
		return time.FixedZone(name, seconds), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, usageError{fmt.Errorf("--tz %s: no such zone (try Europe/Berlin, UTC or +02:00)", name)}
	}
	return loc, nil
}

// moment reads --since and --until: a date, a date with time (read in loc if it
// states no zone), or a duration back from now (2h, 30m, 3d, a minus before it or not). Zero if empty.
func moment(flag, text string, loc *time.Location, now time.Time) (int64, error) {
	if text == "" {
		return 0, nil
	}
	ago := strings.TrimPrefix(text, "-")
	if days, isDays := strings.CutSuffix(ago, "d"); isDays {
		if d, err := time.ParseDuration(days + "h"); err == nil && d >= 0 {
			return now.Add(-24 * d).UnixMicro(), nil
		}
	}
	if d, err := time.ParseDuration(ago); err == nil && d >= 0 {
		return now.Add(-d).UnixMicro(), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "15:04"} {
		t, err := time.ParseInLocation(layout, text, loc)
		if err != nil {
			continue
		}
		if layout == "15:04" {
			y, m, d := now.In(loc).Date()
			t = time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, loc)
		}
		return t.UnixMicro(), nil
	}
	if s, n, ok := timestamp.Read([]byte(text)); ok && n == len(text) && s.Clock >= 4 {
		return s.Micros, nil
	}
	return 0, usageError{fmt.Errorf("--%s %s: not a time (try 2026-11-22T14:00:00Z, 2026-11-22 14:00 or 2h for two hours ago)", flag, text)}
}
