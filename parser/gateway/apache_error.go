package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// apacheError is the error log of Apache httpd, 2.4 and 2.2.
//
//	[Sun Nov 22 15:16:36.532420 2026] [proxy:error] [pid 1668:tid 1673] (111)Connection refused: AH00957: http: attempt to connect to …
//	[Sun Nov 22 15:16:36 2026] [error] [client 10.0.0.1] (111)Connection refused: proxy: HTTP: attempt to connect to …
//
// The parts before the message (stamp, module and level, process, client, status, source
// file, ids) come in any order and number, for ErrorLogFormat is free; each is known by
// what it holds. Without a stamp (syslog, a console) a line must have the module's bracket
// or an AH number.
//
// One failed request writes several lines with one pid and tid: the line for the server
// names the address and the errno, the line for the request the client. Lines that name
// only a host without its port leave Upstream empty, so that they are not taken for
// another upstream. Client is without its port, as access logs have it.
//
// Lines that a script printed through httpd (mod_wsgi, mod_php, CGI) may hold anything;
// only words that the module itself writes are classed in them.
//
// BenchmarkApacheError, one of two busy cores: connect lines 220 MB/s, request lines 330, scripts' 530; nothing is allocated.
var apacheError = &parser.Format{
	Name:       "apache-error",
	Gates:      []parser.Gate{{First: "[A("}, {First: parser.Digits + "A-Z{\"a-z@_", Word: "AH"}},
	Handshakes: true,
	Role:       parser.RoleGateway,
	Product:    "apache",
	Doc:        "httpd server/log.c (default ErrorLogFormat), docs/log-message-tags, modules/proxy; https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat",
	Threads:    true,
	Parse:      parseApacheError,
}

func parseApacheError(line []byte, env *parser.Env, r *parser.Record) bool {
	b := trimBlanks(line)
	if len(b) < len("AH00558: ") {
		return false
	}
	return b[0] != '{' && parseApacheText(b, env, r) || parseApacheFields(b, env, r)
}

func parseApacheText(b []byte, env *parser.Env, r *parser.Record) bool {
	var h apacheHead
	if h.bare = b[0] != '[' && b[0] != 'A' && b[0] != '('; h.bare {
		n := apacheStampLength(b, r)
		if n == 0 {
			return false
		}
		h.hasStamp, b = true, trimBlanks(b[n:])
	}
	text := h.parts(b, r)
	if h.number == 0 && (h.bare || has(text, "[") && !h.hasLevel) || !h.plausible(text) {
		return false
	}
	r.Kind = parser.KindGateway
	r.Message = cutReferer(text)
	apacheClassify(&h, env, r)
	return true
}

// An apacheHead is what stands before the message.
type apacheHead struct {
	module    []byte // proxy_http, core, -; nil in 2.2
	hasModule bool
	hasStamp  bool
	hasLevel  bool
	hasPID    bool
	bare      bool   // nothing stands in brackets
	client    bool   // the line is about a client's connection or request
	remote    []byte // the line is about a connection to this back end
	status    int32  // APR's status code, 0 if none
	reason    []byte // its text
	number    int    // of AHnnnnn, 0 if none
	body      []byte // the message behind the number
}

// maxApacheParts bounds what may stand before a message; httpd has 14 items in all.
const maxApacheParts = 16

// parts reads what stands before the message, in whatever order and number, and returns
// the message with its number in front. Brackets that hold none of what is known here (a
// request's or a connection's id) are passed over if more of httpd's own comes behind
// them; else they are the message's.
func (h *apacheHead) parts(b []byte, r *parser.Record) []byte {
	var strange []byte // from the first bracket of unknown content on
	for range maxApacheParts {
		rest, ok := h.part(b, r)
		if !ok && h.bare {
			rest, ok = h.bareWord(b, r)
		}
		if ok {
			b, strange = trimBlanks(rest), nil
			continue
		}
		if rest, ok = strangeBracket(b); !ok || h.isScript() || !h.hasLevel && !h.hasStamp {
			break
		}
		if strange == nil {
			strange = b
		}
		b = trimBlanks(rest)
	}
	if h.number, _ = ahNumber(b); h.number == 0 && strange != nil {
		return strange
	}
	return b
}

