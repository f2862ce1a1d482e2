// Package report prints what a run found: for the person who was woken at three, and for
// programs.
//
// It stands at the end of the flow, beside package store. Its formats are pure functions
// from a rules.Report to a writer: they know no database and no clock, so the same report
// gives the same bytes. Formats lists them in the order in which they are offered:
//
//	for _, f := range report.Formats() {
//		if f.Name == name { err = f.Write(os.Stdout, r, report.Options{Width: 100}) }
//	}
//
// Bytes from logs are hostile: whoever can send a request can write into a log. All text
// from outside goes through Clean before it reaches a terminal, Markdown or HTML; JSON has
// its own escapes. Text tells an incident by itself, in the room a terminal has; Markdown and
// HTML mark up the same story.
package report

import (
	"io"
	"time"

	"culprit/rules"
)

// A Format is one way to print a report.
type Format struct {
	Name string // as given to --format
	Doc  string // one line for the help text
	// Write prints r to w. It returns the writer's error and has no other.
	Write func(w io.Writer, r *rules.Report, o Options) error
}

// Options say how a person wants a report to look; programs' formats ignore them.
// The zero value is plain text of 80 columns in UTC.
type Options struct {
	Color    bool           // escape sequences for colour and weight; meaning never depends on them
	Width    int            // columns of the terminal; 0 is 80, less than 40 is 40
	Location *time.Location // the reader's time zone; nil is UTC
	Filtered bool           // only what matches was asked for: to find nothing says nothing about the logs
	Whole    bool           // each incident was asked for by name: none is told by another one alone
}

// Formats lists all formats in their fixed order.
func Formats() []Format {
	return []Format{
		{Name: "text", Doc: "for reading in a terminal", Write: writeText},
		{Name: "json", Doc: "one document, schema " + Schema, Write: writeJSON},
		{Name: "markdown", Doc: "for a ticket or a wiki", Write: writeMarkdown},
		{Name: "html", Doc: "one page that opens offline and prints", Write: writeHTML},
	}
}
