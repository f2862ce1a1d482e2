package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"culprit/report"
	"culprit/rules"
	"culprit/store"
)

// selection are the filters that report and incidents share.
type selection struct {
	Cause    string `placeholder:"ID" help:"Only incidents of this cause."`
	Upstream string `placeholder:"ADDR" help:"Only incidents of this upstream: its address, host or port."`
	Limit    int    `placeholder:"N" help:"At most N incidents."`
}

func (s *selection) filter(e *env) (store.Filter, error) {
	engine, err := e.engine()
	if err != nil {
		return store.Filter{}, err
	}
	if s.Cause != "" && rules.Cause(s.Cause).Family() == "" {
		return store.Filter{}, usageError{fmt.Errorf("--cause %s: no such cause; they are: %s", s.Cause, causeList())}
	}
	if s.Limit < 0 {
		return store.Filter{}, usageError{fmt.Errorf("--limit %d: want a number of incidents; 0 is all", s.Limit)}
	}
	return store.Filter{Since: instant(engine.Since), Until: instant(engine.Until), Cause: rules.Cause(s.Cause), Limit: s.Limit, NewestFirst: true}, nil
}

// filters reports whether some incidents are left out.
func (s *selection) filters(f store.Filter) bool {
	return !f.Since.IsZero() || !f.Until.IsZero() || s.Cause != "" || s.Upstream != ""
}

// isOf reports whether an incident is of the upstream that was asked for, by its whole
// address, its host or its port.
func (s *selection) isOf(in *rules.Incident) bool {
	return s.Upstream == "" || slices.ContainsFunc(in.Upstreams, func(address string) bool {
		host, port, err := net.SplitHostPort(address)
		return address == s.Upstream || err == nil && (host == s.Upstream || port == strings.TrimPrefix(s.Upstream, ":"))
	})
}

// instant is a moment as the store wants it; the zero time for none.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

func causeList() string {
	var names []string
	for _, c := range rules.Causes() {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}

// openStore opens a store that must already be there, to read it.
func (e *env) openStore() (*store.DB, error) {
	if e.flags.DB == ":memory:" {
		return nil, usageError{errors.New("--db :memory:: it keeps nothing; name the file of the store")}
	}
	if _, err := os.Stat(e.flags.DB); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open store %s: there is none; run culprit analyze first, or name one with --db", e.flags.DB)
	}
	return store.OpenToRead(e.ctx, e.flags.DB)
}

// incidents lists what is stored and matches; limit 0 is all.
func (s *selection) incidents(e *env, db *store.DB, f store.Filter) ([]rules.Incident, error) {
	most := f.Limit
	if s.Upstream != "" {
		f.Limit = 0 // the store does not know all forms of an upstream
	}
	var out []rules.Incident
	for in, err := range db.Incidents(e.ctx, f) {
		if err != nil {
			return nil, err
		}
		if s.isOf(&in) {
			out = append(out, in)
		}
		if most > 0 && len(out) == most {
			break
		}
	}
	return out, nil
}

type incidentsCmd struct {
	selection
	Sort string `default:"newest" enum:"newest,oldest,failed,longest,sure" help:"Order: newest, oldest, failed (most failures first), longest or sure."`
}

// sorted orders incidents, newest first, by what --sort says. Equals stay as they are.
func (c *incidentsCmd) sorted(list []rules.Incident) {
	by := map[string]func(*rules.Incident) float64{
		"failed":  func(in *rules.Incident) float64 { return float64(max(in.Failed(), 0)) },
		"longest": func(in *rules.Incident) float64 { return float64(in.End.Micros - in.Start.Micros) },
		"sure":    func(in *rules.Incident) float64 { return in.Verdict.Confidence },
	}[c.Sort]
	switch {
	case c.Sort == "oldest":
		slices.Reverse(list)
	case by != nil:
		slices.SortStableFunc(list, func(a, b rules.Incident) int { return cmp.Compare(by(&b), by(&a)) })
	}
}

// Run prints one line an incident.
func (c *incidentsCmd) Run(e *env) error {
	if err := e.onlyTextOrJSON("incidents"); err != nil {
		return err
	}
	f, err := c.filter(e)
	if err != nil {
		return err
	}
	most := f.Limit
	if c.Sort != "newest" {
		f.Limit = 0 // the first of another order
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
	c.sorted(list)
	if most > 0 && len(list) > most {
		list = list[:most]
	}
	if e.flags.Format == "json" {
		return e.print(stored(list))
	}
	list = e.shown(&rules.Report{Incidents: list}).Incidents
	out, done, err := e.output()
	if err != nil {
		return err
	}
	return errors.Join(c.table(out, list, c.filters(f)), done())
}

func (c *incidentsCmd) table(out io.Writer, list []rules.Incident, filtered bool) error {
	if len(list) == 0 {
		text := "no incidents"
		if filtered {
			text = "no incident matches"
		}
		_, err := fmt.Fprintln(out, text)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "START (UTC)\tFOR\tCAUSE\tSURE\tFAILED\tUPSTREAMS\tID")
	for i := range list {
		in := &list[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", in.Start.Time().Format(time.DateTime), duration(in),
			in.Verdict.Cause, report.Percent(in.Verdict.Confidence), failures(in), report.Clean(cmp.Or(strings.Join(in.Upstreams, ","), "-")), in.ID)
	}
	return w.Flush()
}

// onlyTextOrJSON refuses the formats that a command does not have.
func (e *env) onlyTextOrJSON(command string) error {
	if e.flags.Format == "text" || e.flags.Format == "json" {
		return nil
	}
	return usageError{fmt.Errorf("--format %s: %s prints text or json; analyze and report print the others", e.flags.Format, command)}
}

// duration is how long an incident was; "+" marks one that may go on.
func duration(in *rules.Incident) string {
	text := (time.Duration(in.End.Micros-in.Start.Micros) * time.Microsecond).Round(time.Second).String()
	if in.State == "open" {
		text += "+"
	}
	return text
}

func failures(in *rules.Incident) string {
	if n := in.Failed(); n >= 0 {
		return fmt.Sprint(n)
	}
	return "?"
}
