package digest

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// A client that sends another Host with every request must not break the digest,
// nor make it grow: the hosts are folded, and nothing is lost.
func TestHostsOfAClientAreBounded(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	const many = 3*maxEvents + 200
	for i := range many {
		b.Add(changed(errorLine(0), func(r *parser.Record) {
			r.Gateway.Server, r.Gateway.Host = nil, fmt.Appendf(nil, "h%d", i)
		}))
	}
	d := b.Finish()
	if len(d.Events) > maxEvents {
		t.Errorf("%d events, want at most %d", len(d.Events), maxEvents)
	}
	var lines int64
	for i := range d.Events {
		lines += int64(d.Events[i].Lines)
	}
	if lines != many {
		t.Errorf("%d lines, want %d", lines, many)
	}
}
