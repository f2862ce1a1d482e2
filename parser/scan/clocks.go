package scan

import "culprit/parser"

// clocks holds the earliest and latest stamps of a source, of those with a zone and of the others.
// Wall clocks west of Greenwich are behind UTC and those east of it are before, so stamps of both kinds
// are not compared. nginx writes its zone into the access log and not into the error log, and in a
// container both into one stream.
type clocks struct{ zoned, local reach }

// A reach is the earliest and the latest of so many stamps.
type reach struct {
	first, last parser.Stamp
	n           int64
}

func (r *reach) widen(s parser.Stamp, n int64) {
	if r.n == 0 || s.Micros < r.first.Micros {
		r.first = s
	}
	if r.n == 0 || s.Micros > r.last.Micros {
		r.last = s
	}
	r.n += n
}

func (c *clocks) see(s parser.Stamp) {
	switch {
	case s.Clock == parser.ClockZoned:
		c.zoned.widen(s, 1)
	case s.Known():
		c.wall(s, 1)
	}
}

// wall takes a stamp without a zone. One that knows a date counts more than one that does not.
func (c *clocks) wall(s parser.Stamp, n int64) {
	dated, known := s.Clock >= parser.ClockYearless, c.local.first.Clock >= parser.ClockYearless
	if dated && !known {
		c.local = reach{}
	}
	if dated || !known {
		c.local.widen(s, n)
	}
}

// add takes over the stamps of another part of the source.
func (c *clocks) add(o *clocks) {
	if o.zoned.n > 0 {
		c.zoned.widen(o.zoned.first, o.zoned.n)
		c.zoned.widen(o.zoned.last, 0)
	}
	if o.local.n > 0 {
		c.wall(o.local.first, o.local.n)
		c.wall(o.local.last, 0)
	}
}

// rarely is how many stamps without a zone there are for each one with a zone where that one is
// quoted, or another program's.
const rarely = 16

// reach returns the earliest and latest stamps of those that know most: with a zone, unless these
// are rare among dated ones.
func (c *clocks) reach() (first, last parser.Stamp) {
	of := &c.zoned
	if of.n == 0 || c.local.first.Clock >= parser.ClockYearless && of.n*rarely < c.local.n {
		of = &c.local
	}
	return of.first, of.last
}
