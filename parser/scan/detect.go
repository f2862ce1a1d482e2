package scan

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/applog"
)

// A candidate is a format, what its lines must have, and what they may open.
type candidate struct {
	format *parser.Format
	gates  []turnstile                               // one lets a line through; all do if there is none
	opens  func(r *parser.Record, inner []byte) lang // what such a line may open; nil for most
	words  [][]byte                                  // with one of them a line may be a gateway's
	place  int                                       // in the order of formats
	taken  bool                                      // the source has such lines
}

// A detector finds the format of each line.
//
// Formats are tried in their order, the strict ones first. As that costs a failed
// attempt for every format before the right one, the detector remembers by the shape
// of a line's start (digits and letters collapsed, so that all stamps of one layout are
// alike) and by its stream which format took such a line last, and tries that one first.
// A source may so mix any number of formats, each locked on by its own shape. Where lines
// of two formats begin alike, a loose format that once took a line must not keep the strict
// ones from theirs: those that the source has are asked first, and lines that go on as none
// of the shape did before are shown to all, as is one of many. For the rest a glance at the
// line tells which formats need not be asked (gates.go).
type detector struct {
	all       []*candidate
	locks     [256]lock
	screens   [256]screen
	strictest int // lowest place of a format that the source has
}

type lock struct {
	key   uint32
	hits  uint32
	known [16]uint64 // bit set of how lines of the shape go on
	c     *candidate
}

// probeEvery is how many lines of a shape pass until one is shown to all formats; when ever so many
// showed nothing else, a sixteenth of these does: to show one takes as long as 20 others, and was
// 8 % of the time of an application's log.
const probeEvery = 256

// due reports whether the next line is to be shown to all formats.
func (l *lock) due() bool {
	n := l.hits + 1
	return n%probeEvery == 0 && (n < 16*probeEvery || n%(16*probeEvery) == 0)
}

// trusts reports whether a line that goes on like this one was shown to all formats. Those
// of free text do so in so many ways that at last all are taken as known.
func (l *lock) trusts(inner []byte) bool {
	h := sequel(inner)
	word, bit := &l.known[h>>6&15], uint64(1)<<(h&63)
	known := *word&bit != 0 && !l.due()
	l.hits++
	*word |= bit
	return known
}

// knows reports whether a line that goes on like this one was there before.
func (l *lock) knows(inner []byte) bool { return l.has(sequel(inner)) }

// has is knows of what sequel returns.
func (l *lock) has(h uint32) bool { return l.known[h>>6&15]>>(h&63)&1 != 0 }

func newDetector(formats []*parser.Format) *detector {
	d := &detector{strictest: len(formats)}
	for i, f := range formats {
		d.all = append(d.all, &candidate{place: i, format: f, gates: turnstiles[f], opens: openers[f.Name], words: gatewayWords(f)})
	}
	return d
}

// parse fills r from the inner text of a line and returns the candidate that knows it,
// nil if none does; then r is as before. What the envelopes told stays, except that a
// format's level and a gateway's pid, if it has one, count more, and the better stamp wins.
func (d *detector) parse(inner []byte, id uint64, env *parser.Env, r *parser.Record) *candidate {
	key := shape(inner) ^ uint32(id) ^ uint32(id>>32)
	l := d.lock(key)
	outer := tell(r)
	if l.key == key && l.c != nil && (l.c.place == 0 || l.trusts(inner)) && !suspect(l.c, inner) {
		if c := d.ask(l.c, inner, env, r, &outer); c != nil {
			return c
		}
	}
	seen := lookAt(inner)
	var asked *candidate
	for _, e := range d.screen(&seen) {
		if e.c == asked || e.t != nil && !e.t.pass(inner, r.Program) {
			continue
		}
		asked = e.c
		if attempt(e.c, inner, env, r, &outer) {
			if l.key != key {
				*l = lock{key: key}
				l.trusts(inner)
			}
			l.c, e.c.taken = e.c, true
			d.strictest = min(d.strictest, e.c.place)
			return e.c
		}
	}
	return nil
}

