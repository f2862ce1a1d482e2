package signature

import (
	"net"
	"os"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// What a server's start line tells of address, port, process and name is captured: it is
// how a stream is known to be an upstream's.
func TestStarts(t *testing.T) {
	data, err := os.ReadFile("testdata/starts.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, "\t", 3)
		if len(parts) != 3 {
			t.Fatalf("not captures, source and message: %s", line)
		}
		lines++
		message := unescape(parts[2])
		r := parser.Record{Raw: []byte(message), Message: []byte(message)}
		hits := Builtin().Match(&r, nil)
		got := told(hits)
		for want := range strings.FieldsSeq(parts[0]) {
			name, value, _ := strings.Cut(want, "=")
			if !got[name][value] {
				t.Errorf("%s: %q tells %s, got %s", parts[1], message, want, render(hits))
			}
		}
	}
	if lines < 100 {
		t.Errorf("%d lines, want 100 or more", lines)
	}
}

// told gathers the captures of all hits; an address tells its port, too.
func told(hits []rules.Hit) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	add := func(name, value string) {
		if all[name] == nil {
			all[name] = map[string]bool{}
		}
		all[name][value] = true
	}
	for _, h := range hits {
		if h.Signature.Cause != "" {
			continue
		}
		for _, f := range h.Fields {
			add(f.Name, f.Value)
			if _, port, err := net.SplitHostPort(f.Value); err == nil && f.Name == rules.FieldAddress {
				add(rules.FieldPort, port)
			}
		}
	}
	return all
}
