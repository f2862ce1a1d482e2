package store

import (
	"culprit/rules"
)

// Each table's columns stand once, beside the two functions that fill and read them in
// that order.

const incidentColumns = `id, run_id, supersedes, state, cause, confidence, decibans, summary, gateway, service,
	upstreams, process, pid, unit, container, host, start, start_precision, "end", end_precision,
	gateway_error_lines, primary_lines, secondary_lines, failed_requests, failed_other,
	status_counts, related, reasons, alternatives, advice, missing,
	url_groups, clients, clients_about, series, backoff_first, backoff_second, backoff_third, backoff_never, requests, of_gateway, prevention`

func incidentRow(run string, in *rules.Incident) []any {
	v, c := &in.Verdict, &in.Culprit
	return row(in.ID, text(run), text(in.Supersedes), in.State, string(v.Cause), finite(v.Confidence), v.Decibans, in.Summary,
		text(in.Gateway), text(in.Service), list(in.Upstreams), text(c.Process), number(c.PID), text(c.Unit),
		text(c.Container), text(c.Host), moment(in.Start), moment(in.End),
		count(in.ErrorLines), count(in.PrimaryLines), count(in.SecondaryLines), count(in.FailedRequests), count(in.FailedOther),
		list(as(in.StatusCounts, statusCountOf)), list(in.Related), list(as(v.Reasons, reasonOf)),
		list(as(v.Alternatives, alternativeOf)), list(in.Advice), list(in.Missing),
		list(as(in.URLs, urlGroupOf)), count(in.Clients), in.ClientsAbout, list(as(in.Series, pointOf)), backoff(in.Backoff),
		count(in.Requests), in.OfGateway, list(in.Prevent))
}

// incidentDest receives incidentColumns. The lists of structs arrive in their JSON form
// and are taken over by finish.
func (l *loading) incidentDest() []any {
	in := &l.incident
	v, c := &in.Verdict, &in.Culprit
	return row(&in.ID, new(any), orZero(&in.Supersedes), &in.State, orZero(&v.Cause), &v.Confidence, &v.Decibans, &in.Summary,
		orZero(&in.Gateway), orZero(&in.Service), orNil(&in.Upstreams), orZero(&c.Process), orZero(&c.PID), orZero(&c.Unit),
		orZero(&c.Container), orZero(&c.Host), momentColumns(&in.Start), momentColumns(&in.End),
		known{&in.ErrorLines}, known{&in.PrimaryLines}, known{&in.SecondaryLines}, known{&in.FailedRequests}, known{&in.FailedOther},
		orNil(&l.statuses), orNil(&in.Related), orNil(&l.reasons), orNil(&l.alternatives), orNil(&in.Advice), orNil(&in.Missing),
		orNil(&l.urls), known{&in.Clients}, &in.ClientsAbout, orNil(&l.series), backoffColumns(&in.Backoff),
		known{&in.Requests}, &in.OfGateway, orNil(&in.Prevent))
}

// loading is an incident on its way out of its row.
type loading struct {
	incident     rules.Incident
	statuses     []statusCount
	reasons      []reason
	alternatives []alternative
	urls         []urlGroup
	series       []point
}

func (l *loading) finish() *rules.Incident {
	in := &l.incident
	in.StatusCounts = as(l.statuses, func(s statusCount) rules.StatusCount { return rules.StatusCount(s) })
	in.Verdict.Reasons = as(l.reasons, func(r reason) rules.Reason { return rules.Reason(r) })
	in.Verdict.Alternatives = as(l.alternatives, func(a alternative) rules.Alternative { return rules.Alternative(a) })
	in.URLs = as(l.urls, func(u urlGroup) rules.URLGroup { return rules.URLGroup(u) })
	in.Series = as(l.series, func(p point) rules.Point { return rules.Point(p) })
	return in
}

// backoff binds what repeated requests would have met, all NULL if nobody could tell.
func backoff(b rules.Backoff) []any {
	if b == (rules.Backoff{}) {
		return []any{nil, nil, nil, nil}
	}
	return []any{b.First, b.Second, b.Third, b.Never}
}

func backoffColumns(to *rules.Backoff) []any {
	return []any{orZero(&to.First), orZero(&to.Second), orZero(&to.Third), orZero(&to.Never)}
}

// The JSON forms of the small structs that are kept in lists.
type (
	statusCount struct {
		Status string `json:"status"`
		Count  int64  `json:"count"`
	}
	reason struct {
		Weight int    `json:"weight"`
		Text   string `json:"text"`
	}
	alternative struct {
		Cause      rules.Cause `json:"cause"`
		Confidence float64     `json:"confidence"`
		Decibans   int         `json:"decibans"`
		WhyNot     string      `json:"why_not"`
	}
	urlGroup struct {
		URL    string `json:"url"`
		Failed int64  `json:"failed"`
	}
	point struct {
		Second int64  `json:"second"`
		Span   int64  `json:"span"`
		Status string `json:"status"`
		Count  int64  `json:"count"`
	}
	field struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

func statusCountOf(s rules.StatusCount) statusCount { return statusCount(s) }
func reasonOf(r rules.Reason) reason                { return reason(r) }
func fieldOf(f rules.Field) field                   { return field(f) }
func urlGroupOf(u rules.URLGroup) urlGroup          { return urlGroup(u) }
func pointOf(p rules.Point) point                   { return point(p) }

func alternativeOf(a rules.Alternative) alternative {
	a.Confidence = finite(a.Confidence)
	return alternative(a)
}

// as converts each value; nil stays nil.
func as[From, To any](values []From, convert func(From) To) []To {
	if len(values) == 0 {
		return nil
	}
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = convert(v)
	}
	return out
}

const symptomColumns = `incident_id, n, class, phase, rank, errno, count, first, first_precision, last, last_precision, ` + quoteColumns

func symptomRow(incident string, n int, s *rules.SymptomGroup, head uint64) []any {
	return row(incident, n, s.Class.String(), s.Phase.String(), s.Rank.String(), number(int64(s.Errno)), s.Count,
		moment(s.First), moment(s.Last), quote(s.Example, head))
}

func symptomDest(id *string, s *rules.SymptomGroup) []any {
	return row(id, new(any), symptomColumn(&s.Class), phaseColumn(&s.Phase), rankColumn(&s.Rank), orZero(&s.Errno), &s.Count,
		momentColumns(&s.First), momentColumns(&s.Last), quoteDest(&s.Example))
}

const evidenceColumns = `incident_id, n, kind, cause, role, time, time_precision, count, why, fields, weight, ` + quoteColumns

func evidenceRow(incident string, n int, e *rules.Evidence, head uint64) []any {
	return row(incident, n, e.Kind, text(e.Cause), string(e.Role), moment(e.Time), e.Count, text(e.Why),
		list(as(e.Fields, fieldOf)), e.Weight, quote(e.Quote, head))
}

func evidenceDest(id *string, e *rules.Evidence, fields *[]field) []any {
	return row(id, new(any), &e.Kind, orZero(&e.Cause), orZero(&e.Role), momentColumns(&e.Time), &e.Count, orZero(&e.Why),
		orNil(fields), &e.Weight, quoteDest(&e.Quote))
}

const eventColumns = `incident_id, n, time, time_precision, what, source, line`

func eventRow(incident string, n int, e *rules.TimelineEntry) []any {
	return row(incident, n, moment(e.Time), e.What, text(e.Source), number(e.Line))
}

func eventDest(id *string, e *rules.TimelineEntry) []any {
	return row(id, new(any), momentColumns(&e.Time), &e.What, orZero(&e.Source), orZero(&e.Line))
}
