// Package live tells the world what the live engine decides: it runs commands, posts
// to a webhook, serves metrics and draws the view in a terminal. It stands behind the
// store, at the very end of the flow: the caller stores an update, then hands it to
// Update, which only files it away. Whatever runs, posts or draws does so in this
// package's own goroutines, behind bounded queues, so nothing here can hold up reading:
//
//	l, err := live.New(ctx, live.Options{…})
//	defer l.Close()
//	… each decision: l.Update(live.Update{…})
//
// Goroutines: one per running command (at most four), one for the webhook, one for the
// listener and one per scrape, one for the view. Close waits for all of them.
package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"culprit/report"
	"culprit/rules"
)

// Options says whom to tell. The zero value tells nobody.
type Options struct {
	// OnOpen and OnResolve are commands, run when an incident opens and when it resolves,
	// with the incident as JSON on standard input. How they are split: see split.
	OnOpen, OnResolve string
	// Webhook is the address that every change is posted to.
	Webhook string
	// Listen is the address of /metrics and /healthz; without a host it is loopback.
	Listen string
	// View asks for the live view; there is one if Out is a terminal that can do it.
	View bool
	// Color lets the view use colour.
	Color bool
	// Out and Err are standard output and standard error. Once New has returned, write
	// to what Live's Out and Err return instead: they keep the view whole.
	Out, Err io.Writer
	// Quiet leaves warnings out; what commands print is passed on all the same.
	Quiet bool
	// Version is the program's, for the webhook's User-Agent and culprit_build_info.
	Version string
}

// An Update is one decision of the engine. Its slices belong to the caller and are not
// kept.
type Update struct {
	Changes   []Change
	Incidents []rules.Incident // all that the engine remembers, in the state they are in
	Sources   []Source
	Gaps      int           // losses that were found since the last Update
	Took      time.Duration // how long deciding took; 0 if not measured
}

// A Change is an incident that was opened, updated or resolved.
type Change struct {
	Event    string // opened, updated, resolved: contract.md
	Incident rules.Incident
	Gone     bool // it was resolved by becoming part of another one, or none
}

// A Source is how far one log has been read. Counts only grow while the program runs.
type Source struct {
	Name     string
	Format   string // "" if none was recognised
	Lines    int64
	Unparsed int64
	Bytes    int64
	Newest   time.Time // the newest stamp; zero if there is none or its zone is a guess
	Error    string    // why it is not read; "" if it is
}

// closeGrace is how long Close lets commands and posts that wait finish. A signal
// must end the program within a second (contract.md, "tail").
const closeGrace = 800 * time.Millisecond

// Live is the telling side of a running tail. All methods may be called from several
// goroutines, but Update from one at a time.
type Live struct {
	now     func() time.Time
	out     *screenWriter
	err     *screenWriter
	hooks   *hooks
	webhook *webhook
	metrics *metrics
	server  *server
	view    *view
	once    sync.Once
	closed  error
}

// New starts what the options ask for. An error is a wrong option, or an address that
// cannot be listened on. When ctx ends the view gives the terminal back at once; all
// else goes on until Close.
func New(ctx context.Context, o Options) (*Live, error) {
	l := &Live{now: time.Now, out: newScreenWriter(o.Out), err: newScreenWriter(o.Err)}
	warn := func(format string, args ...any) {
		if o.Quiet {
			return
		}
		fmt.Fprintf(l.err, "culprit: warning: %s\n", report.Clean(fmt.Sprintf(format, args...)))
	}
	l.metrics = newMetrics(o.Version)
	var err error
	if l.hooks, err = newHooks(o.OnOpen, o.OnResolve, l.err, warn, l.metrics.notified); err != nil {
		return nil, err
	}
	if l.webhook, err = newWebhook(o.Webhook, o.Version, nil, warn, l.metrics.notified); err != nil {
		return nil, err
	}
	if l.server, err = listen(o.Listen, l.metrics, warn); err != nil {
		return nil, err
	}
	l.hooks.start()
	l.webhook.start()
	if t, ok := terminalOf(o.Out); o.View && ok {
		l.view = newView(t, o.Color, l.now())
		l.out.hold(nil)
		if _, tty := terminalOf(o.Err); tty {
			l.err.hold(l.view.message)
		}
		l.view.start(ctx, func() { l.out.release(); l.err.release() })
	}
	return l, nil
}

// Out is standard output. While the view is up its lines are held back, the last ones
// of them, and written when the terminal is given back.
func (l *Live) Out() io.Writer { return l.out }

// Err is standard error. While the view is up and both are the same terminal, its lines
// are shown in the view, and the last ones again when the terminal is given back.
func (l *Live) Err() io.Writer { return l.err }

// Update files away one decision. It does not wait for anybody.
func (l *Live) Update(u Update) {
	now := l.now()
	l.metrics.update(&u, now)
	if l.server != nil {
		l.server.health.alive(now)
	}
	for i := range u.Changes {
		c := &u.Changes[i]
		if !l.hooks.wants(c.Event) && l.webhook == nil {
			continue
		}
		var body bytes.Buffer
		if report.WriteIncidentLine(&body, c.Event, &c.Incident) != nil {
			continue // an incident that cannot be written as JSON was refused by the caller's own output
		}
		j := job{incident: c.Incident.ID, supersedes: c.Incident.Supersedes, event: c.Event, cause: string(c.Incident.Verdict.Cause), body: body.Bytes()}
		l.hooks.add(j)
		l.webhook.add(j)
	}
	if l.view != nil {
		l.view.update(&u, now)
	}
}

// Close gives the terminal back, lets what waits be delivered for less than a second,
// kills what still runs then, and waits for all of its goroutines. It may be called
// again, and from a deferred function while the caller panics.
func (l *Live) Close() error {
	l.once.Do(func() {
		if l.view != nil {
			l.view.close()
		}
		if l.server != nil {
			l.server.health.stop()
		}
		ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { l.hooks.close(ctx) })
		wg.Go(func() { l.webhook.close(ctx) })
		wg.Wait()
		if l.server != nil {
			l.closed = errors.Join(l.closed, l.server.close(ctx))
		}
	})
	return l.closed
}
