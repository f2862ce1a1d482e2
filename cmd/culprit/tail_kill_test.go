//go:build unix

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"culprit/rules"
	"culprit/store"
)

// asProgram makes the test binary the program.
const asProgram = "CULPRIT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// program prepares the test binary to run as culprit.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// A site is a gateway and an application that log, and whose logs are rotated.
type site struct {
	*testing.T
	dir          string
	clock        time.Time // of the logs
	gateway, app *os.File
	request      int
}

func newSite(t *testing.T) *site {
	s := &site{T: t, dir: t.TempDir(), clock: time.Now().UTC().Add(-20 * time.Hour).Truncate(time.Second)}
	s.gateway, s.app = s.open("error.log"), s.open("app.log")
	return s
}

func (s *site) open(name string) *os.File {
	f, err := os.OpenFile(filepath.Join(s.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		s.Fatal(err)
	}
	return f
}

func (s *site) print(f *os.File, format string, args ...any) {
	if _, err := fmt.Fprintf(f, format, args...); err != nil {
		s.Error(err)
	}
}

// outage stops the application, lets n requests fail, and starts it again. Some lines are
// written in two pieces.
func (s *site) outage(port, n int) {
	app := func(format string, args ...any) {
		s.print(s.app, "[%s +0000] [22833] [INFO] "+format+"\n", append([]any{s.clock.Format("2006-01-02 15:04:05")}, args...)...)
	}
	app("Handling signal: term")
	app("Shutting down: Master")
	for range n {
		s.clock = s.clock.Add(time.Second)
		s.request++
		line := fmt.Sprintf("%s [error] 12#12: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.%d,"+
			" server: shop, request: \"GET /cart/%d HTTP/1.1\", upstream: \"http://127.0.0.1:%d/cart/%d\", host: \"shop\"\n",
			s.clock.Format("2006/01/02 15:04:05"), s.request, s.request%250, s.request, port, s.request)
		half := s.request * 7 % len(line)
		s.print(s.gateway, "%s", line[:half])
		s.print(s.gateway, "%s", line[half:])
	}
	app("Starting gunicorn 20.1.0")
	app("Listening at: http://127.0.0.1:%d (22833)", port)
	s.clock = s.clock.Add(3 * time.Minute)
}

// rotate does what logrotate does with delaycompress: the gateway goes on in the renamed
// file until it is told.
func (s *site) rotate(name string, f **os.File) {
	path := filepath.Join(s.dir, name)
	for i := 250; i > 0; i-- {
		for _, end := range []string{"", ".gz"} {
			os.Rename(fmt.Sprintf("%s.%d%s", path, i, end), fmt.Sprintf("%s.%d%s", path, i+1, end))
		}
	}
	s.compress(path + ".2")
	if err := os.Rename(path, path+".1"); err != nil {
		s.Error(err)
	}
	s.outage(9001, 3)
	old := *f
	*f = s.open(name)
	old.Close()
}

func (s *site) compress(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return // there is none yet
	}
	info, err := os.Stat(path)
	if err != nil {
		s.Error(err)
		return
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(text)
	w.Close()
	if err := os.WriteFile(path+".tmp", packed.Bytes(), 0o644); err != nil {
		s.Error(err)
	}
	os.Chtimes(path+".tmp", info.ModTime(), info.ModTime())
	os.Rename(path+".tmp", path+".gz")
	os.Remove(path)
}

// lastPort is that of the outage after which nothing comes.
const lastPort = 9999

// TestTailKilled kills tail at random moments, while logs are written and rotated, and
// compares what is stored in the end with what analyze makes of the same logs.
func TestTailKilled(t *testing.T) {
	kills := 20
	if os.Getenv("CULPRIT_SOAK") != "" { // make soak
		kills = 200
	}
	random := rand.New(rand.NewPCG(26, 9))
	s := newSite(t)
	db := filepath.Join(t.TempDir(), "culprit.db")
	args := []string{"tail", "--db", db, "--format", "json", "--from-start", "--quiet", filepath.Join(s.dir, "error.log"), filepath.Join(s.dir, "app.log")}
	s.outage(9000, 2) // the first run has something to begin with
	runUntil(t, args, "127.0.0.1:9000")

	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		pace := time.NewTicker(100 * time.Millisecond) // the load
		defer pace.Stop()
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			case <-pace.C:
			}
			if i%20 >= 10 { // a moment of rest, in which tail decides, commits and tells
				continue
			}
			s.outage(9001+i%3, 5+i%7)
			if i%19 == 0 && i < 19*200 {
				s.rotate("error.log", &s.gateway)
			}
			if i%91 == 0 {
				s.rotate("app.log", &s.app)
			}
		}
	})
	told := 0
	for i := range kills {
		// At a random moment, or when so many lines of output have come.
		after, lines := time.Duration(random.IntN(600))*time.Millisecond, 1<<30
		if i%2 == 1 {
			after, lines = 2*time.Second, 1+random.IntN(20)
		}
		told += min(1, killAfter(t, args, after, lines))
	}
	close(stop)
	writer.Wait()
	s.outage(lastPort, 4)
	runUntil(t, args, fmt.Sprintf("127.0.0.1:%d", lastPort), `"gateway_error_lines":4`)

	whole := filepath.Join(t.TempDir(), "batch.db")
	var out, stderr bytes.Buffer
	if status := run([]string{"analyze", "--quiet", "--db", whole, s.dir}, strings.NewReader(""), &out, &stderr); status != exitDone {
		t.Fatalf("analyze: %d: %s", status, stderr.String())
	}
	got, want := storedOutline(t, db), storedOutline(t, whole)
	t.Logf("%d of %d had told something when they were killed; %d failures in %d incidents", told, kills, s.request, len(want))
	if len(want) < 10 || told == 0 {
		t.Fatalf("only %d incidents: %q", len(want), want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("live has %d incidents, batch %d", len(got), len(want))
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("the first difference: live %s, batch %s", at(got, i), at(want, i))
			}
		}
	}
}

