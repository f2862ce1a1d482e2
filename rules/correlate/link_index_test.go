package correlate

import (
	"fmt"
	"slices"
	"testing"

	"culprit/rules"
)

// unlisted names the services that a case's pool is linked to by any way, and which the lists do not
// lead to from it.
func unlisted(e *Engine) (out []string) {
	for _, g := range e.open {
		listed := e.mayServe(g.pool)
		for _, sv := range e.services {
			if l := e.link(g.pool, sv); l.weight > linkNone && !slices.Contains(listed, sv) {
				out = append(out, fmt.Sprintf("%s is not among those that may serve %v: %s", sv.name, g.pool.names, l.why))
			}
		}
	}
	return out
}

// What links a pool to one of several services is looked up, whatever it is.
func TestListsLeadToServices(t *testing.T) {
	f := func(why, upstream string, change func(e *rules.Event), app, other *logFile) {
		t.Helper()
		errors := errorLog("web-1/nginx/error.log").covers(0, 300).fails(100, upstream, refused, 9, change)
		e, _ := decided(Config{}, errors, errorLog("web-2/nginx/error.log").covers(0, 300), app.covers(0, 300), other.covers(0, 300))
		for _, flaw := range unlisted(e) {
			t.Error(flaw)
		}
		linked := slices.ContainsFunc(e.services, func(sv *service) bool { return e.link(e.open[0].pool, sv).why == why })
		if !linked {
			t.Errorf("no service is linked as one %s", why)
		}
	}
	as := func(*rules.Event) {}
	quiet := func() *logFile { return appLog("logs/quiet.log") }
	f("which listens on port 8000", "10.0.0.7:8000", as, quiet().knows(0, rules.FactListens, ":8000"), appLog("logs/other.log"))
	f("which speaks fastcgi", "127.0.0.1:9000", func(e *rules.Event) { e.Scheme = "fastcgi" }, quiet().knows(0, rules.FactTechnology, "php-fpm"), appLog("logs/other.log"))
	f("from the same machine's folder", shopAddress, as, appLog("web-1/app/quiet.log"), appLog("web-1/app/other.log"))
	on := func(host string) *logFile {
		return appLog("logs/"+host+".log").teaches(rules.StreamOn("quiet", host), 0, rules.FactHost, host)
	}
	known := on("box-a").teaches(rules.StreamOn("proxy", "box-a"), 0, rules.FactHost, "box-a").teaches(rules.StreamOn("proxy", "box-a"), 0, rules.FactListens, "10.0.0.7:22")
	f("which runs on box-a", "10.0.0.7:8000", as, known, on("box-b"))
}
