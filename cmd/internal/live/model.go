package live

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"culprit/parser"
	"culprit/rules"
)

// Bounds of what the view remembers.
const (
	maxUpstreams = 32
	maxNames     = 8 // of one pool
	maxResolved  = 5
	maxMessages  = 3
)

// A model is what the view shows. It is plain data, made from updates; frame draws it.
type model struct {
	color     bool
	started   time.Time
	upstreams []*upstreamRow // by first name
	open      []incidentRow  // newest first
	resolved  []incidentRow  // newest first
	sources   []sourceRow    // by name
	messages  []string       // newest last
	lines     int64
	gaps      int
	counts    map[string]int64     // symptoms by incident, as last told
	since     map[string]time.Time // when an incident was first told
}

// An upstreamRow is a pool in which something failed while the program ran.
type upstreamRow struct {
	names  []string
	open   bool
	last   time.Time // last failure
	closed time.Time // when its last incident resolved; zero if none did
	rate   rate
}

type incidentRow struct {
	id       string
	cause    string
	sure     float64
	where    string // service and addresses
	summary  string
	proof    string // source:line: text
	start    rules.Moment
	lasted   time.Duration // of a resolved one
	since    time.Time     // wall time; of an open one
	resolved time.Time     // wall time; of a resolved one
}

type sourceRow struct {
	Source
	lag  time.Duration // -1 if unknown
	read time.Time     // when a line came last
}

// A rate counts failures in the seconds of the last minute.
type rate struct {
	second [60]int64
	count  [60]int64
}

func (r *rate) add(n int64, at time.Time) {
	s := at.Unix()
	i := ((s % 60) + 60) % 60
	if r.second[i] != s {
		r.second[i], r.count[i] = s, 0
	}
	r.count[i] += n
}

// spread counts failures that lie evenly between two moments.
func (r *rate) spread(n int64, from, to, now time.Time) {
	seconds := max(to.Unix()-from.Unix(), 0) + 1
	begin := max(seconds-60, 0) // only the last minute is kept
	for i := begin; i < seconds; i++ {
		share := portion(n, i+1, seconds) - portion(n, i, seconds)
		if at := time.Unix(from.Unix()+i, 0); share > 0 && now.Unix()-at.Unix() < 60 {
			r.add(share, at)
		}
	}
}

// portion is n*i/of without overflow for any count of log lines.
func portion(n, i, of int64) int64 { return n/of*i + n%of*i/of }

// minute returns how many there were in the minute before now.
func (r *rate) minute(now time.Time) (n int64) {
	for i, s := range r.second {
		if left := now.Unix() - s; left >= 0 && left < 60 {
			n += r.count[i]
		}
	}
	return n
}

func newModel(color bool, now time.Time) *model {
	return &model{color: color, started: now, counts: map[string]int64{}, since: map[string]time.Time{}}
}

// update takes one decision in.
func (m *model) update(u *Update, now time.Time) {
	trusted := m.read(u.Sources, now)
	m.gaps += u.Gaps
	counts, since := make(map[string]int64, len(u.Incidents)), make(map[string]time.Time, len(u.Incidents))
	m.open = m.open[:0]
	for _, row := range m.upstreams {
		row.open = false
	}
	for i := range u.Incidents {
		in := &u.Incidents[i]
		first, known := m.since[in.ID]
		if !known {
			first = m.began(in, trusted, now)
		}
		if known || m.described(in) {
			counts[in.ID], since[in.ID] = symptomsOf(in), first
			m.failures(in, known, trusted, now)
		}
		if in.State == "open" {
			m.open = append(m.open, rowOf(in, first))
			m.resolved = slices.DeleteFunc(m.resolved, func(r incidentRow) bool { return r.id == in.ID })
		}
	}
	m.counts, m.since = counts, since
	slices.SortStableFunc(m.open, func(a, b incidentRow) int { return b.since.Compare(a.since) })
	for i := range u.Changes {
		if c := &u.Changes[i]; c.Event == "resolved" && !c.Gone {
			m.resolve(&c.Incident, now)
		}
	}
}

// read takes the sources in, and returns which of them have stamps that the wall clock
// can be compared with.
func (m *model) read(sources []Source, now time.Time) (trusted map[string]bool) {
	before := make(map[string]sourceRow, len(m.sources))
	for _, row := range m.sources {
		before[row.Name] = row
	}
	trusted = make(map[string]bool, len(sources))
	m.sources, m.lines = m.sources[:0], 0
	for _, s := range sources {
		row, known := before[s.Name]
		if !known || s.Lines != row.Lines {
			row.read, row.lag = now, -1
			if known && !s.Newest.IsZero() { // at first sight it is what was there before
				row.lag = max(now.Sub(s.Newest), 0)
			}
		}
		row.Source = s
		trusted[s.Name] = !s.Newest.IsZero()
		m.sources = append(m.sources, row)
		m.lines += s.Lines
	}
	slices.SortFunc(m.sources, func(a, b sourceRow) int { return strings.Compare(a.Name, b.Name) })
	return trusted
}

// described reports whether the sources of an incident's symptoms have been described:
// the first decision may come before that. Its failures are counted with the next one.
func (m *model) described(in *rules.Incident) bool {
	for i := range in.Symptoms {
		name := in.Symptoms[i].Example.Source
		if slices.ContainsFunc(m.sources, func(s sourceRow) bool { return s.Name == name && s.Lines == 0 }) {
			return false
		}
	}
	return true
}

