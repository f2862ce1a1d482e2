package pipeline

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"culprit/rules"
)

// How far the confidence in the code may stand from what the cases say: on average
// over the cases, and in the Brier score. Both figures are probabilities.
const (
	calibrationTolerance = 0.02
	brierLimit           = 0.04
)

// A judgement is one verdict on a case whose truth is known. A verdict of unknown has
// no winner whose weight could be judged; it counts for the score only.
type judgement struct {
	of         string // real case: it and its derived cases are left out together
	decided    bool
	x          float64 // decibans: the smaller of the winner's weight and its distance to the next
	confidence float64 // as the program says
	right      bool
}

// TestCalibration fits the curve of the confidence leave-one-out: the figures that
// judge a case come from the other real cases, and their derived ones. It prints the
// figures for all cases, and fails if the program is surer than that fit allows. It may
// be less sure: these cases are nearly separable, logs that nobody labelled are not.
func TestCalibration(t *testing.T) {
	all := judgements(evaluate(t))
	weights := groupWeights(all)
	var decided, far, here, fitted float64
	for _, of := range groups(all) {
		c := fit(all, weights, of)
		for _, j := range all {
			if j.of != of {
				continue
			}
			w, p := weights[of], j.confidence
			if j.decided {
				p = c.at(j.x)
				far += w * max(0, j.confidence-p)
				decided += w
			}
			here += w * squared(j.confidence, j.right)
			fitted += w * squared(p, j.right)
		}
	}
	n := float64(len(groups(all)))
	c := fit(all, weights, "")
	t.Logf("fit over all %d verdicts of %d real cases and what is derived from them: middle %.1f, slope %.1f decibans", len(all), len(groups(all)), c.middle, c.slope)
	t.Logf("Brier score %.4f as in the code, %.4f fitted leave-one-out; mean distance %.3f", here/n, fitted/n, far/decided)
	t.Log("\n" + reliability(all))
	if far/decided > calibrationTolerance {
		t.Errorf("confidence stands %.3f above the leave-one-out fit on average, more than %.2f: put middle %.1f and slope %.1f into rules/cause/confidence.go", far/decided, calibrationTolerance, c.middle, c.slope)
	}
	if here/n > brierLimit {
		t.Errorf("Brier score %.4f is above %.2f", here/n, brierLimit)
	}
}

func squared(p float64, right bool) float64 {
	if right {
		return (1 - p) * (1 - p)
	}
	return p * p
}

func judgements(all []outcome) []judgement {
	var out []judgement
	for i := range all {
		o := &all[i]
		if o.skip != "" {
			continue
		}
		for _, j := range o.got.Incidents {
			k := slices.IndexFunc(o.r.Incidents, func(in rules.Incident) bool { return in.ID == j.ID })
			if j.ID == "" || k < 0 {
				continue
			}
			v := &o.r.Incidents[k].Verdict
			out = append(out, judgement{
				of: o.of, decided: v.Cause != rules.CauseUnknown, x: lead(v), confidence: v.Confidence, right: j.Right,
			})
		}
	}
	return out
}

// lead is what the confidence is made of: the winner's weight, or its distance to the
// next one that stands apart if that is less.
func lead(v *rules.Verdict) float64 {
	next := 0
	if len(v.Alternatives) > 0 && !strings.HasPrefix(v.Alternatives[0].WhyNot, "it is a consequence of") {
		next = max(v.Alternatives[0].Decibans, 0)
	}
	return float64(min(v.Decibans, v.Decibans-next))
}

func groups(all []judgement) []string {
	var out []string
	for _, j := range all {
		if !slices.Contains(out, j.of) {
			out = append(out, j.of)
		}
	}
	return out
}

// groupWeights gives each real case the same say, however many were derived from it.
func groupWeights(all []judgement) map[string]float64 {
	out := map[string]float64{}
	for _, j := range all {
		out[j.of]++
	}
	for of, n := range out {
		out[of] = 1 / n
	}
	return out
}

type curve struct{ middle, slope float64 }

func (c curve) at(x float64) float64 {
	p := 1 / (1 + math.Exp(-(x-c.middle)/c.slope))
	return min(0.99, max(0.3, p))
}

// fit finds the likeliest curve on a grid, without the cases of one group. Two made-up
// cases, one right and one wrong at zero decibans, keep it from growing steeper than
// so few wrong verdicts can tell: no evidence is even odds.
func fit(all []judgement, weights map[string]float64, without string) curve {
	best, most := curve{}, math.Inf(-1)
	for middle := -30.0; middle <= 40; middle++ {
		for slope := 2.0; slope <= 60; slope++ {
			c := curve{middle, slope}
			sum := math.Log(c.at(0)) + math.Log(1-c.at(0))
			for _, j := range all {
				if j.of == without || !j.decided {
					continue
				}
				p := c.at(j.x)
				if !j.right {
					p = 1 - p
				}
				sum += weights[j.of] * math.Log(p)
			}
			if sum > most {
				best, most = c, sum
			}
		}
	}
	return best
}

// reliability tells how often verdicts of each confidence are right.
func reliability(all []judgement) string {
	edges := []float64{0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.01}
	var b bytes.Buffer
	table(&b, "Reliability over real and derived cases", func(row func(...any)) {
		row("confidence", "verdicts", "said", "right")
		for i := 1; i < len(edges); i++ {
			n, said, right := 0, 0.0, 0
			for _, j := range all {
				if j.confidence >= edges[i-1] && j.confidence < edges[i] {
					n++
					said += j.confidence
					count(&right, j.right)
				}
			}
			if n > 0 {
				row(fmt.Sprintf("%.2f to %.2f", edges[i-1], min(edges[i], 1)), n, fmt.Sprintf("%.2f", said/float64(n)), fmt.Sprintf("%.2f", float64(right)/float64(n)))
			}
		}
	})
	return b.String()
}
