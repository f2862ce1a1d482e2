//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestFindLogs makes a small machine below a folder.
func TestFindLogs(t *testing.T) {
	root := t.TempDir()
	make := func(path, text string) {
		t.Helper()
		path = root + path
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string, follow ...string) *places {
		t.Helper()
		p := findLogs(root)
		got := strings.Join(p.follow, " ")
		got = strings.ReplaceAll(got, root, "")
		if got != strings.Join(follow, " ") {
			t.Errorf("%s: got %s, want %s", name, got, follow)
		}
		return p
	}
	if p := want("nothing"); p.tell(&env{flags: &common{}, stderr: new(bytes.Buffer)}) == nil {
		t.Error("nothing to follow is no error")
	}
	make("/var/log/nginx/access.log", "")
	make("/var/log/nginx/error.log", "")
	make("/var/log/httpd/error_log", "")
	make("/var/log/apt/term.log", "") // nobody's outage
	make("/var/log/shop/web.log", "")
	make("/var/log/tomcat10/catalina.out", "")
	make("/var/log/syslog", "")
	make("/etc/nginx/sites-enabled/shop", "server {\n  access_log /srv/web/shop.log combined;\n  # error_log /old/error.log;\n  error_log syslog:server=unix:/dev/log;\n  access_log off; error_log /var/log/nginx/shop.log;\n}\n")
	make("/srv/web/shop.log", "")
	make("/old/error.log", "")
	files := []string{"/srv/web/shop.log", "/var/log/httpd/*_log", "/var/log/nginx/*.log", "/var/log/shop/*.log", "/var/log/tomcat10/catalina.out"}
	if p := want("no journal", append(slices.Clone(files), "/var/log/syslog")...); p.files != 7 || len(p.denied) > 0 {
		t.Errorf("%d files, denied %q", p.files, p.denied)
	}

	// With a journal, the system's files would say everything twice.
	make("/run/log/journal/0d5e/system.journal", "")
	make("/bin/journalctl", "#!/bin/sh\n")
	t.Setenv("PATH", root+"/bin")
	if err := os.Chmod(root+"/bin/journalctl", 0o755); err != nil {
		t.Fatal(err)
	}
	p := want("a journal", append(slices.Clone(files), "journal:")...)
	var said bytes.Buffer
	if err := p.tell(&env{flags: &common{}, stderr: &said}); err != nil || !strings.Contains(said.String(), "following 6 files: ") {
		t.Errorf("said %s, %v", said.String(), err)
	}

	for path, mode := range map[string]os.FileMode{"/var/log/nginx/error.log": 0o600, "/var/log/shop": 0o700, "/run/log/journal/0d5e/system.journal": 0o600} {
		if err := os.Chmod(root+path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 { // be somebody who is in no group, on this thread, which ends with the test
		runtime.LockOSThread()
		if os.Chmod(filepath.Dir(root), 0o755) != nil || syscall.Setfsuid(65534) != nil {
			t.Skip("cannot be another user")
		}
		defer syscall.Setfsuid(0)
	}
	p = want("no permission", "/srv/web/shop.log", "/var/log/httpd/*_log", "/var/log/nginx/*.log", "/var/log/tomcat10/catalina.out", "/var/log/syslog")
	said.Reset()
	if err := p.tell(&env{flags: &common{}, stderr: &said}); err != nil {
		t.Error(err)
	}
	for _, words := range []string{"nginx/error.log: no permission", "/var/log/shop: no permission", "the journal: no permission; join its group: sudo usermod -aG systemd-journal $USER"} {
		if !strings.Contains(said.String(), words) {
			t.Errorf("said %s, want %s", said.String(), words)
		}
	}
}

func TestHowToRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "error.log")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := howToRead(path); !strings.Contains(got, "as root") {
		t.Errorf("got %q: no group may read it", got)
	}
	if os.Chown(path, -1, 4) != nil || os.Chmod(path, 0o640) != nil { // adm
		t.Skip("cannot give a file to another group")
	}
	if got := howToRead(path); !strings.Contains(got, "usermod -aG adm $USER") {
		t.Errorf("got %q", got)
	}
}
