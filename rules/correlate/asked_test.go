package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// A maintenance page: Apache's error log, which would tell of a back end that cannot be reached,
// is silent, and the application was not asked.
func TestAnswersOfTheGatewayItself(t *testing.T) {
	f := func(name string, want int, product string, change func(errors, app *logFile)) {
		t.Helper()
		errors := errorLog("web/error.log").covers(0, 300)
		access := accessLog("web/access.log").covers(0, 300)
		app := appLog("shop.log").covers(0, 300)
		logged := func(at float64, url string, status int16) {
			app.sketch(at, uint64(at), "")
			q := &app.d.Requests[len(app.d.Requests)-1]
			q.Group, q.Status = xxhash.Sum64String(url), status
		}
		for at := 40.0; at < 90; at++ {
			logged(at, "GET /cart", 200)
		}
		logged(100.2, "GET /cart", 200) // the last before the switch
		for at := 100.0; at < 110; at++ {
			access.answers(at, "", 503, 2, madeBy(rules.MakerUnknown), func(t *rules.Tally) {
				t.Groups = []rules.URLGroup{{URL: "GET /cart", Failed: 2}}
			})
		}
		change(errors, app)
		errors.d.Source.Gateway, access.d.Source.Gateway = product, product
		r := report(t, Config{}, errors, access, app)
		if len(r.Incidents) != want || want == 0 && r.Totals.Refused != 20 {
			t.Errorf("%s: %s, %d refused", name, outline(r), r.Totals.Refused)
		}
	}
	f("maintenance", 0, "apache", func(_, _ *logFile) {})
	f("Varnish has no error log of requests", 1, "varnish", func(_, _ *logFile) {})
	f("the application answered so itself", 1, "apache", func(_, app *logFile) {
		for i := range app.d.Requests {
			if q := &app.d.Requests[i]; q.Micros >= utc(100) {
				q.Status = 503
			}
		}
		for at := 100.5; at < 110; at++ {
			app.sketch(at, uint64(at), "")
			q := &app.d.Requests[len(app.d.Requests)-1]
			q.Group, q.Status = xxhash.Sum64String("GET /cart"), 503
		}
	})
	f("the application does not log such requests", 1, "apache", func(_, app *logFile) { app.d.Requests = nil })
	f("the error log tells", 1, "apache", func(errors, _ *logFile) {
		for at := 100.0; at < 110; at++ {
			errors.fails(at, shopAddress, parser.SymptomConnRefused, 2)
		}
	})
}
