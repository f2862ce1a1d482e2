package report

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
	"culprit/rules"
)

// at returns the value at a path of keys and indices.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			if step >= len(l) {
				return nil
			}
			v = l[step]
		}
	}
	return v
}

func TestJSONHoldsTheContract(t *testing.T) {
	doc := decode(t, render(t, "json", oom(), Options{}))
	f := func(want any, path ...any) {
		t.Helper()
		if got := dig(doc, path...); !reflect.DeepEqual(got, want) {
			t.Errorf("%v = %v, want %v", path, got, want)
		}
	}
	f("culprit.report/1", "schema")
	f("2026-11-22T15:00:33Z", "window", "start")
	f("2026-11-22T15:03:59Z", "window", "end")
	f("nginx-error", "sources", 3, "format")
	f("gateway", "sources", 3, "role")
	f("+00:00", "sources", 3, "zone")
	f("inferred", "sources", 3, "zone_from")
	f(-2.5, "sources", 1, "skew_seconds")
	f(343.0, "totals", "requests")
	f(2.0, "totals", "client_aborts")

	in := func(want any, path ...any) { t.Helper(); f(want, append([]any{"incidents", 0}, path...)...) }
	in("oom-kill", "cause")
	in("crashed", "family")
	in(0.98, "confidence")
	in("2026-11-22T15:01:59.471Z", "start")
	in(map[string]any{"502": 1.0}, "status_counts")
	in(map[string]any{"process": "gunicorn", "pid": 22838.0, "unit": "shop.service", "container": nil, "host": "web-1"}, "culprit")
	in("premature-close", "symptoms", 0, "class")
	in("reading-response-header-from-upstream", "symptoms", 0, "phase")
	in("primary", "symptoms", 0, "rank")
	in(17.0, "symptoms", 0, "example", "line")
	in("kernel-oom-kill", "evidence", 1, "kind")
	in("cause", "evidence", 1, "role")
	in("2026-11-22T15:01:59Z", "evidence", 1, "time")
	in("kern.log", "evidence", 1, "source")
	in(80.0, "evidence", 1, "line")
	in(map[string]any{"first_line": 1.0, "last_line": 80.0, "offset": 0.0, "length": 6120.0, "hash": "fedcba9876543210"}, "evidence", 1, "record")
	in(nil, "evidence", 1, "message")
	in("killed", "alternatives", 0, "cause")
	in(0.01, "alternatives", 0, "confidence")
	in(25.0, "reasons", 0, "weight")
	in([]any{}, "related")
	in(nil, "timeline", 3, "line") // that entry has no place
}

func TestJSONAbsentKnowledgeIsNull(t *testing.T) {
	r := blind()
	r.Window = [2]rules.Moment{}
	r.Incidents = []rules.Incident{{ID: "x", ErrorLines: -1, PrimaryLines: -1, SecondaryLines: -1, FailedRequests: -1, FailedOther: -1, Evidence: []rules.Evidence{{}}}}
	doc := decode(t, render(t, "json", r, Options{}))
	in := dig(doc, "incidents", 0).(map[string]any)
	for _, key := range []string{"gateway", "service", "start", "end", "gateway_error_lines", "primary_lines", "secondary_lines", "failed_requests", "failed_other", "status_counts"} {
		if v, ok := in[key]; !ok || v != nil {
			t.Errorf("%s = %v, want null", key, v)
		}
	}
	for _, key := range []string{"upstreams", "related", "symptoms", "timeline", "reasons", "alternatives", "advice", "missing"} {
		if v, ok := in[key].([]any); !ok || len(v) != 0 {
			t.Errorf("%s = %v, want []", key, in[key])
		}
	}
	for _, key := range []string{"time", "source", "line", "record"} {
		if v := dig(in, "evidence", 0, key); v != nil {
			t.Errorf("evidence %s = %v", key, v)
		}
	}
	if dig(doc, "window", "start") != nil || dig(doc, "totals", "requests") != nil || dig(doc, "totals", "incidents") != 0.0 {
		t.Errorf("window %v, totals %v", doc["window"], doc["totals"])
	}
}

func TestJSONSourceTimes(t *testing.T) {
	f := func(clock parser.Clock, year bool, want any) {
		t.Helper()
		s := rules.SourceInfo{ZoneOffset: -5 * 3600, ZoneFrom: rules.ZoneFlag, First: stamp(0, clock)}
		if !year {
			s.First.Micros = -62_150_000_000 * parser.Second // year 0
		}
		doc := decode(t, render(t, "json", &rules.Report{Sources: []rules.SourceInfo{s}}, Options{}))
		if got := dig(doc, "sources", 0, "first"); got != want {
			t.Errorf("clock %d: %v, want %v", clock, got, want)
		}
	}
	f(parser.ClockZoned, true, "2026-11-22T15:01:59Z")
	f(parser.ClockLocal, true, "2026-11-22T20:01:59Z")
	f(parser.ClockYearless, true, "2026-11-22T20:01:59Z")
	f(parser.ClockYearless, false, nil)
	f(parser.ClockDay, true, nil)
	f(parser.ClockUptime, true, nil)
	f(parser.ClockNone, true, nil)
}

func TestZoneOffset(t *testing.T) {
	f := func(want string, s rules.SourceInfo) {
		t.Helper()
		if got := zoneOffset(&s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f("", rules.SourceInfo{})
	f("+00:00", rules.SourceInfo{ZoneFrom: rules.ZoneAssumed})
	f("-05:00", rules.SourceInfo{ZoneFrom: rules.ZoneFlag, ZoneOffset: -5 * 3600})
	f("+05:45", rules.SourceInfo{ZoneFrom: rules.ZoneStated, First: parser.Stamp{Clock: parser.ClockZoned, Offset: 20700}})
}

// What a reader gets back is what stood in the log, but for invalid UTF-8.
func TestJSONRoundTripsHostileText(t *testing.T) {
	got := dig(decode(t, render(t, "json", hostile(), Options{})), "incidents", 0, "advice", 0)
	if want := string([]rune(evil)); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestWriteIncidentLine(t *testing.T) {
	for _, r := range []*rules.Report{oom(), hostile()} {
		var b bytes.Buffer
		for _, event := range []string{"opened", "resolved"} {
			if err := WriteIncidentLine(&b, event, &r.Incidents[0]); err != nil {
				t.Fatal(err)
			}
		}
		lines := strings.SplitAfter(b.String(), "\n")
		if len(lines) != 3 || lines[2] != "" || !strings.HasPrefix(lines[1], `{"event":"resolved","id":"`) {
			t.Fatalf("%d lines, second %.60q", len(lines), lines[1])
		}
		line := decode(t, lines[0])
		whole := dig(decode(t, render(t, "json", r, Options{})), "incidents", 0).(map[string]any)
		whole["event"] = "opened"
		if !reflect.DeepEqual(line, whole) {
			t.Errorf("the line differs from the document's incident:\n%v\n%v", line, whole)
		}
	}
}

// The document is built in pieces; it must be what the encoder would have made of it whole.
func TestJSONLayout(t *testing.T) {
	for _, r := range reports {
		text := render(t, "json", r.make(), Options{})
		var again bytes.Buffer
		if err := json.Indent(&again, []byte(text), "", "  "); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if again.String() != text || !strings.HasSuffix(text, "}\n") || strings.HasSuffix(text, "\n\n") {
			t.Errorf("%s: %s", r.name, fixtures.Difference(again.String(), text))
		}
	}
}
