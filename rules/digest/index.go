package digest

// An index finds the events of a digest, its tallies or its names by their keys. Most lines of a source belong
// to what a few lines before did, so the places asked for last are kept where they are found at once.
type index struct {
	all  map[uint64]int32
	last [512]place
}

// A place is where in its list the event of a key stands, from 1; 0 is none.
type place struct {
	key uint64
	at  int32
}

func newIndex() index { return index{all: map[uint64]int32{}} }

func (x *index) find(key uint64) (at int32, ok bool) {
	p := &x.last[key%uint64(len(x.last))]
	if p.key == key && p.at > 0 {
		return p.at - 1, true
	}
	if at, ok = x.all[key]; ok {
		*p = place{key, at + 1}
	}
	return at, ok
}

func (x *index) set(key uint64, at int32) {
	x.all[key] = at
	x.last[key%uint64(len(x.last))] = place{key, at + 1}
}

func (x *index) clear() {
	clear(x.all)
	clear(x.last[:])
}
