package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/rules"
)

// The part of a verdict that a person compares in review: cases/<id>/want.json.
type (
	want struct {
		Incidents []wantIncident `json:"incidents"`
	}
	wantIncident struct {
		Cause        rules.Cause `json:"cause"`
		Confidence   float64     `json:"confidence"`
		Upstreams    []string    `json:"upstreams"`
		Service      string      `json:"service,omitempty"`
		Culprit      string      `json:"culprit,omitempty"`
		Start        string      `json:"start"`
		End          string      `json:"end"`
		State        string      `json:"state"`
		ErrorLines   int64       `json:"gateway_error_lines"` // -1: no log tells
		Failed       int64       `json:"failed_requests"`
		FailedOther  int64       `json:"failed_other"`
		Proof        []string    `json:"proof"` // source:line: signature
		Alternatives []string    `json:"alternatives"`
	}
)

// TestWant compares each case's report in short with the file beside its truth. The
// file says what the program does, the truth what it should: a change here is a change
// of behaviour, and review decides whether it is one to the better.
func TestWant(t *testing.T) {
	for _, o := range evaluate(t) {
		if o.kind != "real" {
			continue
		}
		w := want{Incidents: []wantIncident{}}
		for i := range o.r.Incidents {
			w.Incidents = append(w.Incidents, wanted(&o.r.Incidents[i]))
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(w); err != nil {
			t.Fatal(err)
		}
		fixtures.Golden(t, filepath.Join(o.c.Dir, "want.json"), b.String(), *update)
	}
}

func wanted(in *rules.Incident) wantIncident {
	w := wantIncident{
		Cause: in.Verdict.Cause, Confidence: in.Verdict.Confidence, Upstreams: in.Upstreams, Service: in.Service,
		Culprit: culpritText(&in.Culprit), Start: in.Start.String(), End: in.End.String(), State: in.State,
		ErrorLines: in.ErrorLines, Failed: in.FailedRequests, FailedOther: in.FailedOther,
		Proof: []string{}, Alternatives: []string{},
	}
	for _, e := range in.Evidence {
		if e.Role == rules.RoleCause {
			w.Proof = append(w.Proof, fmt.Sprintf("%s:%d: %s", e.Quote.Source, e.Quote.Line, e.Kind))
		}
	}
	for _, a := range in.Verdict.Alternatives {
		w.Alternatives = append(w.Alternatives, string(a.Cause))
	}
	return w
}

// culpritText joins what is known: process 123, unit.service, container, host.
func culpritText(c *rules.Culprit) string {
	parts := []string{strings.TrimSpace(c.Process + " " + pid(c.PID)), c.Unit, c.Container, c.Host}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

func pid(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
