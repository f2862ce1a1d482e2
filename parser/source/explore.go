package source

import (
	"context"
	"hash/fnv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/s2"
)

// A finder gathers what the arguments lead to.
type finder struct {
	opts     Options
	files    []file
	found    []*found
	problems []finding
	overflow bool  // more files than maxFiles
	budget   int64 // bytes that may still be kept in memory
	packer   *s2.Writer
	box      bounded // what packer writes to, used again for each member
}

// A found log is a Source that has no final name yet.
type found struct {
	source *Source
	name   name
	slot   slot
	family string // the same for all files of one rotated log
}

type finding struct {
	name name
	err  error
}

func (f *finder) problem(n name, err error) { f.problems = append(f.problems, finding{n, err}) }

// explore peels b until it is a log, a list of members, or nothing to read. left is how
// many members the named file may still have.
func (f *finder) explore(ctx context.Context, n name, b blob, mod time.Time, left *int) {
	head, b, err := b.peek(ctx)
	if err != nil {
		f.problem(n, &failure{"open", err})
		return
	}
	k, not := sniff(head)
	if k != kindText && k != kindOther && b.layers >= f.opts.MaxDepth {
		f.problem(n, fail("read", "more than %d layers of compression and archives", f.opts.MaxDepth))
		return
	}
	switch k {
	case kindOther:
		if n.member == "" {
			not.Advice = strings.ReplaceAll(not.Advice, "FILE", quote(n.full))
		}
		f.problem(n, not)
	case kindText:
		if not := b.hollow(head); not != nil {
			f.problem(n, not)
			return
		}
		f.log(n, b, head, mod)
	case kindTar:
		f.tar(ctx, n, b, left)
	case kindZip:
		f.zip(ctx, n, b, left)
	default:
		l := f.opts.limits()
		f.explore(ctx, n, b.decoded(codecs[k], &l), mod, left)
	}
}

// quote makes a path safe to paste into a shell: names of files may be hostile.
func quote(p string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-@+,:=", r)
	}
	if strings.ContainsFunc(p, func(r rune) bool { return !safe(r) }) {
		return "'" + strings.ReplaceAll(p, "'", `'\''`) + "'"
	}
	return p
}

func (f *finder) log(n name, b blob, head []byte, mod time.Time) {
	hash := fnv.New64a()
	hash.Write(head)
	b.head = nil
	read := b.once
	if read == nil {
		read = new(atomic.Int64)
	}
	f.found = append(f.found, &found{name: n, source: &Source{
		Size: b.size, ModTime: mod, blob: b, hash: hash.Sum64(), read: read, location: n.identity(),
	}})
}

// dropDoubles leaves out members that a later one of the same name replaces (tar -r),
// and a rotated file beside its own compressed copy: logrotate was interrupted, or is
// at it. The uncompressed one is then the complete one. It expects the order of group.
func dropDoubles(f *finder) {
	kept := f.found[:0]
	for _, one := range f.found {
		if len(kept) == 0 {
			kept = append(kept, one)
			continue
		}
		last := kept[len(kept)-1]
		again := last.name.identity() == one.name.identity()
		twin := last.family == one.family && last.slot == one.slot && last.source.hash == one.source.hash &&
			last.source.Size > 0 && one.source.Size > 0 && last.name.member == "" && one.name.member == ""
		switch {
		case again:
			kept[len(kept)-1] = one
		case twin:
			// group puts error.log.1 before error.log.1.gz.
			f.problem(one.name, &DuplicateError{Of: last.name.shown})
			continue
		default:
			kept = append(kept, one)
			continue
		}
		f.problem(last.name, &DuplicateError{})
	}
	f.found = kept
}
