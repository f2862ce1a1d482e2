package correlate

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// endedWith is how requests ended that took so many seconds.
func endedWith(class parser.Symptom, waited float64) tallyChange {
	return func(t *rules.Tally) {
		t.Symptom, t.Waited = class, int64(waited*float64(parser.Second))
		if class == parser.SymptomNone {
			t.Made = rules.MakerUpstream
		}
	}
}

func ownFaultOf(class parser.Symptom) eventChange {
	return func(e *rules.Event) {
		e.Phase, e.Symptom, e.Text = parser.PhaseNone, class, "AH00484: server reached MaxRequestWorkers setting"
	}
}

// HAProxy before an Apache whose workers are used up: HAProxy's requests time out, Apache
// logs some of them late, as 200, and says once that no worker is left.
func TestFaultOfTheGatewayBehind(t *testing.T) {
	f := func(name string, key func(i int) (of, in uint64), change func(inner, innerErrors *logFile), want rules.Cause, cases int) {
		t.Helper()
		outer, inner, innerErrors := innerLog(), accessLog("cms/access_log"), errorLog("cms/error_log")
		inner.d.Source.Gateway, innerErrors.d.Source.Gateway = "apache", "apache"
		for s := 60; s < 130; s++ {
			o, n := key(s)
			if s < 100 {
				outer.asks(float64(s), o, "cms/cms1", 200).answers(float64(s), "cms/cms1", 200, 1)
				inner.asks(float64(s), n, "", 200).answers(float64(s), "", 200, 1)
				continue
			}
			outer.fails(float64(s), "cms/cms1", parser.SymptomReadTimeout, 2).asks(float64(s), o, "cms/cms1", 504)
			outer.answers(float64(s), "cms/cms1", 504, 2, endedWith(parser.SymptomReadTimeout, 3))
		}
		innerErrors.fails(98, "", parser.SymptomNoConnections, 1, ownFaultOf(parser.SymptomNoConnections))
		if change != nil {
			change(inner, innerErrors)
		}
		in := incidents(t, cases, outer.covers(0, 300), inner.covers(0, 300), innerErrors.covers(0, 300))
		for i := range in {
			if len(in[i].Upstreams) == 0 {
				if in[i].Verdict.Cause != rules.CauseGatewayResources {
					t.Errorf("%s: the inner one's own case is %s", name, in[i].Verdict.Cause)
				}
				continue
			}
			if in[i].Verdict.Cause != want {
				t.Errorf("%s: %s, want %s", name, in[i].Verdict.Cause, want)
			}
			if want != rules.CauseUpstreamSaturated {
				continue
			}
			if in[i].Culprit.Process != "apache" || !strings.Contains(in[i].Evidence[0].Quote.Text, "AH00484") || !strings.HasPrefix(in[i].Evidence[0].Why, "apache, the gateway behind it, had") {
				t.Errorf("%s: culprit %q, proof %q: %s", name, in[i].Culprit.Process, in[i].Evidence[0].Quote.Text, in[i].Evidence[0].Why)
			}
			if cases == 2 && (len(in[0].Related) != 1 || len(in[1].Related) != 1) {
				t.Errorf("%s: related %v and %v", name, in[0].Related, in[1].Related)
			}
		}
	}
	same := func(i int) (uint64, uint64) { return uint64(i), uint64(i) }
	f("the same requests", same, nil, rules.CauseUpstreamSaturated, 1)
	f("requests of others", func(i int) (uint64, uint64) { return uint64(i), uint64(i + 500) }, nil, rules.CauseSlowUpstream, 2)
	f("requests failed in its own log, too", same, func(inner, _ *logFile) {
		for s := 60; s < 100; s++ {
			inner.asks(float64(s), uint64(s+500), "", 200) // of its own clients
		}
		inner.answers(96, "", 500, 3, madeBy(rules.MakerGateway))
	}, rules.CauseUpstreamSaturated, 2)
	f("long before", same, func(_, errors *logFile) {
		errors.d.Events = nil
		errors.fails(8, "", parser.SymptomNoConnections, 1, ownFaultOf(parser.SymptomNoConnections))
	}, rules.CauseSlowUpstream, 2)
}

