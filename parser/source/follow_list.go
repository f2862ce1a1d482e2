package source

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A shelf is what lies in a directory: the names in order, and those of each log.
type shelf struct {
	names []string
	stems map[string][]string
}

// shelves are directories that are listed once, for all logs in them. A thousand logs in one
// directory that are rotated fifty times a second cost half of the processor when each of
// them lists it for itself.
type shelves struct {
	at       map[string]*shelf
	listings *int64 // counts them
}

func newShelves(listings *int64) shelves { return shelves{map[string]*shelf{}, listings} }

func (s shelves) list(dir string) *shelf {
	if found := s.at[dir]; found != nil {
		return found
	}
	*s.listings++
	found := &shelf{stems: map[string][]string{}}
	for _, e := range unsorted(cmp.Or(dir, ".")) {
		if name := e.Name(); !e.IsDir() {
			found.names = append(found.names, name)
			stem := slotOf(name).stem
			found.stems[stem] = append(found.stems[stem], name)
		}
	}
	slices.Sort(found.names)
	s.at[dir] = found
	return found
}

// listing names a path's siblings, and those of what a link leads to: the link stays, its
// target is rotated.
func (s shelves) listing(path string) []placed {
	all := s.listed(path)
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		all = append(all, s.listed(real)...)
	}
	return all
}

// listed names the youngest siblings in a path's directory.
func (s shelves) listed(path string) (all []placed) {
	dir, base := filepath.Split(path)
	add := func(name string) {
		if slot, ok := siblingOf(base, name); ok {
			all = append(all, placed{dir + name, slot})
		}
	}
	on := s.list(dir)
	for _, name := range on.stems[base] {
		if !strings.HasPrefix(name, base) {
			add(name)
		}
	}
	first, _ := slices.BinarySearch(on.names, base)
	for _, name := range on.names[first:] {
		if !strings.HasPrefix(name, base) {
			break
		}
		add(name)
	}
	slices.SortFunc(all, func(a, b placed) int { return cmp.Or(a.slot.older(b.slot), cmp.Compare(a.path, b.path)) })
	return all[max(len(all)-maxSiblings, 0):]
}

// unsorted is os.ReadDir without its order, which takes a third of its time in a directory of
// thousands.
func unsorted(dir string) []os.DirEntry {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	entries, _ := f.ReadDir(-1)
	return entries
}

// maxTries bounds siblings where a log is rotated more than once a millisecond.
const maxTries = 5

// maxOpened bounds the siblings that are open at once; one path's may be more.
const maxOpened = 512

// siblings opens the files that rotation made of paths, and the paths' own, the oldest
// first. A rotation meanwhile would shift names between listing and opening, so it is done
// again until there are the same names afterwards, and they lead to the same files. ok is
// false if that did not happen: try again later.
func siblings(paths []string, listings *int64, use func(i int, all []sibling, ok bool)) {
	due := make([]int, len(paths))
	for i := range due {
		due[i] = i
	}
	before := newShelves(listings)
	for range maxTries {
		var again []int
		for len(due) > 0 {
			var names [][]placed
			var opened [][]sibling
			for n := 0; len(opened) < len(due) && (len(opened) == 0 || n < maxOpened); {
				at := before.listing(paths[due[len(opened)]])
				names, opened = append(names, at), append(opened, openSiblings(at))
				n += len(at)
			}
			after := newShelves(listings)
			for k, all := range opened {
				i := due[k]
				if slices.Equal(names[k], after.listing(paths[i])) && slices.IndexFunc(all, sibling.moved) < 0 {
					use(i, withoutTwins(all), true)
					continue
				}
				release(all)
				again = append(again, i)
			}
			due, before = due[len(opened):], after
		}
		if due = again; len(due) == 0 {
			return
		}
	}
	for _, i := range due {
		use(i, nil, false)
	}
}

// A kin is the siblings of a path.
type kin struct {
	all []sibling
	ok  bool
}

// siblings are those that were found together with other paths', or are looked for now.
func (t *track) siblings() ([]sibling, bool) {
	k := t.kin
	if t.kin = nil; k == nil {
		siblings([]string{t.path}, &t.f.listings, func(_ int, all []sibling, ok bool) { k = &kin{all, ok} })
	}
	return k.all, k.ok
}

// forget lets siblings go that nobody asked for.
func (t *track) forget() {
	if t.kin != nil {
		release(t.kin.all)
		t.kin = nil
	}
}

// act goes on with paths that lead elsewhere than they did; their directories are listed for
// all of them together.
func (f *Follower) act(ctx context.Context, due []*track, poll bool) {
	if len(due) == 0 {
		return
	}
	paths := make([]string, len(due))
	for i, t := range due {
		paths[i] = t.path
	}
	siblings(paths, &f.listings, func(i int, all []sibling, ok bool) {
		due[i].kin = &kin{all, ok}
		due[i].act(ctx, poll)
		due[i].forget()
	})
}
