package correlate

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// epoch is the second (2026-09-21T14:13:20Z) in which the constructed logs begin.
const epoch = 1_790_000_000

const shopAddress = "127.0.0.1:8000"

// utc is the moment so many seconds after epoch.
func utc(seconds float64) int64 {
	return epoch*parser.Second + int64(seconds*float64(parser.Second))
}

// A logFile makes a digest as the scanner would, line by line.
type logFile struct {
	d     rules.Digest
	clock parser.Clock
	ahead int64 // of UTC, microseconds: what its zone and its clock's error add
	zone  int32 // that its stamps state, seconds
	next  int64 // offset
}

func newLog(path string, role parser.Role) *logFile {
	return &logFile{
		d:     rules.Digest{Source: rules.SourceInfo{Path: path, Group: path, Role: role, HeadHash: xxhash.Sum64String(path), Lines: 1}},
		clock: parser.ClockZoned,
	}
}

// errorLog is a gateway's error log, accessLog its access log, appLog an
// application's, systemLog a kernel's or a journal.
func errorLog(path string) *logFile {
	l := newLog(path, parser.RoleGateway)
	l.d.Source.HasErrors, l.d.Source.Gateway = true, "nginx"
	return l
}

func accessLog(path string) *logFile {
	l := newLog(path, parser.RoleGateway)
	l.d.Source.HasAccess, l.d.Source.Gateway = true, "nginx"
	return l
}

func appLog(path string) *logFile    { return newLog(path, parser.RoleApp) }
func systemLog(path string) *logFile { return newLog(path, parser.RoleSystem) }

// local gives it zoneless stamps, read so many seconds ahead of UTC.
func (l *logFile) local(seconds int64) *logFile {
	l.clock, l.ahead = parser.ClockLocal, seconds*parser.Second
	return l
}

// skewed makes its clock go so many seconds ahead.
func (l *logFile) skewed(seconds float64) *logFile {
	l.ahead += int64(seconds * float64(parser.Second))
	return l
}

// moment is an interval of one second in the log's own clock, and one more line.
func (l *logFile) moment(seconds float64) (rules.Interval, rules.Place) {
	from := utc(seconds) + l.ahead
	stamp := parser.Stamp{Micros: from, Precision: parser.Second, Offset: l.zone, Clock: l.clock}
	s := &l.d.Source
	if !s.First.Known() || from < s.First.Micros {
		s.First = stamp
	}
	if !s.Last.Known() || from > s.Last.Micros {
		s.Last = stamp
	}
	s.Lines++
	l.next += 100
	return rules.Interval{From: from, To: from + parser.Second}, rules.Place{Line: s.Lines, FirstLine: s.Lines, LastLine: s.Lines, Offset: l.next, Length: 99}
}

// covers makes the log reach from one second to another.
func (l *logFile) covers(from, to float64) *logFile {
	l.moment(from)
	l.moment(to)
	return l
}

// add appends an event of so many equal records in one second.
func (l *logFile) add(seconds float64, count int64, e rules.Event) *rules.Event {
	e.When, e.Place = l.moment(seconds)
	e.Last, e.Clock, e.Started, e.Count = e.When, l.clock, e.When.From, count
	if e.Text == "" {
		e.Text = fmt.Sprintf("line %d of second %v", e.Place.Line, seconds)
	}
	l.d.Events = append(l.d.Events, e)
	return &l.d.Events[len(l.d.Events)-1]
}

type eventChange func(*rules.Event)

// fails are so many failures of requests to an address ("" if none is told).
func (l *logFile) fails(seconds float64, upstream string, class parser.Symptom, count int64, changes ...eventChange) *logFile {
	phase := parser.PhaseConnecting
	switch class {
	case parser.SymptomPrematureClose, parser.SymptomConnReset, parser.SymptomReadTimeout, parser.SymptomInvalidHeader, parser.SymptomHeaderTooBig:
		phase = parser.PhaseReadingHeader
	case parser.SymptomTruncatedBody:
		phase = parser.PhaseReadingBody
	}
	e := l.add(seconds, count, rules.Event{
		Stream: rules.StreamGateway, Level: parser.LevelError, Symptom: class, Phase: phase, Rank: parser.RankPrimary,
		Upstream: upstream, VHost: "shop.example", Scheme: "http", Lines: count,
		Text: fmt.Sprintf("[error] %s %s at %v", class, upstream, seconds),
	})
	for _, f := range changes {
		f(e)
	}
	return l
}

