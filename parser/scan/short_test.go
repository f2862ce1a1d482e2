package scan

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/fixtures/synth"
	"culprit/parser/gateway"
)

// handedOut reads a text in chunks of a size, with or without the short way, and returns all
// that the records tell, what was counted, and how many went the short way.
func handedOut(text []byte, size int, short bool) (all []string, st Stats, shorts int) {
	ctx := context.Background()
	r := NewChunkReader(Options{})
	r.chunked = short
	s := NewSplitter(bytes.NewReader(text), size)
	var c Chunk
	for first := true; s.Next(&c); first = false {
		if first {
			r.Start(ctx, &c, 2026, nil)
		} else {
			r.Continue(&c)
		}
		for r.Scan(ctx) {
			rec, format := r.Record(), ""
			if r.handed != nil {
				shorts++
			}
			if rec.Format != nil {
				format = rec.Format.Name
			}
			line, raw, offset := r.PhysicalLine(rec, 0)
			all = append(all, fmt.Sprintf("%d %d %d %q %s %v %+v %v %d %q %d", rec.Line, rec.Lines, rec.Offset, rec.Raw, format, rec.Stamp, rec.Gateway,
				fixtures.Render(rec), line, raw, offset))
		}
		part := r.Stats()
		st.Add(&part)
	}
	return all, st, shorts
}

func shortAlike(t *testing.T, text []byte, size int) (shorts int) {
	t.Helper()
	want, wantStats, _ := handedOut(text, size, false)
	got, gotStats, shorts := handedOut(text, size, true)
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("record %d on the short way: %s\nwant %s", i, got[min(i, len(got)-1)], want[i])
		}
	}
	if len(got) != len(want) || !reflect.DeepEqual(gotStats, wantStats) {
		t.Fatalf("%d records, counted %+v\nwant %d, %+v", len(got), gotStats, len(want), wantStats)
	}
	return shorts
}

// TestShort: nearly all lines of nginx's logs go the short way, to the same records.
func TestShort(t *testing.T) {
	for _, kind := range []synth.Kind{synth.Error, synth.Access} {
		var b bytes.Buffer
		if err := synth.Write(&b, kind, 1, 2<<20); err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{3 << 10, 128 << 10, 4 << 20} {
			shorts := shortAlike(t, b.Bytes(), size)
			if lines := bytes.Count(b.Bytes(), newline); size > 100<<10 && shorts < lines*9/10 {
				t.Errorf("%s: %d of %d lines went the short way", kind, shorts, lines)
			}
		}
	}
}

// FuzzShort: the short way and the long one lead to the same records. Lines are repeated,
// since a format is known from the second one on.
func FuzzShort(f *testing.F) {
	var all []string
	for _, format := range gateway.Formats() {
		for _, s := range fixtures.Samples(format.Name) {
			if isDigit(s.Line[0]) {
				all = append(all, s.Line)
			}
		}
	}
	for i := range all {
		f.Add([]byte(strings.Join(all[i:min(i+4, len(all))], "\n")), uint16(500), uint8(i))
	}
	f.Add([]byte(nginxOne+firstEntry+secondEntry+"\n"+nginxPHP+"a"+secondEntry), uint16(900), uint8(2))
	for _, c := range traces {
		f.Add([]byte(nginxOne+"\n"+c.text), uint16(700), uint8(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, size uint16, twice uint8) {
		lines := bytes.Split(text, newline)
		var long []byte
		for i, line := range lines {
			for range 1 + int(twice)>>(i%8)&1*2 {
				long = append(append(long, line...), '\n')
			}
		}
		shortAlike(t, bytes.TrimSuffix(long, newline), int(size)+100)
	})
}
