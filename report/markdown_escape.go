package report

import (
	"strings"
	"unicode"
)

// How text from a log becomes Markdown that says the same on every forge.
//
// Backslashes are not enough: GitHub finds @names, #numbers, commit ids and addresses of web
// pages in the finished HTML, after the backslash is gone, and notifies whoever is named.
// Only code keeps them off. So what is surely a word or a number stays as it is, and
// everything else becomes a code span. That is also how addresses, paths and settings are
// best read.

// mdProse writes a sentence. Words of code that follow each other are one span.
func mdProse(text string) string {
	var out strings.Builder
	var code string // the words of the span that is open, "" if none is
	end := func(after string) {
		out.WriteString(mdCode(code) + after)
		code = ""
	}
	for i, word := range strings.Fields(Clean(text)) {
		before, core, after := strip(word)
		switch {
		case core != "" && harmless(core), plain(core) && !(i == 0 && opensList(word)):
			before, core, after = word, "", ""
		case core == "":
			before, core, after = "", word, ""
		}
		if code != "" && core != "" && before == "" {
			core = code + " " + core
			code = ""
		} else if end(""); i > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(before)
		if code = core; after != "" {
			end(after)
		}
	}
	end("")
	return out.String()
}

// mdAdvice writes a sentence in which commands stand between backticks.
func mdAdvice(text string) string {
	var out strings.Builder
	for _, p := range commandsIn(strings.TrimSpace(text)) {
		if p.Mark {
			out.WriteString(mdCode(p.Text))
			continue
		}
		words := strings.TrimLeft(p.Text, `)",.;:?`) // what touches the command before it,
		out.WriteString(p.Text[:len(p.Text)-len(words)])
		rest := strings.TrimRight(words, ` ("`) // and the one behind it
		if rest = strings.TrimLeft(rest, " "); rest != "" && words[0] == ' ' {
			out.WriteByte(' ')
		}
		out.WriteString(mdProse(rest))
		out.WriteString(words[len(strings.TrimRight(words, ` ("`)):])
	}
	return out.String()
}

// commandsIn cuts a text at its backticks; marked are the commands between two of them.
func commandsIn(text string) (out []piece) {
	for {
		before, rest, open := strings.Cut(text, "`")
		command, after, closed := strings.Cut(rest, "`")
		if !open || !closed || command == "" {
			if text != "" {
				out = append(out, piece{Text: text})
			}
			return out
		}
		if before != "" {
			out = append(out, piece{Text: before})
		}
		out = append(out, piece{command, true})
		text = after
	}
}

// mdCode writes text as a code span; nothing for "".
func mdCode(text string) string {
	text = strings.TrimSpace(Clean(text))
	if text == "" {
		return ""
	}
	marks := strings.Repeat("`", longestRun(text)+1)
	if text[0] == '`' || text[len(text)-1] == '`' {
		text = " " + text + " " // which readers take off again
	}
	return marks + text + marks
}

// strip takes the punctuation of a sentence off a word.
func strip(word string) (before, core, after string) {
	core = strings.TrimLeft(word, `("`)
	before = word[:len(word)-len(core)]
	trimmed := strings.TrimRight(core, `)",.;:?`)
	return before, trimmed, core[len(trimmed):]
}

// harmless are signs that stand alone between words and mean nothing to Markdown.
func harmless(core string) bool {
	return strings.Trim(core, "–…→×%") == ""
}

// opensList reports whether a first word would make its paragraph a list: "1." and "1)".
func opensList(word string) bool {
	last := word[len(word)-1]
	return (last == '.' || last == ')') && strings.Trim(word[:len(word)-1], "0123456789") == ""
}

// plain reports whether a word can be nothing but a word or a number: letters, joined by an
// apostrophe or hyphen; or digits, joined by what stands in numbers and times. A long word of
// hexadecimal digits may be a commit.
func plain(word string) bool {
	letters, digits, hex := 0, 0, 0
	joint := true // a word does not begin or end with one
	for i, r := range word {
		switch {
		case unicode.IsLetter(r):
			letters++
			joint = false
		case r >= '0' && r <= '9':
			digits++
			joint = false
		case joint || i == 0:
			return false
		case r == '-' || r == '\'' || r == '’' || r == '.' || r == ',' || r == ':':
			if letters > 0 && (r == '.' || r == ',' || r == ':') {
				return false // a host, a file, an address
			}
			joint = true
		default:
			return false
		}
		if r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'f' {
			hex++
		}
	}
	switch {
	case joint:
		return false
	case letters == 0:
		return strings.Count(word, ".") < 3 && (digits < 7 || strings.ContainsAny(word, ".,:-"))
	case digits > 0:
		return false // ABC-123 is a ticket, 2a41f5c a commit, v2 a name
	}
	return hex < 7 || hex < len(word)
}
