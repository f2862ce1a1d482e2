package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/parser/scan"
	"culprit/report"
	"culprit/report/redact"
	"culprit/rules"
	"culprit/rules/cause"
)

type explainCmd struct {
	Line string `arg:"" optional:"" help:"The line; without it, each line of standard input."`
}

// An explanation is one object of explain's JSON.
type explanation struct {
	Line        int64                `json:"line"`
	Format      *string              `json:"format"`
	Role        *string              `json:"role"`
	Time        *string              `json:"time"`
	Zone        *string              `json:"zone"`
	Level       *string              `json:"level"`
	Symptom     *explainedSymptom    `json:"symptom"`
	Signatures  []explainedSignature `json:"signatures"`
	UsualCauses []rules.Cause        `json:"usual_causes"`
	Meaning     string               `json:"meaning"`
	Fields      map[string]any       `json:"fields"`
	text        string
}

type explainedSymptom struct {
	Class string `json:"class"`
	Phase string `json:"phase"`
	Rank  string `json:"rank"`
}

type explainedSignature struct {
	ID    string             `json:"id"`
	Cause rules.Cause        `json:"cause,omitempty"`
	Role  rules.EvidenceRole `json:"role"`
}

// Run explains one line, or each line that comes.
func (c *explainCmd) Run(e *env) error {
	if err := e.onlyTextOrJSON("explain"); err != nil {
		return err
	}
	set, err := e.signatures()
	if err != nil {
		return err
	}
	w, done, err := e.output()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	in := e.stdin
	if c.Line != "" {
		in = strings.NewReader(c.Line + "\n")
	} else if _, tty := terminal(e.stdin); tty {
		return usageError{errors.New("explain: give a line as argument or on standard input")}
	}
	reader := scan.NewReader(in, scan.Options{Year: e.now.Year()})
	var hits []rules.Hit
	private := e.redactor()
	for reader.Scan(e.ctx) {
		r := reader.Record()
		hits = set.Match(r, hits[:0])
		x := explain(r, hits)
		if private != nil {
			x.redact(private)
		}
		if e.flags.Format == "json" {
			err = json.NewEncoder(out).Encode(x)
		} else {
			err = x.print(out)
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(reader.Err(), out.Flush(), done())
}

func explain(r *parser.Record, hits []rules.Hit) *explanation {
	x := &explanation{Line: r.Line, Fields: map[string]any{}, Signatures: []explainedSignature{}, UsualCauses: []rules.Cause{}, text: string(r.Raw)}
	if r.Format != nil {
		x.Format = &r.Format.Name
		x.Role = ptr(r.Format.Role.String())
	}
	if r.Stamp.Known() && r.Stamp.Clock != parser.ClockUptime {
		x.Time = ptr(stampText(r.Stamp))
		if r.Stamp.Clock == parser.ClockZoned {
			x.Zone = ptr(parser.FormatOffset(r.Stamp.Offset))
		}
	}
	if r.Level != parser.LevelNone {
		x.Level = ptr(r.Level.String())
	}
	x.fields(r)
	switch {
	case r.Kind == parser.KindGateway:
		x.gateway(&r.Gateway)
	case r.Kind == parser.KindAccess && r.Format != nil && r.Format.Role == parser.RoleGateway:
		g := r.Gateway
		if g.Symptom == parser.SymptomNone && (rules.Failed(r.Access.Status) || r.Access.Status == 499) {
			g.Symptom, g.Phase = gateway.InferSymptom(&r.Access)
			g.Rank = inferredRank(g.Symptom)
		}
		x.gateway(&g)
	}
	for i := range hits {
		x.hit(&hits[i])
	}
	if x.Meaning == "" {
		x.Meaning = plainMeaning(r)
	}
	return x
}

// redact replaces what is private in the line and in what was read from it.
func (x *explanation) redact(d *redact.Redactor) {
	x.text, x.Meaning = d.Text(x.text), d.Text(x.Meaning)
	for key, v := range x.Fields {
		if text, ok := v.(string); ok {
			x.Fields[key] = d.Text(text)
		}
	}
}

// inferredRank is the rank of what an access line alone tells.
func inferredRank(s parser.Symptom) parser.Rank {
	switch s {
	case parser.SymptomNone:
		return parser.RankNone
	case parser.SymptomNoLivePeer:
		return parser.RankSecondary
	case parser.SymptomClientAbort, parser.SymptomRefusedOnPurpose:
		return parser.RankNoise
	}
	return parser.RankPrimary
}

func ptr(s string) *string { return &s }

func stampText(s parser.Stamp) string {
	text := s.Time().Format("2006-01-02T15:04:05.999999")
	switch s.Clock {
	case parser.ClockDay:
		return s.Time().Format("15:04:05.999999")
	case parser.ClockYearless:
		return text
	case parser.ClockZoned:
		return text + "Z"
	}
	return text
}

func (x *explanation) gateway(g *parser.Gateway) {
	if g.Symptom != parser.SymptomNone || g.Rank != parser.RankNone {
		x.Symptom = &explainedSymptom{Class: g.Symptom.String(), Phase: g.Phase.String(), Rank: g.Rank.String()}
	}
	for _, c := range g.Causes {
		x.cause(rules.Cause(c))
	}
	if m, ok := gateway.MessageByKey(g.MessageKey); ok {
		x.Meaning = m.Meaning
	}
	for _, c := range cause.Usual(g.Symptom) {
		x.cause(c)
	}
}

func (x *explanation) hit(h *rules.Hit) {
	s := h.Signature
	x.Signatures = append(x.Signatures, explainedSignature{ID: s.ID, Cause: s.Cause, Role: s.Role})
	x.cause(s.Cause)
	for _, c := range s.Also {
		x.cause(c)
	}
	if text := cause.Meaning(h); !strings.Contains(x.Meaning, text) {
		x.Meaning = strings.TrimSpace(x.Meaning + " " + text + ".")
	}
	for _, f := range h.Fields {
		if _, ok := x.Fields[f.Name]; !ok && f.Value != "" {
			x.Fields[f.Name] = f.Value
		}
	}
}

func (x *explanation) cause(c rules.Cause) {
	if c.Family() != "" && !slices.Contains(x.UsualCauses, c) {
		x.UsualCauses = append(x.UsualCauses, c)
	}
}

func (x *explanation) fields(r *parser.Record) {
	text := func(key string, value []byte) {
		if len(value) > 0 {
			x.Fields[key] = string(bytes.ToValidUTF8(value, []byte("\uFFFD")))
		}
	}
	number := func(key string, n int64) {
		if n != 0 {
			x.Fields[key] = n
		}
	}
	text("host_name", r.Host)
	text("program", r.Program)
	text("unit", r.Unit)
	text("container", r.Container)
	number("pid", r.PID)
	switch r.Kind {
	case parser.KindGateway:
		g := &r.Gateway
		number("connection", g.Connection)
		number("errno", int64(g.Errno))
		text("client", g.Client)
		text("server", g.Server)
		text("request", g.Request)
		text("upstream", g.Upstream)
		text("host", g.Host)
	case parser.KindAccess:
		a := &r.Access
		text("client", a.Client)
		text("host", a.Host)
		text("request", a.Request)
		text("method", a.Method)
		text("target", a.Target)
		number("status", int64(a.Status))
		if a.Tries > 0 {
			text("upstream", a.Attempts[a.Tries-1].Addr)
		}
	}
}

func plainMeaning(r *parser.Record) string {
	switch {
	case r.Kind == parser.KindAccess && rules.Failed(r.Access.Status):
		return "A finished request that failed."
	case r.Kind == parser.KindAccess:
		return "A finished request."
	case r.Format == nil:
		return "No format knows this line; it is read as text."
	}
	return "An ordinary line that says nothing about a failure."
}

// print is the form for people.
func (x *explanation) print(w io.Writer) error {
	var b strings.Builder
	row := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", key, report.Clean(value))
		}
	}
	first, _, _ := strings.Cut(x.text, "\n")
	fmt.Fprintf(&b, "%s\n", report.Clean(first))
	row("format", cmp.Or(deref(x.Format), "not recognised"))
	row("time", strings.TrimSpace(deref(x.Time)+" "+deref(x.Zone)))
	row("level", deref(x.Level))
	if s := x.Symptom; s != nil {
		row("symptom", strings.TrimPrefix(fmt.Sprintf("%s, %s, %s", s.Class, s.Phase, s.Rank), ", "))
	}
	for _, s := range x.Signatures {
		row("signature", strings.TrimSuffix(fmt.Sprintf("%s (%s) %s", s.ID, s.Role, s.Cause), " "))
	}
	var causes []string
	for _, c := range x.UsualCauses {
		causes = append(causes, string(c))
	}
	row("usual causes", strings.Join(causes, ", "))
	row("meaning", x.Meaning)
	for _, key := range slices.Sorted(maps.Keys(x.Fields)) {
		row("· "+key, fmt.Sprint(x.Fields[key]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
