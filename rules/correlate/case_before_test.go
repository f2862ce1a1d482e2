package correlate

import (
	"testing"

	"culprit/rules"
)

// An error log that begins in the middle tells of a part: what the access log tells right before
// is of the same case.
func TestFailuresBeforeTheErrorLogBegins(t *testing.T) {
	f := func(name, want string, status int16, host string, seconds ...float64) {
		t.Helper()
		errors, access := errorLog("error.log").covers(100, 300), accessLog("access.log").covers(0, 300)
		for s := range 10 {
			errors.fails(float64(100+s), shopAddress, refused, 1)
			access.answers(float64(100+s), "", 502, 1)
		}
		for _, s := range seconds {
			access.answers(s, "", status, 1, func(t *rules.Tally) { t.VHost = host })
		}
		if r := report(t, Config{}, errors, access); failedOf(r) != "["+shopAddress+"="+want+"]" {
			t.Errorf("%s: %s, want %s", name, failedOf(r), want)
		}
	}
	f("without a pause", "14", 502, "shop.example", 94, 90, 86, 80)
	f("after a pause of half a minute", "12 =1", 502, "shop.example", 94, 90, 59)
	f("of another host", "10 =1", 502, "blog.example", 94)
	f("answered by the application", "10", 500, "shop.example", 94, 90)
}
