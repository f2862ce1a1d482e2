package digest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// apacheLines are records of httpd's error log, written by Apache 2.4.71 with a balancer of
// three members (mod_proxy_balancer) whose processes were killed.
func apacheLines(t *testing.T, text string) []*parser.Record {
	t.Helper()
	var format *parser.Format
	for _, f := range gateway.Formats() {
		if f.Name == "apache-error" {
			format = f
		}
	}
	var out []*parser.Record
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		env := parser.Env{}
		r := parser.Record{Format: format, Line: int64(i + 1), Lines: 1, Offset: int64(100 * i), Raw: []byte(line)}
		if !format.Parse([]byte(line), &env, &r) {
			t.Fatalf("not read: %s", line)
		}
		r.Format = format
		out = append(out, &r)
	}
	return out
}

const (
	connect1 = `[Thu Nov 26 12:06:41.%s 2026] [proxy:error] [pid 23924:tid 23992] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:19201 (127.0.0.1:19201) failed`
	connect2 = `[Thu Nov 26 12:06:41.%s 2026] [proxy:error] [pid 23924:tid 23992] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:19202 (127.0.0.1:19202) failed`
	disable1 = `[Thu Nov 26 12:06:41.%s 2026] [proxy:error] [pid 23924:tid 23992] AH00959: ap_proxy_connect_backend disabling worker for (127.0.0.1:19201) for 60s`
	request  = `[Thu Nov 26 12:06:41.%s 2026] [proxy_http:error] [pid 23924:tid 23992] [client 203.0.113.7:56540] AH01114: HTTP: failed to make connection to backend: 127.0.0.1`
	other    = `[Thu Nov 26 12:06:41.%s 2026] [proxy_http:error] [pid 23924:tid 23992] [client 203.0.113.8:40112] AH01114: HTTP: failed to make connection to backend: 127.0.0.1`
	noWorker = `[Thu Nov 26 12:06:41.%s 2026] [proxy_balancer:error] [pid 23924:tid 23992] [client 203.0.113.7:56540] AH01170: balancer://shop: All workers are in error state`
	noStatus = `[Thu Nov 26 12:06:41.%s 2026] [proxy_http:error] [pid 23924:tid 23992] (70007)The timeout specified has expired: [client 203.0.113.7:56540] AH01102: error reading status line from remote server 127.0.0.1:19202`
	readFor  = `[Thu Nov 26 12:06:41.%s 2026] [proxy:error] [pid 23924:tid 23992] [client 203.0.113.7:56540] AH00898: Error reading from remote server returned by /broken/1`
	disabled = `[Thu Nov 26 12:06:41.%s 2026] [proxy:error] [pid 23924:tid 23992] AH00940: HTTP: disabled connection for (127.0.0.1:19201)`
)

// at writes lines of one log, each with its microseconds.
func at(pairs ...string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, strings.Replace(pairs[i], "%s", pairs[i+1], 1))
	}
	return strings.Join(out, "\n")
}

func TestThreadsTellRequests(t *testing.T) {
	type told struct {
		upstream        string
		count, nameless int64
		clients         int
	}
	f := func(name, text string, pools [][]string, want ...told) {
		t.Helper()
		d := fold(words{}, apacheLines(t, text)...)
		if !reflect.DeepEqual(d.Pools, pools) {
			t.Errorf("%s: pools %q, want %q", name, d.Pools, pools)
		}
		var got []told
		for _, o := range d.Told {
			n := int64(0)
			for _, l := range o.Nameless {
				n += l.Lines
			}
			got = append(got, told{o.Upstream, o.Count, n, len(o.Clients)})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: told %+v, want %+v", name, got, want)
		}
	}
	const one, two = "127.0.0.1:19201", "127.0.0.1:19202"
	f("one member", at(connect1, "542484", disable1, "542731", request, "542750"), nil, told{one, 1, 1, 1})
	f("a request that tries both", at(connect1, "542484", disable1, "542731", request, "542750", connect2, "542864", request, "542911"),
		[][]string{{one, two}}, told{one, 1, 2, 1})
	f("the newest line first", at(request, "542911", connect2, "542864", request, "542750", connect1, "542484", noWorker, "542400"),
		[][]string{{one, two, "shop"}}, told{two, 1, 2, 1})
	f("and then finds no worker", at(connect1, "542484", request, "542750", noWorker, "542800"), [][]string{{one, "shop"}}, told{one, 1, 1, 1})
	f("another client's request at once", at(connect1, "542484", request, "542750", connect2, "542864", other, "542911"),
		nil, told{one, 1, 1, 1}, told{two, 1, 1, 1})
	f("the same client's next request", at(connect1, "542484", request, "542750", connect2, "562864", request, "562911"),
		nil, told{one, 1, 1, 1}, told{two, 1, 1, 1})
	f("a thread that waits for a processor", at(connect1, "779307", request, "796174"), nil, told{one, 1, 1, 1})
	f("a thread that waits while it tells", at(noStatus, "563132", readFor, "644111"), nil, told{two, 1, 1, 1})
	f("the same again", at(connect1, "542484", request, "542750", connect1, "542864", request, "542911"), nil, told{one, 2, 2, 1})
	f("refused without a client", at(disabled, "542484", disabled, "542750", disabled, "942750"), nil, told{one, 3, 0, 0})
	f("whole seconds tell no order", strings.ReplaceAll(at(connect1, "5", request, "5"), ".5 ", " "), nil)
}

