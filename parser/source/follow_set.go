package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A named is one argument.
type named struct {
	path      string
	ended     bool // standard input is at its end
	patterned bool // it leads to more than one file, and was expanded
}

func namesOf(args []string) (all []named) {
	for _, arg := range args {
		if !slices.ContainsFunc(all, func(n named) bool { return n.path == arg }) {
			all = append(all, named{path: arg})
		}
	}
	return all
}

// expand follows what the arguments lead to and is not followed yet.
func (f *Follower) expand(ctx context.Context) {
	f.known = nil
	for i := range f.names {
		n := &f.names[i]
		info, err := os.Stat(n.path)
		switch {
		case n.path == "-":
			f.stdin(n)
		case f.special(n.path):
		case err == nil && info.IsDir():
			n.patterned = f.directory(ctx, n.path)
		case err != nil && strings.ContainsAny(n.path, "*?["):
			f.glob(n.path)
			n.patterned = true
		case err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice|fs.ModeSocket) != 0:
			f.fifo(n.path)
		default:
			f.follow(n.path, false, false)
		}
	}
}

// directory follows all logs in it and below; rotated files belong to the log they
// were made of.
func (f *Follower) directory(ctx context.Context, root string) (read bool) {
	if f.walks[root].isSame() {
		return true
	}
	var logs []string
	walk, before := walked{}, f.walks[root]
	whole := true
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			walk.add(path, e)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			whole = false
			f.notify(path, pathError("read directory", path, err))
			return nil
		case path != root && isForeign(e.Name()):
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && len(logs) < maxFiles:
			logs = append(logs, path)
		}
		return nil
	})
	if err == nil {
		f.notify(root, nil)
		f.found(root, logs)
	}
	f.walks[root] = nil
	if err == nil && whole {
		f.walks[root] = &walk
		walk.sure = maps.Equal(walk.dirs, before.dirsOf())
	}
	return err == nil
}

// A walked remembers when the directories in and below another were changed: a new file
// changes its directory's time. Two walks must have found the same times, as a second
// change within the clock tick of the first leaves the time as it is.
type walked struct {
	dirs map[string]time.Time
	sure bool
}

func (w *walked) add(path string, e fs.DirEntry) {
	if w.dirs == nil {
		w.dirs = map[string]time.Time{}
	}
	if info, err := e.Info(); err == nil {
		w.dirs[path] = info.ModTime()
	}
}

func (w *walked) dirsOf() map[string]time.Time {
	if w == nil {
		return nil
	}
	return w.dirs
}

// isSame reports that a further walk would find the same files.
func (w *walked) isSame() bool {
	if w == nil || !w.sure {
		return false
	}
	for path, at := range w.dirs {
		if info, err := os.Lstat(path); err != nil || !info.ModTime().Equal(at) {
			return false
		}
	}
	return true
}

func (f *Follower) glob(pattern string) {
	logs, err := filepath.Glob(pattern)
	if err == nil && len(logs) == 0 {
		err = errors.New("no file matches yet")
	}
	if err != nil {
		f.notify(pattern, fmt.Errorf("expand %s: %w", pattern, err))
		return
	}
	f.notify(pattern, nil)
	f.found(pattern, logs)
}

// found follows the logs among paths that a pattern led to.
func (f *Follower) found(pattern string, paths []string) {
	late := f.begun || slices.ContainsFunc(f.opts.Start, func(p Position) bool { return p.Path == pattern && p.isNothing() })
	present := map[string]bool{}
	gone := f.gone(pattern)
	for _, p := range slices.Concat(paths, gone) {
		present[p] = true
	}
	for _, p := range gone {
		f.follow(p, true, true)
	}
	for _, p := range paths {
		dir, base := filepath.Split(p)
		if f.paths[p] || isRotated(dir, base, present) {
			continue
		}
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			f.follow(p, true, late)
		}
	}
}

// gone are the paths of a pattern that an earlier Follower stopped in and that lead to nothing
// now: the rest may be in a rotated file.
func (f *Follower) gone(pattern string) (paths []string) {
	if f.begun {
		return nil
	}
	for _, p := range f.opts.Start {
		match, _ := filepath.Match(pattern, p.Path)
		if _, err := os.Stat(p.Path); errors.Is(err, fs.ErrNotExist) && p.HeadBytes > 0 && !slices.Contains(paths, p.Path) &&
			(match || strings.HasPrefix(p.Path, strings.TrimSuffix(pattern, "/")+"/")) {
			paths = append(paths, p.Path)
		}
	}
	return paths
}

