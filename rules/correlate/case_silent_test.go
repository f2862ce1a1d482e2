package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Apache speaks uwsgi to a worker that uWSGI kills for its time or the kernel for memory: it answers
// 500 and writes no error line (2.4.71, uWSGI 2.0.21).
func TestWorkerDiedUnderARequest(t *testing.T) {
	harakiri := &rules.Signature{ID: "uwsgi-harakiri", Technology: "uwsgi", Cause: rules.CauseWorkerTimeout, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeWorker, Meaning: "uWSGI killed worker <pid>"}
	exception := &rules.Signature{ID: "python-exception", Technology: "python", Cause: rules.CauseUnhandledException, Role: rules.RoleCause, Scope: rules.ScopeRequest, Meaning: "an exception"}
	f := func(name string, want int, change func(app, access *logFile)) {
		t.Helper()
		errors, access, app := apacheLog().covers(-900, 900), accessLog("apache2/access.log").covers(-900, 900), appLog("uwsgi.log").covers(-900, 900)
		access.d.Source.Gateway = "apache"
		access.answers(100, "", 500, 1, asked()).answers(101, "", 500, 2, asked())
		change(app, access)
		if in := incidents(t, want, errors, access, app); want > 0 && (in[0].Verdict.Cause != rules.CauseWorkerTimeout || in[0].FailedRequests != 3) {
			t.Errorf("%s: %s, %d failed", name, in[0].Verdict.Cause, in[0].FailedRequests)
		}
	}
	f("its manager killed it", 1, func(app, _ *logFile) { app.says(104, harakiri) })
	f("before they began", 0, func(app, _ *logFile) { app.says(90, harakiri) })
	f("long after", 0, func(app, _ *logFile) { app.says(400, harakiri) })
	f("the application says why it answered so", 0, func(app, _ *logFile) { app.says(100, exception) })
	f("the access log says that it did", 0, func(app, access *logFile) {
		app.says(104, harakiri)
		for i := range access.d.Tallies {
			access.d.Tallies[i].Made, access.d.Tallies[i].Symptom = rules.MakerUpstream, parser.SymptomUpstreamStatus
		}
	})
	f("such answers come all day", 0, func(app, access *logFile) {
		app.says(104, harakiri)
		for s := -880.0; s < 880; s += 70 {
			access.answers(s, "", 500, 1, asked())
		}
	})
}

// One PHP error of many requests is the application's own answer: "AH01071: Got error 'PHP message: PHP
// Fatal error:  Uncaught RuntimeException: no such coupon" (2.4.71, php-fpm 8.2).
func TestFewAnswersOfAnUpstream(t *testing.T) {
	f := func(name string, want int, access bool, seconds ...float64) {
		t.Helper()
		logs := []*logFile{apacheLog().covers(-300, 300)}
		for _, s := range seconds {
			logs[0].fails(s, "", parser.SymptomUpstreamStatus, 1)
		}
		if access {
			logs = append(logs, accessLog("apache2/access.log").serves(-300, 300, ""))
		}
		incidents(t, want, logs...)
	}
	f("one", 0, true, 100)
	f("one a minute", 0, true, 40, 99, 158, 217, 276)
	f("a burst", 1, true, 100, 104, 108, 120, 140)
	f("one, and nobody knows what else was answered", 1, false, 100)
}
