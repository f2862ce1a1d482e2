package correlate

import (
	"testing"

	"culprit/rules"
)

// Of the inner gateway only the error log is here: the requests that it names are those that the
// outer one's access log says failed, and at other times or of other names they are none.
func TestErrorLogOfTheInnerGateway(t *testing.T) {
	f := func(name string, want bool, late float64, key func(second int) uint64) {
		t.Helper()
		app := appLog("app/fleet.log").knows(0, rules.FactListens, appAddress).says(100, goPanic).covers(0, 300)
		outer, inner := accessLog("edge/access.log").covers(0, 300), errorLog("inner/error.log").covers(0, 300)
		for s := 60; s < 140; s++ {
			status := int16(200)
			if s >= 100 && s < 112 {
				status = 502
				outer.answers(float64(s), outerAddress, 502, 1, byUpstream)
				inner.fails(float64(s)+late, appAddress, refused, 1).asks(float64(s)+late, key(s), "", 0)
			}
			outer.asks(float64(s), uint64(s), outerAddress, status)
		}
		taught := false
		for _, in := range incidents(t, 2, outer, inner, app) {
			if in.Upstreams[0] == outerAddress {
				taught = in.Verdict.Cause == rules.CauseUnhandledException && proved(&in, goPanic)
			}
		}
		if taught != want {
			t.Errorf("%s: %v, want %v", name, taught, want)
		}
	}
	same := func(second int) uint64 { return uint64(second) }
	f("the same requests", true, 0, same)
	f("other requests", false, 0, func(second int) uint64 { return uint64(1000 + second) })
	f("at another time", false, 5, same)
}
