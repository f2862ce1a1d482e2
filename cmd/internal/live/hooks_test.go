//go:build unix

package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"culprit/report"
)

func hooksOf(t *testing.T, onOpen, onResolve string) (*hooks, *journal) {
	t.Helper()
	noLeaks(t)
	j := newJournal()
	h, err := newHooks(onOpen, onResolve, j, j.warn, j.count)
	if err != nil {
		t.Fatal(err)
	}
	return h, j
}

func opened(id string) job {
	return job{incident: id, event: "opened", cause: "oom-kill", body: []byte("{}\n")}
}

func TestHookGetsTheIncident(t *testing.T) {
	h, j := hooksOf(t, "/bin/cat", `sh -c 'echo "$CULPRIT_EVENT $CULPRIT_INCIDENT $CULPRIT_CAUSE"; echo second >&2'`)
	h.start()
	in := oom(1, 1, "open")
	var body bytes.Buffer
	if err := report.WriteIncidentLine(&body, "opened", &in); err != nil {
		t.Fatal(err)
	}
	h.add(job{incident: in.ID, event: "opened", body: body.Bytes()})
	h.add(job{incident: in.ID, event: "updated"})
	h.add(job{incident: in.ID, event: "resolved", cause: "oom-kill"})
	j.until(t, func() bool { return j.get("on-resolve ok") == 1 })
	h.close(t.Context())

	line, ok := strings.CutPrefix(j.lines[0], "culprit: on-open: ")
	var got struct{ Event, ID, Cause string }
	if err := json.Unmarshal([]byte(line), &got); !ok || err != nil || got.Event != "opened" || got.ID != in.ID || got.Cause != "oom-kill" {
		t.Errorf("on standard input came %s (%v)", line, err)
	}
	rest := strings.Join(j.lines[1:], "\n")
	if want := "culprit: on-resolve: resolved a2b909e288254a26 oom-kill\nculprit: on-resolve: second"; rest != want {
		t.Errorf("got:\n%s\nwant:\n%s", rest, want)
	}
}

func TestHookThatHangsIsKilledWithItsChildren(t *testing.T) {
	h, j := hooksOf(t, `sh -c 'sleep 1000 & echo child $!; wait'`, "")
	h.limit = 300 * time.Millisecond
	h.start()
	h.add(opened("a"))
	j.until(t, func() bool { return j.get("on-open timeout") == 1 })
	h.close(t.Context())
	child := regexp.MustCompile(`child (\d+)`).FindStringSubmatch(j.text())
	if child == nil {
		t.Fatalf("no child in:\n%s", j.text())
	}
	// Gone, or a zombie where nobody reaps. The signal has been sent; a busy machine may
	// take a moment to deliver it.
	for deadline := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		stat, err := os.ReadFile("/proc/" + child[1] + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the child lives: %s", stat)
		}
	}
	if !strings.Contains(j.text(), "--on-open for a: killed, it ran for more than 300ms") {
		t.Errorf("no warning in:\n%s", j.text())
	}
}

func TestHooksAtMostFourAtOnceAndKilledAtTheEnd(t *testing.T) {
	h, j := hooksOf(t, "sh -c 'echo started; exec sleep 1000'", "")
	h.start()
	for i := range 6 {
		h.add(opened(fmt.Sprint(i)))
	}
	j.until(t, func() bool { return strings.Count(j.text(), "started") == 4 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	h.close(ctx)
	if k, d, n := j.get("on-open killed"), j.get("on-open dropped"), strings.Count(j.text(), "started"); k != 4 || d != 2 || n != 4 {
		t.Errorf("killed %d, dropped %d, started %d; want 4, 2, 4:\n%s", k, d, n, j.text())
	}
}

func TestHooksCloseRunsWhatWaits(t *testing.T) {
	h, j := hooksOf(t, "cat", "cat")
	for i := range 10 { // also one after the other for the same incident
		h.add(opened(fmt.Sprint(i % 5)))
	}
	h.start()
	h.close(t.Context())
	if got := j.get("on-open ok"); got != 10 {
		t.Errorf("%d ran; want 10: %s", got, j.text())
	}
}

func TestHookQueueIsBounded(t *testing.T) {
	h, j := hooksOf(t, "cat", "")
	for i := range hookQueue + 5 {
		h.add(opened(fmt.Sprint(i)))
	}
	if got := j.get("on-open dropped"); got != 5 {
		t.Errorf("%d dropped; want 5", got)
	}
	if got := strings.Count(j.text(), "were not told"); got != 3 { // the 1st, 2nd and 4th
		t.Errorf("%d warnings:\n%s", got, j.text())
	}
}

func TestHookFailureIsTold(t *testing.T) {
	h, j := hooksOf(t, `sh -c 'printf "\033[31mred\r\n%05000d" 1; exit 3'`, "")
	h.start()
	h.add(opened("a"))
	j.until(t, func() bool { return j.get("on-open failed") == 1 })
	h.close(t.Context())
	for _, want := range []string{`culprit: on-open: \x1b[31mred`, "--on-open for a: exit status 3"} {
		if !strings.Contains(j.text(), want) {
			t.Errorf("%q is not in:\n%s", want, j.text())
		}
	}
	for _, line := range j.lines {
		if len(line) > maxHookLine+100 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
}

func TestHookThatDoesNotReadAndOneThatWritesTooMuch(t *testing.T) {
	h, j := hooksOf(t, "true", "sh -c 'head -c 300000 /dev/zero | tr \"\\0\" x; echo end'")
	h.start()
	h.add(job{incident: "a", event: "opened", body: bytes.Repeat([]byte("x"), 1<<20)})
	h.add(job{incident: "a", event: "resolved"})
	j.until(t, func() bool { return j.get("on-resolve ok") == 1 })
	h.close(t.Context())
	if j.get("on-open ok") != 1 {
		t.Errorf("a command that leaves its input unread: %v", j.counts)
	}
	if n := len(j.text()); n > 2*hookOutput || strings.Count(j.text(), "further output is left out") != 1 {
		t.Errorf("%d bytes were passed on", n)
	}
}

func TestHooksRefuse(t *testing.T) {
	f := func(command, why string) {
		t.Helper()
		j := newJournal()
		if _, err := newHooks("", command, j, j.warn, j.count); err == nil || !strings.Contains(err.Error(), "use --on-resolve: ") || !strings.Contains(err.Error(), why) {
			t.Errorf("newHooks(%s): %v; want %s", command, err, why)
		}
	}
	f("'", "not closed")
	f(filepath.Join(t.TempDir(), "absent"), "no such file")
	f("no-such-command-anywhere x", "not found")
	if h, err := newHooks("", "", nil, nil, nil); h != nil || err != nil {
		t.Errorf("no commands: %v, %v; want nil, nil", h, err)
	}
}
