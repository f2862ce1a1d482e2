package scan

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/timestamp"
)

// docker inspect prints a list of objects, indented by four blanks, whose first member is
// the container's id (moby/moby api/types/container, InspectResponse; Podman's is alike). The
// members of one container are a block and one record, at the time when it ended last.

// containerID is how many digits an id has.
const containerID = 64

// opensInspected recognises the member with the id.
func opensInspected(line []byte) bool {
	id := inspectedID(line)
	return id != nil && len(line) > 2 && line[0] == ' ' && line[len(line)-1] == ','
}

// inspectedID is the id in a line `        "Id": "5d0c41aa…",`, nil if it is another one.
func inspectedID(line []byte) []byte {
	id, ok := bytes.CutPrefix(bytes.TrimLeft(line, " "), []byte(`"Id": "`))
	if !ok || len(id) != containerID+len(`",`) {
		return nil
	}
	for _, c := range id[:containerID] {
		if !isDigit(c) && c-'a' >= 6 {
			return nil
		}
	}
	return id[:containerID]
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

func firstInspected(g *grammar, line []byte) { g.phase = uint8(min(indentation(line), 255)) }

func stepInspected(g *grammar, line []byte) verdict {
	if indentation(line) < int(g.phase) {
		return no
	}
	return yes
}

// inspected fills the record from the members of a container.
func (s *slot) inspected() []byte {
	s.layers.Kinds[0], s.layers.N = applog.Inspection, 1
	for i := range s.marks {
		s.marks[i].message = s.marks[i].raw
	}
	s.rec.Container = inspectedID(s.raw[:lineLength(s.raw)])
	outer := indentation(s.raw)
	var started parser.Stamp
	for text := s.raw; len(text) > 0; {
		end := lineLength(text)
		name, value := member(text[:end])
		switch string(name) {
		case "Name":
			if indentation(text) == outer {
				s.rec.Program = bytes.TrimPrefix(value, []byte("/"))
			}
		case "StartedAt":
			started, _, _ = timestamp.ISO(value)
		case "FinishedAt": // the year 1 if it never ended
			if stamp, _, ok := timestamp.ISO(value); ok && stamp.Micros > 0 {
				s.rec.Stamp = stamp
			}
		}
		text = text[min(end+1, len(text)):]
	}
	if !s.rec.Stamp.Known() && started.Micros > 0 {
		s.rec.Stamp = started
	}
	return s.raw
}

// member cuts a line `"name": "value",`; nil if it is none.
func member(line []byte) (name, value []byte) {
	name, value, ok := bytes.Cut(bytes.Trim(line, " ,"), []byte(`": `))
	if !ok || len(name) < 2 || name[0] != '"' {
		return nil, nil
	}
	return name[1:], bytes.Trim(value, `"`)
}