// killAfter runs tail, kills it, and returns how many lines it had told.
func killAfter(t *testing.T, args []string, after time.Duration, lines int) (told int) {
	t.Helper()
	cmd := program(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	moment := time.AfterFunc(after, func() { cmd.Process.Kill() })
	defer moment.Stop()
	scan := bufio.NewScanner(out)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		if told++; told == lines {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || stderr.Len() > 0 {
		t.Fatalf("tail ended by itself: %v: %s", cmd.ProcessState, stderr.String())
	}
	return told
}

func at(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return "nothing"
}

// runUntil runs tail until a line of its output holds all words, and then ends it orderly.
func runUntil(t *testing.T, args []string, words ...string) {
	t.Helper()
	cmd := program(t, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(lines.Text(), w) }) {
			break
		}
	}
	cmd.Process.Signal(syscall.SIGTERM)
	for lines.Scan() {
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("tail: %v", err)
	}
}

// storedOutline is what a store holds, one line an incident; live stores may call open what
// batch calls open too, so the state is left out.
func storedOutline(t *testing.T, path string) (all []string) {
	t.Helper()
	db, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for in, err := range db.Incidents(context.Background(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, incidentOutline(&in))
	}
	gaps, err := db.Gaps(context.Background())
	if err != nil || len(gaps) > 0 {
		t.Errorf("gaps %+v, %v", gaps, err)
	}
	return all
}

func incidentOutline(in *rules.Incident) string {
	return fmt.Sprintf("%s %s %v %s-%s lines %d+%d failed %d pid %d", in.ID, in.Verdict.Cause, in.Upstreams, in.Start, in.End,
		in.PrimaryLines, in.SecondaryLines, in.FailedRequests, in.Culprit.PID)
}
