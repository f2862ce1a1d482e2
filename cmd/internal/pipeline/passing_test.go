package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"culprit/fixtures/synth"
	"culprit/parser/scan"
	"culprit/rules"
	"culprit/rules/digest"
	"culprit/rules/signature"
)

// outspoken is a Matcher that does not tell where it finds nothing: no line is passed.
type outspoken struct{ *signature.Set }

func (outspoken) Telling() {} // hides the Set's

// folded is what is left of a text that is read in chunks, and what the scanner counted.
func folded(t *testing.T, text []byte, matcher digest.Matcher, chunk int) (*rules.Digest, scan.Stats) {
	t.Helper()
	crew := newCrew(&Config{Matcher: matcher, chunk: chunk}, 1)
	builder := digest.New(rules.SourceInfo{}, matcher, nil)
	stats, err := crew.scan(context.Background(), bytes.NewReader(text), casesYear, builder)
	if err != nil {
		t.Fatal(err)
	}
	return builder.Finish(), stats
}

// passesAlike fails if what is left of a text depends on whether lines are passed.
func passesAlike(t *testing.T, text []byte, chunk int) {
	t.Helper()
	set := signature.Builtin()
	want, wantStats := folded(t, text, outspoken{set}, chunk)
	got, gotStats := folded(t, text, set, chunk)
	if !reflect.DeepEqual(gotStats, wantStats) {
		t.Fatalf("counted %+v\nwithout passing %+v", gotStats, wantStats)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("left %+v\nwithout passing %+v", got, want)
	}
}

// appLines are an application's lines of all kinds of which some can be passed: %s is the
// moment and %d a number.
var appLines = []string{
	"%s INFO [worker-1] shop.web handled /cart for 10.0.0.1 in %d ms",
	"%s INFO [worker-1] shop.web handled /cart for 10.0.0.1 in %d ms",
	"%s INFO [worker-2] shop.web handled /cart/%d for 10.0.0.1 in 7 ms",
	"%s INFO [worker-2] shop.web --> GET /orders/%d, /cart and /media/7",
	"%s WARNING [worker-1] shop.cache miss for key product:%d",
	"%s INFO [worker-1] shop.web reading from upstream 10.0.0.%d",
	"%s INFO [worker-1] shop.web started pid=%d",
	"%s INFO [worker-1] shop.web GET /cart/%d 200 12ms",
	"%s ERROR [worker-1] shop.db connection to server at \"10.0.3.7\", port %d failed: Connection refused",
	"%s INFO [worker-1] shop.web handled {\"pid\": %d}",
	"%s SEVERE [worker-1] shop.web basket %d is gone",
	"%s SEVERE [worker-1] shop.web basket %d is gone",
	"%s INFO served %d",
	"%s INFO plain text of %d",
	"%s INFO plain text of %d\r",
	"%s ERROR plain text of %d",
	"%s shop ERROR python text of %d",
	"%s shop ERROR python text of %d",
	"%s stderr F text %d",
	"%s INFO Sat Nov 22 14:49:27 %d",
	"\tat com.example.Shop.main(Shop.java:%[2]d)",
	"Traceback (most recent call last):\n  File \"a.py\", line %[2]d\nValueError: no",
	"GET /loose/%[2]d",
	"",
}

// plainLines are those without a logger: of two formats only the strictest's lines are passed.
const plainLines = 12

func appText(seed uint64, lines int, stamp string) []byte {
	var b bytes.Buffer
	kinds := appLines
	if seed%2 == 1 {
		kinds = appLines[plainLines:]
	}
	state := seed
	next := func(n int) int {
		state = state*6364136223846793005 + 1442695040888963407
		return int(state >> 33 % uint64(n))
	}
	line := 0
	for i := range lines {
		if next(4) == 0 { // else as the one before
			line = next(len(kinds))
		}
		if next(3) == 0 {
			line = 0
		}
		at := fmt.Sprintf(stamp, 14+i/3600%10, i/60%60, i%60, next(1000))
		text := kinds[line]
		if strings.Contains(text, "%") {
			text = fmt.Sprintf(text, at, next(100000))
		}
		if cut := strings.Index(text, "%!("); cut >= 0 {
			text = text[:cut]
		}
		b.WriteString(text + "\n")
	}
	return b.Bytes()
}

func TestPassing(t *testing.T) {
	for _, stamp := range []string{"2026-11-22 %02d:%02d:%02d,%03d", "2026-11-22 %02d:%02d:%02d.%03d", "2026-11-22 %02d:%02d:%02d%.0d", "2026-11-22T%02d:%02d:%02d.%03dZ"} {
		for seed := range uint64(6) {
			passesAlike(t, appText(seed, 400, stamp), 8<<10)
			passesAlike(t, appText(seed, 4000, stamp), 128<<10) // how lines go on has to be known first
		}
	}
	var b bytes.Buffer
	if err := synth.Write(&b, synth.App, 3, 3<<20); err != nil {
		t.Fatal(err)
	}
	passesAlike(t, b.Bytes(), 0)
}

// TestPassesMost: of a healthy log nearly all lines are passed.
func TestPassesMost(t *testing.T) {
	var b bytes.Buffer
	if err := synth.Write(&b, synth.App, 3, 2<<20); err != nil {
		t.Fatal(err)
	}
	r := scan.NewChunkReader(scan.Options{Telling: signature.Builtin().Telling})
	s := scan.NewSplitter(&b, 4<<20)
	var c scan.Chunk
	s.Next(&c)
	r.Start(context.Background(), &c, casesYear, nil)
	given := int64(0)
	for r.Scan(context.Background()) {
		given++
	}
	if lines := r.Stats().Lines; given*5 > lines {
		t.Errorf("%d of %d lines were handed out", given, lines)
	} else {
		t.Logf("%d of %d lines were handed out", given, lines)
	}
}

// FuzzPassing: whether lines are passed changes nothing but the time.
func FuzzPassing(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(appText(seed, 60, "2026-11-22 %02d:%02d:%02d,%03d"), uint16(900))
	}
	for _, c := range []string{"payroll", "crm", "app"} {
		files, _ := filepath.Glob("../../../fixtures/cases/*/logs/*/" + c + "*.log")
		for _, name := range files[:min(len(files), 3)] {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text[:min(len(text), 8<<10)], uint16(2000))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, chunk uint16) {
		passesAlike(t, text, int(chunk)+200)
	})
}
