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
// The parts between the brackets and the message (source file, status, client) come in
// either order, for ErrorLogFormat moves them; each is known by its own shape. Without a
// stamp (syslog, a console) a line must have the module's bracket or an AH number.
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
	Name:    "apache-error",
	Role:    parser.RoleGateway,
	Product: "apache",
	Doc:     "httpd server/log.c (default ErrorLogFormat), docs/log-message-tags, modules/proxy; https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat",
	Parse:   parseApacheError,
	Samples: apacheErrorSamples,
}

func parseApacheError(line []byte, env *parser.Env, r *parser.Record) bool {
	b := trimBlanks(line)
	if len(b) < len("AH00558: ") || b[0] != '[' && b[0] != 'A' && b[0] != '(' {
		return false
	}
	var h apacheHead
	b = h.brackets(b, r)
	if !h.hasLevel && has(b, "[") {
		return false
	}
	text := h.parts(trimBlanks(b), r)
	if !h.plausible(text) {
		return false
	}
	r.Kind = parser.KindGateway
	r.Message, _ = cutReferer(text)
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
	client    bool   // the line is about a client's connection or request
	remote    []byte // the line is about a connection to this back end
	status    int32  // APR's status code, 0 if none
	reason    []byte // its text
	number    int    // of AHnnnnn, 0 if none
	body      []byte // the message behind the number
}

// brackets reads the stamp and what follows it in brackets, and returns the rest.
func (h *apacheHead) brackets(b []byte, r *parser.Record) []byte {
	for len(b) > 2 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 2 || end > 120 || !h.bracket(b[1:end], r) {
			return b
		}
		b = trimBlanks(b[end+1:])
	}
	return b
}

// bracket reads one of stamp, module and level, and process; false for anything else.
func (h *apacheHead) bracket(in []byte, r *parser.Record) bool {
	switch {
	case !h.hasStamp && !h.hasLevel && apacheStamp(in, r):
		h.hasStamp = true
		return true
	case has(in, "pid "):
		if h.hasPID {
			return false
		}
		return h.process(in[len("pid "):], r)
	case h.hasLevel:
		return false
	}
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
	h.module, h.hasModule = module, module != nil
	return true
}

// apacheStamp reads httpd's own form or, from an ErrorLogFormat with %{cu}t, ISO.
func apacheStamp(in []byte, r *parser.Record) bool {
	stamp, n, ok := timestamp.CTime(in)
	if !ok {
		stamp, n, ok = timestamp.ISO(in)
	}
	if !ok || n != len(in) {
		return false
	}
	r.Stamp = stamp
	return true
}

func (h *apacheHead) process(in []byte, r *parser.Record) bool {
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

// parts reads source file, status, client and number, in whatever order they come,
// and returns the message with its number in front.
func (h *apacheHead) parts(b []byte, r *parser.Record) []byte {
	for range 6 {
		rest, ok := h.part(b, r)
		if !ok {
			break
		}
		b = trimBlanks(rest)
	}
	h.number, _ = ahNumber(b)
	return b
}

func (h *apacheHead) part(b []byte, r *parser.Record) (rest []byte, ok bool) {
	switch {
	case len(b) < 4:
	case b[0] == '(' && h.reason == nil:
		return h.statusPart(b)
	case b[0] == '[' && r.Gateway.Client == nil && h.remote == nil:
		return h.peerPart(b, r)
	case alphabetic(b[0]):
		return sourcePart(b)
	}
	return b, false
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

// statusPart reads "(111)Connection refused: " and "(OS 10061)No connection …: ".
func (h *apacheHead) statusPart(b []byte) ([]byte, bool) {
	in := b[1:]
	os, fromOS := bytes.CutPrefix(in, []byte("OS "))
	if fromOS {
		in = os
	}
	negative := in[0] == '-'
	if negative {
		in = in[1:]
	}
	n, rest := leadingNumber(in)
	if len(rest) == len(in) || len(rest) == 0 || rest[0] != ')' || n > 1<<31-1 {
		return b, false
	}
	end := bytes.Index(rest, []byte(": "))
	if end < 0 || end > 400 {
		return b, false
	}
	if h.status = int32(n); negative {
		h.status = -h.status
	}
	h.reason = rest[1:end]
	return rest[end+2:], true
}

// peerPart reads "[client 10.0.0.1:51503] " and "[remote 10.0.0.9:8443] ".
func (h *apacheHead) peerPart(b []byte, r *parser.Record) ([]byte, bool) {
	end := bytes.IndexByte(b, ']')
	if end < 0 || end > 120 {
		return b, false
	}
	in, isClient := bytes.CutPrefix(b[1:end], []byte("client "))
	if isClient {
		r.Gateway.Client, h.client = h.clientAddress(in), true
		return b[end+1:], true
	}
	in, isRemote := bytes.CutPrefix(b[1:end], []byte("remote "))
	if isRemote {
		h.remote = in
	}
	return b[end+1:], isRemote
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
		bytes.HasSuffix(text, []byte("configured -- resuming normal operations")) || has(text, "mod_fcgid: ") || has(text, "proxy: ")
}

// cutReferer cuts the client's Referer off. What a script wrote to stderr stands in
// quotes before it and may hold the same words.
func cutReferer(text []byte) (message, referer []byte) {
	const mark = ", referer: "
	i := bytes.Index(text, []byte(mark))
	if has(text, "AH01071: ") {
		i = bytes.LastIndex(text, []byte("'"+mark)) + 1
	}
	if i <= 0 {
		return text, nil
	}
	return text[:i], text[i+len(mark):]
}
