package cause

import (
	"cmp"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// The bar that a winner must pass, in decibans.
const (
	aboveNothing = 10  // above its prior
	aboveNext    = 5   // above the next
	maxShown     = 4   // alternatives
	answeredOn   = -20 // it answered while, by the evidence, it could not start
	spokeOn      = -40 // it answered nearly all that failed, in bytes that the gateway could not use
	misfit       = -10 // a cause that fits the symptoms so badly explains none of them
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
			s.add(min(best.weight, 0), best.why(c))
		}
		return
	}
	if s.own > 0 { // the symptoms alone already speak for it: evidence confirms
		s.add(max(best.weight, 0)/2, best.why(c))
	} else {
		s.add(best.weight, best.why(c))
		s.add(fit(c, s.cause), "how well the cause fits what the gateway saw")
		if s.cause == rules.CauseStartFailure && lateListener(c) && !refused(c) {
			s.add(answeredOn, "the upstream answered in the seconds of the failures, so it had started")
		}
		if s.cause == rules.CauseKilled || s.cause.Family() == "not running" {
			s.add(spokeWeight(c), "the upstream answered, and what it said is what failed: it ran")
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

// spokeWeight speaks against every cause that has no server running where bytes of the server are what
// failed: a restart ends with a server that listens, and one that then speaks plain HTTP to a gateway
// that wants TLS is no restart's consequence.
func spokeWeight(c *rules.Case) int {
	var spoke int64
	for i := range c.Symptoms {
		if s := &c.Symptoms[i]; s.Rank == parser.RankPrimary && inWords(s) {
			spoke += s.Count
		}
	}
	if spoke == 0 || spoke*5 < c.Primary(parser.SymptomNone)*4 {
		return 0
	}
	return spokeOn
}

// inWords reports whether a symptom is made of bytes that the server itself sent. A handshake that
// failed is, if the gateway's words tell of another protocol; a server that goes away breaks one off.
func inWords(s *rules.CaseSymptom) bool {
	switch s.Class {
	case parser.SymptomInvalidHeader, parser.SymptomNoHTTPHeader, parser.SymptomHeaderTooBig, parser.SymptomTLSVerify:
		return true
	case parser.SymptomTLSHandshake:
		return len(s.Hints) == 1 && s.Hints[0] == rules.CauseProtocolMismatch
	}
	return false
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
