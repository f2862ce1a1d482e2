package applog

import (
	"bytes"

	"culprit/parser"
)

// maxRequestBytes bounds how far into a message a request is looked for.
const maxRequestBytes = 1024

// FindRequest reports whether an application's message says that one HTTP request
// was finished, and if so fills a's Method, Target, Status (0 if not told), Client,
// Bytes and Duration (microseconds) as far as they are there. The slices are parts
// of msg. A mere mention of a request (a start line, an error about one, an outgoing
// call) is none: a status or a duration must follow where a request log has it.
//
// Known forms: `GET /x 200 28ms` (morgan, Spring, Rails' kin), `"GET /x HTTP/1.1"
// 200 12` (common log format, uvicorn, Werkzeug, Django), `| 200 | 1ms | ip | GET
// "/x"` (Gin, Fiber), `GET /x => generated 12 bytes in 3 msecs (HTTP/1.1 200)`
// (uWSGI), `Request finished HTTP/1.1 GET http://h/x - 200` (ASP.NET), and key=value
// pairs in any order, all of them or those behind the path: `GET /x status=200 dur=3ms`. Rails'
// `Started GET "/x" for 192.0.2.7 at …` is taken too, as the one line of a request that names it.
func FindRequest(msg []byte, a *parser.Access) bool {
	if i := bytes.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	msg = msg[:min(len(msg), maxRequestBytes)]
	start, end := findMethod(msg)
	if start < 0 {
		return false
	}
	if start > 0 && (msg[start-1] == '=' || start > 1 && msg[start-1] == '"' && msg[start-2] == '=') {
		return pairsRequest(msg, a)
	}
	return wordsRequest(msg, start, end, a)
}

// findMethod returns where the first method word stands, -1 if there is none. A method has
// three letters at least, so it is enough to look at every third byte: to look at each took
// 6 % of an application log's time.
func findMethod(msg []byte) (start, end int) {
	for at := 2; at < len(msg); at += 3 {
		if !methodHead[msg[at]] {
			continue
		}
		for i := at - 2; i <= at; i++ {
			if n := parser.MethodAt(msg, i); n > 0 {
				return i, i + n
			}
		}
	}
	return -1, 0
}

// methodHead are the first three letters of all methods.
var methodHead = func() (is [256]bool) {
	for _, m := range parser.Methods {
		for i := range 3 {
			is[m[i]] = true
		}
	}
	return is
}()

// pairsRequest reads a request told by key=value pairs.
func pairsRequest(msg []byte, a *parser.Access) bool {
	var q request
	w := pairWalk{rest: msg}
	for w.next() {
		if !w.pair {
			if i := bytes.IndexByte(w.name, '{'); i >= 0 { // tracing's span: request{method=GET
				w.rest = msg[len(msg)-len(w.rest)-len(w.name)+i+1:]
			}
			continue
		}
		var k key
		k.push(w.name)
		q.add(k.norm[:k.m], trimmed(w.value))
	}
	return q.finished(a)
}

// trimmed drops the comma or bracket that prose puts behind a value.
func trimmed(v value) value {
	v.raw = bytes.TrimRight(v.raw, ",:;)}]")
	return v
}

// wordsRequest reads a request whose method stands at msg[start:end].
func wordsRequest(msg []byte, start, end int, a *parser.Access) bool {
	before, b := msg[:start], msg[end:]
	if bytes.HasSuffix(before, railsStart) {
		return startedRequest(msg[start:end], b, a)
	}
	if len(b) == 0 || isLetter(b[0]) || outgoing(before) {
		return false
	}
	w := tail{rest: b}
	w.separators()
	target := w.target()
	if target == nil {
		return false
	}
	found := parser.Access{Method: msg[start:end], Duration: -1, Bytes: -1}
	if target[0] != '/' && target[0] != '*' {
		if !w.protocolAhead() && !hasPrefix(msg, "Request finished") {
			return false // a client's log names the whole address
		}
		target = pathOf(target)
	}
	found.Target = target
	w.leading(before, &found)
	if !w.outcome(&found) && !w.pairs(&found) {
		return false
	}
	if found.Status == 0 {
		found.Status = w.status // a duration follows the target: else it may be a pid, or a count
	}
	if found.Client == nil {
		found.Client = clientIn(before)
	}
	a.Method, a.Target, a.Status, a.Client = found.Method, found.Target, found.Status, found.Client
	a.Duration, a.Bytes = found.Duration, found.Bytes
	return true
}

