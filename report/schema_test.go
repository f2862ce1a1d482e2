package report

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"culprit/rules"
)

const schemaFile = "schema/report.schema.json"

// schemas compiles the published schema, and below "incident" the one of a line of tail. Both
// are made strict first: readers may ignore keys that they do not know, we may not write any.
func schemas(t *testing.T) (report, incident *jsonschema.Schema) {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	strict(doc)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	if report, err = c.Compile("report.json"); err != nil {
		t.Fatal(err)
	}
	if incident, err = c.Compile("report.json#/$defs/incident"); err != nil {
		t.Fatal(err)
	}
	return report, incident
}

func strict(v any) {
	switch v := v.(type) {
	case map[string]any:
		_, object := v["properties"]
		if _, open := v["additionalProperties"]; object && !open && v["type"] != nil {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			strict(child)
		}
	case []any:
		for _, child := range v {
			strict(child)
		}
	}
}

func validate(t *testing.T, s *jsonschema.Schema, name string, text []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s.Validate(doc)
}

// The other fixtures are checked where they are analysed, in the pipeline's tests.
func TestSchemaHoldsForGoldens(t *testing.T) {
	report, _ := schemas(t)
	paths, err := filepath.Glob("testdata/cases/*.json")
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d goldens, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, report, path, text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSchemaHoldsForReports(t *testing.T) {
	report, incident := schemas(t)
	for _, make := range []func() *rules.Report{func() *rules.Report { return new(rules.Report) }, quiet, blind, oom} {
		if err := validate(t, report, "report", []byte(render(t, "json", make(), Options{}))); err != nil {
			t.Error(err)
		}
	}
	var line bytes.Buffer
	if err := WriteIncidentLine(&line, "opened", &oom().Incidents[0]); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, incident, "line", line.Bytes()); err != nil {
		t.Error(err)
	}
}

// A schema that takes everything proves nothing.
func TestSchemaRefuses(t *testing.T) {
	report, _ := schemas(t)
	good := render(t, "json", oom(), Options{})
	for _, c := range [][2]string{
		{`"cause": "oom-kill"`, `"cause": "gremlins"`},
		{`"schema": "culprit.report/1"`, `"schema": "culprit.report/2"`},
		{`"failed_requests": 1`, `"failed_requests": -1`},
		{`"failed_requests": 1`, `"failed_requests": "1"`},
		{`"2026-11-22T15:01:59.471Z"`, `"2026-11-22 15:01:59"`},
		{`"role": "cause"`, `"role": "culprit"`},
		{`"confidence": 0.98`, `"confidence": 98`},
		{`"502": 1`, `"bad gateway": 1`},
		{`"hash": "fedcba9876543210"`, `"hash": "0xfe"`},
		{`"related": []`, `"unheard_of": []`},
		{`"advice": [`, `"advise": [`},
	} {
		bad := bytes.Replace([]byte(good), []byte(c[0]), []byte(c[1]), 1)
		if string(bad) == good {
			t.Errorf("%s does not stand in the report", c[0])
		} else if validate(t, report, c[1], bad) == nil {
			t.Errorf("%s passes", c[1])
		}
	}
}
