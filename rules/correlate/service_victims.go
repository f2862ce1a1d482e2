package correlate

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// The kernel names the process that it killed, or that died on a fault, and mostly no unit; the init
// system names the unit that lost its process, and the kubelet the pod, and no pid. What dies alone on
// a host in a moment is one and the same.

// victimTime is how far the two words may be apart: the reaping of a large process takes a while, and
// the kubelet looks at its containers once a second (pkg/kubelet: genericPlegRelistPeriod).
const victimTime = 5 * parser.Second

// atOnce is how many deaths on other hosts may stand between two on one.
const atOnce = 64

// A loser is what lost its process: a unit or a pod.
type loser struct{ unit, pod string }

// A death is a process's, as the kernel tells it.
type death struct {
	h    *hitEvent
	pid  string
	host string // that it was on, "" if nothing tells
	oom  bool
	pods bool // it was in a container, or nothing tells where
	unit bool // it may have been a unit's
}

// joinVictims notes the units and pods of processes whose death the kernel tells.
func (e *Engine) joinVictims() {
	e.victims = nil
	var deaths []death
	for _, h := range e.hits {
		for i := range h.Hits {
			if d, ok := e.deathOf(h, &h.Hits[i]); ok {
				deaths = append(deaths, d)
			}
		}
	}
	if len(deaths) == 0 {
		return
	}
	stopped := e.stoppedPods()
	for i, d := range deaths {
		if slices.ContainsFunc(slices.Concat(deaths[max(i-atOnce, 0):i], deaths[i+1:min(i+1+atOnce, len(deaths))]), func(o death) bool {
			return o.pid != d.pid && e.together(d, o.h)
		}) {
			continue // two at once: whose end is whose?
		}
		lost, several := loser{}, false
		for _, h := range risenFrom(e.hits, d.h.when.From-victimTime) {
			if h.when.From > d.h.when.To+victimTime {
				break
			}
			for j := range h.Hits {
				if l := lostBy(h, &h.Hits[j], d, stopped); l != (loser{}) && e.together(d, h) {
					several = several || lost != (loser{}) && lost != l
					lost = l
				}
			}
		}
		if lost == (loser{}) || several {
			continue
		}
		if e.victims == nil {
			e.victims = map[*rules.Event]loser{}
		}
		e.victims[d.h.Event] = lost
	}
}

// deathOf reads a death of a process of whose unit or pod the kernel says nothing that the logs know.
func (e *Engine) deathOf(h *hitEvent, hit *rules.Hit) (d death, ok bool) {
	sig := hit.Signature
	d = death{h: h, pid: hit.Get(rules.FieldPID), host: cmp.Or(h.Host, e.folderHost(h.source)), oom: sig.Cause == rules.CauseOOMKill, pods: true, unit: true}
	if sig.Technology != "kernel" || !sig.Strong || d.pid == "" || h.when.From == rules.Past || !d.oom && sig.Cause != rules.CauseCrashSignal {
		return d, false
	}
	if group := hit.Get(rules.FieldCgroup); group != "" {
		d.unit, d.pods = false, strings.Contains(group, "kubepods")
	}
	return d, d.unit && d.oom || d.pods
}

// together reports whether a line is of the same host and moment as a death.
func (e *Engine) together(d death, h *hitEvent) bool {
	host := cmp.Or(h.Host, e.folderHost(h.source))
	switch {
	case d.host != "" && host != "":
		if !sameHost(d.host, host) {
			return false
		}
	case d.h.source.site != h.source.site:
		return false
	}
	return d.h.when.From <= h.when.To+victimTime && h.when.From <= d.h.when.To+victimTime
}

// lostBy is whose process had died: the unit's of which the init system says that its process was killed
// for memory; a pod's, one of whose containers ended and had not been told to.
func lostBy(h *hitEvent, hit *rules.Hit, d death, stopped map[string][]int64) loser {
	switch sig := hit.Signature; sig.Technology {
	case "systemd":
		if d.unit && d.oom && sig.State == rules.StateDead && (sig.Cause == rules.CauseOOMKill || sig.Cause == rules.CauseKilled) {
			return loser{unit: hit.Get(rules.FieldUnit)}
		}
	case "kubernetes":
		pod := hit.Get(rules.FieldPod)
		if pod == "" && sig.Cause == rules.CauseOOMKill { // as kubectl describes it
			name, _ := rules.SplitStream(h.Stream)
			pod, _, _ = strings.Cut(name, "/")
		}
		if !d.pods || h.when.To < d.h.when.From || slices.ContainsFunc(stopped[pod], func(at int64) bool { return at <= d.h.when.To && at > d.h.when.From-lookback }) {
			return loser{}
		}
		if sig.Cause == rules.CauseOOMKill && d.oom || sig.Role == rules.RoleContext && sig.State == rules.StateStopped {
			return loser{pod: pod}
		}
	}
	return loser{}
}

// stoppedPods lists when containers of pods were told to stop.
func (e *Engine) stoppedPods() map[string][]int64 {
	out := map[string][]int64{}
	for _, h := range e.hits {
		for i := range h.Hits {
			if hit := &h.Hits[i]; hit.Signature.Technology == "kubernetes" && hit.Signature.State == rules.StateStopping {
				pod := hit.Get(rules.FieldPod)
				out[pod] = append(out[pod], h.when.From)
			}
		}
	}
	return out
}