// Without an access log of the inner gateway only its folder's name may say whose it is.
func TestFaultOfTheGatewayBehindByName(t *testing.T) {
	f := func(path string, want rules.Cause, cases int) {
		t.Helper()
		outer, inner := innerLog(), errorLog(path)
		inner.d.Source.Gateway = "apache"
		outer.serves(60, 100, "cms/cms1")
		for s := 100.0; s < 130; s++ {
			outer.fails(s, "cms/cms1", parser.SymptomReadTimeout, 2).answers(s, "cms/cms1", 504, 2, endedWith(parser.SymptomReadTimeout, 3))
		}
		inner.fails(98, "", parser.SymptomNoConnections, 1, ownFaultOf(parser.SymptomNoConnections))
		for _, in := range incidents(t, cases, outer.covers(0, 300), inner.covers(0, 300)) {
			if len(in.Upstreams) > 0 && in.Verdict.Cause != want {
				t.Errorf("%s: %s, want %s", path, in.Verdict.Cause, want)
			}
		}
	}
	f("cms-1/error_log", rules.CauseUpstreamSaturated, 1)
	f("shop/error_log", rules.CauseSlowUpstream, 2)
}

// Connect timeouts are packets that were dropped, unless the same server took other
// connections all the while and was slow with them.
func TestFullQueueIsNoNetwork(t *testing.T) {
	f := func(name string, want rules.Cause, meanwhile func(l *logFile, s float64)) {
		t.Helper()
		l := innerLog().serves(60, 100, "cms/cms1")
		for s := 100.0; s < 130; s++ {
			l.fails(s+4, "cms/cms1", parser.SymptomConnectTimeout, 2).answers(s+4, "cms/cms1", 503, 2, endedWith(parser.SymptomConnectTimeout, 4))
			meanwhile(l, s)
		}
		in := incidents(t, 1, l.covers(0, 300))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
		}
		if !strings.Contains(in.Evidence[0].Quote.Text, "connect-timeout") {
			t.Errorf("%s: proof %q", name, in.Evidence[0].Quote.Text)
		}
	}
	every := func(n int, change func(*logFile, float64)) func(*logFile, float64) {
		return func(l *logFile, s float64) {
			if int(s)%n == 0 {
				change(l, s)
			}
		}
	}
	f("nobody was let in", rules.CauseNetworkUnreachable, func(*logFile, float64) {})
	f("some waited in vain", rules.CauseUpstreamSaturated, every(7, func(l *logFile, s float64) {
		l.fails(s+3, "cms/cms1", parser.SymptomReadTimeout, 1).answers(s+3, "cms/cms1", 504, 1, endedWith(parser.SymptomReadTimeout, 3))
	}))
	f("some were answered late", rules.CauseUpstreamSaturated, every(7, func(l *logFile, s float64) {
		l.answers(s+2, "cms/cms1", 200, 1, endedWith(parser.SymptomNone, 2))
	}))
	f("some were answered at once", rules.CauseNetworkUnreachable, every(7, func(l *logFile, s float64) {
		l.answers(s+2, "cms/cms1", 200, 1, endedWith(parser.SymptomNone, 2)).answers(s, "cms/cms1", 200, 1, endedWith(parser.SymptomNone, 0.01))
	}))
	f("another server answered late", rules.CauseNetworkUnreachable, every(7, func(l *logFile, s float64) {
		l.answers(s+2, "cms/cms2", 200, 1, endedWith(parser.SymptomNone, 2))
	}))
	f("those that were under way when the network failed", rules.CauseNetworkUnreachable, func(l *logFile, s float64) {
		if s < 101 {
			l.fails(s+3, "cms/cms1", parser.SymptomReadTimeout, 2).answers(s+3, "cms/cms1", 504, 2, endedWith(parser.SymptomReadTimeout, 3))
		}
	})
}
