package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"culprit/cmd/internal/live"
	"culprit/cmd/internal/pipeline"
	"culprit/parser/source"
	"culprit/report"
	"culprit/report/redact"
	"culprit/rules"
	"culprit/store"
)

type tailCmd struct {
	Paths     []string `arg:"" optional:"" name:"path" help:"Files, folders, globs, FIFOs, - for standard input, journal: or journal:UNIT, kmsg:, syslog:HOST:PORT or syslog:unix:PATH (for nginx's error_log syslog:server=…); without, the logs in the usual places."`
	FromStart bool     `help:"Read files that are new to the store from their beginning, not from their end."`
	liveFlags
	engineFlags
}

// livePace is how much garbage may lie beside what is in use while logs are followed, in percent
// (see debug.SetGCPercent): who runs for months beside others' services is to be small.
const livePace = 50

// maxKnown is how many stored incidents are remembered so as not to be told again.
const maxKnown = 1000

// Run follows until it is told to stop.
func (c *tailCmd) Run(e *env) error {
	defer debug.SetGCPercent(debug.SetGCPercent(livePace))
	paths, err := c.paths(e)
	if err != nil {
		return err
	}
	db, err := store.Open(e.ctx, e.flags.DB)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetPatience(storePatience)
	cfg, err := c.config(e, paths)
	if err != nil {
		return err
	}
	saved, err := db.Checkpoints(e.ctx)
	if err != nil {
		return err
	}
	for _, s := range saved {
		p, err := source.ParsePosition(s.Path, s.Device, s.Inode, s.Offset, s.Fingerprint)
		if err != nil {
			e.warn("%s: its position is not readable and it is joined anew: %v", s.Path, err)
			continue
		}
		cfg.Follow.Start = append(cfg.Follow.Start, p)
	}
	streams, err := db.Streams(e.ctx)
	if err != nil {
		return err
	}
	for _, st := range streams {
		cfg.States = append(cfg.States, pipeline.StateLine{Path: st.Source, Stream: st.Name, State: st.State, Since: st.Since,
			Place: st.Quote.Place, Text: st.Quote.Text})
	}
	if cfg.Known, err = (&selection{}).incidents(e, db, store.Filter{NewestFirst: true, Limit: maxKnown}); err != nil {
		return err
	}
	out, done, err := e.output()
	if err != nil {
		return err
	}
	l, err := c.liveFlags.start(e, out)
	if err != nil {
		return errors.Join(err, done())
	}
	defer l.Close() // also when something panics: the terminal is to be given back
	t := &teller{env: e, db: db, live: l, shown: e.redactor(), kept: e.storeRedactor(strconv.FormatInt(e.now.Unix(), 36))}
	cfg.Sink = t.update
	return errors.Join(pipeline.Tail(e.ctx, *cfg), l.Close(), done())
}

func (c *tailCmd) config(e *env, paths []string) (*pipeline.LiveConfig, error) {
	base, err := c.engineFlags.config(e, paths)
	if err != nil {
		return nil, err
	}
	return &pipeline.LiveConfig{
		Config: *base, Now: time.Now,
		Follow: source.FollowOptions{FromStart: c.FromStart, Stdin: e.stdin, Now: time.Now, Notify: func(n source.Notice) {
			if n.Err != nil {
				e.warn("%s: %v", n.Path, n.Err)
			} else {
				e.warn("%s: followed again", n.Path)
			}
		}},
	}, nil
}

// paths says what is followed; without arguments it looks in the usual places.
func (c *tailCmd) paths(e *env) ([]string, error) {
	if len(c.Paths) > 0 {
		return c.Paths, nil
	}
	p := findLogs("")
	return p.follow, p.tell(e)
}

// A teller stores what changed, prints it and passes it on.
type teller struct {
	*env
	db   *store.DB
	live *live.Live

	shown, kept *redact.Redactor // nil: nothing is replaced
	said        map[string]said  // of what is open, by incident
}

