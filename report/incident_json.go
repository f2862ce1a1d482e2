package report

import (
	"fmt"

	"culprit/rules"
)

// The shapes of one incident, in the order in which its keys are written.
type (
	incident struct {
		ID                string           `json:"id"`
		Supersedes        string           `json:"supersedes,omitempty"`
		State             string           `json:"state"`
		Cause             string           `json:"cause"`
		Family            string           `json:"family"`
		Confidence        float64          `json:"confidence"`
		Summary           string           `json:"summary"`
		Gateway           *string          `json:"gateway"`
		Service           *string          `json:"service"`
		Upstreams         []string         `json:"upstreams"`
		Culprit           culprit          `json:"culprit"`
		Start             *string          `json:"start"`
		End               *string          `json:"end"`
		GatewayErrorLines *int64           `json:"gateway_error_lines"`
		PrimaryLines      *int64           `json:"primary_lines"`
		SecondaryLines    *int64           `json:"secondary_lines"`
		FailedRequests    *int64           `json:"failed_requests"`
		FailedOther       *int64           `json:"failed_other"`
		Requests          *int64           `json:"requests"`
		OfGateway         bool             `json:"requests_of_gateway,omitempty"`
		StatusCounts      map[string]int64 `json:"status_counts"` // the encoder sorts keys
		URLGroups         []urlGroup       `json:"url_groups,omitempty"`
		Clients           *int64           `json:"clients"`
		ClientsAbout      bool             `json:"clients_estimated,omitempty"`
		Backoff           *backoff         `json:"backoff,omitempty"`
		Related           []string         `json:"related"`
		Symptoms          []symptom        `json:"symptoms"`
		Evidence          []evidence       `json:"evidence"`
		Timeline          []event          `json:"timeline"`
		Reasons           []reason         `json:"reasons"`
		Alternatives      []alternative    `json:"alternatives"`
		Advice            []string         `json:"advice"`
		Prevention        []string         `json:"prevention"`
		Missing           []string         `json:"missing"`
		History           *history         `json:"history,omitempty"`
	}
	urlGroup struct {
		URL    *string `json:"url"` // null: all others
		Failed int64   `json:"failed"`
	}
	backoff struct {
		First  int64 `json:"first"`
		Second int64 `json:"second"`
		Third  int64 `json:"third"`
		Never  int64 `json:"never"`
	}
	history struct {
		Before int64    `json:"before"`
		First  *string  `json:"first"`
		Last   *string  `json:"last"`
		LastID string   `json:"last_id"`
		Every  *float64 `json:"every_seconds"`
		Limit  *string  `json:"limit"`
	}
	culprit struct {
		Process   *string `json:"process"`
		PID       *int64  `json:"pid"`
		Unit      *string `json:"unit"`
		Container *string `json:"container"`
		Host      *string `json:"host"`
	}
	symptom struct {
		Class   string  `json:"class"`
		Phase   string  `json:"phase"`
		Rank    string  `json:"rank"`
		Count   int64   `json:"count"`
		First   *string `json:"first"`
		Last    *string `json:"last"`
		Example example `json:"example"`
	}
	example struct {
		Source  *string `json:"source"`
		Line    *int64  `json:"line"`
		Text    string  `json:"text"`
		Message string  `json:"message,omitempty"`
		Found   *found  `json:"found,omitempty"` // only of a verified report
	}
	found struct {
		State  string  `json:"state"`
		Source *string `json:"source"`
		Line   *int64  `json:"line"`
		Why    *string `json:"why"`
	}
	evidence struct {
		Kind  string  `json:"kind"`
		Role  string  `json:"role"`
		Time  *string `json:"time"`
		Count int64   `json:"count,omitempty"` // of equal lines, if more than one
		example
		Record *record `json:"record"`
		Why    string  `json:"why"`
	}
	record struct {
		FirstLine *int64  `json:"first_line"`
		LastLine  *int64  `json:"last_line"`
		Offset    int64   `json:"offset"`
		Length    int64   `json:"length"`
		Hash      *string `json:"hash"` // null: redacted
	}
	event struct {
		Time   *string `json:"time"`
		What   string  `json:"what"`
		Source *string `json:"source"`
		Line   *int64  `json:"line"`
	}
	reason struct {
		Weight int    `json:"weight"` // decibans
		Text   string `json:"text"`
	}
	alternative struct {
		Cause      string  `json:"cause"`
		Confidence float64 `json:"confidence"`
		WhyNot     string  `json:"why_not"`
	}
)

