package scan

import "strings"

const (
	goLine   = "[catalog] 2026/11/22 15:03:23 request method=GET path=/ status=200 dur=6.219ms\n"
	javaLine = "2026-11-22 16:01:46.942 WARN  [http-exec-8] c.e.invoices.RateClient - retrying call to exchange-rates, attempt 1\n"
	pyError  = "[2026-11-22 15:07:26 +0000] [26169] [ERROR] Exception in worker process\n"
	pyInfo   = "[2026-11-22 15:07:26 +0000] [26169] [INFO] Worker exiting (pid: 26169)\n"
	phpLine  = "[22-Nov-2026 14:33:14 UTC] PHP Fatal error:  Uncaught RuntimeException: no cache in /srv/a.php:3\n"
	nginxPHP = `2026/11/22 15:23:31 [error] 8491#8491: *228 FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught RuntimeException: x in /srv/a.php:3` + "\n"
	nginxEnd = `  thrown in /srv/a.php on line 3" while reading response header from upstream, client: 198.51.100.14, server: cms.example.com, request: "GET /a HTTP/1.1", upstream: "fastcgi://unix:/run/php/f.sock:", host: "cms.example.com"` + "\n"
	nginxOne = `2026/11/22 15:23:32 [error] 8491#8491: *229 connect() failed (111: Connection refused) while connecting to upstream, client: 198.51.100.14, server: a, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:9001/", host: "a"` + "\n"
	pgLine   = "2026-11-22 15:10:26.444 UTC [29851] app@app ERROR:  duplicate key value violates unique constraint \"k\"\n"
	oomHead  = "Nov 22 15:01:59 web-1 kernel: [ 3759.873505] gunicorn invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
)

// stamped puts a prefix and the stamp of docker logs -t before each line.
func stamped(prefix, text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return prefix + "2026-11-22T14:30:00.123456789Z " + strings.Join(lines, "\n"+prefix+"2026-11-22T14:30:00.123456789Z ") + "\n"
}

