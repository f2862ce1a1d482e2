package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"culprit/rules"
)

// A Run is one analysis of a set of sources.
type Run struct {
	ID      string // RunID of its sources: the same logs, the same run
	Version string // of the program
	Window  [2]rules.Moment
	Sources []rules.SourceInfo
	Totals  rules.Totals // -1 where no source could tell
}

// RunID returns an id made from what the sources hold (identity of the head, length,
// last stamp), not from where they lie or in which order they were named: 16
// hexadecimal digits.
func RunID(sources []rules.SourceInfo) string {
	keys := make([]string, len(sources))
	for i, s := range sources {
		var b [32]byte
		binary.BigEndian.PutUint64(b[:], s.HeadHash)
		binary.BigEndian.PutUint64(b[8:], uint64(s.Bytes))
		binary.BigEndian.PutUint64(b[16:], uint64(s.Lines))
		binary.BigEndian.PutUint64(b[24:], uint64(s.Last.Micros))
		keys[i] = string(b[:])
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(keys, "")))
	return fmt.Sprintf("%x", sum[:8])
}

// A Batch is what one commit of a live run holds; empty parts are left alone.
type Batch struct {
	Run         Run
	Incidents   []rules.Incident
	Gone        []string // ids of incidents that are part of these
	Checkpoints []Checkpoint
	Ended       []string // paths whose checkpoints are of no use any more
	Gaps        []Gap
	Streams     []Stream
}

// Put stores a run and its incidents in one transaction. A run of the same id and
// incidents of the same ids are replaced with all that belongs to them, an incident that
// another supersedes goes; whatever else is in the store stays. Putting the same again
// changes nothing. Verdict.Proof is not kept: it points into a case that is gone.
func (db *DB) Put(ctx context.Context, run Run, incidents []rules.Incident) error {
	return db.Commit(ctx, Batch{Run: run, Incidents: incidents})
}

// Commit stores a batch in one transaction: after a crash the positions and what was found up to
// them agree.
func (db *DB) Commit(ctx context.Context, b Batch) error {
	return wrap("store incidents", db.update(ctx, func(tx *sql.Tx) error {
		if err := putRun(ctx, tx, &b.Run); err != nil {
			return err
		}
		for _, id := range b.Gone {
			if _, err := tx.ExecContext(ctx, dropIncidents, id, id); err != nil {
				return err
			}
		}
		if err := putIncidents(ctx, tx, &b.Run, b.Incidents); err != nil {
			return err
		}
		for _, path := range b.Ended {
			if _, err := tx.ExecContext(ctx, "DELETE FROM checkpoints WHERE path = ?", path); err != nil {
				return err
			}
		}
		if err := putCheckpoints(ctx, tx, b.Checkpoints); err != nil {
			return err
		}
		if err := putGaps(ctx, tx, b.Gaps); err != nil {
			return err
		}
		return putStreams(ctx, tx, b.Streams)
	}))
}

const runColumns = "id, version, window_start, window_start_precision, window_end, window_end_precision," +
	" incidents, gateway_error_lines, requests, failed_requests, failed_other, client_aborts, refused"

func runRow(r *Run) []any {
	t := &r.Totals
	return row(r.ID, text(r.Version), moment(r.Window[0]), moment(r.Window[1]),
		count(t.Incidents), count(t.GatewayErrorLines), count(t.Requests), count(t.FailedRequests),
		count(t.FailedOther), count(t.ClientAborts), count(t.Refused))
}

// putRun keeps the number of a run that is known already.
func putRun(ctx context.Context, tx *sql.Tx, r *Run) error {
	if r.ID == "" {
		return nil
	}
	var sets []string
	for _, column := range strings.Split(runColumns, ",")[1:] {
		column = strings.TrimSpace(column)
		sets = append(sets, column+" = excluded."+column)
	}
	upsert := insertInto("runs", runColumns) + " ON CONFLICT (id) DO UPDATE SET " + strings.Join(sets, ", ")
	if _, err := tx.ExecContext(ctx, upsert, runRow(r)...); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM sources WHERE run_id = ?", r.ID); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, insertInto("sources", sourceColumns))
	if err != nil {
		return err
	}
	defer insert.Close()
	for n := range r.Sources {
		if _, err := insert.ExecContext(ctx, sourceRow(r.ID, n, &r.Sources[n])...); err != nil {
			return err
		}
	}
	return nil
}

