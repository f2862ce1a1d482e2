package signature

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrInvalid is in the chain of every error of Load that is about the content of a
// rule file.
var ErrInvalid = errors.New("invalid signature")

// A Problem is something wrong with one entry of a rule file.
type Problem struct {
	File string // path in its file system
	Line int    // from 1
	Rule string // id; "" if it has none
	What string
	Hint string // what to do; may be ""
}

// String renders "file:line: rule-id: what; hint".
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Rule != "" {
		s += p.Rule + ": "
	}
	s += p.What
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// Error makes a Problem an error that wraps ErrInvalid.
func (p Problem) Error() string { return p.String() }

// Unwrap returns ErrInvalid.
func (p Problem) Unwrap() error { return ErrInvalid }

// problems collects what is wrong with the file and rule that are being read.
type problems struct {
	file string
	rule string
	list []Problem
}

func (p *problems) add(line int, hint, format string, args ...any) {
	p.list = append(p.list, Problem{File: p.file, Line: line, Rule: p.rule, What: fmt.Sprintf(format, args...), Hint: hint})
}

// sorted orders by file and line, keeping the order of those on one line.
func sorted(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return list
}
