package scan

import "bytes"

const traceback = "Traceback (most recent call last):"

// A beginning is how crash output starts.
type beginning struct {
	text string
	lang lang
}

// beginnings by first byte. Sources: the runtimes' own sources, named by language.
var beginnings = func() (by [256][]beginning) {
	for _, b := range []beginning{
		// Python: traceback.py, threading.py, asyncio, faulthandler.c
		{traceback, python}, {"  + Exception Group Traceback", pyGroup}, {"Fatal Python error: ", pyFatal},
		{"Exception ignored in", python}, {"Exception in thread Thread-", python}, {"Exception in thread MainThread", python},
		{"Exception in thread ThreadPoolExecutor", python}, {"Task exception was never retrieved", python},
		// Go: runtime/panic.go, signal_unix.go
		{"panic: ", golang}, {"fatal error: ", golang}, {"runtime: ", golang}, {"goroutine ", golang},
		{"unexpected fault address ", golang}, {"SIGSEGV: ", golang}, {"SIGABRT: ", golang}, {"SIGQUIT: ", golang},
		{"SIGBUS: ", golang}, {"SIGFPE: ", golang}, {"SIGILL: ", golang}, {"SIGTRAP: ", golang}, {"WARNING: DATA RACE", golang},
		// JVM: javaClasses.cpp, debug.cpp, vmError.cpp
		{"Exception in thread \"", java}, {"Exception: ", java}, {"Exception in ", java},
		{"Terminating due to java.lang.", oneLine}, {"Aborting due to java.lang.", oneLine}, {"java.lang.OutOfMemoryError", java},
		{"OpenJDK 64-Bit Server VM warning: ", oneLine}, {"Java HotSpot(TM) 64-Bit Server VM warning: ", oneLine},
		{"# A fatal error has been detected", jvmFatal}, {"# There is insufficient memory", jvmFatal},
		{"# java.lang.OutOfMemoryError", jvmFatal}, {"# Fatal error in", jvmFatal},
		{"Error: Could not ", java}, {"Error occurred during initialization of VM", java},
		// Node, Bun, Deno: node.cc, node_errors.cc, V8
		{"<--- Last few GCs --->", nodeHeap}, {"<--- JS stacktrace --->", nodeHeap}, {"FATAL ERROR: ", nodeHeap},
		{"error: Uncaught", node}, {"Uncaught ", node}, {"(node:", node},
		// Ruby, PHP, .NET, Rust
		{"PHP Fatal error:  ", php}, {"Fatal error: ", php}, {"PHP Parse error:  ", php},
		{"Unhandled exception", dotnet}, {"Unhandled Exception", dotnet}, {"Process terminated. ", dotnet}, {"Fatal error.", dotnet}, {"Application: ", dotnet},
		{"thread '", rust}, {"thread \"", rust}, {"fatal runtime error: ", oneLine},
		// Erlang, Elixir
		{"=ERROR REPORT====", elixir}, {"=CRASH REPORT====", elixir}, {"=SUPERVISOR REPORT====", elixir},
		{"** (", elixir}, {"{\"init terminating in", oneLine},
		{"Runtime terminating during boot", oneLine}, {"Crash dump is being written to", oneLine}, {"eheap_alloc: ", oneLine},
		// C and C++: libstdc++, libc++abi, glibc, compiler-rt, shells
		{"terminate called ", cpp}, {"libc++abi: ", cpp}, {"*** stack smashing detected ***", cpp}, {"*** buffer overflow detected ***", cpp},
		{"*** Error in `", cpp}, {"*** glibc detected ***", cpp}, {"double free or corruption", cpp}, {"free(): ", cpp},
		{"malloc(): ", cpp}, {"munmap_chunk(): ", cpp}, {"corrupted ", cpp}, {"realloc(): ", cpp},
		{"Segmentation fault", oneLine}, {"Bus error", oneLine}, {"Illegal instruction", oneLine},
		{"Floating point exception", oneLine}, {"Aborted", oneLine}, {"Killed", oneLine}, {"Out of memory", oneLine},
		{"pure virtual method called", cpp},
		// journalctl's own remarks, which are no records (logs-show.c)
		{"-- Boot ", oneLine}, {"-- Reboot --", oneLine}, {"-- Journal begins at ", oneLine}, {"-- Logs begin at ", oneLine}, {"-- No entries --", oneLine},
		// uWSGI: core/uwsgi.c
		{"!!! uWSGI process ", uwsgi}, {"*** backtrace of ", uwsgi}, {"DAMN ! ", oneLine},
	} {
		by[b.text[0]] = append(by[b.text[0]], b)
	}
	return by
}()

// wholeWords are beginnings that only count if nothing else, or only a remark in
// brackets, follows: "Killed process 12" is the kernel's.
var wholeWords = map[string]bool{"Killed": true, "Aborted": true, "Bus error": true, "Illegal instruction": true, "Floating point exception": true}

