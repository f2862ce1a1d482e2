package correlate

import (
	"slices"
	"strings"
	"testing"

	"culprit/rules"
)

// Who dies beside one failed request is linked by what the gateway speaks: php-fpm answers in FastCGI.
func TestProcessSpeaksTheScheme(t *testing.T) {
	segfault := &rules.Signature{ID: "kernel-segfault", Technology: "kernel", Cause: rules.CauseCrashSignal, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeWorker, Meaning: "<process> died of SIGSEGV"}
	f := func(name string, want bool, upstream, scheme, process, host string) {
		t.Helper()
		errors := errorLog("apache2/error.log").covers(0, 300).fails(100, upstream, closed, 1, func(e *rules.Event) { e.Scheme, e.VHost, e.Host = scheme, "", "web-1" })
		kernel := systemLog("kern.log").covers(0, 300).tagged(rules.StreamOn("kernel", host), 100, segfault, field(rules.FieldProcess, process), field(rules.FieldPID, "23801"))
		in := incidents(t, 1, errors, kernel)[0]
		got := slices.ContainsFunc(in.Evidence, func(ev rules.Evidence) bool {
			return ev.Kind == segfault.ID && strings.Contains(ev.Why, "speaks "+scheme)
		})
		if got != want {
			t.Errorf("%s: %s: %+v", name, in.Verdict.Cause, in.Evidence)
		}
	}
	f("a gateway that names no upstream", true, "", "fastcgi", "php-fpm8.2", "web-1")
	f("a local port", true, "127.0.0.1:9000", "fastcgi", "php-fpm", "web-1")
	f("another protocol", false, "127.0.0.1:9000", "http", "php-fpm", "web-1")
	f("another process", false, "127.0.0.1:9000", "fastcgi", "node", "web-1")
	f("another machine", false, "127.0.0.1:9000", "fastcgi", "php-fpm", "db-1")
	f("an address elsewhere", false, "10.0.0.7:9000", "fastcgi", "php-fpm", "web-1")
}