// lock returns the place of a shape, which may be another one's: each has two places. With
// one, two shapes of an access log (addresses of other lengths) threw each other out, and
// a sixth of its lines was shown to all formats: 13 % of the time of the whole analysis.
func (d *detector) lock(key uint32) *lock {
	i := (key ^ key>>8 ^ key>>16) % uint32(len(d.locks))
	first, second := &d.locks[i], &d.locks[i^1]
	if first.key != key && (second.key == key || first.c != nil && second.c == nil) {
		return second
	}
	return first
}

// ask tries c, and before it the formats of the source that are stricter.
func (d *detector) ask(c *candidate, inner []byte, env *parser.Env, r *parser.Record, outer *told) *candidate {
	if d.strictest < c.place {
		seen := lookAt(inner)
		var asked *candidate
		for _, e := range d.screen(&seen) {
			if e.c.place >= c.place {
				break
			}
			if !e.c.taken || e.c == asked || e.t != nil && !e.t.pass(inner, r.Program) {
				continue
			}
			asked = e.c
			if attempt(e.c, inner, env, r, outer) {
				return e.c
			}
		}
	}
	if attempt(c, inner, env, r, outer) {
		return c
	}
	return nil
}

// suspect reports whether a line of an application's layout may be a gateway's that is
// wrapped in something with the same stamp in front, or written in the same layout: it has
// their word for what is behind them. Then all formats are tried again.
func suspect(c *candidate, inner []byte) bool {
	for _, word := range c.words {
		if bytes.Contains(inner, word) {
			return true
		}
	}
	return false
}

// gatewayWords are what makes a line of the format suspect: layouts of .NET may hold YARP's words,
// too, which name neither.
func gatewayWords(f *parser.Format) [][]byte {
	switch {
	case f.Role == parser.RoleGateway:
		return nil
	case f.Product == "dotnet":
		return dotnetWords
	}
	return anyWords
}

var (
	anyWords    = [][]byte{[]byte(parser.WordUpstream), []byte(parser.WordBackend)}
	dotnetWords = append(anyWords[:2:2], []byte("ReverseProxy.Forwarder."), []byte("receiving a response."), []byte("No available destinations"), []byte("ResponderMiddleware"))
)

// attempt lets one format parse; on failure r and env are as before.
func attempt(c *candidate, inner []byte, env *parser.Env, r *parser.Record, outer *told) bool {
	mark := len(env.Buf)
	if c.format.Parse(inner, env, r) {
		outer.merge(r)
		r.Format = c.format
		return true
	}
	env.Buf = env.Buf[:mark]
	clear(r, c.format.Role)
	outer.restore(r)
	return false
}

// clear undoes what a failed attempt may have filled. Only gateways' formats touch
// Gateway and Attempts, which are most of a record: to spare them doubles the speed on
// lines that no format knows.
func clear(r *parser.Record, role parser.Role) {
	if role == parser.RoleGateway {
		r.Reset()
		return
	}
	r.Kind, r.TID, r.Message = parser.KindLog, 0, nil
	a := &r.Access
	a.Client, a.Host, a.Request, a.Method, a.Target, a.Cache = nil, nil, nil, nil, nil, nil
	a.Status, a.Bytes, a.Duration, a.Tries, a.HasUps, a.AtStart = 0, -1, -1, 0, false, false
}

// told is what the envelopes have filled before a format parses.
type told struct {
	stamp                                     parser.Stamp
	level                                     parser.Level
	host, program, unit, container, messageID []byte
	pid                                       int64
	contained                                 bool
}

func tell(r *parser.Record) told {
	return told{r.Stamp, r.Level, r.Host, r.Program, r.Unit, r.Container, r.MessageID, r.PID, r.Contained}
}

func (t *told) restore(r *parser.Record) {
	r.Stamp, r.Level, r.PID, r.Contained = t.stamp, t.level, t.pid, t.contained
	r.Host, r.Program, r.Unit, r.Container, r.MessageID = t.host, t.program, t.unit, t.container, t.messageID
}

func (t *told) merge(r *parser.Record) {
	if t.stamp.Known() {
		if r.Kind == parser.KindAccess && r.Access.AtStart {
			r.Stamp, r.Access.AtStart = applog.PreferStart(t.stamp, r.Stamp)
		} else {
			r.Stamp = applog.Prefer(t.stamp, r.Stamp)
		}
		if r.Stamp.Clock == parser.ClockZoned && (t.stamp.Clock == parser.ClockYearless || t.stamp.Clock == parser.ClockLocal) {
			r.Outer = t.stamp
		}
	}
	if r.Level == parser.LevelNone {
		r.Level = t.level
	}
	if r.PID == 0 {
		r.PID = t.pid
	}
	r.Contained = t.contained
	outermost(&r.Host, t.host)
	outermost(&r.Program, t.program)
	outermost(&r.Unit, t.unit)
	outermost(&r.Container, t.container)
	outermost(&r.MessageID, t.messageID)
}

