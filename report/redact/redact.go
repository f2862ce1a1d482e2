// Package redact replaces what is private in a report by names that stay the same inside it:
// the client that failed twice is [client-3] both times, so a reader can still count.
//
// It stands between what a run found and what is printed or stored, and is a pure function:
// names are numbered in the order of their first appearance, so they tell nothing about what
// they stand for. What it knows is listed in patterns.go; when in doubt it replaces. What it
// keeps: addresses and names of upstreams (without them nobody can act; Options.Hosts replaces
// those too), accounts of services such as www-data, and paths of URLs.
//
// The id of an incident stays, since it leads back to the store, and what is stored keeps the
// hashes of its records, so that they can be looked for again. Both are hashes of raw bytes:
// who knows all the rest of a line can try out addresses against them.
package redact

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"culprit/rules"
)

// Options say what is replaced beside persons and secrets.
type Options struct {
	Hosts bool // names and addresses of machines and virtual hosts
	// Scope stands in every name, for what is kept beside other redacted reports: without
	// it the [client-1] of two of them would look like one client.
	// Such a report keeps the hashes of its records.
	Scope string
}

// A Redactor gives names. Its zero value is not ready, see New.
type Redactor struct {
	o     Options
	names map[string]string   // kind and value → name
	count map[string]int      // of names, by kind
	infra map[netip.Addr]bool // addresses of upstreams and what is behind them
	words map[string]string   // users and hosts → name, to be replaced wherever they stand
	own   map[string]bool     // names of services and processes: never a word to replace
}

// New returns a Redactor that has named nothing yet.
func New(o Options) *Redactor {
	return &Redactor{o: o, names: map[string]string{}, count: map[string]int{}, infra: map[netip.Addr]bool{},
		words: map[string]string{}, own: map[string]bool{}}
}

// Report returns a copy of r in which everything private is replaced.
func (d *Redactor) Report(r *rules.Report) *rules.Report {
	c := *r
	c.Incidents = slices.Clone(r.Incidents)
	c.Sources = slices.Clone(r.Sources)
	for i := range r.Incidents {
		d.learn(&r.Incidents[i])
	}
	for _, replace := range []func(string) string{d.private, d.known} { // users and hosts may be told after they were named
		for i := range c.Incidents {
			d.incident(&c.Incidents[i], replace)
		}
		for i := range c.Sources {
			d.source(&c.Sources[i], replace)
		}
	}
	return &c
}

// Incident returns a copy of an incident in which everything private is replaced.
func (d *Redactor) Incident(in *rules.Incident) rules.Incident {
	return d.Report(&rules.Report{Incidents: []rules.Incident{*in}}).Incidents[0]
}

// learn notes what is no person's: services, processes, upstreams and what they depend on.
func (d *Redactor) learn(in *rules.Incident) {
	for _, name := range []string{in.Service, in.Gateway, in.Culprit.Process, in.Culprit.Unit, in.Culprit.Container} {
		for _, part := range append(strings.FieldsFunc(name, func(r rune) bool { return !letterOrDigit(r) }), name) {
			d.own[part] = true
		}
	}
	machines := append(slices.Clone(in.Upstreams), in.Culprit.Host)
	for i := range in.Evidence {
		for _, f := range in.Evidence[i].Fields {
			switch f.Name {
			case rules.FieldAddress, rules.FieldDependency:
				machines = append(machines, f.Value)
			}
		}
	}
	for _, q := range in.Quotes() {
		d.learnText(q.Text)
	}
	for _, machine := range machines {
		if addr, ok := addressOf(machine); ok {
			d.infra[addr] = true
		} else if host := hostOf(machine); d.o.Hosts && strings.Contains(host, ".") {
			d.word(host, "host")
		}
	}
	if d.o.Hosts {
		d.word(in.Culprit.Host, "host")
	}
}

// learnText notes the upstreams that a line of nginx names.
func (d *Redactor) learnText(text string) {
	if !strings.Contains(text, "upstream: \"") {
		return
	}
	for _, m := range upstreamField().FindAllStringSubmatch(text, 4) {
		if addr, ok := addressOf(m[1]); ok {
			d.infra[addr] = true
		}
	}
}

