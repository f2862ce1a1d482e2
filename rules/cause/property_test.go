package cause

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A draw makes a case out of bytes, any bytes: the fuzzer turns each knob on its own.
type draw struct {
	data []byte
	next int
}

// below returns a number from 0 to n-1; 0 where the bytes have ended.
func (d *draw) below(n int) int {
	if d.next >= len(d.data) {
		return 0
	}
	b := int(d.data[d.next])
	d.next++
	if n > 256 && d.next < len(d.data) {
		b = b<<8 | int(d.data[d.next])
		d.next++
	}
	return b % n
}

func (d *draw) yes() bool { return d.below(2) == 1 }

func pick[T any](d *draw, of []T) T { return of[d.below(len(of))] }

// when is a moment around the case, at times none at all.
func (d *draw) when() rules.Interval {
	switch d.below(12) {
	case 0:
		return rules.Interval{From: rules.Past, To: rules.Future}
	case 1:
		return at(float64(-d.below(60_000)))
	}
	return at(float64(d.below(160)) - 80)
}

func (d *draw) symptom() rules.CaseSymptom {
	s := saw(pick(d, parser.Symptoms()), int64(1+d.below(40_000)), float64(d.below(60)), 0)
	s.Last = rules.Interval{From: s.First.From + int64(d.below(60))*parser.Second, To: s.First.To + int64(d.below(60))*parser.Second}
	s.Last.To = max(s.Last.To, s.Last.From+1)
	s.Rank = pick(d, []parser.Rank{parser.RankPrimary, parser.RankPrimary, parser.RankPrimary, parser.RankSecondary})
	if d.yes() {
		s.Hints = []rules.Cause{pick(d, rules.Causes())}
	}
	return s
}

// told are the causes that a line can speak for: none says that nothing is known.
var told = slices.DeleteFunc(rules.Causes(), func(c rules.Cause) bool { return c == rules.CauseUnknown })

func (d *draw) candidate() rules.Candidate {
	cause := pick(d, told)
	c := line(fmt.Sprint("line-", d.below(8)), cause, 0)
	c.When = d.when()
	sig := c.Hit.Signature
	sig.Strong = d.yes()
	sig.Scope = pick(d, []rules.Scope{rules.ScopeService, rules.ScopeWorker, rules.ScopeRequest, rules.ScopeDependency, rules.ScopeHost})
	if d.below(4) == 0 {
		sig.Also = []rules.Cause{pick(d, told)}
	}
	c.Link = pick(d, []int{30, 60, 25, 8, 2, 0, 0, -4, -30, -75})
	c.Subject = d.below(4) - 1
	c.Inside, c.Outside = int64(d.below(1000)), int64(d.below(1000))
	c.Covered, c.Moments = d.below(11), d.below(11)
	c.Lasting = d.below(4) == 0
	return c
}

func (d *draw) traffic() rules.Traffic {
	n := func() int64 { return int64(d.below(600)) }
	return rules.Traffic{
		Known: d.yes(), Succeeded: n(), Failed: n(), FailedReused: n(), FailedFresh: n(), FailedLong: n(), FailedOnce: n(), SymptomSeconds: n(), ServedSeconds: n(),
	}
}

// drawCase makes a case with what the engine guarantees: symptoms in order of time.
func drawCase(data []byte) *rules.Case {
	d := &draw{data: data}
	var symptoms []rules.CaseSymptom
	for range d.below(6) {
		symptoms = append(symptoms, d.symptom())
	}
	slices.SortStableFunc(symptoms, func(a, b rules.CaseSymptom) int { return int(a.First.From - b.First.From) })
	c := failing(symptoms...)
	c.Traffic = d.traffic()
	c.Began = min(c.Began, c.Began-int64(d.below(90))*parser.Second)
	if c.Gateway = d.below(6) == 0; c.Gateway {
		c.Members = nil
	} else if d.below(4) == 0 {
		c.Members = []string{"10.0.0.7:8000"}
	}
	for range d.below(12) {
		tell(c, d.candidate())
	}
	return c
}

// outline is what a verdict may not change with the order of its evidence.
func outline(v *rules.Verdict) string {
	text := fmt.Sprintf("%s %d %.2f %d", v.Cause, v.Decibans, v.Confidence, len(v.Proof))
	for _, r := range v.Reasons {
		text += fmt.Sprintf(" %d", r.Weight)
	}
	for _, a := range v.Alternatives {
		text += fmt.Sprintf(" %s %d", a.Cause, a.Decibans)
	}
	return text
}

// shuffled is the case with its evidence in another order.
func shuffled(c *rules.Case, seed uint64) *rules.Case {
	other := *c
	other.Evidence = slices.Clone(c.Evidence)
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(other.Evidence), func(i, j int) {
		other.Evidence[i], other.Evidence[j] = other.Evidence[j], other.Evidence[i]
	})
	return &other
}

func someBytes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	data := make([]byte, 200)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// Whoever collects the evidence, in whatever order, judges alike; and what is told
// twice is not truer for that.
func TestDecideHeedsNoOrder(t *testing.T) {
	decided := 0
	for seed := range uint64(3000) {
		c := drawCase(someBytes(seed))
		v := Decide(c)
		if v.Cause != rules.CauseUnknown {
			decided++
		}
		want := outline(&v)
		other := Decide(shuffled(c, seed))
		if got := outline(&other); got != want {
			t.Fatalf("seed %d: %s\nin another order: %s", seed, want, got)
		}
		twice := *c
		twice.Evidence = slices.Concat(c.Evidence, c.Evidence)
		other = Decide(&twice)
		if got := outline(&other); got != want {
			t.Fatalf("seed %d: %s\ntold twice: %s", seed, want, got)
		}
	}
	if decided < 300 {
		t.Errorf("only %d of 3000 random cases are decided: the test sees little", decided)
	}
}

// TestDecideKeepsTheCase: the engine judges one case several times.
func TestDecideKeepsTheCase(t *testing.T) {
	for seed := range uint64(300) {
		c := drawCase(someBytes(seed))
		before := *c
		before.Evidence, before.Symptoms = slices.Clone(c.Evidence), slices.Clone(c.Symptoms)
		Decide(c)
		if !reflect.DeepEqual(before, *c) {
			t.Fatalf("seed %d: Decide changed the case", seed)
		}
	}
}

func FuzzDecide(f *testing.F) {
	for seed := range uint64(24) {
		f.Add(someBytes(seed))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := drawCase(data)
		v := Decide(c)
		for _, flaw := range flaws(c, &v) {
			t.Errorf("verdict %s: %s", v.Cause, flaw)
		}
		if again := Decide(c); !reflect.DeepEqual(v, again) {
			t.Errorf("%+v\nand then %+v", v, again)
		}
		other := Decide(shuffled(c, uint64(len(data))))
		if want, got := outline(&v), outline(&other); want != got {
			t.Errorf("%s\nin another order: %s", want, got)
		}
		in := incident(v.Cause)
		Summary(c, in)
		Advice(c, in)
		in.Verdict = v
		Prevent(c, in)
		Missing(c, in)
	})
}

func BenchmarkDecide(b *testing.B) {
	cases := make([]*rules.Case, 64)
	for i := range cases {
		cases[i] = drawCase(someBytes(uint64(i)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Decide(cases[i%len(cases)])
	}
}
