package scan

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// On 1 November 2026 New York's clocks went from 01:59:59 to 01:00:00. nginx's error log,
// syslog and an application write on without a word; what they write then is later.
func TestClockSetBack(t *testing.T) {
	const refused = " [error] 26631#26631: *225 connect() failed (111: Connection refused) while connecting to upstream, client: 10.20.9.15, server: shop.example.com, request: \"GET /cart HTTP/1.1\", upstream: \"http://10.20.1.11:8080/cart\", host: \"shop.example.com\""
	f := func(name, format, stamp string, day string, written []string, want ...string) {
		t.Helper()
		var text strings.Builder
		for _, at := range written {
			when, err := time.Parse("2006-01-02 15:04:05", day+" "+at)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, format+"\n", when.Format(stamp))
		}
		for _, short := range []bool{false, true} {
			s, r := NewSplitter(strings.NewReader(text.String()), 0), NewChunkReader(Options{})
			r.chunked = short
			var c Chunk
			s.Next(&c)
			var got []string
			for r.Start(context.Background(), &c, 2026, nil); r.Scan(context.Background()); {
				got = append(got, time.UnixMicro(r.Record().Stamp.Micros).UTC().Format("15:04:05"))
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
	night := []string{"01:59:57", "01:59:59", "01:00:00", "01:00:02", "01:59:59", "02:00:03"}
	const nginx = "2006/01/02 15:04:05"
	f("nginx", "%s"+refused, nginx, "2026-11-01", night, "01:59:57", "01:59:59", "02:00:00", "02:00:02", "02:59:59", "03:00:03")
	f("syslog", "%s app-1 systemd[1]: shop.service: Failed with result 'exit-code'.", "Jan _2 15:04:05", "2026-11-01", night, "01:59:57", "01:59:59", "02:00:00", "02:00:02", "02:59:59", "03:00:03")
	f("Berlin, some minutes of silence", "%s"+refused, nginx, "2026-10-25", []string{"02:55:00", "02:04:00"}, "02:55:00", "03:04:00")
	f("two files of one hour", "%s"+refused, nginx, "2026-11-02", []string{"01:59:57", "01:00:00"}, "01:59:57", "01:00:00")
	f("by day", "%s"+refused, nginx, "2026-11-01", []string{"14:59:57", "14:00:00"}, "14:59:57", "14:00:00")
	f("lines in disorder", "%s"+refused, nginx, "2026-11-01", []string{"01:50:00", "01:20:00", "01:51:00"}, "01:50:00", "01:20:00", "01:51:00")
}

// systemctl status tells the year of the journal's lines below it: github.com/easzlab/kubeasz/issues/919.
func TestYearOfAStatus(t *testing.T) {
	text := "     Active: active (running) since Mon 2020-09-28 09:12:10 UTC; 16s ago\n\nSep 28 09:12:12 k8s-sh-03 haproxy[3065]: Server ingress-node/10.10.10.168 is DOWN.\n"
	r := NewReader(strings.NewReader(text), Options{Year: 2026})
	year := 0
	for r.Scan(context.Background()) {
		year = time.UnixMicro(r.Record().Stamp.Micros).UTC().Year()
	}
	if year != 2020 {
		t.Errorf("the journal's line is of %d, want 2020", year)
	}
}
