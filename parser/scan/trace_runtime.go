package scan

import "bytes"

// The traces of Python, the JVM, Go, Rust and C++: what continues one, line by line.

const (
	pyFrames   = iota // inside the frames
	pyMessage         // behind the exception's own line
	pyExpected        // a header that a traceback follows
	pyChained         // behind "During handling of the above exception …"
)

func firstPython(g *grammar, line []byte) {
	if !hasPrefix(line, traceback) {
		g.phase, g.expects = pyExpected, true
	}
}

func stepPython(g *grammar, line []byte) verdict {
	switch {
	case blank(line):
		return yes
	case hasPrefix(line, traceback):
		if g.phase == pyExpected || g.phase == pyChained {
			g.phase, g.expects = pyFrames, false
			return yes
		}
		return no
	case hasPrefix(line, "During handling of the above exception"), hasPrefix(line, "The above exception was the direct cause"):
		g.phase = pyChained
		return yes
	case indented(line):
		return yes
	}
	switch g.phase {
	case pyExpected:
		if hasAny(line, "future: <", "task: <", "source_traceback") {
			return yes
		}
	case pyFrames:
		if pythonException(line) {
			g.phase = pyMessage
			return yes
		}
	case pyMessage:
		if hasAny(line, "DETAIL:", "HINT:", "CONTEXT:", "LINE ", "[SQL: ", "[SQL:", "[parameters: ", "(Background on this error at") {
			return yes
		}
	}
	return no
}

// pythonException recognises the line that ends a traceback: "pkg.Error: text" or the
// class alone. A level in its place is a logger's line.
func pythonException(line []byte) bool {
	end := 0
	for end < len(line) && (line[end] == '.' || line[end] == '_' || line[end] >= 0x80 || line[end] >= '0' && line[end] <= '9' ||
		line[end]|0x20 >= 'a' && line[end]|0x20 <= 'z') {
		end++
	}
	if end == 0 || line[0] >= '0' && line[0] <= '9' || open(line) == oneLine {
		return false
	}
	if end < len(line) && (line[end] != ':' || end+1 < len(line) && line[end+1] != ' ') {
		return false
	}
	switch string(line[:end]) {
	case "DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTICE":
		return false
	}
	return true
}

func stepPyGroup(g *grammar, line []byte) verdict {
	if blank(line) || indented(line) {
		return yes
	}
	return no
}

func stepPyFatal(g *grammar, line []byte) verdict {
	if blank(line) || indented(line) || hasAny(line, "Current thread ", "Thread 0x", "Python runtime state:", "Extension modules:",
		"Current thread's C stack trace", "<no Python frame>") {
		return yes
	}
	return no
}

// javaRoot is the phase in which the exception's own line is still to come.
const javaRoot = 1

func stepJava(g *grammar, line []byte) verdict {
	if g.phase == javaRoot {
		g.phase = 0
		if class, _, _ := bytes.Cut(line, []byte(":")); bytes.HasSuffix(class, []byte("Exception")) || bytes.HasSuffix(class, []byte("Error")) {
			return yes
		}
		g.end()
		return no
	}
	if indented(line) && !blank(line) || hasAny(line, "Caused by: ", "Suppressed: ", "Wrapped by: ", "[CIRCULAR REFERENCE", "... ", " ---> ", "--- End of ", reactorSite, "Stack trace:", "Original Stack Trace:") {
		return yes
	}
	return no
}

// reactorSite stands between an exception and what Reactor's FluxOnAssembly tells of where it came
// by; its own frames stand behind another heading.
const reactorSite = "Error has been observed at the following site(s):"

// stepLua takes the stack of nginx's Lua; the error line's context stands behind it.
func stepLua(g *grammar, line []byte) verdict {
	if indented(line) && !blank(line) || hasAny(line, "coroutine ", "stack traceback:") {
		return yes
	}
	return no
}

func stepJVMFatal(g *grammar, line []byte) verdict {
	if len(line) > 0 && line[0] == '#' {
		return yes
	}
	return no
}

