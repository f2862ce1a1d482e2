package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// awsALB is the access log of AWS's application load balancers, the only log they
// write: the line of a failed request is its error line too.
//
//	http 2026-11-22T13:59:00.123456Z app/shop/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80 0.000 0.001 -1 502 - 34 366 "GET http://… HTTP/1.1" …
//
// Fields are known by their position; files of every year since 2016 are read, which
// end at field 18, 21, 25, 27, 29, 30 or 33. The stamp is the moment of the answer.
// Whether it was refused, silent or cut is told by which of the three times are -1.
var awsALB = &parser.Format{
	Name:    "aws-alb-access",
	Gates:   []parser.Gate{{First: "hwg", All: `"/:`}},
	Role:    parser.RoleGateway,
	Product: "aws-alb",
	Doc:     "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
	Parse:   parseALB,
}

// albLine is what a line tells beside the record's own fields.
type albLine struct {
	awsLine
	times                 awsTimes
	target                []byte
	elbStatus, own        []byte // as written
	actions, reason       []byte
	created               parser.Stamp
	targets, targetStatus []byte
}

func parseALB(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < 60 || line[0] != 'h' && line[0] != 'w' && line[0] != 'g' {
		return false
	}
	l := albLine{awsLine: awsLine{line}}
	if !isALBType(l.next()) {
		return false
	}
	stamp, _, ok := timestamp.ISO(l.next())
	if !ok || stamp.Clock != parser.ClockZoned || !has(l.rest, "app/") {
		return false
	}
	r.Stamp = stamp
	l.skip(1)
	if !l.head(env, r) {
		return false
	}
	l.tail(r)
	r.Kind = parser.KindAccess
	l.settle(r)
	return true
}

func isALBType(b []byte) bool {
	switch string(b) {
	case "http", "https", "h2", "grpc", "grpcs", "ws", "wss":
		return true
	}
	return false
}

// head reads client to request, which every line has.
func (l *albLine) head(env *parser.Env, r *parser.Record) (ok bool) {
	a := &r.Access
	a.Client = withoutClientPort(l.next())
	l.target = awsPeer(l.next())
	if l.times, ok = l.awsLine.times(); !ok {
		return false
	}
	l.elbStatus, l.own = l.next(), l.next()
	if a.Status, ok = awsStatus(l.elbStatus); !ok {
		return false
	}
	if _, ok = awsStatus(l.own); !ok {
		return false
	}
	l.skip(1) // received bytes
	if n, ok := wholeNumber(l.next()); ok {
		a.Bytes = n
	}
	if len(l.rest) == 0 || l.rest[0] != '"' {
		return false
	}
	setAbsoluteRequest(a, unescaped(env, l.next()))
	return true
}

// tail reads what came later, as far as it goes.
func (l *albLine) tail(r *parser.Record) {
	a := &r.Access
	l.skip(3) // user agent, cipher, protocol
	a.Pool = targetGroupName(l.next())
	a.RequestID = traceRoot(l.next())
	if domain := l.next(); a.Host == nil && len(domain) > 0 && !isDash(domain) {
		a.Host = domain
	}
	l.skip(2) // certificate, rule
	if created, _, ok := timestamp.ISO(l.next()); ok && created.Clock == parser.ClockZoned {
		l.created = created
	}
	l.actions = l.next()
	l.skip(1) // redirect
	l.reason = l.next()
	l.targets, l.targetStatus = l.next(), l.next()
}

// targetGroupName returns the name in arn:aws:elasticloadbalancing:…:targetgroup/name/id.
func targetGroupName(arn []byte) []byte {
	const word = ":targetgroup/"
	i := indexString(arn, word)
	if i < 0 {
		return nil
	}
	name, _, _ := bytes.Cut(arn[i+len(word):], slash)
	return name
}

var slash = []byte("/")

// traceRoot returns the id in "Root=1-58337262-36d228ad5d99923122bbe354", which
// applications log too; a client may have sent the header with more in it.
func traceRoot(b []byte) []byte {
	const word = "Root="
	i := indexString(b, word)
	if i < 0 {
		return nil
	}
	id := b[i+len(word):]
	if end := bytes.IndexByte(id, ';'); end >= 0 {
		id = id[:end]
	}
	return id
}

