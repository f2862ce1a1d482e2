package correlate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// centralLog is a log of several machines, on each of which something has the tag shop.
func centralLog(hosts ...string) *logFile {
	l := appLog("remote/all.log").covers(0, 300)
	for _, h := range hosts {
		l.teaches(rules.StreamOn("shop", h), 0, rules.FactHost, h)
		l.d.Facts[len(l.d.Facts)-1].Last = rules.Interval{From: utc(299), To: utc(300)}
	}
	return l
}

// One tag on three machines is three services, and only the one behind the failing address
// is to blame, whatever tells which that is.
func TestOneTagOnSeveralHosts(t *testing.T) {
	died := func(upstream string, teach func(l *logFile)) []rules.Incident {
		t.Helper()
		central := centralLog("web-1", "web-2", "web-3")
		teach(central)
		central.tagged(rules.StreamOn("shop", "web-2"), 99, goPanic)
		central.tagged(rules.StreamOn("shop", "web-1"), 99, failedStart)
		access := accessLog("gw/access.log")
		for i := range 30 {
			access.sketch(float64(i), uint64(100+i), fmt.Sprintf("10.0.0.1%d:8000", i%3+1))
		}
		return incidents(t, 1, errorLog("gw/error.log").fails(99, upstream, closed, 1).fails(100, upstream, refused, 20), access, central)
	}
	f := func(name, upstream string, teach func(l *logFile)) {
		t.Helper()
		in := died(upstream, teach)[0]
		if in.Verdict.Cause != rules.CauseUnhandledException || !proved(&in, goPanic) || proved(&in, failedStart) {
			t.Errorf("%s: %s %+v", name, in.Verdict.Cause, in.Evidence)
		}
	}
	everyPort := func(l *logFile) {
		for _, h := range []string{"web-1", "web-2", "web-3"} {
			l.teaches(rules.StreamOn("shop", h), 1, rules.FactListens, "0.0.0.0:8000")
		}
	}
	f("each listens on an address of its own", "10.0.0.12:8000", func(l *logFile) {
		for i, h := range []string{"web-1", "web-2", "web-3"} {
			l.teaches(rules.StreamOn("shop", h), 1, rules.FactListens, fmt.Sprintf("10.0.0.1%d:8000", i+1))
		}
	})
	f("the address has the host's name", "web-2.internal:8000", everyPort)
	f("a server of HAProxy's has it", "be_shop/web-2", everyPort)
	f("another service of the host listens on its address", "10.0.0.12:8000", func(l *logFile) {
		everyPort(l)
		l.teaches(rules.StreamOn("node_exporter", "web-2"), 1, rules.FactHost, "web-2")
		l.teaches(rules.StreamOn("node_exporter", "web-2"), 1, rules.FactListens, "10.0.0.12:9100")
	})
	f("common requests", "10.0.0.12:8000", func(l *logFile) {
		everyPort(l)
		for i := range 30 {
			when, _ := l.moment(float64(i))
			l.d.Requests = append(l.d.Requests, rules.Request{Micros: when.From, Key: uint64(100 + i), Status: 200, Stream: rules.StreamOn("shop", fmt.Sprintf("web-%d", i%3+1))})
		}
	})
}

// What the kernel of one host says is not about the same unit of another.
func TestUnitOfAnotherHost(t *testing.T) {
	central := centralLog("web-1", "web-2").
		teaches(rules.StreamOn("shop", "web-1"), 1, rules.FactListens, "10.0.0.11:8000").
		teaches(rules.StreamOn("shop", "web-2"), 1, rules.FactListens, "10.0.0.12:8000").
		tagged(rules.StreamOn("systemd", "web-2"), 99, unitKilled, field(rules.FieldUnit, "shop.service"))
	central.teaches(rules.StreamOn(rules.SubjectUnit+"shop.service", "web-2"), 99, rules.FactUnit, "shop.service")
	in := incidents(t, 1, errorLog("gw/error.log").fails(100, "10.0.0.11:8000", refused, 20), central)[0]
	if in.Verdict.Cause == rules.CauseKilled || proved(&in, unitKilled) {
		t.Errorf("web-1: %s %+v", in.Verdict.Cause, in.Evidence)
	}
	in = incidents(t, 1, errorLog("gw/error.log").fails(100, "10.0.0.12:8000", refused, 20), central)[0]
	if in.Verdict.Cause != rules.CauseKilled || !proved(&in, unitKilled) {
		t.Errorf("web-2: %s %+v", in.Verdict.Cause, in.Evidence)
	}
}

