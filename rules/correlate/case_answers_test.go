package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// failedOf is how many failed requests each incident has, by its first upstream.
func failedOf(r *rules.Report) string {
	var out []string
	for _, in := range r.Incidents {
		out = append(out, fmt.Sprintf("%s=%d", firstOf(in.Upstreams), in.FailedRequests))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

// Whose is a 5xx? Of the case with the same client and request within two seconds; else
// of the same upstream; else of the only open case of the same virtual host; else it
// stands in the totals only.
func TestWhoseIsAFailure(t *testing.T) {
	const one, two = "127.0.0.1:8001", "127.0.0.1:8002"
	errors := func() *logFile {
		return errorLog("error.log").fails(10, one, refused, 1, asking(101)).fails(10, two, refused, 1, asking(202), onHost("blog.example"))
	}
	blog := func(t *rules.Tally) { t.VHost = "blog.example" }
	none := func(t *rules.Tally) { t.VHost = "" }
	f := func(name string, first, second, total int64, access *logFile) {
		t.Helper()
		r := report(t, Config{}, errors(), access)
		want := fmt.Sprintf("[%s=%d %s=%d]", one, first, two, second)
		if got := failedOf(r); got != want || r.Totals.FailedRequests != total {
			t.Errorf("%s: %s of %d, want %s of %d", name, got, r.Totals.FailedRequests, want, total)
		}
	}
	access := func() *logFile { return accessLog("access.log").covers(0, 300) }
	f("the same request, no address told", 0, 1, 1, access().answers(10, "", 502, 1, wanted(202), none))
	f("the same request beats the host", 0, 1, 1, access().answers(10, "", 502, 1, wanted(202)))
	f("the same request two seconds later", 0, 1, 1, access().answers(12, "", 502, 1, wanted(202), none))
	f("half of the requests of one second each", 2, 2, 4, access().answers(10, "", 502, 4, wanted(101, 202), none))
	f("the line's own address beats the same request", 1, 0, 1, access().answers(10, one, 502, 1, wanted(202)))
	f("the address", 3, 2, 5, access().answers(10, one, 502, 3).answers(10, two, 502, 2, blog))
	f("the address beats the host", 0, 2, 2, access().answers(10, two, 502, 2))
	f("the host, no address told", 0, 2, 2, access().answers(10, "", 502, 2, blog))
	f("no address, no host, two open cases", 0, 0, 1, access().answers(10, "", 500, 1, none, madeBy(rules.MakerUpstream)))
	f("another host", 0, 0, 1, access().answers(10, "", 500, 1, madeBy(rules.MakerUpstream), func(t *rules.Tally) { t.VHost = "wiki.example" }))
	f("a refused connection makes no 504", 0, 0, 1, access().answers(10, "", 504, 1, blog, madeBy(rules.MakerUnknown)))
	f("what the upstream answered itself is not the host's", 0, 0, 1, access().answers(10, "", 502, 1, blog, madeBy(rules.MakerUpstream)))
	f("minutes later", 0, 0, 1, access().answers(200, "", 500, 1, wanted(202), madeBy(rules.MakerUpstream)))
}

// An error log that names no hosts (lighttpd's) leaves a failure to its only open case.
func TestFailureOfAHostBesideAnErrorLogWithoutHosts(t *testing.T) {
	noHost := onHost("")
	blog := func(t *rules.Tally) { t.VHost = "blog.example" }
	errors := errorLog("error.log").fails(10, "127.0.0.1:8001", refused, 2, noHost).covers(0, 300)
	access := accessLog("access.log").covers(0, 300).answers(10, "", 503, 3, blog).answers(200, "", 503, 1, blog, madeBy(rules.MakerUpstream))
	errors.d.Source.Gateway, access.d.Source.Gateway = "lighttpd", "lighttpd"
	r := report(t, Config{}, errors, access)
	if got := failedOf(r); got != "[127.0.0.1:8001=3]" {
		t.Errorf("%s of %d", got, r.Totals.FailedRequests)
	}
}

// Two logs that one gateway writes of the same requests count once; two machines' count twice.
func TestTwoLogsOfOneGateway(t *testing.T) {
	f := func(name string, want int64, first, second string, shift float64) {
		t.Helper()
		plain, full := accessLog(first), accessLog(second)
		for i := range 20 {
			plain.sketch(float64(i*7), uint64(i), "").answers(float64(i*7), "", 200, 1)
			full.sketch(float64(i*7)+shift, uint64(i), shopAddress).answers(float64(i*7)+shift, shopAddress, 200, 1)
		}
		r := report(t, Config{}, plain, full)
		if r.Totals.Requests != want {
			t.Errorf("%s: %d requests, want %d", name, r.Totals.Requests, want)
		}
	}
	f("in the gateway's folder", 20, "nginx/access.log", "nginx/upstream.log", 0)
	f("an application's own", 20, "app/access.log", "nginx/access.log", 0)
	f("other requests", 40, "nginx/access.log", "nginx/upstream.log", 3)
}

// Apache's access log has the time at which a request began, and its failure comes when it
// timed out; nginx's has the end.
func TestRequestsThatBeganBeforeTheyFailed(t *testing.T) {
	f := func(name, product string, class parser.Symptom, seconds float64, want int64) {
		t.Helper()
		errors := errorLog("apache2/error.log").fails(100, shopAddress, class, 2).covers(0, 300)
		errors.d.Source.Gateway = product
		access := accessLog("apache2/access.log").covers(0, 300).answers(seconds, "", 502, 2)
		r := report(t, Config{}, errors, access)
		if got := failedOf(r); !strings.Contains(got, fmt.Sprintf("%s=%d", shopAddress, want)) {
			t.Errorf("%s: %s", name, outline(r))
		}
	}
	f("a minute of waiting", "apache", parser.SymptomReadTimeout, 40, 2)
	f("at once", "apache", parser.SymptomReadTimeout, 100, 2)
	f("afterwards", "apache", parser.SymptomReadTimeout, 140, 0)
	f("refused at once", "apache", refused, 40, 0)
	f("nginx writes when it is done", "nginx", parser.SymptomReadTimeout, 40, 0)
}

// A case of an address takes its failures while it lasted, not before and not after.
func TestFailuresOfAnAddressOutsideOfItsCase(t *testing.T) {
	r := report(t, Config{}, errorLog("error.log").fails(100, shopAddress, refused, 1).fails(110, shopAddress, refused, 1).covers(0, 300),
		accessLog("access.log").covers(0, 300).answers(105, shopAddress, 502, 4).answers(30, shopAddress, 500, 1, byUpstream).answers(200, shopAddress, 500, 1, byUpstream))
	if got := failedOf(r); got != "["+shopAddress+"=4]" || r.Totals.FailedRequests != 6 {
		t.Errorf("%s of %d", got, r.Totals.FailedRequests)
	}
}

// Of Varnish each failed fetch is a 503; a 500 beside them was somebody's answer, and another case.
func TestVarnishAnswersOneStatus(t *testing.T) {
	errors, access := errorLog("varnish/varnishlog.txt").covers(0, 300), accessLog("varnish/varnishncsa.log").covers(0, 300)
	errors.d.Source.Gateway, access.d.Source.Gateway = "varnish", "varnish"
	for at := 100.0; at < 110; at++ {
		errors.noPeers(at, "search", 1, onHost(""))
		access.answers(at, "", 503, 1, madeBy(rules.MakerUnknown)).answers(at, "", 500, 2, madeBy(rules.MakerUnknown))
	}
	if r := report(t, Config{}, errors, access); failedOf(r) != "[=20 search=10]" {
		t.Errorf("%s: %s", failedOf(r), outline(r))
	}
}

// lighttpd starts the servers of bin-path anew when they end, at a reload, too: "child signalled: 1".
// Only what failed meanwhile is an outage.
func TestServersThatTheirGatewayStartsAnew(t *testing.T) {
	signalled := func(at float64) *logFile {
		l := errorLog("lighttpd/error.log").covers(0, 300)
		l.d.Source.Gateway = "lighttpd"
		l.add(at, 1, rules.Event{Symptom: parser.SymptomPeerDown, Phase: parser.PhaseHealthCheck, Rank: parser.RankSecondary, Lines: 1})
		return l
	}
	if r := report(t, Config{}, signalled(100)); len(r.Incidents) != 0 {
		t.Errorf("nothing failed: %s", outline(r))
	}
	if r := report(t, Config{}, signalled(100).fails(101, shopAddress, refused, 2)); len(r.Incidents) != 1 {
		t.Errorf("connects failed: %s", outline(r))
	}
	// child signalled: 6, and then: unexpected end-of-file (perhaps the fastcgi process died)
	l := signalled(100).fails(100, shopAddress, closed, 2, onHost(""))
	l.d.Events[0].Hints = []rules.Cause{rules.CauseCrashSignal}
	in := incidents(t, 1, l)[0]
	if in.Verdict.Cause != rules.CauseCrashSignal || in.Evidence[0].Why != "the gateway, which had started the server itself, says on what signal it died" || in.Evidence[0].Kind != "peer-down" {
		t.Errorf("one died: %s, %+v", in.Verdict.Cause, in.Evidence)
	}
}

// Squid says nothing more once it has detected a dead parent; failures that name no address
// and follow one another are of the case, those after a pause are not.
func TestFailuresGoOnWithoutErrorLines(t *testing.T) {
	errors := errorLog("squid/cache.log").fails(100, shopAddress, refused, 1).covers(0, 300)
	errors.d.Source.Gateway = "squid"
	access := accessLog("squid/access.log").covers(0, 300)
	access.d.Source.Gateway = "squid"
	for at := 100.0; at < 110; at++ {
		access.answers(at, "", 502, 1)
	}
	r := report(t, Config{}, errors, access.answers(120, "", 502, 1))
	if failedOf(r) != "["+shopAddress+"=10 =1]" {
		t.Fatalf("%s: %s", failedOf(r), outline(r))
	}
	in := &r.Incidents[0]
	if _, last := in.Failing(); last.Micros != (epoch+109)*parser.Second || in.End != last {
		t.Errorf("it fails until %s and ends at %s, its last failure was at 109: %s", last.Time(), in.End.Time(), outline(r))
	}
}

// An error log without stamps (varnishlog -g raw of some records) has the time of the requests
// that failed; what stopped then is the cause.
func TestErrorsWithoutStampsHaveTheirAnswersTime(t *testing.T) {
	errors := errorLog("varnish/varnishlog").fails(100, "default", refused, 4)
	errors.d.Source.Gateway = "varnish"
	errors.d.Events[0].When, errors.d.Events[0].Last = rules.Interval{From: rules.Past, To: rules.Future}, rules.Interval{From: rules.Past, To: rules.Future}
	access := accessLog("varnish/access").covers(0, 300).answers(100, "", 503, 2).answers(103, "", 503, 2)
	access.d.Source.Gateway = "varnish"
	in := incidents(t, 1, errors, access, appLog("default.log").covers(0, 300).says(99, stopping))[0]
	if in.Start.Micros != utc(99) || in.FailedRequests != 4 || in.Verdict.Cause != rules.CauseRestart {
		t.Errorf("%+v", in)
	}
}

// Failures that no error line tells: one is enough where the gateway made it.
func TestOneFailureMadeByTheGatewayIsEnough(t *testing.T) {
	f := func(name string, want int, change tallyChange, status int16, others ...*logFile) {
		t.Helper()
		logs := append(others, accessLog("access.log").covers(0, 300).answers(100, shopAddress, status, 1, change))
		if r := report(t, Config{}, logs...); len(r.Incidents) != want {
			t.Errorf("%s: %d incidents, want %d", name, len(r.Incidents), want)
		}
	}
	gateway, unknown := madeBy(rules.MakerGateway), madeBy(rules.MakerUnknown)
	f("502", 1, gateway, 502)
	f("504", 1, gateway, 504)
	f("009: no header", 1, gateway, 9)
	f("a 500 of its own may be anything", 0, gateway, 500)
	f("a 502 that the upstream answered", 0, byUpstream, 502)
	f("nobody knows who made it, and there is no error log", 1, unknown, 502)
	f("nobody knows who made it, and the error log is silent", 0, unknown, 502, errorLog("error.log").covers(0, 300))
	f("the gateway made it, and the error log is silent", 1, gateway, 502, errorLog("error.log").covers(0, 300))
}

// Statuses that the upstream sent itself need five in a minute and ten times the rate
// outside.
func TestBurstOfTheUpstreamsOwnFailures(t *testing.T) {
	f := func(name string, want int, fill func(*logFile)) {
		t.Helper()
		access := accessLog("access.log").covers(0, 3600)
		fill(access)
		if r := report(t, Config{}, access); len(r.Incidents) != want {
			t.Errorf("%s: %d incidents, want %d", name, len(r.Incidents), want)
		}
	}
	at := func(l *logFile, status int16, seconds ...float64) {
		for _, s := range seconds {
			l.answers(s, shopAddress, status, 1, byUpstream)
		}
	}
	f("five in a minute", 1, func(l *logFile) { at(l, 500, 600, 610, 620, 630, 640) })
	f("five in one second", 1, func(l *logFile) { l.answers(600, shopAddress, 500, 5, byUpstream) })
	f("four in a minute", 0, func(l *logFile) { at(l, 500, 600, 610, 620, 630) })
	f("five in three minutes", 0, func(l *logFile) { at(l, 500, 600, 640, 680, 720, 760) })
	f("502s and 503s that it passed on", 1, func(l *logFile) { at(l, 502, 600, 605, 610); at(l, 503, 602, 607) })
	f("404s", 0, func(l *logFile) { l.answers(600, shopAddress, 404, 50) })
	f("for half an hour four times as often as before and after", 0, func(l *logFile) {
		for s := 0.0; s < 3600; s += 10 {
			if s < 1800 {
				l.answers(s, shopAddress, 500, 2, byUpstream)
			} else if int(s)%70 == 0 {
				l.answers(s, shopAddress, 500, 4, byUpstream)
			}
		}
	})
	f("bursts that come all day", 0, func(l *logFile) {
		for s := 50.0; s < 3600; s += 100 {
			l.answers(s, shopAddress, 500, 6, byUpstream)
		}
	})
	f("a hundred times as often as all day", 1, func(l *logFile) {
		for s := 0.0; s < 3600; s += 600 {
			l.answers(s, shopAddress, 500, 1, byUpstream)
		}
		l.answers(1000, shopAddress, 500, 100, byUpstream)
	})
	f("two addresses, three each", 0, func(l *logFile) {
		l.answers(600, "127.0.0.1:8001", 500, 3, byUpstream).answers(600, "127.0.0.1:8002", 500, 3, byUpstream)
	})
}

// An incident of the upstream's own answers counts them.
func TestBurstIsCounted(t *testing.T) {
	in := incidents(t, 1, accessLog("access.log").covers(0, 900).answers(500, shopAddress, 500, 7, byUpstream).answers(503, shopAddress, 503, 2, byUpstream))[0]
	if in.FailedRequests != 9 || fmt.Sprint(in.StatusCounts) != "[{500 7} {503 2}]" || in.ErrorLines != -1 {
		t.Errorf("%d failed, %v, %d lines", in.FailedRequests, in.StatusCounts, in.ErrorLines)
	}
	if in.Symptoms[0].Class != parser.SymptomUpstreamStatus || in.Symptoms[0].Count+in.Symptoms[len(in.Symptoms)-1].Count != 9 && in.Symptoms[0].Count != 9 {
		t.Errorf("symptoms %+v", in.Symptoms)
	}
}

// Lines of the gateway's error log: primary and secondary, each physical line once, and
// access lines never.
func TestCountsOfLines(t *testing.T) {
	in := incidents(t, 1, errorLog("error.log").
		fails(10, shopAddress, refused, 3).fails(11, shopAddress, closed, 2).
		noPeers(11, "shop", 40).
		fails(12, shopAddress, refused, 5, func(e *rules.Event) { e.Lines = 0 }), // at info: written, not counted
		accessLog("access.log").answers(10, shopAddress, 502, 5).answers(11, "shop", 502, 40))[0]
	if in.ErrorLines != 45 || in.PrimaryLines != 5 || in.SecondaryLines != 40 || in.FailedRequests != 45 {
		t.Errorf("%d lines (%d primary, %d secondary), %d requests", in.ErrorLines, in.PrimaryLines, in.SecondaryLines, in.FailedRequests)
	}
}

// Where no source could tell, the count is unknown and not zero.
func TestCountsOfAbsentLogs(t *testing.T) {
	in := incidents(t, 1, errorLog("error.log").fails(10, shopAddress, refused, 3))[0]
	if in.FailedRequests != -1 || in.FailedOther != -1 || in.StatusCounts != nil || in.ErrorLines != 3 {
		t.Errorf("no access log: %d, %d, %v, %d lines", in.FailedRequests, in.FailedOther, in.StatusCounts, in.ErrorLines)
	}
	in = incidents(t, 1, accessLog("access.log").answers(10, shopAddress, 502, 3))[0]
	if in.ErrorLines != -1 || in.PrimaryLines != -1 || in.SecondaryLines != -1 || in.FailedRequests != 3 {
		t.Errorf("no error log: %d, %d, %d lines, %d requests", in.ErrorLines, in.PrimaryLines, in.SecondaryLines, in.FailedRequests)
	}
	if r := report(t, Config{}, appLog("shop.log").says(0, goPanic)); r.Totals.GatewayErrorLines != -1 || r.Totals.Requests != -1 || r.Totals.FailedRequests != -1 {
		t.Errorf("no gateway: %+v", r.Totals)
	}
}

// A cut body keeps its 200, and 009 is no number of failed answers.
func TestFailedOther(t *testing.T) {
	in := incidents(t, 1, errorLog("error.log").fails(10, shopAddress, closed, 2, func(e *rules.Event) { e.Phase = parser.PhaseReadingBody }).
		fails(11, shopAddress, parser.SymptomNoHTTPHeader, 3), accessLog("access.log").answers(10, shopAddress, 200, 9).answers(11, shopAddress, 9, 3))[0]
	if in.FailedRequests != 0 || in.FailedOther != 5 || fmt.Sprint(in.StatusCounts) != "[{009 3} {200 2}]" {
		t.Errorf("%d failed, %d otherwise, %v", in.FailedRequests, in.FailedOther, in.StatusCounts)
	}
}

// Clients that gave up while it was slow count in its statuses, others do not.
func TestAbortsWhileWaiting(t *testing.T) {
	count := func(class parser.Symptom, status int16, at float64, upstream string) int64 {
		in := incidents(t, 1, errorLog("error.log").fails(70, shopAddress, class, 3).fails(75, shopAddress, class, 3).covers(0, 300),
			accessLog("access.log").covers(0, 300).
				answers(70, shopAddress, status, 3, func(t *rules.Tally) { t.Waited = 60 * parser.Second }).answers(at, upstream, 499, 4, byClient))[0]
		for _, c := range in.StatusCounts {
			if c.Status == "499" {
				return c.Count
			}
		}
		return 0
	}
	for _, c := range []struct {
		name     string
		class    parser.Symptom
		status   int16
		at       float64
		upstream string
		want     int64
	}{
		{"while it was slow", timedOut, 504, 72, shopAddress, 4},
		{"while the first request waited", timedOut, 504, 20, shopAddress, 4},
		{"before", timedOut, 504, 2, shopAddress, 0},
		{"after", timedOut, 504, 200, shopAddress, 0},
		{"of another address", timedOut, 504, 72, "127.0.0.1:9", 0},
		{"while it was down", refused, 502, 72, shopAddress, 0},
	} {
		if got := count(c.class, c.status, c.at, c.upstream); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// The log of a server behind the gateway is not counted beside the gateway's.
func TestLoopbackAccessLog(t *testing.T) {
	inner := accessLog("apache/access.log").serves(0, 20, "").answers(10, "", 500, 6, byUpstream)
	inner.d.Source.Loopback = true
	outer := accessLog("nginx/access.log").serves(0, 20, shopAddress).answers(10, shopAddress, 502, 6)
	if r := report(t, Config{}, inner, outer); r.Totals.Requests != 26 || r.Totals.FailedRequests != 6 {
		t.Errorf("with the gateway's: %+v", r.Totals)
	}
	if r := report(t, Config{}, inner); r.Totals.Requests != 26 {
		t.Errorf("alone: %+v", r.Totals)
	}
}

// An access log whose requests the gateway's has, too, is an application's own.
func TestApplicationsOwnAccessLog(t *testing.T) {
	outer, inner := accessLog("nginx/access.log").serves(0, 10, shopAddress), accessLog("shop/requests.log").serves(0, 10, "")
	visits(outer, inner, 40)
	if r := report(t, Config{}, outer, inner); r.Totals.Requests != 10 {
		t.Errorf("%d requests, want the gateway's 10", r.Totals.Requests)
	}
	other := accessLog("blog/visits.log").serves(0, 10, "")
	for i := range 40 {
		other.sketch(float64(i), uint64(9000+i), "")
	}
	if r := report(t, Config{}, outer, other); r.Totals.Requests != 20 {
		t.Errorf("%d requests, want both gateways' 20", r.Totals.Requests)
	}
}

// A request that waited began before its failure: so did the case.
func TestCaseBeganWithItsFirstRequest(t *testing.T) {
	in := incidents(t, 1, errorLog("error.log").fails(100, shopAddress, timedOut, 1).covers(0, 300),
		accessLog("access.log").covers(0, 300).answers(100, shopAddress, 504, 1, func(t *rules.Tally) { t.Waited = 60 * parser.Second }))[0]
	if in.Start.Micros != utc(40) {
		t.Errorf("it began at %s, want a minute before the failure", in.Start)
	}
}

// An address that is always refused stays so where the retry on another one is answered:
// localhost is [::1] and 127.0.0.1, and the service listens on one of them.
func TestRefusalsHiddenByRetries(t *testing.T) {
	errors, access := errorLog("error.log"), accessLog("access.log")
	access.d.Pools = [][]string{{"127.0.0.1:8000", "[::1]:8000"}}
	for s := range 20 {
		errors.fails(float64(s), "[::1]:8000", refused, 5)
		access.answers(float64(s), "127.0.0.1:8000", 200, 10)
	}
	in := incidents(t, 1, errors, access)[0]
	if in.Verdict.Cause != rules.CauseNotListening || in.FailedRequests != 0 {
		t.Errorf("%s, %d failed: %+v", in.Verdict.Cause, in.FailedRequests, in.Verdict.Alternatives)
	}
}

// What is refused on purpose is refused once and fails never: by limit_req's error line, by a
// configured 503 that the access log alone shows, by a balancer's rule.
func TestRefusalsAreNoFailures(t *testing.T) {
	onPurpose := func(e *rules.Event) { e.Rank = parser.RankNoise }
	byRule := func(t *rules.Tally) { t.Symptom = parser.SymptomRefusedOnPurpose }
	nobody := madeBy(rules.MakerGateway)
	f := func(name string, refused, failed int64, logs ...*logFile) {
		t.Helper()
		r := report(t, Config{}, logs...)
		if r.Totals.Refused != refused || r.Totals.FailedRequests != failed {
			t.Errorf("%s: %d refused and %d failed, want %d and %d", name, r.Totals.Refused, r.Totals.FailedRequests, refused, failed)
		}
		if in := r.Incidents; failed == 0 && len(in) > 0 || failed > 0 && (len(in) != 1 || in[0].FailedRequests != failed) {
			t.Errorf("%s: %s", name, outline(r))
		}
	}
	access := func() *logFile { return accessLog("access.log").covers(0, 300).serves(0, 300, shopAddress) }
	limit := func() *logFile {
		return errorLog("error.log").covers(0, 300).fails(100, shopAddress, parser.SymptomRefusedOnPurpose, 19, onPurpose, asking(7))
	}
	f("limit_req's line and its answers", 19, 0, limit(), access().answers(100, "", 503, 19, nobody, wanted(7)))
	f("the line alone", 19, 0, limit(), access())
	f("return 503", 40, 0, access().answers(100, "", 503, 40, nobody))
	f("both", 59, 0, limit(), access().answers(100, "", 503, 19, nobody, wanted(7)).answers(120, "", 503, 40, nobody))
	f("return 503 beside an outage", 40, 3, errorLog("error.log").covers(0, 300).fails(100, shopAddress, refused, 3),
		access().answers(100, shopAddress, 502, 3).answers(100, "", 503, 40, nobody))
	f("a rule's own status", 0, 0, access().answers(100, "", 502, 9, nobody, byRule)) // the line is an event, too
}

// Single closed connections, minutes apart, beside few other requests: three are a race that
// the gateway loses now and then, one may be anything.
func TestPiecesOfARace(t *testing.T) {
	product := "nginx"
	f := func(name string, want rules.Cause, class parser.Symptom, change tallyChange, at ...float64) {
		t.Helper()
		errors, access := errorLog("error.log").covers(0, 1000), accessLog("access.log").covers(0, 1000)
		errors.d.Source.Gateway, access.d.Source.Gateway = product, product
		for i := range 100 {
			access.answers(float64(10*i), shopAddress, 200, 1)
		}
		for i, second := range at {
			errors.fails(second, shopAddress, class, 1, asking(uint64(i)))
			access.answers(second, shopAddress, 502, 1, wanted(uint64(i)), change)
		}
		for _, in := range incidents(t, len(at), errors, access) {
			if in.Verdict.Cause != want {
				t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
			}
		}
	}
	closed, reused := parser.SymptomPrematureClose, func(t *rules.Tally) { t.Reused = t.Count }
	f("three pieces", rules.CauseKeepaliveRace, closed, reused, 105, 305, 705)
	f("one alone", rules.CauseUnknown, closed, reused, 105)
	f("no connect times", rules.CauseUnknown, closed, func(*rules.Tally) {}, 105, 305, 705)
	product = "aws-alb" // "502 -", https://repost.aws/knowledge-center/elb-alb-troubleshoot-502-errors
	f("an ALB keeps connections", rules.CauseKeepaliveRace, closed, func(*rules.Tally) {}, 105, 305, 705)
	f("one of an ALB's", rules.CauseUnknown, closed, func(*rules.Tally) {}, 105)
	product = "nginx"
	f("after the last answer", rules.CauseUnknown, closed, reused, 1100, 1300, 1500)
}

// A log of the common format is that of the product whose own log lies beside it.
func TestTheCommonFormatIsOfTheProductBesideIt(t *testing.T) {
	f := func(name, want, beside string) {
		t.Helper()
		errors := errorLog(beside).covers(0, 300)
		errors.d.Source.Gateway = "apache"
		access := accessLog("web/access.log").covers(0, 300).serves(0, 99, "").answers(100, "", 502, 9)
		access.d.Source.Gateway = "nginx"
		if in := incidents(t, 1, errors, access)[0]; in.Gateway != want {
			t.Errorf("%s: %s, want %s", name, in.Gateway, want)
		}
	}
	f("beside Apache's", "apache", "web/error.log")
	f("elsewhere", "nginx", "other/error.log")
	kong := errorLog("error.log").fails(100, shopAddress, refused, 9, func(e *rules.Event) { e.VHost = "kong" })
	kong.d.Source.Gateway = "nginx"
	if in := incidents(t, 1, kong)[0]; in.Gateway != "kong" {
		t.Errorf("Kong's server: %s", in.Gateway)
	}
}

// An ingress gateway passes on what its sidecar could not reach: the requests are the same.
func TestFailuresPassedOnCountOnce(t *testing.T) {
	f := func(name string, want int64, keys ...uint64) {
		t.Helper()
		sidecar := accessLog("shop.log").covers(0, 300).answers(100, shopAddress, 502, 4, func(t *rules.Tally) { t.Requests = []uint64{1, 2, 3, 4} })
		ingress := accessLog("ingress.log").covers(0, 300).answers(100, shopAddress, 502, 4, byUpstream, func(t *rules.Tally) { t.Requests = keys })
		sidecar.d.Source.Gateway, ingress.d.Source.Gateway = "envoy", "envoy"
		if r := report(t, Config{}, sidecar, ingress); failedOf(r) != fmt.Sprintf("[%s=%d]", shopAddress, want) {
			t.Errorf("%s: %s", name, failedOf(r))
		}
	}
	f("the same requests", 4, 1, 2, 3, 4)
	f("half of them", 6, 1, 2, 8, 9)
	f("others", 8, 6, 7, 8, 9)
}

// Of two php-fpm masters that both speak FastCGI, the virtual host that the failed requests asked for
// tells which: Apache's error lines need not name it.
func TestHostOfTheAnswers(t *testing.T) {
	f := func(host string, want rules.Cause) {
		t.Helper()
		errors := apacheLog().fails(10, "127.0.0.1:37102", refused, 5, onHost("")).tells(10, "127.0.0.1:37102", 5, 1).covers(-600, 600)
		access := accessLog("apache2/access.log").answers(10, "", 503, 5, asked(1), func(t *rules.Tally) { t.VHost = host }).covers(-600, 600)
		access.d.Source.Gateway = "apache"
		in := incidents(t, 1, errors, access, appLog("fpm-wiki.log").says(9.5, stopping).covers(-600, 600), appLog("fpm-forum.log").says(9.5, failedStart).covers(-600, 600))[0]
		if in.FailedRequests != 5 || in.Verdict.Cause != want {
			t.Errorf("%s: %s of %d, want %s", host, in.Verdict.Cause, in.FailedRequests, want)
		}
	}
	f("wiki.example.gr", rules.CauseRestart)
	f("forum.example.gr", rules.CauseStartFailure)
}
