package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"culprit/fixtures"
	"culprit/parser/source"
	"culprit/rules"
)

// TestAccuracy compares the table of right and wrong verdicts with the golden one. It
// fails on every change, to the better too: the table is read in review.
func TestAccuracy(t *testing.T) {
	all := evaluate(t)
	var b bytes.Buffer
	fmt.Fprintln(&b, "Verdicts on the labelled cases, computed from each truth.json. Written by: make golden")
	causeTable(&b, all)
	totalTable(&b, all)
	kindTable(&b, all)
	wrongList(&b, all)
	fixtures.Golden(t, "../../../fixtures/accuracy.golden", b.String(), *update)
}

func table(b *bytes.Buffer, title string, rows func(row func(cells ...any))) {
	fmt.Fprintf(b, "\n%s\n", title)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	rows(func(cells ...any) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, c)
		}
		fmt.Fprintln(w)
	})
	w.Flush()
	text := b.String()
	b.Reset()
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func causeTable(b *bytes.Buffer, all []outcome) {
	type tally struct {
		n, right int
		wrong    []string
	}
	causes := map[string]*tally{}
	for _, o := range all {
		if o.kind != "real" {
			continue
		}
		for _, j := range o.got.Incidents {
			c := causes[j.Truth]
			if c == nil {
				c = &tally{}
				causes[j.Truth] = c
			}
			c.n++
			if j.Right {
				c.right++
			} else {
				c.wrong = append(c.wrong, orNone(j.Cause)+" ("+o.of+")")
			}
		}
	}
	table(b, "Real cases, by cause", func(row func(...any)) {
		row("cause", "incidents", "right", "wrong as")
		for _, cause := range rules.Causes() {
			if c := causes[string(cause)]; c != nil {
				row(cause, c.n, c.right, strings.Join(c.wrong, ", "))
			}
		}
	})
}

func orNone(cause string) string {
	if cause == "" {
		return "not found"
	}
	return cause
}

