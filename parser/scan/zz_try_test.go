package scan

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"culprit/parser"
)

func TestTry(t *testing.T) {
	files, _ := filepath.Glob(os.Getenv("TRYGLOB"))
	for _, f := range files {
		data, _ := os.ReadFile(f)
		r := NewReader(bytes.NewReader(data), Options{Year: 2026})
		sum := int64(0)
		for r.Scan(context.Background()) {
			rec := r.Record()
			sum += int64(rec.Lines)
			if os.Getenv("V") != "" && (rec.Lines > 1 || rec.Format == nil) {
				fmt.Printf("%d+%d %v | %s\n", rec.Line, rec.Lines, rec.Format != nil, parser.Render(rec)[:min(300, len(parser.Render(rec)))])
			}
		}
		st := r.Stats()
		fmt.Println(filepath.Base(filepath.Dir(f)), filepath.Base(f), st.Lines, sum, st.Records, st.Unparsed, st.Formats, r.Err())
		for _, s := range st.Samples {
			fmt.Println("    ", s)
		}
	}
}
