package correlate

import (
	"fmt"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// What ended in the second before the failures is the pool's service, or a unit of a like name.
func TestWhoseALineIs(t *testing.T) {
	f := func(name string, want bool, told ...rules.Field) {
		t.Helper()
		errors, journal := errorLog("error.log").covers(0, 300), systemLog("syslog").covers(0, 300)
		app := appLog("shop.log").covers(0, 300).knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "shop.service").knows(0, rules.FactProgram, "shop")
		errors.fails(100, shopAddress, parser.SymptomPrematureClose, 3).fails(101, shopAddress, refused, 9)
		for _, unit := range []string{"shop.service", "shop-worker.service"} {
			journal.teaches(rules.SubjectUnit+unit, 0, rules.FactUnit, unit)
		}
		journal.tagged("systemd", 99, unitKilled, told...)
		in := incidents(t, 1, errors, journal, app)[0]
		if got := proved(&in, unitKilled); got != want {
			t.Errorf("%s: proof %v, want %v: %s by %+v", name, got, want, in.Verdict.Cause, in.Verdict.Proof)
		}
	}
	f("its unit", true, field(rules.FieldUnit, "shop.service"))
	f("its unit's name alone", true, field(rules.FieldService, "shop"))
	f("another unit with a word in common", false, field(rules.FieldUnit, "shop-worker.service"))
}

// What is told of a time long before, and of nobody who serves the pool, is not weighed.
func TestOldNewsOfOthers(t *testing.T) {
	f := func(name string, at float64, unit string, want bool) {
		t.Helper()
		errors, journal := errorLog("error.log").covers(0, 3600), systemLog("syslog").covers(0, 3600)
		app := appLog("shop.log").covers(0, 3600).knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "shop.service")
		errors.fails(3000, shopAddress, refused, 9)
		journal.tagged("systemd", at, unitKilled, field(rules.FieldUnit, unit))
		e := New(Config{})
		for _, l := range []*logFile{errors, journal, app} {
			e.Add(copied(&l.d))
		}
		e.Decide()
		got := false
		for _, g := range e.open {
			for _, c := range e.weigh(g) {
				got = got || c.Hit.Signature == unitKilled
			}
		}
		if got != want {
			t.Errorf("%s: weighed %v, want %v", name, got, want)
		}
	}
	f("its end, and it never came back", 300, "shop.service", true)
	f("another one's end", 300, "mailer.service", false)
	f("another one's end just before", 2990, "mailer.service", true)
}

// BenchmarkDecideManyJobs is a cluster's day: a thousand short outages of one service beside two
// thousand failures of jobs, each with a name of its own.
func BenchmarkDecideManyJobs(b *testing.B) {
	errors, journal, app := errorLog("error.log"), systemLog("syslog"), appLog("shop.log")
	app.knows(0, rules.FactListens, shopAddress)
	for i := range 1000 {
		at := float64(i) * 80
		errors.fails(at+2, shopAddress, refused, 3)
		app.says(at+1, stopping).says(at+5, serving)
		for j := range 2 {
			unit := fmt.Sprintf("job-%d.service", 2*i+j)
			journal.teaches(rules.SubjectUnit+unit, at, rules.FactUnit, unit).tagged("systemd", at+float64(j), unitKilled, field(rules.FieldUnit, unit))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		decideAll(Config{}, errors, journal, app)
	}
}

// A line that names the address of one machine's pool says nothing of another machine's.
func TestSameAddressOnTwoMachines(t *testing.T) {
	errors, other := errorLog("lb-1/nginx/error.log").covers(0, 300), errorLog("lb-2/nginx/error.log").covers(0, 300)
	here, there := appLog("lb-1/app/shop.log").covers(0, 300), appLog("lb-2/app/shop.log").covers(0, 300)
	errors.fails(100, shopAddress, refused, 9)
	other.fails(250, shopAddress, refused, 9)
	listens := field(rules.FieldAddress, shopAddress)
	here.says(99, goPanic).says(105, serving, listens)
	there.says(104, serving, listens).says(249, goPanic)
	for _, in := range incidents(t, 2, errors, other, here, there) {
		machine, _, _ := strings.Cut(in.Symptoms[0].Example.Source, "/")
		for _, ev := range in.Evidence {
			if !strings.HasPrefix(ev.Quote.Source, machine+"/") {
				t.Errorf("%s: quotes %s: %s", machine, ev.Quote.Source, ev.Why)
			}
		}
		if in.Verdict.Cause != rules.CauseUnhandledException {
			t.Errorf("%s: %s", machine, in.Verdict.Cause)
		}
	}
}

// What ends one of several services with names alike, each with a log of its own, ends no other.
func TestReplicasHaveNamesOfTheirOwn(t *testing.T) {
	f := func(name string, want bool, container string) {
		errors, events := errorLog("error.log").covers(0, 300), systemLog("docker-events.log").covers(0, 300)
		a := appLog("shop1.log").covers(0, 300).knows(0, rules.FactListens, "10.0.0.1:8000")
		b := appLog("shop2.log").covers(0, 300).knows(0, rules.FactListens, "10.0.0.2:8000")
		errors.fails(100, "10.0.0.2:8000", parser.SymptomPrematureClose, 3).fails(101, "10.0.0.2:8000", refused, 9)
		events.tagged("systemd", 99, unitKilled, field(rules.FieldContainer, container))
		in := incidents(t, 1, errors, events, a, b)[0]
		if got := proved(&in, unitKilled); got != want {
			t.Errorf("%s: proof %v, want %v: %s by %+v", name, got, want, in.Verdict.Cause, in.Verdict.Proof)
		}
	}
	f("its container", true, "shop2")
	f("another one", false, "shop1")
}

// A word that a few units have in common with the virtual host tells that one of them serves it; of a
// prefix that all have, it tells nothing.
func TestWordsThatAllHave(t *testing.T) {
	for n, want := range map[int]bool{3: true, maxNamesakes: true, maxNamesakes + 1: false} {
		errors, journal := errorLog("error.log").covers(0, 300), systemLog("syslog").covers(0, 300)
		errors.fails(100, "shop.internal:8000", parser.SymptomPrematureClose, 3).fails(101, "shop.internal:8000", refused, 9)
		for i := range n {
			unit := fmt.Sprintf("shop-%c%c.service", 'a'+i/26, 'a'+i%26)
			journal.teaches(rules.SubjectUnit+unit, 0, rules.FactUnit, unit)
		}
		journal.tagged("systemd", 99, unitKilled, field(rules.FieldUnit, "shop-ab.service"))
		linked := false
		e := New(Config{})
		for _, l := range []*logFile{errors, journal} {
			e.Add(copied(&l.d))
		}
		e.Decide()
		for _, c := range e.open[0].rules.Evidence {
			linked = linked || c.Hit.Signature == unitKilled && c.Link > linkNone
		}
		if linked != want {
			t.Errorf("%d units: linked %v, want %v", n, linked, want)
		}
	}
}
