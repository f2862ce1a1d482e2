//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestTailSoak writes to a thousand logs of one directory and rotates them, for the minutes that
// CULPRIT_SOAK says: ten rotations a second, and in the last fifth of the time fifty. No line may
// be missing or come twice, and the program may not grow.
func TestTailSoak(t *testing.T) {
	minutes, _ := strconv.ParseFloat(os.Getenv("CULPRIT_SOAK"), 64)
	if minutes <= 0 {
		t.Skip("CULPRIT_SOAK does not say for how many minutes")
	}
	const (
		logs, kept  = 1000, 3
		pace        = 100 * time.Millisecond
		moderate    = 1 // rotations in each pace
		hard        = 5
		linesAtOnce = 200
	)
	dir := t.TempDir()
	db := filepath.Join(t.TempDir(), "culprit.db")
	address := freeAddress(t)
	files := make([]*os.File, logs+1) // the last is the gateway's, for errors
	want := 0
	path := func(i int) string {
		if i == logs {
			return filepath.Join(dir, "error.log")
		}
		return filepath.Join(dir, fmt.Sprintf("app%d.log", i))
	}
	open := func(i int) {
		f, err := os.OpenFile(path(i), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = f
	}
	write := func(i int, line string) {
		if _, err := files[i].WriteString(line); err != nil {
			t.Fatal(err)
		}
		want++
	}
	for i := range files {
		open(i)
		if i < logs {
			write(i, accessLine(time.Now(), i))
		}
	}
	r := startTail(t, nil, "tail", "--db", db, "--format", "json", "--quiet", "--from-start", "--listen", address, dir)
	begin := time.Now()
	whole := time.Duration(minutes * float64(time.Minute))
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var sizes []int // MiB, one a second
	rotated, failed, at := 0, 0, 0
	for n := 1; time.Since(begin) < whole; n++ {
		<-tick.C
		for range linesAtOnce {
			at = (at + 7) % logs
			write(at, accessLine(time.Now(), n))
		}
		if n%50 == 0 {
			write(logs, refusedLine(time.Now(), n, "10.3.0.1:80"))
			failed++
		}
		turns := moderate
		if time.Since(begin) > whole*4/5 {
			turns = hard
		}
		for range turns {
			i := rotated * 31 % len(files)
			rotated++
			for k := kept; k > 0; k-- {
				os.Rename(fmt.Sprintf("%s.%d", path(i), k), fmt.Sprintf("%s.%d", path(i), k+1))
			}
			os.Remove(fmt.Sprintf("%s.%d", path(i), kept+1))
			if err := os.Rename(path(i), path(i)+".1"); err != nil {
				t.Fatal(err)
			}
			if i < logs {
				write(i, accessLine(time.Now(), n)) // as nginx does until it is told
			} else {
				write(i, refusedLine(time.Now(), n, "10.3.0.1:80"))
				failed++
			}
			files[i].Close()
			open(i)
		}
		if n%10 == 0 {
			sizes = append(sizes, resident(t, r.pid))
		}
	}
	took := time.Since(begin)
	read := 0
	for end := time.Now(); time.Since(end) < time.Minute && read != want; time.Sleep(time.Second) {
		read = linesRead(t, address)
	}
	if read != want {
		t.Errorf("%d lines were read of %d", read, want)
	}
	quarter := len(sizes) / 4
	first, last := median(sizes[quarter:2*quarter]), median(sizes[len(sizes)-quarter:])
	t.Logf("%v: %d lines in %d rotations, %d failures; resident MiB: first quartile of the time %d, second %d, last %d; CPU %.1f %% of a core",
		took.Round(time.Second), want, rotated, failed, median(sizes[:quarter]), first, last, 100*cpuOf(t, r.pid).Seconds()/time.Since(begin).Seconds())
	if last > first*5/4+8 {
		t.Errorf("it has grown from %d MiB to %d", first, last)
	}
	if err := r.stop(); err != nil {
		t.Errorf("it ended with %v: %s", err, r.stderr)
	}
	storedFailed := 0
	for _, line := range storedOutline(t, db) { // and no gaps
		if m := regexp.MustCompile(`lines (\d+)\+`).FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			storedFailed += n
		}
	}
	if storedFailed != failed {
		t.Errorf("%d failures are stored of %d", storedFailed, failed)
	}
}

func median(all []int) int {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

// resident is what a process holds in memory, in MiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no size in %s", status)
	}
	kib, _ := strconv.Atoi(string(m[1]))
	return kib >> 10
}

// cpuOf is the time that a process has had.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// freeAddress is one that nobody listens at.
func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// linesRead asks tail how many lines it has read.
func linesRead(t *testing.T, address string) (read int) {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^culprit_lines_total\{.*\} (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		read += int(n)
	}
	return read
}
