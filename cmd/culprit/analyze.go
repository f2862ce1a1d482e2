package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"culprit/cmd/internal/pipeline"
	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/parser/source"
	"culprit/report"
	"culprit/rules"
	"culprit/rules/correlate"
	"culprit/rules/signature"
	"culprit/store"
)

type analyzeCmd struct {
	Paths           []string `arg:"" name:"path" help:"Files, folders, globs, archives, or - for standard input."`
	MaxArchiveBytes int64    `placeholder:"N" help:"Most decompressed bytes of one archive member (default 8 GiB)."`
	Workers         int      `placeholder:"N" help:"Sources read at a time (default: one per core, at most 8). The result does not depend on it."`
	engineFlags
}

// While little is read, garbage may lie: five collections were an eighth of the time of a
// run over a small folder. A large input needs less of it: what is held of 5 GiB of an outage is
// 50 MiB, and with the garbage that the usual pace of 100 allows it is more than 128.
const (
	smallPace  = 400 // percent, see debug.SetGCPercent
	largePace  = 60
	smallInput = 8 << 20
)

// What is held of a few large sources is bounded, so garbage need not be let grow beyond this, however
// the collections fall: 4 GiB of an outage took 117 to 131 MB without it, and 118 to 119 with it. Of
// many sources more is held, and a limit below that would only keep the collector busy.
const (
	fewSources    = 64
	ownMemory     = 64 << 20 // bytes
	memoryAWorker = 16 << 20
)

// limitMemory does so, unless the environment says how much there is (GOMEMLIMIT), until restore is called.
func limitMemory(workers int) (restore func()) {
	before := debug.SetMemoryLimit(-1)
	if before == math.MaxInt64 {
		debug.SetMemoryLimit(ownMemory + int64(cmp.Or(workers, pipeline.DefaultWorkers()))*memoryAWorker)
	}
	return func() { debug.SetMemoryLimit(before) }
}

// engineFlags are what analyze and tail share.
type engineFlags struct {
	LogFormat []string `sep:"none" placeholder:"FORMAT" help:"A log_format of nginx, as in its configuration; may be given several times."`
	Map       []string `sep:"none" placeholder:"ADDR=FILE|UNIT" help:"Your word that an address is served by a log file or a unit."`
}

// Run reads, judges, stores and prints.
func (c *analyzeCmd) Run(e *env) error {
	pace := debug.SetGCPercent(smallPace)
	defer debug.SetGCPercent(pace)
	cfg, err := c.engineFlags.config(e, c.Paths)
	if err != nil {
		return err
	}
	cfg.Workers, cfg.Source.MaxArchiveBytes = c.Workers, c.MaxArchiveBytes
	db, err := store.Open(e.ctx, e.flags.DB)
	if err != nil {
		return err
	}
	defer db.Close()
	restore := func() {}
	defer func() { restore() }()
	stop := e.progress(cfg)
	watch := cfg.Watch
	cfg.Watch = func(p pipeline.Progress) {
		if _, size, known := sizes(p.Sources); !known || size > smallInput {
			debug.SetGCPercent(largePace)
			if len(p.Sources) <= fewSources {
				restore = limitMemory(c.Workers)
			}
		}
		if watch != nil {
			watch(p)
		}
	}
	found, err := pipeline.Run(e.ctx, *cfg)
	stop()
	if err != nil && !errors.Is(err, pipeline.ErrNothingRead) {
		return err
	}
	e.sourceWarnings(found)
	if err != nil {
		err = fmt.Errorf("analyze %s: %w", strings.Join(c.Paths, " "), err)
		if why := firstError(found); e.flags.Quiet && why != "" {
			err = fmt.Errorf("%w: %s", err, why) // no warning has told it
		}
		return err
	}
	id := store.RunID(found.Sources)
	kept := e.kept(found, id[:6])
	if err := db.Put(e.ctx, store.Run{ID: id, Version: version(), Window: kept.Window, Sources: kept.Sources, Totals: kept.Totals}, kept.Incidents); err != nil {
		return errors.Join(e.print(found), err) // what was found is worth reading all the same
	}
	if err := db.AddHistory(e.ctx, found.Incidents); err != nil {
		return err
	}
	if err := e.print(found); err != nil {
		return err
	}
	if e.flags.ExitCode && len(found.Incidents) > 0 {
		return errIncidents
	}
	return nil
}

