package correlate

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// The kernel names the process that it killed for memory and, without cgroups in its report, no
// unit; the init system names the unit that lost its process, and no pid. What dies alone on a
// host in a moment is one and the same.

// victimTime is how far the two words may be apart: the reaping of a large process takes a while.
const victimTime = 5 * parser.Second

// atOnce is how many kills on other hosts may stand between two on one.
const atOnce = 64

// joinVictims notes the units of processes that the kernel killed for memory.
func (e *Engine) joinVictims() {
	e.victims = nil
	type killed struct {
		h   *hitEvent
		pid string
	}
	var kills []killed
	for _, h := range e.hits {
		for i := range h.Hits {
			hit := &h.Hits[i]
			if sig := hit.Signature; sig.Technology == "kernel" && sig.Cause == rules.CauseOOMKill && sig.Strong && hit.Get(rules.FieldPID) != "" && hit.Get(rules.FieldCgroup) == "" && h.when.From != rules.Past {
				kills = append(kills, killed{h, hit.Get(rules.FieldPID)})
			}
		}
	}
	near := func(a, b *hitEvent) bool {
		return a.source.site == b.source.site && (a.Host == b.Host || a.Host == "" || b.Host == "") && a.when.From <= b.when.To+victimTime && b.when.From <= a.when.To+victimTime
	}
	for i, k := range kills {
		alone := true
		for _, o := range slices.Concat(kills[max(i-atOnce, 0):i], kills[i+1:min(i+1+atOnce, len(kills))]) {
			alone = alone && (o.pid == k.pid || !near(o.h, k.h))
		}
		if !alone {
			continue // two at once: whose end is whose?
		}
		unit := ""
		for _, h := range risenFrom(e.hits, k.h.when.From-victimTime) {
			if h.when.From > k.h.when.To+victimTime {
				break
			}
			if died := unitLost(h); died != "" && near(h, k.h) {
				if unit != "" && unit != died {
					unit = ""
					break
				}
				unit = died
			}
		}
		if unit == "" {
			continue
		}
		if e.victims == nil {
			e.victims = map[*rules.Event]string{}
		}
		e.victims[k.h.Event] = unit
	}
}

// unitLost is the unit of which the init system says that its process was killed.
func unitLost(h *hitEvent) string {
	for i := range h.Hits {
		hit := &h.Hits[i]
		if sig := hit.Signature; sig.Technology == "systemd" && sig.State == rules.StateDead && (sig.Cause == rules.CauseOOMKill || sig.Cause == rules.CauseKilled) {
			return hit.Get(rules.FieldUnit)
		}
	}
	return ""
}
