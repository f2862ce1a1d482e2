package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var springBoot = parser.Format{
	Name:    "spring-boot",
	Role:    parser.RoleApp,
	Product: "java",
	Doc:     "Spring Boot logback/defaults.xml: FILE_LOG_PATTERN",
	Parse:   text(parseSpringBoot),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22T14:42:05.123Z  INFO 1234 --- [shop] [main] o.s.b.w.e.tomcat.TomcatWebServer  : Tomcat started on port 8080 (http) with context path '/'`,
			Want: `time=2026-11-22T14:42:05.123Z level=info program=shop pid=1234 msg="Tomcat started on port 8080 (http) with context path '/'"`,
		},
		{
			Line: `2026-11-22 14:42:05.123 ERROR 1234 --- [nio-8080-exec-7] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() threw exception`,
			Want: `time=2026-11-22T14:42:05.123 level=error pid=1234 msg="Servlet.service() threw exception"`,
		},
	},
}

// parseSpringBoot reads stamp LEVEL pid --- [app] [thread] logger : text.
func parseSpringBoot(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.blanks() || !in.level("", r) || !in.blanks() || !in.pid(r) || !in.lit(" --- ") {
		return false
	}
	var last []byte
	for brackets := 0; ; brackets++ {
		thread, ok := in.bracket()
		if !ok {
			break
		}
		if brackets == 1 && isName(last) {
			keep(&r.Program, last)
		}
		last = bytes.TrimSpace(thread)
		in.blanks()
	}
	_, ok := in.until(": ")
	return ok && in.message(r)
}

var logback = parser.Format{
	Name:        "logback",
	Role:        parser.RoleApp,
	Product:     "java",
	Doc:         "https://logback.qos.ch/manual/layouts.html, log4j PatternLayout: stamp, [thread] and level in either order, logger, dash, text",
	Parse:       text(parseLogback),
	HeadDecides: true,
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 15:14:14.985 DEBUG [http-exec-4] c.e.payroll.RequestLog - GET /v2/accounts/764 200 904ms`,
			Want: `time=2026-11-22T15:14:14.985 level=debug method=GET target=/v2/accounts/764 status=200 duration=904000 msg="GET /v2/accounts/764 200 904ms"`,
		},
		{
			Line: `2026-11-22 16:01:39.588 WARN  [http-exec-4] c.e.invoices.RateClient - retrying call to exchange-rates, attempt 1`,
			Want: `time=2026-11-22T16:01:39.588 level=warn msg="retrying call to exchange-rates, attempt 1"`,
		},
		{
			Line: `14:30:00.123 [main] ERROR c.e.App -- no`,
			Want: `time=14:30:00.123 level=error msg=no`,
		},
		{
			Line: `2026-11-22 14:30:00,123 ERROR [pool-1-thread-1] com.example.Shop - no`,
			Want: `time=2026-11-22T14:30:00.123 level=error msg=no`,
		},
		{
			Line: `2026-11-22 14:30:00,123 [main] INFO com.example.Shop (Shop.java:12) - yes`,
			Want: `time=2026-11-22T14:30:00.123 level=info msg=yes`,
		},
		{
			Line: `2026-11-22 14:30:00,123 ERROR com.example.Shop [main] no`,
			Want: `time=2026-11-22T14:30:00.123 level=error msg=no`,
		},
	},
}

// parseLogback reads stamp, level and [thread] in any order, a logger, and the text
// behind a dash; without a dash the logger must be dotted.
func parseLogback(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) && !in.stamp(timeOfDay, r) {
		return false
	}
	level, thread := false, false
	var logger []byte
	for range 3 {
		if !in.blanks() {
			return false
		}
		if w, ok := in.bracket(); ok {
			if _, isLevel := levelOf(bytes.TrimSpace(w)); isLevel || len(w) == 0 || isDigit(w[0]) || thread {
				return false
			}
			thread = true
		} else if !level && in.upperLevel("", r) {
			level = true
		} else if logger == nil {
			if logger = in.word(); !isName(logger) || hasSuffix(logger, ":") {
				return false
			}
		} else {
			return false
		}
	}
	if !level || !thread || logger == nil {
		return false
	}
	in.blanks()
	if in.peek() == '(' {
		in.until(")")
		in.blanks()
	}
	if in.lit("- ") || in.lit("-- ") || in.lit(": ") || bytes.IndexByte(logger, '.') > 0 {
		return in.message(r)
	}
	return false
}

var tomcat = parser.Format{
	Name:    "tomcat",
	Role:    parser.RoleApp,
	Product: "tomcat",
	Doc:     "org.apache.juli.OneLineFormatter",
	Parse:   text(parseTomcat),
	Samples: []parser.Sample{
		{
			Line: `22-Nov-2026 14:42:05.123 INFO [main] org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler ["http-nio-127.0.0.1-8080"]`,
			Want: `time=2026-11-22T14:42:05.123 level=info msg="Starting ProtocolHandler [\"http-nio-127.0.0.1-8080\"]"`,
		},
		{
			Line: `22-Nov-2026 14:42:05.123 SEVERE [http-nio-8080-exec-3] org.apache.catalina.core.StandardWrapperValve.invoke Servlet.service() threw exception`,
			Want: `time=2026-11-22T14:42:05.123 level=error msg="Servlet.service() threw exception"`,
		},
	},
}

// parseTomcat reads stamp LEVEL [thread] class.method text.
func parseTomcat(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(timestamp.DMY, r) || !in.lit(" ") || !in.level("", r) || !in.blanks() {
		return false
	}
	if _, ok := in.bracket(); !ok || !in.lit(" ") {
		return false
	}
	in.word()
	return in.message(r)
}

