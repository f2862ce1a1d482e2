// Package pipeline wires sources, scanner, digests and engine together. It is the
// only place that starts goroutines for work:
//
//   - batch: one per worker, each taking whole sources from a list and filling the
//     slot of its source, and for each source of several chunks some that help with
//     them (chunks.go) once there are fewer sources left than workers; Run waits for all of them;
//   - live: one that waits for lines and hands them on, and one per followed path
//     that scans and folds them; Tail waits for all of them.
//
// Everything a worker does is a pure function of the source's bytes, and the engine
// does not depend on order, so any number of workers gives the same report.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"culprit/parser"
	"culprit/parser/scan"
	"culprit/parser/source"
	"culprit/rules"
	"culprit/rules/correlate"
	"culprit/rules/digest"
)

// Config says what to analyse and how.
type Config struct {
	Paths     []string // files, directories, globs, archives, "-"
	Source    source.Options
	Matcher   digest.Matcher
	Engine    correlate.Config
	Formats   []*parser.Format // the user's own, tried first
	Year      int              // seed for stamps without a year, where the file's own time tells none
	ForceYear bool             // Year is the user's word and beats the file's time
	Workers   int              // 0: see DefaultWorkers
	Watch     func(p Progress) // called with the list of sources before work begins; may be nil

	chunk int // bytes of a chunk, 0 for scan.DefaultChunk
}

// Progress lets a display look at the work while it goes on.
type Progress struct {
	Sources []*source.Source
	Done    *atomic.Int64 // sources finished
}

// ErrNothingRead says that no source could be read at all.
var ErrNothingRead = errors.New("nothing could be read")

// Run reads all sources and decides. A source that cannot be read is a row with an
// error in the report; if none can, the error is ErrNothingRead and the report
// still says why. A cancelled context ends it with the context's error.
func Run(ctx context.Context, cfg Config) (*rules.Report, error) {
	sources, problems := source.Open(ctx, cfg.Paths, cfg.Source)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	digests := scanAll(ctx, &cfg, sources)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	engine := correlate.New(cfg.Engine)
	read := 0
	for _, d := range withoutCopies(digests) {
		engine.Add(d)
		if d.Source.Error == "" || d.Source.Lines > 0 {
			read++
		}
	}
	for _, p := range problems {
		engine.Add(&rules.Digest{Source: rules.SourceInfo{Path: p.Path, Group: p.Path, Error: p.Err.Error()}})
	}
	report := engine.Decide()
	if read == 0 {
		return report, ErrNothingRead
	}
	return report, nil
}

// mostWorkers are as many as gain anything: of an outage's log, what one of them does at a time takes a
// sixth of the work. Each holds 15 MB, on a machine that may have run out of memory.
const mostWorkers = 8

// DefaultWorkers is how many read where nobody says it: one per core, within reason.
func DefaultWorkers() int { return min(runtime.GOMAXPROCS(0), mostWorkers) }

// scanAll fills one slot a source.
func scanAll(ctx context.Context, cfg *Config, sources []*source.Source) []*rules.Digest {
	workers := cfg.Workers
	if workers <= 0 {
		workers = DefaultWorkers()
	}
	digests := make([]*rules.Digest, len(sources))
	var next, done atomic.Int64
	if cfg.Watch != nil {
		cfg.Watch(Progress{Sources: sources, Done: &done})
	}
	crew := newCrew(cfg, workers)
	all := totalSize(sources)
	var wg sync.WaitGroup
	for range min(workers, ahead, len(sources)) {
		crew.tokens <- struct{}{}
		wg.Go(func() {
			defer func() { <-crew.tokens }()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(sources) || ctx.Err() != nil {
					return
				}
				digests[i] = crew.source(ctx, sources[i], all)
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return digests
}

// totalSize adds up the stored bytes of all sources, as far as they are known.
func totalSize(sources []*source.Source) (all int64) {
	for _, s := range sources {
		all += max(s.Size, 0)
	}
	return all
}

// source reads one source to its end and returns its digest; what went wrong stands
// in digest.Source.Error. all is the size of all sources.
func (c *crew) source(ctx context.Context, src *source.Source, all int64) *rules.Digest {
	info := rules.SourceInfo{Path: src.Path, Group: src.Group, Location: src.Location()}
	r, err := src.Open(ctx)
	if err != nil {
		info.Error = err.Error()
		return &rules.Digest{Source: info}
	}
	defer r.Close()
	year := c.cfg.Year
	if !c.cfg.ForceYear && !src.ModTime.IsZero() && src.ModTime.Year() > 1980 {
		year = src.ModTime.Year()
	}
	builder := digest.New(info, c.cfg.Matcher, nil)
	if src.Size >= 0 { // else it is a pipe, which may be all there is
		builder.Share(src.Size, max(all, 1))
	}
	stats, err := c.scan(ctx, r, year, builder)
	describe(builder.Source(), stats)
	builder.Source().HeadHash = src.HeadHash()
	if err != nil {
		builder.Source().Error = err.Error()
	}
	return builder.Finish()
}

// describe copies what the scanner counted.
func describe(info *rules.SourceInfo, s scan.Stats) {
	info.Lines, info.Unparsed, info.Bytes, info.Samples = s.Lines, s.Unparsed, s.Bytes, s.Samples
	info.First, info.Last = s.First, s.Last
	for _, f := range s.Formats {
		info.Formats = append(info.Formats, f.Name)
	}
	if len(info.Formats) > 0 {
		info.Format = info.Formats[0]
	}
	warn := func(n int64, format string, args ...any) {
		if n > 0 {
			info.Warnings = append(info.Warnings, fmt.Sprintf(format, args...))
		}
	}
	warn(s.TooLong, "%d lines longer than 256 KiB were cut, the first at byte %d", s.TooLong, s.FirstTooLong)
	warn(s.NULs, "%d NUL bytes were dropped", s.NULs)
}
