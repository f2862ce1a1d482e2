package live

import (
	"slices"
	"sync"
	"time"
)

// queueBytes bounds the memory of a queue whatever its length: one incident with all
// of its quotes may be 100 KiB of JSON.
const queueBytes = 16 << 20

// A job is one thing to tell of one incident.
type job struct {
	incident   string
	supersedes string // id that the incident had before; its jobs go first
	event      string
	cause      string
	body       []byte // the incident as JSON, ended by a newline

	tries int
	after time.Time // not before
	busy  bool
}

// A queue is a bounded list of jobs in the order in which they came. A job stays in its
// place until it is done, so a later one of the same incident never overtakes it; those
// of other incidents do.
type queue struct {
	max    int
	merge  bool                    // a waiting "updated" is replaced by a newer one of its incident
	onDrop func(what job, n int64) // called without the lock; n counts all that were dropped so far

	mu     sync.Mutex
	jobs   []*job
	bytes  int
	lost   int64
	merged func()
	wake   chan struct{}
}

func newQueue(limit int, onDrop func(job, int64)) *queue {
	return &queue{max: limit, onDrop: onDrop, wake: make(chan struct{}, 1)}
}

// push appends a job. It never waits: the oldest that is not under way goes if there is
// no room.
func (q *queue) push(j job) {
	q.mu.Lock()
	if q.merge && j.event == "updated" && q.replace(j) {
		q.mu.Unlock()
		q.merged()
		return
	}
	q.jobs = append(q.jobs, &j)
	q.bytes += len(j.body)
	var dropped []job
	first := q.lost
	for len(q.jobs) > q.max || q.bytes > queueBytes {
		i := slices.IndexFunc(q.jobs, func(j *job) bool { return !j.busy })
		if i < 0 || i == len(q.jobs)-1 && len(q.jobs) <= q.max {
			break // one job alone may be larger than the bound
		}
		dropped = append(dropped, *q.jobs[i])
		q.remove(i)
	}
	q.lost += int64(len(dropped))
	q.mu.Unlock()
	for i, d := range dropped {
		q.onDrop(d, first+int64(i)+1)
	}
	q.ring()
}

// replace puts j in the place of the incident's last job, if that is an update that
// waits.
func (q *queue) replace(j job) bool {
	for i := len(q.jobs) - 1; i >= 0; i-- {
		old := q.jobs[i]
		if old.incident != j.incident {
			continue
		}
		if old.busy || old.event != "updated" {
			return false
		}
		q.bytes += len(j.body) - len(old.body)
		old.body, old.cause = j.body, j.cause
		return true
	}
	return false
}

func (q *queue) remove(i int) {
	q.bytes -= len(q.jobs[i].body)
	q.jobs = slices.Delete(q.jobs, i, i+1)
}

// take returns the job that goes next and marks it as under way: of those that may go
// now the one that was tried least, then the oldest. Else it returns nil, and how long
// until one may go (0: not before something changes). With hurry, times are not waited
// for.
func (q *queue) take(now time.Time, hurry bool) (*job, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var wait time.Duration
	var best *job
	blocked := map[string]bool{} // incidents with an earlier job
	for _, j := range q.jobs {
		first := !blocked[j.incident] && !blocked[j.supersedes]
		blocked[j.incident] = true
		if j.busy || !first {
			continue
		}
		if left := j.after.Sub(now); left > 0 && !hurry {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		if best == nil || j.tries < best.tries {
			best = j
		}
	}
	if best == nil {
		return nil, wait
	}
	best.busy = true
	return best, 0
}

// done takes a job off the queue.
func (q *queue) done(j *job) {
	q.mu.Lock()
	if i := slices.Index(q.jobs, j); i >= 0 {
		q.remove(i)
	}
	q.mu.Unlock()
	q.ring()
}

// retry gives a job back to its place.
func (q *queue) retry(j *job, after time.Time) {
	q.mu.Lock()
	j.busy, j.after = false, after
	q.mu.Unlock()
	q.ring()
}

// drain empties the queue and returns what was in it.
func (q *queue) drain() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	jobs := q.jobs
	q.jobs, q.bytes = nil, 0
	return jobs
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.jobs)
}

// ring tells the worker that something changed.
func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// worthTelling thins a counted warning out: the 1st, 2nd, 4th, 8th, …
func worthTelling(n int64) bool { return n > 0 && n&(n-1) == 0 }
