package live

import (
	"sync"
	"time"

	"culprit/report"
	"culprit/rules"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// maxSourceLabels bounds the series: a pattern may match thousands of logs. Those that
// come later are counted together.
const (
	maxSourceLabels = 200
	otherSources    = "other"
)

// settleTime is how long an incident must have been open to be counted under its cause.
// The gateway tells first; what other logs say of the cause comes in the seconds after.
const settleTime = 10 * time.Second

// metrics turns updates into Prometheus series. An incident is counted once, when it
// resolves or has been open for settleTime, under the cause it has then: a counter can
// not take back what it said too early.
type metrics struct {
	registry *prometheus.Registry

	lines, bytes  *prometheus.CounterVec
	unparsed      prometheus.Counter
	lag           *prometheus.GaugeVec
	gaps          prometheus.Counter
	incidents     *prometheus.CounterVec
	open          prometheus.Gauge
	decide        prometheus.Histogram
	notifications *prometheus.CounterVec

	mu        sync.Mutex
	seen      map[string]*seen     // by source
	labels    int                  // sources with a label of their own
	uncounted map[string]time.Time // incidents by id, with the time when they were opened
}

// seen is what a source's counts were when they were last added.
type seen struct {
	label                  string
	lines, bytes, unparsed int64
	lag                    time.Duration
	known                  bool // lag is
}

func newMetrics(version string) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		seen:      map[string]*seen{},
		uncounted: map[string]time.Time{},

		lines:     counter("culprit_lines_total", "Lines read.", "source"),
		bytes:     counter("culprit_bytes_total", "Bytes read, decompressed.", "source"),
		unparsed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "culprit_unparsed_lines_total", Help: "Lines in no known format."}),
		gaps:      prometheus.NewCounter(prometheus.CounterOpts{Name: "culprit_gaps_total", Help: "Losses that the gap ledger holds."}),
		incidents: counter("culprit_incidents_total", "Incidents, each counted once under its cause, when it resolves or has been open for 10 s.", "cause"),
		open:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "culprit_open_incidents", Help: "Incidents that are open now."}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "culprit_source_lag_seconds",
			Help: "Age of a source's newest line when it was read; no series if its stamps have no zone."}, []string{"source"}),
		decide: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "culprit_decide_seconds", Help: "Time that one decision took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}),
		notifications: counter("culprit_notifications_total",
			"Commands and posts by what became of them: ok, failed, retried, timeout, killed, dropped, merged.", "kind", "result"),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "culprit_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	for _, c := range rules.Causes() {
		m.incidents.WithLabelValues(string(c)) // a series that begins at 0 has a rate from the first incident on
	}
	m.registry.MustRegister(m.lines, m.bytes, m.unparsed, m.lag, m.gaps, m.incidents, m.open, m.decide, m.notifications, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// notified counts one command or post.
func (m *metrics) notified(kind, result string) { m.notifications.WithLabelValues(kind, result).Inc() }

func (m *metrics) update(u *Update, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range u.Sources {
		m.source(&u.Sources[i], now)
	}
	m.otherLag()
	m.gaps.Add(float64(u.Gaps))
	if u.Took > 0 {
		m.decide.Observe(u.Took.Seconds())
	}
	for i := range u.Changes {
		m.change(&u.Changes[i], now)
	}
	open := 0
	for i := range u.Incidents {
		in := &u.Incidents[i]
		if in.State != "open" {
			continue
		}
		open++
		if since, ok := m.uncounted[in.ID]; ok && now.Sub(since) >= settleTime {
			m.countIncident(in)
		}
	}
	m.open.Set(float64(open))
	m.forget(u.Sources, now)
}

// maxSeen is how many sources may be remembered before those that are gone are not.
const maxSeen = 8192

// forget drops what nothing will be said of any more: incidents that vanished without
// resolving, and sources without a label that are not followed any more.
func (m *metrics) forget(sources []Source, now time.Time) {
	for id, since := range m.uncounted {
		if now.Sub(since) >= 2*settleTime {
			delete(m.uncounted, id)
		}
	}
	if len(m.seen) <= maxSeen {
		return
	}
	followed := make(map[string]bool, len(sources))
	for i := range sources {
		followed[sources[i].Name] = true
	}
	for name, s := range m.seen {
		if s.label == otherSources && !followed[name] {
			delete(m.seen, name)
		}
	}
}

// change notes what opened, so that it is counted later, and counts what resolved.
func (m *metrics) change(c *Change, now time.Time) {
	in := &c.Incident
	switch _, waits := m.uncounted[in.ID]; {
	case c.Event == "opened":
		_, inherits := m.uncounted[in.Supersedes]
		delete(m.uncounted, in.Supersedes)
		if in.Supersedes == "" || inherits { // else it was counted under its former id
			m.uncounted[in.ID] = now
		}
	case c.Gone: // who supersedes it inherits
	case c.Event == "resolved" && waits:
		m.countIncident(in)
	}
}

func (m *metrics) countIncident(in *rules.Incident) {
	cause := in.Verdict.Cause
	if cause.Family() == "" {
		cause = rules.CauseUnknown // the label's values are a closed list
	}
	delete(m.uncounted, in.ID)
	m.incidents.WithLabelValues(string(cause)).Inc()
}

// source adds what was read since the last update.
func (m *metrics) source(s *Source, now time.Time) {
	was := m.seen[s.Name]
	if was == nil {
		was = &seen{label: otherSources}
		if m.labels < maxSourceLabels {
			m.labels++
			was.label = report.Clean(s.Name) // also valid UTF-8, which the format demands
		}
		m.seen[s.Name] = was
	}
	if s.Lines < was.lines || s.Bytes < was.bytes { // counted from its beginning again
		was.lines, was.bytes, was.unparsed = 0, 0, 0
	}
	if s.Lines > was.lines {
		was.known = !s.Newest.IsZero()
		was.lag = max(now.Sub(s.Newest), 0)
		if was.label != otherSources {
			m.setLag(was.label, was.lag, was.known)
		}
	}
	m.lines.WithLabelValues(was.label).Add(float64(s.Lines - was.lines))
	m.bytes.WithLabelValues(was.label).Add(float64(s.Bytes - was.bytes))
	m.unparsed.Add(float64(max(s.Unparsed-was.unparsed, 0)))
	was.lines, was.bytes, was.unparsed = s.Lines, s.Bytes, s.Unparsed
}

// otherLag shows the worst of the sources without a label.
func (m *metrics) otherLag() {
	if m.labels < maxSourceLabels {
		return
	}
	var worst time.Duration
	known := false
	for _, s := range m.seen {
		if s.label == otherSources && s.known {
			known, worst = true, max(worst, s.lag)
		}
	}
	m.setLag(otherSources, worst, known)
}

func (m *metrics) setLag(label string, lag time.Duration, known bool) {
	if !known {
		m.lag.DeleteLabelValues(label)
		return
	}
	m.lag.WithLabelValues(label).Set(lag.Seconds())
}
