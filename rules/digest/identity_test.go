package digest

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

func field(name, value string) rules.Field { return rules.Field{Name: name, Value: value} }

// What a line says about who listens where is learned from lines that say "I am up",
// and from a start that failed on its address; a complaint about an address teaches nothing.
func TestFacts(t *testing.T) {
	hit := func(sig rules.Signature, fields ...rules.Field) *rules.Digest {
		return fold(words{{"word", &sig, fields}}, logLine(0, "word"))
	}
	up := rules.Signature{ID: "gunicorn-listening", Technology: "gunicorn", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateServing}
	d := hit(up, field("address", "127.0.0.1:8000"), field("pid", "9192"))
	learns(t, d, "", rules.FactListens, "127.0.0.1:8000")
	learns(t, d, "", rules.FactMaster, "9192")
	learns(t, d, "", rules.FactPID, "9192")
	learns(t, d, "", rules.FactPID, "4711") // who wrote the line
	learns(t, d, "", rules.FactTechnology, "gunicorn")
	d = hit(up, field("port", "3200"))
	learns(t, d, "", rules.FactListens, ":3200")
	d = hit(up, field("address", "127.0.0.1:8000"), field("port", "8000"))
	if fact(d, "", rules.FactListens, ":8000") != nil {
		t.Error("the port is learned beside the whole address")
	}
	inUse := rules.Signature{ID: "python-address-in-use", Technology: "python", Role: rules.RoleCause, Cause: rules.CauseStartFailure, Scope: rules.ScopeService}
	learns(t, hit(inUse, field("address", "127.0.0.1:8000")), "", rules.FactListens, "127.0.0.1:8000")
	refused := rules.Signature{ID: "dep-redis-refused", Technology: "dependency", Role: rules.RoleCause, Cause: rules.CauseDependencyFailure, Scope: rules.ScopeDependency}
	d = hit(refused, field("address", "127.0.0.1:6379"))
	learns(t, d, "", rules.FactListens, "")
	if fact(d, "", rules.FactTechnology, "dependency") != nil {
		t.Error("an application that quotes its database is taken for one")
	}
	worker := rules.Signature{ID: "gunicorn-booting", Technology: "gunicorn", Role: rules.RoleContext, Scope: rules.ScopeWorker}
	d = hit(worker, field("pid", "9252"), field("master", "9192"))
	learns(t, d, "", rules.FactMaster, "9192")
	if fact(d, "", rules.FactMaster, "9252") != nil {
		t.Error("a worker is taken for the process that holds the socket")
	}
	learns(t, hit(up, field("service", "shop")), "", rules.FactService, "shop")
}

// A pid that counts inside of a container only is none by which the kernel knows the process.
func TestFactsOfContainers(t *testing.T) {
	up := rules.Signature{ID: "gunicorn-listening", Technology: "gunicorn", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateServing}
	r := changed(logLine(0, "word"), func(r *parser.Record) { r.Contained = true })
	d := fold(words{{"word", &up, []rules.Field{field("pid", "8"), field("master", "7")}}}, r)
	for _, f := range d.Facts {
		if f.Kind == rules.FactPID {
			t.Errorf("learnt the pid %s", f.Value)
		}
	}
	learns(t, d, "", rules.FactMaster, "7")
}

// A line of the init system is about the unit that it names, not about its own stream.
func TestFactsAboutOthers(t *testing.T) {
	sig := rules.Signature{ID: "systemd-main-process", Technology: "systemd", Role: rules.RoleCause, Cause: rules.CauseKilled, Scope: rules.ScopeService}
	r := changed(logLine(0, "word"), func(r *parser.Record) { r.Format, r.Program, r.PID = systemFormat, []byte("systemd"), 1 })
	d := fold(words{{"word", &sig, []rules.Field{field("unit", "shop.service"), field("pid", "77")}}}, r)
	learns(t, d, rules.SubjectUnit+"shop.service", rules.FactPID, "77")
	learns(t, d, rules.SubjectUnit+"shop.service", rules.FactUnit, "shop.service")
	learns(t, d, "systemd", rules.FactPID, "")
	learns(t, d, "systemd", rules.FactUnit, "")
	sig.Technology = "docker"
	d = fold(words{{"word", &sig, []rules.Field{field("container", "shop-1"), field("pid", "78")}}}, r)
	learns(t, d, rules.SubjectContainer+"shop-1", rules.FactPID, "78")
	sig.Technology = "kernel" // a victim without a name: nobody learns anything
	d = fold(words{{"word", &sig, []rules.Field{field("pid", "79")}}}, r)
	for _, f := range d.Facts {
		if f.Value == "79" {
			t.Errorf("%q learns the kernel's victim", f.Stream)
		}
	}
}

