package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// nginxAccess reads a finished request from the access log of nginx and of what is
// built on it, without being told the log_format.
//
// Four readers are tried: one JSON object (escape=json), the head that combined and
// most formats made from it share, any other order of fields by their shapes, and
// fields with one character between them. A named value is what its name says, in the
// words people use (nginx_access_names.go); the moment is any value that reads as one.
// All of them decide by the one line alone, so a file may change its format at any
// line. What a client chose never decides: its quotes are escaped (\x22), so quoted
// text ends where it seems to, and the referrer and user agent are never looked into.
//
// Applications write combined lines too (gunicorn, Apache); they parse, and whose
// they are is the reader's business.
//
// BenchmarkNginxAccess, one of two busy cores: combined 1,650 MB/s; with rt=… pairs
// 450 the general way and four times that by plainPairs, unnamed upstream fields 400,
// ingress-nginx 400, JSON 380; an error line is turned down in 25 ns. Nothing is allocated.
var nginxAccess = &parser.Format{
	Name:    "nginx-access",
	Gates:   []parser.Gate{{First: parser.Object}, {All: "0", Some: "\"=:_.\t|;", More: holdsStatus}},
	Role:    parser.RoleGateway,
	Product: "nginx",
	Doc:     "nginx src/http/modules/ngx_http_log_module.c, src/http/ngx_http_upstream.c (variables); https://nginx.org/en/docs/http/ngx_http_log_module.html",
	Parse:   parseNginxAccess,
	Again:   againNginxAccess,
}

func parseNginxAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < len(`22/Nov/2026:15:07:11 +0000 200`) {
		return false
	}
	// The envelope's stamp does not make a line an access line: applications behind
	// docker or syslog write requests without a stamp of their own.
	outer := r.Stamp
	r.Stamp = parser.Stamp{}
	ok := false
	if line[0] == '{' {
		ok = parseAccessJSON(line, env, r)
	} else {
		ok = parseCombinedAccess(line, env, r) || parseShapedAccess(line, env, r) || parseDelimitedAccess(line, env, r)
	}
	if !r.Stamp.Known() {
		ok = ok && outer.Known() // the envelope's stamp does, if the line names an upstream
		r.Stamp = outer
	}
	if ok {
		r.Kind = parser.KindAccess
	} else {
		r.Stamp = outer
	}
	return ok
}

// clfLength is the length of "22/Nov/2026:15:07:11 +0000", which nginx never varies.
const clfLength = 26

// parseCombinedAccess reads lines that begin as combined does, and what a format adds to it.
func parseCombinedAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	tail, ok := combinedHead(line, env, r)
	if !ok {
		return false
	}
	if !plainTail(tail, &r.Access, nil) {
		pos, quoted := opaque(tail)
		s := accessScan{line: tail, pos: pos, env: env, r: r, a: &r.Access, hasRequest: true, hasStatus: true, quoted: quoted}
		s.walk()
		s.settle()
	}
	return true
}

// combinedHead reads what combined begins with, and returns what stands behind it:
//
//	[vhost ]client - user [time ]"request" status bytes tail
//
// The first quote begins the request, for neither an address nor a user name can
// hold one; the stamp must stand right before it. So a user name that looks like a
// stamp moves nothing.
func combinedHead(line []byte, env *parser.Env, r *parser.Record) (tail []byte, ok bool) {
	if tail, ok := plainHead(line, env, r); ok {
		return tail, true
	}
	quote := bytes.IndexByte(line, '"')
	open := quote - len("[] ") - clfLength
	if open < len("c - u ") || line[open] != '[' || line[quote-2] != ']' || line[quote-1] != ' ' || line[open-1] != ' ' {
		return nil, false
	}
	if isLoggerHead(line) {
		return nil, false
	}
	stamp, ok := stampCLF(line[open+1:quote-2], env)
	if !ok {
		return nil, false
	}
	end := quotedEnd(line, quote+1)
	status, rest, ok := cutStatus(line[min(end+1, len(line)):])
	if !ok {
		return nil, false
	}
	r.Stamp = stamp
	a := &r.Access
	readClientAndHost(a, line[:open-1])
	a.Status = status
	setRequest(a, unescaped(env, line[quote+1:end]))
	return readBytes(a, rest), true
}

// stampCLF reads $time_local, the whole of a text; thousands of lines a second have the same.
func stampCLF(text []byte, env *parser.Env) (parser.Stamp, bool) {
	if stamp, again := env.Last.Of(text); again {
		return stamp, true
	}
	stamp, n, ok := timestamp.CLF(text)
	if !ok || n != clfLength || stamp.Clock != parser.ClockZoned {
		return parser.Stamp{}, false
	}
	env.Last.Keep(text, stamp)
	return stamp, true
}

// isLogged turns down an access line, with its stamp, behind what an application's own logger
// begins with (aiohttp.access, gunicorn's access log through logging): a gateway does not tell
// the moment twice in two layouts.
func isLogged(line []byte) bool {
	if !isLoggerHead(line) {
		return false
	}
	for rest := line[1:]; ; {
		open := bytes.IndexByte(rest, '[')
		if open < 0 {
			return false
		}
		rest = rest[open+1:]
		if _, _, ok := timestamp.CLF(rest); ok {
			return true
		}
	}
}