// open returns what a line opens, whoever wrote the line before it; none for most. Lines
// that begin with a digit, a bracket or most other signs leave at once.
func open(line []byte) lang {
	if len(line) == 0 {
		return none
	}
	for _, b := range beginnings[line[0]] {
		if hasPrefix(line, b.text) && opensHere(b, line[len(b.text):]) {
			return b.lang
		}
	}
	switch c := line[0]; {
	case c == '{' && len(line) == 1:
		return prettyJSON
	case c == '=':
		if contains(line[:min(len(line), 12)], "==ERROR: ") || contains(line, "==ERROR: AddressSanitizer") {
			return sanitizer
		}
	case c == '/' || c == '.' || c == '<' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '[':
		return openPath(line)
	}
	return none
}

// opensHere checks what follows a beginning that has other uses too.
func opensHere(b beginning, rest []byte) bool {
	switch b.text {
	case "goroutine ":
		return len(rest) > 3 && rest[0] >= '0' && rest[0] <= '9' && bytes.IndexByte(rest, '[') > 0
	case "thread '", "thread \"":
		return contains(rest, "panicked at") || contains(rest, "has overflowed its stack")
	case "(node:":
		return contains(rest, "Warning: ") || contains(rest, "Error")
	case "Exception in ", "Exception: ", "Uncaught ":
		return contains(rest, "rror") || contains(rest, "xception")
	case "corrupted ":
		return hasAny(rest, "size vs. prev_size", "double-linked list", "unsorted chunks")
	case "runtime: ":
		return hasAny(rest, "out of memory", "goroutine stack exceeds", "program exceeds", "cannot", "failed", "may need", "unexpected")
	case "Application: ": // event 1026 of .NET Runtime
		return bytes.HasSuffix(rest, []byte(".exe")) && bytes.IndexByte(rest, ' ') < 0
	case "Out of memory":
		return len(rest) == 0 || rest[0] == '.' || rest[0] == '!'
	}
	if wholeWords[b.text] {
		return len(bytes.TrimSpace(rest)) == 0 || hasPrefix(rest, " (")
	}
	return true
}

// openPath recognises the openers that begin with a path or a class: Node's file:line,
// Ruby's file:line:in, a Java or .NET exception, [BUG].
func openPath(line []byte) lang {
	if line[0] == '[' {
		if hasPrefix(line, "[BUG] ") {
			return rubyBug
		}
		return none
	}
	if bytes.IndexByte(line, ':') < 0 { // most text
		if exceptionClass(line) {
			return java
		}
		return none
	}
	switch {
	case sourcePosition(line):
		return node
	case exceptionClass(line):
		return java
	case rubyPosition(line):
		if contains(line, "[BUG] ") {
			return rubyBug
		}
		return ruby
	}
	return none
}

// sourcePosition recognises the line that Node prints first: a file or an internal
// module, a colon, the line's number, and nothing else.
func sourcePosition(line []byte) bool {
	i := len(line)
	for i > 0 && line[i-1] >= '0' && line[i-1] <= '9' {
		i--
	}
	if i == len(line) || i < 2 || line[i-1] != ':' {
		return false
	}
	path := line[:i-1]
	if hasAny(path, "node:", "file://", "internal/", "evalmachine.", "[eval", "<anonymous", "webpack:") {
		return bytes.IndexByte(path, ' ') < 0
	}
	dot := bytes.LastIndexByte(path, '.')
	if dot < 0 || bytes.IndexByte(path[dot:], '/') >= 0 {
		return false
	}
	switch string(path[dot:]) {
	case ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx":
		return !contains(path, ": ")
	}
	return false
}

// exceptionClass recognises "pkg.Class: message" and "pkg.Class" where the class's name
// is that of an exception.
func exceptionClass(line []byte) bool {
	end, dot := 0, -1
	for end < len(line) && end < 160 {
		c := line[end]
		if c == '.' {
			dot = end
		} else if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '$') {
			break
		}
		end++
	}
	if dot <= 0 || end < len(line) && line[end] != ':' {
		return false
	}
	if end+1 < len(line) && line[end+1] != ' ' {
		return false
	}
	name := line[dot+1 : end]
	for _, suffix := range exceptionSuffixes {
		if bytes.HasSuffix(name, []byte(suffix)) {
			return name[0] >= 'A' && name[0] <= 'Z'
		}
	}
	return false
}

var exceptionSuffixes = []string{"Exception", "Error", "Throwable", "Death", "Failure", "Fault", "Exit"}

// rubyPosition recognises "app/models/x.rb:12:in `save'".
func rubyPosition(line []byte) bool {
	i := bytes.Index(line, []byte(":in "))
	if i < 3 || i+4 >= len(line) || line[i+4] != '`' && line[i+4] != '\'' {
		return bytes.Contains(line[:min(len(line), 200)], []byte(": [BUG] "))
	}
	return line[i-1] >= '0' && line[i-1] <= '9' && bytes.IndexByte(line[:i], ' ') < 0
}
