package pipeline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"culprit/rules"
)

// TestWhatBefallsAMachine: what the kernel says of its whole machine is of the applications that run
// there, and of no other machine's. The lines are the kernel's (net/netfilter/nf_conntrack_core.c,
// net/sunrpc/clnt.c).
func TestWhatBefallsAMachine(t *testing.T) {
	const (
		full  = "nf_conntrack: nf_conntrack: table full, dropping packet"
		stuck = "nfs: server nas-2 not responding, still trying"
		// of the gateway
		noConnection = "while connecting to upstream"
		noAnswer     = "while reading response header from upstream"
	)
	for _, c := range []struct {
		name, host, kernel, phase string
		want                      rules.Cause
		quoted                    bool
	}{
		{"no room for connections", "app-1", full, noConnection, rules.CauseNetworkUnreachable, true},
		{"a file server that does not answer", "app-1", stuck, noAnswer, rules.CauseDependencyFailure, true},
		{"on another machine", "app-2", full, noConnection, rules.CauseNetworkUnreachable, false},
		{"another machine's file server", "app-2", stuck, noAnswer, rules.CauseSlowUpstream, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
			var access, errors, app, kernel strings.Builder
			for s := range 400 {
				at, status := begin.Add(time.Duration(s)*time.Second), 200
				if s >= 200 && s < 260 {
					status = 504
					fmt.Fprintf(&errors, "%s [error] 9#9: *%d upstream timed out (110: Connection timed out) %s, client: 10.1.2.9, server: shop, request: \"GET /orders/%d HTTP/1.1\", upstream: \"http://10.0.0.21:8080/orders/%d\", host: \"shop\"\n",
						at.Format("2006/01/02 15:04:05"), s, c.phase, s, s)
				} else {
					fmt.Fprintf(&app, "%s app-1 orders[77]: GET /orders/%d 200 41ms\n", at.Format(time.Stamp), s)
				}
				fmt.Fprintf(&access, "10.1.2.9 - - [%s] \"GET /orders/%d HTTP/1.1\" %d 157 \"-\" \"curl/8\" \"10.0.0.21:8080\"\n", at.Format("02/Jan/2006:15:04:05 -0700"), s, status)
			}
			fmt.Fprintf(&kernel, "%s %s kernel: [ 8000.000001] audit: initializing netlink subsys\n", begin.Format(time.Stamp), c.host)
			fmt.Fprintf(&kernel, "%s %s kernel: [ 8198.000001] %s\n", begin.Add(138*time.Second).Format(time.Stamp), c.host, c.kernel)
			r := reportOf(t, map[string]string{"access.log": access.String(), "error.log": errors.String(), "syslog": app.String(), "kern.log": kernel.String()})
			in, quoted := &r.Incidents[0], false
			for _, e := range in.Evidence {
				quoted = quoted || strings.HasSuffix(e.Quote.Text, c.kernel)
			}
			if in.Verdict.Cause != c.want || quoted != c.quoted {
				t.Errorf("%s, the kernel's line quoted: %v; want %s, %v\n%s", in.Verdict.Cause, quoted, c.want, c.quoted, in.Summary)
			}
		})
	}
}
