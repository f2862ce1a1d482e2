package gateway

import (
	"os"
	"testing"

	"culprit/parser"
)

func sampleTest(t *testing.T, f *parser.Format) {
	t.Helper()
	for _, s := range f.Samples {
		var r parser.Record
		r.Reset()
		got := "rejected"
		if f.Parse([]byte(s.Line), &parser.Env{}, &r) {
			got = parser.Render(&r)
		}
		if got != s.Want {
			if os.Getenv("SHOW") != "" {
				t.Logf("GEN\x01%s\x01%s", s.Line, got)
			}
			t.Errorf("%s: %s\n got %s\nwant %s", f.Name, s.Line, got, s.Want)
		}
	}
}

func TestLighttpdErrorSamples(t *testing.T) { sampleTest(t, lighttpdError) }
