package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func paths(sources []*Source) (all []string) {
	for _, s := range sources {
		all = append(all, s.Path)
	}
	return all
}

func TestOpenExpandsArguments(t *testing.T) {
	one, two := []byte("one\n"), []byte("two\n")
	t.Chdir(folder(t, member{"logs/nginx/error.log", one}, member{"logs/app.log", two}, member{"logs/.hidden.log", one},
		member{"logs/.git/HEAD", one}, member{"logs/node_modules/x/y.log", one}, member{"empty/.keep", one}, member{"odd[1].log", two}))
	must(t, os.Mkdir("nothing", 0o755))
	skipped := "logs: skip 3 hidden"
	dir := map[string]string{"nginx/error.log": "one\n", "app.log": "two\n"}
	wantTree(t, []string{"logs"}, Options{}, dir, skipped)
	wantTree(t, []string{"logs/"}, Options{}, dir, "logs/: skip 3 hidden")
	wantTree(t, []string{"logs", "logs/nginx/error.log", "./logs/app.log", "logs"}, Options{}, dir, skipped, skipped)
	wantTree(t, []string{"logs/nginx/error.log", "./logs/app.log"}, Options{},
		map[string]string{"logs/nginx/error.log": "one\n", "./logs/app.log": "two\n"})
	wantTree(t, []string{"logs/*.log", "logs/nginx/e*", "odd[1].log"}, Options{},
		map[string]string{"logs/nginx/error.log": "one\n", "logs/app.log": "two\n", "odd[1].log": "two\n"})
	wantTree(t, []string{"logs/.hidden.log"}, Options{}, map[string]string{"logs/.hidden.log": "one\n"})
	wantTree(t, []string{"-", "-"}, Options{Stdin: strings.NewReader("in\n")}, map[string]string{"-": "in\n"})
	wantTree(t, []string{"*.txt", "-", "empty", "missing.log", "nothing"}, Options{}, nil, "*.txt: no file matches",
		"-: no standard input", "empty: skip 1", "missing.log: no such file", "nothing: no files")
	_, problems := Open(context.Background(), []string{"missing.log"}, Options{})
	if !errors.Is(problems[0].Err, fs.ErrNotExist) || problems[0].Err.Error() != "open missing.log: no such file or directory" {
		t.Errorf("got %v", problems[0].Err)
	}
}

func TestOpenFollowsLinksOnce(t *testing.T) {
	dir := folder(t, member{"real/a.log", []byte("a\n")}, member{"elsewhere/b.log", []byte("b\n")})
	root := filepath.Join(dir, "real")
	must(t, os.Symlink(root, filepath.Join(root, "loop")))
	must(t, os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(root, "aa-linked")))
	must(t, os.Symlink(filepath.Join(root, "a.log"), filepath.Join(root, "0-current")))
	must(t, os.Link(filepath.Join(root, "a.log"), filepath.Join(root, "hard.log")))
	must(t, os.Symlink("/dev/null", filepath.Join(root, "stdout.log")))
	must(t, os.Symlink("gone", filepath.Join(root, "broken.log")))
	wantTree(t, []string{root}, Options{}, map[string]string{"hard.log": "a\n", "aa-linked/b.log": "b\n"},
		"broken.log: no such file", "stdout.log: a device")
}

func TestOpenIsIndependentOfTheArguments(t *testing.T) {
	t.Chdir(folder(t, member{"w1/nginx/error.log", []byte("1\n")}, member{"w2/nginx/error.log", []byte("2\n")},
		member{"w2/nginx/error.log.1", []byte("3\n")}, member{"w1/app.tgz", gz(t, tarred(t, member{"a.log", []byte("4\n")}))},
		member{"w2/wtmp", append([]byte("\x02\x00\x00\x00\x00\x00\x00\x00~\x00"), make([]byte, 374)...)},
		member{"w1/wtmp", append([]byte("\x02\x00\x00\x00\x00\x00\x00\x00~\x00"), make([]byte, 374)...)}))
	args := []string{"w1", "w2", "w2/nginx/error.log", "w1/app.tgz"}
	want, problems := Open(context.Background(), args, Options{})
	if got := strings.Join(paths(want), " "); got != "app.tgz!a.log w1/nginx/error.log w2/nginx/error.log.1 w2/nginx/error.log" {
		t.Errorf("got %s", got)
	}
	wantProblems(t, problems, "w1/wtmp: login records", "w2/wtmp: login records")
	for range 4 {
		args = append(args[1:], args[0])
		got, _ := Open(context.Background(), args, Options{})
		if !slices.Equal(paths(got), paths(want)) {
			t.Errorf("%v: got %v, want %v", args, paths(got), paths(want))
		}
	}
}