// isLoggerHead reports whether a line begins with a date and a time, or with INFO:logger:. No
// virtual host and no client is called so.
func isLoggerHead(b []byte) bool {
	n := 0
	for n < len("CRITICAL") && b[n]-'A' < 26 {
		n++
	}
	if n > 0 {
		return n >= len("INFO") && b[n] == ':' && !isDigit(b[n+1])
	}
	if b[0] == '[' {
		b = b[1:]
	}
	if b[10] != ' ' || !isDigit(b[0]) || !isDigit(b[9]) {
		return false
	}
	if isDigit(b[4]) { // 22-11-2026, and no 10.20.30.4
		return !isDigit(b[2]) && b[2] == b[5] && isDigit(b[6]) && isDigit(b[7]) && isDigit(b[8])
	}
	return b[4] == '-' && b[7] == '-'
}

// cutStatus reads ` 502` at the start of b: nginx pads to three digits, and logs 000
// for no answer begun and 009 for an answer without a header.
func cutStatus(b []byte) (status int16, rest []byte, ok bool) {
	if len(b) < 4 || b[0] != ' ' || !isStatus(b[1:4]) || len(b) > 4 && b[4] != ' ' {
		return 0, nil, false
	}
	return statusOf(b[1:4]), b[4:], true
}

// readBytes takes ` 157` or, from Apache for an empty body, ` -`.
func readBytes(a *parser.Access, b []byte) (rest []byte) {
	if len(b) < 2 {
		return b
	}
	end := wordEnd(b, 1)
	if n, ok := wholeNumber(b[1:end]); ok {
		a.Bytes = n
		return b[end:]
	}
	if end == 2 && b[1] == '-' {
		a.Bytes = 0
		return b[end:]
	}
	return b
}

// readClientAndHost reads what stands before the stamp: an optional virtual host,
// the client, its identity and user name. The client is the first word that is an
// address; without one (HostnameLookups, redaction) it is the word before the lone "-".
func readClientAndHost(a *parser.Access, head []byte) {
	end := wordEnd(head, 0)
	first := head[:end]
	if end == len(head) || isClientAddr(first) {
		a.Client = bareClient(first)
		return
	}
	next := wordEnd(head, end+1)
	second := head[end+1 : next]
	rest := head[min(next+1, len(head)):]
	third := rest[:wordEnd(rest, 0)]
	switch {
	case string(second) == "-":
		switch {
		case !isClientAddr(third):
		case bytes.HasPrefix(rest[len(third):], []byte(" - ")): // vhost - client - user
			a.Host, a.Client = first, bareClient(third)
			return
		case isDash(first): // X-Forwarded-For - client
			a.Client = third
			return
		}
	case isClientAddr(second) || string(third) == "-":
		a.Host, a.Client = first, bareClient(second)
		return
	}
	a.Client = bareClient(first)
}

// bareClient drops the comma of a forwarded-for list, whose first entry is the client.
func bareClient(word []byte) []byte {
	if n := len(word); n > 0 && word[n-1] == ',' {
		return word[:n-1]
	}
	return word
}

// setRequest splits a request line as nginx does: the method up to the first blank,
// the protocol from the last one, and all between is the target, blanks included
// (nginx took those until 1.21.1). What is no request line has neither: a TLS
// handshake on a plain port, "-", or nothing.
func setRequest(a *parser.Access, request []byte) {
	if len(request) == 0 || len(request) == 1 && request[0] == '-' {
		return
	}
	a.Request = request
	blank := bytes.IndexByte(request, ' ')
	if blank < 0 || !isMethod(request[:blank]) {
		return
	}
	target := request[blank+1:]
	if last := bytes.LastIndexByte(target, ' '); last >= 0 && bytes.HasPrefix(target[last+1:], []byte("HTTP/")) {
		target = target[:last]
	}
	a.Method, a.Target = request[:blank], target
}

// opaque skips the referrer and the user agent, if they are there.
func opaque(tail []byte) (pos, quoted int) {
	for ; quoted < opaqueQuoted && pos+1 < len(tail) && tail[pos] == ' ' && tail[pos+1] == '"'; quoted++ {
		pos = min(quotedEnd(tail, pos+2)+1, len(tail))
	}
	return pos, quoted
}

// plainTail reads what a format adds after combined's bytes, and reports whether that is nothing or
// plain pairs; else nothing has changed.
func plainTail(tail []byte, a *parser.Access, marks *parser.Marks) bool {
	pos, quoted := opaque(tail)
	rest := tail[pos:]
	return len(rest) == 0 || plainPairs(rest, quoted, a, marks) || len(bytes.TrimRight(rest, " ")) == 0
}

// holdsStatus reports whether three digits stand alone, as a status does.
func holdsStatus(line []byte) bool {
	for i := 2; i < len(line); i += 3 { // one of any three neighbours
		if !isDigit(line[i]) {
			continue
		}
		from, to := i, i+1
		for from > 0 && isDigit(line[from-1]) {
			from--
		}
		for to < len(line) && isDigit(line[to]) {
			to++
		}
		if to-from == 3 && (from == 0 || !inWord(line[from-1])) && (to == len(line) || !inWord(line[to])) {
			return true
		}
		i = max(i, to-2)
	}
	return false
}

// inWord reports whether c beside digits makes them a part of something else: an id, a
// path, a version.
func inWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' || c == '/' || c == '-' || c == '_'
}
