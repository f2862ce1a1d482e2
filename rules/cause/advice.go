package cause

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// Advice is what to do now, concrete for the cause, the unit, the address, the software that
// failed and the gateway that saw it. c is the case that the verdict was found in.
func Advice(c *rules.Case, in *rules.Incident) []string {
	texts := advice[in.Verdict.Cause]
	switch cause := in.Verdict.Cause; {
	case cause == rules.CauseOOMKill && saidIn(c, in, "emory cgroup out of memory", "constraint=CONSTRAINT_MEMCG"):
		texts = []string{texts[0], "its own limit was reached, the machine was not full: see what it is and what was used, {limit}", texts[2]}
	case cause == rules.CauseRestart && backAgain(in):
		texts = []string{"it answers again; if nobody had planned the stop, find who ordered it: auth.log, shell history, the deploy tool's log"}
	case cause == rules.CauseKilled && answered(c, in):
		texts = []string{texts[0], "ask whom the quoted line names why the signal was sent"}
	case cause == rules.CauseDNSFailure:
		texts = resolving(c, in).now
	case cause == rules.CauseTLSFailure && wantsCertificate(c, in):
		texts = []string{"see which certificate the gateway shows, and whether the upstream trusts its issuer: `openssl s_client -connect {address}` lists the acceptable ones"}
	case cause == rules.CauseGatewayConfig && circles(c, in):
		texts = []string{"see whether the file that the quoted line names is there, and which rule sends requests to it (try_files, rewrite, error_page; FallbackResource, RewriteRule)"}
	case cause == rules.CauseTLSFailure && refusedVersion(c, in):
		texts = []string{"see which TLS versions each end takes: `openssl s_client -connect {address} -tls1_2`, then `-tls1_3`; compare {tls}"}
	case cause == rules.CauseGatewayConfig && saidIn(c, in, "lua"):
		texts = []string{"mend the Lua code that the quoted line names"}
	case cause == rules.CauseGatewayConfig && denied(c):
		texts = []string{"see what forbids the connection: `ausearch -m avc -ts recent`, `getsebool httpd_can_network_connect`, the OUTPUT chain of `nft list ruleset`",
			"where it is SELinux: `setsebool -P httpd_can_network_connect on`, or name the port with `semanage port -a -t http_port_t -p tcp PORT`"}
	case cause == rules.CauseProtocolMismatch:
		if _, text := spoken(c, in); text != "" {
			texts = []string{text}
		}
	case cause == rules.CauseNotListening && denied(c):
		texts = []string{"compare owner and mode of the socket with the user that the gateway runs as: {socket}", "see whether the service runs: {status}"}
	case cause == rules.CauseGatewayConfig && strange(in):
		texts = []string{"compare the address that the gateway is told to connect from with those of its machine: `ip -br addr`"}
	case cause == rules.CauseGatewayResources:
		texts = []string{spentOf(in).raise}
	case cause == rules.CauseDependencyFailure:
		texts = dependencyNow(c, in)
	case cause == rules.CauseUnknown && len(Missing(c, in)) == 0:
		texts = []string{"no log is missing that could tell: ask the upstream itself while it fails (`curl -sv {curl}`), and let it log more (its debug level)"}
	}
	return slices.Concat(worked(c, in), filled(c, in, texts))
}

// backAgain reports whether the incident ends with a good answer.
func backAgain(in *rules.Incident) bool {
	_, last := in.Failing()
	return !last.IsZero() && in.End.Micros > last.Micros+last.Precision-1
}

// worked says until when what failed was answered well, where the answer is what was changed
// then, or that these logs do not show that it ever was.
func worked(c *rules.Case, in *rules.Incident) []string {
	switch in.Verdict.Cause {
	case rules.CauseDNSFailure, rules.CauseNetworkUnreachable, rules.CauseNotListening, rules.CauseProtocolMismatch, rules.CauseTLSFailure, rules.CauseGatewayConfig:
		switch w := c.Worked; {
		case !w.Looked:
		case w.Last.IsZero():
			return []string{"these logs hold no good answer to what failed from before it: see whether it is new, and whether name, address and port are right"}
		default:
			return []string{"look at what was changed after " + w.Last.Time().Format("15:04:05") + " UTC: until then " + w.URL + " was answered well"}
		}
	}
	return nil
}

