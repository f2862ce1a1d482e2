package signature

import (
	"regexp"
	"strings"
	"sync"
)

// A pattern is a regular expression that is compiled when a line first needs it. To compile
// all of the built-in ones takes 30 ms, and a run meets candidates for a few of them.
type pattern struct {
	source string
	once   sync.Once
	re     *regexp.Regexp
	names  []string // of the groups, by index; "" for unnamed ones
}

// multiline is in front of each source: ^ and $ are the bounds of a line.
const multiline = "(?m)"

// newPattern returns nil for an entry without pattern.
func newPattern(t text) *pattern {
	if t.line == 0 {
		return nil
	}
	return &pattern{source: t.value}
}

// compiled returns the expression. It panics if it is broken: whoever lets users write
// patterns calls check first, and a test does for the built-in ones.
func (p *pattern) compiled() *regexp.Regexp {
	p.once.Do(func() {
		if p.re == nil {
			p.set(regexp.MustCompile(multiline + p.source))
		}
	})
	return p.re
}

func (p *pattern) set(re *regexp.Regexp) { p.re, p.names = re, re.SubexpNames() }

// check compiles a user's pattern at once and adds a problem if it is broken. Without a
// pattern there is nothing to check.
func (p *pattern) check(line int, found *problems) {
	if p == nil {
		return
	}
	re, err := regexp.Compile(multiline + p.source)
	if err != nil {
		found.add(line, "RE2 syntax: no look-around, no back-references", "pattern does not compile: %s",
			strings.Replace(strings.TrimPrefix(err.Error(), "error parsing regexp: "), multiline, "", 1))
		return
	}
	p.set(re)
}

// groups returns the names of the groups of a checked pattern; none if there is no pattern,
// or a broken one.
func (p *pattern) groups() []string {
	if p == nil {
		return nil
	}
	return p.names
}
