package scan

import (
	"bytes"
	"encoding/binary"

	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/timestamp"
)

// Block formats: one record is a group of lines. journalctl -o export writes
// FIELD=value lines and an empty one, -o verbose a dated header and indented fields,
// -o json-pretty an object over many lines. dmesg -J writes a list of objects.

// block reads a line of a block format and reports whether it was one.
func (r *Reader) block(p physical) bool {
	if s := r.latest; s != nil && (s.grammar.lang == export || s.grammar.lang == verbose) {
		if s.grammar.entry.binary {
			p.raw = p.raw[:cap(p.raw)] // with its carriage return
		}
		if s.grammar.step(p.raw) == yes && r.join(s, s, p, p.raw) {
			if s.grammar.lang == none {
				s.grammar.lang = export
				r.close(s)
			}
			return true
		}
		r.close(s)
	}
	if s := r.latest; s != nil && s.grammar.opened >= prettyJSON && s.grammar.opened <= dmesgEntry && r.dmesg(s, p) {
		return true
	}
	l := opensBlock(p.raw)
	if l == none {
		return false
	}
	s := r.take()
	if l == verbose {
		s.rec.Stamp, _, _ = timestamp.WeekdayISO(p.raw)
	}
	s.layers.Kinds[0], s.layers.N = applog.JournalJSON, 1
	s.rec.Message = p.raw
	r.begin(s, p, p.raw, nil, l)
	s.grow()
	s.grammar.step(p.raw)
	return true
}

// opensBlock recognises the first line of an export or verbose entry.
func opensBlock(line []byte) lang {
	switch {
	case hasAny(line, "__CURSOR=", "__REALTIME_TIMESTAMP="):
		return export
	case len(line) > 40 && line[3] == ' ' && line[len(line)-1] == ']' && contains(line, " [s=") && contains(line, ";i="):
		if _, n, ok := timestamp.WeekdayISO(line); ok && hasPrefix(line[n:], " [s=") {
			return verbose
		}
	}
	return none
}

// dmesg reads a line of dmesg -J (util-linux sys-utils/dmesg.c, print_record) behind s and
// reports whether it was one: each element is a record.
func (r *Reader) dmesg(s *slot, p physical) bool {
	line := bytes.TrimSpace(p.raw)
	switch {
	case s.grammar.lang == prettyJSON && !s.joined && string(line) == `"dmesg": [`:
		s.grammar.lang, s.grammar.opened = dmesgList, dmesgList
		return r.join(s, s, p, p.raw)
	case s.grammar.lang == dmesgEntry && string(line) == "},{", string(line) == "{" && (s.grammar.lang == dmesgList || s.grammar.phase > 0):
		next := r.take()
		next.rec.Message = p.raw
		r.begin(next, p, p.raw, nil, dmesgEntry)
		next.grow()
		return true
	case s.grammar.lang == dmesgEntry && s.grammar.step(line) == yes:
		return r.join(s, s, p, p.raw)
	}
	return false
}

// stepDmesgEntry takes the members of an element, and behind the last one what closes the list.
func stepDmesgEntry(g *grammar, line []byte) verdict {
	closing := string(line) == "}" || string(line) == "]" || string(line) == "},"
	if !closing && (g.phase > 0 || !hasPrefix(line, `"`)) {
		return no
	}
	if closing {
		g.phase = 1
	}
	return yes
}

// An exportState follows binary fields, whose data may hold newlines: a line with the
// name alone, then eight bytes of length (little endian), the data and a newline.
type exportState struct {
	length [8]byte
	have   int   // bytes of length
	left   int64 // bytes of data, with its newline
	binary bool
	pid    [20]byte // of a PostgreSQL backend
	pidLen int
}

// feed takes one line with its newline and reports whether it was a part of binary data.
func (e *exportState) feed(line []byte) bool {
	if !e.binary {
		if len(line) > 0 && bytes.IndexByte(line, '=') < 0 && fieldName(line) {
			*e = exportState{binary: true}
			return true
		}
		return false
	}
	for _, c := range line {
		e.byte(c)
	}
	e.byte('\n')
	return true
}

func (e *exportState) byte(c byte) {
	switch {
	case e.have < 8:
		e.length[e.have] = c
		if e.have++; e.have == 8 {
			e.left = int64(min(binary.LittleEndian.Uint64(e.length[:]), 1<<40)) + 1
		}
	case e.left > 0:
		if e.left--; e.left == 0 {
			e.binary = false
		}
	}
}

