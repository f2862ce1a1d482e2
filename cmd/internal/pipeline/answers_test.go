package pipeline

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"culprit/report"
	"culprit/rules"
)

// unclear is what no sentence of a report may say: a slot that was not filled, what is not told,
// a library's own error number, a container's whole id, words that say one thing twice, nobody.
var unclear = []*regexp.Regexp{
	regexp.MustCompile(`\{[a-z-]+\}`), regexp.MustCompile(`\bnot told\)`), regexp.MustCompile(`errno \d{4,}`), regexp.MustCompile(`\b[0-9a-f]{64}\b`),
	regexp.MustCompile(`resolved while resolving`), regexp.MustCompile(`[(,] names `), regexp.MustCompile(`that (?:it|they) got`), regexp.MustCompile(`  `), regexp.MustCompile(`\b1 (?:requests|lines|failures)\b`),
	regexp.MustCompile(`<nil>|%!`), regexp.MustCompile(`[,;:] ?[.;]`),
}

// Who, what, when, why and what now can be answered from the report of every case, and no claim
// stands without a line.
func TestReportsAnswer(t *testing.T) {
	for _, c := range allCases(t) {
		r, err := Run(t.Context(), config(1, c.Logs()))
		if err != nil {
			t.Fatalf("%s: %v", c.ID, err)
		}
		for i := range r.Incidents {
			in := &r.Incidents[i]
			bad := func(is bool, what string) {
				if is {
					t.Errorf("%s, %s: %s", c.ID, in.ID, what)
				}
			}
			bad(len(in.Upstreams) == 0 && in.Service == "" && in.Culprit.Process == "" && in.Culprit.Unit == "" && in.Verdict.Cause != rules.CauseUnknown, "nobody is named")
			bad(in.Summary == "" || in.Start.IsZero() || in.End.IsZero(), "what and when are not told")
			bad(len(in.Evidence) == 0 && in.Verdict.Cause != rules.CauseUnknown, "why is told without a line")
			bad(len(in.Advice) == 0 || len(in.Prevent) == 0, "what to do is not told")
			for _, q := range in.Quotes() {
				bad(q.Source == "" || q.Line == 0 || q.Text == "", "a proof without its place: "+q.Text)
			}
			for _, m := range in.Timeline {
				bad(m.Source == "", "a moment without its source: "+m.What)
			}
			for j := 1; j < len(in.Timeline); j++ {
				bad(in.Timeline[j].Time.Micros/1e6 < in.Timeline[j-1].Time.Micros/1e6, "the story goes back: "+in.Timeline[j].What)
			}
			said := append([]string{in.Summary}, in.Advice...)
			said = append(append(said, in.Prevent...), in.Missing...)
			for _, e := range in.Evidence {
				said = append(said, e.Why)
			}
			for _, m := range in.Timeline {
				said = append(said, m.What)
			}
			for _, text := range said {
				for _, p := range unclear {
					if found := p.FindString(strings.ReplaceAll(text, "{{.HostConfig.Memory}}", "")); found != "" && !urlGroup(found) {
						t.Errorf("%s: %q in %s", c.ID, found, text)
					}
				}
			}
		}
		for _, f := range report.Formats() {
			var text bytes.Buffer
			if err := f.Write(&text, r, report.Options{}); err != nil {
				t.Fatal(err)
			}
			for i := range r.Incidents {
				if in := &r.Incidents[i]; f.Name == "text" || f.Name == "markdown" {
					for _, want := range []string{string(in.Verdict.Cause), "What to do now", "Prevention", "Timeline"} {
						if !strings.Contains(text.String(), want) {
							t.Errorf("%s, %s: no %q", c.ID, f.Name, want)
						}
					}
				}
			}
		}
	}
}

// urlGroup reports whether braces are those of a group of URLs: /media/{id}.
func urlGroup(found string) bool { return found == "{id}" }
