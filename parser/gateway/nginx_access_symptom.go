package gateway

import "culprit/parser"

// Statuses that nginx makes up for its own log (src/http/ngx_http_request.h).
const (
	statusHTTP09       = 9   // the upstream's answer had no header
	statusDropped      = 444 // return 444: closed without an answer
	statusClientClosed = 499
)

// UpstreamMade reports whether the final status of a is the upstream's own answer
// (made), as against one that the gateway assigned, and whether the line tells it
// (known). An attempt has a header time exactly if a complete header came, so the
// same status with a header time was answered and without one was assigned
// (ngx_http_upstream.c). nginx assigns only 502 and 504 to an attempt with a peer;
// any other status of one was the upstream's. Without a header time in the format, a
// 502 or 504 is not knowable; nor is any status of a format without upstream fields, except
// a 503 with nginx's own page: nginx assigns 503 to no attempt, so somebody told it to refuse.
func UpstreamMade(a *parser.Access) (made, known bool) {
	switch a.Status {
	case statusHTTP09, statusDropped, statusClientClosed, 494, 495, 496, 497:
		return false, true
	}
	if !a.HasUps || a.Status == 0 {
		return false, a.Status == 503 && ownPage(a.Bytes)
	}
	if a.Tries == 0 {
		return false, true
	}
	last := &a.Attempts[a.Tries-1]
	_, header := timesLogged(a)
	switch {
	case last.Status != 0 && last.Status != a.Status:
		return false, last.Addr != nil || a.Status != 503 // without an address it may be no status at all, and nobody was refused
	case last.Header >= 0:
		return true, true
	case header || isGroupAttempt(last) || last.Status == 502 && last.Connect < 0 && connectLogged(a):
		return false, true
	case last.Status == 0 || last.Status == 502 || last.Status == 504:
		return false, false
	}
	return last.Addr != nil, last.Addr != nil
}

// ownPage reports whether a body of 503 has the length of nginx's own page: 185 bytes and
// what server_tokens tells, and 402 more for Chrome and MSIE (ngx_http_special_response.c).
func ownPage(bytes int64) bool {
	const page, padding = 185, 402
	if bytes > padding {
		bytes -= padding
	}
	switch bytes - page {
	case int64(len("nginx")), int64(len("Tengine")), int64(len("openresty")),
		int64(len("nginx/1.9.9")), int64(len("nginx/1.18.0")), int64(len("Tengine/2.3.2")),
		int64(len("openresty/1.21.4.1")), int64(len("openresty/1.21.4.12")),
		int64(len("nginx/1.9.9 (Ubuntu)")), int64(len("nginx/1.18.0 (Ubuntu)")):
		return true
	}
	return false
}

// InferSymptom returns what an access line alone tells about a failure, and
// SymptomNone for a request that did not fail. It is for failures without an error
// line: an error line always knows more. Several causes share one picture here:
// refused, unreachable and a failed TLS handshake all leave no connect time, closing
// and resetting look alike.
//
// A group's name in place of the address is the gateway's reaction to earlier
// failures; if the same request failed on a real peer before, that failure counts.
func InferSymptom(a *parser.Access) (parser.Symptom, parser.Phase) {
	switch {
	case a.Status == statusHTTP09:
		return parser.SymptomNoHTTPHeader, parser.PhaseReadingHeader
	case a.Status == statusClientClosed:
		return parser.SymptomClientAbort, parser.PhaseNone
	case a.Status == statusDropped:
		return parser.SymptomRefusedOnPurpose, parser.PhaseNone
	case a.Status < 500:
		return parser.SymptomNone, parser.PhaseNone
	}
	if made, known := UpstreamMade(a); made && known {
		return parser.SymptomUpstreamStatus, parser.PhaseReadingHeader
	}
	t := decisiveAttempt(a)
	switch {
	case t == nil && a.Status == 504:
		return parser.SymptomReadTimeout, parser.PhaseNone // whoever made it: somebody was waited for
	case t == nil:
		return parser.SymptomOther, parser.PhaseNone
	}
	return symptomOfAttempt(a, t)
}

// decisiveAttempt returns the last attempt that was not on a mere name, else the last.
func decisiveAttempt(a *parser.Access) *parser.Attempt {
	if a.Tries == 0 {
		return nil
	}
	for i := a.Tries - 1; i >= 0; i-- {
		if t := &a.Attempts[i]; !isGroupAttempt(t) {
			return t
		}
	}
	return &a.Attempts[a.Tries-1]
}

func symptomOfAttempt(a *parser.Access, t *parser.Attempt) (parser.Symptom, parser.Phase) {
	connect, header := timesLogged(a)
	connected, status := t.Connect >= 0, t.Status
	if status == 0 {
		status = a.Status // "-" or $upstream_status not logged
	}
	switch {
	case isGroupAttempt(t):
		return parser.SymptomNoLivePeer, parser.PhaseConnecting
	case t.Header >= 0:
		return parser.SymptomUpstreamStatus, parser.PhaseReadingHeader
	case status == 504 && (!connect || connected && !header):
		return parser.SymptomReadTimeout, parser.PhaseNone // most likely: connects seldom time out
	case !connect || connected && !header:
		return parser.SymptomOther, parser.PhaseNone // the format hides how far it came
	case status == 504 && connected:
		return parser.SymptomReadTimeout, parser.PhaseReadingHeader
	case status == 504:
		return parser.SymptomConnectTimeout, parser.PhaseConnecting
	case status == 502 && connected:
		return parser.SymptomPrematureClose, parser.PhaseReadingHeader
	case status == 502 || t.Addr == nil:
		return parser.SymptomOther, parser.PhaseConnecting
	}
	return parser.SymptomOther, parser.PhaseNone
}

func connectLogged(a *parser.Access) bool {
	connect, _ := timesLogged(a)
	return connect
}

// isGroupAttempt reports whether no peer could be chosen: a bare name stands in
// place of the address.
func isGroupAttempt(t *parser.Attempt) bool { return t.Addr != nil && !isPeerAddr(t.Addr) }