// noPeers is the gateway's reaction: no live upstreams in a group.
func (l *logFile) noPeers(seconds float64, group string, count int64, changes ...eventChange) *logFile {
	return l.fails(seconds, group, parser.SymptomNoLivePeer, count, append([]eventChange{func(e *rules.Event) { e.Rank, e.Group = parser.RankSecondary, true }}, changes...)...)
}

func onHost(vhost string) eventChange { return func(e *rules.Event) { e.VHost = vhost } }

// asking says which requests stand behind the failures.
func asking(keys ...uint64) eventChange {
	return func(e *rules.Event) {
		e.Requests = slices.Sorted(slices.Values(keys))
	}
}

type tallyChange func(*rules.Tally)

// answers are so many finished requests in one second.
func (l *logFile) answers(seconds float64, upstream string, status int16, count int64, changes ...tallyChange) *logFile {
	when, place := l.moment(seconds)
	t := rules.Tally{
		Second: parser.FloorDiv(when.From, parser.Second), Upstream: upstream, VHost: "shop.example", Status: status, From: status, Made: rules.MakerUpstream, Count: count,
	}
	if status >= 500 || status == 9 {
		t.Made, t.Symptom, t.Place = rules.MakerGateway, parser.SymptomOther, place
		t.Text = fmt.Sprintf("GET %d %s at %v", status, upstream, seconds)
	}
	for _, f := range changes {
		f(&t)
	}
	l.d.Tallies = append(l.d.Tallies, t)
	return l
}

// serves is healthy traffic of one answer a second.
func (l *logFile) serves(from, to float64, upstream string) *logFile {
	for s := from; s < to; s++ {
		l.answers(s, upstream, 200, 1)
	}
	return l
}

func madeBy(m rules.Maker) tallyChange { return func(t *rules.Tally) { t.Made = m } }

func byUpstream(t *rules.Tally) {
	t.Made, t.Symptom, t.Phase = rules.MakerUpstream, parser.SymptomUpstreamStatus, parser.PhaseReadingHeader
}

func wanted(keys ...uint64) tallyChange {
	return func(t *rules.Tally) { t.Requests = slices.Sorted(slices.Values(keys)) }
}

// sketch notes requests that two logs have in common; key tells them apart.
func (l *logFile) sketch(seconds float64, key uint64, upstream string) *logFile {
	when, _ := l.moment(seconds)
	stream := ""
	if l.d.Source.Role == parser.RoleGateway {
		stream = rules.StreamGateway
	}
	l.d.Requests = append(l.d.Requests, rules.Request{Micros: when.From, Key: key, Status: 200, Upstream: upstream, Stream: stream})
	return l
}

// says is a line that a signature knows.
func (l *logFile) says(seconds float64, sig *rules.Signature, fields ...rules.Field) *logFile {
	return l.tagged("", seconds, sig, fields...)
}

// tagged is such a line of a stream inside the log.
func (l *logFile) tagged(stream string, seconds float64, sig *rules.Signature, fields ...rules.Field) *logFile {
	name, host := rules.SplitStream(stream)
	l.add(seconds, 1, rules.Event{
		Stream: stream, Program: name, Host: host, Level: parser.LevelError, Technology: sig.Technology, Hits: []rules.Hit{{Signature: sig, Fields: fields}},
		Text: fmt.Sprintf("%s at %v", sig.ID, seconds),
	})
	return l
}

// knows is a fact that a line teaches.
func (l *logFile) knows(seconds float64, kind rules.FactKind, value string) *logFile {
	return l.teaches("", seconds, kind, value)
}

