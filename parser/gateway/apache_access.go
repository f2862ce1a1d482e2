package gateway

import (
	"bytes"

	"culprit/parser"
)

// apacheAccess is what httpd's LogFormat adds most and nginx's never: whole numbers for
// the time taken, behind combined, common or vhost_combined. Everything else that httpd
// writes is combined's layout and nginx-access reads it.
//
//	… "GET / HTTP/1.1" 502 445 "-" "curl/8.5.0" 30012345       %D, microseconds
//	… "GET / HTTP/1.1" 502 445 "-" "curl/8.5.0" 30 30012345    %T %D; also 30/30012345 and **30/30012345**
//
// httpd stamps a line with the request's start, nginx with its end; that is the point of
// telling the two apart. A lone number under 1,000 may be seconds (%T) or milliseconds:
// it tells whose line it is, and no duration.
var apacheAccess = &parser.Format{
	Name:    "apache-access",
	Role:    parser.RoleGateway,
	Product: "apache",
	Doc:     "httpd modules/loggers/mod_log_config.c; https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats",
	Parse:   parseApacheAccess,
	Samples: apacheAccessSamples,
}

func parseApacheAccess(line []byte, env *parser.Env, r *parser.Record) bool {
	b := bytes.TrimRight(line, " ")
	head, micros, ok := cutTaken(b)
	if !ok || !parseCombinedAccess(head, env, r) {
		return false
	}
	r.Kind = parser.KindAccess
	r.Access.AtStart, r.Access.Duration = true, micros
	return true
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
	} else if n, number := wholeNumber(bytes.TrimSuffix(word, []byte("us"))); number {
		micros, ok = n, true
		if blank := bytes.LastIndexByte(head, ' '); !bytes.HasSuffix(head, []byte{'"'}) && blank > 0 {
			if both, pair := takenPair(head[blank+1:], word); pair && head[blank-1] == '"' {
				return head[:blank], both, true // %T %D
			}
		}
		if micros < 1000 && !bytes.HasSuffix(word, []byte("us")) {
			micros = -1
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
