package digest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// mixed is the n-th record of an outage: error lines with retries, access lines, an
// application's lines with and without hits, in an order of time that is not strict.
func mixed(rnd *rand.Rand, n int) *parser.Record {
	at := int64(n)*20_000 - rnd.Int64N(2*parser.Second)
	addr := fmt.Appendf(nil, "10.0.0.%d:80", rnd.IntN(4))
	target := fmt.Appendf(nil, "/cart/%s/%d", string(rune('a'+rnd.IntN(20))), rnd.IntN(50))
	var r *parser.Record
	switch rnd.IntN(5) {
	case 0, 1:
		r = errorLine(at)
		g := &r.Gateway
		g.Upstream, g.Connection, g.Client = addr, int64(1+n/3), fmt.Appendf(nil, "10.1.1.%d", n/3%200)
		g.Symptom = parser.Symptom(1 + rnd.IntN(3))
		if rnd.IntN(3) == 0 {
			g.Server, g.Host = []byte("_"), fmt.Appendf(nil, "host-%d", rnd.IntN(3))
		}
	case 2, 3:
		r = accessLine(at, []int16{200, 200, 304, 502, 504}[rnd.IntN(5)])
		a := &r.Access
		a.Target, a.Request, a.Duration = target, append([]byte("GET "), target...), rnd.Int64N(3*parser.Second)
		a.Client = fmt.Appendf(nil, "10.2.%d.1", rnd.IntN(200))
		a.Attempts[0] = parser.Attempt{Addr: addr, Status: a.Status, Connect: rnd.Int64N(2)}
		a.Tries = 1
		if rnd.IntN(4) == 0 {
			a.Attempts[1], a.Tries = parser.Attempt{Addr: []byte("10.0.0.9:80"), Status: 200}, 2
		}
	default:
		r = structured(at)
		r.PID = int64(10 + rnd.IntN(5))
		if rnd.IntN(2) == 0 {
			r.Message = append([]byte("building "), target...)
		}
		if rnd.IntN(4) == 0 {
			r.Stamp, r.After = parser.Stamp{}, stamp(at)
		}
	}
	r.Line, r.Offset = int64(n+1), int64(100*n)
	return r
}

// TestPartsMergeToTheWhole folds the same records by one Builder and by one for each of
// some parts. Groups beyond the bound go by what was seen first and are left out.
func TestPartsMergeToTheWhole(t *testing.T) {
	sig := &rules.Signature{ID: "timeout", Technology: "go", Role: rules.RoleCause, Cause: rules.CauseDependencyFailure}
	matcher := words{{"timeout", sig, []rules.Field{{Name: rules.FieldPID, Value: "7"}}}}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var records []*parser.Record
		for n := range 3000 {
			records = append(records, mixed(rnd, n))
		}
		whole, merged := New(rules.SourceInfo{Path: "a"}, matcher, nil), New(rules.SourceInfo{Path: "a"}, matcher, nil)
		for _, b := range []*Builder{whole, merged} {
			b.sketch.bound, b.named = 200, newNamed(50)
		}
		for _, r := range records {
			whole.Add(r)
		}
		p := NewPart(matcher, nil)
		before := merged.Grain()
		for at := 0; at < len(records); {
			end := min(at+1+rnd.IntN(700), len(records))
			p.FoldAs(before)
			if rnd.IntN(2) == 0 {
				before = merged.Grain()
			}
			for _, r := range records[at:end] {
				p.Add(r)
			}
			if rnd.IntN(3) == 0 { // wrong, and read again
				p.Drop()
				continue
			}
			merged.Merge(p)
			at = end
		}
		want, got := plain(whole.Finish()), plain(merged.Finish())
		if merged.sketch.limit == everyHash || merged.named.dated.limit == everyHash {
			t.Fatal("no sketch came to its bound")
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("seed %d: %s", seed, apart(want, got))
		}
	}
}

func plain(d *rules.Digest) *rules.Digest {
	slices.SortFunc(d.Requests, func(a, b rules.Request) int {
		return cmp.Or(cmp.Compare(a.Micros, b.Micros), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Upstream, b.Upstream), cmp.Compare(a.Status, b.Status))
	})
	slices.SortFunc(d.Pools, slices.Compare[[]string])
	for i := range d.Events {
		if len(d.Events[i].Hits) == 0 {
			d.Events[i].Hits = nil
		}
	}
	for i := range d.Tallies {
		slices.SortFunc(d.Tallies[i].Groups, func(a, b rules.URLGroup) int { return cmp.Compare(a.URL, b.URL) })
	}
	return d
}

func apart(a, b *rules.Digest) string {
	x, y := reflect.ValueOf(*a), reflect.ValueOf(*b)
	for i := range x.NumField() {
		f, g, name := x.Field(i), y.Field(i), x.Type().Field(i).Name
		if reflect.DeepEqual(f.Interface(), g.Interface()) {
			continue
		}
		if f.Kind() != reflect.Slice || f.Len() != g.Len() {
			return fmt.Sprintf("%s: %+v and %+v", name, f.Interface(), g.Interface())[:400]
		}
		for j := range f.Len() {
			if !reflect.DeepEqual(f.Index(j).Interface(), g.Index(j).Interface()) {
				return fmt.Sprintf("%s[%d]: %+v and %+v", name, j, f.Index(j).Interface(), g.Index(j).Interface())
			}
		}
	}
	return "?"
}
