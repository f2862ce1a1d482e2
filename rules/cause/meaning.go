package cause

import (
	"strings"

	"culprit/rules"
)

// fill puts a hit's captures into its signature's sentence. A capture that the line
// did not have takes its word with it.
func fill(h *rules.Hit) string {
	text := h.Signature.Meaning
	if text == "" {
		text = strings.ReplaceAll(h.Signature.ID, "-", " ")
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "<")
		if !ok {
			b.WriteString(text)
			break
		}
		name, after, closed := strings.Cut(rest, ">")
		if !closed {
			b.WriteString(text)
			break
		}
		b.WriteString(before)
		if v := h.Get(name); v != "" {
			b.WriteString(v)
		} else {
			b.WriteString("(" + strings.ReplaceAll(name, "_", " ") + " not told)")
		}
		text = after
	}
	return b.String()
}
