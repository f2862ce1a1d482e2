package correlate

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// What a line says of the service behind it: its address, the signature, or whose client library speaks.
func TestBehind(t *testing.T) {
	f := func(line, want string, sig *rules.Signature, fields ...rules.Field) {
		t.Helper()
		if got := behind(&rules.Hit{Signature: sig, Fields: fields}, line); got != want {
			t.Errorf("%q is about %q, want %q", line, got, want)
		}
	}
	words := &rules.Signature{ID: "dep-unavailable", Technology: "dependency", Cause: rules.CauseDependencyFailure}
	f("psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec", "postgres", poolUsedUp)
	f("asyncpg.exceptions.ConnectionDoesNotExistError: connection was closed in the middle of operation", "postgres", words)
	f("FATAL:  the database system is starting up", "postgres", &rules.Signature{ID: "pg-not-ready", Technology: "postgres"})
	f("pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query')", "mysql", words)
	f("java.sql.SQLNonTransientConnectionException: (conn=7) Could not connect to address=(host=db) jdbc:mariadb://db/shop", "mariadb", words)
	f("redis.exceptions.TimeoutError: Timeout reading from socket", "redis", words)
	f("pymongo.errors.AutoReconnect: connection closed", "mongodb", words)
	f("pika.exceptions.StreamLostError: Stream connection lost", "rabbitmq", words)
	f("HikariPool-1 - Connection is not available, request timed out after 30000ms.", anySQL, words)
	f("connect ECONNREFUSED 10.0.0.5:5432", "postgres", dependencyRefused, field("dependency", "10.0.0.5:5432"))
	f("connect ECONNREFUSED redis-cart:7000", "redis", dependencyRefused, field("dependency", "redis-cart:7000"))
	f("dial tcp 10.0.0.5:8080: connect: connection refused", "", dependencyRefused, field("dependency", "10.0.0.5:8080"))
}

