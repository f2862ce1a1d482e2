package cause

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

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

// who names the thing that failed, for a sentence: gunicorn (pid 22838 of shop.service,
// 127.0.0.1:9001).
func who(c *rules.Case, in *rules.Incident) string {
	switch {
	case len(in.Upstreams) == 0 && c.Gateway:
		return "the gateway"
	case len(in.Upstreams) == 0 && in.Service != "" && in.Culprit.Process != "" && in.Verdict.Cause != rules.CauseUnknown:
		return short(in.Service) + " (an upstream that the gateway's log does not name)"
	case len(in.Upstreams) == 0:
		return "an upstream that the gateway's log does not name"
	}
	name, of := cmp.Or(in.Service, in.Culprit.Unit), ""
	if p := in.Culprit; p.Process != "" && p.PID > 0 && in.Verdict.Cause != rules.CauseDependencyFailure && in.Verdict.Cause != rules.CauseWorkerTimeout {
		name, of = p.Process, process(c, in)
		if owner := cmp.Or(p.Unit, in.Service); owner != "" && owner != name {
			of += " of " + short(owner)
		}
		if p.Host != "" {
			of += " on " + p.Host
		}
		of += ", "
	}
	family := in.Verdict.Cause.Family()
	if services := proven(c, in); of == "" && len(services) > 1 && (family == "crashed" || family == "not running") {
		name = named(services)
	}
	if name == "" || of == "" && strings.Contains(in.Upstreams[0], name) {
		if len(c.Members) > 0 && !slices.Contains(c.Members, in.Upstreams[0]) { // the case of a gateway that stands there
			return list(c.Members) + ", behind " + list(in.Upstreams)
		}
		return list(in.Upstreams)
	}
	if of == "" && in.Culprit.Host != "" && in.Verdict.Cause != rules.CauseDependencyFailure {
		name += " on " + in.Culprit.Host
	}
	return fmt.Sprintf("%s (%s%s)", short(name), of, list(in.Upstreams))
}

// short writes a container's id, which has 64 digits, with the twelve that docker ps shows.
func short(text string) string {
	const whole, shown = 64, 12
	run := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'f') {
			run++
			continue
		}
		if run == whole && (i == len(text) || !wordByte(text[i])) && (i == whole || !wordByte(text[i-whole-1])) {
			text = text[:i-whole+shown] + text[i:]
			i -= whole - shown
		}
		run = 0
	}
	return text
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_'
}

// proven are the services that the proof is of, in their order.
func proven(c *rules.Case, in *rules.Incident) (services []string) {
	for _, p := range in.Verdict.Proof {
		if name := c.Evidence[p.Candidate].Service; name != "" && !slices.Contains(services, name) {
			services = append(services, name)
		}
	}
	slices.Sort(services)
	return services
}

// maxDetail bounds what a sentence takes over from a line.
const maxDetail = 120

// detail is what the proof says of the error itself: its best line, or the next one of the same
// service where that one tells only that there was an error; "" if none says it.
func detail(c *rules.Case, in *rules.Incident) string {
	for _, p := range in.Verdict.Proof {
		ev := &c.Evidence[p.Candidate]
		text := strings.Join(strings.Fields(ev.Hit.Get(rules.FieldDetail)), " ") // in one sentence
		if text == "" || oneWord(text) || ev.Hit.Signature.Cause != in.Verdict.Cause || ev.Subject != c.Evidence[in.Verdict.Proof[0].Candidate].Subject {
			continue
		}
		if where := ev.Hit.Get(rules.FieldWhere); where != "" && len(text)+len(where) < maxDetail {
			text += ", at " + where
		}
		if len(text) > maxDetail {
			end := maxDetail
			for end > 0 && text[end]&0xC0 == 0x80 {
				end--
			}
			text = text[:end] + "…"
		}
		return short(text)
	}
	return ""
}

// oneWord reports whether a detail is no more than a word of the language: "fatal", "start". The name of an
// error, a file or an address has other letters.
func oneWord(text string) bool {
	return strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") == ""
}

func list(names []string) string {
	if len(names) > 3 {
		return strings.Join(names[:3], ", ") + fmt.Sprintf(" and %d more", len(names)-3)
	}
	return strings.Join(names, ", ")
}