// began is when an incident that was not told before began on the wall clock: as its
// stamps say where they can be trusted, else now.
func (m *model) began(in *rules.Incident, trusted map[string]bool, now time.Time) time.Time {
	if start := in.Start.Time(); stamped(in, trusted) && start.Before(now) {
		return start
	}
	return now
}

func stamped(in *rules.Incident, trusted map[string]bool) bool {
	if in.Start.IsZero() {
		return false
	}
	for i := range in.Symptoms {
		if !trusted[in.Symptoms[i].Example.Source] {
			return false
		}
	}
	return true
}

// failures adds an incident's new symptoms to its pool. A backlog that is being read
// did not fail in the last minute; where stamps cannot say so, what comes counts as now.
func (m *model) failures(in *rules.Incident, known bool, trusted map[string]bool, now time.Time) {
	n := symptomsOf(in) - m.counts[in.ID]
	if n <= 0 && in.State != "open" {
		return
	}
	row := m.upstream(in)
	row.open = row.open || in.State == "open"
	if n <= 0 {
		return
	}
	last := now
	if stamped(in, trusted) {
		if last = lastOf(in); last.After(now) {
			last = now
		}
	}
	switch {
	case known && now.Sub(last) < time.Minute:
		row.rate.add(n, now)
		last = now
	case !known && stamped(in, trusted):
		row.rate.spread(n, in.Start.Time(), last, now)
	case !known:
		row.rate.add(n, now)
	}
	if last.After(row.last) {
		row.last = last
	}
}

func lastOf(in *rules.Incident) time.Time {
	var last int64
	for i := range in.Symptoms {
		last = max(last, in.Symptoms[i].Last.Micros)
	}
	return time.UnixMicro(last).UTC()
}

// symptomsOf counts what failed, and what the gateway did because of it.
func symptomsOf(in *rules.Incident) (n int64) {
	for i := range in.Symptoms {
		if in.Symptoms[i].Rank != parser.RankNoise {
			n += in.Symptoms[i].Count
		}
	}
	return n
}

// upstream finds the row of a pool: the one that shares a name with it.
func (m *model) upstream(in *rules.Incident) *upstreamRow {
	names := in.Upstreams
	switch {
	case len(names) > 0:
	case in.OfTheGateway():
		names = []string{"the gateway itself"}
	default:
		names = []string{cmp.Or(in.Culprit.Unit, in.Service, "an upstream that no line names")}
	}
	i := slices.IndexFunc(m.upstreams, func(r *upstreamRow) bool {
		return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(r.names, n) })
	})
	if i < 0 {
		m.makeRoom()
		m.upstreams = append(m.upstreams, &upstreamRow{})
		i = len(m.upstreams) - 1
	}
	row := m.upstreams[i]
	for _, n := range names {
		if !slices.Contains(row.names, n) && len(row.names) < maxNames {
			row.names = append(row.names, n)
		}
	}
	slices.Sort(row.names)
	m.upstreams = slices.DeleteFunc(m.upstreams, func(r *upstreamRow) bool { // pools that turned out to be one
		return r != row && !slices.ContainsFunc(r.names, func(n string) bool { return !slices.Contains(row.names, n) })
	})
	slices.SortStableFunc(m.upstreams, func(a, b *upstreamRow) int { return strings.Compare(a.names[0], b.names[0]) })
	return row
}

// makeRoom drops the pool that has been well for the longest time, if there are too many.
func (m *model) makeRoom() {
	if len(m.upstreams) < maxUpstreams {
		return
	}
	oldest := 0
	for i, row := range m.upstreams {
		if row.last.Before(m.upstreams[oldest].last) {
			oldest = i
		}
	}
	m.upstreams = slices.Delete(m.upstreams, oldest, oldest+1)
}

func (m *model) resolve(in *rules.Incident, now time.Time) {
	row := rowOf(in, now)
	row.resolved = now
	if !in.End.IsZero() && !in.Start.IsZero() {
		row.lasted = max(in.End.Time().Sub(in.Start.Time()), 0)
	}
	m.resolved = slices.DeleteFunc(m.resolved, func(r incidentRow) bool { return r.id == in.ID })
	m.resolved = slices.Insert(m.resolved, 0, row)
	m.resolved = m.resolved[:min(len(m.resolved), maxResolved)]
	m.upstream(in).closed = now
}

func rowOf(in *rules.Incident, since time.Time) incidentRow {
	row := incidentRow{id: in.ID, cause: string(in.Verdict.Cause), sure: in.Verdict.Confidence, summary: in.Summary, start: in.Start, since: since}
	row.where = strings.Join(in.Upstreams, ", ")
	if in.Service != "" {
		row.where = strings.TrimSuffix(in.Service+", "+row.where, ", ")
	}
	for i := range in.Evidence {
		if e := &in.Evidence[i]; e.Role == rules.RoleCause {
			row.proof = quoted(&e.Quote)
			break
		}
	}
	return row
}

// message keeps a warning in sight.
func (m *model) message(line string) {
	m.messages = append(m.messages, line)
	m.messages = m.messages[max(0, len(m.messages)-maxMessages):]
}
