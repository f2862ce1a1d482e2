package cause

import (
	"fmt"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// keepaliveRace weighs the one cause that no line names: the upstream closed an
// idle connection just as the gateway reused it. Its picture (nginx: keepalive in
// ngx_http_upstream.c): closes and resets only, on reused connections (connect time
// 0.000), scattered, while the same peer answers in the same seconds; no death, no
// refusal, a low share of the traffic. nginx sends requests of repeatable methods
// again, once, on a fresh connection: a GET that failed at the first try was no race.
// A connect time of 0.000 alone proves little (a loopback connect takes less than a
// millisecond), nor does a short answer time; seconds of waiting speak against it.
// Where few requests come, nothing is answered in the very second; then it takes three such
// pieces, and what was answered right before and after this one tells that the peer was well.
// Three of them say so, less surely, of a gateway that keeps its connections and does not log which
// it used again, an ALB (https://repost.aws/knowledge-center/elb-alb-troubleshoot-502-errors).
func keepaliveRace(c *rules.Case) rules.Reason {
	total := c.Primary(parser.SymptomNone)
	closed := c.Primary(parser.SymptomPrematureClose) + c.Primary(parser.SymptomConnReset) + c.Primary(parser.SymptomSendTimeout)
	t := c.Traffic
	for _, sy := range c.Symptoms {
		if sy.Rank == parser.RankPrimary && sy.Phase != parser.PhaseReadingHeader && sy.Phase != parser.PhaseSendingRequest && sy.Phase != parser.PhaseNone {
			return rules.Reason{} // a header had come: the connection was no stale one
		}
	}
	untold := t.KeptAlive && t.FailedReused+t.FailedFresh == 0
	if t.Around > t.Succeeded && t.Failed > 0 && (untold || t.FailedReused == t.Failed) && !slices.ContainsFunc(c.Symptoms, func(sy rules.CaseSymptom) bool { return singleUse(sy.Scheme) }) {
		t.Succeeded, t.ServedSeconds = t.Around, t.SymptomSeconds
	}
	if total == 0 || closed != total || !t.Known || t.Succeeded == 0 {
		return rules.Reason{}
	}
	if t.FailedFresh > t.FailedReused || t.FailedOnce*3 > t.Failed || t.FailedLong*3 > t.Failed {
		return rules.Reason{} // on new connections too, or not repeated, or after a long wait
	}
	weight := 0
	if t.SymptomSeconds > 0 && t.ServedSeconds*10 >= t.SymptomSeconds*6 {
		weight += 10
	}
	switch {
	case t.FailedReused > 0 || t.Failed == 0: // none failed: all were sent again
		weight += 8
	case untold:
		weight -= 2
	}
	switch {
	case total*10 <= t.Succeeded:
		weight += 6
	case total*4 <= t.Succeeded:
		weight += 2
	default:
		weight -= 10
	}
	if t.SymptomSeconds >= 3 && total <= 2*t.SymptomSeconds { // scattered, not one burst
		weight += 4
	}
	text := fmt.Sprintf("%s ended just as a request was sent on them, one here and there, while the same server answered %s",
		plural(total, "kept-alive connection", "kept-alive connections"), plural(t.Succeeded, "other request", "other requests"))
	return rules.Reason{Weight: max(weight, 0), Text: text}
}

// singleUse reports whether connections of a scheme serve one request each unless told otherwise
// (fastcgi_keep_conn): a connect time of 0.000 is that of a socket then.
func singleUse(scheme string) bool {
	return scheme == "fastcgi" || scheme == "scgi" || scheme == "uwsgi"
}
