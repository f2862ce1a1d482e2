package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// linkOf decides over the logs and returns how the log of a path is linked to the
// first incident's pool.
func linkOf(t *testing.T, cfg Config, path string, logs ...*logFile) link {
	t.Helper()
	e := New(cfg)
	for _, l := range logs {
		e.Add(copied(&l.d))
	}
	e.order()
	e.sites()
	e.align()
	e.settleAccess()
	e.findPools()
	e.findServices()
	e.collectHits()
	cases := e.cases()
	if len(cases) == 0 {
		t.Fatal("no case")
	}
	e.prepare(cases[0])
	for _, sv := range e.services {
		if slices.ContainsFunc(sv.streams, func(id streamID) bool { return e.sources[id.source].Source.Path == path && !sv.gateway }) {
			return e.linkOf(cases[0], sv)
		}
	}
	t.Fatalf("no service writes %s", path)
	return link{}
}

// Each edge alone links, or speaks against; an address of its own is worth more than a
// port, a port more than a name, a name more than being the only one.
func TestEdges(t *testing.T) {
	failing := func(upstream string, changes ...eventChange) *logFile {
		return errorLog("nginx/error.log").fails(100, upstream, closed, 3, changes...)
	}
	other := func() *logFile { return appLog("logs/other.log").covers(0, 300) } // so that none is the only one
	app := func() *logFile { return appLog("logs/x1.log").covers(0, 300) }
	f := func(name string, want int, errors, app *logFile, more ...*logFile) {
		t.Helper()
		l := linkOf(t, Config{}, app.d.Source.Path, append([]*logFile{errors, app}, more...)...)
		if l.weight != want || (want != 0) != (l.why != "") {
			t.Errorf("%s: %d, %q; want %d", name, l.weight, l.why, want)
		}
	}
	f("nothing is known", linkNone, failing(shopAddress), app(), other())
	f("it listens on the address", linkAddress, failing(shopAddress), app().knows(0, rules.FactListens, shopAddress), other())
	f("it listens on the port", linkPort, failing(shopAddress), app().knows(0, rules.FactListens, ":8000"), other())
	f("it listens on all addresses", linkPort, failing(shopAddress), app().knows(0, rules.FactListens, "0.0.0.0:8000"), other())
	f("it names the address", linkMention, failing(shopAddress), app().knows(0, rules.FactNames, shopAddress), other())
	f("it names another port", linkNone, failing(shopAddress), app().knows(0, rules.FactNames, "127.0.0.1:9999"), other())
	f("it names many addresses", linkNone, failing(shopAddress), app().knows(0, rules.FactNames, shopAddress).knows(0, rules.FactNames, ":1001").
		knows(0, rules.FactNames, ":1002").knows(0, rules.FactNames, ":1003"), other())
	f("it listens elsewhere, and names the address", linkElsewhere, failing(shopAddress), app().knows(0, rules.FactListens, "127.0.0.1:9999").
		knows(0, rules.FactNames, shopAddress), other())
	next := func() *logFile { return app().knows(0, rules.FactListens, "localhost:3000") } // "- Local: http://localhost:3000", Next.js on all addresses
	f("it says localhost", linkPort, failing("10.0.12.77:3000"), next(), other())
	f("it says localhost, and another port", linkElsewhere, failing("10.0.12.77:3001"), next(), other())
	f("it listens on another port", linkElsewhere, failing(shopAddress), app().knows(0, rules.FactListens, "127.0.0.1:9999"), other())
	f("it listens on the socket", linkAddress, failing("unix:/run/x.sock"), app().knows(0, rules.FactListens, "unix:/var/run/x.sock"), other())
	f("a container's port is not the published one", linkDoubt, failing(shopAddress),
		app().knows(0, rules.FactContainer, "0123456789abcdef").knows(0, rules.FactListens, ":3000"), other())
	f("a port that the container engine handed out", linkDoubt, failing("10.20.3.41:32811"), app().knows(0, rules.FactListens, ":8080"), other())
	f("a port handed out on this machine", linkElsewhere, failing("127.0.0.1:32811"), app().knows(0, rules.FactListens, ":8080"), other())
	f("a machine of Amazon's, named after its address", linkHost, failing("10.20.3.41:8000"), app().knows(0, rules.FactHost, "ip-10-20-3-41"), other())
	f("another machine of Amazon's", linkNone, failing("10.20.3.4:8000"), app().knows(0, rules.FactHost, "ip-10-20-3-41"), other())
	f("its name stands in the socket's path", linkSocket, failing("unix:/run/catalog/gunicorn.sock"), appLog("logs/catalog.log").covers(0, 300), other())
	f("the software's name stands in the socket's path, beside another's", linkNone, failing("unix:/run/puma/blog.sock"), appLog("logs/puma-shop.log").covers(0, 300), other())
	f("the software's name is all that it has", linkSocket, failing("unix:/run/puma/blog.sock"), appLog("logs/puma.log").covers(0, 300), other())
	f("a pool of php-fpm has a name of its own", linkSocket, failing("unix:/run/php/shop.sock"), appLog("logs/php8.2-fpm.log").covers(0, 300), other())
	f("it shares a name with the virtual host", linkName, failing(shopAddress, onHost("catalog.example")), appLog("logs/catalog.log").covers(0, 300), other())
	f("it shares a name with the group", linkName, failing("catalog_pool", onHost("")), appLog("logs/catalog.log").covers(0, 300), other())
	f("a namesake of the group tells where it listens, and the gateway does not", linkName, failing("catalog_pool", onHost("")), appLog("logs/catalog.log").covers(0, 300).
		knows(0, rules.FactListens, "127.0.0.1:25110"), other())
	f("the only one tells where it listens, and the gateway does not", linkOnly+linkDoubt, failing("catalog_pool", onHost("")), app().knows(0, rules.FactListens, "127.0.0.1:25110"))
	f("a word that every log has", linkNone, failing("backend_app", onHost("")), appLog("logs/app.log").covers(0, 300), other())
	f("it is the only application", linkOnly, failing(shopAddress), app())
	f("it is the only one here, and the only address is elsewhere", linkAlone, failing("10.0.0.7:8000"), app())
	f("it is the only one here, and one of the addresses is elsewhere", linkNone, failing("10.0.0.7:8000"), app(),
		accessLog("nginx/access.log").serves(0, 9, "127.0.0.1:9000"))
	f("a service elsewhere, of several", linkNone, failing("10.0.0.7:8000"), app(), other())
	fastcgi := func(e *rules.Event) { e.Scheme, e.VHost = "fastcgi", "" }
	f("it speaks the scheme", linkProtocol, failing(shopAddress, fastcgi), app().knows(0, rules.FactTechnology, "php-fpm"), other())
	f("it does not speak the scheme", linkProtoNot, failing(shopAddress, fastcgi), app().knows(0, rules.FactTechnology, "gunicorn"), other())
	f("plain HTTP says nothing of who speaks", linkNone, failing(shopAddress, onHost("")), app().knows(0, rules.FactTechnology, "gunicorn"), other())
}