// phrases say a cause with the subject in front.
var phrases = map[rules.Cause]string{
	rules.CauseOOMKill:            "%s was killed because memory ran out",
	rules.CauseMemoryExhausted:    "%s ran out of its own memory limit",
	rules.CauseCrashSignal:        "%s died on a fault signal",
	rules.CauseUnhandledException: "%s died of an unhandled error",
	rules.CauseWorkerTimeout:      "%s had workers killed by their own manager because they took too long",
	rules.CauseKilled:             "%s was killed from outside",
	rules.CauseRestart:            "%s was being stopped or restarted",
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
	rules.CauseDependencyFailure:  ", on which %s depends, did not serve it", // behind the dependency's name
	rules.CauseGatewayResources:   "the gateway ran out of %s",
	rules.CauseGatewayConfig:      "the gateway's own configuration is wrong",
	rules.CauseKeepaliveRace:      "%s closed idle kept-alive connections just as the gateway reused them",
	rules.CauseUnknown:            "%s failed, and the logs do not say why",
}

// Summary is one sentence that a tired person understands: who, what, how many, when.
func Summary(c *rules.Case, in *rules.Incident) string {
	text := phrase(c, in)
	switch cause := in.Verdict.Cause; cause {
	case rules.CauseTLSFailure:
		text = because(text, tlsReason(c, in))
	case rules.CauseProtocolMismatch:
		what, _ := spoken(c, in)
		text = because(text, what)
	case rules.CauseNetworkUnreachable, rules.CauseGatewayConfig:
		if saidIn(c, in, "[lua]", "lua entry thread") {
			text = because(text, "an error of its Lua code")
			break
		}
		if denied(c) {
			break
		}
		if circles(c, in) {
			text = because(text, "it sends requests round in a circle")
			break
		}
		if saidIn(c, in, "host not found in upstream") {
			text = because(text, "a name in it was not found as the gateway started")
			break
		}
		text = because(text, met(in))
	case rules.CauseDNSFailure:
		switch {
		case noSuch(c, in):
			text = because(text, "it does not exist")
		case noReply(c, in):
			text = because(text, "the resolver gave no answer")
		}
	case rules.CauseDependencyFailure:
		if len(in.Verdict.Proof) > 0 {
			text = because(text, Meaning(c.Evidence[in.Verdict.Proof[0].Candidate].Hit))
		}
	case rules.CauseUnhandledException, rules.CauseStartFailure, rules.CauseCrashSignal:
		text = because(text, detail(c, in))
	}
	var failed string
	switch {
	case in.Failed() > 0:
		failed = plural(in.Failed(), "request failed", "requests failed")
	case in.ErrorLines > 0:
		failed = plural(in.ErrorLines, "error line", "error lines")
	}
	if first, last := in.Failing(); !first.IsZero() {
		from, to := first.Time(), last.Time()
		start, end := from.Format(time.DateTime), to.Format(time.DateTime)
		switch {
		case start == end:
			failed += " at " + start
		case from.Format(time.DateOnly) == to.Format(time.DateOnly):
			failed += " from " + start + " to " + to.Format(time.TimeOnly)
		default:
			failed += " from " + start + " to " + end
		}
		failed += " UTC"
	}
	if failed != "" {
		text += "; " + strings.TrimSpace(failed)
	}
	return text + "."
}

// met is what the gateway met first that failed a request; "" if its log names no kind of it.
func met(in *rules.Incident) string {
	for i := range in.Symptoms {
		if s := &in.Symptoms[i]; s.Rank == parser.RankPrimary && s.Class != parser.SymptomOther && s.Class != parser.SymptomUpstreamStatus {
			if strange(in) {
				return "the address that it is told to connect from is none of its machine's"
			}
			return s.Class.Words()
		}
	}
	return ""
}

// strange reports whether the gateway could not connect from an address because it is not its machine's.
func strange(in *rules.Incident) bool {
	return in.Verdict.Cause == rules.CauseGatewayConfig && slices.ContainsFunc(in.Symptoms, func(s rules.SymptomGroup) bool { return s.Class == parser.SymptomNoPorts })
}

func because(text, why string) string {
	if why == "" {
		return text
	}
	return text + ": " + why
}

