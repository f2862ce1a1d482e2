package scan

import (
	"bytes"

	"culprit/parser"
)

// Reports of the kernel, and records of servers that take several lines.

// opensKernel returns the report that a kernel line begins (mm/oom_kill.c, lib/bug.c,
// kernel/panic.c, kernel/hung_task.c).
func opensKernel(inner []byte) lang {
	switch {
	case contains(inner, " invoked oom-killer: "):
		return oom
	case hasAny(inner, "BUG: ", "WARNING: CPU: ", "------------[ cut here", "Oops: ", "general protection fault", "Unable to handle kernel",
		"Kernel panic", "watchdog: BUG: ", "INFO: task ", "rcu: INFO: ", "kernel BUG at", "stack segment", "divide error", "invalid opcode"):
		return oops
	}
	return none
}

// stepOOM takes every kernel line up to the one that names the victim.
func stepOOM(g *grammar, line []byte) verdict {
	if contains(line, " invoked oom-killer: ") {
		return no
	}
	if contains(line, "Killed process ") {
		g.end()
	}
	return yes
}

// stepOops takes the lines that look like parts of a trace.
func stepOops(g *grammar, line []byte) verdict {
	switch {
	case contains(line, "---[ end "):
		g.end()
		return yes
	case blank(line), indented(line), hasAny(line, oopsParts...):
		return yes
	case len(line) > 4 && line[0] >= 'A' && line[0] <= 'Z' && line[3] == ':' && line[4] == ' ': // RIP: RAX: R08:
		return yes
	}
	return no
}

var oopsParts = []string{
	"Call Trace:", "CPU: ", "Hardware name:", "Modules linked in:", "Code: ", "CR2: ", "FS: ", "CS: ", "DR0", "DR3", "PKRU: ", "RIP: ",
	"RSP: ", "EIP: ", "ESP: ", "EFLAGS", "PGD ", "P4D ", "Oops: ", "#PF: ", "Workqueue: ", "Tainted: ", "task:", "Comm: ", "Process ",
	"Stack:", "<TASK>", "</TASK>", "<IRQ>", "</IRQ>", "? ", "pc : ", "lr : ", "sp : ", "x", "pstate: ", "Internal error", "kernel BUG at",
	"WARNING: ", "BUG: ", "note: ", "\"echo 0 > /proc", "Not tainted", "------------[", "rcu: ", "NMI backtrace", "Sending NMI",
	"Kernel Offset", "general protection fault", "invalid opcode", "divide error",
}

// stepPostgres takes the lines of the same backend that go with the message: DETAIL,
// HINT, CONTEXT, STATEMENT, QUERY, LOCATION (elog.c, send_message_to_server_log).
func stepPostgres(g *grammar, line []byte) verdict {
	if indented(line) && !blank(line) {
		return yes
	}
	head := line[:min(len(line), 200)]
	end := bytes.Index(head, []byte(":  "))
	if end < 0 {
		return no
	}
	word := end
	for word > 0 && head[word-1] >= 'A' && head[word-1] <= 'Z' {
		word--
	}
	switch string(head[word:end]) {
	case "DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION":
		if g.backend.same(head[:word]) {
			return yes
		}
	}
	return no
}

func firstPostgres(g *grammar, line []byte) { g.backend.same(line[:min(len(line), 200)]) }

// stepAudit takes the records of the same event: who sent a signal stands in one, to whom in
// the next (SYSCALL, OBJ_PID, PROCTITLE, in whatever order the reader printed them).
func stepAudit(g *grammar, line []byte) verdict {
	if id := auditID(line); id != nil && g.backend.is(id) {
		return yes
	}
	return no
}

func firstAudit(g *grammar, line []byte) { g.backend.is(auditID(line)) }

// auditID is the stamp and serial of audit(1514202775.088:351).
func auditID(line []byte) []byte {
	head := line[:min(len(line), 200)]
	i := bytes.Index(head, []byte("audit("))
	if i < 0 {
		return nil
	}
	head = head[i+len("audit("):]
	return head[:max(bytes.IndexByte(head, ')'), 0)]
}

