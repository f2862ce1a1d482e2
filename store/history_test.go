package store

import (
	"fmt"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// killed is an OOM kill that began so many hours into the story.
func killed(id string, hour int64, unit, service string, upstreams ...string) rules.Incident {
	in := fullIncident()
	in.ID, in.Supersedes, in.Start, in.Upstreams = id, "", at(hour*parser.Hour), upstreams
	in.Culprit.Unit, in.Service = unit, service
	in.Evidence[0].Fields = []rules.Field{{Name: "pid", Value: id}, {Name: "limit", Value: "524288kB"}}
	return in
}

func TestHistory(t *testing.T) {
	stored := []rules.Incident{
		killed("1", 0, "shop.service", "shop", "127.0.0.1:9001"),
		killed("2", 36, "shop.service", "", "127.0.0.1:9001"),
		killed("3", 73, "shop.service", "gunicorn", "127.0.0.1:9002"), // it listens elsewhere now
		killed("4", 80, "crm.service", "crm", "127.0.0.1:9001"),       // another one at the old address
		killed("5", 108, "shop.service", "shop", "127.0.0.1:9001"),
		killed("6", 200, "shop.service", "shop", "127.0.0.1:9001"), // later
		killed("7", 90, "", "", "10.0.0.7:80", "10.0.0.8:80"),
		killed("8", 95, "", "", "10.0.0.8:80"),
		killed("9", 96, "", ""),
	}
	other := killed("a", 50, "shop.service", "shop", "127.0.0.1:9001")
	other.Verdict.Cause = rules.CauseRestart
	unknown := killed("b", 51, "shop.service", "shop", "127.0.0.1:9001")
	unknown.Verdict.Cause = rules.CauseUnknown
	stored = append(stored, other, unknown)
	f := func(change func([]rules.Incident), id, want string) {
		t.Helper()
		list := make([]rules.Incident, len(stored))
		copy(list, stored)
		if change != nil {
			change(list)
		}
		db := mustOpen(t, ":memory:")
		mustPut(t, db, fullRun(), list...)
		got := all(t, db, Filter{IDs: []string{id}})
		if err := db.AddHistory(t.Context(), got); err != nil {
			t.Fatal(err)
		}
		text := "none"
		if h := got[0].History; h != nil {
			hours := func(m rules.Moment) int64 { return (m.Micros - second) / parser.Hour }
			text = fmt.Sprintf("%d, %d h to %d h (%s), every %d h, %d to %d, limit %s", h.Before, hours(h.First), hours(h.Last), h.LastID,
				h.Every/parser.Hour, h.Narrowest/parser.Hour, h.Widest/parser.Hour, h.Limit)
		}
		if strings.TrimSuffix(text, ", limit ") != want {
			t.Errorf("%s: %s, want %s", id, text, want)
		}
	}
	f(nil, "5", "3, 0 h to 73 h (3), every 36 h, 35 to 37, limit 524288kB")
	f(nil, "1", "none")
	f(nil, "2", "1, 0 h to 0 h (1), every 0 h, 0 to 0, limit 524288kB")
	f(nil, "4", "none")
	f(nil, "8", "1, 90 h to 90 h (7), every 0 h, 0 to 0, limit 524288kB")
	f(nil, "9", "none")
	f(nil, "a", "none")
	f(nil, "b", "none")
	f(func(list []rules.Incident) {
		list[0] = killed("1", 0, "shop.service", "shop", "x")
		list[0].Evidence[0].Fields[1].Value = "262144kB"
	},
		"5", "3, 0 h to 73 h (3), every 36 h, 35 to 37")
	// Two of which no line names the upstream need not be at one place; two of the gateway's own are.
	noUpstream := func(process string) func([]rules.Incident) {
		return func(list []rules.Incident) {
			for _, n := range []int{6, 8} {
				list[n].Upstreams, list[n].Gateway, list[n].Culprit = nil, "openresty", rules.Culprit{Process: process}
			}
		}
	}
	f(noUpstream("gunicorn"), "9", "none")
	f(noUpstream("nginx"), "9", "1, 90 h to 90 h (7), every 0 h, 0 to 0, limit 524288kB")
	f(func(list []rules.Incident) { list[6] = killed("7", 95, "", "", "10.0.0.8:80") }, "8", "1, 95 h to 95 h (7), every 0 h, 0 to 0, limit 524288kB")
}

// The history of 3,000 incidents of one cause is no matter of minutes.
func BenchmarkHistory(b *testing.B) {
	db := mustOpen(b, ":memory:")
	var list []rules.Incident
	for i := range int64(3000) {
		list = append(list, killed(fmt.Sprintf("%04d", i), i, "shop.service", "shop", "127.0.0.1:9001"))
	}
	mustPut(b, db, fullRun(), list...)
	for b.Loop() {
		if err := db.AddHistory(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
}