// incident replaces every text of an incident, in a fixed order. The incident's slices are
// copied before they change.
func (d *Redactor) incident(in *rules.Incident, replace func(string) string) {
	text := func(s *string) { *s = replace(*s) }
	text(&in.Summary)
	text(&in.Service)
	texts(&in.Upstreams, replace)
	for _, s := range []*string{&in.Culprit.Process, &in.Culprit.Unit, &in.Culprit.Container, &in.Culprit.Host} {
		text(s)
	}
	quote := func(q *rules.Quote) {
		q.Source = d.file(q.Source, replace)
		text(&q.Text)
		text(&q.Message)
		if d.o.Scope == "" {
			q.Place.Hash = 0 // of the raw line: who knows the rest could try out what was replaced
		}
		if q.Found != nil {
			f := *q.Found
			f.At.Source, f.Why = d.file(f.At.Source, replace), d.file(f.Why, replace)
			q.Found = &f
		}
	}
	in.URLs = slices.Clone(in.URLs)
	for i := range in.URLs {
		text(&in.URLs[i].URL)
	}
	in.Evidence = slices.Clone(in.Evidence)
	for i := range in.Evidence {
		e := &in.Evidence[i]
		quote(&e.Quote)
		text(&e.Why)
		e.Fields = slices.Clone(e.Fields)
		for k := range e.Fields {
			f := &e.Fields[k]
			if f.Name == rules.FieldUser && !plainValue(f.Value) {
				f.Value = d.user(f.Value)
			}
			text(&f.Value)
		}
	}
	in.Symptoms = slices.Clone(in.Symptoms)
	for i := range in.Symptoms {
		quote(&in.Symptoms[i].Example)
	}
	in.Timeline = slices.Clone(in.Timeline)
	for i := range in.Timeline {
		text(&in.Timeline[i].What)
		in.Timeline[i].Source = d.file(in.Timeline[i].Source, replace)
	}
	in.Verdict.Reasons = slices.Clone(in.Verdict.Reasons)
	for i := range in.Verdict.Reasons {
		text(&in.Verdict.Reasons[i].Text)
	}
	in.Verdict.Alternatives = slices.Clone(in.Verdict.Alternatives)
	for i := range in.Verdict.Alternatives {
		text(&in.Verdict.Alternatives[i].WhyNot)
	}
	texts(&in.Advice, replace)
	texts(&in.Prevent, replace)
	texts(&in.Missing, replace)
}

func (d *Redactor) source(s *rules.SourceInfo, replace func(string) string) {
	for _, text := range []*string{&s.Path, &s.Group, &s.Error} {
		*text = d.file(*text, replace)
	}
	texts(&s.Samples, replace)
	texts(&s.Warnings, replace)
}

// file replaces what is private in the path of a file, where a person's folder may stand
// deeper than at the root.
func (d *Redactor) file(path string, replace func(string) string) string {
	return replaceGroup(homeInside, replace(path), d.user)
}

func texts(list *[]string, replace func(string) string) {
	*list = slices.Clone(*list)
	for i := range *list {
		(*list)[i] = replace((*list)[i])
	}
}

// maxNames bounds how many names are remembered.
const maxNames = 100_000

// name returns the name of a value of a kind: [client-1].
func (d *Redactor) name(kind, value string) string {
	key := kind + "\x00" + value
	if name, ok := d.names[key]; ok {
		return name
	}
	if len(d.names) >= maxNames {
		clear(d.names) // the numbers go on, so that no name stands for two
		clear(d.words)
	}
	d.count[kind]++
	name := fmt.Sprintf("[%s-%d", kind, d.count[kind])
	if d.o.Scope != "" {
		name += ":" + d.o.Scope
	}
	d.names[key] = name + "]"
	return d.names[key]
}

// word names a value that is to be replaced wherever it stands as a word.
func (d *Redactor) word(value, kind string) string {
	if value == "" || named().MatchString(value) {
		return value
	}
	name := d.name(kind, value)
	if len(value) >= 3 && !d.own[value] {
		d.words[value] = name
	}
	return name
}

// user names a person's account; accounts of services stay.
func (d *Redactor) user(value string) string {
	if name := strings.TrimRight(value, "."); name != value && name != "" { // the end of a sentence
		return d.user(name) + value[len(name):]
	}
	if serviceAccounts[strings.ToLower(value)] || strings.HasPrefix(value, "systemd-") {
		return value
	}
	return d.word(value, "user")
}

// known replaces the users and hosts that were named anywhere in the report.
func (d *Redactor) known(text string) string {
	if len(d.words) == 0 || text == "" {
		return text
	}
	e := edit{text: text}
	for at := 0; at < len(text); {
		end := at
		for end < len(text) && (letterOrDigit(rune(text[end])) || text[end] >= 0x80) {
			end++
		}
		if end == at {
			at++
			continue
		}
		if value, ok := d.wordAt(text, at); ok && !insideName(text, at) {
			end = at + len(value)
			e.replace(at, end, d.words[value])
		}
		at = max(end, at+1)
	}
	return e.result()
}

// An edit is a text in which places are replaced from left to right.
type edit struct {
	text string
	out  strings.Builder
	done int // of the text, in bytes
}

func (e *edit) replace(from, to int, name string) {
	e.out.WriteString(e.text[e.done:from])
	e.out.WriteString(name)
	e.done = to
}

func (e *edit) result() string {
	if e.done == 0 {
		return e.text
	}
	return e.out.String() + e.text[e.done:]
}

// wordAt returns the longest known word that stands at a place.
func (d *Redactor) wordAt(text string, at int) (string, bool) {
	for end := min(len(text), at+maxWord); end > at+2; end-- {
		if end < len(text) && letterOrDigit(rune(text[end])) {
			continue
		}
		if _, ok := d.words[text[at:end]]; ok {
			return text[at:end], true
		}
	}
	return "", false
}

// maxWord is the longest user or host that is looked for.
const maxWord = 128

// insideName reports whether a place stands in a name that was given: [user-1].
func insideName(text string, at int) bool {
	open := strings.LastIndexByte(text[:at], '[')
	return open >= 0 && at < open+len(named().FindString(text[open:min(len(text), open+64)]))
}

func letterOrDigit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