// Traces as the runtimes print them, with the lines of a log before and behind. The
// grouping says how many lines each record has.
var traces = []struct{ name, text, want string }{
	{"go panic", goLine + "panic: runtime error: index out of range [3] with length 0\n\ngoroutine 160 [running]:\nmain.refreshPrices(...)\n\tshop.example/catalog/main.go:49\ncreated by main.main.func3 in goroutine 158\n\tshop.example/catalog/main.go:106 +0x597\n" + goLine, "1 7 1"},
	{"go panic with signal", "panic: runtime error: invalid memory address or nil pointer dereference [recovered]\n\tpanic: again\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a]\n\ngoroutine 1 [running]:\nmain.(*T).f(0x0, {0x1, 0x2})\n\t/srv/a.go:3 +0x1d\nexit status 2\n" + goLine, "8 1"},
	{"go panic with a message of two lines", "panic: config is wrong:\nmissing key database\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/a.go:3 +0x1d\n" + goLine, "6 1"},
	{"go fatal error", goLine + "runtime: out of memory: cannot allocate 4194304-byte block\nfatal error: out of memory\n\nruntime stack:\nruntime.throw({0x1, 0x2})\n\t/usr/lib/go/panic.go:1 +0x5\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/a.go:3 +0x1d\nrax    0x0\nrip    0x1\n" + goLine, "1 12 1"},
	{"http: panic serving", "2026/11/22 15:03:23 http: panic serving 127.0.0.1:4242: boom\ngoroutine 34 [running]:\nnet/http.(*conn).serve.func1()\n\t/usr/lib/go/server.go:1 +0xb0\npanic({0x1, 0x2})\n\t/usr/lib/go/panic.go:1 +0x5\n2026/11/22 15:03:24 next\n", "6 1"},
	{"java", javaLine + "java.lang.IllegalStateException: no pool\n\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\nCaused by: java.sql.SQLException: closed\n\t... 2 more\n" + javaLine, "6 1"},
	{"java, behind a servlet container's empty line", "2026-11-26T07:31:47.699-05:00 ERROR 3360 --- [io-8080-exec-98] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception [Request processing failed] with root cause\n\njava.sql.SQLException: closed\n\tat a.B.c(B.java:1)\n" + javaLine, "4 1"},
	{"an empty line and no exception", "2026-11-26T07:31:47.699-05:00 ERROR 3360 --- [io-8080-exec-98] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception [Request processing failed] with root cause\n\n" + javaLine + javaLine, "2 1 1"},
	{"_search of Elasticsearch", "{\n  \"took\": 12,\n  \"timed_out\": false,\n  \"hits\": {\n    \"total\": {\n      \"value\": 2,\n      \"relation\": \"eq\"\n    },\n    \"hits\": [\n      {\n        \"_index\": \"f\",\n        \"_source\": {\n          \"@timestamp\": \"2026-11-23T17:02:39.744Z\",\n          \"message\": \"panic: a\"\n        }\n      },\n      {\n        \"_index\": \"f\",\n        \"_source\": {\n          \"@timestamp\": \"2026-11-23T17:02:40.744Z\",\n          \"message\": \"panic: b\"\n        }\n      }\n    ]\n  }\n}\n", "9 7 10"},
	{"kubectl get events -o json", "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n        {\n            \"count\": 1,\n            \"involvedObject\": {\n                \"kind\": \"Node\"\n            },\n            \"lastTimestamp\": \"2026-11-26T12:48:16Z\",\n            \"message\": \"Killed process 16036 (node)\",\n            \"reason\": \"OOMKilling\"\n        },\n        {\n            \"lastTimestamp\": \"2026-11-26T12:48:17Z\",\n            \"message\": \"Started container web\"\n        }\n    ],\n    \"kind\": \"List\"\n}\n", "3 9 7"},
	{"java main", "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space\n\tat a.B.c(B.java:1)\n" + javaLine, "2 1"},
	{"java after a request", "2026-11-22 15:14:14.985 DEBUG [http-exec-4] c.e.payroll.RequestLog - GET /v2/accounts/764 200 904ms\nTerminating due to java.lang.OutOfMemoryError: Java heap space\n" + javaLine, "1 1 1"},
	{"jvm fatal error", "#\n# A fatal error has been detected by the Java Runtime Environment:\n#\n#  SIGSEGV (0xb) at pc=0x1, pid=1, tid=2\n#\n" + javaLine, "1 4 1"},
	{"java.util.logging", "Nov 22, 2026 2:34:06 PM a.B c\nSEVERE: failed\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\nNov 22, 2026 2:34:07 PM a.B c\nINFO: ok\n", "4 2"},
	{"python behind its logger's line", pyError + "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in f\n    worker.init_process()\nModuleNotFoundError: No module named 'pandas'\n" + pyInfo, "5 1"},
	{"python alone", pyInfo + "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in f\n    g()\nKeyboardInterrupt\n" + pyInfo, "1 4 1"},
	{"python chained", "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in g\npsycopg2.OperationalError: FATAL:  sorry, too many clients already\n\n" + pyInfo, "10 1"},
	{"python twice", "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'y'\n", "3 3"},
	{"python thread", pyInfo + "Exception in thread Thread-1 (f):\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\nValueError: x\n" + pyInfo, "1 4 1"},
	{"python group", "  + Exception Group Traceback (most recent call last):\n  |   File \"a.py\", line 1, in <module>\n  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: 1\n    +------------------------------------\n" + pyInfo, "6 1"},
	{"python cut short", "Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in f\n" + pyInfo, "2 1"},
	{"node", "{\"level\":30,\"time\":1795359751442,\"msg\":\"x\"}\n/srv/media/server.js:36\n    throw new Error('x');\n    ^\n\nError: S3 bucket policy missing\n    at Server.<anonymous> (/srv/media/server.js:36:44)\n    at Server.emit (node:events:524:28) {\n  code: 'E'\n}\n\nNode.js v20.20.2\n{\"level\":30,\"time\":1795359751443,\"msg\":\"y\"}\n", "1 11 1"},
	{"node eval", "<anonymous_script>:1\n{broken\n ^\n\nSyntaxError: Expected property name\n    at JSON.parse (<anonymous>)\n\nNode.js v20.20.2\n2026-11-22T15:06:10.058Z INFO up {}\n", "8 1"},
	{"node module", "node:internal/modules/cjs/loader:1210\n  throw err;\n  ^\n\nError: Cannot find module 'fastify'\nRequire stack:\n- /srv/notify/index.js\n    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: [ '/srv/notify/index.js' ]\n}\n\nNode.js v20.20.2\n2026-11-22T15:06:10.058Z INFO up {}\n", "13 1"},
	{"node heap", "2026-11-22T15:06:10.058Z INFO up {}\n<--- Last few GCs --->\n\n[2446:0x118a0bc0]    11888 ms: Mark-Compact 78.4 (103.7) -> 72.1 (105.7) MB\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n\n 1: 0xb78db3 node::OOMErrorHandler(char const*) [/usr/bin/node]\n10: 0x195e476  [/usr/bin/node]\n2026-11-22T15:06:11.058Z INFO up {}\n", "1 11 1"},
	{"ruby", "I, [2026-11-22T14:38:03.606916 #24446]  INFO -- : up\n/srv/a.rb:3:in `f': boom (RuntimeError)\n\tfrom /srv/a.rb:7:in `<main>'\nI, [2026-11-22T14:38:04.606916 #24446]  INFO -- : up\n", "1 2 1"},
	{"ruby bug", "/srv/a.rb:3: [BUG] Segmentation fault at 0x0\nruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]\n\n-- Control frame information ---\nc:0001 p:0000 s:0003 E:000d70 DUMMY\n\n[NOTE]\nYou may have encountered a bug in the Ruby interpreter.\nFor details: https://www.ruby-lang.org/bugreport.html\n\n" + pyInfo, "9 1 1"},
	{"php", phpLine + "Stack trace:\n#0 {main}\n  thrown in /srv/a.php on line 3\n[22-Nov-2026 14:33:15 UTC] PHP Warning:  x\n", "4 1"},
	{"dotnet", "Unhandled exception. System.InvalidOperationException: no\n ---> System.Exception: inner\n   at A.B() in /srv/A.cs:line 3\n   --- End of inner exception stack trace ---\n   at A.C()\n" + pyInfo, "5 1"},
	{"dotnet console", "fail: Microsoft.AspNetCore.Server.Kestrel[13]\n      Connection id \"0H\" threw\n      System.Exception: x\n         at A.B()\ninfo: Microsoft.Hosting.Lifetime[0]\n      Application is shutting down...\n", "4 2"},
	{"rust", "2026-11-22T14:30:00Z INFO up\n\nthread 'main' panicked at src/main.rs:2:5:\ncalled `Result::unwrap()` on an `Err` value\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n2026-11-22T14:30:01Z INFO up\n", "1 1 3 1"},
	{"rust with backtrace", "thread 'main' panicked at 'boom', src/main.rs:2:5\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/1/library/std/src/panicking.rs:1:5\nnote: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\ntext\n", "5 1"},
	{"c++", pyInfo + "terminate called after throwing an instance of 'std::runtime_error'\n  what():  boom\nAborted (core dumped)\n" + pyInfo, "1 2 1 1"},
	{"elixir", "14:43:38.557 [error] GenServer X terminating\n** (RuntimeError) boom\n    (app 0.1.0) lib/a.ex:1: A.f/1\nLast message: :x\nState: %{}\n\n14:43:39.557 [info] up\n", "6 1"},
	{"erlang", "=CRASH REPORT==== 22-Nov-2026::14:43:37.654284 ===\n  crasher:\n    pid: <0.1.0>\n\n=INFO REPORT==== 22-Nov-2026::14:43:38.654284 ===\n", "4 1"},
	{"uwsgi", "!!! uWSGI process 30701 got Segmentation Fault !!!\n*** backtrace of 30701 ***\nuwsgi(uwsgi_backtrace+0x2a) [0x55]\n/lib/x86_64-linux-gnu/libc.so.6(+0x3c) [0x7f]\n*** end of backtrace ***\nDAMN ! worker 1 (pid: 30701) died :( trying respawn ...\n", "5 1"},
	{"postgresql", pgLine + "2026-11-22 15:10:26.444 UTC [29851] app@app DETAIL:  Key (id)=(1) already exists.\n2026-11-22 15:10:26.444 UTC [29851] app@app STATEMENT:  insert into t\n\tvalues (1)\n2026-11-22 15:10:26.444 UTC [29852] app@app DETAIL:  of another backend\n2026-11-22 15:10:26.500 UTC [29663] LOG:  x\n", "4 1 1"},
	{"kernel oom", oomHead + strings.ReplaceAll(oomHead, "gunicorn invoked oom-killer: gfp_mask", "CPU: 0 Call") + "Nov 22 15:01:59 web-1 app[7]: text of another program\nNov 22 15:01:59 web-1 kernel: [ 3759.873783] Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:217708kB\nNov 22 15:01:59 web-1 kernel: [ 3759.9] oom_reaper: reaped process 22838 (gunicorn)\n", "3 1 1"},
	{"kernel oops", "[   10.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n[   10.000001] #PF: supervisor read access in kernel mode\n[   10.000002] Call Trace:\n[   10.000003]  <TASK>\n[   10.000004]  f+0x1/0x2\n[   10.000005] ---[ end trace 0000000000000000 ]---\n[   10.000006] eth0: link up\n", "6 1"},
	{"klog block", "E1122 14:30:00.123456    1234 pod_workers.go:1301] \"Probe failed\" output=<\n\tline one\n\tline two\n >\nI1122 14:30:01.123456    1234 x.go:1] \"ok\"\n", "4 1"},
	{"nginx stderr", nginxPHP + "Stack trace:\n#0 {main}\n" + nginxEnd + nginxOne, "4 1"},
	{"nginx lua", "2026/11/22 15:23:31 [error] 1#1: *2 lua entry thread aborted: runtime error: a.lua:1: x\nstack traceback:\ncoroutine 0:\n\t[C]: in function 'error'\n" + nginxOne, "4 1"},
	{"nginx at a screen's width", "2026/11/22 15:23:32 [error] 8491#8491: *229 connect() failed (111: Connection refuse\nd) while connecting to upstream, client: 198.51.100.14, server: a, request: \"GET /l\nist HTTP/1.1\", upstream: \"http://127.0.0.1:9001/list\", host: \"a\"\n" + nginxOne, "3 1"},
	{"nginx wrapped by a mailer", "2026/11/22 15:23:32 [error] 8491#8491: *229 upstream prematurely closed\n  connection while reading response header from upstream, client:\n  198.51.100.14, server: a, request: \"GET / HTTP/1.1\", upstream:\n  \"http://127.0.0.1:9001/\", host: \"a\"\n" + nginxOne, "4 1"},
	{"nginx cut, and somebody's words", "2026/11/22 15:23:32 [error] 8491#8491: *229 connect() failed (111: Connection refused) while connecting to upstr…\nany ideas?\n" + nginxOne, "1 1 1"},
	{"nginx broken by hand", "2026/11/22 15:23:32 [error] 8491#8491: *229 connect() failed (111: Connection refused) while connecting to upstream,\nclient: 198.51.100.14, server: a, request: \"GET / HTTP/1.1\",\nupstream: \"http://127.0.0.1:9001/\", host: \"a\"\n" + nginxOne, "3 1"},
	{"journal continuation", "Nov 22 14:16:27 host systemd-coredump[9]: Process 123 (app) of user 33 dumped core.\n                                          \n                                          Stack trace of thread 123:\n                                          #0  0x00007f raise (libc.so.6 + 0x1)\nNov 22 14:16:28 host systemd[1]: text\n", "4 1"},
	{"killed by the shell", goLine + "Killed\n" + goLine + "Segmentation fault (core dumped)\n", "1 1 1 1"},
	{"docker stack with stdout between", dockerLine("stderr", "00.1", "/srv/server.js:36") + dockerLine("stderr", "00.1", "    throw x") + dockerLine("stdout", "00.1", `{"level":30,"time":1795359751442,"msg":"x"}`) + dockerLine("stderr", "00.1", "    ^") + dockerLine("stderr", "00.1", "") + dockerLine("stderr", "00.1", "Error: x") + dockerLine("stderr", "05.0", "    at f (a.js:1:2)"), "5 1 1"},
	{"compose streams", "web-1  | Traceback (most recent call last):\ndb-1   | 2026-11-22 15:10:26.500 UTC [29663] LOG:  x\nweb-1  |   File \"a.py\", line 1, in f\nweb-1  | KeyError: 'x'\ndb-1   | 2026-11-22 15:10:27.500 UTC [29663] LOG:  y\n", "3 1 1"},
	{"docker logs -t", stamped("", "/srv/server.js:36\n    throw x\n    ^\n\nError: x\n    at f (/srv/server.js:36:1)\n\nNode.js v20.20.2\nup\n"), "8 1"},
	{"compose logs -t", stamped("web-1  | ", "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/a.go:3 +0x1d\n"), "5"},
	{"kubectl logs --timestamps --prefix", stamped("[pod/web-7d9f8b6c5d-x2x4z/app] ", "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a.py\", line 3, in g\nValueError: y\n"), "9"},
	{"crash inside another's envelope", "Nov 22 14:16:27 host app[7]: 2026/11/22 14:16:27 GET / 200\nNov 22 14:16:27 host app[7]: panic: boom\nNov 22 14:16:27 host app[7]: \nNov 22 14:16:27 host app[7]: goroutine 1 [running]:\nNov 22 14:16:27 host app[7]: main.main()\nNov 22 14:16:27 host app[7]: \t/srv/a.go:3 +0x1d\n", "1 5"},
	// What does not belong together.
	{"text behind an exception", "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'\nplain text\n", "3 1"},
	{"a level is no exception", "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nERROR: x\n", "2 1"},
	{"text behind a panic without goroutines", "panic: x\n\nplain text\n", "2 1"},
	{"text behind a rust message", "thread 'main' panicked at src/main.rs:2:5:\nboom\nplain text\n", "2 1"},
	{"java exception behind a healthy request", "203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] \"GET / HTTP/1.1\" 200 157 \"-\" \"curl/8\"\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\n", "1 2"},
	{"traceback of another process", "Nov 22 14:16:27 h app[7]: ERROR: failed\nNov 22 14:16:27 h app[8]: Traceback (most recent call last):\nNov 22 14:16:27 h app[7]: next\nNov 22 14:16:27 h app[8]:   File \"a.py\", line 1, in f\n", "1 2 1"},
	{"two oom reports", oomHead + oomHead, "1 1"},
	{"open quote and another format", nginxPHP + "Stack trace:\n203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl/8\"\n", "2 1"},
	{"panic behind a panic", "panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\npanic: y\n\ngoroutine 1 [running]:\n", "5 3"},
	{"journal remark", "-- Boot 8f2c4d0a6b1e4f7c9d3a5e6f70819203 --\nNov 22 14:16:27 h app[7]: x\n", "1 1"},
	{"blank lines are their own", goLine + "\n" + goLine, "1 1 1"},
}