var jul = parser.Format{
	Name:    "java-util-logging",
	Role:    parser.RoleApp,
	Product: "java",
	Doc:     "java.util.logging.SimpleFormatter: two lines, date class method, then LEVEL: text",
	Parse:   text(parseJUL),
	Samples: []parser.Sample{
		{
			Line: `Nov 22, 2026 2:34:06 PM org.apache.catalina.core.StandardService startInternal`,
			Want: `time=2026-11-22T14:34:06 msg="org.apache.catalina.core.StandardService startInternal"`,
		},
		{
			Line: `SEVERE: Servlet.service() for servlet [x] threw exception`,
			Want: `level=error msg="Servlet.service() for servlet [x] threw exception"`,
		},
	},
}

// parseJUL reads either line. The level words here are those that only this logger
// has; INFO and WARNING lines are uvicorn's too, and read the same.
func parseJUL(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if in.stamp(timestamp.TwelveHour, r) {
		return isLetter(line[0]) && in.lit(" ") && in.message(r)
	}
	if !hasPrefix(line, "SEVERE: ") && !hasPrefix(line, "FINE: ") && !hasPrefix(line, "FINER: ") && !hasPrefix(line, "CONFIG: ") {
		return false
	}
	return in.level(":", r) && in.lit(": ") && in.message(r)
}

var jetty = parser.Format{
	Name:    "jetty",
	Role:    parser.RoleApp,
	Product: "jetty",
	Doc:     "org.eclipse.jetty.logging.StdErrAppender: stamp:LEVEL:logger:thread: text",
	Parse:   text(parseJetty),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 14:30:00.123:INFO:oejs.Server:main: Started Server@1f{STARTING}[11.0.18,sto=0] @1052ms`,
			Want: `time=2026-11-22T14:30:00.123 level=info msg="Started Server@1f{STARTING}[11.0.18,sto=0] @1052ms"`,
		},
	},
}

// parseJetty reads stamp:LEVEL:logger:thread: text.
func parseJetty(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit(":") || !in.level(":", r) || !in.lit(":") {
		return false
	}
	_, ok := in.until(": ")
	return ok && in.message(r)
}

var wildfly = parser.Format{
	Name:    "wildfly",
	Role:    parser.RoleApp,
	Product: "wildfly",
	Doc:     "WildFly logging subsystem's pattern: %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p [%c] (%t) %s%e%n",
	Parse:   text(parseWildFly),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 14:30:00,123 INFO  [org.wildfly.extension.undertow] (MSC service thread 1-2) WFLYUT0006: Undertow HTTP listener default listening on 127.0.0.1:8080`,
			Want: `time=2026-11-22T14:30:00.123 level=info msg="WFLYUT0006: Undertow HTTP listener default listening on 127.0.0.1:8080"`,
		},
		{
			Line: `14:30:00,123 ERROR [org.jboss.as] (Controller Boot Thread) WFLYSRV0026: started (with errors)`,
			Want: `time=14:30:00.123 level=error msg="WFLYSRV0026: started (with errors)"`,
		},
	},
}

// parseWildFly reads stamp LEVEL [logger] (thread) text; Quarkus has the same.
func parseWildFly(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) && !in.stamp(timeOfDay, r) || !in.lit(" ") || !in.level("", r) || !in.blanks() {
		return false
	}
	if _, ok := in.bracket(); !ok || !in.lit(" (") {
		return false
	}
	_, ok := in.until(") ")
	return ok && in.message(r)
}

var jvm = parser.Format{
	Name:    "jvm",
	Role:    parser.RoleApp,
	Product: "java",
	Doc:     "JEP 158, unified JVM logging: decorations in brackets",
	Parse:   text(parseJVM),
	Samples: []parser.Sample{
		{
			Line: `[2026-11-22T14:30:00.123+0000][warning][os,thread] Failed to start thread "Unknown thread" with pthread_create (EAGAIN)`,
			Want: `time=2026-11-22T14:30:00.123Z level=warn msg="[os,thread] Failed to start thread \"Unknown thread\" with pthread_create (EAGAIN)"`,
		},
		{
			Line: `[0.123s][info][gc] GC(12) Pause Full (Allocation Failure) 254M->254M(256M) 312.5ms`,
			Want: `uptime=0.123 level=info msg="[gc] GC(12) Pause Full (Allocation Failure) 254M->254M(256M) 312.5ms"`,
		},
		{
			Line: `[2026-11-22T14:30:00.123+0000][12.345s][412][info ][gc          ] GC(3) Pause Young`,
			Want: `time=2026-11-22T14:30:00.123Z level=info pid=412 msg="[gc          ] GC(3) Pause Young"`,
		},
	},
}

// parseJVM reads decorations in any number: stamp, uptime, pid, level; the tags stay
// in the text.
func parseJVM(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	level := false
	for parts := 0; parts < 8 && !level; parts++ {
		w, ok := in.bracket()
		if !ok || len(w) == 0 {
			return false
		}
		w = bytes.TrimSpace(w)
		if s, n, ok := timestamp.ISO(w); ok && n == len(w) {
			r.Stamp = Prefer(r.Stamp, s)
		} else if s, n, ok := timestamp.Uptime(w); ok && n == len(w)-1 && w[n] == 's' {
			r.Stamp = Prefer(r.Stamp, s)
		} else if pid, ok := wholeNumber(w); ok {
			tellPID(r, pid)
		} else if l, ok := levelOf(w); ok && parts > 0 {
			tellLevel(r, l)
			level = true
		} else {
			return false
		}
	}
	return level && r.Stamp.Known() && in.peek() == '[' && in.message(r)
}
