// Package signature recognises what a log line means: each meaning is an entry
// of a YAML file (data/*.yaml) with the lines it must match and the look-alikes it
// must not.
//
// It stands between scan, which yields records, and the digest, which keeps those
// that hold hits:
//
//	set := signature.Builtin()               // or Load(own, signature.Data())
//	if set.Telling(text) < 0 { … }           // optional: pass lines of which none holds a hit
//	hits = set.Match(record, hits[:0])       // one pass, then regexps on candidates only
//
// Load refuses what it cannot understand; Check also runs every sample line.
//
// # Why
//
// Nearly every line is healthy, so the speed of saying no is all that counts. See
// grams for the search and the figures that chose it.
package signature

import (
	"culprit/parser"
	"culprit/rules"
)

// A Set is a compiled, immutable list of signatures. Any number of goroutines may
// match with it at once.
type Set struct {
	rules    []*rule
	literals grams
}

// newSet compiles the search over the literals of all rules.
func newSet(list []*rule) *Set {
	s := &Set{rules: list}
	n := 0
	for _, r := range list {
		n += len(r.contains)
	}
	s.literals.pending = make([]anchor, 0, n+len(scanned))
	for i, r := range list {
		for _, literal := range r.contains {
			s.literals.add(literal, i)
		}
	}
	for _, word := range scanned {
		s.literals.add(word, noRule)
	}
	s.literals.build()
	return s
}

// scanned are the words that the scanner looks for.
var scanned = [...]string{parser.WordUpstream, parser.WordBackend, parser.WordPID}

// Signatures returns the signatures in the set's order: file systems as given to
// Load, files by path, entries as written. Hits come in this order, too. The slice
// is fresh, the signatures are shared and must not be changed.
func (s *Set) Signatures() []*rules.Signature {
	all := make([]*rules.Signature, len(s.rules))
	for i, r := range s.rules {
		all[i] = &r.signature
	}
	return all
}

// Telling returns where in a text, of one line or many, something stands that a line must have
// to hold a hit, or what the scanner looks for: one of its words, or an HTTP method; -1 if nowhere.
func (s *Set) Telling(text []byte) int { return s.literals.first(text, noRule) }

// Match appends the hits of the record to hits and returns it. A signature hits a
// record at most once. It reads Message, but of a gateway's line only what the
// upstream itself said (Gateway.Quoted). Nothing is allocated if nothing matches;
// hits own their strings.
func (s *Set) Match(r *parser.Record, hits []rules.Hit) []rules.Hit {
	text := r.Message
	if r.Kind == parser.KindGateway {
		text = r.Gateway.Quoted
	}
	if first := s.literals.first(text, 0); first >= 0 {
		return s.confirm(r, text, first, hits)
	}
	return hits
}

// confirm tries the rules whose literals stand in text from first on.
func (s *Set) confirm(r *parser.Record, text []byte, first int, hits []rules.Hit) []rules.Hit {
	var found ruleBits
	s.literals.all(text, first, &found)
	for i := range found.each {
		if hit, ok := s.rules[i].match(r, text); ok {
			hits = append(hits, hit)
		}
	}
	return hits
}
