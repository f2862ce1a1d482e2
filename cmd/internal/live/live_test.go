package live

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"culprit/rules"
)

// TestLive: one incident opens and resolves, and everybody is told.
func TestLive(t *testing.T) {
	noLeaks(t)
	posts := newJournal()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(posts, r.Body)
	}))
	defer s.Close()
	out, stderr := newJournal(), newJournal()
	l, err := New(t.Context(), Options{OnOpen: "cat", OnResolve: "cat", Webhook: s.URL, Listen: ":0", View: true, Out: out, Err: stderr, Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if l.view != nil {
		t.Error("there is a view without a terminal")
	}
	fmt.Fprintln(l.Out(), "a line")
	for _, c := range []Change{{Event: "opened", Incident: oom(1, 0, "open")}, {Event: "updated", Incident: oom(2, 1, "open")}, {Event: "resolved", Incident: oom(2, 1, "resolved")}} {
		l.Update(Update{Changes: []Change{c}, Incidents: []rules.Incident{c.Incident}})
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	events := ""
	for line := range strings.Lines(posts.text()) {
		_, rest, _ := strings.Cut(line, `{"event":"`)
		event, _, _ := strings.Cut(rest, `"`)
		events += event + " "
	}
	if events != "opened updated resolved " {
		t.Errorf("posted was %s:\n%s", events, posts.text())
	}
	for _, want := range []string{`culprit: on-open: {"event":"opened"`, `culprit: on-resolve: {"event":"resolved"`} {
		if !strings.Contains(stderr.text(), want) {
			t.Errorf("%s is not in:\n%s", want, stderr.text())
		}
	}
	if out.text() != "a line" {
		t.Errorf("on standard output: %q", out.text())
	}
	l.metrics.want(t, `culprit_notifications_total{kind="on-open",result="ok"} 1`, `culprit_notifications_total{kind="on-resolve",result="ok"} 1`, `culprit_incidents_total{cause="oom-kill"} 1`)
	if _, err := http.Get("http://" + l.server.addr.String() + "/healthz"); err == nil {
		t.Error("it still listens")
	}
}

// TestLiveHoldsNobodyUp: with a receiver and a command that hang, Update returns at
// once, and Close in less than a second.
func TestLiveHoldsNobodyUp(t *testing.T) {
	noLeaks(t)
	var posted atomic.Int32
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		posted.Add(1)
		<-release
	}))
	defer s.Close()
	defer close(release)
	stderr := newJournal()
	l, err := New(t.Context(), Options{OnOpen: "sleep 1000", Webhook: s.URL, Err: stderr})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for i := range 2000 {
		c := Change{Event: "opened", Incident: named(fmt.Sprint(i), rules.CauseRestart, "open", "a:1")}
		l.Update(Update{Changes: []Change{c}})
	}
	updated := time.Since(begin)
	l.Close()
	closed := time.Since(begin) - updated
	if updated > 5*time.Second || closed < closeGrace/2 || closed > 5*time.Second {
		t.Errorf("2,000 updates took %s, close %s", updated, closed)
	}
	for _, want := range []string{"incidents were not told", "changes were not told: too many wait", "the program ends"} {
		if !strings.Contains(stderr.text(), want) {
			t.Errorf("%q is not in what was warned of", want)
		}
	}
}

func TestLiveRefuses(t *testing.T) {
	noLeaks(t)
	for _, o := range []Options{{OnOpen: "a | b"}, {OnResolve: "'"}, {Webhook: "ftp://x"}, {Listen: "::1"}, {Listen: "256.0.0.1:x"}} {
		if _, err := New(context.Background(), o); err == nil || !strings.HasPrefix(err.Error(), "use --") {
			t.Errorf("New(%+v): %v", o, err)
		}
	}
	l, err := New(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	l.Update(Update{Changes: []Change{{Event: "opened", Incident: oom(1, 1, "open")}}})
	l.Out().Write([]byte("to nobody"))
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// BenchmarkUpdate is what telling costs the engine's loop: an update of one incident
// and a thousand sources.
func BenchmarkUpdate(b *testing.B) {
	l, err := New(context.Background(), Options{Listen: ":0"})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	l.view = newView(&screen{}, false, at(0))
	close(l.view.ended)
	var u Update
	for i := range 1000 {
		u.Sources = append(u.Sources, Source{Name: fmt.Sprintf("pod-%d.log", i), Format: "nginx-access"})
	}
	in := oom(0, 1, "open")
	u.Incidents = []rules.Incident{in}
	b.ReportAllocs()
	for b.Loop() {
		for i := range u.Sources {
			u.Sources[i].Lines++
		}
		u.Incidents[0].Symptoms[0].Count++
		u.Changes = []Change{{Event: "updated", Incident: u.Incidents[0]}}
		l.Update(u)
	}
}