// A backend is the process of PostgreSQL, or the event of the audit log, whose lines are joined.
type backend struct {
	pid [28]byte
	n   int
}

// same remembers the first [pid] it sees and reports whether the line's is the same.
func (b *backend) same(head []byte) bool {
	i := bytes.IndexByte(head, '[')
	end := bytes.IndexByte(head[max(i, 0):], ']')
	if i < 0 || end < 0 {
		return true
	}
	return b.is(head[i+1 : i+end])
}

func (b *backend) is(id []byte) bool {
	if b.n == 0 {
		b.n = copy(b.pid[:], id)
		return true
	}
	return bytes.Equal(b.pid[:b.n], id[:min(len(id), len(b.pid))])
}

// opensNginx recognises an error line whose quoted text, or which itself, goes on in the next line.
func opensNginx(r *parser.Record, inner []byte) lang {
	if !hasPrefix(r.Message, "FastCGI sent in stderr: ") {
		if opensBroken(r, inner) {
			return nginxBroken
		}
		return none
	}
	if i := bytes.Index(inner, []byte(`sent in stderr: "`)); i >= 0 && !contains(inner[i:], `" while `) {
		return nginxQuote
	}
	return none
}

// longestCut is where an error line that goes on in the next one is broken at the latest: nginx
// itself cuts at 2048 bytes, and terminals, editors and mailers break sooner.
const longestCut = 400

// opensBroken recognises an error line of a request that ends in the middle: no quoted value is
// the last, or its quote is open. A line behind which somebody left something out is whole.
func opensBroken(r *parser.Record, inner []byte) bool {
	if r.Gateway.Connection == 0 || len(inner) > longestCut || r.Level < parser.LevelWarn || inner[0] == '{' {
		return false
	}
	end := bytes.TrimRight(inner, " ")
	if end[len(end)-1] == '"' && !openQuote(inner) {
		return false // nearly all
	}
	leftOut := bytes.HasSuffix(end, []byte("...")) || bytes.HasSuffix(end, []byte("…")) || bytes.HasSuffix(end, []byte(">"))
	return !leftOut && !contains(r.Message, "lua") // whose text goes on in lines of its own
}

// openQuote reports whether a quote is open at the end of text.
func openQuote(text []byte) bool { return bytes.Count(text, []byte(`"`))%2 == 1 }

// Phases of nginxBroken: what is known of the last line.
const (
	brokenByHand = iota // the entry may be whole
	brokenOff           // it ends outside of quotes, but not with one
	brokenQuote         // it ends inside of a quote
)

func firstBroken(g *grammar, line []byte) {
	switch {
	case openQuote(line):
		g.phase = brokenQuote
	case line[len(line)-1] != '"':
		g.phase = brokenOff
	}
}

// stepNginxQuote takes everything up to the closing quote, but no gateway's line.
func stepNginxQuote(g *grammar, line []byte) verdict {
	if contains(line, `" while `) {
		g.end()
	}
	g.n = 0
	return untilGateway
}

// stepNginxBroken takes the rest of an entry that was broken off, whatever it begins with, and
// behind a quote what can only be a further piece.
func stepNginxBroken(g *grammar, line []byte) verdict {
	if blank(line) {
		return no
	}
	at := g.phase
	if openQuote(line) == (at == brokenQuote) {
		g.phase = brokenOff
		if line[len(line)-1] == '"' {
			g.phase = brokenByHand
		}
	} else {
		g.phase = brokenQuote
	}
	switch {
	case indented(line), brokenEntry(line):
		return yes
	case at == brokenByHand || len(line) > longestCut || g.n >= brokenLines:
		return no
	}
	return maybe
}

// brokenLines is how many lines an entry of nginx takes on trust: 60 columns of its longest.
const brokenLines = longestCut / 60

// brokenEntry recognises a piece of an nginx error line that a person broke.
func brokenEntry(line []byte) bool {
	return hasAny(line, "client: ", "server: ", "request: \"", "upstream: \"", "host: \"", "referrer: \"", "while ", "(SSL: ") ||
		hasAny(line, ", client: ", ", server: ", ", request: \"", ", upstream: \"", ", host: \"") || brokenURL(line)
}

