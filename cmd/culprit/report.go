package main

import (
	"fmt"
	"slices"

	"culprit/rules"
)

type reportCmd struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Incidents to report; without, the newest one."`
	selection
	All bool `help:"Report all stored incidents."`
}

// Run prints a report from the store.
func (c *reportCmd) Run(e *env) error {
	f, err := c.filter(e)
	if err != nil {
		return err
	}
	f.IDs = c.IDs
	filtered := !f.Since.IsZero() || !f.Until.IsZero() || f.Cause != "" || f.Upstream != "" || f.Limit != 0
	if len(c.IDs) == 0 && !c.All && !filtered {
		f.Limit = 1
	}
	db, err := e.openStore()
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := e.incidents(db, f)
	if err != nil {
		return err
	}
	if len(list) == 0 && len(c.IDs) > 0 {
		return fmt.Errorf("report: no incident %s in %s; culprit incidents lists them", c.IDs[0], e.flags.DB)
	}
	slices.Reverse(list) // stored newest first, told in order
	r := stored(list)
	if len(list) > 0 {
		run, err := db.RunOf(e.ctx, list[len(list)-1].ID)
		if err != nil {
			return err
		}
		r.Sources = run.Sources
	}
	if err := e.print(r); err != nil {
		return err
	}
	if e.flags.ExitCode && len(list) > 0 {
		return errIncidents
	}
	return nil
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