func outermost(field *[]byte, value []byte) {
	if len(value) > 0 {
		*field = value
	}
}

// shapeBytes is how much of a line its shape takes in: a stamp and a bit.
const shapeBytes = 16

// shape hashes a line's start. Runs of digits and runs of letters count as one byte
// each. Of an object the first key counts as it is, and how its value begins.
func shape(b []byte) uint32 {
	h := uint32(2166136261)
	if len(b) > 1 && b[0] == '{' {
		return keyShape(h, b)
	}
	if len(b) > shapeBytes {
		b = b[:shapeBytes]
	}
	last := byte(0)
	for _, c := range b {
		class := classes[c]
		if class == last && class < 3 {
			continue
		}
		last = class
		h = (h ^ uint32(class)) * 16777619
	}
	return h
}

// sequel hashes how a line goes on behind its stamp and how it ends: what marks stand in
// each piece, in whatever order, and what mark ends the seconds of a stamp that begins the line,
// which tells 14:32:49,152 of Python's logging from 14:32:49 and 14:32:49.152. Of an object the letters count, too. It costs 45 ns on a
// line of 150 bytes, an eighth of what a combined access line costs.
func sequel(b []byte) uint32 {
	weights := &markWeights
	if len(b) > 1 && b[0] == '{' {
		weights = &wordWeights
	}
	var next, end uint32
	for _, c := range b[min(len(b), 2*shapeBytes):min(len(b), 4*shapeBytes)] {
		next += weights[c]
	}
	for _, c := range b[max(0, len(b)-shapeBytes/2):] {
		end += weights[c]
	}
	if len(b) > stampBytes {
		next += weights[b[stampBytes]]
	}
	return sequelOf(next, end)
}

func sequelOf(next, end uint32) uint32 { return (next*2654435761 ^ end) * 2654435761 >> 16 }

// marksOf sums up the part of a line's sequel that its first bytes decide, but for the mark behind
// the seconds, and sequelBehind is the sequel of a line of whose first bytes it is known. The line is
// no object.
func marksOf(first []byte) (sum uint32) {
	for _, c := range first[min(len(first), 2*shapeBytes):min(len(first), 4*shapeBytes)] {
		sum += markWeights[c]
	}
	return sum
}

func sequelBehind(marks uint32, b []byte, first int) uint32 {
	to := min(len(b), 4*shapeBytes)
	for _, c := range b[min(max(first, 2*shapeBytes), to):to] {
		marks += markWeights[c]
	}
	w := &markWeights
	e := b[len(b)-shapeBytes/2:][:shapeBytes/2]
	end := w[e[0]] + w[e[1]] + w[e[2]] + w[e[3]] + w[e[4]] + w[e[5]] + w[e[6]] + w[e[7]]
	return sequelOf(marks+w[b[stampBytes]], end)
}

// markWeights and wordWeights hold a number for each byte that counts in a sequel.
var markWeights, wordWeights = func() (marks, words [256]uint32) {
	for i := range marks {
		h := (uint32(i) + 1) * 2246822519
		h ^= h >> 15
		if class := classes[i]; class > 2 {
			marks[i], words[i] = h, h
		} else if class == 2 {
			words[i] = h
		}
	}
	return marks, words
}()

func keyShape(h uint32, b []byte) uint32 {
	for i := 0; i < len(b) && i < 40; i++ {
		h = (h ^ uint32(b[i])) * 16777619
		if b[i] == ':' && i+1 < len(b) {
			return (h ^ uint32(classes[b[i+1]])) * 16777619
		}
	}
	return h
}

var classes = func() (c [256]byte) {
	for i := range c {
		switch x := byte(i); {
		case x >= '0' && x <= '9':
			c[i] = 1
		case x|0x20 >= 'a' && x|0x20 <= 'z':
			c[i] = 2
		default:
			c[i] = max(x, 3)
		}
	}
	return c
}()
