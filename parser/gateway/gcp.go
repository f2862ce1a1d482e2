package gateway

import (
	"bytes"
	"strings"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// gcpAccess is what Cloud Logging has of the requests that Google's load balancers and Cloud Run took,
// an object each, whose log's name ends in "requests":
//
//	{"httpRequest":{"requestMethod":"GET","requestUrl":"https://…","status":502,"latency":"0.005s",…},
//	 "jsonPayload":{"statusDetails":"failed_to_connect_to_backend",…},
//	 "logName":"projects/…/logs/requests","resource":{"labels":{"backend_service_name":"web",…},…},…}
//
// A load balancer says in statusDetails whether the back end answered or what failed, those within a
// region by the error in proxyStatus (RFC 9209), and Cloud Run by a sentence in textPayload. Applications
// log requests in the same place; their logs' names are others.
var gcpAccess = &parser.Format{
	Name:    "gcp-access",
	Gates:   []parser.Gate{{First: parser.Object, Word: `"httpRequest"`}},
	Role:    parser.RoleGateway,
	Product: "gcp",
	Doc:     "https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring; https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry; https://cloud.google.com/run/docs/troubleshooting; RFC 9209",
	Parse:   parseGCP,
}

// gcpWords are the details that a load balancer gives, those of RFC 9209, and Cloud Run's sentences.
var gcpWords = vocabularies["gcp"]

// A gcpRequest is what decides who failed a request.
type gcpRequest struct {
	requests bool // the log's name says so
	details  []byte
	proxy    []byte // proxyStatus
	text     []byte // textPayload
	pool     []byte
}

func parseGCP(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	var q gcpRequest
	for j := openJSON(line); j.next(); {
		q.member(&j, env, r)
	}
	a := &r.Access
	if !q.requests || a.Status == 0 {
		return false
	}
	r.Kind, a.AtStart, a.HasUps, a.Pool = parser.KindAccess, true, len(q.pool) > 0, q.pool
	if bytes.Equal(q.details, []byte("response_sent_by_backend")) {
		a.Made = parser.MadeUpstream
	}
	if m := q.failure(); m != nil && a.Status >= 400 {
		w3cFailure(m, r)
		g := &r.Gateway
		g.Client, g.Host = a.Client, a.Host
		g.Upstream, g.Group = q.pool, len(q.pool) > 0
	}
	return true
}

func (q *gcpRequest) member(j *jsonReader, env *parser.Env, r *parser.Record) {
	switch string(j.key) {
	case "httpRequest":
		if j.enter() {
			for j.next() {
				gcpRequestMember(j, env, &r.Access)
			}
		}
	case "jsonPayload":
		if j.enter() {
			for j.next() {
				switch string(j.key) {
				case "statusDetails":
					q.details = j.value
				case "proxyStatus":
					q.proxy = j.value
				}
			}
		}
	case "resource":
		q.resource(j)
	case "textPayload":
		q.text = j.value
	case "timestamp":
		if stamp, n, ok := timestamp.ISO(j.value); ok && n == len(j.value) {
			r.Stamp = stamp
		}
	case "trace":
		r.Access.RequestID = nonEmpty(j.value)
	case "logName":
		q.requests = bytes.HasSuffix(j.value, []byte("requests"))
	}
}

func gcpRequestMember(j *jsonReader, env *parser.Env, a *parser.Access) {
	n, isNumber := j.number()
	switch string(j.key) {
	case "requestMethod":
		a.Method = j.value
	case "requestUrl":
		a.Target = unescaped(env, j.value)
		if host, path, ok := cutURL(a.Target); ok {
			a.Host, a.Target = host, path
		}
	case "status":
		if isNumber && n < 1000 {
			a.Status = int16(n)
		}
	case "responseSize":
		if isNumber {
			a.Bytes = n
		}
	case "remoteIp":
		a.Client = j.value
		if isHostPort(a.Client) {
			a.Client = withoutClientPort(a.Client)
		}
	case "latency":
		if took, ok := seconds(j.value); ok {
			a.Duration = took
		}
	}
}

// resource takes the name of what served: a back-end service, or Cloud Run's service.
func (q *gcpRequest) resource(j *jsonReader) {
	if !j.enter() {
		return
	}
	for j.next() {
		if string(j.key) != "labels" || !j.enter() {
			continue
		}
		for j.next() {
			switch string(j.key) {
			case "backend_service_name", "service_name":
				if len(j.value) > 0 {
					keep(&q.pool, j.value)
				}
			}
		}
	}
}

// failure is what the line says of a request that was not answered by the back end.
func (q *gcpRequest) failure() *Message {
	words := gcpWords()
	for i := range words {
		m := &words[i]
		switch rest, proxy := strings.CutPrefix(m.Template, "error="); {
		case proxy && has(q.proxyError(), rest), string(q.details) == m.Template, has(q.text, m.Template):
			return m
		}
	}
	return nil
}

// proxyError is what stands behind error= in proxyStatus, which may be quoted.
func (q *gcpRequest) proxyError() []byte {
	_, b, _ := bytes.Cut(q.proxy, []byte("error="))
	return bytes.TrimLeft(b, `\"`)
}