// The driver's name is enough to reach the database's own log where there is only one
// database that it can mean.
func TestDriverNamesTheDatabase(t *testing.T) {
	f := func(name string, want bool, text string, databases ...*logFile) {
		t.Helper()
		app := appLog("logs/crm.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		errors := errorLog("nginx/error.log").covers(0, 300)
		for i := range 6 {
			app.add(float64(102+i), 1, rules.Event{Level: parser.LevelError, Hits: []rules.Hit{{Signature: poolUsedUp}}, Text: text})
			errors.fails(float64(100+i), shopAddress, timedOut, 1)
		}
		in := incidents(t, 1, append(databases, errors, app)...)[0]
		if got := proved(&in, backendCrashed); got != want {
			t.Errorf("%s: %s, proof %v, want %v: %+v", name, in.Verdict.Cause, got, want, in.Evidence)
		}
	}
	const psycopg = "psycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec"
	postgres := func(path string) *logFile {
		return appLog(path).knows(0, rules.FactTechnology, "postgresql").covers(0, 300).says(98, backendCrashed)
	}
	quiet := func(path, technology string) *logFile {
		return appLog(path).knows(0, rules.FactTechnology, technology).covers(0, 300)
	}
	f("the only PostgreSQL", true, psycopg, postgres("db/postgresql.log"))
	f("MySQL is there too", true, psycopg, postgres("db/postgresql.log"), quiet("db/mysql.log", "mysql"))
	f("two of PostgreSQL", false, psycopg, postgres("a/main.log"), quiet("b/other.log", "postgresql"))
	f("a pool of any SQL driver", true, "HikariPool-1 - Connection is not available", postgres("db/postgresql.log"), quiet("db/redis.log", "redis"))
	f("a pool of any SQL driver, two SQL databases", false, "HikariPool-1 - Connection is not available", postgres("db/postgresql.log"), quiet("db/mysql.log", "mysql"))
	f("a pool that names nobody", false, "pool timed out while waiting for an open connection", postgres("db/postgresql.log"))
	f("another driver", false, "redis.exceptions.ConnectionError: Too many connections, pool exhausted", postgres("db/postgresql.log"))
}

// Drivers of MySQL and MariaDB say the same; the server's own log tells which it is.
func TestMySQLOrMariaDB(t *testing.T) {
	f := func(want string, servers ...string) {
		t.Helper()
		app := appLog("logs/stock.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		errors := errorLog("nginx/error.log").covers(0, 300)
		for i := range 6 {
			app.add(float64(100+i), 1, rules.Event{Level: parser.LevelError, Text: "pymysql.err.OperationalError: (1205, 'Lock wait timeout exceeded; try restarting transaction')",
				Hits: []rules.Hit{{Signature: &rules.Signature{ID: "mysql-lock-wait", Technology: "mysql", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeDependency}}}})
			errors.fails(float64(100+i), shopAddress, timedOut, 1)
		}
		logs := []*logFile{errors, app}
		for _, path := range servers {
			logs = append(logs, appLog(path).knows(0, rules.FactTechnology, "mysql").covers(0, 300))
		}
		if in := incidents(t, 1, logs...)[0]; in.Culprit.Process != want {
			t.Errorf("%v: %q, want %q", servers, in.Culprit.Process, want)
		}
	}
	f("mysqld")
	f("mariadbd", "mariadb.err")
	f("mysqld", "mysqld.log")
	f("mysqld", "a/mariadb.err", "b/mysqld.log")
}

// An address is the last thing to call a service behind by.
func TestDependencyIsCalledByItsKind(t *testing.T) {
	f := func(want, text, dependency string) {
		t.Helper()
		app := appLog("logs/basket.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		errors := errorLog("nginx/error.log").covers(0, 300)
		for i := range 6 {
			app.add(float64(100+i), 1, rules.Event{Level: parser.LevelError, Text: text, Hits: []rules.Hit{{Signature: dependencyRefused, Fields: []rules.Field{field(rules.FieldDependency, dependency)}}}})
			errors.fails(float64(100+i), shopAddress, closed, 1)
		}
		redis := appLog("db/redis.log").knows(0, rules.FactTechnology, "redis").covers(0, 300) // which nobody complains of
		if in := incidents(t, 1, errors, app, redis)[0]; in.Culprit.Process != want {
			t.Errorf("%q: %q, want %q", text, in.Culprit.Process, want)
		}
	}
	f("memcached", "session load: no memcached server could be reached (127.0.0.1:23197: Connection refused)", "127.0.0.1:23197")
	f("10.0.0.7:9999", "dial tcp 10.0.0.7:9999: connect: connection refused", "10.0.0.7:9999")
	f("api.bank.example:443", "HTTPSConnectionPool(host='api.bank.example', port=443): Read timed out.", "api.bank.example:443")
	f("rates", "call to rates failed", "rates")
}

// Of a chain of services the last one is to blame: what the first complains of complains itself.
func TestTwoServicesBehind(t *testing.T) {
	urlStatus := &rules.Signature{ID: "dep-url-status", Technology: "dependency", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause,
		Scope: rules.ScopeRequest, Meaning: "<dependency> answered with an error"}
	app := appLog("logs/basket.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
	pricing := appLog("logs/pricing.log").knows(0, rules.FactListens, ":8080").covers(0, 300)
	errors := errorLog("nginx/error.log").covers(0, 300)
	for i := range 6 {
		errors.fails(float64(100+i), shopAddress, closed, 1)
		app.add(float64(100+i), 1, rules.Event{Level: parser.LevelError, Text: "503 Server Error: Service Unavailable for url: http://pricing:8080/price/7",
			Hits: []rules.Hit{{Signature: urlStatus, Fields: []rules.Field{field(rules.FieldDependency, "pricing:8080")}}}})
		pricing.add(float64(100+i), 1, rules.Event{Level: parser.LevelError, Text: `psycopg2.OperationalError: connection to server at "db" (10.0.0.9), port 5432 failed: Connection refused`,
			Hits: []rules.Hit{{Signature: dependencyRefused, Fields: []rules.Field{field(rules.FieldDependency, "db:5432")}}}})
	}
	if in := incidents(t, 1, errors, app, pricing)[0]; in.Verdict.Cause != rules.CauseDependencyFailure || in.Culprit.Process != "postgres" || !proved(&in, dependencyRefused) {
		t.Errorf("%s, %q: %+v", in.Verdict.Cause, in.Culprit.Process, in.Evidence)
	}
}

// "In recovery mode" is said once, and then each request waits for a connection in vain: that
// is one complaint of many failures.
func TestComplaintsAboutOneDependency(t *testing.T) {
	f := func(name string, want bool, firstAt float64, driver string) {
		t.Helper()
		app := appLog("logs/crm.log").knows(0, rules.FactListens, shopAddress).covers(0, 300)
		errors := errorLog("nginx/error.log").covers(0, 300)
		app.add(firstAt, 1, rules.Event{Level: parser.LevelError, Hits: []rules.Hit{{Signature: notReady}},
			Text: "psycopg.OperationalError: connection failed: FATAL:  the database system is in recovery mode"})
		for i := range 20 {
			app.add(float64(101+i), 1, rules.Event{Level: parser.LevelError, Hits: []rules.Hit{{Signature: poolUsedUp}}, Text: driver + ": couldn't get a connection"})
			errors.fails(float64(100+i), shopAddress, timedOut, 1)
		}
		in := incidents(t, 1, errors, app)[0]
		if got := in.Verdict.Cause == rules.CauseDependencyFailure; got != want {
			t.Errorf("%s: %s, want dependency-failure %v: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	f("one database", true, 98, "psycopg_pool.PoolTimeout")
	f("the pool of another", false, 98, "redis.exceptions.PoolTimeout")
	f("the database says it when the pool was used up for long", false, 117, "psycopg_pool.PoolTimeout")
}

// One loop waits for the database on behalf of all requests: it says so once a turn, and from when
// the first request began to wait, which no line tells.
func TestOneLoopComplains(t *testing.T) {
	awaited := &rules.Signature{ID: "words-dependency-awaited", Technology: "words", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause,
		Scope: rules.ScopeDependency, Meaning: "the application waits for <dependency>"}
	f := func(name string, want rules.Cause, turns ...float64) {
		t.Helper()
		app := appLog("logs/crm.log").knows(0, rules.FactListens, shopAddress).covers(0, 600)
		errors := errorLog("nginx/error.log").covers(0, 600)
		for i := range 12 {
			errors.fails(float64(200+10*i), shopAddress, timedOut, 20)
		}
		for i, at := range turns {
			app.add(at, 1, rules.Event{Text: fmt.Sprintf("INFO waiting for db:5432 (%d)", i),
				Hits: []rules.Hit{{Signature: awaited, Fields: []rules.Field{field(rules.FieldDependency, "db:5432")}}}})
		}
		if in := incidents(t, 1, errors, app)[0]; in.Verdict.Cause != want {
			t.Errorf("%s: %s, want %s: %+v", name, in.Verdict.Cause, want, in.Verdict.Alternatives)
		}
	}
	loop := func(from, to float64) (out []float64) {
		for at := from; at < to; at += 15 {
			out = append(out, at)
		}
		return out
	}
	f("as long as requests wait", rules.CauseDependencyFailure, loop(142, 310)...)
	f("twice", rules.CauseSlowUpstream, 142, 301)
	f("all day", rules.CauseUnknown, loop(0, 590)...)
}

var (
	poolUsedUp = &rules.Signature{ID: "dep-pool-used-up", Technology: "dependency", Cause: rules.CauseUpstreamSaturated, Also: []rules.Cause{rules.CauseDependencyFailure},
		Role: rules.RoleCause, Strong: true, Scope: rules.ScopeService, Meaning: "the application's connection pool was used up"}
	backendCrashed = &rules.Signature{ID: "pg-backend-crashed", Technology: "postgres", Cause: rules.CauseDependencyFailure, Also: []rules.Cause{rules.CauseOOMKill},
		Role: rules.RoleCause, Strong: true, Scope: rules.ScopeDependency, Meaning: "a PostgreSQL backend was terminated"}
	notReady = &rules.Signature{ID: "pg-not-ready", Technology: "postgres", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeDependency, Meaning: "PostgreSQL does not accept connections"}
)

// The only database among the logs does not explain what the upstream told before it why it fails.
func TestOnlyDatabaseAfterTheUpstreamsWord(t *testing.T) {
	files := &rules.Signature{ID: "python-too-many-files", Technology: "python", Cause: rules.CauseUpstreamSaturated, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "no free file descriptor"}
	lock := &rules.Signature{ID: "pg-lock-wait", Technology: "postgres", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeDependency, Meaning: "a statement waited for a lock"}
	f := func(word *rules.Signature, own float64, want rules.Cause) {
		t.Helper()
		errors := errorLog("nginx/error.log").covers(0, 300)
		app := appLog("logs/push.log").covers(0, 300).knows(0, rules.FactListens, shopAddress).says(own, word)
		db := appLog("db/postgresql.log").covers(0, 300).knows(0, rules.FactTechnology, "postgres")
		for i := range 10 {
			errors.fails(float64(103+i), shopAddress, parser.SymptomReadTimeout, 2)
			db.says(float64(102+i), lock)
		}
		if in := incidents(t, 1, errors, app, db)[0]; in.Verdict.Cause != want {
			t.Errorf("%s at %v: %s, want %s", word.ID, own, in.Verdict.Cause, want)
		}
	}
	f(files, 100, rules.CauseUpstreamSaturated)
	f(files, 104, rules.CauseDependencyFailure)
	f(goPanic, 104, rules.CauseUnhandledException)
}

// The only database among the logs may stand behind an upstream on another machine if the log of
// that upstream is here, too.
func TestOnlyDatabaseOfAnotherMachine(t *testing.T) {
	const far = "10.2.0.8:5000"
	lock := &rules.Signature{ID: "pg-lock-wait", Technology: "postgres", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeDependency, Meaning: "a statement waited for a lock"}
	f := func(want rules.Cause, logs ...*logFile) {
		t.Helper()
		errors := errorLog("nginx/error.log").covers(0, 300)
		db := appLog("db/postgresql.log").covers(0, 300).knows(0, rules.FactTechnology, "postgres")
		for i := range 20 {
			errors.fails(float64(103+5*i), far, parser.SymptomReadTimeout, 1)
		}
		for i := range 8 {
			db.says(float64(102+i), lock)
		}
		if in := incidents(t, 1, append(logs, errors, db)...)[0]; in.Verdict.Cause != want {
			t.Errorf("%d logs: %s, want %s", len(logs), in.Verdict.Cause, want)
		}
	}
	f(rules.CauseDependencyFailure, appLog("pay/pay.log").covers(0, 300).knows(0, rules.FactListens, far))
	f(rules.CauseSlowUpstream, appLog("pay/pay.log").covers(0, 300).knows(0, rules.FactListens, "10.2.0.9:5000"))
}
