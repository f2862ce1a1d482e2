package store

import (
	"context"
	"database/sql"

	"culprit/rules"
)

// A Checkpoint is how far a followed file has been read.
type Checkpoint struct {
	Path        string
	Device      uint64
	Inode       uint64
	Offset      int64  // bytes of complete lines read, in the decompressed file
	Line        int64  // lines before Offset; 0 if unknown (joined in the middle)
	Fingerprint string // of the decompressed head: knows the file again after a rename or compression
}

// A Gap is a stretch of a source that could not be read.
type Gap struct {
	Source string
	From   rules.Moment // what is known of the time it covers
	To     rules.Moment
	Offset int64 // where it begins; -1 if unknown
	Bytes  int64 // how much is missing; -1 if unknown
	Why    string
}

// A Stream is when a service's stream was last in a state; the latest of them stays evidence
// until the next transition, over restarts of the program too.
type Stream struct {
	Source string
	Name   string // sub-stream inside the source (unit, container); "" is the whole file
	State  rules.State
	Since  rules.Moment
	Quote  rules.Quote // the line that says so; its Source is the stream's
}

// Bounds of the ledger of gaps and of the states; the oldest rows go first.
const (
	maxGaps    = 10_000
	maxStreams = 10_000
)

const checkpointColumns = "path, device, inode, offset, line, fingerprint"

// putCheckpoints replaces the positions of all paths that are named in checkpoints; a path may
// have several (a renamed file that is still being drained, and its follower). The positions of
// other paths stay.
func putCheckpoints(ctx context.Context, tx *sql.Tx, checkpoints []Checkpoint) error {
	for _, c := range checkpoints {
		if _, err := tx.ExecContext(ctx, "DELETE FROM checkpoints WHERE path = ?", c.Path); err != nil {
			return err
		}
	}
	insert := insertInto("checkpoints", checkpointColumns) + " ON CONFLICT DO UPDATE SET offset = excluded.offset," +
		" line = excluded.line, fingerprint = excluded.fingerprint"
	for _, c := range checkpoints {
		// SQLite's integers are signed; a number with the highest bit set comes back as it was.
		args := row(c.Path, int64(c.Device), int64(c.Inode), c.Offset, number(c.Line), text(c.Fingerprint))
		if _, err := tx.ExecContext(ctx, insert, args...); err != nil {
			return err
		}
	}
	return nil
}

// Checkpoints returns all positions, by path, device and inode.
func (db *DB) Checkpoints(ctx context.Context) (all []Checkpoint, err error) {
	query := "SELECT " + checkpointColumns + " FROM checkpoints ORDER BY path, device, inode"
	err = db.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, query, nil, func(rows *sql.Rows) error {
			var c Checkpoint
			var device, inode int64
			err := rows.Scan(&c.Path, &device, &inode, &c.Offset, orZero(&c.Line), orZero(&c.Fingerprint))
			c.Device, c.Inode = uint64(device), uint64(inode)
			all = append(all, c)
			return err
		})
	})
	return all, wrap("read checkpoints", err)
}

const gapColumns = `source, start, start_precision, "end", end_precision, offset, bytes, why`

// putGaps adds to the ledger what is not in it already.
func putGaps(ctx context.Context, tx *sql.Tx, gaps []Gap) error {
	const isKnown = `SELECT count(*) FROM gaps WHERE source IS ? AND start IS ? AND start_precision IS ?
		AND "end" IS ? AND end_precision IS ? AND offset IS ? AND bytes IS ? AND why IS ?`
	for _, g := range gaps {
		args := row(g.Source, moment(g.From), moment(g.To), count(g.Offset), count(g.Bytes), g.Why)
		var n int
		if err := tx.QueryRowContext(ctx, isKnown, args...).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, insertInto("gaps", gapColumns), args...); err != nil {
			return err
		}
	}
	if len(gaps) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM gaps WHERE n <= (SELECT max(n) FROM gaps) - ?", maxGaps)
	return err
}

// Gaps returns the ledger of gaps in the order in which they were found.
func (db *DB) Gaps(ctx context.Context) (all []Gap, err error) {
	err = db.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, "SELECT "+gapColumns+" FROM gaps ORDER BY n", nil, func(rows *sql.Rows) error {
			var g Gap
			err := rows.Scan(row(&g.Source, momentColumns(&g.From), momentColumns(&g.To), known{&g.Offset}, known{&g.Bytes}, &g.Why)...)
			all = append(all, g)
			return err
		})
	})
	return all, wrap("read gaps", err)
}

const streamColumns = "source, stream, state, since, since_precision, " + placeColumns

// putStreams replaces the states of the named streams.
func putStreams(ctx context.Context, tx *sql.Tx, streams []Stream) error {
	query := "INSERT OR REPLACE" + insertInto("streams", streamColumns)[len("INSERT"):]
	for _, s := range streams {
		if _, err := tx.ExecContext(ctx, query, row(s.Source, s.Name, string(s.State), moment(s.Since), placed(s.Quote))...); err != nil {
			return err
		}
	}
	if len(streams) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, "DELETE FROM streams WHERE rowid IN (SELECT rowid FROM streams ORDER BY since DESC LIMIT -1 OFFSET ?)", maxStreams)
	return err
}

// Streams returns the last known states, by source and name, the latest last.
func (db *DB) Streams(ctx context.Context) (all []Stream, err error) {
	query := "SELECT " + streamColumns + " FROM streams ORDER BY source, stream, since, state"
	err = db.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, query, nil, func(rows *sql.Rows) error {
			var s Stream
			err := rows.Scan(row(&s.Source, &s.Name, orZero(&s.State), momentColumns(&s.Since), placeDest(&s.Quote))...)
			s.Quote.Source = s.Source
			all = append(all, s)
			return err
		})
	})
	return all, wrap("read streams", err)
}