func (l *logFile) teaches(stream string, seconds float64, kind rules.FactKind, value string) *logFile {
	when, place := l.moment(seconds)
	l.d.Facts = append(l.d.Facts, rules.Fact{Stream: stream, Kind: kind, Value: value, When: when, Last: when, Place: place, Count: 1, Text: value})
	return l
}

// pid is a fact of a process that lives through the case.
func (l *logFile) pid(pid int64) *logFile {
	return l.knows(0, rules.FactPID, strconv.FormatInt(pid, 10))
}

func field(name, value string) rules.Field { return rules.Field{Name: name, Value: value} }

// Signatures as the built-in set has them.
var (
	goPanic = &rules.Signature{ID: "go-panic", Technology: "go", Cause: rules.CauseUnhandledException, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "a panic ended the process"}
	heapExhausted = &rules.Signature{ID: "node-heap-limit", Technology: "node", Cause: rules.CauseMemoryExhausted, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "the heap's limit was reached"}
	kernelKill = &rules.Signature{ID: "kernel-oom-killed", Technology: "kernel", Cause: rules.CauseOOMKill, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "the kernel killed <process> for memory"}
	sigkill = &rules.Signature{ID: "gunicorn-sigkill", Technology: "gunicorn", Cause: rules.CauseKilled, Role: rules.RoleCause,
		Scope: rules.ScopeWorker, Meaning: "worker <pid> was killed"}
	stopping = &rules.Signature{ID: "gunicorn-stopping", Technology: "gunicorn", Cause: rules.CauseRestart, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateStopping, Meaning: "it was told to stop"}
	failedStart = &rules.Signature{ID: "python-module-missing", Technology: "python", Cause: rules.CauseStartFailure, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateFailed, Meaning: "it could not start"}
	serving = &rules.Signature{ID: "gunicorn-listening", Technology: "gunicorn", Role: rules.RoleRecovery, Scope: rules.ScopeService,
		State: rules.StateServing, Meaning: "it listens"}
	unitKilled = &rules.Signature{ID: "systemd-killed", Technology: "systemd", Cause: rules.CauseKilled, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "unit <unit> was killed"}
	tooManyClients = &rules.Signature{ID: "postgres-too-many-clients", Technology: "postgres", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause,
		Strong: true, Scope: rules.ScopeDependency, Meaning: "the database had no connection left"}
	dependencyRefused = &rules.Signature{ID: "dep-refused", Technology: "dependency", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause,
		Strong: true, Scope: rules.ScopeDependency, Meaning: "a service behind it refused"}
)

// report decides over the logs and checks what holds for every report.
func report(t *testing.T, cfg Config, logs ...*logFile) *rules.Report {
	t.Helper()
	e, r := decided(cfg, logs...)
	for _, flaw := range slices.Concat(flaws(r), unlisted(e), unseen(e)) {
		t.Error(flaw)
	}
	return r
}

func decideAll(cfg Config, logs ...*logFile) *rules.Report {
	_, r := decided(cfg, logs...)
	return r
}

func decided(cfg Config, logs ...*logFile) (*Engine, *rules.Report) {
	e := New(cfg)
	for _, l := range logs {
		e.Add(copied(&l.d))
	}
	return e, e.Decide()
}

// copied is a digest that the engine may settle without changing the log.
func copied(d *rules.Digest) *rules.Digest {
	c := *d
	c.Events, c.Tallies, c.Requests, c.Facts = slices.Clone(d.Events), slices.Clone(d.Tallies), slices.Clone(d.Requests), slices.Clone(d.Facts)
	return &c
}

// incidents decides and wants so many.
func incidents(t *testing.T, want int, logs ...*logFile) []rules.Incident {
	t.Helper()
	r := report(t, Config{}, logs...)
	if len(r.Incidents) != want {
		t.Fatalf("%d incidents, want %d: %s", len(r.Incidents), want, outline(r))
	}
	return r.Incidents
}

