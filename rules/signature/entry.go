package signature

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// An entry is one signature as its author wrote it: texts and the lines they stand
// on, not yet understood.
type entry struct {
	line     int
	broken   bool // a problem was found while reading it
	compact  bool // of the built-in ones: checked already, and without samples
	id       text
	cause    text
	also     []text
	role     text
	weight   text
	scope    text
	state    text
	meaning  text
	doc      text
	contains []text
	all      []text
	not      []text
	pattern  text
	from     []text
	level    text
	below    text
	told     text
	sure     text
	accept   []sample
	reject   []sample
}

// A text is a scalar of the file; line 0 means that it is absent.
type text struct {
	value string
	line  int
}

// A sample is a line that a rule must match, or must not.
type sample struct {
	text  text
	from  text
	level text
	want  []pair
}

type pair struct{ key, value text }

const keysHint = "the keys are id, cause, also, role, weight, scope, state, meaning, doc, contains, all, not, pattern, from, level, told, below, sure, match, reject"

// readEntries reads a whole file: a YAML list of entries.
func readEntries(data []byte, p *problems) []entry {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		line, what := yamlError(err)
		p.add(line, "", "read YAML: %s", what)
		return nil
	}
	if len(doc.Content) == 0 {
		return nil // an empty file, or comments only
	}
	list := doc.Content[0]
	if list.Kind != yaml.SequenceNode {
		p.add(list.Line, "write a list of entries that begin with \"- id: …\"", "file is no list")
		return nil
	}
	entries := make([]entry, 0, len(list.Content))
	for _, n := range list.Content {
		if n.Kind != yaml.MappingNode {
			p.rule = ""
			p.add(n.Line, "write it as \"- id: …\"", "%s where an entry is expected", kindName(n))
			continue
		}
		before := len(p.list)
		e := readEntry(n, p)
		e.broken = len(p.list) > before
		entries = append(entries, e)
	}
	return entries
}

// yamlError splits "yaml: line 3: …" into its line and the rest.
func yamlError(err error) (line int, what string) {
	what = strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(what, "line "); ok {
		digits, tail, _ := strings.Cut(rest, ": ")
		for _, c := range digits {
			line = line*10 + int(c-'0')
		}
		what = tail
	}
	return max(line, 1), what
}

func readEntry(n *yaml.Node, p *problems) entry {
	e := entry{line: n.Line}
	p.rule = idOf(n)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			p.add(key.Line, "", "key %q stands twice", key.Value)
		} else if !e.read(key.Value, value, p) {
			p.add(key.Line, keysHint, "unknown key %q", key.Value)
		}
		seen[key.Value] = true
	}
	return e
}

// read reads the value of one key; false for a key that entries do not have.
func (e *entry) read(key string, n *yaml.Node, p *problems) bool {
	switch key {
	case "id":
		e.id = scalar(n, p)
		return true
	case "match":
		e.accept = samples(n, p)
		return true
	case "reject":
		e.reject = samples(n, p)
		return true
	}
	if one := e.texts(key); one != nil {
		*one = scalar(n, p)
		return true
	}
	if list := e.lists(key); list != nil {
		*list = scalars(n, p)
		return true
	}
	return false
}

// texts returns the place of a key that has one text, nil for another key.
func (e *entry) texts(key string) *text {
	switch key {
	case "cause":
		return &e.cause
	case "role":
		return &e.role
	case "weight":
		return &e.weight
	case "scope":
		return &e.scope
	case "state":
		return &e.state
	case "level":
		return &e.level
	case "told":
		return &e.told
	case "below":
		return &e.below
	case "sure":
		return &e.sure
	case "meaning":
		return &e.meaning
	case "doc":
		return &e.doc
	case "pattern":
		return &e.pattern
	}
	return nil
}

// lists returns the place of a key that has a list of texts, nil for another key.
func (e *entry) lists(key string) *[]text {
	switch key {
	case "also":
		return &e.also
	case "from":
		return &e.from
	case "contains":
		return &e.contains
	case "all":
		return &e.all
	case "not":
		return &e.not
	}
	return nil
}

// idOf finds the id first, so that every problem of the entry can name it.
func idOf(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "id" && n.Content[i+1].Kind == yaml.ScalarNode {
			return n.Content[i+1].Value
		}
	}
	return ""
}

func scalar(n *yaml.Node, p *problems) text {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		p.add(n.Line, "", "%s where a text is expected", kindName(n))
		return text{}
	}
	return text{value: n.Value, line: n.Line}
}

func scalars(n *yaml.Node, p *problems) []text {
	if n.Kind != yaml.SequenceNode {
		p.add(n.Line, "write it in brackets, also if it is one", "%s where a list is expected", kindName(n))
		return nil
	}
	var list []text
	for _, item := range n.Content {
		if t := scalar(item, p); t.line > 0 {
			list = append(list, t)
		}
	}
	return list
}

// samples reads lines, or mappings of line, from, level and want.
func samples(n *yaml.Node, p *problems) []sample {
	if n.Kind != yaml.SequenceNode {
		p.add(n.Line, "", "%s where a list of lines is expected", kindName(n))
		return nil
	}
	var list []sample
	for _, item := range n.Content {
		s := sample{}
		if item.Kind == yaml.MappingNode {
			s = readSample(item, p)
		} else {
			s.text = scalar(item, p)
		}
		if s.text.line > 0 {
			list = append(list, s)
		}
	}
	return list
}

func readSample(n *yaml.Node, p *problems) (s sample) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch key.Value {
		case "line":
			s.text = scalar(value, p)
		case "from":
			s.from = scalar(value, p)
		case "level":
			s.level = scalar(value, p)
			level(s.level, p)
		case "want":
			s.want = pairs(value, p)
		default:
			p.add(key.Line, "a sample has the keys line, from, level, want", "unknown key %q", key.Value)
		}
	}
	if s.text.line == 0 {
		p.add(n.Line, "", "sample without line")
	}
	return s
}

func pairs(n *yaml.Node, p *problems) (list []pair) {
	if n.Kind != yaml.MappingNode {
		p.add(n.Line, "write {name: value, …}", "%s where captures are expected", kindName(n))
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		list = append(list, pair{key: scalar(n.Content[i], p), value: scalar(n.Content[i+1], p)})
	}
	return list
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "list"
	case yaml.MappingNode:
		return "mapping"
	case yaml.AliasNode:
		return "alias"
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "nothing"
		}
		return "text"
	}
	return "nothing"
}
