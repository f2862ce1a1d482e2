package applog

import (
	"fmt"
	"testing"
)

func TestNamedPath(t *testing.T) {
	f := func(line string, want ...string) {
		t.Helper()
		var got []string
		msg := FirstLine([]byte(line))
		for from, to := NamedPath(msg, 0); from >= 0; from, to = NamedPath(msg, to) {
			got = append(got, string(MethodBefore([]byte(line[:from])))+" "+line[from:to])
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
	f("handler /api/orders failed: context deadline exceeded", " /api/orders")
	f("building /feeds/1610", " /feeds/1610")
	f(`quote.served path=/quote/5119`, " /quote/5119")
	f(`locate "/geo/poison".`, " /geo/poison")
	f("--> GET /cart?id=3", "GET /cart")
	f(`Started GET "/orders/77" for 10.0.0.7`, "GET /orders/77")
	f("could not read /var/lib/shop/stock.db while serving /api/stock", " /var/lib/shop/stock.db", " /api/stock")
	f("saved. See /help/saving.", " /help/saving")
	f("/sum/1062", " /sum/1062")
	// Other servers', places in source code, what is no path.
	f("GET http://rates.internal:9000/v1/rates timed out")
	f("listening on / and //cdn")
	f("at handler (/srv/app/index.js:12:5)")
	f("22/Nov/2026 12/11 application/json and/or 1/2 </div> a / b")
	f("2026/11/22 /12/11 done")
	f("first line\nhandler /api/orders failed")
}

func TestTellsFailure(t *testing.T) {
	for line, want := range map[string]bool{
		"check of /api/orders failed: 502 Bad Gateway": true,
		"fetch /api/orders: status=504":                true,
		"took 1502 ms for /api/orders":                 false,
		"page 500/512 of /api/orders, 5000 rows":       false,
		"handler /api/orders failed\nstatus 502":       false,
	} {
		if got := TellsFailure([]byte(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
