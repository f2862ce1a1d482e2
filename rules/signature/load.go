package signature

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// maxFileBytes bounds a rule file.
const maxFileBytes = 1 << 20

//go:embed data
var embedded embed.FS

// Data returns the built-in rule files.
func Data() fs.FS {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return builtinFS{data}
}

var builtin = sync.OnceValue(func() *Set {
	set, err := Load(Data())
	if err != nil {
		panic("BUG: built-in signatures: " + err.Error())
	}
	return set
})

// Builtin returns the built-in set, made at the first call (5 ms) and shared by all.
func Builtin() *Set { return builtin() }

// Load compiles all *.yaml and *.yml files of the file systems, folders included.
// Ids must be unique over all of them. Every problem of every file is reported; errors
// about content wrap ErrInvalid.
func Load(fsys ...fs.FS) (*Set, error) {
	var list []*rule
	var errs []error
	for _, f := range fsys {
		found, problems, err := read(f)
		list = append(list, found...)
		for _, p := range problems {
			errs = append(errs, p)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	for _, p := range duplicates(list) {
		errs = append(errs, p)
	}
	if len(list) > maxRules {
		errs = append(errs, fmt.Errorf("load signatures: %d of them, at most %d: %w", len(list), maxRules, ErrInvalid))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return newSet(list), nil
}

// read compiles the rules of one file system, the built-in ones from their compact form.
func read(fsys fs.FS) (list []*rule, found []Problem, err error) {
	if _, ok := fsys.(builtinFS); ok {
		list, found = readCompact(compactText)
		return list, found, nil
	}
	return readYAML(fsys)
}

// readYAML compiles the rules of one file system. Rules that cannot be run are left out.
func readYAML(fsys fs.FS) (list []*rule, found []Problem, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read rules: %w", err)
		}
		if d.IsDir() || !isYAML(name) {
			return nil
		}
		data, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		more, problems := readRules(name, data)
		list, found = append(list, more...), append(found, problems...)
		return nil
	})
	return list, sorted(found), err
}

func isYAML(name string) bool {
	ext := path.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	if info.Size() > maxFileBytes {
		return nil, fmt.Errorf("read rules: %s: larger than %d bytes: %w", name, maxFileBytes, ErrInvalid)
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	return data, nil
}

// readRules compiles one file. The file's name without extension is the technology.
func readRules(name string, data []byte) ([]*rule, []Problem) {
	p := &problems{file: name}
	var list []*rule
	for _, e := range readEntries(data, p) {
		before := len(p.list)
		r := compile(&e, technologyOf(name), p)
		if !e.broken && len(p.list) == before {
			list = append(list, r)
		}
		captures(&e, r.pattern.groups(), p)
	}
	return list, p.list
}

func technologyOf(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

// duplicates finds ids that stand twice.
func duplicates(list []*rule) (found []Problem) {
	first := map[string]*rule{}
	for _, r := range list {
		other := first[r.signature.ID]
		if other == nil {
			first[r.signature.ID] = r
			continue
		}
		found = append(found, Problem{File: r.file, Line: r.line, Rule: r.signature.ID,
			What: fmt.Sprintf("id stands also at %s:%d", other.file, other.line), Hint: "ids are unique over all files"})
	}
	return found
}