const sourceColumns = "run_id, n, path, family, format, formats, role, gateway, lines, unparsed, samples, bytes," +
	" first, first_precision, first_offset, first_clock, last, last_precision, last_offset, last_clock," +
	" head_hash, error, warnings, zone_offset, zone, zone_from, skew, has_errors, has_access, loopback, location"

func sourceRow(run string, n int, s *rules.SourceInfo) []any {
	return row(run, n, s.Path, text(s.Group), text(s.Format), list(s.Formats), s.Role.String(), text(s.Gateway),
		s.Lines, s.Unparsed, list(s.Samples), s.Bytes, stamp(s.First), stamp(s.Last), hash(s.HeadHash), text(s.Error),
		list(s.Warnings), s.ZoneOffset, text(s.Zone), text(s.ZoneFrom), s.Skew, s.HasErrors, s.HasAccess, s.Loopback, text(s.Location))
}

// dropIncidents takes with them what belongs to them, by ON DELETE CASCADE.
const dropIncidents = "DELETE FROM incidents WHERE id IN (?, ?)"

// An incidentWriter holds what is prepared once for many incidents.
type incidentWriter struct {
	run   string
	heads map[string]uint64 // path → identity of the source
	stmts []*sql.Stmt

	drop, incident, symptom, evidence, event *sql.Stmt
}

func putIncidents(ctx context.Context, tx *sql.Tx, run *Run, incidents []rules.Incident) error {
	if len(incidents) == 0 {
		return nil
	}
	w, err := newIncidentWriter(ctx, tx, run)
	defer w.close()
	if err != nil {
		return err
	}
	for i := range incidents {
		if err := w.put(ctx, &incidents[i]); err != nil {
			return fmt.Errorf("incident %s: %w", incidents[i].ID, err)
		}
	}
	return nil
}

func newIncidentWriter(ctx context.Context, tx *sql.Tx, run *Run) (*incidentWriter, error) {
	w := &incidentWriter{run: run.ID, heads: make(map[string]uint64, len(run.Sources))}
	for _, s := range run.Sources {
		w.heads[s.Path] = s.HeadHash
	}
	for _, s := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&w.drop, dropIncidents},
		{&w.incident, insertInto("incidents", incidentColumns)},
		{&w.symptom, insertInto("symptoms", symptomColumns)},
		{&w.evidence, insertInto("evidence", evidenceColumns)},
		{&w.event, insertInto("events", eventColumns)},
	} {
		stmt, err := tx.PrepareContext(ctx, s.query)
		if err != nil {
			return w, err
		}
		*s.to = stmt
		w.stmts = append(w.stmts, stmt)
	}
	return w, nil
}

func (w *incidentWriter) close() {
	for _, s := range w.stmts {
		s.Close()
	}
}

func (w *incidentWriter) put(ctx context.Context, in *rules.Incident) error {
	if _, err := w.drop.ExecContext(ctx, in.ID, in.Supersedes); err != nil {
		return err
	}
	if _, err := w.incident.ExecContext(ctx, incidentRow(w.run, in)...); err != nil {
		return err
	}
	for n := range in.Symptoms {
		s := &in.Symptoms[n]
		if _, err := w.symptom.ExecContext(ctx, symptomRow(in.ID, n, s, w.heads[s.Example.Source])...); err != nil {
			return err
		}
	}
	for n := range in.Evidence {
		e := &in.Evidence[n]
		if _, err := w.evidence.ExecContext(ctx, evidenceRow(in.ID, n, e, w.heads[e.Quote.Source])...); err != nil {
			return err
		}
	}
	for n := range in.Timeline {
		if _, err := w.event.ExecContext(ctx, eventRow(in.ID, n, &in.Timeline[n])...); err != nil {
			return err
		}
	}
	return nil
}