// said is what a line for people said of an incident last.
type said struct {
	cause    rules.Cause
	symptoms int64
}

func (t *teller) update(u pipeline.Update) error {
	batch := store.Batch{Gone: u.Gone, Ended: u.Ended}
	kept := redacted(t.kept, u)
	for _, c := range kept.Changes {
		if !c.Gone {
			batch.Incidents = append(batch.Incidents, c.Incident)
		}
	}
	for _, p := range u.Positions {
		batch.Checkpoints = append(batch.Checkpoints, store.Checkpoint{Path: p.Path, Device: p.Device, Inode: p.Inode, Offset: p.Offset, Fingerprint: p.Fingerprint()})
	}
	for _, g := range u.Gaps {
		t.warn("%s: lines are missing: %s", g.Path, g.Reason)
		batch.Gaps = append(batch.Gaps, gapOf(g))
	}
	for _, s := range u.States {
		if t.kept != nil {
			s.Text = t.kept.Service(s.Text)
		}
		batch.Streams = append(batch.Streams, streamOf(s))
	}
	if len(batch.Incidents) > 0 {
		batch.Run = store.Run{ID: "live", Version: version(), Window: kept.Report.Window, Sources: kept.Report.Sources, Totals: kept.Report.Totals}
	}
	if err := t.commit(batch); err != nil {
		return err
	}
	for _, id := range u.Gone {
		delete(t.said, id)
	}
	u = redacted(t.shown, u)
	t.live.Update(liveUpdate(u))
	for _, c := range u.Changes {
		if err := t.tell(c); err != nil {
			return err
		}
	}
	return nil
}

func streamOf(s pipeline.StateLine) store.Stream {
	out := store.Stream{Source: s.Path, Name: s.Stream, State: s.State, Since: s.Since}
	out.Quote.Source, out.Quote.Place, out.Quote.Text = s.Path, s.Place, s.Text
	return out
}

func gapOf(g source.Gap) store.Gap {
	out := store.Gap{Source: g.Path, Offset: g.From, Bytes: -1, Why: g.Reason}
	if g.To >= 0 && g.From >= 0 {
		out.Bytes = g.To - g.From
	}
	if !g.Since.IsZero() {
		out.From = rules.Moment{Micros: g.Since.UnixMicro(), Precision: 1}
	}
	if !g.Until.IsZero() {
		out.To = rules.Moment{Micros: g.Until.UnixMicro(), Precision: 1}
	}
	return out
}

// tell prints one change: a JSON object, or lines for people. These hear of an open incident again
// when its cause is another one, or it has doubled; each second would bury the rest.
func (t *teller) tell(c pipeline.Change) error {
	if t.flags.Format == "json" {
		return report.WriteIncidentLine(t.live.Out(), c.Event, &c.Incident)
	}
	in := &c.Incident
	now := said{cause: in.Verdict.Cause}
	for _, s := range in.Symptoms {
		now.symptoms += s.Count
	}
	before := t.said[in.ID]
	if c.Event == "updated" && now.cause == before.cause && now.symptoms < 2*before.symptoms {
		return nil
	}
	if t.said == nil {
		t.said = map[string]said{}
	}
	t.said[in.ID] = now
	delete(t.said, in.Supersedes)
	if in.State != "open" {
		delete(t.said, in.ID)
	}
	_, err := fmt.Fprintf(t.live.Out(), "%s  %-8s  %s  %s (%s sure)\n", in.Start.Time().Format(time.TimeOnly), c.Event, in.ID,
		report.Clean(in.Summary), report.Percent(in.Verdict.Confidence))
	for _, ev := range in.Evidence {
		if err == nil && (c.Event != "updated" || now.cause != before.cause) && ev.Role == rules.RoleCause {
			_, err = fmt.Fprintf(t.live.Out(), "          %s:%d: %s\n", report.Clean(ev.Quote.Source), ev.Quote.Line, report.Clean(ev.Quote.Text))
			break
		}
	}
	return err
}
