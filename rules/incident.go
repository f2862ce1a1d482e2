// Package rules holds the nouns of judgement, in the order in which they arise: a Signature
// that matches a record is a Hit; records that are alike fold into an Event, and all that one
// source tells is its Digest; the symptoms of one pool with what may explain them are a Case;
// with its Verdict it is an Incident; Incidents and what was read are a Report.
//
// Its folders do the work: signature says what a line means, digest folds the records of one
// source, correlate joins the digests of all into cases, cause judges them.
package rules

import (
	"time"

	"culprit/parser"
	"culprit/parser/gateway"
)

// A Moment is a point in time with the precision it is known to.
type Moment struct {
	Micros    int64 // UTC
	Precision int64 // microseconds; 1e6 for whole seconds
}

// IsZero reports whether the moment is unknown.
func (m Moment) IsZero() bool { return m == Moment{} }

// Time returns the moment in UTC.
func (m Moment) Time() time.Time { return time.UnixMicro(m.Micros).UTC() }

// String renders RFC 3339 in UTC with as many digits as are known; "" if unknown.
func (m Moment) String() string {
	switch {
	case m.IsZero():
		return ""
	case m.Precision >= parser.Second:
		return m.Time().Format("2006-01-02T15:04:05Z")
	case m.Precision >= parser.Millisecond:
		return m.Time().Format("2006-01-02T15:04:05.000Z")
	}
	return m.Time().Format("2006-01-02T15:04:05.000000Z")
}

// A Location names a physical line of a source.
type Location struct {
	Source string // path as SourceInfo.Path
	Line   int64  // 0 if unknown
}

// Culprit is the process whose end or state is the cause. Absent knowledge is "" or 0.
type Culprit struct {
	Process   string
	PID       int64
	Unit      string
	Container string
	Host      string
}

// An Incident is a case with its verdict: the unit that is stored and reported.
type Incident struct {
	ID         string
	Supersedes string
	State      string // open, resolved
	Verdict    Verdict
	Summary    string

	Gateway   string // product that saw it: nginx
	Service   string // linked unit, container or log stream; "" if none
	Upstreams []string
	Culprit   Culprit
	Start     Moment
	End       Moment

	// Counts; -1 where no source could tell.
	ErrorLines     int64 // primary + secondary lines of the gateway's error log
	PrimaryLines   int64
	SecondaryLines int64
	FailedRequests int64 // answers 500, 502, 503, 504
	FailedOther    int64 // requests that failed otherwise: 009, cut body
	Requests       int64 // all that were answered from its start to its last failure; -1 where no access log tells
	OfGateway      bool  // Requests are the gateway's, since the log does not say which upstream a request went to
	StatusCounts   []StatusCount
	Series         []Point    // failures over time, at most MaxPoints, by second, then status
	URLs           []URLGroup // what the failed requests asked for, worst first; the rest and the untold last, under ""
	Clients        int64      // whose requests failed, by address; -1 where no access log tells
	ClientsAbout   bool       // Clients is an estimate
	Backoff        Backoff    // what clients that repeat a failed request would have met
	Related        []string

	Symptoms []SymptomGroup
	Evidence []Evidence
	Timeline []TimelineEntry
	Advice   []string // what to do now
	Prevent  []string // what to do against the next time
	Missing  []string // what is not known, and which log would tell

	History *History // earlier ones of the same cause at the same place; nil: none, or nobody looked
}

// History is what is stored of earlier incidents of the same cause at the same place.
type History struct {
	Before      int64  // how many
	First, Last Moment // when the first and the last of them began
	LastID      string
	// Every is the middle distance of their beginnings, this one's included, in microseconds;
	// 0 if only one is known.
	Every, Narrowest, Widest int64
	Limit                    string // the limit that the cause's line names, if it was the same each time
}

// OfTheGateway reports whether the gateway itself failed: an incident that names no upstream may
// be of one whose address no line tells.
func (in *Incident) OfTheGateway() bool {
	return len(in.Upstreams) == 0 && in.Gateway != "" && (in.Culprit.Process == in.Gateway || in.Culprit.Process == gateway.Process(in.Gateway))
}

// Failed is how many requests failed in whatever way; -1 where no source could tell.
func (in *Incident) Failed() int64 {
	if in.FailedRequests < 0 && in.FailedOther < 0 {
		return -1
	}
	return max(in.FailedRequests, 0) + max(in.FailedOther, 0)
}

// A StatusCount is a number of answers with one status.
type StatusCount struct {
	Status string // three digits: 502, 009
	Count  int64
}

// A URLGroup is the failed requests for one kind of thing: GET /media/{id}/meta.
type URLGroup struct {
	URL    string // method and path without a query, ids folded; "" for all that have no group
	Failed int64
}

// MaxPoints bounds Incident.Series; a longer incident has wider points.
const MaxPoints = 600

