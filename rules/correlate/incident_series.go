package correlate

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// spans are the widths, in seconds, that a point of a series may have: those that people
// divide time by. The last one is doubled if even it makes too many.
var spans = []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400}

// An instant is a status in one step.
type instant struct {
	second int64
	status string
}

// series counts a case's failures by second and status: the answers that were attributed
// to it, or the gateway's lines where no access log tells. Its sums are StatusCounts.
func (e *Engine) series(g *gathering) []rules.Point {
	by, words := map[instant]int64{}, map[int16]string{}
	for _, a := range g.answers {
		status, ok := words[a.tally.Status]
		if !ok {
			status = rules.StatusText(a.tally.Status)
			words[a.tally.Status] = status
		}
		spread(by, a.tally.when.From, a.tally.when.From+a.tally.More*parser.Second, status, a.count)
	}
	if g.rules.Seen.Access {
		e.addUnanswered(by, g)
	}
	if len(by) == 0 {
		for _, s := range g.symptoms {
			if s.when.From > rules.Past {
				spread(by, s.when.From, s.last.From, s.Rank.String(), s.Count)
			}
		}
	}
	return points(by)
}

// spread adds a count, in equal parts, of what lies between two moments: of an outage of many lines, ten
// seconds or more are folded into one.
func spread(by map[instant]int64, from, to int64, status string, count int64) {
	const most = 10 // parts
	first := parser.FloorDiv(from, parser.Second)
	length := max(parser.FloorDiv(to, parser.Second)-first+1, 1)
	parts := max(min(length, most, count), 1)
	for i := range parts {
		by[instant{first + length*i/parts, status}] += count*(i+1)/parts - count*i/parts
	}
}

// addUnanswered adds what has no status of failure: cut bodies, and clients that gave up.
func (e *Engine) addUnanswered(by map[instant]int64, g *gathering) {
	for _, s := range g.symptoms {
		if cutBody(s) && s.when.From > rules.Past {
			by[instant{parser.FloorDiv(s.when.From, parser.Second), "200"}] += s.Count
		}
	}
	if slow(g.verdict.Cause) {
		for second, n := range e.aborts(g) {
			by[instant{second, "499"}] += n
		}
	}
}

// points orders the counts, in the narrowest steps that keep to the bound.
func points(by map[instant]int64) []rules.Point {
	if len(by) == 0 {
		return nil
	}
	all := make([]rules.Point, 0, len(by))
	for at, n := range by {
		all = append(all, rules.Point{Second: at.second, Status: at.status, Count: n})
	}
	slices.SortFunc(all, func(a, b rules.Point) int {
		return cmp.Or(strings.Compare(a.Status, b.Status), cmp.Compare(a.Second, b.Second))
	})
	for span, i := spans[0], 0; ; i++ {
		if i < len(spans) {
			span = spans[i]
		} else {
			span *= 2
		}
		if out := stepped(all, span); out != nil {
			slices.SortFunc(out, func(a, b rules.Point) int {
				return cmp.Or(cmp.Compare(a.Second, b.Second), strings.Compare(a.Status, b.Status))
			})
			return out
		}
	}
}

// stepped adds up what falls into one step, of counts in order of status and time; nil if the
// steps are more than the bound.
func stepped(all []rules.Point, span int64) []rules.Point {
	out := make([]rules.Point, 0, min(len(all), rules.MaxPoints))
	for _, p := range all {
		at := parser.FloorDiv(p.Second, span) * span
		if n := len(out); n > 0 && out[n-1].Second == at && out[n-1].Status == p.Status {
			out[n-1].Count += p.Count
			continue
		}
		if len(out) == rules.MaxPoints {
			return nil
		}
		out = append(out, rules.Point{Second: at, Span: span, Status: p.Status, Count: p.Count})
	}
	return out
}

// waits are the seconds before each repetition: exponential back-off as clients do it
// (gRPC's, AWS SDKs' and urllib3's defaults double from about one second).
var waits = [3]int64{1, 2, 4}

// answered is what a pool answered to the requests that began in one second.
type answered struct{ well, badly int64 }

// backoff follows every failed request through three repetitions. A repetition fares as
// the pool's other requests of its second did; a repetition that fails takes as long as the
// first attempt took. A second in which nobody asked counts as the worse of its neighbours,
// so the result errs on the side of failure. Where the failure is of what was asked, and not of
// when, other requests' answers tell nothing.
func (e *Engine) backoff(g *gathering) rules.Backoff {
	var b rules.Backoff
	if !g.rules.Seen.Access || len(g.answers) == 0 || g.verdict.Cause.OfTheRequest() {
		return b
	}
	begun := e.begun(g)
	seconds := make([]int64, 0, len(begun))
	told := false // the log names addresses, so it tells good answers too
	for second, got := range begun {
		seconds = append(seconds, second)
		told = told || got.well > 0
	}
	if !told && e.state(g) == "open" {
		return b
	}
	slices.Sort(seconds)
	for _, a := range g.answers {
		took := (a.tally.Waited + parser.Second - 1) / parser.Second
		at := parser.FloorDiv(a.tally.when.From, parser.Second)
		left := a.count
		for i, slot := range []*int64{&b.First, &b.Second, &b.Third} {
			at += waits[i]
			got := fare(begun, seconds, at, !told)
			n := (2*left*got.well + got.well + got.badly) / (2 * (got.well + got.badly)) // rounded
			*slot += n
			left -= n
			at += took
		}
		b.Never += left
	}
	return b
}

// begun counts what the pool answered around the case, by the second in which requests
// began. An access log that names no addresses tells of the failures only.
func (e *Engine) begun(g *gathering) map[int64]answered {
	out := map[int64]answered{}
	add := func(at, waited, well, badly int64) {
		second := parser.FloorDiv(at-waited, parser.Second)
		n := out[second]
		out[second] = answered{n.well + well, n.badly + badly}
	}
	for _, a := range g.answers {
		add(a.tally.when.From, a.tally.Waited, 0, a.count)
	}
	from, until := g.began-e.cfg.quiet(), g.pool.span.To+e.cfg.quiet()
	for _, l := range e.logsOf(g.pool) {
		for at, t := range l.between(from, until+1) {
			if t.Status >= 100 && t.Status < 499 {
				add(at, t.Waited, t.Count, 0)
			}
		}
	}
	return out
}

// fare is how requests that began at a second fared; over: nothing known after the last
// failure means that it was the last.
func fare(begun map[int64]answered, seconds []int64, at int64, over bool) answered {
	if got, ok := begun[at]; ok {
		return got
	}
	good, bad := answered{well: 1}, answered{badly: 1}
	next, _ := slices.BinarySearch(seconds, at)
	if next == len(seconds) {
		if last := begun[seconds[next-1]]; last.badly == 0 || over {
			return good
		}
		return bad
	}
	if next > 0 && begun[seconds[next-1]].badly > 0 || begun[seconds[next]].badly > 0 {
		return bad
	}
	return good
}
