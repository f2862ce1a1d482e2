package scan

import (
	"bytes"
	"encoding/binary"

	"culprit/parser/applog"
	"culprit/parser/timestamp"
)

// Blocks: one record is a group of lines that stand together. journalctl -o export writes
// FIELD=value lines and an empty one, -o verbose a dated header and indented fields,
// -o json-pretty an object over many lines. dmesg -J and kubectl get -o json write a list of objects, kubectl describe
// a part for each container (describe.go), docker inspect their members (inspect.go).
//
// A block is gathered in a slot of its own, its envelope is peeled when it is whole, and then
// it goes the way of a line: the text inside of it joins a trace or finds its format.

// block reads a line of a block and reports whether it was one.
func (r *Reader) block(p physical) bool {
	if r.group != nil && r.grows(p) {
		return true
	}
	l := opensBlock(p.raw)
	if l == none && r.described.opens(p.raw) {
		l = podContainer
	}
	if l == none && p.number == 1 && len(p.raw) == 1 && p.raw[0] == '[' {
		l = itemList
	}
	if l != none {
		r.gather(p, l)
		return true
	}
	return false
}

// listHeads open the lists of kubectl get -o json and of exports of log stores.
var listHeads = map[string]bool{`"items": [`: true, `"events": [`: true, `"results": [`: true, `"entries": [`: true, `"hits": [`: true, `"logs": [`: true}

// listHeadLines is behind how many lines a list may be opened: for kubectl, behind apiVersion and kind or
// before them; for Elasticsearch's _search, behind what it tells of shards and of the number of hits.
func listHeadLines(head []byte) int32 {
	if string(head) == `"hits": [` {
		return 20
	}
	return 3
}

// grows adds a line to the gathered block and reports whether it is a part of it. If not, the
// block has ended.
func (r *Reader) grows(p physical) bool {
	s := r.group
	g := &s.grammar
	if g.entry.binary {
		p.raw = p.raw[:cap(p.raw)] // with its carriage return
	}
	line := bytes.TrimSpace(p.raw)
	switch {
	case g.lang == prettyJSON && s.rec.Lines == 1 && string(line) == `"dmesg": [`:
		g.lang = dmesgList
		return s.gather(p)
	case g.lang == prettyJSON && s.rec.Lines <= listHeadLines(line) && listHeads[string(line)]:
		g.lang = itemList
		return s.gather(p)
	case g.lang == itemList && string(line) == "{", g.lang == listItem && !g.expects && string(line) == "{":
		r.gathered()
		r.gather(p, listItem)
		return true
	case g.lang == listItem && s.rec.Lines == 1 && opensBlock(p.raw) == inspectedContainer: // docker inspect prints a list, too
		r.gathered()
		return false
	case g.lang == dmesgList && string(line) == "{", g.lang == dmesgEntry && (string(line) == "},{" || string(line) == "{" && g.phase > 0):
		r.gathered()
		r.gather(p, dmesgEntry)
		return true
	}
	if g.step(p.raw) == yes && s.gather(p) {
		if g.lang == none {
			r.gathered()
		}
		return true
	}
	r.gathered()
	return false
}

// gather begins a block.
func (r *Reader) gather(p physical, l lang) {
	s := r.take()
	s.env.Year = r.years.year
	s.begin(p)
	s.raw, s.joined = append(s.raw, p.raw...), true
	s.rec.Raw = s.raw
	s.marks = append(s.marks, mark{line: p.number, offset: p.offset})
	s.grammar.begin(l, p.raw)
	r.group = s
}

// gather adds a line, and reports false if the block is full.
func (s *slot) gather(p physical) bool {
	if s.full(len(p.raw)) {
		return false
	}
	s.raw = append(append(s.raw, '\n'), p.raw...)
	s.rec.Raw = s.raw
	s.marks = append(s.marks, mark{line: p.number, offset: p.offset, raw: len(s.raw) - len(p.raw)})
	s.rec.Lines++
	return true
}

// gathered reads the block, which is whole, like a line.
func (r *Reader) gathered() {
	s := r.group
	r.group = nil
	l := s.grammar.opened
	if lang := s.grammar.lang; lang == dmesgList || lang == itemList {
		l = lang
	}
	s.grammar.reset()
	var inner []byte
	switch l {
	case export, verbose:
		inner = s.entry(l)
	case podContainer:
		inner = s.described(&r.described)
	case inspectedContainer:
		inner = s.inspected()
	case dmesgList: // its head, with nothing inside
		s.layers.Kinds[0], s.layers.N = applog.DmesgJSON, 1
	case itemList: // the same
		s.layers.Kinds[0], s.layers.N = applog.ListJSON, 1
	default:
		inner = s.object(l)
	}
	r.arrive(s, s.physical(), inner)
}

// opensBlock recognises the first line of an export or verbose entry, or of a container's members.
func opensBlock(line []byte) lang {
	switch {
	case hasAny(line, "__CURSOR=", "__REALTIME_TIMESTAMP="):
		return export
	case len(line) > 40 && line[3] == ' ' && line[len(line)-1] == ']' && contains(line, " [s=") && contains(line, ";i="):
		if _, n, ok := timestamp.WeekdayISO(line); ok && hasPrefix(line[n:], " [s=") {
			return verbose
		}
	case len(line) > containerID && line[0] == ' ' && opensInspected(line):
		return inspectedContainer
	}
	return none
}

// stepDmesgEntry takes the members of an element, and behind the last one what closes the list.
func stepDmesgEntry(g *grammar, line []byte) verdict {
	line = bytes.TrimSpace(line)
	closing := string(line) == "}" || string(line) == "]" || string(line) == "},"
	if !closing && (g.phase > 0 || !hasPrefix(line, `"`)) {
		return no
	}
	if closing {
		g.phase = 1
	}
	return yes
}

