package correlate

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Varnish answered 503 after first_byte_timeout; its usual format tells neither that nor whom it asked:
//
//	127.0.0.1 - - [27/Nov/2026:17:32:51 +1030] "GET http://shop.example.test/report/8236 HTTP/1.1" 503 279 "-" "Mozilla/5.0"
//	Nov 27 17:32:56 rep-2 reports[17569]: GET /report/8236 200 4876.113 ms - 2
func TestAnswersThatComeLate(t *testing.T) {
	f := func(name string, want rules.Cause, delay func(i int) float64, change func(l, app *logFile)) {
		t.Helper()
		l, app := accessLog("varnish/varnishncsa.log"), appLog("app/reports.log")
		for i := range 30 { // answered before and after
			at := float64(60 + 5*i)
			l.answers(at, "", 200, 1).asks(at, uint64(8*(500+i)), "", 200)
			app.asks(at+0.4, uint64(8*(500+i)), "", 200)
		}
		for i := range 12 {
			at, key := 100+float64(i), uint64(8*(100+i))
			l.answers(at, "", 503, 1, madeBy(rules.MakerUnknown)).asks(at, key, "", 503)
			if d := delay(i); d >= 0 {
				app.asks(at+d, key, "", 200)
			}
		}
		if change != nil {
			change(l, app)
		}
		in := incidents(t, 1, l.covers(0, 300), app.covers(0, 300))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
		}
		if want == rules.CauseSlowUpstream && (in.Symptoms[0].Class != parser.SymptomReadTimeout ||
			!strings.HasPrefix(in.Evidence[0].Why, "the application finished 12 of the same requests seconds after the gateway had failed them")) {
			t.Errorf("%s: %s, %s", name, in.Symptoms[0].Class, in.Evidence[0].Why)
		}
	}
	late := func(i int) float64 { return 4 + float64(i%3) }
	f("seconds later", rules.CauseSlowUpstream, late, nil)
	f("at once", rules.CauseUnknown, func(int) float64 { return 0.3 }, nil)
	f("never", rules.CauseUnknown, func(int) float64 { return -1 }, nil)
	f("two of twelve", rules.CauseUnknown, func(i int) float64 {
		if i < 2 {
			return 5
		}
		return 0.3
	}, nil)
	f("as late as those that were passed on", rules.CauseUnknown, late, func(l, app *logFile) {
		l.asks(90, 8*900, "", 200)
		app.asks(95, 8*900, "", 200)
	})
	f("the clients asked again", rules.CauseUnknown, late, func(l, _ *logFile) {
		for i := range 12 {
			l.answers(103+float64(i), "", 200, 1).asks(103+float64(i), uint64(8*(100+i)), "", 200)
		}
	})
}

// An application that says what it begins and what it is done with, and hangs:
//
//	2026-11-27 13:23:01,812 INFO [Thread-9] ledgerd started GET /book/886
//	2026-11-27 13:23:01,843 INFO [Thread-9] ledgerd finished GET /book/886 200 in 31ms
func TestRequestsThatAreBegunOnly(t *testing.T) {
	f := func(name string, want rules.Cause, good, bad []float64) {
		t.Helper()
		l, app := accessLog("varnish/varnishncsa.log"), appLog("app/ledgerd.log")
		names := func(at float64, key uint64, delays []float64) {
			for _, d := range delays {
				when, _ := app.moment(at + d)
				app.d.Named = append(app.d.Named, rules.Request{Micros: when.From, Key: key, Named: true})
			}
		}
		for i := range 30 {
			at, key := float64(60+5*i), uint64(8*(500+i))
			l.answers(at, "", 200, 1).asks(at, key, "", 200)
			names(at, key, good)
		}
		for i := range 12 {
			at, key := 100+float64(i), uint64(8*(100+i))
			l.answers(at, "", 503, 1, madeBy(rules.MakerUnknown)).asks(at, key, "", 503)
			names(at, key, bad)
		}
		in := incidents(t, 1, l.covers(0, 300), app.covers(0, 300))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
		}
		if want == rules.CauseSlowUpstream && !strings.HasPrefix(in.Evidence[0].Why, "the application began 12 of the same requests and finished none of them") {
			t.Errorf("%s: %s", name, in.Evidence[0].Why)
		}
	}
	f("begun only", rules.CauseSlowUpstream, []float64{0, 0.03}, []float64{0})
	f("it never says when it is done", rules.CauseUnknown, []float64{0}, []float64{0})
	f("it says when it is done with both", rules.CauseUnknown, []float64{0, 0.03}, []float64{0, 0.03})
	f("it says nothing of them", rules.CauseUnknown, []float64{0, 0.03}, nil)
	f("it names them long after", rules.CauseUnknown, []float64{0, 0.03}, []float64{30})
}