func (h *apacheHead) part(b []byte, r *parser.Record) (rest []byte, ok bool) {
	switch {
	case len(b) < 4:
	case b[0] == '(' && h.reason == nil:
		return h.statusPart(b)
	case b[0] == '[':
		if end := bracketEnd(b); end > 0 && h.bracket(b[1:end], r) {
			return b[end+1:], true
		}
	case alphabetic(b[0]):
		return sourcePart(b)
	}
	return b, false
}

// bracketEnd returns where the bracket that opens b closes, 0 if it is none of a head.
func bracketEnd(b []byte) int {
	end := bytes.IndexByte(b[:min(len(b), 120)], ']')
	if end < 2 || b[0] != '[' {
		return 0
	}
	return end
}

// strangeBracket skips a bracket of unknown content, and one of which httpd has left the
// opening only: in "[req %L]" the blank ends a field, and %L without a value takes the
// closing bracket with it.
func strangeBracket(b []byte) (rest []byte, ok bool) {
	if len(b) < 3 || b[0] != '[' {
		return b, false
	}
	word := 1
	for word < min(len(b), 20) && (alphabetic(b[word]) || b[word] == '_' || b[word] == '-' || b[word] == ':') {
		word++
	}
	if word > 1 && word+1 < len(b) && b[word] == ' ' {
		behind := b[word+1:]
		if number, _ := ahNumber(behind); number > 0 || behind[0] == '[' || behind[0] == '(' {
			return behind, true
		}
	}
	if end := bracketEnd(b); end > 0 {
		return b[end+1:], true
	}
	return b, false
}

// bareWord reads an item that a format has without brackets: module, level, numbers of
// process and thread, an id, the client's address. Words of a message are none of these.
func (h *apacheHead) bareWord(b []byte, r *parser.Record) (rest []byte, ok bool) {
	end := wordEnd(b, 0)
	word := b[:end]
	if end == 0 || end == len(b) || h.isScript() {
		return b, false
	}
	n, number := wholeNumber(word)
	switch {
	case number && !h.hasPID:
		r.PID, h.hasPID = n, true
	case number && r.TID == 0:
		r.TID = n
	case number, isDash(word), isApacheID(word):
	case !h.hasLevel && h.level(word, r):
	case !h.hasModule && isProxyModule(word):
		h.module, h.hasModule = word, true
	case !h.client && isHostPort(word) && (isIPv4(hostOnly(word)) || isIPv6(hostOnly(word))):
		r.Gateway.Client, h.client = hostOnly(word), true
	default:
		return b, false
	}
	return b[end:], true
}

// isProxyModule knows the modules whose lines tell of back ends; others need no name here.
func isProxyModule(b []byte) bool {
	return isModule(b) && (has(b, "proxy") || has(b, "ssl") || has(b, "core") || has(b, "mpm_") || has(b, "fcgid"))
}

// isApacheID accepts the id of a request or connection, 8 bytes in base64 (%L).
func isApacheID(b []byte) bool {
	const length = 11
	digits := 0
	for _, c := range b {
		switch {
		case decimal(c):
			digits++
		case !alphabetic(c) && c != '+' && c != '/' && c != '@' && c != '-' && c != '_':
			return false
		}
	}
	return len(b) == length && digits > 0
}

// bracket reads what stands in one bracket by what it is: stamp, module and level,
// process, the client or the back end. It reports false for anything else.
func (h *apacheHead) bracket(in []byte, r *parser.Record) bool {
	if !h.hasStamp && apacheStamp(in, r) {
		h.hasStamp = true
		return true
	}
	if h.peer(in, r) {
		return true
	}
	return !h.hasLevel && h.level(in, r) || h.process(in, r)
}

