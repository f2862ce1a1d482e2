package gateway

import (
	"bytes"
	"strings"

	"culprit/parser"
)

// An anchor is the words of a message behind which it names its upstream. A message is
// searched only for the words that its template has: what a client or a script put into
// the text finds nothing.
type anchor struct {
	words string
	names upstreamForm
}

// An upstreamForm is how a message of httpd names an upstream.
type upstreamForm uint8

const (
	formAddress  upstreamForm = iota // 10.0.0.9:8080 (app:8080), an URL, or a bare host
	formSocket                       // /run/php/fpm.sock (localhost:8000)
	formName                         // a host, a daemon's group or the path of a FastCGI server, up to a quote or blank
	formBalancer                     // balancer://app
)

var apacheAnchors = []anchor{
	{"Unix domain socket ", formSocket},
	{"Forcing worker (", formAddress},
	{"DISABLING ", formAddress},
	{"DNS lookup failure for: ", formName},
	{"failed to resolve hostname '", formName},
	{"daemon process '", formName},
	{`server "`, formName},
	{"<balancer_url>", formBalancer},
	{"attempt to connect to ", formAddress},
	{"remote server ", formAddress},
	{"connection to backend: ", formAddress},
	{"disabling worker for (", formAddress},
	{"connection for (", formAddress},
	{"worker for (", formAddress},
	{"ssl support for ", formAddress},
	{"new connection to ", formAddress},
	{"sending data to ", formAddress},
	{"request failed to ", formAddress},
	{"send failed to ", formAddress},
	{"body failed to ", formAddress},
	{"cpong failed to ", formAddress},
	{"response failed from ", formAddress},
	{"dialog to ", formAddress},
	{"tunnel for ", formAddress},
	{"can't send headers to ", formAddress},
}

// anchorOf returns the first anchor that a template has.
func anchorOf(template string) (anchor, bool) {
	for _, a := range apacheAnchors {
		if strings.Contains(template, a.words) {
			if a.names == formBalancer {
				a.words = "balancer://"
			}
			return a, true
		}
	}
	return anchor{}, false
}

// apacheUpstream fills the upstream that message names. A host without a port is passed
// over: the connect line of the same request has both.
func (a anchor) apacheUpstream(message []byte, env *parser.Env, g *parser.Gateway) {
	i := bytes.Index(message, []byte(a.words))
	if i < 0 {
		return
	}
	b := message[i+len(a.words):]
	switch a.names {
	case formAddress:
		g.Upstream = addressWithPort(b, env)
	case formSocket:
		if end := bytes.Index(b, []byte(" (")); end > 0 {
			b = b[:end]
		}
		g.Upstream = unixAddress(b, env)
	case formName:
		g.Upstream = untilAny(b, ` '"`)
	case formBalancer:
		g.Upstream, g.Scheme = untilAny(b, ":/) "), balancerScheme
	}
	g.Group = a.names >= formName && len(g.Upstream) > 0
}

var balancerScheme = []byte("balancer")

// untilAny cuts b before the first of the given bytes; all of b if there is none.
func untilAny(b []byte, ends string) []byte {
	if i := bytes.IndexAny(b, ends); i >= 0 {
		return b[:i]
	}
	return b
}

// unixAddress puts unix: before a path, as addresses of sockets are written elsewhere.
func unixAddress(path []byte, env *parser.Env) []byte {
	start := len(env.Buf)
	env.Buf = append(append(env.Buf, "unix:"...), path...)
	return env.Buf[start:len(env.Buf):len(env.Buf)]
}

// addressWithPort reads what begins b: an URL of a worker, "ip:port (host:port)" or
// "host:port". The name that the configuration gives comes before the number, for most
// messages have only the name.
func addressWithPort(b []byte, env *parser.Env) []byte {
	if path, ok := bytes.CutPrefix(b, []byte("unix:")); ok {
		return unixAddress(untilAny(path, "|) "), env)
	}
	if i := bytes.Index(b[:min(len(b), 16)], []byte("://")); i > 0 {
		b = untilAny(b[i+3:], "/) ")
	}
	first := untilAny(b, " )")
	if rest := b[len(first):]; has(rest, " (") {
		if second := untilAny(rest[2:], " )"); isHostPort(second) {
			return second
		}
	}
	if first = bytes.TrimSuffix(first, []byte{':'}); isHostPort(first) {
		return first
	}
	return nil
}

// isHostPort accepts host:port with any host, redacted ones too.
func isHostPort(b []byte) bool {
	colon := bytes.LastIndexByte(b, ':')
	if colon < 1 || len(b)-colon > 6 {
		return false
	}
	n, ok := wholeNumber(b[colon+1:])
	return ok && n > 0 && b[colon-1] != ':' && bytes.IndexByte(b, '/') < 0 && !has(b, "httpd-UDS")
}
