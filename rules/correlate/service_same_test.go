package correlate

import (
	"testing"

	"culprit/rules"
)

// A container that is made anew under its name is the same service; two of different names are two.
func TestContainerMadeAnew(t *testing.T) {
	f := func(want int, names ...string) {
		t.Helper()
		events := systemLog("docker-events.log").covers(0, 300)
		for i, id := range []string{"1a2b3c4d5e6f", "6f5e4d3c2b1a"} {
			events.teaches(rules.SubjectContainer+id, float64(100+i), rules.FactContainer, id).teaches(rules.SubjectContainer+id, float64(100+i), rules.FactService, names[i])
		}
		e := New(Config{})
		e.Add(&events.d)
		e.Decide()
		got := 0
		for _, sv := range e.services {
			if !sv.system {
				got++
			}
		}
		if got != want {
			t.Errorf("%v are %d services, want %d", names, got, want)
		}
	}
	f(1, "shop-api-1", "shop-api-1")
	f(2, "shop-api-1", "shop-jobs-1")
}
