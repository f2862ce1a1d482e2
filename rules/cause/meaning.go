package cause

import (
	"strings"

	"culprit/rules"
)

// fill puts a hit's captures into its signature's sentence. A capture that the line
// did not have is said to be untold; if it stands in brackets, they are left out with
// all that is in them: "killed <process>[, holding <memory>]".
func fill(h *rules.Hit) string {
	text := h.Signature.Meaning
	if text == "" {
		text = strings.ReplaceAll(h.Signature.ID, "-", " ")
	}
	var b strings.Builder
	for {
		before, rest, _ := strings.Cut(text, "[")
		inner, after, closed := strings.Cut(rest, "]")
		if !closed {
			fillPart(&b, h, text)
			return b.String()
		}
		fillPart(&b, h, before)
		var part strings.Builder
		if fillPart(&part, h, inner) {
			b.WriteString(part.String())
		}
		text = after
	}
}

// fillPart reports whether the line had all captures.
func fillPart(b *strings.Builder, h *rules.Hit, text string) (all bool) {
	all = true
	for {
		before, rest, _ := strings.Cut(text, "<")
		name, after, closed := strings.Cut(rest, ">")
		if !closed {
			b.WriteString(text)
			return all
		}
		b.WriteString(before)
		if v := h.Get(name); v != "" {
			b.WriteString(short(strings.Join(strings.Fields(v), " ")))
		} else {
			all = false
			b.WriteString("(" + strings.ReplaceAll(name, "_", " ") + " not told)")
		}
		text = after
	}
}
