package signature

import (
	_ "embed"
	"io/fs"
	"strconv"
	"strings"
)

// builtin.txt holds the signatures of data/*.yaml without their samples, one key a line.
// Every run of the program began with 90 ms for them: half to parse the YAML, most of which
// are samples that only Check wants, a third to compile patterns. Now it is 5 ms.
//
//go:generate go test -run TestCompact -update .
//go:embed builtin.txt
var compactText string

// builtinFS marks the built-in rule files, which Load need not read.
type builtinFS struct{ fs.FS }

// readCompact returns the rules of the compact form: "= file", "- line id", then "key
// value" for each text of the entry, in quotes if it could not stand on a line else.
func readCompact(text string) (list []*rule, found []Problem) {
	p := &problems{}
	technology := ""
	list = make([]*rule, 0, strings.Count(text, "\n- "))
	e := &entry{}
	end := func() {
		if e.line > 0 {
			list = append(list, compile(e, technology, p))
		}
		e.clear()
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "#":
		case "=":
			end()
			p.file, technology = value, technologyOf(value)
		case "-":
			end()
			number, id, _ := strings.Cut(value, " ")
			at, _ := strconv.Atoi(number)
			e.line, e.compact, e.id = at, true, unquoted(id, at)
		default:
			e.setCompact(key, value)
		}
	}
	end()
	return list, p.list
}

// clear empties the entry; the memory of its lists stays.
func (e *entry) clear() {
	also, from, contains, all, not := e.also[:0], e.from[:0], e.contains[:0], e.all[:0], e.not[:0]
	*e = entry{also: also, from: from, contains: contains, all: all, not: not}
}

// unquoted returns the text of a value.
func unquoted(value string, line int) text {
	if strings.HasPrefix(value, `"`) {
		if plain, err := strconv.Unquote(value); err == nil {
			value = plain
		}
	}
	return text{value: value, line: line}
}

// setCompact sets one text of the entry; all stand on the entry's line.
func (e *entry) setCompact(key, value string) {
	t := unquoted(value, e.line)
	if list := e.lists(key); list != nil {
		*list = append(*list, t)
	} else if one := e.texts(key); one != nil {
		*one = t
	}
}
