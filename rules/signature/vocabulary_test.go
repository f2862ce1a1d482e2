package signature

import (
	"os"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A word is a message and the cause that its source gives it.
type word struct{ cause, source, message string }

// vocabulary reads testdata/vocabulary.txt.
func vocabulary(t *testing.T) (list []word) {
	t.Helper()
	data, err := os.ReadFile("testdata/vocabulary.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, "\t", 3)
		if len(parts) != 3 {
			t.Fatalf("not cause, source and message: %s", line)
		}
		list = append(list, word{parts[0], parts[1], unescape(parts[2])})
	}
	return list
}

var unescape = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\\`, `\`).Replace

// What programs write in trouble is known by its cause: a hit speaks for it, and none that
// is as strong or stronger speaks for another without naming it, too.
func TestVocabulary(t *testing.T) {
	words := vocabulary(t)
	for _, w := range words {
		r := parser.Record{Raw: []byte(w.message), Message: []byte(w.message)}
		if hits := Builtin().Match(&r, nil); !speaksFor(hits, rules.Cause(w.cause)) {
			t.Errorf("%s (%s): %q has hits %s", w.cause, w.source, w.message, speakers(hits))
		}
	}
	if len(words) < 400 {
		t.Errorf("%d messages, want 400 or more", len(words))
	}
}

func speaksFor(hits []rules.Hit, cause rules.Cause) bool {
	known, strong := false, false
	for _, h := range hits {
		s := h.Signature
		if s.Cause == cause || slices.Contains(s.Also, cause) {
			known, strong = true, strong || s.Strong
		}
	}
	return known && !slices.ContainsFunc(hits, func(h rules.Hit) bool {
		s := h.Signature
		return s.Strong && !strong && s.Cause != "" && s.Cause != cause && !slices.Contains(s.Also, cause)
	})
}

func speakers(hits []rules.Hit) string {
	var parts []string
	for _, h := range hits {
		parts = append(parts, h.Signature.ID+" "+string(h.Signature.Cause))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