// A Point is the failures of one status in one step of an incident's time.
type Point struct {
	Second int64  // since the epoch, UTC: the step's first
	Span   int64  // seconds of the step, the same for all points of an incident
	Status string // three digits as in StatusCount; where no access log tells, "primary" or "secondary": gateway lines of that rank
	Count  int64
}

// Backoff says how many of an incident's failed requests would have been answered had the
// client repeated them 1 s after the failure, then 2 s and 4 s after the next ones,
// reckoned from what the gateway answered in those seconds. Zero: no access log tells.
type Backoff struct {
	First, Second, Third int64 // answered at that repetition
	Never                int64 // failed all three times
}

// Failing is when the gateway first and last saw it fail: its cause may stand before, the next success
// long after.
func (in *Incident) Failing() (first, last Moment) {
	for i := range in.Symptoms {
		s := &in.Symptoms[i]
		if !s.First.IsZero() && (first.IsZero() || s.First.Micros < first.Micros) {
			first = s.First
		}
		if s.Last.Micros > last.Micros {
			last = s.Last
		}
	}
	if first.IsZero() {
		return in.Start, in.End
	}
	if last.Micros < first.Micros {
		last = first
	}
	if n := len(in.Series); n > 0 { // its lines may end before its failures do
		if p := &in.Series[n-1]; p.Second*parser.Second > last.Micros+2*parser.Second {
			last = Moment{Micros: p.Second * parser.Second, Precision: p.Span * parser.Second}
		}
	}
	return first, last
}

// FurtherLines is how many of its SecondaryLines say no more than that a request failed of which
// another line tells how.
func (in *Incident) FurtherLines() (n int64) {
	for i := range in.Symptoms {
		if s := &in.Symptoms[i]; s.Rank == parser.RankSecondary && s.Class == parser.SymptomOther {
			n += s.Count
		}
	}
	return min(n, max(in.SecondaryLines, 0))
}

// A SymptomGroup is a class of symptoms in one phase and rank.
type SymptomGroup struct {
	Class       parser.Symptom
	Phase       parser.Phase
	Rank        parser.Rank
	Errno       int32
	Count       int64
	First, Last Moment
	Example     Quote
}

// A Quote is one line as it stands in its source.
type Quote struct {
	Location
	Text    string // raw, at most MaxText bytes
	Message string // decoded, where an envelope hid it
	Place   Place
	Found   *Found // where it is now; nil: nobody looked
}

// Quotes returns all lines that the incident quotes: its evidence, then the examples of its symptoms.
func (in *Incident) Quotes() []*Quote {
	quotes := make([]*Quote, 0, len(in.Evidence)+len(in.Symptoms))
	for i := range in.Evidence {
		quotes = append(quotes, &in.Evidence[i].Quote)
	}
	for i := range in.Symptoms {
		if q := &in.Symptoms[i].Example; q.Text != "" {
			quotes = append(quotes, q)
		}
	}
	return quotes
}

// Found is what became of a quoted line since it was read.
type Found struct {
	State FoundState
	At    Location // where it is now; zero if it was not found
	Why   string   // what is there instead, if it was not found
}

// FoundState says how a quoted line was found when it was looked for again.
type FoundState string

const (
	FoundUnchanged  FoundState = "unchanged"  // byte for byte where it was
	FoundElsewhere  FoundState = "elsewhere"  // in a rotated, compressed or moved file, or on another line
	FoundChanged    FoundState = "changed"    // its file is there and does not hold it
	FoundGone       FoundState = "gone"       // its file is not there
	FoundUnreadable FoundState = "unreadable" // its file is there and cannot be read
)

// Evidence is a hit, or many equal ones, kept because it may explain symptoms.
type Evidence struct {
	Kind   string // signature id
	Cause  Cause  // what it speaks for here
	Role   EvidenceRole
	Time   Moment
	Count  int64
	Quote  Quote
	Why    string // what it proves and how it is linked
	Fields []Field
	Weight int // decibans it added to its cause
}

// A TimelineEntry is one moment of the story, in one order over all sources.
type TimelineEntry struct {
	Time Moment
	What string
	Location
}

// A Verdict is a cause with its reasons, and what was rejected and why.
type Verdict struct {
	Cause        Cause
	Confidence   float64 // calibrated probability, two digits
	Decibans     int     // weight of the winner
	Reasons      []Reason
	Alternatives []Alternative
	Proof        []Proof // candidates that spoke for the cause, best first
}

// A Proof is a candidate that spoke for the cause.
type Proof struct {
	Candidate int // index in Case.Evidence
	Weight    int // decibans
	Why       string
}

// A Reason is one weighed argument for a cause, in decibans (tenths of a log-10 odds).
type Reason struct {
	Weight int
	Text   string
}

// An Alternative is a cause that lost.
type Alternative struct {
	Cause      Cause
	Confidence float64
	Decibans   int
	WhyNot     string
}
