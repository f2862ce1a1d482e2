package main

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// terminal returns the file behind a stream if it is a terminal.
func terminal(stream any) (*os.File, bool) {
	f, ok := stream.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// colour reports whether a stream may carry colour.
func (e *env) colour(w io.Writer) bool {
	_, tty := terminal(w)
	return tty && !e.flags.NoColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// pipeWidth lets raw lines pass whole where nobody counts columns; prose is wrapped
// by the report all the same.
const pipeWidth = 5000

// width is the terminal's width in columns, else $COLUMNS, else pipeWidth.
func (e *env) width(w io.Writer) int {
	if f, tty := terminal(w); tty {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns >= 40 {
		return columns
	}
	return pipeWidth
}
