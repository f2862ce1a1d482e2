package scan

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"culprit/fixtures"
)

// inChunks reads text as several Readers would, one chunk after the other, and returns
// the rendered records, what was counted, and how many chunks a Reader had to take over.
func inChunks(t *testing.T, text string, size, lead int, opts Options) (all []string, total Stats, taken int) {
	t.Helper()
	ctx := context.Background()
	s := NewSplitter(strings.NewReader(text), size)
	s.leadSize, s.maxLine = lead, opts.MaxLine
	var before *Reader
	var first Memory
	for {
		c := &Chunk{}
		if !s.Next(c) {
			return all, total, taken
		}
		r := NewChunkReader(opts)
		if before == nil {
			r.Start(ctx, c, opts.Year, nil)
		} else {
			r.Start(ctx, c, opts.Year, &first)
		}
		part := records(r)
		if before != nil && !r.Follows(before) {
			taken++
			before.Continue(c)
			part, r = records(before), before
		}
		if before == nil {
			r.Remember(&first)
		}
		all = append(all, part...)
		st := r.Stats()
		total.Add(&st)
		before = r
	}
}

func records(r *Reader) (all []string) {
	for r.Scan(context.Background()) {
		rec := r.Record()
		line, text, at := r.PhysicalLine(rec, len(rec.Message)/2)
		all = append(all, fmt.Sprintf("%d+%d@%d %q %q %d %d %v %v %v %s", rec.Line, rec.Lines, rec.Offset, rec.Raw, text, line, at, rec.Stamp, rec.After, rec.Before, fixtures.Render(rec)))
	}
	return all
}

func sameInChunks(t *testing.T, name, text string, size, lead int, opts Options) (taken, chunks int) {
	t.Helper()
	r := NewReader(strings.NewReader(text), opts)
	want := records(r)
	got, total, taken := inChunks(t, text, size, lead, opts)
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("%s, chunks of %d: record %d is\n%s\nand not\n%s", name, size, i, got[i], want[i])
		}
	}
	if len(want) != len(got) {
		t.Fatalf("%s, chunks of %d: %d records and not %d", name, size, len(got), len(want))
	}
	st := r.Stats()
	st.Encoding = ""
	if fmt.Sprint(st) != fmt.Sprint(total) {
		t.Fatalf("%s, chunks of %d: counted\n%+v and not\n%+v", name, size, total, st)
	}
	return taken, len(text) / size
}

// TestChunksGiveTheSameRecords reads logs with records of many lines in chunks of many
// sizes, also such as hold less than a record.
func TestChunksGiveTheSameRecords(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 5))
	opts := Options{Year: 2026, MaxLine: 4 << 10}
	texts := map[string]string{
		"no stamp":    strings.Repeat(dockerLine("stdout", "00.1", "a")+"no stamp\n  no stamp\n"+goLine+"plain text\n", 60),
		"nginx":       strings.Repeat(nginxOne+nginxPHP+"trace\n", 40),
		"long lines":  goLine + strings.Repeat("x", 100<<10) + "\n" + goLine + strings.Repeat("y", 20<<10) + "\n" + goLine,
		"NULs":        strings.Repeat(goLine+"\x00\x00\x00"+nginxOne+"\xff\x00x\n", 40),
		"no newline":  strings.Repeat(goLine, 40) + "the end",
		"two streams": strings.Repeat(dockerLine("stdout", "00.1", "a")+dockerLine("stderr", "00.1", "Traceback (most recent call last):")+dockerLine("stdout", "00.2", "b")+dockerLine("stderr", "00.2", "KeyError: 1"), 60),
		"tail -f":     strings.Repeat("==> a.log <==\n"+goLine+"\n==> b.log <==\n"+nginxOne, 40),
	}
	for _, c := range traces {
		texts[c.name] = strings.Repeat(goLine+goLine+c.text, 30)
	}
	for name, text := range texts {
		for range 6 {
			sameInChunks(t, name, text, 1+rnd.IntN(12<<10), 1+rnd.IntN(2<<10), opts)
		}
	}
}

// TestChunksAreSeldomTakenOver: an ordinary log is read by as many Readers as there are chunks.
func TestChunksAreSeldomTakenOver(t *testing.T) {
	var syslog strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&syslog, "Nov 22 15:%02d:%02d web-1 %s[%d]: connection %d was handled in some milliseconds\n",
			i/600%60, i/10%60, []string{"sshd", "gunicorn", "cron", "postfix/smtpd"}[i*7%4], 1000+i/3, i)
	}
	for name, text := range map[string]string{
		"many processes":   syslog.String(),
		"nginx error log":  strings.Repeat(nginxOne, 20000),
		"application log":  strings.Repeat(goLine, 20000),
		"docker":           strings.Repeat(dockerLine("stdout", "00.1", "a")+dockerLine("stderr", "00.1", "b"), 10000),
		"traces in it all": strings.Repeat(strings.Repeat(goLine, 20)+traces[0].text, 1000),
	} {
		taken, chunks := sameInChunks(t, name, text, 300<<10, leadBytes, Options{Year: 2026, MaxLine: DefaultMaxLine})
		if chunks < 2 || taken > 0 {
			t.Errorf("%s: %d of %d chunks were taken over", name, taken, chunks)
		}
	}
}

// FuzzChunks: wherever a source is cut, the records are the same. It knows few formats: which
// of several takes a line that all of them like may depend on the lines before.
func FuzzChunks(f *testing.F) {
	for _, c := range traces {
		f.Add([]byte(goLine+c.text+c.text+c.text), uint16(7), uint16(50))
	}
	f.Add([]byte(strings.Repeat("__REALTIME_TIMESTAMP=1\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00a\n\nb\n\n", 20)), uint16(1), uint16(10))
	f.Add([]byte(strings.Repeat("2026-11-22T14:30:00.1Z stderr P pan\n2026-11-22T14:30:00.1Z stderr F ic\n", 20)), uint16(3), uint16(9))
	f.Add([]byte(strings.Repeat(nginxOne+firstEntry+secondEntry+"\n"+nginxPHP+"a"+secondEntry, 5)), uint16(9), uint16(300))
	f.Fuzz(func(t *testing.T, text []byte, size, lead uint16) {
		sameInChunks(t, "text", string(text), 1+int(size)%2000, 1+int(lead)%2000, Options{Year: 2026, MaxLine: 200, Formats: benchFormats[:1]})
	})
}

// TestSplitterTells what the source ended with.
func TestSplitterTells(t *testing.T) {
	s := NewSplitter(io.MultiReader(strings.NewReader(goLine+goLine), failing{}), 0)
	var c Chunk
	if !s.Next(&c) || !c.Last() {
		t.Fatal("no chunk, or not the last one")
	}
	r := NewChunkReader(Options{})
	r.Start(context.Background(), &c, 2026, nil)
	if n := len(records(r)); n != 2 || r.Err() != io.ErrClosedPipe {
		t.Errorf("%d records, error %v", n, r.Err())
	}
	if s.Next(&c) {
		t.Error("another chunk behind the last one")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