func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	fifo, sock := filepath.Join(dir, "fifo"), filepath.Join(dir, "sock")
	must(t, syscall.Mkfifo(fifo, 0o600))
	l, err := net.Listen("unix", sock)
	must(t, err)
	defer l.Close()
	// Found in a folder they are left alone; named, the pipe is read.
	wantTree(t, []string{dir}, Options{}, nil, "fifo: a pipe", "sock: a socket")
	wantTree(t, []string{sock}, Options{}, nil, sock+": a socket")
	wantTree(t, []string{"/dev/null"}, Options{}, nil, "/dev/null: a device")
	text := logText(5000)
	go func() {
		w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err == nil {
			w.Write(gz(t, text))
			w.Close()
		}
	}()
	wantTree(t, []string{fifo}, Options{}, map[string]string{fifo: string(text)})
	if runtime.GOOS == "linux" {
		sources, _ := Open(context.Background(), []string{"/proc/self/status"}, Options{})
		if data, err := readAll(t, sources[0]); err != nil || !bytes.HasPrefix(data, []byte("Name:")) || sources[0].Size != -1 {
			t.Errorf("got %.20q, %v, size %d", data, err, sources[0].Size)
		}
	}
}

// A pipe nobody writes to must not hold the program.
func TestCancelEndsWaiting(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, syscall.Mkfifo(fifo, 0o600))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, problems := Open(ctx, []string{fifo}, Options{}) // waits for a writer
	if len(problems) != 1 || !errors.Is(problems[0].Err, context.DeadlineExceeded) {
		t.Errorf("got %v", problems)
	}
	w, err := os.OpenFile(fifo, os.O_RDWR, 0)
	must(t, err)
	defer w.Close()
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, problems = Open(ctx, []string{fifo}, Options{}) // waits for data
	if len(problems) != 1 || !errors.Is(problems[0].Err, context.DeadlineExceeded) {
		t.Errorf("got %v", problems)
	}
	ctx, cancel = context.WithCancel(context.Background())
	sources, _ := Open(ctx, []string{folder(t, member{"a.gz", gz(t, logText(9000))})}, Options{})
	r, err := sources[0].Open(ctx)
	must(t, err)
	defer r.Close()
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableIsAProblem(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := folder(t, member{"a.log", []byte("a\n")}, member{"b/b.log", nil}, member{"c.log", []byte("c\n")})
	must(t, os.Chmod(filepath.Join(dir, "a.log"), 0))
	must(t, os.Chmod(filepath.Join(dir, "b"), 0))
	defer os.Chmod(filepath.Join(dir, "b"), 0o755)
	wantTree(t, []string{dir}, Options{}, map[string]string{"c.log": "c\n"}, "a.log: permission denied", "b: permission denied")
}

func TestTwinsAreReadOnce(t *testing.T) {
	text := logText(100)
	dir := folder(t, member{"error.log", []byte(line)}, member{"error.log.1", text}, member{"error.log.1.gz", gz(t, text)},
		member{"error.log.2.gz", gz(t, text)}, member{"other.log.1", text})
	wantTree(t, []string{dir}, Options{}, map[string]string{"error.log": line, "error.log.1": string(text),
		"error.log.2.gz": string(text), "other.log.1": string(text)}, "error.log.1.gz: same content as error.log.1")
}

