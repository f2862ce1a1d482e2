// Package verify looks for the lines that an incident quotes where they lie now: in the
// file they were read from, in its rotated and compressed copies, and wherever else the
// user says that the logs have gone.
//
// A line is the same if the bytes of its record have the stored hash at the stored offset of
// the decompressed file; what the file is called does not matter. Elsewhere the quoted line
// is looked for first, and then the record around it is hashed. Records whose lines stood
// apart in the file (several services in one stream) have no hash of adjacent bytes; for
// them the quoted line alone is compared.
package verify

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"culprit/parser/source"
	"culprit/rules"
)

// Options say where else to look.
type Options struct {
	Logs   []string // files, folders, globs, archives
	Source source.Options
	Warn   func(err error) // is told what inside of Logs cannot be read; may be nil
}

// open opens Logs. It is an error if one of them leads to nothing: its lines would be called gone.
func (o *Options) open(ctx context.Context) ([]*source.Source, error) {
	extra, problems := source.Open(ctx, o.Logs, o.Source)
	var errs []error
	for _, p := range problems {
		named := slices.ContainsFunc(o.Logs, func(name string) bool { return filepath.ToSlash(name) == p.Path })
		switch {
		case errors.As(p.Err, new(*source.DuplicateError)): // the other one is read
		case named:
			errs = append(errs, p.Err)
		case o.Warn != nil:
			o.Warn(p.Err)
		}
	}
	return extra, errors.Join(errs...)
}

// A wanted is a quoted line that is looked for, and all quotes of it.
type wanted struct {
	quotes   []*rules.Quote
	place    rules.Place
	text     string // the quoted line, maybe only its beginning
	cut      bool   // text is only the beginning
	path     string // as the report shows it
	location string // where it was read; "" if the store does not tell
	head     uint64
}

// Quotes looks for every quote of the incidents and sets its Found. Locations and heads are
// those of the runs' sources; sourcesOf returns the sources of an incident's run.
func Quotes(ctx context.Context, incidents []rules.Incident, sourcesOf func(id string) []rules.SourceInfo, o Options) error {
	wants := wantedOf(incidents, sourcesOf)
	extra, err := o.open(ctx)
	if err != nil {
		return err
	}
	byFile := map[string][]*wanted{}
	for _, w := range wants {
		byFile[fileOf(w.location)] = append(byFile[fileOf(w.location)], w)
	}
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		if err := inFamily(ctx, file, byFile[file], extra, o); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wantedOf lists what the incidents quote, each line once.
func wantedOf(incidents []rules.Incident, sourcesOf func(string) []rules.SourceInfo) []*wanted {
	var wants []*wanted
	type key struct {
		location, path string
		place          rules.Place
	}
	seen := map[key]*wanted{}
	for i := range incidents {
		in := &incidents[i]
		sources := map[string]*rules.SourceInfo{}
		list := sourcesOf(in.ID)
		for k := range list {
			sources[list[k].Path] = &list[k]
		}
		for _, q := range in.Quotes() {
			if q.Source == "" || q.Text == "" {
				continue
			}
			k := key{path: q.Source, place: q.Place}
			w := &wanted{place: q.Place, path: q.Source}
			if s := sources[q.Source]; s != nil {
				w.location, w.head, k.location = s.Location, s.HeadHash, s.Location
			}
			w.text, w.cut = rules.Uncut(q.Text)
			if seen[k] == nil {
				seen[k] = w
				wants = append(wants, w)
			}
			seen[k].quotes = append(seen[k].quotes, q)
		}
	}
	return wants
}

// inFamily looks for the lines of one file: in it, then beside it, then in what was named.
func inFamily(ctx context.Context, file string, wants []*wanted, extra []*source.Source, o Options) error {
	var beside []*source.Source
	var problems []source.Problem
	if file != "" && file != "-" {
		beside, problems = source.Open(ctx, siblings(file), o.Source)
	}
	own := map[string]*source.Source{}
	for _, s := range beside {
		own[s.Location()] = s
	}
	left := wants
	// The file itself first: only there can a line be unchanged.
	for _, s := range beside {
		mine := slices.DeleteFunc(slices.Clone(left), func(w *wanted) bool { return w.location != s.Location() })
		if err := lookIn(ctx, s, mine, true); err != nil {
			return err
		}
	}
	for _, s := range slices.Concat(beside, extra) {
		left = slices.DeleteFunc(slices.Clone(left), func(w *wanted) bool { return w.quotes[0].Found != nil })
		if err := lookIn(ctx, s, left, false); err != nil {
			return err
		}
	}
	for _, w := range left {
		if w.quotes[0].Found == nil {
			w.settle(notFound(w, own[w.location], problems))
		}
	}
	return nil
}

// lookIn settles the wanted lines that a source holds.
func lookIn(ctx context.Context, s *source.Source, wants []*wanted, own bool) error {
	if len(wants) == 0 {
		return nil
	}
	found, err := find(ctx, s, wants)
	if err != nil {
		return err
	}
	for w, line := range found {
		f := rules.Found{State: rules.FoundElsewhere, At: rules.Location{Source: s.Path, Line: line}}
		if own {
			f.At.Source = w.path
			if line == w.place.Line {
				f.State = rules.FoundUnchanged
			}
		}
		w.settle(f)
	}
	return nil
}

func (w *wanted) settle(f rules.Found) {
	for _, q := range w.quotes {
		q.Found = &f
	}
}

// notFound says what is there instead of a line.
func notFound(w *wanted, own *source.Source, problems []source.Problem) rules.Found {
	for _, p := range problems {
		if p.Path == w.location && !errors.Is(p.Err, fs.ErrNotExist) {
			return rules.Found{State: rules.FoundUnreadable, Why: p.Err.Error()}
		}
	}
	switch {
	case w.location == "":
		return rules.Found{State: rules.FoundGone, Why: "the store does not say where " + w.path + " lay; name its place with --logs"}
	case w.location == "-":
		return rules.Found{State: rules.FoundGone, Why: "it was read from standard input; if it was kept, name the file with --logs"}
	case own == nil:
		return rules.Found{State: rules.FoundGone, Why: w.location + " is not there, and no file beside it holds the line; name its new place with --logs"}
	case own.HeadHash() == w.head:
		return rules.Found{State: rules.FoundChanged, Why: w.location + " begins as it did and does not hold the line any more"}
	}
	return rules.Found{State: rules.FoundChanged, Why: w.location + " is another file now, or was edited, and no file beside it holds the line"}
}

// fileOf is the file of a location: what stands before !member.
func fileOf(location string) string {
	for i := range len(location) {
		if location[i] != '!' {
			continue
		}
		if info, err := os.Stat(location[:i]); err == nil && info.Mode().IsRegular() {
			return location[:i]
		}
	}
	if _, err := os.Stat(location); err == nil {
		return location
	}
	file, _, _ := strings.Cut(location, "!")
	return file
}

// siblings are the files that a log may have become beside its place: all names that begin
// as its own does, up to the first separator or digit. What is in them decides.
func siblings(file string) []string {
	dir, base := filepath.Split(file)
	stem := base
	if at := strings.IndexAny(strings.TrimLeft(base, "."), ".-_0123456789"); at > 0 {
		stem = base[:at]
	}
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return []string{file} // the error comes again when it is opened
	}
	var out []string
	for _, e := range entries {
		tai := base == "current" && strings.HasPrefix(e.Name(), "@4000") // multilog and svlogd rename to a label
		if (strings.HasPrefix(e.Name(), stem) || tai) && (e.Type().IsRegular() || e.Name() == base) {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}