var (
	railsStart  = []byte("Started ")
	railsClient = []byte(` for `)
	railsTime   = []byte(` at `)
)

// startedRequest reads what follows the method in Rails' line of a request that began, which names
// no status: the line that does, "Completed 200 OK in 90ms", names no request
// (railties lib/rails/rack/logger.rb).
func startedRequest(method, b []byte, a *parser.Access) bool {
	in := input{b}
	if !in.lit(` "`) || len(in.rest) == 0 || in.rest[0] != '/' {
		return false
	}
	target, ok := in.until(`"`)
	if !ok || !bytes.HasPrefix(in.rest, railsClient) {
		return false
	}
	client, _, ok := bytes.Cut(in.rest[len(railsClient):], railsTime)
	if !ok {
		return false
	}
	a.Method, a.Target, a.Client, a.AtStart = method, target, address(client), true
	return true
}

// notBefore are words before a method that make it a call, a plan or an error.
var notBefore = []string{
	"to", "the", "a", "an", "for", "on", "of", "failed", "retry", "retrying", "calling", "called", "sending", "upstream",
	"outgoing", "outbound", "fetching", "fetch", "Started", "started", "Processing", "starting", "Request:", "allow",
	"Cannot", "cannot", "rejecting", "during", "while", "executing", "error", "Error", "error:", "Error:", "expected", "only",
}

// outgoing reports whether the words before the method make it no finished request.
func outgoing(before []byte) bool {
	before = bytes.TrimRight(before, " \"'`")
	i := bytes.LastIndexByte(before, ' ')
	last := before[i+1:]
	if hasPrefix(last, "http://") || hasPrefix(last, "https://") || hasPrefix(last, "<--") {
		return true // urllib3: http://host:80 "GET /x HTTP/1.1" 200; koa's incoming arrow has no status
	}
	return among(notBefore, last)
}

// rootPath is the target of a URL that ends with its host.
var rootPath = []byte("/")

// pathOf returns the path of an absolute URL, / if it has none.
func pathOf(url []byte) []byte {
	i := indexString(url, "://")
	if i < 0 {
		return url
	}
	j := bytes.IndexByte(url[i+3:], '/')
	if j < 0 {
		return rootPath
	}
	return url[i+3+j:]
}

// clientIn returns the last address among the words before the method.
func clientIn(before []byte) (client []byte) {
	in := input{before}
	for in.blanks(); len(in.rest) > 0; in.blanks() {
		if ip := address(in.word()); ip != nil {
			client = ip
		}
	}
	return client
}

// address returns the address in a word such as 10.0.0.1:4711, [::1]:80 or
// "10.0.0.1", without port; nil if it is none.
func address(word []byte) []byte {
	word = bytes.Trim(word, `"'(),;|`)
	if len(word) < 3 {
		return nil
	}
	if word[0] == '[' {
		if i := bytes.IndexByte(word, ']'); i > 2 && bytes.Count(word[:i], []byte(":")) > 1 {
			return word[1:i]
		}
		return nil
	}
	dots, colons, other := 0, 0, 0
	lastColon := -1
	for i, x := range word {
		switch {
		case x == '.':
			dots++
		case x == ':':
			colons++
			lastColon = i
		case isDigit(x):
		case x|0x20 >= 'a' && x|0x20 <= 'f' && dots == 0:
			other++
		default:
			return nil
		}
	}
	switch {
	case dots == 3 && other == 0 && colons == 0 && isDigit(word[0]):
		return word
	case dots == 3 && other == 0 && colons == 1:
		return word[:lastColon]
	case colons >= 2 && (dots == 0 || dots == 3) && (word[0] == ':' || indexString(word, "::") >= 0 || colons == 7):
		return word
	}
	return nil
}
