package cause

import (
	"fmt"
	"net"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Meaning is a hit's sentence with its captures.
func Meaning(h *rules.Hit) string { return fill(h) }

// Speaks reports whether a symptom by itself speaks for a cause.
func Speaks(cause rules.Cause, class parser.Symptom, hints []rules.Cause) bool {
	if cause == rules.CauseKeepaliveRace {
		return groupOf(class) == gClosed
	}
	got, _, _ := alone(&rules.Case{}, rules.CaseSymptom{Class: class, Hints: hints})
	return got == cause || cause == rules.CauseUpstreamSaturated && class == parser.SymptomConnectTimeout // a full queue
}

// DependencyName turns a dependency as a line names it into a service's name, by
// its well-known port where it is an address.
func DependencyName(dependency string) string {
	_, port, err := net.SplitHostPort(dependency)
	if err != nil {
		return dependency
	}
	if name := map[string]string{"5432": "postgres", "3306": "mysqld", "6379": "redis-server", "27017": "mongod", "11211": "memcached",
		"5672": "rabbitmq", "9092": "kafka", "9200": "elasticsearch", "2181": "zookeeper", "8500": "consul", "53": "dns"}[port]; name != "" {
		return name
	}
	return dependency
}

// who names the thing that failed, for a sentence.
func who(c *rules.Case, in *rules.Incident) string {
	switch {
	case len(in.Upstreams) == 0 && c.Gateway:
		return "the gateway"
	case len(in.Upstreams) == 0:
		return "an upstream that the gateway's log does not name"
	case in.Service != "" && !strings.Contains(in.Upstreams[0], in.Service):
		return fmt.Sprintf("%s (%s)", in.Service, list(in.Upstreams))
	}
	return list(in.Upstreams)
}

func list(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	return strings.Join(names, ", ")
}

// phrases say a cause with the subject in front.
var phrases = map[rules.Cause]string{
	rules.CauseOOMKill:            "%s was killed for memory",
	rules.CauseMemoryExhausted:    "%s ran out of its own memory limit",
	rules.CauseCrashSignal:        "%s died on a fault signal",
	rules.CauseUnhandledException: "%s died of an unhandled error",
	rules.CauseWorkerTimeout:      "%s had workers killed by their own manager because they took too long",
	rules.CauseKilled:             "%s was killed from outside",
	rules.CauseRestart:            "%s was being restarted",
	rules.CauseStartFailure:       "%s could not start",
	rules.CauseNotListening:       "nothing listened for %s, and no log says why",
	rules.CauseInvalidResponse:    "%s answered with bytes that are not a valid response",
	rules.CauseProtocolMismatch:   "the gateway and %s speak different protocols",
	rules.CauseResponseTooLarge:   "%s sent a header larger than the gateway's buffer",
	rules.CauseTLSFailure:         "TLS between the gateway and %s failed",
	rules.CauseNetworkUnreachable: "%s could not be reached over the network",
	rules.CauseDNSFailure:         "the name %s could not be resolved",
	rules.CauseSlowUpstream:       "%s accepted requests and did not answer in time, and no log says why",
	rules.CauseUpstreamSaturated:  "%s had no worker, connection or queue place left",
	rules.CauseDependencyFailure:  "%s failed because of a service behind it",
	rules.CauseGatewayResources:   "the gateway ran out of a resource of its own",
	rules.CauseGatewayConfig:      "the gateway's own configuration is wrong",
	rules.CauseKeepaliveRace:      "%s closed idle kept-alive connections just as the gateway reused them",
	rules.CauseUnknown:            "%s failed, and the logs do not say why",
}

// Summary is one sentence that a tired person understands: who, what, when, how many.
func Summary(c *rules.Case, in *rules.Incident) string {
	phrase := phrases[in.Verdict.Cause]
	text := phrase
	if strings.Contains(phrase, "%s") {
		subject := who(c, in)
		if in.Verdict.Cause == rules.CauseDNSFailure {
			subject = list(in.Upstreams) // the name, not who answers for it
		}
		text = fmt.Sprintf(phrase, subject)
		if subject == "" {
			text = "the gateway could not resolve a name"
		}
	}
	if p := in.Culprit; p.Process != "" && p.PID > 0 {
		text += fmt.Sprintf(" (%s, pid %d)", p.Process, p.PID)
	} else if in.Verdict.Cause == rules.CauseDependencyFailure && p.Process != "" {
		text += fmt.Sprintf(": %s", p.Process)
	}
	if !in.Start.IsZero() {
		text += " at " + in.Start.Time().Format("2006-01-02 15:04:05") + " UTC"
	}
	var counts []string
	switch {
	case in.FailedRequests > 0:
		counts = append(counts, plural(in.FailedRequests, "request failed", "requests failed"))
	case in.FailedOther > 0:
		counts = append(counts, plural(in.FailedOther, "request failed", "requests failed"))
	case in.ErrorLines > 0:
		counts = append(counts, plural(in.ErrorLines, "error line", "error lines"))
	}
	if in.End.Micros > in.Start.Micros {
		counts = append(counts, "over "+span(in.End.Micros-in.Start.Micros))
	}
	if len(counts) > 0 {
		text += "; " + strings.Join(counts, " ")
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Missing names what is not known, and which log would tell.
func Missing(c *rules.Case, v *rules.Verdict) []string {
	var out []string
	unsure := v.Cause == rules.CauseUnknown || v.Cause == rules.CauseNotListening || v.Cause == rules.CauseSlowUpstream
	if unsure && !c.Seen.App && !c.Gateway {
		if c.Seen.AnyApp {
			out = append(out, "no application log here could be linked to "+list(c.Members)+"; the log of the service behind it, or --map ADDRESS=FILE, would tell")
		} else {
			out = append(out, "the application's own log (or journalctl -u UNIT) for the same minutes")
		}
	}
	if unsure && !c.Seen.System {
		out = append(out, "the kernel's and systemd's lines (journalctl -k, dmesg -T, kern.log): they would show a kill or a crash")
	}
	if !c.Seen.ErrorLog {
		out = append(out, "the gateway's error log: it says what failed, the access log only that it did")
	}
	if !c.Seen.Access {
		out = append(out, "the gateway's access log: without it failed requests cannot be counted")
	}
	return out
}

// Usual lists what usually causes a class of symptoms, best first.
func Usual(class parser.Symptom) []rules.Cause {
	if o, ok := own[class]; ok {
		return []rules.Cause{o.cause}
	}
	if groupOf(class) == gClosed {
		return []rules.Cause{rules.CauseUnhandledException, rules.CauseOOMKill, rules.CauseCrashSignal, rules.CauseWorkerTimeout, rules.CauseKeepaliveRace}
	}
	return nil
}
