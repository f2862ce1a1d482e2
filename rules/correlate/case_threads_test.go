package correlate

import (
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// apacheLog is an error log of httpd whose threads tell what is one request.
func apacheLog() *logFile {
	l := errorLog("apache2/error.log")
	l.d.Source.Gateway = "apache"
	return l
}

// tells says how many requests of a second its lines are of; how they failed stands before.
func (l *logFile) tells(second float64, upstream string, count int64, clients ...uint64) *logFile {
	when, _ := l.moment(second)
	class := parser.SymptomNone
	for i := range l.d.Events {
		if l.d.Events[i].Upstream == upstream {
			class = l.d.Events[i].Symptom
		}
	}
	l.d.Told = append(l.d.Told, rules.Told{When: when, Clock: l.clock, Upstream: upstream, Symptom: class, Count: count, Clients: clients})
	return l
}

// asked says whose the failures of an access log are; the log names no upstream.
func asked(clients ...uint64) tallyChange {
	return func(t *rules.Tally) {
		t.Made, t.Symptom, t.VHost, t.Clients = rules.MakerUnknown, parser.SymptomNone, "", clients
	}
}

func TestToldFailuresAreCounted(t *testing.T) {
	const one, two, crm = "127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9100"
	nowhere := onHost("")
	access := func() *logFile {
		l := accessLog("apache2/access.log")
		l.d.Source.Gateway = "apache"
		return l
	}
	f := func(name string, want map[string]int64, logs ...*logFile) {
		t.Helper()
		r := report(t, Config{}, logs...)
		got := map[string]int64{}
		for i := range r.Incidents {
			got[firstOf(r.Incidents[i].Upstreams)] = r.Incidents[i].FailedRequests
		}
		if len(got) != len(want) {
			t.Errorf("%s: %s", name, outline(r))
		}
		for upstream, n := range want {
			if got[upstream] != n {
				t.Errorf("%s: %s has %d failed requests, want %d: %s", name, upstream, got[upstream], n, outline(r))
			}
		}
	}
	f("an upstream's own 503s are not those of a member that others stood in for", map[string]int64{one: 1, "": 29},
		apacheLog().fails(10, one, refused, 1, nowhere).tells(10, one, 1, 7).covers(-600, 600),
		access().answers(10, "", 503, 20, asked(7, 8)).answers(11, "", 503, 10, asked(8)).covers(-600, 600))
	f("two cases at once, told by clients", map[string]int64{one: 5, two: 5},
		apacheLog().fails(10, one, refused, 5, nowhere).fails(10, two, refused, 5, nowhere).tells(10, one, 5, 1).tells(10, two, 5, 2),
		access().answers(9, "", 503, 5, asked(2)).answers(10, "", 503, 5, asked(1)))
	f("two cases at once, told by statuses", map[string]int64{one: 4, crm: 3},
		apacheLog().fails(10, one, refused, 4, nowhere).fails(10, crm, parser.SymptomPrematureClose, 3, nowhere).tells(10, one, 4).tells(10, crm, 3),
		access().answers(10, "", 503, 4, asked()).answers(10, "", 502, 3, asked()))
	f("one address that reads and connects fail of", map[string]int64{one: 4, crm: 3},
		apacheLog().fails(10, one, parser.SymptomPrematureClose, 1, nowhere).tells(10, one, 1).fails(10, one, refused, 3, nowhere).tells(10, one, 3).
			fails(10, crm, parser.SymptomReadTimeout, 3, nowhere).tells(10, crm, 3),
		access().answers(10, "", 502, 4, asked()).answers(10, "", 503, 3, asked()))
	f("two cases at once, told by how long they waited", map[string]int64{one: 4, crm: 3},
		apacheLog().fails(10, one, refused, 4, nowhere).fails(10, crm, parser.SymptomConnectTimeout, 3, nowhere).tells(10, one, 4).tells(10, crm, 3),
		access().answers(8, "", 503, 3, asked()).answers(10, "", 503, 4, asked()))
	took := func(micros int64) tallyChange { return func(t *rules.Tally) { t.Waited = micros } }
	held := func() *logFile { return apacheLog().fails(10, one, closed, 3, nowhere).tells(10, one, 3, 1, 2) }
	f("a worker that was killed had them for long", map[string]int64{one: 3},
		held(), access().answers(4, "", 502, 1, asked(1)).answers(5, "", 502, 2, asked(2)))
	f("and how long is told without a unit", map[string]int64{one: 3},
		held(), access().answers(4, "", 502, 1, asked(1), took(5033)).answers(5, "", 502, 2, asked(2), took(4016)))
	f("or is told to have been short", map[string]int64{one: 0},
		held(), access().answers(2, "", 502, 1, asked(1), took(2*parser.Second)))
	f("members of one request are one pool", map[string]int64{one: 5},
		apacheLog().fails(10, one, refused, 5, nowhere).fails(10, two, refused, 5, nowhere).tells(10, one, 5, 1).pools([]string{one, two}),
		access().answers(10, "", 503, 5, asked(1)))
	f("all workers in error, after the only pool that failed", map[string]int64{one: 9},
		apacheLog().fails(10, one, refused, 1, nowhere).tells(10, one, 1, 1).noPeers(12, "shop", 8, nowhere).tells(12, "shop", 8, 1),
		access().answers(10, "", 503, 1, asked(1)).answers(12, "", 503, 8, asked(1)))
	f("all workers in error, after their health checks", map[string]int64{one: 8, crm: 2},
		apacheLog().fails(10, one, parser.SymptomHealthCheckFailed, 1, nowhere, checked).fails(10, two, parser.SymptomHealthCheckFailed, 1, nowhere, checked).
			fails(11, crm, refused, 2, nowhere).tells(11, crm, 2, 1).noPeers(12, "shop", 8, nowhere).tells(12, "shop", 8, 1),
		access().answers(11, "", 503, 2, asked(1)).answers(12, "", 503, 8, asked(1)))
}

func checked(e *rules.Event) { e.Rank, e.Phase = parser.RankSecondary, parser.PhaseHealthCheck }

// Lines that name a host without its port go to the address that their threads' other lines name.
func TestNamelessLinesFollowTheirThreads(t *testing.T) {
	const one, two = "127.0.0.1:9001", "127.0.0.1:9002"
	l := apacheLog()
	for _, u := range []string{one, two} {
		l.fails(10, u, refused, 3, onHost("")).tells(10, u, 3)
		l.d.Told[len(l.d.Told)-1].Nameless = []rules.Nameless{{Phase: parser.PhaseConnecting, Lines: 3}}
	}
	l.fails(10, "", parser.SymptomOther, 6, onHost(""), func(e *rules.Event) { e.Rank, e.Phase = parser.RankSecondary, parser.PhaseConnecting })
	for _, in := range incidents(t, 2, l) {
		if in.ErrorLines != 6 || in.SecondaryLines != 3 || !slices.ContainsFunc([]string{one, two}, func(u string) bool { return u == firstOf(in.Upstreams) }) {
			t.Errorf("%v: %d lines, %d of them secondary", in.Upstreams, in.ErrorLines, in.SecondaryLines)
		}
		for _, s := range in.Symptoms { // the line may be of the other's request
			if (s.Class == parser.SymptomOther) != (s.Example.Text == "") {
				t.Errorf("%v: %s is shown as %q", in.Upstreams, s.Class, s.Example.Text)
			}
		}
	}
}
