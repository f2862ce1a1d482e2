package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"culprit/rules"
)

// TestTaggedAccessLines: two applications write their requests in Apache's combined format
// into one journal, as Puma, gunicorn and waitress do; each line stays its tag's, so that the
// requests tell which of the two serves the address that failed.
// Under one name of an interpreter it is the process's.
func TestTaggedAccessLines(t *testing.T) {
	for name, tags := range map[string][2]string{"units": {"orders", "billing"}, "one interpreter": {"node", "node"}} {
		t.Run(name, func(t *testing.T) { testTaggedAccessLines(t, tags) })
	}
}

func testTaggedAccessLines(t *testing.T, tags [2]string) {
	begin := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	var access, errors, journal strings.Builder
	for s := range 240 {
		at := begin.Add(time.Duration(s) * time.Second)
		for i, unit := range tags {
			path, status := fmt.Sprintf("/%c/%d", 'a'+i, s*7%400), 200
			if i == 1 && s >= 100 && s < 130 {
				status = 502
				fmt.Fprintf(&errors, "%s [error] 31#31: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 10.1.2.9, server: _, request: \"GET %s HTTP/1.1\", upstream: \"http://127.0.0.1:9302%s\", host: \"x\"\n",
					at.Format("2006/01/02 15:04:05"), s, path, path)
			} else {
				fmt.Fprintf(&journal, "%s web1 %s[%d]: 127.0.0.1 - - [%s] \"GET %s HTTP/1.0\" 200 157 \"-\" \"curl/8\"\n",
					at.Format(time.Stamp), unit, 811+i, at.Format("02/Jan/2006:15:04:05 -0700"), path)
			}
			fmt.Fprintf(&access, "10.1.2.9 - - [%s] \"GET %s HTTP/1.1\" %d 157 \"-\" \"curl/8\"\n", at.Format("02/Jan/2006:15:04:05 -0700"), path, status)
		}
		if s == 99 {
			for i, unit := range tags {
				for _, line := range []string{"Traceback (most recent call last):", `  File "app.py", line 3, in serve`, "KeyError: 'rate'"} {
					fmt.Fprintf(&journal, "%s web1 %s[%d]: %s\n", at.Format(time.Stamp), unit, 811+i, line)
				}
			}
		}
	}
	r := reportOf(t, map[string]string{"access.log": access.String(), "error.log": errors.String(), "journal.txt": journal.String()})
	in := &r.Incidents[0]
	if in.Verdict.Cause != rules.CauseUnhandledException || in.Service != tags[1] || in.Culprit.PID != 812 || in.FailedRequests != 30 {
		t.Errorf("%s of %s, pid %d, %d failed requests; want unhandled-exception of %s, pid 812, 30", in.Verdict.Cause, in.Service, in.Culprit.PID, in.FailedRequests, tags[1])
	}
	if r.Totals.Requests != 480 {
		t.Errorf("%d requests, want the gateway's 480", r.Totals.Requests)
	}
}

// reportOf is the report of logs by name, which tell one incident.
func reportOf(t *testing.T, logs map[string]string) *rules.Report {
	t.Helper()
	dir := t.TempDir()
	for name, text := range logs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, _, err := analyze(config(2, dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Incidents) != 1 {
		t.Fatalf("%d incidents, want 1", len(r.Incidents))
	}
	return r
}
