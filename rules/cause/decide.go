package cause

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// The bar that a winner must pass, in decibans.
const (
	aboveNothing = 10 // above its prior
	aboveNext    = 5  // above the next
	foldSlack    = 3 * parser.Second
	longestStart = 2 * parser.Minute // until a server that cannot start says so: a JVM reads its classes first
	maxShown     = 4                 // alternatives
	answeredOn   = -20               // it answered while, by the evidence, it could not start
	misfit       = -10               // a cause that fits the symptoms so badly explains none of them
)

// score is one cause's account.
type score struct {
	cause   rules.Cause
	own     int // from the symptoms alone
	total   int
	reasons []rules.Reason
	pieces  []piece // best first
	foldedI rules.Cause
	shared  bool // it is near the winner, by the same lines
}

func (s *score) add(weight int, text string) {
	s.total += weight
	if weight != 0 && text != "" {
		s.reasons = append(s.reasons, rules.Reason{Weight: weight, Text: text})
	}
}

// Decide judges a case. It is pure, and its result does not depend on the order of
// the case's evidence.
func Decide(c *rules.Case) rules.Verdict {
	scores := account(c)
	fold(c, scores)
	slices.SortStableFunc(scores, func(a, b *score) int {
		return cmp.Or(folded(a)-folded(b), cmp.Compare(b.total, a.total), cmp.Compare(orderOf(a.cause), orderOf(b.cause)))
	})
	return verdict(c, scores)
}

func folded(s *score) int {
	if s.foldedI != "" {
		return 1
	}
	return 0
}

func orderOf(c rules.Cause) int { return slices.Index(rules.Causes(), c) }

// account opens one score per cause that anything speaks for.
func account(c *rules.Case) []*score {
	byCause := map[rules.Cause]*score{}
	get := func(cause rules.Cause) *score {
		s := byCause[cause]
		if s == nil {
			s = &score{cause: cause}
			byCause[cause] = s
		}
		return s
	}
	byItself := func(cause rules.Cause, w rules.Reason) {
		if w.Weight > 0 {
			s := get(cause)
			s.own = w.Weight
			s.add(w.Weight, w.Text)
		}
	}
	for cause, w := range symptomsAlone(c) {
		byItself(cause, w)
	}
	byItself(rules.CauseKeepaliveRace, keepaliveRace(c))
	byItself(rules.CauseInvalidResponse, emptyAnswers(c))
	for i := range c.Evidence {
		ev := &c.Evidence[i]
		if !tells(c, ev) {
			continue
		}
		causes := []rules.Cause{ev.Cause}
		if !ev.Behind {
			causes = append(causes, ev.Hit.Signature.Also...)
		}
		for j, cause := range causes {
			if cause != "" && !slices.Contains(causes[:j], cause) && !slices.Contains(ev.Not, cause) {
				s := get(cause)
				s.pieces = append(s.pieces, weigh(c, i, cause))
			}
		}
	}
	var out []*score
	for _, cause := range rules.Causes() {
		if s := byCause[cause]; s != nil && cause != rules.CauseUnknown { // not knowing is no candidate
			s.sum(c)
			out = append(out, s)
		}
	}
	return out
}

// sum adds fit and evidence: the best piece in full, each further kind a little.
func (s *score) sum(c *rules.Case) {
	if len(s.pieces) == 0 {
		return
	}
	slices.SortStableFunc(s.pieces, func(a, b piece) int {
		x, y := &c.Evidence[a.index], &c.Evidence[b.index]
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.when.From, b.when.From), cmp.Compare(y.Link, x.Link),
			strings.Compare(x.Hit.Signature.ID, y.Hit.Signature.ID), cmp.Compare(x.Subject, y.Subject), cmp.Compare(a.index, b.index))
	})
	best := s.pieces[0]
	if c.Evidence[best.index].Link < 0 { // about another service: it speaks for nothing here, nor against what the symptoms say
		if s.own <= 0 {
			s.add(min(best.weight, 0), best.why)
		}
		return
	}
	if s.own > 0 { // the symptoms alone already speak for it: evidence confirms
		s.add(max(best.weight, 0)/2, best.why)
	} else {
		s.add(best.weight, best.why)
		s.add(fit(c, s.cause), "how well the cause fits what the gateway saw")
		if s.cause == rules.CauseStartFailure && lateListener(c) && !refused(c) {
			s.add(answeredOn, "the upstream answered in the seconds of the failures, so it had started")
		}
	}
	more, seen := 0, map[string]bool{c.Evidence[best.index].Hit.Signature.ID: true}
	for _, p := range s.pieces[1:] {
		if id := c.Evidence[p.index].Hit.Signature.ID; !seen[id] && p.weight > 0 && more < furtherMost && !elsewhere(c, best, p) {
			seen[id] = true
			more += furtherKind
		}
	}
	s.add(more, "further lines that say the same")
}

