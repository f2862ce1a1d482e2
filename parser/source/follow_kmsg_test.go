//go:build linux

package source

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A ring is a ring buffer: a read gives a record, EPIPE where the next one is overwritten.
type ring struct {
	records []string
	first   int // index of the oldest that is left
	next    int
}

func (r *ring) readRecord(p []byte, wait bool) (int, error) {
	switch {
	case r.next < r.first:
		r.next = r.first
		return 0, syscall.EPIPE
	case r.next == len(r.records) && wait:
		return 0, io.EOF
	case r.next == len(r.records):
		return 0, errWait
	}
	r.next++
	return copy(p, r.records[r.next-1]), nil
}

// kernelRecord is as the kernel writes it, with a dictionary behind the text.
func kernelRecord(sequence int, text string) string {
	return fmt.Sprintf("3,%d,%d,-,caller=T12;%s\n SUBSYSTEM=pci\n DEVICE=+pci:0000:00:01.0\n", sequence, 901327141+sequence, text)
}

// TestFollowKmsgOverwritten: what was overwritten is counted, and nothing comes twice.
func TestFollowKmsgOverwritten(t *testing.T) {
	ready := make(chan delivery)
	b := &pipeBuffer{ctx: t.Context(), p: &pipeline{path: kmsgPrefix}, ready: ready}
	k := &kmsg{boot: "b"}
	k.resume("b:41")
	b.cursor = func([]byte) string { return fmt.Sprint(k.last) }
	r := &ring{}
	for i := range 10 {
		r.records = append(r.records, kernelRecord(40+i, fmt.Sprintf("record %d", i)))
	}
	go func() {
		buf := make([]byte, kmsgRecord)
		all := r.records
		for _, n := range []int{4, 5, 6, 10} {
			if r.records = all[:n]; n == 10 {
				r.first = 9 // 6, 7 and 8 are overwritten
			}
			k.drain(b, r, buf, false)
		}
		close(ready)
	}()
	var got []string
	for d := range ready {
		if d.gap != nil {
			got = append(got, d.gap.Reason)
		}
		for line := range strings.Lines(string(d.data)) {
			_, text, _ := strings.Cut(strings.TrimSpace(line), ";")
			got = append(got, text+" "+d.cursor)
		}
	}
	want := []string{"record 2 43", "record 3 43", "record 4 44", "record 5 45",
		"3 records of the kernel were overwritten before they were read", "record 9 49"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFollowKmsgDevice reads a FIFO instead of the device. O_DIRECT makes each write a read
// of its own (pipe(2)).
func TestFollowKmsgDevice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kmsg")
	must(t, syscall.Mkfifo(path, 0o600))
	device, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, device.Fd(), syscall.F_SETFL, syscall.O_DIRECT); errno != 0 {
		t.Skip(errno)
	}
	defer device.Close()
	opts := FollowOptions{Poll: time.Millisecond, FromStart: true, Now: time.Now}
	f := Follow([]string{kmsgPrefix + path}, opts)
	for i := range 3 {
		fmt.Fprint(device, kernelRecord(7+i, "Out of memory: Killed process 22838 (python3)"))
		c, err := f.Next(t.Context())
		must(t, err)
		stamp, text, _ := strings.Cut(string(c.Data), " ")
		at, err := time.Parse("2006-01-02T15:04:05,000000-07:00", stamp)
		if err != nil || text != "Out of memory: Killed process 22838 (python3)\n" || c.Past {
			t.Fatalf("got %q, %v", c.Data, err)
		}
		want := uptimeZero(time.Now).Add(901327141*time.Microsecond + time.Duration(7+i)*time.Microsecond)
		if off := at.Sub(want).Abs(); off > time.Second {
			t.Errorf("%s is %v off", stamp, off)
		}
	}
	positions := f.Positions()
	must(t, f.Close())
	opts.Start = positions
	f = Follow([]string{kmsgPrefix + path}, opts)
	defer f.Close()
	fmt.Fprint(device, kernelRecord(9, "again"))
	fmt.Fprint(device, kernelRecord(10, "new"))
	c, err := f.Next(t.Context())
	must(t, err)
	if strings.Contains(string(c.Data), "again") {
		t.Errorf("got %q, which was read before", c.Data)
	}
}

// TestFollowKmsgMachine reads the machine's own ring buffer.
func TestFollowKmsgMachine(t *testing.T) {
	file, err := os.OpenFile(kmsgDevice, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	var one [kmsgRecord]byte
	if n, err := syscall.Read(int(file.Fd()), one[:]); err != nil || n == 0 {
		t.Skip("no record to be read:", err)
	}
	f := Follow([]string{kmsgDevice}, FollowOptions{Poll: time.Millisecond})
	c, err := f.Next(t.Context())
	must(t, err)
	if !c.Past || len(c.Data) == 0 {
		t.Errorf("got %q, past %v", c.Data, c.Past)
	}
	must(t, f.Close())
}

func TestKmsgFields(t *testing.T) {
	f := func(record string, sequence, micros int64, text string, ok bool) {
		t.Helper()
		s, m, got, is := kmsgFields([]byte(record))
		if is != ok || ok && (s != sequence || m != micros || string(got) != text) {
			t.Errorf("%s: got %d, %d, %q, %v", record, s, m, got, is)
		}
	}
	// Documentation/ABI/testing/dev-kmsg
	f("7,160,424069,-;pci_root PNP0A03:00: host bridge window [io  0x0000-0x0cf7] (ignored)", 160, 424069, "pci_root PNP0A03:00: host bridge window [io  0x0000-0x0cf7] (ignored)", true)
	f("6,339,5140900,-;NET: Registered protocol family 10", 339, 5140900, "NET: Registered protocol family 10", true)
	f("30,340,5690716,-;udevd[80]: starting version 181", 340, 5690716, "udevd[80]: starting version 181", true)
	f("6,341,1,c,caller=T1;a;b", 341, 1, "a;b", true)
	f("no record", 0, 0, "", false)
	f("6,x,1,-;text", 0, 0, "", false)
}