// A container's next life has another host's name and is the same service; machines are not.
func TestNextLifeHasAnotherHost(t *testing.T) {
	f := func(first, second string, apart float64, want int) {
		t.Helper()
		l := appLog("logs/all.json").covers(0, 300)
		l.teaches(rules.StreamOn("shop", first), 0, rules.FactPID, "1")
		l.teaches(rules.StreamOn("shop", first), apart, rules.FactPID, "2")
		l.teaches(rules.StreamOn("shop", second), 100, rules.FactPID, "3")
		e := New(Config{})
		e.Add(copied(&l.d))
		e.Decide()
		n := 0
		for _, sv := range e.services {
			if sv.name == "shop" {
				n++
			}
		}
		if n != want {
			t.Errorf("%s, %s: %d services", first, second, n)
		}
	}
	f("4f1c0a77e2b1", "9a2b61d3c55e", 50, 1)
	f("4f1c0a77e2b1", "9a2b61d3c55e", 200, 2) // side by side
	f("shop-6c9d7b8f4-x2kqp", "shop-7bd58c6d9f-hw4tz", 50, 1)
	f("web-1", "web-2", 50, 2)
	f("shop-6c9d7b8f4-x2kqp", "cart-7bd58c6d9f-hw4tz", 50, 2)
}

func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"web-1", "web-1", true}, {"web-1", "WEB-1.example.org", true}, {"web-1.example.org", "web-1", true},
		{"web-1", "web-10", false}, {"web-1", "web-1-b", false}, {"10.0.0.1", "10.0.0.1.5", false}, {"", "web-1", false},
		{"web-1.example.org", "web-1.example.com", false},
	} {
		if sameHost(c.a, c.b) != c.same {
			t.Errorf("%q, %q: %v", c.a, c.b, !c.same)
		}
	}
}

// Hundreds of machines with dozens of tags each are not compared each with all.
func TestManyHosts(t *testing.T) {
	l := appLog("remote/all.log")
	for h := range 300 {
		for tag := range 20 {
			stream := rules.StreamOn(fmt.Sprintf("tag%d", tag), fmt.Sprintf("web-%d", h))
			l.teaches(stream, 0, rules.FactHost, fmt.Sprintf("web-%d", h))
			l.teaches(stream, 0, rules.FactPID, fmt.Sprint(1000+tag))
		}
	}
	e := New(Config{})
	e.Add(&l.d)
	from := time.Now()
	e.Decide()
	if n, took := len(e.services), time.Since(from); n < 6000 || took > 5*time.Second {
		t.Errorf("%d services in %v", n, took)
	}
}

