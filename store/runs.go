package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"culprit/rules"
)

// ErrNoRun is the error of asking for a run that is not there.
var ErrNoRun = errors.New("no such run in the store")

// LastRun returns the run that came into the store last, with its sources; ErrNoRun if
// there is none.
func (db *DB) LastRun(ctx context.Context) (Run, error) {
	return db.run(ctx, "ORDER BY seq DESC LIMIT 1")
}

// RunOf returns the run that wrote the incident last; ErrNoRun if there is none.
func (db *DB) RunOf(ctx context.Context, incident string) (Run, error) {
	return db.run(ctx, "WHERE id = (SELECT run_id FROM incidents WHERE incidents.id = ?)", incident)
}

func (db *DB) run(ctx context.Context, where string, args ...any) (r Run, err error) {
	err = db.view(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT "+runColumns+" FROM runs "+where, args...).Scan(runDest(&r)...)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNoRun
		}
		if err != nil {
			return err
		}
		r.Sources, err = loadSources(ctx, tx, r.ID)
		return err
	})
	if err != nil {
		return Run{}, fmt.Errorf("read run: %w", err)
	}
	return r, nil
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
		orNil(&s.Warnings), &s.ZoneOffset, orZero(&s.Zone), orZero(&s.ZoneFrom), &s.Skew, &s.HasErrors, &s.HasAccess, &s.Loopback)
}
