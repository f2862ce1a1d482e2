package digest

// An index finds the events of a digest, its tallies or its names by their keys. Most lines of a source belong
// to what a few lines before did, so the places asked for last are kept where they are found at once.
type index struct {
	all  map[uint64]int32
	last []place // nil while there are few: thousands of small sources may be followed
}

// A place is where in its list the event of a key stands, from 1; 0 is none.
type place struct {
	key uint64
	at  int32
}

const (
	fewPlaces  = 32
	lastPlaces = 512
)

func newIndex() index { return index{all: map[uint64]int32{}} }

func (x *index) find(key uint64) (at int32, ok bool) {
	if x.last == nil {
		at, ok = x.all[key]
		return at, ok
	}
	p := &x.last[key%lastPlaces]
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
	if x.last == nil && len(x.all) > fewPlaces {
		x.last = make([]place, lastPlaces)
	}
	if x.last != nil {
		x.last[key%lastPlaces] = place{key, at + 1}
	}
}

// clear empties it; the memory stays.
func (x *index) clear() {
	clear(x.all)
	clear(x.last)
}
