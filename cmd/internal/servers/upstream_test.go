package servers

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// nextPort makes freePort's ports differ within and, by the pid, between processes.
var nextPort = func() *atomic.Int64 {
	var n atomic.Int64
	n.Store(int64(os.Getpid()) * 97)
	return &n
}()

// serveUpstream is the whole life of an upstream: it listens, writes its address on
// standard output and answers as its mode says until it is killed.
//
//   - healthy answers "fine";
//   - garbage answers with bytes that no protocol knows;
//   - header answers with a valid status line and a header that is none;
//   - slow takes every request and never answers.
func serveUpstream(mode string) error {
	l, err := net.Listen("tcp", os.Getenv("CULPRIT_LISTEN"))
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	if mode == "healthy" {
		return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine\n") }))
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err != nil {
				return // a gateway's probe
			}
			io.Copy(io.Discard, r.Body)
			switch mode {
			case "garbage":
				io.WriteString(c, "\x8f\x02\xfe7Yk\x91\xc4 nothing that HTTP knows \xa0\r\n\r\n")
			case "header":
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\x01\x02\xff\xfe\x00\r\n\r\nfine\n")
			case "slow":
				io.Copy(io.Discard, c) // until the gateway gives up
			}
		}()
	}
}

// upstream is one process behind a gateway.
type upstream struct {
	*process
	mode string
	addr string
}

// startUpstream starts an upstream and returns when it listens.
func startUpstream(t *testing.T, mode string) *upstream {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), upstreamMode+"="+mode, fmt.Sprintf("CULPRIT_LISTEN=127.0.0.1:%d", freePort(t)))
	cmd.Stderr = os.Stderr
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	u := &upstream{process: start(t, cmd), mode: mode}
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	r.Close()
	if err != nil {
		t.Fatalf("upstream %s did not start: %v", mode, err)
	}
	u.addr = strings.TrimSpace(line)
	return u
}

// kill ends an upstream as `kill -9` does, and returns when it is gone.
func (u *upstream) kill(t *testing.T) {
	t.Helper()
	u.stop(t, syscall.SIGKILL)
}

// freeze stops an upstream as `kill -STOP` does: its kernel still takes connections.
func (u *upstream) freeze(t *testing.T) {
	t.Helper()
	if err := u.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "all threads of the upstream stopped", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", u.Process.Pid))
		if err != nil || len(threads) == 0 {
			t.Fatal("the upstream is gone: ", err)
		}
		return !slices.ContainsFunc(threads, func(path string) bool {
			stat, err := os.ReadFile(path)
			_, state, _ := strings.Cut(string(stat), ") ")
			return err == nil && !strings.HasPrefix(state, "T")
		})
	})
}
