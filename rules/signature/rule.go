package signature

import (
	"bytes"
	"net"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Bounds of a hit.
const (
	maxFields     = 16
	maxFieldBytes = 256
)

// proofGroup names the (mostly empty) group that marks where Hit.Start is, for a
// pattern that reads fields from lines before the proof line.
const proofGroup = "proof"

// Two captures whose text is apart in a line are put together: ip and port give
// the field address, too ("DST=10.0.0.9 … DPT=8080" is 10.0.0.9:8080).
const ipGroup = "ip"

// A rule is a signature with what it takes to recognise it.
type rule struct {
	signature rules.Signature
	contains  []string // one must be in the text
	all       []string // and all of these
	not       []string // and none of these
	pattern   *pattern // nil if the literals are enough
	from      []string
	level     parser.Level     // a line that tells its level must have this one or a worse
	below     parser.Level     // and one less severe than this; LevelNone bounds nothing
	told      parser.Level     // and each line must tell this one or a worse
	sure      parser.Level     // below this level the line is unsure's
	unsure    *rules.Signature // the signature, weak; nil if sure is not told

	// For the checker.
	file   string
	line   int
	accept []sample
	reject []sample
}

// match reports whether the record is of the rule's kind; text is the part of the
// record that counts.
func (r *rule) match(rec *parser.Record, text []byte) (rules.Hit, bool) {
	if !r.heeds(rec.Level) || !r.admits(rec) {
		return rules.Hit{}, false
	}
	for _, literal := range r.all {
		if !containsText(text, literal) {
			return rules.Hit{}, false
		}
	}
	for _, literal := range r.not {
		if containsText(text, literal) {
			return rules.Hit{}, false
		}
	}
	if r.pattern == nil {
		return rules.Hit{Signature: r.meaning(rec.Level), Start: firstOf(text, r.contains)}, true
	}
	at := r.pattern.compiled().FindSubmatchIndex(text)
	if at == nil {
		return rules.Hit{}, false
	}
	return r.hit(r.meaning(rec.Level), text, at), true
}

// heeds reports whether lines of a level may be of the rule's kind. Those without a
// level may, unless it must be told: many loggers have none.
func (r *rule) heeds(level parser.Level) bool {
	return level >= r.told && (level == parser.LevelNone || level >= r.level && (r.below == parser.LevelNone || level < r.below))
}

// meaning is the signature, or its weak twin: a program may say the worst at the level
// of its logger's default, where others say what does not matter.
func (r *rule) meaning(level parser.Level) *rules.Signature {
	if r.unsure != nil && level != parser.LevelNone && level < r.sure {
		return r.unsure
	}
	return &r.signature
}

// admits reports whether the rule listens to the record's writer. An unknown writer
// passes only where nothing says that it is another one: text without envelope and
// without a product's own layout.
func (r *rule) admits(rec *parser.Record) bool {
	if len(r.from) == 0 {
		return true
	}
	f := rec.Format
	for _, name := range r.from {
		if string(rec.Program) == name || f != nil && (f.Name == name || f.Product == name) {
			return true
		}
	}
	named := len(rec.Program)+len(rec.Unit)+len(rec.Container) > 0
	foreign := f != nil && (f.Product != "" || f.Role != parser.RoleUnknown)
	return !named && !foreign && rec.Kind == parser.KindLog
}

// hit reads the fields from the pattern's submatches.
func (r *rule) hit(s *rules.Signature, text []byte, at []int) rules.Hit {
	h := rules.Hit{Signature: s, Start: at[0]}
	for i, name := range r.pattern.names {
		from, to := at[2*i], at[2*i+1]
		switch {
		case name == "" || from < 0:
		case name == proofGroup:
			h.Start = from
		case from < to && len(h.Fields) < maxFields && h.Get(name) == "":
			h.Fields = append(h.Fields, rules.Field{Name: name, Value: fieldValue(text[from:to])})
		}
	}
	if ip, port := h.Get(ipGroup), h.Get(rules.FieldPort); ip != "" && port != "" && h.Get(rules.FieldAddress) == "" && len(h.Fields) < maxFields {
		h.Fields = append(h.Fields, rules.Field{Name: rules.FieldAddress, Value: net.JoinHostPort(strings.Trim(ip, "[]"), port)})
	}
	return h
}

// fieldValue cuts at the bound, between runes, and makes the value valid UTF-8.
func fieldValue(b []byte) string {
	if len(b) > maxFieldBytes {
		cut := maxFieldBytes
		for cut > maxFieldBytes-4 && b[cut]&0xC0 == 0x80 {
			cut--
		}
		b = b[:cut]
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func containsText(text []byte, literal string) bool { return indexText(text, literal) >= 0 }

// indexText is bytes.Index for a string; the conversion does not allocate.
func indexText(text []byte, literal string) int { return bytes.Index(text, []byte(literal)) }

// firstOf returns the first place of any of the literals; 0 if there is none.
func firstOf(text []byte, literals []string) int {
	first := len(text)
	for _, literal := range literals {
		if i := indexText(text, literal); i >= 0 && i < first {
			first = i
		}
	}
	if first == len(text) {
		return 0
	}
	return first
}
