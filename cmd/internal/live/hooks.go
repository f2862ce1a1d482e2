package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"culprit/report"
)

// Bounds of commands.
const (
	hookTime     = 30 * time.Second // then the command and its process group are killed
	hookPipeTime = time.Second      // for output, once the command itself has ended
	hookAtOnce   = 4
	hookQueue    = 100
	hookOutput   = 64 << 10 // bytes of output that are passed on
)

// hooks runs commands: at most hookAtOnce at a time, those of one incident one after
// the other. A nil *hooks runs none.
type hooks struct {
	commands map[string][]string // words by event
	stderr   io.Writer
	warn     func(string, ...any)
	count    func(kind, result string)
	limit    time.Duration

	queue   *queue
	running chan struct{}
	closing chan struct{}
	stop    context.CancelFunc // kills what runs
	ctx     context.Context    // of all commands; kept because they outlive any one call
	wg      sync.WaitGroup
}

// hookNames are the flags by event.
var hookNames = map[string]string{"opened": "on-open", "resolved": "on-resolve"}

func newHooks(onOpen, onResolve string, stderr io.Writer, warn func(string, ...any), count func(kind, result string)) (*hooks, error) {
	h := &hooks{commands: map[string][]string{}, stderr: stderr, warn: warn, count: count, limit: hookTime,
		running: make(chan struct{}, hookAtOnce), closing: make(chan struct{})}
	for _, c := range []struct{ event, command string }{{"opened", onOpen}, {"resolved", onResolve}} {
		if c.command == "" {
			continue
		}
		words, err := split(c.command)
		if err == nil {
			_, err = exec.LookPath(words[0])
		}
		if err != nil {
			return nil, fmt.Errorf("use --%s: %w", hookNames[c.event], err)
		}
		h.commands[c.event] = words
	}
	if len(h.commands) == 0 {
		return nil, nil
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	h.queue = newQueue(hookQueue, func(j job, n int64) {
		count(hookNames[j.event], "dropped")
		if worthTelling(n) {
			warn("--%s: %d incidents were not told: more than %d wait for the command", hookNames[j.event], n, hookQueue)
		}
	})
	return h, nil
}

func (h *hooks) wants(event string) bool { return h != nil && h.commands[event] != nil }

func (h *hooks) add(j job) {
	if h.wants(j.event) {
		h.queue.push(j)
	}
}

// start begins to run what is added.
func (h *hooks) start() {
	if h != nil {
		h.wg.Go(h.loop)
	}
}

func (h *hooks) loop() {
	for {
		h.running <- struct{}{}
		j, _ := h.queue.take(time.Time{}, true)
		if j != nil {
			h.wg.Go(func() {
				h.run(j)
				h.queue.done(j)
				<-h.running
				h.queue.ring() // there is room again
			})
			continue
		}
		<-h.running
		if h.ended() {
			return
		}
		select {
		case <-h.queue.wake:
		case <-h.closing:
			if h.queue.len() == 0 {
				return
			}
			<-h.queue.wake // a command under way, whose incident has another one waiting
		}
	}
}

// ended reports whether nothing is left to do and nothing can come.
func (h *hooks) ended() bool {
	select {
	case <-h.closing:
		return h.queue.len() == 0
	default:
		return false
	}
}

// run runs one command to its end.
func (h *hooks) run(j *job) {
	name := hookNames[j.event]
	ctx, cancel := context.WithTimeout(h.ctx, h.limit)
	defer cancel()
	words := h.commands[j.event]
	out := &prefixWriter{w: h.stderr, prefix: "culprit: " + name + ": "}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(j.body), out, out
	cmd.Env = append(os.Environ(), "CULPRIT_EVENT="+j.event, "CULPRIT_INCIDENT="+j.incident, "CULPRIT_CAUSE="+j.cause)
	cmd.WaitDelay = hookPipeTime
	ownGroup(cmd)
	err := cmd.Run()
	out.flush() // a last line without newline
	switch {
	case h.ctx.Err() != nil && err != nil:
		h.warn("--%s for %s: killed, the program ends", name, j.incident)
		h.count(name, "killed")
	case ctx.Err() != nil && err != nil:
		h.warn("--%s for %s: killed, it ran for more than %s", name, j.incident, h.limit)
		h.count(name, "timeout")
	case err != nil && !errors.Is(err, exec.ErrWaitDelay): // that is a child in the background, which may live
		h.warn("--%s for %s: %v", name, j.incident, err)
		h.count(name, "failed")
	default:
		h.count(name, "ok")
	}
}

// close lets what waits run until ctx ends, kills the rest and waits for it.
func (h *hooks) close(ctx context.Context) {
	if h == nil {
		return
	}
	close(h.closing)
	unhook := context.AfterFunc(ctx, func() {
		for _, j := range h.queue.drain() {
			if !j.busy {
				h.count(hookNames[j.event], "dropped")
				h.warn("--%s for %s: not run, the program ends", hookNames[j.event], j.incident)
			}
		}
		h.stop()
		h.queue.ring()
	})
	h.wg.Wait()
	unhook()
	h.stop()
}

// A prefixWriter passes a command's output on line by line, cleaned: it goes to a
// terminal and may quote logs.
type prefixWriter struct {
	w      io.Writer
	prefix string
	line   []byte
	total  int
}

// maxHookLine cuts longer lines into several.
const maxHookLine = 4 << 10

// Write takes everything and passes on the first hookOutput bytes: a command that finds
// its output closed would end too early.
func (p *prefixWriter) Write(b []byte) (int, error) {
	n := len(b)
	if p.total > hookOutput {
		return n, nil
	}
	p.total += n
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		room := maxHookLine - len(p.line)
		if len(line) > room {
			line, rest, whole = b[:room], b[room:], true
		}
		p.line = append(p.line, line...)
		if b = rest; whole {
			p.flush()
		}
	}
	if p.total > hookOutput {
		p.flush()
		fmt.Fprintf(p.w, "%s… further output is left out\n", p.prefix)
	}
	return n, nil
}

func (p *prefixWriter) flush() {
	if len(p.line) > 0 {
		fmt.Fprintf(p.w, "%s%s\n", p.prefix, report.Clean(string(bytes.TrimSuffix(p.line, []byte{'\r'}))))
		p.line = p.line[:0]
	}
}
