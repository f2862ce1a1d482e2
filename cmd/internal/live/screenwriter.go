package live

import (
	"bytes"
	"io"
	"sync"
)

// Bounds of what is held back while the view is up.
const (
	heldLines = 50
	heldBytes = 64 << 10 // of one line
)

// A screenWriter passes everything on, except while the view has the terminal: then it
// keeps the last lines, and writes them when the terminal is given back.
type screenWriter struct {
	mu    sync.Mutex
	w     io.Writer
	held  bool
	show  func(line string) // is told of each line that is held back
	lines [][]byte          // without newline
	part  []byte            // a line that has not ended
}

func newScreenWriter(w io.Writer) *screenWriter {
	if w == nil {
		w = io.Discard
	}
	return &screenWriter{w: w}
}

// hold keeps lines back from now on.
func (s *screenWriter) hold(show func(string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.show = true, show
}

// Write passes b on, or holds it back.
func (s *screenWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held {
		return s.w.Write(b)
	}
	for rest := b; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		s.part = append(s.part, line[:min(len(line), heldBytes-len(s.part))]...)
		if rest = after; whole {
			s.keep()
		}
	}
	return len(b), nil
}

func (s *screenWriter) keep() {
	line := bytes.Clone(s.part)
	s.part = s.part[:0]
	if len(s.lines) == heldLines {
		s.lines = append(s.lines[:0], s.lines[1:]...)
	}
	s.lines = append(s.lines, line)
	if s.show != nil {
		s.show(string(line))
	}
}

// release writes what was held back, and holds nothing back any more.
func (s *screenWriter) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.held {
		return
	}
	if len(s.part) > 0 {
		s.keep()
	}
	s.held = false
	for _, line := range s.lines {
		s.w.Write(append(line, '\n'))
	}
	s.lines = nil
}
