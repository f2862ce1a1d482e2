package digest

import "testing"

// Whatever is looked up in between, an index finds what was set last and nothing that was cleared; keys
// that share a place among the last do not hide each other.
func TestIndex(t *testing.T) {
	x := newIndex()
	for round := range 3 {
		for i := range int32(4 * fewPlaces) {
			for k := range uint64(3) { // three that share a place
				key := uint64(i) + k*lastPlaces
				if _, ok := x.find(key); ok {
					t.Fatalf("round %d: key %d was there before it was set", round, key)
				}
				x.set(key, 3*i+int32(k))
			}
			if i < fewPlaces/3-1 && round == 0 && x.last != nil {
				t.Fatalf("places for %d keys", len(x.all))
			}
		}
		for _, again := range []bool{false, true} {
			for i := range int32(4 * fewPlaces) {
				for k := range uint64(3) {
					if at, ok := x.find(uint64(i) + k*lastPlaces); !ok || at != 3*i+int32(k) {
						t.Fatalf("round %d, again %v: key %d stands at %d, %v", round, again, uint64(i)+k*lastPlaces, at, ok)
					}
				}
			}
		}
		x.clear()
	}
}
