// Package servers holds tests only: real gateways from the distribution's packages,
// with upstreams of our own that are broken on purpose, and what the program says of
// the logs that the gateways wrote.
package servers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// required, set in the environment, makes the absence of a server a failure.
	required = "CULPRIT_SERVERS"
	// upstreamMode, set in the environment, makes this binary an upstream.
	upstreamMode = "CULPRIT_UPSTREAM"
	// patience is how long a test waits for a state before it gives up.
	patience = 30 * time.Second
)

// scratch is a folder for the whole run.
var scratch string

func TestMain(m *testing.M) {
	if mode := os.Getenv(upstreamMode); mode != "" {
		fmt.Fprintln(os.Stderr, serveUpstream(mode))
		os.Exit(1)
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "culprit"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	return m.Run()
}

// build makes the program under test, once, and returns its path.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "culprit")
	if out, err := exec.Command("go", "build", "-o", path, "culprit/cmd/culprit").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// culprit is a run of the program under test.
func culprit(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

// need returns a server's program, or skips the test; where servers are required it
// fails.
func need(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are left out of -short")
	}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	if os.Getenv(required) != "" {
		t.Fatalf("%s is not installed, and %s is set", name, required)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// freePort finds a port of the loopback that nobody listens on. It lies below the
// range from which Linux takes the ports of outgoing connections: one of those could
// otherwise be connected to itself after a listener's death.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 15000 + int(nextPort.Add(1))%15000
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// until polls for a state.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %s still not: %s", patience, what)
		}
	}
}

// incident is what these tests read of a report.
type incident struct {
	ID        string
	Cause     string
	Upstreams []string
	Start     string
	End       string
	Lines     *int           `json:"gateway_error_lines"`
	Primary   *int           `json:"primary_lines"`
	Failed    *int           `json:"failed_requests"`
	Other     *int           `json:"failed_other"`
	Statuses  map[string]int `json:"status_counts"`
}

type document struct {
	Sources []struct {
		Path, Format string
		Lines        int
		Unparsed     int
	}
	Incidents []incident
}

// ask runs the program for a JSON document.
func ask(t *testing.T, args ...string) document {
	t.Helper()
	cmd := culprit(t, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("culprit %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	var doc document
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatalf("culprit %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return doc
}

// process is a program that a test started.
type process struct {
	*exec.Cmd
	ended chan struct{} // closed when it has been waited for
	err   error         // of its end
}

// start runs a program; it is killed at the test's end if it still lives.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Error(err)
		}
		<-p.ended
	})
	return p
}

// stop sends a signal and waits for the end.
func (p *process) stop(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("%s lives %s after %s", p.Path, patience, sig)
	}
}

// dump shows the logs of a failed test.
func dump(t *testing.T, dir string) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, f := range files {
			text, _ := os.ReadFile(f)
			t.Logf("%s:\n%.6000s", f, text)
		}
	})
}
