package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// Colour is for terminals only, and not where the reader does not want it.
func TestColourOnlyWhereWanted(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminal to be had: ", err)
	}
	defer tty.Close()
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("NO_COLOR", "")
	e := &env{flags: &common{}}
	if !e.colour(tty) {
		t.Error("a terminal gets no colour")
	}
	if e.colour(&bytes.Buffer{}) {
		t.Error("a pipe gets colour")
	}
	for name, value := range map[string]string{"NO_COLOR": "1", "TERM": "dumb"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if e.colour(tty) {
				t.Error("colour all the same")
			}
		})
	}
	e.flags.NoColor = true
	if e.colour(tty) {
		t.Error("colour with --no-color")
	}
	if out, _ := culprit(t, exitDone, "analyze", "--db", ":memory:", "../../fixtures/cases/oom-node-docker/logs"); strings.Contains(out, "\x1b") || !strings.Contains(out, "oom-kill") {
		t.Error("escape sequences in a pipe")
	}
}