// The requests in a file are those that the gateway sent to an address: that needs no
// convention at all.
func TestEdgeOfRequests(t *testing.T) {
	f := func(name string, want int, to string, mine, foreign int) {
		t.Helper()
		gateway, app := accessLog("nginx/access.log").covers(0, 600), appLog("logs/x1.log").covers(0, 600)
		other := appLog("logs/other.log").covers(0, 600)
		for i := range mine {
			gateway.sketch(float64(i*7), uint64(1000+i), to)
			app.sketch(float64(i*7), uint64(1000+i), "")
		}
		for i := range foreign {
			app.sketch(float64(i*7+3), uint64(5000+i), "")
		}
		l := linkOf(t, Config{}, "logs/x1.log", errorLog("nginx/error.log").fails(100, shopAddress, closed, 3, onHost("")), gateway, app, other)
		if l.weight != want {
			t.Errorf("%s: %d, %q; want %d", name, l.weight, l.why, want)
		}
	}
	f("they agree", linkRequests, shopAddress, 40, 0)
	f("four agree", linkNone, shopAddress, 4, 0)
	f("they went to another address", linkElsewhere, "127.0.0.1:9999", 40, 0)
	f("a log that names no address", linkOnly, "", 40, 0)
	f("a few agree by chance", linkNone, shopAddress, 8, 60)
}

// Two edges say more than one; an edge to another address outweighs a name.
func TestEdgesTogether(t *testing.T) {
	other := appLog("logs/other.log").covers(0, 300)
	weight := func(app *logFile) int {
		return linkOf(t, Config{}, app.d.Source.Path, errorLog("nginx/error.log").fails(100, shopAddress, closed, 3, onHost("catalog.example")), app, other).weight
	}
	both := weight(appLog("logs/catalog.log").knows(0, rules.FactListens, shopAddress))
	if one := weight(appLog("logs/x1.log").knows(0, rules.FactListens, shopAddress)); both <= one {
		t.Errorf("address and name %d, address alone %d", both, one)
	}
	if w := weight(appLog("logs/catalog.log").knows(0, rules.FactListens, "127.0.0.1:9999")); w >= 0 {
		t.Errorf("its name agrees and its address does not: %d", w)
	}
}

