package source

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A name is how a log is called, and where it really is.
type name struct {
	shown  string // as given, or relative to the directory that was given, then !member
	full   string // the file's absolute path, with slashes; "-" for standard input
	member string // "!nginx/error.log", "" for a file
	dir    bool   // found in a directory argument
	link   bool   // reached through a symbolic link
}

// inside names a member of the archive n.
func (n name) inside(member string) name {
	n.shown += "!" + member
	n.member += "!" + member
	return n
}

// identity tells logs apart.
func (n name) identity() string { return n.full + n.member }

// split cuts the identity before the last part.
func (n name) split() (dir, file string) {
	id := n.identity()
	i := strings.LastIndexAny(id, "/!") + 1
	return id[:i], id[i:]
}

// longer returns the shown name with k more parts of the full path in front.
func (n name) longer(k int) string {
	shown := strings.TrimSuffix(n.shown, n.member)
	have := 0
	for part := range strings.SplitSeq(path.Clean(filepath.ToSlash(shown)), "/") {
		if part != ".." && part != "." && part != "" {
			have++
		}
	}
	parts := strings.Split(n.full, "/")
	if have+k >= len(parts) {
		return n.full + n.member
	}
	return strings.Join(parts[len(parts)-have-k:], "/") + n.member
}

// cleanMember makes a member's name safe to show: no root, no .., no backslash.
func cleanMember(member string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(member, `\`, "/")), "/")
}

// foreign are folders that hold no logs, whatever they hold.
var foreign = []string{"node_modules", "__pycache__", "__MACOSX", "lost+found"}

// isForeign reports whether a name is hidden or foreign by itself.
func isForeign(base string) bool {
	return len(base) > 1 && base[0] == '.' && base != ".." || slices.Contains(foreign, base)
}

// isForeignPath is isForeign for any part of a member's name.
func isForeignPath(member string) bool {
	return slices.ContainsFunc(strings.Split(member, "/"), isForeign)
}

// label is the family's name as shown: the first file's folder, and the stem.
func (f *found) label() string {
	i := strings.LastIndexAny(f.name.shown, "/!") + 1
	return f.name.shown[:i] + f.slot.stem
}

// distinguish sets Path and Group. Families of one label, from different arguments, get
// the shortest tail in front that tells them apart; all files of a family get it, also
// those whose own name is unique: the older rotations of web-1 must not look like
// those of web-2. It expects the order of group.
func distinguish(f *finder) {
	type family struct {
		files []*found
		label string
	}
	var families []*family
	same := map[string][]*family{}
	for i := 0; i < len(f.found); {
		j := i + 1
		for j < len(f.found) && f.found[j].family == f.found[i].family {
			j++
		}
		one := &family{files: f.found[i:j]}
		first := slices.MinFunc(one.files, func(a, b *found) int { return cmp.Compare(a.name.shown, b.name.shown) })
		one.label = first.label()
		families = append(families, one)
		same[one.label] = append(same[one.label], one)
		i = j
	}
	for _, one := range families {
		rivals := same[one.label]
		k := 0
		if len(rivals) > 1 {
			k = tail(slices.Index(rivals, one), len(rivals), func(i, k int) string { return rivals[i].files[0].longer(k) })
		}
		for _, file := range one.files {
			file.source.Path, file.source.Group = file.name.shown, one.label
			if k > 0 {
				file.source.Path, file.source.Group = file.name.longer(k), file.longer(k)
			}
		}
	}
}

// longer is the family's label with k more parts in front.
func (f *found) longer(k int) string {
	long := f.name.longer(k)
	return long[:strings.LastIndexAny(long, "/!")+1] + f.slot.stem
}

// tail returns the least number of parts, at least 1, that tells the i-th of n names
// from all others.
func tail(i, n int, longer func(i, k int) string) int {
	for k := 1; ; k++ {
		mine := longer(i, k)
		alone := true
		for j := range n {
			alone = alone && (j == i || longer(j, k) != mine)
		}
		if alone || longer(i, k+1) == mine {
			return k
		}
	}
}

// number counts the files of each family and returns them in the final order.
func number(all []*found) []*Source {
	sources := make([]*Source, len(all))
	for i, f := range all {
		sources[i] = f.source
		if i > 0 && all[i-1].family == f.family {
			f.source.Rotation = all[i-1].source.Rotation + 1
		}
	}
	slices.SortFunc(sources, func(a, b *Source) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Rotation, b.Rotation), cmp.Compare(a.Path, b.Path))
	})
	return sources
}

// report gives problems their paths, told apart as those of sources are.
func report(all []finding) []Problem {
	same := map[string][]name{}
	for _, p := range all {
		rivals := same[p.name.shown]
		if !slices.ContainsFunc(rivals, func(n name) bool { return n.identity() == p.name.identity() }) {
			same[p.name.shown] = append(rivals, p.name)
		}
	}
	problems := make([]Problem, len(all))
	for i, p := range all {
		path, rivals := p.name.shown, same[p.name.shown]
		if len(rivals) > 1 {
			mine := slices.IndexFunc(rivals, func(n name) bool { return n.identity() == p.name.identity() })
			path = p.name.longer(tail(mine, len(rivals), func(i, k int) string { return rivals[i].longer(k) }))
		}
		problems[i] = Problem{Path: path, Err: withPath(p.err, path)}
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Err.Error(), b.Err.Error()))
	})
	return problems
}
