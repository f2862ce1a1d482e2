package gateway

import (
	"bytes"

	"culprit/parser"
)

// workhorse is what GitLab Workhorse, which hands requests on to Puma, says of one that Puma did not
// answer, in the two forms of logrus; the request's own status is 502 then:
//
//	{"correlation_id":"01FB","duration_ms":0,"error":"badgateway: failed to receive response: <Go error>","level":"error","method":"GET","msg":"","time":"2021-07-30T17:27:20+08:00","uri":"/favicon.ico"}
//	time="2024-03-27T04:04:40+01:00" level=error correlation_id= duration_ms=0 error="badgateway: failed to receive response: <Go error>" method=GET uri=
//
// All other lines are read as the application's that they are.
var workhorse = &parser.Format{
	Name:    "gitlab-workhorse",
	Gates:   []parser.Gate{{Word: "badgateway: failed "}},
	Role:    parser.RoleGateway,
	Product: "gitlab-workhorse",
	Program: true,
	Doc:     "gitlab-org/gitlab workhorse/internal/badgateway/roundtripper.go; https://docs.gitlab.com/administration/logs/#workhorse-logs",
	Parse:   parseWorkhorse,
}

const (
	badGateway      = "badgateway: failed to receive response: "
	badGatewayAfter = "badgateway: failed after "
)

var workhorseWords = vocabularies["workhorse"]

// A workhorseLine holds the fields of one line until all are known.
type workhorseLine struct {
	err, method, uri []byte
}

func parseWorkhorse(line []byte, env *parser.Env, r *parser.Record) bool {
	if !bytes.Contains(line, []byte("badgateway: failed ")) {
		return false
	}
	var w workhorseLine
	if line[0] == '{' {
		for j := openJSON(line); j.next(); {
			w.field(j.key, j.value, r)
		}
	} else {
		for key, value, rest := nextPair(line); key != nil; key, value, rest = nextPair(rest) {
			w.field(key, value, r)
		}
	}
	text := unescaped(env, w.err)
	id, cause := "gitlab-workhorse.badgateway", bytes.TrimPrefix(text, []byte(badGateway))
	if has(text, badGatewayAfter) {
		id = "gitlab-workhorse.badgateway-after"
		_, cause, _ = bytes.Cut(text, []byte(": failed after "))
		_, cause, _ = bytes.Cut(cause, []byte(": "))
	}
	if len(cause) == len(text) {
		return false
	}
	r.Kind, r.Message = parser.KindGateway, text
	goProxyFailure(entry(workhorseWords(), []byte(id)), cause, env, r)
	if len(w.method) > 0 && len(w.uri) > 0 {
		r.Gateway.Request = requestLine(env, w.method, w.uri, nil)
	}
	return true
}

func (w *workhorseLine) field(key, value []byte, r *parser.Record) {
	switch string(key) {
	case "time":
		if stamp, ok := caddyStamp(value); ok {
			r.Stamp = stamp
		}
	case "error":
		w.err = value
	case "method":
		w.method = value
	case "uri":
		w.uri = value
	}
}
