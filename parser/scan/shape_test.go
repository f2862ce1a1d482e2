package scan

import (
	"bytes"
	"strings"
	"testing"

	"culprit/fixtures/synth"
)

// TestShapeMemo: a line has the lock of its shape, whether it is remembered or not, and none after that was
// taken for another shape.
func TestShapeMemo(t *testing.T) {
	var buf bytes.Buffer
	for _, kind := range synth.Kinds {
		if err := synth.Write(&buf, kind, 1, 64<<10); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{"1.2.3.4 - - [22/N", "1.2.3.4 - - [22/M", "11.2.3.4 - - [22/", "2001:db8::17 - - ", "2\xb0.2.3.4 - - [2", "1::\xff0 - - [22/No"} {
		buf.WriteString(strings.Repeat(line+" and so on\n", 2))
	}
	lines := bytes.Split(bytes.TrimSuffix(buf.Bytes(), newline), newline)
	d, m := newDetector(nil), &shapeMemo{}
	for range 2 {
		for i, line := range lines {
			key := shape(line)
			if l := m.lock(d, line); l != nil && (l != d.lock(key) || l.key != key) || l == nil && d.lock(key).key == key {
				t.Fatalf("line %d, %s: another lock than of its shape", i, line)
			}
			if i%3 == 0 {
				*d.lock(key) = lock{key: key}
			} else if i%31 == 0 {
				*d.lock(key + 1) = lock{key: key + 1}
			}
		}
	}
}

// Benchmarks hash the lines of each input; the figures stand at what they call.
func BenchmarkShape(b *testing.B) {
	benchmarkLines(b, func(line []byte) { shape(line) })
}

func BenchmarkSequel(b *testing.B) {
	benchmarkLines(b, func(line []byte) { sequel(line) })
}

func BenchmarkShapeMemo(b *testing.B) {
	d, m := newDetector(nil), &shapeMemo{}
	benchmarkLines(b, func(line []byte) {
		if m.lock(d, line) == nil {
			key := shape(line)
			*d.lock(key) = lock{key: key}
		}
	})
}

func benchmarkLines(b *testing.B, each func([]byte)) {
	for _, kind := range synth.Kinds {
		var buf bytes.Buffer
		if err := synth.Write(&buf, kind, 1, 1<<20); err != nil {
			b.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSuffix(buf.Bytes(), newline), newline)
		b.Run(string(kind), func(b *testing.B) {
			b.SetBytes(int64(buf.Len()))
			for b.Loop() {
				for _, line := range lines {
					each(line)
				}
			}
		})
	}
}