// Prevent is what to do against the next time: of the cause itself, and so that clients do
// not meet it.
func Prevent(c *rules.Case, in *rules.Incident) []string {
	texts := prevention[in.Verdict.Cause]
	switch {
	case in.Verdict.Cause == rules.CauseDNSFailure:
		texts = resolving(c, in).next
	case in.Verdict.Cause == rules.CauseDependencyFailure:
		texts = dependencyNext(c, in)
	case in.Verdict.Cause == rules.CauseGatewayConfig && denied(c):
		texts = []string{"ask once through the gateway after each change of the system's policy, and of the port that it connects to"}
	case in.Verdict.Cause == rules.CauseNotListening && denied(c):
		texts = []string{"let the service make the socket with the gateway's group, and ask once through the gateway after each change of either's user"}
	}
	out := filled(c, in, texts)
	w := wordsFor(c, in)
	benched := in.SecondaryLines-in.FurtherLines() > in.PrimaryLines && in.PrimaryLines > 0
	if benched {
		out = append(out, "most error lines are the gateway keeping servers out that failed: "+w.benched)
	}
	switch family := in.Verdict.Cause.Family(); {
	case family == "slow":
		out = append(out, filled(c, in, []string{"set {answer} a little above what the slowest legitimate request takes, so that clients do not wait longer for one that hangs"})...)
	case family != "crashed" && family != "not running" && family != "unknown" && in.Verdict.Cause != rules.CauseNetworkUnreachable:
	case len(in.Upstreams) == 1:
		out = append(out, second(c, w.second))
	case len(in.Upstreams) > 1 && !benched:
		out = append(out, "take a dead server out before clients meet it: "+w.health)
	}
	return out
}

// second says whom a further server would have spared: nobody whose request fails wherever it
// is asked, all who met nothing that listened, and of those whose request was cut only them
// for whom it may be asked again.
func second(c *rules.Case, server string) string {
	var cut, away int64
	for i := range c.Symptoms {
		if s := &c.Symptoms[i]; s.Rank == parser.RankPrimary {
			switch groupOf(s.Class) {
			case gRefused, gSocket, gDenied, gConnect, gRoute:
				away += s.Count
			default:
				cut += s.Count
			}
		}
	}
	lost := fmt.Sprintf("the %d requests that were under way where they may be sent again, unless one of them is what ended it", cut)
	if cut == 1 {
		lost = "the request that was under way if it may be sent again, unless that is what ended it"
	}
	switch {
	case c.OneThing != "":
		return "a second server would not have spared these clients: all that failed asked for " + c.OneThing + ", and nothing here shows that another server would have answered that"
	case cut == 0:
		return server + " would have spared clients these failures"
	case away > 0:
		return server + " would have spared clients the " + strings.TrimPrefix(plural(away, "failure", "failures"), "1 ") + " to connect, and taken " + lost
	}
	return server + " would have taken " + lost
}

// filled puts into texts what is known of this incident.
func filled(c *rules.Case, in *rules.Incident, texts []string) []string {
	w, s, r := wordsFor(c, in), softwareOf(c, in), runnerOf(c, in)
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = fillSlots(text, func(slot string) string { return slotOf(slot, in, &w, &s, &r) })
	}
	return out
}

