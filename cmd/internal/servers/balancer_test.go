package servers

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// balanced is Apache with the routes whose names begin with "member" behind the path /pool/,
// and with two access logs: the second tells of the same requests.
var balanced = kind{
	program: apache.program, args: apache.args, quit: apache.quit,
	conf: func(s *setup) string {
		var b strings.Builder
		b.WriteString(apache.conf(s))
		for _, m := range []string{"proxy_balancer", "lbmethod_byrequests", "slotmem_shm"} {
			fmt.Fprintf(&b, "LoadModule %s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", m)
		}
		fmt.Fprintf(&b, "CustomLog %s/logs/other_vhosts_access.log \"%%v:%%p %%h %%l %%u %%t \\\"%%r\\\" %%>s %%O \\\"%%{Referer}i\\\" \\\"%%{User-Agent}i\\\"\"\n", s.dir)
		b.WriteString("<Proxy balancer://pool>\n")
		for _, r := range s.routes {
			if strings.HasPrefix(r.name, "member") {
				fmt.Fprintf(&b, "BalancerMember http://%s\n", r.addr)
			}
		}
		b.WriteString("</Proxy>\nProxyPass /pool/ balancer://pool/\n")
		return b.String()
	},
}

// TestBalancer kills one member of a balancer, which others stand in for, then all of them,
// while another upstream of the same Apache takes requests and does not answer.
func TestBalancer(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"proxy_balancer", "lbmethod_byrequests", "slotmem_shm"} {
		if _, err := os.Stat("/usr/lib/apache2/modules/mod_" + module + ".so"); err != nil && os.Getenv(required) == "" {
			t.Skip(err)
		}
	}
	need(t, balanced.program)
	var routes []route
	var members []string
	for i := range 3 {
		routes = append(routes, route{fmt.Sprintf("member%d", i), startUpstream(t, "healthy")})
		members = append(members, routes[i].addr)
	}
	slow := route{"broken", startUpstream(t, "slow")}
	g := startGateway(t, balanced, append(routes, slow))
	routes[0].kill(t)
	if got := g.flood("pool")["pool"]; !maps.Equal(got, all("200")) {
		t.Errorf("with one member down: %v", got)
	}
	for _, r := range routes[1:] {
		r.kill(t)
	}
	if got := g.flood("pool", "broken"); !maps.Equal(got["pool"], all("503")) || !maps.Equal(got["broken"], all("502")) {
		t.Errorf("with all members down: %v", got)
	}
	g.close(t)
	doc := ask(t, "analyze", "--db", ":memory:", "--format", "json", g.logs())
	if len(doc.Incidents) != 2 {
		t.Fatalf("%d incidents, want two: %+v", len(doc.Incidents), doc.Incidents)
	}
	slices.Sort(members)
	for i := range doc.Incidents {
		in := &doc.Incidents[i]
		if len(in.Upstreams) == 1 {
			compare(t, in, verdict{"slow-upstream", "BROKEN", all("502")}, slow.addr)
			continue
		}
		if in.Cause != "not-listening" || !slices.Equal(in.Upstreams, members) || in.Failed == nil || *in.Failed != requests || !maps.Equal(in.Statuses, all("503")) {
			t.Errorf("%s of %q, %s failed, %v", in.Cause, in.Upstreams, number(in.Failed), in.Statuses)
		}
	}
}
