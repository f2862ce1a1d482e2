package correlate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

func gave(count, of int64, clients []uint64, groups ...rules.URLGroup) answer {
	return answer{&tallied{Tally: &rules.Tally{Count: of, Clients: clients, Groups: groups}}, count}
}

func TestURLs(t *testing.T) {
	f := func(want string, answers ...answer) {
		t.Helper()
		if got := fmt.Sprint(urls(&gathering{answers: answers})); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f("[]")
	f("[]", gave(3, 3, nil, rules.URLGroup{Failed: 3}))
	f("[{GET /b 5} {GET /a 3} {GET /c 3}]", gave(6, 6, nil, rules.URLGroup{URL: "GET /b", Failed: 3}, rules.URLGroup{URL: "GET /c", Failed: 3}),
		gave(5, 5, nil, rules.URLGroup{URL: "GET /a", Failed: 3}, rules.URLGroup{URL: "GET /b", Failed: 2}))
	// Half of a tally belongs here; what does not divide has no group.
	f("[{GET /a 1} { 1}]", gave(2, 4, nil, rules.URLGroup{URL: "GET /a", Failed: 3}, rules.URLGroup{URL: "GET /b", Failed: 1}))
	var many []rules.URLGroup
	for i := range int64(25) {
		many = append(many, rules.URLGroup{URL: fmt.Sprintf("GET /%02d", i), Failed: 100 - i})
	}
	got := urls(&gathering{answers: []answer{gave(2200, 2200, nil, many...)}})
	if n := len(got); n != maxURLs+1 || got[n-1] != (rules.URLGroup{Failed: 80 + 79 + 78 + 77 + 76}) {
		t.Errorf("%d groups, the last %v", n, got[n-1])
	}
}

// Of failures that two cases share each has what its others asked for, too.
func TestSharedURLs(t *testing.T) {
	url := func(name string, n int64) rules.URLGroup { return rules.URLGroup{URL: name, Failed: n} }
	shared := gave(10, 13, nil, url("GET /crm", 10), url("GET /shop/feed", 3))
	crm := &gathering{answers: []answer{gave(5, 5, nil, url("GET /crm", 5)), shared}}
	shop := &gathering{answers: []answer{gave(4, 4, nil, url("GET /shop/items", 4)), {shared.tally, 3}}}
	shareURLs([]*gathering{crm, shop})
	if got := fmt.Sprint(urls(crm), urls(shop)); got != "[{GET /crm 15}] [{GET /shop/items 4} {GET /shop/feed 3}]" {
		t.Error(got)
	}
}

func smallest(hashes []uint64) []uint64 {
	hashes = slices.Clone(hashes)
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	return hashes[:min(len(hashes), rules.MaxClients)]
}

func TestClients(t *testing.T) {
	crowdOf := func(from, to int) (hashes []uint64) {
		for i := from; i < to; i++ {
			hashes = append(hashes, xxhash.Sum64String(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
		}
		return hashes
	}
	f := func(least, most int64, about bool, answers ...answer) {
		t.Helper()
		for range 3 { // in any order
			got, gotAbout := clients(&gathering{answers: answers})
			if got < least || got > most || gotAbout != about {
				t.Errorf("got %d, an estimate: %v; want %d to %d, %v", got, gotAbout, least, most, about)
			}
			rand.Shuffle(len(answers), func(i, j int) { answers[i], answers[j] = answers[j], answers[i] })
		}
	}
	f(-1, -1, false, gave(1, 1, nil))
	f(60, 60, false, gave(60, 60, smallest(crowdOf(0, 40))), gave(60, 60, smallest(crowdOf(20, 60))))
	f(60, 60, true, gave(60, 100, smallest(crowdOf(0, 60)))) // others of the tally are another case's
	var seconds []answer
	for i := range 100 {
		seconds = append(seconds, gave(50, 50, smallest(crowdOf(i*20, i*20+50))))
	}
	f(2030, 2030, false, seconds...)
	f(1400, 2600, true, append(seconds, gave(500, 500, smallest(crowdOf(0, 500))))...)
	f(70_000, 130_000, true, gave(1, 1, smallest(crowdOf(0, 50_000))), gave(1, 1, smallest(crowdOf(50_000, 100_000))))
}

// Where one line of a tally stands for the requests of two incidents, neither has more clients
// than failed requests.
func TestNoMoreClientsThanRequests(t *testing.T) {
	errors := errorLog("error.log").covers(0, 300).fails(100, shopAddress, refused, 1, asking(1)).fails(100, "127.0.0.1:9999", refused, 1, asking(2))
	access := accessLog("access.log").covers(0, 300).answers(100, "", 502, 2, wanted(1, 2), func(t *rules.Tally) { t.Clients = []uint64{11, 12} })
	for _, in := range incidents(t, 2, errors, access) {
		if in.FailedRequests != 1 || in.Clients != 1 {
			t.Errorf("%v: %d failed requests of %d clients", in.Upstreams, in.FailedRequests, in.Clients)
		}
	}
}
