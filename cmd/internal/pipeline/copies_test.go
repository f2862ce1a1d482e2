package pipeline

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refusedLines are nginx 1.22's own line of a refused connection, once a second.
func refusedLines(pid, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2026/11/26 13:20:%02d [error] %d#%d: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 10.20.9.15, server: orders.example.com, request: \"GET /account HTTP/1.1\", upstream: \"http://10.20.1.11:8080/account\", host: \"orders.example.com\"\n", i, pid, pid, 131+2*i)
	}
	return b.String()
}

func TestCopiesCountOnce(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		w.Write([]byte(text))
		w.Close()
		return b.String()
	}
	log := refusedLines(26655, 40)
	beginning := strings.Join(strings.SplitAfter(log, "\n")[:30], "")
	for name, c := range map[string]struct {
		files   map[string]string
		lines   int64
		skipped int
	}{
		"a copy under another name":        {map[string]string{"lb/error.log": log, "lb/error (copy).log": log}, 40, 1},
		"a packed copy elsewhere":          {map[string]string{"lb/error.log": log, "for-anna/errors.txt.gz": packed(log)}, 40, 1},
		"a copy made during the outage":    {map[string]string{"lb/error.log": log, "lb/error.log.bak": beginning}, 40, 1},
		"copytruncate that did not":        {map[string]string{"lb/error.log": log, "lb/error.log.1": beginning, "lb/error.log.2.gz": packed(beginning)}, 40, 2},
		"two gateways with the same story": {map[string]string{"lb-1/error.log": log, "lb-2/error.log": refusedLines(26660, 40)}, 80, 0},
		"a log and what came after it":     {map[string]string{"lb/error.log.1": beginning, "lb/error.log": strings.TrimPrefix(log, beginning)}, 40, 0},
	} {
		dir := t.TempDir()
		for path, text := range c.files {
			path = filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, _, err := analyze(config(2, dir))
		if err != nil {
			t.Fatal(err)
		}
		skipped := 0
		for _, s := range r.Sources {
			if strings.Contains(s.Error, "same content as") {
				skipped++
			}
		}
		if len(r.Incidents) != 1 || r.Incidents[0].ErrorLines != c.lines || skipped != c.skipped {
			t.Errorf("%s: %d incidents, %d skipped, totals %+v", name, len(r.Incidents), skipped, r.Totals)
		}
	}
}

// rsyslog's kern.log and messages begin alike after a boot, and only one has the errors.
func TestNoCopyOfALongerLog(t *testing.T) {
	var boot, more strings.Builder
	for i := range 80 {
		fmt.Fprintf(&boot, "Nov 26 13:19:%02d web-1 kernel: [    %d.%06d] pci 0000:00:%02d.0: reg 0x10: [mem 0xfebd0000-0xfebdffff]\n", i%60, i/60, i*101, i)
	}
	for i := range 60 {
		fmt.Fprintf(&more, "Nov 26 13:21:%02d web-1 cron[811]: (root) CMD (run-parts /etc/cron.hourly)\n", i)
	}
	killed := "Nov 26 13:20:11 web-1 kernel: [   91.873783] Memory cgroup out of memory: Killed process 26534 (python3) total-vm:217708kB, anon-rss:199372kB, file-rss:8824kB, shmem-rss:0kB, UID:33 pgtables:468kB oom_score_adj:0\n"
	dir := t.TempDir()
	for path, text := range map[string]string{"kern.log": boot.String() + killed, "messages": boot.String() + more.String()} {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	skipped := func() (errors []string) {
		r, _, err := analyze(config(1, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.Sources {
			if s.Error != "" {
				errors = append(errors, s.Error)
			}
		}
		return errors
	}
	if errors := skipped(); len(errors) > 0 {
		t.Error(errors)
	}
	gz, err := os.Create(filepath.Join(dir, "saved.gz")) // a copy of the shorter one
	if err != nil {
		t.Fatal(err)
	}
	zip := gzip.NewWriter(gz)
	io.WriteString(zip, boot.String()+killed)
	zip.Close()
	gz.Close()
	if errors := skipped(); len(errors) != 1 || !strings.Contains(errors[0], "saved.gz: same content as kern.log") {
		t.Errorf("a copy of the shorter one: %q", errors)
	}
}

// An application's log is a copy if it is long enough to tell; what two machines write at
// their start may be equal.
func TestCopiesOfApplications(t *testing.T) {
	var long strings.Builder
	for i := range 120 {
		fmt.Fprintf(&long, "2026-11-26 13:%02d:%02d,%03d INFO orders: 10.20.0.11 \"GET /account HTTP/1.1\" 200 -\n", 20+i/60, i%60, i*7)
	}
	long.WriteString("2026-11-26 13:22:10,593 ERROR orders: giving up on database 10.20.2.5:5432: ConnectionRefusedError(111, 'Connection refused')\n")
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"long":  {long.String(), "skip old-collection/orders.log: same content as orders.log"},
		"short": {"2026-11-26 13:20:12,520 INFO orders: listening on 10.20.1.11:8080\n", ""},
	} {
		dir := t.TempDir()
		for _, path := range []string{"orders.log", "old-collection/orders.log"} {
			path = filepath.Join(dir, path)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r, _, err := analyze(config(1, dir))
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, s := range r.Sources {
			got += s.Error
		}
		if got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
