package gateway

import (
	"bytes"

	"culprit/parser"
)

// apacheAccess is what httpd's LogFormat adds most and nginx's never: whole numbers for
// the time taken and mod_proxy_balancer's words for the worker, behind combined, common or
// vhost_combined. Everything else that httpd writes is combined's layout and nginx-access
// reads it.
//
//	… "GET / HTTP/1.1" 502 445 "-" "curl/8.5.0" 30012345       %D, microseconds
//	… "GET / HTTP/1.1" 502 445 "-" "curl/8.5.0" 30 30012345    %T %D; also 30/30012345 and **30/30012345**
//	… "GET / HTTP/1.1" 503 339 1083 "http://127.0.0.1:8081"    %D, %{BALANCER_WORKER_NAME}e
//
// httpd stamps a line with the request's start, nginx with its end; that is the point of
// telling the two apart. A lone number under 1,000 may be seconds (%T) or milliseconds:
// it tells whose line it is, and no duration.
var apacheAccess = &parser.Format{
	Name:    "apache-access",
	Gates:   []parser.Gate{{All: `["`}},
	Role:    parser.RoleGateway,
	Product: "apache",
	Doc:     "httpd modules/loggers/mod_log_config.c, modules/proxy/mod_proxy_balancer.c; https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats",
	Parse:   parseApacheAccess,
}

func parseApacheAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	b := bytes.TrimRight(line, " ")
	w, ok := readWorker(b)
	if !ok {
		w.head, w.micros, ok = cutTaken(b)
	}
	if !ok || !parseCombinedAccess(w.head, env, r) || r.Access.Tries > 0 { // columns of tries are nginx's
		return false
	}
	r.Kind = parser.KindAccess
	a := &r.Access
	a.AtStart, a.Duration, a.Pool = true, w.micros, w.balancer
	if w.name != nil {
		a.HasUps = true
		if address := addressWithPort(w.name, env); address != nil {
			a.Tries = 1
			a.Attempts[0] = parser.Attempt{Addr: address, Connect: -1, Header: -1, Response: -1}
		}
	}
	return true
}

// An apacheTail is what a line tells behind what combined or common have.
type apacheTail struct {
	head           []byte // the line without it
	micros         int64
	name, balancer []byte // URL of the worker, name of its balancer
}

// readWorker reads the fields behind the status and size, the first two of which, in
// quotes, are the client's. It reports false for a line that names no worker.
func readWorker(b []byte) (t apacheTail, ok bool) {
	quote := bytes.IndexByte(b, '"')
	if quote < clfLength || bytes.LastIndex(b, []byte("://")) < quote || bytes.HasSuffix(b, []byte("ms")) { // Traefik's unit
		return t, false
	}
	l := awsLine{b[quote:]}
	l.skip(3)
	for range 2 {
		if !has(l.rest, `"`) {
			break
		}
		l.next()
	}
	t.head, t.micros = bytes.TrimRight(b[:len(b)-len(l.rest)], " "), -1
	var before []byte
	for numbers := 0; len(l.rest) > 0; {
		field := l.next()
		_, number := wholeNumber(field)
		switch {
		case number:
			if numbers++; numbers > 1 {
				t.micros = -1 // sizes may stand there, too
				if pair, ok := takenPair(before, field); ok {
					t.micros = pair
				}
			} else {
				t.micros = lonelyTaken(field)
			}
		case has(field, "balancer://"):
			t.balancer = untilAny(field[len("balancer://"):], "/")
		case isWorkerURL(field):
			t.name = field
		}
		before = field
	}
	return t, t.name != nil
}

// isWorkerURL accepts the URL of a BalancerMember.
func isWorkerURL(b []byte) bool {
	if has(b, "unix:/") {
		return bytes.Contains(b, []byte("|"))
	}
	scheme, _, ok := bytes.Cut(b[:min(len(b), 12)], []byte("://"))
	if !ok {
		return false
	}
	switch string(scheme) {
	case "http", "https", "h2", "h2c", "ajp", "fcgi", "scgi", "uwsgi", "ws", "wss":
		return true
	}
	return false
}

// lonelyTaken reads a number that stands alone; -1 where its unit is open.
func lonelyTaken(word []byte) int64 {
	micros, ok := wholeNumber(bytes.TrimSuffix(word, []byte("us")))
	if !ok || micros < 1000 && !bytes.HasSuffix(word, []byte("us")) {
		return -1
	}
	return micros
}

// cutTaken cuts the numbers off the end of a line. What is left must end in a quoted
// text or, for common, in status and size.
func cutTaken(b []byte) (head []byte, micros int64, ok bool) {
	last := bytes.TrimSuffix(b, []byte("**"))
	stars := len(b) - len(last)
	blank := bytes.LastIndexByte(last, ' ')
	if blank < 40 {
		return nil, 0, false
	}
	head, word := last[:blank], last[blank+1:]
	if stars > 0 {
		if word, ok = bytes.CutPrefix(word, []byte("**")); !ok {
			return nil, 0, false
		}
	}
	if before, after, pair := bytes.Cut(word, []byte{'/'}); pair {
		micros, ok = takenPair(before, after)
	} else if _, ok = wholeNumber(bytes.TrimSuffix(word, []byte("us"))); ok {
		micros = lonelyTaken(word)
		if blank := bytes.LastIndexByte(head, ' '); !bytes.HasSuffix(head, []byte{'"'}) && blank > 0 {
			if both, pair := takenPair(head[blank+1:], word); pair && head[blank-1] == '"' {
				return head[:blank], both, true // %T %D
			}
		}
	}
	return head, micros, ok && endsCombined(head)
}

// takenPair reads %T and %D, which must agree: whole seconds and microseconds.
func takenPair(seconds, micros []byte) (int64, bool) {
	s, ok := wholeNumber(seconds)
	n, too := wholeNumber(micros)
	return n, ok && too && n/parser.Second == s
}

// endsCombined reports whether b ends as combined does, in the user agent's quote, or
// as common does, in `" 502 445`.
func endsCombined(b []byte) bool {
	if bytes.HasSuffix(b, []byte{'"'}) {
		return bytes.Count(b, []byte(`" "`)) > 0
	}
	quote := bytes.LastIndexByte(b, '"')
	status, rest, ok := cutStatus(b[quote+1:])
	if quote < 0 || !ok || status == 0 || len(rest) < 2 {
		return false
	}
	_, number := wholeNumber(rest[1:])
	return number || isDash(rest[1:])
}
