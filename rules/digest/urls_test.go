package digest

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

func TestURLGroup(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	f := func(request, want string) {
		t.Helper()
		a := parser.Access{Request: []byte(request)}
		if got := b.urlGroup(&a); got != want {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
	f("GET / HTTP/1.1", "GET /")
	f("GET /media/77/thumb.jpg HTTP/1.1", "GET /media/{id}/thumb.jpg")
	f("GET /media/77.jpg?size=5 HTTP/1.1", "GET /media/{id}.jpg")
	f("POST /api/v2/orders/ HTTP/2.0", "POST /api/v2/orders/")
	f("GET /php8/item-4711 HTTP/1.1", "GET /php8/{id}")
	f("GET /u/0b1f8f9e-7c1e-4a35-8b8f-0d2f1d9a0c11/pic.webp HTTP/1.1", "GET /u/{id}/pic.webp")
	f("GET /2026/11/22/report-2026-11.pdf HTTP/1.1", "GET /{id}/{id}/{id}/{id}.pdf")
	f("GET /u/anna%40example.com HTTP/1.1", "GET /u/{id}.com") // the ending looks like a file's
	f("GET /größe HTTP/1.1", "GET /{id}")
	f("GET /a/b/c/d/e/f/g/h HTTP/1.1", "GET /a/b/c/d/e/f/…")
	f("GET /thisisaverylongwordthatnobodytypesbyhand/x HTTP/1.1", "GET /{id}/x")
	f("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/cccccccccccccccccccccccccccc HTTP/1.1", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/…")
	f("GET http://shop.example/cart/5?x HTTP/1.1", "GET /cart/{id}")
	f("CONNECT shop.example:443 HTTP/1.1", "")
	f("\x16\x03\x01", "")
	f("", "")
	f("GET /1.2.3/v1.2 HTTP/1.1", "GET /{id}/v1.2")
}

// What clients choose neither grows without bound nor is lost.
func TestGroupsAndClientsAreBounded(t *testing.T) {
	b := New(rules.SourceInfo{}, words{}, nil)
	const many = 1000
	for i := range many {
		r := accessLine(0, 502)
		r.Access.Target = fmt.Appendf(nil, "/%c%c/x", 'a'+i%26, 'a'+i/26%26)
		r.Access.Client = fmt.Appendf(nil, "10.1.%d.%d", i>>8, i&255)
		b.Add(r)
		b.Add(accessLine(0, 200))
	}
	d := b.Finish()
	for _, tally := range d.Tallies {
		var failed int64
		for _, g := range tally.Groups {
			failed += g.Failed
		}
		if tally.Status == 200 && (tally.Groups != nil || tally.Clients != nil) {
			t.Error("healthy requests are told apart")
		}
		if tally.Status == 502 && (failed != many || len(tally.Groups) != rules.MaxURLGroups+1 || len(tally.Clients) != rules.MaxClients) {
			t.Errorf("%d failures in %d groups, %d clients", failed, len(tally.Groups), len(tally.Clients))
		}
	}
}
