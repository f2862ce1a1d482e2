package gateway

import (
	"bytes"

	"culprit/parser"
)

// A varnishGroup gathers what the records of one transaction tell.
type varnishGroup struct {
	request, backendSide          bool
	client, host                  []byte
	method, url, protocol, reason []byte
	opened                        []byte // "21 boot.app 10.0.0.1 8080 …"
	fetchError, vclError          []byte
	bogus                         []byte // what was wrong with a header
	status                        int16
	synthetic                     bool
	stamp, failed                 parser.Stamp
	since                         int64
	cache                         []byte
}

// parseVarnishGroup reads a transaction, its lines joined by \n. A line alone, the
// opening one, is only known for what it is.
func parseVarnishGroup(text []byte, env *parser.Env, r *parser.Record) bool {
	first, rest, whole := bytes.Cut(text, newline)
	r.Message = first
	if !whole {
		return true
	}
	g := varnishGroup{since: -1, request: indexString(first, "<< Request ") >= 0, backendSide: indexString(first, "<< BeReq ") >= 0}
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, newline)
		if tag, value, ok := varnishRecord(line); ok {
			g.take(tag, value)
		}
	}
	r.Stamp = g.stamp
	switch {
	case g.request && g.status != 0:
		g.access(env, r)
	case g.backendSide:
		g.fetch(env, r)
	}
	return true
}

var newline = []byte("\n")

// take keeps one record. The first method and URL are the client's, later ones VCL's;
// the last status is what was sent.
func (g *varnishGroup) take(tag, value []byte) {
	switch string(tag) {
	case "ReqStart":
		keep(&g.client, value[:wordEnd(value, 0)])
	case "ReqMethod", "BereqMethod":
		keep(&g.method, value)
	case "ReqURL", "BereqURL":
		keep(&g.url, value)
	case "ReqProtocol", "BereqProtocol":
		keep(&g.protocol, value)
	case "ReqHeader", "BereqHeader":
		g.header(value)
	case "RespStatus", "BerespStatus":
		g.status, _ = awsStatus(value)
	case "RespReason", "BerespReason":
		g.reason = value
	case "BackendOpen":
		g.opened = value
	case "BogoHeader":
		keep(&g.bogus, value)
	case "FetchError":
		keep(&g.fetchError, value)
	case "VCL_Error":
		keep(&g.vclError, value)
	case "VCL_call":
		g.call(value)
	case "Timestamp":
		g.time(value)
	}
}

func (g *varnishGroup) header(value []byte) {
	if has(value, "Host: ") || has(value, "host: ") {
		keep(&g.host, value[len("Host: "):])
	}
}

func (g *varnishGroup) call(value []byte) {
	switch string(value) {
	case "HIT", "MISS", "PASS", "PIPE":
		g.cache = value
	case "SYNTH":
		g.synthetic = true
	}
}

// time keeps the last moment, and that of the failure.
func (g *varnishGroup) time(value []byte) {
	stamp, since := varnishTime(value)
	if !stamp.Known() {
		return
	}
	g.stamp, g.since = stamp, max(g.since, since)
	if g.fetchError != nil && !g.failed.Known() {
		g.failed = stamp
	}
}

// secondWord returns the name in "21 boot.app 10.0.0.1 8080 …".
func secondWord(b []byte) []byte {
	i := wordEnd(b, 0)
	if i >= len(b) {
		return nil
	}
	return b[i+1 : wordEnd(b, i+1)]
}

// requestLine puts method, URL and protocol together in env.Buf.
func (g *varnishGroup) requestLine(env *parser.Env) []byte {
	if g.method == nil || g.url == nil {
		return nil
	}
	return requestLine(env, g.method, g.url, g.protocol)
}

// access fills a client's finished request.
func (g *varnishGroup) access(env *parser.Env, r *parser.Record) {
	r.Kind, r.Message = parser.KindAccess, nil
	a := &r.Access
	a.Client, a.Host, a.Method, a.Target = g.client, hostOnly(g.host), g.method, g.url
	a.Request, a.Status, a.Duration, a.Cache = g.requestLine(env), g.status, g.since, g.cache
	switch {
	case g.synthetic, string(g.reason) == "Backend fetch failed", string(g.reason) == "VCL failed":
		a.Made = parser.MadeGateway
	case string(g.cache) == "PASS" || string(g.cache) == "MISS":
		a.Made = parser.MadeUpstream
	}
}

// fetch fills what a back-end transaction tells: only a FetchError or VCL_Error is a
// failure of the gateway's; a 503 without one is the back end's own. A back end that could
// not be opened has a name only, so every transaction that tells a name's address is kept.
func (g *varnishGroup) fetch(env *parser.Env, r *parser.Record) {
	r.Kind = parser.KindGateway
	r.Message = nil
	w := &r.Gateway
	w.Server, w.Request = hostOnly(g.host), g.requestLine(env)
	switch {
	case g.fetchError != nil:
		r.Message = g.fetchError
		varnishFetchError(g.fetchError, r)
		if large := tooLarge(g.bogus); large != nil && w.Symptom == parser.SymptomInvalidHeader {
			r.Message = large
			varnishFetchError(large, r)
		}
		if g.failed.Known() {
			r.Stamp = g.failed
		}
	case g.vclError != nil:
		r.Message = g.vclError
		varnishVCLError(g.vclError, r)
	default:
		w.Symptom, w.Rank = parser.SymptomOther, parser.RankNoise
	}
	name, addr := secondWord(g.opened), backendAddress(g.opened, env)
	if addr != nil {
		r.Access.Pool, r.Access.Tries = name, 1
		r.Access.Attempts[0] = parser.Attempt{Addr: addr, Connect: -1, Header: -1, Response: -1}
	}
	switch {
	case w.Upstream != nil:
	case addr != nil:
		w.Upstream = addr
	default:
		w.Upstream = name
	}
}

// tooLarge is what a BogoHeader record says of a header that is valid but more than
// http_resp_hdr_len or http_max_hdr take, without the header; nil if it says something else.
// Of both the FetchError is "http format error".
func tooLarge(bogus []byte) []byte {
	what := untilAny(bogus, ":")
	switch string(what) {
	case "Header too long", "Too many headers":
		return what
	}
	return nil
}