// Another machine's folder holds another 127.0.0.1.
func TestEdgeOfSites(t *testing.T) {
	logs := []*logFile{
		errorLog("web-1/nginx/error.log").fails(100, shopAddress, closed, 3, onHost("")), errorLog("web-2/nginx/error.log").covers(0, 300),
		appLog("web-1/app/one.log").covers(0, 300), appLog("web-2/app/two.log").covers(0, 300),
	}
	same, far := linkOf(t, Config{}, "web-1/app/one.log", logs...), linkOf(t, Config{}, "web-2/app/two.log", logs...)
	if same.weight <= 0 || far.weight >= 0 {
		t.Errorf("the same machine's %d (%s), another's %d (%s)", same.weight, same.why, far.weight, far.why)
	}
}

// The user's word settles it, against everything else.
func TestEdgeByTheUser(t *testing.T) {
	logs := []*logFile{
		errorLog("nginx/error.log").fails(100, shopAddress, closed, 3), appLog("logs/x1.log").knows(0, rules.FactListens, "127.0.0.1:9999").covers(0, 300),
		appLog("logs/x2.log").knows(0, rules.FactListens, shopAddress).knows(0, rules.FactUnit, "x2.service").covers(0, 300),
	}
	f := func(name string, m Map, x1, x2 int) {
		t.Helper()
		cfg := Config{Maps: []Map{m}}
		if a, b := linkOf(t, cfg, "logs/x1.log", logs...), linkOf(t, cfg, "logs/x2.log", logs...); a.weight != x1 || b.weight != x2 {
			t.Errorf("%s: %d (%s), %d (%s)", name, a.weight, a.why, b.weight, b.why)
		}
	}
	f("nothing said of it", Map{"127.0.0.1:1", "nobody.log"}, linkElsewhere, linkAddress)
	f("by path", Map{shopAddress, "logs/x1.log"}, linkUser, linkElsewhere)
	f("by file", Map{shopAddress, "x1.log"}, linkUser, linkElsewhere)
	f("by unit", Map{shopAddress, "x2.service"}, linkElsewhere, linkUser)
	f("it serves another address", Map{"127.0.0.1:9999", "x2.service"}, linkElsewhere, linkElsewhere)
}

func TestSameAddress(t *testing.T) {
	for _, c := range []struct {
		upstream, listen string
		want             int
	}{
		{"127.0.0.1:8000", "127.0.0.1:8000", linkAddress},
		{"127.0.0.1:8000", "http://127.0.0.1:8000", linkAddress},
		{"127.0.0.1:8000", "http://127.0.0.1:8000/", linkAddress},
		{"127.0.0.1:8000", "0.0.0.0:8000", linkPort},
		{"127.0.0.1:8000", "[::]:8000", linkPort},
		{"127.0.0.1:8000", "*:8000", linkPort},
		{"127.0.0.1:8000", ":8000", linkPort},
		{"127.0.0.1:8000", "localhost:8000", linkPort},
		{"[::1]:8000", "127.0.0.1:8000", linkPort},
		{"10.0.0.7:8000", ":8000", linkPort},
		{"10.0.0.7:8000", "127.0.0.1:8000", linkNone},
		{"10.0.0.7:8000", "10.0.0.8:8000", linkNone},
		{"127.0.0.1:8000", "127.0.0.1:8001", linkNone},
		{"127.0.0.1:8000", "127.0.0.1:80", linkNone},
		{"127.0.0.1:8000", "", linkNone},
		{"unix:/run/a.sock", "/run/a.sock", linkAddress},
		{"unix:/run/a.sock", "/var/run/a.sock", linkAddress},
		{"unix:/run/a.sock:", "/run/a.sock", linkAddress},
		{"unix:/run/a.sock", "/run/b.sock", linkNone},
		{"shop", "shop", linkAddress},
		{"shop:8000", ":8000", linkPort},
	} {
		if got := sameAddress(c.upstream, c.listen); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.upstream, c.listen, got, c.want)
		}
	}
}