// A log truncated under a writer that does not append begins with a hole.
func TestZeroBytesInFront(t *testing.T) {
	hole := string(make([]byte, 10_000))
	dir := folder(t, member{"copytruncate.log", []byte(hole + line)}, member{"lastlog", []byte(hole)},
		member{"power.log", []byte(line + hole[:3000] + line)}, member{"small", []byte(hole[:100])},
		member{"noise", []byte("\x01\x02\x03\x04\x05\x06\x0e\x0f abc\n")}, member{"latin.log", []byte("Verbindung verweigert f\xfcr \x1b[31mweb\x1b[0m\n")})
	wantTree(t, []string{dir}, Options{}, map[string]string{"copytruncate.log": hole + line, "power.log": line + hole[:3000] + line,
		"small": hole[:100], "latin.log": "Verbindung verweigert f\xfcr \x1b[31mweb\x1b[0m\n"}, "lastlog: zero bytes", "noise: binary data")
}

// Noise is what compressed and encrypted data look like whose first bytes nobody knows.
func TestNoiseIsNoLog(t *testing.T) {
	gbk := bytes.Repeat([]byte("2026-11-24 10:00:00 \xc1\xac\xbd\xd3\xca\xa7\xb0\xdc\n"), 100)
	if isBinary(gbk) {
		t.Error("GBK text is taken for binary data")
	}
	for seed := range uint64(1000) {
		noise := make([]byte, headBytes)
		rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(noise)
		if !isBinary(noise) {
			t.Fatalf("noise of seed %d is taken for text", seed)
		}
	}
}

func TestNotLogsSayWhatToDo(t *testing.T) {
	f := func(head, what, advice string) {
		t.Helper()
		dir := folder(t, member{"it's", []byte(head + strings.Repeat("\x00\x01", 100))})
		sources, problems := Open(context.Background(), []string{dir}, Options{})
		var not *NotLogError
		if len(sources) != 0 || len(problems) != 1 || !errors.As(problems[0].Err, &not) || not.Path != "it's" {
			t.Fatalf("%q: got %v %v", head, paths(sources), problems)
		}
		if not.What != what || not.Advice != strings.ReplaceAll(advice, "FILE", "'"+dir+`/it'\''s'`) {
			t.Errorf("%q: got %s; %s", head, not.What, not.Advice)
		}
	}
	f("LPKSHHRH", "a systemd journal in its binary form", "journalctl --file FILE -o json | culprit analyze -")
	f("\x7fELF\x02", "a program, library or core dump", "for a core dump: coredumpctl info, or gdb -c FILE")
	f("SQLite format 3\x00", "an SQLite data base", "")
	f("\x89PNG\r\n", "an image", "")
	f("\x0a\x0d\x0d\x0a", "a packet capture", "tshark -r FILE")
	f("7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x -so FILE | culprit analyze -")
	f("", "binary data of an unknown kind", "")
}

// Nothing that this package starts outlives its readers.
func TestNoGoroutineStays(t *testing.T) {
	text := logText(5000)
	dir := folder(t, member{"a.zst", zst(t, text)}, member{"a.gz", gz(t, text)}, member{"a.xz", xzed(t, text)},
		member{"a.tar.zst", zst(t, tarred(t, member{"a.log", text}))}, member{"a.zip", zipped(t, member{"a.log", text})})
	before := runtime.NumGoroutine()
	sources, _ := Open(context.Background(), []string{dir}, Options{})
	for _, s := range sources {
		r, err := s.Open(context.Background())
		must(t, err)
		io.ReadFull(r, make([]byte, 10))
		r.Close()
	}
	for i := 0; runtime.NumGoroutine() > before && i < 1000; i++ {
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

func BenchmarkRead(b *testing.B) {
	text := logText(300_000)
	for _, m := range []member{{"plain", text}, {"gz", gz(b, text)}, {"zst", zst(b, text)}, {"tar.gz", gz(b, tarred(b, member{"a", text}))}} {
		b.Run(m.name, func(b *testing.B) {
			sources, _ := Open(context.Background(), []string{folder(b, m)}, Options{})
			block := make([]byte, 256<<10)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := sources[0].Open(context.Background())
				must(b, err)
				for err == nil {
					_, err = r.Read(block)
				}
				r.Close()
			}
		})
	}
}

func BenchmarkOpenCompressedTar(b *testing.B) {
	text := logText(300_000)
	dir := folder(b, member{"a.tar.gz", gz(b, tarred(b, member{"a.log", text}))})
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Open(context.Background(), []string{dir}, Options{})
	}
}
