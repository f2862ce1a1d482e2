package scan

import (
	"io"
	"strings"
	"testing"
)

// A trickle gives its parts one after the other, and nothing for now in between.
type trickle struct {
	parts []string
	rest  string
}

func (r *trickle) Read(p []byte) (int, error) {
	if r.rest == "" {
		if len(r.parts) == 0 {
			return 0, io.EOF
		}
		r.rest, r.parts = r.parts[0], r.parts[1:]
		if r.rest == "" {
			return 0, ErrIdle
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// TestLineReaderIsSmallAtRest: a thousand followed files are silent most of the time.
func TestLineReaderIsSmallAtRest(t *testing.T) {
	short, long := "a line\n", strings.Repeat("l", 100<<10)+"\n"
	src := &trickle{parts: []string{short, "", strings.Repeat(short, 300_000) + long + "half", "", " a line\n", "", short, "", strings.Repeat("m", 100<<10), "", long}}
	l := &lineReader{src: src, moving: func() {}, maxLine: 256 << 10}
	var got strings.Builder
	var rests, lines int
	largest := 0
	for {
		p, ok := l.next()
		largest = max(largest, len(l.buf))
		switch {
		case ok:
			got.Write(p.raw)
			got.WriteByte('\n')
			lines++
			continue
		case l.idle:
			l.idle = false
			if rests++; rests != 2 && rests != 5 && len(l.buf) > leastBuffer {
				t.Errorf("it holds %d bytes when it rests", len(l.buf))
			}
			continue
		}
		break
	}
	want := short + strings.Repeat(short, 300_000) + long + "half a line\n" + short + strings.Repeat("m", 100<<10) + long
	if got.String() != want || rests != 5 || lines != 300_005 {
		t.Errorf("got %d bytes in %d lines, want %d; %d rests", got.Len(), lines, len(want), rests)
	}
	if largest < 2*blockBytes {
		t.Errorf("it reads no large blocks: %d bytes", largest)
	}
}
