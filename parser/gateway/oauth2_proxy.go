package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// oauth2Error is what oauth2-proxy says of a request that it could not hand on. There is no
// request, and the address only in errors that name it:
//
//	[2026/11/27 07:15:00] [error_page.go:91] Error proxying to upstream server: dial tcp 127.0.0.1:8080: connect: connection refused
var oauth2Error = &parser.Format{
	Name:    "oauth2-proxy-error",
	Gates:   []parser.Gate{{First: "[", Word: "] Error proxying to upstream"}},
	Role:    parser.RoleGateway,
	Product: "oauth2-proxy",
	Program: true,
	Doc:     "oauth2-proxy pkg/logger/logger.go (DefaultStandardLoggingFormat), pkg/app/pagewriter/error_page.go (ProxyErrorHandler)",
	Parse:   parseOAuth2Error,
}

// oauth2Access is oauth2-proxy's line of a request; its third field from the stamp is the path
// that an upstream is set up for, and no address:
//
//	10.0.2.2:42812 - f5f0e7df-47e9-4c56-aa38-1ea3f891976b - - [2026/11/27 07:15:00] wiki.example GET / "/p/1" HTTP/1.1 "Mozilla/5.0" 502 2242 0.004
//
// Version 6 and older have no request id.
var oauth2Access = &parser.Format{
	Name:    "oauth2-proxy-access",
	Gates:   []parser.Gate{{All: `["/:`}},
	Role:    parser.RoleGateway,
	Product: "oauth2-proxy",
	Doc:     "oauth2-proxy pkg/logger/logger.go (DefaultRequestLoggingFormat, PrintReq)",
	Parse:   parseOAuth2Access,
}

const oauth2Failed = "Error proxying to upstream server: "

var oauth2Words = vocabularies["oauth2_proxy"]

func parseOAuth2Error(line []byte, env *parser.Env, r *parser.Record) bool {
	if !has(line, "[") {
		return false
	}
	stamp, n, ok := timestamp.Slashed(line[1:])
	if !ok || !has(line[1+n:], "] [") {
		return false
	}
	place, text, ok := bytes.Cut(line[1+n+len("] ["):], []byte("] "))
	if !ok || !bytes.Contains(place, []byte(".go:")) || !has(text, oauth2Failed) {
		return false
	}
	r.Kind, r.Stamp, r.Message = parser.KindGateway, stamp, text
	goProxyFailure(&oauth2Words()[0], text[len(oauth2Failed):], env, r)
	return true
}

func parseOAuth2Access(line []byte, env *parser.Env, r *parser.Record) bool {
	open := bytes.IndexByte(line, '[')
	if open < len("- - - ") || !has(line[open-1:], " [") {
		return false
	}
	stamp, n, ok := timestamp.Slashed(line[open+1:])
	if !ok || !has(line[open+1+n:], "] ") {
		return false
	}
	head, rest := awsLine{line[:open-1]}, awsLine{line[open+1+n+len("] "):]}
	client := head.next()
	if string(head.next()) != "-" || len(head.next()) == 0 {
		return false
	}
	host, method, upstream, target, protocol := rest.next(), rest.next(), rest.next(), unescaped(env, rest.next()), rest.next()
	rest.next() // the client's program
	status, ok := wholeNumber(rest.next())
	size, sized := wholeNumber(rest.next())
	took, timed := seconds(rest.next())
	if !ok || !sized || !timed || status < 100 || status > 999 || len(upstream) == 0 || !has(protocol, "HTTP/") || !isMethod(method) {
		return false
	}
	r.Kind, r.Stamp = parser.KindAccess, stamp
	a := &r.Access
	a.Client, a.Host, a.Method, a.Target = withoutPort(client), host, method, target
	a.Request = requestLine(env, method, target, protocol)
	a.Status, a.Bytes, a.Duration = int16(status), size, took
	return true
}
