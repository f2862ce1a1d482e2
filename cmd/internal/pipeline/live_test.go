package pipeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"culprit/fixtures"
	"culprit/parser/source"
	"culprit/rules"
)

// TestLiveEqualsBatch follows every case's logs from their beginning and compares
// what the live engine made of them with the batch result: same incidents, same ids,
// same causes, same counts.
func TestLiveEqualsBatch(t *testing.T) {
	for _, c := range allCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			lines := copyPlain(t, &c, dir)
			if lines == 0 {
				t.Skip("has an archive: a followed path is plain")
			}
			want, _, err := analyze(config(1, dir))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := outline(follow(t, dir, lines)), outline(want); got != want {
				t.Errorf("live:\n%sbatch:\n%s", got, want)
			}
		})
	}
}

// follow runs Tail over a folder until all lines are in the report.
func follow(t *testing.T, dir string, lines int64) *rules.Report {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last *rules.Report
	cfg := LiveConfig{
		Config: config(1, dir), Now: time.Now,
		Follow: source.FollowOptions{FromStart: true, Poll: 20 * time.Millisecond},
		Sink: func(u Update) error {
			last = u.Report
			var read int64
			for _, s := range u.Report.Sources {
				read += s.Lines
			}
			if read >= lines {
				cancel()
			}
			return nil
		},
	}
	if err := Tail(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	return last
}

// copyPlain copies a case's logs; 0 if one of them is packed.
func copyPlain(t *testing.T, c *fixtures.Case, dir string) (lines int64) {
	t.Helper()
	err := filepath.WalkDir(c.Logs(), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".1") {
			return io.EOF
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines += int64(strings.Count(string(text), "\n"))
		to := filepath.Join(dir, strings.TrimPrefix(path, c.Logs()))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644)
	})
	if err == io.EOF {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func outline(r *rules.Report) string {
	var b strings.Builder
	for _, in := range r.Incidents {
		fmt.Fprintf(&b, "%s %s %s %v %s-%s lines %d+%d failed %d+%d pid %d\n", in.ID, in.Verdict.Cause, in.Service, in.Upstreams,
			in.Start, in.End, in.PrimaryLines, in.SecondaryLines, in.FailedRequests, in.FailedOther, in.Culprit.PID)
	}
	return b.String()
}
