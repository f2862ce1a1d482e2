package live

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"culprit/rules"
)

// A screen is a terminal that remembers what was written.
type screen struct {
	mu            sync.Mutex
	width, height int
	writes        []string
	stuck         chan struct{}
}

func (s *screen) Write(b []byte) (int, error) {
	if s.stuck != nil {
		<-s.stuck
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes = append(s.writes, string(b))
	return len(b), nil
}

func (s *screen) size() (width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.width, s.height
}

func (s *screen) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.writes
	s.writes = nil
	return w
}

func TestViewDrawsOnlyWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{width: 80, height: 24}
		v := newView(s, false, time.Now())
		v.start(t.Context(), func() {})
		synctest.Wait()
		if w := s.take(); len(w) != 1 || !strings.HasPrefix(w[0], enterScreen) || !strings.Contains(w[0], "waiting for the first line") {
			t.Fatalf("at first: %q", w)
		}
		time.Sleep(50 * time.Second)
		synctest.Wait()
		if w := s.take(); len(w) != 0 {
			t.Errorf("nothing happened, and it drew %d frames", len(w))
		}
		for i := range int64(100) { // 20 decisions a second
			v.update(&Update{Sources: []Source{{Name: "a.log", Lines: i + 1}}}, time.Now())
			time.Sleep(50 * time.Millisecond)
		}
		synctest.Wait()
		if w := s.take(); len(w) < 4 || len(w) > 6 {
			t.Errorf("%d frames in five seconds", len(w))
		} else if strings.Contains(w[1], enterScreen) || !strings.HasPrefix(w[1], topLeft) {
			t.Errorf("a frame clears the screen: %q", w[1])
		}
		s.mu.Lock()
		s.width = 60
		s.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		if w := s.take(); len(w) != 1 || !strings.HasPrefix(w[0], enterScreen) {
			t.Errorf("after a resize: %q", w)
		}
		v.close()
		v.close()
		if w := s.take(); len(w) != 1 || w[0] != leaveScreen {
			t.Errorf("at the end: %q", w)
		}
	})
}

func TestViewGivesTheTerminalBackWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{width: 80, height: 24}
		v := newView(s, false, time.Now())
		ctx, cancel := context.WithCancel(t.Context())
		left := false
		v.start(ctx, func() { left = true })
		synctest.Wait()
		s.take()
		cancel()
		synctest.Wait()
		if w := s.take(); len(w) != 1 || w[0] != leaveScreen || !left {
			t.Errorf("%q, left %v", w, left)
		}
		v.close()
	})
}

func TestViewGivesTheTerminalBackOnPanic(t *testing.T) {
	s := &screen{width: 80, height: 24}
	v := newView(s, false, at(0))
	v.model.upstreams = []*upstreamRow{nil} // a broken invariant
	left := false
	defer func() {
		if recover() == nil {
			t.Error("it did not panic")
		}
		if w := s.take(); len(w) != 1 || w[0] != leaveScreen || !left {
			t.Errorf("%q, left %v", w, left)
		}
	}()
	v.run(t.Context(), func() { left = true })
}

func TestViewCloseDoesNotWaitForAStoppedTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{width: 80, height: 24, stuck: make(chan struct{})}
		v := newView(s, false, time.Now())
		v.start(t.Context(), func() {})
		synctest.Wait()
		v.update(&Update{Incidents: []rules.Incident{oom(1, 1, "open")}}, time.Now()) // nor does Update
		begin := time.Now()
		v.close()
		if took := time.Since(begin); took != viewGrace {
			t.Errorf("close took %s", took)
		}
		close(s.stuck)
	})
}

func TestScreenWriter(t *testing.T) {
	var out bytes.Buffer
	var shown []string
	s := newScreenWriter(&out)
	s.Write([]byte("before\n"))
	s.hold(func(line string) { shown = append(shown, line) })
	for range 100 {
		s.Write([]byte("x\n"))
	}
	s.Write([]byte("in pa"))
	s.Write([]byte("rts\ntwo\nlast "))
	s.Write(bytes.Repeat([]byte("y"), 2*heldBytes))
	if out.String() != "before\n" || len(shown) != 102 || shown[100] != "in parts" {
		t.Errorf("while held %q was written, %d lines were shown", out.String(), len(shown))
	}
	s.release()
	s.Write([]byte("after\n"))
	s.release()
	text := out.String()
	if n := strings.Count(text, "\n"); n != heldLines+2 || len(text) > 2*heldBytes || !strings.Contains(text, "\nin parts\ntwo\nlast yyy") || !strings.HasSuffix(text, "y\nafter\n") {
		t.Errorf("%d lines, %d bytes", n, len(text))
	}
}

func TestNoViewWithoutATerminal(t *testing.T) {
	if _, ok := terminalOf(&bytes.Buffer{}); ok {
		t.Error("a buffer is no terminal")
	}
}
