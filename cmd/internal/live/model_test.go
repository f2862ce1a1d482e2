package live

import (
	"fmt"
	"math"
	"testing"
	"time"

	"culprit/rules"
)

func TestRate(t *testing.T) {
	var r rate
	r.add(3, at(0))
	r.add(2, at(0))
	r.add(1, at(30))
	f := func(second int, want int64) {
		t.Helper()
		if got := r.minute(at(second)); got != want {
			t.Errorf("at second %d: %d; want %d", second, got, want)
		}
	}
	f(0, 5)
	f(59, 6)
	f(60, 1)
	f(90, 0)
	f(-1, 0)
	r.add(7, at(60)) // takes the place of second 0
	f(60, 8)

	spread := func(n int64, from, to, now int, want int64) {
		t.Helper()
		var r rate
		r.spread(n, at(from), at(to), at(now))
		if got := r.minute(at(now)); got != want {
			t.Errorf("%d from %d to %d, seen at %d: %d in the last minute; want %d", n, from, to, now, got, want)
		}
	}
	spread(100, 0, 9, 9, 100)
	spread(120, 0, 119, 119, 60)
	spread(7, 0, 599, 599, 1)
	spread(100, 0, 9, 300, 0)
	spread(100, 0, 99, 119, 40)
	spread(5, 0, 0, 0, 5)
	spread(5, 10, 0, 10, 5) // stamps that go backwards
	if got := portion(math.MaxInt64, 59, 60); got < math.MaxInt64/60*58 {
		t.Errorf("portion overflows: %d", got)
	}
}

func logs(lines int64, newest time.Time) []Source {
	return []Source{{Name: "nginx/error.log", Lines: lines, Newest: newest}}
}

func step(m *model, lines int64, newest time.Time, now time.Time, in ...rules.Incident) {
	m.update(&Update{Sources: logs(lines, newest), Incidents: in}, now)
}

