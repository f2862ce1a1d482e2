package scan

import (
	"bytes"
	"context"
	"fmt"
	"os"
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

// accessLayouts are lines of access logs in many layouts, as nginx wrote them: with request times in any
// order, attempts after one another, sockets, IPv6 and requests that no upstream was asked for.
func accessLayouts(tb testing.TB) (layouts [][]string) {
	tb.Helper()
	text, err := os.ReadFile("../gateway/testdata/nginx_access_formats.txt")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		switch {
		case line[0] == '$':
			layouts = append(layouts, nil)
		case isDigit(line[0]) && len(layouts) > 0:
			last := &layouts[len(layouts)-1]
			*last = append(*last, strings.TrimSuffix(line, "\n"))
		}
	}
	const head = `203.0.113.9 - - [25/Nov/2026:18:30:51 +0000] "GET /retry/1 HTTP/1.1" 200 12 "-" "curl/8.5.0"`
	return append(layouts, []string{
		head,
		head + ` rt=0.001 uct="0.000" uht="0.001" urt="0.001" ua="127.0.0.1:29101" us="200"`,
		head + ` rt=0.000 uct="-" uht="-" urt="-" ua="-" us="-"`,
		head + ` rt=1.002 uct="0.000, 0.000" uht="-, 0.001" urt="1.001, 0.001" ua="127.0.0.1:29199, [::1]:29101" us="504, 200"`,
		head + ` rt=0.001 uct="- : 0.000" uht="- : 0.001" urt="0.000 : 0.001" ua="127.0.0.1:29199 : unix:/run/app.sock" us="502 : 200"`,
		head + ` "198.51.100.7" urt=0.001 rt=0.002 us=200 upstream_addr=127.0.0.1:29101`,
		head + ` rt=0.001 uct="0.000" uht="0.001" urt="0.001" ua="unix:/run/app.sock" us="200"`,
	})
}

// TestShortLayouts: lines of whatever layout are the same records on either way, each layout by itself and
// all among one another.
func TestShortLayouts(t *testing.T) {
	var all []string
	shorts := 0
	for _, lines := range accessLayouts(t) {
		one := strings.Repeat(strings.Join(lines, "\n")+"\n", 20)
		shorts += shortAlike(t, []byte(one), 64<<10)
		all = append(all, lines...)
	}
	if shorts < len(all)*20/2 {
		t.Errorf("%d of %d lines went the short way", shorts, len(all)*20)
	}
	for step := range 7 {
		var mixed []string
		for i := range len(all) * 10 {
			mixed = append(mixed, all[(i*(2*step+1)+i/7)%len(all)])
		}
		shortAlike(t, []byte(strings.Join(mixed, "\n")+"\n"), 64<<10)
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
	for i, lines := range accessLayouts(f) {
		f.Add([]byte(strings.Join(lines, "\n")), uint16(900), uint8(i))
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
