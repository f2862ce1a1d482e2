package source

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxFiles bounds how many files the arguments of one Open may name.
const maxFiles = 100_000

// A file is one file that an argument names.
type file struct {
	name name
	path string // for the system
	real string // without symbolic links
	info fs.FileInfo
}

// expand turns arguments into files, each file once.
func (f *finder) expand(args []string) {
	for _, arg := range args {
		f.argument(arg, true)
	}
	f.files = once(f.files)
}

func (f *finder) argument(arg string, mayGlob bool) {
	if arg == "-" {
		f.files = append(f.files, file{name: name{shown: "-", full: "-"}, real: "-"})
		return
	}
	n := name{shown: filepath.ToSlash(arg), full: absolute(arg)}
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		f.walk(arg)
	case err == nil:
		f.add(file{name: n, path: arg, info: info})
	case mayGlob && errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(arg, "*?["):
		matches, globErr := filepath.Glob(arg)
		if !strings.HasPrefix(filepath.Base(arg), ".") { // as a shell does
			matches = slices.DeleteFunc(matches, func(m string) bool { return isForeign(filepath.Base(m)) })
		}
		if globErr != nil || len(matches) == 0 {
			f.problem(n, fail("expand", "no file matches"))
		}
		for _, match := range matches {
			f.argument(match, false)
		}
	default:
		f.problem(n, &failure{"open", err})
	}
}

func absolute(p string) string {
	abs, err := filepath.Abs(p)
	if err != nil {
		abs = p
	}
	return filepath.ToSlash(abs)
}

func (f *finder) add(one file) {
	one.real = one.path
	if real, err := filepath.EvalSymlinks(one.path); err == nil {
		one.real = real
	}
	one.real = absolute(one.real)
	if len(f.files) < maxFiles {
		f.files = append(f.files, one)
	} else if !f.overflow {
		f.overflow = true
		f.problem(one.name, fail("read", "more than %d files are named, this and further ones are left out", maxFiles))
	}
}

// walk adds all files below a directory. Real folders go first and each once, so a
// loop of links ends and a linked folder does not lend its name to a real one.
func (f *finder) walk(root string) {
	skipped, before := 0, len(f.files)+len(f.problems)
	seen := map[string]bool{}
	queue := []file{{path: root}}
	var links []file
	for len(queue)+len(links) > 0 && len(f.files) < maxFiles {
		if len(queue) == 0 {
			queue, links = links[:1], links[1:]
		}
		dir := queue[0]
		queue = queue[1:]
		real, err := filepath.EvalSymlinks(dir.path)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		entries, err := os.ReadDir(dir.path)
		if err != nil {
			f.problem(inRoot(root, dir.path, dir.name.link), &failure{"read directory", err})
		}
		for _, e := range entries {
			sub := file{path: filepath.Join(dir.path, e.Name())}
			sub.name = inRoot(root, sub.path, dir.name.link || e.Type()&fs.ModeSymlink != 0)
			switch {
			case isForeign(e.Name()):
				skipped++
			case e.IsDir():
				queue = append(queue, sub)
			default:
				if f.entry(&sub) {
					links = append(links, sub)
				}
			}
		}
	}
	n := name{shown: filepath.ToSlash(root), full: absolute(root)}
	if skipped > 0 {
		f.problem(n, &SkippedError{Count: skipped})
	} else if len(f.files)+len(f.problems) == before {
		f.problem(n, fail("read directory", "no files in it"))
	}
}

// entry adds what is no folder, and reports whether it is a link to one.
func (f *finder) entry(e *file) bool {
	info, err := os.Stat(e.path)
	if err != nil {
		f.problem(e.name, &failure{"open", err})
		return false
	}
	if info.IsDir() {
		return true
	}
	e.info = info
	// A container's access.log is often a link to /dev/stdout: that is our own output.
	if what := special(info.Mode()); what != "" {
		f.problem(e.name, &NotLogError{What: what, Advice: "name a pipe as an argument to read it"})
		return false
	}
	f.add(*e)
	return false
}

// inRoot names a file by its path relative to the argument.
func inRoot(root, p string, link bool) name {
	rel, err := filepath.Rel(root, p)
	if err != nil {
		rel = p
	}
	return name{shown: filepath.ToSlash(rel), full: absolute(p), dir: true, link: link}
}

// special names what is no regular file.
func special(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case !m.IsRegular():
		return "a special file"
	}
	return ""
}

// once drops files that were named before, by whatever path, and keeps the best name
// of each: one relative to a directory argument, not through a link, the longest.
func once(files []file) []file {
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(yesFirst(a.name.dir, b.name.dir), yesFirst(!a.name.link, !b.name.link),
			cmp.Compare(len(b.name.shown), len(a.name.shown)), cmp.Compare(a.name.shown, b.name.shown),
			cmp.Compare(a.name.full, b.name.full))
	})
	type stamp struct {
		size int64
		time time.Time
	}
	byPath := map[string]bool{}
	byStamp := map[stamp][]fs.FileInfo{}
	return slices.DeleteFunc(files, func(one file) bool {
		if byPath[one.real] {
			return true
		}
		byPath[one.real] = true
		if one.info == nil {
			return false
		}
		// Hard links and bind mounts: one file by two real paths.
		key := stamp{one.info.Size(), one.info.ModTime()}
		for _, other := range byStamp[key] {
			if os.SameFile(one.info, other) {
				return true
			}
		}
		byStamp[key] = append(byStamp[key], one.info)
		return false
	})
}

func yesFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// file explores one file.
func (f *finder) file(ctx context.Context, one *file) {
	left := f.opts.MaxMembers
	if one.info == nil {
		f.stdin(ctx, one.name, &left)
		return
	}
	what := special(one.info.Mode())
	switch what {
	case "":
		f.explore(ctx, one.name, plainFile(one.path, one.info.Size()), one.info.ModTime(), &left)
	case "a pipe":
		f.explore(ctx, one.name, pipe(func(ctx context.Context) (io.Reader, io.Closer, error) {
			return openFIFO(ctx, one.path)
		}), time.Time{}, &left)
	default:
		f.problem(one.name, &NotLogError{What: what})
	}
}

func (f *finder) stdin(ctx context.Context, n name, left *int) {
	if f.opts.Stdin == nil {
		f.problem(n, fail("read", "there is no standard input"))
		return
	}
	f.explore(ctx, n, pipe(func(ctx context.Context) (io.Reader, io.Closer, error) {
		return f.opts.Stdin, interruptible(ctx, f.opts.Stdin, nopCloser{}), nil
	}), time.Time{}, left)
}
