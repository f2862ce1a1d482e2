package source

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// A journal reads systemd's journal through a child, journalctl --follow --output=json. Its
// place in the journal is the cursor of the last entry.
//
// Why --cursor and not --after-cursor: the entry of the cursor comes first then, and is
// passed over. If another one comes instead, the journal was vacuumed and entries are
// lost, which --after-cursor does not tell.
//
// Why a child: the files' format is systemd's own (compression, hash tables, sealing), and
// journalctl knows the versions of its machine.
type journal struct {
	units  []string
	cursor string // of the last entry handed over
	join   bool   // entries so far are past
	poll   time.Duration
}

const (
	// journalBack is how many entries are read back on first sight: about 16 MiB as JSON.
	journalBack = "16384"
	// graceTime is how long the child may take to end when it is asked to.
	graceTime = 500 * time.Millisecond
	// Polls between two starts of the child: a second at first, doubled up to a minute.
	firstPauses, maxPauses = 4, 240
)

const becauseVacuumed = "entries were removed from the journal before they were read"

var errOwnOnly = errors.New("read journal: only your own messages are shown; join the group systemd-journal or adm to see all (sudo usermod -aG systemd-journal $USER)")

// unitsOf reads journal:nginx.service,shop.service; all units if there is none.
func unitsOf(path string) []string {
	return strings.FieldsFunc(path[len(journalPrefix):], func(r rune) bool { return r == ',' })
}

func (j *journal) run(b *pipeBuffer) {
	// The child ends with the thread that has started it (prctl(2), PR_SET_PDEATHSIG), so
	// the goroutine keeps its thread: a kill -9 leaves no child behind.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.cursor = func(data []byte) string {
		if c := cursorIn(lastLine(data)); c != "" {
			j.cursor = c
			return c
		}
		return ""
	}
	pauses := firstPauses
	for b.ctx.Err() == nil {
		before, joining := b.offset, j.join
		err := j.once(b)
		switch {
		case b.ctx.Err() != nil:
			return
		case joining && err == nil:
			continue // the past is read: go on behind it
		}
		b.say(err)
		if b.offset > before {
			pauses = firstPauses
		}
		if !b.pause(time.Duration(pauses) * j.poll) {
			return
		}
		pauses = min(2*pauses, maxPauses)
	}
}

// once runs one child to its end. It returns nil if that was to be.
func (j *journal) once(b *pipeBuffer) error {
	args := []string{"--no-pager", "--output=json", "--all"}
	for _, u := range j.units {
		args = append(args, "--unit="+u)
	}
	past := j.join
	switch {
	case past:
		args = append(args, "--lines="+journalBack)
	default:
		args = append(args, "--follow", "--no-tail")
	}
	if j.cursor != "" {
		args = append(args, "--cursor="+j.cursor)
	}
	b.first = func(data []byte) int { return j.begun(b, data) }
	b.past = past
	cmd := exec.CommandContext(b.ctx, "journalctl", args...)
	cmd.Cancel = func() error { return endChild(cmd) }
	cmd.WaitDelay = graceTime
	cmd.SysProcAttr = childAttr()
	words := &childWords{b: b}
	cmd.Stderr = words
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return journalError(err)
	}
	closer := interruptible(b.ctx, out, out)
	b.copy(out)
	b.drop(b.n) // half an entry: it comes again
	b.inside = false
	closer.Close()
	err = cmd.Wait()
	b.first = nil
	if past && err == nil {
		j.join = false
		return nil
	}
	return fmt.Errorf("read journal: journalctl ended (%v)%s; it is started again", cmd.ProcessState, words.tail())
}

func journalError(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("read journal: there is no journalctl on the PATH")
	}
	return fmt.Errorf("read journal: %w", err)
}

// begun looks at the first entries of a child. It returns the length of the one that was
// handed over by an earlier child.
func (j *journal) begun(b *pipeBuffer, data []byte) int {
	b.say(nil)
	if j.cursor == "" {
		return 0
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if sameEntry(cursorIn(line), j.cursor) {
		return min(len(line)+1, len(data))
	}
	b.pass(delivery{gap: &Gap{Path: b.p.path, From: -1, To: -1, Reason: becauseVacuumed}})
	return 0
}

// cursorIn finds the cursor of an entry. A quote inside of a value has a backslash before
// it, so no message can hold one that is taken for it.
func cursorIn(entry []byte) string {
	_, rest, ok := bytes.Cut(entry, []byte(`"__CURSOR"`))
	if !ok {
		return ""
	}
	rest = bytes.TrimLeft(rest, ": ") // older versions write " : "
	if len(rest) == 0 || rest[0] != '"' {
		return ""
	}
	end := bytes.IndexByte(rest[1:], '"')
	if end <= 0 || end > maxCursor {
		return ""
	}
	return string(rest[1 : end+1])
}

// sameEntry compares what identifies an entry: s= (the sequence) and i= (its number in
// it); systemd.journal-fields(7) promises nothing of the rest.
func sameEntry(a, b string) bool {
	part := func(c, key string) string {
		for f := range strings.SplitSeq(c, ";") {
			if v, ok := strings.CutPrefix(f, key); ok {
				return v
			}
		}
		return ""
	}
	return a == b || part(a, "s=") != "" && part(a, "s=") == part(b, "s=") && part(a, "i=") == part(b, "i=")
}

func lastLine(data []byte) []byte {
	return data[bytes.LastIndexByte(data[:max(len(data)-1, 0)], '\n')+1:]
}

// childWords are what the child writes to standard error, as far as they are short.
type childWords struct {
	sync.Mutex
	b    *pipeBuffer
	text []byte
	told bool
}

// Write keeps the last KiB. A user who may see own messages only is told so at once.
func (w *childWords) Write(p []byte) (int, error) {
	w.Lock()
	w.text = append(w.text, p...)
	w.text = w.text[max(len(w.text)-1024, 0):]
	partly := !w.told && bytes.Contains(w.text, []byte("not seeing messages"))
	w.told = w.told || partly
	w.Unlock()
	if partly {
		w.b.pass(delivery{hint: true, trouble: errOwnOnly})
	}
	return len(p), nil
}

// tail is the last line.
func (w *childWords) tail() string {
	w.Lock()
	defer w.Unlock()
	if line := bytes.TrimSpace(lastLine(bytes.TrimSpace(w.text))); len(line) > 0 {
		return ": " + string(line)
	}
	return ""
}
