package report

import (
	"fmt"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// An opening is what Markdown and HTML say before and instead of incidents; cleaned.
type opening struct {
	Title      string   // the one sentence, without a full stop
	Paragraphs []string // the window, and what is worth knowing at once
	Lacking    []string // logs that would have shown more, if nothing was found
}

func openingOf(r *rules.Report, k clock, opts Options) opening {
	var o opening
	if opts.Filtered && len(r.Incidents) == 0 {
		return opening{Title: trimStop(noMatch)}
	}
	add := func(text string) {
		if text != "" {
			o.Paragraphs = append(o.Paragraphs, Clean(text))
		}
	}
	gateway := hasGateway(r.Sources)
	switch {
	case len(r.Incidents) > 0:
		o.Title = trimStop(summaryOf(r))
	case gateway:
		o.Title = trimStop(noIncidentFound)
	default:
		o.Title = "No incident found"
	}
	if !r.Window[0].IsZero() {
		add(k.span(r.Window[0], r.Window[1]))
	}
	if !gateway && len(r.Sources) > 0 {
		add(noGatewayLog + " " + noGatewayOf(r))
	}
	if len(r.Incidents) == 0 {
		add("Read: " + readOf(r) + ".")
		add(outsideOf(&r.Totals))
		o.Lacking = sentences(lackingOf(r.Sources))
	}
	add(elsewhereOf(&r.Totals))
	add(verifiedOf(r.Incidents))
	return o
}

func trimStop(text string) string { return text[:len(text)-1] }

// Bounds of the lists of Markdown and HTML.
const (
	maxGroupsListed  = 50
	maxSourcesListed = 200
	maxNotesListed   = 50
)

// A sourceRow is a source in words; cleaned.
type sourceRow struct {
	Path, Format, Role, Lines, Unparsed, Span, Zone string
	Skew                                            string // of its clock against the gateway's
}

func sourcesOf(sources []rules.SourceInfo, k clock) (rows []sourceRow, notes []string) {
	for i := range sources[:min(len(sources), maxSourcesListed)] {
		s := &sources[i]
		row := sourceRow{
			Path: Clean(s.Path), Format: formatOf(s), Role: Clean(s.Role.String()), Lines: Number(s.Lines), Unparsed: Number(s.Unparsed),
			Zone: zoneOf(s), Skew: "0 s",
		}
		if first, last := stampUTC(s, s.First), stampUTC(s, s.Last); !first.IsZero() {
			row.Span = k.span(first, last)
		}
		if s.Skew != 0 {
			row.Skew = strings.Replace(fmt.Sprintf("%+.1f s", float64(s.Skew)/1e6), "-", "−", 1)
		}
		if s.Role == parser.RoleUnknown {
			row.Role = "–"
		}
		rows = append(rows, row)
	}
	all := allNotes(sources)
	for _, text := range all[:min(len(all), maxNotesListed)] {
		notes = append(notes, Clean(text))
	}
	if more := len(all) - len(notes); more > 0 {
		notes = append(notes, Counts(int64(more), "more note", "more notes")+" in the JSON report.")
	}
	return rows, notes
}
