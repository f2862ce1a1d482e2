package correlate

import (
	"culprit/parser"
	"culprit/rules"
)

// Bars for taking connect timeouts for a full accept queue.
const (
	slowAccept    = parser.Second // what waited behind a full queue took so long at least
	acceptSeconds = 2             // in which connections were made between the first and the last that was not
)

// A doorway is what came to one address while connections to it timed out.
type doorway struct {
	first, last int64          // second in which the first and the last of them began
	slow        map[int64]bool // seconds in which connections began that were made, and waited
	fast        bool           // and some were answered at once
}

// fullQueues finds the addresses of a case that took some connections while others timed
// out, by the gateways' sites. Where packets are dropped or the host is dead, none is made;
// a listener whose queue is full ignores those that it has no place for (Linux,
// tcp_abort_on_overflow), and is slow with those that it has. If some are fast meanwhile,
// the network fails at times, or a virtual address stands for several servers.
func (e *Engine) fullQueues(g *gathering) map[node]bool {
	doors := map[node]*doorway{}
	for _, a := range g.answers {
		if a.tally.Symptom != parser.SymptomConnectTimeout {
			continue
		}
		d := doors[a.tally.at()]
		if d == nil {
			d = &doorway{first: rules.Future, last: rules.Past, slow: map[int64]bool{}}
			doors[a.tally.at()] = d
		}
		d.first, d.last = min(d.first, a.tally.began()), max(d.last, a.tally.began())
	}
	if len(doors) == 0 {
		return nil
	}
	for _, a := range g.answers {
		if a.tally.Symptom == parser.SymptomReadTimeout {
			doors[a.tally.at()].took(a.tally)
		}
	}
	for _, l := range e.logsOf(g.pool) {
		for at, t := range l.between(g.pool.span.From-longestWait, g.pool.span.To+longestWait) {
			if t.Status >= 100 && t.Status < 499 {
				took := &tallied{Tally: t, source: l.source, when: rules.Interval{From: at, To: at + parser.Second}}
				doors[took.at()].took(took)
			}
		}
	}
	full := map[node]bool{}
	for at, d := range doors {
		full[at] = !d.fast && len(d.slow) >= acceptSeconds
	}
	return full
}

// took notes requests whose connection was made. In the first and the last seconds the
// network may have failed, or come back.
func (d *doorway) took(t *tallied) {
	if d == nil || t.began() <= d.first+1 || t.began() >= d.last-1 {
		return
	}
	if t.Waited < slowAccept {
		d.fast = true
	} else {
		d.slow[t.began()] = true
	}
}

// at is the address that the tally's requests were sent to, as one site's gateway writes it.
func (t *tallied) at() node { return node{t.source.site, t.Upstream} }

// began is the second in which the longest of the tally's requests began, as far as the
// second of its end tells: timeouts are whole seconds, mostly.
func (t *tallied) began() int64 {
	return parser.FloorDiv(t.when.From+parser.Second/2-t.Waited, parser.Second)
}