// brokenURL is the value of upstream, broken off behind its opening quote.
func brokenURL(line []byte) bool {
	return hasAny(line, "http://", "https://", "fastcgi://", "uwsgi://", "grpc://", "grpcs://", "scgi://")
}

// unwrap joins the pieces of an entry that was broken: as they are where all but the last are of
// one width, which is a screen's and no word's, else with the blank at which it was broken.
func unwrap(b, raw []byte) []byte {
	width := wrapWidth(raw)
	out := b[:0]
	for len(b) > 0 {
		end, full := lineLength(b), width > 0 && lineLength(raw) == width
		out = append(out, b[:end]...)
		b, raw = b[min(end+1, len(b)):], raw[min(lineLength(raw)+1, len(raw)):]
		if rest := bytes.TrimLeft(b, " \t"); len(rest) > 0 && (!full || brokenEntry(rest)) {
			b = rest
			out = bytes.TrimRight(out, " ")
			if b[0] != ',' && !brokenURL(b) {
				out = append(out, ' ')
			}
		}
	}
	return out
}

// wrapWidth is the width at which a screen broke a line, 0 if it was broken in another way. A line
// is one less where its blank at the end was lost.
func wrapWidth(raw []byte) int {
	width, last := lineLength(raw), 0
	for rest := raw; len(rest) > 0; {
		n := lineLength(rest)
		if last > 0 && last < width-1 || n > width+1 {
			return 0
		}
		width, last = max(width, n), n
		rest = rest[min(n+1, len(rest)):]
	}
	if width < narrowest {
		return 0
	}
	return width
}

const narrowest = 60 // of screens

// unbreak joins such pieces again and returns the shortened text: a blank stands where
// the line was broken, but none before a comma and none inside of a quote.
func unbreak(b []byte) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		rest := bytes.TrimLeft(b[i+1:min(len(b), i+60)], " \t")
		switch {
		case b[i] != '\n' || !brokenEntry(rest):
			out = append(out, b[i])
			continue
		case rest[0] == ',':
			out = bytes.TrimRight(out, " ")
		case !brokenURL(rest) && (len(out) == 0 || out[len(out)-1] != ' '):
			out = append(out, ' ')
		}
		i += len(b[i+1:min(len(b), i+60)]) - len(rest)
	}
	return out
}

// opensKlog recognises key=<, which a line " >" closes (klog, serialize.go).
func opensKlog(r *parser.Record, inner []byte) lang {
	if bytes.HasSuffix(inner, []byte("=<")) {
		return klogBlock
	}
	return none
}

func stepKlogBlock(g *grammar, line []byte) verdict {
	if hasPrefix(line, " >") {
		if !bytes.HasSuffix(line, []byte("=<")) {
			g.end()
		}
		return yes
	}
	g.n = 0
	return maybe
}

// opensGoLog recognises net/http's "http: panic serving", which a goroutine's trace follows.
func opensGoLog(r *parser.Record, inner []byte) lang {
	if contains(inner, "http: panic serving ") {
		return golang
	}
	return none
}

// opensJUL recognises the first of java.util.logging's two lines, which has the stamp; of a
// second line that stands alone the trace is told by its own words.
func opensJUL(r *parser.Record, _ []byte) lang {
	if r.Stamp.Known() {
		return julHeader
	}
	return none
}

// stepJUL takes "SEVERE: text" behind java.util.logging's header line, then a trace. Uvicorn fills
// a level up with blanks: that is a line of its own.
func stepJUL(g *grammar, line []byte) verdict {
	if g.phase == 0 && hasAny(line, "SEVERE: ", "WARNING: ", "INFO: ", "CONFIG: ", "FINE: ", "FINER: ", "FINEST: ") && !contains(line[:min(len(line), len("FINEST:  "))], ":  ") {
		g.phase = 1
		return yes
	}
	if g.phase == 1 && (exceptionClass(line) || stepJava(g, line) == yes) {
		return yes
	}
	return no
}
