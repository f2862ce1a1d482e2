package signature

import (
	"fmt"
	"io/fs"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Check reads all rule files of a file system and returns all that is wrong with
// them, by file and line: what Load refuses, match lines that the rule misses or
// reads otherwise than wanted, reject lines that it hits, and match lines that a
// rule of the same weight claims for another cause.
func Check(fsys fs.FS) []Problem {
	list, found, err := readYAML(fsys)
	if err != nil {
		found = append(found, Problem{File: ".", Line: 1, What: err.Error()})
	}
	found = append(found, duplicates(list)...)
	if len(list) > maxRules {
		return append(found, Problem{File: ".", Line: 1, What: fmt.Sprintf("%d signatures", len(list)), Hint: fmt.Sprintf("at most %d", maxRules)})
	}
	set := newSet(list)
	for _, r := range list {
		p := &problems{file: r.file, rule: r.signature.ID}
		for _, s := range r.accept {
			set.checkAccept(r, s, p)
		}
		for _, s := range r.reject {
			if set.hitOf(r, s) != nil {
				p.add(s.text.line, "narrow the pattern, or add a literal to not", "reject line is hit: %s", quote(s.text.value))
			}
		}
		found = append(found, p.list...)
	}
	return sorted(found)
}

// hits matches a sample as the rule's own program would have written it.
func (s *Set) hits(r *rule, from sample) []rules.Hit {
	program := from.from.value
	if program == "" && len(r.from) > 0 {
		program = r.from[0]
	}
	line := []byte(from.text.value)
	return s.Match(&parser.Record{Raw: line, Message: line, Program: []byte(program), Level: level(from.level, &problems{})}, nil)
}

func (s *Set) hitOf(r *rule, from sample) *rules.Hit {
	for _, h := range s.hits(r, from) {
		if h.Signature == &r.signature {
			return &h
		}
	}
	return nil
}

func (s *Set) checkAccept(r *rule, from sample, p *problems) {
	hit := s.hitOf(r, from)
	if hit == nil {
		p.add(from.text.line, r.whyNot(from), "match line is missed: %s", quote(from.text.value))
		return
	}
	for _, w := range from.want {
		if got := hit.Get(w.key.value); got != w.value.value {
			p.add(w.key.line, "", "%s is %s, want %s", w.key.value, quote(got), quote(w.value.value))
		}
	}
	for _, h := range s.hits(r, from) {
		if rivals(&r.signature, h.Signature) {
			p.add(from.text.line, "narrow one of them, or name the other cause in also",
				"match line is hit by %s, too, for another cause (%s)", h.Signature.ID, h.Signature.Cause)
		}
	}
}

// whyNot says which part of the rule misses the sample.
func (r *rule) whyNot(from sample) string {
	text := []byte(from.text.value)
	for _, literal := range r.all {
		if !containsText(text, literal) {
			return fmt.Sprintf("it lacks %s of all", quote(literal))
		}
	}
	for _, literal := range r.not {
		if containsText(text, literal) {
			return fmt.Sprintf("it holds %s of not", quote(literal))
		}
	}
	if !slices.ContainsFunc(r.contains, func(literal string) bool { return containsText(text, literal) }) {
		return "it holds none of contains"
	}
	if r.pattern != nil && !r.pattern.compiled().Match(text) {
		return "the pattern does not match"
	}
	if !r.heeds(level(from.level, &problems{})) {
		return "its level is not that of level, told and below"
	}
	return "from does not admit its program"
}

// rivals reports whether two signatures claim the same line with the same weight for
// different causes, and neither knows of the other's.
func rivals(a, b *rules.Signature) bool {
	return a.Cause != "" && b.Cause != "" && a.Cause != b.Cause && a.Strong == b.Strong &&
		!slices.Contains(a.Also, b.Cause) && !slices.Contains(b.Also, a.Cause)
}

// quote shows a text in quotes, cut at 100 bytes.
func quote(s string) string {
	if len(s) > 100 {
		return fmt.Sprintf("%q…", s[:100])
	}
	return fmt.Sprintf("%q", s)
}
