package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"culprit/cmd/internal/verify"
	"culprit/report"
	"culprit/rules"
	"culprit/store"
)

type reportCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Incidents to report; without, the newest one."`
	selection
	All    bool     `help:"Report all stored incidents."`
	Verify bool     `help:"Look for every quoted line where it lies now, also in rotated and compressed files, and say how it was found; exit with 1 if one is not there."`
	Logs   []string `sep:"none" placeholder:"PATH" help:"With --verify: where the logs lie now, if they were moved; may be given several times."`
}

// Run prints a report from the store.
func (c *reportCmd) Run(e *env) error {
	f, err := c.filter(e)
	if err != nil {
		return err
	}
	if len(c.Logs) > 0 && !c.Verify {
		return usageError{errors.New("--logs: it says where --verify is to look; give --verify too")}
	}
	f.IDs = c.IDs
	filtered := c.filters(f)
	if len(c.IDs) == 0 && !c.All && !filtered && f.Limit == 0 {
		f.Limit = 1
	}
	db, err := e.openStore()
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := c.incidents(e, db, f)
	if err != nil {
		return err
	}
	if len(list) == 0 && len(c.IDs) > 0 {
		return fmt.Errorf("report: no incident %s in %s; culprit incidents lists them", c.IDs[0], e.flags.DB)
	}
	slices.Reverse(list) // stored newest first, told in order
	r := stored(list)
	runs, err := db.RunsOf(e.ctx, idsOf(list))
	if err != nil {
		return err
	}
	r.Sources = sourcesOf(list, runs)
	if run := onlyRun(list, runs); run != nil {
		r.Window, r.Totals = run.Window, run.Totals
	}
	if err := db.AddHistory(e.ctx, list); err != nil {
		return err
	}
	if len(list) == 0 && !filtered {
		switch last, err := db.LastRun(e.ctx); {
		case err == nil: // it found nothing; what it has read is worth telling
			r.Window, r.Totals, r.Sources = last.Window, last.Totals, last.Sources
		case !errors.Is(err, store.ErrNoRun):
			return err
		}
	}
	gaps, err := db.Gaps(e.ctx)
	if err != nil {
		return err
	}
	addGaps(r, gaps)
	if c.Verify {
		err := verify.Quotes(e.ctx, list, func(id string) []rules.SourceInfo {
			if run := runs[id]; run != nil {
				return run.Sources
			}
			return nil
		}, verify.Options{Logs: c.Logs, Warn: func(err error) { e.warn("%v", err) }})
		if err != nil {
			return fmt.Errorf("look for the quoted lines: %w", err)
		}
	}
	if err := e.printAs(r, report.Options{Whole: len(c.IDs) > 0, Filtered: filtered}); err != nil {
		return err
	}
	if missing := missingOf(list); c.Verify && missing > 0 {
		return fmt.Errorf("report: %d quoted lines were not found again; the report says which, and what is there instead", missing)
	}
	if e.flags.ExitCode && len(list) > 0 {
		return errIncidents
	}
	return nil
}

func idsOf(list []rules.Incident) []string {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids
}

// sourcesOf lists what the incidents' runs have read, each source once.
func sourcesOf(list []rules.Incident, runs map[string]*store.Run) (all []rules.SourceInfo) {
	type key struct {
		path string
		head uint64
	}
	told := map[*store.Run]bool{}
	seen := map[key]bool{}
	for i := range list {
		run := runs[list[i].ID]
		if run == nil || told[run] {
			continue
		}
		told[run] = true
		for _, s := range run.Sources {
			if k := (key{s.Path, s.HeadHash}); !seen[k] {
				seen[k] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// nearby is how far from a report's window a gap may end and still bear on it.
const nearby = time.Minute

// addGaps tells what could not be read of the report's sources in its time.
func addGaps(r *rules.Report, gaps []store.Gap) {
	from, to := r.Window[0].Time().Add(-nearby), r.Window[1].Time().Add(nearby)
	for _, g := range gaps {
		i := slices.IndexFunc(r.Sources, func(s rules.SourceInfo) bool { return s.Path == g.Source })
		if i < 0 || !g.From.IsZero() && g.From.Time().After(to) || !g.To.IsZero() && g.To.Time().Before(from) {
			continue
		}
		text := "lines are missing"
		if g.Bytes > 0 {
			text = fmt.Sprintf("%d bytes are missing", g.Bytes)
		}
		if g.Offset >= 0 {
			text += fmt.Sprintf(" from byte %d on", g.Offset)
		}
		r.Sources[i].Warnings = append(slices.Clip(r.Sources[i].Warnings), text+": "+g.Why)
	}
}

// onlyRun is the run that found the incidents, these and no other: then the report may tell
// its totals, which hold what is outside of incidents too. Else nil.
func onlyRun(list []rules.Incident, runs map[string]*store.Run) *store.Run {
	if len(list) == 0 {
		return nil
	}
	run := runs[list[0].ID]
	for i := range list {
		if runs[list[i].ID] != run {
			return nil
		}
	}
	if run == nil || run.Totals.Incidents != int64(len(list)) {
		return nil
	}
	return run
}

// missingOf counts the quoted lines that were looked for and not found.
func missingOf(list []rules.Incident) (n int) {
	for i := range list {
		for _, q := range list[i].Quotes() {
			if q.Found != nil && q.Found.State != rules.FoundUnchanged && q.Found.State != rules.FoundElsewhere {
				n++
			}
		}
	}
	return n
}

// stored makes a report of incidents alone: totals over them, no sources.
func stored(list []rules.Incident) *rules.Report {
	r := &rules.Report{Incidents: list, Totals: rules.Totals{Incidents: int64(len(list)), GatewayErrorLines: -1, Requests: -1, FailedRequests: -1, FailedOther: -1}}
	for i := range list {
		in := &list[i]
		if r.Window[0].IsZero() || in.Start.Micros < r.Window[0].Micros {
			r.Window[0] = in.Start
		}
		if in.End.Micros > r.Window[1].Micros {
			r.Window[1] = in.End
		}
		add(&r.Totals.GatewayErrorLines, in.ErrorLines)
		add(&r.Totals.FailedRequests, in.FailedRequests)
		add(&r.Totals.FailedOther, in.FailedOther)
	}
	return r
}

func add(sum *int64, n int64) {
	if n >= 0 {
		*sum = max(*sum, 0) + n
	}
}
