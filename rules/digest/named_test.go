package digest

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// What lines name by a path is kept apart from the requests that are logged, and bounded.
func TestNamedRequests(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	for i := range 100 {
		b.Add(&parser.Record{Message: fmt.Appendf(nil, "building /feeds/%d for 10.0.0.1", i), Stamp: parser.Stamp{Micros: epoch*parser.Second + int64(i/50)*parser.Second, Clock: parser.ClockZoned}})
	}
	b.Add(&parser.Record{Message: []byte("check of /api/orders failed: 502 Bad Gateway"), Stamp: parser.Stamp{Micros: (epoch + 9) * parser.Second, Clock: parser.ClockZoned}})
	b.Add(&parser.Record{Message: []byte("--> GET /health"), Stamp: parser.Stamp{Micros: (epoch + 10) * parser.Second, Clock: parser.ClockZoned}})
	for i := range 4 * maxTimeless {
		b.Add(&parser.Record{Message: fmt.Appendf(nil, "sum /sum/%d", i)})
	}
	d := b.Finish()
	if len(d.Requests) > 0 {
		t.Errorf("requests: %+v", d.Requests)
	}
	var dated, undated []rules.Request
	for _, q := range d.Named {
		if !q.Named {
			t.Errorf("%+v", q)
		}
		if q.Micros == rules.Past {
			undated = append(undated, q)
		} else {
			dated = append(dated, q)
		}
	}
	if len(dated) != 2*namedASecond+1 || len(undated) > maxTimeless || len(undated) < maxTimeless/4 {
		t.Fatalf("%d with a stamp, %d without", len(dated), len(undated))
	}
	first, last := dated[0], dated[len(dated)-1]
	if first.Plain || first.Group != b.groupKey(nil, []byte("/feeds/7")) || !last.Plain || last.Key != requestPartsKey([]byte("GET"), []byte("/health")) {
		t.Errorf("%+v, %+v", first, last)
	}
}

// The keys of one path differ in the method only, whatever tells them.
func TestKeysOfOnePath(t *testing.T) {
	get, post, none := requestPartsKey([]byte("GET"), []byte("/cart?x=1")), requestPartsKey([]byte("POST"), []byte("http://shop.example/cart")), requestPartsKey(nil, []byte("/cart"))
	if get == post || rules.SamePath(get, post) || !rules.SamePath(get, none) || !rules.SamePath(none, post) || rules.PathOf(get) != none {
		t.Errorf("%x %x %x", get, post, none)
	}
	if other := requestPartsKey(nil, []byte("/carts")); rules.SamePath(none, other) || rules.SamePath(get, other) {
		t.Errorf("%x %x", none, other)
	}
}
