package correlate

import (
	"maps"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Whatever an incident's length, its series keeps to the bound and loses no failure.
func TestPointsKeepTheBoundAndTheSum(t *testing.T) {
	for _, c := range []struct{ seconds, every, span int64 }{
		{1, 1, 1}, {300, 1, 1}, {301, 1, 2}, {3000, 1, 10}, {30 * 86_400, 7, 14_400}, {400 * 86_400, 3600, 172_800},
	} {
		by := map[instant]int64{}
		var want int64
		for at := int64(0); at < c.seconds; at += c.every {
			by[instant{1_795_359_600 + at, "502"}] += 2
			by[instant{1_795_359_600 + at, "504"}]++
			want += 3
		}
		got := points(by)
		var sum int64
		for i, p := range got {
			sum += p.Count
			if p.Span != c.span || p.Second%p.Span != 0 {
				t.Fatalf("%d seconds: point %+v, want span %d", c.seconds, p, c.span)
			}
			if i > 0 && (p.Second < got[i-1].Second || p.Second == got[i-1].Second && p.Status <= got[i-1].Status) {
				t.Errorf("%d seconds: %+v after %+v", c.seconds, p, got[i-1])
			}
		}
		if len(got) > rules.MaxPoints || sum != want {
			t.Errorf("%d seconds: %d points, %d failures, want %d", c.seconds, len(got), sum, want)
		}
	}
	if got := points(nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

// gap is a case with one address whose access log tells, second by second, what it
// answered: '.' well, 'x' badly, '!' both, '-' nobody asked.
func gap(t *testing.T, story string, waited int64) (*Engine, *gathering) {
	t.Helper()
	const first = 1_795_359_600
	d := &rules.Digest{Source: rules.SourceInfo{
		Path: "access.log", Role: parser.RoleGateway, HasAccess: true,
		First: parser.Stamp{Micros: first * parser.Second, Precision: parser.Second, Clock: parser.ClockZoned},
		Last:  parser.Stamp{Micros: (first + int64(len(story))) * parser.Second, Precision: parser.Second, Clock: parser.ClockZoned},
	}}
	for i, what := range story {
		if what == '.' || what == '!' {
			d.Tallies = append(d.Tallies, rules.Tally{Second: first + int64(i), Upstream: "127.0.0.1:9001", Status: 200, Count: 1})
		}
		if what == 'x' || what == '!' {
			d.Tallies = append(d.Tallies, rules.Tally{Second: first + int64(i), Upstream: "127.0.0.1:9001", Status: 502, Made: rules.MakerGateway, Count: 1, Waited: waited})
		}
	}
	e := New(Config{})
	e.Add(d)
	e.order()
	e.sites()
	e.align()
	e.findPools()
	e.findServices()
	e.collectHits()
	cases := e.judge(e.cases())
	if len(cases) != 1 {
		t.Fatalf("%q makes %d cases", story, len(cases))
	}
	return e, cases[0]
}

func TestBackoff(t *testing.T) {
	quiet := "............................................................."
	f := func(story string, waited int64, want rules.Backoff) {
		t.Helper()
		e, g := gap(t, story, waited)
		if got := e.backoff(g); got != want {
			t.Errorf("%q after waiting %d s: %+v, want %+v", story, waited/parser.Second, got, want)
		}
	}
	f("..x"+quiet, 0, rules.Backoff{First: 1})
	f("..xx"+quiet, 0, rules.Backoff{First: 1, Second: 1}) // the first repeats into the second
	f("..xxxx"+quiet, 0, rules.Backoff{First: 1, Second: 2, Third: 1})
	f("..xxxxxxxx"+quiet, 0, rules.Backoff{First: 1, Second: 2, Third: 4, Never: 1})
	f("..x--x"+quiet, 0, rules.Backoff{First: 1, Third: 1}) // nobody asked between two failures: taken as failing
	f("..x-."+quiet, 0, rules.Backoff{Second: 1})           // and so after a failure
	f("..x"+"-------------------------------------------------------------.", 0, rules.Backoff{Never: 1})
	f("..x!"+quiet, 0, rules.Backoff{First: 2})                      // half a chance counts as one
	f("..........x"+quiet, 5*parser.Second, rules.Backoff{First: 1}) // it began five seconds before it failed
	f("..xxxxxxxx", 0, rules.Backoff{Second: 0, First: 0, Never: 8}) // the log ends in the outage

	e, g := gap(t, "..x"+quiet, 0)
	if g.verdict.Cause = rules.CauseResponseTooLarge; e.backoff(g) != (rules.Backoff{}) {
		t.Error("a header that is too large is so whenever it is asked for; other requests' answers tell nothing")
	}
}

// A long outage's failures are told by tens or hundreds of seconds: its picture has no gaps in which
// nothing failed.
func TestSpreadFoldedFailures(t *testing.T) {
	by := map[instant]int64{}
	const at = 1_795_359_600 * parser.Second
	spread(by, at, at+99*parser.Second, "502", 25)
	spread(by, at, at, "502", 3)
	spread(by, at, at+parser.Second/2, "504", 1)
	spread(by, at+200*parser.Second, at, "504", 2) // a clock that was set back
	want := map[instant]int64{{1_795_359_600, "504"}: 1, {1_795_359_800, "504"}: 2}
	for i, n := range []int64{2 + 3, 3, 2, 3, 2, 3, 2, 3, 2, 3} {
		want[instant{1_795_359_600 + 10*int64(i), "502"}] = n
	}
	if !maps.Equal(by, want) {
		t.Errorf("%v, want %v", by, want)
	}
}

func TestSeriesSumsToStatusCounts(t *testing.T) {
	e, g := gap(t, "..xx.x.............................", 0)
	in := e.incident(g)
	if len(in.Series) != 3 || in.Series[0] != (rules.Point{Second: 1_795_359_602, Span: 1, Status: "502", Count: 1}) {
		t.Errorf("series %+v", in.Series)
	}
	if len(in.StatusCounts) != 1 || in.StatusCounts[0].Count != 3 {
		t.Errorf("status counts %+v", in.StatusCounts)
	}
}
