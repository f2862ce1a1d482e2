package digest

import "testing"

// An index finds what was set last under each key, and nothing that was cleared.
func TestIndex(t *testing.T) {
	const keys = 4000
	var x index
	for round := range 3 {
		for i := range uint64(keys) {
			if at, ok := x.find(i << 40); ok { // keys whose lower bits are alike
				t.Fatalf("round %d: key %d was at %d before it was set", round, i, at)
			}
			x.set(i<<40, int32(i)+1)
			x.set(i<<40, int32(i))
		}
		for i := range uint64(keys) {
			if at, ok := x.find(i << 40); !ok || at != int32(i) {
				t.Fatalf("round %d: key %d stands at %d, %v", round, i, at, ok)
			}
		}
		if _, ok := x.find(1); ok {
			t.Fatalf("round %d: a key that nobody set", round)
		}
		if x.n != keys || len(x.slots) > 5*keys {
			t.Fatalf("round %d: %d keys in %d places", round, x.n, len(x.slots))
		}
		x.clear()
	}
}