// level reads "proxy_http:error" and, where a stamp says that the line is a log's, "error".
func (h *apacheHead) level(in []byte, r *parser.Record) bool {
	module, word := []byte(nil), in
	if colon := bytes.IndexByte(in, ':'); colon >= 0 {
		if module, word = in[:colon], in[colon+1:]; !isModule(module) {
			return false
		}
	} else if !h.hasStamp {
		return false
	}
	level := apacheLevel(word)
	if level == parser.LevelNone {
		return false
	}
	r.Level, h.hasLevel = level, true
	if module != nil {
		h.module, h.hasModule = module, true
	}
	return true
}

// apacheStamp reads a bracket that holds a stamp and no more.
func apacheStamp(in []byte, r *parser.Record) bool {
	return len(in) >= len("2006-01-02 15:04:05") && apacheStampLength(in, r) == len(in)
}

// apacheStampLength reads the stamp that begins b, in httpd's own form or, from an
// ErrorLogFormat with %{cu}t, in ISO's, and returns its length; 0 if there is none.
func apacheStampLength(b []byte, r *parser.Record) int {
	stamp, n, ok := timestamp.CTime(b)
	if !ok {
		stamp, n, ok = timestamp.ISO(b)
	}
	if !ok {
		return 0
	}
	r.Stamp = stamp
	return n
}

// process reads "pid 1668:tid 1673", "pid 1668" and "tid 1673".
func (h *apacheHead) process(in []byte, r *parser.Record) bool {
	if digits, ok := bytes.CutPrefix(in, []byte("tid ")); ok && r.TID == 0 {
		tid, ok := wholeNumber(digits)
		if ok {
			r.TID = tid
		}
		return ok
	}
	in, ok := bytes.CutPrefix(in, []byte("pid "))
	if !ok || h.hasPID {
		return false
	}
	pid, rest := leadingNumber(in)
	if len(rest) == len(in) {
		return false
	}
	if digits, ok := bytes.CutPrefix(rest, []byte(":tid ")); ok {
		r.TID, rest = leadingNumber(digits)
	}
	if len(rest) > 0 {
		return false
	}
	r.PID, h.hasPID = pid, true
	return true
}

// isModule accepts the name of a module, or - for none.
func isModule(b []byte) bool {
	for _, c := range b {
		if !alphabetic(c) && !decimal(c) && c != '_' && c != '-' {
			return false
		}
	}
	return len(b) > 0 && len(b) <= 40 && (alphabetic(b[0]) || isDash(b))
}

// apacheLevel knows nginx's words, which are httpd's too, and trace1 to trace8.
func apacheLevel(word []byte) parser.Level {
	if len(word) == len("trace1") && has(word, "trace") && word[5]-'1' < 8 {
		return parser.LevelDebug
	}
	return levelOf(word)
}

// sourcePart skips "proxy_util.c(2914): ".
func sourcePart(b []byte) ([]byte, bool) {
	open := bytes.IndexByte(b[:min(len(b), 64)], '(')
	if open < 3 || b[open-1] != 'c' || b[open-2] != '.' {
		return b, false
	}
	_, rest := leadingNumber(b[open+1:])
	return bytes.CutPrefix(rest, []byte("): "))
}

// statusPart reads "(111)Connection refused: ", "(EAI 2)Name or service not known: " of
// getaddrinfo, and "(OS 10061)No connection …: " of Windows (server/log.c).
func (h *apacheHead) statusPart(b []byte) ([]byte, bool) {
	end := bytes.Index(b, []byte(": "))
	if end < 0 || end > 400 {
		return b, false
	}
	rest := b[end+2:]
	if blank := bytes.LastIndexByte(b[:end], ' '); blank > 0 {
		if number, _ := ahNumber(b[blank+1:]); number > 0 { // a format has "%E %M" or "%E [client %a] %M"
			if part := bytes.Index(b[:blank], []byte(" [")); part > 0 {
				blank = part
			}
			end, rest = blank, b[blank+1:]
		}
	}
	if !h.statusOf(b[:end]) {
		return b, false
	}
	return rest, true
}

