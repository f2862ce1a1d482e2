package correlate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
	"culprit/rules/cause"
)

// Bounds of what an incident tells.
const (
	maxEvidence = 24
	maxTimeline = 40
	maxOfKind   = 2 // lines of one signature beside the proof
)

func (e *Engine) quote(ev *rules.Event) rules.Quote {
	return rules.Quote{
		Location: rules.Location{Source: e.sources[ev.Source].Source.Path, Line: ev.Place.Line},
		Text:     ev.Text, Message: ev.Message, Place: ev.Place,
	}
}

// symptomGroups tells what the gateway saw, by kind. Where each line may be of another case's request,
// none is quoted.
func (e *Engine) symptomGroups(g *gathering) []rules.SymptomGroup {
	type kind struct {
		class parser.Symptom
		phase parser.Phase
		rank  parser.Rank
		errno int32
	}
	var out []rules.SymptomGroup
	at := map[kind]int{}
	for _, s := range g.symptoms {
		k := kind{s.Symptom, s.Phase, s.Rank, s.Errno}
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, rules.SymptomGroup{
				Class: s.Symptom, Phase: s.Phase, Rank: s.Rank, Errno: s.Errno, First: moment(s.when), Example: rules.Quote{Location: rules.Location{Source: s.source.Source.Path}},
			})
		}
		if out[i].Example.Text == "" && !s.shared {
			out[i].Example = e.quote(s.Event)
		}
		out[i].Count += s.Count
		if last := moment(s.last); last.Micros >= out[i].Last.Micros {
			out[i].Last = last
		}
	}
	return out
}

// evidence lists the proof first, then what belongs to the same story as effect,
// recovery or context; says has what each line says by itself.
func (e *Engine) evidence(g *gathering) (out []rules.Evidence, says []string) {
	shown := map[*rules.Event]bool{}
	kinds := map[string]int{} // how often each kind of line is shown
	from := g.source()
	for _, p := range g.verdict.Proof {
		c := &from.rules.Evidence[p.Candidate]
		if shown[c.Event] {
			continue // another signature on the same line
		}
		shown[c.Event] = true
		out = append(out, rules.Evidence{
			Kind: c.Hit.Signature.ID, Cause: g.verdict.Cause, Role: rules.RoleCause, Time: moment(c.When), Count: c.Event.Count,
			Quote: e.quote(c.Event), Why: p.Why + e.throughHop(g), Fields: c.Hit.Fields, Weight: p.Weight,
		})
		kinds[c.Hit.Signature.ID] = maxOfKind
		out[len(out)-1].Count = max(c.Event.Count, c.Inside)
		if many := cause.Victims(from.rules, p); many != "" {
			out[len(out)-1].Why += "; " + many
		}
		says = append(says, cause.Meaning(c.Hit))
	}
	if len(out) == 0 {
		if ev, ok := e.selfEvident(g, from); ok {
			out, says = append(out, ev), append(says, "") // the timeline has the symptom
		}
	}
	since, until := from.began-10*parser.Second, from.pool.span.To+parser.Minute
	for _, h := range e.nearHits(from) {
		if len(out) >= maxEvidence || h.when.From > until {
			break
		}
		if h.last.To < since {
			continue
		}
		ev, meaning, ok := e.companion(from, h, shown)
		back := ev.Kind + "\x00" + ev.Quote.Source // of each service one line that tells that it is back
		if !ok || kinds[ev.Kind] >= maxOfKind && (ev.Role != rules.RoleRecovery || kinds[back] > 0) {
			continue
		}
		kinds[ev.Kind]++
		kinds[back]++
		out, says = append(out, ev), append(says, meaning)
	}
	return out, says
}

// selfEvident quotes the gateway's own line where the symptom itself decides.
func (e *Engine) selfEvident(g, from *gathering) (ev rules.Evidence, ok bool) {
	if g.verdict.Cause == rules.CauseUnknown {
		return ev, false
	}
	var best *symptom
	for _, says := range []func(*symptom) bool{
		func(s *symptom) bool {
			return s.Rank == parser.RankPrimary && cause.Speaks(g.verdict.Cause, s.Symptom, s.Hints)
		},
		func(s *symptom) bool { // how the server that it had started died
			return s.Rank == parser.RankSecondary && len(s.Hints) == 1 && s.Hints[0] == g.verdict.Cause && g.verdict.Cause == rules.CauseCrashSignal
		},
		func(s *symptom) bool { return s.Rank == parser.RankPrimary },
		func(s *symptom) bool { // the gateway's own health check says why
			return s.Rank == parser.RankSecondary && slices.Contains(s.Hints, g.verdict.Cause)
		},
	} {
		if i := slices.IndexFunc(from.symptoms, says); i >= 0 {
			best = from.symptoms[i]
			break
		}
	}
	if best == nil || len(g.verdict.Reasons) == 0 {
		return ev, false
	}
	var count int64
	for _, s := range from.symptoms {
		if s.Rank == best.Rank && (s.Symptom == best.Symptom || cause.Speaks(g.verdict.Cause, s.Symptom, s.Hints)) {
			count += s.Count
		}
	}
	if g.verdict.Cause == rules.CauseKeepaliveRace {
		best = cmp.Or(from.noticed(best.Symptom, best.Phase), best)
	}
	return rules.Evidence{
		Kind: best.Symptom.String(), Cause: g.verdict.Cause, Role: rules.RoleCause, Time: moment(best.when), Count: count,
		Quote: e.quote(best.Event), Why: g.verdict.Reasons[0].Text + e.throughHop(g), Weight: g.verdict.Reasons[0].Weight,
	}, true
}

