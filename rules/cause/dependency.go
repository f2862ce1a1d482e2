package cause

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A failure is how a service behind the upstream failed: what is to do depends on it.
type failure uint8

const (
	failsSomehow failure = iota
	failsEnded           // it ended, or could not start
	failsFull            // it had no disk space
	failsRefused         // nothing listened, as its client met
	failsLocked          // it was waited for a lock
)

// howItFails reads how the service behind failed from the best line of the proof.
func howItFails(c *rules.Case, in *rules.Incident) failure {
	full := func(p rules.Proof) bool { return strings.HasSuffix(c.Evidence[p.Candidate].Hit.Signature.ID, "-space") }
	switch {
	case slices.ContainsFunc(in.Verdict.Proof, full): // who waits for space holds locks
		return failsFull
	case saidIn(c, in, lockWords...):
		return failsLocked
	case len(in.Verdict.Proof) == 0:
		return failsSomehow
	}
	ev := &c.Evidence[in.Verdict.Proof[0].Candidate]
	switch {
	case ended(ev):
		return failsEnded
	case strings.Contains(strings.ToLower(ev.Event.Text), "refused") && ev.Hit.Dependency() != "":
		return failsRefused
	}
	return failsSomehow
}

// ended reports whether a line tells that the service that it is about, one behind the upstream,
// ended or did not start.
func ended(ev *rules.Candidate) bool {
	sig := ev.Hit.Signature
	switch sig.State {
	case rules.StateStopping, rules.StateStopped, rules.StateFailed, rules.StateDead:
		return true
	}
	return ev.Behind || slices.Contains(sig.Also, rules.CauseCrashSignal)
}

// dependencyNow is what to do at once.
func dependencyNow(c *rules.Case, in *rules.Incident) []string {
	switch howItFails(c, in) {
	case failsEnded:
		return []string{"see whether " + behindName(in) + " runs again: {status}"}
	case failsFull:
		return []string{"make room where " + behindName(in) + " keeps its data: `df -h` shows what is full, `du -xh --max-depth=2 DIRECTORY | sort -h` what fills it"}
	case failsRefused:
		dep := c.Evidence[in.Verdict.Proof[0].Candidate].Hit.Dependency()
		if host, port, err := net.SplitHostPort(dep); err == nil && plainName(host) && plainName(port) {
			return []string{"see whether anything listens at " + dep + ": " + ticked("ss -ltnp 'sport = :"+port+"'") + " there, " + ticked("nc -vz "+host+" "+port) + " from the machine of its client; then whether it runs: {status}"}
		}
	case failsLocked:
		return []string{"see who holds the lock that the quoted line names: {locks}"}
	}
	return advice[rules.CauseDependencyFailure]
}

// dependencyNext is what to do against the next time.
func dependencyNext(c *rules.Case, in *rules.Incident) []string {
	timeout := prevention[rules.CauseDependencyFailure][0]
	switch howItFails(c, in) {
	case failsEnded, failsRefused:
		return []string{timeout, "let its clients connect again by themselves and try a kept connection before they use it, and give what cannot do without it a standby that takes over"}
	case failsFull:
		return []string{"raise an alarm before the disk is full", timeout}
	case failsLocked:
		return []string{"bound the wait for a lock and keep transactions short", timeout}
	}
	return prevention[rules.CauseDependencyFailure]
}

// behindName is what the service behind is called in advice.
func behindName(in *rules.Incident) string {
	return cmp.Or(plain(in.Culprit.Process), "the service behind it")
}

// firstOfItsEnd puts what a service behind said first of its end in front of what it said next: that
// it takes no connections is said with each of them, how it came to that once.
func firstOfItsEnd(c *rules.Case, list []rules.Proof) {
	if len(list) == 0 || c.Evidence[list[0].Candidate].Subject < 0 {
		return
	}
	told := func(i int) (ev *rules.Candidate) { return &c.Evidence[list[i].Candidate] }
	best, first := told(0), 0
	for i := range list {
		ev := told(i)
		if ev.Subject == best.Subject && ended(ev) && ev.When.From > best.When.From-parser.Minute && before(ev, told(first)) {
			first = i
		}
	}
	p := list[first]
	copy(list[1:first+1], list[:first])
	list[0] = p
}

// before reports whether a line of one service stands before another.
func before(a, b *rules.Candidate) bool {
	if d := cmp.Compare(a.When.From, b.When.From); d != 0 {
		return d < 0
	}
	return a.Event.Source == b.Event.Source && a.Event.Place.FirstLine < b.Event.Place.FirstLine
}
