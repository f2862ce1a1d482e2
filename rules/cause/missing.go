package cause

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Missing names what is not known, and which log would tell: logs that are not there, then
// what no line here tells although the cause is known.
func Missing(c *rules.Case, in *rules.Incident) []string {
	var out []string
	runner := runnerOf(c, in)
	cause := in.Verdict.Cause
	unsure := cause == rules.CauseUnknown || cause == rules.CauseNotListening || cause == rules.CauseSlowUpstream
	switch {
	case c.Seen.App || c.Gateway || cause.Family() == "gateway" || cause == rules.CauseDNSFailure || cause == rules.CauseTLSFailure:
	case c.Seen.AnyApp:
		out = append(out, "what the application itself says: no application log here could be linked to "+list(c.Members)+"; the log of the service behind it, or --map ADDRESS=FILE, would tell")
	default:
		out = append(out, "what the application itself says: the application's own log (or "+runner.logs()+") for the same minutes would tell")
	}
	if family := cause.Family(); !c.Seen.System && (unsure || family == "crashed" || family == "not running") {
		switch kernel, manager, exited := systemTold(c); {
		case kernel || exited: // who ends by itself was not killed
		case manager:
			out = append(out, "whether the kernel had a hand in it: its lines (`journalctl -k`, `dmesg -T`, kern.log) would show a kill or a crash")
		default:
			out = append(out, "whether the system had a hand in it: "+runner.system()+" would show a kill or a crash")
		}
	}
	if !c.Seen.ErrorLog {
		out = append(out, "what the gateway met: the gateway's error log says what failed, the access log only that it did")
	}
	switch {
	case !c.Seen.Access:
		out = append(out, "how many requests failed, and whose: the gateway's access log would tell")
	case in.OfGateway && !c.Gateway && in.Requests > in.FailedRequests+max(in.FailedOther, 0):
		out = append(out, "how many requests to this upstream were answered meanwhile: an access log that names the upstream would tell ("+wordsOf(in.Gateway).names+")")
	}
	if cause == rules.CauseNotListening && !c.Seen.App && slices.ContainsFunc(c.Symptoms, func(s rules.CaseSymptom) bool { return orHandshake(&s) }) {
		out = append(out, "whether connections were refused or TLS failed on them: the words of a health check (\"Connection refused\" or \"SSL handshake failure\"), or %[bc_err_str] in log-format, would tell")
	}
	if text := deeper[cause]; text != "" && !answered(c, in) {
		lost, input := "the requests that were under way (the application's request log)", ""
		if known := lostOf(in); known != "" {
			lost, input = known+"; what they took", known+"; "
		}
		software := cmp.Or(in.Culprit.Process, "the service behind it")
		out = append(out, strings.NewReplacer("{software}", software, "{status}", statusFor(in), "{address}", addressOf(in), "{limits}", runner.limit(), "{lost} {took}", lost, "{input}", input, "{stack}", stackOf(in)).Replace(text))
	}
	return out
}

// deeper is the question behind each cause, and what would answer it.
var deeper = map[rules.Cause]string{
	rules.CauseOOMKill:            "what the memory was used for: {lost} {took} and memory over time (`sar -r`, memory.current of the cgroup) would tell",
	rules.CauseMemoryExhausted:    "what the memory was used for: {lost} {took} and a heap dump would tell",
	rules.CauseCrashSignal:        "which code crashed, unless a trace is quoted: its core dump would tell (`coredumpctl info`)",
	rules.CauseUnhandledException: "which input set it off: {input}the application's log with the request's id, or its trace with local values, would tell",
	rules.CauseWorkerTimeout:      "what the worker waited for: {stack} would tell",
	rules.CauseKilled:             "who sent the signal: auth.log, shell history, or an audit rule (`auditctl -a always,exit -S kill`) would tell",
	rules.CauseRestart:            "who ordered the stop: the deploy tool's log, auth.log or `journalctl _COMM=systemd` of that minute would tell",
	rules.CauseStartFailure:       "what was changed before the start: the deploy tool's log or the configuration's history would tell",
	rules.CauseInvalidResponse:    "which bytes were sent: the answer itself would tell (`curl -sv --raw`, `tcpdump -A`)",
	rules.CauseProtocolMismatch:   "which end was changed last: the history of both configurations would tell",
	rules.CauseResponseTooLarge:   "which header was too large: the gateway's log does not quote it; the answer itself would tell (`curl -sD - -o /dev/null`)",
	rules.CauseTLSFailure:         "which certificate was shown: the gateway's log does not quote it; `openssl s_client -connect {address}` would tell",
	rules.CauseNetworkUnreachable: "where the packets were lost: the firewall's log, the cloud's flow log or tcpdump at both ends would tell",
	rules.CauseDNSFailure:         "why there was no answer for the name: the zone's history or the log of the name server that is responsible for it would tell",
	rules.CauseUpstreamSaturated:  "what kept the workers busy: a slow log, or request times in the application's log, would tell",
	rules.CauseDependencyFailure:  "what had brought {software} into that state: its own log of the minutes before, and its connections and load over time, would tell",
	rules.CauseGatewayResources:   "what used it up: {status} over time would tell",
	rules.CauseGatewayConfig:      "who changed the configuration, and when: its history (git, etckeeper) and the times of its files would tell",
	rules.CauseKeepaliveRace:      "after how long the upstream closes idle connections: no line says it; its configuration does",
}

