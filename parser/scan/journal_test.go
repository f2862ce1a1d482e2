package scan

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"culprit/fixtures"
	"culprit/parser"
)

// A journalEntry is one record of journald with the fields that count here.
type journalEntry struct {
	micros                       int64
	identifier, pid, unit, level string
	message                      string
}

const journalStart = 1795356987_219650

var journal = []journalEntry{
	{journalStart, "gunicorn", "7", "shop.service", "3", "Traceback (most recent call last):"},
	{journalStart + 10, "gunicorn", "7", "shop.service", "3", `  File "/srv/a.py", line 1, in f`},
	{journalStart + 20, "nginx", "9", "nginx.service", "6", strings.TrimSpace(nginxOne)},
	{journalStart + 30, "gunicorn", "7", "shop.service", "3", "KeyError: 'x'"},
	{journalStart + 40, "kernel", "", "", "4", "gunicorn invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"},
	{journalStart + 50, "kernel", "", "", "4", "CPU: 0 PID: 7 Comm: gunicorn"},
	{journalStart + 60, "kernel", "", "", "3", "Memory cgroup out of memory: Killed process 7 (gunicorn) total-vm:1kB"},
	{journalStart + 70, "systemd-coredump", "99", "systemd-coredump@0.service", "2", "Process 7 (gunicorn) dumped core.\n\nStack trace of thread 7:\n#0  0x00007f raise (libc.so.6 + 0x1)"},
	{journalStart + 2_000_000, "gunicorn", "8", "shop.service", "6", "[2026-11-22 14:16:29 +0000] [8] [INFO] Booting worker with pid: 8"},
}

func (e *journalEntry) each(f func(key, value string)) {
	f("SYSLOG_IDENTIFIER", e.identifier)
	if e.pid != "" {
		f("_PID", e.pid)
	}
	if e.unit != "" {
		f("_SYSTEMD_UNIT", e.unit)
	}
	f("PRIORITY", e.level)
	f("MESSAGE", e.message)
	f("_BOOT_ID", "8f2c4d0a6b1e4f7c9d3a5e6f70819203")
}

// object returns the entry as journalctl -o json has it.
func (e *journalEntry) object() map[string]string {
	all := map[string]string{"__CURSOR": "s=1;i=1", "__REALTIME_TIMESTAMP": fmt.Sprint(e.micros)}
	e.each(func(key, value string) { all[key] = value })
	return all
}

// Layouts of journalctl -o (systemd 252, src/shared/logs-show.c).
var journalLayouts = map[string]func(e *journalEntry) string{
	"json": func(e *journalEntry) string {
		b, _ := json.Marshal(e.object())
		return string(b) + "\n"
	},
	"json-pretty": func(e *journalEntry) string {
		b, _ := json.MarshalIndent(e.object(), "", "\t")
		return string(b) + "\n"
	},
	"export": func(e *journalEntry) string {
		var b strings.Builder
		fmt.Fprintf(&b, "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=%d\n", e.micros)
		e.each(func(key, value string) {
			if !strings.Contains(value, "\n") {
				fmt.Fprintf(&b, "%s=%s\n", key, value)
				return
			}
			var size [8]byte
			binary.LittleEndian.PutUint64(size[:], uint64(len(value)))
			fmt.Fprintf(&b, "%s\n%s%s\n", key, size[:], value)
		})
		return b.String() + "\n"
	},
	"verbose": func(e *journalEntry) string {
		var b strings.Builder
		b.WriteString(time.UnixMicro(e.micros).UTC().Format("Mon 2006-01-02 15:04:05.000000 UTC") + " [s=1;i=1;b=3;m=1;t=1;x=1]\n")
		e.each(func(key, value string) {
			below := "\n" + strings.Repeat(" ", 4+len(key)+1)
			fmt.Fprintf(&b, "    %s=%s\n", key, strings.ReplaceAll(value, "\n", below))
		})
		return b.String()
	},
}

// What is in an entry counts, not how journalctl printed it: the four layouts with all fields
// give the same records, traces over several entries and formats inside of messages.
func TestReaderReadsJournalLayoutsAlike(t *testing.T) {
	want := []string{
		`text level=error program=gunicorn unit=shop.service pid=7 msg="Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in f\nKeyError: 'x'"`,
		`nginx-error level=error program=nginx unit=nginx.service pid=8491 symptom=conn-refused upstream=127.0.0.1:9001`,
		`kernel level=warn program=kernel msg="gunicorn invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\nCPU: 0 PID: 7 Comm: gunicorn\nMemory cgroup out of memory: Killed process 7 (gunicorn) total-vm:1kB"`,
		`text level=crit program=systemd-coredump unit=systemd-coredump@0.service pid=99 msg="Process 7 (gunicorn) dumped core.\n\nStack trace of thread 7:\n#0  0x00007f raise (libc.so.6 + 0x1)"`,
		`gunicorn level=info program=gunicorn unit=shop.service pid=8 msg="Booting worker with pid: 8"`,
	}
	stamps := []int64{journalStart, journalStart + 20, journalStart + 40, journalStart + 70, journalStart + 2_000_000}
	for name, layout := range journalLayouts {
		var text strings.Builder
		for i := range journal {
			text.WriteString(layout(&journal[i]))
		}
		r := NewReader(strings.NewReader(text.String()), Options{Year: 2026})
		n := 0
		for ; r.Scan(context.Background()); n++ {
			rec := r.Record()
			if n >= len(want) || journalRecord(rec) != want[n] || rec.Stamp.Micros != stamps[n] {
				t.Errorf("%s: record %d at %d\n got  %s\n want %s", name, n, rec.Stamp.Micros, journalRecord(rec), want[min(n, len(want)-1)])
				continue
			}
			checkPlaces(t, name, r, rec, text.String())
		}
		if n != len(want) {
			t.Errorf("%s: %d records, want %d", name, n, len(want))
		}
	}
}

// journalRecord renders a record without its time, and of a gateway's what counts here.
func journalRecord(r *parser.Record) string {
	format := "text "
	if r.Format != nil {
		format = r.Format.Name + " "
	}
	c := *r
	c.Stamp = parser.Stamp{}
	if r.Kind == parser.KindGateway {
		c.Message = nil
		c.Gateway = parser.Gateway{Symptom: r.Gateway.Symptom, Upstream: r.Gateway.Upstream}
	}
	return format + fixtures.Render(&c)
}

// checkPlaces fails unless every line of the message is found on the physical line that holds it.
func checkPlaces(t *testing.T, name string, r *Reader, rec *parser.Record, text string) {
	t.Helper()
	at := 0
	for part := range bytes.SplitSeq(rec.Message, newline) {
		_, line, offset := r.PhysicalLine(rec, at)
		escaped, _ := json.Marshal(string(part))
		if !bytes.Contains(line, part) && !bytes.Contains(line, escaped[1:len(escaped)-1]) || !strings.HasPrefix(text[offset:], string(line)) {
			t.Errorf("%s: %q stands on %q", name, part, line)
		}
		at += len(part) + 1
	}
}