// isRotated reports that a file is read after the log that it was made of, or not at
// all. access-20261122.log is a log of its own unless there is an access.log.
func isRotated(dir, base string, present map[string]bool) bool {
	s := slotOf(base)
	switch {
	case cutSuffix(base, packed) != base:
		return true
	case s.date != 0 || s.inner:
		return present[dir+s.stem] && s.stem != base
	}
	return s.number > 0
}

// follow begins with a path, unless the same file is followed by another name. A file that
// came late is read from its first byte.
func (f *Follower) follow(path string, pattern, late bool) {
	if f.paths[path] {
		return
	}
	if len(f.tracks) >= f.opts.MaxFiles {
		f.notice("\x00files", "", fmt.Errorf("follow %s: %d files are followed already, this and further ones are left out", path, f.opts.MaxFiles))
		return
	}
	var left Position
	if info, err := os.Stat(path); err == nil {
		if f.known == nil {
			f.known = f.openFiles()
		}
		id := fileID(info)
		if other := f.known[id]; other != "" && id != (inode{}) {
			f.notify(path, &DuplicateError{Path: path, Of: other})
			return
		}
		if l, ok := f.leftAt(id); pattern && ok {
			if l.stamp == stampOf(info) {
				return
			}
			left = l.at
		}
		f.known[id] = path
	}
	f.notify(path, nil)
	t := &track{f: f, path: path, pattern: pattern, late: late}
	for _, p := range f.opts.Start {
		switch {
		case p.Path != path:
		case p.isNothing():
			t.late = true
		case p.Ahead:
			p.Ahead = false
			t.ahead = append(t.ahead, p)
		default:
			t.starts = append(t.starts, p)
		}
	}
	if len(t.starts) == 0 {
		t.starts, t.ahead = t.ahead, nil
	}
	if len(t.starts) == 0 && left.HeadBytes > 0 && left.isAt(path) { // it has got another name
		left.Path, left.Linger, left.Ahead = path, false, false
		t.starts = []Position{left}
	}
	f.paths[path], f.tracked[path] = true, t
	f.tracks = append(f.tracks, t)
}

// An inode is a file's number, with its device's.
type inode struct{ device, number uint64 }

// openFiles are those that are read now, by number, so that a link and its target are read
// once, and so is a file that was renamed inside of a followed directory.
func (f *Follower) openFiles() map[inode]string {
	known := map[inode]string{}
	for _, t := range f.tracks {
		for _, one := range t.files {
			known[fileID(one.info)] = t.path
		}
	}
	return known
}

// A stamp tells whether a file has changed.
type stamp struct {
	size int64
	time time.Time
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.Size(), info.ModTime()} }

// A leaving is where a file was left.
type leaving struct {
	stamp stamp
	at    Position
}

// maxDone bounds twice how many files are remembered that were left.
const maxDone = 4096

// remember keeps a directory's renamed files from being taken for new ones.
func (f *Follower) remember(file *followed) {
	if file.packed == nil {
		f.leave(fileID(file.info), leaving{stampOf(file.info), file.position("")})
	}
}

func (f *Follower) leave(id inode, l leaving) {
	if len(f.done) >= maxDone {
		f.done, f.doneBefore = map[inode]leaving{}, f.done
	}
	f.done[id] = l
}

// leftAt is where a file was left, if it was; those that are asked for are remembered longer.
func (f *Follower) leftAt(id inode) (leaving, bool) {
	l, ok := f.done[id]
	if !ok {
		if l, ok = f.doneBefore[id]; ok {
			f.leave(id, l)
		}
	}
	return l, ok && id != (inode{})
}

// isAt reports that a position is one in the file that has a path.
func (p Position) isAt(path string) bool {
	file, info, err := openRegular(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return fileID(info) == p.file() && info.Size() >= p.Offset && holds(file, p)
}

// retire lets paths go that a pattern found and that are gone.
func (f *Follower) retire() {
	f.tracks = slices.DeleteFunc(f.tracks, func(t *track) bool {
		if !t.isDone() {
			return false
		}
		clear(f.walks) // what was left out may be followed now
		t.close()
		delete(f.paths, t.path)
		delete(f.tracked, t.path)
		delete(f.told, t.path)
		return true
	})
}
