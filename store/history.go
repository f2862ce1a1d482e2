package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"culprit/rules"
)

// An occurrence is what History needs of a stored incident.
type occurrence struct {
	id, unit, service, limit string
	gateway                  bool // it was the gateway itself
	upstreams                []string
	start                    rules.Moment
}

// rhythmOf is how many of the last occurrences tell how far apart they are.
const rhythmOf = 32

// AddHistory sets the History of the incidents from what the store holds: the incidents of
// the same cause at the same place that began earlier. The place is the unit or the service
// where both are known, else an upstream that both name. The cause unknown has no history.
func (db *DB) AddHistory(ctx context.Context, incidents []rules.Incident) error {
	known := map[rules.Cause][]occurrence{}
	err := db.view(ctx, func(tx *sql.Tx) error {
		for i := range incidents {
			cause := incidents[i].Verdict.Cause
			if _, done := known[cause]; done || cause == rules.CauseUnknown {
				continue
			}
			list, err := occurrences(ctx, tx, cause)
			if err != nil {
				return err
			}
			known[cause] = list
		}
		return nil
	})
	if err != nil {
		return wrap("read history", err)
	}
	for i := range incidents {
		incidents[i].History = historyOf(&incidents[i], known[incidents[i].Verdict.Cause])
	}
	return nil
}

// occurrences lists the incidents of a cause by their start, then id.
func occurrences(ctx context.Context, tx *sql.Tx, cause rules.Cause) (list []occurrence, err error) {
	const query = `SELECT id, unit, service, upstreams, process, gateway, start, start_precision,
		(SELECT json_extract(f.value, '$.value') FROM evidence, json_each(evidence.fields) f
			WHERE evidence.incident_id = incidents.id AND evidence.role = 'cause' AND json_extract(f.value, '$.name') = 'limit'
			ORDER BY evidence.n LIMIT 1)
		FROM incidents WHERE cause = ? AND start IS NOT NULL ORDER BY start, id`
	err = each(ctx, tx, query, []any{string(cause)}, func(rows *sql.Rows) error {
		var o occurrence
		var in rules.Incident
		err := rows.Scan(&o.id, orZero(&o.unit), orZero(&o.service), orNil(&o.upstreams), orZero(&in.Culprit.Process), orZero(&in.Gateway), &o.start.Micros, orZero(&o.start.Precision), orZero(&o.limit))
		in.Upstreams = o.upstreams
		o.gateway = in.OfTheGateway()
		list = append(list, o)
		return err
	})
	return list, err
}

// historyOf is nil if no earlier occurrence is at the incident's place.
func historyOf(in *rules.Incident, known []occurrence) *rules.History {
	h := &rules.History{}
	here := occurrence{id: in.ID, unit: in.Culprit.Unit, service: in.Service, upstreams: in.Upstreams, gateway: in.OfTheGateway(), start: in.Start}
	var starts []int64
	limits := map[string]bool{}
	for i := range known {
		o := &known[i]
		if o.id == in.ID {
			here.limit = o.limit
		}
		if o.id == in.ID || cmp.Or(cmp.Compare(o.start.Micros, here.start.Micros), strings.Compare(o.id, in.ID)) >= 0 || !samePlace(&here, o) {
			continue
		}
		if h.Before == 0 {
			h.First = o.start
		}
		h.Before++
		h.Last, h.LastID = o.start, o.id
		limits[o.limit] = true
		if starts = append(starts, o.start.Micros); len(starts) > rhythmOf {
			starts = starts[1:]
		}
	}
	if h.Before == 0 {
		return nil
	}
	if limits[here.limit] && len(limits) == 1 {
		h.Limit = here.limit
	}
	starts = append(starts, here.start.Micros)
	if len(starts) > 2 {
		gaps := make([]int64, len(starts)-1)
		for i := range gaps {
			gaps[i] = starts[i+1] - starts[i]
		}
		slices.Sort(gaps)
		h.Every, h.Narrowest, h.Widest = gaps[len(gaps)/2], gaps[0], gaps[len(gaps)-1]
	}
	return h
}

func samePlace(a, b *occurrence) bool {
	switch {
	case a.unit != "" && b.unit != "":
		return a.unit == b.unit
	case a.service != "" && b.service != "":
		return a.service == b.service
	case a.gateway || b.gateway:
		return a.gateway == b.gateway
	}
	return slices.ContainsFunc(a.upstreams, func(u string) bool { return slices.Contains(b.upstreams, u) })
}
