package gateway

import (
	"strconv"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// cloudflareAccess is what Cloudflare's Logpush writes of requests, an object a line. Which fields it
// has the site chooses; no other log has the edge's and the origin's status side by side:
//
//	{"ClientRequestHost":"…","EdgeResponseStatus":522,"OriginIP":"192.0.2.80","OriginResponseStatus":0,…}
//
// An origin that was asked and has no status did not answer, and Cloudflare's own statuses from 520 on
// tell why.
var cloudflareAccess = &parser.Format{
	Name:    "cloudflare-access",
	Gates:   []parser.Gate{{First: parser.Object, Word: "EdgeResponseStatus"}},
	Role:    parser.RoleGateway,
	Product: "cloudflare",
	Doc:     "https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/; https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/",
	Parse:   parseCloudflare,
}

// cloudflareWords are Cloudflare's own statuses; the id's end is the status.
var cloudflareWords = vocabularies["cloudflare"]

func parseCloudflare(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	a := &r.Access
	var c cloudflareRequest
	for j := openJSON(line); j.next(); {
		c.member(&j, env, r)
	}
	if a.Status == 0 || len(a.Host) == 0 && len(a.Target) == 0 {
		return false
	}
	r.Kind, a.AtStart, a.HasUps = parser.KindAccess, c.started, true
	if len(c.origin) > 0 {
		a.Attempts[0] = parser.Attempt{Addr: c.origin, Status: c.status, Connect: -1, Header: -1, Response: c.took}
		a.Tries = 1
	}
	switch {
	case c.status == a.Status:
		a.Made = parser.MadeUpstream
	case c.status == 0 && a.Status >= 500:
		a.Made = parser.MadeGateway
		c.fail(r)
	}
	return true
}

// A cloudflareRequest is what the origin had to do with a request.
type cloudflareRequest struct {
	origin  []byte
	status  int16
	took    int64
	started bool // the stamp is the request's start
}

func (c *cloudflareRequest) member(j *jsonReader, env *parser.Env, r *parser.Record) {
	a := &r.Access
	n, isNumber := j.number()
	switch string(j.key) {
	case "ClientIP":
		a.Client = j.value
	case "ClientRequestHost":
		a.Host = unescaped(env, j.value)
	case "ClientRequestMethod":
		a.Method = j.value
	case "ClientRequestURI":
		a.Target = unescaped(env, j.value)
	case "ClientRequestPath":
		keep(&a.Target, unescaped(env, j.value))
	case "EdgeResponseStatus":
		if isNumber && n < 1000 {
			a.Status = int16(n)
		}
	case "EdgeResponseBytes":
		if isNumber {
			a.Bytes = n
		}
	case "OriginIP":
		c.origin = nonEmpty(j.value)
	case "OriginResponseStatus":
		if isNumber && n < 1000 {
			c.status = int16(n)
		}
	case "OriginResponseTime": // nanoseconds
		if isNumber {
			c.took = n / 1000
		}
	case "CacheCacheStatus":
		a.Cache = nonEmpty(j.value)
	case "RayID":
		a.RequestID = nonEmpty(j.value)
	case "EdgeStartTimestamp", "EdgeEndTimestamp":
		start := string(j.key) == "EdgeStartTimestamp"
		if stamp, n, ok := timestamp.Read(j.value); ok && n == len(j.value) && (start || !r.Stamp.Known()) {
			r.Stamp, c.started = stamp, start
		}
	}
}

// fail says what Cloudflare's own status means. Without an address it has not asked the origin, or
// does not tell which, and the site's name stands for it.
func (c *cloudflareRequest) fail(r *parser.Record) {
	a := &r.Access
	var room [len("cloudflare.") + 8]byte
	m := entry(cloudflareWords(), strconv.AppendInt(append(room[:0], "cloudflare."...), int64(a.Status), 10))
	if m == nil {
		return
	}
	w3cFailure(m, r)
	g := &r.Gateway
	g.Client, g.Host, g.Upstream = a.Client, a.Host, c.origin
	if c.origin == nil {
		g.Upstream, g.Group = nonEmpty(a.Host), true
	}
}