// outline says in short what a report holds.
func outline(r *rules.Report) string {
	text := ""
	for _, in := range r.Incidents {
		text += fmt.Sprintf("\n%s %v %s lines %d (%d+%d) failed %d+%d %v", in.Start, in.Upstreams, in.Verdict.Cause, in.ErrorLines, in.PrimaryLines, in.SecondaryLines,
			in.FailedRequests, in.FailedOther, in.StatusCounts)
	}
	return text
}

// flaws lists what no report may hold, whatever the logs.
func flaws(r *rules.Report) []string {
	var out []string
	bad := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	total := &r.Totals
	for _, n := range []int64{total.GatewayErrorLines, total.Requests, total.FailedRequests, total.FailedOther, total.ClientAborts, total.Refused} {
		bad(n < -1, "a total of %d", n)
	}
	bad(total.Incidents != int64(len(r.Incidents)), "%d incidents are %d in the totals", len(r.Incidents), total.Incidents)
	var lines, failed int64
	ids := map[string]bool{}
	for i := range r.Incidents {
		in := &r.Incidents[i]
		for _, n := range []int64{in.ErrorLines, in.PrimaryLines, in.SecondaryLines, in.FailedRequests, in.FailedOther} {
			bad(n < -1, "incident %d counts %d", i, n)
		}
		bad(in.ErrorLines >= 0 && in.ErrorLines != in.PrimaryLines+in.SecondaryLines, "%d lines are %d and %d", in.ErrorLines, in.PrimaryLines, in.SecondaryLines)
		lines, failed = lines+max(in.ErrorLines, 0), failed+max(in.FailedRequests, 0)
		var answers int64
		for j, c := range in.StatusCounts {
			bad(c.Count <= 0, "status %s counts %d", c.Status, c.Count)
			bad(j > 0 && c.Status <= in.StatusCounts[j-1].Status, "statuses are not in order: %v", in.StatusCounts)
			if c.Status >= "500" && c.Status < "520" { // those behind are Cloudflare's: failed otherwise
				answers += c.Count
			}
		}
		bad(in.FailedRequests >= 0 && answers != in.FailedRequests, "%d failed requests, statuses %v", in.FailedRequests, in.StatusCounts)
		bad(in.Verdict.Cause.Family() == "", "cause %q", in.Verdict.Cause)
		bad(!(in.Verdict.Confidence >= 0 && in.Verdict.Confidence <= 1), "confidence %v", in.Verdict.Confidence)
		bad(in.State != "open" && in.State != "resolved", "state %q", in.State)
		bad(in.End.Micros < in.Start.Micros && !in.End.IsZero(), "it ends at %s, before its start at %s", in.End, in.Start)
		bad(len(in.Symptoms) == 0 || in.Summary == "", "no symptom or no summary")
		bad(i > 0 && in.Start.Micros < r.Incidents[i-1].Start.Micros, "incidents are not in order")
		bad(len(in.Evidence) > maxEvidence || len(in.Timeline) > maxTimeline, "%d evidence, %d moments", len(in.Evidence), len(in.Timeline))
		ids[in.ID] = true
	}
	bad(len(ids) != len(r.Incidents), "%d ids for %d incidents", len(ids), len(r.Incidents))
	bad(total.GatewayErrorLines >= 0 && lines > total.GatewayErrorLines, "incidents have %d lines, all logs %d", lines, total.GatewayErrorLines)
	bad(total.FailedRequests >= 0 && failed > total.FailedRequests, "incidents have %d failed requests, all logs %d", failed, total.FailedRequests)
	return out
}

// settled finds how a log was settled.
func settled(t *testing.T, r *rules.Report, path string) rules.SourceInfo {
	t.Helper()
	for _, s := range r.Sources {
		if s.Path == path {
			return s
		}
	}
	t.Fatalf("no source %s", path)
	return rules.SourceInfo{}
}

// proved reports whether a line is proof of an incident's cause.
func proved(in *rules.Incident, sig *rules.Signature) bool {
	return slices.ContainsFunc(in.Evidence, func(e rules.Evidence) bool { return e.Kind == sig.ID && e.Role == rules.RoleCause })
}
