package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var springBoot = parser.Format{
	Name:    "spring-boot",
	Gates:   []parser.Gate{{First: parser.Digits, All: "-:"}},
	Role:    parser.RoleApp,
	Product: "java",
	Doc:     "Spring Boot logback/defaults.xml: FILE_LOG_PATTERN",
	Parse:   text(parseSpringBoot),
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
	Gates:       []parser.Gate{{First: parser.Digits, All: "[]:"}},
	Role:        parser.RoleApp,
	Product:     "java",
	Doc:         "https://logback.qos.ch/manual/layouts.html, log4j PatternLayout: stamp, [thread] and level in either order, logger, dash, text",
	Parse:       text(parseLogback),
	HeadDecides: true,
}

// parseLogback reads stamp, level and [thread] in any order, a logger, and the text
// behind a dash; without a dash the logger must be dotted. Python's threads have names of
// their own.
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
			if _, isLevel := levelOf(bytes.TrimSpace(w)); isLevel || len(w) == 0 || isDigit(w[0]) || thread || isPythonThread(w) {
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
	Gates:   []parser.Gate{{First: parser.Digits, All: "[]:"}},
	Role:    parser.RoleApp,
	Product: "tomcat",
	Doc:     "org.apache.juli.OneLineFormatter",
	Parse:   text(parseTomcat),
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
	Gates:   []parser.Gate{{First: parser.Capitals, All: ":"}},
	Role:    parser.RoleApp,
	Product: "java",
	Doc:     "java.util.logging.SimpleFormatter: two lines, date class method, then LEVEL: text",
	Parse:   text(parseJUL),
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
	Gates:   []parser.Gate{{First: parser.Digits, All: ":"}},
	Role:    parser.RoleApp,
	Product: "jetty",
	Doc:     "org.eclipse.jetty.logging.StdErrAppender: stamp:LEVEL:logger:thread: text",
	Parse:   text(parseJetty),
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
	Gates:   []parser.Gate{{First: parser.Digits, All: "[]()"}},
	Role:    parser.RoleApp,
	Product: "wildfly",
	Doc:     "WildFly logging subsystem's pattern: %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p [%c] (%t) %s%e%n",
	Parse:   text(parseWildFly),
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
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "java",
	Doc:     "JEP 158, unified JVM logging: decorations in brackets",
	Parse:   text(parseJVM),
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