func incidentOf(in *rules.Incident) incident {
	v, c := &in.Verdict, &in.Culprit
	return incident{
		ID: in.ID, Supersedes: in.Supersedes, State: in.State,
		Cause: string(v.Cause), Family: v.Cause.Family(), Confidence: twoDigits(v.Confidence), Summary: in.Summary,
		Gateway: known(in.Gateway), Service: known(in.Service), Upstreams: some(in.Upstreams),
		Culprit: culprit{known(c.Process), known(c.PID), known(c.Unit), known(c.Container), known(c.Host)},
		Start:   known(in.Start.String()), End: known(in.End.String()),
		GatewayErrorLines: counted(in.ErrorLines), PrimaryLines: counted(in.PrimaryLines), SecondaryLines: counted(in.SecondaryLines),
		FailedRequests: counted(in.FailedRequests), FailedOther: counted(in.FailedOther), Requests: known(max(in.Requests, 0)), OfGateway: in.OfGateway, StatusCounts: statusCounts(in),
		URLGroups: each(in.URLs, urlGroupOf), Clients: clientsOf(in), ClientsAbout: in.ClientsAbout, Backoff: backoffFigures(in.Backoff),
		Related: some(in.Related), Symptoms: each(in.Symptoms, symptomOf), Evidence: each(in.Evidence, evidenceOf),
		Timeline: each(in.Timeline, eventOf), Reasons: each(v.Reasons, reasonOf), Alternatives: each(v.Alternatives, alternativeOf),
		Advice: some(in.Advice), Prevention: some(in.Prevent), Missing: some(in.Missing), History: historyOf(in.History),
	}
}

func urlGroupOf(u *rules.URLGroup) urlGroup { return urlGroup{known(u.URL), u.Failed} }

// clientsOf is nil where no access log tells: then there is nothing to count failures by.
func clientsOf(in *rules.Incident) *int64 {
	if in.FailedRequests < 0 {
		return nil
	}
	return counted(in.Clients)
}

func backoffFigures(b rules.Backoff) *backoff {
	if b == (rules.Backoff{}) {
		return nil
	}
	return &backoff{b.First, b.Second, b.Third, b.Never}
}

func historyOf(h *rules.History) *history {
	if h == nil {
		return nil
	}
	out := &history{h.Before, known(h.First.String()), known(h.Last.String()), h.LastID, nil, known(h.Limit)}
	if h.Every > 0 {
		seconds := float64(h.Every) / 1e6
		out.Every = &seconds
	}
	return out
}

// statusCounts is null where no access log could tell.
func statusCounts(in *rules.Incident) map[string]int64 {
	if len(in.StatusCounts) == 0 && in.FailedRequests < 0 {
		return nil
	}
	counts := make(map[string]int64, len(in.StatusCounts))
	for _, s := range in.StatusCounts {
		counts[s.Status] += s.Count
	}
	return counts
}

func symptomOf(s *rules.SymptomGroup) symptom {
	return symptom{s.Class.String(), s.Phase.String(), s.Rank.String(), s.Count,
		known(s.First.String()), known(s.Last.String()), exampleOf(&s.Example)}
}

func exampleOf(q *rules.Quote) example {
	return example{known(q.Source), known(q.Line), q.Text, q.Message, foundOf(q.Found)}
}

func foundOf(f *rules.Found) *found {
	if f == nil {
		return nil
	}
	return &found{string(f.State), known(f.At.Source), known(f.At.Line), known(f.Why)}
}

func evidenceOf(e *rules.Evidence) evidence {
	out := evidence{Kind: e.Kind, Role: string(e.Role), Time: known(e.Time.String()), example: exampleOf(&e.Quote), Record: recordOf(&e.Quote.Place), Why: e.Why}
	if e.Count > 1 {
		out.Count = e.Count
	}
	return out
}

func recordOf(p *rules.Place) *record {
	if *p == (rules.Place{}) {
		return nil
	}
	r := &record{known(p.FirstLine), known(p.LastLine), p.Offset, p.Length, nil}
	if p.Hash != 0 {
		r.Hash = known(fmt.Sprintf("%016x", p.Hash))
	}
	return r
}

func eventOf(e *rules.TimelineEntry) event {
	return event{known(e.Time.String()), e.What, known(e.Source), known(e.Line)}
}

func reasonOf(r *rules.Reason) reason { return reason{r.Weight, r.Text} }

func alternativeOf(a *rules.Alternative) alternative {
	return alternative{string(a.Cause), twoDigits(a.Confidence), a.WhyNot}
}

// some returns an empty list instead of none, since a list without members is known to be empty.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func each[From, To any](list []From, convert func(*From) To) []To {
	out := make([]To, len(list))
	for i := range list {
		out[i] = convert(&list[i])
	}
	return out
}