// systemTold reports which parts of the system tell of the linked services here, wherever their
// lines stand, and whether one says that a process ended by itself.
func systemTold(c *rules.Case) (kernel, manager, exited bool) {
	for i := range c.Evidence {
		if ev := &c.Evidence[i]; ev.Link > 0 {
			kernel = kernel || ev.Hit.Signature.Technology == "kernel"
			manager = manager || ev.Hit.Signature.Technology == "systemd"
			exited = exited || ev.Ended == rules.EndExit
		}
	}
	return kernel, manager, exited
}

// maxLost is how many requests that were under way are named.
const maxLost = 3

// lostOf names the requests that were under way when the process died, as far as the gateway's
// lines quote them; "" if it saw none.
func lostOf(in *rules.Incident) string {
	var lost int64
	var asked []string
	for i := range in.Symptoms {
		s := &in.Symptoms[i]
		if s.Rank != parser.RankPrimary || groupOf(s.Class) != gClosed {
			continue
		}
		lost += s.Count
		if request := requestIn(s.Example.Text); request != "" && len(asked) < maxLost && !slices.Contains(asked, request) {
			asked = append(asked, request)
		}
	}
	if lost == 0 {
		return ""
	}
	text := plural(lost, "request was", "requests were") + " under way and lost, as the gateway saw"
	if len(asked) == 0 {
		return text
	}
	return text + " (" + strings.Join(asked, ", ") + map[bool]string{true: " among them"}[lost > int64(len(asked))] + ")"
}

// requestIn is the method and path that a gateway's line quotes; "" if it quotes none.
func requestIn(line string) string {
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
		_, rest, found := strings.Cut(line, `"`+method+" /")
		end := strings.IndexAny(rest, ` ?"\\`)
		if found && end >= 0 && end <= 80 {
			return method + " /" + rest[:end]
		}
	}
	return ""
}

// stackOf is what shows where a worker hangs, and does not end it: SIGQUIT would stop php-fpm.
func stackOf(in *rules.Incident) string {
	switch in.Culprit.Process {
	case "php-fpm":
		return "the pool's slow log (request_slowlog_timeout, slowlog)"
	case "gunicorn", "uwsgi", "python3":
		return "a slow log, or a stack of the worker while it hangs (`py-spy dump --pid PID`),"
	case "puma", "unicorn", "ruby":
		return "a slow log, or a stack of the worker while it hangs (`rbspy dump --pid PID`),"
	}
	return "a slow log, or a stack of the worker while it hangs,"
}

// answered reports whether a quoted line answers the question behind the cause: a deploy
// that stops a service has told that it did.
func answered(c *rules.Case, in *rules.Incident) bool {
	if in.Verdict.Cause != rules.CauseRestart && in.Verdict.Cause != rules.CauseKilled {
		return false
	}
	return slices.ContainsFunc(in.Verdict.Proof, func(p rules.Proof) bool {
		hit := c.Evidence[p.Candidate].Hit
		return hit.Get(rules.FieldUser) != "" || strings.Contains(hit.Signature.ID, "deploy")
	})
}