// An incident that names no upstream is the gateway's only if the gateway itself failed.
func TestModelOfNoUpstream(t *testing.T) {
	for want, in := range map[string]rules.Incident{
		"the gateway itself":             {Gateway: "nginx", Culprit: rules.Culprit{Process: "nginx"}},
		"shop.service":                   {Gateway: "nginx", Culprit: rules.Culprit{Process: "gunicorn", Unit: "shop.service"}},
		"an upstream that no line names": {Gateway: "nginx"},
	} {
		m := newModel(false, at(0))
		if got := m.upstream(&in).names; len(got) != 1 || got[0] != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestModelFollowsAnUpstream(t *testing.T) {
	m := newModel(false, at(0))
	f := func(now int, state string, failures int64) {
		t.Helper()
		u := m.upstream(&rules.Incident{Upstreams: []string{"127.0.0.1:9001"}})
		if got, _ := u.state(at(now)); got != state || u.rate.minute(at(now)) != failures {
			t.Errorf("at second %d it is %q with %d failures; want %q, %d", now, got, u.rate.minute(at(now)), state, failures)
		}
	}
	step(m, 5, at(1), at(1), oom(2, 1, "open"))
	f(1, "failing", 2)
	step(m, 9, at(4), at(4), oom(10, 4, "open"))
	f(4, "failing", 10)
	step(m, 9, at(4), at(5), oom(10, 4, "open")) // decided again, nothing new
	f(13, "failing", 10)
	f(14, "quiet for 10 s", 10)
	f(61, "quiet for 57 s", 8)
	step(m, 9, at(4), at(65), oom(10, 4, "resolved"))
	f(65, "well for 1 min", 0)
	if len(m.upstreams) != 1 {
		t.Errorf("%d upstreams", len(m.upstreams))
	}
}

// TestModelReadsABacklog: what failed hours ago is no failure of the last minute.
func TestModelReadsABacklog(t *testing.T) {
	f := func(name string, newest time.Time, now int, want int64, state string) {
		t.Helper()
		m := newModel(false, at(0))
		step(m, 5, newest, at(now), oom(100, 10, "open"))
		u := m.upstream(&rules.Incident{Upstreams: []string{"127.0.0.1:9001"}})
		got, _ := u.state(at(now))
		if n := u.rate.minute(at(now)); n != want || got != state {
			t.Errorf("%s: %d failures, %s; want %d, %s", name, n, got, want, state)
		}
	}
	f("an hour old", at(10), 3600, 0, "quiet for 59 min")
	f("now", at(10), 10, 100, "failing")
	f("of a zone that nobody knows", time.Time{}, 3600, 100, "failing")
}

// TestModelWaitsForTheSources: the first decision may come before a source was described.
func TestModelWaitsForTheSources(t *testing.T) {
	m := newModel(false, at(0))
	step(m, 0, time.Time{}, at(3600), oom(100, 10, "open"))
	if len(m.open) != 1 {
		t.Error("the incident is not shown at once")
	}
	step(m, 5, at(10), at(3601), oom(100, 10, "open"))
	if u := m.upstream(&rules.Incident{Upstreams: []string{"127.0.0.1:9001"}}); u.rate.minute(at(3601)) != 0 {
		t.Errorf("%d failures in the last minute", u.rate.minute(at(3601)))
	}
	if got := m.open[0].since; !got.Equal(at(0)) {
		t.Errorf("open since %s; want as its stamps say", got)
	}
}

func TestModelPoolsAreOneRow(t *testing.T) {
	m := newModel(false, at(0))
	step(m, 1, at(0), at(0), named("a", rules.CauseRestart, "open", "a:1", "a:2"), named("b", rules.CauseRestart, "open", "a:2", "a:3"), named("c", rules.CauseRestart, "open", "c:1"), named("g", rules.CauseGatewayConfig, "open"))
	if got := len(m.upstreams); got != 3 {
		t.Fatalf("%d rows; want 3", got)
	}
	if got := fmt.Sprint(m.upstreams[0].names); got != "[a:1 a:2 a:3]" {
		t.Errorf("the pool is %s", got)
	}
	step(m, 1, at(1), at(1), named("a", rules.CauseRestart, "open", "a:1", "c:1")) // c failed alone at first
	if got := fmt.Sprint(m.upstreams[0].names, len(m.upstreams)); got != "[a:1 a:2 a:3 c:1] 2" {
		t.Errorf("the pool that took another in: %s rows", got)
	}
}

func TestModelIsBounded(t *testing.T) {
	m := newModel(false, at(0))
	for i := range 1000 {
		in := named(fmt.Sprint(i), rules.CauseRestart, "open", fmt.Sprintf("host-%d:80", i))
		step(m, int64(i), at(i), at(i), in)
		in.State = "resolved"
		m.update(&Update{Changes: []Change{{Event: "resolved", Incident: in}}}, at(i))
		m.message(fmt.Sprint(i))
	}
	if len(m.upstreams) > maxUpstreams || len(m.resolved) > maxResolved || len(m.messages) > maxMessages || len(m.counts)+len(m.since) > 2 {
		t.Errorf("%d upstreams, %d resolved, %d messages, %d counts", len(m.upstreams), len(m.resolved), len(m.messages), len(m.counts))
	}
	for i := range 100 {
		m.upstream(&rules.Incident{Upstreams: []string{"host-999:80", fmt.Sprint("more-", i)}})
	}
	if n := len(m.upstream(&rules.Incident{Upstreams: []string{"host-999:80"}}).names); n > maxNames {
		t.Errorf("%d names in a row", n)
	}
}

func TestModelIncidentOpensAgain(t *testing.T) {
	m := newModel(false, at(0))
	m.update(&Update{Sources: logs(1, at(0)), Changes: []Change{{Event: "resolved", Incident: oom(1, 1, "resolved")}}}, at(2))
	if len(m.resolved) != 1 || m.resolved[0].lasted != time.Second {
		t.Fatalf("resolved: %+v", m.resolved)
	}
	step(m, 2, at(3), at(3), oom(2, 3, "open"))
	if len(m.resolved) != 0 || len(m.open) != 1 {
		t.Errorf("%d resolved, %d open; want 0, 1", len(m.resolved), len(m.open))
	}
}