// noticed is a symptom of a request that failed for its client; nil if none is known. A
// request that meets a connection just closed is mostly sent again, and nobody notices.
func (g *gathering) noticed(class parser.Symptom, phase parser.Phase) *symptom {
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary && s.Symptom == class && s.Phase == phase && s.Count == 1 && g.answeredBadly(s) {
			return s
		}
	}
	return nil
}

// quoteNoticed makes such symptoms the examples of what the gateway saw.
func (e *Engine) quoteNoticed(in *rules.Incident, g *gathering) {
	if in.Verdict.Cause != rules.CauseKeepaliveRace {
		return
	}
	for i := range in.Symptoms {
		if s := g.noticed(in.Symptoms[i].Class, in.Symptoms[i].Phase); s != nil {
			in.Symptoms[i].Example = e.quote(s.Event)
		}
	}
}

// answeredBadly reports whether a symptom's request failed for its client, too, as the access
// log tells.
func (g *gathering) answeredBadly(s *symptom) bool {
	return slices.ContainsFunc(g.answers, func(a answer) bool {
		return a.tally.when.To+near >= s.when.From && a.tally.when.From <= s.last.To+near &&
			slices.ContainsFunc(a.tally.Requests, func(key uint64) bool { return slices.Contains(s.Event.Requests, key) })
	})
}

// companion is a line of the same service, near the incident, that is not proof:
// the restart after the kill, the moment it serves again.
func (e *Engine) companion(g *gathering, h *hitEvent, shown map[*rules.Event]bool) (ev rules.Evidence, meaning string, ok bool) {
	if shown[h.Event] || h.Symptom != parser.SymptomNone || h.when.From == rules.Past {
		return ev, meaning, false
	}
	for i := range h.Hits {
		hit := &h.Hits[i]
		sv, l := e.subjectOf(g, h, hit)
		if l.weight < linkName || sv == nil && l.weight < linkAddress {
			continue
		}
		role := hit.Signature.Role
		if role == rules.RoleCause {
			role = rules.RoleEffect
			if h.when.From < g.pool.span.From-5*parser.Second {
				role = rules.RoleContext
			}
		}
		if role == rules.RoleRecovery && h.when.To <= g.pool.span.From {
			continue // it came up before: that is why it is linked, and the proof says so
		}
		if role == rules.RoleRecovery && failedAfter(g, h) {
			role = rules.RoleEffect // it was started, and that ended nothing
		}
		if role == rules.RoleContext && hit.Signature.Cause == "" && hit.Signature.State == "" {
			continue
		}
		shown[h.Event], meaning = true, cause.Meaning(hit)
		return rules.Evidence{
			Kind: hit.Signature.ID, Cause: hit.Signature.Cause, Role: role, Time: moment(h.when), Count: h.Count,
			Quote: e.quote(h.Event), Why: meaning + cause.About(serviceName(sv), l.why), Fields: hit.Fields,
		}, meaning, true
	}
	return ev, meaning, false
}

// failedAfter reports whether requests failed after a line was surely written.
func failedAfter(g *gathering, h *hitEvent) bool {
	return slices.ContainsFunc(g.symptoms, func(s *symptom) bool { return s.Rank == parser.RankPrimary && s.last.From >= h.when.To })
}

func serviceName(sv *service) string {
	if sv == nil {
		return ""
	}
	return sv.name
}

// An entry is a moment of the story before it is put in order.
type entry struct {
	rules.TimelineEntry
	rank int // within one second: causes, what the gateway saw, effects, recovery
}

// rankOf is the rank of evidence: a cause stands first in its second, but not the next start, nor
// more of the same once requests have failed, where its time is known to less than a second.
func rankOf(in *rules.Incident, ev *rules.Evidence) int {
	role := ev.Role
	switch {
	case role == rules.RoleContext && ev.Time.Micros > in.Evidence[0].Time.Micros,
		role == rules.RoleCause && ev.Time.Precision < parser.Second && parser.FloorDiv(ev.Time.Micros, parser.Second) > parser.FloorDiv(in.Start.Micros, parser.Second):
		role = rules.RoleEffect
	}
	return map[rules.EvidenceRole]int{rules.RoleContext: 0, rules.RoleCause: 1, rules.RoleEffect: 3, rules.RoleRecovery: 4}[role]
}