func fieldName(b []byte) bool {
	for _, c := range b {
		if c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(b) > 0 && len(b) <= 64
}

func stepExport(g *grammar, line []byte) verdict {
	if g.entry.feed(line) {
		return yes
	}
	if len(line) == 0 {
		g.end()
		return yes
	}
	if i := bytes.IndexByte(line, '='); i > 0 && fieldName(line[:i]) {
		return yes
	}
	return no
}

func stepVerbose(g *grammar, line []byte) verdict {
	if g.phase == 0 {
		g.phase = 1 // the header itself
		return yes
	}
	if hasPrefix(line, "    ") {
		return yes
	}
	return no
}

func stepPrettyJSON(g *grammar, line []byte) verdict {
	if len(line) > 0 && line[0] == '}' {
		g.end()
		g.opened = prettyJSON
		return yes
	}
	if indented(line) {
		return yes
	}
	return no
}

// finishEntry reads the fields of an export or verbose entry.
func (r *Reader) finishEntry(s *slot) {
	var entry applog.JournalEntry
	message, length := 0, 0
	eachField(s, func(key, value []byte, at int) {
		if string(key) == "MESSAGE" {
			message, length = at, len(value)
		}
		entry.Set(key, value)
	})
	text := entry.Fill(&s.rec)
	s.rec.Message = text
	r.years.settle(&s.rec.Stamp)
	s.last = s.rec.Stamp
	s.relocate(message, length)
	s.id = identity(s)
	r.neighbours(s)
}

// relocate turns offsets in Raw into offsets in Message, which stands at raw[at:].
func (s *slot) relocate(at, length int) {
	kept := s.marks[:0]
	for i, m := range s.marks {
		next := len(s.rec.Raw) + 1
		if i+1 < len(s.marks) {
			next = s.marks[i+1].raw
		}
		if next <= at {
			continue
		}
		if m.raw >= at+length && len(kept) > 0 {
			break
		}
		m.message = max(m.raw-at, 0)
		kept = append(kept, m)
	}
	s.marks = kept
}

// eachField calls f for the fields of the entry with their offset in Raw.
func eachField(s *slot, f func(key, value []byte, at int)) {
	raw := s.rec.Raw
	for i := 0; i < len(raw); {
		end := i + lineLength(raw[i:])
		line := raw[i:end]
		skip := 0
		if s.grammar.opened == verbose {
			skip = len(line) - len(bytes.TrimLeft(line, " "))
		}
		if k := bytes.IndexByte(line[skip:], '='); k > 0 && fieldName(line[skip:skip+k]) {
			f(line[skip:skip+k], line[skip+k+1:], i+skip+k+1)
		} else if s.grammar.opened == export && fieldName(line) && end+9 <= len(raw) {
			size := binary.LittleEndian.Uint64(raw[end+1:])
			from := end + 9
			to := from + int(min(size, uint64(len(raw)-from)))
			f(line, raw[from:to], from)
			end = to
		}
		i = end + 1
	}
}

func lineLength(b []byte) int {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return n
	}
	return len(b)
}

// finishDmesg reads an element of dmesg -J. Its message stands on one line.
func (r *Reader) finishDmesg(s *slot) {
	s.inner = s.inner[bytes.IndexByte(s.inner, '{'):]
	if end := bytes.LastIndexByte(s.inner, '"'); end >= 0 { // without what closes the list
		s.inner = s.inner[:end+1]
	}
	if r.finishObject(s); s.layers.N > 0 {
		at := max(bytes.Index(s.rec.Raw, []byte(`"msg": `)), 0)
		s.relocate(at, lineLength(s.rec.Raw[at:]))
	}
}

// finishObject reads an object that was printed over several lines: a journal entry, or
// whatever a format makes of it.
func (r *Reader) finishObject(s *slot) {
	var layers applog.Layers
	s.env.Buf = s.env.Buf[:0]
	probe := parser.Record{}
	probe.Reset()
	inner := applog.Peel(s.inner, &s.env, &probe, &layers)
	s.layers = layers
	if c := r.detect.parse(inner, s.id, &s.env, &probe); c == nil {
		if layers.N == 0 {
			return
		}
		probe.Message = inner
	}
	probe.Line, probe.Lines, probe.Offset = s.rec.Line, s.rec.Lines, s.rec.Offset
	probe.Raw, probe.Truncated, probe.After = s.rec.Raw, s.rec.Truncated, s.rec.After
	s.rec = probe
	r.years.settle(&s.rec.Stamp)
	if s.rec.Stamp.Known() {
		r.streams.of(s.id).last = s.rec.Stamp
		r.resolve(s, parser.Stamp{})
	}
}

// samePID remembers the first [pid] it sees and reports whether the line's is the same.
func (e *exportState) samePID(head []byte) bool {
	i := bytes.IndexByte(head, '[')
	end := bytes.IndexByte(head[max(i, 0):], ']')
	if i < 0 || end < 0 {
		return true
	}
	pid := head[i+1 : i+end]
	if e.pidLen == 0 {
		e.pidLen = copy(e.pid[:], pid)
		return true
	}
	return bytes.Equal(e.pid[:e.pidLen], pid[:min(len(pid), len(e.pid))])
}
