package gateway

import (
	"bytes"
	"slices"
	"strings"

	"culprit/parser"
)

// A template is the literal parts of one text and the messages that print it: the
// same words mean different things in different phases and with different errnos.
type template struct {
	parts    []string // between the variable parts; the first or last is "" where a variable part stands there
	middle   [][]byte // all but the first and last
	literal  int      // bytes in parts
	variants []*Message
	one      [1]*Message // memory of variants, which seldom are more
}

// A templateIndex finds the template of a text: whole texts by hash, the others by
// their first four bytes, the longest literal first, and last those that begin with a
// variable part.
type templateIndex struct {
	whole    map[string]*template
	prefixed map[[prefixLength]byte][]*template
	floating []*template
	byParts  map[string]*template
}

const prefixLength = 4

func newTemplateIndex() *templateIndex {
	return &templateIndex{
		whole:    map[string]*template{},
		prefixed: map[[prefixLength]byte][]*template{},
		byParts:  map[string]*template{},
	}
}

// add files m under text, a template without its errno part.
func (x *templateIndex) add(text string, m *Message) *template {
	parts := literalParts(text)
	key := parts[0]
	if len(parts) > 1 {
		key = strings.Join(parts, "\x00")
	}
	t := x.byParts[key]
	if t == nil {
		t = &template{parts: parts, literal: len(key) - len(parts) + 1}
		t.variants = t.one[:0]
		if len(parts) > 2 {
			t.middle = bytes.Split([]byte(key[len(parts[0])+1:len(key)-len(parts[len(parts)-1])-1]), []byte{0})
		}
		x.byParts[key] = t
		x.file(t)
	}
	t.variants = append(t.variants, m)
	return t
}

func (x *templateIndex) file(t *template) {
	first := t.parts[0]
	switch {
	case len(t.parts) == 1:
		x.whole[first] = t
	case len(first) >= prefixLength:
		key := [prefixLength]byte([]byte(first[:prefixLength]))
		x.prefixed[key] = append(x.prefixed[key], t)
	default:
		x.floating = append(x.floating, t)
	}
}

// sort puts the most literal templates first; equals keep the file's order.
func (x *templateIndex) sort() {
	mostLiteral := func(a, b *template) int { return b.literal - a.literal }
	for _, list := range x.prefixed {
		slices.SortStableFunc(list, mostLiteral)
	}
	slices.SortStableFunc(x.floating, mostLiteral)
	x.byParts = nil
}

// literalParts cuts a template at its <names>; a run of them counts as one.
func literalParts(text string) []string {
	parts := make([]string, 0, strings.Count(text, "<")+1)
	for {
		literal := literalEnd(text)
		parts = append(parts, text[:literal])
		if literal == len(text) {
			return parts
		}
		text = text[literal:]
		for end := placeholderEnd(text); end > 0; end = placeholderEnd(text) {
			text = text[end:]
		}
	}
}

// placeholderEnd returns the length of the <name> that text begins with, 0 if none.
func placeholderEnd(text string) int {
	if text[:min(1, len(text))] != "<" {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '>':
			if i > 1 {
				return i + 1
			}
			return 0
		case c != '_' && c-'a' >= 26 && c-'0' >= 10:
			return 0
		}
	}
	return 0
}

func (x *templateIndex) find(text []byte) *template {
	if t := x.whole[string(text)]; t != nil {
		return t
	}
	if len(text) < prefixLength {
		return nil
	}
	for _, t := range x.prefixed[[prefixLength]byte(text[:prefixLength])] {
		if t.matches(text) {
			return t
		}
	}
	for _, t := range x.floating {
		if t.matches(text) {
			return t
		}
	}
	return nil
}

// matches reports whether text has the parts in order, anchored at both ends.
func (t *template) matches(text []byte) bool {
	first, last := t.parts[0], t.parts[len(t.parts)-1]
	if len(text) < t.literal || string(text[:len(first)]) != first || string(text[len(text)-len(last):]) != last {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range t.middle {
		i := bytes.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// choose picks the variant that fits best, by errno, then phase (the fewer a variant
// names, the better), then level. A variant with another errno is better than none:
// its words are the same.
func (t *template) choose(level parser.Level, phase parser.Phase, errno int32) *Message {
	var best *Message
	bestScore := -1
	for _, m := range t.variants {
		score := 0
		switch {
		case m.errno == 0:
			score += 8
		case m.errno == errno:
			score += 16
		}
		switch mask := m.phases; {
		case mask == 1<<phase:
			score += 6
		case mask&(1<<phase) != 0:
			score += 4
		case mask == 0:
			score += 2
		}
		if m.levels&(1<<level) != 0 {
			score += 3
		}
		if score > bestScore {
			best, bestScore = m, score
		}
	}
	return best
}

// luaText cuts "[lua] file.lua:12: func(): " (src/ngx_http_lua_log.c) off a text. The
// source may hold colons: balancer_by_lua(nginx.conf:12):3: is one.
func luaText(b []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(b, []byte("[lua] "))
	if !ok {
		return b, false
	}
	end := bytes.Index(rest, []byte(": "))
	if end < 0 {
		return rest, true
	}
	text := rest[end+2:]
	if i := bytes.Index(text, []byte("(): ")); i >= 0 && i < 64 && bytes.IndexByte(text[:i], ' ') < 0 {
		text = text[i+len("(): "):]
	}
	return text, true
}
