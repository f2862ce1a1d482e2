//go:build linux

package source

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSyslogAddress(t *testing.T) {
	f := func(name, network, address string) {
		t.Helper()
		n, a, err := syslogAddress(name)
		if err != nil && network != "" || n != network || a != address {
			t.Errorf("%s: got %s %s, %v", name, n, a, err)
		}
	}
	f("127.0.0.1:1514", "udp", "127.0.0.1:1514")
	f("udp://127.0.0.1:1514", "udp", "127.0.0.1:1514")
	f("server=[::1]:1514", "udp", "[::1]:1514")
	f(":1514", "udp", "127.0.0.1:1514") // nobody else is heard unless named
	f("0.0.0.0:1514", "udp", "0.0.0.0:1514")
	f("unix:/run/culprit.sock", "unixgram", "/run/culprit.sock")
	f("server=unix:/run/culprit.sock", "unixgram", "/run/culprit.sock")
	f("unix:///run/culprit.sock", "unixgram", "/run/culprit.sock")
	f("unix:", "", "")
	f("127.0.0.1", "", "")
	f("", "", "")
}

// nginxSyslog is what nginx 1.22 sends: error_log syslog:server=….
const nginxSyslog = "<187>Nov 22 14:25:46 web-1 nginx: 2026/11/22 14:25:46 [error] 12#12: *345 connect() failed (111: Connection refused) while connecting to upstream"

// listening follows a socket and returns when it is there.
func listening(t *testing.T, name string) *Follower {
	t.Helper()
	f := Follow([]string{name}, FollowOptions{Poll: time.Millisecond})
	t.Cleanup(func() { f.Close() })
	f.tick(t.Context())
	d := <-f.ready // it is well
	if !d.news || d.trouble != nil {
		t.Fatalf("%s: %v", name, d.trouble)
	}
	return f
}

func send(t *testing.T, network, address string, messages ...string) {
	t.Helper()
	c, err := net.Dial(network, address)
	must(t, err)
	defer c.Close()
	for _, m := range messages {
		_, err := c.Write([]byte(m))
		must(t, err)
	}
}

func TestFollowSyslogUnix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "culprit.sock")
	f := listening(t, "syslog:server=unix:"+path)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o666 {
		t.Errorf("mode %v: the gateway's workers cannot send", info.Mode())
	}
	send(t, "unixgram", path, nginxSyslog, "<190>two\nlines\n\x00", "")
	want := nginxSyslog + "\n<190>two#012lines\n"
	for got := ""; got != want; {
		c, err := f.Next(t.Context())
		must(t, err)
		if got += string(c.Data); !strings.HasPrefix(want, got) {
			t.Fatalf("got %q", got)
		}
	}
	must(t, f.Close())
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is left behind")
	}
}

// TestFollowSyslogStale: a socket that a killed run has left is taken over, one in use is not.
func TestFollowSyslogStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "culprit.sock")
	old, err := net.ListenPacket("unixgram", path)
	must(t, err)
	if _, err := newReceiver("unix:" + path); err == nil {
		t.Error("took a socket that is in use")
	}
	must(t, old.Close())
	f := listening(t, "syslog:unix:"+path)
	must(t, f.Close())
	must(t, os.WriteFile(path, []byte("a file"), 0o644))
	if _, err := newReceiver("unix:" + path); err == nil {
		t.Error("took a file's place")
	}
}

// TestFollowSyslogUDP: what the kernel had to drop is counted.
func TestFollowSyslogUDP(t *testing.T) {
	r, err := newReceiver("127.0.0.1:0")
	must(t, err)
	must(t, r.SetReadBuffer(1)) // the kernel's least
	address := r.LocalAddr().String()
	const sent = 2000
	for range sent / 100 {
		send(t, "udp", address, strings.Split(strings.Repeat(nginxSyslog+"\n", 100), "\n")[:100]...)
	}
	ready := make(chan delivery)
	b := &pipeBuffer{ctx: t.Context(), p: &pipeline{path: syslogPrefix}, ready: ready}
	go b.receive(r)
	lines, lost := 0, 0
	for ended := false; !ended; {
		d := <-ready
		if d.gap != nil {
			n := 0
			fmt.Sscanf(d.gap.Reason, becauseFlooded, &n)
			lost += n
		}
		lines += strings.Count(string(d.data), "\n")
		if lines > 0 && lost == 0 {
			send(t, "udp", address, "one more") // a message tells how many were dropped before it
		}
		ended = strings.HasSuffix(string(d.data), "one more\n") && lost > 0
	}
	if got := lines + lost; got < sent || lost == 0 || lines == lost {
		t.Errorf("%d lines and %d lost, want %d and more", lines, lost, sent)
	}
}
