package cause

import (
	"cmp"
	"path"
	"strings"

	"culprit/rules"
)

// software is a server's or runtime's own names for what advice speaks of.
type software struct {
	memory  string // what bounds its memory
	grew    string // how to see what grew
	fit     string // what keeps it below a limit from outside
	timeout string // after how long its manager kills a worker
	workers string // how many requests it serves at once, and how many may wait
	idle    string // how long it keeps an idle connection
	slow    string // how to see what slow requests wait for
	locks   string // how to see who holds a lock, for what others depend on
	state   string // how to see how it is, for what others depend on
}

// ofAnySoftware is what is said of software without words of its own, and of what its words
// leave out.
var ofAnySoftware = software{
	memory:  "the runtime's limit (-Xmx, --max-old-space-size, memory_limit)",
	grew:    "take a heap dump at the limit to see what grew",
	fit:     "fewer workers need less memory",
	timeout: "the manager's timeout",
	workers: "the number of workers or the queue that the quoted line names",
	idle:    "its keep-alive timeout",
	slow:    "log the slow requests in the application (slow log, request tracing) and look at what they wait for",
	locks:   "ask the dependency for its locks and for the statements that hold them",
	state:   "look at the dependency that the quoted lines name",
}

// servers are the words of each software, from its manual; more than one name may lead to them.
var servers = map[string]software{
	// https://docs.gunicorn.org/en/stable/settings.html
	"gunicorn": {
		fit:     "fewer --workers, or --max-requests with --max-requests-jitter, need less memory",
		timeout: "--timeout of gunicorn (30 s unless set)", workers: "--workers, --threads and --backlog of gunicorn", idle: "--keep-alive of gunicorn (2 s unless set)",
	},
	// https://www.uvicorn.org/settings/
	"uvicorn": {
		fit:     "fewer --workers, or --limit-max-requests, need less memory",
		workers: "--workers, --limit-concurrency and --backlog of uvicorn", idle: "--timeout-keep-alive of uvicorn (5 s unless set)",
	},
	// https://uwsgi-docs.readthedocs.io/en/latest/Options.html
	"uwsgi": {
		fit:     "fewer processes, or reload-on-rss and max-requests, need less memory",
		timeout: "harakiri of uWSGI", workers: "processes, threads and listen of uWSGI (listen is bounded by net.core.somaxconn)",
	},
	// https://www.php.net/manual/en/install.fpm.configuration.php
	"php-fpm": {
		memory: "memory_limit in php.ini or the pool's php_admin_value", grew: "the quoted line names the script that asked for more",
		fit:     "pm.max_children times memory_limit must fit into it; pm.max_requests bounds leaks",
		timeout: "request_terminate_timeout of the pool", workers: "pm.max_children and listen.backlog of the pool",
		slow: "set request_slowlog_timeout and slowlog of the pool: they log where a slow request is",
	},
	// https://github.com/puma/puma/blob/master/lib/puma/dsl.rb
	"puma": {timeout: "worker_timeout of Puma", workers: "threads and workers of Puma", idle: "persistent_timeout of Puma", fit: "fewer workers of Puma need less memory"},
	// https://yhbt.net/unicorn/Unicorn/Configurator.html
	"unicorn": {timeout: "timeout of Unicorn (60 s unless set)", workers: "worker_processes of Unicorn and the :backlog of its listen", fit: "fewer worker_processes need less memory"},
	// https://nodejs.org/api/cli.html, https://nodejs.org/api/http.html
	"node": {
		memory: "--max-old-space-size", grew: "--heapsnapshot-near-heap-limit=1 writes what grew", fit: "set --max-old-space-size well below it",
		idle: "server.keepAliveTimeout of Node (and headersTimeout above that)", slow: "see what blocks the event loop (`node --cpu-prof`) and what the slow requests wait for",
	},
	// https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html
	"java": {
		memory: "-Xmx or -XX:MaxRAMPercentage", grew: "-XX:+HeapDumpOnOutOfMemoryError writes what grew",
		fit:  "set -Xmx or -XX:MaxRAMPercentage well below it: metaspace, threads and buffers come on top",
		slow: "take thread dumps while it is slow: `jcmd PID Thread.print`",
	},
	// https://docs.spring.io/spring-boot/appendix/application-properties/index.html
	"spring": {
		workers: "server.tomcat.threads.max and server.tomcat.accept-count, or the pool that the quoted line names", idle: "server.tomcat.keep-alive-timeout",
	},
	// https://tomcat.apache.org/tomcat-10.1-doc/config/http.html
	"tomcat": {workers: "maxThreads and acceptCount of the Connector, or the pool that the quoted line names", idle: "keepAliveTimeout of the Connector"},
	// https://pkg.go.dev/runtime, https://pkg.go.dev/net/http
	"go": {
		memory: "GOMEMLIMIT", grew: "net/http/pprof shows what grew (/debug/pprof/heap)", fit: "set GOMEMLIMIT somewhat below it",
		idle: "IdleTimeout of http.Server (ReadTimeout where that is not set)", slow: "see where goroutines wait: net/http/pprof, /debug/pprof/goroutine?debug=2",
	},
	// https://learn.microsoft.com/en-us/dotnet/core/runtime-config/garbage-collector, .../aspnet/core/fundamentals/servers/kestrel/options
	"dotnet": {
		memory: "DOTNET_GCHeapHardLimit", grew: "`dotnet-gcdump collect` shows what grew", fit: "set DOTNET_GCHeapHardLimit below it",
		workers: "Limits.MaxConcurrentConnections of Kestrel and the thread pool", idle: "Limits.KeepAliveTimeout of Kestrel", slow: "see where threads wait: `dotnet-stack report`",
	},
	// https://httpd.apache.org/docs/2.4/mod/mpm_common.html, mod_status.html
	"apache": {workers: "MaxRequestWorkers, ServerLimit and ListenBacklog of Apache", idle: "KeepAliveTimeout of Apache", slow: "see in server-status what its workers wait for (mod_status, ExtendedStatus)"},
	// https://nginx.org/en/docs/ngx_core_module.html
	"nginx": {workers: "worker_connections and worker_rlimit_nofile of the nginx behind it, and backlog of its listen"},
	// https://www.postgresql.org/docs/current/runtime-config-connection.html, monitoring-stats.html
	"postgres": {
		locks: "`SELECT pid, pg_blocking_pids(pid), state, query FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0`; lock_timeout bounds the wait",
		state: "see who holds connections and what they run: `SELECT * FROM pg_stat_activity`; compare max_connections with the pools of all its clients",
		fit:   "shared_buffers and work_mem times the connections must fit into it",
	},
	// https://dev.mysql.com/doc/refman/8.4/en/show-processlist.html
	"mysqld": {
		locks: "`SELECT * FROM sys.innodb_lock_waits`; innodb_lock_wait_timeout bounds the wait",
		state: "see who holds connections and what they run: `SHOW FULL PROCESSLIST`; compare max_connections with the pools of all its clients",
		fit:   "innodb_buffer_pool_size must fit into it",
	},
	// https://redis.io/docs/latest/commands/info/, .../develop/reference/eviction/
	"redis-server": {
		state: "ask Redis: `redis-cli INFO` (memory, clients, persistence) and `redis-cli SLOWLOG GET`",
		fit:   "set maxmemory and maxmemory-policy below it; a save needs room beside the data",
	},
	// https://www.mongodb.com/docs/manual/reference/method/db.currentOp/
	"mongod": {
		state: "see what it runs: `db.currentOp()`, `rs.status()`; compare maxPoolSize of the clients with its connections",
		fit:   "set storage.wiredTiger.engineConfig.cacheSizeGB below it",
	},
	// https://www.rabbitmq.com/docs/man/rabbitmq-diagnostics.8
	"rabbitmq": {state: "ask RabbitMQ: `rabbitmq-diagnostics status` and `rabbitmqctl list_queues` (alarms, unacknowledged messages)"},
	// https://www.elastic.co/guide/en/elasticsearch/reference/current/cluster-health.html
	"elasticsearch": {state: "ask Elasticsearch: `GET _cluster/health` and `GET _nodes/hot_threads`"},
	// https://docs.memcached.org/
	"memcached": {state: "ask memcached: stats (curr_connections, listen_disabled_num)"},
}

