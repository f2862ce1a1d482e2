package store

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"
	"time"

	"culprit/rules"
)

// A Filter chooses incidents. Its zero value chooses all, by start.
type Filter struct {
	IDs         []string    // full ids or their first digits; also those of incidents that were superseded
	Since       time.Time   // those that had not ended before; zero: no bound
	Until       time.Time   // those that began before; zero: no bound
	Cause       rules.Cause // "" is any
	Upstream    string      // one of the incident's, as the gateway writes it; "" is any
	Limit       int         // at most so many; 0 is all
	NewestFirst bool        // else by start, then first upstream, then id
}

// where returns the filter as SQL with its arguments.
func (f *Filter) where() (string, []any) {
	var terms []string
	var args []any
	add := func(term string, values ...any) {
		terms, args = append(terms, "("+term+")"), append(args, values...)
	}
	if len(f.IDs) > 0 {
		var ids []string
		for _, id := range f.IDs {
			ids = append(ids, "instr(id, ?) = 1 OR instr(supersedes, ?) = 1")
			args = append(args, id, id)
		}
		terms = append(terms, "("+strings.Join(ids, " OR ")+")")
	}
	if !f.Since.IsZero() {
		add(`coalesce("end", start) >= ?`, f.Since.UnixMicro())
	}
	if !f.Until.IsZero() {
		add("start < ?", f.Until.UnixMicro())
	}
	if f.Cause != "" {
		add("cause = ?", string(f.Cause))
	}
	if f.Upstream != "" {
		add("EXISTS (SELECT 1 FROM json_each(upstreams) WHERE value = ?)", f.Upstream)
	}
	if len(terms) == 0 {
		return "TRUE", nil
	}
	return strings.Join(terms, " AND "), args
}

func (f *Filter) query() (string, []any) {
	where, args := f.where()
	query := "SELECT id FROM incidents WHERE " + where + " ORDER BY "
	if f.NewestFirst {
		query += "start DESC, "
	} else {
		query += "start, "
	}
	query += "coalesce(upstreams ->> '$[0]', ''), id"
	if f.Limit > 0 {
		query += " LIMIT ?"
		args = append(args, f.Limit)
	}
	return query, args
}

// chunk is how many incidents are read at once.
const chunk = 64

// Incidents returns the chosen incidents one after the other. An error ends them.
//
// The ids are read first, then the incidents in chunks, each chunk in a transaction that
// is over before its incidents are handed out. So the loop's body may take its time or
// write to the store: no snapshot is held that would keep SQLite from folding its
// write-ahead log back. An incident that goes in the meantime is left out.
func (db *DB) Incidents(ctx context.Context, f Filter) iter.Seq2[rules.Incident, error] {
	return func(yield func(rules.Incident, error) bool) {
		ids, err := db.incidentIDs(ctx, &f)
		if err != nil {
			yield(rules.Incident{}, wrap("read incidents", err))
			return
		}
		for part := range slices.Chunk(ids, chunk) {
			incidents, err := db.loadIncidents(ctx, part)
			if err != nil {
				yield(rules.Incident{}, wrap("read incidents", err))
				return
			}
			for _, in := range incidents {
				if !yield(*in, nil) {
					return
				}
			}
		}
	}
}

func (db *DB) incidentIDs(ctx context.Context, f *Filter) (ids []string, err error) {
	query, args := f.query()
	err = db.view(ctx, func(tx *sql.Tx) error {
		return each(ctx, tx, query, args, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

func (db *DB) loadIncidents(ctx context.Context, ids []string) (incidents []*rules.Incident, err error) {
	err = db.view(ctx, func(tx *sql.Tx) error {
		incidents, err = loadIncidents(ctx, tx, ids)
		return err
	})
	return incidents, err
}

// loadIncidents returns the incidents in the order of their ids.
func loadIncidents(ctx context.Context, tx *sql.Tx, ids []string) ([]*rules.Incident, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	in := " IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
	found := make(map[string]*rules.Incident, len(ids))
	err := each(ctx, tx, "SELECT "+incidentColumns+" FROM incidents WHERE id"+in, args, func(rows *sql.Rows) error {
		var l loading
		err := rows.Scan(l.incidentDest()...)
		found[l.incident.ID] = l.finish()
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := loadChildren(ctx, tx, found, " WHERE incident_id"+in+" ORDER BY incident_id, n", args); err != nil {
		return nil, err
	}
	var out []*rules.Incident
	for _, id := range ids {
		if incident := found[id]; incident != nil {
			out = append(out, incident)
		}
	}
	return out, nil
}

func loadChildren(ctx context.Context, tx *sql.Tx, found map[string]*rules.Incident, where string, args []any) error {
	err := each(ctx, tx, "SELECT "+symptomColumns+" FROM symptoms"+where, args, func(rows *sql.Rows) error {
		var id string
		var s rules.SymptomGroup
		err := rows.Scan(symptomDest(&id, &s)...)
		if in := found[id]; in != nil {
			in.Symptoms = append(in.Symptoms, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, tx, "SELECT "+evidenceColumns+" FROM evidence"+where, args, func(rows *sql.Rows) error {
		var id string
		var e rules.Evidence
		var fields []field
		err := rows.Scan(evidenceDest(&id, &e, &fields)...)
		e.Fields = as(fields, func(f field) rules.Field { return rules.Field(f) })
		if in := found[id]; in != nil {
			in.Evidence = append(in.Evidence, e)
		}
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, tx, "SELECT "+eventColumns+" FROM events"+where, args, func(rows *sql.Rows) error {
		var id string
		var e rules.TimelineEntry
		err := rows.Scan(eventDest(&id, &e)...)
		if in := found[id]; in != nil {
			in.Timeline = append(in.Timeline, e)
		}
		return err
	})
}

// each calls do for every row of a query.
func each(ctx context.Context, tx *sql.Tx, query string, args []any, do func(*sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
