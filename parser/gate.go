package parser

// A Gate is what a line must have for a format to take it, as far as it can be told at a glance. It
// may let lines through that the format refuses, but must not keep one from it.
type Gate struct {
	First   string // the first byte that is no blank, as in a character class; "" for any
	All     string // bytes that stand somewhere in the line, 0 for any digit
	Some    string // of these at least one, if there are any
	Word    string // this stands in the line
	Program string // or else the envelope names a program that begins so: then any line
	More    func(line []byte) bool
}

// What many lines begin with, for Gate.First.
const (
	Digits   = "0-9"
	Capitals = "A-Z"
	Object   = "{"
)