func firstListItem(g *grammar, line []byte) {
	g.phase, g.expects = uint8(min(indentation(line), 255)), true
}

// listEnded is the phase of an element behind which the list has ended.
const listEnded = 255

// stepListItem takes the lines of an element up to the bracket below its first one, and what
// closes the list behind it.
func stepListItem(g *grammar, line []byte) verdict {
	text := bytes.TrimSpace(line)
	if !g.expects {
		if string(text) == "]" || string(text) == "]," {
			g.phase = listEnded
			return yes
		}
		if g.phase == listEnded && string(text) == "}" {
			return yes // of what the list stands in
		}
		return no
	}
	switch at := indentation(line); {
	case at < int(g.phase):
		return no
	case at == int(g.phase):
		if string(text) != "}" && string(text) != "}," {
			return no
		}
		g.expects = false
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

// entry reads the fields of an export or verbose entry and returns the text inside of it.
func (s *slot) entry(l lang) []byte {
	if l == verbose {
		s.rec.Stamp, _, _ = timestamp.WeekdayISO(s.raw)
	}
	var e applog.JournalEntry
	from, to := 0, 0 // the message's place in Raw
	each := func(key, value []byte, at, end int) {
		if to == 0 && string(key) == "MESSAGE" {
			from, to = at, end
		}
		e.Set(key, value)
	}
	if l == export {
		eachExported(s.raw, each)
	} else {
		s.eachVerbose(each)
	}
	inner := applog.PeelJournal(&e, &s.env, &s.rec, &s.layers)
	first := 0
	for first+1 < len(s.marks) && s.marks[first+1].raw <= from {
		first++
	}
	s.locate(first, bytes.Count(s.raw[from:to], newline)+1, inner)
	return inner
}

// eachExported calls f for the fields of an export entry with their places in raw.
func eachExported(raw []byte, f func(key, value []byte, at, end int)) {
	for i := 0; i < len(raw); {
		end := i + lineLength(raw[i:])
		line := raw[i:end]
		if k := bytes.IndexByte(line, '='); k > 0 && fieldName(line[:k]) {
			f(line[:k], line[k+1:], i+k+1, end)
		} else if fieldName(line) && end+9 <= len(raw) {
			size := binary.LittleEndian.Uint64(raw[end+1:])
			from := end + 9
			end = from + int(min(size, uint64(len(raw)-from)))
			f(line, raw[from:end], from, end)
		}
		i = end + 1
	}
}

// eachVerbose calls f for the fields of a verbose entry with their places in Raw. A field stands
// behind four blanks, and the further lines of its value below its first one (systemd
// src/shared/logs-show.c, output_verbose and print_multiline).
func (s *slot) eachVerbose(f func(key, value []byte, at, end int)) {
	const indent = "    "
	for i := 0; i < len(s.raw); {
		end := i + lineLength(s.raw[i:])
		line := s.raw[i:end]
		k := bytes.IndexByte(line, '=')
		if !hasPrefix(line, indent) || k < len(indent) || !fieldName(line[len(indent):k]) {
			i = end + 1
			continue
		}
		at, value := i+k+1, line[k+1:]
		start := len(s.env.Buf)
		for end < len(s.raw) {
			next := s.raw[end+1:]
			next = next[:lineLength(next)]
			if len(next) <= k || len(bytes.TrimLeft(next[:k+1], " ")) > 0 {
				break
			}
			if len(s.env.Buf) == start {
				s.env.Buf = append(s.env.Buf, value...)
			}
			s.env.Buf = append(append(s.env.Buf, '\n'), next[k+1:]...)
			end += 1 + len(next)
		}
		if len(s.env.Buf) > start {
			value = s.env.Buf[start:len(s.env.Buf):len(s.env.Buf)]
		}
		f(line[len(indent):k], value, at, end)
		i = end + 1
	}
}

// object peels what is around the text of an object, which is the whole of it if there is nothing.
func (s *slot) object(l lang) []byte {
	text := s.raw
	if l == dmesgEntry {
		text = text[bytes.IndexByte(text, '{'):]
		text = text[:bytes.LastIndexByte(text, '"')+1] // without what closes the list
	}
	if l == listItem {
		text = bytes.TrimLeft(text, " ")
		if whole := applog.Element(text); whole != nil {
			text = whole // without what closes the list
		}
	}
	inner := applog.Peel(text, &s.env, &s.rec, &s.layers)
	s.locate(messageLine(text), 1, inner)
	return inner
}

// messageLine returns which line of an object has its message, 0 if none has.
func messageLine(object []byte) int {
	for n := 0; len(object) > 0; n++ {
		end := lineLength(object)
		opens := bytes.HasSuffix(bytes.TrimRight(object[:end], " \r"), []byte("{")) // "log": { "file": …
		if !opens && hasAny(bytes.TrimLeft(object[:end], " \t"), `"MESSAGE"`, `"msg"`, `"message"`, `"textPayload"`, `"line"`, `"_raw"`, `"log"`, `"Log"`) {
			return n
		}
		object = object[min(end+1, len(object)):]
	}
	return 0
}

// locate keeps the marks of the lines on which the text inside of the block stands: n ones, or
// one if the text has another number of lines.
func (s *slot) locate(first, n int, inner []byte) {
	if bytes.Count(inner, newline)+1 != n {
		n = 1
	}
	s.marks = append(s.marks[:0], s.marks[first:first+n]...)
	at := 0
	for i := range s.marks {
		s.marks[i].message = at
		at += lineLength(inner[at:]) + 1
	}
}

func lineLength(b []byte) int {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return n
	}
	return len(b)
}