// A kernel's line is about the process that it names: of this service, of another one,
// or of nobody known.
func TestKernelLines(t *testing.T) {
	f := func(name string, want rules.Cause, proof bool, fields []rules.Field, app func(*logFile)) {
		t.Helper()
		shop := appLog("logs/shop.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		app(shop)
		in := incidents(t, 1, errorLog("nginx/error.log").fails(100, shopAddress, closed, 3).covers(0, 300), shop,
			systemLog("kern.log").tagged("kernel", 99, kernelKill, fields...))[0]
		if in.Verdict.Cause != want || proved(&in, kernelKill) != proof {
			t.Errorf("%s: %s, proof %v: %+v", name, in.Verdict.Cause, proved(&in, kernelKill), in.Verdict.Alternatives)
		}
	}
	pid, process := field("pid", "4711"), field("process", "gunicorn")
	f("a process of the service", rules.CauseOOMKill, true, []rules.Field{pid, process}, func(l *logFile) { l.pid(4711) })
	f("none of the service's processes", rules.CauseUnknown, false, []rules.Field{pid, process}, func(l *logFile) { l.pid(12).pid(13) })
	f("its unit's cgroup", rules.CauseOOMKill, true, []rules.Field{field("cgroup", "/system.slice/shop.service")}, func(l *logFile) { l.knows(0, rules.FactUnit, "shop.service") })
	f("its container's cgroup", rules.CauseOOMKill, true, []rules.Field{field("cgroup", "/docker/0123456789abcdef0123")}, func(l *logFile) { l.knows(0, rules.FactContainer, "0123456789ab") })
	f("a program of its name", rules.CauseOOMKill, true, []rules.Field{process}, func(l *logFile) { l.knows(0, rules.FactTechnology, "gunicorn") })
	f("the service's name, though it is a common word", rules.CauseOOMKill, true, []rules.Field{field("unit", "api")}, func(l *logFile) { l.knows(0, rules.FactProgram, "api") })
	f("a part of the service's name, a common word", rules.CauseUnknown, false, []rules.Field{field("unit", "api")}, func(l *logFile) { l.knows(0, rules.FactProgram, "api-docs") })
	f("a process that bears the name of the service's log", rules.CauseOOMKill, true, []rules.Field{field("pid", "4711"), field("process", "shop")}, func(l *logFile) {})
	f("the same, and only its successor is known", rules.CauseOOMKill, true, []rules.Field{field("pid", "4711"), field("process", "shop")}, func(l *logFile) { l.knows(140, rules.FactPID, "4802") })
	f("another program, elsewhere", rules.CauseUnknown, false, []rules.Field{field("pid", "99"), field("process", "mysqld")}, func(l *logFile) { l.pid(12) })
}

// The kernel tells of renderd where the log is render's, and cuts a name after 15 bytes.
func TestProcessOfService(t *testing.T) {
	f := func(comm string, want bool, called ...string) {
		t.Helper()
		if got := sameProcess(comm, &service{called: called}); got != want {
			t.Errorf("%s of %v: %v", comm, called, got)
		}
	}
	f("renderd", true, "render")
	f("renderer", false, "render")
	f("render", false, "renderd")
	f("order_queue_con", true, "order-queue-consumer")
	f("order_queue", false, "order-queue-consumer")
}

// A pid from another boot or namespace is not the same process.
func TestPidsOfAnotherHost(t *testing.T) {
	kernel := systemLog("kern.log").tagged("kernel", 99, kernelKill, field("pid", "4711"))
	kernel.d.Events[0].Host = "db-1"
	in := incidents(t, 1, errorLog("nginx/error.log").fails(100, shopAddress, closed, 3),
		appLog("logs/shop.log").knows(0, rules.FactListens, shopAddress).knows(0, rules.FactHost, "web-1").pid(4711).covers(0, 300), kernel)[0]
	if in.Verdict.Cause == rules.CauseOOMKill || proved(&in, kernelKill) {
		t.Errorf("another host's kill: %s", in.Verdict.Cause)
	}
}

// Each machine counts its processes alone, and calls them alike: a kernel's line in one machine's
// folder is about none of another's.
func TestProcessesOfAnotherMachinesFolder(t *testing.T) {
	const address = "10.0.0.7:8000"
	f := func(kern string, want rules.Cause) {
		t.Helper()
		in := incidents(t, 1, errorLog("web-1/nginx/error.log").fails(100, address, closed, 3, onHost("")).fails(105, address, closed, 3, onHost("")).fails(110, address, closed, 3, onHost("")).covers(0, 300),
			appLog("web-1/quoted.log").knows(0, rules.FactListens, address).pid(4711).covers(0, 300),
			errorLog("web-2/nginx/error.log").covers(0, 300), appLog("web-2/mailer.log").covers(0, 300),
			systemLog(kern).tagged("kernel", 99, kernelKill, field("pid", "4711"), field("process", "quoted")))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", kern, in.Verdict.Cause, want, in.Verdict.Reasons)
		}
	}
	f("web-1/kern.log", rules.CauseOOMKill)
	f("web-2/kern.log", rules.CauseUnknown)
}

