package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"culprit/report"
	"culprit/rules/signature"
)

type rulesCmd struct {
	List rulesListCmd `cmd:"" default:"1" help:"List all signatures."`
	Test rulesTestCmd `cmd:"" help:"Check rule files against their own samples; without DIR the built-in ones."`
}

type rulesListCmd struct{}

// Run lists id, technology, role, strength and cause, one a line.
func (rulesListCmd) Run(e *env) error {
	set, err := e.signatures()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SIGNATURE\tTECHNOLOGY\tROLE\tWEIGHT\tCAUSE\tMEANING")
	for _, s := range set.Signatures() {
		weight := "weak"
		if s.Strong {
			weight = "strong"
		}
		if s.Cause == "" {
			weight = "-"
		}
		meaning, _, _ := strings.Cut(s.Meaning, "\n")
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.Technology, s.Role, weight, cmp.Or(string(s.Cause), "-"), report.Clean(meaning))
	}
	return w.Flush()
}

type rulesTestCmd struct {
	Dir string `arg:"" optional:"" help:"Folder with rule files."`
}

// Run prints every problem, each as file:line: rule: what; hint.
func (c *rulesTestCmd) Run(e *env) error {
	fsys := signature.Data()
	if c.Dir != "" {
		if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
			return usageError{fmt.Errorf("rules test %s: not a folder", c.Dir)}
		}
		fsys = os.DirFS(c.Dir)
	}
	problems := signature.Check(fsys)
	for _, p := range problems {
		if _, err := io.WriteString(e.stdout, report.Clean(p.String())+"\n"); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("rules test: %d problems", len(problems))
	}
	_, err := fmt.Fprintln(e.stdout, "all rules match their samples")
	return err
}
