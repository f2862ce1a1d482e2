package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// line is nginx's, from src/http/ngx_http_upstream.c's "connect() failed".
const line = "2026/11/22 14:25:46 [error] 12#12: *1 connect() failed (111: Connection refused)\n"

// bzipped is 40 times line, made by bzip2 -9.
const bzipped = "QlpoOTFBWSZTWe0IKy4AAmvfgAAQSHD3EAgAAAovJZ4AMAE4AKAAAAAFAAAAAApVNUz1TEzSaA0bUbhPcTUTsJzEwJ1E6CZE7ibxNhOQnETmJgTgJwEyJ0EwJqJkTAmRNRNBMCZE0E1EyJ0E6ibhMCaCbxPUTQJgTAnYTgE8CdxMCdwT2CfomwmRO4mRMifgn0J4E2E5BNAmBNhNhOQm4TiJgTiJ/CZCaif4u5IpwoSHaEFZcA=="

// logText is n lines that do not repeat, so that a cut shows where it was.
func logText(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "2026/11/22 14:25:46 [error] %d#12: *%d connect() failed (111: Connection refused), request: \"GET /%x\"\n",
			i%7, i, i*2654435761)
	}
	return b.Bytes()
}

var moment = time.Date(2026, 11, 22, 14, 25, 46, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func gz(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func zst(t testing.TB, data []byte) []byte {
	w, err := zstd.NewWriter(nil)
	must(t, err)
	defer w.Close()
	return w.EncodeAll(data, nil)
}

func xzed(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	must(t, err)
	_, err = w.Write(data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func bz2(t testing.TB) []byte {
	data, err := base64.StdEncoding.DecodeString(bzipped)
	must(t, err)
	return data
}

// A member is a file of an archive.
type member struct {
	name string
	data []byte
}

func tarred(t testing.TB, members ...member) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		must(t, w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.data)), Mode: 0o644, ModTime: moment}))
		_, err := w.Write(m.data)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

func zipped(t testing.TB, members ...member) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		e, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: moment})
		must(t, err)
		_, err = e.Write(m.data)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

// folder writes files into a new directory and returns it.
func folder(t testing.TB, files ...member) string {
	dir := t.TempDir()
	for _, f := range files {
		p := filepath.Join(dir, f.name)
		must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		must(t, os.WriteFile(p, f.data, 0o644))
	}
	return dir
}

// readAll opens and reads a source in odd blocks.
func readAll(t testing.TB, s *Source) ([]byte, error) {
	t.Helper()
	r, err := s.Open(context.Background())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = io.CopyBuffer(struct{ io.Writer }{&b}, struct{ io.Reader }{r}, make([]byte, 7001))
	return b.Bytes(), err
}

// wantTree compares what Open finds with path → content; problems as "path: error".
func wantTree(t *testing.T, args []string, o Options, want map[string]string, problems ...string) {
	t.Helper()
	sources, found := Open(context.Background(), args, o)
	for _, s := range sources {
		data, err := readAll(t, s)
		must(t, err)
		text, ok := want[s.Path]
		if !ok {
			t.Errorf("source %q: not expected", s.Path)
		} else if text != string(data) {
			t.Errorf("source %q: got %d bytes %.60q, want %d bytes %.60q", s.Path, len(data), data, len(text), text)
		}
		if s.Size >= 0 && s.Read() != s.Size {
			t.Errorf("source %q: Read() = %d after the end, Size %d", s.Path, s.Read(), s.Size)
		}
	}
	if len(sources) != len(want) {
		t.Errorf("got %d sources, want %d", len(sources), len(want))
	}
	wantProblems(t, found, problems...)
}

// wantProblems compares "path: part of the error".
func wantProblems(t *testing.T, got []Problem, want ...string) {
	t.Helper()
	for i, p := range got {
		if i >= len(want) {
			t.Errorf("problem not expected: %s: %v", p.Path, p.Err)
			continue
		}
		path, part, _ := strings.Cut(want[i], ": ")
		if p.Path != path || !strings.Contains(p.Err.Error(), part) {
			t.Errorf("problem %d: got %s: %v, want %s", i, p.Path, p.Err, want[i])
		}
	}
	if len(got) < len(want) {
		t.Errorf("problems missing: %q", want[len(got):])
	}
}
