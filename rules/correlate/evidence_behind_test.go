package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// The end of a service behind the pool is the cause where the pool's own service complains of
// just that one, and of no other.
func TestDeathBehind(t *testing.T) {
	refusedBy := func(fields ...rules.Field) rules.Hit { return rules.Hit{Signature: dependencyRefused, Fields: fields} }
	pythonRefused := rules.Hit{Signature: &rules.Signature{ID: "dep-python-refused", Technology: "dependency", Cause: rules.CauseDependencyFailure,
		Role: rules.RoleCause, Strong: true, Scope: rules.ScopeDependency, Meaning: "a service behind the Python application does not answer"}}
	const (
		stock   = `{"level": "ERROR", "msg": "stock lookup failed", "svc": "bff", "error": "Get \"http://stock:8080/levels\": dial tcp 127.0.0.1:8080: connect: connection refused"}`
		webshop = `webstore.ERROR: Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused at /srv/webstore/src/Db.php:31 {"host": "db-1:3306"} []`
		trace   = "ConnectionRefusedError: [Errno 111] Connection refused"
	)
	f := func(name, want string, complaint rules.Event, others ...*logFile) {
		t.Helper()
		app := appLog("logs/bff.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		errors := errorLog("nginx/error.log").covers(0, 300)
		complaint.Level = parser.LevelError
		for i := range 6 {
			app.add(float64(101+i), 1, complaint)
			errors.fails(float64(101+i), shopAddress, closed, 1)
		}
		in := incidents(t, 1, append(others, errors, app)...)[0]
		if in.Verdict.Cause != rules.CauseDependencyFailure {
			t.Errorf("%s: %s: %+v", name, in.Verdict.Cause, in.Verdict.Alternatives)
		}
		if in.Culprit.Process != want {
			t.Errorf("%s: culprit %+v, want %q", name, in.Culprit, want)
		}
	}
	// What died, and where.
	died := func(path, listens string) *logFile {
		l := appLog(path).covers(0, 300).says(100, goPanic)
		if listens != "" {
			l.knows(0, rules.FactListens, listens)
		}
		return l
	}
	killed := func(host, process string) *logFile {
		l := systemLog(host+"/kern.log").covers(0, 300)
		l.says(100, kernelKill, field(rules.FieldProcess, process), field(rules.FieldPID, "7713"))
		l.d.Events[0].Host = host
		l.knows(0, rules.FactHost, host)
		return l
	}
	toldByDocker := func(service string) *logFile {
		return appLog("docker-events.log").covers(0, 300).says(100, &rules.Signature{ID: "docker-oom", Technology: "docker", Cause: rules.CauseOOMKill, Role: rules.RoleCause,
			Strong: true, Scope: rules.ScopeWorker, Meaning: "a process of container <container> was killed"},
			field(rules.FieldContainer, "5c1d0aa3f0be"), field(rules.FieldService, service)).teaches(rules.SubjectContainer+"5c1d0aa3f0be", 100, rules.FactService, service).
			teaches(rules.SubjectContainer+"5c1d0aa3f0be", 100, rules.FactContainer, "5c1d0aa3f0be")
	}
	at := func(dependency string) rules.Field { return field(rules.FieldDependency, dependency) }

	f("it listens on the address", "stock", rules.Event{Text: stock, Hits: []rules.Hit{refusedBy(at("127.0.0.1:8080"))}}, died("logs/stock.log", "127.0.0.1:8080"))
	f("it is called so", "stock", rules.Event{Text: stock, Hits: []rules.Hit{pythonRefused}}, died("logs/stock.log", ""))
	f("it is called so in the record's first line", "pricing", rules.Event{Head: "pricing lookup failed for cart 12", Text: trace, Hits: []rules.Hit{pythonRefused}}, died("logs/pricing.log", ""))
	f("the runtime tells its name", "stock", rules.Event{Text: stock, Hits: []rules.Hit{refusedBy(at("172.18.0.4:8080"))}}, toldByDocker("stock"))
	f("its host is named", "mariadbd", rules.Event{Text: webshop, Hits: []rules.Hit{{Signature: &rules.Signature{ID: "php-pdo", Technology: "php", Cause: rules.CauseDependencyFailure,
		Role: rules.RoleCause, Strong: true, Scope: rules.ScopeDependency}}}}, killed("db-1", "mariadbd"))
	f("its host and its kind are named", "mariadbd", rules.Event{Text: "(2003, \"Can't connect to MySQL server on 'db-2'\")", Hits: []rules.Hit{refusedBy(at("db-2"))}}, killed("db-2", "mariadbd"))
	f("only its kind is", "memcached", rules.Event{Text: "memcached: 10.0.0.5:11211: Connection refused", Hits: []rules.Hit{refusedBy(at("10.0.0.5:11211"))}}, killed("cache-1", "memcached"))

	f("it is the first label of a name", "stock", rules.Event{Text: "Get: context deadline exceeded", Hits: []rules.Hit{refusedBy(at("stock.shop.svc.cluster.local:80"))}}, died("logs/stock.log", ""))
	f("Compose gave it more of a name", "shop-stock-1", rules.Event{Text: stock, Hits: []rules.Hit{refusedBy(at("stock:8080"))}}, toldByDocker("shop-stock-1"))
	f("the kernel tells the program", "stock", rules.Event{Text: stock, Hits: []rules.Hit{refusedBy(at("stock:8080"))}}, killed("node-1", "stock"))

	f("of another host", "mysqld", rules.Event{Text: "(2003, \"Can't connect to MySQL server on 'db-2'\")", Hits: []rules.Hit{refusedBy(at("db-2:3306"))}}, killed("db-1", "mariadbd"))
	f("of another kind on that host", "mysqld", rules.Event{Text: "(2003, \"Can't connect to MySQL server on 'db-1'\")", Hits: []rules.Hit{refusedBy(at("db-1:3306"))}}, killed("db-1", "redis-server"))
	f("on another port", "10.0.0.7:9999", rules.Event{Text: "dial tcp 10.0.0.7:9999: connect: connection refused", Hits: []rules.Hit{refusedBy(at("10.0.0.7:9999"))}}, died("logs/stock.log", "127.0.0.1:8080"))
	f("its name is a segment of a path", "10.0.0.7:9999", rules.Event{Text: "GET /stock/7: dial tcp 10.0.0.7:9999: connect: connection refused", Hits: []rules.Hit{refusedBy(at("10.0.0.7:9999"))}}, died("logs/stock.log", ""))
	f("its name is a key", "10.0.0.7:9999", rules.Event{Text: `{"stock": 7, "error": "dial tcp 10.0.0.7:9999: connect: connection refused"}`, Hits: []rules.Hit{refusedBy(at("10.0.0.7:9999"))}}, died("logs/stock.log", ""))
}

// Nobody complains: a service that died beside the pool's own is nobody's cause.
func TestDeathBesideWithoutComplaint(t *testing.T) {
	app := appLog("logs/bff.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
	stock := appLog("logs/stock.log").knows(0, rules.FactListens, "127.0.0.1:8080").covers(0, 300).says(100, goPanic)
	in := incidents(t, 1, app, stock, errorLog("nginx/error.log").covers(0, 300).fails(101, shopAddress, timedOut, 5))[0]
	if proved(&in, goPanic) || in.Verdict.Cause == rules.CauseDependencyFailure {
		t.Errorf("%s by %+v", in.Verdict.Cause, in.Evidence)
	}
}

func TestNamesInWords(t *testing.T) {
	bff, stock := &service{name: "bff"}, &service{name: "stock"}
	known := nameSet{"bff": {bff}, "stock": {stock}, "db-1": {stock}, "shop.internal": {stock}}
	f := func(want, text string) {
		t.Helper()
		if got := known.in(bff, text); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
	f("stock", `"error": "Get \"http://stock:21829/levels\": dial tcp 127.0.0.1:21829`)
	f("db-1", `{"host": "db-1:3306"} []`)
	f("stock", "Stock lookup failed")
	f("shop.internal", "no answer from shop.internal.")
	f("db-1 stock", "stock on db-1, stock")
	f("", "GET /stock/7 stock=7")
	f("", `{"stock":7,"bff":1}`)
	f("", "overstocked bff")
}