func (l *albLine) settle(r *parser.Record) {
	a := &r.Access
	a.HasUps = true
	a.Duration = l.times.total()
	if l.created.Known() && r.Stamp.Micros >= l.created.Micros {
		a.Duration = r.Stamp.Micros - l.created.Micros
	}
	own, _ := awsStatus(l.own)
	l.attempts(a, own)
	if own != 0 && own == a.Status {
		a.Made = parser.MadeUpstream
	} else {
		a.Made = parser.MadeGateway
	}
	if id := l.failure(a, own); id != nil {
		awsFailure(id, l.target, r)
	}
}

// attempts fills the tries: the target, or each of the list if there were several.
func (l *albLine) attempts(a *parser.Access, own int16) {
	for bytes.IndexByte(l.targets, ' ') >= 0 && a.Tries < parser.MaxAttempts-1 {
		var addr, status []byte
		addr, l.targets, _ = bytes.Cut(l.targets, blank)
		status, l.targetStatus, _ = bytes.Cut(l.targetStatus, blank)
		s, _ := awsStatus(status)
		a.Attempts[a.Tries] = parser.Attempt{Addr: awsPeer(addr), Status: s, Connect: -1, Header: -1, Response: -1}
		a.Tries++
	}
	if l.target != nil || own != 0 {
		a.Attempts[a.Tries] = l.times.attempt(l.target, own)
		a.Tries++
	}
}

var blank = []byte(" ")

// failure returns the entry that says what failed; nil if nothing did, or if the
// target answered so itself.
func (l *albLine) failure(a *parser.Access, own int16) *Message {
	v := awsVocabulary()
	if m := v.byReason[string(l.reason)]; m != nil {
		return m
	}
	id := ""
	switch {
	case own != 0 && own == a.Status && (a.Status >= 400 || l.times.response >= 0):
		return nil
	case a.Status >= 500:
		id = l.serverError(a.Status, own)
	case a.Status == 0 || a.Status >= 400:
		id = l.clientError(a.Status)
	case a.Status >= 200 && l.times.response < 0 && l.target != nil:
		id = "aws-alb.client-gone"
	}
	return v.byID[id]
}

func (l *albLine) serverError(status, own int16) string {
	switch {
	case l.target == nil && indexString(l.actions, "fixed-response") >= 0:
		return "aws-alb.fixed-response"
	case status == 502:
		return l.badGateway(own)
	case status == 503 && l.target == nil:
		return "aws-alb.503-no-target"
	case status == 503:
		return "aws-alb.503-other"
	case status == 504 && l.times.none():
		return "aws-alb.504-connect"
	case status == 504 && l.times.target >= 0:
		return "aws-alb.504-body"
	case status == 504:
		return "aws-alb.504-silent"
	case status == 500:
		return "aws-alb.500"
	case status == 561:
		return "aws-alb.561"
	}
	return "aws-alb.5xx"
}

func (l *albLine) badGateway(own int16) string {
	switch {
	case own != 0:
		return "aws-alb.502-response"
	case l.times.target >= 0:
		return "aws-alb.502-closed"
	case has(l.reason, "Lambda"):
		return "aws-alb.502-lambda"
	case l.target == nil:
		return "aws-alb.502-other"
	case l.times.none():
		return "aws-alb.502-refused"
	}
	return "aws-alb.502-not-sent"
}

func (l *albLine) clientError(status int16) string {
	switch {
	case status == 0 && string(l.elbStatus) == "000":
		return "aws-alb.000"
	case status == 0:
		return "aws-alb.none"
	case status == 400:
		return "aws-alb.400"
	case status == 408:
		return "aws-alb.408"
	case status == 460:
		return "aws-alb.460"
	case status == 463:
		return "aws-alb.463"
	case status == 464:
		return "aws-alb.464"
	case status == 403 && indexString(l.actions, "waf") >= 0:
		return "aws-alb.waf"
	}
	return ""
}
