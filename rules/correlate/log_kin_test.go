package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

var (
	tomcatStarts = &rules.Signature{ID: "tomcat-starting", Role: rules.RoleContext, Scope: rules.ScopeService, State: rules.StateStarted, Meaning: "Tomcat starts"}
	tomcatServes = &rules.Signature{ID: "tomcat-started", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateServing, Meaning: "Tomcat has started"}
	tomcatDeploy = &rules.Signature{ID: "tomcat-deploy", Cause: rules.CauseRestart, Role: rules.RoleCause, Scope: rules.ScopeService,
		State: rules.StateStopping, Meaning: "a web application is deployed"}
)

// Files that one program writes by its own habit are one application, those of two are not.
func TestFilesOfOneApplication(t *testing.T) {
	f := func(want int, paths ...string) {
		t.Helper()
		e := New(Config{})
		for _, p := range paths {
			e.Add(&appLog(p).covers(0, 10).d)
		}
		e.Decide()
		if got := len(e.services); got != want {
			t.Errorf("%v are %d services, want %d", paths, got, want)
		}
	}
	f(1, "t/catalina.out", "t/catalina.log", "t/localhost.log", "t/localhost_access_log.txt", "t/manager.log")
	f(2, "t/catalina.out", "u/catalina.out")
	f(2, "t/localhost.log", "t/manager.log")
	f(1, "pm2/storefront-out.log", "pm2/storefront-error.log")
	f(1, "shop.stdout.log", "shop.stderr.log", "shop.log", "shop.err")
	f(2, "pm2/storefront-out.log", "pm2/search-error.log")
	f(1, "supervisor/ws-stdout---supervisor-k2j4x_9q.log", "supervisor/ws-stderr---supervisor-b7d0aa1c.log")
	f(2, "supervisor/ws-stdout---supervisor-k2j4x_9q.log", "supervisor/jobs-stderr---supervisor-b7d0aa1c.log")
	f(2, "error.log", "access.log")
}

// Tomcat deploys its applications at each start: that is no restart, one that runs is.
func TestDeploymentOfAStart(t *testing.T) {
	f := func(name string, want bool, app *logFile) {
		t.Helper()
		in := incidents(t, 1, errorLog("gw/error.log").fails(100, shopAddress, refused, 5).fails(101, shopAddress, refused, 5), app)[0]
		if got := proved(&in, tomcatDeploy) && in.Verdict.Cause == rules.CauseRestart; got != want {
			t.Errorf("%s: %s %+v", name, in.Verdict.Cause, in.Evidence)
		}
	}
	tomcat := func() *logFile {
		return appLog("t/catalina.out").knows(1, rules.FactListens, shopAddress).says(2, tomcatStarts).says(4, tomcatServes)
	}
	f("an application that runs", true, tomcat().says(99, tomcatDeploy).says(104, tomcatServes))
	f("a start", false, tomcat().says(98, tomcatStarts).says(99, tomcatDeploy).says(104, tomcatServes))
}

// PM2's error file has no stamps, its other files have: the trace in it is the proof of the end
// that the other files date, though the application listened before and after it.
func TestLastWordsInAFileWithoutStamps(t *testing.T) {
	trace := &rules.Signature{ID: "node-uncaught", Cause: rules.CauseUnhandledException, Strong: true, Role: rules.RoleCause,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "an uncaught error ended the process", Technology: "node"}
	serves := &rules.Signature{ID: "listening", Role: rules.RoleRecovery, Scope: rules.ScopeService, State: rules.StateServing, Meaning: "it listens"}
	out := appLog("pm2/shop-out.log").knows(1, rules.FactListens, shopAddress).says(1, serves).says(112, serves).covers(0, 300)
	words := appLog("pm2/shop-error.log").says(0, trace)
	words.d.Events[0].Clock, words.d.Source.First = parser.ClockNone, parser.Stamp{}
	in := incidents(t, 1, errorLog("gw/error.log").fails(100, shopAddress, parser.SymptomPrematureClose, 1).fails(101, shopAddress, refused, 5), out, words)[0]
	if in.Verdict.Cause != rules.CauseUnhandledException || !proved(&in, trace) || in.Service != "shop" {
		t.Errorf("%s of %q: %+v", in.Verdict.Cause, in.Service, in.Evidence)
	}
}
