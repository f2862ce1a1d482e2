package gateway

import (
	"culprit/parser"
	"culprit/parser/timestamp"
)

// awsELB is the access log of AWS's classic load balancers.
//
//	2026-11-22T13:59:00.123456Z shop 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://… HTTP/1.1" "curl/7.38.0" - -
//
// The stamp is the moment in which the request came. Listeners for TCP have dashes in
// place of statuses and of the request: nothing can be said of those but the times.
var awsELB = &parser.Format{
	Name:    "aws-elb-access",
	Gates:   []parser.Gate{{First: parser.Digits, All: `":`}},
	Role:    parser.RoleGateway,
	Product: "aws-elb",
	Doc:     "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html",
	Parse:   parseELB,
}

func parseELB(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < 60 || !isDigit(line[0]) || line[4] != '-' {
		return false
	}
	l := awsLine{line}
	stamp, n, ok := timestamp.ISO(line)
	if !ok || stamp.Clock != parser.ClockZoned || n >= len(line) || line[n] != ' ' || line[n-1] != 'Z' {
		return false
	}
	l.skip(1)
	name, client, backend := l.next(), l.next(), l.next()
	if !hasPort(client) || !isDash(backend) && !hasPort(backend) {
		return false
	}
	times, ok := l.times()
	if !ok {
		return false
	}
	a := &r.Access
	status, own := l.next(), l.next()
	made, ok := awsStatus(own)
	if a.Status, _ = awsStatus(status); !ok || !isDash(status) && a.Status == 0 {
		return false
	}
	l.skip(1)
	bytes, ok := wholeNumber(l.next())
	if !ok || len(l.rest) == 0 || l.rest[0] != '"' {
		return false
	}
	r.Stamp, r.Kind = stamp, parser.KindAccess
	a.Pool = name // back ends are registered with the balancer itself
	a.Client, a.Bytes, a.AtStart, a.HasUps, a.Duration = withoutClientPort(client), bytes, true, true, times.total()
	if request := unescaped(env, l.next()); !isDash(request[:min(1, len(request))]) {
		setAbsoluteRequest(a, request)
	}
	if isDash(status) {
		made = 0
	}
	elbSettle(awsPeer(backend), times, made, r)
	return true
}

// hasPort reports whether b ends as an address with a port does.
func hasPort(b []byte) bool {
	i := len(b)
	for i > 0 && isDigit(b[i-1]) {
		i--
	}
	return i > 1 && i < len(b) && b[i-1] == ':'
}

func elbSettle(backend []byte, times awsTimes, own int16, r *parser.Record) {
	a := &r.Access
	if backend != nil {
		a.Attempts[0], a.Tries = times.attempt(backend, own), 1
	}
	switch {
	case own != 0 && own == a.Status:
		a.Made = parser.MadeUpstream
	case a.Status != 0:
		a.Made = parser.MadeGateway
	}
	if m := awsVocabulary().byID[elbFailure(backend, times, own, a.Status)]; m != nil {
		awsFailure(m, backend, r)
	}
}

func elbFailure(backend []byte, times awsTimes, own, status int16) string {
	switch {
	case status < 400 || own == status:
		return ""
	case status < 500:
		return "aws-elb.4xx"
	case status == 502:
		return "aws-elb.502"
	case status == 503 && backend == nil:
		return "aws-elb.503"
	case status == 503:
		return "aws-elb.503-other"
	case status == 504 && times.none():
		return "aws-elb.504-closed"
	case status == 504:
		return "aws-elb.504-silent"
	}
	return "aws-elb.5xx"
}