// timeline tells the story in one order over all sources. Most stamps are whole
// seconds, so within a second the cause comes first.
func (e *Engine) timeline(in *rules.Incident, says []string, g *gathering) []rules.TimelineEntry {
	var all []entry
	add := func(rank int, time rules.Moment, what string, at rules.Location) {
		if !time.IsZero() {
			all = append(all, entry{rules.TimelineEntry{Time: time, What: what, Location: at}, rank})
		}
	}
	for i, ev := range in.Evidence {
		if says[i] != "" {
			add(rankOf(in, &ev), ev.Time, says[i], ev.Quote.Location)
		}
	}
	for _, s := range in.Symptoms {
		what := cmp.Or(in.Gateway, "the gateway") + " sees: "
		if s.Rank == parser.RankSecondary {
			if s.Class == parser.SymptomOther {
				continue // a further line about a request whose failure another one tells
			}
			what = cmp.Or(in.Gateway, "the gateway") + " reacts to earlier failures: "
		}
		what += s.Class.During(s.Phase)
		if s.Count > 1 {
			what += fmt.Sprintf(" (first of %d)", s.Count)
		}
		add(2, s.First, what, s.Example.Location)
	}
	// Where access lines tell it by the second and by how long was waited, it may be a second later.
	if !slices.ContainsFunc(all, func(other entry) bool { return other.Time.Micros < in.Start.Micros+2*parser.Second }) && len(g.symptoms) > 0 {
		add(0, in.Start, "the first request that fails begins", rules.Location{Source: e.quote(g.symptoms[0].Event).Source})
	}
	last, at := e.lastFailure(g)
	add(5, last, "last failure", at)
	if at, in, line, ok := e.firstSuccess(g); ok {
		add(6, rules.Moment{Micros: at, Precision: parser.Second}, "first successful answer after it", rules.Location{Source: in.Source.Path, Line: line})
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(secondOf(&a), secondOf(&b)), cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.Time.Micros, b.Time.Micros), proofFirst(in, &a, &b), strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line))
	})
	for _, same := range []struct {
		kept func(*entry) string // entries of one of these keep their places among themselves
		cmp  func(a, b entry) int
	}{
		{func(e *entry) string {
			return map[bool]string{true: "known to less than a second"}[e.rank >= 2 && e.Time.Precision < parser.Second]
		},
			func(a, b entry) int { return cmp.Compare(a.Time.Micros, b.Time.Micros) }},
		{func(e *entry) string { return map[bool]string{true: e.Source}[e.Line > 0] }, func(a, b entry) int { return cmp.Compare(a.Line, b.Line) }}, // no rank knows that better than the file
	} {
		inOrder(all, same.kept, same.cmp)
	}
	if len(all) > maxTimeline {
		all = append(all[:maxTimeline-2], all[len(all)-2:]...)
	}
	out := make([]rules.TimelineEntry, len(all))
	for i := range all {
		out[i] = all[i].TimelineEntry
	}
	return out
}

func secondOf(e *entry) int64 { return parser.FloorDiv(e.Time.Micros, parser.Second) }

// inOrder puts the entries of a second that are alike into an order, on the places that they
// have; those of no kind ("") stay.
func inOrder(all []entry, kind func(*entry) string, order func(a, b entry) int) {
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && secondOf(&all[to]) == secondOf(&all[from]) {
			to++
		}
		places := map[string][]int{}
		for i := from; i < to; i++ {
			if k := kind(&all[i]); k != "" {
				places[k] = append(places[k], i)
			}
		}
		for _, at := range places {
			alike := make([]entry, len(at))
			for i, n := range at {
				alike[i] = all[n]
			}
			slices.SortStableFunc(alike, order)
			for i, n := range at {
				all[n] = alike[i]
			}
		}
		from = to
	}
}

// lastFailure is when the last symptom was, and its line where that is known: of many that
// were folded, only the first one's place is.
func (e *Engine) lastFailure(g *gathering) (last rules.Moment, at rules.Location) {
	for _, s := range g.symptoms {
		m := moment(s.last)
		source := e.quote(s.Event).Source
		if m.Micros < last.Micros || m.IsZero() || m.Micros == last.Micros && source > at.Source && at.Source != "" {
			continue // of several logs the first by name, however their lines were folded
		}
		last, at = m, rules.Location{Source: source}
		if s.last.From == s.when.From && s.Count == 1 {
			at = e.quote(s.Event).Location
		}
	}
	return last, at
}

// proofFirst puts the lines of the best proof's log before the others of their moment and
// rank: of a kill, the kernel's before the manager's.
func proofFirst(in *rules.Incident, a, b *entry) int {
	if a.Source == b.Source || len(in.Evidence) == 0 {
		return 0
	}
	switch in.Evidence[0].Quote.Source {
	case a.Source:
		return -1
	case b.Source:
		return 1
	}
	return 0
}
