package live

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Sequences that every terminal with an alternate screen knows.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l\x1b[2J" // alternate screen, no cursor, clear
	leaveScreen = "\x1b[0m\x1b[?25h\x1b[?1049l"
	topLeft     = "\x1b[H"
	clearRight  = "\x1b[K"
	clearBelow  = "\x1b[J"
)

// frameTime is the least time between two frames: calm, and little traffic over ssh.
const frameTime = time.Second

// viewGrace is how long Close waits for a terminal that takes nothing (^S).
const viewGrace = 300 * time.Millisecond

// A terminal is written to and has a size. The size is asked for at every frame: that
// is soon enough after a resize and needs no signal.
type terminal interface {
	io.Writer
	size() (width, height int)
}

// tty is a terminal behind a file.
type tty struct{ *os.File }

func (t tty) size() (width, height int) {
	width, height, err := term.GetSize(int(t.Fd()))
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// terminalOf returns the terminal behind a stream, if it is one that can be drawn on.
func terminalOf(w io.Writer) (terminal, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, false
	}
	name := os.Getenv("TERM")
	return tty{f}, name != "" && name != "dumb"
}

// A view shows the model on a terminal until it is closed.
type view struct {
	terminal terminal
	quit     chan struct{}
	ended    chan struct{}

	mu    sync.Mutex // guards model
	model *model
}

func newView(t terminal, color bool, now time.Time) *view {
	return &view{terminal: t, quit: make(chan struct{}), ended: make(chan struct{}), model: newModel(color, now)}
}

func (v *view) update(u *Update, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.model.update(u, now)
}

func (v *view) message(line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.model.message(line)
}

// start draws until ctx ends or close is called; then it gives the terminal back and
// calls left. A panic while drawing gives it back too.
func (v *view) start(ctx context.Context, left func()) {
	go v.run(ctx, left)
}

func (v *view) run(ctx context.Context, left func()) {
	defer close(v.ended)
	defer left()
	defer io.WriteString(v.terminal, leaveScreen)
	v.loop(ctx)
}

func (v *view) loop(ctx context.Context) {
	stops, done := suspensions()
	defer done()
	tick := time.NewTicker(frameTime)
	defer tick.Stop()
	var p painter
	v.paint(&p)
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.quit:
			return
		case <-stops: // ^Z: the shell gets its screen back until fg
			io.WriteString(v.terminal, leaveScreen)
			suspend()
			p = painter{}
			v.paint(&p)
		case <-tick.C:
			v.paint(&p)
		}
	}
}

// A painter remembers what is on the screen.
type painter struct {
	width, height int
	last          string
}

// paint draws a frame if it differs from the one that is there.
func (v *view) paint(p *painter) {
	width, height := v.terminal.size()
	v.mu.Lock()
	text := frame(v.model, width, height, time.Now())
	v.mu.Unlock()
	if text == p.last && width == p.width && height == p.height {
		return
	}
	begin := topLeft
	if width != p.width || height != p.height {
		begin = enterScreen + topLeft
	}
	*p = painter{width, height, text}
	// Lines are cleared behind their text, not before: nothing flickers. The last line has
	// no newline, which would scroll.
	io.WriteString(v.terminal, begin+strings.ReplaceAll(text, "\n", clearRight+"\r\n")+clearRight+clearBelow)
}

// close ends the view and waits until the terminal is given back, but not for ever: a
// terminal that is stopped takes no bytes.
func (v *view) close() {
	select {
	case <-v.quit:
	default:
		close(v.quit)
	}
	t := time.NewTimer(viewGrace)
	defer t.Stop()
	select {
	case <-v.ended:
	case <-t.C:
	}
}
