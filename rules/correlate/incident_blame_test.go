package correlate

import (
	"testing"

	"culprit/rules"
)

// A container's id tells which container it was, and no program's name.
func TestContainerIsNoProcess(t *testing.T) {
	const id = "4be1f0a9c77d1c7e0f9d4be1f0a9c77d1c7e0f9d4be1f0a9c77d1c7e0f9d0123"
	f := func(path, process, container string) {
		t.Helper()
		app := appLog(path).knows(0, rules.FactListens, shopAddress).says(100, goPanic)
		in := incidents(t, 1, errorLog("nginx/error.log").fails(100, shopAddress, closed, 3), app)[0]
		if in.Culprit.Process != process || in.Culprit.Container != container {
			t.Errorf("%s: culprit %+v, want process %q and container %q", path, in.Culprit, process, container)
		}
	}
	f("docker/"+id+"/"+id+"-json.log", "", id[:12])
	f("docker/shop-"+id+"-json.log", "shop", "shop")
	f("shop.log", "shop", "")
}
