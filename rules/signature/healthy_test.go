package signature

import (
	"strings"
	"testing"

	"culprit/parser"
)

// No line of healthy software may be a strong cause: a false hit blames the innocent.
func TestHealthyLines(t *testing.T) {
	lines := 0
	for line := range strings.Lines(healthyLines) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		lines++
		r := parser.Record{Raw: []byte(line), Message: []byte(line)}
		for _, h := range Builtin().Match(&r, nil) {
			if h.Signature.Cause != "" && h.Signature.Strong {
				t.Errorf("%s says %s: %s", h.Signature.ID, h.Signature.Cause, line)
			}
		}
	}
	if lines < 200 {
		t.Errorf("%d healthy lines, want 200 or more", lines)
	}
}
