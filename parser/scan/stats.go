package scan

import (
	"bytes"
	"cmp"
	"slices"

	"culprit/parser"
	"culprit/parser/applog"
)

// Bounds of Stats.Samples.
const (
	maxSamples     = 5
	maxSampleBytes = 256
)

// Stats counts what a Reader has seen so far.
type Stats struct {
	Lines        int64         // physical lines
	Bytes        int64         // decompressed, with newlines
	Records      int64         // handed out
	Unparsed     int64         // lines that neither a format nor an envelope nor a trace grammar knows, without blank ones
	Samples      []string      // the first five of them, raw, at most 256 bytes each
	Formats      []FormatCount // most lines first, then by name
	TooLong      int64         // lines cut at Options.MaxLine
	FirstTooLong int64         // offset of the first one, -1 if there is none
	NULs         int64         // NUL bytes dropped
	InvalidUTF8  int64         // lines that are not UTF-8
	Encoding     string        // utf-8, utf-16le, utf-16be
	First, Last  parser.Stamp  // earliest and latest stamp, of those that know most
	clocks       clocks        // that these are of
	// YearsPassed is how often yearless stamps stepped from December to January without
	// a dated stamp to tell the year. If Options.Year came from the file's end, the first
	// year was Options.Year less this.
	YearsPassed int
}

// A FormatCount is a format, or an envelope around free text, with its lines.
type FormatCount struct {
	Name  string
	Lines int64
}

// A counter gathers what Stats returns.
type counter struct {
	lines, records, unparsed, nuls, invalid int64
	partials                                int // records that wait for the rest of a line
	samples                                 []string
	clocks                                  clocks
	texts                                   [applog.EnvelopeCount]int64 // lines of free text by innermost envelope
	traces                                  int64
	formats                                 map[*parser.Format]int64
	hot                                     *parser.Format // of the last record, with its uncounted lines
	hotLines                                int64
}

func (c *counter) line(nuls int, invalid bool) {
	c.lines++
	c.nuls += int64(nuls)
	if invalid {
		c.invalid++
	}
}

// record counts a record that is handed out.
func (c *counter) record(s *slot) {
	c.records++
	r := &s.rec
	c.clocks.see(r.Stamp)
	lines := int64(r.Lines)
	switch {
	case r.Format != nil:
		c.format(r.Format, lines)
	case s.grammar.opened != none:
		c.traces += lines
	case s.layers.N > 0:
		c.texts[s.layers.Kinds[s.layers.N-1]] += lines
	case len(r.Raw) > 0 && (r.Raw[0] > ' ' || len(bytes.TrimSpace(r.Raw)) > 0):
		c.unparsed += lines
		if len(c.samples) < maxSamples {
			c.samples = append(c.samples, string(r.Raw[:min(len(r.Raw), maxSampleBytes)]))
		}
	}
}

// pass counts a line that is not handed out.
func (c *counter) pass(f *parser.Format, s parser.Stamp) {
	c.lines++
	c.records++
	c.clocks.see(s)
	c.format(f, 1)
}

// handOut counts a line that went the short way.
func (c *counter) handOut(r *parser.Record) {
	c.lines++
	c.records++
	c.clocks.see(r.Stamp)
	c.format(r.Format, 1)
}

func (c *counter) format(f *parser.Format, lines int64) {
	if f != c.hot {
		c.settle()
		c.hot = f
	}
	c.hotLines += lines
}

// settle moves the count of the last format into the map: one map access for a run.
func (c *counter) settle() {
	if c.hot == nil {
		return
	}
	if c.formats == nil {
		c.formats = make(map[*parser.Format]int64)
	}
	c.formats[c.hot] += c.hotLines
	c.hotLines = 0
}

// Records counts the records that were handed out so far, as Stats does.
func (r *Reader) Records() int64 { return r.stats.records }

// Stats returns the counts so far. After the last Scan they are the source's.
func (r *Reader) Stats() Stats {
	c := &r.stats
	c.settle()
	st := Stats{
		Lines: c.lines, Bytes: r.lines.offset - r.lines.origin, Records: c.records, Unparsed: c.unparsed, Samples: c.samples,
		TooLong: r.lines.tooLong, FirstTooLong: r.lines.firstTooLong, NULs: c.nuls, InvalidUTF8: c.invalid,
		Encoding: cmp.Or(r.decoder.encoding, utf8Name), clocks: c.clocks, YearsPassed: r.years.passed,
	}
	st.First, st.Last = st.clocks.reach()
	if st.TooLong == 0 {
		st.FirstTooLong = -1
	}
	st.Formats = c.counts()
	return st
}

// Add counts what another Reader has seen of the same source, behind this one's part.
func (st *Stats) Add(o *Stats) {
	if st.TooLong == 0 {
		st.FirstTooLong = o.FirstTooLong
	}
	st.Lines, st.Bytes, st.Records, st.Unparsed = st.Lines+o.Lines, st.Bytes+o.Bytes, st.Records+o.Records, st.Unparsed+o.Unparsed
	st.TooLong, st.NULs, st.InvalidUTF8 = st.TooLong+o.TooLong, st.NULs+o.NULs, st.InvalidUTF8+o.InvalidUTF8
	st.Samples = append(st.Samples, o.Samples[:min(len(o.Samples), maxSamples-len(st.Samples))]...)
	st.clocks.add(&o.clocks)
	st.First, st.Last = st.clocks.reach()
	st.YearsPassed = o.YearsPassed
	for _, f := range o.Formats {
		if i := slices.IndexFunc(st.Formats, func(g FormatCount) bool { return g.Name == f.Name }); i >= 0 {
			st.Formats[i].Lines += f.Lines
		} else {
			st.Formats = append(st.Formats, f)
		}
	}
	slices.SortFunc(st.Formats, mostFirst)
}

func mostFirst(a, b FormatCount) int {
	return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Name, b.Name))
}

func (c *counter) counts() []FormatCount {
	var all []FormatCount
	for f, n := range c.formats {
		all = append(all, FormatCount{f.Name, n})
	}
	for kind, n := range c.texts {
		if n > 0 {
			all = append(all, FormatCount{applog.Envelope(kind).String(), n})
		}
	}
	if c.traces > 0 {
		all = append(all, FormatCount{"trace", c.traces})
	}
	slices.SortFunc(all, mostFirst)
	return all
}
