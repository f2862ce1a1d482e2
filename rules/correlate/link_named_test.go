package correlate

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// names are lines of an application that name a path, each in a second: %d in it is the second.
func (l *logFile) names(path string, seconds ...float64) *logFile {
	for _, s := range seconds {
		when, _ := l.moment(s)
		key := urlKey(pathAt(path, s))
		l.d.Named = append(l.d.Named, rules.Request{Micros: when.From, Key: key, Group: urlKey(groupOf(path)), Named: true, Plain: path == "/health"})
	}
	return l
}

// asked are requests of a gateway's access log for a path.
func (l *logFile) asked(path string, status int16, seconds ...float64) *logFile {
	for _, s := range seconds {
		when, _ := l.moment(s)
		l.d.Requests = append(l.d.Requests, rules.Request{
			Micros: when.From, Key: urlKey("GET " + pathAt(path, s)), Group: urlKey("GET " + groupOf(path)), Status: status, Stream: rules.StreamGateway,
		})
		l.answers(s, "", status, 1, func(t *rules.Tally) {
			if rules.Failed(status) {
				t.Groups = []rules.URLGroup{{URL: "GET " + groupOf(path), Failed: 1}}
			}
		})
	}
	return l
}

func pathAt(path string, seconds float64) string {
	if groupOf(path) == path {
		return path
	}
	return fmt.Sprintf(path, int(seconds))
}

func groupOf(path string) string {
	if n := len(path) - len("%d"); n > 0 && path[n:] == "%d" {
		return path[:n] + "{id}"
	}
	return path
}

func each(from, to, step float64) (out []float64) {
	for s := from; s < to; s += step {
		out = append(out, s)
	}
	return out
}

// Two applications say neither where they listen nor what they answered, but name what they work on.
func TestLinkByNamedPaths(t *testing.T) {
	f := func(name string, want rules.Cause, change func(feeds, geo, access *logFile)) {
		t.Helper()
		errors, access := errorLog("error.log").covers(0, 600), accessLog("access.log").covers(0, 600)
		feeds, geo := appLog("feeds.log").covers(0, 600), appLog("geod.log").covers(0, 600)
		access.asked("/geo/%d", 502, each(300, 306, 1)...)
		for s := range 6 {
			errors.fails(float64(300+s), shopAddress, refused, 1)
		}
		feeds.says(299, heapExhausted)
		geo.says(299, goPanic)
		change(feeds, geo, access)
		if in := incidents(t, 1, errors, access, feeds, geo)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	f("nothing is named", rules.CauseNotListening, func(_, _, _ *logFile) {})
	f("each names its own", rules.CauseUnhandledException, func(feeds, geo, access *logFile) {
		at := each(10, 290, 20)
		access.asked("/geo/%d", 200, at...).asked("/feeds/%d", 200, at...)
		geo.names("/geo/%d", at...)
		feeds.names("/feeds/%d", at...)
	})
	f("one names what the gateway was not asked for then", rules.CauseNotListening, func(_, geo, access *logFile) {
		access.asked("/geo/%d", 200, each(10, 290, 20)...)
		geo.names("/geo/%d", each(13, 290, 20)...)
	})
	f("both name it", rules.CauseUnknown, func(feeds, geo, access *logFile) {
		at := each(10, 290, 20)
		access.asked("/geo/%d", 200, at...)
		geo.names("/geo/%d", at...)
		feeds.names("/geo/%d", at...)
	})
	f("one names it while it fails", rules.CauseUnhandledException, func(_, geo, _ *logFile) {
		geo.names("/geo/%d", 300, 301, 303, 305)
	})
	f("one names its like at other times, too", rules.CauseNotListening, func(_, geo, _ *logFile) {
		geo.names("/geo/%d", 11, 12, 13, 300, 301, 303, 305)
	})
}

// What any service has tells nothing, whoever names it.
func TestCommonPathsLinkNobody(t *testing.T) {
	f := func(name string, want rules.Cause, path string, at ...float64) {
		t.Helper()
		errors, access := errorLog("error.log").covers(0, 600), accessLog("access.log").covers(0, 600)
		feeds, geo := appLog("feeds.log").covers(0, 600).says(299, heapExhausted), appLog("geod.log").covers(0, 600).says(299, goPanic)
		access.asked(path, 200, each(0, 300, 1)...).asked(path, 502, each(300, 306, 1)...).asked(path, 200, each(306, 600, 1)...)
		for s := range 6 {
			errors.fails(float64(300+s), shopAddress, refused, 1)
		}
		geo.names(path, at...)
		if in := incidents(t, 1, errors, access, feeds, geo)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	f("a health check's, all the time", rules.CauseNotListening, "/health", each(0, 600, 5)...)
	f("a health check's, while it fails", rules.CauseNotListening, "/health", 300, 301, 302, 303)
	f("one of the application's own, all the time", rules.CauseNotListening, "/api/orders", each(0, 600, 5)...)
	f("one of the application's own, while it fails", rules.CauseUnhandledException, "/api/orders", 300, 301, 302, 303)
}

// What a log names tells how far its clock is ahead, too.
func TestClockByNamedPaths(t *testing.T) {
	access, app := accessLog("access.log").covers(0, 300), appLog("pricing.log").skewed(95).covers(0, 300)
	at := each(10, 290, 7)
	access.asked("/quote/%d", 200, at...)
	for _, s := range at {
		when, _ := app.moment(s)
		app.d.Named = append(app.d.Named, rules.Request{Micros: when.From, Key: urlKey(pathAt("/quote/%d", s)), Named: true})
	}
	r := report(t, Config{}, access, app)
	if got := settled(t, r, "pricing.log").Skew; got != 95*parser.Second {
		t.Errorf("a skew of %d ms", got/parser.Millisecond)
	}
}
