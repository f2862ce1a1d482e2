package digest

import (
	"time"

	"culprit/parser"
	"culprit/rules"
)

// zones counts what lines with two stamps, an envelope's without a zone and their own
// with one, say about the zone of the source's zoneless stamps.
type zones map[int32]int

const (
	quarter  = 15 * parser.Minute
	maxZone  = 15 * parser.Hour
	tooApart = 2 * parser.Minute // from a whole quarter: then the two stamps are not of one moment
)

func (z zones) see(r *parser.Record) {
	if !r.Outer.Known() {
		return
	}
	outer := time.UnixMicro(r.Outer.Micros).UTC()
	if r.Outer.Clock == parser.ClockYearless {
		outer = outer.AddDate(r.Stamp.Time().Year()-outer.Year(), 0, 0)
	}
	apart := outer.UnixMicro() - r.Stamp.Micros
	zone := parser.FloorDiv(apart+quarter/2, quarter) * quarter
	if rest := apart - zone; rest > tooApart || rest < -tooApart || zone > maxZone || zone < -maxZone {
		return
	}
	z[int32(zone/parser.Second)]++
}

// settle takes the zone that nearly all such lines agree on.
func (z zones) settle(d *rules.Digest) {
	total, best := 0, int32(0)
	for zone, n := range z {
		total += n
		if n > z[best] || n == z[best] && zone < best {
			best = zone
		}
	}
	if total > 0 && z[best]*10 >= total*9 {
		d.OwnZone, d.HasOwnZone = best, true
	}
}
