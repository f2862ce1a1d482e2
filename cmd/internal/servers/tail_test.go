package servers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// rotations is how often nginx's logs are renamed under load.
const rotations = 4

// TestTail follows a real nginx's logs while its upstreams are broken and its logs
// rotated as logrotate does it: what tail stored is what was sent, and what analyze
// says of the same files.
func TestTail(t *testing.T) {
	need(t, nginx.program)
	routes := []route{{"fine", startUpstream(t, "healthy")}}
	for i, f := range faults {
		routes = append(routes, route{fmt.Sprintf("broken%d", i), startUpstream(t, f.mode)})
	}
	g := startGateway(t, nginx, routes)
	db := filepath.Join(t.TempDir(), "culprit.db")
	follower := culprit(t, "tail", "--db", db, "--from-start", "--format", "json", g.logs())
	var told, stderr bytes.Buffer
	follower.Stdout, follower.Stderr = &told, &stderr
	tail := start(t, follower)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("tail said:\n%s", stderr.Bytes())
		}
	})

	l := load(g, routes)
	until(t, "requests before anything is broken", func() bool { return l.done() > 100 })
	for i, f := range faults {
		if f.harm != nil {
			l.between(routes[1+i].name, func() { f.harm(t, routes[1+i].upstream) })
		}
	}
	for range rotations {
		before := l.done()
		until(t, "requests between two rotations", func() bool { return l.done() > before+200 })
		rotate(t, g)
	}
	before := l.done()
	until(t, "requests after the last rotation", func() bool { return l.done() > before+200 })
	sent := l.stop()
	g.close(t)

	want := ask(t, "analyze", "--db", ":memory:", "--format", "json", g.logs())
	stored := func() document { return ask(t, "report", "--db", db, "--all", "--format", "json") }
	until(t, "all failures stored by tail", func() bool {
		select {
		case <-tail.ended:
			t.Fatalf("tail ended: %v", tail.err)
		default:
		}
		return failures(stored()) >= failures(want)
	})
	if tail.stop(t, syscall.SIGTERM); tail.err != nil {
		t.Errorf("tail, told to end: %v", tail.err)
	}
	got := stored()
	for _, doc := range []*document{&got, &want} {
		slices.SortFunc(doc.Incidents, func(a, b incident) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	}
	if !reflect.DeepEqual(got.Incidents, want.Incidents) {
		t.Errorf("tail stored:\n%s\nanalyze says:\n%s", show(got.Incidents), show(want.Incidents))
	}
	for i, f := range faults {
		r := routes[1+i]
		at := slices.IndexFunc(got.Incidents, func(in incident) bool { return slices.Equal(in.Upstreams, []string{r.addr}) })
		if at < 0 {
			t.Errorf("%s: no incident of %s alone", f.name, r.addr)
			continue
		}
		in := got.Incidents[at]
		if in.Cause != f.want[nginx.program].cause {
			t.Errorf("%s: cause %s, want %s", f.name, in.Cause, f.want[nginx.program].cause)
		}
		if !reflect.DeepEqual(in.Statuses, sent[r.name]) {
			t.Errorf("%s: answers %v stored, %v sent", f.name, in.Statuses, sent[r.name])
		}
	}
	if len(got.Incidents) != len(faults) {
		t.Errorf("%d incidents, want %d:\n%s", len(got.Incidents), len(faults), show(got.Incidents))
	}
	opened := map[string]int{}
	for lines := bufio.NewScanner(&told); lines.Scan(); {
		var in struct{ ID, Event string }
		if err := json.Unmarshal(lines.Bytes(), &in); err != nil {
			t.Fatalf("tail said %q: %v", lines.Text(), err)
		}
		if in.Event == "opened" {
			opened[in.ID]++
		}
	}
	for _, in := range got.Incidents {
		if opened[in.ID] != 1 {
			t.Errorf("%s of %v was told %d times as opened", in.Cause, in.Upstreams, opened[in.ID])
		}
	}
}

func show(list []incident) string {
	var b bytes.Buffer
	for i := range list {
		line, _ := json.Marshal(&list[i])
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// failures is how many failed requests and error lines a document's incidents have.
func failures(doc document) (n int) {
	for _, in := range doc.Incidents {
		for _, c := range []*int{in.Lines, in.Failed, in.Other} {
			if c != nil {
				n += *c
			}
		}
	}
	return n
}

// rotate renames nginx's logs and has them opened anew, and returns when both are there.
func rotate(t *testing.T, g *gateway) {
	t.Helper()
	for _, name := range []string{"access.log", "error.log"} {
		path := filepath.Join(g.logs(), name)
		for n := rotations; n > 0; n-- {
			older := fmt.Sprintf("%s.%d", path, n)
			newer := fmt.Sprintf("%s.%d", path, n-1)
			if n == 1 {
				newer = path
			}
			if err := os.Rename(newer, older); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	if err := g.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	until(t, "the logs are there again", func() bool {
		for _, name := range []string{"access.log", "error.log"} {
			if _, err := os.Stat(filepath.Join(g.logs(), name)); err != nil {
				return false
			}
		}
		return true
	})
}

// traffic sends requests to all routes of a gateway until it is stopped.
type traffic struct {
	count atomic.Int64
	quit  chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	sent  map[string]map[string]int // answers that are no success, by route
	under map[string]*sync.Mutex    // held while a request of the route is under way
}

// load starts the traffic: one request at a time to every route, some a second.
func load(g *gateway, routes []route) *traffic {
	l := &traffic{quit: make(chan struct{}), sent: map[string]map[string]int{}, under: map[string]*sync.Mutex{}}
	for _, r := range routes {
		l.under[r.name] = new(sync.Mutex)
	}
	for _, r := range routes {
		l.sent[r.name] = map[string]int{}
		l.wg.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for i := 0; ; i++ {
				select {
				case <-l.quit:
					return
				case <-tick.C:
				}
				var status int
				l.between(r.name, func() { status = g.get(fmt.Sprintf("/%s/%d", r.name, i)) })
				l.mu.Lock()
				switch status {
				case 200:
				case 0: // no HTTP came: nginx logs 009
					l.sent[r.name]["009"]++
				default:
					l.sent[r.name][fmt.Sprint(status)]++
				}
				l.mu.Unlock()
				l.count.Add(1)
			}
		})
	}
	return l
}

// between runs f while no other request of the route is under way: a request that a
// kill cuts says more than refusals alone.
func (l *traffic) between(route string, f func()) {
	l.under[route].Lock()
	defer l.under[route].Unlock()
	f()
}

func (l *traffic) done() int64 { return l.count.Load() }

// stop waits for the requests under way.
func (l *traffic) stop() map[string]map[string]int {
	close(l.quit)
	l.wg.Wait()
	return l.sent
}
