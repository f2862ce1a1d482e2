package scan

import (
	"bytes"

	"culprit/parser/applog"
)

// Lists on one line: what APIs of log stores answer, and what is downloaded from them, is often one
// line with all of the store's objects. Each is read like a line of its own, with the line's number.

// listKeys are the first members of objects that hold such a list: those of aws logs, Elasticsearch's
// _search, Splunk and kubectl.
var listKeys = [...]string{`{"events":`, `{"took":`, `{"hits":`, `{"results":`, `{"entries":`, `{"logs":`, `{"items":`}

// listStart is where the first object of a list is, 0 if a line is none.
func listStart(line []byte) int {
	const far = 512 // what stores tell before their list is short
	switch {
	case len(line) < 3:
	case line[0] == '[':
		if n := len(line) - len(bytes.TrimLeft(line[1:], " ")); line[min(n, len(line)-1)] == '{' {
			return n
		}
	case line[0] == '{' && line[1] == '"' && hasAny(line, listKeys[:]...):
		head := line[:min(len(line), far)]
		if i := bytes.Index(head, []byte(`[{`)); i > 0 {
			return i + 1
		}
		if i := bytes.Index(head, []byte(`[ {`)); i > 0 {
			return i + 2
		}
	}
	return 0
}

// listed begins with the objects of a list, if the line is one and the first of them is a store's.
func (r *Reader) listed(p physical) bool {
	at := listStart(p.raw)
	if at == 0 {
		return false
	}
	element := applog.Element(p.raw[at:])
	if element == nil {
		return false
	}
	probe := r.take()
	var layers applog.Layers
	applog.Peel(element, &probe.env, &probe.rec, &layers)
	r.give(probe)
	if layers.N == 0 {
		return false
	}
	p.raw, p.offset = p.raw[at:], p.offset+int64(at)
	r.list = p
	return true
}

// nextListed reads the next object of the list.
func (r *Reader) nextListed() {
	p := r.list
	if element := applog.Element(p.raw); element != nil { // else the line ends in the middle of the last one
		p.raw = element
	}
	rest := r.list.raw[len(p.raw):]
	next := bytes.IndexByte(rest, '{')
	if next < 0 || len(bytes.Trim(rest[:next], ", ")) > 0 {
		r.list = physical{}
	} else {
		r.list.raw, r.list.offset = rest[next:], r.list.offset+int64(len(p.raw)+next)
	}
	s := r.take()
	s.env.Year = r.years.year
	inner := applog.Peel(p.raw, &s.env, &s.rec, &r.layers)
	s.layers = r.layers
	r.arrive(s, p, inner)
}