// A request's lines may stand in two parts of a large file.
func TestThreadsOfParts(t *testing.T) {
	text := at(connect1, "542484", disable1, "542731", request, "542750", connect2, "542864", request, "542911", connect2, "543000", other, "543100",
		connect1, "600000", request, "600100")
	whole := fold(words{}, apacheLines(t, text)...)
	if len(whole.Pools) != 1 || len(whole.Told) != 2 {
		t.Fatalf("pools %q, told %+v", whole.Pools, whole.Told)
	}
	for cut := range len(apacheLines(t, text)) {
		b := New(rules.SourceInfo{Path: "a.log", Group: "a.log"}, words{}, nil)
		records := apacheLines(t, text)
		for _, list := range [][]*parser.Record{records[:cut], records[cut:]} {
			p := NewPart(words{}, nil)
			for _, r := range list {
				p.Add(r)
			}
			b.Merge(p)
		}
		if d := b.Finish(); !reflect.DeepEqual(d.Told, whole.Told) || !reflect.DeepEqual(d.Pools, whole.Pools) {
			t.Errorf("cut at %d: pools %q, told %+v, want %q, %+v", cut, d.Pools, d.Told, whole.Pools, whole.Told)
		}
	}
}

// Of a long outage seconds become longer, and no request is lost.
func TestThreadsAreBounded(t *testing.T) {
	var p pools = newPools()
	for i := range int64(3 * maxTold) {
		p.seeThread(threadLine{thread: uint64(i), upstream: "10.0.0.1:80", said: 1, at: i * parser.Second, lines: 1})
	}
	var n int64
	for _, o := range p.threads.told {
		n += o.Count
	}
	if n != 3*maxTold || len(p.threads.told) > maxTold {
		t.Errorf("%d requests in %d entries, want %d in at most %d", n, len(p.threads.told), 3*maxTold, maxTold)
	}
}

// Clients of a forward proxy choose its upstreams.
func TestThreadsOfManyUpstreams(t *testing.T) {
	var p pools = newPools()
	for i := range int64(maxTold + 200) {
		p.seeThread(threadLine{thread: uint64(i), upstream: fmt.Sprintf("host-%d:80", i), said: 1, at: i, lines: 1})
	}
	if th := &p.threads; len(th.told) != maxTold || th.grain > maxGrain {
		t.Errorf("%d entries of %d s, want %d of at most %d s", len(th.told), th.grain/parser.Second, maxTold, int64(maxGrain)/parser.Second)
	}
}

// A snapshot has all that is told by then, however the entries before have changed.
func TestThreadsInSnapshots(t *testing.T) {
	records := apacheLines(t, at(connect1, "542484", request, "542750", connect2, "600000", request, "600200", connect1, "700000", other, "700100", request, "710000"))
	live, whole := New(rules.SourceInfo{}, words{}, nil), New(rules.SourceInfo{}, words{}, nil)
	for i, r := range records {
		live.Add(r)
		whole.Add(r)
		if got := live.Snapshot().Told; !reflect.DeepEqual(got, whole.pools.threads.told) {
			t.Errorf("after %d lines: %+v, want %+v", i+1, got, whole.pools.threads.told)
		}
	}
}

// Threads that work at once do not mix, as few as a server's or as many as several servers'.
func TestThreadsAtOnce(t *testing.T) {
	p := newPools()
	const many = 3000
	for _, client := range []uint64{0, 7} {
		for i := range uint64(many) {
			l := threadLine{thread: i * 0x9e3779b97f4a7c15, upstream: "10.0.0.1:80", said: 1, at: parser.Second, lines: 1}
			if client != 0 {
				l.client, l.upstream, l.said = client, "", 0
			}
			p.seeThread(l)
		}
	}
	told := p.threads.told
	if len(told) != 1 || told[0].Count != many || len(told[0].Nameless) != 1 || told[0].Nameless[0].Lines != many {
		t.Errorf("told %+v", told)
	}
}

// What is told of a time that is forgotten is forgotten, too.
func TestThreadsForget(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	for _, r := range apacheLines(t, at(connect1, "100000", request, "100100")) {
		b.Add(r)
	}
	if n := len(b.Snapshot().Told); n != 1 {
		t.Fatalf("%d told, want 1", n)
	}
	b.Forget(rules.Future)
	if n := len(b.Snapshot().Told); n != 0 {
		t.Errorf("%d told, want none", n)
	}
}
