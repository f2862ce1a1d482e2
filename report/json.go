package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"culprit/parser"
	"culprit/rules"
)

// Schema names the JSON document's shape. A change that could break a reader gets a new
// number and a line in the change log.
const Schema = "culprit.report/1"

// writeJSON prints the document of Schema. Incidents are encoded one after the other, so
// that many cost no more memory than one.
func writeJSON(w io.Writer, r *rules.Report, _ Options) error {
	out := bufio.NewWriter(w)
	head, err := encode(documentOf(r), "", "  ")
	if err != nil {
		return err
	}
	out.Write(bytes.TrimSuffix(head, []byte("\n}")))
	out.WriteString(",\n  \"incidents\": [")
	for i := range r.Incidents {
		body, err := encode(incidentOf(&r.Incidents[i]), "    ", "  ")
		if err != nil {
			return err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		if _, err := out.Write(body); err != nil {
			return err // the first error of a buffered writer stays; no use in going on
		}
	}
	if len(r.Incidents) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("]\n}\n")
	return out.Flush()
}

// WriteIncidentLine prints an incident as one JSON object on one line with the key "event":
// "opened", "updated" or "resolved". The rest is as in the document's incidents.
func WriteIncidentLine(w io.Writer, event string, in *rules.Incident) error {
	line, err := encode(struct {
		Event string `json:"event"`
		incident
	}{event, incidentOf(in)}, "", "")
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// encode returns v as JSON without a last newline. Invalid UTF-8 becomes U+FFFD.
func encode(v any, prefix, indent string) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false) // log lines are full of <, > and &
	e.SetIndent(prefix, indent)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	return escapeInvisible(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}

// escapeInvisible writes what is not printable as \u escapes: DEL, C1 controls, bidirectional
// marks and their like. JSON allows them raw, but the document may be looked at in a terminal,
// and U+009B begins an escape sequence there. They can stand inside strings only, where the
// two forms are equal.
func escapeInvisible(b []byte) []byte {
	at := bytes.IndexFunc(b, invisible)
	if at < 0 {
		return b
	}
	out := append(make([]byte, 0, len(b)+64), b[:at]...)
	for i, size := at, 0; i < len(b); i += size {
		var r rune
		switch r, size = utf8.DecodeRune(b[i:]); {
		case !invisible(r):
			out = append(out, b[i:i+size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// invisible spares ASCII, whose controls the encoder has escaped and whose newlines are its layout.
func invisible(r rune) bool { return r >= 0x7f && !strconv.IsPrint(r) }

// The shapes of the document. Pointers are null where something is not known.
type (
	document struct {
		Schema  string   `json:"schema"`
		Window  window   `json:"window"`
		Sources []source `json:"sources"`
		Totals  totals   `json:"totals"`
	}
	window struct {
		Start *string `json:"start"`
		End   *string `json:"end"`
	}
	source struct {
		Path     string   `json:"path"`
		Format   *string  `json:"format"`
		Role     string   `json:"role"`
		Lines    int64    `json:"lines"`
		Unparsed int64    `json:"unparsed"`
		Bytes    int64    `json:"bytes"`
		First    *string  `json:"first"`
		Last     *string  `json:"last"`
		Zone     *string  `json:"zone"`
		ZoneFrom *string  `json:"zone_from"`
		Skew     float64  `json:"skew_seconds"`
		Error    *string  `json:"error"`
		Warnings []string `json:"warnings,omitempty"`
	}
	totals struct {
		Incidents         *int64 `json:"incidents"`
		GatewayErrorLines *int64 `json:"gateway_error_lines"`
		Requests          *int64 `json:"requests"`
		FailedRequests    *int64 `json:"failed_requests"`
		FailedOther       *int64 `json:"failed_other"`
		ClientAborts      *int64 `json:"client_aborts"`
		Refused           *int64 `json:"refused"`
	}
)

func documentOf(r *rules.Report) document {
	t := &r.Totals
	d := document{
		Schema:  Schema,
		Window:  window{known(r.Window[0].String()), known(r.Window[1].String())},
		Sources: make([]source, len(r.Sources)),
		Totals: totals{
			counted(t.Incidents), counted(t.GatewayErrorLines), counted(t.Requests), counted(t.FailedRequests),
			counted(t.FailedOther), counted(t.ClientAborts), counted(t.Refused),
		},
	}
	for i := range r.Sources {
		d.Sources[i] = sourceOf(&r.Sources[i])
	}
	return d
}

func sourceOf(s *rules.SourceInfo) source {
	return source{
		Path: s.Path, Format: known(s.Format), Role: s.Role.String(), Lines: s.Lines, Unparsed: s.Unparsed, Bytes: s.Bytes,
		First: known(stampUTC(s, s.First).String()), Last: known(stampUTC(s, s.Last).String()),
		Zone: known(zoneOffset(s)), ZoneFrom: known(string(s.ZoneFrom)), Skew: finite(float64(s.Skew) / 1e6),
		Error: known(s.Error), Warnings: s.Warnings,
	}
}

// zoneOffset returns the zone that a source's stamps are read in as +01:00, "" if it has
// none. Stamps that state their zone may state several; the first stands for them.
func zoneOffset(s *rules.SourceInfo) string {
	switch {
	case s.ZoneFrom == "":
		return ""
	case s.ZoneFrom == rules.ZoneStated && s.First.Clock == parser.ClockZoned:
		return parser.FormatOffset(s.First.Offset)
	}
	return parser.FormatOffset(s.ZoneOffset)
}

// stampUTC places a source's own stamp in UTC by its zone. The skew of its clock is told
// beside and not subtracted: this is what stands in the file. A stamp without a date has
// no place.
func stampUTC(s *rules.SourceInfo, t parser.Stamp) rules.Moment {
	m := rules.Moment{Micros: t.Micros, Precision: t.Precision}
	switch {
	case t.Clock == parser.ClockZoned:
		return m
	case t.Clock < parser.ClockYearless || t.Time().Year() <= 0:
		return rules.Moment{}
	}
	m.Micros -= int64(s.ZoneOffset) * parser.Second
	return m
}

// known returns nil for "" and 0.
func known[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// counted returns nil for a negative count: no source could tell.
func counted(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// finite guards against numbers that JSON has no form for.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// twoDigits rounds a probability to what it is known to.
func twoDigits(f float64) float64 { return math.Round(finite(f)*100) / 100 }
