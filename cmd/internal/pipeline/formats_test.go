package pipeline

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"culprit/fixtures"
	"culprit/report"
	"culprit/rules"
)

const (
	formatsDir = "../../../report/testdata/cases"
	schemaFile = "../../../report/schema/report.schema.json"
)

// fullGoldens are the cases whose reports are kept whole, to be read; of the others a hash
// is kept, which tells that something changed.
var fullGoldens = []string{
	"haproxy-deploy-refused", "keepalive-race-node", "oom-node-docker", "pg-too-many-clients-504", "two-upstreams-two-causes", "client-aborts-only",
}

// TestFormatsGolden renders every case in every format.
func TestFormatsGolden(t *testing.T) {
	if *update {
		if err := os.MkdirAll(formatsDir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var hashes strings.Builder
	for _, c := range allCases(t) {
		r, err := Run(t.Context(), config(1, c.Logs()))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		for _, f := range report.Formats() {
			var text bytes.Buffer
			if err := f.Write(&text, r, report.Options{}); err != nil {
				t.Fatalf("%s: %v", c.ID, err)
			}
			if f.Name == "html" {
				// The head is the same in all pages; the report's own tests keep it.
				body, err := fixtures.WithoutHead(text.String(), emptyPage(t))
				if err != nil {
					t.Fatalf("%s: %v", c.ID, err)
				}
				text.Reset()
				text.WriteString(body)
			}
			if slices.Contains(fullGoldens, c.ID) {
				fixtures.Golden(t, filepath.Join(formatsDir, c.ID+"."+f.Name), text.String(), *update)
			} else {
				fmt.Fprintf(&hashes, "%x  %s.%s\n", sha256.Sum256(text.Bytes()), c.ID, f.Name)
			}
		}
	}
	fixtures.Golden(t, filepath.Join(formatsDir, "hashes.golden"), hashes.String(), *update)
}

func emptyPage(t *testing.T) string {
	t.Helper()
	var page bytes.Buffer
	for _, f := range report.Formats() {
		if f.Name == "html" {
			if err := f.Write(&page, new(rules.Report), report.Options{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return page.String()
}

func TestSchemaHoldsForAllCases(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range allCases(t) {
		_, text, err := analyze(config(1, c.Logs()))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
}

// A series tells the same failures as the counts by status, or else the gateway's lines.
func TestSeriesAddsUp(t *testing.T) {
	for _, c := range allCases(t) {
		r, err := Run(t.Context(), config(1, c.Logs()))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		for i := range r.Incidents {
			in := &r.Incidents[i]
			if got, want := seriesSums(in), statusSums(in); got != want {
				t.Errorf("%s, %s: series %s, status counts %s", c.ID, in.ID, got, want)
			}
			if b := in.Backoff; b != (rules.Backoff{}) && b.First+b.Second+b.Third+b.Never > in.FailedRequests+in.FailedOther {
				t.Errorf("%s, %s: %+v of %d failed requests", c.ID, in.ID, b, in.FailedRequests)
			}
		}
	}
}

func seriesSums(in *rules.Incident) string {
	sums := map[string]int64{}
	for _, p := range in.Series {
		sums[p.Status] += p.Count
	}
	return fmt.Sprint(sums)
}

func statusSums(in *rules.Incident) string {
	sums := map[string]int64{}
	for _, s := range in.StatusCounts {
		sums[s.Status] += s.Count
	}
	if len(sums) == 0 { // lines stand in
		for _, s := range in.Symptoms {
			sums[s.Rank.String()] += s.Count
		}
	}
	return fmt.Sprint(sums)
}

// URL groups tell the same failures as the counts by status do, and no more clients failed
// than requests.
func TestImpactAddsUp(t *testing.T) {
	told := 0
	for _, c := range allCases(t) {
		r, err := Run(t.Context(), config(1, c.Logs()))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		for i := range r.Incidents {
			in := &r.Incidents[i]
			var groups, failed int64
			for _, u := range in.URLs {
				groups += u.Failed
			}
			for _, s := range in.StatusCounts {
				if s.Status != "499" && s.Status != "200" { // clients that gave up, bodies that were cut
					failed += s.Count
				}
			}
			if groups != failed && groups != 0 || in.Clients > failed {
				t.Errorf("%s, %s: %d failed, %d in groups, %d clients", c.ID, in.ID, failed, groups, in.Clients)
			}
			if groups > 0 && in.Clients > 0 {
				told++
			}
		}
	}
	if told < 20 {
		t.Errorf("only %d incidents tell their URL groups and clients", told)
	}
}
