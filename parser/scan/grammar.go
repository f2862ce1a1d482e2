package scan

import (
	"bytes"

	"culprit/parser"
)

// A lang is a grammar of records of several lines: the crash output of a language's
// runtime, a report of the kernel, a layout that spans lines.
type lang uint8

const (
	none               lang = iota
	oneLine                 // a crash word that nothing continues: Killed, Segmentation fault
	python                  // Traceback
	pyGroup                 // Exception Group Traceback
	pyFatal                 // Fatal Python error
	java                    // exception with its trace; .NET prints class lines alike
	jvmFatal                // # A fatal error has been detected
	golang                  // panic, fatal error, goroutine dump
	node                    // file:line, source, caret, stack
	nodeHeap                // Last few GCs … FATAL ERROR
	ruby                    // file:line:in
	rubyBug                 // [BUG]
	php                     // Stack trace, #n, thrown in
	lua                     // stack traceback
	dotnet                  // Unhandled exception.
	rust                    // thread '…' panicked at
	elixir                  // until an empty line
	cpp                     // terminate called, glibc's reports
	sanitizer               // ==pid==ERROR
	uwsgi                   // *** backtrace of pid ***
	oom                     // kernel: invoked oom-killer … Killed process
	auditEvent              // the records of one event of the audit log
	oops                    // kernel: BUG, WARNING … end trace
	postgres                // ERROR with DETAIL, HINT, STATEMENT
	nginxQuote              // an error line whose quoted stderr goes on
	nginxBroken             // an error line broken by hand
	varnish                 // a transaction of varnishlog
	nodeProxy               // a proxy's line in Node with the error behind it
	klogBlock               // output=<
	julHeader               // java.util.logging: the message is on the next line
	prettyJSON              // an object over several lines
	dmesgList               // dmesg -J: before the first element
	dmesgEntry              // one element of it
	itemList                // a list of objects, kubectl get -o json: before the first element
	listItem                // one element of it
	podContainer            // a container's part of kubectl describe
	inspectedContainer      // a container's members in docker inspect
	export                  // journalctl -o export
	verbose                 // journalctl -o verbose
	langCount
)

// A verdict says whether a line belongs to a record.
type verdict uint8

const (
	no           verdict = iota
	maybe                // yes, unless a format knows the line
	untilGateway         // yes, unless a gateway's format knows the line
	yes
)

// A grammar follows one record line by line.
type grammar struct {
	lang    lang // what is open; none when it has ended
	opened  lang // what was ever open
	phase   uint8
	n       int // lines since the last sure one
	entry   exportState
	backend backend
	expects bool // the report proper is still to come
}

func (g *grammar) reset() { *g = grammar{} }

// begin opens l with its first line.
func (g *grammar) begin(l lang, line []byte) {
	if l == none {
		return
	}
	*g = grammar{lang: l, opened: l}
	if l == oneLine {
		g.lang = none
	}
	if first := firsts[l]; first != nil {
		first(g, line)
	}
}

// end closes the grammar: nothing more but loose lines belongs to the record.
func (g *grammar) end() { g.lang = none }

// weakLines is how many lines in a row a grammar takes on trust.
const weakLines = 20

// step judges the next line of the record's stream.
func (g *grammar) step(line []byte) verdict {
	f := steps[g.lang]
	if f == nil {
		return no
	}
	v := f(g, line)
	if v == yes {
		g.n = 0
	} else if g.n++; g.n > weakLines && v == maybe {
		return no
	}
	return v
}

type stepFunc = func(g *grammar, line []byte) verdict

// steps judges a further line, by grammar.
var steps = [langCount]stepFunc{
	python: stepPython, pyGroup: stepPyGroup, pyFatal: stepPyFatal, java: stepJava, jvmFatal: stepJVMFatal, golang: stepGo,
	node: stepNode, nodeHeap: stepNodeHeap, ruby: stepRuby, rubyBug: stepRubyBug, php: stepPHP, dotnet: stepDotnet, lua: stepLua,
	rust: stepRust, elixir: stepElixir, cpp: stepCpp, sanitizer: stepSanitizer, uwsgi: stepUWSGI, oom: stepOOM, auditEvent: stepAudit,
	oops: stepOops, postgres: stepPostgres, nginxQuote: stepNginxQuote, nginxBroken: stepNginxBroken,
	varnish: stepVarnish, nodeProxy: stepNodeProxy, klogBlock: stepKlogBlock, julHeader: stepJUL, prettyJSON: stepPrettyJSON, export: stepExport, verbose: stepVerbose,
	dmesgEntry: stepDmesgEntry, listItem: stepListItem, podContainer: stepDescribed, inspectedContainer: stepInspected,
}

// firsts takes the first line into account, by grammar.
var firsts = [langCount]func(g *grammar, line []byte){
	python: firstPython, golang: firstGo, rust: firstRust, uwsgi: firstUWSGI, node: firstNode, postgres: firstPostgres, auditEvent: firstAudit, varnish: firstVarnish,
	inspectedContainer: firstInspected, listItem: firstListItem, nginxBroken: firstBroken,
}

