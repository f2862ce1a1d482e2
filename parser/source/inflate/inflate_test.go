package inflate

import (
	"bufio"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// texts are what the compressor makes all kinds of blocks of.
func texts() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200<<10)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	skewed := make([]byte, 300<<10) // codes of all lengths
	for i := range skewed {
		skewed[i] = byte(random.ExpFloat64() * 12)
	}
	var log bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&log, "2026/11/22 14:%02d:%02d [error] 7#7: *%d connect() failed (111: Connection refused), client: 10.0.%d.%d\n",
			i/60%60, i%60, random.IntN(1e6), random.IntN(256), random.IntN(256))
	}
	return map[string][]byte{
		"nothing": nil, "a byte": []byte("a"), "zeros": make([]byte, 400<<10), "noise": noise, "skewed": skewed, "log": log.Bytes(),
		"far": append(append(append([]byte{}, noise[:windowSize]...), noise[:windowSize]...), noise[:300]...),
	}
}

func deflated(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(text[:len(text)/3])
	w.Flush() // an empty stored block
	w.Write(text[len(text)/3:])
	w.Close()
	return b.Bytes()
}

// read returns what a Reader makes of stream.
func read(stream []byte) ([]byte, error) {
	return io.ReadAll(NewReader(bufio.NewReaderSize(bytes.NewReader(stream), 32)))
}

// kind is what callers tell errors apart by.
func kind(err error) string {
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &corrupt):
		return "corrupt"
	case err != nil:
		return err.Error()
	}
	return ""
}

// compare holds Reader against the standard library's, which leaves a literal or two behind where a
// stream is cut off: it does not begin one before the shortest code would be whole.
func compare(t *testing.T, stream []byte) {
	t.Helper()
	got, err := read(stream)
	want, wantErr := io.ReadAll(flate.NewReader(bytes.NewReader(stream)))
	same := bytes.Equal(got, want) || err == io.ErrUnexpectedEOF && bytes.HasPrefix(got, want) && len(got) <= len(want)+maxCode
	if !same || kind(err) != kind(wantErr) {
		t.Errorf("%d bytes: read %d bytes and %v, the standard library %d and %v", len(stream), len(got), err, len(want), wantErr)
	}
}

func TestRead(t *testing.T) {
	for name, text := range texts() {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			stream := deflated(t, text, level)
			for _, src := range []io.Reader{bytes.NewReader(stream), iotest.OneByteReader(bytes.NewReader(stream)), iotest.DataErrReader(bytes.NewReader(stream))} {
				got, err := io.ReadAll(NewReader(bufio.NewReaderSize(src, 1<<10)))
				if err != nil || !bytes.Equal(got, text) {
					t.Errorf("%s, level %d: %d bytes of %d, %v", name, level, len(got), len(text), err)
				}
			}
		}
	}
}

// TestCut ends a stream behind each of its bytes: all that is whole comes out, and no end is taken for
// a good one.
func TestCut(t *testing.T) {
	for name, text := range texts() {
		stream := deflated(t, text[:min(len(text), 1000)], 6)
		for n := range stream {
			compare(t, stream[:n])
			if got, err := read(stream[:n]); err != io.ErrUnexpectedEOF || !bytes.HasPrefix(text, got) {
				t.Errorf("%s cut off behind %d of %d bytes: %d bytes, %v", name, n, len(stream), len(got), err)
			}
		}
	}
}

// TestDamaged changes each bit of a stream.
func TestDamaged(t *testing.T) {
	all := texts()
	for _, level := range []int{0, 1, 6} {
		stream := deflated(t, append(all["log"][:300:300], all["skewed"][:200]...), level)
		for i := range len(stream) * 8 {
			damaged := bytes.Clone(stream)
			damaged[i/8] ^= 1 << (i % 8)
			compare(t, damaged)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range texts() {
		f.Add(deflated(f, text[:min(len(text), 500)], 6))
	}
	f.Fuzz(compare)
}

// TestNext reads two streams of one source, and the bytes behind them.
func TestNext(t *testing.T) {
	text := texts()["log"]
	src := append(append(deflated(t, text, 6), "ab"...), append(deflated(t, text[:5], 6), 'c')...)
	r := NewReader(bufio.NewReader(bytes.NewReader(src)))
	for _, step := range []struct {
		text   []byte
		behind string
	}{{text, "ab"}, {text[:5], "c"}} {
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, step.text) {
			t.Errorf("%d bytes of %d, %v", len(got), len(step.text), err)
		}
		for _, want := range []byte(step.behind) {
			if b, err := r.ReadByte(); b != want || err != nil {
				t.Errorf("behind the stream stands %q, %v, want %q", b, err, want)
			}
		}
		r.Next()
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("behind all: %v", err)
	}
}

// TestWindow does not let the second stream reach into the first.
func TestWindow(t *testing.T) {
	far := []byte{0x03 | 0x00, 0x02} // a fixed block whose first code is a match
	r := NewReader(bufio.NewReader(bytes.NewReader(append(deflated(t, []byte("aaaa"), 6), far...))))
	if _, err := io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	r.Next()
	if got, err := io.ReadAll(r); kind(err) != "corrupt" || len(got) > 0 {
		t.Errorf("%q, %v", got, err)
	}
}

// TestMachineError hands on what ends the source.
func TestMachineError(t *testing.T) {
	broken := errors.New("broken")
	stream := deflated(t, texts()["log"], 6)
	_, err := io.ReadAll(NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(stream[:len(stream)/2]), iotest.ErrReader(broken)))))
	if err != broken {
		t.Errorf("%v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	text := texts()["log"]
	stream := deflated(b, text, 6)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, NewReader(bufio.NewReader(bytes.NewReader(stream)))); err != nil {
			b.Fatal(err)
		}
	}
}
