package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// traffic sums what the access logs say about a case's pool.
func (e *Engine) traffic(g *gathering) rules.Traffic {
	var t rules.Traffic
	seconds := map[int64]bool{} // of symptoms: whether the pool served in it
	for _, s := range g.symptoms {
		if s.Rank == parser.RankPrimary {
			seconds[parser.FloorDiv(s.when.From, parser.Second)] = false
		}
	}
	from, to := g.pool.span.From, g.pool.span.To
	for _, l := range e.logsOf(g.pool) {
		t.Known = true
		for at, c := range l.between(from-parser.Second+1, to) {
			if c.Status >= 499 || c.Status < 100 {
				continue
			}
			t.Succeeded += c.Count
			second := parser.FloorDiv(at, parser.Second)
			if served, symptoms := seconds[second]; served || !symptoms {
				continue
			}
			if !hasAddress(g.pool.names) || !strings.Contains(c.Upstream, ":") || slices.Contains(g.pool.names, c.Upstream) {
				seconds[second] = true
			}
		}
	}
	for _, a := range g.answers {
		t.Failed += a.count
		t.FailedReused += a.tally.Reused * a.count / max(a.tally.Count, 1)
		t.FailedFresh += a.tally.Fresh * a.count / max(a.tally.Count, 1)
		t.FailedLong += a.tally.Long * a.count / max(a.tally.Count, 1)
		t.FailedOnce += a.tally.Once * a.count / max(a.tally.Count, 1)
	}
	t.KeptAlive = !slices.ContainsFunc(g.symptoms, func(s *symptom) bool { return !gateway.Of(s.source.Source.Gateway).KeepsAlive })
	t.SymptomSeconds = int64(len(seconds))
	for _, served := range seconds {
		if served {
			t.ServedSeconds++
		}
	}
	if g.onlyClosed() {
		if t.Pieces = e.pieces[g.pool.root]; t.Pieces >= manyPieces {
			t.Around = e.around(g)
		}
	}
	return t
}

const (
	manyPieces  = 3
	aroundPiece = 30 * parser.Second
)

// onlyClosed reports whether a case is nothing but connections that the upstream closed or reset.
func (g *gathering) onlyClosed() bool {
	return !slices.ContainsFunc(g.symptoms, func(s *symptom) bool {
		return s.Rank == parser.RankPrimary && s.Symptom != parser.SymptomPrematureClose && s.Symptom != parser.SymptomConnReset
	})
}

// around counts what the pool answered well in the half minutes before and after a case; 0 if
// it did so on one side only.
func (e *Engine) around(g *gathering) int64 {
	from, to := g.pool.span.From, g.pool.span.To
	if !e.servedBetween(g.pool, from-aroundPiece, from) || !e.servedBetween(g.pool, to, to+aroundPiece) {
		return 0
	}
	var n int64
	for _, l := range e.logsOf(g.pool) {
		for _, t := range l.between(from-aroundPiece, to+aroundPiece) {
			if t.Status >= 100 && t.Status < 499 {
				n += t.Count
			}
		}
	}
	return n
}