// Each of a row of web servers has nginx before 127.0.0.1:8080. What is behind it there is of
// that machine, however alike the other one's service is.
func TestLoopbackIsOfOneMachine(t *testing.T) {
	const upstream = "127.0.0.1:8080"
	f := func(name string, logs ...*logFile) {
		t.Helper()
		in := incidents(t, 1, logs...)[0]
		if in.Verdict.Cause != rules.CauseUnhandledException || !proved(&in, goPanic) || quotes(&in, failedStart) {
			t.Errorf("%s: %s %.2f %+v", name, in.Verdict.Cause, in.Verdict.Confidence, in.Evidence)
		}
	}
	folder := func(host string, sig *rules.Signature) *logFile {
		return appLog(host+"/app/shop.log").covers(0, 300).teaches("", 1, rules.FactListens, upstream).says(99, sig)
	}
	f("a folder for each machine",
		errorLog("web-1/nginx/error.log").fails(100, upstream, refused, 20), accessLog("web-2/nginx/access.log").serves(0, 200, upstream),
		accessLog("web-1/nginx/access.log").serves(0, 100, upstream).answers(100, upstream, 502, 20), folder("web-1", goPanic), folder("web-2", failedStart))

	central := centralLog("web-1", "web-2")
	for _, h := range []string{"web-1", "web-2"} {
		central.teaches(rules.StreamOn("shop", h), 1, rules.FactListens, upstream)
	}
	central.tagged(rules.StreamOn("shop", "web-1"), 99, goPanic).tagged(rules.StreamOn("shop", "web-2"), 99, failedStart)
	f("one log of all machines", errorLog("remote/nginx.log").fails(100, upstream, refused, 20, func(e *rules.Event) { e.Host = "web-1" }), central)
}

func quotes(in *rules.Incident, sig *rules.Signature) bool {
	return slices.ContainsFunc(in.Evidence, func(e rules.Evidence) bool { return e.Kind == sig.ID })
}

// A pod's own name for its host, or a container's, does not place it on another machine than the
// kernel that killed it.
func TestContainersHostsAreNoMachines(t *testing.T) {
	for host, want := range map[string]bool{
		"shop-7c9f6d5b8-x2x4z": false, "3858fd54b355": false, "web-1": true, "node-3": true, "ip-10-0-0-7": true,
	} {
		if machine(host) != want {
			t.Errorf("%s: a machine: %v", host, !want)
		}
		sv := &service{hosts: []string{host}}
		if sv.elsewhere("node-9") != want {
			t.Errorf("%s: elsewhere than node-9: %v", host, !want)
		}
	}
}

// A log in a folder that has the name of a machine is that machine's: of two processes that kernels
// killed, the one on the machine whose only application serves the address ended it.
func TestFoldersNamedLikeMachines(t *testing.T) {
	f := func(name string, want bool, folder string, change func(app *logFile)) {
		t.Helper()
		errors := errorLog("lb/error.log").covers(0, 300).fails(100, "10.0.1.12:8080", parser.SymptomPrematureClose, 3).fails(101, "10.0.1.12:8080", refused, 9)
		a := appLog("web-a/shop.log").covers(0, 300).knows(0, rules.FactListens, "10.0.1.11:8080")
		b := appLog(folder+"/shop.log").covers(0, 300).knows(0, rules.FactListens, "10.0.1.12:8080")
		change(b)
		kernel := systemLog("kern.log").covers(0, 300)
		kernel.tagged(rules.StreamOn("kernel", "web-a"), 99, kernelKill, field(rules.FieldPID, "662"), field(rules.FieldProcess, "backup"))
		kernel.tagged(rules.StreamOn("kernel", "web-b"), 99, kernelKill, field(rules.FieldPID, "771"), field(rules.FieldProcess, "java"))
		in := incidents(t, 1, errors, a, b, kernel)[0]
		if got := proved(&in, kernelKill) && in.Culprit.PID == 771; got != want || got && in.Culprit.Host != "web-b" {
			t.Errorf("%s: proof %v, want %v: %s, %+v, by %+v", name, got, want, in.Verdict.Cause, in.Culprit, in.Verdict.Proof)
		}
	}
	as := func(*logFile) {}
	f("its machine", true, "web-b", as)
	f("deeper in its folder", true, "web-b/var/log", as)
	f("a folder of another name", false, "backend", as)
	f("the other machine's folder", false, "web-a/new", as)
	f("processes of its own", false, "web-b", func(app *logFile) { app.pid(4711) })
}