// aliases are other names of the same software, as processes and signatures have them.
var aliases = map[string]string{
	"phpfpm": "php-fpm", "php": "php-fpm", "nodejs": "node", "jvm": "java", "postgresql": "postgres", "psql": "postgres", "mysql": "mysqld", "mariadb": "mysqld",
	"mariadbd": "mysqld", "redis": "redis-server", "valkey-server": "redis-server", "mongodb": "mongod", "beam.smp": "rabbitmq", "rabbitmq-server": "rabbitmq",
	"apache2": "apache", "httpd": "apache",
}

// softwareOf returns the words of what the culprit is: the proof, which is of c, tells a
// technology, the culprit a process. A framework's words come before its runtime's.
func softwareOf(c *rules.Case, in *rules.Incident) software {
	var names []string
	for _, p := range in.Verdict.Proof {
		names = append(names, c.Evidence[p.Candidate].Hit.Signature.Technology)
	}
	names = append(names, in.Culprit.Process, in.Service)
	if socket := strings.Join(in.Upstreams, " "); strings.Contains(socket, "php") && strings.Contains(socket, "unix:") {
		names = append(names, "php-fpm") // its socket is called so
	}
	var s software
	for _, name := range names {
		name, _, _ = strings.Cut(path.Base(name), ".service")
		own, ok := servers[cmp.Or(aliases[name], name)]
		if !ok {
			continue
		}
		s.take(own)
		if name == "spring" || name == "tomcat" {
			s.take(servers["java"])
		}
		break
	}
	s.take(ofAnySoftware)
	return s
}

// take fills in what s has no words for.
func (s *software) take(other software) {
	s.memory, s.grew, s.fit = cmp.Or(s.memory, other.memory), cmp.Or(s.grew, other.grew), cmp.Or(s.fit, other.fit)
	s.timeout, s.workers, s.idle = cmp.Or(s.timeout, other.timeout), cmp.Or(s.workers, other.workers), cmp.Or(s.idle, other.idle)
	s.slow, s.state, s.locks = cmp.Or(s.slow, other.slow), cmp.Or(s.state, other.state), cmp.Or(s.locks, other.locks)
}
