package scan

import (
	"bytes"
	"math/bits"

	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/gateway"
)

// Why there are gates (parser.Gate): a line that no format knows was given to all of them. Without
// and with gates, MB/s of a thread's own time (BenchmarkReader): plain text 13 and 180, text of many
// kinds in lines of 35 bytes 9 and 100, gunicorn's logs with their tracebacks 52 and 179, syslog
// around free text 18 and 93. What a format has taken before is still tried without a look. TestGates
// and FuzzGates hold the gates against their formats.

func isDigit(c byte) bool { return c-'0' <= 9 }

// marks are the bytes that a look at a line tells apart; digits count as one.
const marks = "0[](){}<>\"'=:;,./|_-+*#@!\t\x1b"

// A look is what is seen of a line at a glance.
type look struct {
	first byte   // that is no blank; 0 if there is none
	marks uint32 // which of the marks stand in the line, by place
}

func lookAt(line []byte) (l look) {
	for _, c := range line {
		if c != ' ' && c != '\t' {
			l.first = c
			break
		}
	}
	for _, c := range line {
		l.marks |= markBits[c]
	}
	return l
}

var markBits = func() (all [256]uint32) {
	for i := range len(marks) {
		all[marks[i]] = 1 << i
	}
	for c := '0'; c <= '9'; c++ {
		all[c] = 1
	}
	return all
}()

var escapeBit = markBits[0x1b]

// A turnstile is a gate made ready.
type turnstile struct {
	first     [4]uint64 // bit set of bytes
	all, some uint32
	word      []byte
	program   []byte
	more      func(line []byte) bool
}

// lets reports whether a line gets through as far as the look tells.
func (t *turnstile) lets(l *look) bool {
	return t.first[l.first>>6]>>(l.first&63)&1 != 0 && l.marks&t.all == t.all && (t.some == 0 || l.marks&t.some != 0)
}

// asks reports whether the line itself has to be looked at, too.
func (t *turnstile) asks() bool { return t.word != nil || t.program != nil || t.more != nil }

// pass reports whether a line gets through that the look has let through.
func (t *turnstile) pass(line, program []byte) bool {
	if t.program != nil {
		return bytes.HasPrefix(program, t.program)
	}
	return (t.word == nil || bytes.Contains(line, t.word)) && (t.more == nil || t.more(line))
}

// A screen is the list of candidates for all lines that look alike. Lines of one program
// look alike in few ways, so that the list is seldom made.
type screen struct {
	key  uint64
	list []screened
}

// A screened candidate takes a line if t, which may be nil, lets it through. One candidate
// may stand several times in a row.
type screened struct {
	c *candidate
	t *turnstile
}

// screen returns the candidates for lines that look like l, in their order. Text with escape
// sequences, which some formats take out first, goes to all. The list is valid until the next call.
func (d *detector) screen(l *look) []screened {
	key := uint64(l.first)<<32 | uint64(l.marks) | 1<<63
	s := &d.screens[(key^key>>9^key>>18^key>>27^key>>36)%uint64(len(d.screens))]
	if s.key == key {
		return s.list
	}
	s.key, s.list = key, s.list[:0]
	for _, c := range d.all {
		if len(c.gates) == 0 || l.marks&escapeBit != 0 {
			s.list = append(s.list, screened{c, nil})
			continue
		}
		s.list = c.screened(s.list, l)
	}
	return s.list
}

// screened appends the candidate with those of its gates that are still to be asked.
func (c *candidate) screened(list []screened, l *look) []screened {
	before := len(list)
	for i := range c.gates {
		t := &c.gates[i]
		switch {
		case !t.lets(l):
		case !t.asks():
			return append(list[:before], screened{c, nil})
		default:
			list = append(list, screened{c, t})
		}
	}
	return list
}

// turnstiles of the formats that are built in.
var turnstiles = func() map[*parser.Format][]turnstile {
	all := map[*parser.Format][]turnstile{}
	for _, f := range append(gateway.Formats(), applog.Formats()...) {
		for i := range f.Gates {
			all[f] = append(all[f], ready(&f.Gates[i]))
		}
	}
	return all
}()

func ready(g *parser.Gate) turnstile {
	t := turnstile{all: maskOf(g.All), some: maskOf(g.Some), more: g.More}
	if g.Word != "" {
		t.word = []byte(g.Word)
	}
	if g.Program != "" {
		t.program = []byte(g.Program)
	}
	for i := 0; i < len(g.First); i++ {
		from, to := g.First[i], g.First[i]
		if i+2 < len(g.First) && g.First[i+1] == '-' {
			to = g.First[i+2]
			i += 2
		}
		for c := int(from); c <= int(to); c++ {
			t.first[c>>6] |= 1 << (c & 63)
		}
	}
	if g.First == "" {
		t.first = [4]uint64{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	}
	return t
}

func maskOf(bytes string) (mask uint32) {
	for i := range len(bytes) {
		if markBits[bytes[i]] == 0 || bits.OnesCount32(markBits[bytes[i]]) != 1 {
			panic("BUG: a gate asks for a byte that nobody looks at: " + bytes[i:i+1])
		}
		mask |= markBits[bytes[i]]
	}
	return mask
}
