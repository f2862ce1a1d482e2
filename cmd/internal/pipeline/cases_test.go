package pipeline

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"culprit/fixtures"
	"culprit/report"
	"culprit/rules"
	"culprit/rules/correlate"
	"culprit/rules/signature"
)

const (
	casesDir  = "../../../fixtures/cases"
	casesYear = 2026     // of stamps without one; a checkout gives files any time
	copied    = "copied" // the kind of derived case that must find the year itself
)

var update = flag.Bool("update", false, "rewrite goldens")

var loadCases = sync.OnceValues(func() ([]fixtures.Case, error) { return fixtures.Load(casesDir) })

func allCases(t *testing.T) []fixtures.Case {
	t.Helper()
	cases, err := loadCases()
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

func config(workers int, paths ...string) Config {
	return Config{
		Paths: paths, Matcher: signature.Builtin(), Workers: workers, Year: casesYear, ForceYear: true,
		Engine: correlate.Config{Zone: time.UTC},
	}
}

// analyze is what the command does with paths, without a store.
func analyze(cfg Config) (*rules.Report, []byte, error) {
	r, err := Run(context.Background(), cfg)
	if err != nil {
		return nil, nil, err
	}
	var text bytes.Buffer
	for _, f := range report.Formats() {
		if f.Name == "json" {
			err = f.Write(&text, r, report.Options{})
		}
	}
	return r, text.Bytes(), err
}

// An outcome is what the program made of one case.
type outcome struct {
	kind string // "real", or a kind of derived case
	of   string // id of the real case that it comes from
	c    fixtures.Case
	skip string // why it is not applicable
	r    *rules.Report
	text []byte
	got  fixtures.Result
}

// evaluation runs all real cases and all derived ones once a process; real ones first,
// each in its fixed place.
var evaluation = sync.OnceValues(func() ([]outcome, error) {
	cases, err := loadCases()
	if err != nil {
		return nil, err
	}
	plan, err := fixtures.Plan(cases)
	if err != nil {
		return nil, err
	}
	out := make([]outcome, len(cases)+len(plan))
	errs := make([]error, len(out))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				if i < len(cases) {
					out[i] = outcome{kind: "real", of: cases[i].ID, c: cases[i]}
					errs[i] = out[i].run()
				} else {
					out[i], errs[i] = derived(plan[i-len(cases)])
				}
			}
		})
	}
	for i := range out {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, errors.Join(errs...)
})

func derived(d fixtures.Derivation) (outcome, error) {
	o := outcome{kind: d.Kind, of: d.Of}
	dir, err := os.MkdirTemp("", "case")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	var no fixtures.NotApplicable
	switch o.c, err = d.Make(dir); {
	case errors.As(err, &no):
		o.skip = string(no)
		return o, nil
	case err != nil:
		return o, err
	}
	return o, o.run()
}

func (o *outcome) run() error {
	var err error
	cfg := config(1, o.c.Logs())
	cfg.ForceYear = o.kind != copied
	if o.r, o.text, err = analyze(cfg); err != nil {
		return fmt.Errorf("%s: %w", o.c.ID, err)
	}
	if o.got, err = fixtures.Score(&o.c, o.text); err != nil {
		return fmt.Errorf("score %s: %w", o.c.ID, err)
	}
	return nil
}

func evaluate(t *testing.T) []outcome {
	t.Helper()
	if testing.Short() {
		t.Skip("several hundred runs; not with -short")
	}
	all, err := evaluation()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