func (c *engineFlags) config(e *env, paths []string) (*pipeline.Config, error) {
	set, err := e.signatures()
	if err != nil {
		return nil, err
	}
	engine, err := e.engine()
	if err != nil {
		return nil, err
	}
	for _, m := range c.Map {
		address, target, ok := strings.Cut(m, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--map %s: want ADDR=FILE or ADDR=UNIT", m)}
		}
		engine.Maps = append(engine.Maps, correlate.Map{Address: address, Target: target})
	}
	var formats []*parser.Format
	for _, text := range c.LogFormat {
		f, err := gateway.ParseLogFormat(text)
		if err != nil {
			return nil, usageError{err}
		}
		formats = append(formats, f)
	}
	return &pipeline.Config{
		Paths: paths, Matcher: set, Engine: engine, Formats: formats,
		Source:    source.Options{Stdin: e.stdin},
		Year:      cmp.Or(e.flags.Year, e.now.Year()),
		ForceYear: e.flags.Year != 0,
	}, nil
}

// engine reads the flags that the engine wants.
func (e *env) engine() (correlate.Config, error) {
	cfg := correlate.Config{Zone: time.UTC}
	if e.flags.TZ != "" {
		loc, err := zone(e.flags.TZ)
		if err != nil {
			return cfg, err
		}
		cfg.Zone, cfg.HasZone = loc, true
	}
	cfg.HasYear = e.flags.Year != 0
	var err error
	if cfg.Since, err = moment("since", e.flags.Since, cfg.Zone, e.now); err != nil {
		return cfg, err
	}
	cfg.Until, err = moment("until", e.flags.Until, cfg.Zone, e.now)
	return cfg, err
}

// signatures are the built-in ones, and the user's.
func (e *env) signatures() (*signature.Set, error) {
	if e.flags.RulesDir == "" {
		return signature.Builtin(), nil
	}
	set, err := signature.Load(signature.Data(), os.DirFS(e.flags.RulesDir))
	if err != nil {
		return nil, fmt.Errorf("load --rules %s: %w", e.flags.RulesDir, err)
	}
	return set, nil
}

func (e *env) sourceWarnings(r *rules.Report) {
	for _, s := range r.Sources {
		if s.Error != "" {
			e.warn("%s", errorOf(&s))
		}
		for _, w := range s.Warnings {
			e.warn("%s: %s", s.Path, w)
		}
	}
}

// errorOf tells why a source was not read; most errors name it themselves.
func errorOf(s *rules.SourceInfo) string {
	if strings.Contains(s.Error, s.Path) {
		return s.Error
	}
	return s.Path + ": " + s.Error
}

// firstError is the first of the reasons why sources were not read, "" if there is none.
func firstError(r *rules.Report) string {
	for i := range r.Sources {
		if r.Sources[i].Error != "" {
			return errorOf(&r.Sources[i])
		}
	}
	return ""
}

// print writes the report in the wanted format.
func (e *env) print(r *rules.Report) error { return e.printAs(r, report.Options{}) }

// printAs writes it as opts say, beside what the terminal says.
func (e *env) printAs(r *rules.Report, opts report.Options) error {
	w, done, err := e.output()
	if err != nil {
		return err
	}
	r = e.shown(r)
	opts.Color, opts.Width = e.colour(w), e.width(w)
	for _, f := range report.Formats() {
		if f.Name == e.flags.Format {
			return errors.Join(f.Write(w, r, opts), done())
		}
	}
	return usageError{fmt.Errorf("--format %s: no such format", e.flags.Format)}
}