// elsewhere reports whether a line is about another service, or names a unit or container that nothing
// links to the upstream, beside a better one that is linked: what befell another says nothing more
// about this one.
func elsewhere(c *rules.Case, best, p piece) bool {
	ev := &c.Evidence[p.index]
	return (ev.Foreign || ev.Link < 0) && c.Evidence[best.index].Link > 0
}

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
	if s.Class == parser.SymptomNoPorts && c.Traffic.Succeeded > 0 {
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

// fit averages the table over the primary symptoms. Where no class makes up four
// fifths of them, the first one, with which the story began, counts half.
func fit(c *rules.Case, cause rules.Cause) int {
	row, ok := fits[cause]
	total := c.Primary(parser.SymptomNone)
	if !ok {
		return 0
	}
	if total == 0 {
		return fitsChecks(c, row)
	}
	var sum int64
	var shares [groups]int64
	first, begun := 0, false
	for i := range c.Symptoms {
		s := &c.Symptoms[i]
		if s.Rank != parser.RankPrimary {
			continue
		}
		g := groupOf(s.Class)
		if !begun {
			first, begun = row[g], true
		}
		shares[g] += s.Count
		sum += int64(row[g]) * s.Count
	}
	average := int(sum / total)
	if slices.Max(shares[:])*5 >= total*4 {
		return average
	}
	return (first + average) / 2
}

// fitsChecks is fit where no request reached a server: then what the health checks found
// stands for what requests would have met.
func fitsChecks(c *rules.Case, row [groups]int) int {
	var sum, n int64
	for i := range c.Symptoms {
		s := &c.Symptoms[i]
		if s.Class != parser.SymptomPeerDown && s.Class != parser.SymptomHealthCheckFailed || len(s.Hints) == 0 {
			continue
		}
		if g, ok := foundBy[s.Hints[0]]; ok {
			sum, n = sum+int64(row[g])*s.Count, n+s.Count
		}
	}
	if n == 0 {
		return 0
	}
	return int(sum / n)
}

// fold gives the first link of a chain the weight of its consequences.
func fold(c *rules.Case, scores []*score) {
	byTotal := slices.Clone(scores)
	slices.SortStableFunc(byTotal, func(a, b *score) int { return cmp.Compare(b.total, a.total) })
	for _, root := range byTotal {
		if root.foldedI != "" || root.total < aboveNothing {
			continue
		}
		for _, other := range byTotal {
			if other == root || other.foldedI != "" || !folds(root.cause, other.cause) && !failsEach(c, root, other) || !oneStory(c, root, other) {
				continue
			}
			if folds(other.cause, root.cause) && earlier(other, root) {
				continue // each may explain the other: the earlier one does
			}
			if other.total > root.total {
				root.add(other.total-root.total, fmt.Sprintf("%s is its consequence", other.cause))
			}
			other.foldedI = root.cause
		}
	}
}

// surely reports whether a strong line speaks for the cause in the first place: that a pool of php-fpm
// "seems busy" means no more than that it starts children.
func (s *score) surely(c *rules.Case) bool {
	return slices.ContainsFunc(s.pieces, func(p piece) bool {
		ev := &c.Evidence[p.index]
		return p.weight > 0 && ev.Cause == s.cause && ev.Hit.Signature.Strong
	})
}

// failsEach reports whether a cause is that something was used up, and the other one nothing but the
// errors of single requests: each that finds no place ends in one. The death of a process is no such
// consequence.
func failsEach(c *rules.Case, root, other *score) bool {
	if root.cause != rules.CauseUpstreamSaturated || other.cause != rules.CauseUnhandledException || other.own != 0 || !root.surely(c) {
		return false
	}
	errors := 0
	for _, p := range other.pieces {
		switch ev := &c.Evidence[p.index]; {
		case ev.Cause != other.cause:
		case ev.Hit.Signature.Scope != rules.ScopeRequest:
			return false
		default:
			errors++
		}
	}
	return errors > 0
}

// oneStory reports whether the root's evidence is about the same service as the
// other's and not clearly after it. Only what is linked to the upstream can be the
// root of what happened to it.
func oneStory(c *rules.Case, root, other *score) bool {
	a := rootPiece(c, root)
	switch {
	case len(other.pieces) == 0 && len(root.pieces) == 0:
		return other.own < root.own
	case a == nil:
		return false
	case len(other.pieces) == 0: // known from the symptoms alone
		return root.own == 0 && root.pieces[0].weight >= weightWeak && fit(c, root.cause) > misfit
	}
	b := &c.Evidence[other.pieces[0].index]
	if a.Subject != b.Subject && (b.Link > 0 || a.Link <= 0) && a.Subject >= 0 && b.Subject >= 0 && root.cause != rules.CauseDependencyFailure {
		return false
	}
	if a.Link <= 0 && b.Link > 0 {
		return false
	}
	slack := foldSlack
	if root.cause == rules.CauseStartFailure || root.cause == rules.CauseOOMKill || root.cause == rules.CauseWorkerTimeout || slowKind(root.cause) {
		slack = 10 * parser.Second // told late: the manager's line, the report's last line
	}
	if root.cause == rules.CauseStartFailure && other.cause == rules.CauseRestart && first(root).To < c.Span.To {
		slack = longestStart // what was stopped in good order could have served again by then
	}
	return first(root).From <= first(other).To+slack
}

// rootPiece is the best line that speaks for the cause in the first place and is
// linked to the upstream, or stands before nearly all of its failures: a line that
// only may stand for the cause, or is about somebody else, begins no chain.
func rootPiece(c *rules.Case, s *score) *rules.Candidate {
	for _, p := range s.pieces {
		ev := &c.Evidence[p.index]
		if s.cause == rules.CauseDependencyFailure && fewComplained(c, ev) || endedOtherwise(ev, s.cause) {
			continue
		}
		if p.weight > 0 && ev.Cause == s.cause && (ev.Link > 0 || ev.Link == 0 && coverWeight(ev) >= coverTwo) {
			return ev
		}
	}
	return nil
}

// first is the earliest piece of a score that carries weight.
func first(s *score) rules.Interval {
	v := s.pieces[0].when
	for _, p := range s.pieces {
		if p.weight >= s.pieces[0].weight-10 && p.when.From < v.From && p.when.From != rules.Past {
			v = p.when
		}
	}
	return v
}

func earlier(a, b *score) bool {
	if len(a.pieces) == 0 || len(b.pieces) == 0 {
		return false
	}
	return first(a).To+foldSlack < first(b).From
}

// verdict applies the bar.
func verdict(c *rules.Case, scores []*score) rules.Verdict {
	v := rules.Verdict{Cause: rules.CauseUnknown}
	var best *score
	next := 0
	if len(scores) > 0 && folded(scores[0]) == 0 {
		best = scores[0]
		next = rival(c, best, scores[1:])
	}
	if best != nil && best.total >= aboveNothing && best.total >= next+aboveNext {
		v.Cause, v.Decibans, v.Reasons = best.cause, best.total, best.reasons
		v.Confidence = confidence(best.total, best.total-next)
		v.Proof = proof(c, best)
		scores = scores[1:]
	} else {
		v.Confidence = unsure(best)
		v.Reasons = []rules.Reason{{Weight: 0, Text: "what the lines here say speaks for no cause clearly enough"}}
		if best == nil {
			v.Reasons[0].Text = "no line here says why"
		}
	}
	for _, s := range scores {
		if len(v.Alternatives) < maxShown && (s.total > 0 || len(s.pieces) > 0) {
			v.Alternatives = append(v.Alternatives, alternative(c, s, &v))
		}
	}
	return v
}

// rival is the weight of the strongest other cause, 0 if there is none. One that rests on
// lines of the winner alone is none, if the winner has a line of its own beside them: those
// lines may stand for either, and the further one decides.
func rival(c *rules.Case, best *score, others []*score) int {
	lines := best.lines(c)
	for _, s := range others {
		if folded(s) > 0 || s.total <= 0 {
			continue
		}
		theirs := s.lines(c)
		only := func(mine, yours map[*rules.Event]rules.Cause, cause rules.Cause) bool {
			for ev, speaks := range mine {
				if _, both := yours[ev]; !both && (cause == "" || speaks == cause) {
					return true
				}
			}
			return false
		}
		if s.own > 0 || len(theirs) == 0 || only(theirs, lines, "") || !only(lines, theirs, best.cause) {
			return s.total
		}
		s.shared = s.total+aboveNext > best.total
	}
	return 0
}

// lines are the records that speak for the cause, with what each speaks for in the first place.
func (s *score) lines(c *rules.Case) map[*rules.Event]rules.Cause {
	out := map[*rules.Event]rules.Cause{}
	for _, p := range s.pieces {
		if ev := &c.Evidence[p.index]; p.weight > 0 && !elsewhere(c, s.pieces[0], p) && (out[ev.Event] == "" || ev.Cause == s.cause) {
			out[ev.Event] = ev.Cause
		}
	}
	return out
}
