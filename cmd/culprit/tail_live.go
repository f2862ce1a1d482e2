package main

import (
	"errors"
	"io"
	"net"
	"time"

	"culprit/cmd/internal/live"
	"culprit/cmd/internal/pipeline"
	"culprit/parser"
	"culprit/rules"
)

// liveFlags say whom tail tells beside standard output and the store.
type liveFlags struct {
	OnOpen    string `placeholder:"CMD" help:"Run CMD when an incident opens, with the incident as JSON on its standard input; no shell unless CMD is sh -c '…'; killed after 30 s."`
	OnResolve string `placeholder:"CMD" help:"Run CMD when an incident resolves."`
	Webhook   string `placeholder:"URL" help:"Post every change of an incident to URL as JSON; tried again until it is taken."`
	Listen    string `placeholder:"ADDR" help:"Serve Prometheus metrics on http://ADDR/metrics and health on /healthz; :9100 is loopback only, 0.0.0.0:9100 is everywhere."`
}

// start begins to tell. Standard output and standard error are to be written through
// what it returns from then on.
func (f *liveFlags) start(e *env, out io.Writer) (*live.Live, error) {
	l, err := live.New(e.ctx, live.Options{
		OnOpen: f.OnOpen, OnResolve: f.OnResolve, Webhook: f.Webhook, Listen: f.Listen,
		View: e.flags.Format == "text", Color: e.colour(out), Out: out, Err: e.stderr, Quiet: e.flags.Quiet, Version: version(),
	})
	var machine *net.OpError // an address in use is nobody's wrong usage
	if err != nil && !errors.As(err, &machine) {
		return nil, usageError{err}
	}
	if err != nil {
		return nil, err
	}
	e.stderr = l.Err()
	return l, nil
}

// liveUpdate is an update of the pipeline in the words of the telling side.
func liveUpdate(u pipeline.Update) live.Update {
	out := live.Update{Gaps: len(u.Gaps), Incidents: u.Report.Incidents, Took: u.Took}
	for _, c := range u.Changes {
		out.Changes = append(out.Changes, live.Change{Event: c.Event, Incident: c.Incident, Gone: c.Gone})
	}
	for i := range u.Report.Sources {
		s := &u.Report.Sources[i]
		out.Sources = append(out.Sources, live.Source{Name: s.Path, Format: s.Format, Lines: s.Lines, Unparsed: s.Unparsed,
			Bytes: s.Bytes, Newest: newest(s, time.Local), Error: s.Error})
	}
	return out
}

// newest is a source's last stamp as a moment; zero where its zone is only a guess. UTC
// is no guess on a machine whose own zone it is.
func newest(s *rules.SourceInfo, here *time.Location) time.Time {
	switch last := s.Last; {
	case last.Clock == parser.ClockZoned:
		return last.Time()
	case last.Clock < parser.ClockYearless || last.Time().Year() <= 0:
		return time.Time{}
	default:
		at := last.Time().Add(-time.Duration(s.ZoneOffset) * time.Second)
		if _, offset := at.In(here).Zone(); s.ZoneFrom == rules.ZoneAssumed && offset != 0 {
			return time.Time{}
		}
		return at
	}
}