// phrase says who did or suffered what. A sentence may begin with a name, which then stays
// as it is written.
func phrase(c *rules.Case, in *rules.Incident) string {
	subject := who(c, in)
	switch cause := in.Verdict.Cause; {
	case cause == rules.CauseWorkerTimeout && len(in.Verdict.Proof) > 0 && len(in.Upstreams) > 0:
		pids := victims(c, in.Verdict.Proof[0])
		switch {
		case len(pids) == 1:
			return capital(fmt.Sprintf("%s had a worker (pid %s) killed by its own manager because it took too long", subject, pids[0]))
		case len(pids) > 1:
			return capital(fmt.Sprintf("%s had %d workers (pids %s) killed by their own manager because they took too long", subject, len(pids), named(pids)))
		}
		return capital(fmt.Sprintf(phrases[cause], subject))
	case cause == rules.CauseUnhandledException && len(in.Verdict.Proof) > 0 && livesOn(c.Evidence[in.Verdict.Proof[0].Candidate].Hit):
		return capital(subject + " did not handle an error")
	case (cause == rules.CauseNotListening || cause == rules.CauseGatewayConfig) && denied(c):
		return "The gateway was not permitted to connect to " + subject
	case cause == rules.CauseUpstreamSaturated && len(in.Verdict.Proof) > 0 && len(in.Upstreams) > 0:
		return capital(subject + " could take no further request: " + Meaning(c.Evidence[in.Verdict.Proof[0].Candidate].Hit))
	case cause == rules.CauseDependencyFailure:
		behind := cmp.Or(in.Culprit.Process, "a service")
		if in.Culprit.Host != "" {
			behind += " on " + in.Culprit.Host
		}
		return capital(behind + fmt.Sprintf(phrases[cause], subject))
	case cause == rules.CauseGatewayResources:
		return capital(fmt.Sprintf(phrases[cause], resourceOf(in)))
	case cause == rules.CauseNotListening && len(in.Verdict.Proof) > 0:
		hit := c.Evidence[in.Verdict.Proof[0].Candidate].Hit
		joint := ": "
		if hit.Signature.State == rules.StateServing {
			joint = ", although "
		}
		return capital("nothing listened for " + subject + joint + Meaning(hit))
	case cause == rules.CauseInvalidResponse && onlyClosed(in):
		return capital(subject + " closed connections without an answer")
	case cause == rules.CauseDNSFailure && len(in.Upstreams) == 0:
		return "The gateway could not resolve a name"
	case cause == rules.CauseDNSFailure && strings.Contains(in.Upstreams[len(in.Upstreams)-1], "/"): // a server of a HAProxy backend
		return "The name of " + list(slices.DeleteFunc(slices.Clone(in.Upstreams), func(u string) bool { return !strings.Contains(u, "/") })) + " could not be resolved"
	case cause == rules.CauseDNSFailure:
		subject = list(in.Upstreams) // the name, not who answers for it
		fallthrough
	case strings.Contains(phrases[cause], "%s"):
		return capital(fmt.Sprintf(phrases[cause], subject))
	default:
		return capital(phrases[cause])
	}
}

// livesOn reports whether an error ended no process as far as its line tells: it was that of a request,
// of a thread or of a task.
func livesOn(hit *rules.Hit) bool {
	sig := hit.Signature
	return sig.Scope == rules.ScopeRequest || sig.Scope == rules.ScopeWorker && !sig.AboutOthers() && hit.Get(rules.FieldPID) == ""
}

// onlyClosed reports whether all that the gateway saw were closed connections.
func onlyClosed(in *rules.Incident) bool {
	return !slices.ContainsFunc(in.Symptoms, func(s rules.SymptomGroup) bool { return groupOf(s.Class) != gClosed })
}

// capital begins a sentence with a capital, unless it begins with a name.
func capital(text string) string {
	switch first, _, _ := strings.Cut(text, " "); first {
	case "the", "a", "an", "nothing":
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// resourceOf is what the gateway's own lines say that it ran out of.
func resourceOf(in *rules.Incident) string {
	names := map[parser.Symptom]string{
		parser.SymptomNoConnections: "connections of its own", parser.SymptomNoFiles: "file descriptors", parser.SymptomNoPorts: "local ports",
		parser.SymptomNoMemory: "memory", parser.SymptomDiskFull: "disk space",
	}
	for i := range in.Symptoms {
		if name := names[in.Symptoms[i].Class]; name != "" {
			return name
		}
	}
	return "a resource of its own"
}

// tlsReasons are what OpenSSL (crypto/x509/x509_txt.c) and Go (crypto/x509) call what is
// wrong with a certificate, as gateways quote it.
var tlsReasons = []string{
	"certificate has expired", "certificate is not yet valid", "self-signed certificate", "self signed certificate", "unable to get local issuer certificate",
	"unable to get issuer certificate", "unable to verify the first certificate", "hostname mismatch", "certificate revoked", "unsupported certificate purpose",
	"certificate signed by unknown authority", "doesn't contain any IP SANs", "unsupported protocol", "wrong version number", "no shared cipher",
}

// tlsReason is what the lines say to be wrong; "" if they do not.
func tlsReason(c *rules.Case, in *rules.Incident) string {
	switch {
	case wantsCertificate(c, in):
		return "the upstream asks for a client certificate"
	case saidIn(c, in, "SSL certificate does not match"): // nginx's word for its own check
		return "the certificate is for another name"
	}
	for i := range in.Symptoms {
		for _, reason := range tlsReasons {
			if strings.Contains(in.Symptoms[i].Example.Text, reason) {
				return reason
			}
		}
	}
	return ""
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
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
