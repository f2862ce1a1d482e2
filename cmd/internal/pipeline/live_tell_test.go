package pipeline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"culprit/rules"
)

// A telling compares made reports, at made times.
type telling struct {
	*testing.T
	l   live
	now time.Time
}

func newTelling(t *testing.T) *telling {
	return &telling{T: t, l: live{told: map[string]*told{}}, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
}

// at decides after a while that there is an incident of so many symptoms, and wants it told so.
func (t *telling) at(after time.Duration, last bool, cause rules.Cause, symptoms int64, want ...string) {
	t.Helper()
	t.now = t.now.Add(after)
	in := rules.Incident{ID: "1", State: "open", Summary: fmt.Sprint(symptoms, " requests failed"), Verdict: rules.Verdict{Cause: cause},
		Symptoms: []rules.SymptomGroup{{Count: symptoms}}}
	var got []string
	changes, _ := t.l.compare(&rules.Report{Incidents: []rules.Incident{in}}, t.now, last)
	for _, c := range changes {
		got = append(got, fmt.Sprint(c.Event, " ", c.Incident.Verdict.Cause, " ", symptomsOf(&c.Incident)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s, %d symptoms: told %q, want %q", t.now.Format("05.000"), symptoms, got, want)
	}
}

// TestGrowthIsToldNowAndThen: of an incident that only grows, each second; of a new cause, of
// what is left at the end, and when it falls quiet, at once.
func TestGrowthIsToldNowAndThen(t *testing.T) {
	f := newTelling(t)
	refused, killed := rules.CauseNotListening, rules.CauseOOMKill
	f.at(0, false, refused, 1, "opened not-listening 1")
	f.at(100*time.Millisecond, false, refused, 2)
	f.at(800*time.Millisecond, false, refused, 3)
	if f.l.due(f.now) {
		t.Error("it is told again before a second is over")
	}
	if !f.l.due(f.now.Add(100 * time.Millisecond)) {
		t.Error("what was left out is not told though no line comes any more")
	}
	f.at(100*time.Millisecond, false, refused, 3, "updated not-listening 3")
	f.at(100*time.Millisecond, false, refused, 3)
	f.at(10*time.Millisecond, false, killed, 4, "updated oom-kill 4")
	f.at(10*time.Millisecond, false, killed, 5)
	f.at(10*time.Millisecond, true, killed, 5, "updated oom-kill 5")
	f.at(10*time.Millisecond, false, killed, 6)
	f.at(-time.Hour, false, killed, 7, "updated oom-kill 7") // the clock was set back
	f.at(2*time.Minute, false, killed, 7, "resolved oom-kill 7")
}

// TestToldIsBounded: what nothing is known of in memory any more cannot be told again.
func TestToldIsBounded(t *testing.T) {
	f := newTelling(t)
	for i := range 10_000 {
		f.now = f.now.Add(time.Minute)
		in := rules.Incident{ID: fmt.Sprint(i), State: "resolved", Symptoms: []rules.SymptomGroup{{Count: 1}}}
		f.l.compare(&rules.Report{Incidents: []rules.Incident{in}}, f.now, false)
	}
	if n := len(f.l.told); n > int(maxKeep/time.Minute)+1 {
		t.Errorf("%d incidents are remembered, one a minute over %v", n, maxKeep)
	}
}

// TestSuperseded: what turns out to be one incident takes the place of all that it was told as,
// also of what had been told as over, and of nothing else. What was told as open is told as
// resolved once.
func TestSuperseded(t *testing.T) {
	made := func(id, state string, start, end int64, upstreams ...string) rules.Incident {
		return rules.Incident{ID: id, State: state, Upstreams: upstreams, Start: rules.Moment{Micros: start, Precision: 1}, End: rules.Moment{Micros: end, Precision: 1}}
	}
	f := newTelling(t)
	decide := func(want string, incidents ...rules.Incident) {
		t.Helper()
		changes, gone := f.l.compare(&rules.Report{Incidents: incidents}, f.now, false)
		var got []string
		for _, c := range changes {
			switch word := c.Event + " " + c.Incident.ID; {
			case c.Gone && c.Incident.State == "resolved":
				got = append(got, word+", "+strings.Trim(strings.Fields(c.Incident.Summary)[0], ":"))
			case c.Incident.Supersedes != "":
				got = append(got, word+" for "+c.Incident.Supersedes)
			default:
				got = append(got, word)
			}
		}
		if len(gone) > 0 {
			got = append(got, "gone "+strings.Join(gone, "+"))
		}
		if got := strings.Join(got, "; "); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	other, later := made("other", "open", 0, 20, "c:1"), made("later", "open", 30, 40, "a:1")
	decide("opened over; resolved over; opened open; opened nameless; resolved nameless; opened other; opened later",
		made("over", "resolved", 0, 10, "a:1"), made("open", "open", 5, 20, "b:1"), made("nameless", "resolved", 3, 4), other, later)
	decide("resolved open, part; opened whole for open; gone nameless+over", made("whole", "open", 0, 20, "a:1", "b:1"), other, later)
	decide("resolved other, part; gone other", made("whole", "open", 0, 20, "a:1", "b:1", "c:1"), later)
	grown := later
	grown.Symptoms = []rules.SymptomGroup{{Count: 1}}
	decide("", made("whole", "open", 0, 20, "a:1", "b:1", "c:1"), grown) // that is told in a second
	decide("resolved later, withdrawn; gone later", made("whole", "open", 0, 20, "a:1", "b:1", "c:1"))
	decide("", made("whole", "open", 0, 20, "a:1", "b:1", "c:1"))
	if f.l.told["later"].late {
		t.Error("what is withdrawn has still something to tell")
	}
	decide("updated later", made("whole", "open", 0, 20, "a:1", "b:1", "c:1"), later)
}
