package correlate

import (
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// endsWithin is how long after a process's last words its manager tells how it ended.
const endsWithin = 10 * parser.Second

// ended notes for each line that may be a process's last words how its manager says that the
// process ended: systemd's code=killed, status=9/KILL, Docker's exit code, supervisord's
// "terminated by SIGKILL".
func ended(all []rules.Candidate) {
	for i := range all {
		c := &all[i]
		if sig := c.Hit.Signature; c.Subject < 0 || sig.AboutOthers() || sig.Scope != rules.ScopeService || c.When.From == rules.Past {
			continue
		}
		next := rules.Future
		for j := range all {
			d := &all[j]
			end := endOf(d.Hit)
			if d.Subject != c.Subject || end == rules.EndUnknown || d.When.From == rules.Past {
				continue
			}
			if d.When.To > c.When.From && d.When.From <= c.When.To+endsWithin && d.When.From < next {
				next, c.Ended = d.When.From, end
			}
		}
	}
}

// endOf reads how a process ended from its manager's line. A shell and a container runtime
// say 128 and the signal's number as an exit status.
func endOf(hit *rules.Hit) rules.End {
	sig := hit.Signature
	if !sig.AboutOthers() || sig.Technology == "kernel" || sig.Scope != rules.ScopeService || sig.State != rules.StateDead && sig.State != rules.StateStopped {
		return rules.EndUnknown
	}
	signal := strings.TrimPrefix(strings.ToUpper(hit.Get(rules.FieldSignal)), "SIG")
	if n, err := strconv.Atoi(signal); err == nil {
		signal = signals[n]
	}
	if code, err := strconv.Atoi(hit.Get(rules.FieldExitCode)); signal == "" && err == nil {
		if signal = signals[code-128]; signal == "" && code > 0 {
			return rules.EndExit
		}
	}
	switch {
	case signal == "":
		return rules.EndUnknown
	case signal == "ABRT" || signal == "IOT" || signal == "TRAP":
		return rules.EndAbort
	case slices.Contains([]string{"SEGV", "BUS", "ILL", "FPE", "SYS"}, signal):
		return rules.EndFault
	}
	return rules.EndKill
}

// signals are the names of the signals that end processes, by number (signal(7), x86 and arm).
var signals = map[int]string{1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 11: "SEGV", 13: "PIPE", 14: "ALRM", 15: "TERM", 31: "SYS"}
