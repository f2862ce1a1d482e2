package scan

import "bytes"

// The traces of Node, Ruby, PHP, .NET, Elixir and Erlang.

const (
	nodeSource = iota // the source line is next
	nodeCaret         // up to the stack
	nodeStack
)

func firstNode(g *grammar, line []byte) {
	if !sourcePosition(line) {
		g.phase = nodeStack
	}
}

func stepNode(g *grammar, line []byte) verdict {
	if g.phase == nodeSource {
		g.phase = nodeCaret
		if open(line) == none || open(line) == node {
			return yes
		}
	}
	switch {
	case blank(line):
		return yes
	case hasPrefix(line, "Node.js v"), hasPrefix(line, "Bun v"):
		g.end()
		return yes
	case indented(line):
		if hasPrefix(bytes.TrimLeft(line, " \t"), "at ") {
			g.phase = nodeStack
		}
		return yes
	case string(line) == "}", string(line) == "{", string(line) == "]",
		hasAny(line, "Emitted 'error' event", "Thrown at:", "Require stack:", "- /", "(Use `node ", "[cause]", "^"):
		return yes
	case g.phase == nodeCaret && (open(line) == none || exceptionClass(line) || hasPrefix(line, "Uncaught ")):
		return maybe
	}
	return no
}

func stepNodeHeap(g *grammar, line []byte) verdict {
	switch {
	case blank(line), indented(line):
		return yes
	case hasAny(line, "<--- ", "FATAL ERROR: ", "----- Native stack trace", "----- JavaScript stack trace", "==== JS stack trace", "Security context:", "#", "Writing Node.js report", "Node.js report completed"):
		return yes
	case line[0] == '[' && contains(line, ":0x"):
		return yes
	case line[0] >= '0' && line[0] <= '9' && contains(line[:min(len(line), 8)], ": 0x"):
		return yes
	}
	return no
}

func stepRuby(g *grammar, line []byte) verdict {
	if indented(line) && !blank(line) || rubyPosition(line) {
		return yes
	}
	return no
}

func stepRubyBug(g *grammar, line []byte) verdict {
	if hasPrefix(line, "For details: ") {
		g.end()
		return yes
	}
	if blank(line) || indented(line) || rubyPosition(line) || hasAny(line, "-- ", "c:", "* ") || line[0] >= '0' && line[0] <= '9' {
		return yes
	}
	g.n = 0 // the report is as long as it is: memory maps, loaded features
	return maybe
}

func stepPHP(g *grammar, line []byte) verdict {
	switch {
	case hasPrefix(bytes.TrimLeft(line, " "), "thrown in "):
		g.end()
		return yes
	case string(line) == `"}`, string(line) == `"} `:
		g.end()
		return yes
	case indented(line) && !blank(line),
		hasAny(line, "Stack trace:", "PHP Stack trace:", "#", "Next ", "[stacktrace]", "[previous exception]"):
		return yes
	}
	return no
}

func stepDotnet(g *grammar, line []byte) verdict {
	if indented(line) && !blank(line) || hasAny(line, "--- End of ", "---> ", "at ", "CoreCLR Version: ", ".NET Version: ", "Framework Version: ", "Description: ", "Exception Info: ") || exceptionClass(line) && g.phase == 0 {
		return yes
	}
	return no
}

func stepElixir(g *grammar, line []byte) verdict {
	if blank(line) {
		g.end()
		return yes
	}
	if indented(line) {
		return yes
	}
	return maybe
}