// fillSlots replaces each {slot} of a text, and what it put there is not looked at again. Live decides
// many times a second: a strings.Replacer of all slots for each incident took half of that.
func fillSlots(text string, value func(slot string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		slot, after, ended := strings.Cut(rest, "}")
		if !found || !ended {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(before)
		b.WriteString(value(slot))
		text = after
	}
}

func slotOf(slot string, in *rules.Incident, w *words, s *software, r *runner) string {
	switch slot {
	case "timeouts":
		return w.timeouts
	case "answer":
		return w.answer
	case "header":
		return w.header
	case "scheme":
		return w.scheme
	case "resolver":
		return w.resolver
	case "idle":
		return w.idle
	case "check":
		return w.check
	case "resources":
		return w.resources
	case "again":
		return w.again
	case "memory":
		return s.memory
	case "grew":
		return s.grew
	case "fit":
		return s.fit
	case "timeout":
		return s.timeout
	case "workers":
		return s.workers
	case "keep-alive":
		return s.idle
	case "slow":
		return s.slow
	case "state":
		return s.state
	case "limit":
		return r.limit()
	case "raise":
		return r.raise()
	case "started":
		return r.logs()
	case "status":
		return r.status()
	case "restarts":
		return r.restarts()
	case "core":
		return coreOf(in, r)
	case "listening":
		return listeningOf(in)
	case "socket":
		return socketOf(in)
	case "locks":
		return s.locks
	case "tls":
		return w.tls
	case "pin":
		return w.pin
	case "address":
		return addressOf(in)
	case "host":
		host, _ := hostPortOf(in)
		return host
	case "port":
		_, port := hostPortOf(in)
		return port
	case "curl":
		return curlOf(in)
	}
	panic("BUG: no slot " + slot)
}

// addressOf is the first upstream's host:port as a shell may see it; HOST:PORT where the log
// has none, such as for a unix socket.
func addressOf(in *rules.Incident) string {
	if len(in.Upstreams) > 0 {
		if host, port, err := net.SplitHostPort(in.Upstreams[0]); err == nil && plainName(host) && plainName(port) && host != "unix" {
			return in.Upstreams[0]
		}
	}
	return "HOST:PORT"
}

// hostPortOf is the same in two; of a name without a port, the name.
func hostPortOf(in *rules.Incident) (host, port string) {
	if gateway.Of(in.Gateway).NamesOnly && in.Verdict.Cause == rules.CauseDNSFailure && len(in.Upstreams) > 0 && !strings.Contains(in.Upstreams[0], ".") {
		return "NAME", "PORT" // its log has the names of backend and server, not what is looked up
	}
	if len(in.Upstreams) > 0 && !strings.Contains(in.Upstreams[0], ":") && plainName(in.Upstreams[0]) {
		return in.Upstreams[0], "PORT"
	}
	host, port, _ = net.SplitHostPort(addressOf(in))
	return host, port
}

// curlOf is what curl is to ask.
func curlOf(in *rules.Incident) string {
	if len(in.Upstreams) > 0 {
		if path, unix := strings.CutPrefix(in.Upstreams[0], "unix:"); unix && strings.HasPrefix(path, "/") && plainName(strings.ReplaceAll(path[1:], "/", ".")) {
			return "--unix-socket " + path + " http://localhost" + pathOf(in)
		}
	}
	return "http://" + addressOf(in) + pathOf(in)
}

// pathOf is the path that a GET which failed asked for, as far as a shell may see it.
func pathOf(in *rules.Incident) string {
	for i := range in.Symptoms {
		path, get := strings.CutPrefix(requestIn(in.Symptoms[i].Example.Text), "GET /")
		if s := &in.Symptoms[i]; get && s.Rank == parser.RankPrimary && (path == "" || plainName(strings.ReplaceAll(path, "/", "."))) {
			return "/" + path
		}
	}
	return "/"
}

var advice = map[rules.Cause][]string{
	rules.CauseOOMKill:            {"see whether it runs again: {status}", "compare its memory with its limit: {limit}; without a limit of its own the machine was full: `ps aux --sort=-rss | head`", "if it is killed again soon, raise the limit for now: {raise}"},
	rules.CauseMemoryExhausted:    {"see whether it runs again: {status}", "if it fails again soon, raise {memory} for now, only if the machine has the memory"},
	rules.CauseCrashSignal:        {"see whether it runs again: {status}", "look at the core: {core}", "if it began with a release, roll that back"},
	rules.CauseUnhandledException: {"see whether it runs again: {status}", "read the error that the quoted lines name; if it began with a release, roll that back"},
	rules.CauseWorkerTimeout:      {"find what the worker was doing for so long: {slow}"},
	rules.CauseKilled:             {"see whether it runs again: {status}", "find who sent the signal: auth.log, shell history, the deploy or monitoring tool"},
	rules.CauseRestart:            {"if it was planned and answers again, nothing; else read why it is not back: {started}"},
	rules.CauseStartFailure:       {"read the failed start: {started}; roll the last change back if it will not start"},
	rules.CauseNotListening:       {"see whether anything listens: {listening}; compare address and port with the gateway's configuration", "see whether the service runs: {status}"},
	rules.CauseInvalidResponse:    {"ask the upstream directly and look at the raw bytes: `curl -sv --raw {curl}`"},
	rules.CauseProtocolMismatch:   {"see what {address} really speaks (`curl -v http://{address}/`, `curl -vk https://{address}/`) and compare {scheme}"},
	rules.CauseResponseTooLarge:   {"find the header that grew, mostly Set-Cookie: `curl -sD - -o /dev/null {curl}`", "if it is meant, raise {header}"},
	rules.CauseTLSFailure:         {"look at the certificate as the gateway sees it: `openssl s_client -connect {address} -servername NAME`"},
	rules.CauseNetworkUnreachable: {"test the path from the gateway: `nc -vz {host} {port}`; look at firewall rules and at whether the host is up"},
	rules.CauseDNSFailure:         untoldName.now,
	rules.CauseSlowUpstream:       {"{slow}"},
	rules.CauseUpstreamSaturated:  {"{slow}", "if the machine and what is behind it can bear more, raise {workers}"},
	rules.CauseDependencyFailure:  {"{state}"},
	rules.CauseGatewayResources:   {"raise what the quoted line names: {resources}"},
	rules.CauseGatewayConfig:      {"{check} and look at the directive that makes the address: a variable without a value, a name that does not resolve"},
	rules.CauseKeepaliveRace:      {"nothing is down; make the upstream keep idle connections longer than the gateway does: {keep-alive} above {idle}"},
	rules.CauseUnknown:            {"collect the logs named under \"not known\" for the same minutes and run again"},
}

var prevention = map[rules.Cause][]string{
	rules.CauseOOMKill:            {"find what grew just before the kill; {fit}"},
	rules.CauseMemoryExhausted:    {"find what grew: {grew}"},
	rules.CauseCrashSignal:        {"check what was deployed last: native extensions and their versions"},
	rules.CauseUnhandledException: {"fix the error, and catch it where it need not end more than its own request"},
	rules.CauseWorkerTimeout:      {"take such work out of the request, or raise {timeout} to what it needs, and the gateway's patience with it ({timeouts})"},
	rules.CauseKilled:             {"let it be started again by itself: {restarts}"},
	rules.CauseRestart:            {"restart without a gap: start the new process before the old one stops (socket activation, reload, rolling deploy), and let the gateway retry the next server"},
	rules.CauseStartFailure:       {"let the old process serve until the new one answers (rolling deploy), and start a release once before it gets traffic"},
	rules.CauseNotListening:       {"let it be started again by itself: {restarts}"},
	rules.CauseInvalidResponse:    {"ask a release once through the gateway before it gets traffic: some clients take what the gateway refuses"},
	rules.CauseProtocolMismatch:   {"change both ends in one step, and ask once through the gateway before it gets traffic"},
	rules.CauseResponseTooLarge:   {"bound what goes into cookies and headers: keep the session on the server"},
	rules.CauseTLSFailure:         {"renew certificates by a timer that restarts who uses them, and raise an alarm two weeks before one ends: `openssl x509 -checkend 1209600 -noout -in FILE`"},
	rules.CauseNetworkUnreachable: {"let the gateway give up on connecting sooner than on answers, so that the next server is tried in time ({timeouts})"},
	rules.CauseDNSFailure:         untoldName.next,
	rules.CauseSlowUpstream:       {"keep the log of slow requests on: it tells the reason the next time"},
	rules.CauseUpstreamSaturated:  {"shorten what the workers wait for, and refuse early what cannot be served in time"},
	rules.CauseDependencyFailure:  {"give its client a timeout shorter than the gateway's ({timeouts}), so that the application can return an error of its own", "bound the connections of all its clients together below what it allows"},
	rules.CauseGatewayResources:   {"raise an alarm before it is used up"},
	rules.CauseGatewayConfig:      {"{check} before each reload, and ask once through the gateway after it: a variable without a value passes the check"},
	rules.CauseKeepaliveRace:      {"{again}"},
}
