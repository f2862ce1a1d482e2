package scan

import "testing"

// The sequel of a line does not depend on how much of it is known from a line before.
func TestSequelBehind(t *testing.T) {
	for _, line := range []string{
		"2026-11-22 14:30:00,001 INFO [worker-1] shop.web handled /cart?a=1&b=2 for 10.0.0.1 in 3 ms (200)",
		"2026-11-22 14:30:00 INFO x: [a] (b) - c",
		"2026-11-22 14:30:00.123 x",
	} {
		for first := stampBytes; first <= len(line); first++ {
			if got, want := sequelBehind(marksOf([]byte(line[:first])), []byte(line), first), sequel([]byte(line)); got != want {
				t.Errorf("%q with %d bytes known: %x, want %x", line, first, got, want)
			}
		}
	}
}
