package correlate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// A draw makes logs out of bytes, any bytes: the fuzzer turns each knob on its own.
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

func pick[T any](d *draw, of ...T) T { return of[d.below(len(of))] }

// second is a moment of the story, in hundredths, so that most differ.
func (d *draw) second() float64 { return float64(d.below(40_000)) / 100 }

func (d *draw) upstream() string {
	return pick(d, shopAddress, "127.0.0.1:8001", "127.0.0.1:8002", "10.0.0.7:8000", "unix:/run/shop.sock", "be/one", "be/two", "shop", "")
}

func (d *draw) fields() []rules.Field {
	return []rules.Field{
		field(pick(d, "pid", "process", "unit", "container", "cgroup", "address", "port", "dependency", "detail"),
			pick(d, "4711", "12", "gunicorn", "shop.service", "0123456789abcdef", shopAddress, "8001", "127.0.0.1:5432", "/system.slice/shop.service", "")),
	}
}

func (d *draw) errors(l *logFile) {
	for range d.below(14) {
		upstream := d.upstream()
		l.fails(d.second(), upstream, pick(d, parser.Symptoms()...), int64(1+d.below(300)), func(e *rules.Event) {
			e.Rank = pick(d, parser.RankPrimary, parser.RankPrimary, parser.RankSecondary, parser.RankNoise)
			e.Group = upstream == "shop"
			e.VHost = pick(d, "shop.example", "blog.example", "")
			if d.below(3) == 0 {
				e.Lines = 0
			}
			if d.below(3) == 0 {
				e.Requests = []uint64{uint64(d.below(20) + 1)}
			}
			if d.below(4) == 0 {
				e.Hints = []rules.Cause{pick(d, rules.Causes()...)}
			}
			if d.below(8) == 0 {
				e.Hits = []rules.Hit{{Signature: heapExhausted}}
			}
		})
	}
	for range d.below(3) {
		set := []string{d.upstream(), d.upstream()}
		if set[0] != "" && set[1] != "" {
			l.pools(set)
		}
	}
}

func (d *draw) accesses(l *logFile) {
	for range d.below(20) {
		l.answers(d.second(), d.upstream(), pick[int16](d, 200, 200, 404, 499, 500, 502, 503, 504, 9, 0), int64(1+d.below(300)), func(t *rules.Tally) {
			t.Made = pick(d, rules.MakerGateway, rules.MakerUpstream, rules.MakerUnknown)
			t.Symptom = pick(d, parser.SymptomNone, parser.SymptomOther, parser.SymptomUpstreamStatus, closed, timedOut)
			t.VHost = pick(d, "shop.example", "blog.example", "")
			t.Waited = int64(d.below(300)) * parser.Second
			t.Reused, t.Long, t.Once = int64(d.below(3)), int64(d.below(3)), int64(d.below(3))
			if d.below(3) == 0 {
				t.Requests = []uint64{uint64(d.below(20) + 1)}
			}
		})
	}
	for i := range d.below(12) {
		l.sketch(float64(i*11), uint64(1000+i), shopAddress)
	}
}

func (d *draw) lines(l *logFile) {
	for range d.below(10) {
		l.tagged(pick(d, "", "", "cart", "kernel", "systemd"), d.second(),
			pick(d, goPanic, heapExhausted, kernelKill, sigkill, stopping, failedStart, serving, unitKilled, tooManyClients, dependencyRefused), d.fields()...)
	}
	for range d.below(6) {
		l.teaches(pick(d, "", "", "cart", rules.SubjectUnit+"shop.service"), d.second(),
			pick(d, rules.FactListens, rules.FactPID, rules.FactMaster, rules.FactUnit, rules.FactContainer, rules.FactProgram, rules.FactHost, rules.FactTechnology),
			pick(d, shopAddress, ":8001", "4711", "shop.service", "0123456789abcdef", "gunicorn", "web-1", "postgres"))
	}
	for i := range d.below(12) {
		l.sketch(float64(i*11), uint64(1000+i), "")
	}
}

// logs draws up to six logs; with plain clocks all of them state their zone and are right.
func (d *draw) logs(plain bool) []*logFile {
	var out []*logFile
	folder := pick(d, "", "", "web-1/")
	for i := range 1 + d.below(6) {
		name := fmt.Sprintf("%sdir%d/", folder, i)
		var l *logFile
		switch d.below(4) {
		case 0:
			l = errorLog(name + "error.log")
			d.clock(l, plain)
			d.errors(l)
		case 1:
			l = accessLog(name + "access.log")
			d.clock(l, plain)
			d.accesses(l)
		case 2:
			l = appLog(name + pick(d, "shop.log", "cart.log", "app.log"))
			d.clock(l, plain)
			d.lines(l)
		default:
			l = systemLog(name + "kern.log")
			d.clock(l, plain)
			d.lines(l)
		}
		if len(l.d.Events)+len(l.d.Tallies)+len(l.d.Facts) == 0 {
			l.covers(0, float64(d.below(500)))
		}
		out = append(out, l)
	}
	return out
}