// A line that names an address is about it.
func TestNamedAddress(t *testing.T) {
	f := func(name string, want rules.Cause, fields ...rules.Field) {
		t.Helper()
		in := incidents(t, 1, errorLog("nginx/error.log").fails(100, shopAddress, refused, 3).covers(0, 300),
			appLog("logs/x1.log").says(99, failedStart, fields...).covers(0, 300), appLog("logs/other.log").covers(0, 300))[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s", name, in.Verdict.Cause, want)
		}
	}
	f("the address", rules.CauseStartFailure, field("address", shopAddress))
	f("the port", rules.CauseStartFailure, field("port", "8000"))
	f("another address", rules.CauseNotListening, field("address", "127.0.0.1:9999"))
}

// Words of the upstream that the gateway quotes are about the upstream they came from.
func TestQuotedWords(t *testing.T) {
	quoting := func(upstream string) *logFile {
		return errorLog("nginx/error.log").fails(100, shopAddress, parser.SymptomUpstreamStatus, 3).
			fails(100, upstream, parser.SymptomUpstreamStatus, 3, func(e *rules.Event) { e.Hits = []rules.Hit{{Signature: heapExhausted}} })
	}
	in := incidents(t, 1, quoting(shopAddress))[0]
	if in.Verdict.Cause != rules.CauseMemoryExhausted || !proved(&in, heapExhausted) {
		t.Errorf("its own words: %s", in.Verdict.Cause)
	}
	for _, in := range incidents(t, 2, quoting("127.0.0.1:9999")) {
		if (in.Verdict.Cause == rules.CauseMemoryExhausted) != (in.Upstreams[0] == "127.0.0.1:9999") {
			t.Errorf("%v: %s", in.Upstreams, in.Verdict.Cause)
		}
	}
}

// Requests that an access log calls failed went where the error log's lines of the same requests say
// that something was said, though these fail none: FastCGI's stderr before a 500.
func TestQuotedRequests(t *testing.T) {
	f := func(name string, want rules.Cause, upstream string, keys ...uint64) {
		t.Helper()
		errors, access := errorLog("nginx/error.log").covers(0, 300), accessLog("nginx/access.log").covers(0, 300)
		for i := range 8 {
			errors.fails(float64(100+i), shopAddress, parser.SymptomOther, 1, asking(uint64(i)), func(e *rules.Event) {
				e.Rank, e.Hits = parser.RankNoise, []rules.Hit{{Signature: dependencyRefused, Fields: []rules.Field{field("dependency", "db-1:5432")}}}
			})
			access.answers(float64(100+i), "", 500, 1, wanted(keys[i]), madeBy(rules.MakerUnknown))
		}
		in := incidents(t, 1, errors, access)[0]
		if in.Verdict.Cause != want || fmt.Sprint(in.Upstreams) != "["+upstream+"]" {
			t.Errorf("%s: %s of %v, want %s of %s", name, in.Verdict.Cause, in.Upstreams, want, upstream)
		}
	}
	f("the same requests", rules.CauseDependencyFailure, shopAddress, 0, 1, 2, 3, 4, 5, 6, 7)
	f("others", rules.CauseUnknown, "", 10, 11, 12, 13, 14, 15, 16, 17)
}

