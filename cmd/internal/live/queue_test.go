package live

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func queueOf(limit int) (q *queue, dropped *[]string) {
	dropped = new([]string)
	q = newQueue(limit, func(j job, n int64) { *dropped = append(*dropped, fmt.Sprintf("%s/%s %d", j.incident, j.event, n)) })
	q.merged = func() { *dropped = append(*dropped, "merged") }
	return q, dropped
}

func taken(q *queue) string {
	j, _ := q.take(time.Time{}, true)
	if j == nil {
		return ""
	}
	return j.incident + "/" + j.event
}

func TestQueueKeepsTheOrderOfAnIncident(t *testing.T) {
	q, _ := queueOf(10)
	for _, s := range []string{"a/opened", "a/updated", "b/opened", "a/resolved"} {
		id, event, _ := strings.Cut(s, "/")
		q.push(job{incident: id, event: event})
	}
	first, _ := q.take(time.Time{}, true)
	if got := taken(q); got != "b/opened" {
		t.Errorf("beside a/opened goes %q; want b/opened", got)
	}
	if got := taken(q); got != "" {
		t.Errorf("%q goes while a/opened and b/opened are under way", got)
	}
	q.retry(first, at(60))
	if j, wait := q.take(at(0), false); j != nil || wait != time.Minute {
		t.Errorf("take = %v, %v; want to wait a minute for a/opened", j, wait)
	}
	q.done(first)
	if got := taken(q); got != "a/updated" {
		t.Errorf("then goes %q; want a/updated", got)
	}
}

func TestQueueSupersededIncidentGoesFirst(t *testing.T) {
	q, _ := queueOf(10)
	q.push(job{incident: "old", event: "opened"})
	q.push(job{incident: "new", event: "opened", supersedes: "old"})
	old, _ := q.take(time.Time{}, true)
	if got := taken(q); got != "" {
		t.Errorf("%q goes before the incident that it replaces", got)
	}
	q.done(old)
	if got := taken(q); got != "new/opened" {
		t.Errorf("then goes %q", got)
	}
}

func TestQueueDropsTheOldestThatWaits(t *testing.T) {
	q, dropped := queueOf(3)
	q.push(job{incident: "a", event: "opened"})
	q.take(time.Time{}, true)
	for _, id := range []string{"b", "c", "d", "e"} {
		q.push(job{incident: id, event: "opened"})
	}
	if got, want := strings.Join(*dropped, ", "), "b/opened 1, c/opened 2"; got != want || q.len() != 3 {
		t.Errorf("dropped %s, %d left; want %s, 3", got, q.len(), want)
	}
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	q, dropped := queueOf(1000)
	for i := range 40 {
		q.push(job{incident: fmt.Sprint(i), body: make([]byte, 1<<20)})
	}
	if q.len() != 16 || len(*dropped) != 24 {
		t.Errorf("%d left, %d dropped; want 16, 24", q.len(), len(*dropped))
	}
	q.push(job{incident: "large", body: make([]byte, 2*queueBytes)})
	if q.len() != 1 || taken(q) == "" {
		t.Errorf("a job larger than the bound: %d left; want it alone", q.len())
	}
}

func TestQueueMergesUpdates(t *testing.T) {
	q, told := queueOf(10)
	q.merge = true
	q.push(job{incident: "a", event: "opened", body: []byte("1")})
	q.push(job{incident: "a", event: "updated", body: []byte("2")})
	q.push(job{incident: "b", event: "updated", body: []byte("3")})
	q.push(job{incident: "a", event: "updated", body: []byte("44")})
	if len(q.jobs) != 3 || string(q.jobs[1].body) != "44" || q.bytes != 4 || len(*told) != 1 {
		t.Errorf("%d jobs, body %s, %d bytes, told %v", len(q.jobs), q.jobs[1].body, q.bytes, *told)
	}
	q.push(job{incident: "a", event: "resolved"})
	q.push(job{incident: "a", event: "updated", body: []byte("5")})
	if len(q.jobs) != 5 {
		t.Errorf("an update after the end was merged with one before it: %d jobs", len(q.jobs))
	}
	q.jobs[4].busy = true
	q.push(job{incident: "a", event: "updated", body: []byte("6")})
	if len(q.jobs) != 6 {
		t.Error("an update was merged with one that is under way")
	}
}
