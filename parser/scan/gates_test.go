package scan

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// checkGates fails if a format takes a line that its gates keep from it.
func checkGates(t *testing.T, d *detector, line []byte, program string) {
	t.Helper()
	seen := lookAt(line)
	allowed := map[*candidate]bool{}
	for _, e := range d.screen(&seen) {
		allowed[e.c] = allowed[e.c] || e.t == nil || e.t.pass(line, []byte(program))
	}
	for _, c := range d.all {
		if allowed[c] {
			continue
		}
		env, r := parser.Env{Year: 2026}, parser.Record{Program: []byte(program)}
		r.Access.Duration, r.Access.Bytes = -1, -1
		if c.format.Parse(line, &env, &r) {
			t.Errorf("%s takes a line that its gates hold back (program %q): %q", c.format.Name, program, line)
		}
	}
}

// programs are those that some formats take any line of, and one that none does.
var programs = []string{"", "app", "kernel", "dnsmasq-dhcp", "haproxy", "varnishd", "varnishncsa"}

func TestGates(t *testing.T) {
	d := newDetector(benchFormats)
	for _, c := range d.all {
		for _, s := range fixtures.Samples(c.format.Name) {
			for line := range strings.SplitSeq(s.Line, "\n") {
				for _, program := range programs {
					checkGates(t, d, []byte(line), program)
				}
				for cut := 3; cut < len(line); cut += 13 { // as pastes and full disks cut them
					checkGates(t, d, []byte(line[:cut]), "")
					checkGates(t, d, []byte(line[cut:]), "")
					checkGates(t, d, []byte("  "+line[:cut]), "")
				}
			}
		}
	}
}

// Whole logs are read alike with the gates and without.
func TestGatesChangeNothing(t *testing.T) {
	files, _ := filepath.Glob("../../fixtures/cases/*/logs/*")
	more, _ := filepath.Glob("../../fixtures/cases/*/logs/*/*.log")
	own, _ := filepath.Glob("testdata/*.log")
	lines := 0
	for _, file := range append(append(files, more...), own...) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a folder
		}
		gated, open := newDetector(benchFormats), newDetector(benchFormats)
		for _, c := range open.all {
			c.gates = nil
		}
		for n, line := range bytes.SplitN(text, newline, 400) {
			lines++
			if got, want := detected(gated, line), detected(open, line); got != want {
				t.Fatalf("%s:%d: %s, without gates %s", file, n+1, got, want)
			}
		}
	}
	if lines < 5000 {
		t.Errorf("only %d lines", lines)
	}
}

func detected(d *detector, line []byte) string {
	env, r := parser.Env{Year: 2026}, parser.Record{}
	r.Reset()
	c := d.parse(line, 0, &env, &r)
	if c == nil {
		return "none"
	}
	return c.format.Name + " " + fixtures.Render(&r)
}

func FuzzGates(f *testing.F) {
	for _, format := range benchFormats {
		for _, s := range fixtures.Samples(format.Name) {
			f.Add([]byte(s.Line), uint8(0))
		}
	}
	d := newDetector(benchFormats)
	f.Fuzz(func(t *testing.T, line []byte, program uint8) {
		checkGates(t, d, line, programs[int(program)%len(programs)])
	})
}