// A database's own line is linked through the application that complains about it.
func TestDependencysOwnLog(t *testing.T) {
	f := func(name string, want rules.Cause, complains, daily bool) {
		t.Helper()
		app := appLog("logs/shop.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		database := appLog("logs/postgresql.log").knows(0, rules.FactListens, "127.0.0.1:5432").knows(0, rules.FactTechnology, "postgres").covers(0, 300)
		for i := range 6 {
			database.says(float64(100+i), tooManyClients)
			if daily {
				database.says(float64(200+i), tooManyClients)
			}
			if complains {
				app.says(float64(100+i), dependencyRefused, field("dependency", "127.0.0.1:5432"))
			}
		}
		errors := errorLog("nginx/error.log").covers(0, 300)
		for i := range 6 {
			errors.fails(float64(100+i), shopAddress, timedOut, 1)
		}
		in := incidents(t, 1, errors, app, database)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
		if complains && in.Culprit.Process != "postgres" {
			t.Errorf("%s: culprit %+v", name, in.Culprit)
		}
	}
	f("the application complains", rules.CauseDependencyFailure, true, true)
	f("it does not, and the only database says so at these failures and at no other time", rules.CauseDependencyFailure, false, false)
	f("it does not, and the database says so at other times, too", rules.CauseSlowUpstream, false, true)
}

// Who asks a name server knows the name that it asked for, and not which program should have answered.
func TestBlameOfAFailedLookup(t *testing.T) {
	f := func(technology, want string) {
		t.Helper()
		lookup := &rules.Signature{ID: technology + "-name", Technology: technology, Cause: rules.CauseDependencyFailure, Role: rules.RoleCause,
			Strong: true, Scope: rules.ScopeDependency, Meaning: "<dependency> cannot be resolved"}
		app := appLog("logs/shop.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		for i := range 6 {
			app.says(float64(100+i), lookup, field("dependency", "rates.internal"))
		}
		in := incidents(t, 1, errorLog("nginx/error.log").covers(0, 300).fails(100, shopAddress, timedOut, 6), app)[0]
		if in.Verdict.Cause != rules.CauseDependencyFailure || in.Culprit.Process != want {
			t.Errorf("%s: %s by %q, want %q", technology, in.Verdict.Cause, in.Culprit.Process, want)
		}
	}
	f("dns", "rates.internal")
	f("bind", "named")
	f("coredns", "coredns")
	f("dnsmasq", "dnsmasq")
}

// In a file that several services share, a crash text without a tag is of the one that
// fell silent after it.
func TestOwnerOfAnUntaggedCrash(t *testing.T) {
	f := func(name string, silent string, want map[string]bool) {
		t.Helper()
		shared := appLog("logs/services.log").covers(0, 300)
		for _, s := range []struct{ name, address string }{{"cart", "127.0.0.1:8001"}, {"stock", "127.0.0.1:8002"}} {
			shared.teaches(s.name, 0, rules.FactListens, s.address)
			for at := 0; at < 200; at += 2 {
				if s.name == silent && at > 99 && at < 130 {
					continue
				}
				shared.sketch(float64(at), uint64(len(s.name)*10_000+at), "")
				shared.d.Requests[len(shared.d.Requests)-1].Stream = s.name
			}
		}
		shared.says(100, goPanic)
		for address, crashed := range want {
			in := incidents(t, 1, errorLog("nginx/error.log").fails(100, address, closed, 3).covers(0, 300), shared)[0]
			if got := in.Verdict.Cause == rules.CauseUnhandledException; got != crashed {
				t.Errorf("%s: %s: %s", name, address, in.Verdict.Cause)
			}
		}
	}
	f("cart fell silent", "cart", map[string]bool{"127.0.0.1:8001": true, "127.0.0.1:8002": false})
	f("stock fell silent", "stock", map[string]bool{"127.0.0.1:8001": false, "127.0.0.1:8002": true})
}

// Streams that share a unit, a container or processes are one service; others are not.
func TestServicesMerge(t *testing.T) {
	names := func(logs ...*logFile) string {
		e := New(Config{})
		for _, l := range logs {
			e.Add(copied(&l.d))
		}
		e.Decide()
		var out []string
		for _, sv := range e.services {
			out = append(out, sv.name)
		}
		return strings.Join(out, " ")
	}
	one, two := func() *logFile { return appLog("logs/one.log").covers(0, 300) }, func() *logFile { return appLog("logs/two.log").covers(0, 300) }
	f := func(name string, services int, logs ...*logFile) {
		t.Helper()
		if got := names(logs...); len(strings.Fields(got)) != services {
			t.Errorf("%s: %q, want %d", name, got, services)
		}
	}
	f("nothing in common", 2, one(), two())
	f("a unit", 1, one().knows(0, rules.FactUnit, "shop.service"), two().knows(0, rules.FactUnit, "shop.service"))
	f("a container, long and short", 1, one().knows(0, rules.FactContainer, "0123456789abcdef"), two().knows(0, rules.FactContainer, "0123456789ab"))
	f("a process at one time", 1, one().pid(4711), two().pid(4711))
	f("a pid hours apart", 2, one().pid(4711), two().knows(50_000, rules.FactPID, "4711"))
	f("a pid of any container", 2, one().pid(7), two().pid(7))
	f("a pid on two hosts", 2, one().pid(4711).knows(0, rules.FactHost, "web-1"), two().pid(4711).knows(0, rules.FactHost, "web-2"))
	rotated := two()
	rotated.d.Source.Group = one().d.Source.Group
	f("a rotated family", 1, one(), rotated)
}

// The evidence of a state that the service has left is not that of the incident.
func TestStateLastsUntilTheNext(t *testing.T) {
	lasting := func(app *logFile) bool {
		e := New(Config{})
		e.Add(copied(&errorLog("nginx/error.log").fails(0, shopAddress, refused, 5).d))
		e.Add(copied(&app.d))
		e.Decide()
		g := e.cases()[0]
		e.prepare(g)
		return slices.ContainsFunc(g.rules.Evidence, func(c rules.Candidate) bool { return c.Lasting })
	}
	app := func() *logFile {
		return appLog("logs/shop.log").knows(-400_000, rules.FactListens, shopAddress).covers(-400_000, 100)
	}
	const days = 3 * 86_400
	if !lasting(app().says(-days, failedStart)) {
		t.Error("it failed to start three days ago and has not served since")
	}
	if lasting(app().says(-days, failedStart).says(-days+60, serving)) {
		t.Error("it served a minute after it had failed to start")
	}
	if lasting(app().says(-days, serving)) {
		t.Error("that it serves is no evidence")
	}
}

func TestTokens(t *testing.T) {
	for name, want := range map[string]string{
		"storefront.log": "storefront", "/var/log/nginx/error.log": "", "catalog1": "catalog1 catalog", "shop-api.example.com:8443": "shop", "a_bc_def": "def", "10.0.0.7:8000": "",
	} {
		if got := strings.Join(tokensOf(name), " "); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestCgroupIdentity(t *testing.T) {
	for path, want := range map[string][2]string{
		"/system.slice/shop.service":                                  {"shop.service", ""},
		"/system.slice/docker-0123456789abcdef0123456789abcdef.scope": {"", "0123456789abcdef0123456789abcdef"},
		"/kubepods/burstable/pod1-2/0123456789abcdef":                 {"", "0123456789abcdef"},
		"/user.slice/user-1000.slice/session-3.scope":                 {"session-3.scope", ""},
		"/": {"", ""},
	} {
		if unit, container := cgroupIdentity(path); unit != want[0] || container != want[1] {
			t.Errorf("%s: unit %q, container %q", path, unit, container)
		}
	}
}

// A name in two spellings is one, though its words are too common to tell anything.
func TestWholeNames(t *testing.T) {
	f := func(upstream, path string, want bool) {
		t.Helper()
		in := incidents(t, 1, errorLog("haproxy.log").fails(10, upstream, closed, 3).covers(0, 60),
			appLog(path).says(10, goPanic).covers(0, 60), appLog("other.log").covers(0, 60))[0]
		linked := slices.ContainsFunc(in.Evidence, func(e rules.Evidence) bool { return strings.Contains(e.Why, "which has the name web_a") })
		if linked != want {
			t.Errorf("%s and %s: %+v", upstream, path, in.Evidence)
		}
	}
	f("web_a", "web-a.log", true)
	f("pool/web_a", "web-a.log", true)
	f("web_a", "web-b.log", false)
	f("web_a", "web.log", false)
}

// A trace that may have been a process's last words was not if the process answered on; it
// was if nothing came after it, however long ago; and of a start if nothing was served yet.
func TestLastWords(t *testing.T) {
	trace := &rules.Signature{ID: "python-uncaught", Technology: "python", Cause: rules.CauseUnhandledException, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "an exception"}
	booting := &rules.Signature{ID: "service-starting", Technology: "startup", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateStarted, Meaning: "it starts"}
	f := func(name string, want rules.Cause, class parser.Symptom, fill func(app *logFile)) {
		t.Helper()
		app := appLog("shop.log").knows(-50_000, rules.FactListens, shopAddress)
		fill(app)
		in := incidents(t, 1, errorLog("error.log").fails(100, shopAddress, class, 40).covers(0, 300), app)[0]
		if in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	f("the last words", rules.CauseUnhandledException, refused, func(app *logFile) { app.says(99, trace) })
	f("it answered on", rules.CauseNotListening, refused, func(app *logFile) {
		app.says(90, trace).sketch(93, 1, "").sketch(95, 2, "").says(99, trace)
	})
	f("the last words, half a day before", rules.CauseUnhandledException, refused, func(app *logFile) { app.says(-43_200, trace) })
	f("half a day before, and it wrote on", rules.CauseNotListening, refused, func(app *logFile) { app.says(-43_200, trace).sketch(-40_000, 1, "") })
	f("just started", rules.CauseStartFailure, refused, func(app *logFile) { app.says(98, booting).says(99, trace) })
	f("started, served, then failed", rules.CauseUnhandledException, refused, func(app *logFile) { app.says(92, booting).sketch(95, 1, "").says(99, trace) })
}

// One compose stream holds the lines of all its services: one that listens on the address of
// another failing pool is not behind this one.
func TestWhoServesAnotherPool(t *testing.T) {
	stream := func(address string) *logFile {
		l := errorLog("compose.log").covers(0, 300)
		l.teaches("api-1", 0, rules.FactContainer, "api-1")
		l.teaches("api-1", 0, rules.FactListens, address)
		l.tagged("api-1", 20, failedStart)
		for s := 20; s < 40; s++ {
			l.fails(float64(s), "127.0.0.1:8001", refused, 1).fails(float64(s), "127.0.0.1:8002", parser.SymptomNoHTTPHeader, 1, onHost("images.example"))
		}
		return l
	}
	causes := func(address string) map[string]rules.Cause {
		out := map[string]rules.Cause{}
		for _, in := range incidents(t, 2, stream(address)) {
			out[in.Upstreams[0]] = in.Verdict.Cause
		}
		return out
	}
	if got := causes("127.0.0.1:8001"); got["127.0.0.1:8001"] != rules.CauseStartFailure || got["127.0.0.1:8002"] != rules.CauseInvalidResponse {
		t.Errorf("it listens for one of the two: %v", got)
	}
	// A port that is nobody's address says nothing about whose it is.
	if got := causes("0.0.0.0:3000"); got["127.0.0.1:8001"] != rules.CauseStartFailure {
		t.Errorf("it listens on a port of its own: %v", got)
	}
}

// Whoever was to be asked behind a name that cannot be resolved was not: it is not to blame.
func TestNobodyIsBlamedForAName(t *testing.T) {
	app := appLog("orders.log").covers(0, 300)
	errors := errorLog("error.log").covers(0, 300).fails(100, "geo-api.internal", parser.SymptomResolveFailed, 9)
	if in := incidents(t, 1, app, errors)[0]; in.Verdict.Cause != rules.CauseDNSFailure || in.Culprit.Process != "" {
		t.Errorf("%s by %+v", in.Verdict.Cause, in.Culprit)
	}
}

// A service that listens on all addresses tells none that a gateway sends requests to.
func TestAddressesOfAService(t *testing.T) {
	f := func(want []string, listens ...string) {
		t.Helper()
		sv := &service{}
		for _, l := range listens {
			sv.listens = append(sv.listens, rules.Fact{Value: l})
		}
		if got := sv.addresses(); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", listens, got, want)
		}
	}
	f([]string{"127.0.0.1:8000"}, "127.0.0.1:8000", ":8000")
	f(nil, "0.0.0.0:8000", "[::]:5000", ":9000", "*:80")
	f([]string{"[::1]:8000", "unix:/run/x.sock"}, "unix:/run/x.sock", "[::1]:8000")
}

// A gateway that is a part of a program writes among the program's other lines: what those say of a
// request to another service is the failure itself, told twice, and no service stands behind it.
func TestGatewaysOwnProgramIsNoApplication(t *testing.T) {
	reset := &rules.Signature{ID: "jvm-dep-reset", Technology: "jvm", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeDependency, Meaning: "a request to another service failed"}
	f := func(name string, program bool, want rules.Cause) {
		t.Helper()
		log := errorLog("gateway.log").covers(0, 300)
		log.d.Program = program
		for at := 100.0; at < 106; at++ {
			log.says(at-0.1, reset).fails(at, shopAddress, parser.SymptomConnRefused, 1)
		}
		if in := incidents(t, 1, log)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, %+v", name, in.Verdict.Cause, in.Verdict.Alternatives)
		}
	}
	f("pasted with an application's lines", false, rules.CauseDependencyFailure)
	f("its own", true, rules.CauseNotListening)
}

// A unit that only the system's log tells of may be what a gateway asks in its own network; the
// server at a public address is somebody else's.
func TestUnitBehindAnAddressElsewhere(t *testing.T) {
	f := func(upstream string, want rules.Cause) {
		t.Helper()
		journal := systemLog("syslog").teaches(rules.SubjectUnit+"khata.service", 99, rules.FactUnit, "khata.service").
			tagged("systemd", 99, unitKilled, field(rules.FieldUnit, "khata.service")).covers(0, 300)
		r := report(t, Config{}, errorLog("nginx/error.log").fails(100, upstream, closed, 20).covers(0, 300), journal)
		if len(r.Incidents) != 1 || r.Incidents[0].Verdict.Cause != want {
			t.Errorf("%s: %s", upstream, outline(r))
		}
	}
	f("10.0.0.7:8000", rules.CauseKilled)
	f("100.64.3.9:8000", rules.CauseKilled)
	f("198.51.100.77:8443", rules.CauseUnknown)
}
