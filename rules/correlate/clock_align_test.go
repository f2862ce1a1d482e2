package correlate

import (
	"fmt"
	"testing"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// visits are requests of distinct paths, one every seven seconds, as both ends log them.
func visits(gateway, app *logFile, n int) {
	for i := range n {
		gateway.sketch(float64(i*7), uint64(1000+i), shopAddress)
		app.sketch(float64(i*7), uint64(1000+i), "")
	}
}

// A zone is a multiple of a quarter of an hour, and the requests tell which.
func TestZonesFromRequests(t *testing.T) {
	for _, zone := range []int64{0, 3600, 7200, -5 * 3600, 5*3600 + 1800, 5*3600 + 2700, -3*3600 - 1800, 14 * 3600, -12 * 3600, 12*3600 + 2700} {
		gateway, app := accessLog("nginx/access.log"), appLog("app/shop.log").local(zone)
		visits(gateway, app, 300)
		s := settled(t, report(t, Config{}, gateway, app), "app/shop.log")
		if int64(s.ZoneOffset) != zone || s.Skew != 0 || s.ZoneFrom != rules.ZoneInferred {
			t.Errorf("zone %d s: %d (%s), skew %d", zone, s.ZoneOffset, s.ZoneFrom, s.Skew)
		}
	}
}

// Caddy's console has UTC without saying so, or, with time_local, what its access log in JSON tells
// (https://caddyserver.com/docs/caddyfile/directives/log#format-modules). Neither a neighbour's zone nor the flag is meant.
func TestWallClockOfUTC(t *testing.T) {
	f := func(name string, cfg Config, zone int64, from rules.ZoneFrom, beside bool) {
		t.Helper()
		errors := errorLog("caddy/caddy.log").local(zone).fails(0, shopAddress, refused, 1).fails(2100, shopAddress, refused, 1)
		access := accessLog("caddy/access.log").covers(0, 2100)
		errors.d.Source.Gateway, access.d.Source.Gateway = "caddy", "caddy"
		app := appLog("app/shop.log")
		app.zone = 8 * 3600
		app.covers(0, 2100)
		logs := []*logFile{errors, app}
		if beside {
			visits(access, errors, 300)
			logs = append(logs, access)
		}
		s := settled(t, report(t, cfg, logs...), "caddy/caddy.log")
		if int64(s.ZoneOffset) != zone || s.Skew != 0 || s.ZoneFrom != from {
			t.Errorf("%s: %d (%s), skew %d", name, s.ZoneOffset, s.ZoneFrom, s.Skew)
		}
	}
	f("alone", Config{}, 0, rules.ZoneAssumed, false)
	f("a flag for others", Config{HasZone: true, Zone: time.FixedZone("", 3600)}, 0, rules.ZoneAssumed, false)
	f("time_local", Config{}, 8*3600, rules.ZoneInferred, true)
	f("UTC beside its access log", Config{}, 0, rules.ZoneInferred, true)
}

// Beside its zone a clock may go wrong by a constant, and the report says by how much.
func TestSkewFromRequests(t *testing.T) {
	f := func(zone int64, skew, want float64) {
		t.Helper()
		gateway, app := accessLog("nginx/access.log"), appLog("app/shop.log")
		if zone != 0 {
			app.local(zone)
		}
		app.skewed(skew)
		visits(gateway, app, 300)
		s := settled(t, report(t, Config{}, gateway, app), "app/shop.log")
		if int64(s.ZoneOffset) != zone || s.Skew != int64(want*float64(parser.Second)) {
			t.Errorf("zone %d s and skew %v s: %d, %v", zone, skew, s.ZoneOffset, time.Duration(s.Skew)*time.Microsecond)
		}
	}
	f(0, -25, -25)
	f(0, 25, 25)
	f(0, 299, 299)
	f(0, 1, 0) // late writing and whole seconds explain it
	f(7200, 37, 37)
	f(-18_000, -37, -37)
	f(19_800, 200, 200)
	f(0, 660, 0) // eleven minutes is no skew
}

// Too few requests, or the same one again and again, say nothing about clocks.
func TestSkewNeedsTellingRequests(t *testing.T) {
	f := func(name string, known bool, fill func(gateway, app *logFile)) {
		t.Helper()
		gateway, app := accessLog("nginx/access.log"), appLog("app/shop.log").skewed(-25)
		fill(gateway, app)
		if s := settled(t, report(t, Config{}, gateway, app), "app/shop.log"); (s.Skew != 0) != known {
			t.Errorf("%s: skew %d", name, s.Skew)
		}
	}
	f("five requests", true, func(g, a *logFile) { visits(g, a, 5) })
	f("four requests", false, func(g, a *logFile) { visits(g, a, 4) })
	f("popular paths only", false, func(g, a *logFile) {
		for i := range 200 {
			g.sketch(float64(i), uint64(i%2), shopAddress)
			a.sketch(float64(i), uint64(i%2), "")
		}
	})
	f("popular paths beside five telling ones", true, func(g, a *logFile) {
		for i := range 200 {
			g.sketch(float64(i), uint64(i%2), shopAddress)
			a.sketch(float64(i), uint64(i%2), "")
		}
		visits(g, a, 5)
	})
	f("two offsets with equal support", false, func(g, a *logFile) {
		for i := range 20 {
			g.sketch(float64(i*7), uint64(1000+i), shopAddress)
			g.sketch(float64(i*7+100), uint64(1000+i), shopAddress)
			a.sketch(float64(i*7), uint64(1000+i), "")
		}
	})
	f("equal paths with other statuses", false, func(g, a *logFile) {
		visits(g, a, 50)
		for i := range a.d.Requests {
			a.d.Requests[i].Status = 404
		}
	})
}

// Machines that serve one site hold the same paths at other times: a log is compared
// with the gateway in its own folder.
func TestSitesWithEqualPaths(t *testing.T) {
	gateway1, gateway2 := accessLog("web-1/nginx/access.log"), accessLog("web-2/nginx/access.log")
	app1, app2 := appLog("web-1/app/shop.log").local(3600), appLog("web-2/app/shop.log").local(3600).skewed(-20)
	for i := range 40 {
		gateway1.sketch(float64(i*7), uint64(i), shopAddress)
		app1.sketch(float64(i*7), uint64(i), "")
		gateway2.sketch(float64(i*7+95), uint64(i), shopAddress)
		app2.sketch(float64(i*7+95), uint64(i), "")
	}
	r := report(t, Config{}, gateway1, gateway2, app1, app2)
	if s := settled(t, r, "web-1/app/shop.log"); s.ZoneOffset != 3600 || s.Skew != 0 {
		t.Errorf("web-1: zone %d, skew %d", s.ZoneOffset, s.Skew)
	}
	if s := settled(t, r, "web-2/app/shop.log"); s.ZoneOffset != 3600 || s.Skew != -20*parser.Second {
		t.Errorf("web-2: zone %d, skew %d", s.ZoneOffset, s.Skew)
	}
}

// A machine whose logs state no zone has that of most machines, not of the busiest.
func TestZoneOfMostMachines(t *testing.T) {
	f := func(name string, want int32, zones ...int32) {
		t.Helper()
		var logs []*logFile
		for i, zone := range zones {
			access := accessLog(fmt.Sprintf("web-%d/nginx/access.log", i))
			access.zone = zone
			logs = append(logs, access.serves(float64(i*1000), float64(i*1000+300), shopAddress))
			for n := range 200 - i {
				access.sketch(float64(i*1000+n), uint64(i*1000+n), shopAddress)
			}
		}
		logs = append(logs, errorLog("lb-1/nginx/error.log").local(3600).fails(100_000, shopAddress, parser.SymptomConnRefused, 1))
		s := settled(t, report(t, Config{}, logs...), "lb-1/nginx/error.log")
		if s.ZoneOffset != want || s.ZoneFrom != rules.ZoneAssumed {
			t.Errorf("%s: zone %d (%s), want %d", name, s.ZoneOffset, s.ZoneFrom, want)
		}
	}
	f("one other machine", 3600, 3600)
	f("two of three", 7200, 3600, 7200, 7200)
	f("as many: the busiest", 3600, 3600, 7200)
}

// The user's word is the zone; requests still tell the skew.
func TestZoneByFlag(t *testing.T) {
	zone := time.FixedZone("", 7200)
	gateway, app := accessLog("nginx/access.log"), appLog("app/shop.log").local(7200).skewed(30)
	visits(gateway, app, 50)
	s := settled(t, report(t, Config{HasZone: true, Zone: zone}, gateway, app), "app/shop.log")
	if s.ZoneOffset != 7200 || s.ZoneFrom != rules.ZoneFlag || s.Skew != 30*parser.Second {
		t.Errorf("zone %d (%s), skew %d", s.ZoneOffset, s.ZoneFrom, s.Skew)
	}
	alone := errorLog("nginx/error.log").local(7200).fails(0, shopAddress, parser.SymptomConnRefused, 1)
	r := report(t, Config{HasZone: true, Zone: zone}, alone)
	if got := r.Incidents[0].Start.Micros; got != utc(0) {
		t.Errorf("it starts at %s", r.Incidents[0].Start)
	}
	s = settled(t, report(t, Config{}, alone), "nginx/error.log")
	if s.ZoneFrom != rules.ZoneAssumed || s.ZoneOffset != 0 {
		t.Errorf("nobody tells: zone %d (%s)", s.ZoneOffset, s.ZoneFrom)
	}
}

// An error log has no zone; its access log states one, and has the same requests.
func TestErrorLogTakesItsAccessLogsZone(t *testing.T) {
	access := accessLog("nginx/access.log")
	access.zone = -4 * 3600
	errors := errorLog("nginx/error.log").local(-4*3600).fails(3, shopAddress, parser.SymptomConnRefused, 2)
	access.serves(0, 3, shopAddress).answers(3, shopAddress, 502, 2)
	r := report(t, Config{}, errors, access)
	if len(r.Incidents) != 1 || r.Incidents[0].Start.Micros != utc(3) || r.Incidents[0].FailedRequests != 2 {
		t.Errorf("%s", outline(r))
	}
}

// An application that is asked for the same few paths some seconds later is no clock for the
// error log of a gateway whose access log lies beside it: few of its requests are telling.
func TestErrorLogGoesByItsAccessLogOnly(t *testing.T) {
	access, errors := accessLog("lb-1/nginx/access.log"), errorLog("lb-1/nginx/error.log").local(0)
	app := appLog("app-2/cart.log").local(0)
	for i := range 60 {
		access.sketch(float64(i), uint64(100+i), shopAddress)
		app.sketch(float64(i), uint64(100+i), "")
	}
	for i := range 8 { // eight popular paths, once in the outage, once at each of the others
		errors.sketch(float64(10+i), uint64(i), shopAddress)
		app.sketch(float64(19+i), uint64(i), "")
		for j := range 4 {
			access.sketch(float64(10+i+(j*5)%7), uint64(i), shopAddress)
		}
	}
	if s := settled(t, report(t, Config{}, access, errors, app), "lb-1/nginx/error.log"); s.Skew != 0 || s.ZoneOffset != 0 {
		t.Errorf("zone %d, skew %v", s.ZoneOffset, time.Duration(s.Skew)*time.Microsecond)
	}
}

// Stamps without a year take the one that puts them beside the others.
func TestYears(t *testing.T) {
	f := func(name string, gateway, written string, cfg Config, want string) {
		t.Helper()
		at := func(text string) int64 {
			then, err := time.Parse("2006-01-02T15:04:05", text)
			if err != nil {
				t.Fatal(err)
			}
			return then.UnixMicro()
		}
		errors, kernel := errorLog("nginx/error.log"), systemLog("kern.log")
		errors.fails(float64((at(gateway)-utc(0))/parser.Second), shopAddress, parser.SymptomPrematureClose, 1)
		kernel.clock = parser.ClockYearless
		kernel.says(float64((at(written)-utc(0))/parser.Second), kernelKill)
		s := settled(t, report(t, cfg, errors, kernel), "kern.log")
		if got := s.First.Time().Format("2006-01-02T15:04:05"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f("a copy made years later", "2021-05-04T10:00:00", "2026-05-04T10:00:00", Config{}, "2021-05-04T10:00:00")
	f("the new year between them", "2026-01-01T00:00:05", "2026-12-31T23:59:58", Config{}, "2025-12-31T23:59:58")
	f("the other way", "2025-12-31T23:59:58", "2025-01-01T00:00:05", Config{}, "2026-01-01T00:00:05")
	f("right already", "2026-05-04T10:00:00", "2026-05-04T10:00:00", Config{}, "2026-05-04T10:00:00")
	f("the user's word", "2021-05-04T10:00:00", "2026-05-04T10:00:00", Config{HasYear: true}, "2026-05-04T10:00:00")
}

func logsOf(a, b, c, d *logFile) []*logFile { return []*logFile{a, b, c, d} }

// dmesg counts from the boot: a process whose death another log tells, too, dates it.
func TestUptimeFromADeath(t *testing.T) {
	logs := func(victim string) (errors, app, kernel, access *logFile) {
		errors = errorLog("nginx/error.log").fails(100, shopAddress, parser.SymptomPrematureClose, 3).covers(0, 300)
		app = appLog("app/shop.log").knows(0, rules.FactListens, shopAddress).pid(4711).says(100, sigkill, field("pid", "4711")).covers(0, 300)
		kernel = systemLog("dmesg")
		kernel.clock, kernel.ahead = parser.ClockUptime, 5000*parser.Second-utc(0)
		kernel.says(100, kernelKill, field("pid", victim), field("process", "gunicorn"))
		access = accessLog("nginx/access.log").covers(0, 300)
		return errors, app, kernel, access
	}
	in := incidents(t, 1, logsOf(logs("4711"))...)[0]
	if in.Verdict.Cause != rules.CauseOOMKill || !proved(&in, kernelKill) {
		t.Fatalf("the process died in both logs: %s", in.Verdict.Cause)
	}
	for _, ev := range in.Evidence {
		if ev.Kind == kernelKill.ID && ev.Time.Micros != utc(100) {
			t.Errorf("the kill was at %s", ev.Time)
		}
	}
	if in.Culprit.PID != 4711 {
		t.Errorf("culprit %+v", in.Culprit)
	}
	// Another process died: the pid is none of the service's, and nothing dates the line.
	if in := incidents(t, 1, logsOf(logs("99"))...)[0]; in.Verdict.Cause == rules.CauseOOMKill {
		t.Errorf("a stranger's death, of unknown time, is the cause: %+v", in.Evidence)
	}
}

// A source that a death has dated dates the next: the kernel's line, a manager's, and
// another's about a process of both.
func TestDeathsDateOneAfterTheOther(t *testing.T) {
	logs := []*logFile{
		errorLog("nginx/error.log").fails(100, shopAddress, parser.SymptomPrematureClose, 3).covers(0, 300),
		appLog("app/shop.log").says(100, sigkill, field("pid", "4711")).covers(0, 300),
		systemLog("supervisor.log").local(19_800).says(100, sigkill, field("pid", "4711")).says(130, sigkill, field("pid", "4712")),
		systemLog("dmesg").says(130, kernelKill, field("pid", "4712")),
	}
	kernel := logs[3]
	kernel.clock = parser.ClockUptime
	for i := range kernel.d.Events {
		ev := &kernel.d.Events[i]
		ev.Clock, ev.When.From, ev.When.To = parser.ClockUptime, ev.When.From-utc(0)+parser.Hour, ev.When.To-utc(0)+parser.Hour
		ev.Last = ev.When
	}
	kernel.d.Source.First = parser.Stamp{Micros: kernel.d.Events[0].When.From, Clock: parser.ClockUptime}
	kernel.d.Source.Last = kernel.d.Source.First
	r := report(t, Config{}, logs...)
	if s := settled(t, r, "supervisor.log"); s.ZoneOffset != 19_800 || s.ZoneFrom != rules.ZoneInferred {
		t.Errorf("supervisor.log: zone %d (%s)", s.ZoneOffset, s.ZoneFrom)
	}
	if s := settled(t, r, "dmesg"); s.ZoneFrom != rules.ZoneInferred {
		t.Errorf("dmesg is not dated: %s", s.ZoneFrom)
	}
}

// A log collected beside a gateway's whose stamps have no year lies where that lies.
func TestOnlyZoneBesideAYearlessGateway(t *testing.T) {
	gateway, app := errorLog("gateway.log"), appLog("shop.log").local(19_800)
	gateway.clock, gateway.ahead = parser.ClockYearless, time.UnixMicro(utc(0)).UTC().AddDate(-5, 0, 0).UnixMicro()-utc(0)
	gateway.fails(100, shopAddress, parser.SymptomPrematureClose, 3).covers(0, 300)
	app.says(100, goPanic).covers(10, 290)
	r := report(t, Config{}, gateway, app)
	if s := settled(t, r, "shop.log"); s.ZoneOffset != 19_800 {
		t.Errorf("zone %d (%s), %s", s.ZoneOffset, s.ZoneFrom, outline(r))
	}
}

// A rotated sibling has its zone.
func TestRotatedSiblingHasItsZone(t *testing.T) {
	gateway, app := accessLog("nginx/access.log").covers(-7200, 7200), appLog("app/shop.log").local(19_800)
	visits(gateway, app, 50)
	old := appLog("app/shop.log.1").local(19_800).says(-50, failedStart)
	old.d.Source.Group = app.d.Source.Group
	if s := settled(t, report(t, Config{}, gateway, app, old), "app/shop.log.1"); s.ZoneOffset != 19_800 {
		t.Errorf("zone %d (%s)", s.ZoneOffset, s.ZoneFrom)
	}
}

func TestOffsetTakesTheMedian(t *testing.T) {
	var a, b []rules.Request
	for i := range int64(20) {
		a = append(a, rules.Request{Micros: i * 10 * parser.Second, Key: uint64(i)})
		b = append(b, rules.Request{Micros: i*10*parser.Second - 40*parser.Second + i*10*parser.Millisecond, Key: uint64(i)})
	}
	got := offset(a, b)
	if !got.found || got.support != 20 || got.delta < 40*parser.Second-200*parser.Millisecond || got.delta > 40*parser.Second {
		t.Errorf("%+v", got)
	}
	if got := offset(nil, b); got.found {
		t.Errorf("nothing agrees with nothing: %+v", got)
	}
}

// A Go program's structured log says +02:00; what net/http prints beside it has the same
// clock and no zone.
func TestZoneOfLinesBesideZonedOnes(t *testing.T) {
	shop := appLog("logs/shop.log")
	shop.zone = 2 * 3600
	shop.knows(0, rules.FactListens, shopAddress).covers(0, 300)
	shop.clock, shop.ahead = parser.ClockLocal, 2*parser.Hour
	shop.says(99, failedStart)
	shop.clock, shop.ahead = parser.ClockZoned, 0
	in := incidents(t, 1, errorLog("nginx/error.log").fails(100, shopAddress, refused, 3).covers(0, 300), shop)[0]
	if in.Verdict.Cause != rules.CauseStartFailure || !proved(&in, failedStart) {
		t.Errorf("%s, %+v", in.Verdict.Cause, in.Verdict.Alternatives)
	}
}

// A log with times of day only lies on the gateway's day, whatever its zone, also over midnight.
func TestTimesOfDay(t *testing.T) {
	for _, ahead := range []int64{0, 60, -300, 585, -660} { // minutes; 585: its midnight is a second after the proof
		for _, requests := range []bool{true, false} {
			if !requests && ahead != 0 {
				continue // nothing tells the zone
			}
			shop := appLog("logs/shop.log").knows(0, rules.FactListens, shopAddress)
			shop.d.Source.First = parser.Stamp{}
			shop.clock = parser.ClockDay
			day := utc(0) - utc(0)%parser.Day
			for i := range 12 {
				if requests {
					shop.sketch(float64(90+i), uint64(1000+i), "")
				}
			}
			shop.says(99, failedStart).covers(90, 300)
			wall := func(micros int64) int64 { return (micros - day + ahead*parser.Minute + parser.Day) % parser.Day }
			d := &shop.d
			first, last := wall(d.Source.First.Micros), wall(d.Source.Last.Micros)
			d.Source.First.Micros, d.Source.Last.Micros = min(first, last), max(first, last) // as the scanner sees them
			for i := range d.Requests {
				d.Requests[i].Micros = wall(d.Requests[i].Micros)
			}
			for i := range d.Events {
				ev := &d.Events[i]
				ev.When = rules.Interval{From: wall(ev.When.From), To: wall(ev.When.From) + parser.Second}
				ev.Last, ev.Started = ev.When, ev.When.From
			}
			access := accessLog("nginx/access.log").covers(0, 300)
			for i := range 12 {
				access.sketch(float64(90+i), uint64(1000+i), shopAddress)
			}
			errors := errorLog("nginx/error.log").fails(100, shopAddress, refused, 3).covers(0, 300)
			in := incidents(t, 1, errors, access, shop)[0]
			if in.Verdict.Cause != rules.CauseStartFailure || !proved(&in, failedStart) {
				t.Errorf("%d min ahead, requests %v: %s, %+v", ahead, requests, in.Verdict.Cause, in.Verdict.Alternatives)
			} else if at := in.Evidence[0].Time.Micros; at != utc(99) {
				t.Errorf("%d min ahead, requests %v: the proof is dated %v s late", ahead, requests, (at-utc(99))/parser.Second)
			}
		}
	}
}

// Where the gateway's logs tell of several days, a time of day may be of any of them.
func TestTimesOfDayOfSeveralDays(t *testing.T) {
	shop := appLog("logs/shop.log").knows(0, rules.FactListens, shopAddress)
	shop.d.Source.First, shop.clock = parser.Stamp{}, parser.ClockDay
	shop.says(99, goPanic).covers(90, 300)
	for _, at := range []*int64{&shop.d.Source.First.Micros, &shop.d.Source.Last.Micros, &shop.d.Events[0].When.From, &shop.d.Events[0].When.To,
		&shop.d.Events[0].Last.From, &shop.d.Events[0].Last.To, &shop.d.Events[0].Started} {
		*at %= parser.Day
	}
	errors := errorLog("nginx/error.log").fails(100, shopAddress, closed, 3).covers(-40*3600, 40*3600)
	for _, ev := range incidents(t, 1, errors, shop)[0].Evidence {
		if !ev.Time.IsZero() {
			t.Errorf("a panic of some day is dated %s: %s", ev.Time, ev.Why)
		}
	}
}

// A request that the gateway got no connection for is none of those that the application answered
// before it died, however alike they are.
func TestOffsetOfUnsentRequests(t *testing.T) {
	var gateway, app []rules.Request
	for n := range int64(8) {
		gateway = append(gateway, rules.Request{Micros: (10 + n) * parser.Second, Key: uint64(n), Unsent: true})
		app = append(app, rules.Request{Micros: (3 + n) * parser.Second, Key: uint64(n), Status: 200})
	}
	if s := offset(gateway, app); s.found {
		t.Errorf("a clock that differs by %d", s.delta)
	}
	for n := range app {
		app[n].Status = 503
	}
	if s := offset(gateway, app); !s.found {
		t.Error("failures on both sides are no match")
	}
}