func (d *draw) clock(l *logFile, plain bool) {
	if plain {
		return
	}
	switch d.below(5) {
	case 0:
		l.local(pick[int64](d, 0, 7200, -18_000, 20_700))
	case 1:
		l.skewed(float64(d.below(60) - 30))
	case 2:
		l.clock, l.ahead = parser.ClockYearless, pick[int64](d, 0, 365*parser.Day)
	case 3:
		l.clock, l.ahead = pick(d, parser.ClockUptime, parser.ClockNone), -utc(-1000)
	}
}

func (d *draw) config() Config {
	cfg := Config{Quiet: pick[int64](d, 0, 0, 5*parser.Second, parser.Hour)}
	if d.below(4) == 0 {
		cfg.HasZone, cfg.Zone = true, time.FixedZone("", 7200)
	}
	if d.below(4) == 0 {
		cfg.Maps = []Map{{shopAddress, "shop.log"}}
	}
	cfg.HasYear = d.below(5) == 0
	return cfg
}

func someBytes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	data := make([]byte, 900)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

func asJSON(v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// same compares two results and shows where they part.
func same(t *testing.T, name string, want, got any) {
	t.Helper()
	if reflect.DeepEqual(want, got) {
		return
	}
	a, b := asJSON(want), asJSON(got)
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	t.Fatalf("%s: they part at\n%s\nand\n%s", name, a[max(0, at-300):min(len(a), at+300)], b[max(0, at-300):min(len(b), at+300)])
}

// turned is the logs in another order.
func turned(logs []*logFile, seed uint64) []*logFile {
	out := slices.Clone(logs)
	rand.New(rand.NewPCG(seed, 5)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// The order in which digests come changes nothing.
func TestReportHeedsNoOrder(t *testing.T) {
	found := 0
	for seed := range uint64(700) {
		d := &draw{data: someBytes(seed)}
		cfg, logs := d.config(), d.logs(false)
		want := decideAll(cfg, logs...)
		found += len(want.Incidents)
		for _, flaw := range flaws(want) {
			t.Errorf("seed %d: %s", seed, flaw)
		}
		for turn := range uint64(2) {
			same(t, fmt.Sprintf("seed %d, turn %d", seed, turn), want, decideAll(cfg, turned(logs, seed+turn)...))
		}
	}
	if found < 700 {
		t.Errorf("only %d incidents in 700 random sets of logs: the test sees little", found)
	}
}

// split cuts a log in two at a second, as rotation does: one family, two digests.
func split(l *logFile, at float64) (before, after *logFile) {
	border := utc(at) + l.ahead
	part := func(path string, keep func(micros int64) bool) *logFile {
		p := *l
		p.d.Source.Path, p.d.Source.Group = path, l.d.Source.Group
		p.d.Events, p.d.Tallies, p.d.Requests, p.d.Facts = nil, nil, nil, nil
		first, last := rules.Future, rules.Past
		see := func(micros int64) bool {
			if !keep(micros) {
				return false
			}
			first, last = min(first, micros), max(last, micros)
			return true
		}
		for _, e := range l.d.Events {
			if see(e.When.From) {
				p.d.Events = append(p.d.Events, e)
			}
		}
		for _, tally := range l.d.Tallies {
			if see(tally.Second * parser.Second) {
				p.d.Tallies = append(p.d.Tallies, tally)
			}
		}
		for _, q := range l.d.Requests {
			if see(q.Micros) {
				p.d.Requests = append(p.d.Requests, q)
			}
		}
		for _, f := range l.d.Facts {
			if see(f.When.From) {
				p.d.Facts = append(p.d.Facts, f)
			}
		}
		p.d.Source.First.Micros, p.d.Source.Last.Micros = first, last
		return &p
	}
	before, after = part(l.d.Source.Path, func(m int64) bool { return m < border }), part(l.d.Source.Path, func(m int64) bool { return m >= border })
	// Each half ends where the other begins; what the whole log covered, they cover.
	before.d.Source.First, after.d.Source.Last = l.d.Source.First, l.d.Source.Last
	before.d.Source.Last, after.d.Source.First = l.d.Source.First, l.d.Source.First
	before.d.Source.Last.Micros, after.d.Source.First.Micros = border-1, border
	after.d.Source.HeadHash++
	return before, after
}

// A log that was rotated within the story tells the same story.
func TestReportHeedsNoRotation(t *testing.T) {
	cut := 0
	for seed := range uint64(1500) {
		d := &draw{data: someBytes(seed)}
		cfg, logs := d.config(), d.logs(true)
		want := decideAll(cfg, logs...)
		which, at := int(seed)%len(logs), float64(50+seed%300)
		if l := logs[which]; l.d.Source.First.Micros >= utc(at) || l.d.Source.Last.Micros < utc(at) || l.d.Source.Role == parser.RoleSystem {
			continue
		}
		cut++
		before, after := split(logs[which], at)
		others := slices.Delete(slices.Clone(logs), which, which+1)
		got := decideAll(cfg, append(others, before, after)...)
		same(t, fmt.Sprintf("seed %d, %s cut at %v", seed, logs[which].d.Source.Path, at), want.Incidents, got.Incidents)
		same(t, fmt.Sprintf("seed %d: totals", seed), want.Totals, got.Totals)
	}
	if cut < 100 {
		t.Errorf("only %d logs were cut: the test sees little", cut)
	}
}

// A rotation within a second leaves the order of that second's lines: what came first
// stands in the older file, whatever the hashes of their heads.
func TestOrderOfASecondThatARotationCut(t *testing.T) {
	for _, hashes := range [][2]uint64{{1, 2}, {2, 1}} {
		older := errorLog("error.log.1").fails(9, "127.0.0.1:9", refused, 1).fails(10, shopAddress, closed, 1)
		newer := errorLog("error.log").fails(10, shopAddress, refused, 1).fails(11, shopAddress, refused, 8)
		for i, l := range []*logFile{older, newer} {
			l.d.Source.HeadHash, l.d.Source.Group = hashes[i], "error.log"
		}
		for _, in := range report(t, Config{}, older, newer).Incidents {
			if first := in.Symptoms[0].Class; firstOf(in.Upstreams) == shopAddress && first != closed {
				t.Errorf("hashes %v: the first of the second is %s, want %s", hashes, first, closed)
			}
		}
	}
}

// Live decides again and again: one engine gives one answer, and changes nothing of the
// digests but what it settles.
func TestDecideTwice(t *testing.T) {
	for seed := range uint64(300) {
		d := &draw{data: someBytes(seed)}
		cfg, logs := d.config(), d.logs(false)
		e := New(cfg)
		var given, before []*rules.Digest
		for _, l := range logs {
			given, before = append(given, copied(&l.d)), append(before, copied(&l.d))
			e.Add(given[len(given)-1])
		}
		want := e.Decide()
		same(t, fmt.Sprintf("seed %d, twice", seed), want, e.Decide())
		for i := range given {
			a, b := *given[i], *before[i]
			for j := range a.Events {
				a.Events[j].Source = 0
			}
			a.Source.ZoneOffset, a.Source.Zone, a.Source.ZoneFrom, a.Source.Skew = 0, "", "", 0
			same(t, fmt.Sprintf("seed %d, digest %d", seed, i), b, a)
		}
	}
}

func FuzzEngine(f *testing.F) {
	for seed := range uint64(30) {
		f.Add(someBytes(seed))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &draw{data: data}
		cfg, logs := d.config(), d.logs(false)
		e, r := decided(cfg, logs...)
		for _, flaw := range slices.Concat(flaws(r), unlisted(e), unseen(e)) {
			t.Error(flaw)
		}
		same(t, "again", r, decideAll(cfg, logs...))
		same(t, "in another order", r, decideAll(cfg, turned(logs, uint64(len(data)))...))
	})
}

// BenchmarkDecide is an outage of an hour: ten thousand events of four logs.
func BenchmarkDecide(b *testing.B) {
	errors, access, app, kernel := errorLog("nginx/error.log"), accessLog("nginx/access.log"), appLog("shop.log"), systemLog("kern.log")
	app.knows(0, rules.FactListens, shopAddress).pid(4711)
	for i := range 2500 {
		s := float64(i) * 1.4
		errors.fails(s, shopAddress, refused, 20, asking(uint64(i)))
		access.answers(s, shopAddress, 502, 20, wanted(uint64(i))).answers(s, "127.0.0.1:8001", 200, 90)
		app.says(s, dependencyRefused, field("dependency", "127.0.0.1:5432"))
		if i%2 == 0 {
			kernel.tagged("kernel", s, kernelKill, field("pid", "99"))
		}
		access.sketch(s, uint64(i), shopAddress)
		app.sketch(s, uint64(i), "")
	}
	logs := []*logFile{errors, access, app, kernel}
	n := 0
	for _, l := range logs {
		n += len(l.d.Events) + len(l.d.Tallies)
	}
	if n < 10_000 {
		b.Fatalf("%d events", n)
	}
	b.ReportAllocs()
	for b.Loop() {
		decideAll(Config{}, logs...)
	}
}
