package gateway

import (
	"bytes"

	"culprit/parser"
)

// lighttpdAccess is lighttpd's access log in its default format, which has the virtual
// host where combined has a dash:
//
//	127.0.0.1 shop.example:8080 - [25/Nov/2026:15:00:48 +0000] "GET /p?x=1 HTTP/1.1" 503 361 "-" "curl/7.88.1"
//
// Nothing tells the back end. 503 is a failed connect, 500 a close before the answer
// (which the error log of mod_proxy does not show), 502 a bad header, 504 a timeout.
var lighttpdAccess = &parser.Format{
	Name:    "lighttpd-access",
	Gates:   []parser.Gate{{All: `["`}},
	Role:    parser.RoleGateway,
	Product: "lighttpd",
	Doc:     "lighttpd src/mod_accesslog.c; https://redmine.lighttpd.net/projects/lighttpd/wiki/Mod_accesslog",
	Parse:   parseLighttpdAccess,
}

func parseLighttpdAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	end := wordEnd(line, 0)
	client, rest := line[:end], line[end:]
	if !isIPv4(client) && !isIPv6(client) || len(rest) < len(" h u [") || rest[1] == '-' {
		return false
	}
	next := wordEnd(rest, 1)
	host := rest[1:next]
	user := wordEnd(rest, min(next+1, len(rest)))
	if user+1 >= len(rest) || rest[user+1] != '[' || !isVirtualHost(host) {
		return false
	}
	quote := bytes.IndexByte(line, '"')
	if quote < 0 || line[len(line)-1] != '"' || combinedEnd(line, quote) != len(line) || !parseCombinedAccess(line, env, r) {
		return false
	}
	r.Kind = parser.KindAccess
	r.Access.Client, r.Access.Host = client, hostOnly(host)
	return true
}

func isVirtualHost(b []byte) bool {
	return isDomain(b) || isHostWithPort(b) || isIPv4(b) || string(b) == "localhost"
}

// isHostWithPort accepts name:8080, 127.0.0.1:8080 and [::1]:8080.
func isHostWithPort(b []byte) bool {
	h := hostOnly(b)
	return len(h) < len(b) && len(h) > 0 && (isIPv4(h) || h[0] == '[' || isPeerName(h))
}