const (
	goMessage = iota // the panic's text, which may have many lines
	goStacks         // behind it
)

func firstGo(g *grammar, line []byte) {
	if hasPrefix(line, "goroutine ") {
		g.phase = goStacks
	}
}

func stepGo(g *grammar, line []byte) verdict {
	switch {
	case blank(line):
		g.phase = goStacks // only goroutines follow an empty line
		return yes
	case line[0] == '\t':
		return yes
	case hasPrefix(line, "goroutine "):
		g.phase = goStacks
		return yes
	case hasAny(line, "created by ", "[signal ", "[recovered", "...additional frames elided", "exit status ", "runtime stack:", "runtime.", "runtime: ", "PC=",
		"stack: frame=", "stack trace:", "Previous ", "Goroutine ", "=====", "  "), goCall(line), register(line):
		return yes
	case g.phase == goMessage && hasPrefix(line, "fatal error: "):
		return yes
	case g.phase == goMessage && open(line) == none:
		return maybe
	}
	return no
}

// goCall recognises a frame's function: main.(*Server).serve(0xc000, {0x1, 0x2}).
func goCall(line []byte) bool {
	if line[len(line)-1] != ')' {
		return false
	}
	i := bytes.IndexByte(line, '(')
	return i > 0 && bytes.IndexByte(line[:i], ' ') < 0 && (bytes.IndexByte(line[:i], '.') > 0 || string(line[:i]) == "panic")
}

// register recognises "rax    0x0".
func register(line []byte) bool {
	i := bytes.IndexByte(line, ' ')
	return i > 0 && i <= 7 && hasPrefix(bytes.TrimLeft(line[i:], " "), "0x")
}

const (
	rustMessage = iota
	rustTrace
)

func firstRust(g *grammar, line []byte) {
	if len(line) > 0 && line[len(line)-1] != ':' {
		g.phase = rustTrace // before Rust 1.73 the message stood in the header
	}
}

func stepRust(g *grammar, line []byte) verdict {
	switch {
	case hasPrefix(line, "note: "), hasPrefix(line, "stack backtrace:"):
		g.phase = rustTrace
		return yes
	case indented(line) && !blank(line):
		return yes
	case g.phase == rustMessage && open(line) == none:
		g.phase = rustTrace // one line; more are indented
		return maybe
	}
	return no
}

func stepCpp(g *grammar, line []byte) verdict {
	if indented(line) && !blank(line) || hasAny(line, "======= Backtrace", "======= Memory map", "/lib/", "/usr/lib", "/lib64/", "[0x") || memoryMap(line) {
		return yes
	}
	return no
}

// memoryMap recognises a line of glibc's memory map: 00400000-0040b000 r-xp ….
func memoryMap(line []byte) bool {
	i := bytes.IndexByte(line, '-')
	return (i == 8 || i == 12) && len(line) > 2*i+6 && line[2*i+1] == ' ' && (line[2*i+2] == 'r' || line[2*i+2] == '-')
}

func stepSanitizer(g *grammar, line []byte) verdict {
	if blank(line) || indented(line) || hasAny(line, "==", "SUMMARY: ", "Shadow byte", "=>", "freed by ", "previously allocated ", "allocated by ", "0x", "READ of ", "WRITE of ", "HINT: ", "AddressSanitizer ") {
		return yes
	}
	return no
}

func stepUWSGI(g *grammar, line []byte) verdict {
	switch {
	case hasPrefix(line, "*** backtrace of ") && g.phase == 0:
		g.phase = 1
		return yes
	case hasPrefix(line, "*** end of backtrace ***"):
		g.end()
		return yes
	case hasPrefix(line, "!!!"), hasPrefix(line, "DAMN"), hasPrefix(line, "Respawned"):
		return no
	case g.phase == 1 || contains(line, "(+0x") || contains(line, ") [0x"):
		return maybe
	}
	return no
}

func firstUWSGI(g *grammar, line []byte) {
	if hasPrefix(line, "*** backtrace") {
		g.phase = 1
	}
}