func totalTable(b *bytes.Buffer, all []outcome) {
	table(b, "Real cases, by gateway", func(row func(...any)) {
		row("gateway", "cases", "incidents", "found", "right", "proof", "process", "lines", "failed", "false", "pieces", "innocent blamed")
		for _, nginx := range []bool{true, false} {
			name, cases, incidents, falsely, pieces := "nginx", 0, 0, 0, 0
			if !nginx {
				name = "others"
			}
			var found, right, proof, process, lines, failed, innocent int
			for _, o := range all {
				if o.kind != "real" || (o.c.Truth.Gateway == "nginx") != nginx {
					continue
				}
				cases++
				falsely += len(o.got.False)
				for _, j := range o.got.Incidents {
					incidents++
					pieces += j.Pieces
					count(&found, j.Cause != "")
					count(&right, j.Right)
					count(&proof, j.Proof)
					count(&process, j.Process)
					count(&lines, j.Lines)
					count(&failed, j.Failed)
					count(&innocent, len(j.Innocent) > 0)
				}
			}
			row(name, cases, incidents, found, right, proof, process, lines, failed, falsely, pieces, innocent)
		}
	})
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

func kindTable(b *bytes.Buffer, all []outcome) {
	base := bases(all)
	table(b, "Derived cases: the verdict must stand (without-app: fall to what the gateway saw; healthy: no incident)", func(row func(...any)) {
		row("kind", "cases", "as wanted", "not", "not applicable")
		for _, kind := range fixtures.Kinds() {
			n, good, skipped := 0, 0, 0
			for i := range all {
				switch o := &all[i]; {
				case o.kind != kind:
				case o.skip != "":
					skipped++
				default:
					n++
					count(&good, len(o.flaws(base)) == 0)
				}
			}
			row(kind, n, good, n-good, skipped)
		}
	})
	table(b, "Not applicable, by reason", func(row func(...any)) {
		row("kind", "cases", "why")
		for _, kind := range fixtures.Kinds() {
			why := map[string]int{}
			var order []string
			for _, o := range all {
				if o.kind == kind && o.skip != "" {
					if why[o.skip]++; why[o.skip] == 1 {
						order = append(order, o.skip)
					}
				}
			}
			slices.Sort(order)
			for _, reason := range order {
				row(kind, why[reason], reason)
			}
		}
	})
}

// bases are the real cases' outcomes by id.
func bases(all []outcome) map[string]*outcome {
	out := map[string]*outcome{}
	for i := range all {
		if all[i].kind == "real" {
			out[all[i].of] = &all[i]
		}
	}
	return out
}

// flaws lists what is not as the truth of a derived case wants it.
func (o *outcome) flaws(base map[string]*outcome) []string {
	var out []string
	for k, j := range o.got.Incidents {
		switch {
		case j.Cause == "":
			out = append(out, j.Truth+" not found")
		case !j.Right:
			out = append(out, j.Truth+" as "+j.Cause)
		case o.kind == "without-app" && j.Cause != string(rules.CauseUnknown) && j.Confidence > base[o.of].got.Incidents[k].Confidence:
			out = append(out, fmt.Sprintf("%s surer than with all logs (%.2f)", j.Cause, j.Confidence))
		case o.kind == "without-app" && j.Cause != string(rules.CauseUnknown) && j.Cause != j.Truth && j.Confidence == base[o.of].got.Incidents[k].Confidence:
			out = append(out, fmt.Sprintf("%s as sure as with all logs (%.2f)", j.Cause, j.Confidence))
		}
		if j.Pieces > 0 {
			out = append(out, fmt.Sprintf("%s in %d pieces", j.Truth, j.Pieces+1))
		}
		for _, text := range j.Innocent {
			out = append(out, fmt.Sprintf("blames %.40q", text))
		}
	}
	for _, f := range o.got.False {
		out = append(out, "false "+f.Cause+" "+strings.Join(f.Upstreams, ","))
	}
	return out
}

func wrongList(b *bytes.Buffer, all []outcome) {
	base := bases(all)
	table(b, "Everything that is not as wanted", func(row func(...any)) {
		for i := range all {
			if o := &all[i]; o.skip == "" {
				if flaws := o.flaws(base); len(flaws) > 0 {
					_, id, derived := strings.Cut(o.c.ID, ":")
					if !derived {
						id = o.c.ID
					}
					row(o.kind, id, strings.Join(flaws, "; "))
				}
			}
		}
	})
}

// TestHealthyStretchesHoldNoCause runs all signatures over the stretches without an
// incident: a strong line there would be one that says nothing.
func TestHealthyStretchesHoldNoCause(t *testing.T) {
	plan, err := fixtures.Plan(allCases(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range plan {
		if d.Kind != "healthy" {
			continue
		}
		t.Run(d.Of, func(t *testing.T) {
			t.Parallel()
			c, err := d.Make(t.TempDir())
			if err != nil {
				t.Skip(err)
			}
			for _, hit := range strongHits(t, c.Logs()) {
				t.Error(hit)
			}
		})
	}
}

func strongHits(t *testing.T, dir string) []string {
	t.Helper()
	ctx, cfg := context.Background(), config(1, dir)
	sources, problems := source.Open(ctx, cfg.Paths, cfg.Source)
	for _, p := range problems {
		t.Error(p.Path, p.Err)
	}
	var out []string
	for _, s := range sources {
		for _, e := range newCrew(&cfg, 1).source(ctx, s, 1).Events {
			for _, h := range e.Hits {
				if h.Signature.Strong && h.Signature.Cause != "" && h.Signature.Role == rules.RoleCause {
					out = append(out, fmt.Sprintf("%s: %s in a healthy stretch: %s", s.Path, h.Signature.ID, e.Text))
				}
			}
		}
	}
	return out
}
