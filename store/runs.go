package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"culprit/rules"
)

// ErrNoRun is the error of asking for a run that is not there.
var ErrNoRun = errors.New("no such run in the store")

// LastRun returns the run that came into the store last, with its sources; ErrNoRun if
// there is none.
func (db *DB) LastRun(ctx context.Context) (r Run, err error) {
	err = db.view(ctx, func(tx *sql.Tx) error { return loadRun(ctx, tx, &r, "ORDER BY seq DESC LIMIT 1") })
	return r, wrap("read run", err)
}

// RunsOf returns the runs that wrote the incidents last, by the incidents' ids; incidents
// of one run share it. One that is not in the store, or has no run, has no entry.
func (db *DB) RunsOf(ctx context.Context, incidents []string) (map[string]*Run, error) {
	of, runs := map[string]*Run{}, map[string]*Run{}
	err := db.view(ctx, func(tx *sql.Tx) error {
		for part := range slices.Chunk(incidents, chunk) {
			query := "SELECT id, run_id FROM incidents WHERE run_id IS NOT NULL AND id IN (?" + strings.Repeat(", ?", len(part)-1) + ")"
			err := each(ctx, tx, query, as(part, func(id string) any { return id }), func(rows *sql.Rows) error {
				var incident, run string
				err := rows.Scan(&incident, &run)
				if runs[run] == nil {
					runs[run] = new(Run)
				}
				of[incident] = runs[run]
				return err
			})
			if err != nil {
				return err
			}
		}
		for id, r := range runs {
			if err := loadRun(ctx, tx, r, "WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
	return of, wrap("read runs", err)
}

func loadRun(ctx context.Context, tx *sql.Tx, r *Run, where string, args ...any) error {
	err := tx.QueryRowContext(ctx, "SELECT "+runColumns+" FROM runs "+where, args...).Scan(runDest(r)...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoRun
	}
	if err != nil {
		return err
	}
	r.Sources, err = loadSources(ctx, tx, r.ID)
	return err
}

func runDest(r *Run) []any {
	t := &r.Totals
	return row(&r.ID, orZero(&r.Version), momentColumns(&r.Window[0]), momentColumns(&r.Window[1]),
		known{&t.Incidents}, known{&t.GatewayErrorLines}, known{&t.Requests}, known{&t.FailedRequests},
		known{&t.FailedOther}, known{&t.ClientAborts}, known{&t.Refused})
}

func loadSources(ctx context.Context, tx *sql.Tx, run string) (sources []rules.SourceInfo, err error) {
	query := "SELECT " + sourceColumns + " FROM sources WHERE run_id = ? ORDER BY n"
	err = each(ctx, tx, query, []any{run}, func(rows *sql.Rows) error {
		var s rules.SourceInfo
		err := rows.Scan(sourceDest(&s)...)
		sources = append(sources, s)
		return err
	})
	return sources, err
}

func sourceDest(s *rules.SourceInfo) []any {
	return row(new(any), new(any), &s.Path, orZero(&s.Group), orZero(&s.Format), orNil(&s.Formats), roleColumn(&s.Role), orZero(&s.Gateway),
		&s.Lines, &s.Unparsed, orNil(&s.Samples), &s.Bytes, stampColumns(&s.First), stampColumns(&s.Last), fromHex{&s.HeadHash}, orZero(&s.Error),
		orNil(&s.Warnings), &s.ZoneOffset, orZero(&s.Zone), orZero(&s.ZoneFrom), &s.Skew, &s.HasErrors, &s.HasAccess, &s.Loopback, orZero(&s.Location))
}