// statusOf reads the same without what ends it.
func (h *apacheHead) statusOf(b []byte) bool {
	in, base := b[1:], int64(0)
	if resolver, ok := bytes.CutPrefix(in, []byte("EAI ")); ok {
		in, base = resolver, aprResolver
	} else if os, ok := bytes.CutPrefix(in, []byte("OS ")); ok {
		in = os
	}
	negative := len(in) > 0 && in[0] == '-'
	if negative {
		in = in[1:]
	}
	n, rest := leadingNumber(in)
	if len(rest) == len(in) || len(rest) == 0 || rest[0] != ')' || n > 1<<31-1-base {
		return false
	}
	if h.status = int32(base + n); negative && base == 0 {
		h.status = -h.status
	}
	h.reason = rest[1:]
	return true
}

// peer reads "client 10.0.0.1:51503" and "remote 10.0.0.9:8443", of which a line has one.
func (h *apacheHead) peer(in []byte, r *parser.Record) bool {
	if h.client || h.remote != nil {
		return false
	}
	if address, ok := bytes.CutPrefix(in, []byte("client ")); ok {
		r.Gateway.Client, h.client = h.clientAddress(address), true
		return true
	}
	address, ok := bytes.CutPrefix(in, []byte("remote "))
	if ok {
		h.remote = address
	}
	return ok
}

// clientAddress drops the port, which 2.4 writes behind IPv6 without brackets and 2.2
// not at all.
func (h *apacheHead) clientAddress(in []byte) []byte {
	colon := bytes.LastIndexByte(in, ':')
	if colon < 0 || !h.hasModule && isIPv6(in) {
		return in
	}
	host := in[:colon]
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		return host[1 : n-1]
	}
	return host
}

// ahNumber reads "AH00957: ". Four to six digits exist: AH3305, AH010118.
func ahNumber(b []byte) (number int, body []byte) {
	digits, ok := bytes.CutPrefix(b, []byte("AH"))
	if !ok {
		return 0, b
	}
	n, rest := leadingNumber(digits)
	if k := len(digits) - len(rest); k < 4 || k > 6 || !has(rest, ": ") {
		return 0, b
	}
	return int(n), rest[2:]
}

// plausible reports whether a line is httpd's. Level and stamp alone, as 2.2 has them,
// are written by others too: then the rest must look like httpd.
func (h *apacheHead) plausible(text []byte) bool {
	switch {
	case len(text) == 0:
		return false
	case h.hasModule || h.number > 0:
		return true
	case h.client || h.hasPID || h.reason != nil:
		return true
	}
	return apacheVocabulary().plain.find(text) != nil || isApacheNotice(text)
}

// isApacheNotice knows what 2.2 says about its own life.
func isApacheNotice(text []byte) bool {
	return has(text, "caught SIG") || has(text, "SIGHUP received") || has(text, "SIGUSR1 received") || has(text, "Graceful restart requested") ||
		bytes.HasSuffix(text, []byte("configured -- resuming normal operations")) || has(text, "mod_fcgid: ") || has(text, "FastCGI: ") || has(text, "proxy: ")
}

// cutReferer cuts the client's Referer off. What a script wrote to stderr stands in
// quotes before it and may hold the same words.
func cutReferer(text []byte) []byte {
	const mark = ", referer"
	i := bytes.Index(text, []byte(mark))
	if has(text, "AH01071: ") {
		i = bytes.LastIndex(text, []byte("'"+mark)) + 1
	}
	if i <= 0 || !has(text[i+len(mark):], ": ") && !has(text[i+len(mark):], " http") {
		return text
	}
	return text[:i]
}
