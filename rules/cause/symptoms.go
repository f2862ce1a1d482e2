package cause

import (
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// What the gateway's own lines say by themselves.

// symptomsAlone is what the gateway's own lines say, by the share that each class
// has of the primary symptoms and with the first one counted double.
func symptomsAlone(c *rules.Case) map[rules.Cause]rules.Reason {
	out := map[rules.Cause]rules.Reason{}
	total := c.Primary(parser.SymptomNone)
	for i, s := range c.Symptoms {
		cause, weight, why := alone(c, s)
		if cause == "" || total > 0 && s.Rank != parser.RankPrimary && cause != rules.CauseCrashSignal { // how a server died tells why it failed requests
			continue
		}
		if slices.ContainsFunc(c.Symptoms, func(o rules.CaseSymptom) bool { return tellsMore(o, s) }) {
			continue // of some of these failures another line says which
		}
		few := s.Count*5 < total && !slices.ContainsFunc(c.Symptoms, func(o rules.CaseSymptom) bool { return tellsMore(s, o) })
		if i > 0 && total > 0 && few && !sameFirst(c, s) {
			weight /= 2 // a few among many others, and not the first
		}
		if weight > out[cause].Weight {
			out[cause] = rules.Reason{Weight: weight, Text: why}
		}
	}
	if closed := c.Primary(parser.SymptomPrematureClose) + c.Primary(parser.SymptomConnReset); closed > 0 {
		for _, gone := range []rules.Cause{rules.CauseNotListening, rules.CauseNetworkUnreachable} {
			if w, ok := out[gone]; ok && closedFirst(c) {
				// It served a moment before: it went away (a container takes its address
				// with it), and that has a cause of its own.
				w.Weight = min(w.Weight, aboveNothing-2)
				out[gone] = w
			}
		}
	}
	return out
}

// closedFirst reports whether connections were cut before any was refused.
func closedFirst(c *rules.Case) bool {
	for _, s := range c.Symptoms {
		switch groupOf(s.Class) {
		case gClosed:
			return true
		case gRefused, gSocket, gRoute, gConnect, gSilent:
			return false
		}
	}
	return false
}

func sameFirst(c *rules.Case, s rules.CaseSymptom) bool { return s.First.From < c.First().To }

// forbidden is how connect(2) explains EACCES of an address that is no file: the kernel of the
// gateway's own machine refuses, and no server is asked.
const forbidden = "the gateway's own machine forbids it to connect there: SELinux, or a local firewall rule"

// onPort reports whether all that the pool's members tell are addresses with a port, which no
// file's mode guards.
func onPort(c *rules.Case) bool {
	return len(c.Members) > 0 && !slices.ContainsFunc(c.Members, func(m string) bool {
		return strings.Contains(m, "/") || !strings.Contains(m, ":")
	})
}

// alone is what one class says; the message's own words win over the class.
func alone(c *rules.Case, s rules.CaseSymptom) (rules.Cause, int, string) {
	o := own[s.Class]
	if (s.Class == parser.SymptomPeerDown || s.Class == parser.SymptomHealthCheckFailed) && len(s.Hints) > 0 && s.Hints[0] != rules.CauseUnknown {
		if len(s.Hints) == 1 && s.Hints[0] == rules.CauseCrashSignal {
			return s.Hints[0], 22, "the gateway, which had started the server itself, says on what signal it died"
		}
		weight := 13
		if len(s.Hints) == 1 && slices.Contains(overrules, s.Hints[0]) {
			weight = 22 // nothing else took the server out: an answer for its name, a certificate, a route was missing
		}
		return s.Hints[0], weight, "the health check's own words say so"
	}
	if s.Class == parser.SymptomSocketPermission && onPort(c) {
		return rules.CauseGatewayConfig, o.weight, forbidden
	}
	if s.Class == parser.SymptomNoPorts && c.Traffic.Succeeded > 0 && (len(s.Hints) != 1 || s.Hints[0] == o.cause) {
		return o.cause, o.weight, o.why // the address to connect from works for others: its ports are used up
	}
	if len(s.Hints) > 0 && s.Hints[0] != o.cause && (vague(s.Class) || certain(s)) && slices.Contains(overrules, s.Hints[0]) {
		weight := max(o.weight, 22)
		if len(s.Hints) > 1 && o.cause == "" {
			weight = 16
		}
		return s.Hints[0], weight, "the gateway's message says so itself"
	}
	if s.Class == parser.SymptomGatewayCrash && slices.Contains(s.Hints, rules.CauseKilled) && !slices.Contains(s.Hints, o.cause) {
		return rules.CauseKilled, o.weight, "a worker of the gateway itself was killed"
	}
	if s.Timer > 0 {
		return o.cause, o.weight, fmt.Sprintf("each was given up after %s, the gateway's timeout, while the same server answered others: it accepted the requests and did not answer in time", span(s.Timer))
	}
	if s.Begun > 0 && o.cause == "" {
		return rules.CauseSlowUpstream, 14, fmt.Sprintf("the application began %d of the same requests and finished none of them, while it went on with others: it accepted them and did not answer", s.Begun)
	}
	if s.Late > 0 {
		return o.cause, o.weight, fmt.Sprintf("the application finished %d of the same requests seconds after the gateway had failed them: it accepted them and did not answer in time", s.Late)
	}
	if s.Queue {
		return rules.CauseUpstreamSaturated, o.weight, "connecting timed out while the same server took other connections: its queue of connections was full"
	}
	if s.Class == parser.SymptomConnRefused && lateListener(c) {
		return o.cause, o.weight / 2, o.why
	}
	if orHandshake(&s) {
		return o.cause, o.weight - 3, "no connection was made: it was refused, or its TLS handshake failed, which this gateway's log does not tell apart"
	}
	return o.cause, o.weight, o.why
}

// orHandshake reports whether a gateway has one word for a refused connection and for one whose TLS
// handshake failed: HAProxy's SC (back_handle_st_cer of src/backend.c; both were seen from 2.6.12,
// with equal timers). A number of the system's or words of a health check tell.
func orHandshake(s *rules.CaseSymptom) bool {
	return s.Class == parser.SymptomConnRefused && s.Errno == 0 && slices.Contains(s.Hints, rules.CauseTLSFailure)
}

// vague lists the classes whose messages differ in cause: there the words decide.
func vague(class parser.Symptom) bool {
	switch class {
	case parser.SymptomTLSHandshake, parser.SymptomTLSVerify, parser.SymptomProtocolError, parser.SymptomOther, parser.SymptomNoPorts,
		parser.SymptomSocketMissing, parser.SymptomSocketPermission, parser.SymptomNoResolver, parser.SymptomResolveFailed:
		return true
	}
	return false
}

// certain reports whether the words of an answer that is none leave one cause only: it began as a TLS
// alert or an HTTP/2 frame does.
func certain(s rules.CaseSymptom) bool {
	return s.Class == parser.SymptomNoHTTPHeader && len(s.Hints) == 1
}

// tellsMore reports whether the exact class of one symptom is one of the several causes that the words
// of a vague one leave open: Envoy's access log has UPE for whatever is no valid answer, and what its
// codec says of some of them tells what was wrong with it.
func tellsMore(exact, open rules.CaseSymptom) bool {
	return !vague(exact.Class) && exact.Rank == parser.RankPrimary && vague(open.Class) && len(open.Hints) > 1 &&
		slices.Contains(open.Hints, own[exact.Class].cause) && groupOf(open.Class) == gGarbage
}

// lateListener reports whether the pool was served in seconds of the case: then
// something listened, at least at times. What was served in the case's first or last
// second may have been served before it or after it.
func lateListener(c *rules.Case) bool {
	return c.Traffic.Known && c.Traffic.SymptomSeconds > 2 && c.Traffic.ServedSeconds*2 > c.Traffic.SymptomSeconds
}

// refused reports whether a connection was refused, or its socket was not there.
func refused(c *rules.Case) bool {
	return c.Primary(parser.SymptomConnRefused)+c.Primary(parser.SymptomSocketMissing) > 0
}
