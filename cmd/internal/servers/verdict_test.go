package servers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// requests is how many are sent to every upstream.
const requests = 6

// verdict is what a gateway's own logs say of one broken upstream, when nothing else
// says anything.
type verdict struct {
	cause    string
	address  string // as this gateway's log writes the upstream; BROKEN is its address
	statuses map[string]int
}

// all is that every request was answered so.
func all(status string) map[string]int { return map[string]int{status: requests} }

// fault is one way to break an upstream, and what each gateway's logs say of it.
type fault struct {
	name string
	mode string
	harm func(*testing.T, *upstream) // nil: it is broken from the start
	want map[string]verdict          // by gateway; none: it logs nothing that failed
}

// A gateway that passes on what it cannot read logs a success: Apache and nginx take
// bytes without a status line for HTTP/0.9 (nginx says so and logs 009), lighttpd
// leaves out a header line that is none.
var faults = []fault{
	{"killed", "healthy", func(t *testing.T, u *upstream) { u.kill(t) }, map[string]verdict{
		"nginx":    {"not-listening", "BROKEN", all("502")},
		"haproxy":  {"not-listening", "broken/broken1", all("503")},
		"apache2":  {"not-listening", "BROKEN", all("503")},
		"lighttpd": {"not-listening", "BROKEN", all("503")},
	}},
	{"stopped", "healthy", func(t *testing.T, u *upstream) { u.freeze(t) }, map[string]verdict{
		"nginx":    {"slow-upstream", "BROKEN", all("504")},
		"haproxy":  {"slow-upstream", "broken/broken1", all("504")},
		"apache2":  {"slow-upstream", "BROKEN", all("502")},
		"lighttpd": {"slow-upstream", "BROKEN", all("504")},
	}},
	{"slow", "slow", nil, map[string]verdict{
		"nginx":    {"slow-upstream", "BROKEN", all("504")},
		"haproxy":  {"slow-upstream", "broken/broken1", all("504")},
		"apache2":  {"slow-upstream", "BROKEN", all("502")},
		"lighttpd": {"slow-upstream", "BROKEN", all("504")},
	}},
	{"garbage", "garbage", nil, map[string]verdict{
		"nginx":    {"invalid-response", "BROKEN", all("009")},
		"haproxy":  {"invalid-response", "broken/broken1", all("502")},
		"lighttpd": {"unknown", "", all("502")}, // it writes no error line
	}},
	{"broken header", "header", nil, map[string]verdict{
		"nginx":   {"invalid-response", "BROKEN", all("502")},
		"haproxy": {"invalid-response", "broken/broken1", all("502")},
		"apache2": {"invalid-response", "", all("502")}, // AH01106 names the path only
	}},
}

// TestVerdicts breaks one upstream beside a healthy one and has the gateway's own logs
// judged.
func TestVerdicts(t *testing.T) {
	for _, k := range []kind{nginx, haproxy, apache, lighttpd} {
		for _, f := range faults {
			t.Run(k.program+"/"+f.name, func(t *testing.T) {
				t.Parallel()
				need(t, k.program)
				broken := route{"broken", startUpstream(t, f.mode)}
				g := startGateway(t, k, []route{{"fine", startUpstream(t, "healthy")}, broken})
				if f.harm != nil {
					if got := g.get("/broken/"); got != 200 {
						t.Fatalf("status %d before the upstream is broken", got)
					}
					f.harm(t, broken.upstream)
				}
				answers := g.flood("fine", "broken")
				if want := map[string]int{"200": requests}; !maps.Equal(answers["fine"], want) {
					t.Errorf("the healthy upstream: %v, want %v", answers["fine"], want)
				}
				g.close(t)
				doc := ask(t, "analyze", "--db", ":memory:", "--format", "json", g.logs())
				for _, s := range doc.Sources {
					if s.Unparsed > 0 {
						t.Errorf("%s as %s: %d of %d lines not understood", s.Path, s.Format, s.Unparsed, s.Lines)
					}
				}
				want, failed := f.want[k.program]
				if !failed {
					if len(doc.Incidents) > 0 {
						t.Errorf("no failure was logged, told: %+v", doc.Incidents)
					}
					return
				}
				if len(doc.Incidents) != 1 {
					t.Fatalf("%d incidents, want one: %+v", len(doc.Incidents), doc.Incidents)
				}
				compare(t, &doc.Incidents[0], want, broken.addr)
			})
		}
	}
}

// TestTogether breaks four upstreams at once behind the gateways whose lines name the
// upstream of every request, and expects each to be judged on its own.
func TestTogether(t *testing.T) {
	for _, k := range []kind{nginx, haproxy} {
		t.Run(k.program, func(t *testing.T) {
			t.Parallel()
			need(t, k.program)
			routes := []route{{"fine", startUpstream(t, "healthy")}}
			names := []string{"fine"}
			for i, f := range faults {
				name := fmt.Sprintf("broken%d", i)
				routes = append(routes, route{name, startUpstream(t, f.mode)})
				names = append(names, name)
			}
			g := startGateway(t, k, routes)
			for i, f := range faults {
				if f.harm != nil {
					f.harm(t, routes[1+i].upstream)
				}
			}
			g.flood(names...)
			g.close(t)
			doc := ask(t, "analyze", "--db", ":memory:", "--format", "json", g.logs())
			if len(doc.Incidents) != len(faults) {
				t.Errorf("%d incidents, want %d", len(doc.Incidents), len(faults))
			}
			for i, f := range faults {
				want := f.want[k.program]
				want.address = strings.ReplaceAll(want.address, "broken", names[1+i])
				address := strings.ReplaceAll(want.address, "BROKEN", routes[1+i].addr)
				at := slices.IndexFunc(doc.Incidents, func(in incident) bool { return slices.Equal(in.Upstreams, []string{address}) })
				if at < 0 {
					t.Errorf("%s: no incident of %s alone: %+v", f.name, address, doc.Incidents)
					continue
				}
				compare(t, &doc.Incidents[at], want, routes[1+i].addr)
			}
		})
	}
}

// flood sends requests to all routes at a time and returns how each was answered.
func (g *gateway) flood(names ...string) map[string]map[string]int {
	out := map[string]map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, name := range names {
		out[name] = map[string]int{}
		for i := range requests {
			wg.Go(func() {
				status := fmt.Sprintf("%03d", g.get(fmt.Sprintf("/%s/%d", name, i)))
				mu.Lock()
				out[name][status]++
				mu.Unlock()
			})
		}
	}
	wg.Wait()
	return out
}

// compare holds an incident against what is to be said of it.
func compare(t *testing.T, in *incident, want verdict, addr string) {
	t.Helper()
	if in.Cause != want.cause {
		t.Errorf("cause %s, want %s", in.Cause, want.cause)
	}
	var upstreams []string
	if want.address != "" {
		upstreams = []string{strings.ReplaceAll(want.address, "BROKEN", addr)}
	}
	if !slices.Equal(in.Upstreams, upstreams) {
		t.Errorf("upstreams %q, want %q", in.Upstreams, upstreams)
	}
	if !maps.Equal(in.Statuses, want.statuses) {
		t.Errorf("statuses %v, want %v", in.Statuses, want.statuses)
	}
	failed, other := requests, 0
	if want.statuses["009"] > 0 {
		failed, other = 0, requests
	}
	if in.Failed == nil || *in.Failed != failed || in.Other == nil || *in.Other != other {
		t.Errorf("%s failed requests and %s others, want %d and %d", number(in.Failed), number(in.Other), failed, other)
	}
}

func number(n *int) string {
	if n == nil {
		return "unknown"
	}
	return fmt.Sprint(*n)
}