// alsoFormat lists the grammars whose first line may be of a known format; the other
// openers are crash output, which no format may claim.
var alsoFormat = [langCount]bool{uwsgi: true, elixir: true, prettyJSON: true, php: true, julHeader: true}

// openers lists what lines of a format may open, by the format's name.
var openers = map[string]func(r *parser.Record, inner []byte) lang{
	"nginx-error":       opensNginx,
	"haproxy-access":    opensCutQuote,
	"traefik-log":       opensCutQuote,
	"apache-error":      opensCutConnect,
	"varnish-log":       opensVarnish,
	"node-proxy-error":  opensNodeProxy,
	"postgresql":        func(*parser.Record, []byte) lang { return postgres },
	"klog":              opensKlog,
	"java-util-logging": opensJUL,
	"kernel":            func(_ *parser.Record, inner []byte) lang { return opensKernel(inner) },
	"go-log":            opensGoLog,
	"audit":             func(*parser.Record, []byte) lang { return auditEvent },
}

func indented(line []byte) bool { return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') }

func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func hasAny(b []byte, prefixes ...string) bool {
	for _, s := range prefixes {
		if hasPrefix(b, s) {
			return true
		}
	}
	return false
}

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

// loose reports whether a line that no format knows goes on with s, which has no open
// grammar: it is indented, or the start of a trace that belongs to s's message.
func (s *slot) loose(line []byte) bool {
	if blank(line) {
		// org.apache.catalina.core.StandardWrapperValve: an empty line, and then the exception. Spring
		// Boot's WhitespaceThrowableProxyConverter writes one before every exception.
		spring := s.rec.Format != nil && s.rec.Format.Name == "spring-boot" && s.rec.Level >= parser.LevelWarn && !s.joined
		if !spring && !bytes.HasSuffix(s.rec.Message, []byte("] with root cause")) {
			return false
		}
		s.grammar.begin(java, line)
		s.grammar.phase = javaRoot
		return true
	}
	if indented(line) {
		return true
	}
	if s.rec.Kind == parser.KindGateway && brokenEntry(line) {
		s.grammar.begin(nginxBroken, line)
		return true
	}
	for _, t := range looseTraces[line[0]] {
		if hasPrefix(line, t.prefix) && (!t.error || s.troubled()) {
			s.grammar.begin(t.lang, line)
			return true
		}
	}
	return s.joined && (string(line) == "}" || string(line) == "]" || string(line) == ")" || string(line) == `"}`)
}

// A looseTrace begins behind the message of the record before it.
type looseTrace struct {
	prefix string
	lang   lang
	error  bool // only behind a record that reports trouble
}

// looseTraces by first byte.
var looseTraces = func() (by [256][]looseTrace) {
	for _, t := range []looseTrace{
		{"Caused by: ", java, false}, {"Suppressed: ", java, false}, {"Wrapped by: ", java, false},
		{"Stack trace:", php, false}, {"[stacktrace]", php, false}, {"#0 ", php, false},
		{"stack traceback:", lua, false},
		{"stack backtrace:", rust, false},
		{"Stacktrace:", java, true}, {"Backtrace:", java, true}, {"backtrace:", java, true},
		{"--- End of ", dotnet, false}, {"** (", elixir, true}, {"Last message:", elixir, true}, {"Last message (", elixir, true},
		{"Initial Call:", elixir, true}, {"State:", elixir, true}, {"Function:", elixir, true},
	} {
		by[t.prefix[0]] = append(by[t.prefix[0]], t)
	}
	return by
}()

// troubled reports whether s says that something went wrong, so that a trace right
// behind it is its own.
func (s *slot) troubled() bool {
	r := &s.rec
	if r.Kind == parser.KindGateway || r.Format != nil && r.Format.Role == parser.RoleGateway {
		return false
	}
	switch {
	case r.Level >= parser.LevelError, r.Level == parser.LevelWarn && r.Kind == parser.KindLog:
		return true
	case r.Kind == parser.KindAccess:
		return false
	}
	return contains(r.Message, "rror") || contains(r.Message, "xception") || contains(r.Message, "raceback") || contains(r.Message, "ailed")
}

// attaches reports whether a trace that could stand alone belongs to the record before
// it: the logger printed the message and then the trace.
func attaches(prev *slot, opened lang, line []byte) bool {
	if prev.grammar.opened != none && !prev.grammar.expects {
		return false
	}
	switch opened {
	case python:
		return hasPrefix(line, traceback) && (prev.grammar.expects || prev.troubled())
	case pyGroup:
		return prev.troubled()
	case java:
		return !hasPrefix(line, "Exception in thread") && prev.troubled()
	case elixir:
		return hasPrefix(line, "** (") && prev.troubled()
	case ruby:
		return prev.rec.Format != nil && prev.troubled()
	case golang:
		return hasPrefix(line, "goroutine ") && contains(prev.rec.Message, "panic")
	}
	return false
}