// Facts are counted, with their first and last moment, and bounded.
func TestFactsFold(t *testing.T) {
	b := New(rules.SourceInfo{}, words(nil), nil)
	for i := range int64(100) {
		b.Add(logLine(i*parser.Second, "x"))
	}
	d := b.Finish()
	if f := fact(d, "", rules.FactPID, "4711"); f == nil || f.Count != 100 || f.When.From != epoch*parser.Second || f.Last.From != (epoch+99)*parser.Second {
		t.Errorf("pid: %+v", f)
	}
	b = New(rules.SourceInfo{}, words(nil), nil)
	for i := range int64(maxFacts + 500) {
		b.Add(changed(logLine(i, "x"), func(r *parser.Record) { r.PID = 100 + i }))
	}
	if n := len(b.Finish().Facts); n > maxFacts {
		t.Errorf("%d facts, the bound is %d", n, maxFacts)
	}
}

// One source may hold the lines of many: its streams tell them apart.
func TestStreams(t *testing.T) {
	sig := &rules.Signature{ID: "go-panic", Technology: "go", Role: rules.RoleCause, Cause: rules.CauseUnhandledException}
	stream := func(change func(*parser.Record)) string {
		return fold(words{{"panic", sig, nil}}, changed(logLine(0, "panic"), change)).Events[0].Stream
	}
	f := func(name, want string, change func(*parser.Record)) {
		t.Helper()
		if got := stream(change); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("no envelope", "", func(*parser.Record) {})
	f("a tag", "shop", func(r *parser.Record) { r.Program = []byte("shop") })
	f("a unit before its tag", "shop.service", func(r *parser.Record) { r.Program, r.Unit = []byte("gunicorn"), []byte("shop.service") })
	f("a container before all", "shop-1", func(r *parser.Record) {
		r.Program, r.Unit, r.Container = []byte("gunicorn"), []byte("docker.service"), []byte("shop-1")
	})
	if d := fold(words(nil), changed(errorLine(0), func(r *parser.Record) { r.Container = []byte("gateway-1") })); d.Events[0].Stream != rules.StreamGateway {
		t.Errorf("a gateway's line is of %q", d.Events[0].Stream)
	}
}

// What wrote a source is told by all of its lines.
func TestRole(t *testing.T) {
	info := rules.SourceInfo{Lines: 4}
	f := func(name string, want parser.Role, list ...*parser.Record) {
		t.Helper()
		b := New(info, words(nil), nil)
		for _, r := range list {
			b.Add(r)
		}
		if got := b.Finish().Source.Role; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	app, sys := logLine(0, "x"), changed(logLine(0, "x"), func(r *parser.Record) { r.Format = systemFormat })
	plain := changed(logLine(0, "x"), func(r *parser.Record) { r.Format = nil })
	f("error log", parser.RoleGateway, errorLine(0), app, app)
	f("access log", parser.RoleGateway, accessLine(0, 200))
	f("application", parser.RoleApp, app, app, sys)
	f("journal", parser.RoleSystem, sys, sys, app)
	f("text that no format knows", parser.RoleApp, plain)
}

// Addresses and group names that one request named are a pool; what two requests named
// is none.
func TestPools(t *testing.T) {
	say := func(connection int64, request, upstream string) *parser.Record {
		return changed(errorLine(0), func(r *parser.Record) {
			r.PID, r.Gateway.Connection, r.Gateway.Request, r.Gateway.Upstream = 71, connection, []byte(request), []byte(upstream)
		})
	}
	f := func(name string, want [][]string, list ...*parser.Record) {
		t.Helper()
		if got := fold(words(nil), list...).Pools; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	f("one request, two addresses", [][]string{{"a:1", "b:1"}}, say(9, "GET / HTTP/1.1", "b:1"), say(9, "GET / HTTP/1.1", "a:1"))
	f("two requests of one client's connection", nil, say(9, "GET / HTTP/1.1", "a:1"), say(9, "GET /blog HTTP/1.1", "b:1"))
	f("two connections", nil, say(9, "GET / HTTP/1.1", "a:1"), say(10, "GET / HTTP/1.1", "b:1"))
	f("a log without connections", nil, say(0, "GET / HTTP/1.1", "a:1"), say(0, "GET / HTTP/1.1", "b:1"))
	f("one address, twice", nil, say(9, "GET / HTTP/1.1", "a:1"), say(9, "GET / HTTP/1.1", "a:1"))
	other := say(9, "GET / HTTP/1.1", "b:1")
	other.PID = 72
	f("two processes number alike", nil, say(9, "GET / HTTP/1.1", "a:1"), other)
	attempts := func(pool string, list ...parser.Attempt) *parser.Record {
		return changed(accessLine(0, 200), func(r *parser.Record) {
			r.Access.Tries, r.Access.Pool = copy(r.Access.Attempts[:], list), []byte(pool)
		})
	}
	f("attempts", [][]string{{"a:1", "b:1"}}, attempts("", parser.Attempt{Addr: []byte("b:1")}, parser.Attempt{Addr: []byte("a:1")}))
	f("a group's name beside its address", [][]string{{"a:1", "be_shop"}}, attempts("be_shop", parser.Attempt{Addr: []byte("a:1")}))
	f("a gateway's own line that names both", [][]string{{"10.0.0.1:80", "boot"}}, changed(errorLine(0), func(r *parser.Record) { // varnishlog's BackendOpen
		r.Access.Pool, r.Access.Tries, r.Access.Attempts[0].Addr = []byte("boot"), 1, []byte("10.0.0.1:80")
	}))
	f("an internal redirect goes elsewhere", nil, attempts("", parser.Attempt{Addr: []byte("b:1")}, parser.Attempt{Addr: []byte("a:1"), Pass: 1}))
}

// The requests in flight and the sets that are kept are bounded.
func TestPoolsAreBounded(t *testing.T) {
	b := New(rules.SourceInfo{}, words(nil), nil)
	for i := range int64(3 * maxRecent) {
		for _, address := range []string{"a", "b"} {
			b.Add(changed(errorLine(0), func(r *parser.Record) {
				r.Gateway.Connection, r.Gateway.Upstream = i+1, fmt.Appendf(nil, "%s:%d", address, i)
			}))
		}
	}
	if p := &b.pools; len(p.recent) > maxRecent || len(p.sets) > maxSets || len(p.names) > maxNames {
		t.Errorf("%d requests, %d sets, %d names", len(p.recent), len(p.sets), len(p.names))
	}
}

// A thousand small logs take no more room for requests in flight than they can have.
func TestPoolsOfSmallSources(t *testing.T) {
	for size, places := range map[int64]int{11 << 10: minRecent, 512 << 10: 8 << 10, 512 << 20: maxRecent} {
		b := New(rules.SourceInfo{}, words(nil), nil)
		b.Share(size, 1<<30)
		b.Add(changed(errorLine(0), func(r *parser.Record) { r.Gateway.Connection = 9 }))
		if got := len(b.pools.recent); got != places {
			t.Errorf("%d bytes: %d places, want %d", size, got, places)
		}
	}
}

// The engine keeps a snapshot while the builder goes on.
func TestSnapshot(t *testing.T) {
	sig := &rules.Signature{ID: "go-panic", Technology: "go", Role: rules.RoleCause, Cause: rules.CauseUnhandledException}
	b := New(rules.SourceInfo{Path: "a.log"}, words{{"panic", sig, nil}}, nil)
	feed := func(from int64) {
		for i := range int64(40) {
			b.Add(changed(errorLine(from+i), func(r *parser.Record) { r.Gateway.Client = fmt.Append(nil, from+i) }))
			b.Add(accessLine(from+i, 502))
			b.Add(changed(accessLine(from+i, 200), func(r *parser.Record) { r.Format = appFormat }))
			b.Add(logLine(from+i, "panic"))
		}
	}
	feed(0)
	early := b.Snapshot()
	then := fmt.Sprintf("%+v", early)
	feed(100)
	feed(5 * parser.Second)
	if now := fmt.Sprintf("%+v", early); now != then {
		t.Error("the snapshot changed while the builder went on")
	}
	late, end := b.Snapshot(), b.Finish()
	a, _, n, _ := sums(late)
	if w, _, m, _ := sums(end); a != w || n != m || len(late.Requests) != len(end.Requests) || !reflect.DeepEqual(late.Source, end.Source) {
		t.Errorf("the last snapshot has %d records, %d requests, %d sketched; the digest %d, %d, %d", a, n, len(late.Requests), w, m, len(end.Requests))
	}
}

// What a source's clock has reached is not what one line says.
func TestLately(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	f := func(name string, n int, at, want int64) {
		t.Helper()
		for range n {
			b.Add(errorLine(at))
		}
		if got := b.Lately(); got != epoch*parser.Second+want {
			t.Errorf("%s: %d after epoch", name, got-epoch*parser.Second)
		}
	}
	hour := 3600 * parser.Second
	f("some lines", 5, hour, hour)
	f("it goes on", 8, hour+5, hour+5)
	f("a stamp of another year", 1, 9000*hour, hour+5)
	f("set back", 1, 0, 0)
	f("it goes on from there", 8, 9, 9)
}

// TestSnapshots: what a snapshot does not copy again is as it was, through all that changes a
// Builder: it tells what the only one of another Builder tells.
func TestSnapshots(t *testing.T) {
	sig := &rules.Signature{ID: "go-panic", Technology: "go", Role: rules.RoleCause, Cause: rules.CauseUnhandledException}
	random := rand.New(rand.NewPCG(3, 1))
	build := func() *Builder {
		b := New(rules.SourceInfo{Path: "a.log"}, words{{"panic", sig, nil}}, nil)
		b.bound.events, b.bound.tallies = 40, 60 // so that it folds
		b.room = b.inBounds()
		return b
	}
	often, once := build(), build()
	for step := range 3000 {
		second, n := int64(step/10), random.Int64N(5)
		at := (second - n*n) * parser.Second // some late
		var do func(b *Builder)
		switch random.IntN(40) {
		case 0:
			do = func(b *Builder) { b.Forget((epoch + second - 60) * parser.Second) }
		case 1, 2, 3:
			do = func(b *Builder) { b.Add(logLine(at, "panic")) }
		case 4, 5, 6, 7, 8, 9:
			do = func(b *Builder) {
				b.Add(changed(errorLine(at), func(r *parser.Record) { r.Gateway.Client = fmt.Append(nil, step) }))
			}
		default:
			status := []int16{200, 301, 404, 502}[n%4]
			do = func(b *Builder) {
				b.Add(changed(accessLine(at, status), func(r *parser.Record) { r.Access.Target = fmt.Append(nil, "/", step) }))
			}
		}
		do(often)
		do(once)
		if random.IntN(3) == 0 {
			often.Snapshot()
		}
		if step%100 == 99 {
			once.copied = copied{}
			if got, want := fmt.Sprintf("%+v", often.Snapshot()), fmt.Sprintf("%+v", once.Snapshot()); got != want {
				t.Fatalf("step %d: got\n%.2000s\nwant\n%.2000s", step, got, want)
			}
		}
	}
	if often.grain == parser.Second || often.healthy == 1 {
		t.Error("it never folded")
	}
}

// What is old is forgotten, but not the last state of a service.
func TestForget(t *testing.T) {
	dead := &rules.Signature{ID: "systemd-failed", Technology: "gunicorn", Role: rules.RoleCause, Cause: rules.CauseStartFailure, State: rules.StateFailed}
	warn := &rules.Signature{ID: "slow-query", Technology: "python", Role: rules.RoleCause, Cause: rules.CauseSlowUpstream}
	b := New(rules.SourceInfo{}, words{{"failed", dead, nil}, {"slow", warn, nil}}, nil)
	if b.Lately() != rules.Past {
		t.Error("an empty builder knows a moment")
	}
	for _, at := range []int64{0, 100 * parser.Second} {
		b.Add(errorLine(at))
		b.Add(accessLine(at, 200))
		b.Add(logLine(at, "failed to start"))
		b.Add(logLine(at, "slow query"))
	}
	b.Forget((epoch + 50) * parser.Second)
	var states, others int
	for _, e := range b.d.Events {
		switch {
		case lasting(&e):
			states++
		case e.When.From < (epoch+50)*parser.Second:
			t.Errorf("%q is kept", e.Text)
		default:
			others++
		}
	}
	if states != 2 || others != 2 || len(b.d.Tallies) != 1 {
		t.Errorf("%d states, %d others, %d tallies are left", states, others, len(b.d.Tallies))
	}
	// It goes on counting right afterwards.
	b.Add(errorLine(100 * parser.Second))
	b.Add(accessLine(100*parser.Second, 200))
	if events, lines, requests, _ := sums(b.Finish()); events != 5 || lines != 2 || requests != 2 {
		t.Errorf("afterwards %d records, %d lines, %d requests", events, lines, requests)
	}
}

// TestForgetMakesRoom: a Builder that lives for years tells seconds apart again after a storm,
// and learns of new processes.
func TestForgetMakesRoom(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	b.bound.events, b.bound.tallies = 40, 40
	b.room = b.inBounds()
	for i := range int64(maxFacts + 100) {
		b.Add(changed(logLine(i*parser.Second, "at work"), func(r *parser.Record) { r.PID = 100 + i }))
		if i < 300 {
			b.Add(errorLine(i * parser.Second))
			b.Add(accessLine(i*parser.Second, 200))
		}
	}
	if b.grain == parser.Second || b.healthy == 1 || len(b.d.Facts) < maxFacts {
		t.Fatalf("there is no storm: grain %d, %d, %d facts", b.grain, b.healthy, len(b.d.Facts))
	}
	later := int64(maxFacts+200) * parser.Second
	b.Forget((epoch + maxFacts + 150) * parser.Second)
	for i := range int64(3) {
		b.Add(errorLine(later + i*parser.Second))
		b.Add(accessLine(later+i*parser.Second, 200))
	}
	b.Add(changed(logLine(later, "at work"), func(r *parser.Record) { r.PID = 99 }))
	d := b.Snapshot()
	known := slices.ContainsFunc(d.Facts, func(f rules.Fact) bool { return f.Kind == rules.FactPID && f.Value == "99" })
	old := slices.ContainsFunc(d.Facts, func(f rules.Fact) bool { return f.Kind == rules.FactPID && f.Value == "100" })
	d.Events = slices.DeleteFunc(d.Events, func(e rules.Event) bool { return e.Symptom == parser.SymptomNone })
	if len(d.Events) != 3 || len(d.Tallies) != 3 || !known || old {
		t.Errorf("%d events, %d tallies of 3 seconds; the new process is known %v, the old one %v", len(d.Events), len(d.Tallies), known, old)
	}
}

// A line with two stamps tells the zone of those that have none; one that disagrees
// with itself does not.
func TestOwnZone(t *testing.T) {
	f := func(name string, want int32, known bool, outer ...int64) {
		t.Helper()
		var list []*parser.Record
		for _, seconds := range outer {
			list = append(list, changed(logLine(0, "x"), func(r *parser.Record) {
				r.Outer = parser.Stamp{Micros: (epoch + seconds) * parser.Second, Precision: parser.Second, Clock: parser.ClockLocal}
			}))
		}
		if d := fold(words(nil), list...); d.HasOwnZone != known || d.OwnZone != want {
			t.Errorf("%s: %d, %v", name, d.OwnZone, d.HasOwnZone)
		}
	}
	f("two hours east, written a second later", 7200, true, 7201, 7200, 7199)
	f("in India", 19_800, true, 19_800)
	f("no such line", 0, false)
	f("a day apart: not of one moment", 0, false, 86_400)
	f("seven minutes from any zone", 0, false, 7200+420)
	f("the lines disagree", 0, false, 7200, 7200, 3600)
}

// One tag on two machines of a central log is two streams, and a unit on two is two subjects.
func TestStreamsOfHosts(t *testing.T) {
	unitFailed := &rules.Signature{ID: "systemd-failed", Technology: "systemd", Role: rules.RoleEffect, Scope: rules.ScopeService, State: rules.StateFailed}
	m := words{{"Failed with result", unitFailed, []rules.Field{{Name: rules.FieldUnit, Value: "shop.service"}}}}
	line := func(host, program, message string, pid int64) *parser.Record {
		return changed(logLine(0, message), func(r *parser.Record) {
			r.Host, r.Program, r.PID = []byte(host), []byte(program), pid
		})
	}
	d := fold(m, line("web-1", "shop", "GET /a 200", 101), line("web-2", "shop", "GET /b 200", 102),
		line("web-1", "systemd", "shop.service: Failed with result 'core-dump'.", 1), line("web-2", "systemd", "shop.service: Failed with result 'core-dump'.", 1),
		line("", "shop", "GET /c 200", 103))
	for host, pid := range map[string]string{"web-1": "101", "web-2": "102", "": "103"} {
		stream := rules.StreamOn("shop", host)
		if name, on := rules.SplitStream(stream); name != "shop" || on != host {
			t.Errorf("%q is %q on %q", stream, name, on)
		}
		learns(t, d, stream, rules.FactPID, pid)
		for _, other := range []string{"101", "102", "103"} {
			if f := fact(d, stream, rules.FactPID, other); other != pid && f != nil {
				t.Errorf("%q has the process %s of another host", stream, other)
			}
		}
	}
	for _, host := range []string{"web-1", "web-2"} {
		learns(t, d, rules.StreamOn(rules.SubjectUnit+"shop.service", host), rules.FactUnit, "shop.service")
	}
}

// A thread of Tomcat's tells the port that it works for (AbstractProtocol.getName, and Spring
// Boot's %15.15t).
func TestConnector(t *testing.T) {
	f := func(line, want string, format parser.Format) {
		t.Helper()
		format.Role = parser.RoleApp
		r := changed(logLine(0, line), func(r *parser.Record) { r.Raw, r.Format = []byte(line), &format })
		d := fold(words{}, r)
		got := ""
		for _, fact := range d.Facts {
			if fact.Kind == rules.FactNames {
				got = fact.Value
			}
		}
		if got != want {
			t.Errorf("%s names %q, want %q", line, got, want)
		}
	}
	tomcat, spring, json := parser.Format{Product: "tomcat"}, parser.Format{Product: "java"}, parser.Format{Name: "jsonl"}
	f("22-Nov-2026 14:00:15.000 WARNING [http-nio-8080-Acceptor] org.apache.tomcat.util.threads.ThreadPoolExecutor.execute All threads (200) are currently busy", ":8080", tomcat)
	f("22-Nov-2026 14:00:15.000 INFO [ajp-nio-127.0.0.1-8009-exec-3] com.example.Shop no", ":8009", tomcat)
	f("22-Nov-2026 14:00:15.000 INFO [https-jsse-nio-8443-exec-11] com.example.Shop no", ":8443", tomcat)
	f("2026-11-22 14:00:15.123  WARN 1 --- [o-8081-exec-100] com.example.Shop : no", ":8081", spring)
	f(`{"thread_name":"http-nio-8082-exec-1","message":"no"}`, ":8082", json)
	f("22-Nov-2026 14:00:15.000 INFO [catalina-exec-3] com.example.Shop no", "", tomcat)
	f("22-Nov-2026 14:00:15.000 INFO [main] com.example.Shop job 8080-exec-3", "", tomcat)
	f("2026-11-22 14:00:15 INFO http-nio-8080-exec-3", "", parser.Format{})
}

// Kubernetes asks a container at the address where it is meant to listen.
func TestProbesNameAddresses(t *testing.T) {
	probe := rules.Signature{ID: "k8s-probe-slow", Technology: "kubernetes", Role: rules.RoleCause, Cause: rules.CauseSlowUpstream, Scope: rules.ScopeService}
	d := fold(words{{"probe", &probe, []rules.Field{field("address", "10.42.1.20:8080"), field("container", "orders")}}}, logLine(0, "probe"))
	learns(t, d, rules.SubjectContainer+"orders", rules.FactNames, "10.42.1.20:8080")
}
